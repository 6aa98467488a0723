/* When a container gets a node of its own, whose that is, and both ways to make it. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "isolation/private.h"
#include "runtime/base/mem.h"
#include "tests/unit/test.h"

static struct id_map maps[] = { { 0, 100000, 1000 }, { 5000, 7000, 1 } };
static const struct linux_spec mapped = {
	.uid_mappings = maps, .n_uid_mappings = 2, .gid_mappings = maps, .n_gid_mappings = 2
};

static int decide(const struct linux_spec *l, struct device_node node, mode_t host,
		  struct device_node *ret)
{
	struct mount_op op = { .kind = MOUNT_OP_DEVICE, .row = 3, .node = node };
	struct err e = { 0 };
	CHECK_INT(device_nodes_decide(l, &op, host, ret, &e), 0); /* not granted */
	op.node.is_granted = true;
	int r = device_nodes_decide(l, &op, host, ret, &e);

	if (r < 0)
		CHECK_STR(e.text,
			  node.uid ? "linux.devices[3].uid: 1000 is not in linux.uidMappings"
				   : "linux.devices[3].gid: 1000 is not in linux.gidMappings");
	return r;
}

static void check_own(struct device_node node, mode_t host, struct device_node want)
{
	struct device_node is = { 0 };

	CHECK_INT(decide(&mapped, node, host, &is), 1);
	CHECK_INT(is.mode, want.mode);
	CHECK_INT(is.uid, want.uid);
	CHECK_INT(is.gid, want.gid);
}

static void test_decide(void)
{
	const struct device_node plain = { .mode = 0666 };
	const struct linux_spec by_path = { 0 };
	struct id_map rootless[] = { { 1, 100000, 10 } };
	const struct linux_spec no_root = { .uid_mappings = rootless,
					    .n_uid_mappings = 1,
					    .gid_mappings = rootless,
					    .n_gid_mappings = 1 };
	struct device_node is = { 0 };

	/* open to everybody: the host's will do */
	CHECK_INT(decide(&mapped, plain, S_IFCHR | 0666, &is), 0);
	CHECK_INT(
		decide(&mapped, (struct device_node){ .mode = 0777, .has_mode = true }, 0666, &is),
		0);
	/* shut: the root's, with the bits of the host's */
	check_own(plain, S_IFCHR | 0600,
		  (struct device_node){ .mode = 0600, .uid = 100000, .gid = 100000 });
	check_own(plain, S_IFBLK | 0660,
		  (struct device_node){ .mode = 0660, .uid = 100000, .gid = 100000 });
	check_own(plain, S_IFCHR | 0644,
		  (struct device_node){ .mode = 0644, .uid = 100000, .gid = 100000 });
	/* what is asked for holds, also where it is less */
	check_own((struct device_node){ .mode = 0640, .has_mode = true, .uid = 5000, .gid = 999 },
		  0600, (struct device_node){ .mode = 0640, .uid = 7000, .gid = 100999 });
	check_own((struct device_node){ .mode = 0660, .has_mode = true }, 0666,
		  (struct device_node){ .mode = 0660, .uid = 100000, .gid = 100000 });
	check_own((struct device_node){ .mode = 0666, .gid = 5 }, 0666,
		  (struct device_node){ .mode = 0666, .uid = 100000, .gid = 100005 });
	CHECK_INT(decide(&mapped, (struct device_node){ .uid = 1000 }, 0600, &is), -EINVAL);
	CHECK_INT(decide(&mapped, (struct device_node){ .gid = 1000 }, 0600, &is), -EINVAL);
	/* nobody to give it to */
	CHECK_INT(decide(&by_path, plain, 0600, &is), 0);
	CHECK_INT(decide(&no_root, plain, 0600, &is), 0);
	CHECK_INT(is.mode, 0);
}

static void set_device(struct device_spec *d, const char *path, int64_t minor)
{
	d->path = mem_strdup(path);
	d->type = mem_strdup("c");
	d->major = 1;
	d->minor = minor;
	d->file_mode = (struct opt_u64){ true, 0640 };
	d->uid = (struct opt_u64){ true, 5 };
	d->gid = (struct opt_u64){ true, 6 };
}

static void check_tree(int fd, const char *path, unsigned minor)
{
	struct stat st = { 0 };

	CHECK_INT(fstatat(fd, path, &st, AT_EMPTY_PATH), 0);
	CHECK_INT(st.st_mode, S_IFCHR | 0640);
	CHECK(st.st_rdev == makedev(1, minor));
	CHECK_INT(st.st_uid, 100005);
	CHECK_INT(st.st_gid, 100006);
}

