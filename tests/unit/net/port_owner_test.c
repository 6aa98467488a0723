#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/publish.h"
#include "tests/unit/net/own_network.h"

static int bound(int type, const char *address, unsigned port)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);

	CHECK(inet_pton(AF_INET, address, &a.sin_addr) == 1);
	CHECK(fd >= 0 && bind(fd, (const struct sockaddr *)&a, sizeof(a)) == 0);
	if (type == SOCK_STREAM)
		CHECK(listen(fd, 1) == 0);
	return fd;
}

static void test(void)
{
	struct publish p = { .protocol = IPPROTO_TCP, .first = 8000, .last = 8010, .to = 80 };
	struct err e = { 0 };
	char want[64];
	int tcp, udp;

	CHECK(publish_check_free(&p, &e) == 0);
	tcp = bound(SOCK_STREAM, "127.0.0.1", 8005);
	CHECK(publish_check_free(&p, &e) == -EADDRINUSE);
	(void)snprintf(want, sizeof(want), "(pid %d)", getpid());
	CHECK(strstr(e.text, "port 8005/tcp of the host is taken by") && strstr(e.text, want));
	/* another address, another protocol */
	CHECK(inet_parse("192.0.2.1", &p.address) == 0);
	CHECK(publish_check_free(&p, &e) == 0);
	p.address = (struct inet_addr){ 0 };
	p.protocol = IPPROTO_UDP;
	CHECK(publish_check_free(&p, &e) == 0);
	udp = bound(SOCK_DGRAM, "0.0.0.0", 8010);
	CHECK(publish_check_free(&p, &e) == -EADDRINUSE);
	CHECK(strstr(e.text, "8010/udp") && strstr(e.text, want));
	(void)close(tcp);
	(void)close(udp);
	CHECK(publish_check_free(&p, &e) == 0);
}

int main(void)
{
	return own_network_run(test);
}
