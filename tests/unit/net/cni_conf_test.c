/* Networks as administrators write them: finding, checking, and what a plugin is handed of them. */
#include "net/cni_conf.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "runtime/base/file.h"
#include "runtime/base/mem.h"
#include "tests/unit/test.h"

static struct json *parse(const char *text)
{
	struct json *j = NULL;
	struct err e = { 0 };

	CHECK(json_parse_simple(text, strlen(text), &j, &e) == 0);
	return j;
}

/* The error of a content that is refused, "" when it is taken. */
static const char *refusal(const char *text, bool is_list)
{
	static struct err e;
	auto_ptr(json) struct json *content = parse(text);
	auto_ptr(json) struct json *list = NULL;

	e = (struct err){ 0 };
	return cni_conf_read(content, is_list, &list, &e) < 0 ? e.text : "";
}

static void test_words(void)
{
	CHECK(cni_name_ok("blue") && cni_name_ok("0.a_b-c"));
	CHECK(!cni_name_ok("") && !cni_name_ok(".a") && !cni_name_ok("a/b") && !cni_name_ok("a b"));
	CHECK(cni_name_ok("0123456789012345678901234567890123456789012345678901234567890123"));
	CHECK(!cni_name_ok("01234567890123456789012345678901234567890123456789012345678901234"));
	CHECK(cni_version_ok("0.3.1") && cni_version_ok("1.1.0"));
	CHECK(!cni_version_ok("0.2.0") && !cni_version_ok("") && !cni_version_ok("1.0"));
	CHECK(cni_version_least("0.4.0", "0.4.0") && cni_version_least("1.0.0", "0.4.0"));
	CHECK(!cni_version_least("0.3.1", "0.4.0") && !cni_version_least("1.0.0", "1.1.0"));
}

static void test_read(void)
{
	CHECK_STR(refusal("{\"cniVersion\":\"0.4.0\",\"name\":\"a\",\"type\":\"ptp\"}", false), "");
	CHECK_STR(refusal("[]", true), "is not an object");
	CHECK(strstr(refusal("{\"cniVersion\":\"0.4.0\",\"name\":\"a/b\",\"type\":\"x\"}", false),
		     "not a network's name"));
	CHECK(strstr(refusal("{\"cniVersion\":\"0.2.0\",\"name\":\"a\",\"type\":\"x\"}", false),
		     "0.3.0 to 1.1.0"));
	CHECK(strstr(refusal("{\"name\":\"a\",\"type\":\"x\"}", false), "cniVersion"));
	CHECK(strstr(refusal("{\"cniVersion\":\"1.0.0\",\"name\":\"a\"}", true), "plugins"));
	CHECK(strstr(refusal("{\"cniVersion\":\"1.0.0\",\"name\":\"a\",\"plugins\":[]}", true),
		     "plugins"));
	CHECK(strstr(refusal("{\"cniVersion\":\"1.0.0\",\"name\":\"a\",\"plugins\":[7]}", true),
		     "plugins[0] is not"));
	CHECK(strstr(
		refusal("{\"cniVersion\":\"1.0.0\",\"name\":\"a\",\"plugins\":[{\"type\":\"../sh\"}]}",
			true),
		"plugins[0].type"));
	CHECK(strstr(refusal("{\"cniVersion\":\"1.0.0\",\"name\":\"a\",\"type\":\"..\"}", false),
		     "not the name of a program"));
	CHECK(strstr(
		refusal("{\"cniVersion\":\"1.0.0\",\"name\":\"a\",\"type\":\"x\",\"ipam\":{\"type\":\"a/b\"}}",
			false),
		"plugins[0].ipam.type"));
	CHECK(strstr(
		refusal("{\"cniVersion\":\"1.0.0\",\"name\":\"a\",\"type\":\"x\",\"capabilities\":[]}",
			false),
		"capabilities"));
	CHECK_STR(refusal("{\"cniVersion\":\"1.0.0\",\"name\":\"a\",\"type\":\"x\",\"ipam\":{}}",
			  false),
		  "");
}

