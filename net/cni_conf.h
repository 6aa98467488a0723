/* cni_conf - networks as administrators write them for the Container Network Interface, and what a plugin is handed of them. Private to net/.
 *
 * A network is a file of the directory $NETCONFPATH (/etc/cni/net.d): NAME.conflist holds a list of plugins, NAME.conf or NAME.json one plugin, which is treated as a list of
 * one. As in libcni the files are read in the order of their names, lists first, and the first with the wanted "name" counts. Plugins are programs in the directories of
 * $CNI_PATH (/usr/lib/cni:/opt/cni/bin). Both run with the host's authority: files that somebody else than root may write are refused. */
#ifndef NET_CNI_CONF_H
#define NET_CNI_CONF_H

#include <stdbool.h>

#include "runtime/base/err.h"
#include "runtime/base/json.h"

enum { CNI_NAME = 65 }; /* a network's name with its end */

const char *cni_conf_dir(void);     /* borrowed, from the environment */
const char *cni_program_path(void); /* the same */

/* A value without the name it had in its object, ready for another one. Pure. */
struct json *cni_copy(const struct json *j);

/* Letters, digits and _ . -, beginning with a letter or digit, shorter than CNI_NAME. Pure. */
bool cni_name_ok(const char *name);
/* One of the versions of the specification that have lists and results as this module reads them: 0.3.0 to 1.1.0. Pure. */
bool cni_version_ok(const char *version);
/* Whether version `a` is at least `b`; both of the form "1.0.0". Pure. */
bool cni_version_least(const char *a, const char *b);

/* The network of that name as a list { "cniVersion", "name", "plugins": [...] }, checked. -ENOENT says which networks there are. */
MUST_CHECK int cni_conf_find(const char *name, struct json **ret, struct err *e);
/* A file's content as such a list; `is_list` tells the two kinds apart. Pure. */
MUST_CHECK int cni_conf_read(const struct json *content, bool is_list, struct json **ret,
			     struct err *e);

/* What a plugin gets on its standard input: its part of the list with the list's name and version, those of the values in `runtime` whose capability it declares, and the result of
 * the plugins before it. `runtime` and `previous` may be NULL. Pure. */
struct json *cni_conf_request(const struct json *list, size_t plugin, const struct json *runtime,
			      const struct json *previous);
/* Whether some plugin declares the capability ("ips", "mac", "portMappings", "bandwidth"). Pure. */
bool cni_conf_can(const struct json *list, const char *capability);
/* "bridge"; of the plugin's own address management when `ipam`, NULL where it has none. Borrowed. Pure. */
const char *cni_conf_type(const struct json *list, size_t plugin, bool ipam);
size_t cni_conf_count(const struct json *list);

/* The program of a plugin, searched in the directories of `path` (colons between). Freshly allocated. */
MUST_CHECK int cni_program_find(const char *path, const char *type, char **ret, struct err *e);

#endif
