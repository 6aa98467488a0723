#include "cgroups/stats.h"

#include "tests/unit/cgroups/fake.h"
#include "tests/unit/test.h"

static const char v1_io[] =
	"8:0 Read 4096\n8:0 Write 100\n8:0 Sync 4196\n8:16 Read 904\nTotal 5000";
static const char v2_io[] =
	"8:0 rbytes=4096 wbytes=100 rios=2 wios=1 dbytes=0 dios=0\n8:16 rbytes=904 wbytes=0 rios=1 wios=0";

static void test_sums(void)
{
	uint64_t v = 0;

	CHECK(stats_sum_v1(v1_io, "Read", &v));
	CHECK_INT(v, 5000);
	CHECK(stats_sum_v1(v1_io, "Write", &v));
	CHECK_INT(v, 100);
	CHECK(stats_sum_v1("", "Read", &v));
	CHECK_INT(v, 0);
	CHECK(stats_sum_v2(v2_io, "rbytes", &v));
	CHECK_INT(v, 5000);
	CHECK(stats_sum_v2(v2_io, "wios", &v));
	CHECK_INT(v, 1);
}

static void test_v2(void)
{
	struct cgroup *cg = fake_cgroup(CGROUP_MODE_V2);
	char *root = fake_root();
	struct cgroup_stats s;

	fake_dir(root, "/z");
	fake_file(
		root, "/z/cpu.stat",
		"usage_usec 5\nuser_usec 3\nsystem_usec 2\nnr_periods 7\nnr_throttled 4\nthrottled_usec 9\n");
	fake_file(root, "/z/memory.current", "1000\n");
	fake_file(root, "/z/memory.stat", "anon 5\nfile 77\nunevictable 8192\n");
	fake_file(root, "/z/memory.max", "max\n");
	fake_file(root, "/z/memory.swap.max", "0\n");
	fake_file(root, "/z/memory.events", "low 0\nmax 6\noom 2\noom_kill 1\n");
	fake_file(root, "/z/pids.current", "3\n");
	fake_file(root, "/z/pids.max", "20\n");
	fake_file(root, "/z/io.stat", v2_io);
	(void)fake_part(cg, root, "/z", NULL);
	stats_read(cg, false, &s);
	CHECK_INT(s.cpu_ns.value, 5000);
	CHECK_INT(s.cpu_throttled_ns.value, 9000);
	CHECK_INT(s.memory.value, 1000);
	CHECK(!s.memory_limit.set);
	CHECK(s.swap_limit.set && s.swap_limit.value == 0);
	CHECK(!s.swap.set);
	CHECK_INT(s.oom_kills.value, 1);
	CHECK_INT(s.locked.value, 8192);
	CHECK_INT(s.memory_cache.value, 77);
	CHECK_INT(s.pids_limit.value, 20);
	CHECK_INT(s.io_read_bytes.value, 5000);
	CHECK_INT(s.io_write_ops.value, 1);
	stats_read(cg, true, &s);
	CHECK_INT(s.cpu_ns.value, 5000);
	CHECK_INT(s.io_read_bytes.value, 5000);
	CHECK(!s.cpu_throttled_ns.set && !s.locked.set && !s.io_write_ops.set);
	cgroup_free(cg);
	fake_remove(root);
}

static void test_v1(void)
{
	struct cgroup *cg = fake_cgroup(CGROUP_MODE_V1);
	char *root = fake_root();
	struct cgroup_stats s;

	fake_dir(root, "/z");
	fake_file(root, "/z/memory.usage_in_bytes", "1000\n");
	fake_file(root, "/z/memory.memsw.usage_in_bytes", "1600\n");
	fake_file(root, "/z/memory.limit_in_bytes", "4096\n");
	fake_file(root, "/z/memory.memsw.limit_in_bytes", "8192\n");
	fake_file(root, "/z/memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 5\n");
	fake_file(root, "/z/cpuacct.usage", "123456\n");
	(void)fake_part(cg, root, "/z", "memory");
	(void)fake_part(cg, root, "/z", "cpuacct");
	stats_read(cg, false, &s);
	CHECK_INT(s.swap.value, 600);
	CHECK_INT(s.swap_limit.value, 4096);
	CHECK_INT(s.memory_limit.value, 4096);
	CHECK_INT(s.oom_kills.value, 5);
	CHECK_INT(s.cpu_ns.value, 123456);
	CHECK(!s.pids.set);
	fake_file(root, "/z/memory.limit_in_bytes", "9223372036854771712\n");
	fake_file(root, "/z/memory.memsw.limit_in_bytes", "9223372036854771712\n");
	stats_read(cg, false, &s);
	CHECK(!s.memory_limit.set);
	CHECK(!s.swap_limit.set);
	cgroup_free(cg);
	fake_remove(root);
}

/* A host with many disks. */
static void test_long(void)
{
	struct cgroup *cg = fake_cgroup(CGROUP_MODE_V2);
	char *root = fake_root();
	struct strbuf b = { 0 };
	struct cgroup_stats s;

	for (int i = 0; i < 300; i++)
		strbuf_format(&b, "259:%d rbytes=10 wbytes=3 rios=1 wios=1 dbytes=0 dios=0\n", i);
	fake_dir(root, "/z");
	fake_file(root, "/z/io.stat", b.text);
	fake_file(root, "/z/pids.current", "4\n");
	(void)fake_part(cg, root, "/z", NULL);
	stats_read(cg, false, &s);
	CHECK(s.io_read_bytes.set && s.io_write_ops.set);
	CHECK_INT(s.io_read_bytes.value, 3000);
	CHECK_INT(s.io_write_ops.value, 300);
	CHECK_INT(s.pids.value, 4);
	strbuf_done(&b);
	cgroup_free(cg);
	fake_remove(root);
}

static void test_texts(void)
{
	uint64_t v = 0;

	CHECK(stats_cpu_limit("50000 100000", "", &v) && v == 500);
	CHECK(stats_cpu_limit("300000", "100000", &v) && v == 3000);
	CHECK(!stats_cpu_limit("max 100000", "", &v));
	CHECK(!stats_cpu_limit("-1", "100000", &v));
	CHECK(!stats_cpu_limit("5", "0", &v));
	CHECK(!stats_cpu_limit("", "", &v));
	CHECK(stats_pressure("some avg10=12.05 avg60=0.00 avg300=0.00 total=7\nfull avg10=1.00\n",
			     &v));
	CHECK(v == 1205);
	CHECK(!stats_pressure("full avg10=1.00 avg60=1\n", &v));
	CHECK(!stats_pressure("some avg10=x.yz avg60", &v));
	CHECK(!stats_pressure("", &v));
}

int main(void)
{
	test_texts();
	test_long();
	test_sums();
	test_v2();
	test_v1();
	return test_done();
}
