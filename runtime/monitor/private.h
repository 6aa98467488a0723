/* private - struct monitor and what the monitor's files offer each other. */
#ifndef RUNTIME_MONITOR_PRIVATE_H
#define RUNTIME_MONITOR_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "net/net.h"
#include "runtime/base/err.h"
#include "runtime/base/json.h"
#include "runtime/base/loop.h"
#include "runtime/engine/engine.h"
#include "runtime/monitor/machine.h"
#include "runtime/monitor/monitor.h"
#include "runtime/procview/procview.h"
#include "runtime/zone/zone.h"

/* logfile.c: console.log in the zone's log folder, rotated at LOGFILE_MAX bytes, LOGFILE_KEEP old ones. Losing a line never stops a zone. */
enum { LOGFILE_MAX = 1 << 20, LOGFILE_KEEP = 3 };
struct monitor;
struct logfile {
	int dirfd, fd;
	size_t size;
};
MUST_CHECK int logfile_open(struct logfile *l, int dirfd, struct err *e); /* dirfd is duplicated */
void logfile_write(struct logfile *l, const char *p, size_t n);
void logfile_close(struct logfile *l);

/* console.c: the pty's master, the scroll-back ring, the attached clients. */
enum { CONSOLE_RING = 16384, CONSOLE_CLIENTS = 8, CONSOLE_KEPT = 2 /* of them, for root */ };
struct console_reader {
	int fd;
	uint64_t behind_since; /* CLOCK_BOOTTIME in ms; 0: it takes everything */
	uint64_t lost;         /* bytes that it missed since then */
};
struct console {
	struct loop *loop;
	int master,
		slave; /* the slave is held open so that a zone that closes its console is no error */
	char *ring;
	size_t ring_at, ring_used;
	int pause; /* timer while a flood is held back; 0 */
	struct console_reader clients[CONSOLE_CLIENTS];
	size_t n_clients;
	struct logfile log;
};
void console_init(struct console *c, struct loop *loop);
void console_done(struct console *c);
void console_set_master(struct console *c,
			int master); /* takes the descriptor; -1: the zone is down */
void console_attach(struct console *c,
		    int fd); /* takes the descriptor; there is a place, or it is closed */
void console_notice(struct console *c,
		    const char *line);    /* to the clients and the log, not into the zone */
void console_take_all(struct console *c); /* read what is still in the pty (the zone has ended) */

/* watch.c: events of the limits that the zone runs into, from the making of its container to its end. */
struct limit_watch {
	bool on;
	struct cgroup_oom *oom; /* NULL: this host does not tell */
	struct cgroup_forks *forks;
	char *path;     /* of the memory cgroup in the kernel's log */
	int log_fd;     /* the kernel's log, -1 */
	uint64_t kills; /* of which events have told */
	int pause;      /* timer while nothing is listened to; 0 */
	int ask;        /* timer where forks must be asked for; 0 */
};
struct monitor;
void watch_begin(struct monitor *m);
void watch_end(struct monitor *m); /* tells what it has not told yet */
/* procview.c: the server of the zone's /proc/meminfo and its kin. */
struct procview {
	int device;        /* our end of the file system's connection; -1: the zone has no view */
	int tree;          /* the file system as a whole, attached nowhere; -1: not known */
	int pidfd;         /* of the server, in the loop; -1 */
	int timer;         /* until it is started again; 0 */
	unsigned step;     /* of the back-off */
	uint64_t since_ms; /* when it was started */
};
/* After the container has been made, before its program is started. Only a view that the file asks for by name makes the boot fail. */
MUST_CHECK int procview_open(struct monitor *m, struct err *e);
void procview_attach(struct monitor *m, const struct zone_run *old); /* a new monitor takes over */
void procview_close(
	struct monitor
		*m); /* before the container goes down: nobody in it may wait for an answer */

