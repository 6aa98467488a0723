/* admin - a user of the host runs the verbs that a zone's file allows him, without being root.
 *
 *   zone halt web  (alice)  -- RUN/.admin -->  zone admin-server (root)  -- fork --> session (root)  -- fork --> the verb
 *
 * No program is setuid and no group is as good as root. The client connects to a socket that everybody may open and sends the words of its command line and its three standard descriptors; who it
 * is, the kernel says (SO_PEERCRED). One place serves all zones, running or not, so there is one protocol and one check; a monitor still talks to root alone.
 * What is taken from a user: words (at most ADMIN_MESSAGE_MAX bytes), the name of his terminal's type, and descriptors that are pipes or terminals (or /dev/null). Nothing else: root writes to them,
 * and there are files that ask who writes rather than who has opened (/proc/PID/oom_score_adj), sockets that tell their reader that root has written, and file systems that let a writer wait for
 * ever. The client copies for any other kind. No environment, no umask, no limits, no working directory comes from him, no path is opened on his behalf: verbs and options that name files of the host
 * are not in the table (admin_verbs.c), nor those that lift what the file says (login -T, boot -w).
 * The file of `zone apply -f` is opened by the client, as its user, and sent through the standard input; the server takes no more of it than any file of a zone may have.
 * The right is asked for before the verb begins, again under the lock of the zone (zone_caller of store.h), and every two seconds while it runs: who is taken out of the file is hung up on (but not in the middle of a
 * removal, which takes the file away itself).
 * A user has at most ADMIN_PER_USER conversations at a time, a request must come within ADMIN_REQUEST_MS, and who is not allowed anything is out after ADMIN_ALLOWED_SECONDS. Ids without a name on
 * the host have no rights anywhere and are not listened to: a user may own thousands of them (subuid(5)), and would take all places. What is done and what is refused is logged (runtime/zone/history.h). */
#ifndef RUNTIME_ZONE_CMD_ADMIN_H
#define RUNTIME_ZONE_CMD_ADMIN_H

#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

#include "runtime/base/cli.h"
#include "runtime/base/err.h"
#include "runtime/zone_cmd/commands.h"

enum {
	ADMIN_MESSAGE_MAX = 32768,
	ADMIN_WORDS_MAX = 512,
	ADMIN_PER_USER = 16,
	ADMIN_ALL = 256,
	ADMIN_REQUEST_MS = 5000,
	ADMIN_ALLOWED_SECONDS = 10,
};
#define ADMIN_SOCKET ".admin" /* in RUN */

/* request, one message with three descriptors: TERM\0WORD\0WORD\0... Then one byte a message: a letter of ADMIN_LETTERS is a signal for the verb. */
/* There is none for SIGQUIT, which would make root's programs dump core: SIGTERM is sent for it. */
#define ADMIN_LETTERS "ITHTW"
extern const int admin_signals[]; /* by the letters' order */

/* The answer: once, at the end. */
struct admin_answer {
	int32_t code;   /* of the verb */
	char text[252]; /* why no verb was run; else empty */
};

/* Run the verb of `a` through the server. 0: it has ended with *ret_code. -ENOENT, -ECONNREFUSED: there is no server here. */
MUST_CHECK int admin_ask(const struct cli_args *a, int *ret_code, struct err *e);

/* One conversation, in a process of its own; does not return. */
_Noreturn void admin_session(int conn, const struct ucred *peer, const char *name,
			     const struct zone_dirs *d);

/* The verbs and options that users may have, each run by `run`. The rows are made once and live as long as the process. */
const struct cli_verb *admin_verbs(int (*run)(struct cli_args *a));
const char *admin_auth(
	const struct cli_verb *v); /* the rights of which it takes one, with commas between */
const char *admin_words_auth(
	const struct cli_args *a); /* of which it takes one as well, for its words; NULL: none */
bool admin_words_ok(const struct cli_args *a); /* no option names a file */
/* The same row of the whole table. */
const struct cli_verb *admin_real_verb(const struct cli_verb *v);

#endif
