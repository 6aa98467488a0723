/* zone_fs - the rows of "fs": file systems that are mounted inside the zone, and which members and options go with which type. */
#include "config/zone_table.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { MAX_OPTIONS = 32, SHA256_DIGITS = 64 };

/* Types that the kernel can be asked to read from a file: those of the disk that it knows to map the ids of. */
static const struct {
	const char *name;
	enum zone_fs_kind kind;
	bool read_only; /* the type itself */
} types[] = {
	{ "lofs", ZONE_FS_LOFS, false },       { "tmpfs", ZONE_FS_TMPFS, false },
	{ "overlay", ZONE_FS_OVERLAY, false }, { "ext4", ZONE_FS_IMAGE, false },
	{ "xfs", ZONE_FS_IMAGE, false },       { "btrfs", ZONE_FS_IMAGE, false },
	{ "squashfs", ZONE_FS_IMAGE, true },   { "erofs", ZONE_FS_IMAGE, true },
};
static const char *const type_words[] = { "lofs",  "tmpfs",    "overlay", "ext4", "xfs",
					  "btrfs", "squashfs", "erofs",   NULL };
static const struct value_type fs_type = { .name = "type of file system", .words = type_words };
static const char *const upper_words[] = { "disk", "memory", NULL };
static const struct value_type upper_type = { .name = "place of changes", .words = upper_words };

static int check_verity(const char *text, char *why, size_t why_size)
{
	const char *hex = str_after(text, "sha256:");

	if (hex && strlen(hex) == SHA256_DIGITS && hex[strspn(hex, "0123456789abcdef")] == '\0')
		return 0;
	(void)snprintf(why, why_size,
		       "it is sha256: and 64 of 0-9 a-f, as fsverity measure prints it");
	return -EINVAL;
}

static const struct value_type verity_type = {
	.name = "digest of fs-verity",
	.check = check_verity,
	.example = "sha256:0000000000000000000000000000000000000000000000000000000000000000",
	.pattern = "^sha256:[0-9a-f]{64}$",
};

enum zone_fs_kind zone_fs_kind_of(const char *type)
{
	for (size_t i = 0; i < BIND_COUNT(types); i++)
		if (str_eq(types[i].name, type))
			return types[i].kind;
	return ZONE_FS_LOFS;
}

bool zone_fs_is_read_only(const struct zone_fs *fs)
{
	for (size_t i = 0; i < BIND_COUNT(types); i++)
		if (str_eq(types[i].name, fs->type) && types[i].read_only)
			return true;
	return fs->verity;
}

bool zone_fs_is_memory(const char *type, const char *upper)
{
	return str_eq(type, "tmpfs") || (str_eq(type, "overlay") && str_eq(upper, "memory"));
}

/* --- options ------------------------------------------------------------------------------------------------------- */

#define ON(kind) (1u << (kind))

/* Options that do not go with every type, by their beginning. */
static const struct {
	const char *word;
	unsigned kinds;
	const char *why; /* a clause */
} option_rules[] = {
	{ "size=", ON(ZONE_FS_TMPFS) | ON(ZONE_FS_OVERLAY),
	  "is an option of tmpfs and of an overlay in memory" },
	{ "nr_inodes=", ON(ZONE_FS_TMPFS) | ON(ZONE_FS_OVERLAY),
	  "is an option of tmpfs and of an overlay in memory" },
	{ "mode=", ON(ZONE_FS_TMPFS), "is an option of tmpfs" },
	{ "uid=", ON(ZONE_FS_TMPFS), "is an option of tmpfs" },
	{ "gid=", ON(ZONE_FS_TMPFS), "is an option of tmpfs" },
	{ "rbind", ON(ZONE_FS_LOFS), "is an option of lofs" },
	{ "ro", ~ON(ZONE_FS_OVERLAY),
	  "makes no sense: an overlay that cannot be written to is a lofs" },
	{ "dev", ~(ON(ZONE_FS_IMAGE) | ON(ZONE_FS_OVERLAY)),
	  "is refused: device nodes come from \"device\", never from files" },
	{ "devices", ~(ON(ZONE_FS_IMAGE) | ON(ZONE_FS_OVERLAY)),
	  "is refused: device nodes come from \"device\", never from files" },
};

static bool rule_matches(const char *rule, const char *option)
{
	size_t n = strlen(rule);

	return rule[n - 1] == '=' ? strncmp(option, rule, n) == 0 : str_eq(option, rule);
}

/* Errors are counted in the context. */
static void check_option(struct bind_ctx *c, const struct json *j, const struct zone_fs *fs)
{
	unsigned kind = ON(zone_fs_kind_of(fs->type));

	for (size_t i = 0; i < BIND_COUNT(option_rules); i++)
		if (rule_matches(option_rules[i].word, j->text) && !(kind & option_rules[i].kinds))
			(void)bind_error(c, j, "conflict", NULL, "\"%.20s\" %s, not of %s", j->text,
					 option_rules[i].why, fs->type);
	if (str_eq(fs->type, "overlay") && !str_eq(fs->upper, "memory") && strchr(j->text, '='))
		(void)bind_error(c, j, "conflict", NULL,
				 "\"%.20s\" is an option of an overlay whose upper is memory",
				 j->text);
	if (str_eq(j->text, "rw") && zone_fs_is_read_only(fs))
		(void)bind_error(c, j, "conflict", NULL, "%s cannot be written to",
				 fs->verity ? "a file with verity" : fs->type);
	if (fs->owner && (str_eq(j->text, "suid") || str_eq(j->text, "setuid")))
		(void)bind_error(
			c, j, "conflict", NULL,
			"files of a user of the host cannot be set-uid programs of a user inside");
}

