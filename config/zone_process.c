#include "config/zone_to_oci.h"

#include <ctype.h>
#include <errno.h>
#include <signal.h>
#include <string.h>

#include "config/names.h"
#include "config/zone_shared.h"
#include "runtime/base/mem.h"

/* The process of a zone: its init. What differs between the kinds of init is a table. An init of the zone's own tree gets the boot arguments; zone-init, which runs
 * the service, is bound into /dev and is told about the service in its arguments. */

#define PATH_VARIABLE "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/* What each kind of init understands as "shut down", and arguments that it needs in a zone. */
static const struct init_row {
	const char *kind, *signal, *argument;
} init_rows[] = {
	/* /proc/sys looks writable, so systemd would set up binfmt_misc's automount, which no user namespace can have: a failed unit on every boot */
	{ "systemd", "RTMIN+3", "systemd.mask=proc-sys-fs-binfmt_misc.automount" },
	{ "busybox", "USR2", NULL }, /* TERM would be a reboot */
	{ "openrc-init", "TERM", NULL },
	{ "runit-init", "CONT", NULL }, /* asks for /etc/runit/stopit */
	/* TERM, whatever the service wants: zone-init gives the service the service's own stop signal */
	{ "zone-init", "TERM", NULL },
};
#define OTHER_INIT_SIGNAL SIGPWR

static const struct init_row *init_row(const char *kind)
{
	for (size_t i = 0; i < BIND_COUNT(init_rows); i++)
		if (str_eq(init_rows[i].kind, kind))
			return &init_rows[i];
	return NULL;
}

/* Arguments of `zone boot` replace the file's. */
static void add_boot_arguments(const struct zone_translation *t, struct strv *args)
{
	auto_done(strv) struct strv words = { 0 };

	if (t->o->args && t->o->args->n) {
		strv_copy(args, t->o->args);
		return;
	}
	strv_split(&words, t->z->bootargs ? t->z->bootargs : "", ' ');
	for (size_t i = 0; i < words.n; i++)
		if (words.items[i][0])
			strv_add(args, words.items[i]);
}

static void add_option(struct strv *args, const char *name, const char *value)
{
	if (str_empty(value))
		return;
	strv_add(args, name);
	strv_add(args, value);
}

static void fill_zone_init(const struct zone_translation *t, struct strv *args)
{
	const struct zone_service *service = t->z->service;

	strv_add(args, ZONE_INIT_PATH);
	if (t->o->single_user)
		strv_add(args, "--single");
	if (!service)
		return;
	add_option(args, "--user", service->user);
	add_option(args, "--cwd", service->cwd);
	add_option(args, "--restart", service->restart);
	if (signal_number(service->stop_signal) > 0) {
		strv_add(args, "--stop-signal");
		strv_format(args, "%d", signal_number(service->stop_signal));
	}
	strv_add(args, "--");
	strv_copy(args, &service->command);
	add_boot_arguments(t, args);
}

static void fill_args(const struct zone_translation *t, struct strv *args)
{
	const struct init_row *row = init_row(t->o->init_kind);

	if (!t->o->init) {
		fill_zone_init(t, args);
		return;
	}
	strv_add(args, t->o->init);
	if (t->o->single_user)
		strv_add(args, "single"); /* systemd, sysvinit and OpenRC alike */
	if (row && row->argument)
		strv_add(args, row->argument);
	add_boot_arguments(t, args);
}

static void fill_env(const struct zone_translation *t, struct strv *env)
{
	const struct zone_service *service = t->o->init ? NULL : t->z->service;
	struct strmap variables = { 0 };

	strv_add(env, PATH_VARIABLE);
	strv_add(env, "TERM=linux");
	strv_add(env, "container=zones");
	if (!str_empty(t->host->uuid))
		strv_format(env, "container_uuid=%s", t->host->uuid);
	strv_format(env, "ZONE=%s", t->z->zonename);
	if (!service)
		return;
	/* The service's own values replace ours: one variable must not stand twice. */
	for (size_t i = 0; i < env->n; i++) {
		auto_free char *name = mem_strndup(env->items[i], strcspn(env->items[i], "="));

		strmap_set(&variables, name, env->items[i] + strlen(name) + 1);
	}
	for (size_t i = 0; i < service->env.n; i++)
		strmap_set(&variables, service->env.items[i].key, service->env.items[i].value);
	strv_done(env);
	*env = (struct strv){ 0 };
	for (size_t i = 0; i < variables.n; i++)
		strv_format(env, "%s=%s", variables.items[i].key, variables.items[i].value);
	strmap_done(&variables);
}

