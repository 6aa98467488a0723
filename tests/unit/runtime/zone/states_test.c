/* The state table: every cell is filled, every refusal names a way out, and the rows say what an administrator expects. */
#include <errno.h>

#include "runtime/base/mem.h"
#include "runtime/zone/zone.h"
#include "tests/unit/test.h"

static const char *sentence;

static enum zone_verdict verdict(enum zone_state s, enum zone_verb v)
{
	return zone_verdict(s, v, &sentence);
}

static void every_cell(void)
{
	int bad = 0;

	for (enum zone_state s = ZONE_NONE; s < ZONE_STATE_COUNT; s++) {
		for (enum zone_verb v = ZONE_VERB_SET; v < ZONE_VERB_COUNT; v++) {
			enum zone_verdict r = verdict(s, v);

			bad += (r == ZONE_LEGAL) != (sentence == NULL);
			bad += r == ZONE_REFUSED && (!strstr(sentence, "zone ") ||
						     (s != ZONE_NONE && !strstr(sentence, "NAME")));
			bad += s == ZONE_NONE && r != ZONE_REFUSED;
		}
	}
	CHECK_INT(bad, 0);
	CHECK(zone_verdict(ZONE_STATE_COUNT, ZONE_VERB_BOOT, NULL) == ZONE_REFUSED);
	CHECK(zone_verdict(ZONE_INSTALLED, ZONE_VERB_COUNT, NULL) == ZONE_REFUSED);
}

static void expectations(void)
{
	CHECK(verdict(ZONE_CONFIGURED, ZONE_VERB_INSTALL) == ZONE_LEGAL);
	CHECK(verdict(ZONE_CONFIGURED, ZONE_VERB_BOOT) == ZONE_REFUSED);
	CHECK(verdict(ZONE_CONFIGURED, ZONE_VERB_UNINSTALL) == ZONE_ALREADY);
	CHECK(verdict(ZONE_INCOMPLETE, ZONE_VERB_UNINSTALL) == ZONE_LEGAL);
	for (enum zone_verb v = ZONE_VERB_VERIFY; v < ZONE_VERB_COUNT; v++) {
		if (v != ZONE_VERB_UNINSTALL && v != ZONE_VERB_EXPORT &&
		    verdict(ZONE_INCOMPLETE, v) == ZONE_LEGAL)
			CHECK(false); /* its only way out is uninstall */
	}
	CHECK(verdict(ZONE_INSTALLED, ZONE_VERB_DELETE) == ZONE_REFUSED);
	CHECK(verdict(ZONE_INSTALLED, ZONE_VERB_HALT) == ZONE_ALREADY);
	CHECK(verdict(ZONE_INSTALLED, ZONE_VERB_INSTALL) == ZONE_ALREADY);
	CHECK(verdict(ZONE_READY, ZONE_VERB_BOOT) == ZONE_LEGAL);
	CHECK(verdict(ZONE_READY, ZONE_VERB_LOGIN) == ZONE_REFUSED);
	CHECK(verdict(ZONE_RUNNING, ZONE_VERB_BOOT) == ZONE_ALREADY);
	CHECK(verdict(ZONE_RUNNING, ZONE_VERB_UNINSTALL) == ZONE_REFUSED);
	CHECK(verdict(ZONE_RUNNING, ZONE_VERB_DELETE) == ZONE_REFUSED);
	CHECK(verdict(ZONE_SHUTTING_DOWN, ZONE_VERB_HALT) == ZONE_LEGAL);
	CHECK(verdict(ZONE_DOWN, ZONE_VERB_HALT) == ZONE_LEGAL);
	CHECK(verdict(ZONE_UNAVAILABLE, ZONE_VERB_BOOT) == ZONE_REFUSED);
	CHECK(verdict(ZONE_UNAVAILABLE, ZONE_VERB_UNINSTALL) == ZONE_LEGAL);
}

static void allowing(void)
{
	struct zone z = { .name = (char *)(uintptr_t) "web",
			  .state = ZONE_INSTALLED,
			  .lock_fd = -1 };
	struct err e = { 0 };
	char *note = NULL;

	CHECK_INT(zone_allow(&z, ZONE_VERB_LOGIN, NULL, &e), -EBUSY);
	CHECK_STR(e.text, "zone \"web\" is installed: boot it first: zone boot web");
	CHECK_INT(zone_allow(&z, ZONE_VERB_BOOT, &note, &e), 0);
	CHECK(note == NULL);
	CHECK_INT(zone_allow(&z, ZONE_VERB_HALT, &note, &e), 1);
	CHECK_STR(note, "zone \"web\": it is not running");
	free(note);
	z.state = ZONE_RUNNING;
	CHECK_INT(zone_allow(&z, ZONE_VERB_THAW, NULL, &e), 1);
	CHECK_INT(zone_allow(&z, ZONE_VERB_EXEC, NULL, &e), 0);
	z.frozen = true;
	CHECK_INT(zone_allow(&z, ZONE_VERB_THAW, NULL, &e), 0);
	CHECK_INT(zone_allow(&z, ZONE_VERB_FREEZE, NULL, &e), 1);
	CHECK_INT(zone_allow(&z, ZONE_VERB_HALT, NULL, &e), 0);
	CHECK_INT(zone_allow(&z, ZONE_VERB_EXEC, NULL, &e), -EBUSY);
	CHECK(strstr(e.text, "zone thaw web") != NULL);
}

/* Where the files are decides as well. */
static void places(void)
{
	struct zone z = { .name = (char *)(uintptr_t) "web",
			  .state = ZONE_CONFIGURED,
			  .lock_fd = -1 };
	struct err e = { 0 };

	CHECK_INT(zone_allow(&z, ZONE_VERB_BOOT, NULL, &e), -EBUSY);
	CHECK(strstr(e.text, "zone install web") != NULL);
	z.detached = true;
	CHECK_INT(zone_allow(&z, ZONE_VERB_BOOT, NULL, &e), -EBUSY);
	CHECK(strstr(e.text, "zone attach web") != NULL);
	CHECK_INT(zone_allow(&z, ZONE_VERB_ATTACH, NULL, &e), 0);
	z.state = ZONE_INCOMPLETE;
	z.record.aux = (char *)(uintptr_t) "migrating-out";
	CHECK_INT(zone_allow(&z, ZONE_VERB_BOOT, NULL, &e), -EBUSY);
	CHECK(strstr(e.text, "zone migrate --abort web") != NULL);
	CHECK_INT(zone_allow(&z, ZONE_VERB_UNINSTALL, NULL, &e), -EBUSY);
	CHECK_INT(zone_allow(&z, ZONE_VERB_SET, NULL, &e), -EBUSY);
	CHECK_INT(zone_allow(&z, ZONE_VERB_MIGRATE, NULL, &e), 0);
	z.record.aux = (char *)(uintptr_t) "migrating-in";
	CHECK_INT(zone_allow(&z, ZONE_VERB_UNINSTALL, NULL, &e), 0);
	CHECK_INT(zone_allow(&z, ZONE_VERB_BOOT, NULL, &e), -EBUSY);
	CHECK(strstr(e.text, "zone uninstall web") != NULL);
	CHECK_INT(zone_allow(&z, ZONE_VERB_MIGRATE, NULL, &e), -EBUSY);
}

int main(void)
{
	every_cell();
	expectations();
	allowing();
	places();
	CHECK_STR(zone_state_word(ZONE_SHUTTING_DOWN), "shutting_down");
	CHECK_STR(zone_state_word(ZONE_STATE_COUNT), "none");
	return test_done();
}
