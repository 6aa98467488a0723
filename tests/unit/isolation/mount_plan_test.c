/* The plan: order, kinds, phases, refusals. */
#include "isolation/mount_plan.h"

#include <errno.h>
#include <sys/stat.h>

#include "runtime/base/mem.h"
#include "tests/unit/test.h"

static struct mount_spec *add_mount(struct container_spec *s, const char *to, const char *type,
				    const char *from, const char *options)
{
	struct mount_spec *m = LIST_GROW(s->mounts, s->n_mounts);

	m->destination = mem_strdup(to);
	m->type = mem_strdup(type);
	m->source = mem_strdup(from);
	strv_split(&m->options, options, ',');
	return m;
}

static struct container_spec *new_spec(void)
{
	struct container_spec *s = container_spec_new();

	s->root.path = mem_strdup("/r");
	s->linux.namespaces[NS_MOUNT].wanted = true;
	return s;
}

static const struct mount_op *find(const struct mount_plan *p, const char *target)
{
	for (size_t i = 0; i < p->n; i++)
		if (str_eq(p->ops[i].target, target))
			return &p->ops[i];
	return NULL;
}

static void test_kinds(void)
{
	auto_ptr(container_spec) struct container_spec *s = new_spec();
	auto_done(mount_plan) struct mount_plan p = { 0 };
	struct err e = { 0 };

	add_mount(s, "/proc", "proc", "proc", "nosuid");
	add_mount(s, "data//x/../y", "none", "/srv", "rbind,ro");
	add_mount(s, "/b", "bind", "/srv", "ro");
	add_mount(s, "/sys/fs/cgroup", "cgroup", "cgroup", "ro");
	add_mount(s, "/proc", "", NULL, "remount,ro");
	CHECK_INT(mount_plan_make(s, &p, &e), 0);
	CHECK_INT(p.ops[0].kind, MOUNT_OP_FS);
	CHECK_INT(p.ops[1].kind, MOUNT_OP_BIND);
	CHECK_STR(p.ops[1].target, "/data/y");
	CHECK(p.ops[1].opts.recursive);
	CHECK_INT(p.ops[2].kind, MOUNT_OP_BIND);
	CHECK(!p.ops[2].opts.recursive);
	CHECK_INT(p.ops[3].kind, MOUNT_OP_CGROUP);
	CHECK_INT(p.ops[4].kind, MOUNT_OP_REMOUNT);
}

static void test_devices(void)
{
	auto_ptr(container_spec) struct container_spec *s = new_spec();
	auto_done(mount_plan) struct mount_plan p = { 0 };
	struct err e = { 0 };
	struct device_spec *d = LIST_GROW(s->linux.devices, s->linux.n_devices);
	const struct mount_op *op;

	d->type = mem_strdup("c");
	d->path = mem_strdup("/dev/null");
	d->major = 1;
	d->minor = 3;
	d->file_mode = (struct opt_u64){ true, 0600 };
	d->uid = (struct opt_u64){ true, 7 };
	CHECK_INT(mount_plan_make(s, &p, &e), 0);
	CHECK(find(&p, "/dev/zero") && find(&p, "/dev/tty") && find(&p, "/dev/urandom"));
	op = find(&p, "/dev/null");
	CHECK_INT(op->node.mode, 0600);
	CHECK_INT(op->node.uid, 7);
	CHECK_INT(find(&p, "/dev/ptmx")->kind, MOUNT_OP_LINK);
	CHECK_STR(find(&p, "/dev/ptmx")->source, "pts/ptmx");
	size_t nulls = 0;

	for (size_t i = 0; i < p.n; i++)
		nulls += str_eq(p.ops[i].target, "/dev/null");
	CHECK_INT(nulls, 1);
}

static void test_host_dev(void)
{
	auto_ptr(container_spec) struct container_spec *s = new_spec();
	auto_done(mount_plan) struct mount_plan p = { 0 };
	struct err e = { 0 };

	add_mount(s, "/dev", "bind", "/dev", "rbind");
	CHECK_INT(mount_plan_make(s, &p, &e), 0);
	CHECK_INT(p.n, 1);
}

static int phase_of_cgroup(bool namespace, const char *later)
{
	auto_ptr(container_spec) struct container_spec *s = new_spec();
	auto_done(mount_plan) struct mount_plan p = { 0 };
	struct err e = { 0 };

	s->linux.namespaces[NS_CGROUP].wanted = namespace;
	add_mount(s, "/sys/fs/cgroup", "cgroup", "cgroup", "ro");
	if (later)
		add_mount(s, later, "tmpfs", "tmpfs", "ro");
	return mount_plan_make(s, &p, &e) < 0 ? -1 : (int)p.ops[0].phase;
}

static void test_phases(void)
{
	CHECK_INT(phase_of_cgroup(true, NULL), MOUNT_PHASE_CGROUP);
	CHECK_INT(phase_of_cgroup(true, "/etc/hosts"), MOUNT_PHASE_CGROUP);
	CHECK_INT(phase_of_cgroup(true, "/sys/fs/cgroup/x"), MOUNT_PHASE_BUILD);
	CHECK_INT(phase_of_cgroup(true, "/sys"), MOUNT_PHASE_BUILD);
	CHECK_INT(phase_of_cgroup(true, "/sys/fs/cgroups"), MOUNT_PHASE_CGROUP);
	CHECK_INT(phase_of_cgroup(false, NULL), MOUNT_PHASE_BUILD);
}

