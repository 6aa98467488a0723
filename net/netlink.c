/* One request, one answer. rtnetlink works synchronously: when sendmsg() has returned, the change is made and the acknowledgement waits in the socket's
 * queue, so nothing here needs a timeout. Whatever else is in the queue - an old answer, a message of another process - does not match in
 * sender, port id or sequence and is thrown away. */
#include "net/netlink.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "runtime/base/sys.h"

/* One message about a link is up to 64 KiB and more: a tenant may give a link of its namespace 500 names. */
enum {
	RECEIVE_SIZE = 128 << 10,
	BATCH_RECEIVE = 4 << 20,
	BATCH_OVERHEAD = 4096,
	DUMP_ATTEMPTS = 20
};

int netlink_adopt(struct netlink *nl, int fd, struct err *e)
{
	struct sockaddr_nl local = { .nl_family = AF_NETLINK };
	socklen_t size = sizeof(local);
	auto_close int own = fd;
	int on = 1;

	/* bind() to port 0 lets the kernel choose a port id; a socket that is bound already keeps its own */
	if (getsockname(own, (struct sockaddr *)&local, &size) < 0)
		return err_sys(e, "ask a netlink socket for its address");
	if (local.nl_pid == 0) {
		if (bind(own, (struct sockaddr *)&local, sizeof(local)) < 0)
			return err_sys(e, "bind a netlink socket");
		size = sizeof(local);
		if (getsockname(own, (struct sockaddr *)&local, &size) < 0)
			return err_sys(e, "ask a netlink socket for its address");
	}
	/* words with the errno and short acknowledgements: nice to have, 4.12 and later */
	(void)setsockopt(own, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof(on));
	(void)setsockopt(own, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof(on));
	*nl = (struct netlink){ .fd = fd_steal(&own), .portid = local.nl_pid };
	return 0;
}

int netlink_open(struct netlink *nl, int bus, struct err *e)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, bus);

	if (fd < 0)
		return err_sys(e, "open a netlink socket");
	return netlink_adopt(nl, fd, e);
}

void netlink_done(struct netlink *nl)
{
	fd_close(&nl->fd);
}

void netlink_begin(struct netlink_request *q, uint16_t type, uint16_t flags)
{
	q->h = mnl_nlmsg_put_header(q->data);
	q->h->nlmsg_type = type;
	q->h->nlmsg_flags = NLM_F_REQUEST | flags;
}

static int netlink_send(struct netlink *nl, const void *data, size_t n, struct err *e)
{
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	struct iovec iov = { .iov_base = (void *)(uintptr_t)data, .iov_len = n };
	struct msghdr m = {
		.msg_name = &kernel, .msg_namelen = sizeof(kernel), .msg_iov = &iov, .msg_iovlen = 1
	};

	if (sys_sendmsg(nl->fd, &m, 0) < 0)
		return err_sys(e, "send to the kernel's network interface");
	return 0;
}

/* One datagram of the kernel; those of anyone else are dropped. Returns its length. */
static int netlink_receive(struct netlink *nl, char *buf, int flags, struct err *e)
{
	for (;;) {
		struct sockaddr_nl from = { 0 };
		struct iovec iov = { .iov_base = buf, .iov_len = RECEIVE_SIZE };
		struct msghdr m = { .msg_name = &from,
				    .msg_namelen = sizeof(from),
				    .msg_iov = &iov,
				    .msg_iovlen = 1 };
		ssize_t n = sys_recvmsg(nl->fd, &m, flags);

		if (n < 0)
			return errno == EAGAIN
				       ? -EAGAIN
				       : err_sys(e,
						 "receive the kernel's answer about the network");
		if (m.msg_flags & MSG_TRUNC)
			return err_set(e, EMSGSIZE,
				       "the kernel's answer about the network is too long");
		if (m.msg_namelen == sizeof(from) && from.nl_pid == 0)
			return (int)n;
	}
}

