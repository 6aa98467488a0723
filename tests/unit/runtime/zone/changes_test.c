/* The engine of `zone apply`: differences, what becomes of them, what is merged; and over random pairs of configurations that a second plan finds only what had to wait. */
#include "runtime/zone/changes.h"

#include <stdlib.h>

#include "config/zone_spec.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/mem.h"
#include "runtime/engine/engine.h"
#include "tests/unit/test.h"

static struct json *parse(const char *text)
{
	struct json *j = NULL;
	struct err e = { 0 };

	if (json_parse_simple(text, strlen(text), &j, &e) < 0)
		printf("# %s: %s\n", text, e.text);
	return j;
}

static const struct change *change_at(const struct changes *c, const char *path)
{
	for (size_t i = 0; i < c->n; i++)
		if (str_eq(c->items[i].path, path))
			return &c->items[i];
	return NULL;
}

/* "path=how path=how ..." */
static char *summary(const struct changes *c)
{
	struct strbuf b = { 0 };

	for (size_t i = 0; i < c->n; i++)
		strbuf_format(&b, "%s%s=%s%s", i ? " " : "", c->items[i].path,
			      change_how_word(c->items[i].how), c->items[i].again ? "!" : "");
	return strbuf_steal(&b);
}

static void expect(const char *running, const char *wanted, const char *want)
{
	auto_ptr(json) struct json *a = parse(running), *b = parse(wanted);
	auto_done(changes) struct changes c = { 0 };

	changes_find(a, b, NULL, &c);
	auto_free char *text = summary(&c);

	CHECK_STR(text, want);
}

#define LINK(name, more) "{\"linkname\":\"" name "\"" more "}"
#define LINKS(list)      "\"anet\":[" list "]"
#define PORT             "\"publish\":[{\"protocol\":\"tcp\",\"port\":80}]"
#define CNI              ",\"lowerLink\":\"cni:x\""
#define BLUE             ",\"lowerLink\":\"auto:blue\""

/* The only change waits, and its reason has that word. */
static void expect_why(const char *running, const char *wanted, const char *word)
{
	auto_ptr(json) struct json *a = parse(running);
	auto_ptr(json) struct json *b = parse(wanted);
	auto_done(changes) struct changes c = { 0 };

	changes_find(a, b, NULL, &c);
	CHECK_INT(c.n, 1);
	CHECK(c.n && c.items[0].how == CHANGE_REBOOT);
	CHECK(c.n && c.items[0].why && strstr(c.items[0].why, word));
}

/* Whatever a link "a" with such members is, it changes, comes and goes, and so does its neighbour "b". */
static void expect_live(const char *members)
{
	auto_free char *alone = mem_format("{" LINKS(LINK("a", "%s")) "}", members);
	auto_free char *narrow = mem_format("{" LINKS(LINK("a", "%s,\"mtu\":1400")) "}", members);
	auto_free char *two = mem_format("{" LINKS(LINK("a", "%s") "," LINK("b", "")) "}", members);
	auto_free char *other = mem_format(
		"{" LINKS(LINK("a", "%s") "," LINK("b", ",\"mtu\":1400")) "," PORT "}", members);

	expect(alone, narrow, "anet[a]=live");
	expect("{}", alone, "anet[a]=live");
	expect(alone, "{}", "anet[a]=live");
	expect("{" LINKS(LINK("a", "")) "}", alone, "anet[a]=live");
	expect(two, other, "anet[b]=live publish[tcp:80]=live");
}

static const char *const kinds[] = {
	",\"vlanId\":7,\"lowerLink\":\"br0\"",
	",\"sharedbw\":\"1G\"",
	",\"bwShare\":300",
	",\"lowerLink\":\"lo\"",
	BLUE,
	BLUE ",\"subnet\":[\"10.9.0.0/24\"]",
};

