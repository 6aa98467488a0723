#include "config/oci_tables.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/mem.h"
#include "runtime/base/str.h"

/* linux: config-linux.md. Two members need functions of their own: namespaces is a list in JSON and an array by type in the model, timeOffsets is a map of two
 * known clocks. The extensions at the end of struct linux_spec have no rows on purpose: no config.json can set them. */

OCI_WORDS(domain_type, personality_domains, "personality domain");
OCI_WORDS(policy_mode_type, memory_policy_modes, "memory policy");
OCI_WORDS(policy_flag_type, memory_policy_flags, "memory policy flag");

static const char *const namespace_words[] = { "pid",  "network", "mount", "ipc", "uts",
					       "user", "cgroup",  "time",  NULL };
static const char *const device_words[] = { "c", "b", "u", "p", NULL };
static const struct value_type namespace_type = { .name = "namespace", .words = namespace_words };
static const struct value_type device_type = { .name = "device type", .words = device_words };
static const struct value_type file_mode_type = { .name = "file mode", .max = UINT16_MAX };
static const struct value_type major_type = { .name = "major number", .max = 4095 }; /* 12 bits */
static const struct value_type minor_type = { .name = "minor number",
					      .max = 1048575 }; /* 20 bits */
static const struct value_type nanoseconds_type = { .name = "number of nanoseconds",
						    .max = 999999999 };
static const struct value_type id_type = { .name = "id", .max = UINT32_MAX - 1 };

static int check_propagation(const char *text, char *why, size_t why_size)
{
	return text[0] ? oci_word_check(propagation_names, text, why, why_size) : 0;
}

/* A name for a directory of /sys/fs/resctrl. */
static int check_clos(const char *text, char *why, size_t why_size)
{
	if (!str_empty(text) && !str_eq(text, ".") && !str_eq(text, "..") &&
	    str_is_line_safe(text, "/"))
		return 0;
	(void)snprintf(why, why_size, "it must be the name of one directory");
	return -EINVAL;
}

static int check_cgroups_path(const char *text, char *why, size_t why_size)
{
	for (const char *p = text; *p;) {
		size_t n = strcspn(p, "/:");

		if (n == 2 && p[0] == '.' && p[1] == '.') {
			(void)snprintf(why, why_size, "it must not contain \"..\"");
			return -EINVAL;
		}
		p += n + (p[n] != '\0');
	}
	return oci_line_type.check(text, why, why_size);
}

/* config-linux.md: "Currently no flag values are supported." */
static int check_personality_flag(const char *text, char *why, size_t why_size)
{
	(void)text;
	(void)snprintf(why, why_size, "the specification defines no flag");
	return -EINVAL;
}

static const struct value_type personality_flag_type = { .name = "personality flag",
							 .check = check_personality_flag };
static const struct value_type propagation_type = { .name = "mount propagation",
						    .check = check_propagation };
static const struct value_type clos_type = { .name = "closID", .check = check_clos };
static const struct value_type cgroups_path_type = { .name = "cgroups path",
						     .check = check_cgroups_path };

/* --- namespaces --- */

/* One entry of the list. */
struct namespace_entry {
	char *type, *path;
};

static const struct field namespace_fields[] = {
	ROW_TYPED(namespace_entry, type, "type", FIELD_STRING, FIELD_REQUIRED, namespace_type),
	ROW(namespace_entry, path, "path", FIELD_STRING, 0),
};
static const struct shape namespace_shape = SHAPE("namespace", namespace_entry, namespace_fields);

static enum ns_type namespace_number(const char *word)
{
	size_t t = 0;

	while (t < NS_COUNT && !str_eq(ns_words[t], word))
		t++;
	return (enum ns_type)t;
}

static int namespace_put(struct bind_ctx *c, const struct json *j, struct namespace_entry *n,
			 struct ns_spec *list)
{
	struct ns_spec *ns = &list[namespace_number(n->type)];

	if (ns->wanted)
		return bind_error(c, j, "duplicate", NULL, "the namespace \"%s\" is listed twice",
				  n->type);
	if (!str_empty(n->path) && n->path[0] != '/')
		return bind_error(c, j, "value", NULL, "the path \"%s\" is not absolute", n->path);
	ns->wanted = true;
	ns->path = str_empty(n->path) ? NULL : ptr_steal(&n->path);
	return 0;
}

