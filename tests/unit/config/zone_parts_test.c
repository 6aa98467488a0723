#include "config/zone_table.h"

#include <errno.h>

#include "config/mount_opts.h"
#include "tests/unit/test.h"

static char *through(const struct shape *shape, const char *text)
{
	auto_ptr(json) struct json *j = NULL;
	auto_ptr(json) struct json *saved = NULL;
	struct diag_list diags = { 0 };
	struct bind_ctx c = { .diags = &diags };
	auto_done(strbuf) struct strbuf out = { 0 };
	union {
		struct zone_cpu_cap cpu;
		struct zone_memory_cap memory;
		struct zone_fs fs;
		struct zone_device device;
		struct zone_service service;
	} o = { .service = { .user = NULL } };
	struct err e;

	CHECK_INT(json_parse_simple(text, strlen(text), &j, &e), 0);
	(void)!bind_load(&c, shape, j, &o);
	saved = bind_save(shape, &o);
	auto_free char *printed = json_print(saved, false);

	if (diags.n > 0)
		strbuf_format(&out, "%s %s", diags.items[0].code, diags.items[0].path);
	else
		strbuf_add(&out, printed);
	bind_free(shape, &o);
	bind_ctx_done(&c);
	diag_done(&diags);
	return strbuf_steal(&out);
}

static void expect(const struct shape *shape, const char *text, const char *want)
{
	auto_free char *got = through(shape, text);

	test_str(got, want, text, __FILE__, __LINE__);
}

/* After Solaris' words were translated, every mount option is one that the mount code knows. */
static void test_options_known(void)
{
	static const char *const ours[] = {
		"ro",          "rw",        "nosuid",      "suid",
		"nodev",       "dev",       "noexec",      "exec",
		"noatime",     "atime",     "nodiratime",  "diratime",
		"norelatime",  "relatime",  "strictatime", "nostrictatime",
		"nosymfollow", "symfollow", "rbind"
	};

	for (size_t i = 0; i < BIND_COUNT(ours); i++) {
		bool found = false;

		for (const char *const *w = mount_opts_words(); *w; w++)
			found |= str_eq(*w, ours[i]);
		test_check(found && zone_type_accepts(&zone_mount_option_type, ours[i]), ours[i],
			   __FILE__, __LINE__);
	}
}

int main(void)
{
	expect(&zone_cpu_cap_shape, "{\"ncpus\":\"0.25\"}", "{\"ncpus\":0.25}");
	expect(&zone_cpu_cap_shape, "{\"ncpus\":0.009}", "range ncpus");
	expect(&zone_cpu_cap_shape, "{}", "missing ncpus");
	expect(&zone_cpu_cap_shape, "{\"ncpus\":1,\"burst\":0.05}", "{\"ncpus\":1,\"burst\":0.05}");
	expect(&zone_cpu_cap_shape, "{\"ncpus\":1,\"burst\":0.0005}", "value burst");
	expect(&zone_memory_cap_shape, "{\"physical\":536870912,\"swap\":\"1024M\",\"locked\":0}",
	       "{\"physical\":\"512M\",\"swap\":\"1G\",\"locked\":\"0\"}");
	expect(&zone_memory_cap_shape, "{\"physical\":0}", "range physical");
	expect(&zone_memory_cap_shape, "{\"physical\":\"2000000T\"}", "range physical");
	expect(&zone_fs_shape, "{\"dir\":\"/t\",\"type\":\"tmpfs\",\"options\":[\"size=50%\"]}",
	       "{\"dir\":\"/t\",\"type\":\"tmpfs\",\"options\":[\"size=50%\"]}");
	expect(&zone_fs_shape, "{\"dir\":\"/t\",\"type\":\"tmpfs\",\"options\":[\"rbind\"]}",
	       "conflict options[0]");
	expect(&zone_fs_shape, "{\"dir\":\"/t\",\"type\":\"lofs\"}", "missing special");
	expect(&zone_fs_shape,
	       "{\"dir\":\"/t\",\"type\":\"overlay\",\"special\":\"/x\",\"upper\":\"memory\",\"options\":[\"size=1M\"]}",
	       "{\"dir\":\"/t\",\"special\":\"/x\",\"type\":\"overlay\",\"options\":[\"size=1M\"],\"upper\":\"memory\"}");
	expect(&zone_fs_shape,
	       "{\"dir\":\"/t\",\"type\":\"lofs\",\"special\":\"/x\",\"owner\":\"www-data:5\"}",
	       "{\"dir\":\"/t\",\"special\":\"/x\",\"type\":\"lofs\",\"owner\":\"www-data:5\"}");
	expect(&zone_fs_shape,
	       "{\"dir\":\"/t\",\"type\":\"ext4\",\"special\":\"/x\",\"owner\":\"root\"}",
	       "conflict owner");
	expect(&zone_fs_shape,
	       "{\"dir\":\"/t\",\"type\":\"erofs\",\"special\":\"/x\",\"options\":[\"rw\"]}",
	       "conflict options[0]");
	expect(&zone_fs_shape, "{\"dir\":\"/t\",\"special\":\"/x\"}", "missing type");
	expect(&zone_fs_shape,
	       "{\"dir\":\"/t\",\"special\":\"/x\",\"type\":\"lofs\",\"options\":[\"mode=755\",\"uid=0\"]}",
	       "conflict options[0]");
	expect(&zone_device_shape, "{\"match\":\"/dev/fuse\",\"access\":\"r\"}",
	       "{\"match\":\"/dev/fuse\",\"access\":\"r\"}");
	expect(&zone_device_shape, "{\"access\":\"r\"}", "missing match");
	expect(&zone_service_shape, "{\"command\":[\"/x\"],\"env\":{\"A\":\"=\"}}",
	       "{\"command\":[\"/x\"],\"env\":{\"A\":\"=\"}}");
	expect(&zone_service_shape, "{\"command\":[\"/x\"],\"env\":{\"A\":\"b\\nc\"}}",
	       "value env.A");
	expect(&zone_service_shape, "{\"command\":[\"/x\"],\"cwd\":\"x\"}", "value cwd");
	expect(&zone_service_shape, "{\"command\":[\"/x\"],\"restart\":\"never\"}",
	       "value restart");
	test_options_known();
	return test_done();
}
