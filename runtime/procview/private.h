/* private - what the files of zone-procview offer each other. One process, one thread; see procview.h. */
#ifndef RUNTIME_PROCVIEW_PRIVATE_H
#define RUNTIME_PROCVIEW_PRIVATE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/sysinfo.h>

#include "runtime/procview/procview.h"
#include "runtime/view/view.h"

#define NS_PER_S UINT64_C(1000000000)

/* main.c: one message of the monitor and its descriptor (-1: none). False: there is none, or a wrong one. */
bool message_take(int sock, struct procview_message *m, int *fd);

/* sources.c: the open files, and what has to be remembered between two looks at them. */
struct sources {
	int fds[PROCVIEW_SOURCES]; /* -1: this host does not have it */
	bool v1[PROCVIEW_SOURCES];
	uint64_t boot;
	struct view_clock clock;
	struct view_load load;
};
/* The text of procview_files[file], made now. `failed` in it: no memory. */
void sources_text(struct sources *s, unsigned file, struct view_text *t);
/* What sysinfo(2) says. False: no memory. */
bool sources_info(struct sources *s, struct sysinfo *ret);
uint64_t sources_now(int clock); /* nanoseconds */

/* seal.c: become `uid`, without any right, and with no system call left but those that serving needs. `users` and `proc`, -1 where no calls are answered: enter that user namespace, keep
 * CAP_SYS_PTRACE and CAP_DAC_OVERRIDE there, and see nothing but that procfs. False: could not. */
bool seal(uint32_t uid, int users, int proc);

/* calls.c: sysinfo(2). Not more than one is in hand. */
struct calls {
	int epoll, channel;
	struct sources *sources;
	struct procview_ledger *ledger;
	int listeners[PROCVIEW_LISTENERS]; /* -1: free */
	bool is_made;                      /* `info` holds something, made at this time */
	uint64_t made;
	struct sysinfo info;
};
void calls_init(struct calls *c);
/* Before the seal: what the monitor has sent is taken into use. False: something is missing. */
bool calls_open(struct calls *c, struct sources *s, int ledger, int channel);
/* A listener, put under its number. False: it cannot be used. */
bool calls_add(struct calls *c, uint32_t slot, int fd);
void calls_finish(struct calls *c);    /* what a predecessor was at when it died */
bool calls_any(const struct calls *c); /* is there a listener? */
void calls_channel(struct calls *c);
void calls_listener(struct calls *c, uint32_t slot, uint32_t events);

/* serve.c: answer the kernel until the file system is gone. `c`: NULL where no calls are answered; with them it goes on without the file system. Returns the process's exit code. */
int serve(int device, struct sources *s, struct calls *c);

#endif
