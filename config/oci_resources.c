#include "config/oci_tables.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "runtime/base/str.h"

/* linux.resources: config-linux.md "Control groups", except the values that only a controller can judge (its own minimum and maximum). */

static const char *const rule_words[] = { "a", "b", "c", NULL };
static const struct value_type rule_type = { .name = "device type", .words = rule_words };
static const struct value_type percent_type = { .name = "swappiness", .max = 100 };
static const struct value_type weight_type = { .name = "weight", .max = 1000 };
static const struct value_type major_type = { .name = "device number", .max = UINT32_MAX };
static const struct value_type any_number = { .name = "number", .min_signed = INT64_MIN };
static const struct value_type idle_type = { .name = "flag", .max = 1 };

static int refuse(char *why, size_t why_size, const char *reason)
{
	(void)snprintf(why, why_size, "%s", reason);
	return -EINVAL;
}

static int check_access(const char *text, char *why, size_t why_size)
{
	if (text[0] && strspn(text, "rwm") == strlen(text))
		return 0;
	return refuse(why, why_size, "it must consist of \"r\", \"w\" and \"m\"");
}

/* "2MB", "1GB": the form of the file names hugetlb.2MB.max, so nothing else may stand there. */
static int check_page_size(const char *text, char *why, size_t why_size)
{
	size_t digits = strspn(text, "0123456789");

	if (digits && digits < 10 && text[0] != '0' && text[digits] &&
	    strchr("KMG", text[digits]) && str_eq(text + digits + 1, "B"))
		return 0;
	return refuse(why, why_size, "it must be a number followed by KB, MB or GB");
}

