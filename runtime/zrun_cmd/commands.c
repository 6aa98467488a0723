/* commands - the verb table of zrun, and the few lines that all verbs share. */
#include "runtime/zrun_cmd/commands.h"

#include <errno.h>
#include <limits.h>

#include "runtime/base/log.h"
#include "runtime/base/num.h"

const struct cli_option zrun_create_options[] = {
	{ "bundle", 'b', "DIR", "the bundle (default: here)", 0 },
	{ "config", 'f', "FILE", "use FILE instead of config.json in the bundle", 0 },
	{ "console-socket", 0, "SOCKET", "send the terminal's master there", 0 },
	{ "pidfd-socket", 0, "SOCKET", "send a pidfd of the first process there", 0 },
	{ "pid-file", 0, "FILE", "write the first process' pid there", 0 },
	{ "no-pivot", 0, NULL, "move the root instead of pivot_root (initramfs)", 0 },
	{ "no-new-keyring", 0, NULL, "keep the caller's session keyring", 0 },
	{ "preserve-fds", 0, "N", "hand N descriptors from 3 on to the process", 0 },
	{ 0 },
};

static const struct cli_option run_options[] = {
	{ "bundle", 'b', "DIR", "the bundle (default: here)", 0 },
	{ "config", 'f', "FILE", "use FILE instead of config.json in the bundle", 0 },
	{ "console-socket", 0, "SOCKET", "send the terminal's master there", 0 },
	{ "pidfd-socket", 0, "SOCKET", "send a pidfd of the first process there", 0 },
	{ "pid-file", 0, "FILE", "write the first process' pid there", 0 },
	{ "no-pivot", 0, NULL, "move the root instead of pivot_root (initramfs)", 0 },
	{ "no-new-keyring", 0, NULL, "keep the caller's session keyring", 0 },
	{ "preserve-fds", 0, "N", "hand N descriptors from 3 on to the process", 0 },
	{ "detach", 'd', NULL, "do not wait for its end", 0 },
	{ "keep", 0, NULL, "do not delete it at its end", 0 },
	{ "no-subreaper", 0, NULL, "ignored: nothing is reparented to zrun", 0 },
	{ 0 },
};

static const struct cli_option exec_options[] = {
	{ "process", 'p', "FILE", "the process as JSON", 0 },
	{ "console-socket", 0, "SOCKET", "send the terminal's master there", 0 },
	{ "pidfd-socket", 0, "SOCKET", "send a pidfd of it there", 0 },
	{ "pid-file", 0, "FILE", "write its pid there", 0 },
	{ "detach", 'd', NULL, "do not wait for its end", 0 },
	{ "tty", 't', NULL, "give it a terminal", 0 },
	{ "cwd", 0, "DIR", "its working directory", 0 },
	{ "env", 'e', "NAME=VALUE", "one more variable", CLI_REPEAT },
	{ "user", 'u', "UID[:GID]", "who it is", 0 },
	{ "additional-gids", 'g', "GID", "one more group", CLI_REPEAT },
	{ "cap", 'c', "NAME", "one more capability", CLI_REPEAT },
	{ "process-label", 0, "LABEL", "SELinux label", 0 },
	{ "apparmor", 0, "PROFILE", "AppArmor profile", 0 },
	{ "no-new-privs", 0, NULL, "it cannot gain privileges", 0 },
	{ "preserve-fds", 0, "N", "hand N descriptors from 3 on to it", 0 },
	{ "cgroup", 0, "[CONTROLLER:]PATH", "sub-cgroup of the container to run in", CLI_REPEAT },
	{ "ignore-paused", 0, NULL, "allow it in a paused container", 0 },
	{ 0 },
};

static const struct cli_option kill_options[] = {
	{ "all", 'a', NULL, "signal every process of the container", 0 },
	{ "regex", 'r', NULL, "ID is an extended regular expression", 0 },
	{ 0 },
};

static const struct cli_option delete_options[] = {
	{ "force", 'f', NULL, "kill it first; an unknown id is no error", 0 },
	{ "regex", 'r', NULL, "ID is an extended regular expression", 0 },
	{ 0 },
};

static const struct cli_option mounts_options[] = {
	{ "destination", 'd', "PATH", "where in the container", 0 },
	{ "source", 's', "PATH", "what of the host", 0 },
	{ "type", 't', "TYPE", "the file system", 0 },
	{ "option", 'o', "WORD", "one mount option", CLI_REPEAT },
	{ 0 },
};

