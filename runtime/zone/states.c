/* states - one table, state x verb: what is legal, what is so already, and the sentence that explains a refusal and names the way out.
 *
 * In the sentences NAME stands for the zone. A frozen zone is a row of its own: it runs, yet whoever waits for one of its processes would wait for ever. */
#include "runtime/zone/zone.h"

#include <errno.h>
#include <string.h>

#include "runtime/base/mem.h"
#include "runtime/zone/migrate_note.h"

enum { STATE_FROZEN = ZONE_STATE_COUNT, STATE_ROWS };

struct cell {
	enum zone_verdict verdict;
	const char *sentence;
};

#define LEGAL                    \
	{                        \
		ZONE_LEGAL, NULL \
	}
#define ALREADY(text)              \
	{                          \
		ZONE_ALREADY, text \
	}
#define REFUSED(text)              \
	{                          \
		ZONE_REFUSED, text \
	}

#define CREATE_IT     "create it first: zone create NAME"
#define INSTALL_IT    "install it first: zone install NAME"
#define BOOT_IT       "boot it first: zone boot NAME"
#define START_IT      "start it first: zone boot NAME"
#define HALT_IT       "halt it first: zone halt NAME"
#define CLEAN_IT      "an install or uninstall was interrupted, clear up first: zone uninstall NAME"
#define REPAIR_IT     "its storage cannot be used, see why: zone why NAME"
#define WAIT_FOR_IT   "it is going down, wait or halt it now: zone halt NAME"
#define THAW_IT       "it is frozen, thaw it first: zone thaw NAME"
#define START_OR_HALT "boot it or halt it first: zone boot NAME, zone halt NAME"
#define STILL_IT      "halt it first, or freeze it: zone halt NAME"
#define IS_DOWN       "it is not running"
#define NO_FILES      "it has no files yet, say where they shall be: zone set NAME zonepath=PATH"
#define ATTACHED      "its files are attached already"
#define ATTACH_IT     "its files are detached, attach them first: zone attach NAME"
#define LEAVING_IT \
	"it is on its way to another host and may be there already: go on with zone migrate NAME HOST, or take it back with zone migrate --abort NAME"
#define ARRIVING_IT \
	"it is arriving from another host: zone migrate there goes on with it, zone uninstall NAME removes what is here of it"

