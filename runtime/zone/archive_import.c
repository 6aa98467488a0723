/* archive_import - a zone out of an archive that `zone export --archive` has written, or that says so.
 *
 * The archive is read once, from its beginning to its end, so it may come through a pipe. Two processes behind walls take it apart (reader.h), one after the other, and get its bytes from us: the first can do
 * nothing but say what zone it holds, the second, when that is known to be one, gets the same bytes again, and the root. What is in it is made by the rules of archive.c; then the root is read again from the disk and described
 * as the archive's own manifest does it, and the two texts must be the same. So it does not matter where a byte was changed: on its way, in the archive, or by what extracting made of it.
 * Only then the record says "installed". */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/base/mem.h"
#include "runtime/base/sys.h"
#include "runtime/zone/archive.h"
#include "runtime/zone/bundle.h"
#include "runtime/zone/house.h"
#include "runtime/zone/libarchive.h"
#include "runtime/zone/manifest.h"
#include "runtime/zone/reader.h"
#include "runtime/zone/record.h"

enum { CHUNK = 65536, BEGINNING_MAX = 8 << 20 };

struct import {
	struct extract x;
	struct tree_job *job;
	int fd;                  /* of the archive */
	struct strbuf beginning; /* what the first reader got, for the second */
	size_t repeated;         /* of it */
	bool first;              /* it is the first that reads */
	char *chunk;
	char *about, *config, *manifest; /* texts of the members */
	struct json *facts;              /* about.json */
	unsigned long long total;        /* bytes of the archive, 0: unknown */
};

static void import_done(struct import *in)
{
	extract_done(&in->x);
	strbuf_done(&in->beginning);
	free(in->chunk);
	free(in->about);
	free(in->config);
	free(in->manifest);
	json_free(in->facts);
}

/* --- members that are text ---------------------------------------------------------------------------------------- */

static int next_entry(struct import *in, struct archive_entry **ret, struct err *e)
{
	int r = libarchive()->archive_read_next_header(in->x.reader, ret);

	if (r == ARCHIVE_EOF)
		return err_set(e, EINVAL, "the archive ends too early");
	if (r < ARCHIVE_WARN)
		return archive_error(in->x.reader, "the archive is damaged or of an unknown kind",
				     e);
	return 0;
}

static bool is_member(struct archive_entry *entry, const char *name)
{
	return str_eq(libarchive()->archive_entry_pathname(entry), name) &&
	       libarchive()->archive_entry_filetype(entry) == AE_IFREG &&
	       !libarchive()->archive_entry_hardlink(entry);
}

static int read_text(struct import *in, struct archive_entry *entry, size_t max, char **ret,
		     struct err *e)
{
	auto_done(strbuf) struct strbuf b = { 0 };
	auto_free char *piece = mem_array(1, 65536);
	la_ssize_t n;

	if (libarchive()->archive_entry_size(entry) > (la_int64_t)max)
		return err_set(e, EFBIG, "member \"%s\" is larger than %zu bytes",
			       libarchive()->archive_entry_pathname(entry), max);
	while ((n = libarchive()->archive_read_data(in->x.reader, piece, 65536)) > 0) {
		if (b.len + (size_t)n > max)
			return err_set(e, EFBIG, "a member of the archive is larger than %zu bytes",
				       max);
		strbuf_add_bytes(&b, piece, (size_t)n);
	}
	if (n < 0)
		return archive_error(in->x.reader, "the archive is damaged", e);
	if (strlen(strbuf_text(&b)) != b.len)
		return err_set(e, EINVAL, "a text in the archive contains a NUL character");
	*ret = strbuf_steal(&b);
	return 0;
}

static int read_member(struct import *in, const char *name, size_t max, char **ret, struct err *e)
{
	struct archive_entry *entry = NULL;
	int r = next_entry(in, &entry, e);

	if (r < 0)
		return r;
	if (!is_member(entry, name))
		return err_set(
			e, EINVAL,
			"it is no archive of a zone: \"%s\" is missing (for a root file system: zone install --from)",
			name);
	return read_text(in, entry, max, ret, e);
}

static int check_about(struct import *in, struct err *e)
{
	struct utsname host = { 0 };
	int r;

	json_free(ptr_steal(&in->facts));
	r = json_parse_simple(in->about, strlen(in->about), &in->facts, e);

	if (r < 0)
		return err_wrap(e, BUNDLE_ABOUT);
	const char *machine = json_get_string(in->facts, "architecture", "");

	if (!str_eq(json_get_string(in->facts, "format", NULL), BUNDLE_FORMAT))
		return err_set(e, EINVAL,
			       "it is no archive of a zone: " BUNDLE_ABOUT " names another format");
	if (json_get_i64(in->facts, "version", 0) != BUNDLE_VERSION)
		return err_set(e, EINVAL,
			       "the archive is of version %lld, this program reads version %d",
			       (long long)json_get_i64(in->facts, "version", 0), BUNDLE_VERSION);
	(void)uname(&host);
	if (!str_eq(machine, host.machine)) {
		auto_free char *theirs = archive_shown(machine);

		return err_set(e, EINVAL, "the zone is of architecture %s, this host is %s", theirs,
			       host.machine);
	}
	return 0;
}