static int load_namespaces(struct bind_ctx *c, const struct json *j, void *member)
{
	size_t before = c->errors;

	memset(member, 0, NS_COUNT * sizeof(struct ns_spec));
	if (bind_expect(c, j, JSON_ARRAY) < 0)
		return -EINVAL;
	for (size_t i = 0; i < j->n; i++) {
		struct namespace_entry n = { 0 };
		size_t mark = bind_enter_index(c, i);

		if (bind_load(c, &namespace_shape, j->items[i], &n) == 0)
			(void)namespace_put(c, j->items[i], &n,
					    member); /* counted in the context */
		bind_free(&namespace_shape, &n);
		bind_leave(c, mark);
	}
	return c->errors == before ? 0 : -EINVAL;
}

static struct json *save_namespaces(const void *member)
{
	const struct ns_spec *list = member;
	auto_ptr(json) struct json *array = json_new_array();

	for (int t = 0; t < NS_COUNT; t++) {
		struct json *entry;

		if (!list[t].wanted)
			continue;
		entry = json_add(array, json_new_object());
		(void)json_set(entry, "type", json_new_string(ns_words[t]));
		if (list[t].path)
			(void)json_set(entry, "path", json_new_string(list[t].path));
	}
	return array->n ? ptr_steal(&array) : NULL;
}

static void done_namespaces(void *member)
{
	struct ns_spec *list = member;

	for (int t = 0; t < NS_COUNT; t++) {
		free(list[t].path);
		list[t] = (struct ns_spec){ 0 };
	}
}

/* --- timeOffsets --- */

static const struct field time_offset_fields[] = {
	ROW(time_offset_spec, secs, "secs", FIELD_I64, 0),
	ROW_TYPED(time_offset_spec, nanosecs, "nanosecs", FIELD_U64, 0, nanoseconds_type),
};
static const struct shape time_offset_shape =
	SHAPE("time offset", time_offset_spec, time_offset_fields);

static int load_time_offset(struct bind_ctx *c, const struct json *j, void *member)
{
	struct time_offset_spec *o = member;

	*o = (struct time_offset_spec){ .set = true };
	return bind_load(c, &time_offset_shape, j, o);
}

static struct json *save_time_offset(const void *member)
{
	const struct time_offset_spec *o = member;

	return o->set ? bind_save(&time_offset_shape, o) : NULL;
}

static void done_time_offset(void *member)
{
	*(struct time_offset_spec *)member = (struct time_offset_spec){ 0 };
}

#define CLOCK_ROW(m, k)                                                                            \
	{                                                                                          \
		.key = (k), .kind = FIELD_CUSTOM, ROW_AT(linux_spec, m), .load = load_time_offset, \
		.save = save_time_offset, .done = done_time_offset                                 \
	}

static const struct field time_offsets_fields[] = {
	CLOCK_ROW(monotonic, "monotonic"),
	CLOCK_ROW(boottime, "boottime"),
};
static const struct shape time_offsets_shape =
	SHAPE("timeOffsets", linux_spec, time_offsets_fields);

/* --- the other objects --- */

static const struct field id_map_fields[] = {
	ROW_TYPED(id_map, container_id, "containerID", FIELD_U64, FIELD_REQUIRED, id_type),
	ROW_TYPED(id_map, host_id, "hostID", FIELD_U64, FIELD_REQUIRED, id_type),
	ROW_TYPED(id_map, size, "size", FIELD_U64, FIELD_REQUIRED, oci_u32_type),
};
const struct shape oci_id_map_shape = SHAPE("id mapping", id_map, id_map_fields);

/* A FIFO has no device number; everything else must name both halves. */
static int check_device(struct bind_ctx *c, const struct json *j, const void *object)
{
	const struct device_spec *d = object;

	if (str_eq(d->type, "p") || (json_get(j, "major") && json_get(j, "minor")))
		return 0;
	return bind_error(c, j, "missing", NULL, "a device of type \"%s\" needs major and minor",
			  d->type);
}

static const struct field device_fields[] = {
	ROW_TYPED(device_spec, path, "path", FIELD_STRING, FIELD_REQUIRED, oci_device_path_type),
	ROW_TYPED(device_spec, type, "type", FIELD_STRING, FIELD_REQUIRED, device_type),
	/* a saved configuration is read again by exec, for which a missing number is an error */
	ROW_TYPED(device_spec, major, "major", FIELD_I64, FIELD_ALWAYS, major_type),
	ROW_TYPED(device_spec, minor, "minor", FIELD_I64, FIELD_ALWAYS, minor_type),
	ROW_TYPED(device_spec, file_mode, "fileMode", FIELD_OPT_U64, 0, file_mode_type),
	ROW_TYPED(device_spec, uid, "uid", FIELD_OPT_U64, 0, oci_id_type),
	ROW_TYPED(device_spec, gid, "gid", FIELD_OPT_U64, 0, oci_id_type),
};
static const struct shape device_shape =
	SHAPE("device", device_spec, device_fields, .check = check_device);

