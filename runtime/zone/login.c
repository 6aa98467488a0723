/* login - run a program inside a running zone, in the foreground: a login shell, a command, or the rescue shell.
 *
 * The user comes from the zone's own /etc/passwd, read by our bounded parser; nothing of the zone is executed outside it. Capabilities never exceed the zone's own ceiling, which is
 * what its init has. The rescue shell is a static program of the host that is executed by descriptor, so a zone without a working file can still be looked at. */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/mem.h"
#include "runtime/base/path.h"
#include "runtime/base/sys.h"
#include "runtime/engine/engine.h"
#include "runtime/zone/relay.h"
#include "runtime/zone/rlimits.h"
#include "runtime/zone/storage.h"
#include "runtime/zone/zone.h"

static const char rescue_shell[] = "/bin/busybox";

/* True when the program needs no loader, so that it runs in any root. */
static bool program_is_static(int fd)
{
	Elf64_Ehdr head;
	Elf64_Phdr part;

	if (pread(fd, &head, sizeof(head), 0) != (ssize_t)sizeof(head) ||
	    memcmp(head.e_ident, ELFMAG, SELFMAG) != 0 || head.e_ident[EI_CLASS] != ELFCLASS64)
		return false;
	for (unsigned i = 0; i < head.e_phnum; i++) {
		off_t at = (off_t)(head.e_phoff + (Elf64_Off)i * head.e_phentsize);

		if (pread(fd, &part, sizeof(part), at) != (ssize_t)sizeof(part) ||
		    part.p_type == PT_INTERP)
			return false;
	}
	return true;
}

static int rescue_open(struct err *e)
{
	auto_close int fd = sys_openat(AT_FDCWD, rescue_shell, O_RDONLY | O_CLOEXEC, 0);

	if (fd < 0 || !program_is_static(fd))
		return err_set(
			e, ENOENT,
			"the rescue shell needs a static %s on the host: apt-get install busybox-static",
			rescue_shell);
	return fd_steal(&fd);
}

static void variable_set(struct strv *env, const char *name, const char *value)
{
	auto_free char *prefix = mem_format("%s=", name);

	if (!value)
		return;
	for (size_t i = 0; i < env->n; i++) {
		if (str_has_prefix(env->items[i], prefix)) {
			strv_remove(env, i);
			break;
		}
	}
	strv_format(env, "%s%s", prefix, value);
}

static int environment_make(struct process_spec *p, const struct engine_user *u,
			    const struct zone_login *o, struct err *e)
{
	static const char *const texts[] = { "HOME", "USER", "LOGNAME", "SHELL" };
	const char *const values[] = { u->home ? u->home : "/", u->name ? u->name : "root",
				       u->name ? u->name : "root",
				       u->shell ? u->shell : "/bin/sh" };
	const char *term = getenv("TERM");

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (!str_is_line_safe(values[i], NULL))
			return err_set(
				e, EINVAL,
				"the zone's /etc/passwd has control characters in its entry for this user");
		variable_set(&p->env, texts[i], values[i]);
	}
	if (o->terminal && term && str_is_line_safe(term, "/="))
		variable_set(&p->env, "TERM", term);
	for (size_t i = 0; o->env && i < o->env->n; i++) {
		const char *eq = strchr(o->env->items[i], '=');
		auto_free char *name =
			eq ? mem_strndup(o->env->items[i], (size_t)(eq - o->env->items[i])) : NULL;

		if (!eq || eq == o->env->items[i])
			return err_set(e, EINVAL, "\"%s\" is not NAME=VALUE", o->env->items[i]);
		variable_set(&p->env, name, eq + 1);
	}
	return 0;
}

/* A user other than root has no capability to begin with, but the same ceiling, as after any login. */
static void capabilities_lower(struct process_spec *p)
{
	if (p->user.uid == 0 || !p->capabilities)
		return;
	strv_done(&p->capabilities->effective);
	strv_done(&p->capabilities->permitted);
	strv_done(&p->capabilities->inheritable);
	strv_done(&p->capabilities->ambient);
}

static void command_make(struct process_spec *p, const struct engine_user *u,
			 const struct zone_login *o)
{
	const char *shell = o->rescue ? "sh" : (str_empty(u->shell) ? "/bin/sh" : u->shell);
	bool given = o->command && o->command->n > 0;

	strv_done(&p->args);
	if (given && !o->login_shell) {
		strv_copy(&p->args, o->command);
		return;
	}
	strv_add(&p->args, shell);
	if (given) {
		auto_free char *line = strv_join(o->command, " ");

		strv_add(&p->args, "-c");
		strv_add(&p->args, line);
	} else if (!o->rescue) {
		strv_add(&p->args, "-l");
	}
}

/* The home of a system user often does not exist; a login goes to "/" then, as login(1) does. */
static bool home_exists(struct engine_container *c, const char *home)
{
	struct err ignored = { 0 };
	auto_close int root = home && home[0] == '/' ? engine_open_root(c, &ignored) : -1;
	auto_close int dir = root >= 0 ? path_open_dir(root, home, &ignored) : -1;

	return dir >= 0;
}

