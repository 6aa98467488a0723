#include "runtime/view/view.h"

#include <stdlib.h>

#include "tests/unit/test.h"

#define S UINT64_C(1000000000)

static void test_advance(void)
{
	struct view_load l = { 0 };
	struct view_text t = { 0 };

	/* busy with two for an hour: everything has come near */
	view_load_advance(&l, 3600 * S, 7200 * S);
	CHECK_INT(l.milli[0], 2000);
	CHECK(l.milli[2] > 1950 && l.milli[2] < 1970);
	/* a minute of rest leaves 1/e of the first */
	view_load_advance(&l, 3660 * S, 7200 * S);
	CHECK(l.milli[0] > 730 && l.milli[0] < 740);
	CHECK(l.milli[1] > 1600 && l.milli[1] < 1640);
	/* less than a second changes nothing and loses nothing */
	view_load_advance(&l, 3660 * S + S / 2, 7200 * S + S / 2);
	CHECK_INT(l.at, 3660);
	CHECK_INT(l.busy, 7200 * S);
	view_loadavg(&t, &l, 12);
	CHECK(strncmp(t.at, "0.7", 3) == 0);
	CHECK(strstr(t.at, " 1/12 0\n") != NULL);
	view_text_done(&t);
}

/* Steps of a second and one of a minute say the same. */
static void test_steps(void)
{
	struct view_load one = { 0 }, many = { 0 };

	view_load_advance(&one, 60 * S, 60 * S);
	for (uint64_t i = 1; i <= 60; i++)
		view_load_advance(&many, i * S, i * S);
	CHECK(one.milli[0] > 625 && one.milli[0] < 635);
	CHECK(many.milli[0] + 40 > one.milli[0] && many.milli[0] <= one.milli[0] + 1);
	view_load_advance(&one, 61 * S, UINT64_MAX);
	CHECK(one.milli[0] < UINT64_C(1) << 30);
}

static void test_texts(void)
{
	const struct view_load l = { .milli = { 1234, 995, 4 } };
	struct view_text t = { 0 };

	view_loadavg(&t, &l, VIEW_NONE);
	CHECK_STR(t.at, "1.23 1.00 0.00 1/1 0\n");
	view_text_done(&t);
	CHECK_INT(view_pressure("some avg10=0.00 avg60=0.00 avg300=0.00 total=5\nfull total=9\n"),
		  5000);
	CHECK_INT(view_pressure(""), 0);
	CHECK_INT(view_pressure(NULL), 0);
	CHECK_INT(view_pressure("full avg10=0.00 total=9\n"), 0);
}

int main(void)
{
	test_advance();
	test_steps();
	test_texts();
	return test_done();
}
