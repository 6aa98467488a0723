/* cpus - dedicated CPUs and pools while zones come and go.
 *
 * On cgroup v1 (and beside it) this is what keeps zones apart: who has no CPUs of its own is given all but the dedicated ones, again whenever one comes or goes. The host's own programs stay where they
 * are. cpuset.cpu_exclusive is not used: set on a folder beside other programs' cpusets it would make the kernel refuse theirs. On cgroup v2 the zone's cpuset is a partition as well, and
 * the kernel takes the CPUs from everybody, the host included.
 *
 * All of it happens under one lock, RUN/.locks/.cpus. A zone without CPUs of its own takes it only when somebody has some. It looks before its container is made, and again after: between the two it
 * cannot be found by whoever comes meanwhile. */
#include "runtime/zone/cpus.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/base/mem.h"
#include "runtime/base/sys.h"
#include "runtime/engine/engine.h"
#include "runtime/zone/zone.h"

enum { HELD_MAX = 64 << 10, LOCK_MS = 20000 };

/* --- files -------------------------------------------------------------------------------------------------------- */

static char *held_dir(const struct zone_dirs *d)
{
	return mem_format("%s/.cpus", d->run);
}

static char *held_file(const struct zone_dirs *d, const char *name)
{
	return mem_format("%s/.cpus/%s", d->run, name);
}

static bool is_alive(const struct zone_dirs *d, const char *name)
{
	auto_ptr(zone) struct zone *z = NULL;
	struct err ignored = { 0 };

	return zone_open(d, name, 0, &z, &ignored) == 0 && (z->monitor_alive || z->init_alive);
}

static bool held_read(const struct zone_dirs *d, const char *name, struct cpu_holder *ret)
{
	auto_free char *path = held_file(d, name);
	auto_free char *text = NULL;
	struct err ignored = { 0 };
	char *list;

	if (file_read_all(AT_FDCWD, path, HELD_MAX, &text, NULL, &ignored) < 0)
		return false;
	list = strchr(text, ' ');
	if (!list)
		return false;
	*list++ = '\0';
	ret->dedicated = str_eq(text, "dedicated");
	return cpu_list_parse(list, &ret->cpus, &ignored) == 0;
}

/* Everybody but `self`. With the lock what the dead have left is taken away. */
static int holders_read(const struct zone_dirs *d, const char *self, bool locked,
			struct cpu_holders *ret, struct err *e)
{
	auto_free char *dir = held_dir(d);
	auto_free char *all = NULL;
	int r = cgroup_host_cpus(&all, e);
	DIR *stream;

	if (r == 0)
		r = cpu_list_parse(all, &ret->all, e);
	if (r < 0)
		return r;
	stream = opendir(dir);
	if (!stream)
		return errno == ENOENT ? 0 : err_sys(e, "open the directory \"%s\"", dir);
	for (const struct dirent *entry = readdir(stream); entry; entry = readdir(stream)) {
		if (!zone_name_ok(entry->d_name, NULL) || str_eq(entry->d_name, self))
			continue;
		if (is_alive(d, entry->d_name)) {
			struct cpu_holder *one = LIST_GROW(ret->items, ret->n);

			if (held_read(d, entry->d_name, one))
				one->zone = mem_strdup(entry->d_name);
			else
				ret->n--;
		} else if (locked) {
			(void)unlinkat(dirfd(stream), entry->d_name, 0); /* it counts for nothing */
		}
	}
	(void)closedir(stream);
	return 0;
}

/* The quick look of who wants nothing. */
static bool anybody_holds(const struct zone_dirs *d)
{
	auto_free char *dir = held_dir(d);
	DIR *stream = opendir(dir);
	bool found = false;

	if (!stream)
		return false;
	for (const struct dirent *entry = readdir(stream); entry && !found; entry = readdir(stream))
		found = entry->d_name[0] != '.';
	(void)closedir(stream);
	return found;
}

static int held_write(const struct zone_dirs *d, const char *name, bool dedicated,
		      const struct cpu_list *cpus, struct err *e)
{
	auto_free char *dir = held_dir(d);
	auto_free char *path = held_file(d, name);
	auto_free char *list = cpu_list_text(cpus);
	auto_free char *text = mem_format("%s %s", dedicated ? "dedicated" : "pool", list);
	int r = file_mkdir_p(AT_FDCWD, dir, 0700, e);

	return r < 0 ? r : file_replace(AT_FDCWD, path, text, strlen(text), 0600, e);
}

