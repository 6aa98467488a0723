/* A netlink socket belongs to the namespace it was opened in and keeps working there whoever holds it. So a child makes one inside and passes it out:
 *
 *   caller                               child
 *     | ------------- fork --------------> | setns(netns)
 *     |                                    | kernel parameters of the links
 *     | <---- struct err + descriptor ---- | socket(AF_NETLINK)
 *     | wait for the child                 | _exit
 *
 * The kernel parameters need a process inside as well: /proc/sys/net shows the namespace of the process that opens the file. */
#include "net/enter.h"

#include <errno.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <sys/socket.h>

#include "net/sysctl.h"
#include "runtime/base/proc.h"
#include "runtime/base/sock.h"
#include "runtime/base/sys.h"

/* Inside nothing comes by itself: addresses are the configuration's, and the link-local one is that of the MAC (the guard knows no other). */
static const struct sysctl_row enter_sysctls[] = {
	{ "ipv6", "disable_ipv6", 0 },
	{ "ipv6", "accept_ra", 0 },
	{ "ipv6", "autoconf", 0 },
	{ "ipv6", "accept_dad", 0 }, /* no second of waiting before the link-local address works */
	{ "ipv6", "addr_gen_mode", 0 },
	{ "ipv6", "use_tempaddr", 0 },
	/* what a change of the running zone's links needs: taking the first address of a subnet away leaves the others, and neighbours hear of a new MAC */
	{ "ipv4", "promote_secondaries", 1 },
	{ "ipv4", "arp_notify", 1 },
	{ "ipv6", "ndisc_notify", 1 },
	{ "ipv4", "accept_redirects", 0 },
	{ "ipv6", "accept_redirects", 0 },
	{ NULL, NULL, 0 },
};

static int enter_set_parameters(const char *const *links, struct err *e)
{
	auto_done(sysctl) struct sysctl s = SYSCTL_CLOSED;
	int r = 0;

	for (; r == 0 && links && *links; links++)
		r = sysctl_set_all(&s, *links, enter_sysctls, e);
	return r;
}

static _Noreturn void enter_child(int netns_fd, const char *const *links, int to_parent)
{
	struct err e = { 0 };
	struct netlink nl = NETLINK_CLOSED;
	struct sock_msg m = { .data = &e, .size = sizeof(e) };
	int r = 0;

	if (sys_setns(netns_fd, CLONE_NEWNET) < 0)
		r = err_sys(&e, "enter the zone's network namespace");
	if (r == 0)
		r = enter_set_parameters(links, &e);
	if (r == 0)
		r = netlink_open(&nl, NETLINK_ROUTE, &e);
	if (r == 0) {
		m.fds[0] = nl.fd;
		m.n_fds = 1;
	}
	struct err ignored = { 0 };

	proc_exit(sock_send(to_parent, &m, &ignored) < 0);
}

/* The child's word: an error, or success with one descriptor. */
static int enter_receive(int from_child, struct netlink *ret, struct err *e)
{
	struct err told = { 0 };
	struct sock_msg m = { .data = &told, .size = sizeof(told), .n_fds = 1 };
	int r = sock_recv(from_child, &m, e);

	if (r < 0)
		return r;
	if (r > 0 && m.size == sizeof(told) && told.code) {
		err_sanitize(&told);
		*e = told;
		return -told.code;
	}
	if (r > 0 && m.n_fds == 1)
		return netlink_adopt(ret, m.fds[0], e);
	return err_set(e, EPROTO, "the process in the zone's network namespace died");
}

int enter_namespace(int netns_fd, const char *const *links, struct netlink *ret, struct err *e)
{
	struct clone_args args = { .exit_signal = SIGCHLD };
	int pair[2];
	int r = sock_pair(pair, e);

	if (r < 0)
		return r;
	auto_close int mine = pair[0];
	auto_close int childs = pair[1];
	pid_t pid = sys_clone3(&args, sizeof(args));

	if (pid < 0)
		return err_sys(e, "start a process for the zone's network namespace");
	if (pid == 0)
		enter_child(netns_fd, links, childs);
	fd_close(&childs); /* so that the child's death ends the conversation */
	r = enter_receive(mine, ret, e);

	struct err ignored = { 0 };

	(void)!proc_wait(pid, &ignored);
	return r;
}
