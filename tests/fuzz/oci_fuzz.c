#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "config/oci.h"
#include "runtime/base/json.h"
#include "runtime/base/mem.h"

/* libFuzzer target (make fuzz): any bytes as config.json, as a process document and as a resources document. Refused is fine and says where; accepted must
 * survive being written and read again. tests/unit/fuzz/ replays the corpus without libFuzzer. */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void parse_again(const struct container_spec *s)
{
	auto_done(diag_list) struct diag_list diags = { .file = "again" };
	auto_ptr(container_spec) struct container_spec *again = NULL;
	auto_ptr(json) struct json *saved = oci_save(s);
	auto_free char *text = json_print(saved, false);
	int r = oci_parse(text, strlen(text), &again, &diags);

	assert(r == 0 && diags.n == 0); /* what we wrote is what we accept */
	(void)r;
}

static void parse_config(const char *text, size_t n)
{
	auto_done(diag_list) struct diag_list diags = { .file = "config.json" };
	auto_ptr(container_spec) struct container_spec *s = NULL;
	int r = oci_parse(text, n, &s, &diags);

	assert((r == 0) == (s != NULL) && (r == 0) == (diags.n == 0));
	if (r == 0)
		parse_again(s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	auto_free char *text = mem_zero(n + 1); /* ends with a NUL, as file_read_all gives it */
	auto_ptr(process_spec) struct process_spec *process = NULL;
	auto_ptr(resources_spec) struct resources_spec *resources = NULL;
	struct err e = { 0 };
	int r;

	if (n > 0)
		memcpy(text, data, n);
	parse_config(text, n);
	r = oci_parse_process(text, n, &process, &e);
	assert((r == 0) == (process != NULL));
	r = oci_parse_resources(text, n, &resources, &e);
	assert((r == 0) == (resources != NULL));
	(void)r;
	return 0;
}
