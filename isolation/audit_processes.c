/* audit_processes - what every process of the container must have: read from /proc/PID, one line for all of them, which names the first process that has it not. */
#include "isolation/audit.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/capability.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "config/names.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/base/mem.h"
#include "runtime/base/num.h"
#include "runtime/base/str.h"
#include "runtime/base/sys.h"

enum { STATUS_MAX = 65536, DEPTH_MAX = 40, CAPS = 64, SECCOMP_FILTER = 2 };

struct process {
	struct audit *a;
	pid_t pid;
	char *status;
	bool is_nested; /* in a user namespace that was made inside: its capabilities are of that one */
};

static const char *status_value(const struct process *p, const char *key)
{
	auto_free char *start = mem_format("\n%s:\t", key);
	const char *at = strstr(p->status, start);

	return at ? at + strlen(start) : NULL;
}

static void complain(struct process *p, const char *property, const char *promised,
		     const char *what)
{
	auto_free char *text = mem_format("process %d: %s", (int)p->pid, what);

	finding_worse(p->a->ret, FINDING_DIFFERS, property, promised, text);
}

static void is_fine(struct process *p, const char *property, const char *promised)
{
	finding_worse(p->a->ret, FINDING_OK, property, promised, promised);
}

/* --- namespaces ------------------------------------------------------------------------------------------------------- */

static ino_t namespace_of(pid_t pid, const char *file)
{
	auto_free char *path = mem_format("/proc/%d/ns/%s", (int)pid, file);
	struct stat st;

	return stat(path, &st) < 0 ? 0 : st.st_ino;
}

/* Is the namespace, or the user namespace that it belongs to, below the container's? */
static bool is_below(pid_t pid, const char *file, bool is_user, ino_t user)
{
	auto_free char *path = mem_format("/proc/%d/ns/%s", (int)pid, file);
	int fd = sys_openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
	struct stat st;
	bool found = false;

	for (int i = 0; fd >= 0 && !found && i < DEPTH_MAX; i++) {
		/* the first step leads from another kind of namespace to its owner */
		int up = sys_ioctl(fd, !is_user && i == 0 ? NS_GET_USERNS : NS_GET_PARENT, NULL);

		fd_close(&fd);
		fd = up;
		found = fd >= 0 && fstat(fd, &st) == 0 && st.st_ino == user;
	}
	fd_close(&fd);
	return found;
}

static void audit_namespaces(struct process *p)
{
	static const char same[] = "the container's, or made inside";
	ino_t user = namespace_of(p->a->of->init, "user");

	for (int t = 0; t < NS_COUNT; t++) {
		const char *file = ns_proc_files[t];
		ino_t of_init = namespace_of(p->a->of->init, file), of_it;

		if (!p->a->spec->linux.namespaces[t].wanted || !of_init)
			continue;
		of_it = namespace_of(p->pid, file);
		if (!of_it || of_it == of_init)
			continue; /* or it has ended */
		if (t == NS_USER)
			p->is_nested = is_below(p->pid, file, true, user);
		/* without a user namespace the host's belong to the same one as the container's */
		bool is_hosts = of_it == namespace_of(getpid(), file);

		if ((is_hosts || !is_below(p->pid, file, t == NS_USER, user)) &&
		    namespace_of(p->pid, file)) {
			auto_free char *what = mem_format("in another %s namespace%s", ns_words[t],
							  is_hosts ? ", the host's" : "");

			complain(p, "processes.namespaces", same, what);
		}
	}
	is_fine(p, "processes.namespaces", same);
}

/* --- capabilities ----------------------------------------------------------------------------------------------------- */

static char *caps_text(uint64_t set)
{
	struct strbuf b = { 0 };

	for (int i = 0; i < CAPS; i++) {
		const char *word = set & UINT64_C(1) << i ? cap_word(i) : NULL;

		if (set & UINT64_C(1) << i)
			strbuf_format(&b, "%s%s", b.len ? "," : "",
				      word ? word + strlen("CAP_") : "?");
	}
	if (b.len == 0)
		strbuf_add(&b, "none");
	for (char *c = b.text; *c; c++)
		*c = (*c >= 'A' && *c <= 'Z') ? (char)(*c + 'a' - 'A') : *c;
	return strbuf_steal(&b);
}

