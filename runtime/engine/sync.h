/* sync - the conversation between the parent of a container, its setup child and its init. Private to this folder.
 *
 * One SOCK_SEQPACKET pair; a message is { type, size, payload } and may carry descriptors. Type, size and number of descriptors are checked against one table before
 * anything is copied; which message is legal WHEN is the parent's phase table (parent.c for create, exec.c for exec).
 *
 *        parent                         setup child                      init
 *          | ---- clone3 ------------------> |                             |
 *          |                          isolation_join                       |
 *          | <------------------------- MAP  |       (new user namespace)  |
 *   map ids, share                           |                             |
 *          | -- FDS, FDS ..., MAPPED ------> |                             |
 *          | <--- INIT {pid} + pidfd ------- | ---- clone3(CLONE_PARENT) > |
 *          |                                exit                    cgroup_entry_enter
 *   cgroups of v1                                                   isolation_build
 *          | -------------------------------------------------- TASKS -> |       (hybrid hosts, when nothing in between has to be limited)
 *     network                                                       cgroup_enter_tasks
 *          | <------------------------------------------ CONSOLE + master  |       (terminal)
 *          | <------------------------------------------------- MOUNTED    |       (hooks or network)
 *   prestart, createRuntime hooks                                          |
 *          | -------------------------------------------------- CONTINUE > |
 *          |                                               createContainer hooks, pivot
 *          | <--------------------------------------------------- READY    |
 *   save the record                                                        |
 *          | ------------------------------------------ COMMITTED {pid} -> |
 *          |                                                      wait on exec.fifo
 *          .      start: one byte into exec.fifo, from any process         |
 *          |                                          startContainer hooks, seal, execve
 *          | <------------------------------------------ end of the stream |       (close-on-exec: the program runs)
 *
 * Without a setup child the parent clones init itself and the conversation begins at isolation_build. FAILED { struct err } may take the place of any message to the
 * parent and is the last one. exec uses the same messages: INIT, CONSOLE, end of the stream. */
#ifndef RUNTIME_ENGINE_SYNC_H
#define RUNTIME_ENGINE_SYNC_H

#include <stddef.h>
#include <stdint.h>

#include "runtime/base/err.h"
#include "runtime/base/sock.h"

enum sync_type {
	SYNC_MAP = 1,
	SYNC_FDS,
	SYNC_MAPPED,
	SYNC_INIT,
	SYNC_CONSOLE,
	SYNC_MOUNTED,
	SYNC_CONTINUE,
	SYNC_READY,
	SYNC_COMMITTED,
	SYNC_TASKS,
	SYNC_FAILED,
};

/* A message in hand. The descriptors that came with it belong to the receiver. */
struct sync_msg {
	enum sync_type type;
	union {
		int64_t number; /* INIT, COMMITTED: a pid in the parent's numbering */
		struct err err; /* FAILED: already sanitized */
	} u;
	int fds[SOCK_MAX_FDS];
	size_t n_fds;
};

const char *sync_word(enum sync_type t);

MUST_CHECK int sync_send(int sock, const struct sync_msg *m, struct err *e);
/* A message without payload and descriptors. */
MUST_CHECK int sync_say(int sock, enum sync_type t, struct err *e);
/* 1: a message; 0: the end of the conversation; negative errno: -EPROTO for everything malformed. */
MUST_CHECK int sync_recv(int sock, struct sync_msg *ret, struct err *e);
/* In a child: wait for exactly this message. The end of the conversation is -EPIPE: the parent is gone. */
MUST_CHECK int sync_expect(int sock, enum sync_type t, struct sync_msg *ret, struct err *e);
/* In a child: tell the parent why. Returns false when nobody listens any more. */
_Bool sync_fail(int sock, const struct err *failure);
void sync_close_fds(struct sync_msg *m);

#endif
