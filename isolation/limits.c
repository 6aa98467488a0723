/* limits - what the process itself may use and how it is scheduled: rlimits, OOM score, scheduler, I/O priority, affinity, memory policy.
 *
 * Several of these need rights on the host that a process in a user namespace has lost by the time it is sealed. limits_early() does them in the setup child,
 * which still has them; limits_run() tries again at the end and is content when the value is already what was asked for. That also serves hosts whose root is
 * not almighty (no CAP_SYS_RESOURCE): to ask for what is so already is no failure, anything else is an error that names it. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <linux/ioprio.h>
#include <linux/mempolicy.h>
#include <sched.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "config/names.h"
#include "isolation/private.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/base/log.h"
#include "runtime/base/mem.h"
#include "runtime/base/num.h"
#include "runtime/base/sys.h"

enum {
	BITS_PER_LONG = sizeof(long) * CHAR_BIT,
	CPUS_MAX = 8192,
	NODES_MAX = 1024,
	SCORE_MAX_TEXT = 32
};

/* The kernel's struct sched_attr, first version; <linux/sched/types.h> and <sched.h> cannot be included together. */
struct sched_values {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;
};

/* --- resource limits ---------------------------------------------------------------------------------------------- */

static int find_rlimit(const struct rlimit_spec *r, int *ret, struct err *e)
{
	int64_t n;

	if (!names_find(rlimit_names, r->type, &n))
		return err_set(e, EINVAL, "process.rlimits: \"%s\" is not known",
			       r->type ? r->type : "");
	*ret = (int)n;
	return 0;
}

static int refuse_raise(const char *name, uint64_t want, uint64_t hard, struct err *e)
{
	return err_set(
		e, EPERM,
		"process.rlimits: %s: the hard limit %llu is above this host's %llu and cannot be raised: operation not permitted",
		name, (unsigned long long)want, (unsigned long long)hard);
}

static int set_rlimit(int resource, const char *name, const struct rlimit *want, struct err *e)
{
	struct rlimit now;

	if (sys_prlimit(0, resource, want, NULL) == 0)
		return 0;
	int code = errno;

	if (code == EPERM && sys_prlimit(0, resource, NULL, &now) == 0) {
		if (now.rlim_cur == want->rlim_cur && now.rlim_max == want->rlim_max)
			return 0;
		return refuse_raise(name, want->rlim_max, now.rlim_max, e);
	}
	return err_ret(e, -code, "process.rlimits: set %s", name);
}

/* Only raise: a low limit on files or processes would hit our own work. What is still too low is reported by limits_run(). */
static void raise_hard_limit(int resource, uint64_t hard)
{
	struct rlimit now;

	if (sys_prlimit(0, resource, NULL, &now) < 0 || hard <= now.rlim_max)
		return;
	now.rlim_max = hard;
	(void)sys_prlimit(0, resource, &now, NULL);
}

static void raise_hard_limits(const struct process_spec *p)
{
	for (size_t i = 0; i < p->n_rlimits; i++) {
		struct err ignored = { 0 };
		int resource = 0;

		if (find_rlimit(&p->rlimits[i], &resource, &ignored) == 0)
			raise_hard_limit(resource, p->rlimits[i].hard);
	}
}

static int set_rlimits(const struct process_spec *p, struct err *e)
{
	for (size_t i = 0; i < p->n_rlimits; i++) {
		const struct rlimit want = { p->rlimits[i].soft, p->rlimits[i].hard };
		int resource = 0;
		int r = find_rlimit(&p->rlimits[i], &resource, e);

		if (r == 0)
			r = set_rlimit(resource, p->rlimits[i].type, &want, e);
		if (r < 0)
			return r;
	}
	return 0;
}

/* --- OOM score ---------------------------------------------------------------------------------------------------- */

static bool score_is(const struct isolation *iso, int64_t want)
{
	struct err ignored = { 0 };
	auto_close int fd = procfs_open_file(iso, "self/oom_score_adj", O_RDONLY, &ignored);
	auto_free char *text = NULL;
	int64_t now;

	if (fd < 0 || file_read_fd(fd, SCORE_MAX_TEXT, &text, NULL, &ignored) < 0)
		return false;
	text[strcspn(text, "\n")] = 0;
	return num_i64(text, &now) == 0 && now == want;
}

