/* derive - a table of cases, the first that fits decides. What lives comes before what is written: a process that runs is the truth, a record is only a memory. */
#include "runtime/zone/derive.h"

#include <stddef.h>

enum {
	CONFIG = 1 << 0,
	RECORD = 1 << 1,
	RECORD_OK = 1 << 2,
	RUN = 1 << 3,
	MONITOR = 1 << 4,
	INIT = 1 << 5,
	STORAGE = 1 << 6,
	AS_CONFIGURED = 1 << 7,
	AS_INCOMPLETE = 1 << 8,
	AS_INSTALLED = 1 << 9,
};

/* The state is that of the run record. */
#define STATE_OF_RUN ZONE_STATE_COUNT

struct derive_case {
	unsigned set, clear; /* facts that must and must not hold */
	enum zone_state state;
	const char *reason;
};

static const struct derive_case cases[] = {
	{ RUN | MONITOR, 0, STATE_OF_RUN, NULL },
	{ RUN | INIT, MONITOR, STATE_OF_RUN,
	  "its monitor was killed; the next command that changes the zone starts another" },
	{ RUN, MONITOR | INIT, ZONE_DOWN,
	  "its monitor and its init were killed; the next command that changes the zone clears up" },
	{ RECORD, RECORD_OK, ZONE_UNAVAILABLE, "its record cannot be read" },
	{ AS_INCOMPLETE, 0, ZONE_INCOMPLETE, "an install or uninstall was interrupted" },
	{ AS_INSTALLED, CONFIG, ZONE_UNAVAILABLE, "its configuration file is missing" },
	{ AS_INSTALLED | STORAGE, 0, ZONE_INSTALLED, NULL },
	{ AS_INSTALLED, STORAGE, ZONE_UNAVAILABLE, "its storage cannot be used" },
	{ CONFIG, 0, ZONE_CONFIGURED, NULL },
	{ 0, 0, ZONE_NONE, NULL },
};

static unsigned fact_bits(const struct zone_facts *f)
{
	unsigned bits = 0;

	bits |= f->has_config ? CONFIG : 0;
	bits |= f->has_record ? RECORD : 0;
	bits |= f->has_record && f->record_ok ? RECORD_OK : 0;
	bits |= f->has_run ? RUN : 0;
	bits |= f->monitor_alive ? MONITOR : 0;
	bits |= f->init_alive ? INIT : 0;
	bits |= f->storage_ok ? STORAGE : 0;
	if (bits & RECORD_OK) {
		bits |= f->recorded == ZONE_CONFIGURED ? AS_CONFIGURED : 0;
		bits |= f->recorded == ZONE_INCOMPLETE ? AS_INCOMPLETE : 0;
		bits |= f->recorded == ZONE_INSTALLED ? AS_INSTALLED : 0;
	}
	return bits;
}

enum zone_state zone_derive(const struct zone_facts *f, const char **ret_reason)
{
	unsigned bits = fact_bits(f);
	const struct derive_case *c = cases;

	while ((bits & c->set) != c->set || (bits & c->clear) != 0)
		c++; /* the last row fits everything */
	if (ret_reason)
		*ret_reason = c->reason;
	return c->state == STATE_OF_RUN ? f->running_as : c->state;
}
