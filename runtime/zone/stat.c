/* stat - what runs and how much it uses. Everything is read from the cgroup and from /proc of the first process; no monitor is asked, so a busy or dead one does no harm. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/base/mem.h"
#include "runtime/base/num.h"
#include "runtime/base/sys.h"
#include "runtime/engine/engine.h"
#include "runtime/zone/containers.h"
#include "runtime/zone/record.h"
#include "runtime/zone/stat_extras.h"
#include "runtime/zone/tenants.h"
#include "runtime/zone/zone.h"

enum { TEXT_MAX = 1 << 20, PAGE = 4096, MS_PER_S = 1000 };

void zone_stats_free(struct zone_stat *list, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free(list[i].name);
		free(list[i].brand);
		free(list[i].tenant);
	}
	free(list);
}

/* --- network -------------------------------------------------------------------------------------------------------- */

static ino_t own_network(void)
{
	struct stat st;

	return stat("/proc/self/ns/net", &st) == 0 ? st.st_ino : 0;
}

static bool has_own_network(pid_t pid, ino_t ours)
{
	auto_free char *file = mem_format("/proc/%d/ns/net", (int)pid);
	struct stat theirs;

	return ours > 0 && stat(file, &theirs) == 0 && theirs.st_ino != ours;
}

/* "  net0: RECEIVED packets errs drop fifo frame compressed multicast SENT ..." */
static void add_link(char *line, struct zone_stat *ret)
{
	struct strv words auto_done(strv) = { 0 };
	char *colon = strchr(line, ':');
	uint64_t received, sent;

	if (!colon || strncmp(line + strspn(line, " "), "lo:", 3) == 0)
		return;
	strv_split(&words, colon + 1, ' ');
	for (size_t i = words.n; i-- > 0;) {
		if (!*words.items[i])
			strv_remove(&words, i);
	}
	if (words.n < 9 || num_u64(words.items[0], &received) < 0 ||
	    num_u64(words.items[8], &sent) < 0)
		return;
	ret->received.value += received;
	ret->sent.value += sent;
}

/* In one read where it fits, as nearly always. */
static char *net_dev(const char *file)
{
	auto_close int fd = sys_openat(AT_FDCWD, file, O_RDONLY | O_CLOEXEC, 0);
	char first[PAGE];
	ssize_t n = fd < 0 ? -1 : sys_read(fd, first, sizeof(first));
	struct err ignored = { 0 };
	char *text = NULL;

	if (n < 0)
		return NULL;
	if (n < PAGE / 2)
		return mem_strndup(first, (size_t)n);
	return file_read_all(AT_FDCWD, file, TEXT_MAX, &text, NULL, &ignored) < 0 ? NULL : text;
}

void zone_stat_links(const char *file, struct zone_stat *ret)
{
	struct strv lines auto_done(strv) = { 0 };
	auto_free char *text = net_dev(file);

	if (!text)
		return;
	ret->received.set = ret->sent.set = true;
	strv_split(&lines, text, '\n');
	for (size_t i = 0; i < lines.n; i++)
		add_link(lines.items[i], ret);
}

static void read_network(pid_t pid, ino_t ours, struct zone_stat *ret)
{
	auto_free char *file = mem_format("/proc/%d/net/dev", (int)pid);

	if (has_own_network(pid, ours))
		zone_stat_links(file, ret);
}

/* --- one ------------------------------------------------------------------------------------------------------------ */

static uint64_t age_of(uint64_t start)
{
	struct timespec now;
	long ticks = sysconf(_SC_CLK_TCK);

	if (ticks <= 0 || clock_gettime(CLOCK_BOOTTIME, &now) < 0)
		return 0;
	uint64_t now_ms = (uint64_t)now.tv_sec * MS_PER_S + (uint64_t)now.tv_nsec / 1000000;
	uint64_t start_ms = start * MS_PER_S / (uint64_t)ticks;

	return now_ms > start_ms ? now_ms - start_ms : 0;
}

/* --- all ------------------------------------------------------------------------------------------------------------ */

/* One that runs has a run record; the rest of a zone's files is not looked at. NULL: it does not run. */
static struct engine_container *open_zone(const struct zone_dirs *d, const char *name,
					  struct zone_run *ret)
{
	auto_free char *root = mem_format("%s/.engine", d->run);
	auto_done(zone_record) struct zone_record record = { 0 };
	struct engine_container *c = NULL;
	struct err ignored = { 0 };

	if (zone_run_load(d, name, ret, &ignored) <= 0 ||
	    engine_open(root, name, false, &c, &ignored) < 0)
		return NULL;
	if (!ret->brand && zone_record_load(d, name, &record, &ignored) > 0)
		ret->brand = mem_strdup(record.brand);
	if (!ret->brand)
		ret->brand = mem_strdup("-");
	return c;
}

static struct engine_container *open_container(const struct zone_dirs *d, const char *name,
					       struct zone_run *ret)
{
	struct engine_container *c = NULL;
	struct err ignored = { 0 };

	if (containers_open(d, name, &c, &ignored) < 0)
		return NULL;
	ret->brand = mem_strdup("oci");
	return c;
}

struct stats {
	const struct zone_dirs *dirs;
	const struct strv *chosen; /* NULL: all */
	unsigned extras;
	ino_t network; /* ours */
	struct zone_stat *list;
	size_t n;
	struct stat_weights weights; /* of all */
};

