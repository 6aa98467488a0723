/* Sets of CPUs. */
#include "runtime/zone/cpu_list.h"

#include "runtime/base/cleanup.h"
#include "runtime/base/mem.h"
#include "tests/unit/test.h"

static struct cpu_list a, b;

static void is(const struct cpu_list *l, const char *want)
{
	auto_free char *text = cpu_list_text(l);

	CHECK_STR(text, want);
}

static void reads(const char *text, const char *want)
{
	struct err e = { 0 };

	CHECK_INT(cpu_list_parse(text, &a, &e), 0);
	is(&a, want);
}

static void refuses(const char *text)
{
	struct err e = { 0 };

	CHECK(cpu_list_parse(text, &a, &e) < 0);
}

static void range(const char *text, int min, int max)
{
	unsigned lo = 0, hi = 0;
	struct err e = { 0 };
	int r = cpu_range_parse(text, &lo, &hi, &e);

	CHECK_INT(r < 0 ? -1 : (int)lo, min);
	CHECK_INT(r < 0 ? -1 : (int)hi, max);
}

int main(void)
{
	struct err e = { 0 };

	reads("", "");
	reads("0", "0");
	reads("0-1", "0-1");
	reads("7,3,1-2,9", "1-3,7,9");
	reads("8191", "8191");
	refuses("8192");
	refuses("3-1");
	refuses("1,");
	refuses("a");
	refuses("1-");
	refuses("-1");
	refuses("1 ,2");
	CHECK_INT(cpu_list_parse("0-5", &a, &e), 0);
	CHECK_INT(cpu_list_parse("2,4-7", &b, &e), 0);
	CHECK_INT((int)cpu_list_count(&b), 5);
	cpu_list_remove(&a, &b);
	is(&a, "0-1,3");
	cpu_list_add(&a, &b);
	is(&a, "0-7");
	cpu_list_keep(&a, &b);
	is(&a, "2,4-7");
	cpu_list_highest(&b, 4, &a);
	is(&a, "4-7");
	cpu_list_highest(&b, 9, &a);
	is(&a, "2,4-7");
	cpu_list_highest(&b, 0, &a);
	is(&a, "");
	range("2", 2, 2);
	range("1-3", 1, 3);
	range("0", -1, -1);
	range("0-1", -1, -1);
	range("3-1", -1, -1);
	range("x", -1, -1);
	return test_done();
}
