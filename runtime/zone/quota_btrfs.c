/* quota_btrfs - limits of the qgroup that each subvolume has. What it counts stands in /sys/fs/btrfs, which is there while quotas are on. */
#include "runtime/zone/quota.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/btrfs.h>
#include <linux/btrfs_tree.h>
#include <string.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/base/mem.h"
#include "runtime/base/num.h"
#include "runtime/base/sys.h"

enum { NUMBER_MAX = 64 };

/* /sys/fs/btrfs/FSID/qgroups. NULL: it cannot be found. */
static char *folder_of(int fd)
{
	struct btrfs_ioctl_fs_info_args info = { 0 };
	auto_done(strbuf) struct strbuf path = { 0 };

	if (sys_ioctl(fd, BTRFS_IOC_FS_INFO, &info) < 0)
		return NULL;
	strbuf_add(&path, "/sys/fs/btrfs/");
	for (size_t i = 0; i < sizeof(info.fsid); i++)
		strbuf_format(&path, "%s%02x", i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "",
			      info.fsid[i]);
	return mem_format("%s/qgroups", path.text);
}

bool btrfs_has_qgroups(int fd)
{
	auto_free char *folder = folder_of(fd);

	return folder && file_exists(AT_FDCWD, folder);
}

int btrfs_limit(int fd, const struct opt_u64 *bytes, struct err *e)
{
	struct btrfs_ioctl_qgroup_limit_args args = { 0 }; /* 0: of the subvolume itself */

	args.lim.flags = BTRFS_QGROUP_LIMIT_MAX_RFER;
	args.lim.max_rfer = bytes && bytes->set ? bytes->value : UINT64_MAX;
	if (sys_ioctl(fd, BTRFS_IOC_QGROUP_LIMIT, &args) < 0)
		return err_sys(e, "set the limit of the subvolume's qgroup");
	return 0;
}

bool btrfs_has_subvolumes(int fd)
{
	struct btrfs_ioctl_get_subvol_rootref_args *args = mem_zero(sizeof(*args));
	bool found = sys_ioctl(fd, BTRFS_IOC_GET_SUBVOL_ROOTREF, args) < 0 || args->num_items > 0;

	free(args);
	return found;
}

static bool read_number(const char *folder, uint64_t id, const char *name, uint64_t *ret)
{
	auto_free char *path = mem_format("%s/0_%" PRIu64 "/%s", folder, id, name);
	auto_free char *text = NULL;
	struct err ignored = { 0 };

	if (file_read_all(AT_FDCWD, path, NUMBER_MAX, &text, NULL, &ignored) < 0)
		return false;
	text[strcspn(text, "\n")] = '\0';
	return num_u64(text, ret) == 0;
}

bool btrfs_usage(int fd, struct opt_u64 *ret_used, struct opt_u64 *ret_limit)
{
	struct btrfs_ioctl_ino_lookup_args own = { .objectid = BTRFS_FIRST_FREE_OBJECTID };
	auto_free char *folder = folder_of(fd);
	uint64_t limit;

	if (!folder || sys_ioctl(fd, BTRFS_IOC_INO_LOOKUP, &own) < 0 ||
	    !read_number(folder, own.treeid, "referenced", &ret_used->value))
		return false;
	ret_used->set = true;
	if (read_number(folder, own.treeid, "max_referenced", &limit) && limit > 0 &&
	    limit < UINT64_MAX)
		*ret_limit = (struct opt_u64){ true, limit };
	return true;
}
