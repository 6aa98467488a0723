#include "config/oci.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/base/mem.h"
#include "tests/unit/config/oci_full.h"
#include "tests/unit/test.h"

/* The model of a text, or NULL with the errors printed. */
static struct container_spec *parse(const char *text)
{
	auto_done(diag_list) struct diag_list diags = { 0 };
	struct container_spec *s = NULL;

	if (oci_parse(text, strlen(text), &s, &diags) == 0)
		return s;
	for (size_t i = 0; i < diags.n; i++) {
		auto_free char *line = diag_text(&diags, i);

		printf("# %s\n", line);
	}
	return NULL;
}

static bool is_refused(const char *text)
{
	auto_done(diag_list) struct diag_list diags = { 0 };
	auto_ptr(container_spec) struct container_spec *s = NULL;

	return oci_parse(text, strlen(text), &s, &diags) == -EINVAL && s == NULL && diags.n > 0;
}

static char *text_of(const struct container_spec *s)
{
	auto_ptr(json) struct json *j = oci_save(s);

	return json_print(j, false);
}

/* Is every member of `a` also in `b`, with the same value? Lists must be equal item by item. */
static bool is_within(const struct json *a, const struct json *b, const char *key)
{
	bool ok = b && a->type == b->type;

	if (ok && (a->type == JSON_STRING || a->type == JSON_NUMBER))
		ok = strcmp(a->text, b->text) == 0;
	if (ok && a->type == JSON_BOOL)
		ok = a->boolean == b->boolean;
	if (ok && a->type == JSON_ARRAY)
		ok = a->n == b->n;
	for (size_t i = 0; ok && i < a->n; i++) {
		const struct json *other =
			a->type == JSON_ARRAY ? b->items[i] : json_get(b, a->items[i]->key);

		/* numbers and booleans that are zero where zero is the default need not be written */
		if (!other && a->items[i]->type == JSON_NUMBER &&
		    strcmp(a->items[i]->text, "0") == 0)
			continue;
		ok = is_within(a->items[i], other, a->items[i]->key);
	}
	if (!ok)
		printf("# lost at %s\n", key ? key : "an item");
	return ok;
}

static void test_everything_is_kept(void)
{
	auto_ptr(container_spec) struct container_spec *s = parse(oci_full);
	auto_ptr(container_spec) struct container_spec *again = NULL;
	auto_ptr(json) struct json *before = NULL, *after = NULL;
	auto_free char *first = NULL, *second = NULL;
	struct err e = { 0 };

	CHECK(s != NULL);
	if (!s)
		return;
	first = text_of(s);
	CHECK(json_parse_simple(oci_full, strlen(oci_full), &before, &e) == 0);
	CHECK(json_parse_simple(first, strlen(first), &after, &e) == 0);
	CHECK(is_within(before, after, NULL));
	again = parse(first);
	CHECK(again != NULL);
	if (!again)
		return;
	second = text_of(again);
	CHECK_STR(second, first);
}

static void test_process_members(void)
{
	auto_ptr(container_spec) struct container_spec *s = parse(oci_full);
	const struct process_spec *p = s ? s->process : NULL;

	if (!p) {
		CHECK(!"the full configuration has a process");
		return;
	}
	CHECK(p->terminal && p->console_height == 24 && p->console_width == 80);
	CHECK(p->user.uid == 1 && p->user.gid == 2 && p->user.umask.set &&
	      p->user.umask.value == 18);
	CHECK(p->user.n_additional_gids == 3 && p->user.additional_gids[2] == 6);
	CHECK_INT(p->args.n, 3);
	CHECK_STR(p->args.items[1], "-c");
	CHECK(p->rlimits[0].hard == UINT64_MAX && p->rlimits[1].soft == 10);
	CHECK_STR(p->capabilities->ambient.items[0], "CAP_KILL");
	CHECK(p->oom_score_adj.set && p->oom_score_adj.value == -100);
	CHECK(p->scheduler->nice.value == -3 && p->scheduler->period.value == 3);
	CHECK_STR(p->exec_affinity_initial, "0-1");
	CHECK_STR(p->exec_affinity_final, "1");
	CHECK(p->no_new_privileges && p->io_priority->priority == 4);
}

