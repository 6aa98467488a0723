/* derive - from what is on disk and alive to the one state of a zone. Pure; private to runtime/zone. */
#ifndef RUNTIME_ZONE_DERIVE_H
#define RUNTIME_ZONE_DERIVE_H

#include <stdbool.h>

#include "runtime/zone/store.h"

/* What was found. */
struct zone_facts {
	bool has_config;            /* CONFIG/NAME.json exists, broken or not */
	bool has_record, record_ok; /* the record exists; it could be read */
	bool has_run;               /* RUN/NAME/run.json exists and could be read */
	bool monitor_alive, init_alive;
	bool storage_ok; /* zonepath and root are there and safe; only asked for installed zones */
	enum zone_state recorded;   /* record.state */
	enum zone_state running_as; /* run.state */
};

/* The state, and why when it is one that nobody asked for: a sentence without names, NULL otherwise. `config` names what is wrong with the
 * configuration file elsewhere, so it is not repeated here. */
enum zone_state zone_derive(const struct zone_facts *f, const char **ret_reason);

#endif