static void grant(struct resources_spec *r, int64_t minor)
{
	struct device_rule_spec *d = LIST_GROW(r->devices, r->n_devices);

	d->allow = true;
	d->type = mem_strdup("c");
	d->major = (struct opt_i64){ true, 1 };
	d->minor = (struct opt_i64){ true, minor };
}

static struct container_spec *new_spec(void)
{
	struct container_spec *spec = mem_zero(sizeof(*spec));

	spec->linux.namespaces[NS_MOUNT].wanted = true;
	spec->linux.namespaces[NS_USER].wanted = true;
	*LIST_GROW(spec->linux.uid_mappings, spec->linux.n_uid_mappings) = maps[0];
	*LIST_GROW(spec->linux.gid_mappings, spec->linux.n_gid_mappings) = maps[0];
	set_device(LIST_GROW(spec->linux.devices, spec->linux.n_devices), "/dev/null", 3);
	set_device(LIST_GROW(spec->linux.devices, spec->linux.n_devices), "/dev/full", 7);
	set_device(LIST_GROW(spec->linux.devices, spec->linux.n_devices), "/dev/zero", 5);
	spec->linux.resources = resources_spec_new();
	grant(spec->linux.resources, 3);
	grant(spec->linux.resources, 7);
	return spec;
}

static void plan(struct isolation *iso)
{
	struct err e = { 0 };

	iso->in_user = iso->binds_devices = true;
	CHECK_INT(mount_plan_make(iso->spec, &iso->plan, &e), 0);
	iso->sources = mem_array(iso->plan.n, sizeof(*iso->sources));
	for (size_t i = 0; i < iso->plan.n; i++) {
		const struct mount_op *op = &iso->plan.ops[i];
		struct source *s = &iso->sources[i];

		*s = (struct source)SOURCE_NONE;
		if (op->kind != MOUNT_OP_DEVICE)
			continue;
		CHECK_INT(source_open_device(s, op->target, &op->node, &e), 0);
		CHECK_INT(device_nodes_plan(iso, op, s, &e), 0);
		CHECK_INT(s->is_own, op->node.has_mode && op->node.minor != 5);
	}
}

/* false: no rights here. */
static bool test_make(bool apart)
{
	auto_ptr(container_spec) struct container_spec *spec = new_spec();
	const struct isolation_options options = { .cgroup_dirfd = -1 };
	auto_ptr(isolation) struct isolation *iso = isolation_new(spec, NULL, &options);
	struct err e = { 0 };

	plan(iso);
	int r = apart ? device_nodes_fill(iso, &e) : device_nodes_make(iso, &e);

	if (r == 0 && apart)
		r = device_nodes_clone_apart(iso, &e);
	if (r == -EPERM || r == -EACCES)
		return false;
	CHECK_STR(e.text, "");
	for (size_t i = 0; r == 0 && i < iso->plan.n; i++)
		if (iso->sources[i].is_own)
			check_tree(iso->sources[i].tree, "", iso->plan.ops[i].node.minor);
	return true;
}

/* In a mount namespace of the test's own. */
static bool test_show(void)
{
	auto_ptr(container_spec) struct container_spec *spec = new_spec();
	struct stat st;
	struct err e = { 0 };

	if (unshare(CLONE_NEWNS) < 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return false;
	CHECK_INT(isolation_show_devices(spec, &e), 0);
	CHECK_STR(e.text, "");
	check_tree(AT_FDCWD, "/dev/null", 3);
	check_tree(AT_FDCWD, "/dev/full", 7);
	CHECK_INT(stat("/dev/zero", &st), 0);
	CHECK_INT(st.st_uid, 0);
	CHECK(umount2("/dev/null", MNT_DETACH) == 0 && umount2("/dev/full", MNT_DETACH) == 0);
	return true;
}

int main(void)
{
	struct stat before = { 0 }, after = { 0 };

	test_decide();
	(void)umask(077); /* the caller's must not show */
	CHECK_INT(stat("/dev/null", &before), 0);
	if (geteuid() != 0 || !test_make(false) || !test_make(true) || !test_show())
		printf("# nodes are not made: no rights here\n");
	CHECK_INT(stat("/dev/null", &after), 0);
	CHECK(after.st_mode == before.st_mode && after.st_uid == before.st_uid);
	return test_done();
}
