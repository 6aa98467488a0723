/* criu - one request to the program criu (criu.org), which saves processes into files and brings them back. Private to this folder.
 *
 * criu is run as `criu swrk FD`: it answers over a socket pair, asks in between (notifications), and ends with the request. Its own words go to a log file in the work directory; what it
 * says before it has read that name is caught here. Needs root. */
#ifndef RUNTIME_ENGINE_CRIU_H
#define RUNTIME_ENGINE_CRIU_H

#include "runtime/base/err.h"
#include "runtime/base/str.h"
#include "runtime/engine/process.h"

/* criu_req_type */
enum criu_kind { CRIU_DUMP = 1, CRIU_RESTORE = 2, CRIU_PRE_DUMP = 4, CRIU_FEATURES = 9 };
/* criu_opts: the numbers of the fields that are used */
enum criu_option {
	CRIU_IMAGES_DIR_FD = 1,
	CRIU_PID = 2,
	CRIU_LEAVE_RUNNING = 3,
	CRIU_EXT_UNIX_SK = 4,
	CRIU_TCP_ESTABLISHED = 5,
	CRIU_SHELL_JOB = 7,
	CRIU_FILE_LOCKS = 8,
	CRIU_LOG_LEVEL = 9,
	CRIU_LOG_FILE = 10,
	CRIU_PAGE_SERVER = 11,
	CRIU_NOTIFY_SCRIPTS = 12,
	CRIU_ROOT = 13,
	CRIU_PARENT_IMG = 14,
	CRIU_TRACK_MEM = 15,
	CRIU_AUTO_DEDUP = 16,
	CRIU_WORK_DIR_FD = 17,
	CRIU_LINK_REMAP = 18,
	CRIU_CG_ROOT = 25,
	CRIU_RST_SIBLING = 26,
	CRIU_INHERIT_FD = 27,
	CRIU_EXT_MASTERS = 30,
	CRIU_MANAGE_CGROUPS_MODE = 34,
	CRIU_EXTERNAL = 37,
	CRIU_EMPTY_NS = 38,
	CRIU_TCP_SKIP_IN_FLIGHT = 46,
	CRIU_LAZY_PAGES = 48,
	CRIU_STATUS_FD = 49,
	CRIU_ORPHAN_PTS_MASTER = 50,
	CRIU_CONFIG_FILE = 51,
	CRIU_TCP_CLOSE = 52,
	CRIU_LSM_PROFILE = 53,
	CRIU_LSM_MOUNT_CONTEXT = 63,
	CRIU_NETWORK_LOCK = 64,
};

struct criu_call {
	enum criu_kind kind;
	const struct strbuf *opts; /* criu_opts */
	int work_dir;              /* where its log file is, for the error's words */
	const char *log_file;
	const int *fds; /* descriptors that it finds open under the same numbers, above 2 */
	size_t n_fds;
	int (*prepare)(void *arg,
		       struct err *e); /* in the child, before it becomes criu; may be NULL */
	/* A notification: "setup-namespaces", "post-restore", "orphan-pts-master" ... fd: what came with it, the callee's to close, or -1. May be NULL. */
	int (*notify)(void *arg, const char *what, pid_t pid, int fd, struct err *e);
	void *arg;
};

/* *ret_pid (may be NULL): the restored first process, a child of ours. -ENOENT: no criu here; -EOPNOTSUPP: it says that this kernel is not one it can work on; -EIO: its own words why. */
MUST_CHECK int criu_run(const struct criu_call *c, pid_t *ret_pid, struct err *e);

/* Pure: the line of a log or of standard error that says most: the last error that does not follow from another, else the last line; NULL when there is none. Freshly allocated. */
char *criu_reason(const char *text);

#endif
