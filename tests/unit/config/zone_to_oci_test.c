#include "config/zone_to_oci.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "config/oci.h"
#include "runtime/base/file.h"
#include "runtime/base/mem.h"
#include "tests/unit/test.h"

/* The zones of tests/golden are translated and compared with the files beside them. "--print NAME" writes the text instead, for tests/golden/update. The tests are run in
 * the repository's top directory. */

#define GOLDEN "tests/golden/"

static const struct golden {
	const char *name, *init, *kind;
	bool single, has_args, keeps_seccomp;
} goldens[] = {
	{ .name = "minimal", .kind = "zone-init", .keeps_seccomp = true },
	{ .name = "service", .kind = "zone-init" },
	{ .name = "systemd", .init = "/sbin/init", .kind = "systemd" },
	{ .name = "sysvinit",
	  .init = "/sbin/init",
	  .kind = "sysvinit",
	  .single = true,
	  .has_args = true },
	{ .name = "nesting", .init = "/lib/systemd/systemd", .kind = "systemd" },
};

static struct zone_host host_facts(void)
{
	return (struct zone_host){
		.memory_bytes = 8ull << 30,
		.storage_dir = "/var/lib/zones",
		.id_base = 1000000,
		.owner_uid = 1065536,
		.init_path = "/usr/local/lib/zones/zone-init",
		.uuid = "0f7a7b3e-3c52-4a43-9c1c-5a3a6d7b9f10",
		.root_path = "/var/lib/zones/x/root",
	};
}

static struct zone_spec *parse_zone(const char *text, size_t n)
{
	auto_done(diag_list) struct diag_list diags = { 0 };
	struct zone_spec *z = NULL;

	if (zone_spec_parse(text, n, &z, &diags) == 0)
		return z;
	for (size_t i = 0; i < diags.n; i++) {
		auto_free char *line = diag_text(&diags, i);

		printf("# %s\n", line);
	}
	return NULL;
}

/* Zone text -> container with the facts above. NULL on errors, which *e has. */
static struct container_spec *translate(const char *text, const struct zone_host *host,
					const struct zone_boot_options *o, struct err *e)
{
	auto_ptr(zone_spec) struct zone_spec *z = parse_zone(text, strlen(text));
	auto_ptr(zone_spec) struct zone_spec *effective = z ? zone_effective(z, host) : NULL;
	struct container_spec *s = NULL;

	if (!effective || zone_to_oci(effective, host, o, &s, e) < 0)
		return NULL;
	return s;
}

/* The members that no config.json can have, beside it. */
static struct json *extensions(const struct container_spec *s, const char *kind)
{
	struct json *j = json_new_object();

	json_set(j, "rootIdmap", json_new_bool(s->root.idmap));
	if (s->linux.owner_uid.set)
		json_set(j, "ownerUid", json_new_u64(s->linux.owner_uid.value));
	json_set(j, "delegateCgroup", json_new_bool(s->linux.delegate_cgroup));
	json_set(j, "cgroupHierarchy", json_new_string(s->linux.cgroup_hierarchy));
	json_set(j, "shutdownSignal", json_new_i64(zone_shutdown_signal(NULL, kind)));
	return j;
}

static char *golden_text(const struct golden *g)
{
	auto_free char *path = mem_format(GOLDEN "%s.zone.json", g->name);
	auto_free char *text = NULL, *printed = NULL;
	auto_ptr(container_spec) struct container_spec *s = NULL;
	auto_ptr(json) struct json *j = NULL;
	auto_done(strv) struct strv args = { 0 };
	struct zone_host host = host_facts();
	struct zone_boot_options o = { .single_user = g->single,
				       .init = g->init,
				       .init_kind = g->kind,
				       .args = g->has_args ? &args : NULL };
	struct err e = { 0 };

	strv_add(&args, "runlevel");
	strv_add(&args, "two words");
	if (file_read_all(AT_FDCWD, path, ZONE_FILE_MAX, &text, NULL, &e) == 0)
		s = translate(text, &host, &o, &e);
	if (!s)
		return mem_format("%s\n", e.text);
	j = oci_save(s);
	json_set(j, "x-zones", extensions(s, g->kind));
	if (!g->keeps_seccomp)
		(void)json_unset(json_get(j, "linux"), "seccomp");
	printed = json_print(j, true);
	return mem_format("%s\n", printed);
}