/* Links change all or none: each is known by its place. Ports need the link they are led to. */
static void links(void)
{
	/* first, last */
	expect("{}", "{" LINKS(LINK("a", "")) "," PORT "}", "anet[a]=live publish[tcp:80]=live");
	expect("{" LINKS(LINK("a", "")) "}", "{}", "anet[a]=live");
	/* one more, one less, another name */
	expect("{" LINKS(LINK("a", "")) "}", "{" LINKS(LINK("a", "") "," LINK("b", "")) "}",
	       "anet[b]=live");
	expect("{" LINKS(LINK("a", "") "," LINK("b", "")) "}", "{" LINKS(LINK("a", "")) "}",
	       "anet[b]=live");
	expect("{" LINKS(LINK("a", "")) "}", "{" LINKS(LINK("b", "")) "}",
	       "anet[a]=live anet[b]=live");
	/* another place */
	expect("{" LINKS(LINK("a", "") "," LINK("b", "")) "}",
	       "{" LINKS(LINK("b", ",\"mtu\":1400")) "}", "anet[a]=reboot anet[b]=reboot");
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		expect_live(kinds[i]);
	/* links of CNI networks wait, the others do not */
	expect_why("{" LINKS(LINK("a", CNI)) "}", "{}", "CNI network");
	expect("{" LINKS(LINK("a", CNI) "," LINK("b", "")) "}",
	       "{" LINKS(LINK("a", CNI) "," LINK("b", ",\"mtu\":1400")) "}", "anet[b]=live");
	expect("{" LINKS(LINK("a", CNI) "," LINK("b", "")) "}",
	       "{" LINKS(LINK("a", CNI ",\"mtu\":5") "," LINK("b", ",\"mtu\":1400")) "}",
	       "anet[a]=reboot anet[b]=reboot");
	expect("{" LINKS(LINK("a", CNI)) "}",
	       "{" LINKS(LINK("a", CNI) "," LINK("b", "")) "," PORT "}",
	       "anet[b]=reboot publish[tcp:80]=reboot");
	/* links of the host, and addresses on them */
	expect("{}", "{\"net\":[{\"physical\":\"eth0\"}]}", "net[eth0]=live");
	expect("{\"ipType\":\"shared\"}",
	       "{\"ipType\":\"shared\",\"net\":[{\"physical\":\"eth0\"}]}", "net[eth0]=reboot");
	expect("{\"net\":[{\"physical\":\"eth0\"}]}", "{\"ipType\":\"shared\"}",
	       "ipType=reboot net[eth0]=reboot");
	/* ports and name service */
	expect("{" LINKS(LINK("a", "")) "}", "{" LINKS(LINK("a", "")) "," PORT "}",
	       "publish[tcp:80]=live");
	expect("{" LINKS(LINK("a", "")) "," PORT "}", "{" LINKS(LINK("a", "")) "}",
	       "publish[tcp:80]=live");
	expect("{" LINKS(LINK("a", CNI)) "," PORT "}", "{" LINKS(LINK("a", CNI)) "}",
	       "publish[tcp:80]=reboot");
	expect("{" LINKS(LINK("a", ",\"lowerLink\":\"br0\"")) "}",
	       "{" LINKS(LINK("a", "")) "," PORT "}", "anet[a]=live publish[tcp:80]=live");
	expect("{}", "{\"dns\":{\"search\":[\"a\"]}}", "dns.search=live");
	expect("{" LINKS(LINK("a", CNI)) "}",
	       "{" LINKS(LINK("a", CNI)) ",\"dns\":{\"search\":[\"a\"]}}", "dns.search=reboot");
}