static bool read_set(const struct process *p, const char *key, uint64_t *ret)
{
	const char *text = status_value(p, key);
	char *end;

	if (!text)
		return false;
	*ret = strtoull(text, &end, 16);
	return end != text;
}

static void audit_set(struct process *p, const char *key, const char *word, uint64_t most)
{
	auto_free char *property = mem_format("capabilities.%s", word);
	auto_free char *promised = caps_text(most);
	uint64_t is = 0;

	if (!read_set(p, key, &is))
		return;
	if (is & ~most) {
		auto_free char *more = caps_text(is & ~most);
		auto_free char *what = mem_format("also %s", more);

		complain(p, property, promised, what);
		return;
	}
	is_fine(p, property, promised);
}

static void audit_caps(struct process *p)
{
	const struct process_spec *s = p->a->spec->process;
	struct caps_sets sets = { 0 };
	uint64_t all, bounding = 0;

	if (!s || !s->capabilities || p->is_nested)
		return;
	caps_parse(s->capabilities, UINT64_MAX, &sets);
	all = sets.bounding | sets.permitted | sets.inheritable;
	audit_set(p, "CapBnd", "bounding", sets.bounding);
	audit_set(p, "CapPrm", "permitted", all);
	audit_set(p, "CapEff", "effective", all);
	audit_set(p, "CapInh", "inheritable", all);
	audit_set(p, "CapAmb", "ambient", all);
	if (p->pid != p->a->of->init || !read_set(p, "CapBnd", &bounding) ||
	    bounding == sets.bounding)
		return;
	auto_free char *promised = caps_text(sets.bounding);
	auto_free char *fewer = caps_text(bounding);

	/* what init has given up by itself, or what the host itself lacks */
	finding_worse(p->a->ret, FINDING_CHANGED, "capabilities.bounding", promised, fewer);
}

/* --- seccomp, ids, limits --------------------------------------------------------------------------------------------- */

static void audit_sealed(struct process *p)
{
	const char *mode = status_value(p, "Seccomp"), *nnp = status_value(p, "NoNewPrivs");

	if (p->a->spec->linux.seccomp && mode) {
		if (mode[0] - '0' == SECCOMP_FILTER)
			is_fine(p, "seccomp", "filter");
		else
			complain(p, "seccomp", "filter", "no filter");
	}
	if (p->a->spec->process && p->a->spec->process->no_new_privileges && nnp) {
		if (nnp[0] == '1')
			is_fine(p, "noNewPrivileges", "true");
		else
			complain(p, "noNewPrivileges", "true", "false");
	}
}

/* Real, effective, saved and of the file system; as the host sees them. */
static void audit_ids(struct process *p, const char *key, const struct id_map *maps, size_t n)
{
	auto_free char *property = mem_format("processes.%s", key);
	const char *text = status_value(p, key);

	for (int i = 0; n > 0 && text && i < 4; i++) {
		char *end;
		uint64_t id = strtoull(text, &end, 10);
		auto_free char *what = mem_format("%" PRIu64, id);

		if (end != text && !idmap_has_host_id(maps, n, id))
			complain(p, property, "the container's", what);
		text = end;
	}
	if (n > 0)
		is_fine(p, property, "the container's");
}

static char *limit_word(uint64_t v)
{
	return v == UINT64_MAX ? mem_strdup("unlimited") : mem_format("%" PRIu64, v);
}