static void show_difference(const char *got, const char *want)
{
	size_t i = 0;

	while (got[i] && got[i] == want[i])
		i++;
	while (i > 0 && got[i - 1] != '\n')
		i--;
	printf("#   got: %.*s\n#  want: %.*s\n", (int)strcspn(got + i, "\n"), got + i,
	       (int)strcspn(want + i, "\n"), want + i);
}

static void test_golden(void)
{
	for (size_t i = 0; i < sizeof(goldens) / sizeof(goldens[0]); i++) {
		auto_free char *path = mem_format(GOLDEN "%s.config.json", goldens[i].name);
		auto_free char *got = golden_text(&goldens[i]);
		auto_free char *want = NULL;
		struct err e = { 0 };

		if (file_read_all(AT_FDCWD, path, 1 << 20, &want, NULL, &e) < 0)
			want = mem_strdup(e.text);
		test_check(str_eq(got, want), path, __FILE__, __LINE__);
		if (!str_eq(got, want))
			show_difference(got, want);
	}
}

/* What is saved is a configuration like any other: it loads, and says the same when it is saved again. */
static void test_loads_again(void)
{
	for (size_t i = 0; i < sizeof(goldens) / sizeof(goldens[0]); i++) {
		auto_done(diag_list) struct diag_list diags = { 0 };
		auto_free char *first = golden_text(&goldens[i]);
		auto_free char *a = NULL, *b = NULL;
		auto_ptr(container_spec) struct container_spec *s = NULL;
		auto_ptr(json) struct json *root = NULL, *again = NULL;
		struct err e = { 0 };

		CHECK_INT(oci_parse(first, strlen(first), &s, &diags), 0);
		if (!s || json_parse_simple(first, strlen(first), &root, &e) < 0)
			continue;
		(void)json_unset(root, "x-zones");
		again = oci_save(s);
		a = json_print(root, false);
		b = json_print(again, false);
		CHECK(str_eq(a, b));
	}
}

static struct container_spec *simple(const char *text, struct err *e)
{
	static const struct zone_boot_options o = { .init_kind = "zone-init" };
	struct zone_host host = host_facts();

	return translate(text, &host, &o, e);
}

/* Solaris' shares: 100 is the default weight, ratios stay. */
static void test_shares(void)
{
	static const struct {
		const char *text;
		uint64_t want;
	} rows[] = {
		{ "{\"zonename\":\"a\",\"cpuShares\":100}", 1024 },
		{ "{\"zonename\":\"a\",\"cpuShares\":1}", 10 },
		{ "{\"zonename\":\"a\",\"cpuShares\":200}", 2048 },
		{ "{\"zonename\":\"a\",\"cpuShares\":25600}", 262144 },
	};
	struct err e = { 0 };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		auto_ptr(container_spec) struct container_spec *s = simple(rows[i].text, &e);

		CHECK(s && s->linux.resources->cpu &&
		      s->linux.resources->cpu->shares.value == rows[i].want);
	}
}

/* A zone that is not installed has no ids. It must never be mapped onto the host's. */
static void test_without_ids(void)
{
	static const struct zone_boot_options o = { .init_kind = "zone-init" };
	struct zone_host host = host_facts();
	auto_ptr(container_spec) struct container_spec *s = NULL;
	struct err e = { 0 };

	host.id_base = host.owner_uid = 0;
	s = translate("{\"zonename\":\"a\"}", &host, &o, &e);
	CHECK(s && s->linux.n_uid_mappings == 0 && s->linux.n_gid_mappings == 0);
	CHECK(s && s->linux.namespaces[NS_USER].wanted && !s->linux.owner_uid.set);
}

static void test_always(void)
{
	struct err e = { 0 };
	auto_ptr(container_spec) struct container_spec *s = simple("{\"zonename\":\"a\"}", &e);

	CHECK(s != NULL);
	if (!s)
		return;
	for (int i = 0; i < NS_COUNT; i++)
		CHECK(s->linux.namespaces[i].wanted == (i != NS_TIME) &&
		      !s->linux.namespaces[i].path);
	CHECK(s->linux.uid_mappings[0].host_id == 1000000 &&
	      s->linux.uid_mappings[0].size == 65536);
	CHECK(s->linux.owner_uid.value == 1065536);
	CHECK(s->root.idmap && s->linux.delegate_cgroup);
	CHECK(s->linux.resources->pids_limit.set && s->linux.resources->memory->limit.set);
	CHECK(!s->linux.resources->devices[0].allow && !s->linux.resources->devices[0].type);
	CHECK(s->linux.seccomp && s->process->no_new_privileges);
	CHECK(s->process->capabilities->inheritable.n == 0 &&
	      s->process->capabilities->ambient.n == 0);
	CHECK(!strv_has(&s->process->capabilities->bounding, "CAP_SYS_MODULE"));
	CHECK(!s->process->oom_score_adj.set);
	CHECK(strv_has(&s->linux.readonly_paths, "/proc/sys/kernel"));
	CHECK(!strv_has(&s->linux.readonly_paths, "/proc/sys"));
	CHECK_STR(s->linux.cgroups_path, "/zones/a");
}

