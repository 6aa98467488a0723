#include "config/zone_table.h"

#include <regex.h>

#include "runtime/base/mem.h"
#include "tests/unit/test.h"

struct sample {
	const char *name;
	const struct value_type *type;
	const char *good[12], *bad[14];
};

static const struct sample samples[] = {
	{ "name",
	  &zone_name_type,
	  { "web", "0", "a.b-c_d" },
	  { "", "global", ".a", "a.", "-a", "a b", "a/b", "a\n", "\xc3\xa9", "net.json", "net.lock",
	    "a.tmp" } },
	{ "path",
	  &zone_path_type,
	  { "/a", "/a/b c", "/a:b" },
	  { "", "a", "/", "/a/", "//a", "/a/./b", "/a/..", "/a\nb" } },
	{ "line", &zone_line_type, { "", "x y", "\xc3\xa9" }, { "a\nb", "\t", "\x7f" } },
	{ "hostname",
	  &zone_hostname_type,
	  { "a", "a.b", "A-1", "a_b" },
	  { "", ".", "a..b", "-a", "a-", "a b", "a.", "a:b" } },
	{ "domain", &zone_domain_type, { ".", "lan", "example.org" }, { "", "a..b", "-x", "a b" } },
	{ "word", &zone_word_type, { "ndots:2", "rotate" }, { "", "a b", "A", "a\n" } },
	{ "hostid",
	  &zone_hostid_type,
	  { "0x0", "0xA", "0x84f1a2c3" },
	  { "", "0x", "84f1a2c3", "0X1", "0x123456789", "0xg", "0xffffffff" } },
	{ "user",
	  &zone_user_type,
	  { "root", "0", "65535", "a:b", "0:0", "www-data:1" },
	  { "", ":", "a:", ":a", "a:b:c", "65536", "-1", "a b", "a\n" } },
	{ "signal",
	  &zone_signal_type,
	  { "TERM", "SIGTERM", "15", "RTMIN+3" },
	  { "", "0", "TERMINATE", "-1", "99" } },
	{ "attr",
	  &zone_attr_key_type,
	  { "owner", "a.b/c-d_e" },
	  { "", "-a", "a b", "a=b", "a\n" } },
	{ "env", &zone_env_key_type, { "TZ", "a.b" }, { "", "A=B", "A B", "A\n" } },
	{ "sysctl",
	  &zone_sysctl_key_type,
	  { "net.ipv4.ip_forward", "kernel.sem" },
	  { "", "net", ".a", "a.", "a..b", "a/b.c", "a b.c", "../x" } },
	{ "dir",
	  &zone_dir_type,
	  { "/a", "/process", "/device/x", "/var/dev" },
	  { "/", "/dev", "/dev/shm", "/proc", "/sys/fs/cgroup", "a", "/a/../dev" } },
	{ "special",
	  &zone_special_type,
	  { "/", "/a", "/dev/shm", "/process" },
	  { "", "a", "/proc", "/sys/x", "/a/.." } },
	{ "cwd", &zone_cwd_type, { "/", "/a" }, { "", "a", "/a/" } },
	{ "device",
	  &zone_device_type,
	  { "/dev/fuse", "/dev/dri/card0" },
	  { "/dev", "/dev/", "/dev/*", "/dev/a?", "/dev/[a]", "/devx", "/dev/../x" } },
	{ "option",
	  &zone_mount_option_type,
	  { "ro", "nodevices", "setuid", "size=1M", "size=50%", "mode=1777", "uid=0", "gid=65535",
	    "nr_inodes=10k", "rbind" },
	  { "", "size=", "size=-1", "size=x", "size=%", "mode=8", "mode=17777", "uid=65536", "bind",
	    "loop", "ro,rw", "idmap", "remount" } },
	{ "interface",
	  &zone_interface_type,
	  { "net0", "eth0.1", "a_b-c" },
	  { "", "lo", "all", "default", ".a", "a/b", "a b", "a:1", "0123456789abcdef" } },
	{ "prefix",
	  &zone_prefix_type,
	  { "10.0.0.2/24", "fd00::2/64", "10.0.0.1/32" },
	  { "", "10.0.0.2", "10.0.0.0/24", "10.0.0.2/0", "127.0.0.1/8", "ff02::1/64", "x/24" } },
	{ "address",
	  &zone_address_type,
	  { "10.0.0.1", "fe80::1" },
	  { "", "10.0.0.1/24", "0.0.0.0", "127.0.0.1", "host" } },
	{ "server",
	  &zone_server_type,
	  { "10.0.0.1", "127.0.0.53", "::1" },
	  { "", "10.0.0.1/24", "host" } },
	{ "mac",
	  &zone_mac_type,
	  { "auto", "02:00:00:00:00:01", "FE:ff:ff:ff:ff:ff" },
	  { "", "00:00:00:00:00:00", "01:00:00:00:00:01", "2:0:0:0:0:1", "02-00-00-00-00-01",
	    "02:00:00:00:00:0g" } },
	{ "size",
	  &zone_size_type,
	  { "512M", "1.5G", "1073741824", "1GiB" },
	  { "", "M", "-1", "1Q", "1.5", "1 G" } },
	{ "cpus",
	  &zone_cpus_type,
	  { "1", "0.5", "1.125" },
	  { "", "1.", ".5", "1,5", "1.2345", "-1" } },
	{ "duration",
	  &zone_duration_type,
	  { "5", "250ms", "1.5s", "2h" },
	  { "", "5d", "-1s", "1 s" } },
	{ "bitrate", &zone_bitrate_type, { "100M", "8000" }, { "", "100Mbit", "-1" } },
	{ "brand", &zone_brand_type, { "native", "linux" }, { "", "oci", "Native" } },
	{ "restart", &zone_restart_type, { "no", "on-failure", "always" }, { "", "yes" } },
};

