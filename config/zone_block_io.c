#include "config/zone_to_oci.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "config/zone_table.h"
#include "runtime/base/file.h"
#include "runtime/base/mem.h"
#include "runtime/base/num.h"

/* Reading and writing of disks: blockIO and ioWeight.
 *
 * The kernel limits a whole disk, by number. The file names a device node, or any path of a file system: then the device that it is on is meant, whatever that is (a disk, dm, md, loop). File systems
 * whose files have a device number of their own (btrfs) are found by the source of their mount. A partition stands for its disk. What is on no device cannot be limited and is refused. */

/* --- the table ---------------------------------------------------------------------------------------------------- */

static const struct value_type rate_type = {
	.name = "size",
	.parse = num_size,
	.format = num_size_text,
	.example = "10M",
	.pattern = "^[0-9]+(\\.[0-9]{1,3})?([KMGTPkmgtp](i?B)?)?$",
	.min = 1024,
	.max = UINT64_C(1) << 50,
};
static const struct value_type iops_type = {
	.name = "count", .example = "500", .min = 1, .max = UINT32_MAX
};

static int check_entry(struct bind_ctx *c, const struct json *j, const void *object)
{
	const struct zone_block_io *b = object;

	if (!b->path == !b->device)
		return bind_error(c, j, b->path ? "conflict" : "missing", NULL,
				  "needs a path or a device, one of them");
	if (!b->read_bps.set && !b->write_bps.set && !b->read_iops.set && !b->write_iops.set)
		return bind_error(
			c, j, "missing", NULL,
			"limits nothing: readBps, writeBps, readIops or writeIops is needed");
	return 0;
}

static const struct field block_io_fields[] = {
	ROW(zone_block_io, path, "path", FIELD_STRING, .type = &zone_special_type,
	    .fallback = "none",
	    .doc = "A path on the host: the disk that it is on is limited. Disks below md, dm and loop are not followed: what the file system is on is what counts."),
	ROW(zone_block_io, device, "device", FIELD_STRING, .type = &zone_device_type,
	    .fallback = "none", .doc = "Or the device itself; a partition means its disk."),
	ROW(zone_block_io, read_bps, "readBps", FIELD_OPT_U64, .type = &rate_type,
	    .fallback = "none", .doc = "Bytes that the zone may read in a second."),
	ROW(zone_block_io, write_bps, "writeBps", FIELD_OPT_U64, .type = &rate_type,
	    .fallback = "none",
	    .doc = "Bytes that the zone may write in a second. cgroup v1 counts what is written past the page cache only (O_DIRECT), v2 all of it."),
	ROW(zone_block_io, read_iops, "readIops", FIELD_OPT_U64, .type = &iops_type,
	    .fallback = "none", .doc = "Reads that the zone may do in a second."),
	ROW(zone_block_io, write_iops, "writeIops", FIELD_OPT_U64, .type = &iops_type,
	    .fallback = "none",
	    .doc = "Writes that the zone may do in a second, counted as for writeBps."),
};
const struct shape zone_block_io_shape =
	SHAPE("blockIO", zone_block_io, block_io_fields, .check = check_entry,
	      .doc = "Upper bounds of reading and writing one disk.");

const struct value_type zone_weight_type = {
	.name = "weight", .example = "500", .min = 10, .max = 1000
};

/* --- which disk --------------------------------------------------------------------------------------------------- */

enum { SMALL_FILE = 64, MOUNTS_MAX = 8 << 20 };

/* The source of a mount by its number: what stands behind the type, behind " - ". */
static char *mount_source(uint64_t id)
{
	auto_done(strv) struct strv lines = { 0 };
	auto_free char *text = NULL;
	struct err ignored = { 0 };

	if (file_read_all(AT_FDCWD, "/proc/self/mountinfo", MOUNTS_MAX, &text, NULL, &ignored) < 0)
		return NULL;
	strv_split(&lines, text, '\n');
	for (size_t i = 0; i < lines.n; i++) {
		auto_free char *number = mem_strndup(lines.items[i], strcspn(lines.items[i], " "));
		char *type = strstr(lines.items[i], " - ");
		char *source = type ? strchr(type + 3, ' ') : NULL;
		uint64_t this_id;

		if (!source || num_u64(number, &this_id) < 0 || this_id != id)
			continue;
		source++;
		return mem_strndup(source, strcspn(source, " "));
	}
	return NULL;
}