static int process_make(struct engine_container *c, const struct zone_login *o,
			struct process_spec **ret, struct err *e)
{
	const struct process_spec *init = engine_spec(c)->process;
	auto_ptr(process_spec) struct process_spec *p =
		init ? process_spec_clone(init) : process_spec_new();
	auto_done(engine_user) struct engine_user u = { 0 };
	int r;

	p->user = (struct user_spec){ 0 };
	if (!o->rescue) {
		r = engine_find_user(c, o->user ? o->user : "root", p, &u, e);
		/* A zone without a passwd file still has a root: exec as root needs no entry. */
		if (r == -ENOENT && (!o->user || str_eq(o->user, "root")))
			r = 0;
		if (r < 0)
			return r;
	}
	p->terminal = o->terminal;
	r = environment_make(p, &u, o, e);
	if (r < 0)
		return r;
	free(p->cwd);
	bool at_home = o->login_shell && !o->rescue && home_exists(c, u.home);

	p->cwd = mem_strdup(o->cwd ? o->cwd : (at_home ? u.home : "/"));
	command_make(p, &u, o);
	capabilities_lower(p);
	*ret = ptr_steal(&p);
	return 0;
}

/* `zone apply` may have changed them since the boot. */
static void limits_now(const struct zone_dirs *d, const struct zone *z, struct process_spec *p)
{
	auto_ptr(zone_spec) struct zone_spec *now = NULL;
	struct err ignored = { 0 };

	if (zone_running_spec(d, z->name, z->run.restarts, &now, &ignored) > 0)
		rlimits_take(p, now);
	if (now)
		zone_fill_scheduler(now, p);
}

static int login_run(const struct zone_dirs *d, const struct zone *z, struct engine_container *c,
		     const struct zone_login *o, const struct root_spec *trusted, struct err *e)
{
	auto_ptr(process_spec) struct process_spec *p = NULL;
	auto_close int program = -1, master = -1;
	pid_t pid = -1;
	int r;

	if (o->rescue) {
		program = rescue_open(e);
		if (program < 0)
			return program;
	}
	r = process_make(c, o, &p, e);
	if (r < 0)
		return r;
	limits_now(d, z, p);
	struct engine_exec x = ENGINE_EXEC_INIT;
	struct relay relay = { .fds = { -1, -1, -1 } };

	x.process = p;
	x.program_fd = program;
	x.trusted = trusted;
	if (o->terminal)
		x.ret_console_master = &master;
	else
		r = relay_open(&relay, e);
	if (r < 0)
		return r;
	for (int fd = 0; fd < 3; fd++)
		x.stdio[fd] = relay.fds[fd];
	r = engine_exec(c, &x, &pid, e);
	relay_close_fds(&relay);
	if (r == 0)
		r = engine_foreground(pid, master, NULL, e);
	relay_end(&relay);
	return r;
}

/* The root as the zone runs with it, and not as its file may say by now. *ret_path belongs to the caller. */
static int trusted_root(const struct zone_dirs *d, const struct zone *z, struct root_spec *ret,
			char **ret_path, struct err *e)
{
	auto_ptr(zone_spec) struct zone_spec *now = NULL;
	int r;

	if (z->run.root != ZONE_ROOT_READ_ONLY)
		return err_set(e, EINVAL,
			       "the root of zone \"%s\" is writable: there is no trusted path (-T)",
			       z->name);
	if (storage_is_overlay(&z->record)) /* a second mount of the same top would destroy it */
		return err_set(
			e, EOPNOTSUPP,
			"the root of zone \"%s\" is in layers, which have no trusted path (-T): boot it with a writable root once, zone boot -w %s",
			z->name, z->name);
	r = zone_running_spec(d, z->name, z->run.restarts, &now, e);
	if (r == 0)
		r = err_set(e, ENOENT, "what zone \"%s\" was booted with is not known", z->name);
	if (r < 0)
		return r;
	*ret_path = mem_format("%s/root", z->record.zonepath);
	*ret = (struct root_spec){ .path = *ret_path,
				   .parts = zone_profile_parts(now->file_mac_profile) };
	return 0;
}

int zone_login(const struct zone_dirs *d, const char *name, const struct zone_login *o,
	       struct err *e)
{
	auto_ptr(zone) struct zone *z = NULL;
	auto_free char *root = mem_format("%s/.engine", d->run), *note = NULL;
	auto_free char *path = NULL;
	struct engine_container *c = NULL;
	struct root_spec trusted;
	int r = zone_open_for(d, name, ZONE_OPEN_MUST_EXIST, &z, e);

	if (r < 0)
		return r;
	r = zone_allow(z, o->login_shell ? ZONE_VERB_LOGIN : ZONE_VERB_EXEC, &note, e);
	if (r < 0)
		return r;
	if (z->frozen)
		return err_set(e, EBUSY,
			       "zone \"%s\" is frozen: let it go on first with \"zone thaw %s\"",
			       name, name);
	if (o->trusted)
		r = trusted_root(d, z, &trusted, &path, e);
	if (r == 0)
		r = engine_open(root, name, false, &c, e);
	if (r < 0)
		return r;
	r = login_run(d, z, c, o, o->trusted ? &trusted : NULL, e);
	engine_free(c);
	return r;
}
