/* stat_summary - what a run of several reports comes to, as zonestat(1) -R. Counters are added up by their growth, so that a zone that was booted again meanwhile is counted right. */
#include <stdlib.h>
#include <string.h>

#include "runtime/base/mem.h"
#include "runtime/zone/stat_values.h"

enum { MS_PER_S = 1000 };

struct stat_seen {
	struct zone_stat last; /* owns its words; counters are the sum of what was used */
	struct zone_stat high; /* counters: of a second */
	double *sums;          /* of what is no counter, by value */
	uint64_t *times;       /* in how many reports it was counted */
	uint64_t ms;
};

static bool is_counter(size_t k)
{
	return strcmp(stat_values[k].type, "counter") == 0;
}

/* What nobody reads as a rate stays a count. */
static bool is_event(size_t k)
{
	return strcmp(stat_values[k].name, "oomKills") == 0;
}

static struct opt_u64 *value_in(struct zone_stat *s, size_t k)
{
	return (void *)((char *)s + stat_values[k].offset);
}

static struct stat_seen *seen(struct stat_summary *s, const struct zone_stat *row)
{
	struct stat_seen *x;

	for (size_t i = 0; i < s->n; i++) {
		if (str_eq(s->rows[i].last.name, row->name) &&
		    str_eq(s->rows[i].last.brand, row->brand))
			return &s->rows[i];
	}
	x = LIST_GROW(s->rows, s->n);
	x->last.name = mem_strdup(row->name);
	x->last.brand = mem_strdup(row->brand);
	x->sums = mem_array(stat_n_values, sizeof(*x->sums));
	x->times = mem_array(stat_n_values, sizeof(*x->times));
	return x;
}

/* Of a second, without leaving 64 bits. */
static uint64_t per_second(uint64_t v, uint64_t ms)
{
	return ms == 0 ? 0 : v / ms * MS_PER_S + v % ms * MS_PER_S / ms;
}

static void add_counter(struct stat_seen *x, const struct stat_report *r, size_t i, size_t k)
{
	struct opt_u64 *sum = value_in(&x->last, k), *most = value_in(&x->high, k);
	uint64_t grown = 0, ms = 0;

	if (!stat_growth(r, i, stat_values[k].offset, &grown, &ms))
		return;
	sum->set = most->set = true;
	sum->value += grown;
	grown = is_event(k) ? sum->value : per_second(grown, ms);
	most->value = grown > most->value ? grown : most->value;
}

static void add_gauge(struct stat_seen *x, const struct stat_report *r, size_t i, size_t k)
{
	const struct opt_u64 *v = stat_value_of(&r->now[i], k);
	struct opt_u64 *last = value_in(&x->last, k), *most = value_in(&x->high, k);

	*last = *v;
	if (!v->set)
		return;
	if (stat_is_limit(k) || !most->set || v->value > most->value)
		*most = *v;
	x->sums[k] += (double)v->value;
	x->times[k]++;
}

void stat_summary_add(struct stat_summary *s, const struct stat_report *r)
{
	s->n_reports++;
	s->ms += r->interval_ms;
	for (size_t i = 0; i < r->n; i++) {
		struct stat_seen *x = seen(s, &r->now[i]);

		x->ms += r->interval_ms;
		for (size_t k = 0; k < stat_n_values; k++)
			(is_counter(k) ? add_counter : add_gauge)(x, r, i, k);
	}
}

static struct zone_stat mean_of(const struct stat_seen *x)
{
	struct zone_stat mean = x->last;

	for (size_t k = 0; k < stat_n_values; k++) {
		struct opt_u64 *v = value_in(&mean, k);

		if (is_event(k))
			continue;
		if (is_counter(k))
			v->value = per_second(v->value, x->ms);
		else if (!stat_is_limit(k) && x->times[k] > 0)
			*v = (struct opt_u64){ true, (uint64_t)(x->sums[k] / (double)x->times[k]) };
	}
	return mean;
}

/* The counters of the row before are none, so that what the report makes of them is what they are. */
static struct zone_stat zeros_of(const struct zone_stat *row)
{
	struct zone_stat zero = { .name = row->name, .brand = row->brand };

	for (size_t k = 0; k < stat_n_values; k++) {
		if (is_counter(k))
			value_in(&zero, k)->set = stat_value_of(row, k)->set;
	}
	return zero;
}

struct stat_report stat_summary_report(const struct stat_summary *s, enum stat_kind kind,
				       struct zone_stat **ret_now, struct zone_stat **ret_before)
{
	struct zone_stat *now = mem_array(s->n + 1, sizeof(*now));
	struct zone_stat *before = mem_array(s->n + 1, sizeof(*before));

	for (size_t i = 0; i < s->n; i++) {
		const struct stat_seen *x = &s->rows[i];

		now[i] = kind == STAT_AVERAGE ? mean_of(x) : kind == STAT_HIGH ? x->high : x->last;
		now[i].name = x->last.name;
		now[i].brand = x->last.brand;
		now[i].age_ms = x->ms;
		before[i] = zeros_of(&now[i]);
	}
	*ret_now = now;
	*ret_before = before;
	return (struct stat_report){ .now = now,
				     .n = s->n,
				     .before = before,
				     .n_before = s->n,
				     .interval_ms = MS_PER_S,
				     .kind = kind };
}

void stat_summary_done(struct stat_summary *s)
{
	for (size_t i = 0; i < s->n; i++) {
		free(s->rows[i].last.name);
		free(s->rows[i].last.brand);
		free(s->rows[i].sums);
		free(s->rows[i].times);
	}
	free(s->rows);
	*s = (struct stat_summary){ 0 };
}