/* Members that only make sense with some types. */
static void check_member(struct bind_ctx *c, const struct json *j, const char *key, bool fits,
			 const char *of)
{
	const struct json *member = json_get(j, key);
	size_t mark = bind_enter_key(c, key);

	if (member && !fits)
		(void)bind_error(c, member, "conflict", NULL, "is only for %s", of);
	bind_leave(c, mark);
}

static int check_fs(struct bind_ctx *c, const struct json *j, const void *object)
{
	const struct zone_fs *fs = object;
	enum zone_fs_kind kind = zone_fs_kind_of(fs->type);
	const struct json *special = json_get(j, "special");
	const struct json *options = json_get(j, "options");
	size_t mark = bind_enter_key(c, "special");

	if (kind == ZONE_FS_TMPFS && special)
		(void)bind_error(c, special, "conflict", NULL, "a tmpfs has no source on the host");
	else if (kind != ZONE_FS_TMPFS && !special)
		(void)bind_error(c, j, "missing", NULL,
				 "is required for %s: the directory or file on the host", fs->type);
	bind_leave(c, mark);
	check_member(c, j, "owner", kind == ZONE_FS_LOFS, "lofs");
	check_member(c, j, "upper", kind == ZONE_FS_OVERLAY, "overlay");
	check_member(c, j, "verity", kind == ZONE_FS_IMAGE, "image files");
	check_member(c, j, "trusted", kind == ZONE_FS_IMAGE || kind == ZONE_FS_LOFS,
		     "lofs and image files");
	mark = bind_enter_key(c, "options");
	for (size_t i = 0; options && i < options->n; i++) {
		size_t item = bind_enter_index(c, i);

		check_option(c, options->items[i], fs);
		bind_leave(c, item);
	}
	bind_leave(c, mark);
	return 0; /* counted in the context */
}

static const struct field fs_fields[] = {
	ROW(zone_fs, dir, "dir", FIELD_STRING, .flags = FIELD_REQUIRED, .type = &zone_dir_type,
	    .doc = "Where it is mounted inside the zone: an absolute path, not / and not below /proc, /sys or /dev. It is made when it does not exist."),
	ROW(zone_fs, special, "special", FIELD_STRING, .type = &zone_special_type,
	    .fallback = "none; required for all but tmpfs",
	    .doc = "On the host: the directory or file that a lofs shows, the directory below an overlay, or the file that holds a file system. Owners are shifted, so that the zone's root owns what the host's root owns. A symlink on the way counts only in a folder where root of the host alone can have made it, and never on a file system mounted with nosuid or noexec, where zones may have."),
	ROW(zone_fs, type, "type", FIELD_STRING, .flags = FIELD_REQUIRED, .type = &fs_type,
	    .doc = "lofs shows a directory or file of the host; tmpfs is new and empty memory (counted against cappedMemory) at every boot; overlay shows a directory of the host that never changes and keeps what the zone writes apart; ext4, xfs, btrfs, squashfs and erofs mount a file of the host that holds such a file system."),
	ROW(zone_fs, options, "options", FIELD_STRINGS, .type = &zone_mount_option_type,
	    .max_items = MAX_OPTIONS,
	    .fallback = "rw (ro for squashfs, erofs and verity), nosuid, nodev",
	    .doc = "Mount options, in the words of mount(8) or of Solaris (nodevices, nosetuid, setuid). lofs also knows rbind (with what is mounted below), tmpfs size= (bytes or a percentage), mode=, nr_inodes=, uid= and gid=, an overlay in memory size= and nr_inodes=."),
	ROW(zone_fs, owner, "owner", FIELD_STRING, .type = &zone_user_type,
	    .fallback = "none: owners are those of the host, by number",
	    .doc = "lofs: who inside owns what the owner of special owns on the host: root, another user of the zone, or a number. Only files of that one owner and group can then be used; those of others belong to nobody."),
	ROW(zone_fs, upper, "upper", FIELD_STRING, .type = &upper_type, .fallback = "disk",
	    .doc = "overlay: where the zone's changes are: disk, below zonepath until the zone is uninstalled, or memory, gone with the mount."),
	ROW(zone_fs, verity, "verity", FIELD_STRING, .type = &verity_type, .fallback = "none",
	    .doc = "Image file: what fs-verity(7) must say of it, sha256: and 64 digits (fsverity measure FILE). The kernel then checks each block that is read."),
	ROW(zone_fs, trusted, "trusted", FIELD_OPT_BOOL, .fallback = "false",
	    .doc = "Image file: mount it although others than root can write to it, or zones can; a file system that somebody has made to hurt can bring the whole machine down. lofs: let the zone write there although users of the host can enter; root of the zone can leave set-user-ID programs of the host's root for them."),
};
const struct shape zone_fs_shape = SHAPE("fs", zone_fs, fs_fields, .check = check_fs,
					 .doc = "A file system that is mounted inside the zone.");