static void finding(void)
{
	expect("{}", "{}", "");
	expect("{\"maxLwps\":5,\"autoboot\":true}", "{\"autoboot\":true,\"maxLwps\":5}", "");
	expect("{\"maxLwps\":5}", "{\"maxLwps\":6}", "maxLwps=live");
	expect("{\"hostname\":\"a\"}", "{\"hostname\":\"b\"}", "hostname=reboot");
	expect("{\"brand\":\"native\"}", "{\"brand\":\"linux\"}", "brand=refused");
	expect("{}", "{\"unheardOf\":1}", "unheardOf=reboot");
	/* objects and maps by member */
	expect("{\"cappedMemory\":{\"physical\":\"1G\",\"locked\":\"1M\"}}",
	       "{\"cappedMemory\":{\"physical\":\"2G\",\"swap\":\"2G\"}}",
	       engine_can_raise_rlimits()
		       ? "cappedMemory.physical=live cappedMemory.locked=live cappedMemory.swap=live"
		       : "cappedMemory.physical=live cappedMemory.locked=reboot cappedMemory.swap=live");
	expect("{\"cappedCPU\":{\"ncpus\":1}}", "{}", "cappedCPU.ncpus=live");
	expect("{\"attr\":{\"a\":\"1\",\"b\":\"2\"}}", "{\"attr\":{\"b\":\"3\",\"c\":\"4\"}}",
	       "attr.a=live attr.b=live attr.c=live");
	expect("{\"sysctl\":{\"net.ipv4.x\":\"1\"}}", "{}", "sysctl.net.ipv4.x=reboot");
	expect("{\"sysctl\":{\"net.ipv4.x\":\"1\"}}", "{\"sysctl\":{\"net.ipv4.x\":\"2\"}}",
	       "sysctl.net.ipv4.x=live");
	expect("{\"rlimit\":{\"core\":[1,1]}}", "{\"rlimit\":{\"nofile\":[1,2]}}",
	       "rlimit.core=reboot rlimit.nofile=live");
	expect("{\"maxProcesses\":9}", "{\"maxProcesses\":9,\"rlimit\":{\"nproc\":[1,2]}}",
	       "rlimit.nproc=live"); /* lower than it is */
	expect("{}", "{\"cappedMemory\":{\"locked\":1},\"rlimit\":{\"memlock\":[1,2]}}",
	       "cappedMemory.locked=live rlimit.memlock=live");
	/* lists by name, whatever their order */
	expect("{\"fs\":[{\"dir\":\"/a\"},{\"dir\":\"/b\"}]}",
	       "{\"fs\":[{\"dir\":\"/b\"},{\"dir\":\"/a\"}]}", "");
	expect("{\"fs\":[{\"dir\":\"/a\"},{\"dir\":\"/b\",\"special\":\"/x\"}]}",
	       "{\"fs\":[{\"dir\":\"/b\",\"special\":\"/y\"},{\"dir\":\"/c\"}]}",
	       "fs[/a]=live fs[/b]=live fs[/c]=live");
	expect("{\"anet\":[{\"linkname\":\"net0\",\"mtu\":1500}]}",
	       "{\"anet\":[{\"linkname\":\"net0\",\"mtu\":1400}]}", "anet[net0]=live");
	links();
	expect("{}", "{\"admin\":[{\"user\":\"a\"},{\"user\":\"a\"}]}",
	       "admin[a]=live admin[a#2]=live");
	/* file systems that cannot come or go under others */
	expect("{\"fs\":[{\"dir\":\"/a/b\"}]}", "{\"fs\":[{\"dir\":\"/a\"},{\"dir\":\"/a/b\"}]}",
	       "fs[/a]=reboot");
	expect("{\"fs\":[{\"dir\":\"/a\"}]}", "{\"fs\":[{\"dir\":\"/a\"},{\"dir\":\"/a/b\"}]}",
	       "fs[/a/b]=live");
	expect("{\"fs\":[{\"dir\":\"/a\",\"type\":\"tmpfs\"}]}",
	       "{\"fs\":[{\"dir\":\"/a\",\"type\":\"tmpfs\",\"options\":[\"size=1M\"]}]}",
	       "fs[/a]=reboot");
	expect("{}", "{\"fs\":[{\"dir\":\"/run\"}]}", "fs[/run]=reboot");
	expect("{}", "{\"device\":[{\"match\":\"/dev/null\"},{\"match\":\"/dev/fuse\"}]}",
	       "device[/dev/null]=reboot device[/dev/fuse]=live");
}

