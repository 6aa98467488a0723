/* The plan in words. */
#include "isolation/mount_plan.h"

#include "isolation/isolation.h"
#include "runtime/base/mem.h"
#include "tests/unit/test.h"

static void test_text(void)
{
	auto_ptr(container_spec) struct container_spec *s = container_spec_new();
	struct mount_spec *m = LIST_GROW(s->mounts, s->n_mounts);

	s->root.path = mem_strdup("/r");
	s->root.readonly = true;
	s->hostname = mem_strdup("web");
	s->linux.namespaces[NS_MOUNT].wanted = true;
	m->destination = mem_strdup("/dev");
	m->type = mem_strdup("bind");
	m->source = mem_strdup("/dev");
	strv_split(&m->options, "rbind,ro", ',');
	strv_add(&s->linux.masked_paths, "/proc/kcore");
	strv_add(&s->linux.readonly_paths, "/proc/sys");
	strmap_set(&s->linux.sysctl, "net.ipv4.ip_forward", "1");
	auto_free char *text = isolation_plan_text(s);

	CHECK_STR(text, "root \"/r\"\n"
			"hostname \"web\"\n"
			"bind \"/dev\" on \"/dev\": rbind,ro\n"
			"enter the root by pivot_root\n"
			"sysctl net.ipv4.ip_forward=\"1\"\n"
			"mask \"/proc/kcore\"\n"
			"read-only \"/proc/sys\"\n"
			"read-only \"/\"\n");
}

static void test_devices(void)
{
	auto_ptr(container_spec) struct container_spec *s = container_spec_new();

	s->root.path = mem_strdup("/r");
	s->linux.namespaces[NS_MOUNT].wanted = true;
	auto_free char *text = isolation_plan_text(s);

	CHECK(strstr(text, "device \"/dev/null\" c 1:3 mode 0666\n"));
	CHECK(strstr(text, "link \"/dev/fd\" -> \"/proc/self/fd\"\n"));
}

static void test_no_namespace(void)
{
	auto_ptr(container_spec) struct container_spec *s = container_spec_new();

	s->root.path = mem_strdup("/r");
	auto_free char *text = isolation_plan_text(s);

	CHECK_STR(text,
		  "root \"/r\" without a mount namespace: no mounts\nenter the root by chroot\n");
}

static void test_error(void)
{
	auto_ptr(container_spec) struct container_spec *s = container_spec_new();
	struct mount_spec *m = LIST_GROW(s->mounts, s->n_mounts);

	s->linux.namespaces[NS_MOUNT].wanted = true;
	m->destination = mem_strdup("/");
	m->type = mem_strdup("tmpfs");
	auto_free char *text = isolation_plan_text(s);

	CHECK_STR(text, "error: mounts[0].destination: \"/\" is the root itself\n");
}

int main(void)
{
	test_text();
	test_devices();
	test_no_namespace();
	test_error();
	return test_done();
}
