/* oci_check_at - where a rule of oci_check is looking, and how it complains. Private to config/. */
#ifndef CONFIG_OCI_CHECK_AT_H
#define CONFIG_OCI_CHECK_AT_H

#include "config/spec.h"
#include "runtime/base/diag.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"

struct oci_place {
	struct diag_list *diags;
	const struct json *root; /* gives positions; may be NULL */
	const char *
		prefix; /* "process." when root is a whole configuration, "" when it is the part itself */
	struct strbuf path; /* set by at() */
	size_t errors;
};

/* Say what is looked at, below the prefix: at(c, "rlimits[%zu].type", i). */
void oci_at(struct oci_place *c, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* Report an error there. `code` is diag's word. */
void oci_fail(struct oci_place *c, const char *code, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* Releases the place; 0, or -EINVAL when something was reported. */
int oci_verdict(struct oci_place *c);

struct linux_spec;
void oci_check_linux(struct oci_place *c, const struct linux_spec *l);
void oci_check_id_maps(struct oci_place *c, const char *name, const struct id_map *maps, size_t n);

#endif
