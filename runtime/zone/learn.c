/* learn - see learn.h: the zone's life while it is watched, and the profile that comes of it. */
#include "runtime/zone/learn.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "config/zone_seccomp.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/mem.h"
#include "runtime/base/proc.h"
#include "runtime/base/str.h"
#include "runtime/zone/learn_record.h"
#include "runtime/zone/record.h"
#include "runtime/zone/zone.h"

struct learn {
	const struct zone_dirs *dirs;
	const char *name;
	const struct zone_learn *options;
	struct learn_record record;
	int status; /* of the command */
	time_t began, ended;
};

/* --- the zone's life ---------------------------------------------------------------------------------------------- */

static int check_stopped(const struct learn *l, struct err *e)
{
	auto_ptr(zone) struct zone *z = NULL;
	int r = zone_open_for(l->dirs, l->name, ZONE_OPEN_MUST_EXIST | ZONE_OPEN_NEED_SPEC, &z, e);

	if (r < 0)
		return r;
	if (z->state == ZONE_INSTALLED)
		return 0;
	return err_set(
		e, EBUSY,
		"zone \"%s\" is %s: what it uses is learned from its first instruction on, so it must be installed and not run (zone shutdown %s)",
		l->name, zone_state_word(z->state), l->name);
}

static int hold(struct learn *l, struct err *e)
{
	const struct zone_boot o = { .ready_only = true };
	auto_ptr(zone) struct zone *z = NULL;
	auto_free char *note = NULL;
	int r = zone_boot(l->dirs, l->name, &o, &note, e);

	if (r == 0)
		r = zone_open(l->dirs, l->name, ZONE_OPEN_MUST_EXIST, &z, e);
	if (r < 0)
		return r;
	if (z->run.init <= 0)
		return err_set(e, ESRCH, "zone \"%s\" has no first process", l->name);
	return learn_record_start(&l->record, l->name, z->run.init, e);
}

/* ^C ends the waiting, not the zone. */
static void wait_seconds(unsigned seconds)
{
	const struct timespec time = { seconds, 0 };
	sigset_t set;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGINT);
	(void)sigaddset(&set, SIGTERM);
	(void)sigtimedwait(&set, NULL, &time);
}

static int run_command(struct learn *l, struct err *e)
{
	char sh[] = "/bin/sh", flag[] = "-c", script[] = "exec \"$0\" \"$@\"";
	size_t n = 0;
	pid_t pid = 0;

	while (l->options->command[n])
		n++;
	char **argv = mem_array(n + 4, sizeof(*argv)); /* the shell looks it up in PATH */

	argv[0] = sh;
	argv[1] = flag;
	argv[2] = script;
	memcpy(argv + 3, l->options->command, n * sizeof(*argv));
	const struct proc_spawn s = { .file = sh,
				      .argv = argv,
				      .stdin_fd = STDIN_FILENO,
				      .stdout_fd =
					      STDERR_FILENO, /* the profile may be on the other */
				      .stderr_fd = STDERR_FILENO,
				      .keep_fd = -1,
				      .ret_pid = &pid };
	int r = proc_spawn(&s, e);

	free(argv);
	l->status = r == 0 ? proc_wait(pid, e) : r;
	return l->status < 0 ? l->status : 0;
}

static int live(struct learn *l, struct err *e)
{
	const struct zone_boot o = { 0 };
	auto_free char *note = NULL;
	auto_free char *end_note = NULL;
	int r = zone_boot(l->dirs, l->name, &o, &note, e);

	if (r < 0)
		return r;
	l->began = time(NULL);
	if (l->options->command)
		r = run_command(l, e);
	if (r == 0)
		wait_seconds(l->options->seconds);
	if (r == 0)
		r = zone_shutdown(l->dirs, l->name, false, 0, &end_note, e);
	l->ended = time(NULL);
	return r;
}

