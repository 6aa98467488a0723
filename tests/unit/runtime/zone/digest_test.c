#include "runtime/zone/digest.h"

#include <errno.h>
#include <stdlib.h>

#include "tests/unit/test.h"

#define EMPTY "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define ABC   "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#define ABC512                                                                    \
	"sha512:ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a" \
	"2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"

static void test_form(void)
{
	CHECK(digest_ok(EMPTY));
	CHECK(digest_ok(ABC512));
	CHECK(!digest_ok(NULL));
	CHECK(!digest_ok(""));
	CHECK(!digest_ok("sha256:"));
	CHECK(!digest_ok(EMPTY "0"));
	CHECK(!digest_ok(
		"sha256:E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855"));
	CHECK(!digest_ok(
		"sha256:../../../../../../../../../../../../../../../../../../../../etc/x"));
	CHECK(!digest_ok(
		"sha512:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"));
	CHECK(!digest_ok("md5:d41d8cd98f00b204e9800998ecf8427e"));
	char *name = digest_file_name(ABC);

	CHECK_STR(name, "sha256-ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	free(name);
}

static void test_sums(void)
{
	char buf[DIGEST_TEXT_MAX];
	struct digest d = { 0 };
	struct err e = { 0 };

	CHECK(digest_check("", 0, EMPTY, &e) == 0);
	CHECK(digest_check("abc", 3, ABC, &e) == 0);
	CHECK(digest_check("abc", 3, ABC512, &e) == 0);
	CHECK_INT(digest_check("abd", 3, ABC, &e), -EBADMSG);
	CHECK(strstr(e.text, "should be sha256:ba78"));
	CHECK_INT(digest_check("abc", 3, "md5:x", &e), -EINVAL);
	CHECK(digest_of("abc", 3, buf, &e) == 0);
	CHECK_STR(buf, ABC);
	CHECK(digest_begin(&d, ABC, &e) == 0);
	digest_feed(&d, "a", 1);
	digest_feed(&d, "bc", 2);
	CHECK_INT(d.bytes, 3);
	CHECK(digest_expect(&d, ABC, &e) == 0);
	digest_done(&d);
}

int main(void)
{
	test_form();
	test_sums();
	return test_done();
}
