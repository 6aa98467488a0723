#include "config/zone_shared.h"

#include "tests/unit/config/zone_parse.h"

#define Z  "{ \"zonename\": \"web\", \"ipType\": \"shared\",\n  "
#define ON "\"net\": [ { \"physical\": \"eth0\", \"address\": \"192.0.2.10/24\" } ]"

/* clang-format off */
static const struct bad_zone bad[] = {
	{ .text = Z "\"anet\": @[ { } ] }", .path = "anet", .code = "conflict", .message = "anet needs ipType exclusive" },
	{ .text = Z ON ", \"publish\": @[ { \"port\": 80 } ] }", .path = "publish", .code = "conflict", .message = "publish needs ipType exclusive" },
	{ .text = Z "\"net\": [ @{ \"physical\": \"eth0\" } ] }", .path = "net[0]", .code = "missing", .message = "a shared zone needs one on the link" },
	{ .text = Z "\"net\": [ { \"physical\": \"eth0\", \"address\": \"192.0.2.10/24\", \"defrouter\": @[ \"192.0.2.1\" ] } ] }", .path = "net[0].defrouter", .code = "conflict", .message = "the host's routes" },
	{ .text = Z ON ", \"limitpriv\": @\"default,CAP_NET_RAW\" }", .path = "limitpriv", .code = "prohibited", .message = "can never have \"CAP_NET_RAW\"" },
	{ .text = Z ON ", \"limitpriv\": @\"all,net_admin\" }", .path = "limitpriv", .code = "prohibited", .message = "net_admin" },
	{ .text = Z ON ", \"sysctl\": { \"net.core.somaxconn\": \"1\", \"net.ipv4.conf.all.rp_filter\": @\"0\" } }", .path = "sysctl.net.ipv4.conf.all.rp_filter", .code = "prohibited", .message = "the host sees to" },
	{ .text = Z ON ", \"sysctl\": { \"net.ipv4.ip_forward\": @\"1\" } }", .path = "sysctl.net.ipv4.ip_forward", .code = "prohibited", .message = "the host sees to" },
};

static const char *const good[] = {
	Z ON " }",
	Z "\"brand\": \"native\" }", /* lo only */
	Z ON ", \"limitpriv\": \"default,!net_raw\" }",
	Z ON ", \"limitpriv\": \"all\", \"sysctl\": { \"net.ipv4.tcp_syncookies\": \"1\", \"net.ipv4.icmp_echo_ignore_all\": \"1\" } }",
	"{ \"zonename\": \"web\", \"anet\": [ { } ], \"limitpriv\": \"default,net_raw\", \"sysctl\": { \"net.ipv4.ip_forward\": \"1\" } }",
};
/* clang-format on */

int main(void)
{
	auto_done(strv) struct strv caps = { 0 };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		check_bad_zone(&bad[i]);
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		zone_spec_free(good_zone(good[i]));
	strv_add(&caps, "CAP_CHOWN");
	strv_add(&caps, "CAP_NET_ADMIN");
	strv_add(&caps, "CAP_NET_RAW");
	strv_add(&caps, "CAP_KILL");
	zone_shared_ceiling(&caps);
	CHECK_INT(caps.n, 2);
	CHECK(strv_has(&caps, "CAP_CHOWN") && strv_has(&caps, "CAP_KILL"));
	return test_done();
}
