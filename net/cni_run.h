/* cni_run - one call of a CNI plugin. Private to net/.
 *
 * A plugin is a program of the host that runs as root: it gets the protocol's variables and a PATH as its only environment, the request as a memory file on its standard
 * input (one that reads nothing cannot block us), no other descriptors, a process group of its own and a time limit. When the time is over, or it prints more than it may, the
 * whole group is killed. */
#ifndef NET_CNI_RUN_H
#define NET_CNI_RUN_H

#include <stdint.h>

#include "runtime/base/err.h"
#include "runtime/base/json.h"

struct cni_run {
	const char *program;                    /* absolute path */
	const char *command;                    /* "ADD" "DEL" "VERSION" "STATUS" */
	const char *container, *netns, *ifname; /* NULL: the variable is not set */
	const char *path;                       /* CNI_PATH */
	const struct json *request;
	int64_t deadline_ms; /* by cni_run_now_ms(); 0: cni_run_seconds() from now */
	int keep_fd; /* stays open in the plugin and what it starts: the lock that tells us when all of them have ended; -1: none */
};

/* Seconds that the plugins of a network may take together: 30, or $ZONES_CNI_SECONDS (1 to 600). */
int cni_run_seconds(void);
int64_t cni_run_now_ms(void); /* a clock that is never set */

/* Run it to its end. A plugin that fails is reported in its own words: -EPROTO, for the code 11 ("try again later") -EAGAIN; -ETIMEDOUT when it was killed. *ret (may be NULL) is what it printed; NULL where it
 * printed nothing. */
MUST_CHECK int cni_run(const struct cni_run *c, struct json **ret, struct err *e);

#endif
