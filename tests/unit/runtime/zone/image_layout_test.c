#include "runtime/zone/image.h"

#include "tests/unit/test.h"

static int fits(const char *text, const char *architecture, const char *variant)
{
	struct image_platform here = { architecture, variant };
	struct json *j = NULL;
	struct err e = { 0 };

	if (json_parse_simple(text, strlen(text), &j, &e) < 0)
		return -1;
	int n = image_platform_fits(j, &here);

	json_free(j);
	return n;
}

#define PLATFORM(os, architecture) "{\"os\":\"" os "\",\"architecture\":\"" architecture "\"}"
#define VARIANT(architecture, variant) \
	"{\"os\":\"linux\",\"architecture\":\"" architecture "\",\"variant\":\"" variant "\"}"

int main(void)
{
	CHECK(fits(PLATFORM("linux", "amd64"), "amd64", NULL) > 0);
	CHECK_INT(fits(PLATFORM("windows", "amd64"), "amd64", NULL), 0);
	CHECK_INT(fits(PLATFORM("linux", "arm64"), "amd64", NULL), 0);
	CHECK_INT(fits(PLATFORM("unknown", "unknown"), "amd64", NULL), 0);
	CHECK_INT(fits("{}", "amd64", NULL), 0);
	CHECK_INT(fits("{\"os\":7,\"architecture\":[]}", "amd64", NULL), 0);
	CHECK_INT(fits(VARIANT("amd64", "v3"), "amd64", NULL), 0); /* this processor may lack it */
	CHECK(fits(VARIANT("amd64", "v1"), "amd64", NULL) > 0);
	CHECK(fits(VARIANT("arm", "v7"), "arm", "v7") > fits(VARIANT("arm", "v6"), "arm", "v7"));
	CHECK(fits(VARIANT("arm", "v6"), "arm", "v7") > 0);
	CHECK_INT(fits(VARIANT("arm", "v7"), "arm", "v6"), 0);
	CHECK(fits(VARIANT("arm64", "v8"), "arm64", "v8") >
	      fits(PLATFORM("linux", "arm64"), "arm64", "v8"));
	struct image_platform here = { 0 };
	struct err e = { 0 };

	CHECK(image_platform_here(&here, &e) == 0 && here.architecture);
	return test_done();
}