static int watch(struct learn *l, struct learn_counts *counts, struct err *e)
{
	sigset_t blocked, before;
	struct err ignored = { 0 };
	auto_free char *note = NULL;
	int r, end;

	(void)sigemptyset(&blocked);
	(void)sigaddset(&blocked, SIGINT);
	(void)sigaddset(&blocked, SIGTERM);
	(void)sigprocmask(SIG_BLOCK, &blocked, &before);
	r = hold(l, e);
	if (r == 0)
		r = live(l, e);
	if (r < 0) /* as it was found */
		(void)!zone_halt(l->dirs, l->name, &note, &ignored);
	end = learn_record_end(&l->record, counts, r < 0 ? &ignored : e);
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
	return r < 0 ? r : end;
}

/* --- the profile -------------------------------------------------------------------------------------------------- */

/* Without the tracepoint: calls that can need a privilege. A privilege without a row may be needed by nearly all, and stays. */
static const struct {
	const char *privilege, *calls;
} needs[] = {
	{ "CAP_CHOWN", "chown fchown lchown fchownat" },
	{ "CAP_KILL", "kill tkill tgkill rt_sigqueueinfo rt_tgsigqueueinfo pidfd_send_signal" },
	{ "CAP_SETGID", "setgid setregid setresgid setfsgid setgroups" },
	{ "CAP_SETUID", "setuid setreuid setresuid setfsuid" },
	{ "CAP_SETPCAP", "prctl capset" },
	{ "CAP_NET_BIND_SERVICE", "bind" },
	{ "CAP_NET_RAW", "socket" },
	{ "CAP_NET_ADMIN", "socket ioctl setsockopt" },
	{ "CAP_IPC_LOCK", "mlock mlock2 mlockall mmap shmctl" },
	{ "CAP_IPC_OWNER",
	  "msgget msgsnd msgrcv msgctl semget semop semtimedop semctl shmget shmat shmctl" },
	{ "CAP_SYS_CHROOT", "chroot setns" },
	{ "CAP_SYS_PTRACE", "ptrace process_vm_readv process_vm_writev kcmp pidfd_getfd openat" },
	{ "CAP_SYS_PACCT", "acct" },
	{ "CAP_SYS_BOOT", "reboot" },
	{ "CAP_SYS_NICE",
	  "nice setpriority ioprio_set sched_setscheduler sched_setparam sched_setattr sched_setaffinity mbind migrate_pages move_pages" },
	{ "CAP_SYS_TTY_CONFIG", "vhangup ioctl" },
	{ "CAP_MKNOD", "mknod mknodat" },
	{ "CAP_LEASE", "fcntl" },
	{ "CAP_AUDIT_WRITE", "sendto sendmsg" },
	{ "CAP_SETFCAP", "setxattr fsetxattr setxattrat openat" },
	{ "CAP_NET_BROADCAST", "socket" },
};

static bool has_call(const struct learn_counts *c, const char *name)
{
	for (size_t i = 0; i < c->n_calls; i++) {
		if (str_eq(c->calls[i].name, name))
			return true;
	}
	return false;
}

static bool could_need(const struct learn_counts *c, const char *privilege)
{
	for (size_t i = 0; i < sizeof(needs) / sizeof(needs[0]); i++) {
		auto_done(strv) struct strv calls = { 0 };

		if (!str_eq(needs[i].privilege, privilege))
			continue;
		strv_split(&calls, needs[i].calls, ' ');
		for (size_t k = 0; k < calls.n; k++) {
			if (has_call(c, calls.items[k]))
				return true;
		}
		return false;
	}
	return true;
}

/* "CAP_SYS_CHROOT" -> 18, "sys_chroot" */
static int privilege_number(const char *capability, const char **ret_name)
{
	for (int i = 0; (*ret_name = zone_privilege_at((size_t)i)); i++) {
		if (strcasecmp(*ret_name, capability + strlen("CAP_")) == 0)
			return i;
	}
	return -1;
}

static int add_privileges(const struct learn_counts *c, const struct zone_spec *z,
			  struct json *profile, struct json *goes, struct err *e)
{
	auto_done(strv) struct strv have = { 0 };
	auto_done(strbuf) struct strbuf words = { 0 };
	struct json *used = json_set(profile, "capabilities", json_new_object());
	struct json *gone = json_set(goes, "limitpriv", json_new_array());
	char why[200] = "";

