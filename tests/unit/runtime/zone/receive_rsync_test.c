#include "runtime/zone/receive.h"

#include "tests/unit/test.h"

static bool ok(const char *text)
{
	struct strv words = { 0 };
	struct err e = { 0 };

	strv_split(&words, text, ' ');
	bool answer = receive_words_ok(&words, &e) == 0;

	strv_done(&words);
	return answer;
}

int main(void)
{
	CHECK(ok(
		"--server -lHogtpAXrSe.LsfxCIvu --specials --delete --stats --numeric-ids . /zone/"));
	CHECK(ok("--server -lHogtpAXrScSe.iLsfxCIvu --specials --delete --numeric-ids . /zone/"));
	CHECK(!ok("--server --sender -lHogtpAXrSe.LsfxCIvu --numeric-ids . /zone/"));
	CHECK(!ok("--server -lHogtpAXrSe.LsfxCIvu --numeric-ids . /"));
	CHECK(!ok("--server -lHogtpAXrSe.LsfxCIvu --numeric-ids . /zone/../etc"));
	CHECK(!ok("--server -lHogtpAXrSe.LsfxCIvu --copy-devices . /zone/"));
	CHECK(!ok("--server -lHogtpAXrSe.LsfxCIvu --log-file=/zone/x . /zone/"));
	CHECK(!ok("--server -lHogtpAXrSMe.LsfxCIvu . /zone/"));
	CHECK(!ok("--server -lHogtpAXrS . /zone/"));
	CHECK(!ok("--server --specials . /zone/"));
	CHECK(!ok("--daemon -lHogtpAXrSe.LsfxCIvu . /zone/"));
	CHECK(!ok("--server . /zone/"));
	CHECK(!ok(""));
	return test_done();
}
