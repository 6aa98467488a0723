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

	CHECK_INT(limits_v2_plan(r, ALL, g, &p, &e), 0);
	auto_free char *got = limit_plan_text(&p);

	CHECK_STR(got, want);
}

static void expect(const struct resources_spec *r, const char *want)
{
	expect_on(r, &(struct limit_ground){ 0 }, want);
}

static void refuse_on(const struct resources_spec *r, const struct limit_ground *g, int code,
		      const char *want)
{
	struct limit_plan p auto_done(limit_plan) = { 0 };
	struct err e = { 0 };

	CHECK_INT(limits_v2_plan(r, ALL, g, &p, &e), -code);
	CHECK_STR(e.text, want);
}

static void refuse(const struct resources_spec *r, int code, const char *want)
{
	refuse_on(r, &(struct limit_ground){ 0 }, code, want);
}

static void expect_memory(struct memory_spec m, const char *want)
{
	expect(&(struct resources_spec){ .memory = &m }, want);
}

static void refuse_memory(struct memory_spec m, int code, const char *want)
{
	refuse(&(struct resources_spec){ .memory = &m }, code, want);
}

static void test_memory(void)
{
	struct memory_spec only_swap = { .swap = I(300) },
			   shrink = { .limit = I(100), .check_before_update = { true, true } };
	struct limit_ground now = { .memory_limit = I(100), .memory_usage = U(500) };

	expect_memory((struct memory_spec){ .limit = I(100), .reservation = I(50), .swap = I(300) },
		      "memory.max=100\nmemory.low=50\nmemory.swap.max=200\n");
	expect_memory((struct memory_spec){ .limit = I(100), .swap = I(100) },
		      "memory.max=100\nmemory.swap.max=0\n");
	expect_memory((struct memory_spec){ .limit = I(-1), .swap = I(-1) },
		      "memory.max=max\nmemory.swap.max=max\n");
	expect_memory((struct memory_spec){ .limit = I(0), .swap = I(0) }, "");
	expect_memory((struct memory_spec){ .disable_oom_killer = { true, false },
					    .use_hierarchy = { true, true },
					    .kernel = I(5) },
		      "");
	expect_on(&(struct resources_spec){ .memory = &only_swap }, &now, "memory.swap.max=200\n");
	refuse_memory(only_swap, EINVAL,
		      "memory.swap: a limit of memory and swap needs a limit of memory");
	refuse_memory((struct memory_spec){ .limit = I(100), .swap = I(99) }, EINVAL,
		      "memory.swap: 99 is below memory.limit, 100");
	refuse_memory((struct memory_spec){ .swappiness = U(10) }, EOPNOTSUPP,
		      "memory.swappiness: cgroup v2 cannot limit this");
	refuse_memory((struct memory_spec){ .disable_oom_killer = { true, true } }, EOPNOTSUPP,
		      "memory.disableOOMKiller: cgroup v2 cannot limit this");
	refuse_memory((struct memory_spec){ .kernel_tcp = I(10) }, EOPNOTSUPP,
		      "memory.kernelTCP: cgroup v2 cannot limit this");
	refuse_memory((struct memory_spec){ .use_hierarchy = { true, false } }, EOPNOTSUPP,
		      "memory.useHierarchy: cgroup v2 cannot limit this");
	refuse_on(&(struct resources_spec){ .memory = &shrink }, &now, EBUSY,
		  "memory.limit: 100 is below what is in use now, 500");
}

static void test_cpu(void)
{
	struct cpu_spec c = { .shares = U(1024),
			      .quota = I(150000),
			      .period = U(100000),
			      .burst = U(1000),
			      .idle = I(0) };
	struct resources_spec r = { .cpu = &c };
	struct limit_ground now = { .cpu_quota = I(20000) };
	char cpus[] = "0-1", mems[] = "0";

	expect(&r, "cpu.idle=0\ncpu.weight=100\ncpu.max.burst=1000\ncpu.max=150000 100000\n");
	c = (struct cpu_spec){ .quota = I(150000) };
	expect(&r, "cpu.max=150000\n");
	c = (struct cpu_spec){ .quota = I(-1), .period = U(50000) };
	expect(&r, "cpu.max=max 50000\n");
	c = (struct cpu_spec){ .period = U(50000) };
	expect_on(&r, &now, "cpu.max=20000 50000\n");
	expect(&r, "cpu.max=max 50000\n");
	c = (struct cpu_spec){ .idle = I(1), .shares = U(2), .cpus = cpus, .mems = mems };
	expect(&r, "cpu.idle=1\ncpuset.cpus=0-1\ncpuset.mems=0\n");
	c = (struct cpu_spec){ .realtime_runtime = I(0), .realtime_period = U(0), .shares = U(0) };
	expect(&r, "");
	c = (struct cpu_spec){ .realtime_runtime = I(1000) };
	refuse(&r, EOPNOTSUPP, "cpu.realtimeRuntime: cgroup v2 cannot limit this");
}

