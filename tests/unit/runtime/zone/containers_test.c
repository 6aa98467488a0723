/* What a container's status is called among zones, and that an installation of its own shows none of the host's containers. */
#include "runtime/zone/containers.h"

#include <errno.h>
#include <stdlib.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/mem.h"
#include "tests/unit/test.h"

static void states(void)
{
	static const struct {
		enum engine_status status;
		const char *state, *aux;
	} rows[] = {
		{ ENGINE_CREATING, "incomplete", "creating" },
		{ ENGINE_CREATED, "ready", NULL },
		{ ENGINE_RUNNING, "running", NULL },
		{ ENGINE_PAUSED, "running", "frozen" },
		{ ENGINE_STOPPED, "down", NULL },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		auto_free char *aux = NULL;

		CHECK_STR(zone_state_word(containers_state(rows[i].status, &aux)), rows[i].state);
		CHECK_STR(aux, rows[i].aux);
	}
}

int main(void)
{
	char run[] = "/nosuch/run", other[] = "/nosuch";
	struct zone_dirs d = { .config = other, .storage = other, .run = run };
	struct engine_container *c = NULL;
	struct zone_row *rows = NULL;
	struct err e = { 0 };
	size_t n = 5;

	(void)unsetenv("ZONES_OCI_DIR");
	states();
	containers_rows(&d, &rows, &n);
	CHECK(!rows && n == 0);
	CHECK_INT(containers_open(&d, "x", &c, &e), -ENOENT);
	CHECK(setenv("ZONES_OCI_DIR", "/nosuch/zrun", 1) == 0);
	containers_rows(&d, &rows, &n);
	CHECK(!rows && n == 0);
	CHECK_INT(containers_open(&d, "x", &c, &e), -ENOENT);
	CHECK_INT(containers_open(&d, "../x", &c, &e), -ENOENT);
	return test_done();
}
