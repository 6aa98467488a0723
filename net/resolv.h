/* resolv - the pure part of name service: texts from texts. Private to net/. */
#ifndef NET_RESOLV_H
#define NET_RESOLV_H

#include <stdbool.h>

#include "config/zone_spec.h"

/* What `zone_spec.dns` says; for what it does not say, the host's resolv.conf (`host`, may be NULL) without the name servers that only the host itself can reach. */
char *resolv_text(const struct zone_dns *dns, const char *host);
/* True when the host's file names loopback servers only: a stub resolver, whose real servers stand elsewhere. */
bool resolv_is_stub(const char *host);

/* What every hosts file begins with. */
extern const char resolv_hosts_head[];

#endif
