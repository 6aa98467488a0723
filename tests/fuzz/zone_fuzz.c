#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "config/zone_spec.h"
#include "runtime/base/json.h"
#include "runtime/base/mem.h"

/* libFuzzer target (make fuzz): any bytes as a zone's file. Refused is fine and says where; accepted must survive being written and read again, must have an effective configuration whose
 * every value can be shown, and either translates to a container or is refused by a sentence. tests/unit/fuzz/ replays the corpus without libFuzzer. */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void parse_again(const struct zone_spec *z)
{
	auto_done(diag_list) struct diag_list diags = { .file = "again" };
	auto_ptr(zone_spec) struct zone_spec *again = NULL;
	auto_free char *text = zone_spec_text(z);
	int r = zone_spec_parse(text, strlen(text), &again, &diags);

	assert(r == 0 && diags.n == 0); /* what we wrote is what we accept */
	(void)r;
	auto_free char *second = zone_spec_text(again);

	assert(str_eq(text, second));
}

static void visit(const char *path, const char *value, enum zone_origin origin, void *arg)
{
	size_t *rows = arg;

	assert(path && value && zone_origin_word(origin));
	(*rows)++;
}

static void use(const struct zone_spec *z)
{
	static const struct zone_host host = { .memory_bytes = UINT64_C(8) << 30,
					       .storage_dir = "/var/lib/zones",
					       .id_base = 0x40000000,
					       .owner_uid = 0x40010000,
					       .init_path = "/usr/libexec/zones/zone-init",
					       .uuid = "6f1e0a52-93a5-4f0e-8a3b-0a5d8f7a1c11",
					       .root_path = "/var/lib/zones/web/root" };
	static const struct zone_boot_options boot = { .init_kind = "zone-init" };
	auto_ptr(zone_spec) struct zone_spec *effective = zone_effective(z, &host);
	auto_ptr(container_spec) struct container_spec *container = NULL;
	struct err e = { 0 };
	size_t rows = 0;

	zone_effective_visit(z, effective, &host, visit, &rows);
	assert(rows > 0);
	int r = zone_to_oci(effective, &host, &boot, &container, &e);

	assert((r == 0) == (container != NULL) && (r == 0 || e.text[0]));
	(void)r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	auto_free char *text = mem_zero(n + 1); /* ends with a NUL, as file_read_all gives it */
	auto_done(diag_list) struct diag_list diags = { .file = "zone.json" };
	auto_ptr(zone_spec) struct zone_spec *z = NULL;

	if (n > 0)
		memcpy(text, data, n);
	int r = zone_spec_parse(text, n, &z, &diags);

	assert((r == 0) == (z != NULL) && (r == 0) == (diags.n == 0));
	if (r == 0) {
		parse_again(z);
		use(z);
	}
	return 0;
}
