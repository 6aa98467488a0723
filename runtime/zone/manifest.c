/* manifest - lines are only ever made and compared as text: what an archive claims is not interpreted at all. */
#include "runtime/zone/manifest.h"

#include <errno.h>
#include <string.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/mem.h"

static void add_name(struct strbuf *m, const char *name)
{
	for (const unsigned char *p = (const unsigned char *)name; *p; p++) {
		if (*p <= ' ' || *p >= 0x7f || strchr("\\#=*?[", *p))
			strbuf_format(m, "\\%03o", *p);
		else
			strbuf_add_char(m, (char)*p);
	}
}

static void add_member(struct strbuf *m, const char *path)
{
	strbuf_add(m, *path ? "./root/" : "./root");
	add_name(m, path);
}

void manifest_begin(struct strbuf *m)
{
	strbuf_add(m, "#mtree\n");
}

int manifest_sum(struct digest *d, struct err *e)
{
	return digest_begin_sha256(d, e);
}

void manifest_feed(struct digest *d, const void *data, size_t n)
{
	static const char zeros[4096];

	if (data) {
		digest_feed(d, data, n);
		return;
	}
	for (; n > 0; n -= n < sizeof(zeros) ? n : sizeof(zeros))
		digest_feed(d, zeros, n < sizeof(zeros) ? n : sizeof(zeros));
}

int manifest_text(struct strbuf *m, const char *name, const char *text, struct err *e)
{
	char sum[DIGEST_TEXT_MAX];
	int r = digest_of(text, strlen(text), sum, e);

	if (r < 0)
		return r;
	strbuf_format(m, "./%s type=file size=%zu sha256=%s\n", name, strlen(text),
		      str_after(sum, "sha256:"));
	return 0;
}

static int attributes_sum(const struct tree_file *f, char *buf, struct err *e)
{
	auto_done(digest) struct digest d = { 0 };
	int r = manifest_sum(&d, e);

	for (size_t i = 0; i < f->n_attributes && r == 0; i++) {
		const struct tree_attribute *a = &f->attributes[i];
		unsigned char size[8];

		for (size_t k = 0; k < sizeof(size); k++)
			size[k] = (unsigned char)((uint64_t)a->size >> (8 * k));
		digest_feed(&d, a->name, strlen(a->name) + 1);
		digest_feed(&d, size, sizeof(size));
		digest_feed(&d, a->value, a->size);
	}
	return r < 0 ? r : digest_end(&d, buf, e);
}

static const char *type_word(mode_t mode)
{
	return S_ISDIR(mode) ? "dir" : S_ISLNK(mode) ? "link" : S_ISFIFO(mode) ? "fifo" : "file";
}

int manifest_file(struct strbuf *m, const struct tree_file *f, const char *sha256, struct err *e)
{
	const struct statx *st = f->st;
	char sum[DIGEST_TEXT_MAX];

	if (m->len > MANIFEST_MAX - MANIFEST_LINE_MAX)
		return err_set(e, EFBIG,
			       "there are too many files: the manifest has more than %d bytes",
			       MANIFEST_MAX - MANIFEST_LINE_MAX);
	add_member(m, f->path);
	if (f->first) {
		strbuf_add(m, " type=file hardlink=");
		add_member(m, f->first);
		strbuf_add_char(m, '\n');
		return 0;
	}
	strbuf_format(m, " type=%s uid=%u gid=%u mode=%04o time=%lld.%09u", type_word(st->stx_mode),
		      st->stx_uid, st->stx_gid, st->stx_mode & 07777u,
		      (long long)st->stx_mtime.tv_sec, st->stx_mtime.tv_nsec);
	if (sha256)
		strbuf_format(m, " size=%llu sha256=%s", (unsigned long long)st->stx_size,
			      str_after(sha256, "sha256:"));
	if (f->target) {
		strbuf_add(m, " link=");
		add_name(m, f->target);
	}
	if (f->n_attributes > 0) {
		int r = attributes_sum(f, sum, e);

		if (r < 0)
			return r;
		strbuf_format(m, " xattrs=%s", str_after(sum, "sha256:"));
	}
	strbuf_add_char(m, '\n');
	return 0;
}

