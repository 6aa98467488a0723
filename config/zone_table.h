/* zone_table - the table of zone.json and the types of its values. Private to config/.
 *
 * zone_spec.c, zone_parts.c and zone_network.c hold the rows, zone_types.c the types. zone_path, zone_defaults, zone_schema and zone_manual walk the table, none of them
 * knows a property by name that the table does not. */
#ifndef CONFIG_ZONE_TABLE_H
#define CONFIG_ZONE_TABLE_H

#include "config/bind.h"
#include "config/zone_spec.h"

/* The whole file, and the objects in it that have tables in other sources (zone_network.c, zone_parts.c). */
extern const struct shape zone_shape;
extern const struct shape zone_anet_shape, zone_net_shape, zone_publish_shape, zone_dns_shape;
extern const struct shape zone_cpu_cap_shape, zone_dedicated_cpu_shape, zone_memory_cap_shape;
extern const struct shape zone_fs_shape, zone_device_shape, zone_rctl_shape, zone_service_shape;
extern const struct shape zone_admin_shape, zone_block_io_shape;

/* Types (zone_types.c). */
extern const struct value_type zone_name_type, zone_brand_type, zone_path_type, zone_line_type;
extern const struct value_type zone_hostname_type, zone_hostid_type, zone_restart_type;
extern const struct value_type zone_size_type, zone_cpus_type, zone_duration_type,
	zone_bitrate_type;
extern const struct value_type zone_shares_type, zone_count_type, zone_inodes_type, zone_port_type;
extern const struct value_type zone_class_type, zone_burst_type, zone_ipc_type, zone_shm_type,
	zone_pool_type, zone_priority_type;                               /* zone_parts.c */
extern const struct value_type zone_huge_limit_type, zone_huge_size_type; /* zone_resources.c */
extern const struct value_type zone_call_type;                            /* zone_calls.c */
extern const struct value_type zone_weight_type;                          /* zone_block_io.c */
extern const struct value_type zone_interface_type, zone_prefix_type, zone_address_type,
	zone_mac_type;
extern const struct value_type zone_server_type;
extern const struct value_type zone_domain_type, zone_word_type;
extern const struct value_type zone_dir_type, zone_special_type, zone_cwd_type,
	zone_mount_option_type;
extern const struct value_type zone_device_type, zone_sysctl_key_type, zone_env_key_type;
extern const struct value_type zone_attr_key_type, zone_user_type, zone_signal_type;

/* A zone that waits for itself, or twice for another (zone_dependency.c). One diagnostic each; returns their number. `root` gives places and may be NULL. */
size_t zone_check_dependency(const struct zone_spec *z, const struct json *root,
			     struct diag_list *diags);

/* "rlimit": {"nofile": [1024, 65536]} (zone_rlimit.c). Members of a struct zone_spec; `member` is its beginning. */
int zone_rlimit_load(struct bind_ctx *c, const struct json *j, void *zone);
struct json *zone_rlimit_save(const void *zone);
void zone_rlimit_done(void *zone);
struct json *zone_rlimit_schema(void);

/* Does the type allow this text? Types without rules allow all. */
bool zone_type_accepts(const struct value_type *type, const char *text);

/* Rows. T is the struct without "zone_", m the member, k the JSON key, t the kind. Further members of struct field may follow. */
#define ROW(T, m, k, t, ...)                                                          \
	{                                                                             \
		.key = (k), .kind = (t), .offset = offsetof(struct T, m), __VA_ARGS__ \
	}
#define ROW_LIST(T, m, k, s, ...)                                                     \
	{                                                                             \
		.key = (k), .kind = FIELD_LIST, .offset = offsetof(struct T, m),      \
		.count_offset = offsetof(struct T, n_##m), .shape = &(s), __VA_ARGS__ \
	}
#define SHAPE(label, T, table, ...)                                           \
	{                                                                     \
		.name = (label), .size = sizeof(struct T), .fields = (table), \
		.n = BIND_COUNT(table), .strict = true, __VA_ARGS__           \
	}

#endif