static void test_errors(void)
{
	static const struct zone_boot_options o = { .init_kind = "zone-init" };
	struct zone_host host = host_facts();
	struct err e = { 0 };

	CHECK(!simple("{\"zonename\":\"a\",\"device\":[{\"match\":\"/dev/none-such\"}]}", &e));
	CHECK(e.code == ENOENT && strstr(e.text, "device[0].match"));
	CHECK(!simple(
		"{\"zonename\":\"a\",\"device\":[{\"match\":\"/dev/null\"},{\"match\":\"/dev/shm\"}]}",
		&e));
	CHECK(e.code == EINVAL && strstr(e.text, "device[1].match") &&
	      strstr(e.text, "not a device"));
	host.init_path = NULL;
	CHECK(!translate("{\"zonename\":\"a\"}", &host, &o, &e));
	CHECK(e.code == ENOENT && strstr(e.text, "zone-init"));
	host = host_facts();
	host.root_path = NULL;
	CHECK(!translate("{\"zonename\":\"a\"}", &host, &o, &e) && e.code == EINVAL);
}

/* zone_check refuses these already; a specification that comes another way must not get further. */
static void test_second_line(void)
{
	static const struct zone_boot_options o = { .init_kind = "zone-init" };
	struct zone_host host = host_facts();
	auto_ptr(zone_spec) struct zone_spec *z = parse_zone("{\"zonename\":\"a\"}", 16);
	auto_ptr(zone_spec) struct zone_spec *effective = z ? zone_effective(z, &host) : NULL;
	auto_ptr(container_spec) struct container_spec *s = NULL;
	struct err e = { 0 };

	CHECK(effective != NULL);
	if (!effective)
		return;
	strmap_set(&effective->sysctl, "kernel.core_pattern", "|/x");
	CHECK_INT(zone_to_oci(effective, &host, &o, &s, &e), -EINVAL);
	CHECK(!s && strstr(e.text, "core_pattern"));
	strmap_done(&effective->sysctl);
	effective->sysctl = (struct strmap){ 0 };
	free(effective->limitpriv);
	effective->limitpriv = mem_strdup("default,sys_module");
	CHECK_INT(zone_to_oci(effective, &host, &o, &s, &e), -EINVAL);
	CHECK(!s && strstr(e.text, "limitpriv") && strstr(e.text, "sys_module"));
}

static void test_shutdown_signal(void)
{
	CHECK_INT(zone_shutdown_signal(NULL, "systemd"), SIGRTMIN + 3);
	CHECK_INT(zone_shutdown_signal(NULL, "busybox"), SIGUSR2);
	CHECK_INT(zone_shutdown_signal(NULL, "sysvinit"), SIGPWR);
	CHECK_INT(zone_shutdown_signal(NULL, "openrc-init"), SIGTERM);
	CHECK_INT(zone_shutdown_signal(NULL, "runit-init"), SIGCONT);
	CHECK_INT(zone_shutdown_signal(NULL, "zone-init"), SIGTERM);
	CHECK_INT(zone_shutdown_signal(NULL, "something"), SIGPWR);
	CHECK_INT(zone_shutdown_signal(NULL, NULL), SIGPWR);
}

static int print_one(const char *name)
{
	for (size_t i = 0; i < sizeof(goldens) / sizeof(goldens[0]); i++) {
		auto_free char *text = NULL;

		if (!str_eq(goldens[i].name, name))
			continue;
		text = golden_text(&goldens[i]);
		(void)fputs(text, stdout);
		return 0;
	}
	(void)fprintf(stderr, "\"%s\" has no row in the test's table\n", name);
	return 1;
}

int main(int argc, char **argv)
{
	if (argc == 3 && str_eq(argv[1], "--print"))
		return print_one(argv[2]);
	test_golden();
	test_loads_again();
	test_shares();
	test_without_ids();
	test_always();
	test_errors();
	test_second_line();
	test_shutdown_signal();
	return test_done();
}
