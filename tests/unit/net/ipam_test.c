#include "net/ipam.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/unit/test.h"

static struct inet_addr addr(const char *text)
{
	struct inet_addr a = { 0 };

	if (inet_parse(text, &a) < 0)
		printf("# cannot parse %s\n", text);
	return a;
}

static struct json *empty(void)
{
	struct json *j = json_new_object();

	json_set(j, "leases", json_new_array());
	return j;
}

/* Choose, assign, and say what it was: "10.88.0.2/24 fd00:88::2/64". */
static char *lease(struct json *leases, struct ipam_pool *pool, const char *zone, size_t link)
{
	auto_done(strbuf) struct strbuf b = { 0 };
	struct inet_addr got[2];
	struct err e = { 0 };
	size_t n = 0;

	pool->zone = zone;
	pool->link = link;
	if (ipam_choose(leases, pool, got, &n, &e) < 0)
		return strdup(e.text);
	(void)ipam_assign(leases, zone, link, got, n, true);
	for (size_t i = 0; i < n; i++) {
		char text[INET_TEXT];

		inet_text(&got[i], text);
		strbuf_format(&b, "%s%s", i ? " " : "", text);
	}
	return strbuf_steal(&b);
}

static void check_lease(struct json *leases, struct ipam_pool *pool, const char *zone, size_t link,
			const char *want)
{
	auto_free char *got = lease(leases, pool, zone, link);

	test_str(got, want, want, __FILE__, __LINE__);
}

static void test_choice(void)
{
	auto_ptr(json) struct json *l = empty();
	struct addr_entry taken = { .addr = addr("10.88.0.3/24") };
	struct addr_list host = { .items = &taken, .n = 1 };
	struct ipam_pool pool = { addr("10.88.0.0/24"), addr("fd00:88::/64"), &host, "", 0 };
	struct inet_addr fixed = addr("fd00:88::5/64");

	check_lease(l, &pool, "a", 0, "10.88.0.2/24 fd00:88::2/64");
	check_lease(l, &pool, "a", 0, "10.88.0.2/24 fd00:88::2/64");
	/* .3 is the host's */
	check_lease(l, &pool, "b", 0, "10.88.0.4/24 fd00:88::4/64");
	/* ::5 is configured for another zone, so number 5 is not free */
	CHECK(ipam_assign(l, "c", 0, &fixed, 1, false));
	CHECK(!ipam_assign(l, "c", 0, &fixed, 1, false));
	check_lease(l, &pool, "d", 0, "10.88.0.6/24 fd00:88::6/64");
	check_lease(l, &pool, "d", 1, "10.88.0.7/24 fd00:88::7/64");
	/* given back, then free again */
	CHECK(ipam_drop(l, "b", 0));
	CHECK(!ipam_drop(l, "b", 0));
	check_lease(l, &pool, "e", 0, "10.88.0.4/24 fd00:88::4/64");
	/* the second link goes, the first stays */
	CHECK(ipam_drop(l, "d", 1));
	check_lease(l, &pool, "f", 0, "10.88.0.7/24 fd00:88::7/64");
	check_lease(l, &pool, "d", 0, "10.88.0.6/24 fd00:88::6/64");
	/* another subnet: what was leased before does not fit any more */
	pool.four = addr("172.30.0.0/30");
	check_lease(l, &pool, "a", 0, "172.30.0.2/30 fd00:88::2/64");
	check_lease(l, &pool, "b", 0, "no free address is left in 172.30.0.0/30");
	pool.four.family = 0;
	check_lease(l, &pool, "b", 0, "fd00:88::3/64");
}

static void test_holder(void)
{
	auto_ptr(json) struct json *l = empty();
	struct inet_addr a = addr("10.88.0.9/24"), same = addr("10.88.0.9"),
			 other = addr("10.88.0.8");
	static const char *const alive[] = { "a", NULL }, *const known[] = { "b", NULL };
	struct inet_addr found;

	(void)ipam_assign(l, "a", 0, &a, 1, false);
	(void)ipam_assign(l, "b", 0, &other, 1, true);
	CHECK_STR(ipam_holder(l, &same, "b"), "a");
	CHECK_STR(ipam_holder(l, &same, "a"), NULL);
	CHECK_STR(ipam_holder(l, &other, "a"), "b");
	CHECK(!ipam_find(l, "a", 0, AF_INET, &found)); /* written, not leased */
	CHECK(ipam_find(l, "b", 0, AF_INET, &found) && inet_same(&found, &other));
	CHECK(!ipam_find(l, "b", 1, AF_INET, &found));
	CHECK(!ipam_keep(l, alive, known));
	CHECK(ipam_keep(l, alive, alive));
	CHECK_STR(ipam_holder(l, &other, "a"), NULL);
	CHECK_STR(ipam_holder(l, &same, "b"), "a");
}

static void test_file(void)
{
	char dir[] = "/tmp/ipam_test.XXXXXX";
	auto_ptr(json) struct json *l = NULL;
	auto_ptr(json) struct json *again = NULL;
	struct inet_addr a = addr("10.88.0.9/24");
	struct err e = { 0 };
	char path[64];
	FILE *f;

	CHECK(mkdtemp(dir) != NULL);
	CHECK(ipam_load(dir, &l, &e) == 0); /* no file: no lease */
	(void)ipam_assign(l, "a", 0, &a, 1, true);
	CHECK(ipam_save(dir, l, &e) == 0);
	CHECK(ipam_load(dir, &again, &e) == 0);
	CHECK_STR(ipam_holder(again, &a, "b"), "a");
	(void)snprintf(path, sizeof(path), "%s/leases.json", dir);
	f = fopen(path, "w");
	CHECK(f != NULL && fputs("{\"leases\": 7}", f) >= 0 && fclose(f) == 0);
	struct json *none = NULL;

	CHECK(ipam_load(dir, &none, &e) == -EINVAL);
	CHECK(none == NULL);
	CHECK(unlink(path) == 0 && rmdir(dir) == 0);
}

int main(void)
{
	test_choice();
	test_holder();
	test_file();
	return test_done();
}