/* --- from the disk ------------------------------------------------------------------------------------------------ */

struct build {
	struct strbuf *text;
	struct tree_job *job;
	struct digest sum;
};

static int take_data(void *arg, const void *data, size_t n, struct err *e)
{
	struct build *b = arg;

	(void)e;
	manifest_feed(&b->sum, data, n);
	b->job->done += data ? n : 0;
	tree_progress(b->job, "verifying");
	return 0;
}

static int take_file(void *arg, const struct tree_file *f, struct err *e)
{
	struct build *b = arg;
	char sum[DIGEST_TEXT_MAX];

	if (b->job->owners && tree_check_owner(f->st->stx_uid, f->st->stx_gid, e) < 0)
		return err_wrap(e, "\"/%s\"", f->path);
	if (f->fd < 0 || !S_ISREG(f->st->stx_mode))
		return manifest_file(b->text, f, NULL, e);
	int r = manifest_sum(&b->sum, e);

	if (r < 0)
		return r;
	r = tree_read(f, take_data, b, e);
	if (r == 0)
		r = digest_end(&b->sum, sum, e);
	digest_done(&b->sum);
	return r < 0 ? r : manifest_file(b->text, f, sum, e);
}

int manifest_root(struct strbuf *m, struct tree_job *job, struct err *e)
{
	struct build b = { .text = m, .job = job };
	struct tree_skipped skipped = { 0 };

	return tree_visit(job->root, take_file, &b, &skipped, e);
}

/* --- comparing ---------------------------------------------------------------------------------------------------- */

/* The words of both lines that are not the same, as far as they fit. Names are plain characters in our own lines; of a foreign one as much is shown as is. */
static char *shown_line(const char *line, size_t n)
{
	char *copy = mem_strndup(line, n < 150 ? n : 150);

	for (char *p = copy; *p; p++) {
		if ((unsigned char)*p < 0x20 || (unsigned char)*p >= 0x7f)
			*p = '?';
	}
	return copy;
}

static int differ(const char *wanted, const char *found, struct err *e)
{
	size_t w = strcspn(wanted, "\n"), f = strcspn(found, "\n");
	size_t wn = strcspn(wanted, " \n"), fn = strcspn(found, " \n");
	auto_free char *name = shown_line(wanted, wn);
	auto_free char *other = shown_line(found, fn);

	if (w == 0 || f == 0 || wn != fn || memcmp(wanted, found, wn) != 0)
		return err_set(
			e, EBADMSG,
			"the manifest and the members differ: %s%s%s is listed, %s%s%s is there",
			w ? "\"" : "", w ? name : "nothing more", w ? "\"" : "", f ? "\"" : "",
			f ? other : "nothing more", f ? "\"" : "");
	size_t same = wn;

	while (same < w && same < f && wanted[same] == found[same])
		same++;
	while (same > wn && wanted[same - 1] != ' ')
		same--; /* back to the beginning of the word */
	auto_free char *should = shown_line(wanted + same, strcspn(wanted + same, " \n"));
	auto_free char *is = shown_line(found + same, strcspn(found + same, " \n"));

	return err_set(e, EBADMSG, "\"%s\" is not what the manifest says: %s, should be %s", name,
		       is, should);
}

int manifest_compare(const char *wanted, const char *found, struct err *e)
{
	while (*wanted || *found) {
		size_t w = strcspn(wanted, "\n"), f = strcspn(found, "\n");

		if (w != f || memcmp(wanted, found, w) != 0 || wanted[w] != found[f])
			return differ(wanted, found, e);
		wanted += w + (wanted[w] != '\0');
		found += f + (found[f] != '\0');
	}
	return 0;
}