/* sysinfo.c: the listeners of sysinfo(2), and the programs that are about to hand theirs over. */
enum { SYSINFO_WAITING = 32 };
struct sysinfo_look { /* at the server's work */
	uint64_t answered, call;
	bool waits;
};
struct sysinfo_calls {
	int channel[2];  /* to the server: our end and its end; -1: no calls are answered */
	int ledger;      /* a file; -1 */
	int users, proc; /* what the server enters; -1 */
	int listen_fd;   /* RUN/NAME/sysinfo; -1 */
	int init[2];     /* our end and init's, until its program runs; -1 */
	int waiting[SYSINFO_WAITING];
	int listeners[PROCVIEW_LISTENERS]; /* by slot; -1: free */
	const struct procview_ledger *page;
	int timer; /* until the next look; 0: nobody calls */
	struct sysinfo_look look;
	bool bypass; /* there is no server, and will not be soon */
};
void sysinfo_init(struct sysinfo_calls *c);
/* Before the container is made: `init[1]` is for its init. Then that is the container's alone. */
MUST_CHECK int sysinfo_prepare(struct monitor *m, struct err *e);
void sysinfo_created(struct monitor *m);
/* Before the server is started, for a zone whose calls are answered. */
MUST_CHECK int sysinfo_open(struct monitor *m, struct err *e);
MUST_CHECK int sysinfo_send(struct monitor *m, int sock, struct err *e); /* to each server */
void sysinfo_begin(struct monitor *m); /* when it serves: init may hand its calls over */
void sysinfo_take_over(struct monitor *m, int server); /* a new monitor, from the server's pidfd */
/* While no server can be started: the kernel answers. */
void sysinfo_bypass(struct monitor *m, bool yes);
void sysinfo_close(struct monitor *m);

/* server.c */
enum { SERVER_CLIENTS = 16 };
enum server_wait { SERVER_WAIT_NONE, SERVER_WAIT_GONE, SERVER_WAIT_UP };
struct server_client {
	int fd;
	enum server_wait wait;
};
MUST_CHECK int server_open(struct monitor *m, struct err *e);
/* Answer everybody who waits for this outcome; `error` NULL: it was reached. */
void server_answer(struct monitor *m, enum server_wait wait, const struct err *error);
void server_close(struct monitor *m); /* closes the socket; clients that still wait hear the end */

struct monitor {
	const struct zone_dirs *dirs;
	const struct monitor_options *options;
	struct loop *loop;
	enum machine_state state;
	struct zone *zone; /* the configuration the present run was booted with */
	struct zone_prepared prepared;
	struct engine_container *container;
	struct json *net_saved;
	struct zone_run run;
	struct console console;
	int lock_fd, notify_fd; /* until the boot has come to an end; then -1 */
	int listen_fd;
	struct server_client clients[SERVER_CLIENTS];
	struct limit_watch watch;
	int status_fd;    /* zone-init's packets; -1 */
	int status_pause; /* timer while a flood of them is held back; 0 */
	unsigned status_count;
	uint64_t status_since_ms;
	struct procview view;
	struct sysinfo_calls calls;
	int init_fd;        /* pidfd in the loop; borrowed from the container; -1 */
	int timer;          /* deadline or restart; 0 */
	int ask_timer;      /* init did not seem to listen: when to ask again; 0 */
	bool reboot_wanted; /* a shutdown that ends in a boot */
	bool must_end;      /* the host goes down, or zones.service is stopped: no boot any more */
	uint64_t deadline_ms; /* of the shutdown that is on its way: when, by loop_now_ms() */
	uint64_t shutdown_ms; /* the time that the request gives; 0: the configuration's */
	bool halting;         /* the end of init is asked for */
	uint64_t up_since_ms;
	unsigned backoff_step;
	int exit_code;
};

/* up.c: bring the zone up and take it down; both leave either state, nothing between. */
MUST_CHECK int up_bring(struct monitor *m, bool ready_only, struct err *e);
MUST_CHECK int up_start(struct monitor *m, struct err *e);
MUST_CHECK int up_attach(struct monitor *m, struct err *e);
void up_take_down(
	struct monitor *m, const char *reason,
	int64_t exit_status); /* never fails: what cannot be removed is logged and stays for zone_recover */
/* Before a value is needed that `zone apply` may have changed: the configuration that the zone runs with now. */
void up_refresh(struct monitor *m);
void up_write_run(struct monitor *m, enum zone_state state, const char *aux, const char *reason);
void up_bury(struct monitor *m, int64_t *ret_status, char *text,
	     size_t size); /* reap init and say in words how it ended */

/* ask.c: does init handle or block the signal, so that it is not lost? False may be wrong, true is not. The first is pure, `status` the text of /proc/PID/status. */
bool ask_is_heard(const char *status, int signo);
bool ask_init_hears(pid_t init, int signo);

/* restart.c, pure: milliseconds to wait before the next start, or -1 when the policy does not restart. `step` counts restarts without a quiet minute. */
int64_t restart_delay(const char *policy, bool failed, unsigned step);
enum { RESTART_QUIET_MS = 60000 };

/* machine.c feeds events in; actions are in monitor.c. */
void monitor_event(struct monitor *m, enum machine_event ev);

#endif
