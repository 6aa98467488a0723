/* debootstrap - run Debian's own tools in a folder of ours, and take what they made as any archive or directory is taken: devices stay out, owners are checked. */
#include "runtime/zone/debootstrap.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/base/mem.h"
#include "runtime/base/proc.h"
#include "runtime/base/str.h"
#include "runtime/zone/image_store.h"

enum { SAID_MAX = 1 << 20 };

#define INCLUDE  "--include=systemd-sysv,dbus"
#define ANYWHERE "http://deb.debian.org/debian"

/* What each tool is called with; %s in order: suite, target, mirror. */
static const struct tool {
	const char *program, *target;
	const char *argv[8];
} tools[] = {
	{ "/usr/bin/mmdebstrap",
	  "root.tar",
	  { "mmdebstrap", "--quiet", "--mode=root", "--variant=minbase", INCLUDE } },
	{ "/usr/sbin/debootstrap", "root", { "debootstrap", "--variant=minbase", INCLUDE } },
};

bool debootstrap_suite_ok(const char *suite)
{
	size_t n = suite ? strlen(suite) : 0;

	return n > 0 && n < 64 && suite[0] != '-' && suite[0] != '.' &&
	       strspn(suite, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._") ==
		       n;
}

static const struct tool *find_tool(struct err *e)
{
	for (size_t i = 0; i < sizeof(tools) / sizeof(tools[0]); i++) {
		if (access(tools[i].program, X_OK) == 0)
			return &tools[i];
	}
	(void)err_set(
		e, ENOENT,
		"neither mmdebstrap nor debootstrap is installed (Debian: apt-get install mmdebstrap)");
	return NULL;
}

/* The archive that the host's apt takes Debian's packages from; one that carries main and is not for security or updates alone. */
static char *mirror(void)
{
	char *argv[] = { (char *)"apt-get",
			 (char *)"indextargets",
			 (char *)"--format",
			 (char *)"$(ORIGIN) $(COMPONENT) $(REPO_URI)",
			 (char *)"Identifier: Packages",
			 NULL };
	auto_free char *text = NULL;
	auto_done(strv) struct strv lines = { 0 };
	struct err ignored = { 0 };

	if (access("/usr/bin/apt-get", X_OK) == 0 &&
	    proc_run("/usr/bin/apt-get", argv, SAID_MAX, 30000, &text, &ignored) == 0)
		strv_split(&lines, text, '\n');
	for (size_t i = 0; i < lines.n; i++) {
		const char *uri = str_after(lines.items[i], "Debian main ");

		if (uri && strstr(uri, "://") && !strstr(uri, "security"))
			return mem_strndup(uri, strlen(uri) - (str_has_suffix(uri, "/") ? 1 : 0));
	}
	return mem_strdup(ANYWHERE);
}

/* The first line that it calls an error is why, those behind it say that this went wrong; without one, the last line. */
static int failed(const struct tool *t, int code, const char *said, struct err *e)
{
	auto_done(strv) struct strv lines = { 0 };
	const char *last = "it said nothing", *error = NULL;

	strv_split(&lines, said ? said : "", '\n');
	for (size_t i = 0; i < lines.n; i++) {
		for (char *p = lines.items[i]; *p; p++)
			*p = (unsigned char)*p < 0x20 || *p == 0x7f ? '?' : *p;
		if (!str_empty(lines.items[i]))
			last = lines.items[i];
		if (!error && str_has_prefix(lines.items[i], "E: "))
			error = lines.items[i];
	}
	return err_set(e, EIO, "%s ended with %d: %.300s", t->argv[0], code, error ? error : last);
}

static int run(const struct tool *t, const char *suite, const char *target, struct err *e)
{
	auto_free char *from = mirror(), *said = NULL;
	auto_done(strv) struct strv argv = { 0 };

	for (size_t i = 0; t->argv[i]; i++)
		strv_add(&argv, t->argv[i]);
	strv_add(&argv, suite);
	strv_add(&argv, target);
	strv_add(&argv, from);
	int code = proc_run(t->program, argv.items, SAID_MAX, 0, &said, e);

	return code > 0 ? failed(t, code, said, e) : code;
}

int debootstrap_run(const struct zone_dirs *d, struct tree_job *job, const char *suite,
		    struct err *e)
{
	const struct tool *t = find_tool(e);
	auto_free char *folder = NULL;
	auto_close int lock = -1;
	struct err ignored = { 0 };
	int r = t ? image_store_lock(d, &lock, e) : -e->code;

	if (r == 0)
		r = image_temporary(d, "suite", &folder, e);
	if (r < 0)
		return r;
	auto_free char *target = mem_format("%s/%s", folder, t->target);

	r = run(t, suite, target, e);
	if (r == 0)
		r = str_has_suffix(target, ".tar") ? tree_extract(job, target, e)
						   : tree_copy(job, target, e);
	(void)!file_remove_tree(AT_FDCWD, folder,
				&ignored); /* what stays goes with the next prune */
	return r;
}