static void values(void)
{
	auto_ptr(json) struct json *a = parse("{\"maxLwps\":5,\"attr\":{\"x\":\"1\"}}");
	auto_ptr(json) struct json *b = parse("{\"maxLwps\":6,\"cpuShares\":7}");
	auto_done(changes) struct changes c = { 0 };

	changes_find(a, b, NULL, &c);
	const struct change *lwps = change_at(&c, "maxLwps"), *x = change_at(&c, "attr.x");

	CHECK(lwps && lwps->act && !lwps->name && str_eq(lwps->from->text, "5") &&
	      str_eq(lwps->to->text, "6"));
	CHECK(x && !x->act && str_eq(x->key, "attr") && str_eq(x->name, "x") && x->from && !x->to);
	CHECK_INT(changes_count(&c, CHANGE_LIVE), 3);
}

/* Killed in the middle: the paths that were noted come back, whatever has become of the file. */
static void interrupted(void)
{
	auto_ptr(json) struct json *a = parse("{\"maxLwps\":5,\"fs\":[{\"dir\":\"/a\"}]}");
	auto_ptr(json) struct json *b = parse("{\"maxLwps\":5,\"fs\":[{\"dir\":\"/a\"}]}");
	auto_done(changes) struct changes c = { 0 };
	auto_done(strv) struct strv unsure = { 0 };

	strv_add(&unsure, "maxLwps");
	strv_add(&unsure, "fs[/gone]");
	strv_add(&unsure, "cappedCPU.ncpus");
	strv_add(&unsure, "fs");  /* not what we write */
	strv_add(&unsure, "[/]"); /* nor this */
	changes_find(a, b, &unsure, &c);
	auto_free char *text = summary(&c);

	CHECK_STR(text, "maxLwps=live! fs[/gone]=live! cappedCPU.ncpus=live!");
	const struct change *gone = change_at(&c, "fs[/gone]");

	CHECK(gone && !gone->from && !gone->to && gone->act && str_eq(gone->name, "/gone"));
}

/* Links were being changed, and by now the file asks for what has to wait: they become what they were. A file system would be mounted as the file says, so it is left. */
static void interrupted_and_waits(void)
{
	auto_ptr(json) struct json *a = parse("{\"anet\":[{\"linkname\":\"x\"}]}");
	auto_ptr(json) struct json *b = parse(
		"{\"anet\":[{\"linkname\":\"y\"},{\"linkname\":\"x\"}],\"fs\":[{\"dir\":\"/run\"}]}");
	auto_done(changes) struct changes c = { 0 };
	auto_done(strv) struct strv unsure = { 0 };

	strv_add(&unsure, "anet[x]");
	strv_add(&unsure, "fs[/run]");
	changes_find(a, b, &unsure, &c);
	const struct change *link = change_at(&c, "anet[x]"), *fs = change_at(&c, "fs[/run]");

	CHECK(link && link->how == CHANGE_REBOOT && link->act);
	CHECK(fs && fs->how == CHANGE_REBOOT && !fs->act);
}

static void merging(void)
{
	auto_ptr(json) struct json *a = parse(
		"{\"hostname\":\"a\",\"maxLwps\":5,\"anet\":[{\"linkname\":\"x\"},{\"linkname\":\"y\",\"mtu\":1}],\"rlimit\":{\"core\":1,\"cpu\":2}}");
	auto_ptr(json) struct json *b = parse(
		"{\"maxLwps\":6,\"anet\":[{\"linkname\":\"y\",\"mtu\":2},{\"linkname\":\"z\"}],\"rlimit\":{\"cpu\":1,\"as\":3},\"sysctl\":{\"k\":\"v\"},\"attr\":{\"n\":\"v\"}}");
	auto_done(changes) struct changes c = { 0 };

	changes_find(a, b, NULL, &c);
	auto_ptr(json) struct json *merged = changes_merge(a, b, &c);
	auto_free char *text = json_print(merged, false);

	/* what is taken out waits where nobody may raise a limit */
	auto_free char *want = mem_format(
		"{\"maxLwps\":6,\"anet\":[{\"linkname\":\"x\"},{\"linkname\":\"y\",\"mtu\":1}],\"rlimit\":{\"cpu\":1,\"as\":3%s},\"sysctl\":{\"k\":\"v\"},\"attr\":{\"n\":\"v\"},\"hostname\":\"a\"}",
		engine_can_raise_rlimits() ? "" : ",\"core\":1");

	CHECK_STR(text, want);
}

