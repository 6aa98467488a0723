#include "runtime/base/cleanup.h"
#include "runtime/engine/engine.h"
#include "tests/unit/test.h"

static bool has(const struct json *list, const char *word)
{
	for (size_t i = 0; list && i < list->n; i++) {
		if (str_eq(list->items[i]->text, word))
			return true;
	}
	return false;
}

int main(void)
{
	auto_ptr(json) struct json *f = engine_features();
	const struct json *l = json_get(f, "linux"), *seccomp = json_get(l, "seccomp");

	CHECK_STR(json_get_string(f, "ociVersionMin", NULL), "1.0.0");
	CHECK(json_get_string(f, "ociVersionMax", NULL) != NULL);
	CHECK(has(json_get(f, "hooks"), "createContainer"));
	CHECK(has(json_get(f, "mountOptions"), "rro"));
	CHECK(has(json_get(l, "namespaces"), "time"));
	CHECK(has(json_get(l, "capabilities"), "CAP_SYS_ADMIN"));
	CHECK(has(json_get(seccomp, "actions"), "SCMP_ACT_NOTIFY"));
	CHECK(has(json_get(seccomp, "supportedFlags"), "SECCOMP_FILTER_FLAG_LOG"));
	CHECK(json_get_bool(json_get(json_get(l, "mountExtensions"), "idmap"), "enabled", false));
	CHECK(json_get_bool(json_get(l, "intelRdt"), "enabled", false));
	return test_done();
}
