/* Every property has a row, and what each row says is what happens. */
#include "config/zone_delegate.h"

#include <errno.h>
#include <string.h>

#include "config/bind.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/mem.h"
#include "tests/unit/test.h"

static struct zone_spec *spec(const char *members)
{
	auto_free char *text =
		mem_format("{\"zonename\":\"web\"%s%s}", *members ? "," : "", members);
	auto_done(diag_list) struct diag_list diags = { 0 };
	struct zone_spec *z = NULL;

	CHECK_INT(zone_spec_parse(text, strlen(text), &z, &diags), 0);
	for (size_t i = 0; i < diags.n; i++)
		(void)fprintf(stderr, "%s: %s\n", members, diags.items[i].message);
	return z;
}

static const struct {
	const char *old, *new, *refused; /* path; NULL: allowed */
} cases[] = {
	{ "", "", NULL },
	{ "", "\"attr\":{\"a\":\"b\"}", NULL },
	{ "", "\"service\":{\"command\":[\"/bin/true\"]}", NULL },
	{ "\"restart\":\"always\"", "", NULL },
	{ "\"maxLwps\":100", "\"maxLwps\":99", NULL },
	{ "\"maxLwps\":100", "\"maxLwps\":101", "maxLwps" },
	{ "\"maxLwps\":100", "", "maxLwps" },
	{ "", "\"maxLwps\":4096", NULL },
	{ "", "\"maxLwps\":4097", "maxLwps" },
	{ "", "\"cpuShares\":100", NULL },
	{ "", "\"cpuShares\":101", "cpuShares" },
	{ "", "\"cappedCPU\":{\"ncpus\":9}", NULL },
	{ "\"cappedCPU\":{\"ncpus\":9}", "\"cappedCPU\":{\"ncpus\":9,\"burst\":0.5}",
	  "cappedCPU.burst" },
	{ "\"cappedCPU\":{\"ncpus\":9}", "", "cappedCPU.ncpus" },
	{ "\"cappedMemory\":{\"physical\":\"2G\"}",
	  "\"cappedMemory\":{\"physical\":\"2G\",\"soft\":\"1M\"}", "cappedMemory.soft" },
	{ "\"cappedMemory\":{\"physical\":\"2G\"}",
	  "\"cappedMemory\":{\"physical\":\"1G\",\"swap\":\"2G\"}", NULL },
	{ "\"maxMsgIds\":5", "\"maxMsgIds\":6", "maxMsgIds" },
	{ "\"shutdownTimeout\":\"5s\"", "", "shutdownTimeout" },
	/* the file counts too: nothing of root's may be written down, not even the default */
	{ "", "\"brand\":\"native\"", "brand" },
	{ "", "\"rctl\":[{\"name\":\"zone.max-lwps\",\"value\":\"5\"}]", "rctl" },
	{ "\"fs\":[{\"dir\":\"/t\",\"type\":\"tmpfs\"}]", "", "fs" },
	{ "", "\"sysctl\":{\"kernel.shmall\":\"5\"}", "sysctl.kernel.shmall" },
	/* where nothing is said, the kernel has a limit of its own */
	{ "", "\"maxMsgIds\":32001", "maxMsgIds" },
	{ "", "\"maxSemIds\":32001", "maxSemIds" },
	{ "", "\"maxShmIds\":4097", "maxShmIds" },
	{ "", "\"maxMsgIds\":32000,\"maxSemIds\":32000,\"maxShmIds\":4096", NULL },
	{ "\"maxMsgIds\":32768", "", NULL },
	{ "\"cappedMemory\":{\"physical\":\"2G\"}",
	  "\"cappedMemory\":{\"physical\":\"2G\",\"locked\":\"1G\"}", "cappedMemory.locked" },
	{ "\"cappedMemory\":{\"physical\":\"2G\"}",
	  "\"cappedMemory\":{\"physical\":\"2G\",\"locked\":\"4M\"}", NULL },
};

static void check_case(size_t i, const struct zone_admin *entry)
{
	static const struct zone_host host = { .memory_bytes = 8ull << 30, .storage_dir = "/s" };
	auto_done(diag_list) struct diag_list diags = { 0 };
	auto_ptr(zone_spec) struct zone_spec *old = spec(cases[i].old);
	auto_ptr(zone_spec) struct zone_spec *new = spec(cases[i].new);
	auto_ptr(zone_spec) struct zone_spec *old_effective = zone_effective(old, &host);
	auto_ptr(zone_spec) struct zone_spec *new_effective = zone_effective(new, &host);
	const struct zone_delegate d = { .old_file = old,
					 .new_file = new,
					 .old_effective = old_effective,
					 .new_effective = new_effective,
					 .entries = &entry,
					 .n_entries = entry ? 1 : 0 };
	int r = zone_delegate_check(&d, &diags);

	CHECK_STR(diags.n > 0 ? diags.items[0].path : "", cases[i].refused && !entry
								  ? cases[i].refused
							  : diags.n > 0 ? "?"
									: "");
	CHECK_INT(r, diags.n > 0 ? -EPERM : 0);
}

static void check_row(const char *path, const char *type, const char *fallback, const char *doc,
		      unsigned flags, void *arg)
{
	bool *has_limits = arg;

	(void)type;
	(void)fallback;
	(void)doc;
	*has_limits = *has_limits || str_eq(path, "admin[].limits.maxLwps");
	if (strpbrk(path, ".[") || (flags & FIELD_UNENFORCED))
		return;
	if (!zone_delegate_rule_find(path))
		(void)fprintf(stderr, "%s has no row\n", path);
	CHECK(zone_delegate_rule_find(path) != NULL);
}

int main(void)
{
	bool has_limits = false;

	zone_properties(check_row, &has_limits);
	CHECK(has_limits);
	for (size_t i = 0; zone_delegate_rule_at(i); i++)
		CHECK(*zone_delegate_rule_at(i)->why);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		check_case(i, NULL);
	/* with limits of his own */
	auto_ptr(zone_spec) struct zone_spec *with = spec(
		"\"admin\":[{\"user\":\"a\",\"auths\":[\"config\"],\"limits\":{\"maxLwps\":101,\"cappedMemory\":{\"soft\":\"1M\"}}}]");

	check_case(5, &with->admin[0]);
	check_case(14, &with->admin[0]);
	return test_done();
}