static void test_linux_members(void)
{
	auto_ptr(container_spec) struct container_spec *s = parse(oci_full);
	const struct linux_spec *l = s ? &s->linux : NULL;

	if (!l) {
		CHECK(!"the full configuration is accepted");
		return;
	}
	CHECK(l->namespaces[NS_PID].wanted && !l->namespaces[NS_PID].path);
	CHECK_STR(l->namespaces[NS_NETWORK].path, "/run/netns/x");
	CHECK(l->uid_mappings[0].host_id == 100000 && l->uid_mappings[0].size == 65536);
	CHECK(l->monotonic.set && l->monotonic.secs == 0);
	CHECK(l->boottime.secs == -5 && l->boottime.nanosecs == 7);
	CHECK(l->devices[0].file_mode.value == 0666 && !l->devices[1].file_mode.set);
	CHECK_STR(l->net_devices[0].host_name, "eth0");
	CHECK_STR(l->net_devices[0].name, "net%d");
	CHECK_STR(l->net_devices[1].name, NULL);
	CHECK_STR(strmap_get(&l->sysctl, "kernel/shmmax"), "5");
	CHECK_STR(l->seccomp->rules[1].args[0].op, "SCMP_CMP_MASKED_EQ");
	CHECK(l->seccomp->rules[1].args[0].value_two == UINT64_MAX);
	CHECK(l->seccomp->rules[1].errno_ret.set && l->seccomp->rules[1].errno_ret.value == 0);
	CHECK_STR(l->intel_rdt->schemata.items[0], "L3:0=f");
	CHECK(s->has_hooks && s->hooks.poststart.n == 2 &&
	      s->hooks.prestart.items[0].timeout.value == 5);
	CHECK_STR(s->hooks.create_container.items[0].path, "/c");
	CHECK_INT(s->mounts[1].gid_mappings[0].host_id, 8);
	CHECK(!s->root.idmap && !l->owner_uid.set && !l->delegate_cgroup);
}

static void test_resources_members(void)
{
	auto_ptr(container_spec) struct container_spec *s = parse(oci_full);
	const struct resources_spec *r = s ? s->linux.resources : NULL;

	if (!r) {
		CHECK(!"the full configuration has resources");
		return;
	}
	CHECK(!r->devices[0].allow && !r->devices[0].type && !r->devices[0].major.set);
	CHECK(r->devices[1].allow && r->devices[1].minor.value == 3);
	CHECK(r->memory->swap.value == -1 && r->memory->swappiness.set &&
	      r->memory->swappiness.value == 0);
	CHECK(r->memory->disable_oom_killer.set && !r->memory->disable_oom_killer.value);
	CHECK(r->cpu->quota.value == -1 && r->cpu->idle.set && r->cpu->idle.value == 0);
	CHECK(r->pids_limit.set && r->pids_limit.value == 0);
	CHECK(r->block_io->write_bps.n == 1 && r->block_io->write_bps.items[0].rate == 0);
	CHECK(r->block_io->weight_devices[0].leaf_weight.value == 300);
	CHECK_STR(r->hugepages[1].page_size, "1GB");
	CHECK_STR(r->rdma[0].device, "mlx5_1");
	CHECK_STR(strmap_get(&r->unified, "io.max"), "8:0 rbps=1");
	CHECK(r->network->class_id.value == 1048577);
}

/* What Go programs write for members they have nothing to say about, and what other platforms have. */
static void test_tolerance(void)
{
	static const char *const fine[] = {
		"{\"ociVersion\":\"1.0.0\",\"root\":{\"path\":\"r\"}}",
		"{\"ociVersion\":\"1.0.2-dev\",\"root\":{\"path\":\"r\"},\"process\":null,\"mounts\":null,\"hooks\":null,"
		"\"annotations\":null,\"linux\":null,\"hostname\":null}",
		"{\"ociVersion\":\"1.99.7-rc.1+build5\",\"root\":{\"path\":\"r\"},\"solaris\":{\"x\":1},\"windows\":7,"
		"\"vm\":{},\"zos\":[],\"freebsd\":null,\"future\":{\"deep\":[1,2,{\"x\":null}]}}",
		"{\"ociVersion\":\"1.0.0\",\"root\":{\"path\":\"r\"},\"process\":{\"cwd\":\"/\",\"args\":[\"a\"],\"env\":null,"
		"\"capabilities\":null,\"rlimits\":null,\"oomScoreAdj\":null,\"consoleSize\":{\"height\":0,\"width\":0},"
		"\"user\":{\"uid\":0,\"gid\":0,\"additionalGids\":null}}}",
		"{\"ociVersion\":\"1.0.0\",\"root\":{\"path\":\"r\"},\"linux\":{\"namespaces\":null,\"resources\":{\"memory\":null,"
		"\"pids\":{\"limit\":null},\"devices\":null},\"seccomp\":null,\"rootfsPropagation\":\"\"}}",
		"{\"ociVersion\":\"1.0.0\",\"root\":{\"path\":\"r\"},\"linux\":{\"namespaces\":[{\"type\":\"pid\",\"path\":\"\"}]}}",
		/* Podman joins a user namespace and still writes a mapping */
		"{\"ociVersion\":\"1.0.0\",\"root\":{\"path\":\"r\"},\"linux\":{\"namespaces\":[{\"type\":\"user\",\"path\":\"/proc/1/ns/user\"}],"
		"\"uidMappings\":[{\"containerID\":0,\"hostID\":0,\"size\":1}]}}",
		/* unknown capabilities and system calls are for the engine to warn about */
		"{\"ociVersion\":\"1.0.0\",\"root\":{\"path\":\"r\"},\"process\":{\"cwd\":\"/\",\"args\":[\"a\"],"
		"\"capabilities\":{\"bounding\":[\"CAP_FUTURE\"]}},\"linux\":{\"seccomp\":{\"defaultAction\":\"SCMP_ACT_ALLOW\","
		"\"syscalls\":[{\"names\":[\"from_tomorrow\"],\"action\":\"SCMP_ACT_KILL\"}]}}}",
	};

	for (size_t i = 0; i < sizeof(fine) / sizeof(fine[0]); i++) {
		auto_ptr(container_spec) struct container_spec *s = parse(fine[i]);

		test_check(s != NULL, fine[i], __FILE__, __LINE__);
	}
}

