#include "net/share_state.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/htb.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "tests/unit/test.h"

static void test_file(const char *dir)
{
	struct share_link *l = NULL;
	struct err e = { 0 };
	char path[64];

	(void)snprintf(path, sizeof(path), "%s/shares.json", dir);
	{
		auto_done(share_state) struct share_state s = { 0 };

		CHECK(share_state_load(dir, &s, &e) == 0 && s.n == 0 && !s.saved);
		CHECK(share_state_save(&s, &e) == 0 && access(path, F_OK) < 0);
		struct share_lower *lower = share_state_lower(&s, "zbr0");

		lower->total = 8000;
		CHECK((l = share_lower_add(lower, "zv00000001.0", &e)) != NULL && l->minor == 16);
		l->weight = 7;
		l->hooked = true;
		CHECK((l = share_lower_add(lower, "zv00000002.0", &e)) != NULL && l->minor == 32);
		l->weight = 9;
		l->maxbw = 4000;
		(void)share_state_lower(&s, "empty");
		CHECK(share_state_save(&s, &e) == 0);
	}
	auto_done(share_state) struct share_state s = { 0 };

	CHECK(share_state_load(dir, &s, &e) == 0 && s.n == 1 && s.items[0].total == 8000);
	CHECK(s.items[0].n == 2 && s.items[0].links[0].hooked && !s.items[0].links[1].hooked);
	CHECK(s.items[0].links[1].weight == 9 && s.items[0].links[1].maxbw == 4000);
	CHECK(share_lower_find(&s.items[0], "zv00000003.0") == NULL);
	share_lower_remove(&s.items[0], 0);
	CHECK((l = share_lower_add(&s.items[0], "zv00000003.0", &e)) != NULL && l->minor == 16);
	CHECK((l = share_lower_add(&s.items[0], "zv00000003.0", &e)) != NULL && s.items[0].n == 2);
	share_lower_remove(&s.items[0], 1);
	share_lower_remove(&s.items[0], 0);
	CHECK(share_state_save(&s, &e) == 0 && access(path, F_OK) < 0);
}

/* What no class can be is left out. */
static void test_odd(const char *dir)
{
	static const char text[] =
		"{\"a\":{\"total\":8000,\"links\":{\"zv1\":{\"share\":1,\"class\":17},\"zv2\":{\"share\":0,\"class\":16},"
		"\"zv3\":{\"share\":1,\"class\":65536},\"a-name-that-is-too-long\":{\"share\":1,\"class\":16},\"zv4\":{\"share\":1,\"class\":65520}}},"
		"\"b\":{\"total\":0,\"links\":{}},\"c\":3,\"a-name-that-is-too-long\":{\"total\":8000,\"links\":{}}}";
	auto_done(share_state) struct share_state s = { 0 };
	auto_done(share_state) struct share_state broken = { 0 };
	struct err e = { 0 };
	char path[64];

	(void)snprintf(path, sizeof(path), "%s/shares.json", dir);
	CHECK(file_replace(AT_FDCWD, path, text, strlen(text), 0600, &e) == 0);
	CHECK(share_state_load(dir, &s, &e) == 0);
	CHECK(s.n == 1 && s.items[0].n == 1 && s.items[0].links[0].minor == HTB_LAST);
	CHECK(file_replace(AT_FDCWD, path, "{", 1, 0600, &e) == 0);
	CHECK(share_state_load(dir, &broken, &e) == 0 && broken.n == 0 && broken.saved);
	CHECK(share_state_save(&broken, &e) == 0 && access(path, F_OK) < 0);
}

static void test_full(void)
{
	struct share_lower lower = { .bridge = "zbr0" };
	struct err e = { 0 };
	bool full = false;

	for (int i = 0; !full && i < 5000; i++) {
		char host[IFNAMSIZ];

		(void)snprintf(host, sizeof(host), "zv%08x.0", (unsigned)i);
		full = !share_lower_add(&lower, host, &e);
	}
	CHECK(full && e.code == ENOSPC);
	CHECK_INT(lower.n, HTB_LAST / HTB_STEP);
	CHECK_STR(e.text, "more than 4095 links share the bandwidth of \"zbr0\"");
	free(lower.links);
}

int main(void)
{
	char dir[] = "/tmp/share_state.XXXXXX";

	CHECK(mkdtemp(dir) != NULL);
	test_file(dir);
	test_odd(dir);
	test_full();
	CHECK(rmdir(dir) == 0);
	return test_done();
}