static int disk_of_path(const char *path, dev_t *ret, struct err *e)
{
	struct statx stx;
	struct stat st;

	if (statx(AT_FDCWD, path, 0, STATX_BASIC_STATS | STATX_MNT_ID, &stx) < 0)
		return err_sys(e, "\"%s\" on the host", path);
	*ret = makedev(stx.stx_dev_major, stx.stx_dev_minor);
	if (stx.stx_dev_major != 0)
		return 0;
	auto_free char *source = stx.stx_mask & STATX_MNT_ID ? mount_source(stx.stx_mnt_id) : NULL;

	if (!source || source[0] != '/' || stat(source, &st) < 0 || !S_ISBLK(st.st_mode))
		return err_set(
			e, EINVAL,
			"the file system of \"%s\" is on no disk whose use could be limited%s%s",
			path, source ? ": " : "", source ? source : "");
	*ret = st.st_rdev;
	return 0;
}

static int disk_of_device(const char *device, dev_t *ret, struct err *e)
{
	struct stat st;

	if (stat(device, &st) < 0)
		return err_sys(e, "\"%s\" on the host", device);
	if (!S_ISBLK(st.st_mode))
		return err_set(e, EINVAL, "\"%s\" is not a block device", device);
	*ret = st.st_rdev;
	return 0;
}

/* From a partition to its disk, whose folder of sysfs is the one above. */
static int whole_disk(dev_t *dev, struct err *e)
{
	auto_free char *dir = mem_format("/sys/dev/block/%u:%u", major(*dev), minor(*dev));
	auto_free char *part = mem_format("%s/partition", dir);
	auto_free char *above = mem_format("%s/../dev", dir);
	auto_free char *text = NULL;
	uint32_t numbers[2];

	if (access(dir, F_OK) < 0)
		return err_sys(e, "the device %u:%u", major(*dev), minor(*dev));
	if (access(part, F_OK) < 0)
		return 0;
	int r = file_read_all(AT_FDCWD, above, SMALL_FILE, &text, NULL, e);

	if (r < 0)
		return r;
	text[strcspn(text, "\n")] = '\0';
	char *colon = strchr(text, ':');

	if (colon)
		*colon = '\0';
	if (!colon || num_u32(text, &numbers[0]) < 0 || num_u32(colon + 1, &numbers[1]) < 0)
		return err_set(e, EINVAL, "\"%s\" is no device number", text);
	*dev = makedev(numbers[0], numbers[1]);
	return 0;
}

int zone_block_device(const struct zone_block_io *b, dev_t *ret, struct err *e)
{
	int r = b->path ? disk_of_path(b->path, ret, e) : disk_of_device(b->device, ret, e);

	return r < 0 ? r : whole_disk(ret, e);
}

/* --- translation -------------------------------------------------------------------------------------------------- */

static void add_rate(struct throttle_list *list, dev_t dev, const struct opt_u64 *rate)
{
	if (!rate->set)
		return;
	*LIST_GROW(list->items, list->n) = (struct throttle_device_spec){ .major = major(dev),
									  .minor = minor(dev),
									  .rate = rate->value };
}

static int fill_entry(const struct zone_spec *z, size_t i, dev_t *disks, struct block_io_spec *to,
		      struct err *e)
{
	const struct zone_block_io *b = &z->block_io[i];
	int r = zone_block_device(b, &disks[i], e);

	if (r < 0)
		return err_wrap(e, "blockIO[%zu].%s", i, b->path ? "path" : "device");
	for (size_t k = 0; k < i; k++)
		if (disks[k] == disks[i])
			return err_set(e, EINVAL,
				       "blockIO[%zu]: it is the same disk as that of blockIO[%zu]",
				       i, k);
	add_rate(&to->read_bps, disks[i], &b->read_bps);
	add_rate(&to->write_bps, disks[i], &b->write_bps);
	add_rate(&to->read_iops, disks[i], &b->read_iops);
	add_rate(&to->write_iops, disks[i], &b->write_iops);
	return 0;
}

int zone_fill_block_io(struct zone_translation *t, struct err *e)
{
	const struct zone_spec *z = t->z;
	auto_free dev_t *disks = mem_array(z->n_block_io + 1, sizeof(*disks));
	struct block_io_spec *to;
	int r = 0;

	if (z->n_block_io == 0 && !z->io_weight.set)
		return 0;
	to = t->s->linux.resources->block_io = mem_zero(sizeof(*to));
	to->weight = z->io_weight;
	for (size_t i = 0; r == 0 && i < z->n_block_io; i++)
		r = fill_entry(z, i, disks, to, e);
	return r;
}