static const struct cell table[STATE_ROWS][ZONE_VERB_COUNT] = {
	[ZONE_NONE] = {
		[ZONE_VERB_SET] = REFUSED(CREATE_IT),
		[ZONE_VERB_APPLY] = REFUSED("create it first: zone create NAME (or zone apply -f FILE)"),
		[ZONE_VERB_VERIFY] = REFUSED(CREATE_IT),
		[ZONE_VERB_INSTALL] = REFUSED(CREATE_IT),
		[ZONE_VERB_UNINSTALL] = REFUSED(CREATE_IT),
		[ZONE_VERB_DELETE] = REFUSED("there is nothing to delete, see what exists: zone list"),
		[ZONE_VERB_READY] = REFUSED(CREATE_IT),
		[ZONE_VERB_BOOT] = REFUSED(CREATE_IT),
		[ZONE_VERB_SHUTDOWN] = REFUSED(CREATE_IT),
		[ZONE_VERB_HALT] = REFUSED(CREATE_IT),
		[ZONE_VERB_REBOOT] = REFUSED(CREATE_IT),
		[ZONE_VERB_FREEZE] = REFUSED(CREATE_IT),
		[ZONE_VERB_THAW] = REFUSED(CREATE_IT),
		[ZONE_VERB_LOGIN] = REFUSED(CREATE_IT),
		[ZONE_VERB_EXEC] = REFUSED(CREATE_IT),
		[ZONE_VERB_CONSOLE] = REFUSED(CREATE_IT),
		[ZONE_VERB_EXPORT] = REFUSED(CREATE_IT),
		[ZONE_VERB_RENAME] = REFUSED(CREATE_IT),
		[ZONE_VERB_MOVE] = REFUSED(CREATE_IT),
		[ZONE_VERB_DETACH] = REFUSED(CREATE_IT),
		[ZONE_VERB_ATTACH] = REFUSED(CREATE_IT),
		[ZONE_VERB_ARCHIVE] = REFUSED(CREATE_IT),
		[ZONE_VERB_CLONE] = REFUSED(CREATE_IT),
		[ZONE_VERB_SNAPSHOT] = REFUSED(CREATE_IT),
		[ZONE_VERB_ROLLBACK] = REFUSED(CREATE_IT),
		[ZONE_VERB_PUBLISH] = REFUSED(CREATE_IT),
		[ZONE_VERB_MIGRATE] = REFUSED(CREATE_IT),
	},
	[ZONE_CONFIGURED] = {
		[ZONE_VERB_SET] = LEGAL,
		[ZONE_VERB_APPLY] = LEGAL,
		[ZONE_VERB_VERIFY] = LEGAL,
		[ZONE_VERB_INSTALL] = LEGAL,
		[ZONE_VERB_UNINSTALL] = ALREADY("it is not installed"),
		[ZONE_VERB_DELETE] = LEGAL,
		[ZONE_VERB_READY] = REFUSED(INSTALL_IT),
		[ZONE_VERB_BOOT] = REFUSED(INSTALL_IT),
		[ZONE_VERB_SHUTDOWN] = ALREADY(IS_DOWN),
		[ZONE_VERB_HALT] = ALREADY(IS_DOWN),
		[ZONE_VERB_REBOOT] = REFUSED(INSTALL_IT),
		[ZONE_VERB_FREEZE] = REFUSED(INSTALL_IT),
		[ZONE_VERB_THAW] = ALREADY(IS_DOWN),
		[ZONE_VERB_LOGIN] = REFUSED(INSTALL_IT),
		[ZONE_VERB_EXEC] = REFUSED(INSTALL_IT),
		[ZONE_VERB_CONSOLE] = REFUSED(INSTALL_IT),
		[ZONE_VERB_EXPORT] = LEGAL,
		[ZONE_VERB_RENAME] = LEGAL,
		[ZONE_VERB_MOVE] = REFUSED(NO_FILES),
		[ZONE_VERB_DETACH] = ALREADY("no files are attached to it"),
		[ZONE_VERB_ATTACH] = LEGAL,
		[ZONE_VERB_ARCHIVE] = REFUSED("it has no root file system, its configuration alone is printed by: zone export NAME"),
		[ZONE_VERB_CLONE] = REFUSED(INSTALL_IT),
		[ZONE_VERB_SNAPSHOT] = REFUSED(INSTALL_IT),
		[ZONE_VERB_ROLLBACK] = REFUSED(INSTALL_IT),
		[ZONE_VERB_PUBLISH] = REFUSED(INSTALL_IT),
		[ZONE_VERB_MIGRATE] = REFUSED(INSTALL_IT),
	},
	[ZONE_INCOMPLETE] = {
		[ZONE_VERB_SET] = LEGAL,
		[ZONE_VERB_APPLY] = LEGAL,
		[ZONE_VERB_VERIFY] = REFUSED(CLEAN_IT),
		[ZONE_VERB_INSTALL] = REFUSED(CLEAN_IT),
		[ZONE_VERB_UNINSTALL] = LEGAL,
		[ZONE_VERB_DELETE] = REFUSED(CLEAN_IT),
		[ZONE_VERB_READY] = REFUSED(CLEAN_IT),
		[ZONE_VERB_BOOT] = REFUSED(CLEAN_IT),
		[ZONE_VERB_SHUTDOWN] = ALREADY(IS_DOWN),
		[ZONE_VERB_HALT] = ALREADY(IS_DOWN),
		[ZONE_VERB_REBOOT] = REFUSED(CLEAN_IT),
		[ZONE_VERB_FREEZE] = REFUSED(CLEAN_IT),
		[ZONE_VERB_THAW] = ALREADY(IS_DOWN),
		[ZONE_VERB_LOGIN] = REFUSED(CLEAN_IT),
		[ZONE_VERB_EXEC] = REFUSED(CLEAN_IT),
		[ZONE_VERB_CONSOLE] = REFUSED(CLEAN_IT),
		[ZONE_VERB_EXPORT] = LEGAL,
		[ZONE_VERB_RENAME] = REFUSED(CLEAN_IT),
		[ZONE_VERB_MOVE] = REFUSED(CLEAN_IT),
		[ZONE_VERB_DETACH] = REFUSED(CLEAN_IT),
		[ZONE_VERB_ATTACH] = REFUSED(CLEAN_IT),
		[ZONE_VERB_ARCHIVE] = REFUSED(CLEAN_IT),
		[ZONE_VERB_CLONE] = REFUSED(CLEAN_IT),
		[ZONE_VERB_SNAPSHOT] = REFUSED(CLEAN_IT),
		[ZONE_VERB_ROLLBACK] = REFUSED(CLEAN_IT),
		[ZONE_VERB_PUBLISH] = REFUSED(CLEAN_IT),
		[ZONE_VERB_MIGRATE] = REFUSED(CLEAN_IT),
	},
	[ZONE_UNAVAILABLE] = {
		[ZONE_VERB_SET] = LEGAL,
		[ZONE_VERB_APPLY] = LEGAL,
		[ZONE_VERB_VERIFY] = LEGAL,
		[ZONE_VERB_INSTALL] = REFUSED("it is installed already, but " REPAIR_IT),
		[ZONE_VERB_UNINSTALL] = LEGAL,
		[ZONE_VERB_DELETE] = REFUSED("uninstall it first: zone uninstall NAME"),
		[ZONE_VERB_READY] = REFUSED(REPAIR_IT),
		[ZONE_VERB_BOOT] = REFUSED(REPAIR_IT),
		[ZONE_VERB_SHUTDOWN] = ALREADY(IS_DOWN),
		[ZONE_VERB_HALT] = ALREADY(IS_DOWN),
		[ZONE_VERB_REBOOT] = REFUSED(REPAIR_IT),
		[ZONE_VERB_FREEZE] = REFUSED(REPAIR_IT),
		[ZONE_VERB_THAW] = ALREADY(IS_DOWN),
		[ZONE_VERB_LOGIN] = REFUSED(REPAIR_IT),
		[ZONE_VERB_EXEC] = REFUSED(REPAIR_IT),
		[ZONE_VERB_CONSOLE] = REFUSED(REPAIR_IT),
		[ZONE_VERB_EXPORT] = LEGAL,
		[ZONE_VERB_RENAME] = REFUSED(REPAIR_IT),
		[ZONE_VERB_MOVE] = REFUSED(REPAIR_IT),
		[ZONE_VERB_DETACH] = REFUSED(REPAIR_IT),
		[ZONE_VERB_ATTACH] = REFUSED(REPAIR_IT),
		[ZONE_VERB_ARCHIVE] = REFUSED(REPAIR_IT),
		[ZONE_VERB_CLONE] = REFUSED(REPAIR_IT),
		[ZONE_VERB_SNAPSHOT] = REFUSED(REPAIR_IT),
		[ZONE_VERB_ROLLBACK] = REFUSED(REPAIR_IT),
		[ZONE_VERB_PUBLISH] = REFUSED(REPAIR_IT),
		[ZONE_VERB_MIGRATE] = REFUSED(REPAIR_IT),
	},
	[ZONE_INSTALLED] = {
		[ZONE_VERB_SET] = LEGAL,
		[ZONE_VERB_APPLY] = LEGAL,
		[ZONE_VERB_VERIFY] = LEGAL,
		[ZONE_VERB_INSTALL] = ALREADY("it is already installed"),
		[ZONE_VERB_UNINSTALL] = LEGAL,
		[ZONE_VERB_DELETE] = REFUSED("uninstall it first: zone uninstall NAME (or both at once: zone delete -F NAME)"),
		[ZONE_VERB_READY] = LEGAL,
		[ZONE_VERB_BOOT] = LEGAL,
		[ZONE_VERB_SHUTDOWN] = ALREADY(IS_DOWN),
		[ZONE_VERB_HALT] = ALREADY(IS_DOWN),
		[ZONE_VERB_REBOOT] = REFUSED(BOOT_IT),
		[ZONE_VERB_FREEZE] = REFUSED(BOOT_IT),
		[ZONE_VERB_THAW] = ALREADY(IS_DOWN),
		[ZONE_VERB_LOGIN] = REFUSED(BOOT_IT),
		[ZONE_VERB_EXEC] = REFUSED(BOOT_IT),
		[ZONE_VERB_CONSOLE] = LEGAL,
		[ZONE_VERB_EXPORT] = LEGAL,
		[ZONE_VERB_RENAME] = LEGAL,
		[ZONE_VERB_MOVE] = LEGAL,
		[ZONE_VERB_DETACH] = LEGAL,
		[ZONE_VERB_ATTACH] = ALREADY(ATTACHED),
		[ZONE_VERB_ARCHIVE] = LEGAL,
		[ZONE_VERB_CLONE] = LEGAL,
		[ZONE_VERB_SNAPSHOT] = LEGAL,
		[ZONE_VERB_ROLLBACK] = LEGAL,
		[ZONE_VERB_PUBLISH] = LEGAL,
		[ZONE_VERB_MIGRATE] = LEGAL,
	},
	[ZONE_READY] = {
		[ZONE_VERB_SET] = LEGAL,
		[ZONE_VERB_APPLY] = LEGAL,
		[ZONE_VERB_VERIFY] = LEGAL,
		[ZONE_VERB_INSTALL] = ALREADY("it is already installed"),
		[ZONE_VERB_UNINSTALL] = REFUSED(HALT_IT),
		[ZONE_VERB_DELETE] = REFUSED(HALT_IT),
		[ZONE_VERB_READY] = ALREADY("it is already ready"),
		[ZONE_VERB_BOOT] = LEGAL,
		[ZONE_VERB_SHUTDOWN] = LEGAL,
		[ZONE_VERB_HALT] = LEGAL,
		[ZONE_VERB_REBOOT] = REFUSED(START_IT),
		[ZONE_VERB_FREEZE] = REFUSED(START_IT),
		[ZONE_VERB_THAW] = ALREADY("it is not frozen"),
		[ZONE_VERB_LOGIN] = REFUSED(START_IT),
		[ZONE_VERB_EXEC] = REFUSED(START_IT),
		[ZONE_VERB_CONSOLE] = LEGAL,
		[ZONE_VERB_EXPORT] = LEGAL,
		[ZONE_VERB_RENAME] = REFUSED(HALT_IT),
		[ZONE_VERB_MOVE] = REFUSED(HALT_IT),
		[ZONE_VERB_DETACH] = REFUSED(HALT_IT),
		[ZONE_VERB_ATTACH] = ALREADY(ATTACHED),
		[ZONE_VERB_ARCHIVE] = REFUSED(HALT_IT),
		[ZONE_VERB_CLONE] = LEGAL,
		[ZONE_VERB_SNAPSHOT] = LEGAL,
		[ZONE_VERB_ROLLBACK] = REFUSED(HALT_IT),
		[ZONE_VERB_PUBLISH] = REFUSED(STILL_IT),
		[ZONE_VERB_MIGRATE] = REFUSED(START_OR_HALT),
	},
	[ZONE_RUNNING] = {
		[ZONE_VERB_SET] = LEGAL,
		[ZONE_VERB_APPLY] = LEGAL,
		[ZONE_VERB_VERIFY] = LEGAL,
		[ZONE_VERB_INSTALL] = ALREADY("it is already installed"),
		[ZONE_VERB_UNINSTALL] = REFUSED(HALT_IT),
		[ZONE_VERB_DELETE] = REFUSED(HALT_IT),
		[ZONE_VERB_READY] = ALREADY("it is already running"),
		[ZONE_VERB_BOOT] = ALREADY("it is already running"),
		[ZONE_VERB_SHUTDOWN] = LEGAL,
		[ZONE_VERB_HALT] = LEGAL,
		[ZONE_VERB_REBOOT] = LEGAL,
		[ZONE_VERB_FREEZE] = LEGAL,
		[ZONE_VERB_THAW] = ALREADY("it is not frozen"),
		[ZONE_VERB_LOGIN] = LEGAL,
		[ZONE_VERB_EXEC] = LEGAL,
		[ZONE_VERB_CONSOLE] = LEGAL,
		[ZONE_VERB_EXPORT] = LEGAL,
		[ZONE_VERB_RENAME] = REFUSED(HALT_IT),
		[ZONE_VERB_MOVE] = REFUSED(HALT_IT),
		[ZONE_VERB_DETACH] = REFUSED(HALT_IT),
		[ZONE_VERB_ATTACH] = ALREADY(ATTACHED),
		[ZONE_VERB_ARCHIVE] = REFUSED(HALT_IT),
		[ZONE_VERB_CLONE] = LEGAL,
		[ZONE_VERB_SNAPSHOT] = LEGAL,
		[ZONE_VERB_ROLLBACK] = REFUSED(HALT_IT),
		[ZONE_VERB_PUBLISH] = REFUSED(STILL_IT),
		[ZONE_VERB_MIGRATE] = LEGAL,
	},
	[ZONE_SHUTTING_DOWN] = {
		[ZONE_VERB_SET] = LEGAL,
		[ZONE_VERB_APPLY] = REFUSED(WAIT_FOR_IT),
		[ZONE_VERB_VERIFY] = LEGAL,
		[ZONE_VERB_INSTALL] = ALREADY("it is already installed"),
		[ZONE_VERB_UNINSTALL] = REFUSED(WAIT_FOR_IT),
		[ZONE_VERB_DELETE] = REFUSED(WAIT_FOR_IT),
		[ZONE_VERB_READY] = REFUSED(WAIT_FOR_IT),
		[ZONE_VERB_BOOT] = REFUSED(WAIT_FOR_IT),
		[ZONE_VERB_SHUTDOWN] = LEGAL,
		[ZONE_VERB_HALT] = LEGAL,
		[ZONE_VERB_REBOOT] = REFUSED(WAIT_FOR_IT),
		[ZONE_VERB_FREEZE] = REFUSED(WAIT_FOR_IT),
		[ZONE_VERB_THAW] = LEGAL,
		[ZONE_VERB_LOGIN] = LEGAL,
		[ZONE_VERB_EXEC] = LEGAL,
		[ZONE_VERB_CONSOLE] = LEGAL,
		[ZONE_VERB_EXPORT] = LEGAL,
		[ZONE_VERB_RENAME] = REFUSED(WAIT_FOR_IT),
		[ZONE_VERB_MOVE] = REFUSED(WAIT_FOR_IT),
		[ZONE_VERB_DETACH] = REFUSED(WAIT_FOR_IT),
		[ZONE_VERB_ATTACH] = ALREADY(ATTACHED),
		[ZONE_VERB_ARCHIVE] = REFUSED(WAIT_FOR_IT),
		[ZONE_VERB_CLONE] = REFUSED(WAIT_FOR_IT),
		[ZONE_VERB_SNAPSHOT] = REFUSED(WAIT_FOR_IT),
		[ZONE_VERB_ROLLBACK] = REFUSED(WAIT_FOR_IT),
		[ZONE_VERB_PUBLISH] = REFUSED(WAIT_FOR_IT),
		[ZONE_VERB_MIGRATE] = REFUSED(WAIT_FOR_IT),
	},
	[ZONE_DOWN] = {
		[ZONE_VERB_SET] = LEGAL,
		[ZONE_VERB_APPLY] = LEGAL,
		[ZONE_VERB_VERIFY] = LEGAL,
		[ZONE_VERB_INSTALL] = ALREADY("it is already installed"),
		[ZONE_VERB_UNINSTALL] = REFUSED(HALT_IT),
		[ZONE_VERB_DELETE] = REFUSED(HALT_IT),
		[ZONE_VERB_READY] = REFUSED(WAIT_FOR_IT),
		[ZONE_VERB_BOOT] = REFUSED(WAIT_FOR_IT),
		[ZONE_VERB_SHUTDOWN] = LEGAL,
		[ZONE_VERB_HALT] = LEGAL,
		[ZONE_VERB_REBOOT] = LEGAL,
		[ZONE_VERB_FREEZE] = REFUSED(WAIT_FOR_IT),
		[ZONE_VERB_THAW] = ALREADY("it is not frozen"),
		[ZONE_VERB_LOGIN] = REFUSED("its init has ended, see why: zone why NAME"),
		[ZONE_VERB_EXEC] = REFUSED("its init has ended, see why: zone why NAME"),
		[ZONE_VERB_CONSOLE] = LEGAL,
		[ZONE_VERB_EXPORT] = LEGAL,
		[ZONE_VERB_RENAME] = REFUSED(HALT_IT),
		[ZONE_VERB_MOVE] = REFUSED(HALT_IT),
		[ZONE_VERB_DETACH] = REFUSED(HALT_IT),
		[ZONE_VERB_ATTACH] = ALREADY(ATTACHED),
		[ZONE_VERB_ARCHIVE] = REFUSED(HALT_IT),
		[ZONE_VERB_CLONE] = REFUSED(HALT_IT),
		[ZONE_VERB_SNAPSHOT] = REFUSED(HALT_IT),
		[ZONE_VERB_ROLLBACK] = REFUSED(HALT_IT),
		[ZONE_VERB_PUBLISH] = REFUSED(HALT_IT),
		[ZONE_VERB_MIGRATE] = REFUSED(HALT_IT),
	},
	[STATE_FROZEN] = {
		[ZONE_VERB_SET] = LEGAL,
		[ZONE_VERB_APPLY] = LEGAL,
		[ZONE_VERB_VERIFY] = LEGAL,
		[ZONE_VERB_INSTALL] = ALREADY("it is already installed"),
		[ZONE_VERB_UNINSTALL] = REFUSED(HALT_IT),
		[ZONE_VERB_DELETE] = REFUSED(HALT_IT),
		[ZONE_VERB_READY] = ALREADY("it is already running"),
		[ZONE_VERB_BOOT] = ALREADY("it is already running, though frozen"),
		[ZONE_VERB_SHUTDOWN] = REFUSED(THAW_IT ", or halt it: zone halt NAME"),
		[ZONE_VERB_HALT] = LEGAL,
		[ZONE_VERB_REBOOT] = LEGAL,
		[ZONE_VERB_FREEZE] = ALREADY("it is already frozen"),
		[ZONE_VERB_THAW] = LEGAL,
		[ZONE_VERB_LOGIN] = REFUSED(THAW_IT),
		[ZONE_VERB_EXEC] = REFUSED(THAW_IT),
		[ZONE_VERB_CONSOLE] = LEGAL,
		[ZONE_VERB_EXPORT] = LEGAL,
		[ZONE_VERB_RENAME] = REFUSED(HALT_IT),
		[ZONE_VERB_MOVE] = REFUSED(HALT_IT),
		[ZONE_VERB_DETACH] = REFUSED(HALT_IT),
		[ZONE_VERB_ATTACH] = ALREADY(ATTACHED),
		[ZONE_VERB_ARCHIVE] = REFUSED(HALT_IT),
		[ZONE_VERB_CLONE] = LEGAL,
		[ZONE_VERB_SNAPSHOT] = LEGAL,
		[ZONE_VERB_ROLLBACK] = REFUSED(HALT_IT),
		[ZONE_VERB_PUBLISH] = LEGAL,
		[ZONE_VERB_MIGRATE] = REFUSED(THAW_IT),
	},
};

