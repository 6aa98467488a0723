#include <errno.h>
#include <stdlib.h>

#include "cgroups/part.h"
#include "cgroups/systemd.h"
#include "runtime/base/mem.h"
#include "tests/unit/test.h"

static const char record[] =
	"{\"mode\":\"hybrid\",\"rootless\":true,\"exactDevices\":true,\"token\":\"7.1.2\",\"delegateUid\":100000,\"parts\":["
	"{\"controllers\":[\"cpu\",\"cpuacct\"],\"mount\":\"/no/such/cpu\",\"root\":\"/\",\"path\":\"/zones/web\",\"made\":1},"
	"{\"controllers\":[],\"mount\":\"/no/such/unified\",\"root\":\"/docker\",\"path\":\"/zones/web\",\"made\":2}]}";

static struct cgroup *open_text(const char *text, int want, struct err *e)
{
	struct json *j = NULL;
	struct cgroup *cg = NULL;

	if (json_parse_simple(text, strlen(text), &j, e) < 0)
		return NULL;
	CHECK_INT(cgroup_open(j, &cg, e), want);
	json_free(j);
	return cg;
}

static void test_round(void)
{
	struct err e = { 0 };
	struct cgroup *cg = open_text(record, 0, &e);

	CHECK(cg != NULL);
	if (!cg)
		return;
	CHECK_INT(cg->mode, CGROUP_MODE_HYBRID);
	CHECK(cg->rootless && cg->exact_devices && cg->delegate_uid.value == 100000 &&
	      !cg->delegate_gid.set);
	CHECK_INT(cg->n_parts, 2);
	CHECK_STR(cg->parts[0].dir, "/no/such/cpu/zones/web");
	CHECK_STR(cg->parts[1].root, "/docker");
	CHECK(!cg->parts[0].v2 && cg->parts[1].v2);
	CHECK_STR(cgroup_unified_path(cg), "/no/such/unified/zones/web");
	CHECK_INT(cgroup_dirfd(cg), -1);
	struct json *j = cgroup_save(cg);
	char *text = json_print(j, false);

	CHECK_STR(text, record);
	free(text);
	json_free(j);
	cgroup_free(cg);
}

/* The directories are gone: using says so, ending does not mind. */
static void test_gone(void)
{
	struct err e = { 0 };
	struct cgroup *cg = open_text(record, 0, &e);
	struct cgroup_stats stats;
	struct strmap rows = { 0 };
	pid_t *pids = NULL;
	size_t n = 9;

	if (!cg)
		return;
	CHECK_INT(cgroup_attach(cg, 1, &e), -ENOENT);
	CHECK_INT(cgroup_stats(cg, &stats, &e), -ENOENT);
	CHECK_INT(cgroup_show_limits(cg, &rows, &e), -ENOENT);
	CHECK_INT(cgroup_freeze(cg, true, &e), -ENOENT);
	CHECK_INT(cgroup_freeze(cg, false, &e), 0);
	CHECK_INT(cgroup_kill(cg, 9, &e), 0);
	CHECK_INT(cgroup_pids(cg, &pids, &n, &e), 0);
	CHECK_INT(n, 0);
	CHECK_INT(cgroup_wait_empty(cg, 0, &e), 0);
	CHECK_INT(cgroup_remove(cg, &e), 0);
	free(pids);
	cgroup_free(cg);
}

static void test_hostile(void)
{
	static const char *const bad[] = {
		"{\"parts\":[{\"mount\":\"/sys/fs/cgroup\",\"path\":\"/../../etc\"}]}",
		"{\"parts\":[{\"mount\":\"sys\",\"path\":\"/x\"}]}",
		"{\"parts\":[{\"mount\":\"/sys/fs/cgroup\",\"path\":\"/\"}]}",
		"{\"parts\":[{\"mount\":\"/sys/fs/cgroup\"}]}",
		"{\"parts\":[7]}",
	};
	struct err e = { 0 };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CHECK(!open_text(bad[i], -EINVAL, &e));
	struct cgroup *none = open_text("{}", 0, &e);

	CHECK(none && none->n_parts == 0);
	cgroup_free(none);
	/* "made" can never reach above the path */
	struct cgroup *cg = open_text(
		"{\"parts\":[{\"mount\":\"/no/such\",\"path\":\"/a/b\",\"made\":77}]}", 0, &e);

	CHECK(cg && cg->parts[0].made == 2);
	cgroup_free(cg);
}

static size_t parts_of(const char *more)
{
	struct err e = { 0 };
	char *text = mem_format(
		"{\"mode\":\"hybrid\",%s\"parts\":["
		"{\"mount\":\"/no/a\",\"path\":\"/z\",\"controllers\":[\"cpu\"],\"made\":0},"
		"{\"mount\":\"/no/b\",\"path\":\"/z\",\"controllers\":[\"pids\"],\"made\":1}]}",
		more);
	struct cgroup *cg = open_text(text, 0, &e);
	size_t n = cg ? cg->n_parts : 9;

	CHECK(cg && str_eq(cg->parts[n - 1].dir, "/no/b/z"));
	CHECK(cg && !cg->unit == !str_eq(more, "\"unit\":\"a.scope\","));
	cgroup_free(cg);
	free(text);
	return n;
}

/* Saved before anybody has looked who lives there: what was there is not ours. */
static void test_planned(void)
{
	CHECK_INT(parts_of(""), 2);
	CHECK_INT(parts_of("\"unit\":\"a.scope\","), 2);
	CHECK_INT(parts_of("\"planned\":true,"), 1);
	CHECK_INT(parts_of("\"planned\":true,\"unit\":\"a.scope\","), 1);
}

static void test_unit(void)
{
	struct err e = { 0 };
	struct cgroup *cg = open_text(
		"{\"mode\":\"v2\",\"unit\":\"a-b.scope\",\"unitOfUser\":true,\"parts\":[]}", 0, &e);

	CHECK(cg && cg->unit && cg->unit->user);
	CHECK_STR(cg->unit->name.name, "a-b.scope");
	struct json *j = cgroup_save(cg);

	CHECK_STR(json_get_string(j, "unit", ""), "a-b.scope");
	CHECK(json_get_bool(j, "unitOfUser", false));
	CHECK(!open_text("{\"mode\":\"v2\",\"unit\":\"../sshd.service\",\"parts\":[]}", -EINVAL,
			 &e));
	json_free(j);
	cgroup_free(cg);
}

int main(void)
{
	test_planned();
	test_unit();
	test_round();
	test_gone();
	test_hostile();
	cgroup_free(NULL);
	return test_done();
}
