#include "net/conntrack.h"

#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/nat.h"
#include "tests/unit/net/own_network.h"

/* Lines of the kernel's list that name both ports; -1 where it has no such file. */
static int tracked(void)
{
	struct err e = { 0 };
	char *text = NULL;
	size_t n = 0;
	int found = 0;

	if (file_read_all(AT_FDCWD, "/proc/self/net/nf_conntrack", 1 << 20, &text, &n, &e) < 0)
		return -1;
	for (const char *s = text; (s = strstr(s, "dport=7777")); s++)
		found++;
	free(text);
	return found;
}

static void send_once(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(7777) };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	CHECK(inet_pton(AF_INET, "127.0.0.1", &a.sin_addr) == 1);
	CHECK(sendto(fd, "x", 1, 0, (const struct sockaddr *)&a, sizeof(a)) == 1);
	(void)close(fd);
}

static void test(void)
{
	const struct bridge_link bridge = { .name = "zbr0" };
	const struct nat n = { .bridges = &bridge, .n_bridges = 1 };
	struct inet_addr mine, other;
	auto_done(netlink) struct netlink nl = NETLINK_CLOSED;
	const struct link_change up = { .up = true };
	struct err e = { 0 };

	CHECK(netlink_open(&nl, NETLINK_ROUTE, &e) == 0 && link_change(&nl, "lo", &up, &e) == 0);
	CHECK(inet_parse("127.0.0.1", &mine) == 0 && inet_parse("10.88.0.2", &other) == 0);
	CHECK(conntrack_forget(&mine, 1, &e) == 0); /* nothing is tracked yet */
	CHECK(nat_apply(&n, &e) == 0);              /* from here on the kernel tracks */
	send_once();
	if (tracked() > 0) {
		CHECK(conntrack_forget(&other, 1, &e) == 0);
		CHECK(tracked() > 0);
		CHECK(conntrack_forget(&mine, 1, &e) == 0);
		CHECK_INT(tracked(), 0);
	} else {
		printf("# this kernel has no /proc/net/nf_conntrack: tests/zone/publish.bats shows the effect\n");
		CHECK(conntrack_forget(&mine, 1, &e) == 0);
	}
	CHECK(nat_remove(&e) == 0);
}

int main(void)
{
	return own_network_run(test);
}
