#include "cgroups/limits.h"

#include <errno.h>
#include <stdlib.h>

#include "tests/unit/test.h"

enum { ALL = 1023 };

#define I(v) ((struct opt_i64){ true, (v) })
#define U(v) ((struct opt_u64){ true, (v) })

static void expect_on(const struct resources_spec *r, const struct limit_ground *g,
		      const char *want)
{
	struct limit_plan p auto_done(limit_plan) = { 0 };
	struct err e = { 0 };

	CHECK_INT(limits_v1_plan(r, ALL, g, &p, &e), 0);
	auto_free char *got = limit_plan_text(&p);

	CHECK_STR(got, want);
}

static void expect(const struct resources_spec *r, const char *want)
{
	expect_on(r, &(struct limit_ground){ 0 }, want);
}

static void expect_memory(struct memory_spec m, int64_t memsw_now, const char *want)
{
	struct limit_ground g = { .memsw_limit = { memsw_now != 0, memsw_now } };

	expect_on(&(struct resources_spec){ .memory = &m }, &g, want);
}

static void test_memory(void)
{
	expect_memory((struct memory_spec){ .limit = I(100) }, -1, "memory.limit_in_bytes=100\n");
	expect_memory((struct memory_spec){ .limit = I(0), .swap = I(0), .reservation = I(0) }, -1,
		      "");
	/* lower from the inside, raise from the outside */
	expect_memory((struct memory_spec){ .limit = I(100), .swap = I(200) }, -1,
		      "memory.limit_in_bytes=100\nmemory.memsw.limit_in_bytes=200\n");
	expect_memory((struct memory_spec){ .limit = I(100), .swap = I(200) }, 300,
		      "memory.limit_in_bytes=100\nmemory.memsw.limit_in_bytes=200\n");
	expect_memory((struct memory_spec){ .limit = I(100), .swap = I(200) }, 90,
		      "memory.memsw.limit_in_bytes=200\nmemory.limit_in_bytes=100\n");
	expect_memory((struct memory_spec){ .limit = I(-1), .swap = I(-1) }, 90,
		      "memory.memsw.limit_in_bytes=-1\nmemory.limit_in_bytes=-1\n");
	expect_memory((struct memory_spec){ .limit = I(-1) }, 90,
		      "memory.memsw.limit_in_bytes=-1\nmemory.limit_in_bytes=-1\n");
	expect_memory((struct memory_spec){ .swap = I(200) }, 90,
		      "memory.memsw.limit_in_bytes=200\n");
	expect_memory((struct memory_spec){ .reservation = I(7),
					    .swappiness = U(0),
					    .disable_oom_killer = { true, true },
					    .use_hierarchy = { true, true } },
		      0,
		      "memory.soft_limit_in_bytes=7\nmemory.swappiness=0\nmemory.oom_control=1\n");
	expect_memory(
		(struct memory_spec){ .kernel = I(5), .kernel_tcp = I(6) }, 0,
		"memory.kmem.tcp.limit_in_bytes=6\n"); /* no kernel enforces the former any more */
}

static void test_cpu(void)
{
	struct cpu_spec c = { .shares = U(512),
			      .quota = I(150000),
			      .period = U(100000),
			      .burst = U(1000),
			      .idle = I(0) };
	struct resources_spec r = { .cpu = &c };
	char cpus[] = "0-1", mems[] = "0";

	expect(&r,
	       "cpu.idle=0\ncpu.shares=512\ncpu.cfs_period_us=100000\ncpu.cfs_quota_us=150000\ncpu.cfs_burst_us=1000\n");
	c = (struct cpu_spec){ .quota = I(0), .shares = U(0), .period = U(0) };
	expect(&r, "cpu.cfs_quota_us=-1\n");
	c = (struct cpu_spec){ .idle = I(1), .shares = U(100), .cpus = cpus, .mems = mems };
	expect(&r, "cpu.idle=1\ncpuset.cpus=0-1\ncpuset.mems=0\n");
	c = (struct cpu_spec){ .realtime_runtime = I(950000), .realtime_period = U(1000000) };
	expect(&r, "cpu.rt_period_us=1000000\ncpu.rt_runtime_us=950000\n");
}

