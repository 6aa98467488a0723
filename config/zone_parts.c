/* zone_parts - the rows of the objects in zone.json that are not about the network: CPU and memory caps, devices, the service. */
#include "config/zone_table.h"

#include <errno.h>
#include <stdio.h>

#include "runtime/base/num.h"

enum { MAX_ARGUMENTS = 1024, MAX_VARIABLES = 512 };

/* --- CPU and memory --- */

static const struct value_type cpu_range_type = {
	.name = "CPU count or range",
	.example = "1-2",
	.pattern = "^[0-9]+(-[0-9]+)?$",
};
const struct value_type zone_priority_type = {
	.name = "place in the order", .example = "100", .min = 0, .max = 1000
};
static const struct value_type locked_type = {
	.name = "size",
	.parse = num_size,
	.format = num_size_text,
	.example = "64M",
	.pattern = "^[0-9]+(\\.[0-9]{1,3})?([KMGTPkmgtp](i?B)?)?$",
	.max = UINT64_C(1) << 60,
};

/* Words of zonecfg(8) that would promise what a zone must not have. */
static const struct {
	const char *word, *reason;
} refused_classes[] = {
	{ "RT", "a real-time process of a zone could stop the whole machine" },
	{ "FX", "Linux has no class of fixed priorities beside real time, which no zone gets" },
	{ "IA", "Linux has no class for the program in front of the user" },
	{ "SYS", "it is the kernel's own" },
};

static int check_class(const char *text, char *why, size_t why_size)
{
	static const char *const known[] = { "TS", "FSS", "batch", "idle" };

	for (size_t i = 0; i < BIND_COUNT(known); i++)
		if (str_eq(text, known[i]))
			return 0;
	for (size_t i = 0; i < BIND_COUNT(refused_classes); i++)
		if (str_eq(text, refused_classes[i].word)) {
			(void)snprintf(why, why_size, "%s", refused_classes[i].reason);
			return -EINVAL;
		}
	(void)snprintf(why, why_size, "it is TS, FSS, batch or idle");
	return -EINVAL;
}

const struct value_type zone_class_type = {
	.name = "scheduling class",
	.check = check_class,
	.example = "idle",
	.pattern = "^(TS|FSS|batch|idle)$",
};
/* Also the name of a file. */
static int check_pool(const char *text, char *why, size_t why_size)
{
	const char *reason = NULL;

	if (zone_name_ok(text, &reason))
		return 0;
	(void)snprintf(why, why_size, "%s", reason);
	return -EINVAL;
}

const struct value_type zone_pool_type = {
	.name = "name of a pool",
	.check = check_pool,
	.example = "fast",
	.pattern = "^(?!global$)[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9_-])?$",
};
const struct value_type zone_burst_type = {
	.name = "number of CPU seconds",
	.parse = num_milli,
	.format = num_milli_text,
	.numeric = true,
	.example = "0.05",
	.pattern = "^[0-9]+(\\.[0-9]{1,3})?$",
	.min = 1,
	.max = UINT64_C(819200),
	.scale = 1000,
};
const struct value_type zone_ipc_type = {
	.name = "count", .example = "128", .min = 0, .max = 32768 /* IPCMNI */
};
/* As locked_type, from a page on. */
const struct value_type zone_shm_type = {
	.name = "size",
	.parse = num_size,
	.format = num_size_text,
	.example = "64M",
	.pattern = "^[0-9]+(\\.[0-9]{1,3})?([KMGTPkmgtp](i?B)?)?$",
	.min = 64 << 10, /* the largest page of any machine */
	.max = UINT64_C(1) << 60,
};

static const struct field cpu_cap_fields[] = {
	ROW(zone_cpu_cap, ncpus, "ncpus", FIELD_OPT_U64, .flags = FIELD_REQUIRED | FIELD_LIVE,
	    .type = &zone_cpus_type,
	    .doc = "CPU time that all processes of the zone together may use, in CPUs with at most three decimals, from 0.01: 1.5 is one and a half CPUs. It is not exceeded even when the machine is idle."),
	ROW(zone_cpu_cap, burst, "burst", FIELD_OPT_U64, .flags = FIELD_LIVE,
	    .type = &zone_burst_type, .fallback = "none",
	    .doc = "CPU seconds that an idle zone may save up and spend above the cap, with at most three decimals; at most a tenth of ncpus, which is what the cap gives in one period of 100 ms."),
};
const struct shape zone_cpu_cap_shape =
	SHAPE("cappedCPU", zone_cpu_cap, cpu_cap_fields, .doc = "Upper bound of CPU time.");

static const struct field dedicated_cpu_fields[] = {
	ROW(zone_dedicated_cpu, ncpus, "ncpus", FIELD_STRING, .flags = FIELD_REQUIRED | FIELD_LIVE,
	    .type = &cpu_range_type,
	    .doc = "How many CPUs: a number, or a range such as 1-2, at least and at most. At least one CPU stays with the host."),
};
const struct shape zone_dedicated_cpu_shape =
	SHAPE("dedicatedCPU", zone_dedicated_cpu, dedicated_cpu_fields,
	      .doc = "CPUs that nobody else uses while the zone runs.");

