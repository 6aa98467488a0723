/* migrate_remote - the other host, reached by ssh(1): what is asked there, and the other end of rsync. Private to runtime/zone.
 *
 * A question is one run of `zone migrate-receive STEP` there: a JSON document goes to its standard input, its answer is the line behind REMOTE_MARK on its standard output (whatever a login shell says before
 * that is skipped) and, for some steps, the text that follows. All of them share one connection of ssh (ControlMaster), so only the first one has to log in; a connection that breaks is made again by the next one. */
#ifndef RUNTIME_ZONE_MIGRATE_REMOTE_H
#define RUNTIME_ZONE_MIGRATE_REMOTE_H

#include <stdbool.h>
#include <sys/types.h>

#include "runtime/base/err.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"
#include "runtime/zone/store.h"

#define REMOTE_MARK "zones-migrate: "
enum { REMOTE_PROTOCOL = 1 };

struct remote {
	char *host;                 /* [USER@]HOST */
	const struct strv *options; /* each for ssh's -o; may be NULL */
	char *control;              /* path of the shared connection */
	char *token;                /* names this migration on both hosts */
	char *zone;
};
void remote_done(struct remote *r); /* also ends the shared connection */
/* Pure: 16 to 64 hexadecimal digits. */
bool remote_token_ok(const char *token);
/* Pure: may the word be given to ssh as a host? It does not begin with "-" and has only letters, digits and .-_:@%[]  */
MUST_CHECK int remote_check_host(const char *host, struct err *e);
/* Pure: the words that rsync wants its other end to be started with, as far as they cannot mean anything else to a shell. */
MUST_CHECK int remote_check_words(const struct strv *words, struct err *e);
/* Is ssh installed? */
MUST_CHECK int remote_find_ssh(struct err *e);

/* A question under way. */
struct remote_call {
	pid_t pid;
	int out;            /* a file in memory, of a bounded size */
	int err;            /* a pipe */
	struct strbuf said; /* the beginning of what came out of it */
};
#define REMOTE_CALL_NONE                       \
	{                                      \
		.pid = 0, .out = -1, .err = -1 \
	}
void remote_call_done(struct remote_call *c);
/* What ssh says on its error output: for whoever waits for something else first. At its end c->err is closed, and -1. */
void remote_hear(struct remote_call *c);
/* The request is completed with protocol, token and zone. */
MUST_CHECK int remote_ask(const struct remote *r, const char *step, struct json *request,
			  struct remote_call *ret, struct err *e);
/* Its answer. -ENOTCONN: nobody knows whether it was done. Other errors are those of the other host, or say that it has no such program. *ret_text (may be NULL): what follows the answer. */
MUST_CHECK int remote_answer(const struct remote *r, struct remote_call *c, struct json **ret,
			     char **ret_text, struct err *e);
/* Both at once. `request` may be NULL. */
MUST_CHECK int remote_call(const struct remote *r, const char *step, struct json *request,
			   struct json **ret, struct err *e);

/* Start the other end of rsync between two descriptors, which are left open. `words`: what rsync asked for, the host first. */
MUST_CHECK int remote_rsync(const struct remote *r, const struct strv *words, const int ends[2],
			    struct remote_call *ret, struct err *e);
/* Its end. */
MUST_CHECK int remote_rsync_wait(const struct remote *r, struct remote_call *c, struct err *e);

/* --- the program between rsync and us (migrate_pipe.c) --- */
MUST_CHECK int pipe_receive(int fd, struct strv *words, int ret_ends[2], struct err *e);

#endif
