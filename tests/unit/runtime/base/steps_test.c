/* steps: order, undo in reverse, the row's name in the error, the cause kept. */
#include "runtime/base/steps.h"

#include <errno.h>

#include "tests/unit/test.h"

struct trace {
	char text[32];
	char fail; /* the row that fails */
};

static int run_row(struct trace *t, char row, struct err *e)
{
	t->text[strlen(t->text)] = row;
	return t->fail == row ? err_set(e, EBUSY, "row %c fails", row) : 0;
}

static int run_a(void *ctx, struct err *e)
{
	return run_row(ctx, 'a', e);
}

static int run_b(void *ctx, struct err *e)
{
	return run_row(ctx, 'b', e);
}

static int run_c(void *ctx, struct err *e)
{
	return run_row(ctx, 'c', e);
}

static void undo_a(void *ctx)
{
	struct trace *t = ctx;

	t->text[strlen(t->text)] = 'A';
}

static void undo_c(void *ctx)
{
	struct trace *t = ctx;

	t->text[strlen(t->text)] = 'C';
}

static const struct step table[] = {
	{ "do a", run_a, undo_a },
	{ "do b", run_b, NULL },
	{ "do c", run_c, undo_c },
};

static void check(char fail, int result, const char *trace, const char *text)
{
	struct trace t = { .text = "", .fail = fail };
	struct err e = { 0 };

	CHECK_INT(steps_run(table, STEPS_COUNT(table), &t, &e), result);
	CHECK_STR(t.text, trace);
	CHECK_STR(e.text, text);
}

int main(void)
{
	struct trace t = { .text = "" };

	check(0, 0, "abc", "");
	check('a', -EBUSY, "a", "do a: row a fails");
	check('b', -EBUSY, "abA", "do b: row b fails");
	check('c', -EBUSY, "abcA", "do c: row c fails");
	steps_undo(table, STEPS_COUNT(table), &t);
	CHECK_STR(t.text, "CA");
	return test_done();
}
