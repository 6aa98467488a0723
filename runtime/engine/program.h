/* program - the last steps of a process before it becomes the container's program; the same for init and for exec. Private to this folder. */
#ifndef RUNTIME_ENGINE_PROGRAM_H
#define RUNTIME_ENGINE_PROGRAM_H

#include "config/spec.h"
#include "isolation/isolation.h"
#include "runtime/base/err.h"
#include "runtime/engine/listener.h"
#include "runtime/engine/record.h"

struct program {
	const struct process_spec *process;
	const struct seccomp_spec *seccomp;
	struct isolation *iso;
	const struct record *record;
	struct listener listener;
	int sysinfo;       /* isolation_seal(); -1 */
	int host_program;  /* -1, or executed instead of args[0] */
	int as_three;      /* -1, or becomes descriptor 3 */
	unsigned n_listen; /* LISTEN_FDS: 3 ... 3+n_listen-1 */
	unsigned n_keep;   /* all that are kept from 3 on, those included */
	pid_t pid;         /* this process on the host, for the seccomp agent */
};
#define PROGRAM_NONE                                                                         \
	{                                                                                    \
		.listener = LISTENER_NONE, .sysinfo = -1, .host_program = -1, .as_three = -1 \
	}

/* parent. The descriptors of socket activation and --preserve-fds: a missing one is an error. All others that the caller has left open are closed. Must run before anything else opens descriptors. */
MUST_CHECK int program_kept_fds(int preserve, struct program *ret, struct err *e);
/* child, inside the root: is there something to execute? *ret_path is NULL with a host program. */
MUST_CHECK int program_find(const struct program *p, char **ret_path, struct err *e);
/* child. Comes back only when it failed. */
MUST_CHECK int program_execute(struct program *p, const char *path, struct err *e);

#endif
