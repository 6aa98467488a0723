#include "net/guard.h"

#include "tests/unit/test.h"

int main(void)
{
	auto_done(strv) struct strv words = { 0 };

	guard_words(GUARD_RESTRICTED | GUARD_MAC, &words);
	CHECK_INT(words.n, 2);
	CHECK_STR(words.items[0], "mac-nospoof");
	CHECK_STR(words.items[1], "restricted");
	CHECK_INT(guard_bit("ip-nospoof"), GUARD_IP);
	CHECK_INT(guard_bit("dhcp-nospoof"), GUARD_DHCP);
	CHECK_INT(guard_bit("none"), 0);
	CHECK_INT(guard_bit(""), 0);
	return test_done();
}
