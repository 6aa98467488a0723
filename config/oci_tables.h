/* oci_tables - the tables that tie struct container_spec to config.json, shared by the oci_*.c files and spec.c. Private to config/.
 *
 * One shape per object of config.md and config-linux.md. Where the model keeps the members of a small JSON object in the struct around it (process.consoleSize,
 * process.execCPUAffinity, linux.resources.pids), the shape of that object describes the same C struct as its parent and the row has offset 0. */
#ifndef CONFIG_OCI_TABLES_H
#define CONFIG_OCI_TABLES_H

#include "config/bind.h"
#include "config/names.h"

/* Rows. T is the struct, m the member, k the JSON key, f the flags. */
#define ROW_AT(T, m) .offset = offsetof(struct T, m)
#define ROW(T, m, k, t, f)                                          \
	{                                                           \
		.key = (k), .kind = (t), .flags = (f), ROW_AT(T, m) \
	}
#define ROW_TYPED(T, m, k, t, f, y)                                               \
	{                                                                         \
		.key = (k), .kind = (t), .flags = (f), ROW_AT(T, m), .type = &(y) \
	}
#define ROW_STRINGS(T, m, k, max)                                                   \
	{                                                                           \
		.key = (k), .kind = FIELD_STRINGS, ROW_AT(T, m), .max_items = (max) \
	}
#define ROW_MAP(T, m, k, max)                                                   \
	{                                                                       \
		.key = (k), .kind = FIELD_MAP, ROW_AT(T, m), .max_items = (max) \
	}
#define ROW_SHAPE(T, m, k, t, s)                                     \
	{                                                            \
		.key = (k), .kind = (t), ROW_AT(T, m), .shape = &(s) \
	}
#define ROW_LIST(T, m, count, k, s, max)                                                     \
	{                                                                                    \
		.key = (k), .kind = FIELD_LIST, ROW_AT(T, m),                                \
		.count_offset = offsetof(struct T, count), .shape = &(s), .max_items = (max) \
	}
#define ROW_KEYED(T, m, count, k, s)                                     \
	{                                                                \
		.key = (k), .kind = FIELD_KEYED, ROW_AT(T, m),           \
		.count_offset = offsetof(struct T, count), .shape = &(s) \
	}

/* A list in a struct of its own with `items` and `n`: L is that struct. */
#define ROW_LIST_IN(T, m, L, k, s)                                                           \
	{                                                                                    \
		.key = (k), .kind = FIELD_LIST,                                              \
		.offset = offsetof(struct T, m) + offsetof(struct L, items),                 \
		.count_offset = offsetof(struct T, m) + offsetof(struct L, n), .shape = &(s) \
	}

#define SHAPE(n_, T, table, ...)                                                                   \
	{                                                                                          \
		.name = (n_), .size = sizeof(struct T), .fields = (table), .n = BIND_COUNT(table), \
		__VA_ARGS__                                                                        \
	}

/* Lists that real callers fill without a bound of their own; JSON's limit of 100,000 values holds anyway. */
#define OCI_MANY 100000

extern const struct shape oci_container_shape;
extern const struct shape oci_root_shape, oci_mount_shape;   /* oci_mounts.c */
extern const struct shape oci_process_shape;                 /* oci_process.c */
extern const struct shape oci_hooks_shape;                   /* oci_hooks.c */
extern const struct shape oci_linux_shape, oci_id_map_shape; /* oci_linux.c */
extern const struct shape oci_resources_shape;               /* oci_resources.c */
extern const struct shape oci_seccomp_shape;                 /* oci_seccomp.c */

/* Types of values that several tables use (oci_types.c). */
extern const struct value_type oci_id_type; /* a uid or gid: 0 ... 2^32-2 */
extern const struct value_type oci_u32_type;
extern const struct value_type oci_absolute_type;    /* an absolute path */
extern const struct value_type oci_inside_type;      /* a path in the container without ".." */
extern const struct value_type oci_device_path_type; /* the same, absolute */
extern const struct value_type oci_text_type;        /* not empty */
extern const struct value_type oci_line_type;        /* no control characters; "" is fine */
extern const struct value_type
	oci_list_type; /* "0-3,7" as the kernel's cpulist and nodelist; "" is fine */
extern const struct value_type oci_interface_type; /* a network interface's name */
extern const struct value_type oci_limit_type;     /* -1 or a count */

/* A type whose values are the words of a names table. */
#define OCI_WORDS(id, table, noun)                                          \
	static int id##_check(const char *text, char *why, size_t why_size) \
	{                                                                   \
		return oci_word_check(table, text, why, why_size);          \
	}                                                                   \
	static const struct value_type id = { .name = (noun), .check = id##_check }
int oci_word_check(const struct name_value *table, const char *text, char *why, size_t why_size);

#endif