/* In a reader: the texts at the beginning. */
static int members_read(struct import *in, int input, struct err *e)
{
	int r = extract_open(&in->x, input, e);

	if (r == 0)
		r = read_member(in, BUNDLE_ABOUT, BUNDLE_ABOUT_MAX, &in->about, e);
	if (r == 0)
		r = check_about(in, e);
	return r < 0 ? r : read_member(in, BUNDLE_CONFIG, ZONE_FILE_MAX, &in->config, e);
}

/* In the first reader. No text has a NUL in it. */
static int about_body(void *arg, int input, struct strbuf *answer, struct err *e)
{
	struct import *in = arg;
	int r = members_read(in, input, e);

	if (r < 0)
		return r;
	strbuf_add_bytes(answer, in->about, strlen(in->about) + 1);
	strbuf_add(answer, in->config);
	return 0;
}

/* In the parent, for both. */
static int feed(void *arg, const char **ret, size_t *ret_n, struct err *e)
{
	struct import *in = arg;

	*ret = strbuf_text(&in->beginning) + in->repeated;
	*ret_n = in->first ? 0 : in->beginning.len - in->repeated;
	in->repeated += *ret_n;
	if (*ret_n > 0)
		return 0;
	ssize_t n = sys_read(in->fd, in->chunk, CHUNK);

	if (n < 0)
		return err_sys(e, "read");
	if (in->first && in->beginning.len + (size_t)n > BEGINNING_MAX)
		return err_set(e, EFBIG,
			       "it is no archive of a zone: its first %d bytes do not say of which",
			       BEGINNING_MAX);
	if (in->first)
		strbuf_add_bytes(&in->beginning, in->chunk, (size_t)n);
	*ret = in->chunk;
	*ret_n = (size_t)n;
	return 0;
}

static int about_read(struct import *in, struct err *e)
{
	const struct reader reader = { .body = about_body,
				       .feed = feed,
				       .arg = in,
				       .lower = -1,
				       .file = -1,
				       .answer_max = BUNDLE_ABOUT_MAX + ZONE_FILE_MAX + 1 };
	auto_done(strbuf) struct strbuf texts = { 0 };
	int r;

	in->first = true;
	r = reader_run(&reader, &texts, e);
	if (r < 0)
		return r;
	size_t n = strlen(strbuf_text(&texts));

	if (n == texts.len)
		return err_set(e, EPROTO, "the process that reads the archive said half of it");
	in->about = mem_strdup(strbuf_text(&texts));
	in->config = mem_strdup(strbuf_text(&texts) + n + 1);
	return check_about(in, e);
}

/* --- the root ----------------------------------------------------------------------------------------------------- */

static int extract_members(struct import *in, struct err *e)
{
	struct archive_entry *entry = NULL;
	unsigned long long n = 2;
	int r = next_entry(in, &entry, e);

	while (r == 0 && !is_member(entry, BUNDLE_MANIFEST)) {
		n++;
		r = archive_extract_entry(&in->x, entry, e);
		if (r < 0) {
			auto_free char *name =
				archive_shown(libarchive()->archive_entry_pathname(entry));

			return err_wrap(e, "entry %llu \"%s\"", n, name);
		}
		archive_progress(&in->x);
		r = next_entry(in, &entry, e);
	}
	if (r == 0)
		r = read_text(in, entry, MANIFEST_MAX, &in->manifest, e);
	if (r < 0)
		return r;
	r = libarchive()->archive_read_next_header(in->x.reader, &entry);
	if (r == ARCHIVE_EOF)
		return 0;
	return r < ARCHIVE_WARN ? archive_error(in->x.reader, "the archive is damaged", e)
				: err_set(e, EINVAL, "something follows the manifest");
}

static int verify_members(struct import *in, struct tree_job *job, struct err *e)
{
	auto_done(strbuf) struct strbuf found = { 0 };
	int r;

	manifest_begin(&found);
	r = manifest_text(&found, BUNDLE_ABOUT, in->about, e);
	if (r == 0)
		r = manifest_text(&found, BUNDLE_CONFIG, in->config, e);
	job->done = 0;
	job->total = tree_size(job->root);
	if (r == 0)
		r = manifest_root(&found, job, e);
	return r < 0 ? r : manifest_compare(in->manifest, strbuf_text(&found), e);
}

