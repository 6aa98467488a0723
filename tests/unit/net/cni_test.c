/* ADD, DEL, what a crash leaves and verify, with plugins that are small scripts; no privilege needed. */
#include "net/cni.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "runtime/base/file.h"
#include "runtime/base/mem.h"
#include "tests/unit/test.h"

static char top[] = "/tmp/cni_test.XXXXXX";

static void write_file(const char *name, unsigned mode, const char *text)
{
	auto_free char *path = mem_format("%s/%s", top, name);
	struct err e = { 0 };

	CHECK(file_replace(AT_FDCWD, path, text, strlen(text), mode, &e) == 0);
}

static bool there(const char *name)
{
	auto_free char *path = mem_format("%s/%s", top, name);

	return file_exists(AT_FDCWD, path);
}

/* What the plugins were called with since the last time, in order. */
static char *calls(void)
{
	auto_free char *path = mem_format("%s/calls", top);
	char *text = NULL;
	struct err e = { 0 };

	if (file_read_all(AT_FDCWD, path, 65536, &text, NULL, &e) < 0)
		return mem_strdup("");
	(void)!remove(path);
	return text;
}

static void expect_calls(const char *want)
{
	auto_free char *got = calls();

	CHECK_STR(got, want);
}

static void plugin(const char *name, const char *body)
{
	auto_free char *path = mem_format("%s", name);
	auto_free char *text = mem_format(
		"#!/bin/sh\n[ $CNI_COMMAND != VERSION ] || { echo '{\"supportedVersions\":[\"0.4.0\"]}'; exit 0; }\n"
		"echo \"%s $CNI_COMMAND $(grep -c prevResult)\" >>%s/calls\n%s\n",
		name, top, body);

	write_file(path, 0755, text);
}

static struct cni_link link_of(const char *zone)
{
	return (struct cni_link){ .storage_dir = top,
				  .run_dir = "/run/zones",
				  .zone = zone,
				  .network = "net",
				  .ifname = "net0",
				  .netns_fd = 0 };
}

static void test_add_del(void)
{
	const struct cni_link l = link_of("web");
	auto_ptr(json) struct json *result = NULL;
	struct err e = { 0 };

	plugin("a", "echo '{\"ips\":[{\"address\":\"10.0.0.2/24\"}]}'");
	plugin("b", "echo '{\"ips\":[{\"address\":\"10.0.0.3/24\"}]}'");
	CHECK(cni_add(&l, &result, &e) == 0);
	test_str(e.text, "", "no error", __FILE__, __LINE__);
	expect_calls("a ADD 0\nb ADD 1\n");
	CHECK_STR(json_get_string(json_get(result, "ips")->items[0], "address", ""), "10.0.0.3/24");
	CHECK(there(".cni/web.0.json"));
	CHECK(cni_del(top, "web", 0, -1, &e) == 0);
	expect_calls("b DEL 1\na DEL 1\n");
	CHECK(!there(".cni/web.0.json") && !there(".cni/web.0.lock"));
	CHECK(cni_del(top, "web", 0, -1, &e) == 0); /* nothing to do */
	expect_calls("");
}

static void test_failures(void)
{
	const struct cni_link l = link_of("web");
	auto_ptr(json) struct json *result = NULL;
	struct err e = { 0 };

	plugin("b",
	       "[ $CNI_COMMAND = DEL ] || { echo '{\"code\":100,\"msg\":\"full\"}'; exit 1; }");
	CHECK(cni_add(&l, &result, &e) < 0);
	CHECK_STR(e.text, "cni network \"net\": plugin \"b\": full (code 100)");
	expect_calls("a ADD 0\nb ADD 1\nb DEL 0\na DEL 0\n");
	CHECK(!there(".cni/web.0.json"));
	/* a DEL that fails leaves the record, and the next ADD begins with it */
	plugin("b", "[ $CNI_COMMAND = DEL ] || exit 1; exit 1");
	CHECK(cni_add(&l, &result, &e) < 0);
	CHECK(there(".cni/web.0.json"));
	CHECK(cni_del_zone(top, "other", &e) == 0);
	CHECK(cni_del_zone(top, "web", &e) < 0);
	CHECK(strstr(e.text, ".cni/web.0.json"));
	free(calls());
	plugin("b", "echo '{}'");
	CHECK(cni_add(&l, &result, &e) == 0);
	expect_calls("b DEL 0\na DEL 0\na ADD 0\nb ADD 1\n");
	CHECK(cni_del_zone(top, "web", &e) == 0);
	free(calls());
}

