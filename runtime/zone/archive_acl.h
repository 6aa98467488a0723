/* archive_acl - POSIX ACLs of an archive's entry as the attributes that Linux keeps them in. Private to runtime/zone. */
#ifndef RUNTIME_ZONE_ARCHIVE_ACL_H
#define RUNTIME_ZONE_ARCHIVE_ACL_H

#include "runtime/base/err.h"
#include "runtime/zone/tree.h"

struct archive_entry;

/* Access and default ACL of the entry onto an open file. Nothing when it has none. */
MUST_CHECK int archive_acl_set(struct tree_job *job, struct archive_entry *entry, int fd,
			       struct err *e);

#endif
