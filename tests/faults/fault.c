/* fault - run a command and make one system call of it fail, or kill the process that is about to make it.
 *
 *   fault [-n N] [-k] [-e ERRNO] [-p PID]... [-t SECONDS] [-l MS] [-v] -r REPORT -- COMMAND...
 *
 * The calls in the table below are counted over the whole tree of processes (ptrace sees them all, those of libraries too), in the order
 * in which they are made; the N-th is not made and answers with the error of its row (-e: with this one), with -k its process dies by
 * SIGKILL instead. Without -n they are only counted. Only programs of ours count: a process that executes another program is let go,
 * and what the dynamic loader does before the program begins is not the program's. -p: this process (a monitor) counts from now on too.
 * When the command has ended its children are watched for -l milliseconds more, and then let go. A command that has not ended after -t
 * seconds is killed. The report has lines KEY=VALUE: count, hit (what failed), crash, hang, with -v also at (every call: its number, the
 * place in the program that makes it, what it is); the exit status is the command's. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "calls.h"

#ifndef __x86_64__
#error "fault knows how to change the registers of x86-64 only"
#endif

static const char *const ours[] = { "zone", "zrun", "zone-init", "zone-procview" };

enum { MOST = 512 };

/* loader_*: where the program's dynamic loader is while the program has not begun. */
struct tracee {
	pid_t pid;
	bool fail; /* its call has been taken away: the answer is still to be given */
	int code;
	bool early; /* its dynamic loader is at work */
	uint64_t loader_from, loader_to;
	uint64_t text_from, text_to; /* the program itself */
};

static struct tracee tracees[MOST];
static struct {
	uint64_t at, count;
	bool kill, verbose;
	int code;
	int report;
	pid_t command;
	bool begun, ended;
	int status;
} run = { .status = -1 };

static struct tracee *tracee_of(pid_t pid, bool make)
{
	struct tracee *unused = NULL;

	for (int i = 0; i < MOST; i++) {
		if (tracees[i].pid == pid)
			return &tracees[i];
		if (!unused && !tracees[i].pid)
			unused = &tracees[i];
	}
	if (make && unused)
		*unused = (struct tracee){ .pid = pid };
	return make ? unused : NULL;
}

static void name_of(pid_t pid, char *buf, size_t n)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got = fd >= 0 ? read(fd, buf, n - 1) : -1;

	buf[got > 0 ? got - 1 : 0] = 0;
	if (fd >= 0)
		(void)close(fd);
}

/* The string argument of a call, as far as it can be read. */
static void text_of(pid_t pid, uint64_t at, char *buf, size_t n)
{
	struct iovec here = { .iov_base = buf, .iov_len = n - 1 };
	struct iovec there = { .iov_base = (void *)(uintptr_t)at, .iov_len = n - 1 };
	uint64_t left = 4096 - at % 4096;

	memset(buf, 0, n);
	if (left < n - 1)
		there.iov_len = left; /* the next page need not be there */
	if (at && process_vm_readv(pid, &here, 1, &there, 1, 0) < 0)
		buf[0] = 0;
	for (char *c = buf; *c; c++)
		if (*c < ' ')
			*c = '?';
}

static const struct row *row_of(int nr)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].nr == nr)
			return &rows[i];
	return NULL;
}

/* The place in the program: a hash of the call and of the nearest words on the stack that are addresses in the program's text, its callers
 * mostly. A call in a loop has the same one each time. */
static uint32_t place_of(const struct tracee *t, const struct __ptrace_syscall_info *info)
{
	enum { CALLERS = 5 };
	uint64_t words[256];
	uint32_t hash = 2166136261u ^ (uint32_t)info->entry.nr;
	struct iovec here = { .iov_base = words, .iov_len = sizeof(words) };
	struct iovec there = { .iov_base = (void *)(uintptr_t)info->stack_pointer,
			       .iov_len = sizeof(words) };
	ssize_t n = process_vm_readv(t->pid, &here, 1, &there, 1, 0);
	int found = 0;

	for (ssize_t i = 0; i < n / (ssize_t)sizeof(words[0]) && found < CALLERS; i++) {
		if (words[i] < t->text_from || words[i] >= t->text_to)
			continue;
		hash = (hash ^ (uint32_t)(words[i] - t->text_from)) * 16777619u;
		found++;
	}
	return hash;
}

