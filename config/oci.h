/* oci - config.json <-> struct container_spec. Pure except for oci_load_bundle, which reads files of the host. */
#ifndef CONFIG_OCI_H
#define CONFIG_OCI_H

#include <stddef.h>

#include "config/spec.h"
#include "runtime/base/diag.h"
#include "runtime/base/json.h"

#define OCI_VERSION         "1.3.0"
#define OCI_MAX_CONFIG_SIZE (16u << 20)

/* Text -> spec: parse, bind, check (config/oci_check.c). Unknown properties are ignored, bad values are errors; all are collected. */
MUST_CHECK int oci_parse(const char *text, size_t n, struct container_spec **ret,
			 struct diag_list *diags);
/* Read BUNDLE/config.json (or `file` when not NULL); makes root.path absolute. */
MUST_CHECK int oci_load_bundle(const char *bundle, const char *file, struct container_spec **ret,
			       struct err *e);
/* A process document, as `exec --process FILE`; a resources document, as `update --resources`. */
MUST_CHECK int oci_parse_process(const char *text, size_t n, struct process_spec **ret,
				 struct err *e);
MUST_CHECK int oci_parse_resources(const char *text, size_t n, struct resources_spec **ret,
				   struct err *e);

/* The rules that no table can say. */
int oci_check(const struct container_spec *s, const struct json *root, struct diag_list *diags);

struct json *oci_save(const struct container_spec *s);
struct json *oci_save_process(const struct process_spec *p);
struct json *oci_save_resources(const struct resources_spec *r);

#endif