/* As /proc/PID/limits calls them: prlimit(2) on processes of others is a right that not every host's root has. */
static const struct {
	int resource;
	const char *name;
} limit_rows[] = {
	{ RLIMIT_CPU, "Max cpu time" },
	{ RLIMIT_FSIZE, "Max file size" },
	{ RLIMIT_DATA, "Max data size" },
	{ RLIMIT_STACK, "Max stack size" },
	{ RLIMIT_CORE, "Max core file size" },
	{ RLIMIT_RSS, "Max resident set" },
	{ RLIMIT_NPROC, "Max processes" },
	{ RLIMIT_NOFILE, "Max open files" },
	{ RLIMIT_MEMLOCK, "Max locked memory" },
	{ RLIMIT_AS, "Max address space" },
	{ RLIMIT_LOCKS, "Max file locks" },
	{ RLIMIT_SIGPENDING, "Max pending signals" },
	{ RLIMIT_MSGQUEUE, "Max msgqueue size" },
	{ RLIMIT_NICE, "Max nice priority" },
	{ RLIMIT_RTPRIO, "Max realtime priority" },
	{ RLIMIT_RTTIME, "Max realtime timeout" },
};

static bool read_word(const char **at, rlim_t *ret)
{
	char *end;

	*at += strspn(*at, " ");
	if (str_has_prefix(*at, "unlimited")) {
		*at += strlen("unlimited");
		*ret = RLIM_INFINITY;
		return true;
	}
	*ret = strtoull(*at, &end, 10);
	if (end == *at)
		return false;
	*at = end;
	return true;
}

bool audit_limit_parse(const char *limits, int resource, struct rlimit *ret)
{
	for (size_t i = 0; i < sizeof(limit_rows) / sizeof(limit_rows[0]); i++) {
		const char *at = limit_rows[i].resource == resource
					 ? strstr(limits, limit_rows[i].name)
					 : NULL;

		if (!at)
			continue;
		at += strlen(limit_rows[i].name);
		return read_word(&at, &ret->rlim_cur) && read_word(&at, &ret->rlim_max);
	}
	return false;
}

static void audit_rlimit(struct process *p, const char *limits, const char *type,
			 const struct rlimit *wanted)
{
	const char *word = str_after(type, "RLIMIT_");
	auto_free char *property = mem_format("rlimits.%s", word ? word : type);
	auto_free char *low = limit_word(wanted->rlim_cur), *high = limit_word(wanted->rlim_max);
	auto_free char *promised = mem_format("%s, at most %s", low, high);
	struct rlimit is;
	int64_t resource;

	if (!names_find(rlimit_names, type, &resource) ||
	    !audit_limit_parse(limits, (int)resource, &is)) {
		finding_worse(p->a->ret, FINDING_UNKNOWN, property, promised, NULL);
		return;
	}
	auto_free char *now = limit_word(is.rlim_cur), *most = limit_word(is.rlim_max);
	auto_free char *enforced = mem_format("%s, at most %s", now, most);

	if (is.rlim_max > wanted->rlim_max)
		complain(p, property, promised, enforced);
	else if (p->pid == p->a->of->init &&
		 (is.rlim_max != wanted->rlim_max || is.rlim_cur != wanted->rlim_cur))
		finding_worse(p->a->ret, FINDING_CHANGED, property, promised, enforced);
	else
		is_fine(p, property, promised);
}

static void audit_rlimits(struct process *p)
{
	const struct process_spec *s = p->a->spec->process;
	auto_free char *path = mem_format("/proc/%d/limits", (int)p->pid);
	auto_free char *text = NULL;
	struct err ignored = { 0 };

	if (!s || s->n_rlimits == 0 ||
	    file_read_all(AT_FDCWD, path, STATUS_MAX, &text, NULL, &ignored) < 0)
		return;
	for (size_t i = 0; i < s->n_rlimits; i++) {
		const struct rlimit wanted = { s->rlimits[i].soft, s->rlimits[i].hard };

		audit_rlimit(p, text, s->rlimits[i].type, &wanted);
	}
}

/* To be spared more than was said needs a right on the host. */
static void audit_score(struct process *p)
{
	const struct process_spec *s = p->a->spec->process;
	auto_free char *path = mem_format("/proc/%d/oom_score_adj", (int)p->pid);
	auto_free char *text = NULL;
	struct err ignored = { 0 };
	int64_t is;

	if (!s || !s->oom_score_adj.set ||
	    file_read_all(AT_FDCWD, path, AUDIT_NAME, &text, NULL, &ignored) < 0)
		return;
	text[strcspn(text, "\n")] = '\0';
	if (num_i64(text, &is) < 0)
		return;
	auto_free char *promised = mem_format("%" PRId64 " or more", s->oom_score_adj.value);

	if (is < s->oom_score_adj.value)
		complain(p, "oomScoreAdj", promised, text);
	else
		is_fine(p, "oomScoreAdj", promised);
}

