#include "runtime/engine/record.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/base/mem.h"
#include "tests/unit/test.h"

static void fill(struct record *r)
{
	r->id = mem_strdup("web");
	r->bundle = mem_strdup("/b/\"quoted\"");
	r->rootfs = mem_strdup("/r");
	r->oci_version = mem_strdup("1.3.0");
	r->created = mem_strdup("2026-11-22T09:52:06.302134087Z");
	r->owner = 4000000000u;
	r->complete = true;
	r->pid = 713;
	r->start = 1ull << 40;
	r->has_process = r->own_pids = r->has_poststop = true;
	r->cgroup = json_new_object();
	(void)json_set(r->cgroup, "path", json_new_string("/x"));
	strmap_set(&r->annotations, "a.b/c", "v");
}

static void test_round_trip(int dir)
{
	struct record r = { 0 }, back;
	struct err e = { 0 };

	fill(&r);
	CHECK(record_write(dir, &r, &e) == 0);
	CHECK(record_read(dir, &back, &e) == 0);
	CHECK_STR(back.id, "web");
	CHECK_STR(back.bundle, r.bundle);
	CHECK_STR(back.created, r.created);
	CHECK_INT(back.owner, 4000000000u);
	CHECK_INT(back.pid, 713);
	CHECK(back.start == 1ull << 40);
	CHECK(back.complete && back.has_process && back.own_pids && back.has_poststop &&
	      !back.has_poststart);
	CHECK_STR(json_get_string(back.cgroup, "path", ""), "/x");
	CHECK_STR(strmap_get(&back.annotations, "a.b/c"), "v");
	CHECK(back.extensions == NULL);
	record_done(&r);
	record_done(&back);
	CHECK(back.id == NULL);
}

static void test_refusals(int dir)
{
	static const char *const broken[] = { "",
					      "{",
					      "[]",
					      "{}",
					      "{\"format\":2,\"id\":\"x\"}",
					      "{\"format\":1,\"id\":\"x\",\"pid\":-4}",
					      "{\"format\":1,\"id\":\"x\",\"pid\":99999999999}" };
	struct record r;
	struct err e = { 0 };

	for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
		CHECK(file_replace(dir, "state.json", broken[i], strlen(broken[i]), 0600, &e) == 0);
		CHECK(record_read(dir, &r, &e) < 0);
		CHECK(r.id == NULL);
	}
	CHECK(unlinkat(dir, "state.json", 0) == 0);
	CHECK_INT(record_read(dir, &r, &e), -ENOENT);
}

static void test_state(void)
{
	struct record r = { 0 };

	fill(&r);
	auto_ptr(json) struct json *j = record_state(&r, "running", 713);
	auto_free char *text = json_print(j, false);

	CHECK_STR(
		text,
		"{\"ociVersion\":\"1.3.0\",\"id\":\"web\",\"pid\":713,\"status\":\"running\",\"bundle\":\"/b/\\\"quoted\\\"\","
		"\"rootfs\":\"/r\",\"created\":\"2026-11-22T09:52:06.302134087Z\",\"annotations\":{\"a.b/c\":\"v\"},\"owner\":\"\"}");
	record_done(&r);
}

static void test_time(void)
{
	static const struct {
		long long seconds;
		const char *text;
	} rows[] = {
		{ 0, "1970-01-01T00:00:00.000000007Z" },
		{ 951782400, "2000-02-29T00:00:00.000000007Z" },
		{ 951868799, "2000-02-29T23:59:59.000000007Z" },
		{ 951868800, "2000-03-01T00:00:00.000000007Z" },
		{ 1795341126, "2026-11-22T09:52:06.000000007Z" },
		{ 4107542400, "2100-03-01T00:00:00.000000007Z" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		auto_free char *text = record_time(rows[i].seconds, 7);

		CHECK_STR(text, rows[i].text);
	}
	auto_free char *now = record_now();

	CHECK_INT(strlen(now), 30);
}

int main(void)
{
	char path[] = "/tmp/record_test.XXXXXX";
	auto_close int dir = mkdtemp(path) ? open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

	CHECK(dir >= 0);
	test_round_trip(dir);
	test_refusals(dir);
	test_state();
	test_time();
	CHECK(rmdir(path) == 0);
	return test_done();
}