typedef struct engine_container *open_fn(const struct zone_dirs *d, const char *name,
					 struct zone_run *ret);

static void add_weight(struct stats *s, struct engine_container *c, const char *tenant)
{
	struct cgroup *cg = engine_cgroup(c);
	uint64_t weight = 0;

	if ((s->extras & ZONE_STAT_SHARES) && cg && cgroup_cpu_weight(cg, &weight))
		stat_weights_add(&s->weights, tenant, weight);
}

/* Takes the brand and the tenant over. */
static void read_one(const struct stats *s, struct engine_container *c, const char *name, pid_t pid,
		     struct zone_run *run, struct zone_stat *ret)
{
	struct cgroup *cg = engine_cgroup(c);
	bool details = s->extras & ZONE_STAT_DETAILS;
	struct err ignored = { 0 };

	*ret = (struct zone_stat){ .name = mem_strdup(name),
				   .brand = ptr_steal(&run->brand),
				   .tenant = ptr_steal(&run->tenant),
				   .age_ms = age_of(engine_pid_start(c)) };
	if (cg && (details ? cgroup_stats : cgroup_stats_brief)(cg, &ret->cgroup, &ignored) < 0)
		ret->cgroup = (struct cgroup_stats){ 0 };
	read_network(pid, s->network, ret);
	stat_extras(s->dirs, c, pid, s->extras, ret);
}

static void add_one(struct stats *s, const char *name, open_fn *open_it)
{
	bool wanted = !s->chosen || strv_has(s->chosen, name);
	auto_done(zone_run) struct zone_run run = { 0 };
	struct engine_container *c = NULL;

	if (wanted || (s->extras & ZONE_STAT_SHARES))
		c = open_it(s->dirs, name, &run);
	pid_t pid = c ? engine_pid(c) : 0;

	if (pid > 0)
		add_weight(s, c, run.tenant);
	if (pid > 0 && wanted)
		read_one(s, c, name, pid, &run, &s->list[s->n++]);
	engine_free(c);
}

static void add_all(struct stats *s, const struct strv *names, open_fn *open_it)
{
	s->list = mem_grow(s->list, s->n + names->n + 1, sizeof(*s->list));
	for (size_t i = 0; i < names->n; i++)
		add_one(s, names->items[i], open_it);
}

/* Why is one that was asked for not among them? */
static int check_chosen(const struct stats *s, struct err *e)
{
	for (size_t i = 0; s->chosen && i < s->chosen->n; i++) {
		const char *name = s->chosen->items[i];
		enum zone_state state = ZONE_NONE;
		auto_ptr(zone) struct zone *z = NULL;
		struct engine_container *c = NULL;
		struct err ignored = { 0 };
		bool found = false;

		for (size_t k = 0; k < s->n && !found; k++)
			found = str_eq(s->list[k].name, name);
		if (found)
			continue;
		if (zone_open(s->dirs, name, 0, &z, &ignored) == 0)
			state = z->state;
		if (state == ZONE_NONE && containers_open(s->dirs, name, &c, &ignored) == 0)
			state = ZONE_DOWN;
		engine_free(c);
		if (state == ZONE_NONE)
			return err_set(e, ENOENT, "zone \"%s\" does not exist: see \"zone list\"",
				       name);
		return err_set(e, EBUSY, "zone \"%s\" is %s: it uses nothing", name,
			       zone_state_word(state));
	}
	return 0;
}

int zone_stat(const struct zone_dirs *d, const struct strv *names, unsigned extras,
	      struct zone_stat **ret, size_t *ret_n, struct err *e)
{
	struct stats s = { .dirs = d,
			   .chosen = names && names->n > 0 ? names : NULL,
			   .extras = extras,
			   .network = own_network() };
	auto_done(strv) struct strv zones = { 0 }, others = { 0 };
	int r = zone_names(d, &zones, e);

	if (r < 0)
		return r;
	add_all(&s, &zones, open_zone);
	containers_names(d, &others);
	add_all(&s, &others, open_container);
	r = check_chosen(&s, e);
	stat_weights_share(&s.weights, d, s.list, s.n);
	stat_weights_done(&s.weights);
	if (r < 0) {
		zone_stats_free(s.list, s.n);
		return r;
	}
	*ret = s.list;
	*ret_n = s.n;
	return 0;
}

/* --- tenants -------------------------------------------------------------------------------------------------------- */

int zone_stat_tenants(const struct zone_dirs *d, const struct strv *names, struct zone_stat **ret,
		      size_t *ret_n, struct err *e)
{
	auto_done(strv) struct strv all = { 0 };
	int r = 0;

	if (names)
		strv_copy(&all, names);
	else
		r = tenant_names(d, &all, e);
	*ret = mem_array(all.n, sizeof(**ret));
	*ret_n = 0;
	for (size_t i = 0; r == 0 && i < all.n; i++) {
		struct cgroup_stats s = { 0 };
		struct err why = { 0 };

		r = tenant_stats(d, all.items[i], &s, &why);
		if (r == 0) {
			(*ret)[(*ret_n)++] =
				(struct zone_stat){ .name = mem_format("@%s", all.items[i]),
						    .brand = mem_strdup("tenant"),
						    .cgroup = s };
		} else if (r == -ENOENT && !names) {
			r = 0; /* no zone of it runs */
		} else {
			*e = why;
		}
	}
	if (r < 0) {
		zone_stats_free(*ret, *ret_n);
		*ret = NULL;
		*ret_n = 0;
	}
	return r;
}
