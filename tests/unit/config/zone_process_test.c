#include <errno.h>
#include <stdlib.h>

#include "config/zone_to_oci.h"
#include "runtime/base/mem.h"
#include "tests/unit/test.h"

/* A translation of one small zone, to be changed by each test. */
struct fixture {
	struct zone_spec *z;
	struct zone_host host;
	struct zone_boot_options o;
	struct zone_translation t;
};

static void fixture_open(struct fixture *f, const char *brand)
{
	*f = (struct fixture){ .z = zone_spec_new(), .o = { .init_kind = "zone-init" } };
	f->z->zonename = mem_strdup("a");
	f->z->brand = mem_strdup(brand);
	f->t = (struct zone_translation){ f->z, &f->host, &f->o, zone_brand_find(brand),
					  container_spec_new() };
}

static void fixture_done(struct fixture *f)
{
	zone_spec_free(f->z);
	container_spec_free(f->t.s);
}

static char *joined(const struct strv *v)
{
	return strv_join(v, " ");
}

static void test_zone_init(void)
{
	auto_done(fixture) struct fixture f;
	auto_free char *args = NULL, *env = NULL;
	struct err e = { 0 };

	fixture_open(&f, "native");
	CHECK_INT(zone_fill_process(&f.t, &e), 0);
	args = joined(&f.t.s->process->args);
	env = joined(&f.t.s->process->env);
	CHECK_STR(args, "/dev/.zone/init");
	CHECK_STR(
		env,
		"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin TERM=linux container=zones ZONE=a");
	CHECK(f.t.s->process->no_new_privileges && f.t.s->process->n_rlimits == 0);
	CHECK(f.t.s->process->terminal && f.t.s->process->user.umask.value == 022);
}

static void test_service(void)
{
	auto_done(fixture) struct fixture f;
	auto_done(strv) struct strv more = { 0 };
	auto_free char *args = NULL;
	struct zone_service *service;
	struct err e = { 0 };

	fixture_open(&f, "native");
	service = f.z->service = mem_zero(sizeof(*service));
	strv_add(&service->command, "run");
	service->user = mem_strdup("www:adm");
	service->stop_signal = mem_strdup("SIGQUIT");
	strmap_set(&service->env, "PATH", "/mine");
	strv_add(&more, "extra");
	f.o.args = &more;
	f.o.single_user = true;
	CHECK_INT(zone_fill_process(&f.t, &e), 0);
	args = joined(&f.t.s->process->args);
	CHECK_STR(args, "/dev/.zone/init --single --user www:adm --stop-signal 3 -- run extra");
	CHECK_STR(f.t.s->process->env.items[0], "PATH=/mine");
	CHECK_INT(f.t.s->process->env.n, 4);
}

static void test_own_init(void)
{
	auto_done(fixture) struct fixture f;
	auto_done(strv) struct strv more = { 0 };
	auto_free char *args = NULL, *again = NULL;
	struct err e = { 0 };

	fixture_open(&f, "linux");
	f.o = (struct zone_boot_options){ .init = "/sbin/init", .init_kind = "systemd" };
	f.z->bootargs = mem_strdup(" one  two ");
	CHECK_INT(zone_fill_process(&f.t, &e), 0);
	args = joined(&f.t.s->process->args);
	CHECK_STR(args, "/sbin/init systemd.mask=proc-sys-fs-binfmt_misc.automount one two");
	CHECK(!f.t.s->process->no_new_privileges);
	process_spec_free(f.t.s->process);
	f.t.s->process = NULL;
	strv_add(&more, "three");
	f.o = (struct zone_boot_options){
		.init = "/sbin/init", .init_kind = "other", .single_user = true, .args = &more
	};
	CHECK_INT(zone_fill_process(&f.t, &e), 0);
	again = joined(&f.t.s->process->args);
	CHECK_STR(again, "/sbin/init single three");
}

static const struct rlimit_spec *limit(const struct process_spec *p, const char *type)
{
	for (size_t i = 0; i < p->n_rlimits; i++)
		if (strcmp(p->rlimits[i].type, type) == 0)
			return &p->rlimits[i];
	return NULL;
}

/* The smaller one of two promises holds, and no resource is listed twice. */
static void test_rlimits(void)
{
	auto_done(fixture) struct fixture f;
	struct zone_rlimit *r;
	const struct rlimit_spec *nproc, *locked, *nofile;
	struct err e = { 0 };

	fixture_open(&f, "native");
	r = LIST_GROW(f.z->rlimit, f.z->n_rlimit);
	*r = (struct zone_rlimit){ mem_strdup("nproc"), 10, 1000 };
	r = LIST_GROW(f.z->rlimit, f.z->n_rlimit);
	*r = (struct zone_rlimit){ mem_strdup("nofile"), 5, UINT64_MAX };
	f.z->max_processes = (struct opt_u64){ true, 100 };
	f.z->capped_memory = mem_zero(sizeof(*f.z->capped_memory));
	f.z->capped_memory->locked = (struct opt_u64){ true, 4096 };
	CHECK_INT(zone_fill_process(&f.t, &e), 0);
	nproc = limit(f.t.s->process, "RLIMIT_NPROC");
	locked = limit(f.t.s->process, "RLIMIT_MEMLOCK");
	nofile = limit(f.t.s->process, "RLIMIT_NOFILE");
	CHECK_INT(f.t.s->process->n_rlimits, 3);
	CHECK(nproc && nproc->soft == 10 && nproc->hard == 100);
	CHECK(locked && locked->soft == 4096 && locked->hard == 4096);
	CHECK(nofile && nofile->soft == 5 && nofile->hard == UINT64_MAX);
}

static void test_privileges(void)
{
	auto_done(fixture) struct fixture f;
	const struct caps_spec *c;
	struct err e = { 0 };

	fixture_open(&f, "linux");
	f.z->limitpriv = mem_strdup("none,chown,CAP_KILL");
	CHECK_INT(zone_fill_process(&f.t, &e), 0);
	c = f.t.s->process->capabilities;
	CHECK(c->bounding.n == 2 && strv_has(&c->bounding, "CAP_CHOWN"));
	CHECK(c->effective.n == 2 && c->permitted.n == 2);
	CHECK(c->inheritable.n == 0 && c->ambient.n == 0);
	process_spec_free(f.t.s->process);
	f.t.s->process = NULL;
	free(f.z->limitpriv);
	f.z->limitpriv = mem_strdup("sys_time");
	CHECK_INT(zone_fill_process(&f.t, &e), -EINVAL);
	CHECK(strstr(e.text, "limitpriv: ") && strstr(e.text, "sys_time"));
}

int main(void)
{
	test_zone_init();
	test_service();
	test_own_init();
	test_rlimits();
	test_privileges();
	return test_done();
}
