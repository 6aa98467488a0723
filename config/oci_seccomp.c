#include "config/oci_tables.h"

/* linux.seccomp: config-linux.md "Seccomp". Names of system calls are not judged: those that this machine does not know are skipped by the filter's builder. */

OCI_WORDS(action_type, seccomp_actions, "seccomp action");
OCI_WORDS(arch_type, seccomp_archs, "seccomp architecture");
OCI_WORDS(flag_type, seccomp_flags, "seccomp flag");
OCI_WORDS(operator_type, seccomp_operators, "seccomp operator");

static const struct value_type index_type = { .name = "argument number", .max = 5 };
static const struct value_type errno_type = { .name = "errno", .max = 4095 }; /* MAX_ERRNO */

static const struct field arg_fields[] = {
	ROW_TYPED(seccomp_arg_spec, index, "index", FIELD_U64, FIELD_REQUIRED, index_type),
	ROW(seccomp_arg_spec, value, "value", FIELD_U64, FIELD_REQUIRED),
	ROW(seccomp_arg_spec, value_two, "valueTwo", FIELD_U64, 0),
	ROW_TYPED(seccomp_arg_spec, op, "op", FIELD_STRING, FIELD_REQUIRED, operator_type),
};
static const struct shape arg_shape = SHAPE("arg", seccomp_arg_spec, arg_fields);

static const struct field rule_fields[] = {
	ROW_STRINGS(seccomp_rule_spec, names, "names", 0),
	ROW_TYPED(seccomp_rule_spec, action, "action", FIELD_STRING, FIELD_REQUIRED, action_type),
	ROW_TYPED(seccomp_rule_spec, errno_ret, "errnoRet", FIELD_OPT_U64, 0, errno_type),
	ROW_LIST(seccomp_rule_spec, args, n_args, "args", arg_shape, 0),
};
static const struct shape rule_shape = SHAPE("syscall", seccomp_rule_spec, rule_fields);

static const struct field seccomp_fields[] = {
	ROW_TYPED(seccomp_spec, default_action, "defaultAction", FIELD_STRING, FIELD_REQUIRED,
		  action_type),
	ROW_TYPED(seccomp_spec, default_errno_ret, "defaultErrnoRet", FIELD_OPT_U64, 0, errno_type),
	ROW_TYPED(seccomp_spec, architectures, "architectures", FIELD_STRINGS, 0, arch_type),
	ROW_TYPED(seccomp_spec, flags, "flags", FIELD_STRINGS, 0, flag_type),
	ROW(seccomp_spec, listener_path, "listenerPath", FIELD_STRING, 0),
	ROW(seccomp_spec, listener_metadata, "listenerMetadata", FIELD_STRING, 0),
	ROW_LIST(seccomp_spec, rules, n_rules, "syscalls", rule_shape, 0),
};
const struct shape oci_seccomp_shape = SHAPE("seccomp", seccomp_spec, seccomp_fields);
