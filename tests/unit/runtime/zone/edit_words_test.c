/* Words of set, add, remove and clear on a document. */
#include <stdlib.h>

#include "runtime/base/mem.h"
#include "runtime/zone/config_text.h"
#include "tests/unit/test.h"

static const char start[] =
	"{\"zonename\":\"web\",\"maxLwps\":100,\"fs\":[{\"dir\":\"/a\",\"type\":\"tmpfs\"},{\"dir\":\"/b\",\"type\":\"tmpfs\"},{\"dir\":\"/c\",\"type\":\"tmpfs\"}],"
	"\"dns\":{\"search\":[\"lan\",\"home\"]},\"attr\":{\"owner\":\"acme\"}}";

/* The document afterwards, or "ERROR: first problem". Freshly allocated. */
static char *edited(enum zone_edit_kind kind, const char *words)
{
	auto_ptr(json) struct json *root = NULL;
	auto_done(strv) struct strv v = { 0 };
	auto_done(diag_list) struct diag_list diags = { 0 };
	struct err e = { 0 };

	if (json_parse_simple(start, strlen(start), &root, &e) < 0)
		return mem_strdup("the start is wrong");
	strv_split(&v, words, ' ');
	if (edit_words(root, kind, &v, &diags, &e) < 0)
		return mem_format("ERROR %zu: %s: %s", diags.n, diags.items[0].path,
				  diags.items[0].message);
	return json_print(root, false);
}

static void expect(enum zone_edit_kind kind, const char *words, const char *part,
		   const char *absent)
{
	auto_free char *text = edited(kind, words);
	bool ok = strncmp(text, "ERROR", 5) != 0 && (!part || strstr(text, part)) &&
		  (!absent || !strstr(text, absent));

	test_check(ok, words, __FILE__, __LINE__);
	if (!ok)
		printf("# %s\n", text);
}

static void refuse(enum zone_edit_kind kind, const char *words, const char *part)
{
	auto_free char *text = edited(kind, words);
	bool ok = strncmp(text, "ERROR", 5) == 0 && strstr(text, part);

	test_check(ok, words, __FILE__, __LINE__);
	if (!ok)
		printf("# %s\n", text);
}

int main(void)
{
	expect(ZONE_EDIT_SET, "maxLwps=5 attr.team=blue", "\"maxLwps\":5", "100");
	expect(ZONE_EDIT_SET, "attr.x=a=b", "\"x\":\"a=b\"", NULL);
	expect(ZONE_EDIT_SET, "cappedMemory.physical=1G", "\"cappedMemory\":{\"physical\":\"1G\"}",
	       NULL);
	refuse(ZONE_EDIT_SET, "maxLwps", "maxLwps=VALUE");
	refuse(ZONE_EDIT_SET, "maxLwsp=5 autoboot=maybe", "ERROR 2");
	refuse(ZONE_EDIT_SET, "attr.a=\xff", "UTF-8");

	expect(ZONE_EDIT_ADD, "fs dir=/d type=tmpfs", "{\"dir\":\"/d\",\"type\":\"tmpfs\"}]", NULL);
	expect(ZONE_EDIT_ADD, "dns.search=lab", "\"home\",\"lab\"]", NULL);
	expect(ZONE_EDIT_ADD, "dns.nameservers=192.0.2.1", "\"nameservers\":[\"192.0.2.1\"]", NULL);
	expect(ZONE_EDIT_ADD, "attr.team=blue", "\"team\":\"blue\"", NULL);
	expect(ZONE_EDIT_ADD, "fs={\"dir\":\"/e\",\"type\":\"tmpfs\"}", "\"/e\"", NULL);
	refuse(ZONE_EDIT_ADD, "attr.owner=x", "there already");
	refuse(ZONE_EDIT_ADD, "maxLwps=3", "not a list");
	refuse(ZONE_EDIT_ADD, "fs", "MEMBER=VALUE");
	refuse(ZONE_EDIT_ADD, "fs dir=/d nosuch=1", "nosuch");

	expect(ZONE_EDIT_REMOVE, "fs[0] fs[2]", "[{\"dir\":\"/b\",\"type\":\"tmpfs\"}]", "/a");
	expect(ZONE_EDIT_REMOVE, "fs[2] fs[0]", "[{\"dir\":\"/b\",\"type\":\"tmpfs\"}]", "/c");
	expect(ZONE_EDIT_REMOVE, "fs dir=/b type=tmpfs", "/c", "/b");
	expect(ZONE_EDIT_REMOVE, "fs type=tmpfs", "\"fs\":[]", "/a");
	expect(ZONE_EDIT_REMOVE, "dns.search=lan", "[\"home\"]", "lan");
	expect(ZONE_EDIT_REMOVE, "attr.owner=acme", NULL, "acme");
	refuse(ZONE_EDIT_REMOVE, "attr.owner=other", "not in it");
	refuse(ZONE_EDIT_REMOVE, "dns.search=nosuch", "not in it");
	refuse(ZONE_EDIT_REMOVE, "fs dir=/x", "nothing");
	refuse(ZONE_EDIT_REMOVE, "net physical=x", "no such list");

	expect(ZONE_EDIT_CLEAR, "maxLwps attr.owner", NULL, "acme");
	expect(ZONE_EDIT_CLEAR, "maxProcesses", "zonename", NULL);
	refuse(ZONE_EDIT_CLEAR, "maxLwps=5", "without \"=\"");
	refuse(ZONE_EDIT_CLEAR, "zonename", "required");
	return test_done();
}