static int held_remove(const struct zone_dirs *d, const char *name, struct err *e)
{
	auto_free char *path = held_file(d, name);

	if (sys_unlinkat(AT_FDCWD, path, 0) < 0 && errno != ENOENT)
		return err_sys(e, "remove \"%s\"", path);
	return 0;
}

static int cpus_lock(const struct zone_dirs *d, int *ret, struct err *e)
{
	auto_free char *path = mem_format("%s/.locks/.cpus", d->run);

	return file_lock(AT_FDCWD, path, true, LOCK_MS, ret, e);
}

/* --- decisions ---------------------------------------------------------------------------------------------------- */

/* Of a pool what others have not been given. */
static int pool_rest(const struct zone_dirs *d, const struct cpu_holders *h, const char *pool,
		     struct cpu_list *ret, struct err *e)
{
	auto_free struct cpu_list *rest = mem_zero(sizeof(*rest));
	int r = pool_cpus(d, pool, ret, e);

	if (r < 0)
		return r;
	cpu_holders_rest(h, rest);
	auto_free char *had = cpu_list_text(ret);

	cpu_list_keep(ret, rest);
	if (cpu_list_count(ret) > 0)
		return 0;
	auto_free char *all = cpu_list_text(rest);

	return err_set(e, EBUSY,
		       "pool \"%s\" is %s, and none of it is among the host's shared CPUs, %s",
		       pool, had, all);
}

static int choose(const struct zone_dirs *d, const struct cpu_holders *h, const struct zone_spec *z,
		  struct cpu_list *ret, struct err *e)
{
	int r = z->dedicated_cpu ? cpu_holders_choose(h, z->dedicated_cpu->ncpus, ret, e)
		: z->pool        ? pool_rest(d, h, z->pool, ret, e)
				 : 0;

	if (r < 0)
		return err_wrap(e, z->dedicated_cpu ? "dedicatedCPU.ncpus" : "pool");
	if (!z->dedicated_cpu && !z->pool)
		cpu_holders_rest(h, ret);
	return 0;
}

int cpus_check(const struct zone_dirs *d, const char *name, const struct zone_spec *z,
	       struct err *e)
{
	auto_free struct cpu_holders *h = mem_zero(sizeof(*h));
	auto_free struct cpu_list *cpus = mem_zero(sizeof(*cpus));

	if (!z->dedicated_cpu && !z->pool)
		return 0;
	int r = holders_read(d, name, false, h, e);

	if (r == 0)
		r = z->dedicated_cpu ? cpu_holders_choose(h, z->dedicated_cpu->ncpus, cpus, e)
				     : pool_rest(d, h, z->pool, cpus, e);
	cpu_holders_done(h);
	return r;
}

/* --- moving the others -------------------------------------------------------------------------------------------- */

static int update_one(const struct zone_dirs *d, const char *name, const struct resources_spec *r,
		      struct err *e)
{
	auto_free char *root = mem_format("%s/.engine", d->run);
	struct engine_container *c = NULL;
	struct err why = { 0 };
	int rc = engine_open(root, name, false, &c, &why);

	if (rc < 0)
		return 0; /* not there (yet): it looks for itself */
	if (engine_status(c) != ENGINE_CREATING && engine_status(c) != ENGINE_STOPPED)
		rc = engine_update(c, r, &why);
	if (rc < 0 && engine_status(c) == ENGINE_STOPPED)
		rc = 0; /* it has ended meanwhile */
	engine_free(c);
	if (rc < 0)
		*e = why;
	return rc;
}

static int move_one(const struct zone_dirs *d, const char *name, const struct cpu_list *cpus,
		    struct err *e)
{
	auto_free char *list = cpu_list_text(cpus);
	struct cpu_spec cpu = { .cpus = list };
	struct resources_spec r = { .cpu = &cpu };
	int rc = update_one(d, name, &r, e);

	return rc < 0 ? err_wrap(e, "move zone \"%s\" to the CPUs %s", name, list) : 0;
}

/* Give everybody without dedicated CPUs what it may have now. All of them, whatever goes wrong with one; the first error counts. */
static int move_all(const struct zone_dirs *d, const struct cpu_holders *h, struct err *e)
{
	auto_free struct cpu_list *rest = mem_zero(sizeof(*rest));
	auto_done(strv) struct strv names = { 0 };
	int result = zone_names(d, &names, e);

	cpu_holders_rest(h, rest);
	for (size_t i = 0; i < names.n; i++) {
		const struct cpu_list *cpus = rest;
		struct err why = { 0 };
		bool own = false;

		for (size_t k = 0; k < h->n; k++)
			own = own || str_eq(h->items[k].zone, names.items[i]);
		if (own || move_one(d, names.items[i], cpus, &why) == 0 || result < 0)
			continue;
		*e = why;
		result = -why.code;
	}
	return result;
}