/* In the second reader. */
static int root_body(void *arg, int input, struct strbuf *answer, struct err *e)
{
	struct import *in = arg;
	auto_free char *about = ptr_steal(&in->about), *config = ptr_steal(&in->config);
	int r = members_read(in, input, e);

	(void)answer;
	if (r < 0)
		return r;
	if (!str_eq(about, in->about) || !str_eq(config, in->config))
		return err_set(e, EBADMSG, "it says two different things when it is read twice");
	in->x.job = in->job;
	r = extract_members(in, e);
	if (r < 0)
		return r;
	extract_restore_times(&in->x);
	return verify_members(in, in->job, e);
}

/* zone_install.fill */
static int import_fill(void *arg, struct tree_job *job, struct err *e)
{
	struct import *in = arg;
	const struct reader reader = {
		.body = root_body, .feed = feed, .arg = in, .job = job, .lower = -1, .file = -1
	};
	char sum[DIGEST_TEXT_MAX];
	int r = digest_of("", 0, sum,
			  e); /* what the library loads when it is first used, it loads now */

	if (r < 0)
		return r;
	in->job = job;
	in->first = false;
	job->total = in->total;
	r = reader_run(&reader, NULL, e);
	return r < 0 ? r : tree_finish(job, e);
}

/* --- the verb ----------------------------------------------------------------------------------------------------- */

/* What the zone keeps when it moves house: its UUID, but no two zones of a host have the same, and what its image said. */
static int keep_facts(const struct zone_dirs *d, const struct import *in, const char *name,
		      struct err *e)
{
	const char *uuid = json_get_string(in->facts, "uuid", NULL);
	auto_ptr(zone) struct zone *z = NULL;
	int r = zone_open(d, name, ZONE_OPEN_LOCK | ZONE_OPEN_MUST_EXIST, &z, e);

	if (r < 0)
		return r;
	if (uuid && house_uuid_is_free(d, uuid, name)) {
		free(z->record.uuid);
		z->record.uuid = mem_strdup(uuid);
	}
	json_free(z->record.image);
	z->record.image = house_image(in->facts);
	return zone_record_write(d, z, e);
}

static int make_zone(const struct zone_dirs *d, struct import *in, const char *name,
		     struct diag_list *diags, struct err *e)
{
	auto_free char *text = NULL;
	auto_free char *own = NULL;
	struct zone_new new = { 0 };
	int r = house_config_text(in->config, "zonename", name, &text, e);

	if (r == 0) /* where it lay on another host means nothing here */
		r = house_config_text(text, "zonepath", NULL, &own, e);
	if (r < 0)
		return err_wrap(e, BUNDLE_CONFIG);
	new.text = own;
	return zone_create(d, name, &new, diags, e);
}

static int import_zone(const struct zone_dirs *d, struct import *in, const char *name,
		       const struct zone_install *o, struct diag_list *diags, struct err *e)
{
	struct zone_install own = *o;
	struct err ignored = { 0 };
	int r = make_zone(d, in, name, diags, e);

	if (r < 0)
		return r;
	own.fill = import_fill;
	own.fill_arg = in;
	r = keep_facts(d, in, name, e);
	if (r == 0)
		r = zone_install(d, name, &own, diags, e);
	if (r < 0)
		(void)!zone_delete(d, name,
				   &ignored); /* refused when files are left: uninstall tells why */
	return r;
}

static int import_read(const struct zone_dirs *d, struct import *in, struct zone_import *i,
		       struct diag_list *diags, struct err *e)
{
	int r = about_read(in, e);

	if (r < 0)
		return r;
	i->made = mem_strdup(i->name ? i->name : json_get_string(in->facts, "zonename", ""));
	return import_zone(d, in, i->made, i->options, diags, e);
}

int zone_import_archive(const struct zone_dirs *d, struct zone_import *i, struct diag_list *diags,
			struct err *e)
{
	auto_done(import) struct import in = {
		.x = { .below = BUNDLE_ROOT, .lower = -1, .parent = -1 }
	};
	auto_close int own =
		i->file ? sys_openat(AT_FDCWD, i->file, O_RDONLY | O_NOCTTY | O_CLOEXEC, 0) : -1;
	int fd = i->file ? own : i->fd;
	struct stat st = { 0 };
	int r = libarchive_load(e);

	if (r < 0)
		return r;
	if (fd < 0)
		return err_sys(e, "open \"%s\"", i->file ? i->file : "-");
	if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode))
		return err_set(e, EISDIR,
			       "\"%s\" is a directory, not an archive of zone export --archive",
			       i->file ? i->file : "-");
	if (S_ISREG(st.st_mode))
		in.total = (unsigned long long)st.st_size;
	struct archive_locale locale = archive_locale_enter();

	in.fd = fd;
	in.chunk = mem_array(1, CHUNK);
	r = import_read(d, &in, i, diags, e);
	archive_locale_leave(&locale);
	return r < 0 ? err_wrap(e, "\"%s\"", i->file ? i->file : "-") : 0;
}