static const struct field net_device_fields[] = {
	{ .kind = FIELD_STRING, ROW_AT(net_device_spec, host_name) }, /* the key of the object */
	ROW_TYPED(net_device_spec, name, "name", FIELD_STRING, 0, oci_interface_type),
};
static const struct shape net_device_shape =
	SHAPE("net device", net_device_spec, net_device_fields);

static const struct field personality_fields[] = {
	ROW_TYPED(personality_spec, domain, "domain", FIELD_STRING, FIELD_REQUIRED, domain_type),
	ROW_TYPED(personality_spec, flags, "flags", FIELD_STRINGS, 0, personality_flag_type),
};
static const struct shape personality_shape =
	SHAPE("personality", personality_spec, personality_fields);

static const struct field intel_rdt_fields[] = {
	ROW_TYPED(intel_rdt_spec, clos_id, "closID", FIELD_STRING, 0, clos_type),
	ROW_TYPED(intel_rdt_spec, schemata, "schemata", FIELD_STRINGS, 0, oci_line_type),
	ROW(intel_rdt_spec, l3_cache_schema, "l3CacheSchema", FIELD_STRING, 0),
	ROW_TYPED(intel_rdt_spec, mem_bw_schema, "memBwSchema", FIELD_STRING, 0, oci_line_type),
	ROW(intel_rdt_spec, enable_monitoring, "enableMonitoring", FIELD_BOOL, 0),
};
static const struct shape intel_rdt_shape = SHAPE("intelRdt", intel_rdt_spec, intel_rdt_fields);

static const struct field memory_policy_fields[] = {
	ROW_TYPED(memory_policy_spec, mode, "mode", FIELD_STRING, FIELD_REQUIRED, policy_mode_type),
	ROW_TYPED(memory_policy_spec, nodes, "nodes", FIELD_STRING, 0, oci_list_type),
	ROW_TYPED(memory_policy_spec, flags, "flags", FIELD_STRINGS, 0, policy_flag_type),
};
static const struct shape memory_policy_shape =
	SHAPE("memoryPolicy", memory_policy_spec, memory_policy_fields);

static const struct field linux_fields[] = {
	{ .key = "namespaces",
	  .kind = FIELD_CUSTOM,
	  ROW_AT(linux_spec, namespaces),
	  .load = load_namespaces,
	  .save = save_namespaces,
	  .done = done_namespaces },
	ROW_LIST(linux_spec, uid_mappings, n_uid_mappings, "uidMappings", oci_id_map_shape,
		 OCI_MANY),
	ROW_LIST(linux_spec, gid_mappings, n_gid_mappings, "gidMappings", oci_id_map_shape,
		 OCI_MANY),
	{ .key = "timeOffsets", .kind = FIELD_OBJECT, .shape = &time_offsets_shape },
	ROW_LIST(linux_spec, devices, n_devices, "devices", device_shape, 0),
	{ .key = "netDevices",
	  .kind = FIELD_KEYED,
	  ROW_AT(linux_spec, net_devices),
	  .count_offset = offsetof(struct linux_spec, n_net_devices),
	  .shape = &net_device_shape,
	  .key_type = &oci_interface_type },
	ROW_TYPED(linux_spec, cgroups_path, "cgroupsPath", FIELD_STRING, 0, cgroups_path_type),
	ROW_SHAPE(linux_spec, resources, "resources", FIELD_OPT_OBJECT, oci_resources_shape),
	ROW_MAP(linux_spec, sysctl, "sysctl", 0),
	ROW_SHAPE(linux_spec, seccomp, "seccomp", FIELD_OPT_OBJECT, oci_seccomp_shape),
	ROW_TYPED(linux_spec, rootfs_propagation, "rootfsPropagation", FIELD_STRING, 0,
		  propagation_type),
	ROW_TYPED(linux_spec, masked_paths, "maskedPaths", FIELD_STRINGS, 0, oci_absolute_type),
	ROW_TYPED(linux_spec, readonly_paths, "readonlyPaths", FIELD_STRINGS, 0, oci_absolute_type),
	ROW(linux_spec, mount_label, "mountLabel", FIELD_STRING, 0),
	ROW_SHAPE(linux_spec, personality, "personality", FIELD_OPT_OBJECT, personality_shape),
	ROW_SHAPE(linux_spec, intel_rdt, "intelRdt", FIELD_OPT_OBJECT, intel_rdt_shape),
	ROW_SHAPE(linux_spec, memory_policy, "memoryPolicy", FIELD_OPT_OBJECT, memory_policy_shape),
};
const struct shape oci_linux_shape = SHAPE("linux", linux_spec, linux_fields);