/* The name of one file of a cgroup2 directory: controller.name. */
static int check_unified_key(const char *text, char *why, size_t why_size)
{
	static const char allowed[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
	const char *dot = strchr(text, '.');

	if (strspn(text, allowed) != strlen(text) || strstr(text, ".."))
		return refuse(why, why_size, "it must be the name of one cgroup file");
	if (!dot || dot == text || !dot[1])
		return refuse(why, why_size, "it must have the form \"controller.file\"");
	return 0;
}

static int check_device_name(const char *text, char *why, size_t why_size)
{
	if (text[0] && str_is_line_safe(text, " \t"))
		return 0;
	return refuse(why, why_size, "it is empty or contains a blank");
}

static const struct value_type access_type = { .name = "device access", .check = check_access };
static const struct value_type page_size_type = { .name = "page size", .check = check_page_size };
static const struct value_type unified_key_type = { .name = "cgroup file",
						    .check = check_unified_key };
static const struct value_type rdma_key_type = { .name = "device name",
						 .check = check_device_name };

static const struct field device_fields[] = {
	ROW(device_rule_spec, allow, "allow", FIELD_BOOL, FIELD_REQUIRED),
	ROW_TYPED(device_rule_spec, type, "type", FIELD_STRING, 0, rule_type),
	ROW_TYPED(device_rule_spec, major, "major", FIELD_OPT_I64, 0, oci_limit_type),
	ROW_TYPED(device_rule_spec, minor, "minor", FIELD_OPT_I64, 0, oci_limit_type),
	ROW_TYPED(device_rule_spec, access, "access", FIELD_STRING, 0, access_type),
};
static const struct shape device_shape = SHAPE("device rule", device_rule_spec, device_fields);

static const struct field memory_fields[] = {
	ROW_TYPED(memory_spec, limit, "limit", FIELD_OPT_I64, 0, oci_limit_type),
	ROW_TYPED(memory_spec, reservation, "reservation", FIELD_OPT_I64, 0, oci_limit_type),
	ROW_TYPED(memory_spec, swap, "swap", FIELD_OPT_I64, 0, oci_limit_type),
	ROW_TYPED(memory_spec, kernel, "kernel", FIELD_OPT_I64, 0, oci_limit_type),
	ROW_TYPED(memory_spec, kernel_tcp, "kernelTCP", FIELD_OPT_I64, 0, oci_limit_type),
	ROW_TYPED(memory_spec, swappiness, "swappiness", FIELD_OPT_U64, 0, percent_type),
	ROW(memory_spec, disable_oom_killer, "disableOOMKiller", FIELD_OPT_BOOL, 0),
	ROW(memory_spec, use_hierarchy, "useHierarchy", FIELD_OPT_BOOL, 0),
	ROW(memory_spec, check_before_update, "checkBeforeUpdate", FIELD_OPT_BOOL, 0),
};
static const struct shape memory_shape = SHAPE("memory", memory_spec, memory_fields);

static const struct field cpu_fields[] = {
	ROW(cpu_spec, shares, "shares", FIELD_OPT_U64, 0),
	ROW_TYPED(cpu_spec, quota, "quota", FIELD_OPT_I64, 0, any_number),
	ROW(cpu_spec, burst, "burst", FIELD_OPT_U64, 0),
	ROW(cpu_spec, period, "period", FIELD_OPT_U64, 0),
	ROW_TYPED(cpu_spec, realtime_runtime, "realtimeRuntime", FIELD_OPT_I64, 0, any_number),
	ROW(cpu_spec, realtime_period, "realtimePeriod", FIELD_OPT_U64, 0),
	ROW_TYPED(cpu_spec, cpus, "cpus", FIELD_STRING, 0, oci_list_type),
	ROW_TYPED(cpu_spec, mems, "mems", FIELD_STRING, 0, oci_list_type),
	ROW_TYPED(cpu_spec, idle, "idle", FIELD_OPT_I64, 0, idle_type),
};
static const struct shape cpu_shape = SHAPE("cpu", cpu_spec, cpu_fields);

static const struct field weight_device_fields[] = {
	ROW_TYPED(weight_device_spec, major, "major", FIELD_I64, FIELD_REQUIRED, major_type),
	ROW_TYPED(weight_device_spec, minor, "minor", FIELD_I64, FIELD_REQUIRED, major_type),
	ROW_TYPED(weight_device_spec, weight, "weight", FIELD_OPT_U64, 0, weight_type),
	ROW_TYPED(weight_device_spec, leaf_weight, "leafWeight", FIELD_OPT_U64, 0, weight_type),
};
static const struct shape weight_device_shape =
	SHAPE("weight device", weight_device_spec, weight_device_fields);

static const struct field throttle_fields[] = {
	ROW_TYPED(throttle_device_spec, major, "major", FIELD_I64, FIELD_REQUIRED, major_type),
	ROW_TYPED(throttle_device_spec, minor, "minor", FIELD_I64, FIELD_REQUIRED, major_type),
	ROW(throttle_device_spec, rate, "rate", FIELD_U64, FIELD_REQUIRED),
};
static const struct shape throttle_shape =
	SHAPE("throttle device", throttle_device_spec, throttle_fields);

#define THROTTLE(m, k) ROW_LIST_IN(block_io_spec, m, throttle_list, k, throttle_shape)

static const struct field block_io_fields[] = {
	ROW_TYPED(block_io_spec, weight, "weight", FIELD_OPT_U64, 0, weight_type),
	ROW_TYPED(block_io_spec, leaf_weight, "leafWeight", FIELD_OPT_U64, 0, weight_type),
	ROW_LIST(block_io_spec, weight_devices, n_weight_devices, "weightDevice",
		 weight_device_shape, 0),
	THROTTLE(read_bps, "throttleReadBpsDevice"),
	THROTTLE(write_bps, "throttleWriteBpsDevice"),
	THROTTLE(read_iops, "throttleReadIOPSDevice"),
	THROTTLE(write_iops, "throttleWriteIOPSDevice"),
};
static const struct shape block_io_shape = SHAPE("blockIO", block_io_spec, block_io_fields);

static const struct field hugepage_fields[] = {
	ROW_TYPED(hugepage_spec, page_size, "pageSize", FIELD_STRING, FIELD_REQUIRED,
		  page_size_type),
	ROW(hugepage_spec, limit, "limit", FIELD_U64, FIELD_REQUIRED),
};
static const struct shape hugepage_shape = SHAPE("hugepage limit", hugepage_spec, hugepage_fields);

static const struct field net_priority_fields[] = {
	ROW_TYPED(net_priority_spec, name, "name", FIELD_STRING, FIELD_REQUIRED,
		  oci_interface_type),
	ROW_TYPED(net_priority_spec, priority, "priority", FIELD_U64, FIELD_REQUIRED, oci_u32_type),
};
static const struct shape net_priority_shape =
	SHAPE("priority", net_priority_spec, net_priority_fields);

static const struct field network_fields[] = {
	ROW_TYPED(network_spec, class_id, "classID", FIELD_OPT_U64, 0, oci_u32_type),
	ROW_LIST(network_spec, priorities, n_priorities, "priorities", net_priority_shape, 0),
};
static const struct shape network_shape = SHAPE("network", network_spec, network_fields);

static const struct field rdma_fields[] = {
	{ .kind = FIELD_STRING, ROW_AT(rdma_spec, device) }, /* the key of the object */
	ROW_TYPED(rdma_spec, hca_handles, "hcaHandles", FIELD_OPT_U64, 0, oci_u32_type),
	ROW_TYPED(rdma_spec, hca_objects, "hcaObjects", FIELD_OPT_U64, 0, oci_u32_type),
};
static const struct shape rdma_shape = SHAPE("rdma", rdma_spec, rdma_fields);

static const struct field pids_fields[] = {
	ROW_TYPED(resources_spec, pids_limit, "limit", FIELD_OPT_I64, 0, oci_limit_type),
};
static const struct shape pids_shape = SHAPE("pids", resources_spec, pids_fields);

static const struct field resources_fields[] = {
	ROW_LIST(resources_spec, devices, n_devices, "devices", device_shape, 0),
	ROW_SHAPE(resources_spec, memory, "memory", FIELD_OPT_OBJECT, memory_shape),
	ROW_SHAPE(resources_spec, cpu, "cpu", FIELD_OPT_OBJECT, cpu_shape),
	{ .key = "pids", .kind = FIELD_OBJECT, .shape = &pids_shape },
	ROW_SHAPE(resources_spec, block_io, "blockIO", FIELD_OPT_OBJECT, block_io_shape),
	ROW_LIST(resources_spec, hugepages, n_hugepages, "hugepageLimits", hugepage_shape, 0),
	ROW_SHAPE(resources_spec, network, "network", FIELD_OPT_OBJECT, network_shape),
	{ .key = "rdma",
	  .kind = FIELD_KEYED,
	  ROW_AT(resources_spec, rdma),
	  .count_offset = offsetof(struct resources_spec, n_rdma),
	  .shape = &rdma_shape,
	  .key_type = &rdma_key_type },
	{ .key = "unified",
	  .kind = FIELD_MAP,
	  ROW_AT(resources_spec, unified),
	  .key_type = &unified_key_type },
};
const struct shape oci_resources_shape = SHAPE("resources", resources_spec, resources_fields);