	if (zone_privileges(z->limitpriv, z->brand, &have, why, sizeof(why)) < 0)
		return err_set(e, EINVAL, "limitpriv: %s", why);
	strbuf_add(&words, "none");
	for (size_t i = 0; i < have.n; i++) {
		const char *name = NULL;
		int number = privilege_number(have.items[i], &name);
		uint64_t n = number >= 0 ? c->caps[number] : 0;
		bool stays = c->saw_caps ? n > 0 : could_need(c, have.items[i]);

		if (!name)
			continue;
		if (n > 0)
			json_set(used, name, json_new_u64(n));
		if (stays)
			strbuf_format(&words, ",%s", name);
		else
			json_add(gone, json_new_string(name));
	}
	json_set(profile, "limitpriv", json_new_string(strbuf_text(&words)));
	return 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void add_calls(const struct learn_counts *c, const struct zone_spec *z, struct json *profile,
		      struct json *goes)
{
	auto_done(strv) struct strv names = { 0 };
	struct json *calls = json_set(profile, "calls", json_new_object());
	struct json *list = json_set(profile, "seccomp", json_new_array());
	uint64_t kept = 0;

	for (size_t i = 0; i < c->n_calls; i++) {
		json_set(calls, c->calls[i].name, json_new_u64(c->calls[i].n));
		if (zone_seccomp_knows(c->calls[i].name) &&
		    (z->seccomp.n == 0 || strv_has(&z->seccomp, c->calls[i].name)))
			strv_add(&names, c->calls[i].name);
	}
	if (names.n > 1)
		qsort(names.items, names.n, sizeof(*names.items), by_name);
	for (size_t i = 0; i < names.n; i++)
		json_add(list, json_new_string(names.items[i]));
	for (size_t i = 0; i < names.n; i++)
		kept += !zone_seccomp_is_always(names.items[i]);
	uint64_t today = zone_seccomp_optional(&z->seccomp);

	json_set(goes, "seccomp", json_new_u64(today > kept ? today - kept : 0));
}

static void add_facts(const struct learn *l, const struct learn_counts *c, struct json *profile)
{
	char now[32];
	struct json *how;

	zone_time_now(now, sizeof(now));
	json_set(profile, "zone", json_new_string(l->name));
	json_set(profile, "time", json_new_string(now));
	json_set(profile, "seconds", json_new_i64((int64_t)(l->ended - l->began)));
	if (l->options->command) {
		struct json *words = json_set(profile, "command", json_new_array());

		for (size_t i = 0; l->options->command[i]; i++)
			json_add(words, json_new_string(l->options->command[i]));
		json_set(profile, "status", json_new_i64(l->status));
	}
	how = json_set(profile, "how", json_new_object());
	json_set(how, "calls", json_new_string("strace"));
	json_set(how, "capabilities", json_new_string(c->saw_caps ? "tracepoint" : "calls"));
}

static int make_profile(const struct learn *l, const struct learn_counts *c, struct json **ret,
			struct err *e)
{
	auto_ptr(zone) struct zone *z = NULL;
	auto_ptr(json) struct json *profile = json_new_object();
	struct json *goes = json_new_object();
	int r = zone_open(l->dirs, l->name, ZONE_OPEN_MUST_EXIST | ZONE_OPEN_NEED_SPEC, &z, e);

	if (r == 0 && c->n_calls == 0)
		r = err_set(e, ENODATA, "no system call of zone \"%s\" was seen", l->name);
	if (r == 0) {
		add_facts(l, c, profile);
		add_calls(c, z->spec, profile, goes);
		r = add_privileges(c, z->spec, profile, goes, e);
	}
	if (r < 0) {
		json_free(goes);
		return r;
	}
	json_set(profile, "goes", goes);
	*ret = ptr_steal(&profile);
	return 0;
}

int zone_learn(const struct zone_dirs *d, const char *name, const struct zone_learn *o,
	       struct json **ret, struct err *e)
{
	static struct learn_counts counts;
	struct learn l = { .dirs = d, .name = name, .options = o, .record = LEARN_RECORD_NONE };
	int r = check_stopped(&l, e);

	memset(&counts, 0, sizeof(counts));
	if (r == 0)
		r = watch(&l, &counts, e);
	return r < 0 ? r : make_profile(&l, &counts, ret, e);
}