/* With the lock: read everything anew, and move everybody. */
static int move_now(const struct zone_dirs *d, struct err *e)
{
	auto_free struct cpu_holders *h = mem_zero(sizeof(*h));
	int r = holders_read(d, "", true, h, e);

	if (r == 0)
		r = move_all(d, h, e);
	cpu_holders_done(h);
	return r;
}

/* --- a zone comes and goes ---------------------------------------------------------------------------------------- */

static void limit_to(struct container_spec *s, const struct zone_spec *z,
		     const struct cpu_list *cpus)
{
	struct resources_spec *r = s->linux.resources;

	if (!r->cpu)
		r->cpu = mem_zero(sizeof(*r->cpu));
	free(r->cpu->cpus);
	r->cpu->cpus = cpu_list_text(cpus);
	if (z->dedicated_cpu && cgroup_host_mode() == CGROUP_MODE_V2)
		strmap_set(&r->unified, "cpuset.cpus.partition", "root");
}

static int take_locked(const struct zone_dirs *d, const char *name, const struct zone_spec *z,
		       struct cpu_list *ret, struct err *e)
{
	auto_free struct cpu_holders *h = mem_zero(sizeof(*h));
	bool own = z->dedicated_cpu || z->pool;
	struct err ignored = { 0 };
	int r = holders_read(d, name, true, h, e);

	if (r == 0)
		r = choose(d, h, z, ret, e);
	cpu_holders_done(h);
	if (r == 0)
		r = own ? held_write(d, name, z->dedicated_cpu != NULL, ret, e)
			: held_remove(d, name, e);
	if (r < 0 || !z->dedicated_cpu)
		return r;
	r = move_now(d, e);
	if (r < 0) {
		(void)!held_remove(d, name, &ignored); /* the first sentence matters */
		(void)!move_now(d, &ignored);
	}
	return r;
}

int zone_cpus_take(const struct zone_dirs *d, const char *name, const struct zone_spec *z,
		   struct container_spec *s, struct err *e)
{
	auto_free struct cpu_list *cpus = mem_zero(sizeof(*cpus));
	auto_close int lock = -1;
	int r;

	if (!z->dedicated_cpu && !z->pool && !anybody_holds(d))
		return 0;
	r = cpus_lock(d, &lock, e);
	if (r == 0)
		r = take_locked(d, name, z, cpus, e);
	if (r == 0)
		limit_to(s, z, cpus);
	return r;
}

int zone_cpus_settle(const struct zone_dirs *d, struct err *e)
{
	auto_close int lock = -1;
	int r = anybody_holds(d) ? cpus_lock(d, &lock, e) : 0;

	return r < 0 || lock < 0 ? r : move_now(d, e);
}

int zone_cpus_release(const struct zone_dirs *d, const char *name, struct err *e)
{
	auto_free char *path = held_file(d, name);
	auto_close int lock = -1;
	int r;

	if (!file_exists(AT_FDCWD, path))
		return 0;
	r = cpus_lock(d, &lock, e);
	if (r == 0)
		r = held_remove(d, name, e);
	return r < 0 ? r : move_now(d, e);
}

/* --- a running zone is changed ---------------------------------------------------------------------------------------- */

struct claims {
	const struct zone_dirs *d;
	const char *name;
	struct cpu_claim old, next;
	struct cpu_list rest; /* where who claims nothing runs, while `next` holds */
};

static int note_claim(const struct claims *c, const struct cpu_claim *is, struct err *e)
{
	return cpu_list_count(&is->cpus) > 0
		       ? held_write(c->d, c->name, is->dedicated, &is->cpus, e)
		       : held_remove(c->d, c->name, e);
}

/* On cgroup v2 it becomes a partition behind its CPUs, and is none any more before them. Being one twice is nothing new. */
static int partition(const struct claims *c, const char *what, const struct cpu_list *cpus,
		     struct err *e)
{
	auto_free char *list = cpus ? cpu_list_text(cpus) : NULL;
	struct cpu_spec cpu = { .cpus = list };
	struct resources_spec r = { .cpu = cpus ? &cpu : NULL };
	int error;

