/* image - container images read by hand: where they are (image_reference.c, image_source.c), what they say (image_layout.c, image_docker.c, image_config.c), their layers as directories (image_layer.c), and
 * the names under which they are kept (image_store.c). Private to runtime/zone.
 *
 * Everything in an image is hostile until its digest has been seen, and what it says is hostile after that too: sizes are bounded, names are looked up below the image's own folder without following
 * symlinks, JSON has limits, and what a layer holds is made by the rules of archive.c.
 *
 *   refused by name   digests other than sha256 and sha512, sizes and digests that do not fit, layers that are encrypted or are not to be distributed (foreign), media types that are none of OCI's or Docker's,
 *                     manifests of artifacts that are no images, no image for this architecture, indexes nested deeper than 4, more than IMAGE_LAYERS_MAX layers */
#ifndef RUNTIME_ZONE_IMAGE_H
#define RUNTIME_ZONE_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/err.h"
#include "runtime/base/json.h"
#include "runtime/zone/store.h"
#include "runtime/zone/zone.h"

enum {
	IMAGE_JSON_MAX = 4 << 20,
	IMAGE_LAYERS_MAX = 127 /* as many as Docker makes */,
	IMAGE_NAME_MAX = 200
};

/* --- references (image_reference.c) ------------------------------------------------------------------------------- */
enum image_kind {
	IMAGE_NONE, /* it does not begin like one: a directory or an archive */
	IMAGE_OCI,
	IMAGE_DOCKER_ARCHIVE,
	IMAGE_REGISTRY, /* docker://: by skopeo */
	IMAGE_STORED,   /* image:NAME */
};
struct image_reference {
	enum image_kind kind;
	char *text;   /* as given */
	char *path;   /* OCI, DOCKER_ARCHIVE: absolute; else what follows the prefix */
	char *tag;    /* NULL: none was given */
	char *digest; /* NULL: none was given */
};
/* Pure: how the text begins. */
enum image_kind image_kind_of(const char *text);
/* "oci:PATH[:TAG]", "oci:PATH@sha256:...", "docker-archive:PATH[:NAME:TAG]", "docker://...", "image:NAME". A PATH may hold colons: the longest beginning that exists counts. */
MUST_CHECK int image_reference_parse(const char *text, struct image_reference *ret, struct err *e);
void image_reference_done(struct image_reference *r);
/* Pure: may an image be kept under that name? */
bool image_name_ok(const char *name);

/* --- the image --------------------------------------------------------------------------------------------------- */
struct image_layer {
	char *path;    /* below the source; NULL: blobs/ALGORITHM/HEX of `digest` */
	char *digest;  /* NULL: docker-archive, where only diff_id is said */
	int64_t size;  /* -1: not said */
	char *diff_id; /* of the uncompressed archive */
	char *id;      /* the directory of the layer in the store: "sha256-" and the chain id */
};
struct image {
	char *name;   /* that it has by itself; NULL */
	char *digest; /* of its manifest; of its configuration in a docker-archive */
	struct json *config;
	struct image_layer *layers; /* the lowest first */
	size_t n_layers;
};
void image_done(struct image *i);

/* --- where the bytes are (image_source.c) ------------------------------------------------------------------------ */
struct image_source {
	int root;        /* the layout's folder */
	char *temporary; /* an archive that was unpacked for reading, removed at the end; NULL */
};
/* Open a layout: a directory as it is, an archive (any compression) unpacked to a temporary folder in the store. */
MUST_CHECK int image_source_open(const struct zone_dirs *d, const char *path,
				 const struct zone_install *options, struct image_source *ret,
				 struct err *e);
void image_source_done(struct image_source *s);
/* A regular file, and nothing that a symlink leads to. -EFBIG beyond `max`. */
MUST_CHECK int image_source_file(const struct image_source *s, const char *path, struct err *e);
MUST_CHECK int image_source_text(const struct image_source *s, const char *path, size_t max,
				 char **ret, size_t *ret_len, struct err *e);
/* Pure: "blobs/sha256/HEX". Freshly allocated. */
char *image_blob_path(const char *digest);

/* --- what it says ------------------------------------------------------------------------------------------------ */
/* Parse JSON of an image: an object within our limits. `what` names it in the error. */
MUST_CHECK int image_json(const char *text, size_t n, const char *what, struct json **ret,
			  struct err *e);
/* The image for this machine that the reference means. Everything that is no layer is verified. */
MUST_CHECK int image_layout_read(const struct image_source *s, const struct image_reference *ref,
				 struct image *ret, struct err *e);
MUST_CHECK int image_docker_read(const struct image_source *s, const struct image_reference *ref,
				 struct image *ret, struct err *e);
/* Shared by both: take the configuration over (its digest has been verified) and give the layers, which are there already, their diff_ids and ids. */
MUST_CHECK int image_take_config(struct image *i, const char *text, size_t n, struct err *e);

/* The platform of this machine in the words of Go: "amd64" and so on; `variant` may be NULL. */
struct image_platform {
	const char *architecture, *variant;
};
MUST_CHECK int image_platform_here(struct image_platform *ret, struct err *e);
/* Pure: how well a platform of an image, as {"os","architecture","variant"}, fits: 0 not at all, more is better. */
int image_platform_fits(const struct json *platform, const struct image_platform *here);

#endif
