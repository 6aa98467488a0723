/* oci_check - the rules of config.json that no table can say, for parts of a configuration. Private to config/; the whole is oci_check() in oci.h. Pure.
 *
 * `root` is the tree that the struct was loaded from and gives the positions; it may be NULL for a struct that was made by us. All errors are reported with the
 * same paths as those of the tables. 0 or -EINVAL. */
#ifndef CONFIG_OCI_CHECK_H
#define CONFIG_OCI_CHECK_H

#include "config/spec.h"
#include "runtime/base/diag.h"
#include "runtime/base/json.h"

MUST_CHECK int oci_check_process(const struct process_spec *p, const struct json *root,
				 struct diag_list *diags);
MUST_CHECK int oci_check_resources(const struct resources_spec *r, const struct json *root,
				   struct diag_list *diags);

/* The file below /proc/sys of a sysctl's name in either spelling ("net.ipv4.ip_forward", "net/ipv4/conf/eth0.1/forwarding"), as "net/ipv4/...", or NULL when the name
 * is malformed or would leave /proc/sys. Freshly allocated. */
char *oci_sysctl_path(const char *name);

#endif