static void report_call(const struct tracee *t, const struct row *row,
			const struct __ptrace_syscall_info *info)
{
	bool hit = run.count == run.at;
	char comm[32], text[128] = "";

	name_of(t->pid, comm, sizeof(comm));
	if (row->path >= 0)
		text_of(t->pid, info->entry.args[row->path], text, sizeof(text));
	if (hit)
		dprintf(run.report, "hit=");
	else
		dprintf(run.report, "at=%" PRIu64 " %08" PRIx32 " ", run.count, place_of(t, info));
	dprintf(run.report, "%s[%d]: %s(%" PRId64 ", \"%s\")", comm, t->pid, row->name,
		(int64_t)(int)info->entry.args[0], text);
	if (hit)
		dprintf(run.report, " %s",
			run.kill ? "SIGKILL" : strerrorname_np(run.code ? run.code : row->code));
	dprintf(run.report, "\n");
}

/* Just executed, a program has only itself and its dynamic loader in its memory; or it maps that loader itself (runtime/launcher). */
static void program_find(struct tracee *t)
{
	char path[64], line[512];

	(void)snprintf(path, sizeof(path), "/proc/%d/maps", t->pid);
	FILE *f = fopen(path, "re");

	t->loader_from = t->loader_to = 0;
	while (f && fgets(line, sizeof(line), f)) {
		uint64_t from, to;

		if (sscanf(line, "%" SCNx64 "-%" SCNx64, &from, &to) != 2)
			continue;
		if (strstr(line, "/ld-linux")) {
			t->loader_from = t->loader_to ? t->loader_from : from;
			t->loader_to = to;
		} else if (!t->text_to && strstr(line, " r-xp ") && !strchr(line, '[')) {
			t->text_from = from;
			t->text_to = to;
		}
	}
	if (f)
		(void)fclose(f);
}

static bool loader_calls(struct tracee *t, uint64_t from)
{
	if (from >= t->text_from && from < t->text_to)
		return false; /* the launcher */
	if (!t->loader_to)
		program_find(t);
	t->early = from >= t->loader_from && from < t->loader_to;
	return t->early;
}

/* Flags of a descriptor that is open are read and set without fail: fcntl(2) has no error for that. */
static bool cannot_fail(const struct __ptrace_syscall_info *info)
{
	int command = (int)info->entry.args[1];

	return info->entry.nr == SYS_fcntl && (command == F_GETFD || command == F_SETFD ||
					       command == F_GETFL || command == F_SETFL);
}

/* No call at all has number -1; a filter that kills would see it, so calls that begin with a descriptor fail by one that is none. */
static void call_spoil(struct user_regs_struct *regs)
{
	switch (regs->orig_rax) {
	case SYS_read:
	case SYS_readv:
	case SYS_pread64:
	case SYS_write:
	case SYS_writev:
	case SYS_pwrite64:
	case SYS_epoll_ctl:
	case SYS_ioctl:
	case SYS_sendmsg:
	case SYS_recvmsg:
		regs->rdi = (unsigned long)-1;
		break;
	default:
		regs->orig_rax = (unsigned long)-1;
	}
}

/* A call begins. */
static void call_enters(struct tracee *t, const struct __ptrace_syscall_info *info)
{
	struct user_regs_struct regs;
	const struct row *row = row_of((int)info->entry.nr);

	if (t->early && loader_calls(t, info->instruction_pointer))
		return;
	if (!row || !run.begun || cannot_fail(info))
		return;
	run.count++;
	if (run.verbose || run.count == run.at)
		report_call(t, row, info);
	if (run.count != run.at)
		return;
	if (run.kill) {
		(void)kill(t->pid, SIGKILL);
		return;
	}
	if (ptrace(PTRACE_GETREGS, t->pid, NULL, &regs) < 0)
		return;
	call_spoil(&regs);
	(void)ptrace(PTRACE_SETREGS, t->pid, NULL, &regs);
	t->fail = true;
	t->code = run.code ? run.code : row->code;
}

static void call_leaves(struct tracee *t)
{
	struct user_regs_struct regs;

	if (!t->fail || ptrace(PTRACE_GETREGS, t->pid, NULL, &regs) < 0)
		return;
	regs.rax = (unsigned long)-t->code;
	(void)ptrace(PTRACE_SETREGS, t->pid, NULL, &regs);
	t->fail = false;
}