/* What a check accepts, the expression for the schema must accept too. POSIX has neither look-ahead nor \u escapes: those parts are taken out, which makes
 * the expression more lenient, and the real one is tried by zone_schema_test with a validator. */
static bool matches(const char *pattern, const char *text)
{
	auto_done(strbuf) struct strbuf b = { 0 };
	regex_t re;

	for (const char *p = pattern; *p; p++) {
		if (str_has_prefix(p, "(?!")) {
			int depth = 0;

			do {
				depth += *p == '(' ? 1 : *p == ')' ? -1 : 0;
				p++;
			} while (depth > 0);
		}
		if (str_has_prefix(p, "[^")) /* all our negated sets keep out control characters */
			return true;
		strbuf_add_char(&b, *p);
	}
	if (regcomp(&re, strbuf_text(&b), REG_EXTENDED | REG_NOSUB) != 0)
		return false;
	bool ok = regexec(&re, text, 0, NULL, 0) == 0;

	regfree(&re);
	return ok;
}

int main(void)
{
	for (size_t i = 0; i < BIND_COUNT(samples); i++) {
		const struct sample *s = &samples[i];

		for (size_t k = 0; s->good[k]; k++) {
			auto_free char *what = mem_format("%s accepts \"%s\"", s->name, s->good[k]);

			test_check(zone_type_accepts(s->type, s->good[k]), what, __FILE__,
				   __LINE__);
			if (s->type->pattern)
				test_check(matches(s->type->pattern, s->good[k]), s->type->pattern,
					   __FILE__, __LINE__);
		}
		for (size_t k = 0; s->bad[k]; k++) {
			auto_free char *what =
				mem_format("%s refuses \"%s\"", s->name,
					   s->bad[k][0] && s->bad[k][strlen(s->bad[k]) - 1] == '\n'
						   ? "(newline)"
						   : s->bad[k]);

			for (char *p = what; *p; p++)
				if ((unsigned char)*p < ' ')
					*p = '?';
			test_check(!zone_type_accepts(s->type, s->bad[k]), what, __FILE__,
				   __LINE__);
		}
		if (s->type->example)
			test_check(zone_type_accepts(s->type, s->type->example) ||
					   s->type == &zone_line_type,
				   s->type->example, __FILE__, __LINE__);
	}
	CHECK(zone_type_accepts(NULL, "anything"));
	return test_done();
}