/* Is there a whole message in what is left? libmnl's own test takes a length beyond INT_MAX for a negative one. */
static bool netlink_ok(const struct nlmsghdr *h, int left)
{
	return left >= (int)sizeof(*h) && h->nlmsg_len >= sizeof(*h) &&
	       h->nlmsg_len <= (uint32_t)left;
}

/* The kernel's sentence in an error message, or NULL. */
static const char *netlink_words(const struct nlmsghdr *h)
{
	const struct nlmsgerr *body = mnl_nlmsg_get_payload(h);
	size_t skip = sizeof(*body);
	const struct nlattr *a;

	if (!(h->nlmsg_flags & NLM_F_ACK_TLVS))
		return NULL;
	if (!(h->nlmsg_flags & NLM_F_CAPPED))
		skip += mnl_nlmsg_get_payload_len(&body->msg);
	if (skip > mnl_nlmsg_get_payload_len(h))
		return NULL;
	a = netlink_attr(h, skip, NLMSGERR_ATTR_MSG);
	return a && mnl_attr_validate(a, MNL_TYPE_NUL_STRING) >= 0 ? mnl_attr_get_str(a) : NULL;
}

static int netlink_error(const struct nlmsghdr *h, struct err *e)
{
	const struct nlmsgerr *body = mnl_nlmsg_get_payload(h);
	const char *words;
	int code;

	if (mnl_nlmsg_get_payload_len(h) < sizeof(*body))
		return err_set(e, EPROTO, "the kernel's answer about the network is too short");
	code = body->error == INT_MIN ? EPROTO : abs(body->error);
	if (code == 0)
		return 0;
	words = netlink_words(h);
	if (words && *words)
		return err_set(e, code, "%s (%s)", strerror(code), words);
	return err_set(e, code, "%s", strerror(code));
}

/* A dump that the kernel could not bring to its end carries why in its last message; one that it could carries 0, or nothing. */
static int netlink_end(const struct nlmsghdr *h, struct err *e)
{
	int code = 0;

	if (mnl_nlmsg_get_payload_len(h) >= sizeof(code))
		memcpy(&code, mnl_nlmsg_get_payload(h), sizeof(code));
	if (code == INT_MIN)
		code = -EPROTO;
	return code < 0 ? err_set(e, -code, "the kernel's list ends too early: %s", strerror(-code))
			: 0;
}

struct netlink_wait {
	netlink_reply_fn fn;
	void *arg;
	bool done, interrupted;
};

/* A matching message: sets w->done behind the last one. */
static int netlink_take(struct netlink_wait *w, const struct nlmsghdr *h, struct err *e)
{
	int r;

	if (h->nlmsg_flags & NLM_F_DUMP_INTR)
		w->interrupted = true;
	if (h->nlmsg_type == NLMSG_ERROR || h->nlmsg_type == NLMSG_DONE)
		w->done = true;
	if (h->nlmsg_type == NLMSG_ERROR)
		return netlink_error(h, e);
	if (h->nlmsg_type == NLMSG_DONE)
		return netlink_end(h, e);
	if (h->nlmsg_type < NLMSG_MIN_TYPE || !w->fn)
		return 0;
	r = w->fn(h, w->arg);
	return r < 0 ? err_ret(e, r, "understand the kernel's answer about the network") : 0;
}

static int netlink_collect(struct netlink *nl, uint32_t seq, struct netlink_wait *w, struct err *e)
{
	_Alignas(8) char buf[RECEIVE_SIZE];
	int result = 0;

	while (!w->done) {
		int n = netlink_receive(nl, buf, 0, e);

		if (n < 0)
			return n;
		for (const struct nlmsghdr *h = (const void *)buf; netlink_ok(h, n);
		     h = mnl_nlmsg_next(h, &n)) {
			if (h->nlmsg_seq != seq || h->nlmsg_pid != nl->portid)
				continue;
			/* the first failure counts, but the queue is read to its end so that the socket stays usable */
			if (result == 0)
				result = netlink_take(w, h, e);
			else if (h->nlmsg_type == NLMSG_ERROR || h->nlmsg_type == NLMSG_DONE)
				w->done = true;
		}
	}
	return result;
}

