/* A packet socket for each address. It is bound to its link and protocol only after it has a filter, so that of a busy network no more than ARP and neighbour messages reach us. */
#include "net/probe.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/mem.h"
#include "runtime/base/num.h"

struct probe_run {
	struct probe *probes;
	struct pollfd *fds; /* a probe's socket; -1 when it needs no more watching */
	size_t n;
};

static void probe_run_done(struct probe_run *r)
{
	for (size_t i = 0; r->fds && i < r->n; i++)
		cleanup_close(&r->fds[i].fd);
	free(r->fds);
	*r = (struct probe_run){ 0 };
}

uint32_t probe_time_ms(void)
{
	const char *text = getenv("ZONES_PROBE_MS");
	uint64_t ms = 0;

	return text && num_u64(text, &ms) == 0 && ms <= PROBE_MS_MAX ? (uint32_t)ms : PROBE_MS;
}

static int64_t probe_now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* ICMPv6 of the types 135 and 136 alone; of ARP everything. */
static int probe_filter(int fd, bool four)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, ETH_HLEN + 6),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 58, 0, 4),
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, ETH_HLEN + 40),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 135, 1, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 136, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, 256),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	const struct sock_fprog program = { .len = sizeof(code) / sizeof(code[0]), .filter = code };

	return four ? 0 : setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program));
}

/* A network card hands on only the groups it was told of: all nodes, where advertisements go, and the address's own, where others ask. */
static void probe_join(int fd, const struct probe *p)
{
	struct packet_mreq all = { .mr_ifindex = (int)p->link,
				   .mr_type = PACKET_MR_MULTICAST,
				   .mr_alen = INET_MAC,
				   .mr_address = { 0x33, 0x33, 0, 0, 0, 1 } };
	struct packet_mreq own = all;

	own.mr_address[2] = 0xff;
	memcpy(own.mr_address + 3, p->addr.bytes + 13, 3);
	(void)setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &all, sizeof(all));
	(void)setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &own, sizeof(own));
}

/* The link may be down, or gone since it was looked for: nobody can answer there. */
static bool probe_is_silent(int error)
{
	return error == ENETDOWN || error == ENODEV || error == ENXIO;
}

static int probe_open(struct probe_run *r, size_t i, struct err *e)
{
	const struct probe *p = &r->probes[i];
	bool four = p->addr.family == AF_INET;
	const struct sockaddr_ll at = { .sll_family = AF_PACKET,
					.sll_protocol = htons(four ? ETH_P_ARP : ETH_P_IPV6),
					.sll_ifindex = (int)p->link };
	auto_close int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0 || probe_filter(fd, four) < 0)
		return err_sys(e, "open a packet socket");
	if (bind(fd, (const struct sockaddr *)&at, sizeof(at)) < 0)
		return probe_is_silent(errno) ? 0 : err_sys(e, "bind a packet socket");
	if (!four)
		probe_join(fd, p);
	r->fds[i].fd = fd_steal(&fd);
	return 0;
}

static void probe_send(struct probe_run *r)
{
	for (size_t i = 0; i < r->n; i++) {
		uint8_t frame[PROBE_FRAME];
		size_t n = probe_frame(&r->probes[i], frame);

		/* a full queue loses this one, as a network may lose any */
		if (r->fds[i].fd >= 0 && send(r->fds[i].fd, frame, n, 0) < 0 &&
		    probe_is_silent(errno))
			fd_close(&r->fds[i].fd);
	}
}

/* What has come in for one address. At most so many frames at a time: a flood must not keep us from the clock. */
static void probe_read(struct probe_run *r, size_t i)
{
	struct probe *p = &r->probes[i];

	for (int k = 0; k < 64 && !p->taken; k++) {
		struct sockaddr_ll from = { 0 };
		socklen_t size = sizeof(from);
		uint8_t frame[256];
		ssize_t n = recvfrom(r->fds[i].fd, frame, sizeof(frame), 0,
				     (struct sockaddr *)&from, &size);

		if (n < 0)
			break;
		if (from.sll_pkttype != PACKET_OUTGOING)
			p->taken = probe_is_answer(p, frame, (size_t)n, p->holder);
	}
	if (p->taken)
		fd_close(&r->fds[i].fd);
}

static bool probe_is_open(const struct probe_run *r)
{
	for (size_t i = 0; i < r->n; i++)
		if (r->fds[i].fd >= 0)
			return true;
	return false;
}

/* Listen until the time has come, or nothing is left to hear. */
static void probe_listen(struct probe_run *r, int64_t until)
{
	for (int64_t now = probe_now_ms(); now < until && probe_is_open(r); now = probe_now_ms()) {
		if (poll(r->fds, r->n, (int)(until - now)) <= 0)
			continue;
		for (size_t i = 0; i < r->n; i++)
			if (r->fds[i].fd >= 0 && r->fds[i].revents)
				probe_read(r, i);
	}
}

int probe_ask(struct probe *probes, size_t n, struct err *e)
{
	auto_done(probe_run) struct probe_run r = { .probes = probes, .n = n };
	const int64_t time = probe_time_ms(), begin = probe_now_ms();

	r.fds = mem_array(n + 1, sizeof(*r.fds));
	for (size_t i = 0; i < n; i++) {
		probes[i].taken = false;
		r.fds[i] = (struct pollfd){ .fd = -1, .events = POLLIN };
	}
	for (size_t i = 0; time > 0 && i < n; i++) {
		int failed = probe_open(&r, i, e);

		if (failed < 0)
			return err_wrap(e, "ask whether an address is in use");
	}
	for (int k = 1; k <= PROBE_TIMES && probe_is_open(&r); k++) {
		probe_send(&r);
		probe_listen(&r, begin + time * k / PROBE_TIMES);
	}
	return 0;
}

/* To a link by its number, without a socket that listens: protocol 0. */
static void probe_announce_one(int fd, const struct probe *p)
{
	uint8_t frame[PROBE_FRAME];
	size_t n = probe_announcement(p, frame);
	const struct sockaddr_ll to = { .sll_family = AF_PACKET, .sll_ifindex = (int)p->link };

	(void)!sendto(fd, frame, n, 0, (const struct sockaddr *)&to, sizeof(to));
}

void probe_announce(const struct probe *probes, size_t n)
{
	auto_close int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	for (size_t i = 0; fd >= 0 && i < n; i++)
		probe_announce_one(fd, &probes[i]);
}
