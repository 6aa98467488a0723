#include "config/zone_table.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/unit/test.h"

/* --- the list of properties --- */

static void check_property(const char *path, const char *type, const char *fallback,
			   const char *doc, unsigned flags, void *arg)
{
	struct strmap *seen = arg;
	bool needs_fallback = !(flags & FIELD_REQUIRED);
	size_t n = doc ? strlen(doc) : 0;

	test_check(!strmap_get(seen, path) && type[0] && n > 20 && doc[n - 1] == '.' &&
			   (!needs_fallback || fallback),
		   path, __FILE__, __LINE__);
	strmap_set(seen, path, type);
}

static void test_properties(void)
{
	auto_done(strmap) struct strmap seen = { 0 };

	zone_properties(check_property, &seen);
	CHECK_STR(strmap_get(&seen, "zonename"), "zone name");
	CHECK_STR(strmap_get(&seen, "autoboot"), "true|false");
	CHECK_STR(strmap_get(&seen, "anet"), "list of objects");
	CHECK_STR(strmap_get(&seen, "anet[].mtu"), "MTU");
	CHECK_STR(strmap_get(&seen, "anet[].allowedAddress"),
		  "list of address with a prefix length");
	CHECK_STR(strmap_get(&seen, "cappedMemory.physical"), "size");
	CHECK_STR(strmap_get(&seen, "attr"), "object of texts");
	CHECK_STR(strmap_get(&seen, "service.restart"), "no|on-failure|always");
	CHECK(seen.n > 70);
}

/* A row that is refused must say what holds without it. */
static void check_rows(const struct shape *shape)
{
	for (size_t i = 0; i < shape->n; i++) {
		const struct field *f = &shape->fields[i];

		if (f->flags & FIELD_UNENFORCED)
			test_check(f->without && f->without[0], f->key, __FILE__, __LINE__);
		if (f->shape)
			check_rows(f->shape);
	}
}

/* --- the schema --- */

static void test_members(void)
{
	auto_ptr(json) struct json *s = zone_schema();
	const struct json *p = json_get(s, "properties");
	const struct json *mtu =
		json_get(json_get(json_get(json_get(p, "anet"), "items"), "properties"), "mtu");
	const struct json *ncpus =
		json_get(json_get(json_get(p, "cappedCPU"), "properties"), "ncpus");

	CHECK_STR(json_get_string(s, "$schema", ""),
		  "https://json-schema.org/draft/2020-12/schema");
	CHECK_STR(json_get_string(s, "title", ""), "zone.json");
	CHECK(!json_get_bool(s, "additionalProperties", true));
	CHECK(json_get(s, "required") && json_get(s, "required")->n == 1);
	CHECK_INT(json_get_i64(mtu, "minimum", 0), 576);
	CHECK_INT(json_get_i64(mtu, "maximum", 0), 65535);
	CHECK_INT(json_get_i64(mtu, "default", 0), 1500);
	CHECK_STR(json_get(ncpus, "minimum") ? json_get(ncpus, "minimum")->text : NULL, "0.01");
	CHECK(json_get(json_get(p, "brand"), "enum") &&
	      json_get(json_get(p, "brand"), "enum")->n == 2);
	CHECK_STR(json_get_string(json_get(p, "brand"), "default", ""), "native");
	CHECK(!json_get(json_get(p, "quota"), "not"));
	CHECK_INT(json_get_i64(json_get(p, "quotaInodes"), "minimum", 0), 1000);
	CHECK(json_get(json_get(p, "fileMacProfile"), "enum") &&
	      json_get(json_get(p, "fileMacProfile"), "enum")->n == 4);
	CHECK(!json_get(json_get(p, "zonepath"), "default"));
}

/* --- the schema in the eyes of a validator --- */