/* How init was started; it may choose another of the ordinary classes by itself. */
static void audit_scheduler(struct process *p)
{
	const struct process_spec *s = p->a->spec->process;
	int64_t wanted;
	int is;

	if (!s || !s->scheduler || p->pid != p->a->of->init ||
	    !names_find(scheduler_policies, s->scheduler->policy, &wanted))
		return;
	is = sched_getscheduler(p->pid) & ~SCHED_RESET_ON_FORK;
	if (is < 0)
		return;
	const char *word = names_word(scheduler_policies, is);

	(void)finding_judge(p->a->ret, "scheduler.policy", s->scheduler->policy,
			    word ? word : "another",
			    is == SCHED_FIFO || is == SCHED_RR ? FINDING_DIFFERS : FINDING_CHANGED);
}

/* "web (enforce)" of AppArmor, a context of SELinux. AppArmor's own file is there since Linux 5.8. */
static char *label_of(pid_t pid, bool is_apparmor)
{
	auto_free char *first = mem_format("/proc/%d/attr/apparmor/current", (int)pid);
	auto_free char *second = mem_format("/proc/%d/attr/current", (int)pid);
	char *text = NULL;
	struct err ignored = { 0 };

	if ((!is_apparmor ||
	     file_read_all(AT_FDCWD, first, STATUS_MAX, &text, NULL, &ignored) < 0) &&
	    file_read_all(AT_FDCWD, second, STATUS_MAX, &text, NULL, &ignored) < 0)
		return NULL;
	text[strcspn(text, "\n")] = '\0';
	return text;
}

/* A profile may send programs on to parts of itself ("web//hat"), and what is confined inside may be confined once more ("web//&inner"). */
bool audit_is_confined(const char *label, const char *profile)
{
	const char *rest = str_after(label, profile);

	return rest && (str_has_prefix(rest, "//") || str_has_prefix(rest, " (")) &&
	       str_has_suffix(rest, "(enforce)");
}

static void audit_label(struct process *p, const char *property, const char *promised,
			bool is_apparmor)
{
	auto_free char *is = NULL;

	if (str_empty(promised) || str_eq(promised, "unconfined"))
		return;
	is = label_of(p->pid, is_apparmor);
	if (!is)
		return; /* it has ended */
	if (is_apparmor ? audit_is_confined(is, promised) : str_eq(is, promised))
		is_fine(p, property, promised);
	else
		complain(p, property, promised, is);
}

static void audit_labels(struct process *p)
{
	const struct process_spec *s = p->a->spec->process;

	if (!s)
		return;
	audit_label(p, "apparmorProfile", s->apparmor_profile, true);
	audit_label(p, "selinuxLabel", s->selinux_label, false);
}

/* A zombie has given everything back. */
static bool is_alive(const struct process *p)
{
	const char *state = status_value(p, "State");

	return state && state[0] != 'Z' && state[0] != 'X';
}

void audit_processes(struct audit *a)
{
	const struct linux_spec *l = &a->spec->linux;

	for (size_t i = 0; i < a->of->n; i++) {
		struct process p = { .a = a, .pid = a->of->pids[i] };
		auto_free char *path = mem_format("/proc/%d/status", (int)p.pid);
		auto_free char *status = NULL;
		struct err ignored = { 0 };

		if (file_read_all(AT_FDCWD, path, STATUS_MAX, &status, NULL, &ignored) < 0)
			continue; /* it has ended */
		p.status = status;
		if (!is_alive(&p))
			continue;
		audit_namespaces(&p);
		audit_ids(&p, "Uid", l->uid_mappings, l->n_uid_mappings);
		audit_ids(&p, "Gid", l->gid_mappings, l->n_gid_mappings);
		audit_caps(&p);
		audit_sealed(&p);
		audit_rlimits(&p);
		audit_score(&p);
		audit_labels(&p);
		audit_scheduler(&p);
	}
}