static const struct cli_option list_options[] = {
	{ "format", 'f', "table|json", "how to print", 0 },
	{ "quiet", 'q', NULL, "only the ids", 0 },
	{ 0 },
};

static const struct cli_option ps_options[] = {
	{ "format", 'f', "table|json", "how to print", 0 },
	{ 0 },
};

static const struct cli_option update_options[] = {
	{ "resources", 'r', "FILE|-",
	  "the limits as JSON; all others but the two schemas are then ignored", 0 },
	{ "blkio-weight", 0, "N", "share of block I/O, 10 to 1000", 0 },
	{ "cpu-period", 0, "USEC", "period of the CPU quota", 0 },
	{ "cpu-quota", 0, "USEC", "CPU time in each period; -1: no limit", 0 },
	{ "cpu-burst", 0, "USEC", "CPU time that may be saved up", 0 },
	{ "cpu-share", 0, "N", "share of the CPU, 2 to 262144", 0 },
	{ "cpu-rt-period", 0, "USEC", "period of the realtime quota", 0 },
	{ "cpu-rt-runtime", 0, "USEC", "realtime CPU time in each period", 0 },
	{ "cpu-idle", 0, "0|1", "run only when nobody else wants to", 0 },
	{ "cpuset-cpus", 0, "LIST", "CPUs, such as 0-2,5", 0 },
	{ "cpuset-mems", 0, "LIST", "memory nodes", 0 },
	{ "memory", 0, "SIZE", "memory limit; -1: none", 0 },
	{ "memory-reservation", 0, "SIZE", "memory that is left to it under pressure", 0 },
	{ "memory-swap", 0, "SIZE", "memory and swap together; -1: no limit", 0 },
	{ "l3-cache-schema", 0, "SCHEMA", "share of the cache, such as L3:0=f", 0 },
	{ "mem-bw-schema", 0, "SCHEMA", "share of memory bandwidth, such as MB:0=50", 0 },
	{ "kernel-memory", 0, "SIZE", "ignored with a warning", 0 },
	{ "kernel-memory-tcp", 0, "SIZE", "buffers of TCP, cgroup v1 only", 0 },
	{ "pids-limit", 0, "N", "processes and threads; -1: no limit", 0 },
	{ 0 },
};

static const struct cli_option events_options[] = {
	{ "interval", 0, "TIME", "between two statistics (default: 5s)", 0 },
	{ "stats", 0, NULL, "print the statistics once and end", 0 },
	{ 0 },
};

/* checkpoint and restore mean the same by these */
#define CRIU_OPTIONS                                                                         \
	{ "image-path", 0, "DIR", "the images (default: ./checkpoint)", 0 },                 \
		{ "work-path", 0, "DIR", "criu's logs (default: with the images)", 0 },      \
		{ "tcp-established", 0, NULL, "save and restore open TCP connections", 0 },  \
		{ "ext-unix-sk", 0, NULL, "allow unix sockets to the outside", 0 },          \
		{ "shell-job", 0, NULL, "allow a terminal of the outside", 0 },              \
		{ "lazy-pages", 0, NULL, "fetch memory when it is needed", 0 },              \
		{ "file-locks", 0, NULL, "save and restore file locks", 0 },                 \
		{ "link-remap", 0, NULL, "allow open files that have no name any more", 0 }, \
		{ "manage-cgroups-mode", 0, "soft|full|strict|ignore",                       \
		  "how criu treats cgroups (default: soft)", 0 },                            \
		{ "empty-ns", 0, "network", "restore this namespace empty", 0 },             \
	{                                                                                    \
		"auto-dedup", 0, NULL, "drop pages that a later image has, too", 0           \
	}

static const struct cli_option checkpoint_options[] = {
	CRIU_OPTIONS,
	{ "leave-running", 0, NULL, "it runs on afterwards", 0 },
	{ "pre-dump", 0, NULL, "save only its memory, and it runs on", 0 },
	{ "parent-path", 0, "DIR", "an earlier pre-dump, relative to the images", 0 },
	{ "page-server", 0, "ADDRESS:PORT", "send its memory there", 0 },
	{ "status-fd", 0, "N", "write there when a lazy dump may be read", 0 },
	{ "tcp-skip-in-flight", 0, NULL, "leave out connections that are not yet accepted", 0 },
	{ 0 },
};

