/* A tenant's file, and its limits as resources: what was there before and is no more is written as no limit. */
#include "config/tenant.h"

#include <errno.h>
#include <string.h>

#include "tests/unit/test.h"

static struct tenant_spec *parse(const char *text, int want)
{
	auto_done(diag_list) struct diag_list diags = { .file = "acme.json" };
	struct tenant_spec *t = NULL;

	CHECK_INT(tenant_spec_parse(text, strlen(text), &t, &diags), want);
	CHECK((want == 0) == (diags.n == 0) && (want == 0) == (t != NULL));
	return t;
}

static void test_round_trip(void)
{
	static const char text[] =
		"{\"tenant\":\"acme\",\"cpuShares\":50,\"cappedCPU\":{\"ncpus\":1.5},\"cappedMemory\":{\"physical\":\"1G\",\"swap\":\"2G\"},\"maxLwps\":100,\"attr\":{\"a\":\"b\"}}";
	auto_ptr(tenant_spec) struct tenant_spec *t = parse(text, 0);
	auto_ptr(json) struct json *saved = t ? tenant_spec_save(t) : NULL;
	auto_free char *again = saved ? json_print(saved, false) : NULL;

	CHECK_STR(again, text);
}

static void test_refused(void)
{
	static const char *const texts[] = {
		"",
		"[]",
		"{}",
		"{\"tenant\":\"@a\"}",
		"{\"tenant\":\"a\",\"nosuch\":1}",
		"{\"tenant\":\"a\",\"maxLwps\":0}",
		"{\"tenant\":\"a\",\"cappedMemory\":{\"physical\":\"1G\",\"locked\":\"1M\"}}",
		"{\"tenant\":\"a\",\"cappedMemory\":{\"physical\":\"1G\",\"soft\":\"1M\"}}",
		"{\"tenant\":\"a\",\"cappedMemory\":{\"swap\":\"1G\"}}",
		"{\"tenant\":\"a\",\"cappedMemory\":{\"physical\":\"2G\",\"swap\":\"1G\"}}",
		"{\"tenant\":\"a\",\"cappedCPU\":{\"ncpus\":1,\"burst\":0.2}}",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		CHECK(parse(texts[i], -EINVAL) == NULL);
	CHECK(tenant_name_ok("acme") && !tenant_name_ok("../x") && !tenant_name_ok(""));
}

static void test_resources(void)
{
	auto_ptr(tenant_spec) struct tenant_spec *none = parse("{\"tenant\":\"a\"}", 0);
	auto_ptr(tenant_spec) struct tenant_spec *all = parse(
		"{\"tenant\":\"a\",\"cpuShares\":50,\"cappedCPU\":{\"ncpus\":1,\"burst\":0.05},\"cappedMemory\":{\"physical\":\"1M\",\"swap\":\"2M\"},\"maxLwps\":7}",
		0);
	struct resources_spec *r = tenant_resources(none, NULL);

	CHECK(!r->memory && !r->cpu && !r->pids_limit.set);
	resources_spec_free(r);
	r = tenant_resources(all, NULL);
	CHECK(r->memory && r->memory->limit.value == 1 << 20 && r->memory->swap.value == 2 << 20);
	CHECK(r->cpu && r->cpu->quota.value == 100000 && r->cpu->burst.value == 50000 &&
	      r->cpu->shares.value == 512);
	CHECK_INT((int)r->pids_limit.value, 7);
	resources_spec_free(r);
	r = tenant_resources(none, all);
	CHECK(r->memory && r->memory->limit.value == -1 && r->memory->swap.value == -1);
	CHECK(r->cpu && r->cpu->quota.value == -1 && r->cpu->burst.value == 0 &&
	      r->cpu->shares.value == 1024);
	CHECK_INT((int)r->pids_limit.value, -1);
	resources_spec_free(r);
}

int main(void)
{
	test_round_trip();
	test_refused();
	test_resources();
	return test_done();
}
