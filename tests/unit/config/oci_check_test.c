#include "config/oci_check.h"

#include <stdlib.h>

#include "runtime/base/mem.h"
#include "tests/unit/config/oci_refusal.h"

/* Rules about the configuration as a whole, and where errors are said to be. */

static const struct refusal refused[] = {
	{ "{\"root\":{\"path\":\"r\"}}", "ociVersion", "required" },
	{ "{\"ociVersion\":null,\"root\":{\"path\":\"r\"}}", "ociVersion", "required" },
	{ "{\"ociVersion\":\"2.0.0\",\"root\":{\"path\":\"r\"}}", "ociVersion", "major" },
	{ "{\"ociVersion\":\"1.0\",\"root\":{\"path\":\"r\"}}", "ociVersion", "1.x.y" },
	{ "{\"ociVersion\":\"1.0.0-\",\"root\":{\"path\":\"r\"}}", "ociVersion", "suffix" },
	{ "{\"ociVersion\":\"1.00.0\",\"root\":{\"path\":\"r\"}}", "ociVersion", "1.x.y" },
	{ "{\"ociVersion\":\"v1.0.0\",\"root\":{\"path\":\"r\"}}", "ociVersion", "1.x.y" },
	{ "{\"ociVersion\":1,\"root\":{\"path\":\"r\"}}", "ociVersion", "a string" },
	{ "{\"ociVersion\":\"1.0.0\"}", "root", "required" },
	{ "{\"ociVersion\":\"1.0.0\",\"root\":{}}", "root.path", "required" },
	{ "{\"ociVersion\":\"1.0.0\",\"root\":{\"path\":\"\"}}", "root.path", "empty" },
	{ "{\"ociVersion\":\"1.0.0\",\"root\":[]}", "root", "an object" },
	{ "{\"ociVersion\":\"1.0.0\",\"root\":{\"path\":\"r\",\"readonly\":1}}", "root.readonly",
	  "must be" },
	{ TOP("\"hostname\":\"x\""), "hostname", "uts" },
	{ TOP("\"domainname\":\"x\""), "domainname", "uts" },
	{ NS("{\"type\":\"uts\"}", "\"x\":0},\"hostname\":\"a\\nb\",\"y\":{"), "hostname",
	  "control" },
	{ TOP("\"annotations\":{\"\":\"x\"}"), "annotations.", "empty" },
	{ TOP("\"annotations\":{\"a\":1}"), "annotations.a", "a string" },
	{ TOP("\"annotations\":[]"), "annotations", "an object" },
};

/* All errors in one go, each where it stands in the file. */
static void test_many_at_once(void)
{
	static const char text[] = "{\n"
				   " \"ociVersion\": \"1.0.0\", \"root\": { \"path\": \"r\" },\n"
				   " \"hostname\": \"x\",\n"
				   " \"linux\": { \"sysctl\": {\n"
				   "   \"vm.a\": \"1\",\n"
				   "   \"net.ipv4.a.b\": \"1\" } } }";
	auto_done(diag_list) struct diag_list diags = { .file = "c" };
	auto_ptr(container_spec) struct container_spec *s = NULL;

	CHECK_INT(oci_parse(text, strlen(text), &s, &diags), -EINVAL);
	CHECK_INT(diags.n, 3);
	if (diags.n != 3)
		return;
	CHECK(diags.items[0].line == 3 && diags.items[0].column == 14);
	CHECK(diags.items[1].line == 5 && str_eq(diags.items[1].path, "linux.sysctl.vm.a"));
	CHECK(diags.items[2].line == 6 && str_eq(diags.items[2].path, "linux.sysctl.net.ipv4.a.b"));
}

/* The kernel takes 340 lines; more must be an error of ours, not a short write. */
static void test_many_mappings(void)
{
	for (int n = 340; n <= 341; n++) {
		auto_done(strbuf) struct strbuf text = { 0 };
		auto_done(diag_list) struct diag_list diags = { 0 };
		auto_ptr(container_spec) struct container_spec *s = NULL;
		int r;

		strbuf_add(
			&text,
			"{\"ociVersion\":\"1.0.0\",\"root\":{\"path\":\"r\"},\"linux\":{\"namespaces\":[{\"type\":\"user\"}],\"uidMappings\":[");
		for (int i = 0; i < n; i++)
			strbuf_format(&text, "%s{\"containerID\":%d,\"hostID\":%d,\"size\":1}",
				      i ? "," : "", i, i + 5);
		strbuf_add(&text, "]}}");
		r = oci_parse(strbuf_text(&text), text.len, &s, &diags);
		CHECK_INT(r, n == 340 ? 0 : -EINVAL);
	}
}

static void test_sysctl_path(void)
{
	static const struct {
		const char *name, *path;
	} names[] = {
		{ "net.ipv4.ip_forward", "net/ipv4/ip_forward" },
		{ "net/ipv4/conf/eth0.1/forwarding", "net/ipv4/conf/eth0.1/forwarding" },
		{ "net.ipv4.conf.eth0/1.forwarding", "net/ipv4/conf/eth0.1/forwarding" },
		{ "single", "single" },
		{ "", NULL },
		{ ".", NULL },
		{ "..", NULL },
		{ "a..b", NULL },
		{ "/a/b", NULL },
		{ "a/", NULL },
		{ "a/../b", NULL },
		{ "a/./b", NULL },
		{ "a.//.b", NULL },
		{ "a./.b", NULL },
		{ "a.b\nc", NULL },
		{ "a.b c", NULL },
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		auto_free char *path = oci_sysctl_path(names[i].name);

		CHECK_STR(path, names[i].path);
	}
}

/* A specification that was made by hand has no tree to take positions from. */
static void test_without_tree(void)
{
	auto_done(diag_list) struct diag_list diags = { 0 };
	auto_ptr(container_spec) struct container_spec *s = container_spec_new();

	s->hostname = mem_strdup("x");
	CHECK_INT(oci_check(s, NULL, &diags), -EINVAL);
	CHECK(diags.n == 1 && diags.items[0].line == 0);
	s->linux.namespaces[NS_UTS].wanted = true;
	CHECK_INT(oci_check(s, NULL, &diags), 0);
}

int main(void)
{
	CHECK_REFUSED(refused);
	test_many_at_once();
	test_many_mappings();
	test_sysctl_path();
	test_without_tree();
	return test_done();
}
