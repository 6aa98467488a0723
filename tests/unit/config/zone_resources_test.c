/* What the caps of a zone become in the container. */
#include "config/zone_to_oci.h"

#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "runtime/base/mem.h"
#include "tests/unit/test.h"

static struct container_spec *translate(const char *text)
{
	const struct zone_host host = { .memory_bytes = 8ull << 30,
					.init_path = "/zone-init",
					.root_path = "/root",
					.id_base = 100000 };
	const struct zone_boot_options o = { .init_kind = "zone-init" };
	auto_done(diag_list) struct diag_list diags = { 0 };
	auto_ptr(zone_spec) struct zone_spec *z = NULL;
	struct container_spec *s = NULL;
	struct err e = { 0 };

	if (zone_spec_parse(text, strlen(text), &z, &diags) < 0) {
		auto_free char *line = diag_text(&diags, 0);

		test_check(false, line, __FILE__, __LINE__);
		return NULL;
	}
	auto_ptr(zone_spec) struct zone_spec *effective = zone_effective(z, &host);

	if (zone_to_oci(effective, &host, &o, &s, &e) < 0)
		test_check(false, e.text, __FILE__, __LINE__);
	return s;
}

static void test_cpu(void)
{
	struct container_spec *s = translate(
		"{\"zonename\":\"a\",\"cappedCPU\":{\"ncpus\":0.5,\"burst\":0.025},\"schedulingClass\":\"idle\"}");
	const struct cpu_spec *c = s->linux.resources->cpu;

	CHECK_INT(c->quota.value, 50000);
	CHECK_INT(c->burst.value, 25000);
	CHECK(c->idle.set && c->idle.value == 1);
	CHECK(!s->process->scheduler);
	container_spec_free(s);
	s = translate("{\"zonename\":\"a\",\"schedulingClass\":\"batch\"}");
	CHECK_STR(s->process->scheduler->policy, "SCHED_BATCH");
	CHECK(!s->linux.resources->cpu);
	container_spec_free(s);
}

static void test_memory(void)
{
	struct container_spec *s =
		translate("{\"zonename\":\"a\",\"cappedMemory\":{\"soft\":\"64M\"}}");

	CHECK_INT(s->linux.resources->memory->reservation.value, 64 << 20);
	container_spec_free(s);
	s = translate(
		"{\"zonename\":\"a\",\"hugepages\":{\"2048K\":\"64M\",\"1G\":\"0\",\"64K\":\"1G\"}}");
	CHECK_INT((int)s->linux.resources->n_hugepages, 3);
	CHECK_STR(s->linux.resources->hugepages[0].page_size, "2MB");
	CHECK_INT(s->linux.resources->hugepages[0].limit, 64 << 20);
	CHECK_STR(s->linux.resources->hugepages[1].page_size, "1GB");
	CHECK_STR(s->linux.resources->hugepages[2].page_size, "64KB");
	container_spec_free(s);
}

static void test_ipc(void)
{
	auto_free char *pages = mem_format("%ld", (1 << 20) / sysconf(_SC_PAGESIZE));
	struct container_spec *s = translate(
		"{\"zonename\":\"a\",\"maxMsgIds\":1,\"maxSemIds\":2,\"maxShmIds\":0,\"maxShmMemory\":\"1M\"}");

	CHECK_STR(strmap_get(&s->linux.sysctl, "kernel.msgmni"), "1");
	CHECK_STR(strmap_get(&s->linux.sysctl, "kernel.sem"), "32000 1024000000 500 2");
	CHECK_STR(strmap_get(&s->linux.sysctl, "kernel.shmmni"), "0");
	CHECK_STR(strmap_get(&s->linux.sysctl, "kernel.shmall"), pages);
	CHECK_STR(strmap_get(&s->linux.sysctl, "user.max_ipc_namespaces"), "0");
	container_spec_free(s);
	s = translate("{\"zonename\":\"a\"}");
	CHECK_INT((int)s->linux.sysctl.n, 0);
	container_spec_free(s);
}

static const char *refusal(mode_t type, unsigned major, unsigned minor)
{
	const struct stat st = { .st_mode = type | 0600, .st_rdev = makedev(major, minor) };

	return zone_device_refused(&st);
}

static void test_devices(void)
{
	CHECK_STR(refusal(S_IFCHR, 1, 1), "it is the memory of the machine");
	CHECK(refusal(S_IFCHR, 1, 2) && refusal(S_IFCHR, 1, 4) && refusal(S_IFCHR, 1, 11));
	CHECK(!refusal(S_IFCHR, 1, 3) && !refusal(S_IFCHR, 10, 229) && !refusal(S_IFCHR, 2, 1));
	CHECK(!refusal(S_IFBLK, 1, 1)); /* a RAM disk */
}

int main(void)
{
	test_cpu();
	test_memory();
	test_ipc();
	test_devices();
	return test_done();
}
