#include "config/oci_check.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/mount_opts.h"
#include "config/names.h"
#include "config/oci.h"
#include "config/oci_check_at.h"

/* The idea: rules that compare two values, each a few lines that name the value at fault. Values that a table could judge alone (oci_*.c) are not looked at
 * again. linux.* is in oci_check_linux.c. */

/* --- places --- */

void oci_at(struct oci_place *c, const char *fmt, ...)
{
	char text[512];
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(text, sizeof(text), fmt,
			args); /* names are cut rather than refused in messages */
	va_end(args);
	strbuf_clear(&c->path);
	strbuf_add(&c->path, c->prefix);
	strbuf_add(&c->path, text);
}

/* The member of `j` that the path begins with. Names may contain dots themselves ("unified.memory.high"), so the longest one wins. */
static const struct json *longest_member(const struct json *j, const char *path)
{
	const struct json *best = NULL;
	size_t best_len = 0;

	for (size_t i = 0; i < j->n; i++) {
		const char *rest = str_after(path, j->items[i]->key);
		size_t len = strlen(j->items[i]->key);

		if (!rest || len == 0 || len <= best_len || (*rest && *rest != '.' && *rest != '['))
			continue;
		best = j->items[i];
		best_len = len;
	}
	return best;
}

/* The value at a path, or the nearest one around it. */
static const struct json *locate(const struct json *j, const char *path)
{
	while (j && *path) {
		const struct json *next = NULL;

		if (*path == '.')
			path++;
		if (*path == '[' && j->type == JSON_ARRAY) {
			size_t i = 0;

			for (path++; *path >= '0' && *path <= '9'; path++)
				i = i * 10 + (size_t)(*path - '0');
			path += *path == ']';
			next = i < j->n ? j->items[i] : NULL;
		} else if (j->type == JSON_OBJECT) {
			next = longest_member(j, path);
			path += next ? strlen(next->key) : 0;
		}
		if (!next)
			break;
		j = next;
	}
	return j;
}