int netlink_talk(struct netlink *nl, struct netlink_request *q, netlink_reply_fn fn, void *arg,
		 struct err *e)
{
	struct netlink_wait w = { .fn = fn, .arg = arg };
	int r;

	q->h->nlmsg_flags |= NLM_F_ACK;
	q->h->nlmsg_seq = ++nl->seq;
	q->h->nlmsg_pid = nl->portid;
	r = netlink_send(nl, q->h, q->h->nlmsg_len, e);
	return r < 0 ? r : netlink_collect(nl, nl->seq, &w, e);
}

int netlink_dump(struct netlink *nl, struct netlink_request *q, netlink_reply_fn fn, void *arg,
		 size_t *count, struct err *e)
{
	for (int attempt = 0; attempt < DUMP_ATTEMPTS; attempt++) {
		struct netlink_wait w = { .fn = fn, .arg = arg };
		int r;

		*count = 0;
		q->h->nlmsg_flags |= NLM_F_DUMP;
		q->h->nlmsg_seq = ++nl->seq;
		q->h->nlmsg_pid = nl->portid;
		r = netlink_send(nl, q->h, q->h->nlmsg_len, e);
		if (r == 0)
			r = netlink_collect(nl, nl->seq, &w, e);
		if (r < 0 || !w.interrupted)
			return r;
	}
	return err_set(e, EBUSY, "the network kept changing while it was being listed");
}

/* A batch is one message, which the kernel refuses when the socket's buffer is smaller. Without privilege in the first user namespace no more than net.core.wmem_max can be had. */
static void netlink_make_room(struct netlink *nl, size_t n)
{
	int receive = BATCH_RECEIVE;
	int send = n < INT_MAX / 2 - BATCH_OVERHEAD ? (int)n + BATCH_OVERHEAD : INT_MAX / 2;

	(void)setsockopt(nl->fd, SOL_SOCKET, SO_RCVBUFFORCE, &receive, sizeof(receive));
	if (setsockopt(nl->fd, SOL_SOCKET, SO_SNDBUFFORCE, &send, sizeof(send)) < 0)
		(void)setsockopt(nl->fd, SOL_SOCKET, SO_SNDBUF, &send, sizeof(send));
}

/* nfnetlink answers a batch before sendmsg() returns: an empty queue means that all is said. The first message asked for an acknowledgement, so silence is a failure too. When there
 * are more answers than the queue takes (-ENOBUFS), the first of them are there, and the first failure counts. */
int netlink_batch(struct netlink *nl, const void *data, size_t n, struct err *e)
{
	_Alignas(8) char buf[RECEIVE_SIZE];
	int answers = 0, result = 0, r;

	netlink_make_room(nl, n);
	r = netlink_send(nl, data, n, e);
	if (r < 0)
		return r;
	for (;;) {
		struct err why = { 0 };
		int got = netlink_receive(nl, buf, MSG_DONTWAIT, &why);

		if (got == -EAGAIN)
			break;
		if (got == -ENOBUFS)
			continue;
		if (got < 0) {
			*e = why;
			return got;
		}
		for (const struct nlmsghdr *h = (const void *)buf; netlink_ok(h, got);
		     h = mnl_nlmsg_next(h, &got)) {
			if (h->nlmsg_type != NLMSG_ERROR || h->nlmsg_pid != nl->portid)
				continue;
			answers++;
			if (result == 0)
				result = netlink_error(h, e);
		}
	}
	if (answers == 0)
		return err_set(e, EPROTO,
			       "the kernel did not answer a list of packet filter changes");
	return result;
}

const struct nlattr *netlink_attr(const struct nlmsghdr *h, size_t skip, uint16_t type)
{
	const struct nlattr *a;

	mnl_attr_for_each(a, h, skip) if (mnl_attr_get_type(a) == type) return a;
	return NULL;
}

const struct nlattr *netlink_nested(const struct nlattr *nest, uint16_t type)
{
	const struct nlattr *a;

	mnl_attr_for_each_nested(a, nest) if (mnl_attr_get_type(a) == type) return a;
	return NULL;
}