static const char *const valid[] = {
	"{\"zonename\":\"a\"}",
	"{\"zonename\":\"a\",\"procView\":\"files\"}",
	"{\"zonename\":\"web\",\"brand\":\"linux\",\"zonepath\":\"/z/web\",\"autoboot\":true,\"bootargs\":\"\",\"limitpriv\":\"default,!kill\",\"ipType\":\"exclusive\","
	"\"hostid\":\"0x84f1a2c3\",\"hostname\":\"a.b\",\"fileMacProfile\":\"none\",\"cpuShares\":20,\"cappedCPU\":{\"ncpus\":1.5},"
	"\"cappedMemory\":{\"physical\":\"512M\",\"swap\":1073741824,\"locked\":\"64M\"},\"maxProcesses\":256,\"maxLwps\":1024,\"nesting\":false,\"procView\":true,"
	"\"anet\":[{\"linkname\":\"net0\",\"lowerLink\":\"auto\",\"allowedAddress\":[\"10.88.0.2/24\",\"fd00:88::2/64\"],\"configureAllowedAddress\":true,\"defrouter\":[\"10.88.0.1\"],"
	"\"linkProtection\":[\"mac-nospoof\"],\"macAddress\":\"02:00:00:00:00:01\",\"vlanId\":0,\"mtu\":1500}],\"net\":[],\"publish\":[],"
	"\"dns\":{\"nameservers\":[\"10.88.0.1\"],\"search\":[\"lan\",\".\"],\"options\":[\"ndots:2\"]},"
	"\"fs\":[{\"dir\":\"/srv/data\",\"special\":\"/tank/web\",\"type\":\"lofs\",\"options\":[\"ro\",\"nodevices\"]},{\"dir\":\"/tmp\",\"type\":\"tmpfs\",\"options\":[\"size=50%\",\"mode=1777\"]}],"
	"\"device\":[{\"match\":\"/dev/fuse\",\"access\":\"rw\"}],\"rlimit\":{\"nofile\":[1024,65536],\"core\":0,\"nproc\":\"unlimited\",\"stack\":[1,\"unlimited\"]},"
	"\"sysctl\":{\"net.ipv4.ip_unprivileged_port_start\":\"0\"},\"service\":{\"command\":[\"/x\",\"a\\nb\"],\"user\":\"www-data:0\",\"env\":{\"TZ\":\"UTC\"},\"cwd\":\"/\",\"restart\":\"no\",\"stopSignal\":\"RTMIN+3\"},"
	"\"attr\":{\"cost-centre\":\"42\"},\"restart\":\"always\",\"shutdownTimeout\":\"1.5s\"}",
	"{\"zonename\":\"a\",\"shutdownTimeout\":30,\"cappedCPU\":{\"ncpus\":\"0.5\"}}",
	NULL,
};
static const char *const invalid[] = {
	"[]",
	"{}",
	"{\"zonename\":\"global\"}",
	"{\"zonename\":\"a.\"}",
	"{\"zonename\":\"a\",\"autobot\":true}",
	"{\"zonename\":\"a\",\"autoboot\":\"true\"}",
	"{\"zonename\":\"a\",\"autoboot\":null}",
	"{\"zonename\":\"a\",\"brand\":\"solaris\"}",
	"{\"zonename\":\"a\",\"cpuShares\":0}",
	"{\"zonename\":\"a\",\"cpuShares\":\"20\"}",
	"{\"zonename\":\"a\",\"cappedCPU\":{}}",
	"{\"zonename\":\"a\",\"cappedCPU\":{\"ncpus\":0}}",
	"{\"zonename\":\"a\",\"cappedMemory\":{\"physical\":\"512Q\"}}",
	"{\"zonename\":\"a\",\"cappedMemory\":{\"physical\":5}}",
	"{\"zonename\":\"a\",\"anet\":[{\"mtu\":100}]}",
	"{\"zonename\":\"a\",\"anet\":[{\"allowedAddress\":[\"10.0.0.1\"]}]}",
	"{\"zonename\":\"a\",\"anet\":[{\"macAddress\":\"03:00:00:00:00:01\"}]}",
	"{\"zonename\":\"a\",\"anet\":[{\"linkname\":\"lo\"}]}",
	"{\"zonename\":\"a\",\"procView\":\"sysinfo\"}",
	"{\"zonename\":\"a\",\"procView\":1}",
	"{\"zonename\":\"a\",\"anet\":[{\"vlanId\":4095}]}",
	"{\"zonename\":\"a\",\"anet\":[{\"maxbw\":\"1Q\"}]}",
	"{\"zonename\":\"a\",\"anet\":[{\"isolated\":1}]}",
	"{\"zonename\":\"a\",\"fs\":[{\"dir\":\"/dev/shm\",\"type\":\"tmpfs\"}]}",
	"{\"zonename\":\"a\",\"fs\":[{\"dir\":\"/a\"}]}",
	"{\"zonename\":\"a\",\"fs\":[{\"dir\":\"/a\",\"type\":\"zfs\"}]}",
	"{\"zonename\":\"a\",\"device\":[{\"match\":\"/dev/*\"}]}",
	"{\"zonename\":\"a\",\"rlimit\":{\"nofiles\":1}}",
	"{\"zonename\":\"a\",\"rlimit\":{\"nofile\":[1]}}",
	"{\"zonename\":\"a\",\"service\":{\"command\":[]}}",
	"{\"zonename\":\"a\",\"attr\":{\"a\":1}}",
	"{\"zonename\":\"a\",\"attr\":{\"a b\":\"1\"}}",
	"{\"zonename\":\"a\",\"sysctl\":{\"x\":\"1\"}}",
	"{\"zonename\":\"a\",\"quota\":\"10X\"}",
	"{\"zonename\":\"a\",\"quotaInodes\":\"many\"}",
	"{\"zonename\":\"a\",\"ipType\":\"own\"}",
	"{\"zonename\":\"a\",\"net\":[{\"address\":\"192.0.2.1/24\"}]}",
	"{\"zonename\":\"a\",\"pool\":\"../x\"}",
	NULL,
};