/* A limit that holds beside what the file's "rlimit" says about the same resource. */
static void cap_rlimit(struct process_spec *p, const char *type, uint64_t value)
{
	struct rlimit_spec *r;

	for (size_t i = 0; i < p->n_rlimits; i++) {
		r = &p->rlimits[i];
		if (!str_eq(r->type, type))
			continue;
		r->soft = r->soft < value ? r->soft : value;
		r->hard = r->hard < value ? r->hard : value;
		return;
	}
	r = LIST_GROW(p->rlimits, p->n_rlimits);
	*r = (struct rlimit_spec){ mem_strdup(type), value, value };
}

void zone_fill_rlimits(const struct zone_spec *z, struct process_spec *p)
{
	for (size_t i = 0; i < z->n_rlimit; i++) {
		struct rlimit_spec *r = LIST_GROW(p->rlimits, p->n_rlimits);

		r->type = mem_format("RLIMIT_%s", z->rlimit[i].name);
		for (char *c = r->type; *c; c++)
			*c = (char)toupper((unsigned char)*c);
		r->soft = z->rlimit[i].soft;
		r->hard = z->rlimit[i].hard;
	}
	if (z->max_processes.set)
		cap_rlimit(p, "RLIMIT_NPROC", z->max_processes.value);
	if (z->capped_memory && z->capped_memory->locked.set)
		cap_rlimit(p, "RLIMIT_MEMLOCK", z->capped_memory->locked.value);
}

void zone_fill_scheduler(const struct zone_spec *z, struct process_spec *p)
{
	if (p->scheduler)
		free(p->scheduler->policy); /* of ours, it has nothing else */
	free(ptr_steal(&p->scheduler));
	if (!str_eq(z->scheduling_class, "batch"))
		return;
	p->scheduler = mem_zero(sizeof(*p->scheduler));
	p->scheduler->policy = mem_strdup("SCHED_BATCH");
}

/* No inheritable and no ambient ones: root gets its set from the bounding set at exec, everybody else gets nothing. */
static int fill_capabilities(const struct zone_translation *t, struct process_spec *p,
			     struct err *e)
{
	struct caps_spec *c = mem_zero(sizeof(*c));
	char why[200] = "";

	p->capabilities = c;
	if (zone_privileges(t->z->limitpriv, t->z->brand, &c->bounding, why, sizeof(why)) < 0)
		return err_set(e, EINVAL, "limitpriv: %s", why);
	if (zone_is_shared(t->z)) /* "all" asks for what the zone can have */
		zone_shared_ceiling(&c->bounding);
	strv_copy(&c->effective, &c->bounding);
	strv_copy(&c->permitted, &c->bounding);
	return 0;
}

int zone_fill_process(struct zone_translation *t, struct err *e)
{
	struct process_spec *p = process_spec_new();

	t->s->process = p;
	p->terminal = true;
	p->cwd = mem_strdup("/");
	p->user.umask = (struct opt_u64){ true, 022 };
	p->no_new_privileges = t->brand->no_new_privileges;
	fill_args(t, &p->args);
	fill_env(t, &p->env);
	p->apparmor_profile = mem_strdup(t->z->apparmor_profile);
	p->selinux_label = mem_strdup(t->z->selinux_label);
	zone_fill_rlimits(t->z, p);
	zone_fill_scheduler(t->z, p);
	return fill_capabilities(t, p, e);
}

int zone_shutdown_signal(const struct zone_spec *z, const char *init_kind)
{
	const struct init_row *row = init_row(init_kind);

	(void)z; /* service.stopSignal reaches the service through zone-init's own arguments */
	return row ? signal_number(row->signal) : OTHER_INIT_SIGNAL;
}