	if (cgroup_host_mode() == CGROUP_MODE_V2)
		strmap_set(&r.unified, "cpuset.cpus.partition", what);
	error = update_one(c->d, c->name, &r, e);
	strmap_done(&r.unified);
	return error;
}

static int move_self(const struct claims *c, const struct cpu_claim *from,
		     const struct cpu_claim *to, struct err *e)
{
	const struct cpu_list *cpus = cpu_list_count(&to->cpus) > 0 ? &to->cpus : &c->rest;
	bool is_v2 = cgroup_host_mode() == CGROUP_MODE_V2;
	int r = 0;

	if (to->dedicated)
		return partition(c, "root", cpus, e);
	if (from->dedicated && is_v2)
		r = partition(c, "member", NULL, e);
	return r < 0 ? r : move_one(c->d, c->name, cpus, e);
}

/* Its file first says all that it has now and will have, then the others leave, it moves, and they get what it has left. So at no moment two have the same CPU, whenever we are killed. */
static int claim_steps(struct claims *c, const struct cpu_claim *from, const struct cpu_claim *to,
		       struct err *e)
{
	auto_free struct cpu_claim *both = mem_dup(to->dedicated ? to : from, sizeof(*to));
	int r = 0;

	if (to->dedicated && from->dedicated)
		cpu_list_add(&both->cpus, &from->cpus);
	if (!to->dedicated && !from->dedicated)
		*both = *to;
	r = note_claim(c, both, e);
	if (r == 0 && to->dedicated)
		r = move_now(c->d, e);
	if (r == 0)
		r = move_self(c, from, to, e);
	if (r == 0 && (from->dedicated || to->dedicated))
		r = note_claim(c, to, e);
	if (r == 0 && from->dedicated)
		r = move_now(c->d, e);
	return r;
}

static int claim_change(struct claims *c, struct err *e)
{
	struct err why = { 0 };
	int r = claim_steps(c, &c->old, &c->next, e);

	if (r == 0)
		return 0;
	if (claim_steps(c, &c->next, &c->old, &why) == 0)
		return r;
	return err_set(e, ENOTRECOVERABLE, "%.200s, and it could not be set back: %.150s", e->text,
		       why.text);
}

static bool is_free(const struct cpu_holders *h, const struct cpu_claim *wish)
{
	auto_free struct cpu_list *shared = mem_dup(&wish->cpus, sizeof(*shared));
	auto_free struct cpu_list *rest = mem_zero(sizeof(*rest));

	cpu_holders_rest(h, rest);
	for (size_t i = 0; wish->dedicated && i < h->n; i++)
		cpu_list_remove(rest, &h->items[i].cpus);
	cpu_list_keep(shared, rest);
	return cpu_list_count(shared) == cpu_list_count(&wish->cpus);
}

static int claims_find(struct claims *c, const struct zone_spec *z, const struct cpu_claim *wish,
		       struct err *e)
{
	auto_free struct cpu_holders *h = mem_zero(sizeof(*h));
	auto_free struct cpu_holder *had = mem_zero(sizeof(*had));
	int r = holders_read(c->d, c->name, true, h, e);

	if (held_read(c->d, c->name, had))
		c->old = (struct cpu_claim){ had->dedicated, had->cpus };
	c->next.dedicated = z->dedicated_cpu != NULL;
	if (r == 0 && wish && wish->dedicated == c->next.dedicated && is_free(h, wish))
		c->next.cpus = wish->cpus;
	else if (r == 0)
		r = choose(c->d, h, z, &c->next.cpus, e);
	if (!z->dedicated_cpu && !z->pool)
		c->next.cpus = (struct cpu_list){ 0 };
	cpu_holders_rest(h, &c->rest);
	cpu_holders_done(h);
	return r;
}

int cpus_change(const struct zone_dirs *d, const char *name, const struct zone_spec *z,
		const struct cpu_claim *wish, struct cpu_claim **ret_old, struct err *e)
{
	auto_free struct claims *c = mem_zero(sizeof(*c));
	auto_close int lock = -1;
	int r = cpus_lock(d, &lock, e);

	c->d = d;
	c->name = name;
	if (r == 0)
		r = claims_find(c, z, wish, e);
	if (r == 0)
		r = claim_change(c, e);
	if (r == 0 && ret_old)
		*ret_old = mem_dup(&c->old, sizeof(c->old));
	return r;
}
