/* cpu - which CPUs a zone sees, and how it has used them. */
#include "runtime/view/view.h"

#include <string.h>

#define NS_PER_TICK UINT64_C(10000000) /* USER_HZ is 100 on every Linux */
#define NS_PER_S    UINT64_C(1000000000)

/* --- the set -------------------------------------------------------------------------------------------------------- */

/* One number of a list, and what follows it. */
static const char *take(const char *p, uint64_t *ret)
{
	*ret = view_number(p);
	return p + strspn(p, "0123456789");
}

static bool add_range(struct view_cpus *c, uint64_t first, uint64_t last)
{
	if (first > last || last >= UINT16_MAX)
		return false;
	for (uint64_t i = first; i <= last && c->n < VIEW_CPUS_MAX; i++)
		c->ids[c->n++] = (uint16_t)i;
	return true;
}

bool view_cpus_parse(const char *list, struct view_cpus *ret)
{
	const char *p = list ? list : "";

	ret->n = 0;
	while (*p >= '0' && *p <= '9') {
		uint64_t first, last;

		p = take(p, &first);
		last = first;
		if (*p == '-')
			p = take(p + 1, &last);
		if (!add_range(ret, first, last))
			break;
		p += *p == ',';
	}
	return ret->n > 0 && (*p == '\0' || *p == '\n');
}

void view_cpus_cap(struct view_cpus *c, const char *quota, const char *period)
{
	uint64_t q = view_number(quota), p, n;

	if (q == VIEW_NONE)
		return;
	if (!period || !*period)
		period = quota + strcspn(quota, " ") + (strchr(quota, ' ') != NULL);
	p = view_number(period);
	if (p == 0 || p == VIEW_NONE)
		return;
	n = q / p + (q % p != 0);
	if (n == 0)
		n = 1;
	if (n < c->n)
		c->n = (size_t)n;
}

void view_online(struct view_text *t, const struct view_cpus *c)
{
	for (size_t i = 0; i < c->n; i++) {
		size_t last = i;

		while (last + 1 < c->n && c->ids[last + 1] == c->ids[last] + 1)
			last++;
		view_add(t, "%s%u", i > 0 ? "," : "", (unsigned)c->ids[i]);
		if (last > i)
			view_add(t, "-%u", (unsigned)c->ids[last]);
		i = last;
	}
	view_add(t, "\n");
}

static bool has(const struct view_cpus *c, uint64_t id)
{
	for (size_t i = 0; i < c->n; i++)
		if (c->ids[i] == id)
			return true;
	return false;
}

/* Blocks end with an empty line; one without a number is about all of them. */
void view_cpuinfo(struct view_text *t, const char *host, const struct view_cpus *c)
{
	while (host && *host) {
		const char *end = strstr(host, "\n\n");
		size_t n = end ? (size_t)(end - host) + 2 : strlen(host);
		uint64_t id = VIEW_NONE;

		if (strncmp(host, "processor", 9) == 0) {
			const char *colon = host + 9 + strspn(host + 9, " \t");

			id = *colon == ':' ? view_number(colon + 1 + strspn(colon + 1, " ")) : id;
		}
		if (id == VIEW_NONE || has(c, id))
			view_add_bytes(t, host, n);
		host += n;
	}
}

/* --- times ---------------------------------------------------------------------------------------------------------- */

static uint64_t since(uint64_t now, uint64_t before)
{
	return now > before ? now - before : 0;
}

void view_clock_advance(struct view_clock *k, uint64_t at, uint64_t user, uint64_t system, size_t n)
{
	uint64_t time = since(at, k->at), u, s, idle;

	if (n == 0 || n > VIEW_CPUS_MAX)
		return;
	u = since(user, k->user) / n;
	s = since(system, k->system) / n;
	idle = since(time, u + s);
	for (; k->known < n; k->known++)
		k->cpus[k->known].idle = k->at; /* it was there and nobody used it */
	for (size_t i = 0; i < n; i++) {
		k->cpus[i].user += u;
		k->cpus[i].system += s;
		k->cpus[i].idle += idle;
	}
	k->at = at > k->at ? at : k->at;
	k->user = user > k->user ? user : k->user;
	k->system = system > k->system ? system : k->system;
}

static void add_times(struct view_text *t, const char *name, const struct view_cpu_times *c)
{
	view_add(t, "%s %llu 0 %llu %llu 0 0 0 0 0 0\n", name,
		 (unsigned long long)(c->user / NS_PER_TICK),
		 (unsigned long long)(c->system / NS_PER_TICK),
		 (unsigned long long)(c->idle / NS_PER_TICK));
}

/* Sum of the shown ones; in whole ticks each, so that the first line of /proc/stat is the sum of the others. */
static struct view_cpu_times sum(const struct view_clock *k, size_t n)
{
	struct view_cpu_times all = { 0 };

	for (size_t i = 0; i < n && i < VIEW_CPUS_MAX; i++) {
		all.user += k->cpus[i].user / NS_PER_TICK * NS_PER_TICK;
		all.system += k->cpus[i].system / NS_PER_TICK * NS_PER_TICK;
		all.idle += k->cpus[i].idle / NS_PER_TICK * NS_PER_TICK;
	}
	return all;
}

void view_stat(struct view_text *t, const struct view_clock *k, const struct view_cpus *c,
	       uint64_t boot_time, uint64_t tasks)
{
	struct view_cpu_times all = sum(k, c->n);

	add_times(t, "cpu ", &all);
	for (size_t i = 0; i < c->n; i++) {
		struct view_text name = { 0 };

		view_add(&name, "cpu%u", (unsigned)c->ids[i]);
		add_times(t, name.failed ? "cpu" : name.at, &k->cpus[i]);
		view_text_done(&name);
	}
	/* interrupts and switches of context are counted for the host only */
	view_add(t, "intr 0\nctxt 0\nbtime %llu\nprocesses %llu\n", (unsigned long long)boot_time,
		 (unsigned long long)(tasks == VIEW_NONE ? 1 : tasks));
	view_add(t, "procs_running 1\nprocs_blocked 0\nsoftirq 0 0 0 0 0 0 0 0 0 0 0\n");
}

void view_uptime(struct view_text *t, const struct view_clock *k, const struct view_cpus *c)
{
	struct view_cpu_times all = sum(k, c->n);
	const uint64_t hundredth = NS_PER_S / 100;

	view_add(t, "%llu.%02u %llu.%02u\n", (unsigned long long)(k->at / NS_PER_S),
		 (unsigned)(k->at % NS_PER_S / hundredth),
		 (unsigned long long)(all.idle / NS_PER_S),
		 (unsigned)(all.idle % NS_PER_S / hundredth));
}
