/* Who was killed for memory: records of the kernel's log, and names that a tenant made up to look like another zone's. */
#include "runtime/monitor/oom_victim.h"

#include <string.h>
#include <unistd.h>

#include "tests/unit/test.h"

#define ZONE  "oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset="
#define MIDST ",mems_allowed=0,oom_memcg="

static void test_own(void)
{
	struct oom_victim v;

	CHECK(oom_victim_parse(ZONE "web" MIDST
				    "/z/web,task_memcg=/z/web,task=tail,pid=42,uid=1000",
			       "/z/web", &v));
	CHECK(v.cause == OOM_ZONE && v.pid == 42 && v.uid == 1000);
	CHECK_STR(v.name, "tail");
	CHECK(oom_victim_parse(
		ZONE "x" MIDST
		     "/z/web/a,task_memcg=/z/web/a/b,task=tail,pid=42,uid=1000\n SUBSYSTEM=x",
		"/z/web", &v));
	CHECK(v.cause == OOM_ZONE && v.uid == 1000);
}

static void test_above_and_global(void)
{
	struct oom_victim v;

	CHECK(oom_victim_parse(ZONE "web" MIDST "/z,task_memcg=/z/web/x,task=a,pid=1,uid=2",
			       "/z/web", &v));
	CHECK(v.cause == OOM_ABOVE);
	CHECK(oom_victim_parse(ZONE "web" MIDST "/,task_memcg=/z/web,task=a,pid=1,uid=2", "/z/web",
			       &v));
	CHECK(v.cause == OOM_ABOVE);
	CHECK(oom_victim_parse("oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null),cpuset=/,"
			       "mems_allowed=0,global_oom,task_memcg=/z/web,task=a,pid=1,uid=2",
			       "/z/web", &v));
	CHECK(v.cause == OOM_GLOBAL && v.pid == 1);
}

/* Processes and cgroups of zone "bad", with names that it chose. */
static void test_forged(void)
{
	struct oom_victim v;

	CHECK(!oom_victim_parse(ZONE "bad" MIDST "/z/bad,task_memcg=/z/bad,task=a,pid=1,uid=2",
				"/z/web", &v));
	CHECK(!oom_victim_parse(ZONE "web2" MIDST "/z/web2,task_memcg=/z/web2,task=a,pid=1,uid=2",
				"/z/web", &v));
	CHECK(!oom_victim_parse(ZONE "bad" MIDST
				     "/z/bad/x,oom_memcg=/z/web,task_memcg=/z/bad,task=a,"
				     "pid=1,uid=2",
				"/z/web", &v));
	CHECK(!oom_victim_parse(ZONE "bad" MIDST "/z/bad/x,task_memcg=/z/web,task=a,pid=1,uid=2",
				"/z/web", &v));
	CHECK(!oom_victim_parse(ZONE "bad" MIDST "/z,task_memcg=/z/bad/x,task_memcg=/z/web,task=a,"
				     "pid=1,uid=2",
				"/z/web", &v));
	CHECK(!oom_victim_parse(ZONE
				"x,global_oom,task_memcg=,oom_memcg=" MIDST
				"/z/bad/x,global_oom,task_memcg=/z/web,task_memcg=/z/bad,task=a,"
				"pid=1,uid=2",
				"/z/web", &v));
	/* a process whose name looks like the numbers behind it */
	CHECK(oom_victim_parse(ZONE "web" MIDST
				    "/z/web,task_memcg=/z/web,task=,pid=1,uid=0,pid=42,uid=1000",
			       "/z/web", &v));
	CHECK(v.pid == 42 && v.uid == 1000);
	CHECK_STR(v.name, ",pid=1,uid=0");
}

static void test_nonsense(void)
{
	static const char *const texts[] = {
		"",
		"oom-kill:",
		"oom-kill:constraint=CONSTRAINT_MEMCG,",
		ZONE MIDST,
		ZONE MIDST "/z/web,",
		ZONE MIDST "/z/web,task_memcg=/z/web,task=a",
		ZONE MIDST "/z/web,task_memcg=/z/web,task=a,pid=x,uid=1",
		ZONE MIDST "/z/web,task_memcg=/z/web,task=a,pid=1,uid=99999999999",
		ZONE MIDST "/z/web,task_memcg=/z/web,pid=1,uid=1",
		"Memory cgroup out of memory: Killed process 42 (tail)",
	};
	struct oom_victim v;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		CHECK(!oom_victim_parse(texts[i], "/z/web", &v));
}

/* The log from one record on, each read one record, as the kernel gives it. */
static void test_log(void)
{
	struct oom_victim v[2];
	int pair[2];
	static const char other[] = "6,1,2,-;something else";
	static const char record[] =
		"6,1,3,-;" ZONE "web" MIDST "/z/web,task_memcg=/z/web,task=a,pid=7,uid=8\n";

	CHECK_INT(pipe(pair), 0);
	CHECK_INT(write(pair[1], other, strlen(other)), (int)strlen(other));
	CHECK_INT((int)oom_log_victims(pair[0], "/z/web", v, 0), 0);
	CHECK_INT(close(pair[1]), 0);
	CHECK_INT((int)oom_log_victims(pair[0], "/z/web", v, 2), 0);
	CHECK_INT(close(pair[0]), 0);
	CHECK_INT(pipe(pair), 0);
	CHECK_INT(write(pair[1], record, strlen(record)), (int)strlen(record));
	CHECK_INT(close(pair[1]), 0);
	CHECK_INT((int)oom_log_victims(pair[0], "/z/web", v, 2), 1);
	CHECK_INT(v[0].pid, 7);
	CHECK_INT(close(pair[0]), 0);
}

int main(void)
{
	test_own();
	test_above_and_global();
	test_forged();
	test_nonsense();
	test_log();
	return test_done();
}
