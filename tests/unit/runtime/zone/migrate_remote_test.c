#include "runtime/zone/migrate_remote.h"

#include "tests/unit/test.h"

static bool host_ok(const char *host)
{
	struct err e = { 0 };

	return remote_check_host(host, &e) == 0;
}

static bool words_ok(const char *word)
{
	struct strv words = { 0 };
	struct err e = { 0 };

	strv_add(&words, "--server");
	strv_add(&words, word);
	bool ok = remote_check_words(&words, &e) == 0;

	strv_done(&words);
	return ok;
}

int main(void)
{
	CHECK(host_ok("far"));
	CHECK(host_ok("root@far.example.org"));
	CHECK(host_ok("root@[fe80::1%eth0]"));
	CHECK(!host_ok(""));
	CHECK(!host_ok("root@"));
	CHECK(!host_ok("@far"));
	CHECK(!host_ok("-oProxyCommand=x"));
	CHECK(!host_ok("root@-far"));
	CHECK(!host_ok("far away"));
	CHECK(!host_ok("far;id"));
	CHECK(!host_ok("far\n"));
	CHECK(words_ok("-lHogtpAXrSe.iLsfxCIvu"));
	CHECK(words_ok("/zone/"));
	CHECK(words_ok("-@-1")); /* rsync --modify-window=-1 */
	CHECK(!words_ok("a b"));
	CHECK(!words_ok("$(id)"));
	CHECK(!words_ok(";id"));
	CHECK(!words_ok(""));
	CHECK(remote_token_ok("0123456789abcdef"));
	CHECK(!remote_token_ok("0123456789abcde"));
	CHECK(!remote_token_ok("0123456789abcdeg"));
	CHECK(!remote_token_ok("../../../../etc/x"));
	CHECK(!remote_token_ok(NULL));
	return test_done();
}
