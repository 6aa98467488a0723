/* judge - the administrator's rules for the host's input hold for published ports as well. Private to net/.
 *
 * A connection that is led into a zone is forwarded, so rules for input would never see it. Where there are such rules, the first packet of a client is therefore not led anywhere: it goes
 * the way of a packet for the host itself, through everybody's chains at the hook input. Only when all of them have let it pass does it reach ours, the last, which notes the client
 * and drops the packet. The client sends it again - TCP after a second - and, being noted, is led into the zone.
 *
 *	SYN --> prerouting: not noted ----------> input: the administrator's chains ---> ours: noted, dropped
 *	SYN --> prerouting: noted, destination becomes the zone's --> forward: the administrator's chains ---> zone
 *
 * What is noted is the link, both addresses, the protocol and the port, for JUDGE_SECONDS from the first time, however much the client sends: so long at most does a new rule wait to
 * be obeyed by a client that was let in before. Connections of the host's own programs pass output and not input, and are judged there alone. */
#ifndef NET_JUDGE_H
#define NET_JUDGE_H

#include <stddef.h>

#include "net/nft.h"
#include "net/publish.h"
#include "runtime/base/err.h"

enum { JUDGE_SECONDS = 300 };

/* 1 when somebody's rules could drop what comes in to the host, or $ZONES_PUBLISH_INPUT is "always"; 0 when not, or when it is "never". Asks the kernel. */
MUST_CHECK int judge_is_needed(struct err *e);
/* Append sets, chains and rules to our table. The chain `prerouting` is there, and what leads ports into zones comes behind in it. */
void judge_rules(struct nft_batch *b, const char *prerouting, const struct publish *ports,
		 size_t n);

#endif
