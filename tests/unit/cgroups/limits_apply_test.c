#include <errno.h>
#include <sys/stat.h>

#include "cgroups/limits.h"
#include "tests/unit/cgroups/fake.h"
#include "tests/unit/test.h"

#define I(v) ((struct opt_i64){ true, (v) })

static void check_file(const char *root, const char *path, const char *want)
{
	auto_free char *got = fake_read(root, path);

	CHECK_STR(got, want);
}

static void add(struct limit_plan *p, const char *file, const char *value, unsigned flags)
{
	struct limit_target t = { .plan = p, .controller = "pids", .key = file, .flags = flags };

	limit_add(&t, file, "%s", value);
}

static void test_rollback(void)
{
	struct cgroup *cg = fake_cgroup(CGROUP_MODE_V1);
	char *root = fake_root();
	struct limit_plan p auto_done(limit_plan) = { 0 }, good auto_done(limit_plan) = { 0 };
	struct err e = { 0 };

	fake_dir(root, "/web");
	fake_file(root, "/web/pids.a", "old a");
	fake_file(root, "/web/pids.b", "old b");
	fake_file(root, "/web/pids.empty", "");
	(void)fake_part(cg, root, "/web", "pids");
	add(&p, "pids.a", "new a", 0);
	add(&p, "pids.empty", "0", 0);
	add(&p, "pids.gone", "x", LIMIT_OPTIONAL);
	add(&p, "pids.b", "new b", LIMIT_KEYED);
	add(&p, "pids.missing", "x", 0);
	CHECK_INT(limits_apply(cg, &p, &e), -EOPNOTSUPP);
	CHECK_STR(e.text, "pids.missing: this kernel has no \"pids.missing\"");
	check_file(root, "/web/pids.a", "old a");  /* taken back */
	check_file(root, "/web/pids.empty", "\n"); /* the kernel hears no write of nothing */
	check_file(root, "/web/pids.b", "new b");  /* a line per device cannot be */
	add(&good, "pids.a", "new a", 0);
	e.code = 0;
	CHECK_INT(limits_apply(cg, &good, &e), 0);
	CHECK_INT(e.code, 0);
	check_file(root, "/web/pids.a", "new a");
	cgroup_free(cg);
	fake_remove(root);
}

/* Nothing is written when a controller is missing. */
static void test_controllers(void)
{
	struct cgroup *cg = fake_cgroup(CGROUP_MODE_HYBRID);
	char *root = fake_root();
	struct limit_plan p auto_done(limit_plan) = { 0 };
	struct limit_target other = { .plan = &p,
				      .controller = "net_cls",
				      .key = "network.classID" };
	struct err e = { 0 };

	fake_dir(root, "/web");
	fake_file(root, "/web/pids.a", "old");
	(void)fake_part(cg, root, "/web", "pids");
	add(&p, "pids.a", "new", 0);
	limit_add(&other, "net_cls.classid", "1");
	CHECK_INT(limits_apply(cg, &p, &e), -EOPNOTSUPP);
	CHECK_STR(e.text, "network.classID: this host has no cgroup controller \"net_cls\"");
	check_file(root, "/web/pids.a", "old");
	cgroup_free(cg);
	fake_remove(root);
}

static void test_ground(void)
{
	struct cgroup *v1 = fake_cgroup(CGROUP_MODE_V1), *v2 = fake_cgroup(CGROUP_MODE_V2);
	char *root = fake_root();
	struct limit_ground a auto_done(limit_ground) = { 0 }, b auto_done(limit_ground) = { 0 };
	struct memory_spec m = { .swap = I(5) };
	struct cpu_spec c = { .period = { true, 1 } };
	struct block_io_spec io = { 0 };
	struct resources_spec r = { .memory = &m, .cpu = &c, .block_io = &io };

	fake_dir(root, "/web");
	fake_file(root, "/web/memory.limit_in_bytes", "4096\n");
	fake_file(root, "/web/memory.memsw.limit_in_bytes", "9223372036854771712\n");
	fake_file(root, "/web/memory.max", "8192\n");
	fake_file(root, "/web/memory.current", "100\n");
	fake_file(root, "/web/cpu.max", "20000 100000\n");
	fake_file(root, "/web/io.bfq.weight", "default 100\n");
	(void)fake_part(v1, root, "/web", "memory");
	(void)fake_part(v2, root, "/web", NULL);
	limit_ground_read(v1, &r, &a);
	CHECK(a.memory_limit.set && a.memory_limit.value == 4096);
	CHECK(a.memsw_limit.set && a.memsw_limit.value == -1);
	CHECK(!a.v2 && strv_has(&a.v1, "memory") && !a.bfq && !a.cpu_quota.set);
	limit_ground_read(v2, &r, &b);
	CHECK(b.memory_limit.value == 8192 && b.memory_usage.value == 100 &&
	      b.cpu_quota.value == 20000 && b.bfq && b.v2);
	cgroup_free(v1);
	cgroup_free(v2);
	fake_remove(root);
}

int main(void)
{
	test_rollback();
	test_controllers();
	test_ground();
	return test_done();
}
