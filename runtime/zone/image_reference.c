/* image_reference - "oci:/srv/debian:12" and the like, taken apart. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "runtime/base/mem.h"
#include "runtime/base/str.h"
#include "runtime/zone/digest.h"
#include "runtime/zone/image.h"

static const struct {
	const char *prefix;
	enum image_kind kind;
} kinds[] = {
	{ "oci:", IMAGE_OCI },
	{ "docker-archive:", IMAGE_DOCKER_ARCHIVE },
	{ "docker://", IMAGE_REGISTRY },
	{ "image:", IMAGE_STORED },
};

enum { N_KINDS = sizeof(kinds) / sizeof(kinds[0]) };

enum image_kind image_kind_of(const char *text)
{
	for (size_t i = 0; i < N_KINDS; i++) {
		if (str_has_prefix(text, kinds[i].prefix))
			return kinds[i].kind;
	}
	return IMAGE_NONE;
}

void image_reference_done(struct image_reference *r)
{
	free(r->text);
	free(r->path);
	free(r->tag);
	free(r->digest);
	*r = (struct image_reference){ 0 };
}

bool image_name_ok(const char *name)
{
	static const char all[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-+:@/";
	size_t n = name ? strlen(name) : 0;

	return n > 0 && n <= IMAGE_NAME_MAX && strspn(name, all) == n &&
	       strcspn(name, "._-+:@/") > 0 && !strstr(name, "..") && !strstr(name, "//");
}

/* The longest beginning of the text, cut at a colon, that is something on this host; what follows is the tag. */
static int split_path(struct image_reference *r, const char *text, struct err *e)
{
	auto_free char *path = mem_strdup(text);
	char *cut = path + strlen(path);
	struct stat st;

	while (stat(path, &st) < 0) {
		*cut = '\0';
		cut = strrchr(path, ':');
		if (!cut || cut == path) {
			errno = ENOENT;
			return err_sys(e, "open \"%s\"", text);
		}
		*cut = '\0';
	}
	r->path = realpath(path, NULL);
	if (!r->path)
		return err_sys(e, "open \"%s\"", path);
	if (path[strlen(path)] == '\0' && strlen(path) < strlen(text))
		r->tag = mem_strdup(text + strlen(path) + 1);
	return r->tag && str_empty(r->tag) ? err_set(e, EINVAL, "\"%s\": the tag is empty", text)
					   : 0;
}

/* "PATH@sha256:..." */
static int split_digest(struct image_reference *r, char *text, struct err *e)
{
	char *at = strrchr(text, '@');

	if (!at || (!str_has_prefix(at, "@sha256:") && !str_has_prefix(at, "@sha512:")))
		return 0;
	if (!digest_ok(at + 1))
		return err_set(e, EINVAL,
			       "\"%s\" is no digest: sha256: and 64 hex digits, or sha512: and 128",
			       at + 1);
	r->digest = mem_strdup(at + 1);
	*at = '\0';
	return 0;
}

int image_reference_parse(const char *text, struct image_reference *ret, struct err *e)
{
	struct image_reference r = { .kind = image_kind_of(text), .text = mem_strdup(text) };
	int n = 0;

	for (size_t i = 0; i < N_KINDS; i++) {
		if (kinds[i].kind != r.kind)
			continue;
		auto_free char *rest = mem_strdup(text + strlen(kinds[i].prefix));

		if (str_empty(rest)) {
			n = err_set(e, EINVAL, "\"%s\": what follows \"%s\" is missing", text,
				    kinds[i].prefix);
		} else if (r.kind == IMAGE_REGISTRY || r.kind == IMAGE_STORED) {
			r.path = ptr_steal(&rest);
		} else {
			n = r.kind == IMAGE_OCI ? split_digest(&r, rest, e) : 0;
			n = n == 0 ? split_path(&r, rest, e) : n;
		}
	}
	if (n < 0)
		image_reference_done(&r);
	else
		*ret = r;
	return n;
}