static void test_request(void)
{
	auto_ptr(json) struct json *content = parse(
		"{\"cniVersion\":\"1.0.0\",\"name\":\"a\",\"plugins\":[{\"type\":\"x\",\"name\":\"other\",\"cniVersion\":\"0.1.0\","
		"\"prevResult\":{},\"runtimeConfig\":{\"mac\":\"forged\"}},"
		"{\"type\":\"y\",\"capabilities\":{\"ips\":true,\"mac\":false},\"ipam\":{\"type\":\"z\"}}]}");
	auto_ptr(json) struct json *runtime = parse("{\"ips\":[\"10.0.0.2/24\"],\"mac\":\"m\"}");
	auto_ptr(json) struct json *outer = parse("{\"result\":{\"ips\":[]}}");
	auto_ptr(json) struct json *list = NULL;
	struct err e = { 0 };

	CHECK(cni_conf_read(content, true, &list, &e) == 0);
	CHECK_INT(cni_conf_count(list), 2);
	CHECK_STR(cni_conf_type(list, 1, false), "y");
	CHECK_STR(cni_conf_type(list, 1, true), "z");
	CHECK(cni_conf_type(list, 0, true) == NULL);
	CHECK(cni_conf_can(list, "ips") && !cni_conf_can(list, "mac"));

	auto_ptr(json) struct json *first = cni_conf_request(list, 0, runtime, NULL);
	auto_ptr(json) struct json *second =
		cni_conf_request(list, 1, runtime, json_get(outer, "result"));
	auto_free char *one = json_print(first, false);
	auto_free char *two = json_print(second, false);

	CHECK_STR(one, "{\"type\":\"x\",\"name\":\"a\",\"cniVersion\":\"1.0.0\"}");
	CHECK_STR(
		two,
		"{\"type\":\"y\",\"capabilities\":{\"ips\":true,\"mac\":false},\"ipam\":{\"type\":\"z\"},\"name\":\"a\","
		"\"cniVersion\":\"1.0.0\",\"runtimeConfig\":{\"ips\":[\"10.0.0.2/24\"]},\"prevResult\":{\"ips\":[]}}");
}

static void write_file(const char *dir, const char *name, const char *text, unsigned mode)
{
	auto_free char *path = mem_format("%s/%s", dir, name);
	struct err e = { 0 };

	CHECK(file_replace(AT_FDCWD, path, text, strlen(text), mode, &e) == 0);
	CHECK(chmod(path, mode) == 0);
}

static void test_files(void)
{
	char dir[] = "/tmp/cni_conf_test.XXXXXX";
	auto_ptr(json) struct json *list = NULL;
	struct err e = { 0 };

	CHECK(mkdtemp(dir) != NULL);
	(void)setenv("NETCONFPATH", dir, 1);
	write_file(dir, "1.conf", "{\"cniVersion\":\"0.4.0\",\"name\":\"a\",\"type\":\"single\"}",
		   0644);
	write_file(dir, "2.conflist",
		   "{\"cniVersion\":\"0.4.0\",\"name\":\"a\",\"plugins\":[{\"type\":\"list\"}]}",
		   0644);
	write_file(dir, "3.conflist", "{", 0644);
	write_file(dir, "4.txt", "{\"cniVersion\":\"0.4.0\",\"name\":\"t\",\"type\":\"x\"}", 0644);
	write_file(dir, "5.json", "{\"cniVersion\":\"0.4.0\",\"name\":\"w\",\"type\":\"x\"}", 0666);
	CHECK(cni_conf_find("a", &list, &e) == 0);
	CHECK_STR(cni_conf_type(list, 0, false), "list"); /* lists first */
	CHECK(cni_conf_find("t", &list, &e) < 0);
	CHECK(strstr(e.text, "there are: a") && strstr(e.text, "3.conflist"));
	CHECK(strstr(e.text, "5.json: can be written by others"));
	(void)setenv("NETCONFPATH", "/nonexistent", 1);
	CHECK(cni_conf_find("a", &list, &e) < 0);
	CHECK(strstr(e.text, "/nonexistent"));
	(void)unsetenv("NETCONFPATH");
	CHECK_STR(cni_conf_dir(), "/etc/cni/net.d");

	auto_free char *path = mem_format("relative:/nonexistent:%s", dir);
	auto_free char *program = NULL;
	auto_free char *want = mem_format("%s/plug", dir);

	write_file(dir, "plug", "#!/bin/sh\n", 0755);
	write_file(dir, "open", "#!/bin/sh\n", 0757);
	CHECK(cni_program_find(path, "plug", &program, &e) == 0);
	CHECK_STR(program, want);
	CHECK(cni_program_find(path, "4.txt", &program, &e) < 0); /* not executable */
	CHECK(strstr(e.text, "no program \"4.txt\""));
	CHECK(cni_program_find(path, "open", &program, &e) < 0);
	CHECK(strstr(e.text, "by others"));
	CHECK(file_remove_tree(AT_FDCWD, dir, &e) == 0);
}

int main(void)
{
	test_words();
	test_read();
	test_request();
	test_files();
	return test_done();
}
