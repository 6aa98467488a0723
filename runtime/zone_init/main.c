/* zone-init - pid 1 of a zone: reap, run the service, take everything down.
 *
 * usage: zone-init [--user U] [--cwd D] [--restart no|on-failure|always] [--stop-signal N] [--single] [-- COMMAND...]
 *
 * Signals: TERM, PWR, RTMIN+3 (from the monitor): shut down. INT: reboot. HUP is ignored (the console was hung up). The end: every process gets the stop signal, ten seconds
 * later SIGKILL (the monitor's own deadline may come first), then pid 1 exits, which ends the pid namespace; for a reboot it calls reboot(2), which the kernel turns into a SIGHUP
 * death of pid 1 that the monitor understands (pid_namespaces(7)). */
#include "runtime/zone_init/init.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/reboot.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

enum { KILL_AFTER_MS = 10000 };

struct init {
	struct options options;
	struct service service;
	int signals;
	bool stopping, reboot;
	uint64_t kill_at_ms;
};

static int policy_parse(const char *word, enum restart_policy *ret)
{
	static const char *const words[] = { "no", "on-failure", "always" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcmp(word, words[i]) == 0) {
			*ret = (enum restart_policy)i;
			return 0;
		}
	}
	return -EINVAL;
}

static int option_parse(const char *name, const char *value, struct options *o)
{
	uint32_t number;

	if (strcmp(name, "--user") == 0)
		o->user = value;
	else if (strcmp(name, "--cwd") == 0)
		o->cwd = value;
	else if (strcmp(name, "--restart") == 0)
		return policy_parse(value, &o->restart);
	else if (strcmp(name, "--stop-signal") == 0 && users_number(value, &number) && number < 65)
		o->stop_signal = (int)number;
	else
		return -EINVAL;
	return 0;
}

static int options_parse(char **argv, struct options *o)
{
	for (argv++; *argv; argv++) {
		if (strcmp(*argv, "--") == 0) {
			o->command = argv[1] ? argv + 1 : NULL;
			return 0;
		}
		if (strcmp(*argv, "--single") == 0) {
			o->single = true;
			continue;
		}
		if (!argv[1] || option_parse(argv[0], argv[1], o) < 0) {
			output_line("wrong argument", argv[0], -1);
			return -EINVAL;
		}
		argv++;
	}
	return 0;
}

static void init_stop(struct init *in, bool reboot_after)
{
	if (in->stopping)
		return;
	in->stopping = true;
	in->reboot = reboot_after;
	in->service.restart_at_ms = 0;
	in->kill_at_ms = now_ms() + KILL_AFTER_MS;
	output_line(reboot_after ? "going down for reboot" : "going down", NULL, -1);
	if (in->service.pid > 0)
		(void)kill(in->service.pid, in->options.stop_signal);
	(void)kill(-1, SIGTERM);
	(void)kill(-1, SIGCONT);
}

static void init_reap(struct init *in)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid != in->service.pid)
			continue;
		if (in->stopping)
			in->service.pid = 0;
		else
			service_ended(&in->service, status);
	}
}

static bool children_left(void)
{
	siginfo_t si;

	return waitid(P_ALL, 0, &si, WEXITED | WNOHANG | WNOWAIT) == 0 || errno != ECHILD;
}

static void init_signal(struct init *in)
{
	struct signalfd_siginfo si;

	while (read(in->signals, &si, sizeof(si)) == (ssize_t)sizeof(si)) {
		int signo = (int)si.ssi_signo;

		if (signo == SIGINT)
			init_stop(in, true);
		else if (signo == SIGTERM || signo == SIGPWR || signo == SIGRTMIN + 3)
			init_stop(in, false);
	}
}

/* Milliseconds until something is due, -1 for never. */
static int init_timeout(const struct init *in)
{
	uint64_t now = now_ms(), due = in->stopping ? in->kill_at_ms : in->service.restart_at_ms;

	if (due == 0)
		return -1;
	return due <= now ? 0 : (int)(due - now);
}

static void init_timers(struct init *in)
{
	uint64_t now = now_ms();

	if (in->stopping) {
		if (now < in->kill_at_ms)
			return;
		(void)kill(-1, SIGKILL);
		in->kill_at_ms = now + 1000;
	} else if (in->service.restart_at_ms && now >= in->service.restart_at_ms) {
		service_start(&in->service);
	}
}

static void init_loop(struct init *in)
{
	while (!in->stopping || children_left()) {
		struct pollfd p[2] = { { .fd = in->signals, .events = POLLIN },
				       { .fd = in->service.output, .events = POLLIN } };

		(void)poll(p, 2, init_timeout(in));
		init_signal(in);
		if (p[1].fd >= 0 && p[1].revents)
			service_copy_output(&in->service);
		init_reap(in);
		init_timers(in);
	}
}

/* Descriptors 0-2 must exist for everything that is started here. */
static void stdio_check(void)
{
	for (int fd = 0; fd < 3; fd++) {
		if (fcntl(fd, F_GETFD) < 0)
			(void)open("/dev/null", O_RDWR);
	}
}

int main(int argc, char **argv)
{
	struct init in = { .options = { .restart = RESTART_ON_FAILURE, .stop_signal = SIGTERM },
			   .service = { .output = -1 } };
	sigset_t all;

	(void)argc;
	stdio_check();
	output_open();
	if (options_parse(argv, &in.options) < 0)
		return 2;
	in.service.options = &in.options;
	(void)signal(SIGHUP, SIG_IGN);
	(void)signal(SIGPIPE, SIG_IGN);
	(void)sigfillset(&all);
	(void)sigdelset(&all, SIGHUP);
	(void)sigprocmask(SIG_SETMASK, &all, NULL);
	in.signals = signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK);
	if (in.signals < 0)
		return 1;
	output_status(INIT_EVENT_UP, getpid(), 0, 0, 0);
	if (in.options.command && !in.options.single)
		service_start(&in.service);
	init_loop(&in);
	if (in.reboot)
		(void)reboot(RB_AUTOBOOT);
	return 0;
}
