#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "config/zone_spec.h"
#include "runtime/base/mem.h"
#include "runtime/zone/foreign.h"

/* libFuzzer target (make fuzz-foreign): any text as the configuration of another container manager; the first byte tells which. What comes out of it is always a valid configuration of ours, and every
 * item is listed. */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static const struct {
	void (*read)(struct foreign *f, const char *text);
	const struct foreign_rule *rules;
} kinds[] = {
	{ foreign_read_lxc, foreign_lxc_rules },
	{ foreign_read_nspawn, foreign_nspawn_rules },
	{ foreign_read_docker, foreign_docker_rules },
	{ foreign_read_zonecfg, foreign_zonecfg_rules },
};

static void check_result(const struct foreign *f)
{
	auto_done(diag_list) struct diag_list diags = { .file = "result" };
	auto_free char *text = json_print(f->config, false);
	struct zone_spec *z = NULL;

	assert(zone_spec_parse(text, strlen(text), &z, &diags) == 0);
	zone_spec_free(z);
	assert(f->report->n >= 1 || f->n == 0);
	for (size_t i = 0; i < f->report->n; i++)
		for (const char *c = f->report->rows[i].key; c && *c; c++)
			assert((unsigned char)*c >= 32);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	if (n < 1)
		return 0;
	auto_free char *text = mem_zero(n);
	auto_done(diag_list) struct diag_list diags = { .file = "input" };
	auto_done(zone_foreign) struct zone_foreign report = { 0 };
	auto_done(foreign) struct foreign f = { .report = &report, .diags = &diags };
	size_t kind = data[0] % (sizeof(kinds) / sizeof(kinds[0]));

	memcpy(text, data + 1, n - 1);
	f.config = json_new_object();
	json_set(f.config, "zonename", json_new_string("fuzz"));
	json_set(f.config, "brand", json_new_string("linux"));
	json_set(f.config, "anet", json_new_array());
	kinds[kind].read(&f, text);
	if (diags.n > 0)
		return 0;
	foreign_run(&f, kinds[kind].rules);
	check_result(&f);
	return 0;
}
