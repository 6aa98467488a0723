/* boot_order - see boot_order.h. The lists are short and asked seldom, so everything is looked up where it is needed. */
#include "runtime/zone/boot_order.h"

#include <stdlib.h>

#include "config/spec.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/mem.h"

void boot_order_done(struct boot_order *o)
{
	for (size_t i = 0; i < o->n; i++) {
		free(o->items[i].name);
		free(o->items[i].after);
		free(o->items[i].why);
	}
	free(o->items);
	*o = (struct boot_order){ 0 };
}

size_t boot_order_find(const struct boot_order *o, const char *name)
{
	for (size_t i = 0; i < o->n; i++)
		if (str_eq(o->items[i].name, name))
			return i;
	return SIZE_MAX;
}

size_t boot_order_add(struct boot_order *o, const char *name, int64_t rank)
{
	struct order_item *one = LIST_GROW(o->items, o->n);

	one->name = mem_strdup(name);
	one->rank = rank;
	return o->n - 1;
}

void boot_order_wait(struct boot_order *o, size_t i, size_t k)
{
	struct order_item *one = &o->items[i];

	*LIST_GROW(one->after, one->n_after) = k;
}

/* --- before the first -------------------------------------------------------------------------------------------------- */

static bool all_placed(const struct order_item *one, const bool *placed)
{
	for (size_t k = 0; k < one->n_after; k++)
		if (!placed[one->after[k]])
			return false;
	return true;
}

/* Who can be put behind all that it waits for, in such an order; the others are in a circle, or behind one. Returns how many. */
static size_t place_all(const struct boot_order *o, size_t *order, bool *placed)
{
	size_t n = 0, before;

	do {
		before = n;
		for (size_t i = 0; i < o->n; i++) {
			if (placed[i] || !all_placed(&o->items[i], placed))
				continue;
			placed[i] = true;
			order[n++] = i;
		}
	} while (n > before);
	return n;
}

static size_t unplaced_after(const struct order_item *one, const bool *placed)
{
	for (size_t k = 0; k < one->n_after; k++)
		if (!placed[one->after[k]])
			return one->after[k];
	return SIZE_MAX;
}

/* "a waits for b, which waits for a". Empty for one that is only behind a circle. */
static char *circle_text(const struct boot_order *o, size_t i, const bool *placed)
{
	auto_done(strbuf) struct strbuf text = { 0 };
	size_t at = i;

	strbuf_add(&text, o->items[i].name);
	for (size_t n = 0; n < o->n; n++) {
		at = unplaced_after(&o->items[at], placed);
		if (at == SIZE_MAX)
			return NULL; /* the circle is open by now */
		strbuf_format(&text, "%s waits for %s", n == 0 ? "" : ", which", o->items[at].name);
		if (at == i)
			return mem_strdup(strbuf_text(&text));
	}
	return NULL;
}

void boot_order_settle(struct boot_order *o)
{
	auto_free size_t *order = mem_array(o->n + 1, sizeof(*order));
	auto_free bool *placed = mem_array(o->n + 1, sizeof(*placed));
	size_t n = place_all(o, order, placed);

	for (size_t i = n; i-- > 0;) {
		const struct order_item *one = &o->items[order[i]];

		for (size_t k = 0; k < one->n_after; k++) {
			struct order_item *first = &o->items[one->after[k]];

			first->rank = first->rank > one->rank ? first->rank : one->rank;
		}
	}
	for (size_t i = 0; i < o->n && n < o->n; i++) {
		char *why = placed[i] ? NULL : circle_text(o, i, placed);

		if (!why)
			continue;
		if (o->lenient) {
			o->items[i].n_after = 0;
			free(why);
			continue;
		}
		o->items[i].state = ORDER_FAILED;
		o->items[i].why = why;
	}
}

/* --- one after the other ----------------------------------------------------------------------------------------------- */

static bool is_open(const struct order_item *one)
{
	return one->state == ORDER_WAITS || one->state == ORDER_BUSY;
}

/* Items behind one that failed; whoever waits for them in turn is found by the next call. */
static void fail_behind(struct boot_order *o, struct order_item *one)
{
	for (size_t k = 0; one->state == ORDER_WAITS && k < one->n_after; k++) {
		const struct order_item *first = &o->items[one->after[k]];

		if (first->state != ORDER_FAILED)
			continue;
		one->state = ORDER_FAILED;
		one->why = mem_format("it waits for zone \"%s\", which does not run", first->name);
	}
}

static bool has_turn(const struct boot_order *o, const struct order_item *one, int64_t rank)
{
	if (one->state != ORDER_WAITS || one->rank < rank)
		return false;
	for (size_t k = 0; k < one->n_after; k++)
		if (is_open(&o->items[one->after[k]]))
			return false;
	return true;
}

size_t boot_order_next(struct boot_order *o)
{
	int64_t rank = INT64_MIN;

	for (size_t round = 0; !o->lenient && round < 2; round++)
		for (size_t i = 0; i < o->n; i++)
			fail_behind(o, &o->items[i]);
	for (size_t i = 0; i < o->n; i++)
		if (is_open(&o->items[i]) && o->items[i].rank > rank)
			rank = o->items[i].rank;
	for (size_t i = 0; i < o->n; i++) {
		if (!has_turn(o, &o->items[i], rank))
			continue;
		o->items[i].state = ORDER_BUSY;
		return i;
	}
	return SIZE_MAX;
}