static void call_stops(struct tracee *t)
{
	struct __ptrace_syscall_info info;

	if (ptrace(PTRACE_GET_SYSCALL_INFO, t->pid, sizeof(info), &info) < 0)
		return;
	if (info.op == PTRACE_SYSCALL_INFO_ENTRY)
		call_enters(t, &info);
	else if (info.op == PTRACE_SYSCALL_INFO_EXIT)
		call_leaves(t);
}

/* Whether the process executes a program of ours: then it stays with us. */
static bool exec_stops(struct tracee *t)
{
	char path[64], exe[256];

	(void)snprintf(path, sizeof(path), "/proc/%d/exe", t->pid);
	ssize_t n = readlink(path, exe, sizeof(exe) - 1);

	exe[n > 0 ? n : 0] = 0;
	const char *name = strrchr(exe, '/');

	t->text_to = 0;
	t->early = true;
	program_find(t);
	run.begun = true;
	/* a monitor runs from a detached mount of its own file, which is "/" there */
	if (strncmp(exe, "/memfd:", 7) == 0 || strcmp(exe, "/") == 0)
		return true;
	for (size_t i = 0; name && i < sizeof(ours) / sizeof(ours[0]); i++)
		if (strcmp(name + 1, ours[i]) == 0)
			return true;
	return false;
}

/* What a process knows of its program its child knows too. */
static void child_made(const struct tracee *t)
{
	unsigned long pid = 0;

	if (ptrace(PTRACE_GETEVENTMSG, t->pid, NULL, &pid) < 0 || pid == 0)
		return;
	struct tracee *child = tracee_of((pid_t)pid, true);

	if (child && child != t) {
		child->text_from = t->text_from;
		child->text_to = t->text_to;
	}
}

static bool is_crash(int signo)
{
	return signo == SIGSEGV || signo == SIGABRT || signo == SIGBUS || signo == SIGILL ||
	       signo == SIGFPE || signo == SIGSYS;
}

/* Where in the program: for addr2line. */
static void report_crash(const struct tracee *t, int signo)
{
	struct user_regs_struct regs = { 0 };
	uint64_t words[512];

	(void)ptrace(PTRACE_GETREGS, t->pid, NULL, &regs);
	struct iovec here = { .iov_base = words, .iov_len = sizeof(words) };
	struct iovec there = { .iov_base = (void *)(uintptr_t)regs.rsp, .iov_len = sizeof(words) };
	ssize_t n = process_vm_readv(t->pid, &here, 1, &there, 1, 0);

	dprintf(run.report, "crash=[%d] %s at text+%" PRIx64 ", called from", t->pid,
		strsignal(signo), (uint64_t)regs.rip - t->text_from);
	for (ssize_t i = 0; i < n / (ssize_t)sizeof(words[0]); i++)
		if (words[i] >= t->text_from && words[i] < t->text_to)
			dprintf(run.report, " %" PRIx64, words[i] - t->text_from);
	dprintf(run.report, "\n");
}

static void process_ended(pid_t pid, int status)
{
	struct tracee *t = tracee_of(pid, false);

	if (t)
		t->pid = 0;
	if (pid == run.command) {
		run.ended = true;
		run.status = status;
	}
	if (WIFSIGNALED(status) && is_crash(WTERMSIG(status)))
		dprintf(run.report, "crash=[%d] %s\n", pid, strsignal(WTERMSIG(status)));
}

static void process_stopped(pid_t pid, int status)
{
	int signo = WSTOPSIG(status), event = status >> 16;
	struct tracee *t = tracee_of(pid, true);
	int deliver = 0;

	if (!t) {
		(void)ptrace(PTRACE_DETACH, pid, NULL, NULL);
		return;
	}
	if (signo == (SIGTRAP | 0x80)) {
		call_stops(t);
	} else if (event == PTRACE_EVENT_FORK || event == PTRACE_EVENT_VFORK ||
		   event == PTRACE_EVENT_CLONE) {
		child_made(t);
	} else if (event == PTRACE_EVENT_EXEC && !exec_stops(t)) {
		(void)ptrace(PTRACE_DETACH, pid, NULL, NULL);
		if (pid != run.command)
			t->pid = 0;
		return;
	} else if (event == PTRACE_EVENT_STOP && signo != SIGTRAP) {
		(void)ptrace(PTRACE_LISTEN, pid, NULL, NULL);
		return;
	} else if (!event) {
		deliver = signo;
		if (is_crash(signo))
			report_crash(t, signo);
	}
	(void)ptrace(PTRACE_SYSCALL, pid, NULL, (void *)(long)deliver);
}