/* --- random pairs ----------------------------------------------------------------------------------------------------- */

static const char *const pool[] = {
	"\"hostname\":\"a\"",
	"\"hostname\":\"b\"",
	"\"limitpriv\":\"none\"",
	"\"autoboot\":true",
	"\"bootargs\":\"x\"",
	"\"cpuShares\":20",
	"\"cpuShares\":40",
	"\"cappedCPU\":{\"ncpus\":0.5}",
	"\"cappedCPU\":{\"ncpus\":2}",
	"\"cappedMemory\":{\"physical\":\"64M\"}",
	"\"cappedMemory\":{\"physical\":\"128M\",\"swap\":\"256M\",\"locked\":\"1M\"}",
	"\"cappedMemory\":{\"physical\":\"64M\",\"locked\":\"2M\"}",
	"\"maxLwps\":10",
	"\"maxLwps\":20",
	"\"maxProcesses\":10",
	"\"nesting\":true",
	"\"anet\":[{\"linkname\":\"net0\"}]",
	"\"anet\":[{\"linkname\":\"net1\"},{\"linkname\":\"net0\",\"mtu\":1400}]",
	"\"anet\":[{\"linkname\":\"net0\",\"maxbw\":\"5M\"},{\"linkname\":\"net1\"}]",
	"\"anet\":[{\"linkname\":\"net0\",\"isolated\":true},{\"linkname\":\"net2\",\"lowerLink\":\"cni:x\"}]",
	"\"anet\":[{\"linkname\":\"net0\",\"lowerLink\":\"auto:blue\"},{\"linkname\":\"net1\"}]",
	"\"anet\":[{\"linkname\":\"net0\"},{\"linkname\":\"net1\",\"lowerLink\":\"lo\",\"vlanId\":7}]",
	"\"publish\":[{\"port\":80}]",
	"\"publish\":[{\"port\":80,\"to\":8080},{\"port\":81}]",
	"\"dns\":{\"nameservers\":[\"10.0.0.1\"]}",
	"\"fs\":[{\"dir\":\"/a\",\"type\":\"tmpfs\"}]",
	"\"fs\":[{\"dir\":\"/a\",\"type\":\"tmpfs\",\"options\":[\"size=1M\"]},{\"dir\":\"/a/b\",\"type\":\"tmpfs\"}]",
	"\"fs\":[{\"dir\":\"/s\",\"special\":\"/srv\",\"type\":\"lofs\"},{\"dir\":\"/a\",\"special\":\"/srv\",\"type\":\"lofs\"}]",
	"\"fs\":[{\"dir\":\"/s\",\"special\":\"/opt\",\"type\":\"lofs\",\"options\":[\"ro\"]}]",
	"\"device\":[{\"match\":\"/dev/fuse\"}]",
	"\"device\":[{\"match\":\"/dev/null\"},{\"match\":\"/dev/fuse\",\"access\":\"r\"}]",
	"\"rlimit\":{\"nofile\":[1,2]}",
	"\"rlimit\":{\"nofile\":[1,3],\"core\":0}",
	"\"sysctl\":{\"net.ipv4.ip_forward\":\"1\"}",
	"\"service\":{\"command\":[\"/bin/true\"]}",
	"\"service\":{\"command\":[\"/bin/true\",\"x\"],\"env\":{\"A\":\"b\"}}",
	"\"attr\":{\"a\":\"1\"}",
	"\"attr\":{\"a\":\"2\",\"b\":\"1\"}",
	"\"restart\":\"always\"",
	"\"shutdownTimeout\":5",
};
enum { POOL = sizeof(pool) / sizeof(pool[0]), PAIRS = 2000 };

