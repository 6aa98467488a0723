/* zrun - an OCI runtime, a drop-in for runc and crun: global options, the log, and the verb table. */
#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/oci.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/log.h"
#include "runtime/base/mem.h"
#include "runtime/base/proc.h"
#include "runtime/base/sys.h"
#include "runtime/zrun_cmd/commands.h"

#ifndef ZONES_COMMIT
#define ZONES_COMMIT "unknown"
#endif

static const struct cli_option global_options[] = {
	{ "root", 0, "DIR", "where the state of containers is kept", 0 },
	{ "log", 0, "FILE", "append errors to FILE as well", 0 },
	{ "log-format", 0, "text|json", "of the log file", 0 },
	{ "log-level", 0, "LEVEL", "error, warning, info or debug", 0 },
	{ "debug", 0, NULL, "say everything", 0 },
	{ "systemd-cgroup", 's', NULL, "let systemd make the cgroups", 0 },
	{ "cgroup-manager", 0, "cgroupfs|systemd|disabled", "who makes the cgroups", 0 },
	{ "rootless", 0, "true|false|auto",
	  "missing rights are no error where nothing was asked for", 0 },
	{ 0 },
};

static const struct {
	const char *name;
	enum log_level level;
} log_levels[] = {
	{ "error", LOG_LEVEL_ERROR },  { "warning", LOG_LEVEL_WARNING },
	{ "warn", LOG_LEVEL_WARNING }, { "info", LOG_LEVEL_INFO },
	{ "debug", LOG_LEVEL_DEBUG },
};

static const struct {
	const char *name;
	enum cgroup_manager manager;
} managers[] = {
	{ "cgroupfs", CGROUP_MANAGER_FS },
	{ "systemd", CGROUP_MANAGER_SYSTEMD },
	{ "disabled", CGROUP_MANAGER_DISABLED },
};

/* Descriptors 0-2 are always open, so that nothing of ours ever gets one of these numbers. */
static int hold_stdio(void)
{
	int fd;

	do {
		fd = sys_openat(AT_FDCWD, "/dev/null", O_RDWR, 0);
	} while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd < 0)
		return -1;
	return close(fd);
}

/* Root in a user namespace that an engine made for an unprivileged user (Podman) owns nothing of the host: it is that user with another number. A zone's root, who logged in with
 * USER=root, is root there. */
static bool is_user_as_root(void)
{
	return geteuid() == 0 && !proc_in_first_user_namespace() && !str_eq(getenv("USER"), "root");
}

/* /run/zrun for root, else below the user's own run directory. */
static char *default_root(void)
{
	const char *own = getenv("XDG_RUNTIME_DIR");

	return str_empty(own) || (geteuid() == 0 && !is_user_as_root())
		       ? mem_strdup("/run/zrun")
		       : mem_format("%s/zrun", own);
}

static int set_log(const struct cli_args *a, struct err *e)
{
	const char *file = cli_value(a, "log", ""), *format = cli_value(a, "log-format", ""),
		   *level = cli_value(a, "log-level", "");

	for (size_t i = 0; i < sizeof(log_levels) / sizeof(log_levels[0]); i++) {
		if (str_eq(log_levels[i].name, level))
			log_set_level(log_levels[i].level);
	}
	if (cli_has(a, "debug"))
		log_set_level(LOG_LEVEL_DEBUG);
	if (!str_empty(format) && !str_eq(format, "text") && !str_eq(format, "json"))
		return err_set(e, EINVAL, "unknown log-format \"%s\"", format);
	if (str_empty(file))
		return 0;
	if (str_after(file, "syslog:") || str_after(file, "journald:")) {
		const char *ident = strchr(file, ':') + 1;

		log_to_syslog(*ident ? ident : "zrun");
		return 0;
	}
	if (str_after(file, "file:"))
		file = str_after(file, "file:");
	return log_to_file(file, str_eq(format, "json") ? LOG_FORMAT_JSON : LOG_FORMAT_TEXT, e);
}

static int set_manager(const struct cli_args *a, struct zrun *z, struct err *e)
{
	const char *name = cli_value(a, "cgroup-manager",
				     cli_has(a, "systemd-cgroup") ? "systemd" : "cgroupfs");

	for (size_t i = 0; i < sizeof(managers) / sizeof(managers[0]); i++) {
		if (str_eq(managers[i].name, name)) {
			z->cgroup_manager = managers[i].manager;
			return 0;
		}
	}
	return err_set(e, EINVAL, "unknown cgroup manager \"%s\"", name);
}

static int set_rootless(const struct cli_args *a, struct zrun *z, struct err *e)
{
	const char *word = cli_value(a, "rootless", "auto");

	z->rootless = str_eq(word, "true");
	if (str_eq(word, "true") || str_eq(word, "false"))
		return 0;
	if (!str_eq(word, "auto") && !str_empty(word))
		return err_set(e, EINVAL, "--rootless: \"%s\" is not true, false or auto", word);
	z->rootless = geteuid() != 0 || !proc_in_first_user_namespace();
	return 0;
}

static int prepare(struct cli_args *a)
{
	struct zrun *z = a->program_data;
	const char *root = cli_value(a, "root", "");
	struct err e = { 0 };
	int r = set_log(a, &e);

	if (r == 0)
		r = set_manager(a, z, &e);
	if (r == 0)
		r = set_rootless(a, z, &e);
	if (r < 0)
		return zrun_fail(&e);
	if (!str_empty(root))
		z->root = root; /* an argument: lives as long as the program */
	return 0;
}

/* The lines that containerd's shim, Docker and Podman look for. */
static char *version_lines(void)
{
	const struct scmp_version *seccomp = seccomp_version();

	return mem_format("zrun version " ZONES_VERSION "\ncommit: " ZONES_COMMIT
			  "\nspec: " OCI_VERSION "\nlibseccomp: %u.%u.%u",
			  seccomp->major, seccomp->minor, seccomp->micro);
}

int main(int argc, char **argv)
{
	auto_free char *root = default_root();
	struct zrun z = { .argv = argv, .root = root };
	auto_free char *version = version_lines();
	const struct cli_program program = {
		.name = "zrun",
		.summary = "run containers as the OCI runtime specification says",
		.version = version,
		.options = global_options,
		.verbs = zrun_verbs,
		.flags = CLI_GO_FLAGS,
		.prepare = prepare,
		.data = &z,
	};

	log_init("zrun", LOG_LEVEL_WARNING);
	if (hold_stdio() < 0) {
		log_error("open /dev/null: %s", strerror(errno));
		return CLI_FAILED;
	}
	return cli_main(&program, argc, argv);
}