static int set_score(const struct isolation *iso, const struct process_spec *p, struct err *e)
{
	struct err cause = { 0 };

	if (!p->oom_score_adj.set)
		return 0;
	auto_free char *text = mem_format("%lld", (long long)p->oom_score_adj.value);
	int r = procfs_write(iso, "self/oom_score_adj", text, &cause);

	if (r == 0 || ((r == -EPERM || r == -EACCES) && score_is(iso, p->oom_score_adj.value)))
		return 0;
	*e = cause;
	return err_wrap(e, "process.oomScoreAdj");
}

/* --- scheduling --------------------------------------------------------------------------------------------------- */

static int scheduler_values(const struct scheduler_spec *s, struct sched_values *ret, struct err *e)
{
	int64_t policy = 0, flag = 0;
	struct sched_values v = { .size = sizeof(v) };

	if (!names_find(scheduler_policies, s->policy, &policy))
		return err_set(e, EINVAL, "process.scheduler.policy: \"%s\" is not known",
			       s->policy ? s->policy : "");
	v.policy = (uint32_t)policy;
	v.nice = s->nice.set ? (int32_t)s->nice.value : 0;
	v.priority = s->priority.set ? (uint32_t)s->priority.value : 0;
	v.runtime = s->runtime.set ? s->runtime.value : 0;
	v.deadline = s->deadline.set ? s->deadline.value : 0;
	v.period = s->period.set ? s->period.value : 0;
	for (size_t i = 0; i < s->flags.n; i++) {
		if (!names_find(scheduler_flags, s->flags.items[i], &flag))
			return err_set(e, EINVAL, "process.scheduler.flags: \"%s\" is not known",
				       s->flags.items[i]);
		v.flags |= (uint64_t)flag;
	}
	*ret = v;
	return 0;
}

static bool scheduler_is(const struct sched_values *want)
{
	struct sched_values now = { 0 };

	if (syscall(SYS_sched_getattr, 0, &now, sizeof(now), 0) < 0)
		return false;
	return now.policy == want->policy && now.nice == want->nice &&
	       now.priority == want->priority && now.runtime == want->runtime &&
	       now.deadline == want->deadline && now.period == want->period;
}

static int set_scheduler(const struct process_spec *p, struct err *e)
{
	struct sched_values v;

	if (!p->scheduler)
		return 0;
	int r = scheduler_values(p->scheduler, &v, e);

	if (r < 0)
		return r;
	if (syscall(SYS_sched_setattr, 0, &v, 0) == 0 || (errno == EPERM && scheduler_is(&v)))
		return 0;
	return err_sys(e, "process.scheduler");
}

static int set_io_priority(const struct process_spec *p, struct err *e)
{
	int64_t class = 0;

	if (!p->io_priority)
		return 0;
	if (!names_find(io_priority_classes, p->io_priority->class, &class))
		return err_set(e, EINVAL, "process.ioPriority.class: \"%s\" is not known",
			       p->io_priority->class ? p->io_priority->class : "");
	long want = class << IOPRIO_CLASS_SHIFT | p->io_priority->priority;

	if (syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0, want) == 0)
		return 0;
	int code = errno;

	if (code == EPERM && syscall(SYS_ioprio_get, IOPRIO_WHO_PROCESS, 0) == want)
		return 0;
	return err_ret(e, -code, "process.ioPriority");
}

/* --- lists of CPUs and nodes -------------------------------------------------------------------------------------- */

static int parse_range(char *text, uint32_t *ret_first, uint32_t *ret_last)
{
	char *dash = strchr(text, '-');

	if (dash)
		*dash++ = 0;
	if (num_u32(text, ret_first) < 0 || num_u32(dash ? dash : text, ret_last) < 0)
		return -EINVAL;
	return *ret_first <= *ret_last ? 0 : -EINVAL;
}

int limits_parse_list(const char *text, unsigned long *bits, size_t n_bits)
{
	auto_done(strv) struct strv parts = { 0 };

	memset(bits, 0, n_bits / CHAR_BIT);
	strv_split(&parts, text, ',');
	for (size_t i = 0; i < parts.n; i++) {
		uint32_t first, last;

		if (parse_range(parts.items[i], &first, &last) < 0 || last >= n_bits)
			return -EINVAL;
		for (uint32_t n = first; n <= last; n++)
			bits[n / BITS_PER_LONG] |= 1ul << n % BITS_PER_LONG;
	}
	return parts.n ? 0 : -EINVAL;
}

