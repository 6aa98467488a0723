/* audit - a running container beside its configuration: the namespaces themselves, ids, names and kernel parameters. The rest is in audit_processes.c and audit_mounts.c. */
#include "isolation/audit.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/nsfs.h>
#include <string.h>
#include <sys/stat.h>

#include "config/names.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/base/mem.h"
#include "runtime/base/str.h"
#include "runtime/base/sys.h"

enum { MAP_MAX = 65536 };

bool audit_may(const struct container_spec *spec, int capability)
{
	struct caps_sets s = { 0 };

	if (!spec->process || !spec->process->capabilities)
		return true;
	caps_parse(spec->process->capabilities, UINT64_MAX, &s);
	return s.bounding & UINT64_C(1) << capability;
}

enum finding_verdict audit_verdict(const struct container_spec *spec, int capability)
{
	return audit_may(spec, capability) ? FINDING_CHANGED : FINDING_DIFFERS;
}

/* --- namespaces ------------------------------------------------------------------------------------------------------- */

/* -1: it cannot be told. */
static int is_same(const char *a, const char *b)
{
	struct stat x, y;

	if (stat(a, &x) < 0 || stat(b, &y) < 0)
		return -1;
	return x.st_ino == y.st_ino && x.st_dev == y.st_dev;
}

static void audit_namespace(struct audit *a, enum ns_type t)
{
	const struct ns_spec *n = &a->spec->linux.namespaces[t];
	auto_free char *theirs = mem_format("/proc/%d/ns/%s", (int)a->of->init, ns_proc_files[t]);
	auto_free char *ours = mem_format("/proc/self/ns/%s", ns_proc_files[t]);
	auto_free char *property = mem_format("namespaces.%s", ns_words[t]);
	auto_free char *given = n->path ? mem_format("that of %s", n->path) : NULL;
	const char *promised = given ? given : n->wanted ? "its own" : "the host's";
	int same = is_same(theirs, n->path ? n->path : ours);

	if (same < 0) {
		if (n->wanted)
			(void)finding_unknown(a->ret, property, promised, "it cannot be read");
		return;
	}
	if (n->path)
		(void)finding_judge(a->ret, property, promised, same ? promised : "another",
				    FINDING_DIFFERS);
	else
		(void)finding_judge(a->ret, property, promised, same ? "the host's" : "its own",
				    FINDING_DIFFERS);
}

/* --- ids -------------------------------------------------------------------------------------------------------------- */

/* The kernel's columns as words with one blank between, lines joined by commas. */
static char *one_line(const char *text)
{
	struct strbuf b = { 0 };
	bool blank = false;

	for (const char *p = text; *p; p++) {
		if (*p == ' ' || *p == '\t') {
			blank = b.len > 0 && b.text[b.len - 1] != ',';
			continue;
		}
		if (*p == '\n') {
			blank = false;
			if (p[1])
				strbuf_add_char(&b, ',');
			continue;
		}
		if (blank)
			strbuf_add_char(&b, ' ');
		blank = false;
		strbuf_add_char(&b, *p);
	}
	return strbuf_steal(&b);
}

static void audit_map(struct audit *a, const char *file, const struct id_map *maps, size_t n)
{
	auto_free char *path = mem_format("/proc/%d/%s", (int)a->of->init, file);
	auto_free char *wanted = idmap_text(maps, n);
	auto_free char *promised = one_line(wanted);
	auto_free char *text = NULL, *enforced = NULL;
	struct err why = { 0 };

	if (n == 0)
		return;
	if (file_read_all(AT_FDCWD, path, MAP_MAX, &text, NULL, &why) < 0) {
		(void)finding_unknown(a->ret, file, promised, why.text);
		return;
	}
	enforced = one_line(text);
	(void)finding_judge(a->ret, file, promised, enforced, FINDING_DIFFERS);
}

/* Whose budgets the namespace counts on. */
static void audit_owner(struct audit *a)
{
	const struct opt_u64 *owner = &a->spec->linux.owner_uid;
	auto_free char *path = mem_format("/proc/%d/ns/user", (int)a->of->init);
	auto_close int fd = sys_openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
	uid_t uid = 0;

	if (!owner->set)
		return;
	auto_free char *promised = mem_format("%llu", (unsigned long long)owner->value);

	if (fd < 0 || sys_ioctl(fd, NS_GET_OWNER_UID, &uid) < 0) {
		(void)finding_unknown(a->ret, "ownerUid", promised, strerror(errno));
		return;
	}
	auto_free char *enforced = mem_format("%u", (unsigned)uid);

	(void)finding_judge(a->ret, "ownerUid", promised, enforced, FINDING_DIFFERS);
}

/* --- names and parameters --------------------------------------------------------------------------------------------- */

static void audit_name(struct audit *a, const char *property, const char *promised,
		       const char *enforced)
{
	if (!promised || !a->spec->linux.namespaces[NS_UTS].wanted)
		return;
	if (!a->view || !a->view->has_names)
		(void)finding_unknown(a->ret, property, promised, a->why);
	else
		(void)finding_judge(a->ret, property, promised, enforced,
				    audit_verdict(a->spec, CAP_SYS_ADMIN));
}

/* Who may write it inside: networks are net_admin's, the others sys_admin's. */
static void audit_sysctls(struct audit *a)
{
	const struct strmap *list = &a->spec->linux.sysctl;

	for (size_t i = 0; i < list->n; i++) {
		const char *key = list->items[i].key;
		int right = str_has_prefix(key, "net") ? CAP_NET_ADMIN : CAP_SYS_ADMIN;
		auto_free char *property = mem_format("sysctl.%s", key);
		auto_free char *promised =
			one_line(list->items[i].value ? list->items[i].value : "");

		if (!a->view || !a->view->values[i].known) {
			(void)finding_unknown(a->ret, property, promised,
					      a->view ? "it cannot be read" : a->why);
			continue;
		}
		auto_free char *enforced = one_line(a->view->values[i].text);

		(void)finding_judge(a->ret, property, promised, enforced,
				    audit_verdict(a->spec, right));
	}
}

int isolation_audit(const struct container_spec *spec, const struct isolation_audit *of,
		    struct findings *ret, struct err *e)
{
	struct audit a = { .spec = spec, .of = of, .ret = ret };
	int r = mount_plan_make(spec, &a.plan, e);

	if (r < 0)
		return r;
	audit_look(&a);
	for (int t = 0; t < NS_COUNT; t++)
		audit_namespace(&a, (enum ns_type)t);
	audit_map(&a, "uid_map", spec->linux.uid_mappings, spec->linux.n_uid_mappings);
	audit_map(&a, "gid_map", spec->linux.gid_mappings, spec->linux.n_gid_mappings);
	audit_owner(&a);
	audit_processes(&a);
	audit_name(&a, "hostname", spec->hostname, a.view ? a.view->hostname : NULL);
	audit_name(&a, "domainname", spec->domainname, a.view ? a.view->domainname : NULL);
	audit_sysctls(&a);
	audit_mounts(&a);
	audit_look_done(&a);
	mount_plan_done(&a.plan);
	if (namespaces_pid_of(of->pidfd) != of->init)
		return err_set(e, ESRCH, "the container has ended meanwhile");
	return 0;
}