/* A record of a process that is no more, as a crash leaves it. */
static void crashed(const char *name, const char *zone)
{
	auto_free char *text = mem_format(
		"{\"zone\":\"%s\",\"link\":0,\"pid\":1,\"start\":1,\"container\":\"zone-x\",\"ifname\":\"net0\",\"path\":\"%s\","
		"\"config\":{\"cniVersion\":\"0.4.0\",\"name\":\"net\",\"plugins\":[{\"type\":\"a\"}]},\"runtime\":{}}",
		zone, top);

	write_file(name, 0600, text);
}

static void test_sweep(void)
{
	static const char *const alive[] = { "lives", NULL };
	const struct cni_link l = link_of("mine");
	auto_ptr(json) struct json *result = NULL;
	struct err e = { 0 };

	CHECK(cni_add(&l, &result, &e) == 0);
	crashed(".cni/dead.0.json", "dead");
	crashed(".cni/lives.0.json", "lives");
	write_file(".cni/torn.0.json", 0600, "{");
	free(calls());
	cni_sweep(top, alive);
	expect_calls("a DEL 0\n");
	CHECK(!there(".cni/dead.0.json"));
	CHECK(there(".cni/lives.0.json"));
	CHECK(there(".cni/mine.0.json")); /* the process that made it looks after it */
	CHECK(there(".cni/torn.0.json")); /* somebody must look at it */
	CHECK(cni_del_zone(top, "mine", &e) == 0);
	free(calls());
}

static void test_verify(void)
{
	auto_ptr(json) struct json *runtime = json_new_object();
	struct cni_want w = { .network = "net", .runtime = runtime, .needs_guard = true };
	struct err e = { 0 };

	CHECK(cni_verify(&w, &e) == 0);
	expect_calls(""); /* VERSION only */
	json_set(runtime, "mac", json_new_string("02:00:00:00:00:01"));
	CHECK(cni_verify(&w, &e) < 0);
	CHECK(strstr(e.text, "macAddress is written"));
	json_unset(runtime, "mac");
	write_file("net.conflist", 0644,
		   "{\"cniVersion\":\"0.3.1\",\"name\":\"net\",\"plugins\":[{\"type\":\"a\"}]}");
	CHECK(cni_verify(&w, &e) < 0);
	CHECK(strstr(e.text, "does not support cniVersion 0.3.1"));
	write_file(
		"net.conflist", 0644,
		"{\"cniVersion\":\"0.4.0\",\"name\":\"net\",\"plugins\":[{\"type\":\"ipvlan\"}]}");
	CHECK(cni_verify(&w, &e) < 0);
	CHECK(strstr(e.text, "no end on the host"));
	w.needs_guard = false;
	CHECK(cni_verify(&w, &e) < 0);
	CHECK(strstr(e.text, "no program \"ipvlan\""));
	w.network = "none";
	CHECK(cni_verify(&w, &e) < 0);
	CHECK(strstr(e.text, "there are: net"));
}

int main(void)
{
	struct err e = { 0 };

	CHECK(mkdtemp(top) != NULL);
	(void)setenv("NETCONFPATH", top, 1);
	(void)setenv("CNI_PATH", top, 1);
	write_file(
		"net.conflist", 0644,
		"{\"cniVersion\":\"0.4.0\",\"name\":\"net\",\"plugins\":[{\"type\":\"a\"},{\"type\":\"b\"}]}");
	test_add_del();
	test_failures();
	test_sweep();
	test_verify();
	CHECK(file_remove_tree(AT_FDCWD, top, &e) == 0);
	return test_done();
}
