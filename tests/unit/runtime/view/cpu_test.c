#include "runtime/view/view.h"

#include <stdlib.h>

#include "tests/unit/test.h"

#define S UINT64_C(1000000000)

static struct view_cpus c;
static struct view_clock k;

static void check_online(const char *list, const char *quota, const char *period, const char *want)
{
	struct view_text t = { 0 };

	CHECK(view_cpus_parse(list, &c));
	view_cpus_cap(&c, quota, period);
	view_online(&t, &c);
	CHECK_STR(t.at, want);
	view_text_done(&t);
}

static void test_sets(void)
{
	check_online("0-3,8,10-11\n", "", "", "0-3,8,10-11\n");
	check_online("0-7\n", "max 100000\n", NULL, "0-7\n");
	check_online("0-7\n", "-1\n", "100000\n", "0-7\n");
	check_online("0-7\n", "150000 100000\n", NULL, "0-1\n");
	check_online("0-7\n", "200000\n", "100000\n", "0-1\n");
	check_online("0-7\n", "200001 100000", "", "0-2\n");
	check_online("2-3\n", "50000 100000\n", NULL, "2\n");
	check_online("5\n", "900000 100000\n", NULL, "5\n");
	check_online("0-1", "100 0", NULL, "0-1\n");
	CHECK(!view_cpus_parse("\n", &c));
	CHECK(!view_cpus_parse("", &c));
	CHECK(!view_cpus_parse(NULL, &c));
	CHECK(!view_cpus_parse("3-1", &c));
	CHECK(!view_cpus_parse("0-99999", &c));
	CHECK(!view_cpus_parse("x", &c));
	CHECK(view_cpus_parse("0-5000", &c));
	CHECK_INT(c.n, VIEW_CPUS_MAX);
}

static void test_cpuinfo(void)
{
	static const char host[] = "processor\t: 0\nmodel\t: a\n\nprocessor\t: 1\nmodel\t: b\n\n"
				   "processor\t: 12\nmodel\t: c\n\nHardware\t: x\n";
	struct view_text t = { 0 };

	CHECK(view_cpus_parse("0,12", &c));
	view_cpuinfo(&t, host, &c);
	CHECK_STR(t.at,
		  "processor\t: 0\nmodel\t: a\n\nprocessor\t: 12\nmodel\t: c\n\nHardware\t: x\n");
	view_text_done(&t);
}

static void test_stat(void)
{
	static const char cpus[] = "cpu  400 0 200 1400 0 0 0 0 0 0\n"
				   "cpu2 200 0 100 700 0 0 0 0 0 0\n"
				   "cpu3 200 0 100 700 0 0 0 0 0 0\nintr 0\n";
	struct view_text t = { 0 };

	memset(&k, 0, sizeof(k));
	CHECK(view_cpus_parse("2-3", &c));
	view_clock_advance(&k, 10 * S, 4 * S, 2 * S, 2);
	view_stat(&t, &k, &c, 1000, 7);
	CHECK(strncmp(t.at, cpus, sizeof(cpus) - 1) == 0);
	CHECK(strstr(t.at, "\nbtime 1000\nprocesses 7\n") != NULL);
	view_text_done(&t);
	view_uptime(&t, &k, &c);
	CHECK_STR(t.at, "10.00 14.00\n");
	view_text_done(&t);
}

/* What was told once is never taken back, whatever the number of CPUs becomes. */
static void test_clock(void)
{
	struct view_cpu_times before;

	memset(&k, 0, sizeof(k));
	view_clock_advance(&k, 10 * S, 20 * S, 0, 4);
	CHECK_INT(k.cpus[0].user, 5 * S);
	CHECK_INT(k.cpus[0].idle, 5 * S);
	before = k.cpus[0];
	/* capped to one: more was used than one CPU has, and idle time goes on from here */
	view_clock_advance(&k, 12 * S, 21 * S, 0, 1);
	CHECK_INT(k.cpus[0].user, before.user + S);
	CHECK_INT(k.cpus[0].idle, before.idle + S);
	/* one more than ever */
	view_clock_advance(&k, 14 * S, 21 * S, 0, 5);
	CHECK_INT(k.cpus[4].user, 0);
	CHECK_INT(k.cpus[4].idle, 14 * S);
	/* a reading that lies before the last one, a burst above the CPUs shown */
	before = k.cpus[0];
	view_clock_advance(&k, 13 * S, 1 * S, 0, 5);
	CHECK_INT(k.cpus[0].idle, before.idle);
	CHECK_INT(k.cpus[0].user, before.user);
	CHECK_INT(k.at, 14 * S);
	view_clock_advance(&k, 15 * S, 29 * S, 0, 1);
	CHECK_INT(k.cpus[0].idle, before.idle);
	CHECK_INT(k.cpus[0].user, before.user + 8 * S);
	view_clock_advance(&k, 16 * S, 29 * S, 0, 0);
	CHECK_INT(k.at, 15 * S);
}

int main(void)
{
	test_sets();
	test_cpuinfo();
	test_stat();
	test_clock();
	return test_done();
}