static const char *const state_words[ZONE_STATE_COUNT] = {
	[ZONE_NONE] = "none",
	[ZONE_CONFIGURED] = "configured",
	[ZONE_INCOMPLETE] = "incomplete",
	[ZONE_UNAVAILABLE] = "unavailable",
	[ZONE_INSTALLED] = "installed",
	[ZONE_READY] = "ready",
	[ZONE_RUNNING] = "running",
	[ZONE_SHUTTING_DOWN] = "shutting_down",
	[ZONE_DOWN] = "down",
};

const char *zone_state_word(enum zone_state s)
{
	return s < ZONE_STATE_COUNT ? state_words[s] : "none";
}

static const struct cell *find_cell(size_t row, enum zone_verb v)
{
	static const struct cell unknown = REFUSED("no such state or verb");

	return row < STATE_ROWS && v < ZONE_VERB_COUNT ? &table[row][v] : &unknown;
}

enum zone_verdict zone_verdict(enum zone_state s, enum zone_verb v, const char **ret_sentence)
{
	const struct cell *c = find_cell(s < ZONE_STATE_COUNT ? s : STATE_ROWS, v);

	if (ret_sentence)
		*ret_sentence = c->sentence;
	return c->verdict;
}

/* The sentence with the zone's name in place of NAME. */
static char *fill_name(const char *sentence, const char *name)
{
	struct strbuf b = { 0 };
	const char *at;

	while ((at = strstr(sentence, "NAME"))) {
		strbuf_add_bytes(&b, sentence, (size_t)(at - sentence));
		strbuf_add(&b, name);
		sentence = at + strlen("NAME");
	}
	strbuf_add(&b, sentence);
	return strbuf_steal(&b);
}

