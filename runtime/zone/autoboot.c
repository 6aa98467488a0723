/* autoboot - many zones at the host's start and at its end: the order is that of boot_order.c, and each zone is booted or ended by a process of its own, so that several are on their way at once. What
 * went wrong comes back as an error value. */
#include <errno.h>
#include <linux/sched.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/mem.h"
#include "runtime/base/proc.h"
#include "runtime/base/sock.h"
#include "runtime/base/sys.h"
#include "runtime/zone/boot_order.h"
#include "runtime/zone/zone.h"

enum { BOOTS_MAX = 8, ENDS_MAX = 32 }; /* at once: a boot is work, an end is mostly waiting */

struct crowd {
	const struct zone_dirs *d;
	int (*run)(const struct zone_dirs *d, const char *name, struct err *e);
	zone_failed_fn failed;
	void *arg;
	struct boot_order order;
	size_t most;
	size_t n; /* of the next four that are busy */
	struct pollfd lines[ENDS_MAX];
	pid_t pids[ENDS_MAX];
	size_t items[ENDS_MAX];
	int n_failed;
};

/* --- one zone --------------------------------------------------------------------------------------------------------- */

static int boot_one(const struct zone_dirs *d, const char *name, struct err *e)
{
	const struct zone_boot o = { 0 };
	auto_free char *note = NULL;

	return zone_boot(d, name, &o, &note, e);
}

static int end_one(const struct zone_dirs *d, const char *name, struct err *e)
{
	auto_ptr(zone) struct zone *z = NULL;
	auto_free char *note = NULL;
	struct err ignored = { 0 };
	bool halts = zone_open_for(d, name, 0, &z, &ignored) == 0 && z->spec &&
		     str_eq(z->spec->autoshutdown, "halt");

	zone_free(ptr_steal(&z)); /* it may have the lock of what it repaired */
	return halts ? zone_halt(d, name, &note, e) : zone_shutdown(d, name, false, 0, &note, e);
}

/* Never returns. */
static _Noreturn void child(const struct crowd *c, const char *name, int line)
{
	struct err why = { 0 }, ignored = { 0 };
	struct sock_msg m = { .data = &why, .size = sizeof(why) };

	int r = c->run(c->d, name, &why);

	if (r < 0)
		(void)!sock_send(line, &m, &ignored); /* the end of the line tells as well */
	proc_exit(r < 0 ? 1 : 0);
}

static void fails(struct crowd *c, size_t i, const struct err *why)
{
	struct err named = *why;

	c->order.items[i].state = ORDER_FAILED;
	c->n_failed++;
	(void)err_wrap(&named, "zone \"%s\"", c->order.items[i].name);
	c->failed(&named, c->arg);
}

static int begin(struct crowd *c, size_t i, struct err *e)
{
	struct clone_args args = { .exit_signal = SIGCHLD };
	int pair[2], r = sock_pair(pair, e);
	pid_t pid;

	if (r < 0)
		return r;
	pid = sys_clone3(&args, sizeof(args));
	if (pid == 0) {
		(void)close(pair[0]);
		child(c, c->order.items[i].name, pair[1]);
	}
	r = pid < 0 ? err_sys(e, "start a process") : 0;
	(void)close(pair[1]);
	if (r < 0) {
		(void)close(pair[0]);
		return r;
	}
	c->lines[c->n] = (struct pollfd){ .fd = pair[0], .events = POLLIN };
	c->pids[c->n] = pid;
	c->items[c->n++] = i;
	return 0;
}

static void end(struct crowd *c, size_t k)
{
	struct err why = { 0 }, ignored = { 0 };
	struct sock_msg m = { .data = &why, .size = sizeof(why) };
	int told = sock_recv(c->lines[k].fd, &m, &ignored);
	int code = proc_wait(c->pids[k], &ignored);
	size_t i = c->items[k];

	(void)close(c->lines[k].fd);
	c->n--;
	c->lines[k] = c->lines[c->n];
	c->pids[k] = c->pids[c->n];
	c->items[k] = c->items[c->n];
	if (told > 0 && m.size == sizeof(why) && why.code)
		err_sanitize(&why);
	else if (code != 0)
		(void)err_set(&why, ECHILD, "the process that saw to it was killed");
	if (why.code)
		fails(c, i, &why);
	else
		c->order.items[i].state = ORDER_DONE;
}

/* --- all of them ------------------------------------------------------------------------------------------------------ */

static void begin_all(struct crowd *c)
{
	size_t i;

	while (c->n < c->most && (i = boot_order_next(&c->order)) != SIZE_MAX) {
		struct err why = { 0 };

		if (begin(c, i, &why) < 0)
			fails(c, i, &why);
	}
}

static void tell_left_out(struct crowd *c)
{
	for (size_t i = 0; i < c->order.n; i++) {
		const struct order_item *one = &c->order.items[i];
		struct err why = { 0 };

		if (one->state != ORDER_FAILED || !one->why)
			continue;
		(void)err_set(&why, EBUSY, "dependency: %.300s", one->why);
		fails(c, i, &why);
	}
}