static void test_block_io(void)
{
	struct throttle_device_spec t[] = { { 8, 0, 1048576 }, { 8, 16, 0 } };
	struct weight_device_spec w = { .major = 8, .minor = 0, .weight = U(1000) };
	struct block_io_spec b = { .weight = U(500),
				   .weight_devices = &w,
				   .n_weight_devices = 1,
				   .read_bps = { t, 2 },
				   .write_iops = { t, 1 } };
	struct resources_spec r = { .block_io = &b };

	expect(&r,
	       "io.weight=default 4950\nio.weight=8:0 10000\nio.max=8:0 rbps=1048576\nio.max=8:16 rbps=max\nio.max=8:0 wiops=1048576\n");
	b = (struct block_io_spec){ .weight = U(500), .weight_devices = &w, .n_weight_devices = 1 };
	expect_on(&r, &(struct limit_ground){ .bfq = true },
		  "io.bfq.weight=default 500\nio.bfq.weight=8:0 1000\n");
	w.leaf_weight = U(5);
	refuse(&r, EOPNOTSUPP, "blockIO.weightDevice[0].leafWeight: cgroup v2 cannot limit this");
	b = (struct block_io_spec){ .leaf_weight = U(5) };
	refuse(&r, EOPNOTSUPP, "blockIO.leafWeight: cgroup v2 cannot limit this");
}

static void test_unified(void)
{
	static const char *const bad[] = { "../memory.max", "memory/max",
					   ".max",          "nodot",
					   "a..b",          "memory.max\n",
					   "cgroup.procs",  "cgroup.freeze",
					   "cgroup.kill",   "cgroup.subtree_control" };
	struct limit_plan p auto_done(limit_plan) = { 0 };
	struct resources_spec r = { .pids_limit = I(5) };
	struct err e = { 0 };

	strmap_set(&r.unified, "memory.high", "1000");
	strmap_set(&r.unified, "cgroup.max.depth", "3");
	strmap_set(&r.unified, "pids.max", "7");
	strmap_set(&r.unified, "io.max", "8:0 rbps=1");
	expect(&r,
	       "pids.max=5\nmemory.high=1000\ncgroup.max.depth=3\npids.max=7\nio.max=8:0 rbps=1\n");
	CHECK_INT(limits_v2_plan(&r, SECTION_UNIFIED, &(struct limit_ground){ 0 }, &p, &e), 0);
	CHECK_INT(p.n, 4);
	CHECK_INT(p.items[2].flags & LIMIT_KEYED, 0);
	CHECK_INT(p.items[3].flags & LIMIT_KEYED, LIMIT_KEYED); /* the other devices' lines stay */
	CHECK_STR(p.items[0].controller, "memory");
	CHECK_STR(p.items[0].key, "unified.memory.high");
	CHECK_STR(p.items[1].controller, "");
	CHECK(p.items[0].v2);
	strmap_done(&r.unified);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct limit_plan none auto_done(limit_plan) = { 0 };

		strmap_set(&r.unified, bad[i], "1");
		CHECK_INT(limits_v2_plan(&r, ALL, &(struct limit_ground){ 0 }, &none, &e), -EINVAL);
		strmap_done(&r.unified);
	}
}

static void test_rest(void)
{
	char size[] = "1GB", mlx[] = "mlx5_1", eth[] = "eth0";
	struct hugepage_spec huge = { size, 1073741824 };
	struct rdma_spec rdma = { .device = mlx, .hca_handles = U(3) };
	struct net_priority_spec prio = { eth, 5 };
	struct network_spec net = { .class_id = U(1) },
			    priorities = { .priorities = &prio, .n_priorities = 1 };

	expect(&(struct resources_spec){ .pids_limit = I(-1) }, "pids.max=max\n");
	expect(&(struct resources_spec){ .hugepages = &huge, .n_hugepages = 1 },
	       "hugetlb.1GB.rsvd.max=1073741824\nhugetlb.1GB.max=1073741824\n");
	expect(&(struct resources_spec){ .rdma = &rdma, .n_rdma = 1 },
	       "rdma.max=mlx5_1 hca_handle=3\n");
	refuse(&(struct resources_spec){ .network = &net }, EOPNOTSUPP,
	       "network.classID: cgroup v2 cannot limit this");
	refuse(&(struct resources_spec){ .network = &priorities }, EOPNOTSUPP,
	       "network.priorities: cgroup v2 cannot limit this");
}

int main(void)
{
	test_memory();
	test_cpu();
	test_block_io();
	test_unified();
	test_rest();
	return test_done();
}
