/* init - the parts of zone-init, pid 1 of native zones and of zones that run a `service`.
 *
 * A static program without our library: it runs inside the zone, from a read-only mount of a host file, and trusts nothing. It reaps, starts the service, restarts it by policy,
 * copies its output to the console, and takes everything down on SIGTERM. No threads, no allocation after start, no stdio, no NSS. */
#ifndef RUNTIME_ZONE_INIT_INIT_H
#define RUNTIME_ZONE_INIT_INIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "runtime/zone/init_status.h"

enum restart_policy { RESTART_NO, RESTART_ON_FAILURE, RESTART_ALWAYS };

struct options {
	const char *user, *cwd;
	enum restart_policy restart;
	int stop_signal;
	bool single;
	char **command; /* NULL-terminated; NULL: no service */
};

struct identity {
	uid_t uid;
	gid_t gid;
	gid_t groups[64];
	size_t n_groups;
	char home[256];
};

/* users.c: "name", "uid", with ":group" or ":gid", from the zone's /etc/passwd and /etc/group. 0 or -errno (-ENOENT: no such user). */
int users_find(const char *text, struct identity *ret);
bool users_number(const char *text, uint32_t *ret); /* strict decimal, 0 ... 2^32-2 */

/* service.c */
struct service {
	const struct options *options;
	pid_t pid;                          /* 0: not running */
	int output;                         /* read end of its stdout and stderr; -1 */
	uint64_t started_ms, restart_at_ms; /* restart_at_ms 0: no restart is due */
	uint32_t failures, restarts;        /* failures in a row without ten quiet seconds */
	bool finished;                      /* the policy does not restart it any more */
};
void service_start(struct service *s);
void service_ended(struct service *s, int wait_status);
void service_copy_output(struct service *s);

/* output.c: lines on the console, status packets to the monitor. Never blocks. */
void output_open(void);
void output_write(const char *p, size_t n);
void output_line(const char *a, const char *b,
		 long number); /* "zone-init: A B NUMBER"; b may be NULL, number -1 is left out */
void output_status(enum init_event event, pid_t pid, int status, int error, uint32_t restarts);
int output_console_fd(void);

uint64_t now_ms(void);

#endif
