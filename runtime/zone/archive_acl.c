/* archive_acl - libarchive takes ACLs apart; the kernel wants them as one block, little-endian: a version, then tag, permissions and id of each entry, in the order
 * owner, users by id, group, groups by id, mask, others (linux/posix_acl_xattr.h). */
#include "runtime/zone/archive_acl.h"

#include <endian.h>
#include <errno.h>
#include <stdlib.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/mem.h"
#include "runtime/zone/libarchive.h"

enum { ACL_VERSION = 2, ACL_ENTRIES_MAX = 1024 };

struct acl_entry {
	uint16_t tag, perm;
	uint32_t id;
};
struct acl {
	uint32_t version;
	struct acl_entry entries[];
};

static const struct {
	int archive_tag;
	uint16_t tag;
} tags[] = {
	{ ARCHIVE_ENTRY_ACL_USER_OBJ, 0x01 },  { ARCHIVE_ENTRY_ACL_USER, 0x02 },
	{ ARCHIVE_ENTRY_ACL_GROUP_OBJ, 0x04 }, { ARCHIVE_ENTRY_ACL_GROUP, 0x08 },
	{ ARCHIVE_ENTRY_ACL_MASK, 0x10 },      { ARCHIVE_ENTRY_ACL_OTHER, 0x20 },
};

static uint16_t tag_of(int archive_tag)
{
	for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++) {
		if (tags[i].archive_tag == archive_tag)
			return tags[i].tag;
	}
	return 0;
}

static int acl_order(const void *a, const void *b)
{
	const struct acl_entry *x = a;
	const struct acl_entry *y = b;
	uint16_t x_tag = le16toh(x->tag);
	uint16_t y_tag = le16toh(y->tag);

	if (x_tag != y_tag)
		return x_tag < y_tag ? -1 : 1;
	return le32toh(x->id) < le32toh(y->id) ? -1 : le32toh(x->id) > le32toh(y->id);
}

static int set_one(struct tree_job *job, struct archive_entry *entry, int fd, int kind,
		   const char *attribute, struct err *e)
{
	int n = libarchive()->archive_entry_acl_reset(entry, kind);
	int type, permset, tag, id;
	const char *name;
	int used = 0;

	if (n <= 0)
		return 0;
	if (n > ACL_ENTRIES_MAX)
		return err_set(e, E2BIG, "an ACL of %d entries", n);
	auto_free struct acl *acl =
		mem_array(1, sizeof(*acl) + (size_t)n * sizeof(acl->entries[0]));

	acl->version = htole32(ACL_VERSION);
	while (used < n && libarchive()->archive_entry_acl_next(entry, kind, &type, &permset, &tag,
								&id, &name) == ARCHIVE_OK) {
		bool named = tag == ARCHIVE_ENTRY_ACL_USER || tag == ARCHIVE_ENTRY_ACL_GROUP;

		if (tag_of(tag) == 0)
			return err_set(e, EINVAL, "an ACL entry of an unknown kind");
		if (named &&
		    id < 0) /* GNU tar writes names only; whom they mean in this tree is not known before all of it is there */
			return err_set(
				e, EINVAL,
				"an ACL names \"%.32s\" without a number: pack the tree without --acls, or with bsdtar",
				name ? name : "");
		if (named && tree_check_owner(id, id, e) < 0)
			return err_wrap(e, "an ACL entry");
		acl->entries[used++] = (struct acl_entry){
			.tag = htole16(tag_of(tag)),
			.perm = htole16((uint16_t)(permset & 7)),
			.id = htole32(named ? (uint32_t)id : UINT32_MAX),
		};
	}
	qsort(acl->entries, (size_t)used, sizeof(acl->entries[0]), acl_order);
	return tree_set_attribute(job, fd, attribute, acl,
				  sizeof(*acl) + (size_t)used * sizeof(acl->entries[0]), e);
}

int archive_acl_set(struct tree_job *job, struct archive_entry *entry, int fd, struct err *e)
{
	if ((libarchive()->archive_entry_acl_types(entry) & ARCHIVE_ENTRY_ACL_TYPE_POSIX1E) == 0)
		return 0;
	int r = set_one(job, entry, fd, ARCHIVE_ENTRY_ACL_TYPE_ACCESS, "system.posix_acl_access",
			e);

	return r < 0 ? r
		     : set_one(job, entry, fd, ARCHIVE_ENTRY_ACL_TYPE_DEFAULT,
			       "system.posix_acl_default", e);
}
