/* service - start the one program the zone is for, and apply the restart policy.
 *
 * Output goes through a pipe, not straight to the console: a console that hangs up (the monitor was restarted) must not give the service write errors. A service that fails is started
 * again after 100 ms, 200 ms, ... up to 30 s; five failures without ten quiet seconds between them put it into maintenance: the zone stays up for the administrator to look. */
#include "runtime/zone_init/init.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { FAILURES_MAX = 5, QUIET_MS = 10000, BACKOFF_FIRST_MS = 100, BACKOFF_MAX_MS = 30000 };

/* PATH search as execvp does, without its fallback to a shell. */
static void program_exec(char **command)
{
	const char *path = getenv("PATH");
	char file[4096];
	int saved = ENOENT;

	if (strchr(command[0], '/')) {
		(void)execv(command[0], command);
		return;
	}
	for (const char *p = path ? path
				  : "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
	     p;) {
		const char *colon = strchr(p, ':');
		size_t n = colon ? (size_t)(colon - p) : strlen(p), m = strlen(command[0]);

		if (n > 0 && n + m + 2 <= sizeof(file)) {
			for (size_t at = 0; at < n; at++)
				file[at] = p[at];
			file[n] = '/';
			memcpy(file + n + 1, command[0], m + 1);
			(void)execv(file, command);
			if (errno != ENOENT && errno != ENOTDIR)
				saved = errno;
		}
		p = colon ? colon + 1 : NULL;
	}
	errno = saved;
}

/* In the child: never returns; reports the failing step's errno through `report`. */
static _Noreturn void service_child(const struct options *o, const struct identity *who, int output,
				    int report)
{
	sigset_t none;
	int null = open("/dev/null", O_RDONLY);

	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	(void)signal(SIGHUP, SIG_DFL);
	(void)signal(SIGPIPE, SIG_DFL);
	(void)setsid();
	if (null < 0 || dup2(null, 0) < 0 || dup2(output, 1) < 0 || dup2(output, 2) < 0)
		goto fail;
	if (null > 2)
		(void)close(null);
	if (setgroups(who->n_groups, who->groups) < 0 ||
	    setresgid(who->gid, who->gid, who->gid) < 0 ||
	    setresuid(who->uid, who->uid, who->uid) < 0)
		goto fail;
	if (chdir(o->cwd ? o->cwd : "/") < 0)
		goto fail;
	if (!getenv("HOME"))
		(void)setenv("HOME", who->home, 1);
	program_exec(o->command);
fail:
	(void)!write(report, &errno, sizeof(errno));
	_exit(127);
}

static void service_give_up(struct service *s, int status, int error)
{
	s->finished = true;
	s->restart_at_ms = 0;
	output_status(INIT_EVENT_MAINTENANCE, 0, status, error, s->restarts);
	output_line("service is in maintenance and is not started again: zone why tells more", NULL,
		    -1);
}

static void service_fail(struct service *s, int status, int error)
{
	uint64_t delay = BACKOFF_FIRST_MS;

	s->failures++;
	if (s->failures >= FAILURES_MAX || s->options->restart == RESTART_NO) {
		service_give_up(s, status, error);
		return;
	}
	for (uint32_t i = 1; i < s->failures && delay < BACKOFF_MAX_MS; i++)
		delay *= 2;
	s->restart_at_ms = now_ms() + (delay < BACKOFF_MAX_MS ? delay : BACKOFF_MAX_MS);
}

static pid_t service_fork(struct service *s, const struct identity *who, int *ret_error)
{
	int output[2], report[2], error = 0;
	pid_t pid;

	if (pipe2(output, O_CLOEXEC) < 0) {
		*ret_error = errno;
		return -1;
	}
	if (pipe2(report, O_CLOEXEC) < 0) {
		*ret_error = errno;
		(void)close(output[0]);
		(void)close(output[1]);
		return -1;
	}
	pid = fork();
	if (pid == 0)
		service_child(s->options, who, output[1], report[1]);
	if (pid < 0)
		error = errno;
	(void)close(output[1]);
	(void)close(report[1]);
	if (pid > 0 && read(report[0], &error, sizeof(error)) == (ssize_t)sizeof(error)) {
		(void)waitpid(pid, NULL, 0);
		pid = -1;
	}
	(void)close(report[0]);
	if (pid < 0) {
		(void)close(output[0]);
	} else {
		(void)fcntl(output[0], F_SETFL, O_NONBLOCK);
		s->output = output[0];
	}
	*ret_error = error;
	return pid;
}

void service_start(struct service *s)
{
	struct identity who;
	int error = -users_find(s->options->user ? s->options->user : "0:0", &who);
	pid_t pid = -1;

	s->restart_at_ms = 0;
	if (s->output >= 0) {
		(void)close(
			s->output); /* a grandchild of the last run may still hold the other end */
		s->output = -1;
	}
	if (error)
		output_line("no such user in /etc/passwd:", s->options->user, -1);
	else
		pid = service_fork(s, &who, &error);
	if (pid < 0) {
		output_line("cannot start", s->options->command[0], -1);
		output_line(strerror(error), NULL, -1);
		service_fail(s, 0, error);
		return;
	}
	s->pid = pid;
	s->started_ms = now_ms();
	output_status(INIT_EVENT_STARTED, pid, 0, 0, s->restarts);
	output_line("service started, pid", NULL, pid);
}

void service_ended(struct service *s, int status)
{
	bool failed = !WIFEXITED(status) || WEXITSTATUS(status) != 0;

	service_copy_output(s);
	s->pid = 0;
	if (WIFSIGNALED(status))
		output_line("service was ended by signal", NULL, WTERMSIG(status));
	else
		output_line("service exited with status", NULL, WEXITSTATUS(status));
	if (now_ms() - s->started_ms >= QUIET_MS)
		s->failures = 0;
	if (s->options->restart == RESTART_NO ||
	    (s->options->restart == RESTART_ON_FAILURE && !failed)) {
		s->finished = true;
		output_status(INIT_EVENT_DONE, 0, status, 0, s->restarts);
		return;
	}
	s->restarts++;
	output_status(INIT_EVENT_EXITED, 0, status, 0, s->restarts);
	service_fail(s, status, 0);
}

void service_copy_output(struct service *s)
{
	char buf[4096];

	for (int rounds = 0; s->output >= 0 && rounds < 16; rounds++) {
		ssize_t r = read(s->output, buf, sizeof(buf));

		if (r < 0 && (errno == EINTR || errno == EAGAIN))
			return;
		if (r <= 0) {
			(void)close(s->output);
			s->output = -1;
			return;
		}
		output_write(buf, (size_t)r);
	}
}
