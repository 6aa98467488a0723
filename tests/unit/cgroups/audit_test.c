#include "cgroups/limits.h"
#include "config/spec.h"
#include "tests/unit/cgroups/fake.h"
#include "tests/unit/test.h"

#define I(v) ((struct opt_i64){ true, (v) })

static void check_values(void)
{
	CHECK(audit_same("memory.max", false, "67108864", "67108864"));
	CHECK(audit_same("memory.max", false, "67108865", "67108864")); /* whole pages */
	CHECK(!audit_same("memory.max", false, "67108864", "67112960"));
	CHECK(!audit_same("memory.max", false, "67108864", "max"));
	CHECK(audit_same("memory.limit_in_bytes", false, "-1", "9223372036854771712"));
	CHECK(!audit_same("memory.swappiness", false, "60", "0")); /* no bytes */
	CHECK(!audit_same("memory.oom.group", false, "1", "0"));
	CHECK(audit_same("memory.swap.max", false, "4097", "4096"));
	CHECK(audit_same("memory.high", false, "1G", "1073741824")); /* resources.unified */
	CHECK(!audit_same("memory.high", false, "2G", "1073741824"));
	CHECK(audit_same("memory.oom_control", true, "1", "oom_kill_disable 1\nunder_oom 0"));
	CHECK(!audit_same("memory.oom_control", true, "1", "oom_kill_disable 0\nunder_oom 1"));
	CHECK(audit_same("pids.max", false, "max", "max"));
	CHECK(!audit_same("pids.max", false, "0", "max"));
	CHECK(audit_same("cpu.max", false, "50000", "50000 100000"));
	CHECK(!audit_same("cpu.max", false, "5000", "50000 100000"));
	CHECK(audit_same("cpuset.cpus", false, "0,1", "0-1"));
	CHECK(!audit_same("cpuset.cpus", false, "0", "0-1"));
	CHECK(audit_same("cpu.shares", false, "1", "2"));
	CHECK(audit_same("hugetlb.2MB.max", false, "3145728", "2097152"));
	CHECK(audit_same("io.max", true, "8:0 rbps=1", "7:0 rbps=2\n8:0 rbps=1 wbps=max"));
	CHECK(!audit_same("io.max", true, "8:0 rbps=1", "8:0 rbps=10 wbps=max"));
	CHECK(!audit_same("io.max", true, "8:0 rbps=1", ""));
	CHECK(audit_same("io.max", true, "8:0 rbps=max", ""));
}

static const struct finding *line(const struct findings *f, const char *property)
{
	for (size_t i = 0; i < f->n; i++)
		if (strcmp(f->items[i].property, property) == 0)
			return &f->items[i];
	return NULL;
}

/* v1's devices.list says "a *:* rwm" and nothing of the exceptions. */
static void check_devices(void)
{
	struct cgroup *cg = fake_cgroup(CGROUP_MODE_V1);
	char *root = fake_root(), type[] = "c", all[] = "a", access[] = "rwm";
	struct device_rule_spec rules[] = {
		{ .allow = true, .type = all, .major = I(-1), .minor = I(-1), .access = access },
		{ .allow = false, .type = type, .major = I(1), .minor = I(11), .access = access },
	};
	struct resources_spec r = { .devices = rules, .n_devices = 2 };
	auto_done(findings) struct findings f = { 0 };
	struct err e = { 0 };

	cg->exact_devices = true;
	fake_dir(root, "/web");
	fake_file(root, "/web/cgroup.procs", "1\n");
	fake_file(root, "/web/devices.list", "a *:* rwm\n");
	(void)fake_part(cg, root, "/web", "devices");
	CHECK_INT(cgroup_audit(cg, &r, &f, &e), 0);
	CHECK_INT(line(&f, "resources.devices")->verdict, FINDING_UNKNOWN);
	cgroup_free(cg);
	fake_remove(root);
}

/* Who is in one hierarchy and not in the other, among many. */
static void check_members(void)
{
	struct cgroup *cg = fake_cgroup(CGROUP_MODE_HYBRID);
	char *root = fake_root();
	struct resources_spec none = { 0 };
	auto_done(findings) struct findings f = { 0 }, g = { 0 };
	struct strbuf b = { 0 };
	struct err e = { 0 };

	for (int i = 100000; i > 2; i--)
		strbuf_format(&b, "%d\n", i);
	fake_dir(root, "/cpu");
	fake_dir(root, "/all");
	fake_file(root, "/cpu/cgroup.procs", b.text);
	fake_file(root, "/all/cgroup.procs", b.text);
	(void)fake_part(cg, root, "/cpu", "cpu");
	(void)fake_part(cg, root, "/all", NULL);
	CHECK_INT(cgroup_audit(cg, &none, &f, &e), 0);
	CHECK_INT(line(&f, "cgroup")->verdict, FINDING_OK);
	strbuf_add(&b, "2\n");
	fake_file(root, "/all/cgroup.procs", b.text);
	CHECK_INT(cgroup_audit(cg, &none, &g, &e), 0);
	CHECK_STR(line(&g, "cgroup")->enforced, "process 2 is not in both of them: cpu");
	strbuf_done(&b);
	cgroup_free(cg);
	fake_remove(root);
}

int main(void)
{
	struct cgroup *cg = fake_cgroup(CGROUP_MODE_V2);
	char *root = fake_root();
	struct memory_spec memory = { .limit = { true, 1048576 } };
	struct resources_spec r = { .memory = &memory, .pids_limit = { true, 7 } };
	auto_done(findings) struct findings f = { 0 };
	struct err e = { 0 };

	check_values();
	check_devices();
	check_members();
	(void)fake_part(cg, root, "/web", NULL);
	CHECK(cgroup_audit(cg, &r, &f, &e) < 0); /* it is gone */
	fake_dir(root, "/web");
	fake_file(root, "/web/cgroup.procs", "1\n");
	fake_file(root, "/web/memory.max", "1048576\n");
	fake_file(root, "/web/pids.max", "8\n");
	CHECK_INT(cgroup_audit(cg, &r, &f, &e), 0);
	CHECK_INT(line(&f, "resources.memory.limit")->verdict, FINDING_OK);
	CHECK_INT(line(&f, "resources.pids.limit")->verdict, FINDING_DIFFERS);
	CHECK_STR(line(&f, "resources.pids.limit")->enforced, "pids.max=8");
	CHECK_INT(line(&f, "cgroup")->verdict, FINDING_OK);
	cgroup_free(cg);
	fake_remove(root);
	return test_done();
}
