/* etc_files - the few files that the host writes into a zone's root before boot. Private to runtime/zone. */
#ifndef RUNTIME_ZONE_ETC_FILES_H
#define RUNTIME_ZONE_ETC_FILES_H

#include "config/spec.h"
#include "config/zone_spec.h"
#include "net/net.h"
#include "runtime/base/err.h"
#include "runtime/zone/store.h"

/* `root` is the open root of a zone that is not running. Files that the zone's administrator made are left alone: hosts and resolv.conf are written only when
 * they are missing, dangling symlinks, or begin with our mark; where the plan has links hosts is then the symlink to what net_attach() keeps current. hostid and hostname are always the configuration's; machine-id only when there is none. */
MUST_CHECK int etc_files_write(int root, const struct zone_spec *z, const struct net_plan *net,
			       const char *uuid, struct err *e);
/* The names of other zones (net/names.h): a folder that only the host writes, made here with the names of a zone without links in it, and how it is mounted. Its owner stays unmapped: nobody
 * inside is asked to change it. `m` is filled; its strings are the caller's. */
MUST_CHECK int etc_files_names(const struct zone_dirs *d, const struct zone_spec *z,
			       struct mount_spec *m, struct err *e);
/* The file in it, for a zone that has no link any more. */
MUST_CHECK int etc_files_alone(const struct zone_dirs *d, const struct zone_spec *z, struct err *e);
/* hosts alone, for a zone that gets its first link while it runs. */
MUST_CHECK int etc_files_hosts(int root, struct err *e);
/* resolv.conf alone, once more: what CNI plugins say about name service is known only after net_attach(). The zone's own programs have not been started. */
MUST_CHECK int etc_files_resolv(int root, const struct zone_spec *z, const struct net_plan *net,
				struct err *e);

/* /etc/hostid alone, of a running zone: gethostid(3) reads it each time. */
MUST_CHECK int etc_files_hostid(int root, const struct zone_spec *z, struct err *e);

#endif