void oci_fail(struct oci_place *c, const char *code, const char *fmt, ...)
{
	const struct json *j = locate(c->root, strbuf_text(&c->path));
	char text[512];
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	for (char *p = text; *p; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			*p = '?';
	c->errors++;
	if (c->diags)
		diag_add(c->diags, DIAG_AT(j ? j->line : 0, j ? j->column : 0),
			 strbuf_text(&c->path), code, NULL, "%s", text);
}

int oci_verdict(struct oci_place *c)
{
	strbuf_done(&c->path);
	return c->errors ? -EINVAL : 0;
}

/* --- process --- */

static void check_rlimits(struct oci_place *c, const struct process_spec *p)
{
	for (size_t i = 0; i < p->n_rlimits; i++) {
		const struct rlimit_spec *r = &p->rlimits[i];

		if (r->soft > r->hard) {
			oci_at(c, "rlimits[%zu].soft", i);
			oci_fail(c, "range", "the soft limit is larger than the hard limit");
		}
		for (size_t k = 0; k < i; k++) {
			if (!str_eq(p->rlimits[k].type, r->type))
				continue;
			oci_at(c, "rlimits[%zu].type", i);
			oci_fail(c, "duplicate", "\"%s\" is listed twice", r->type);
			break;
		}
	}
}

static bool is_set(const struct opt_u64 *v)
{
	return v->set && v->value != 0;
}

/* sched_setattr(2) would refuse these without saying which value it was. */
static void check_scheduler(struct oci_place *c, const struct scheduler_spec *s)
{
	bool is_realtime = str_eq(s->policy, "SCHED_FIFO") || str_eq(s->policy, "SCHED_RR");
	bool is_deadline = str_eq(s->policy, "SCHED_DEADLINE");

	if (!is_realtime && s->priority.set && s->priority.value != 0) {
		oci_at(c, "scheduler.priority");
		oci_fail(c, "conflict", "only SCHED_FIFO and SCHED_RR have a priority");
	}
	if (is_realtime && (!s->priority.set || s->priority.value < 1)) {
		oci_at(c, "scheduler.priority");
		oci_fail(c, "missing", "%s needs a priority from 1 to 99", s->policy);
	}
	if (!is_deadline && (is_set(&s->runtime) || is_set(&s->deadline) || is_set(&s->period))) {
		oci_at(c, "scheduler");
		oci_fail(c, "conflict", "only SCHED_DEADLINE has runtime, deadline and period");
	}
}

/* getenv(3) never finds a variable without a name, and what has no "=" is none: refused as runc does, before a program stumbles over it. */
static void check_environment(struct oci_place *c, const struct process_spec *p)
{
	for (size_t i = 0; i < p->env.n; i++) {
		const char *equals = strchr(p->env.items[i], '=');

		if (equals && equals != p->env.items[i])
			continue;
		oci_at(c, "env[%zu]", i);
		oci_fail(c, "value", "\"%.200s\" is not of the form NAME=VALUE", p->env.items[i]);
	}
}

static void check_process(struct oci_place *c, const struct process_spec *p)
{
	if (p->args.n == 0 || !p->args.items[0][0]) {
		oci_at(c, "args");
		oci_fail(c, "missing", "must not be empty");
	}
	if (!p->cwd || p->cwd[0] != '/') {
		oci_at(c, "cwd");
		oci_fail(c, "value", "must be an absolute path");
	}
	check_environment(c, p);
	check_rlimits(c, p);
	if (p->scheduler)
		check_scheduler(c, p->scheduler);
}

int oci_check_process(const struct process_spec *p, const struct json *root,
		      struct diag_list *diags)
{
	struct oci_place c = { .diags = diags, .root = root, .prefix = "" };

	check_process(&c, p);
	return oci_verdict(&c);
}

/* --- resources --- */

static void check_memory(struct oci_place *c, const struct memory_spec *m)
{
	/* swap is memory + swap, so it cannot be below memory; 0 and -1 are "none" and "unlimited" */
	if (m->limit.set && m->swap.set && m->swap.value > 0 && m->limit.value > m->swap.value) {
		oci_at(c, "memory.swap");
		oci_fail(c, "range", "memory+swap is smaller than the memory limit");
	}
	if (m->limit.set && m->limit.value < 0 && m->swap.set && m->swap.value > 0) {
		oci_at(c, "memory.swap");
		oci_fail(c, "conflict", "memory+swap cannot be limited while memory is unlimited");
	}
}

static void check_cpu(struct oci_place *c, const struct cpu_spec *cpu)
{
	if (cpu->idle.set && cpu->idle.value && cpu->shares.set && cpu->shares.value) {
		oci_at(c, "cpu.idle");
		oci_fail(c, "conflict", "an idle group has no shares");
	}
	if (cpu->burst.set && cpu->quota.set && cpu->quota.value > 0 &&
	    cpu->burst.value > (uint64_t)cpu->quota.value) {
		oci_at(c, "cpu.burst");
		oci_fail(c, "range", "the burst is larger than the quota");
	}
}

static void check_hugepages(struct oci_place *c, const struct resources_spec *r)
{
	for (size_t i = 0; i < r->n_hugepages; i++)
		for (size_t k = 0; k < i; k++) {
			if (!str_eq(r->hugepages[i].page_size, r->hugepages[k].page_size))
				continue;
			oci_at(c, "hugepageLimits[%zu].pageSize", i);
			oci_fail(c, "duplicate", "\"%s\" is listed twice",
				 r->hugepages[i].page_size);
			break;
		}
}

static void check_resources(struct oci_place *c, const struct resources_spec *r)
{
	if (r->memory)
		check_memory(c, r->memory);
	if (r->cpu)
		check_cpu(c, r->cpu);
	check_hugepages(c, r);
	for (size_t i = 0; i < r->n_rdma; i++) {
		oci_at(c, "rdma.%s", r->rdma[i].device);
		if (!r->rdma[i].hca_handles.set && !r->rdma[i].hca_objects.set)
			oci_fail(c, "missing", "needs hcaHandles or hcaObjects");
	}
}

int oci_check_resources(const struct resources_spec *r, const struct json *root,
			struct diag_list *diags)
{
	struct oci_place c = { .diags = diags, .root = root, .prefix = "" };

	check_resources(&c, r);
	return oci_verdict(&c);
}

/* --- mounts --- */

static void check_mount(struct oci_place *c, const struct container_spec *s, size_t i)
{
	auto_done(mount_opts) struct mount_opts o = { 0 };
	const struct mount_spec *m = &s->mounts[i];
	bool has_maps = m->n_uid_mappings > 0;
	char name[64];

	mount_opts_parse(&m->options, &o);
	if (has_maps != (m->n_gid_mappings > 0)) {
		oci_at(c, "mounts[%zu].%s", i, has_maps ? "gidMappings" : "uidMappings");
		oci_fail(c, "missing", "uidMappings and gidMappings come together");
	}
	(void)snprintf(name, sizeof(name), "mounts[%zu].uidMappings", i);
	oci_check_id_maps(c, name, m->uid_mappings, m->n_uid_mappings);
	(void)snprintf(name, sizeof(name), "mounts[%zu].gidMappings", i);
	oci_check_id_maps(c, name, m->gid_mappings, m->n_gid_mappings);

	oci_at(c, "mounts[%zu].options", i);
	if ((o.idmap || o.ridmap) && !has_maps && !s->linux.namespaces[NS_USER].wanted)
		oci_fail(c, "conflict",
			 "idmap needs uidMappings and gidMappings, or a user namespace");
	/* On a bind mount these would change the options of the host's file system. */
	if (o.bind && !o.remount && o.data.len)
		oci_fail(c, "value", "\"%s\" is not an option of a bind mount",
			 strbuf_text(&o.data));
	if (o.bind && !o.remount && str_empty(m->source)) {
		oci_at(c, "mounts[%zu].source", i);
		oci_fail(c, "missing", "a bind mount needs a source");
	}
}

/* --- the whole --- */

static void check_names(struct oci_place *c, const struct container_spec *s)
{
	if (s->linux.namespaces[NS_UTS].wanted)
		return;
	if (!str_empty(s->hostname)) {
		oci_at(c, "hostname");
		oci_fail(c, "conflict", "needs a uts namespace");
	}
	if (!str_empty(s->domainname)) {
		oci_at(c, "domainname");
		oci_fail(c, "conflict", "needs a uts namespace");
	}
}

int oci_check(const struct container_spec *s, const struct json *root, struct diag_list *diags)
{
	struct oci_place c = { .diags = diags, .root = root, .prefix = "" };

	check_names(&c, s);
	for (size_t i = 0; i < s->n_mounts; i++)
		check_mount(&c, s, i);
	if (s->process) {
		c.prefix = "process.";
		check_process(&c, s->process);
	}
	c.prefix = "linux.";
	oci_check_linux(&c, &s->linux);
	if (s->linux.resources) {
		c.prefix = "linux.resources.";
		check_resources(&c, s->linux.resources);
	}
	return oci_verdict(&c);
}
