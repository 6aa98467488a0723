/* sysctl - the network's kernel parameters, those of the namespace the CALLER is in.
 *
 * Writes go through a private instance of procfs that nobody else can see or mount over, made when the first write needs it (giving it back costs the kernel an RCU grace period);
 * reads through /proc. /proc/sys/net follows the network namespace of the process that looks a file up, not of the mount, so one instance serves in every namespace. */
#ifndef NET_SYSCTL_H
#define NET_SYSCTL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/base/err.h"

/* The private instance; starts as SYSCTL_CLOSED. */
struct sysctl {
	int proc;
};
#define SYSCTL_CLOSED      \
	{                  \
		.proc = -1 \
	}
void sysctl_done(struct sysctl *s);

/* Read or write "net/FAMILY/conf/LINK/NAME"; family "ipv4" or "ipv6". -ENOENT when the kernel has no such file. */
MUST_CHECK int sysctl_get(const char *family, const char *link, const char *name, uint32_t *ret,
			  struct err *e);
MUST_CHECK int sysctl_set(struct sysctl *s, const char *family, const char *link, const char *name,
			  uint32_t value, struct err *e);

struct sysctl_row {
	const char *family, *name;
	uint32_t value;
};
/* Write a table (ended by a row without a name) for one link. Parameters that this kernel lacks are skipped, and all of "ipv6" when it has no IPv6. */
MUST_CHECK int sysctl_set_all(struct sysctl *s, const char *link, const struct sysctl_row *rows,
			      struct err *e);
/* False when the kernel was started without IPv6. */
bool sysctl_has_ipv6(void);

#endif