static unsigned next_random(void)
{
	static unsigned x = 20261129;

	x = x * 1103515245 + 12345;
	return x >> 8;
}

/* The document of the effective configuration of a random file. Of a property with several values at most one is taken. */
static struct json *random_document(void)
{
	auto_done(strbuf) struct strbuf b = { 0 };
	auto_ptr(zone_spec) struct zone_spec *file = NULL;
	struct zone_host host = { .memory_bytes = UINT64_C(1) << 33, .uuid = "u" };
	struct diag_list diags = { 0 };

	strbuf_add(&b, "{\"zonename\":\"web\"");
	for (size_t i = 0; i < POOL; i++) {
		auto_free char *key = mem_strndup(pool[i], strcspn(pool[i], ":") + 1);

		if (next_random() % 3 == 0 && !strstr(strbuf_text(&b), key))
			strbuf_format(&b, ",%s", pool[i]);
	}
	strbuf_add(&b, "}");
	if (zone_spec_parse(b.text, b.len, &file, &diags) < 0) {
		diag_done(&diags);
		return NULL; /* a contradiction: not a pair */
	}
	auto_ptr(zone_spec) struct zone_spec *effective = zone_effective(file, &host);

	return zone_spec_save(effective);
}

/* A document is stored as what a specification makes of it. */
static struct json *stored(const struct json *merged)
{
	auto_ptr(zone_spec) struct zone_spec *z = zone_spec_load(merged);

	return zone_spec_save(z);
}

/* What is live is there after the merge, what is not is as before, and nothing else is different. */
static bool pair_holds(const struct json *running, const struct json *wanted)
{
	auto_done(changes) struct changes first = { 0 }, second = { 0 }, kept = { 0 };

	changes_find(running, wanted, NULL, &first);
	auto_ptr(json) struct json *merged = changes_merge(running, wanted, &first);
	auto_ptr(json) struct json *now = stored(merged);

	changes_find(now, wanted, NULL, &second);
	changes_find(running, now, NULL, &kept);
	bool ok = second.n == changes_count(&first, CHANGE_REBOOT) &&
		  kept.n == changes_count(&first, CHANGE_LIVE);

	for (size_t i = 0; i < second.n; i++) {
		const struct change *before = change_at(&first, second.items[i].path);

		ok = ok && before && before->how == CHANGE_REBOOT;
	}
	for (size_t i = 0; i < kept.n; i++) {
		const struct change *before = change_at(&first, kept.items[i].path);

		ok = ok && before && before->how == CHANGE_LIVE;
	}
	if (!ok) {
		auto_free char *a = json_print(running, false), *b = json_print(wanted, false);
		auto_free char *s = summary(&first), *t = summary(&second), *u = summary(&kept);

		printf("# %s\n# %s\n# first %s\n# second %s\n# kept %s\n", a, b, s, t, u);
	}
	return ok;
}

static void random_pairs(void)
{
	size_t pairs = 0, bad = 0;

	for (size_t i = 0; i < PAIRS; i++) {
		auto_ptr(json) struct json *a = random_document(), *b = random_document();

		if (!a || !b)
			continue;
		pairs++;
		bad += bad < 3 && !pair_holds(a, b);
	}
	CHECK(pairs > PAIRS / 4);
	CHECK_INT(bad, 0);
	printf("# %zu pairs\n", pairs);
}

int main(void)
{
	finding();
	values();
	interrupted();
	interrupted_and_waits();
	merging();
	random_pairs();
	return test_done();
}