static const char script[] =
	"import json,sys,jsonschema\n"
	"s,good,bad=json.load(open(sys.argv[1]))\n"
	"jsonschema.Draft202012Validator.check_schema(s)\n"
	"v=jsonschema.Draft202012Validator(s)\n"
	"for d in good:\n"
	"  e=list(v.iter_errors(d)); print('ok' if not e else 'wrong: '+e[0].message[:200])\n"
	"for d in bad:\n"
	"  print('ok' if not v.is_valid(d) else 'wrong: accepted '+json.dumps(d))\n";

static void add_texts(struct json *array, const char *const *texts)
{
	struct json *list = json_add(array, json_new_array());

	for (; *texts; texts++) {
		struct json *j = NULL;
		struct err e;

		CHECK_INT(json_parse_simple(*texts, strlen(*texts), &j, &e), 0);
		(void)json_add(list, j);
	}
}

/* All valid texts must be right for our own parser as well, and all invalid ones wrong. */
static void test_parser_agrees(void)
{
	for (size_t i = 0; valid[i] || i < BIND_COUNT(valid) - 1; i++) {
		struct diag_list diags = { 0 };
		struct zone_spec *z = NULL;

		test_check(zone_spec_parse(valid[i], strlen(valid[i]), &z, &diags) == 0, valid[i],
			   __FILE__, __LINE__);
		zone_spec_free(z);
		diag_done(&diags);
	}
	for (size_t i = 0; invalid[i]; i++) {
		struct diag_list diags = { 0 };
		struct zone_spec *z = NULL;

		test_check(zone_spec_parse(invalid[i], strlen(invalid[i]), &z, &diags) < 0,
			   invalid[i], __FILE__, __LINE__);
		zone_spec_free(z);
		diag_done(&diags);
	}
}

static void test_validator(void)
{
	auto_ptr(json) struct json *all = json_new_array();
	char path[] = "/tmp/zone_schema_test.XXXXXX";
	int fd = mkstemp(path);
	char line[400];
	FILE *f = fd >= 0 ? fdopen(fd, "w") : NULL;
	size_t n = 0;

	CHECK(f != NULL);
	if (!f)
		return;
	(void)json_add(all, zone_schema());
	add_texts(all, valid);
	add_texts(all, invalid);
	auto_free char *text = json_print(all, true);

	(void)fputs(text, f);
	(void)fclose(f);
	CHECK_INT(setenv("SCRIPT", script, 1) | setenv("FILE", path, 1), 0);
	f = popen("/usr/bin/python3 -c \"$SCRIPT\" \"$FILE\"", "r"); /* NOLINT: fixed words */
	while (f && fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = '\0';
		test_str(line, "ok",
			 n < BIND_COUNT(valid) - 1 ? "the schema accepts" : "the schema refuses",
			 __FILE__, __LINE__);
		n++;
	}
	CHECK_INT(f ? pclose(f) : -1, 0);
	CHECK_INT(n, BIND_COUNT(valid) - 1 + BIND_COUNT(invalid) - 1);
	(void)unlink(path);
}

int main(void)
{
	test_properties();
	check_rows(&zone_shape);
	test_members();
	test_parser_agrees();
	if (access("/usr/bin/python3", X_OK) == 0 &&
	    system("/usr/bin/python3 -c 'import jsonschema' 2>/dev/null") ==
		    0) /* NOLINT: fixed words */
		test_validator();
	else
		printf("# python3-jsonschema is not installed: the schema was not tried with a validator\n");
	return test_done();
}