/* What the table cannot know: where the files of this zone are. A zone that is leaving keeps its files and its name until it is known where it is. */
static const struct cell *find_special(const struct zone *z, enum zone_verb v, const struct cell *c)
{
	static const struct cell attach = REFUSED(ATTACH_IT), leaving = REFUSED(LEAVING_IT),
				 arriving = REFUSED(ARRIVING_IT), legal = LEGAL;

	if (z->state == ZONE_CONFIGURED && z->detached && str_eq(c->sentence, INSTALL_IT))
		return &attach;
	if (z->state != ZONE_INCOMPLETE || c->verdict == ZONE_ALREADY)
		return c;
	if (str_eq(z->record.aux, MIGRATE_ARRIVING))
		return c->verdict == ZONE_REFUSED ? &arriving : c;
	if (!str_eq(z->record.aux, MIGRATE_LEAVING))
		return c;
	return v == ZONE_VERB_MIGRATE || v == ZONE_VERB_EXPORT ? &legal : &leaving;
}

int zone_allow(const struct zone *z, enum zone_verb v, char **ret_note, struct err *e)
{
	bool frozen = z->frozen && z->state == ZONE_RUNNING;
	const struct cell *c =
		find_special(z, v, find_cell(frozen ? (size_t)STATE_FROZEN : (size_t)z->state, v));

	if (c->verdict == ZONE_LEGAL)
		return 0;
	auto_free char *sentence = fill_name(c->sentence, z->name);

	if (c->verdict == ZONE_REFUSED)
		return err_set(e, EBUSY, "zone \"%s\" is %s: %s", z->name,
			       zone_state_word(z->state), sentence);
	if (ret_note)
		*ret_note = mem_format("zone \"%s\": %s", z->name, sentence);
	return 1;
}
