/* halt - the verbs that end or stop a running zone: halt, shutdown, reboot, freeze, thaw. The monitor does the work; these ask it and wait. */
#include <errno.h>
#include <poll.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/json.h"
#include "runtime/base/mem.h"
#include "runtime/base/sock.h"
#include "runtime/engine/engine.h"
#include "runtime/zone/control.h"
#include "runtime/zone/events.h"
#include "runtime/zone/zone.h"

enum {
	HALT_TIMEOUT_MS = 60000,
	UP_TIMEOUT_MS = 120000,
	GONE_TIMEOUT_MS = 10000,
	GONE_STEP_MS = 20
};

struct life_request {
	enum zone_verb verb;
	const struct json *request;
	int timeout_ms; /* 0: as long as it takes */
	bool until_gone;
};

/* Has the monitor died under the conversation? Its socket goes before its pid does. */
static bool monitor_gone(int r)
{
	return r == -ECONNRESET || r == -ECONNREFUSED || r == -EPIPE;
}

/* With a bound the zone stays locked meanwhile. Without one its lock is given back as soon as we have the monitor that it spoke of: a wait of hours must keep nobody from halting the zone, and what
 * comes together there the monitor takes one after the other.
 * Ask, and when the zone is to be gone afterwards wait for the monitor's end of the socket to close: then its last trace is gone too. */
static int monitor_ask(const struct zone_dirs *d, struct zone **z, const struct life_request *q,
		       bool *ret_gone, struct err *e)
{
	auto_close int fd = control_connect(d, (*z)->name, e);
	int r;

	*ret_gone = fd == -ENOENT || monitor_gone(fd);
	if (fd < 0)
		return err_wrap(e, "reach the monitor of zone \"%s\"", (*z)->name);
	if (q->timeout_ms == 0)
		zone_free(ptr_steal(z));
	r = control_call(fd, q->request, q->timeout_ms, NULL, e);
	*ret_gone = monitor_gone(r);
	if (r < 0 || !q->until_gone)
		return r;
	struct pollfd p = { .fd = fd, .events = POLLIN };

	(void)poll(&p, 1, GONE_TIMEOUT_MS);
	return 0;
}

static struct json *request_new(const char *verb)
{
	struct json *j = json_new_object();

	json_set(j, "verb", json_new_string(verb));
	return j;
}

/* Open with the lock and ask the table: 0 go on, 1 done already. */
static int life_open(const struct zone_dirs *d, const char *name, enum zone_verb v,
		     struct zone **ret, char **ret_note, struct err *e)
{
	int r;

	*ret_note = NULL;
	r = zone_open_for(d, name, ZONE_OPEN_LOCK | ZONE_OPEN_MUST_EXIST, ret, e);
	return r < 0 ? r : zone_allow(*ret, v, ret_note, e);
}

/* Ask the zone's monitor. One that is killed meanwhile has a successor, or the zone has ended with it: opening the zone again finds out, so the same question is put again. */
static int life_ask(const struct zone_dirs *d, const char *name, const struct life_request *q,
		    char **ret_note, struct err *e)
{
	for (int waited = 0;; waited += GONE_STEP_MS) {
		auto_ptr(zone) struct zone *z = NULL;
		bool gone;
		int r = life_open(d, name, q->verb, &z, ret_note, e);

		if (r != 0)
			return r < 0 ? r : 0;
		r = monitor_ask(d, &z, q, &gone, e);
		if (!gone || waited >= GONE_TIMEOUT_MS)
			return r;
		(void)poll(NULL, 0, GONE_STEP_MS);
	}
}

int zone_halt(const struct zone_dirs *d, const char *name, char **ret_note, struct err *e)
{
	auto_ptr(json) struct json *request = request_new("halt");
	const struct life_request q = { ZONE_VERB_HALT, request, HALT_TIMEOUT_MS, true };

	return life_ask(d, name, &q, ret_note, e);
}

int zone_shutdown(const struct zone_dirs *d, const char *name, bool reboot, int timeout_ms,
		  char **ret_note, struct err *e)
{
	auto_ptr(json) struct json *request = request_new("shutdown");
	/* the monitor's own deadline bounds this */
	const struct life_request q = { ZONE_VERB_SHUTDOWN, request, 0, !reboot };

	json_set(request, "timeout_ms", json_new_i64(timeout_ms));
	json_set(request, "reboot", json_new_bool(reboot));
	json_set(request, "user", json_new_bool(d->caller != NULL));
	return life_ask(d, name, &q, ret_note, e);
}

int zone_reboot(const struct zone_dirs *d, const char *name, char **ret_note, struct err *e)
{
	auto_ptr(json) struct json *request = request_new("reboot");
	const struct life_request q = { ZONE_VERB_REBOOT, request, UP_TIMEOUT_MS, false };

	return life_ask(d, name, &q, ret_note, e);
}

int zone_freeze(const struct zone_dirs *d, const char *name, bool on, char **ret_note,
		struct err *e)
{
	auto_ptr(zone) struct zone *z = NULL;
	auto_free char *root = mem_format("%s/.engine", d->run);
	struct engine_container *c = NULL;
	int r = life_open(d, name, on ? ZONE_VERB_FREEZE : ZONE_VERB_THAW, &z, ret_note, e);

	if (r != 0)
		return r < 0 ? r : 0;
	if (z->frozen == on) {
		*ret_note =
			mem_format("zone \"%s\" is %s already", name, on ? "frozen" : "not frozen");
		return 0;
	}
	r = engine_open(root, name, true, &c, e);
	if (r < 0)
		return r;
	r = on ? engine_pause(c, e) : engine_resume(c, e);
	engine_free(c);
	if (r == 0)
		zone_event(d, name, on ? "frozen" : "thawed",
			   on ? "the zone is frozen" : "the zone goes on", NULL);
	return r;
}
