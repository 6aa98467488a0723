/* Who listens on a port of the host. The kernel answers whether a port is taken when one tries to bind it; only then its owner is looked for: the socket's inode in /proc/net, the
 * process that has it among the descriptors of all processes. */
#include "net/publish.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/sysctl.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/base/mem.h"
#include "runtime/base/num.h"
#include "runtime/base/str.h"
#include "runtime/base/sys.h"

enum { TABLE_MAX = 64 << 20, TCP_LISTENING = 0x0A, UDP_BOUND = 0x07 };

/* One line of /proc/net/tcp: "  0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 12345 ..." */
static uint64_t owner_inode_of(const char *line, unsigned port, unsigned state)
{
	auto_done(strv) struct strv words = { 0 };
	const char *colon;
	uint64_t inode = 0;

	strv_split(&words, line, ' ');
	for (size_t i = words.n; i-- > 0;)
		if (!words.items[i][0])
			strv_remove(&words, i);
	if (words.n < 10)
		return 0;
	colon = strchr(words.items[1], ':');
	if (!colon || strtoul(colon + 1, NULL, 16) != port ||
	    strtoul(words.items[3], NULL, 16) != state || num_u64(words.items[9], &inode) < 0)
		return 0;
	return inode;
}

static uint64_t owner_inode(const struct publish *p, unsigned port)
{
	static const char *const tables[2][2] = { { "/proc/net/tcp", "/proc/net/tcp6" },
						  { "/proc/net/udp", "/proc/net/udp6" } };
	bool udp = p->protocol == IPPROTO_UDP;
	uint64_t inode = 0;

	for (size_t i = 0; i < 2 && !inode; i++) {
		auto_done(strv) struct strv lines = { 0 };
		auto_free char *text = NULL;
		struct err ignored = { 0 };
		size_t n;

		if (file_read_all(AT_FDCWD, tables[udp][i], TABLE_MAX, &text, &n, &ignored) < 0)
			continue;
		strv_split(&lines, text, '\n');
		for (size_t k = 1; k < lines.n && !inode; k++)
			inode = owner_inode_of(lines.items[k], port,
					       udp ? UDP_BOUND : TCP_LISTENING);
	}
	return inode;
}

static bool owner_has(const char *pid, const char *socket)
{
	auto_free char *path = mem_format("/proc/%s/fd", pid);
	DIR *dir = opendir(path);
	bool found = false;

	if (!dir)
		return false;
	for (struct dirent *d = readdir(dir); d && !found; d = readdir(dir)) {
		char target[64];
		ssize_t n = readlinkat(dirfd(dir), d->d_name, target, sizeof(target) - 1);

		if (n <= 0)
			continue;
		target[n] = '\0';
		found = str_eq(target, socket);
	}
	(void)closedir(dir);
	return found;
}

/* "sshd (pid 12)", or NULL when no process is seen with it. */
static char *owner_name(uint64_t inode)
{
	auto_free char *socket = mem_format("socket:[%llu]", (unsigned long long)inode);
	DIR *proc = opendir("/proc");
	char *name = NULL;

	if (!proc)
		return NULL;
	for (struct dirent *d = readdir(proc); d && !name; d = readdir(proc)) {
		auto_free char *path = NULL;
		auto_free char *comm = NULL;
		struct err ignored = { 0 };
		size_t n = 0;

		if (!isdigit((unsigned char)d->d_name[0]) || !owner_has(d->d_name, socket))
			continue;
		path = mem_format("/proc/%s/comm", d->d_name);
		if (file_read_all(AT_FDCWD, path, PATH_MAX, &comm, &n, &ignored) < 0)
			continue;
		while (n > 0 && comm[n - 1] == '\n')
			comm[--n] = '\0';
		for (size_t i = 0; i < n; i++) /* a process chooses its name itself */
			if (iscntrl((unsigned char)comm[i]))
				comm[i] = '?';
		name = mem_format("%s (pid %s)", comm, d->d_name);
	}
	(void)closedir(proc);
	return name;
}

/* 0, or -EADDRINUSE; anything else that keeps us from binding (an address that the host does not have yet) says nothing about the port. */
static int owner_try(const struct publish *p, int family, unsigned port)
{
	struct sockaddr_in6 six = { .sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port) };
	struct sockaddr_in four = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	bool udp = p->protocol == IPPROTO_UDP;
	const int on = 1;
	auto_close int fd = socket(family, (udp ? SOCK_DGRAM : SOCK_STREAM) | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return 0;
	if (!udp) /* closed connections do not count, listening sockets do */
		(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (family == AF_INET6)
		(void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	if (p->address.family == AF_INET)
		memcpy(&four.sin_addr, p->address.bytes, sizeof(four.sin_addr));
	if (p->address.family == AF_INET6)
		memcpy(&six.sin6_addr, p->address.bytes, sizeof(six.sin6_addr));
	if (bind(fd,
		 family == AF_INET ? (const struct sockaddr *)&four : (const struct sockaddr *)&six,
		 family == AF_INET ? sizeof(four) : sizeof(six)) < 0 &&
	    errno == EADDRINUSE)
		return -EADDRINUSE;
	return 0;
}

int publish_check_free(const struct publish *p, struct err *e)
{
	static const int families[] = { AF_INET, AF_INET6 };

	for (unsigned port = p->first; port <= p->last; port++)
		for (size_t i = 0; i < 2; i++) {
			auto_free char *owner = NULL;

			if (p->address.family && p->address.family != families[i])
				continue;
			if (owner_try(p, families[i], port) == 0)
				continue;
			owner = owner_name(owner_inode(p, port));
			return err_set(
				e, EADDRINUSE, "port %u/%s of the host is taken by %s", port,
				p->protocol == IPPROTO_UDP ? "udp" : "tcp",
				owner ? owner
				      : "a socket of the kernel or of another pid namespace");
		}
	return 0;
}