static const struct cli_option restore_options[] = {
	CRIU_OPTIONS,
	{ "bundle", 'b', "DIR", "the bundle (default: here)", 0 },
	{ "config", 'f', "FILE", "use FILE instead of config.json in the bundle", 0 },
	{ "detach", 'd', NULL, "do not wait for its end", 0 },
	{ "pid-file", 0, "FILE", "write the first process' pid there", 0 },
	{ "console-socket", 0, "SOCKET", "send the terminal's master there", 0 },
	{ "pidfd-socket", 0, "SOCKET", "send a pidfd of the first process there", 0 },
	{ "tcp-close", 0, NULL, "restore TCP connections as closed", 0 },
	{ "lsm-profile", 0, "TYPE:NAME", "another SELinux label or AppArmor profile", 0 },
	{ "lsm-mount-context", 0, "CONTEXT", "another SELinux context for its mounts", 0 },
	{ "no-pivot", 0, NULL, "ignored: criu makes the root", 0 },
	{ "no-subreaper", 0, NULL, "ignored: nothing is reparented to zrun", 0 },
	{ 0 },
};

static const struct cli_option spec_options[] = {
	{ "bundle", 'b', "DIR", "where to write config.json (default: here)", 0 },
	{ "rootless", 0, NULL, "for a user without rights", 0 },
	{ 0 },
};

const struct cli_verb zrun_verbs[] = {
	{ "create", "[OPTIONS] ID", "make a container", zrun_create_options, 1, 1, 0, zrun_create,
	  "life", "" },
	{ "start", "ID", "run the program of a created container", NULL, 1, 1, 0, zrun_start,
	  "life", "" },
	{ "run", "[OPTIONS] ID", "create, start, wait and delete", run_options, 1, 1, 0, zrun_run,
	  "life", "" },
	{ "exec", "[OPTIONS] ID COMMAND [ARGS]", "run a command in a container", exec_options, 1,
	  -1, CLI_STOP_AT_POSITIONAL, zrun_exec, "life", "" },
	{ "kill", "[-a] ID [SIGNAL]", "send a signal (default: TERM)", kill_options, 1, 2, 0,
	  zrun_kill, "life", "" },
	{ "delete", "[-f] ID", "remove a container", delete_options, 1, 1, 0, zrun_delete, "life",
	  "" },
	{ "pause", "ID", "freeze all its processes", NULL, 1, 1, 0, zrun_pause, "life", "" },
	{ "resume", "ID", "thaw them", NULL, 1, 1, 0, zrun_resume, "life", "" },
	{ "update", "[OPTIONS] ID", "change the limits of a container", update_options, 1, 1, 0,
	  zrun_update, "life", "" },
	{ "mounts", "add|remove ID [FILE | DESTINATION...]",
	  "add mounts to a running container, or unmount", mounts_options, 2, -1, 0, zrun_mounts,
	  "life", "" },
	{ "checkpoint", "[OPTIONS] ID", "save a running container into files", checkpoint_options,
	  1, 1, 0, zrun_checkpoint, "life", "" },
	{ "restore", "[OPTIONS] ID", "make a container from such files", restore_options, 1, 1, 0,
	  zrun_restore, "life", "" },
	{ "state", "ID", "print the state as JSON", NULL, 1, 1, 0, zrun_state, "look", "" },
	{ "list", "[-q] [-f FORMAT]", "list containers", list_options, 0, 0, 0, zrun_list, "look",
	  "" },
	{ "ps", "[-f FORMAT] ID [PS-OPTIONS]", "list its processes", ps_options, 1, -1,
	  CLI_STOP_AT_FIRST, zrun_ps, "look", "" },
	{ "events", "[--stats] [--interval TIME] ID", "print what it uses, and out-of-memory kills",
	  events_options, 1, 1, 0, zrun_events, "look", "" },
	{ "spec", "[-b DIR]", "write an example config.json", spec_options, 0, 0, 0, zrun_spec,
	  "look", "" },
	{ "features", "", "print what this runtime can do as JSON", NULL, 0, 0, 0, zrun_features,
	  "look", "" },
	{ 0 },
};

int zrun_fail(const struct err *e)
{
	log_err(e);
	return CLI_FAILED;
}

int zrun_open(const struct cli_args *a, bool lock, struct engine_container **ret, struct err *e)
{
	return engine_open(zrun_of(a)->root, a->positional.items[0], lock, ret, e);
}

int zrun_number(const struct cli_args *a, const char *option, int *ret, struct err *e)
{
	const char *text = cli_value(a, option, "0");
	uint32_t n;

	if (num_u32(text, &n) < 0 || n > INT_MAX)
		return err_set(e, EINVAL, "--%s: \"%s\" is not a number", option, text);
	*ret = (int)n;
	return 0;
}
