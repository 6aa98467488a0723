#include "net/net.h"

#include "tests/unit/test.h"

static char *first(const char *text)
{
	auto_ptr(json) struct json *j = NULL;
	struct err e = { 0 };

	if (json_parse_simple(text, strlen(text), &j, &e) < 0)
		return NULL;
	return net_first_address(j);
}

int main(void)
{
	auto_free char *one =
		first("{\"links\":[{\"addresses\":[\"10.88.0.2/24\",\"fd00::2/64\"]}]}");

	CHECK_STR(one, "10.88.0.2/24");
	CHECK(first("{}") == NULL);
	CHECK(first("{\"links\":[]}") == NULL);
	CHECK(first("{\"links\":[{\"addresses\":[]}]}") == NULL);
	CHECK(first("{\"links\":[{\"addresses\":[7]}]}") == NULL);
	CHECK(first("{\"links\":{}}") == NULL);
	CHECK(net_first_address(NULL) == NULL);
	return test_done();
}