static void test_absent_is_not_zero(void)
{
	auto_ptr(container_spec) struct container_spec *s =
		parse("{\"ociVersion\":\"1.0.0\",\"root\":{\"path\":\"/r\"}}");
	auto_free char *text = s ? text_of(s) : NULL;

	CHECK(s && !s->process && !s->has_hooks && !s->linux.resources && !s->linux.seccomp);
	CHECK_STR(text, "{\"ociVersion\":\"1.0.0\",\"root\":{\"path\":\"/r\"}}");
}

static void test_refusals_of_text(void)
{
	CHECK(is_refused(""));
	CHECK(is_refused("{"));
	CHECK(is_refused("[]"));
	CHECK(is_refused("null"));
	CHECK(is_refused(
		"{\"ociVersion\":\"1.0.0\",\"ociVersion\":\"1.0.0\",\"root\":{\"path\":\"r\"}}"));
	CHECK(is_refused("{\"ociVersion\":\"1.0.0\",\"root\":{\"path\":\"r\"}} x"));
	CHECK(is_refused("{\"ociVersion\":\"1.0.0\",\"root\":{\"path\":\"a\\u0000b\"}}"));
	CHECK(is_refused("{\"ociVersion\":\"1.0.0\",\"root\":{\"path\":\"\xff\"}}"));
}

/* 5000 mounts and a megabyte of environment are unusual, not wrong. */
/* What is saved is read again: a number that may not be missing is written, even if it is zero. */
static void test_zero_numbers(void)
{
	auto_ptr(container_spec) struct container_spec *s =
		parse("{\"ociVersion\":\"1.0.0\",\"root\":{\"path\":\"r\"},\"linux\":{\"devices\":["
		      "{\"path\":\"/dev/loop0\",\"type\":\"b\",\"major\":7,\"minor\":0},"
		      "{\"path\":\"/dev/none\",\"type\":\"c\",\"major\":0,\"minor\":5},"
		      "{\"path\":\"/dev/fifo\",\"type\":\"p\"}]}}");
	auto_free char *text = s ? text_of(s) : NULL;
	auto_ptr(container_spec) struct container_spec *again = text ? parse(text) : NULL;

	CHECK(again != NULL);
	CHECK(text && strstr(text, "\"major\":7,\"minor\":0") &&
	      strstr(text, "\"major\":0,\"minor\":5"));
}

static void test_large(void)
{
	auto_done(strbuf) struct strbuf text = { 0 };
	auto_ptr(container_spec) struct container_spec *s = NULL;

	strbuf_add(
		&text,
		"{\"ociVersion\":\"1.0.0\",\"root\":{\"path\":\"r\"},\"process\":{\"cwd\":\"/\",\"args\":[\"a\"],\"env\":[\"A=");
	for (int i = 0; i < 1 << 20; i++)
		strbuf_add_char(&text, 'x');
	strbuf_add(&text, "\"]},\"mounts\":[");
	for (int i = 0; i < 5000; i++)
		strbuf_format(&text, "%s{\"destination\":\"/m%d\",\"type\":\"tmpfs\"}",
			      i ? "," : "", i);
	strbuf_add(&text, "]}");
	s = parse(strbuf_text(&text));
	CHECK(s && s->n_mounts == 5000);
	CHECK(s && strlen(s->process->env.items[0]) == (1 << 20) + 2);
}

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	CHECK(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	if (fd >= 0)
		(void)close(fd);
}

