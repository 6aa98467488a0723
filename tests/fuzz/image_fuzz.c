#include <assert.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/base/file.h"
#include "runtime/base/mem.h"
#include "runtime/zone/digest.h"
#include "runtime/zone/image.h"
#include "runtime/zone/image_config.h"
#include "runtime/zone/image_store.h"

/* libFuzzer target (make fuzz-image): any texts as a container image's index, manifest and configuration, in an OCI layout or a docker-archive, up to what a zone would take from it; and any text as
 * an image's reference or name. An input is lines' worth of texts separated by a byte 0: index, manifest, configuration. The digest of a text is in reach of the one before it as the word MMMM or CCCC,
 * and its size as 7777 or 8888, so that what verifies digests lets them through. */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

enum { PARTS = 3 };

static char *replaced(const char *text, const char *word, const char *by)
{
	struct strbuf b = { 0 };

	for (const char *at; (at = strstr(text, word)); text = at + strlen(word)) {
		strbuf_add_bytes(&b, text, (size_t)(at - text));
		strbuf_add(&b, by);
	}
	strbuf_add(&b, text);
	return strbuf_steal(&b);
}

static char *sum_of(const char *text)
{
	char hex[DIGEST_TEXT_MAX] = "";
	struct err e = { 0 };

	if (digest_of(text, strlen(text), hex, &e) < 0)
		abort();
	return mem_strdup(hex);
}

/* `text` with the digest and the size of `next` in it; `next` is written as a blob. */
static char *joined(int dir, const char *text, const char *next, const char *digest_word,
		    const char *size_word)
{
	auto_free char *digest = sum_of(next);
	auto_free char *path = image_blob_path(digest);
	auto_free char *size = mem_format("%zu", strlen(next));
	auto_free char *with = replaced(text, digest_word, digest);
	struct err e = { 0 };

	assert(path && file_replace(dir, path, next, strlen(next), 0600, &e) == 0);
	return replaced(with, size_word, size);
}

static void read_facts(const struct image *i)
{
	struct zone_install options = { 0 };
	auto_ptr(json) struct json *facts = NULL;
	struct err e = { 0 };
	int r = image_facts(i, &options, &facts, &e);

	assert(r == 0 ? facts != NULL : e.code == -r);
	assert(i->n_layers <= IMAGE_LAYERS_MAX);
	for (size_t k = 0; k < i->n_layers; k++)
		assert(i->layers[k].id && !strchr(i->layers[k].id, '/'));
}

static void read_image(const char *top, int dir)
{
	struct image_reference refs[2] = { { .kind = IMAGE_OCI, .path = (char *)(uintptr_t)top },
					   { .kind = IMAGE_OCI,
					     .path = (char *)(uintptr_t)top,
					     .tag = (char *)(uintptr_t) "latest" } };
	struct image_source s = { .root = dir };

	for (int k = 0; k < 4; k++) {
		auto_done(image) struct image i = { 0 };
		struct err e = { 0 };
		int r = k < 2 ? image_layout_read(&s, &refs[k], &i, &e)
			      : image_docker_read(&s, &refs[k - 2], &i, &e);

		assert(r == 0 ? e.code == 0 : e.code == -r);
		for (const char *c = e.text; *c; c++)
			assert((unsigned char)*c >= 32);
		if (r == 0)
			read_facts(&i);
	}
}

static void read_reference(const char *text)
{
	auto_done(image_reference) struct image_reference r = { 0 };
	struct err e = { 0 };

	if (image_kind_of(text) != IMAGE_NONE)
		(void)!image_reference_parse(text, &r, &e);
	if (image_name_ok(text)) {
		auto_free char *file = image_name_to_file(text);
		auto_free char *back = image_name_from_file(file);

		assert(!strchr(file, '/') && back && strcmp(back, text) == 0);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	char top[] = "/tmp/zones-fuzz.XXXXXX";
	static const char layout[] = "{\"imageLayoutVersion\":\"1.0.0\"}";
	const char *parts[PARTS] = { "", "", "" };
	auto_free char *text = mem_zero(n + 1);
	struct err e = { 0 };
	size_t at = 0;

	if (n > 0)
		memcpy(text, data, n);
	for (int i = 0; i < PARTS && at <= n; i++) {
		parts[i] = text + at;
		at += strlen(parts[i]) + 1;
	}
	read_reference(parts[0]);
	if (!mkdtemp(top))
		return 0;
	auto_close int dir = open(top, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	assert(mkdirat(dir, "blobs", 0700) == 0 && mkdirat(dir, "blobs/sha256", 0700) == 0);
	auto_free char *manifest = joined(dir, parts[1], parts[2], "CCCC", "8888");
	auto_free char *index = joined(dir, parts[0], manifest, "MMMM", "7777");

	assert(file_replace(dir, "oci-layout", layout, strlen(layout), 0600, &e) == 0 &&
	       file_replace(dir, "index.json", index, strlen(index), 0600, &e) == 0 &&
	       file_replace(dir, "manifest.json", manifest, strlen(manifest), 0600, &e) == 0);
	read_image(top, dir);
	assert(file_remove_tree(AT_FDCWD, top, &e) == 0);
	return 0;
}
