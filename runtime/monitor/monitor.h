/* monitor - one small process per running zone (after zoneadmd).
 *
 * Its jobs: parent of the zone's init; owner of the console and its log; answers RUN/NAME/control; applies the restart policy; takes network, cgroup and run files away when the zone ends.
 * It is exec'ed ("zone monitor NAME", hidden verb) with its own session and only named descriptors. If it is killed the zone keeps running, and the next zone command starts another one
 * with `attach`, which finds the zone by its record and a pidfd (the exit status of init and the console backlog are lost; the console gets a new pty).
 * No central daemon. Printing goes to its log RUN/.monitor.log only through log.h. */
#ifndef RUNTIME_MONITOR_MONITOR_H
#define RUNTIME_MONITOR_MONITOR_H

#include <stdbool.h>

#include "runtime/base/str.h"
#include "runtime/zone/store.h"

struct monitor_options {
	const char *name;
	bool attach; /* re-attach to a running zone instead of booting it */
	bool ready_only, single_user;
	bool writable; /* for the first boot only */
	const struct strv *args;
	int notify_fd; /* seqpacket to the command that started us: one packet, a struct err (code 0: reached the wanted state); then closed. -1: none */
};
/* Runs until the zone is gone. Returns the process's exit code. */
int monitor_main(const struct zone_dirs *d, const struct monitor_options *o);

#endif
