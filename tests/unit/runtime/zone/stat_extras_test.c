#include "runtime/zone/stat_extras.h"

#include "tests/unit/test.h"

static void test_shares(void)
{
	struct stat_weights w = { 0 };

	stat_weights_add(&w, NULL, 300);
	CHECK_INT(stat_weights_part(&w, NULL, 300), 10000);
	stat_weights_add(&w, NULL, 100);
	CHECK_INT(stat_weights_part(&w, NULL, 300), 7500);
	stat_weights_add(&w, "acme", 30); /* two zones below one weight */
	stat_weights_add(&w, "acme", 10);
	CHECK_INT(w.n, 2);
	w.items[1].weight = 400;
	CHECK_INT(stat_weights_part(&w, NULL, 300), 3750);
	CHECK_INT(stat_weights_part(&w, "acme", 30), 3750);
	CHECK_INT(stat_weights_part(&w, "acme", 10), 1250);
	CHECK_INT(stat_weights_part(&w, "nosuch", 10), 0);
	stat_weights_done(&w);
	CHECK_INT(stat_weights_part(&w, NULL, 1), 0);
}

/* Nobody counts for a folder of a file system that others use too. */
static void test_disk(void)
{
	struct opt_u64 used = { 0 }, limit = { 0 };

	CHECK(!stat_disk("/nosuch", &used, &limit));
	CHECK(!stat_disk("/etc/passwd", &used, &limit));
	CHECK(stat_disk("/proc", &used, &limit)); /* the root of a mount */
	CHECK(used.set && limit.set);
}

static void test_limits(void)
{
	const char *text =
		"Limit                     Soft Limit           Hard Limit           Units     \n"
		"Max processes             40                   unlimited            processes \n"
		"Max locked memory         unlimited            unlimited            bytes     \n";

	CHECK(stat_limit(text, "Max processes").set);
	CHECK_INT(stat_limit(text, "Max processes").value, 40);
	CHECK(!stat_limit(text, "Max locked memory").set && !stat_limit(text, "processes").set);
	CHECK(!stat_limit("", "Max processes").set);
}

int main(void)
{
	test_limits();
	test_shares();
	test_disk();
	return test_done();
}
