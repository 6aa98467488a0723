/* zrun exec - a process document, or the container's own process with another command. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "config/oci.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/base/mem.h"
#include "runtime/base/num.h"
#include "runtime/zrun_cmd/commands.h"

static int from_file(const char *path, struct process_spec **ret, struct err *e)
{
	auto_free char *text = NULL;
	size_t n = 0;
	int r = file_read_all(AT_FDCWD, path, OCI_MAX_CONFIG_SIZE, &text, &n, e);

	if (r == 0)
		r = oci_parse_process(text, n, ret, e);
	return r < 0 ? err_wrap(e, "process file \"%s\"", path) : 0;
}

static void replace(char **text, const char *value)
{
	if (!value)
		return;
	free(*text);
	*text = mem_strdup(value);
}

static void add_capability(struct caps_spec *caps, const char *name)
{
	struct strv *const sets[] = { &caps->bounding, &caps->effective, &caps->permitted };

	for (size_t i = 0; i < sizeof(sets) / sizeof(sets[0]); i++) {
		if (!strv_has(sets[i], name))
			strv_add(sets[i], name);
	}
}

static int add_group(struct user_spec *u, const char *text, struct err *e)
{
	uint32_t id;

	if (num_id(text, &id) < 0)
		return err_set(e, EINVAL, "--additional-gids: \"%s\" is not an id", text);
	*LIST_GROW(u->additional_gids, u->n_additional_gids) = id;
	return 0;
}

static int add_repeated(const struct cli_args *a, struct process_spec *p, struct err *e)
{
	int r = 0;

	for (size_t i = 0; i < a->repeated.n && r == 0; i++) {
		const char *word = a->repeated.items[i], *value;

		if ((value = str_after(word, "env=")))
			strv_add(&p->env, value);
		else if ((value = str_after(word, "cap="))) {
			if (!p->capabilities)
				p->capabilities = mem_zero(sizeof(*p->capabilities));
			add_capability(p->capabilities, value);
		} else if ((value = str_after(word, "additional-gids=")))
			r = add_group(&p->user, value, e);
	}
	return r;
}

static int set_user(struct engine_container *c, const char *user, struct process_spec *p,
		    struct err *e)
{
	struct engine_user found = { 0 };

	if (!user)
		return 0;
	int r = engine_find_user(c, user, p, &found, e);

	engine_user_done(&found);
	return r < 0 ? err_wrap(e, "--user") : 0;
}

static int from_options(const struct cli_args *a, struct engine_container *c,
			struct process_spec **ret, struct err *e)
{
	const struct container_spec *spec = engine_spec(c);
	auto_ptr(process_spec) struct process_spec *p = NULL;

	if (!spec || !spec->process)
		return err_set(e, EINVAL,
			       "the container has no process to take as an example: use --process");
	if (a->positional.n < 2)
		return err_set(e, EINVAL, "a command or --process is needed");
	p = process_spec_clone(spec->process);
	strv_done(&p->args);
	for (size_t i = 1; i < a->positional.n; i++)
		strv_add(&p->args, a->positional.items[i]);
	p->terminal = cli_has(a, "tty");
	p->no_new_privileges |= cli_has(a, "no-new-privs");
	replace(&p->cwd, cli_value(a, "cwd", NULL));
	replace(&p->apparmor_profile, cli_value(a, "apparmor", NULL));
	replace(&p->selinux_label, cli_value(a, "process-label", NULL));
	int r = set_user(c, cli_value(a, "user", NULL), p, e);

	if (r == 0)
		r = add_repeated(a, p, e);
	if (r == 0)
		*ret = ptr_steal(&p);
	return r;
}

static int check(const struct cli_args *a, const struct process_spec *p,
		 const struct engine_exec *x, struct err *e)
{
	bool detach = cli_has(a, "detach");

	if (p->terminal && detach && !x->console_socket)
		return err_set(
			e, EINVAL,
			"cannot allocate tty if zrun will detach without setting console socket");
	if (x->console_socket && !p->terminal)
		return err_set(e, EINVAL,
			       "cannot use console socket if zrun will not detach or allocate tty");
	return 0;
}

/* All --cgroup, one a line; NULL without one. */
static char *cgroup_lines(const struct cli_args *a)
{
	auto_done(strv) struct strv lines = { 0 };

	for (size_t i = 0; i < a->repeated.n; i++) {
		const char *value = str_after(a->repeated.items[i], "cgroup=");

		if (value)
			strv_add(&lines, value);
	}
	return lines.n ? strv_join(&lines, "\n") : NULL;
}

/* Returns the exit code or a negative errno. */
static int execute(const struct cli_args *a, struct engine_container *c, struct err *e)
{
	auto_ptr(process_spec) struct process_spec *p = NULL;
	struct engine_exec x = ENGINE_EXEC_INIT;
	auto_free char *cgroups = cgroup_lines(a);
	const char *file = cli_value(a, "process", NULL);
	bool detach = cli_has(a, "detach");
	auto_close int master = -1;
	pid_t pid = 0;
	int r = file ? from_file(file, &p, e) : from_options(a, c, &p, e);

	if (r == 0)
		r = zrun_number(a, "preserve-fds", &x.preserve_fds, e);
	if (r < 0 || !p)
		return r;
	x.process = p;
	x.pid_file = cli_value(a, "pid-file", NULL);
	x.console_socket = cli_value(a, "console-socket", NULL);
	x.pidfd_socket = cli_value(a, "pidfd-socket", NULL);
	x.cgroup = cgroups;
	x.ignore_paused = cli_has(a, "ignore-paused");
	if (p->terminal && !x.console_socket)
		x.ret_console_master = &master;
	r = check(a, p, &x, e);
	if (r == 0)
		r = engine_exec(c, &x, &pid, e);
	if (r < 0 || detach)
		return r;
	return engine_foreground(pid, master, NULL, e);
}

int zrun_exec(struct cli_args *a)
{
	struct engine_container *c = NULL;
	struct err e = { 0 };
	int r = engine_protect_self(zrun_of(a)->argv, &e);

	if (r == 0)
		r = zrun_open(a, false, &c, &e);
	if (r == 0)
		r = execute(a, c, &e);
	engine_free(c);
	return r < 0 ? zrun_fail(&e) : r;
}
