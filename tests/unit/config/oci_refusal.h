/* oci_refusal - configurations that must be refused at a certain place, or accepted: shared by the tests of config/oci_*.c. */
#ifndef TESTS_UNIT_CONFIG_OCI_REFUSAL_H
#define TESTS_UNIT_CONFIG_OCI_REFUSAL_H

#include <errno.h>

#include "config/oci.h"
#include "runtime/base/str.h"
#include "tests/unit/test.h"

/* A whole configuration around a part. */
#define TOP(x)       "{\"ociVersion\":\"1.3.0\",\"root\":{\"path\":\"r\"}," x "}"
#define PROCESS(x)   TOP("\"process\":{\"cwd\":\"/\",\"args\":[\"a\"]," x "}")
#define LINUX(x)     TOP("\"linux\":{" x "}")
#define NS(types, x) LINUX("\"namespaces\":[" types "]," x)
#define RES(x)       LINUX("\"resources\":{" x "}")
#define SECCOMP(x)   LINUX("\"seccomp\":{\"defaultAction\":\"SCMP_ACT_ERRNO\"," x "}")
#define RULE(x)      SECCOMP("\"syscalls\":[{\"names\":[\"read\"],\"action\":\"SCMP_ACT_ALLOW\"}," x "]")
#define MOUNT(x)     TOP("\"mounts\":[{\"destination\":\"/a\",\"type\":\"tmpfs\"},{" x "}]")
#define USER_NS      "{\"type\":\"user\"}"

/* Wrong in one way; `path` is where, `word` is part of the sentence. */
struct refusal {
	const char *text, *path, *word;
};

static inline bool is_refused_at(const struct refusal *x)
{
	auto_done(diag_list) struct diag_list diags = { .file = "config.json" };
	auto_ptr(container_spec) struct container_spec *s = NULL;
	int r = oci_parse(x->text, strlen(x->text), &s, &diags);
	bool ok = r == -EINVAL && !s && diags.n == 1 && str_eq(diags.items[0].path, x->path) &&
		  strstr(diags.items[0].message, x->word) && diags.items[0].line == 1 &&
		  diags.items[0].column > 0 && diags.items[0].code[0];

	for (size_t i = 0; !ok && i < diags.n; i++)
		printf("# %s | %s | %s\n", diags.items[i].path, diags.items[i].code,
		       diags.items[i].message);
	return ok;
}

static inline void check_refusals(const struct refusal *x, size_t n)
{
	for (size_t i = 0; i < n; i++)
		test_check(is_refused_at(&x[i]), x[i].path, __FILE__, __LINE__);
}

static inline void check_accepted(const char *const *texts, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		auto_done(diag_list) struct diag_list diags = { 0 };
		auto_ptr(container_spec) struct container_spec *s = NULL;
		int r = oci_parse(texts[i], strlen(texts[i]), &s, &diags);

		test_check(r == 0 && s && diags.n == 0, texts[i], __FILE__, __LINE__);
		for (size_t k = 0; k < diags.n; k++)
			printf("# %s: %s\n", diags.items[k].path, diags.items[k].message);
	}
}

#define CHECK_REFUSED(table)  check_refusals((table), sizeof(table) / sizeof((table)[0]))
#define CHECK_ACCEPTED(table) check_accepted((table), sizeof(table) / sizeof((table)[0]))

#endif