static void test_bundle(void)
{
	char dir[] = "/tmp/oci_test.XXXXXX";
	auto_free char *config = NULL, *other = NULL, *root = NULL;
	auto_ptr(container_spec) struct container_spec *s = NULL, *t = NULL, *none = NULL;
	struct err e = { 0 };

	CHECK(mkdtemp(dir) != NULL);
	config = mem_format("%s/config.json", dir);
	other = mem_format("%s/other.json", dir);
	root = mem_format("%s/rootfs", dir);
	CHECK(oci_load_bundle(dir, NULL, &none, &e) == -ENOENT && e.code == ENOENT);
	write_file(config, "{\"ociVersion\":\"1.0.0\",\"root\":{\"path\":\"rootfs\"}}");
	write_file(other, "{\"ociVersion\":\"1.0.0\",\"root\":{\"path\":\"/abs\"}}");
	CHECK_INT(oci_load_bundle(dir, NULL, &s, &e), 0);
	CHECK_STR(s ? s->root.path : NULL, root);
	CHECK_INT(oci_load_bundle(dir, other, &t, &e), 0);
	CHECK_STR(t ? t->root.path : NULL, "/abs");
	write_file(config, "{\n \"ociVersion\": \"2.0.0\", \"root\": {}}");
	CHECK_INT(oci_load_bundle(dir, NULL, &none, &e), -EINVAL);
	CHECK(strstr(e.text, "config.json:2:") && strstr(e.text, "ociVersion") &&
	      strstr(e.text, "1 more"));
	CHECK(none == NULL);
	(void)unlink(config);
	(void)unlink(other);
	(void)rmdir(dir);
	CHECK_INT(oci_load_bundle(dir, NULL, &none, &e), -ENOENT);
}

static void test_parts(void)
{
	static const char process[] =
		"{\"cwd\":\"/\",\"args\":[\"ls\"],\"user\":{\"uid\":5,\"gid\":6}}";
	static const char relative[] = "{\"cwd\":\"x\",\"args\":[\"ls\"]}";
	static const char limits[] = "{\"memory\":{\"limit\":5},\"pids\":{\"limit\":-1}}";
	static const char bad[] = "{\"memory\":{\"limit\":5,\"swap\":3}}";
	auto_ptr(process_spec) struct process_spec *p = NULL;
	auto_ptr(resources_spec) struct resources_spec *r = NULL;
	auto_ptr(json) struct json *jp = NULL, *jr = NULL;
	auto_free char *tp = NULL, *tr = NULL;
	struct err e = { 0 };

	CHECK_INT(oci_parse_process(process, strlen(process), &p, &e), 0);
	CHECK(p && p->user.uid == 5);
	CHECK_INT(oci_parse_resources(limits, strlen(limits), &r, &e), 0);
	CHECK(r && r->memory->limit.value == 5 && r->pids_limit.value == -1);
	if (!p || !r)
		return;
	jp = oci_save_process(p);
	jr = oci_save_resources(r);
	tp = json_print(jp, false);
	tr = json_print(jr, false);
	CHECK_STR(tp, "{\"user\":{\"uid\":5,\"gid\":6},\"args\":[\"ls\"],\"cwd\":\"/\"}");
	CHECK_STR(tr, limits);
	process_spec_free(ptr_steal(&p));
	resources_spec_free(ptr_steal(&r));
	CHECK_INT(oci_parse_process(relative, strlen(relative), &p, &e), -EINVAL);
	CHECK(!p && strstr(e.text, "cwd") && strstr(e.text, "absolute"));
	CHECK_INT(oci_parse_resources(bad, strlen(bad), &r, &e), -EINVAL);
	CHECK(!r && strstr(e.text, "memory.swap"));
	CHECK_INT(oci_parse_resources("[]", 2, &r, &e), -EINVAL);
}

int main(void)
{
	test_everything_is_kept();
	test_process_members();
	test_linux_members();
	test_resources_members();
	test_tolerance();
	test_absent_is_not_zero();
	test_refusals_of_text();
	test_zero_numbers();
	test_large();
	test_bundle();
	test_parts();
	return test_done();
}
