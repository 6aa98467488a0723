/* control - the conversation between a zone command and the zone's monitor, over RUN/NAME/control (SOCK_SEQPACKET, directory 0700).
 *
 * Request: one packet, a compact JSON object {"verb": ..., ...}, at most 16 KiB. Reply: one packet, {"ok": true, ...} or {"ok": false, "code": errno, "error": "..."}.
 * The server checks SO_PEERCRED: uid 0 only.
 *
 *   status    -> {"state","pid","init","restarts","console_clients"}
 *   start                                 ready -> running
 *   halt                                  take it down now; replies when everything is gone, then the monitor exits
 *   shutdown  {"timeout_ms", "reboot", "user"}   ask init, then halt at the deadline, which a second request only brings nearer; replies when done. Of "reboot" the last one holds; EBUSY where root wants the zone down (after SIGTERM, or a user's while root waits).
 *                                         "user": for a user of the host, who gets no more time than the zone's file gives
 *   reboot                                halt and boot again in the same monitor; replies when running
 *   console   {"user"}                    EBUSY when too many are attached, for a user of the host two sooner than for root;
 *                                         after the reply the socket is a console stream: packets of one type byte and up to 4096 bytes:
 *                'd' data (both ways) · 'w' window size (client: two uint16) · 'n' notice line for the user (server) · end of file: detached or monitor gone
 * A client that does not read is disconnected: the monitor never blocks on one. */
#ifndef RUNTIME_ZONE_CONTROL_H
#define RUNTIME_ZONE_CONTROL_H

#include "runtime/base/err.h"
#include "runtime/base/json.h"
#include "runtime/zone/store.h"

/* Beside "control": where a program that is about to run in the zone hands its sysinfo(2) over (isolation_seal() has the conversation). */
#define ZONE_SYSINFO_SOCKET "sysinfo"

enum { CONTROL_MAX = 16384, CONTROL_CONSOLE_MAX = 4096 };

/* Connect; -ECONNREFUSED/-ENOENT: no monitor. */
MUST_CHECK int control_connect(const struct zone_dirs *d, const char *name, struct err *e);
/* Send a request and wait for the reply at most timeout_ms (0: for ever). A reply with ok=false becomes the error. *ret_reply may be NULL. */
MUST_CHECK int control_call(int fd, const struct json *request, int timeout_ms,
			    struct json **ret_reply, struct err *e);

#endif