static int run_all(struct crowd *c, struct err *e)
{
	int r = 0;

	boot_order_settle(&c->order);
	for (begin_all(c); c->n > 0 && r == 0; begin_all(c)) {
		if (poll(c->lines, c->n, -1) < 0 && errno != EINTR)
			r = err_sys(e, "wait for zones");
		for (size_t k = c->n; r == 0 && k-- > 0;)
			if (c->lines[k].revents)
				end(c, k);
	}
	tell_left_out(c);
	boot_order_done(&c->order);
	return r < 0 ? r : c->n_failed;
}

static bool is_due(const struct zone_dirs *d, const char *name)
{
	auto_ptr(zone) struct zone *z = NULL;
	struct err ignored = { 0 };

	return zone_open_for(d, name, 0, &z, &ignored) == 0 &&
	       (z->state == ZONE_INSTALLED || z->state == ZONE_UNAVAILABLE) && z->spec &&
	       z->spec->autoboot.set && z->spec->autoboot.value;
}

static int64_t priority_of(const struct zone *z)
{
	return z->spec && z->spec->boot_priority.set ? (int64_t)z->spec->boot_priority.value
						     : ZONE_BOOT_PRIORITY;
}

/* With all that it waits for. */
static size_t add_due(struct crowd *c, const char *name)
{
	auto_ptr(zone) struct zone *z = NULL;
	struct err ignored = { 0 };
	size_t i = boot_order_find(&c->order, name);

	if (i != SIZE_MAX)
		return i;
	if (zone_open_for(c->d, name, 0, &z, &ignored) < 0) /* its boot tells why */
		return boot_order_add(&c->order, name, ZONE_BOOT_PRIORITY);
	i = boot_order_add(&c->order, name, priority_of(z));
	if (z->state == ZONE_RUNNING)
		c->order.items[i].state = ORDER_DONE;
	for (size_t k = 0; z->spec && z->state != ZONE_RUNNING && k < z->spec->dependency.n; k++)
		boot_order_wait(&c->order, i, add_due(c, z->spec->dependency.items[k]));
	return i;
}

int zone_autoboot(const struct zone_dirs *d, zone_failed_fn failed, void *arg, struct err *e)
{
	auto_free struct crowd *c = mem_zero(sizeof(*c));
	auto_done(strv) struct strv names = { 0 };
	int r = zone_names(d, &names, e);

	*c = (struct crowd){
		.d = d, .run = boot_one, .failed = failed, .arg = arg, .most = BOOTS_MAX
	};
	for (size_t i = 0; r == 0 && i < names.n; i++)
		if (is_due(d, names.items[i]))
			(void)add_due(c, names.items[i]);
	return r < 0 ? r : run_all(c, e);
}

/* --- the end ---------------------------------------------------------------------------------------------------------- */

/* Those that run, in the order of their boot. */
static void order_running(const struct zone_dirs *d, const struct strv *names, struct boot_order *o)
{
	auto_free struct zone **zones = mem_array(names->n + 1, sizeof(struct zone *));

	for (size_t i = 0; i < names->n; i++) {
		auto_ptr(zone) struct zone *z = NULL;
		struct err ignored = { 0 };

		if (zone_open(d, names->items[i], 0, &z, &ignored) < 0 ||
		    !(z->monitor_alive || z->init_alive))
			continue;
		size_t at = boot_order_add(o, names->items[i], priority_of(z));

		zones[at] = ptr_steal(&z);
	}
	for (size_t i = 0; i < o->n; i++) {
		const struct zone_spec *spec = zones[i]->spec;

		for (size_t k = 0; spec && k < spec->dependency.n; k++) {
			size_t first = boot_order_find(o, spec->dependency.items[k]);

			if (first != SIZE_MAX)
				boot_order_wait(o, i, first);
		}
	}
	for (size_t i = 0; i < o->n; i++)
		zone_free(zones[i]);
	boot_order_settle(o);
}

int zone_autoshutdown(const struct zone_dirs *d, zone_failed_fn failed, void *arg, struct err *e)
{
	auto_free struct crowd *c = mem_zero(sizeof(*c));
	auto_done(boot_order) struct boot_order boots = { .lenient = true };
	auto_done(strv) struct strv names = { 0 };
	int r = zone_names(d, &names, e);

	if (r < 0)
		return r;
	*c = (struct crowd){ .d = d,
			     .run = end_one,
			     .failed = failed,
			     .arg = arg,
			     .most = ENDS_MAX,
			     .order = { .lenient = true } };
	order_running(d, &names, &boots);
	for (size_t i = 0; i < boots.n; i++)
		(void)boot_order_add(&c->order, boots.items[i].name, -boots.items[i].rank);
	for (size_t i = 0; i < boots.n; i++)
		for (size_t k = 0; k < boots.items[i].n_after; k++)
			boot_order_wait(&c->order, boots.items[i].after[k], i);
	return run_all(c, e);
}
