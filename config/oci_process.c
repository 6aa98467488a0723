#include "config/oci_tables.h"

/* process: config.md "Process" and "POSIX process". Capability names are not judged here: one that is unknown or cannot be granted is a warning for the engine,
 * never a reason to refuse the container. */

OCI_WORDS(rlimit_type, rlimit_names, "resource limit");
OCI_WORDS(policy_type, scheduler_policies, "scheduler policy");
OCI_WORDS(scheduler_flag_type, scheduler_flags, "scheduler flag");
OCI_WORDS(io_class_type, io_priority_classes, "I/O priority class");

static const struct value_type umask_type = { .name = "umask", .max = 0777 };
static const struct value_type nice_type = { .name = "nice value", .max = 19, .min_signed = -20 };
static const struct value_type priority_type = { .name = "priority", .max = 99 };
static const struct value_type io_priority_type = { .name = "I/O priority", .max = 7 };
static const struct value_type oom_type = { .name = "score", .max = 1000, .min_signed = -1000 };
static const struct value_type console_type = { .name = "console size", .max = UINT16_MAX };

static const struct field user_fields[] = {
	ROW_TYPED(user_spec, uid, "uid", FIELD_U64, 0, oci_id_type),
	ROW_TYPED(user_spec, gid, "gid", FIELD_U64, 0, oci_id_type),
	ROW_TYPED(user_spec, umask, "umask", FIELD_OPT_U64, 0, umask_type),
	{ .key = "additionalGids",
	  .kind = FIELD_NUMBERS,
	  ROW_AT(user_spec, additional_gids),
	  .count_offset = offsetof(struct user_spec, n_additional_gids),
	  .type = &oci_id_type,
	  .max_items = 65536 }, /* NGROUPS_MAX */
};
static const struct shape user_shape = SHAPE("user", user_spec, user_fields);

static const struct field rlimit_fields[] = {
	ROW_TYPED(rlimit_spec, type, "type", FIELD_STRING, FIELD_REQUIRED, rlimit_type),
	ROW(rlimit_spec, soft, "soft", FIELD_U64, FIELD_REQUIRED),
	ROW(rlimit_spec, hard, "hard", FIELD_U64, FIELD_REQUIRED),
};
static const struct shape rlimit_shape = SHAPE("rlimit", rlimit_spec, rlimit_fields);

static const struct field caps_fields[] = {
	ROW_STRINGS(caps_spec, bounding, "bounding", 0),
	ROW_STRINGS(caps_spec, effective, "effective", 0),
	ROW_STRINGS(caps_spec, inheritable, "inheritable", 0),
	ROW_STRINGS(caps_spec, permitted, "permitted", 0),
	ROW_STRINGS(caps_spec, ambient, "ambient", 0),
};
static const struct shape caps_shape = SHAPE("capabilities", caps_spec, caps_fields);

static const struct field scheduler_fields[] = {
	ROW_TYPED(scheduler_spec, policy, "policy", FIELD_STRING, FIELD_REQUIRED, policy_type),
	ROW_TYPED(scheduler_spec, nice, "nice", FIELD_OPT_I64, 0, nice_type),
	ROW_TYPED(scheduler_spec, priority, "priority", FIELD_OPT_I64, 0, priority_type),
	ROW_TYPED(scheduler_spec, flags, "flags", FIELD_STRINGS, 0, scheduler_flag_type),
	ROW(scheduler_spec, runtime, "runtime", FIELD_OPT_U64, 0),
	ROW(scheduler_spec, deadline, "deadline", FIELD_OPT_U64, 0),
	ROW(scheduler_spec, period, "period", FIELD_OPT_U64, 0),
};
static const struct shape scheduler_shape = SHAPE("scheduler", scheduler_spec, scheduler_fields);

static const struct field io_priority_fields[] = {
	ROW_TYPED(io_priority_spec, class, "class", FIELD_STRING, FIELD_REQUIRED, io_class_type),
	ROW_TYPED(io_priority_spec, priority, "priority", FIELD_I64, 0, io_priority_type),
};
static const struct shape io_priority_shape =
	SHAPE("ioPriority", io_priority_spec, io_priority_fields);

/* Members of struct process_spec that are objects of their own in JSON. */
static const struct field console_fields[] = {
	ROW_TYPED(process_spec, console_height, "height", FIELD_U64, FIELD_REQUIRED, console_type),
	ROW_TYPED(process_spec, console_width, "width", FIELD_U64, FIELD_REQUIRED, console_type),
};
static const struct shape console_shape = SHAPE("consoleSize", process_spec, console_fields);

static const struct field affinity_fields[] = {
	ROW_TYPED(process_spec, exec_affinity_initial, "initial", FIELD_STRING, 0, oci_list_type),
	ROW_TYPED(process_spec, exec_affinity_final, "final", FIELD_STRING, 0, oci_list_type),
};
static const struct shape affinity_shape = SHAPE("execCPUAffinity", process_spec, affinity_fields);

/* A size of 0 × 0 is what Go callers write when there is no terminal, and is what an absent size is here. */
static int load_console(struct bind_ctx *c, const struct json *j, void *member)
{
	return bind_load(c, &console_shape, j, member);
}

static struct json *save_console(const void *member)
{
	const struct process_spec *p = member;

	return p->console_height || p->console_width ? bind_save(&console_shape, p) : NULL;
}

static const struct field process_fields[] = {
	ROW(process_spec, terminal, "terminal", FIELD_BOOL, 0),
	{ .key = "consoleSize", .kind = FIELD_CUSTOM, .load = load_console, .save = save_console },
	ROW_SHAPE(process_spec, user, "user", FIELD_OBJECT, user_shape),
	ROW_STRINGS(process_spec, args, "args", OCI_MANY),
	ROW_STRINGS(process_spec, env, "env", OCI_MANY),
	ROW_TYPED(process_spec, cwd, "cwd", FIELD_STRING, FIELD_REQUIRED, oci_absolute_type),
	ROW_SHAPE(process_spec, capabilities, "capabilities", FIELD_OPT_OBJECT, caps_shape),
	ROW_LIST(process_spec, rlimits, n_rlimits, "rlimits", rlimit_shape, 0),
	ROW(process_spec, no_new_privileges, "noNewPrivileges", FIELD_BOOL, 0),
	ROW_TYPED(process_spec, apparmor_profile, "apparmorProfile", FIELD_STRING, 0,
		  oci_line_type),
	ROW_TYPED(process_spec, selinux_label, "selinuxLabel", FIELD_STRING, 0, oci_line_type),
	ROW_TYPED(process_spec, oom_score_adj, "oomScoreAdj", FIELD_OPT_I64, 0, oom_type),
	ROW_SHAPE(process_spec, scheduler, "scheduler", FIELD_OPT_OBJECT, scheduler_shape),
	ROW_SHAPE(process_spec, io_priority, "ioPriority", FIELD_OPT_OBJECT, io_priority_shape),
	{ .key = "execCPUAffinity", .kind = FIELD_OBJECT, .shape = &affinity_shape },
};
const struct shape oci_process_shape = SHAPE("process", process_spec, process_fields);
