/* boot_order - in which order many zones are booted, or ended. Pure; private to runtime/zone.
 *
 * Who has the higher rank goes first, those of one rank together, and nobody before those that it waits for; who is waited for goes as early as whoever waits for it. The caller asks for the next one
 * as long as there is one, begins with it, and says how it went. */
#ifndef RUNTIME_ZONE_BOOT_ORDER_H
#define RUNTIME_ZONE_BOOT_ORDER_H

#include <stdint.h>

#include "runtime/base/str.h"

enum order_state { ORDER_WAITS, ORDER_BUSY, ORDER_DONE, ORDER_FAILED };

struct order_item {
	char *name;
	int64_t rank;
	size_t *after; /* those that must be done before */
	size_t n_after;
	enum order_state state;
	char *why; /* ORDER_FAILED: a sentence; the caller's own failures have none here */
};
struct boot_order {
	struct order_item *items;
	size_t n;
	bool lenient; /* a failure of those it waits for keeps nobody from its turn: for ends */
};
void boot_order_done(struct boot_order *o);

/* The place of a name; SIZE_MAX: it is not in there. */
size_t boot_order_find(const struct boot_order *o, const char *name);
size_t boot_order_add(struct boot_order *o, const char *name, int64_t rank);
/* Item i waits for item k. */
void boot_order_wait(struct boot_order *o, size_t i, size_t k);
/* When all are in: ranks, and who waits for itself fails ("a waits for b, which waits for a"); with `lenient` it goes when its rank says so. */
void boot_order_settle(struct boot_order *o);
/* Begin with this one: it is ORDER_BUSY now. SIZE_MAX: none before another has ended, or, when none is busy, at all. Items whose predecessors failed become ORDER_FAILED. */
size_t boot_order_next(struct boot_order *o);

#endif