int limits_affinity(const char *text, const char *key, struct err *e)
{
	unsigned long bits[CPUS_MAX / BITS_PER_LONG];

	if (limits_parse_list(text, bits, CPUS_MAX) < 0)
		return err_set(e, EINVAL, "%s: \"%s\" is not a list of CPUs", key, text);
	if (syscall(SYS_sched_setaffinity, 0, sizeof(bits), bits) < 0)
		return err_sys(e, "%s: \"%s\"", key, text);
	return 0;
}

static int set_memory_policy(const struct container_spec *spec, struct err *e)
{
	const struct memory_policy_spec *m = spec->linux.memory_policy;
	unsigned long nodes[NODES_MAX / BITS_PER_LONG] = { 0 };
	bool has_nodes = m && !str_empty(m->nodes);
	int64_t mode = 0, flag = 0;

	if (!m)
		return 0;
	if (!names_find(memory_policy_modes, m->mode, &mode))
		return err_set(e, EINVAL, "linux.memoryPolicy.mode: \"%s\" is not known",
			       m->mode ? m->mode : "");
	for (size_t i = 0; i < m->flags.n; i++) {
		if (!names_find(memory_policy_flags, m->flags.items[i], &flag))
			return err_set(e, EINVAL, "linux.memoryPolicy.flags: \"%s\" is not known",
				       m->flags.items[i]);
		mode |= flag;
	}
	if (has_nodes && limits_parse_list(m->nodes, nodes, NODES_MAX) < 0)
		return err_set(e, EINVAL, "linux.memoryPolicy.nodes: \"%s\" is not a list of nodes",
			       m->nodes);
	if (syscall(SYS_set_mempolicy, (int)mode, has_nodes ? nodes : NULL,
		    has_nodes ? NODES_MAX : 0ul) < 0)
		return err_sys(e, "linux.memoryPolicy");
	return 0;
}

/* --- before anything is made -------------------------------------------------------------------------------------- */

int limits_check(const struct process_spec *p, struct err *e)
{
	uint64_t permitted = 0;
	int r = 0;

	if (p->n_rlimits == 0 || caps_read_permitted(&permitted, e) < 0 ||
	    (permitted >> CAP_SYS_RESOURCE & 1))
		return 0; /* what cannot be known here is found by limits_run() */
	for (size_t i = 0; i < p->n_rlimits && r == 0; i++) {
		struct rlimit now;
		int resource = 0;

		r = find_rlimit(&p->rlimits[i], &resource, e);
		if (r == 0 && sys_prlimit(0, resource, NULL, &now) == 0 &&
		    p->rlimits[i].hard > now.rlim_max)
			r = refuse_raise(p->rlimits[i].type, p->rlimits[i].hard, now.rlim_max, e);
	}
	return r;
}

/* --- the two moments ---------------------------------------------------------------------------------------------- */

int limits_early(struct isolation *iso, struct err *e)
{
	const struct process_spec *p = iso->process;
	struct err cause = { 0 };

	(void)e;
	if (!p)
		return 0;
	raise_hard_limits(p);
	/* Whatever fails here is tried again by limits_run(), which reports it. */
	if (set_score(iso, p, &cause) < 0 || set_scheduler(p, &cause) < 0 ||
	    set_io_priority(p, &cause) < 0)
		log_debug("%s", cause.text);
	return 0;
}

int limits_run(struct isolation *iso, const struct process_spec *p, struct err *e)
{
	int r = set_scheduler(p, e);

	if (r == 0)
		r = set_io_priority(p, e);
	if (r == 0)
		r = set_memory_policy(iso->spec, e);
	/* config.md: only for processes that exec brings in, which have a target */
	if (r == 0 && p->exec_affinity_final && iso->target >= 0)
		r = limits_affinity(p->exec_affinity_final, "process.execCPUAffinity.final", e);
	if (r == 0)
		r = set_score(iso, p, e);
	if (r == 0)
		r = set_rlimits(p, e);
	if (r == 0 && p->user.umask.set)
		(void)umask((mode_t)p->user.umask.value & 0777);
	return r;
}
