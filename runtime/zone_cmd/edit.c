/* zone edit - change the file in an editor. What is saved is checked before it replaces the file; on a terminal the editor opens again at the first error. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/base/mem.h"
#include "runtime/base/proc.h"
#include "runtime/base/sys.h"
#include "runtime/zone_cmd/change.h"
#include "runtime/zone_cmd/output.h"

/* A copy that only root can read, where nobody else can put a link. */
static int make_copy(const struct zone_dirs *d, const char *name, const char *text, char **ret,
		     struct err *e)
{
	auto_free char *path = mem_format("%s/.edit-%s-XXXXXX.json", d->run, name);
	auto_close int fd = mkostemps(path, (int)strlen(".json"), O_CLOEXEC);
	size_t n = strlen(text);

	if (fd < 0 || sys_write(fd, text, n) != (ssize_t)n)
		return err_sys(e, "write \"%s\"", path);
	*ret = ptr_steal(&path);
	return 0;
}

/* Does the editor understand "+LINE"? Others would take it for a file. */
static bool takes_line(void)
{
	static const char *const known[] = { "vi",
					     "vim",
					     "nvim",
					     "view",
					     "nano",
					     "pico",
					     "emacs",
					     "emacsclient",
					     "joe",
					     "jed",
					     "mg",
					     "ne",
					     "mcedit",
					     "micro",
					     "kak",
					     "ex",
					     "sensible-editor",
					     "editor",
					     NULL };
	const char *visual = getenv("VISUAL");
	const char *editor = getenv("EDITOR");
	const char *command = !str_empty(visual) ? visual : !str_empty(editor) ? editor : "vi";
	auto_free char *first = mem_strndup(command, strcspn(command, " \t"));
	const char *slash = strrchr(first, '/');

	for (size_t i = 0; known[i]; i++) {
		if (str_eq(known[i], slash ? slash + 1 : first))
			return true;
	}
	return false;
}

/* The editor may be several words, so a shell takes them apart. */
static int run_editor(const char *path, int line, struct err *e)
{
	static const char script[] = "exec ${VISUAL:-${EDITOR:-vi}} \"$@\"";
	auto_free char *place = line > 0 && takes_line() ? mem_format("+%d", line) : NULL;
	char sh[] = "sh";
	char flag[] = "-c";
	auto_free char *command = mem_strdup(script);
	auto_free char *file = mem_strdup(path);
	char *argv[7] = { sh, flag, command, sh, place ? place : file, place ? file : NULL, NULL };
	pid_t pid = 0;
	struct proc_spawn s = {
		.file = "/bin/sh",
		.argv = argv,
		.stdin_fd = STDIN_FILENO,
		.stdout_fd = STDOUT_FILENO,
		.stderr_fd = STDERR_FILENO,
		.keep_fd = -1,
		.ret_pid = &pid,
	};
	int r = proc_spawn(&s, e);

	if (r < 0)
		return r;
	void (*interrupt)(int) = signal(SIGINT, SIG_IGN); /* ^C belongs to the editor */

	r = proc_wait(pid, e);
	(void)signal(SIGINT, interrupt);
	return r > 0 ? err_set(e, EIO, "the editor ended with status %d: nothing was changed", r)
		     : r;
}

static int first_line(const struct diag_list *diags)
{
	for (size_t i = 0; i < diags->n; i++) {
		if (diags->items[i].line > 0)
			return diags->items[i].line;
	}
	return 0;
}

/* Edit until it is right or given up. 1: nothing was changed. */
static int edit_loop(const struct cli_args *a, const struct zone_dirs *d, const char *old,
		     const char *copy, struct err *e)
{
	const char *name = a->positional.items[0];
	int line = 0;

	for (;;) {
		auto_done(diag_list) struct diag_list diags = { .file = copy };
		auto_free char *text = NULL;
		int r = run_editor(copy, line, e);

		if (r == 0)
			r = file_read_all(AT_FDCWD, copy, ZONE_FILE_MAX, &text, NULL, e);
		if (r < 0)
			return r;
		if (str_eq(text, old))
			return 1;
		r = zone_replace_config(d, name, old, text, &diags, e);
		if (r == 0)
			return 0;
		if (diags.n == 0)
			return r; /* not the text's fault */
		line = first_line(&diags);
		if (cli_has(a, "json"))
			return r;
		(void)output_problems(a, &diags, e);
		if (!cli_confirm("edit again?"))
			return err_set(e, EINVAL, "nothing was changed");
	}
}

int zone_cmd_edit(struct cli_args *a)
{
	const struct zone_dirs *d = zone_cmd_dirs(a);
	const char *name = a->positional.items[0];
	auto_ptr(zone) struct zone *z = NULL;
	auto_free char *old = NULL;
	auto_free char *copy = NULL;
	struct err e = { 0 };
	int r;

	if (!d)
		return CLI_FAILED;
	r = zone_open(d, name, ZONE_OPEN_MUST_EXIST, &z, &e);
	if (r == 0)
		r = file_read_all(AT_FDCWD, z->config_file, ZONE_FILE_MAX, &old, NULL, &e);
	if (r == 0)
		r = make_copy(d, name, old, &copy, &e);
	if (r < 0 || !copy)
		return output_error(a, &e);
	r = edit_loop(a, d, old, copy, &e);
	if (r < 0 && isatty(STDIN_FILENO)) {
		(void)err_wrap(&e, "your text is kept in \"%s\"", copy);
		return output_error(a, &e);
	}
	(void)unlink(copy); /* a file of /run: it would not stay for long */
	if (r < 0)
		return output_error(a, &e);
	auto_free char *note =
		r > 0 ? mem_format("zone \"%s\": nothing was changed", name) : change_note(d, name);

	return output_done(a, name, note, NULL);
}