static uint64_t now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static void report_hang(void)
{
	char path[64], text[256], comm[32];

	for (int i = 0; i < MOST; i++) {
		if (!tracees[i].pid)
			continue;
		name_of(tracees[i].pid, comm, sizeof(comm));
		(void)snprintf(path, sizeof(path), "/proc/%d/syscall", tracees[i].pid);
		int fd = open(path, O_RDONLY | O_CLOEXEC);
		ssize_t n = fd >= 0 ? read(fd, text, sizeof(text) - 1) : 0;

		text[n > 0 ? n - 1 : 0] = 0;
		if (fd >= 0)
			(void)close(fd);
		dprintf(run.report, "hang=%s[%d] in %s\n", comm, tracees[i].pid, text);
	}
}

static bool tracees_left(void)
{
	for (int i = 0; i < MOST; i++)
		if (tracees[i].pid)
			return true;
	return false;
}

static void watch(uint64_t limit_ms, uint64_t linger_ms)
{
	uint64_t begin = now_ms(), end = 0;
	sigset_t set;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGCHLD);
	for (;;) {
		int status;
		pid_t pid = waitpid(-1, &status, __WALL | WNOHANG);

		if (pid < 0 && errno != EINTR)
			return;
		if (pid > 0 && WIFSTOPPED(status))
			process_stopped(pid, status);
		else if (pid > 0)
			process_ended(pid, status);
		if (run.ended && !end)
			end = now_ms() + linger_ms;
		if (run.ended && (now_ms() >= end || !tracees_left()))
			return;
		if (!run.ended && now_ms() - begin >= limit_ms) {
			report_hang();
			begin = now_ms();
			(void)kill(run.command, SIGKILL);
		}
		if (pid <= 0)
			(void)sigtimedwait(&set, NULL, &(struct timespec){ .tv_nsec = 20000000 });
	}
}

static const long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |
			    PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC;

static int command_start(char **argv)
{
	sigset_t set;
	int status;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGCHLD);
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
	run.command = fork();
	if (run.command == 0) {
		(void)sigprocmask(SIG_UNBLOCK, &set, NULL);
		(void)raise(SIGSTOP);
		(void)execvp(argv[0], argv);
		_exit(127);
	}
	if (run.command < 0 || waitpid(run.command, &status, WUNTRACED) < 0)
		return -1;
	if (ptrace(PTRACE_SEIZE, run.command, NULL, options) < 0)
		return -1;
	(void)tracee_of(run.command, true);
	return kill(run.command, SIGCONT);
}

static int code_of(const char *name)
{
	for (int i = 1; i < 134; i++)
		if (strerrorname_np(i) && strcmp(strerrorname_np(i), name) == 0)
			return i;
	fprintf(stderr, "fault: \"%s\" is no error\n", name);
	exit(2);
}

static void process_seize(pid_t pid)
{
	if (ptrace(PTRACE_SEIZE, pid, NULL, options) < 0 ||
	    ptrace(PTRACE_INTERRUPT, pid, NULL, NULL) < 0)
		fprintf(stderr, "fault: cannot watch process %d: %s\n", pid, strerror(errno));
	else
		(void)tracee_of(pid, true);
}

int main(int argc, char **argv)
{
	uint64_t limit = 60, linger = 0;
	int c;

	run.report = -1;
	while ((c = getopt(argc, argv, "+n:ke:p:t:l:r:v")) >= 0) {
		if (c == 'n')
			run.at = strtoull(optarg, NULL, 10);
		else if (c == 'k')
			run.kill = true;
		else if (c == 'v')
			run.verbose = true;
		else if (c == 'e')
			run.code = code_of(optarg);
		else if (c == 'p')
			process_seize((pid_t)strtol(optarg, NULL, 10));
		else if (c == 't')
			limit = strtoull(optarg, NULL, 10);
		else if (c == 'l')
			linger = strtoull(optarg, NULL, 10);
		else if (c == 'r')
			run.report = open(optarg, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
		else
			return 2;
	}
	if (run.report < 0 || optind >= argc || command_start(argv + optind) < 0) {
		fprintf(stderr, "fault: cannot start\n");
		return 2;
	}
	watch(limit * 1000, linger);
	dprintf(run.report, "count=%" PRIu64 "\n", run.count);
	return WIFEXITED(run.status) ? WEXITSTATUS(run.status) : 128 + WTERMSIG(run.status);
}