static void test_pids(void)
{
	expect(&(struct resources_spec){ .pids_limit = I(0) }, "pids.max=0\n");
	expect(&(struct resources_spec){ .pids_limit = I(-1) }, "pids.max=max\n");
	expect(&(struct resources_spec){ .pids_limit = I(12) }, "pids.max=12\n");
}

static void test_block_io(void)
{
	struct throttle_device_spec t[] = { { 8, 0, 1048576 }, { 8, 16, 0 } };
	struct weight_device_spec w = { 8, 0, U(300), U(20) };
	struct block_io_spec b = { .weight = U(500),
				   .leaf_weight = U(10),
				   .weight_devices = &w,
				   .n_weight_devices = 1,
				   .read_bps = { t, 2 },
				   .write_iops = { t, 1 } };
	struct resources_spec r = { .block_io = &b };
	struct limit_ground bfq = { .bfq = true };

	expect(&r,
	       "blkio.leaf_weight=10\nblkio.weight=500\nblkio.weight_device=8:0 300\nblkio.leaf_weight_device=8:0 20\n"
	       "blkio.throttle.read_bps_device=8:0 1048576\nblkio.throttle.read_bps_device=8:16 0\nblkio.throttle.write_iops_device=8:0 1048576\n");
	b = (struct block_io_spec){ .weight = U(500) };
	expect_on(&r, &bfq, "blkio.bfq.weight=500\n");
}

static void test_rest(void)
{
	char eth[] = "eth0", bad[] = "a b", size[] = "2MB", evil[] = "../../x", mlx[] = "mlx5_1";
	struct net_priority_spec prio = { eth, 5 };
	struct network_spec net = { .class_id = U(1048577),
				    .priorities = &prio,
				    .n_priorities = 1 };
	struct hugepage_spec huge = { size, 4194304 };
	struct rdma_spec rdma = { mlx, U(3), U(10000) };
	struct resources_spec r = {
		.network = &net, .hugepages = &huge, .n_hugepages = 1, .rdma = &rdma, .n_rdma = 1
	};
	struct limit_plan p auto_done(limit_plan) = { 0 };
	struct err e = { 0 };

	expect(&r,
	       "net_cls.classid=1048577\nnet_prio.ifpriomap=eth0 5\nhugetlb.2MB.rsvd.limit_in_bytes=4194304\nhugetlb.2MB.limit_in_bytes=4194304\nrdma.max=mlx5_1 hca_handle=3 hca_object=10000\n");
	huge.page_size = evil;
	CHECK_INT(limits_v1_plan(&r, ALL, &(struct limit_ground){ 0 }, &p, &e), -EINVAL);
	CHECK_STR(e.text,
		  "hugepageLimits[0].pageSize: \"../../x\" is no page size such as \"2MB\"");
	prio.name = bad;
	limit_plan_done(&p);
	CHECK_INT(limits_v1_plan(&r, ALL, &(struct limit_ground){ 0 }, &p, &e), -EINVAL);
}

static void test_sections(void)
{
	struct cpu_spec c = { .shares = U(512) };
	struct resources_spec r = { .cpu = &c, .pids_limit = I(5) };
	struct limit_plan p auto_done(limit_plan) = { 0 };
	struct err e = { 0 };

	CHECK_INT(limits_v1_plan(&r, SECTION_PIDS, &(struct limit_ground){ 0 }, &p, &e), 0);
	CHECK_INT(p.n, 1);
	CHECK_STR(p.items[0].key, "pids.limit");
	CHECK_STR(p.items[0].controller, "pids");
	CHECK(!p.items[0].v2);
}

int main(void)
{
	test_memory();
	test_cpu();
	test_pids();
	test_block_io();
	test_rest();
	test_sections();
	expect(&(struct resources_spec){ 0 }, "");
	return test_done();
}