static const struct field memory_cap_fields[] = {
	ROW(zone_memory_cap, physical, "physical", FIELD_OPT_U64, .flags = FIELD_LIVE,
	    .type = &zone_size_type,
	    .fallback = "the host's memory without a reserve of 5 % or 256M, whichever is more",
	    .doc = "Memory in bytes that the zone may have in RAM, page cache and tmpfs included. When it cannot be kept by reclaiming, the kernel ends processes of this zone and of no other."),
	ROW(zone_memory_cap, swap, "swap", FIELD_OPT_U64, .flags = FIELD_LIVE,
	    .type = &zone_size_type, .fallback = "none beside physical: swap space is not limited",
	    .doc = "RAM and swap space together, in bytes, as in Solaris; at least physical. The same value as physical means no swap space."),
	ROW(zone_memory_cap, soft, "soft", FIELD_OPT_U64, .flags = FIELD_LIVE,
	    .type = &zone_size_type, .fallback = "none",
	    .doc = "Memory in bytes that the zone keeps when the host runs short of it: what a zone has beyond is taken back first. Not above physical."),
	ROW(zone_memory_cap, locked, "locked", FIELD_OPT_U64, .flags = FIELD_LIVE,
	    .type = &locked_type, .fallback = "the kernel's default",
	    .doc = "Memory in bytes that each process of the zone may lock in RAM (RLIMIT_MEMLOCK); not above physical."),
};
const struct shape zone_memory_cap_shape =
	SHAPE("cappedMemory", zone_memory_cap, memory_cap_fields, .doc = "Upper bounds of memory.");

/* --- devices --- */

static const char *const access_words[] = { "r", "w", "rw", NULL };
static const struct value_type access_type = { .name = "kind of access", .words = access_words };

static const struct field device_fields[] = {
	ROW(zone_device, match, "match", FIELD_STRING, .flags = FIELD_REQUIRED,
	    .type = &zone_device_type,
	    .doc = "The device's path, below /dev, the same on the host and inside the zone. Patterns are not expanded."),
	ROW(zone_device, access, "access", FIELD_STRING, .type = &access_type, .fallback = "rw",
	    .doc = "What the zone may do with it: r read, w write, rw both."),
};
const struct shape zone_device_shape = SHAPE(
	"device", zone_device, device_fields,
	.doc = "A device of the host that the zone may use. A node that everybody on the host may read and write (0666) is shown as it is. Any other would be shut to all in the zone, whose users are none of the host's: of that the zone gets a node of its own, which belongs to its root and has the mode of the host's; root in the zone may hand it on to a user or group of the zone. The host's node stays as it is. The memory and ports of the machine and the kernel's log are refused, whatever name they have.");

static const struct field rctl_fields[] = {
	ROW(zone_rctl, name, "name", FIELD_STRING, .flags = FIELD_REQUIRED, .type = &zone_line_type,
	    .doc = "Name of the resource control, such as zone.max-shm-memory."),
	ROW(zone_rctl, value, "value", FIELD_STRING, .flags = FIELD_REQUIRED,
	    .type = &zone_line_type, .doc = "Its limit, a number or a size."),
};
const struct shape zone_rctl_shape =
	SHAPE("rctl", zone_rctl, rctl_fields, .doc = "A Solaris resource control by name.");

/* --- service and administration --- */

static const struct field service_fields[] = {
	ROW(zone_service, command, "command", FIELD_STRINGS, .flags = FIELD_NOT_EMPTY,
	    .max_items = MAX_ARGUMENTS, .fallback = "what the image says",
	    .doc = "The program and its arguments, one list entry each; no shell is involved. The program is an absolute path, or a name that is looked up in PATH. Only a zone of brand linux may leave it out: then the image that it is installed from says it."),
	ROW(zone_service, user, "user", FIELD_STRING, .type = &zone_user_type, .fallback = "root",
	    .doc = "User, or USER:GROUP, that the program runs as; names are looked up in the zone's own /etc/passwd and /etc/group, numbers are from 0 to 65535."),
	ROW(zone_service, env, "env", FIELD_MAP, .type = &zone_line_type,
	    .key_type = &zone_env_key_type, .max_items = MAX_VARIABLES, .fallback = "none",
	    .doc = "Environment variables in addition to the usual ones."),
	ROW(zone_service, cwd, "cwd", FIELD_STRING, .type = &zone_cwd_type, .fallback = "/",
	    .doc = "Working directory inside the zone."),
	ROW(zone_service, restart, "restart", FIELD_STRING, .type = &zone_restart_type,
	    .fallback = "on-failure",
	    .doc = "When the program is started again inside the running zone: no never, on-failure when it ended with another status than 0 or by a signal, always after every end. Waiting times grow from 100 ms to 30 s while it keeps failing; after five failures in a row it stays down and the zone stays up."),
	ROW(zone_service, stop_signal, "stopSignal", FIELD_STRING, .type = &zone_signal_type,
	    .fallback = "TERM",
	    .doc = "Signal, by name or number, that asks the program to end when the zone shuts down."),
};
const struct shape zone_service_shape =
	SHAPE("service", zone_service, service_fields,
	      .doc = "The program that the zone is there for, run by the built-in init.");

