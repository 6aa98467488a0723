/* names - zones find each other by name. Private to net/.
 *
 * No process of ours answers questions: the zones' /etc/hosts says it, and is kept current when any of them comes or goes.
 *
 *   in the zone   /etc/hosts -> /dev/.zone/names/hosts          a symbolic link, which the zone may replace by a file of its own
 *                 /dev/.zone/names                              a mount, read-only, of
 *   on the host   RUN/NAME/names/                               whose "hosts" is replaced by rename(2)
 *   RUN/names.json                                              who is attached to what: { "zones": [ { "zone", "hostname", "links": [ { "host", "bridge", "mac", "isolated", "addresses" } ] } ] }
 *
 * Why so. Nothing below the root of a running zone is looked at or written: whatever a tenant makes of its /etc/hosts - a link, a FIFO, a full disk - it is its own loss. A FOLDER is mounted
 * because a mounted file would have to be rewritten in place, and readers would see half lines; in a folder they see the old file or the new one. The link leaves the
 * last word with the zone's administrator, as he knows it from /etc/resolv.conf: a file of his own in its place stays, over boots too. Zones that are to see the same get
 * hard links to one file, so a boot among a thousand zones costs three short system calls for each of them and not a thousand times a thousand lines.
 *
 * Who sees whom: zones with a link on the same bridge, neither of the two links isolated; addresses on that bridge only. A zone is shown under its zonename; under its hostname, and the
 * first label of it, only while nobody else on the bridge has that name and no zone at all is called so. Names that every hosts file has ("localhost") belong to nobody. Its own
 * names a zone always finds.
 *
 * What it gives away: a hard link is one inode, so a zone can notice by inotify(7) THAT some other zone of its bridge looked something up (not who, nor what); statfs(2) tells how full the
 * file system of RUN is; and who keeps old files open keeps them in memory.
 *
 * What holds: a link of a zone that the kernel has no more is dropped whenever the files are made, so after kill -9 at any moment the next boot, halt or recovery of ANY zone puts things
 * right. All under RUN/net.lock. */
#ifndef NET_NAMES_H
#define NET_NAMES_H

#include <stddef.h>

#include "net/netlink.h"
#include "net/plan.h"
#include "runtime/base/err.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"

/* -EEXIST when another zone that is attached has the MAC of a link of the plan on the same network. names_join() asks it as well. */
MUST_CHECK int names_check_macs(struct netlink *nl, const struct net_plan *p, struct err *e);
/* The links of this plan exist: show the zone to the others and the others to it. */
MUST_CHECK int names_join(struct netlink *nl, const struct net_plan *p, struct err *e);
MUST_CHECK int names_leave(struct netlink *nl, const struct net_dirs *dirs, const char *zone,
			   struct err *e);
/* All but those in the NULL-terminated list leave. */
MUST_CHECK int names_keep(struct netlink *nl, const struct net_dirs *dirs, const char *const *alive,
			  struct err *e);

/* --- names_text.c, pure: from the state to texts --- */

/* Borrows from both; `known` are zonenames that nobody else may use as a hostname, whether attached or not. */
struct names_book *names_book_new(const struct json *state, const struct strv *known);
void names_book_free(struct names_book *b);
DEFINE_AUTO_PTR(names_book);

size_t names_count(const struct names_book *b);
const char *names_zone(const struct names_book *b, size_t i);
/* The hosts file of zone number i. Freshly allocated. */
char *names_text(const struct names_book *b, size_t i);
/* Zones with the same key have the same text; NULL: a text like no other. Freshly allocated. */
char *names_key(const struct names_book *b, size_t i);

#endif
