/* audit_look - what only the container's own paths and namespaces show, gathered by a child.
 *
 * Root inside may put a file system of its own in the way that never answers (FUSE). So the parent does not walk there: the child does, and is killed when it hangs. It first looks at the paths,
 * from outside, below the container's root and never beyond it; then it enters the namespaces of names and parameters, where it runs nothing. */
#include "isolation/audit.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/utsname.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/mem.h"
#include "runtime/base/path.h"
#include "runtime/base/str.h"
#include "runtime/base/sys.h"

struct look {
	const struct isolation *iso; /* for its procfs alone */
	const struct audit *audit;
	struct audit_view *view; /* shared with the parent */
	int root;
};

static void look_at(const struct look *l, const char *path, bool follow, struct audit_place *ret)
{
	struct err why = { 0 };
	auto_close int fd =
		path_open(l->root, path, O_PATH | (follow ? 0 : O_NOFOLLOW), 0, 0, &why);
	struct statx st;

	if (fd < 0) {
		ret->code = -fd;
		return;
	}
	if (statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_BASIC_STATS | STATX_MNT_ID,
		  &st) < 0) {
		ret->code = errno;
		return;
	}
	*ret = (struct audit_place){ .is_mount = st.stx_attributes & STATX_ATTR_MOUNT_ROOT,
				     .mount = st.stx_mnt_id,
				     .dev = makedev(st.stx_dev_major, st.stx_dev_minor),
				     .rdev = makedev(st.stx_rdev_major, st.stx_rdev_minor),
				     .ino = st.stx_ino,
				     .mode = st.stx_mode,
				     .uid = st.stx_uid,
				     .gid = st.stx_gid,
				     .links = st.stx_nlink };
}

static void look_at_places(const struct look *l)
{
	const struct mount_plan *p = &l->audit->plan;
	const struct root_part *part = l->audit->spec->root.parts;

	for (size_t i = 0; i < p->n; i++)
		look_at(l, p->ops[i].target, p->ops[i].kind != MOUNT_OP_DEVICE,
			&l->view->places[i]);
	for (size_t i = p->n; part && part->path; i++, part++)
		look_at(l, part->path, true, &l->view->places[i]);
}

static void look_at_names(const struct look *l)
{
	struct utsname u;

	if (uname(&u) < 0)
		return;
	(void)!str_format(l->view->hostname, AUDIT_NAME, "%s", u.nodename);
	(void)!str_format(l->view->domainname, AUDIT_NAME, "%s", u.domainname);
	l->view->has_names = true;
}

static void look_at_value(const struct look *l, size_t i)
{
	auto_free char *path = sysctl_path(l->audit->spec->linux.sysctl.items[i].key);
	auto_free char *file = mem_format("sys/%s", path ? path : "");
	struct audit_value *v = &l->view->values[i];
	struct err why = { 0 };
	auto_close int fd = procfs_open_file(l->iso, file, O_RDONLY, &why);
	ssize_t n = fd < 0 ? -1 : sys_read(fd, v->text, AUDIT_TEXT - 1);

	if (n < 0)
		return;
	v->text[n] = '\0';
	v->known = true;
}

static void look_at_values(const struct look *l, bool of_user)
{
	const struct strmap *list = &l->audit->spec->linux.sysctl;

	for (size_t i = 0; i < list->n; i++) {
		struct err why = { 0 };
		enum ns_type ns;

		if (sysctl_check_one(l->audit->spec, &list->items[i], &ns, &why) == 0 &&
		    (ns == NS_USER) == of_user)
			look_at_value(l, i);
	}
}

static int work(void *arg, int sock, struct err *e)
{
	const struct look *l = arg;
	const struct ns_spec *ns = l->audit->spec->linux.namespaces;
	int flags = (ns[NS_UTS].wanted ? CLONE_NEWUTS : 0) |
		    (ns[NS_IPC].wanted ? CLONE_NEWIPC : 0) |
		    (ns[NS_NETWORK].wanted ? CLONE_NEWNET : 0);
	int r = creds_not_dumpable(e);

	(void)sock;
	if (r < 0)
		return r;
	look_at_places(l);
	if (flags && sys_setns(l->audit->of->pidfd, flags) < 0)
		return err_sys(e, "enter the container's namespaces");
	if (ns[NS_UTS].wanted)
		look_at_names(l);
	look_at_values(l, false);
	if (!ns[NS_USER].wanted || l->audit->spec->linux.sysctl.n == 0)
		return 0;
	if (sys_setns(l->audit->of->pidfd, CLONE_NEWUSER) < 0)
		return err_sys(e, "enter the container's user namespace");
	look_at_values(l, true);
	return 0;
}

static int run_work(struct look *l, struct err *e)
{
	int kept[] = { l->iso->proc, l->root, l->audit->of->pidfd };
	const struct helper_fds keep = { kept, sizeof(kept) / sizeof(kept[0]) };

	return mount_child(work, l, &keep, NULL, e);
}

/* One piece of memory for all answers. */
static struct audit_view *room(struct audit *a)
{
	size_t n_values = a->spec->linux.sysctl.n, n_places = a->plan.n;
	const struct root_part *part = a->spec->root.parts;
	struct audit_view *v;

	for (; part && part->path; part++)
		n_places++;
	a->size = sizeof(*v) + n_places * sizeof(*v->places) + n_values * sizeof(*v->values);
	a->memory = mmap(NULL, a->size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (a->memory == MAP_FAILED) {
		a->memory = NULL;
		return NULL;
	}
	v = a->memory;
	v->places = (struct audit_place *)(v + 1);
	v->n_places = n_places;
	v->values = (struct audit_value *)(v->places + n_places);
	for (size_t i = 0; i < n_places; i++)
		v->places[i].code = ETIMEDOUT; /* until it has been looked at */
	return v;
}

void audit_look(struct audit *a)
{
	const struct isolation_options options = { .cgroup_dirfd = -1 };
	auto_ptr(isolation) struct isolation *iso = isolation_new(a->spec, NULL, &options);
	struct err why = { 0 };
	auto_close int root = isolation_open_root(a->of->init, a->of->pidfd, &why);
	struct look l = { .iso = iso, .audit = a, .root = root };
	int r = root < 0 ? root : procfs_open(iso, &why);

	if (r == 0) {
		a->view = l.view = room(a);
		r = l.view ? run_work(&l, &why) : err_set(&why, ENOMEM, "no room");
	}
	/* what it has answered before it failed holds */
	a->why = mem_strdup(r < 0 ? why.text : "it could not be read");
}

void audit_look_done(struct audit *a)
{
	if (a->memory)
		(void)munmap(a->memory, a->size);
	free(a->why);
	a->memory = NULL;
	a->view = NULL;
	a->why = NULL;
}