static const char *const auth_words[] = { "login",      "manage", "clonefrom", "config",
					  "liveconfig", "remove", NULL };
static const struct value_type auth_type = { .name = "right", .words = auth_words };
static const struct value_type clones_type = { .name = "number of clones", .min = 1, .max = 64 };

/* The amounts of a zone that may have a bound: those that zone_delegate.c lets a user lower. */
#define BOUND(m, k, t)                                                        \
	ROW(zone_spec, m, k, FIELD_OPT_U64, .type = &(t), .fallback = "none", \
	    .doc = "Up to which the user may raise the property of this name.")
#define BOUNDS(m, k, s)                                                                        \
	{                                                                                      \
		.key = (k), .kind = FIELD_OPT_OBJECT, .offset = offsetof(struct zone_spec, m), \
		.shape = &(s), .fallback = "none",                                             \
		.doc = "Up to which the user may raise the properties of these names."         \
	}
static const struct field limit_fields[] = {
	BOUND(cpu_shares, "cpuShares", zone_shares_type),
	BOUNDS(capped_cpu, "cappedCPU", zone_cpu_cap_shape),
	BOUNDS(capped_memory, "cappedMemory", zone_memory_cap_shape),
	BOUND(max_processes, "maxProcesses", zone_count_type),
	BOUND(max_lwps, "maxLwps", zone_count_type),
	BOUND(max_msg_ids, "maxMsgIds", zone_ipc_type),
	BOUND(max_sem_ids, "maxSemIds", zone_ipc_type),
	BOUND(max_shm_ids, "maxShmIds", zone_ipc_type),
	BOUND(max_shm_memory, "maxShmMemory", zone_shm_type),
	BOUND(io_weight, "ioWeight", zone_weight_type),
	BOUND(quota, "quota", zone_size_type),
	BOUND(quota_inodes, "quotaInodes", zone_inodes_type),
	BOUND(shutdown_timeout, "shutdownTimeout", zone_duration_type),
};
static const struct shape limits_shape =
	SHAPE("limits", zone_spec, limit_fields, .doc = "Amounts up to which a user may go.");

static const struct field admin_fields[] = {
	ROW(zone_admin, user, "user", FIELD_STRING, .flags = FIELD_REQUIRED,
	    .type = &zone_line_type, .doc = "Name of the user of the host who gets the rights."),
	ROW(zone_admin, auths, "auths", FIELD_STRINGS, .flags = FIELD_REQUIRED, .type = &auth_type,
	    .max_items = 6,
	    .doc = "Rights: login: login, exec and console, as any user of the zone; manage: ready, boot, shutdown, halt, reboot, freeze, thaw, ps, logs, events and why; config: change some properties of the zone's file (see USERS OTHER THAN ROOT in zone(8)), which makes the user root inside; liveconfig: apply; clonefrom: clone, as a zone of the name ZONE-WORD; remove: uninstall and delete. Each of them also list, some info."),
	{ .key = "limits",
	  .kind = FIELD_OPT_OBJECT,
	  .offset = offsetof(struct zone_admin, limits),
	  .shape = &limits_shape,
	  .fallback = "none: amounts can only be made smaller",
	  .doc = "With the right config: amounts up to which the user may go." },
	ROW(zone_admin, clones, "clones", FIELD_OPT_U64, .type = &clones_type, .fallback = "1",
	    .doc = "With the right clonefrom: how many clones of this zone the user may have at a time."),
};

const struct shape zone_admin_shape = SHAPE("admin", zone_admin, admin_fields,
					    .doc = "Rights of a user of the host over this zone.");

/* --- the view of itself --- */

int zone_proc_view_load(struct bind_ctx *c, const struct json *j, void *member)
{
	struct zone_proc_view *v = member;

	if (j->type == JSON_BOOL) {
		*v = (struct zone_proc_view){ .set = true, .value = j->boolean };
		return 0;
	}
	if (j->type != JSON_STRING || !str_eq(j->text, "files"))
		return bind_error(c, j, "value", NULL, "must be true, false or \"files\"");
	*v = (struct zone_proc_view){ .set = true, .value = true, .only_files = true };
	return 0;
}

struct json *zone_proc_view_save(const void *member)
{
	const struct zone_proc_view *v = member;

	if (!v->set)
		return NULL;
	return v->only_files ? json_new_string("files") : json_new_bool(v->value);
}

void zone_proc_view_done(void *member)
{
	*(struct zone_proc_view *)member = (struct zone_proc_view){ 0 };
}

struct json *zone_proc_view_schema(void)
{
	struct json *j = json_new_object();
	struct json *values = json_set(j, "enum", json_new_array());

	(void)json_add(values, json_new_bool(true));
	(void)json_add(values, json_new_bool(false));
	(void)json_add(values, json_new_string("files"));
	(void)json_set(j, "default", json_new_bool(true));
	return j;
}
