#include "config/oci_tables.h"

/* hooks: config.md "POSIX-platform Hooks". */

static const struct value_type timeout_type = { .name = "timeout in seconds",
						.min = 1,
						.max = INT32_MAX };

static const struct field hook_fields[] = {
	ROW_TYPED(hook_spec, path, "path", FIELD_STRING, FIELD_REQUIRED, oci_absolute_type),
	ROW_STRINGS(hook_spec, args, "args", OCI_MANY),
	ROW_STRINGS(hook_spec, env, "env", OCI_MANY),
	ROW_TYPED(hook_spec, timeout, "timeout", FIELD_OPT_I64, 0, timeout_type),
};
static const struct shape hook_shape = SHAPE("hook", hook_spec, hook_fields);

#define HOOKS(m, k) ROW_LIST_IN(hooks_spec, m, hook_list, k, hook_shape)

static const struct field hooks_fields[] = {
	HOOKS(prestart, "prestart"),
	HOOKS(create_runtime, "createRuntime"),
	HOOKS(create_container, "createContainer"),
	HOOKS(start_container, "startContainer"),
	HOOKS(poststart, "poststart"),
	HOOKS(poststop, "poststop"),
};
const struct shape oci_hooks_shape = SHAPE("hooks", hooks_spec, hooks_fields);
