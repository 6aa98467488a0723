/* zrun create - a bundle becomes a container that waits for start. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/prctl.h>

#include "config/names.h"
#include "config/oci.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/log.h"
#include "runtime/base/mem.h"
#include "runtime/base/sys.h"
#include "runtime/zrun_cmd/commands.h"

int zrun_create_request(const struct cli_args *a, struct container_spec **ret_spec,
			char **ret_bundle, struct engine_create *o, struct err *e)
{
	const struct zrun *z = zrun_of(a);
	const char *given = cli_value(a, "bundle", ".");
	auto_free char *bundle = realpath(given, NULL);

	if (!bundle)
		return err_sys(e, "bundle \"%s\"", given);
	*o = (struct engine_create)ENGINE_CREATE_INIT;
	int r = zrun_number(a, "preserve-fds", &o->preserve_fds, e);

	if (r == 0)
		r = oci_load_bundle(bundle, cli_value(a, "config", NULL), ret_spec, e);
	if (r < 0)
		return r;
	o->state_root = z->root;
	o->id = a->positional.items[0];
	o->spec = *ret_spec;
	o->bundle = *ret_bundle = ptr_steal(&bundle);
	o->cgroup_manager = z->cgroup_manager;
	o->rootless = z->rootless;
	o->pid_file = cli_value(a, "pid-file", NULL);
	o->console_socket = cli_value(a, "console-socket", NULL);
	o->pidfd_socket = cli_value(a, "pidfd-socket", NULL);
	o->no_pivot = cli_has(a, "no-pivot");
	o->no_new_keyring = cli_has(a, "no-new-keyring");
	o->notify = zrun_notify_socket() && engine_notify_offer(*ret_spec, o->state_root, o->id);
	return 0;
}

/* Why the program will not get this capability, or NULL. What the caller's own bounding set lacks can only be had in a user namespace. */
static const char *cap_missing(const struct container_spec *spec, const char *name)
{
	int n = cap_number(name);

	if (n < 0)
		return "is unknown";
	if (spec->linux.namespaces[NS_USER].wanted ||
	    sys_prctl(PR_CAPBSET_READ, (unsigned long)n, 0, 0, 0) == 1)
		return NULL;
	return "cannot be granted here";
}

static void warn_caps(const struct container_spec *spec, const struct caps_spec *c)
{
	auto_done(strv) struct strv named = { 0 };
	const struct strv *const sets[] = { &c->bounding, &c->effective, &c->inheritable,
					    &c->permitted, &c->ambient };

	for (size_t i = 0; i < sizeof(sets) / sizeof(sets[0]); i++) {
		for (size_t k = 0; k < sets[i]->n; k++) {
			const char *name = sets[i]->items[k];
			const char *why = cap_missing(spec, name);

			if (!why || strv_has(&named, name))
				continue;
			strv_add(&named, name);
			log_warning("process.capabilities: \"%s\" %s and is left out", name, why);
		}
	}
}

void zrun_warn(const struct container_spec *spec)
{
	if (!spec)
		return;
	const struct resources_spec *r = spec->linux.resources;

	if (spec->process && spec->process->capabilities)
		warn_caps(spec, spec->process->capabilities);
	if (r && r->memory && r->memory->kernel.set && r->memory->kernel.value > 0)
		log_warning(
			"linux.resources.memory.kernel is left out: no supported kernel limits kernel memory apart");
}

static int check_console(const struct engine_create *o, struct err *e)
{
	const struct process_spec *p = o->spec ? o->spec->process : NULL;
	bool terminal = p && p->terminal;

	if (terminal && !o->console_socket)
		return err_set(
			e, EINVAL,
			"cannot allocate tty if zrun will detach without setting console socket");
	if (o->console_socket && !terminal)
		return err_set(e, EINVAL,
			       "cannot use console socket if zrun will not detach or allocate tty");
	return 0;
}

int zrun_create(struct cli_args *a)
{
	auto_ptr(container_spec) struct container_spec *spec = NULL;
	auto_free char *bundle = NULL;
	struct engine_container *c = NULL;
	struct engine_create o = ENGINE_CREATE_INIT;
	struct err e = { 0 };
	int r = engine_protect_self(zrun_of(a)->argv, &e);

	if (r == 0)
		r = zrun_create_request(a, &spec, &bundle, &o, &e);
	if (r == 0)
		r = check_console(&o, &e);
	if (r == 0)
		r = engine_create(&o, &c, &e);
	engine_free(c);
	if (r == 0)
		zrun_warn(spec);
	return r < 0 ? zrun_fail(&e) : CLI_DONE;
}