static void check_refused(const char *to, const char *type, const char *from, const char *options,
			  const char *why)
{
	auto_ptr(container_spec) struct container_spec *s = new_spec();
	auto_done(mount_plan) struct mount_plan p = { 0 };
	struct err e = { 0 };

	add_mount(s, to, type, from, options);
	CHECK(mount_plan_make(s, &p, &e) < 0);
	CHECK_STR(e.text, why);
	CHECK_INT(p.n, 0);
}

static void test_refusals(void)
{
	check_refused("/", "tmpfs", "tmpfs", "ro",
		      "mounts[0].destination: \"/\" is the root itself");
	check_refused(
		"/proc/sys/kernel", "tmpfs", "tmpfs", "ro",
		"mounts[0].destination: \"/proc/sys/kernel\" is inside /proc, which is refused");
	check_refused("/x/../proc/1/attr", "tmpfs", "tmpfs", "ro",
		      "mounts[0].destination: \"/proc/1/attr\" is inside /proc, which is refused");
	check_refused("/a", "bind", "/b", "bind,size=5",
		      "mounts[0].options: \"size=5\" has no meaning for this mount");
	check_refused("/a", "bind", "/b", "bind,idmap",
		      "mounts[0].options: idmap needs a user namespace or mappings");
	check_refused("/a", "bind", "", "bind", "mounts[0].source: a bind mount needs one");
	check_refused("/a", "", "x", "ro", "mounts[0].type: missing");
}

static void test_idmap(void)
{
	auto_ptr(container_spec) struct container_spec *s = new_spec();
	auto_done(mount_plan) struct mount_plan p = { 0 };
	struct err e = { 0 };

	s->linux.namespaces[NS_USER].wanted = true;
	add_mount(s, "/a", "bind", "/a", "rbind,ridmap");
	struct mount_spec *m = add_mount(s, "/b", "bind", "/b", "bind");

	(void)LIST_GROW(m->uid_mappings, m->n_uid_mappings);
	(void)LIST_GROW(m->gid_mappings, m->n_gid_mappings);
	CHECK_INT(mount_plan_make(s, &p, &e), 0);
	CHECK_INT(p.ops[0].idmap, MOUNT_IDMAP_CONTAINER);
	CHECK_INT(p.ops[1].idmap, MOUNT_IDMAP_OWN);
}

static void test_idmap_of_file_systems(void)
{
	auto_ptr(container_spec) struct container_spec *s = new_spec();
	auto_done(mount_plan) struct mount_plan p = { 0 }, bad = { 0 };
	struct err e = { 0 };

	s->linux.namespaces[NS_USER].wanted = true;
	add_mount(s, "/a", "tmpfs", "tmpfs", "idmap");
	CHECK_INT(mount_plan_make(s, &p, &e), 0);
	CHECK_INT(p.ops[0].kind, MOUNT_OP_FS);
	CHECK_INT(p.ops[0].idmap, MOUNT_IDMAP_CONTAINER);
	add_mount(s, "/sys/fs/cgroup", "cgroup", "cgroup", "idmap");
	CHECK_INT(mount_plan_make(s, &bad, &e), -EOPNOTSUPP);
	CHECK_STR(e.text, "mounts[1]: a cgroup mount or a remount cannot be idmapped");
}

static void test_one(void)
{
	auto_ptr(container_spec) struct container_spec *s = new_spec();
	auto_done(mount_plan) struct mount_plan p = { 0 }, none = { 0 };
	struct err e = { 0 };

	add_mount(s, "a//b/", "bind", "/x", "bind,ro");
	CHECK_INT(mount_plan_make_one(s, &p, &e), 0);
	CHECK_INT(p.n, 1);
	CHECK_STR(p.ops[0].target, "/a/b");
	s->mounts[0].destination[0] = 0;
	CHECK_INT(mount_plan_make_one(s, &none, &e), -EINVAL);
	CHECK_INT(none.n, 0);
}

static void test_no_namespace(void)
{
	auto_ptr(container_spec) struct container_spec *s = container_spec_new();
	auto_done(mount_plan) struct mount_plan p = { 0 };
	struct err e = { 0 };

	add_mount(s, "/proc", "proc", "proc", "nosuid");
	strv_add(&s->linux.masked_paths, "/proc/kcore");
	CHECK_INT(mount_plan_make(s, &p, &e), 0);
	CHECK_INT(p.n, 0);
}

static void test_paths(void)
{
	CHECK(mount_plan_is_within("/a/b", "/a"));
	CHECK(mount_plan_is_within("/a", "/a"));
	CHECK(mount_plan_is_within("/a", "/"));
	CHECK(!mount_plan_is_within("/ab", "/a"));
	CHECK(mount_plan_allows_target("/proc"));
	CHECK(mount_plan_allows_target("/proc/cpuinfo"));
	CHECK(mount_plan_allows_target("/process"));
	CHECK(!mount_plan_allows_target("/proc/self"));
	CHECK(!mount_plan_allows_target("/proc/cpuinfo/x"));
}

int main(void)
{
	test_kinds();
	test_devices();
	test_host_dev();
	test_phases();
	test_refusals();
	test_idmap();
	test_idmap_of_file_systems();
	test_one();
	test_no_namespace();
	test_paths();
	return test_done();
}
