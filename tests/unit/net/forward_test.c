/* Choosing needs no privilege and changes nothing but the state it is given. */
#include "net/forward.h"

#include <sys/socket.h>

#include "tests/unit/test.h"

int main(void)
{
	auto_done(netlink) struct netlink nl = NETLINK_CLOSED;
	auto_ptr(json) struct json *state = json_new_object();
	auto_done(strv) struct strv four = { 0 };
	auto_done(strv) struct strv ours = { 0 };
	auto_done(strv) struct strv none = { 0 };
	struct err e = { 0 };

	struct json *list = json_set(state, "forward4", json_new_array());

	json_add(list, json_new_string("no-such-link"));
	CHECK(netlink_open(&nl, NETLINK_ROUTE, &e) == 0);
	CHECK(forward_choose(&nl, &ours, state, &e) == 0);
	forward_names(state, "forward4", &four);
	CHECK(!strv_has(&four, "lo"));
	CHECK(!strv_has(&four, "no-such-link")); /* a link that is gone is forgotten */
	forward_names(state, "nothing", &none);
	CHECK_INT(none.n, 0);
	return test_done();
}
