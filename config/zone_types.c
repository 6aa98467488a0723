/* zone_types - what a text or a number in zone.json may be.
 *
 * A type says it three times in one row: as a check with a reason for people, as a regular expression for the JSON Schema, and as an example for the manual.
 * The check decides; the expression may be more lenient where a regular expression would be unreadable (addresses), never stricter. Everything that can end
 * in a line-oriented file (passwd, hosts, resolv.conf, unit files) is free of control characters. */
#include "config/zone_table.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "config/address.h"
#include "config/names.h"
#include "runtime/base/num.h"
#include "runtime/base/path.h"

enum {
	PATH_BYTES = 4095,
	LINE_BYTES = 4096,
	HOSTNAME_BYTES = 64,  /* __NEW_UTS_LEN */
	INTERFACE_BYTES = 15, /* IFNAMSIZ - 1 */
	DOMAIN_BYTES = 253,
	LABEL_BYTES = 63,
	KEY_BYTES = 128,
	USER_BYTES = 32,
};

#define LOWER  "abcdefghijklmnopqrstuvwxyz"
#define UPPER  "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"
#define ALNUM  LOWER UPPER DIGITS

static int refuse(char *why, size_t why_size, const char *reason)
{
	(void)snprintf(why, why_size, "%s", reason);
	return -EINVAL;
}

static bool consists_of(const char *s, const char *set)
{
	return s[strspn(s, set)] == '\0';
}

/* --- names --- */

static int check_zone_name(const char *text, char *why, size_t why_size)
{
	const char *reason;

	return zone_name_ok(text, &reason) ? 0 : refuse(why, why_size, reason);
}

static int check_line(const char *text, char *why, size_t why_size)
{
	if (strlen(text) > LINE_BYTES)
		return refuse(why, why_size, "it is longer than 4096 bytes");
	if (!str_is_line_safe(text, NULL))
		return refuse(why, why_size, "it contains control characters");
	return 0;
}

static int check_label(const char *label, size_t n)
{
	if (n == 0 || n > LABEL_BYTES || label[0] == '-' || label[n - 1] == '-')
		return -EINVAL;
	return strspn(label, ALNUM "-_") >= n ? 0 : -EINVAL;
}

/* Labels of letters, digits, "-" and "_" between dots. */
static int check_domain_of(const char *text, size_t max, char *why, size_t why_size)
{
	const char *p = text;

	if (strlen(text) > max) {
		(void)snprintf(why, why_size, "it is longer than %zu characters", max);
		return -EINVAL;
	}
	for (;;) {
		size_t n = strcspn(p, ".");

		if (check_label(p, n) < 0)
			return refuse(
				why, why_size,
				"between the dots stand letters, digits, - and _, with no - at the ends");
		if (!p[n])
			return 0;
		p += n + 1;
	}
}

static int check_hostname(const char *text, char *why, size_t why_size)
{
	return check_domain_of(text, HOSTNAME_BYTES, why, why_size);
}

static int check_domain(const char *text, char *why, size_t why_size)
{
	return str_eq(text, ".") ? 0 : check_domain_of(text, DOMAIN_BYTES, why, why_size);
}

static int check_word(const char *text, char *why, size_t why_size)
{
	if (!text[0] || !consists_of(text, LOWER DIGITS ":_-"))
		return refuse(why, why_size, "it is one word such as ndots:2");
	return 0;
}

static int check_hostid(const char *text, char *why, size_t why_size)
{
	const char *digits = str_after(text, "0x");
	uint32_t v;

	if (!digits || strlen(digits) > 8 || num_hex32(text, &v) < 0)
		return refuse(why, why_size, "it is 0x and up to eight hexadecimal digits");
	if (v == UINT32_MAX)
		return refuse(why, why_size, "0xffffffff means \"none\" to programs");
	return 0;
}

/* "www-data", "1000", "www-data:www-data", "0:0". */
static int check_user(const char *text, char *why, size_t why_size)
{
	auto_done(strv) struct strv parts = { 0 };

	strv_split(&parts, text, ':');
	if (parts.n < 1 || parts.n > 2)
		return refuse(why, why_size, "it is USER or USER:GROUP");
	for (size_t i = 0; i < parts.n; i++) {
		const char *s = parts.items[i];
		uint32_t id;

		if (s[0] && consists_of(s, DIGITS)) {
			if (num_id(s, &id) < 0 || id >= ZONE_IDS)
				return refuse(why, why_size, "ids of a zone are from 0 to 65535");
			continue;
		}
		if (!s[0] || strlen(s) > USER_BYTES || !consists_of(s, ALNUM "_.-") || s[0] == '-')
			return refuse(why, why_size,
				      "names have letters, digits and _ . -, at most 32 of them");
	}
	return 0;
}

static int check_signal(const char *text, char *why, size_t why_size)
{
	if (signal_number(text) <= 0)
		return refuse(why, why_size, "no signal has this name or number");
	return 0;
}

/* --- keys of maps --- */

static int check_attr_key(const char *text, char *why, size_t why_size)
{
	if (!text[0] || strlen(text) > KEY_BYTES || !isalnum((unsigned char)text[0]) ||
	    !consists_of(text, ALNUM "_./-"))
		return refuse(
			why, why_size,
			"letters, digits and _ . / -, at most 128, beginning with a letter or digit");
	return 0;
}

static int check_env_key(const char *text, char *why, size_t why_size)
{
	if (!text[0] || strlen(text) > KEY_BYTES || !str_is_line_safe(text, "= "))
		return refuse(why, why_size,
			      "1 to 128 characters, without =, blanks and control characters");
	return 0;
}

static int check_sysctl_key(const char *text, char *why, size_t why_size)
{
	size_t n = strlen(text);

	if (n == 0 || n > KEY_BYTES || !consists_of(text, ALNUM "_.-"))
		return refuse(why, why_size, "only letters, digits and _ . - are allowed");
	if (text[0] == '.' || text[n - 1] == '.' || strstr(text, "..") || !strchr(text, '.'))
		return refuse(why, why_size, "it is names with dots between them");
	return 0;
}

/* --- paths --- */

static int check_clean_path(const char *text, char *why, size_t why_size)
{
	if (text[0] != '/')
		return refuse(why, why_size, "it must begin with /");
	if (strlen(text) > PATH_BYTES)
		return refuse(why, why_size, "it is longer than 4095 bytes");
	if (!str_is_line_safe(text, NULL))
		return refuse(why, why_size, "it contains control characters");
	if (!path_is_clean(text))
		return refuse(why, why_size, "it must not contain . or .. or // or end with /");
	return 0;
}

static int check_path(const char *text, char *why, size_t why_size)
{
	int r = check_clean_path(text, why, why_size);

	if (r == 0 && str_eq(text, "/"))
		return refuse(why, why_size, "it must not be the root directory");
	return r;
}

static bool is_below(const char *path, const char *dir)
{
	const char *rest = str_after(path, dir);

	return rest && (rest[0] == '\0' || rest[0] == '/');
}

static int check_dir(const char *text, char *why, size_t why_size)
{
	static const char *const taken[] = { "/proc", "/sys", "/dev" };
	int r = check_path(text, why, why_size);

	for (size_t i = 0; r == 0 && i < BIND_COUNT(taken); i++) {
		if (!is_below(text, taken[i]))
			continue;
		(void)snprintf(why, why_size,
			       "%s is made by the zone itself and holds no file systems", taken[i]);
		return -EINVAL;
	}
	return r;
}

static int check_special(const char *text, char *why, size_t why_size)
{
	int r = check_clean_path(text, why, why_size);

	if (r == 0 && (is_below(text, "/proc") || is_below(text, "/sys")))
		return refuse(why, why_size, "the host's kernel files are never given to a zone");
	return r;
}

static int check_device(const char *text, char *why, size_t why_size)
{
	int r = check_path(text, why, why_size);

	if (r < 0)
		return r;
	if (!str_has_prefix(text, "/dev/"))
		return refuse(why, why_size, "devices are below /dev");
	if (strpbrk(text, "*?["))
		return refuse(why, why_size,
			      "this version does not expand patterns, name each device");
	return 0;
}

/* --- mount options --- */

static const char *const mount_words[] = {
	"ro",          "rw",         "nosuid",   "suid",        "nosetuid",
	"setuid",      "nodev",      "dev",      "nodevices",   "devices",
	"noexec",      "exec",       "noatime",  "atime",       "nodiratime",
	"diratime",    "norelatime", "relatime", "strictatime", "nostrictatime",
	"nosymfollow", "symfollow",  "rbind",    "size=",       "mode=",
	"nr_inodes=",  "uid=",       "gid=",     NULL,
};

static int check_option_value(const char *option, const char *value)
{
	uint64_t size;
	uint32_t number;
	size_t n = strlen(value);

	if (str_has_prefix(option, "size=") && n > 1 && value[n - 1] == '%')
		return consists_of(value, DIGITS "%") && n <= 4 ? 0 : -EINVAL;
	if (str_has_prefix(option, "size=") || str_has_prefix(option, "nr_inodes="))
		return num_size(value, &size);
	if (str_has_prefix(option, "mode="))
		return num_octal(value, &number) == 0 && number <= 07777 ? 0 : -EINVAL;
	return num_id(value, &number) == 0 && number < ZONE_IDS ? 0 : -EINVAL;
}

static int check_mount_option(const char *text, char *why, size_t why_size)
{
	const char *near;

	for (const char *const *w = mount_words; *w; w++) {
		size_t n = strlen(*w);

		if ((*w)[n - 1] != '=' ? str_eq(text, *w) : strncmp(text, *w, n) == 0) {
			if ((*w)[n - 1] != '=' || check_option_value(text, text + n) == 0)
				return 0;
			(void)snprintf(why, why_size, "what follows %s is not allowed there", *w);
			return -EINVAL;
		}
	}
	near = str_nearest(text, mount_words);
	if (!near)
		return refuse(why, why_size, "no such option");
	(void)snprintf(why, why_size, "no such option, the nearest is %s", near);
	return -EINVAL;
}

/* --- network --- */

static int check_interface(const char *text, char *why, size_t why_size)
{
	if (!text[0] || strlen(text) > INTERFACE_BYTES)
		return refuse(why, why_size, "it has 1 to 15 characters");
	if (!consists_of(text, ALNUM "_.-") || !isalnum((unsigned char)text[0]))
		return refuse(why, why_size,
			      "letters, digits and _ . -, beginning with a letter or digit");
	if (str_eq(text, "lo") || str_eq(text, "all") || str_eq(text, "default"))
		return refuse(why, why_size, "that name is the kernel's own");
	return 0;
}

static int check_prefix(const char *text, char *why, size_t why_size)
{
	struct address a;

	if (address_parse(text, &a, why, why_size) < 0)
		return -EINVAL;
	if (!a.has_prefix)
		return refuse(why, why_size, "the prefix length is missing, as in 10.88.0.2/24");
	if (a.prefix == 0)
		return refuse(why, why_size,
			      "a prefix of length 0 would make the whole world local");
	return address_check_host(&a, why, why_size);
}

static int check_address(const char *text, char *why, size_t why_size)
{
	struct address a;

	if (address_parse(text, &a, why, why_size) < 0)
		return -EINVAL;
	if (a.has_prefix)
		return refuse(why, why_size, "a prefix length has no place here");
	return address_check_host(&a, why, why_size);
}

/* Name servers and listening addresses may be on the loopback. */
static int check_server(const char *text, char *why, size_t why_size)
{
	struct address a;

	if (address_parse(text, &a, why, why_size) < 0)
		return -EINVAL;
	if (a.has_prefix)
		return refuse(why, why_size, "a prefix length has no place here");
	return 0;
}

static int check_mac(const char *text, char *why, size_t why_size)
{
	unsigned first = 0;
	bool is_zero = true;

	if (str_eq(text, "auto"))
		return 0;
	if (strlen(text) != 17)
		return refuse(why, why_size, "it is \"auto\" or six pairs of hexadecimal digits");
	for (size_t i = 0; i < 17; i++) {
		if (i % 3 == 2 ? text[i] != ':' : !isxdigit((unsigned char)text[i]))
			return refuse(why, why_size,
				      "it is \"auto\" or six pairs of hexadecimal digits");
		is_zero &= text[i] == '0' || text[i] == ':';
	}
	first = (unsigned)(unsigned char)text[1];
	first = first >= 'a' ? first - 'a' + 10 : first >= 'A' ? first - 'A' + 10 : first - '0';
	if (is_zero)
		return refuse(why, why_size, "it is all zero");
	if (first & 1)
		return refuse(why, why_size, "it is a group address, the first pair must be even");
	return 0;
}

/* --- the types --- */

#define NUMBER_TEXT "[0-9]+(\\.[0-9]{1,3})?"

const struct value_type zone_name_type = {
	.name = "zone name",
	.check = check_zone_name,
	.example = "web",
	.pattern = "^(?!global$)[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9_-])?$",
};
const struct value_type zone_path_type = {
	.name = "absolute path",
	.check = check_path,
	.example = "/var/lib/zones/web",
	.pattern = "^/[^\\u0000-\\u001f]+$",
};
const struct value_type zone_line_type = {
	.name = "line of text",
	.check = check_line,
	.example = "text",
	.pattern = "^[^\\u0000-\\u001f\\u007f]*$",
};
const struct value_type zone_hostname_type = {
	.name = "host name",
	.check = check_hostname,
	.example = "web.example.org",
	.pattern = "^[A-Za-z0-9_.-]{1,64}$",
};
const struct value_type zone_domain_type = {
	.name = "domain name",
	.check = check_domain,
	.example = "example.org",
	.pattern = "^[A-Za-z0-9_.-]{1,253}$",
};
const struct value_type zone_word_type = {
	.name = "resolver option",
	.check = check_word,
	.example = "ndots:2",
	.pattern = "^[a-z0-9:_-]+$",
};
const struct value_type zone_hostid_type = {
	.name = "host id",
	.check = check_hostid,
	.example = "0x84f1a2c3",
	.pattern = "^0x[0-9A-Fa-f]{1,8}$",
};
const struct value_type zone_user_type = {
	.name = "user",
	.check = check_user,
	.example = "www-data",
	.pattern = "^[A-Za-z0-9_.][A-Za-z0-9_.-]*(:[A-Za-z0-9_.][A-Za-z0-9_.-]*)?$",
};
const struct value_type zone_signal_type = {
	.name = "signal",
	.check = check_signal,
	.example = "TERM",
	.pattern = "^[A-Za-z0-9+-]+$",
};
const struct value_type zone_attr_key_type = {
	.name = "name of an attribute",
	.check = check_attr_key,
	.example = "owner",
	.pattern = "^[A-Za-z0-9][A-Za-z0-9_./-]{0,127}$",
};
const struct value_type zone_env_key_type = {
	.name = "name of a variable",
	.check = check_env_key,
	.example = "TZ",
	.pattern = "^[^=\\u0000-\\u0020\\u007f]{1,128}$",
};
const struct value_type zone_sysctl_key_type = {
	.name = "name of a kernel parameter",
	.check = check_sysctl_key,
	.example = "net.ipv4.ip_unprivileged_port_start",
	.pattern = "^[A-Za-z0-9_-]+(\\.[A-Za-z0-9_-]+)+$",
};
const struct value_type zone_dir_type = {
	.name = "directory inside the zone",
	.check = check_dir,
	.example = "/srv/data",
	.pattern = "^/(?!(proc|sys|dev)(/|$))[^\\u0000-\\u001f]+$",
};
const struct value_type zone_special_type = {
	.name = "path on the host",
	.check = check_special,
	.example = "/tank/web",
	.pattern = "^/(?!(proc|sys)(/|$))[^\\u0000-\\u001f]*$",
};
const struct value_type zone_cwd_type = {
	.name = "absolute path",
	.check = check_clean_path,
	.example = "/srv",
	.pattern = "^/[^\\u0000-\\u001f]*$",
};
const struct value_type zone_device_type = {
	.name = "device",
	.check = check_device,
	.example = "/dev/fuse",
	.pattern = "^/dev/[^\\u0000-\\u001f*?\\[]+$",
};
const struct value_type zone_mount_option_type = {
	.name = "mount option",
	.check = check_mount_option,
	.example = "ro",
	.pattern = "^[a-z_]+(=[0-9A-Za-z.%]+)?$",
};
const struct value_type zone_interface_type = {
	.name = "link name",
	.check = check_interface,
	.example = "net0",
	.pattern = "^(?!(lo|all|default)$)[A-Za-z0-9][A-Za-z0-9_.-]{0,14}$",
};
const struct value_type zone_prefix_type = {
	.name = "address with a prefix length",
	.check = check_prefix,
	.example = "10.88.0.2/24",
	.pattern = "^[0-9A-Fa-f:.]+/[0-9]{1,3}$",
};
const struct value_type zone_address_type = {
	.name = "address",
	.check = check_address,
	.example = "10.88.0.1",
	.pattern = "^[0-9A-Fa-f:.]+$",
};
const struct value_type zone_server_type = {
	.name = "address",
	.check = check_server,
	.example = "10.88.0.1",
	.pattern = "^[0-9A-Fa-f:.]+$",
};
const struct value_type zone_mac_type = {
	.name = "MAC address",
	.check = check_mac,
	.example = "02:08:20:5a:c1:07",
	.pattern = "^(auto|[0-9A-Fa-f][02468ACEace](:[0-9A-Fa-f]{2}){5})$",
};
const struct value_type zone_size_type = {
	.name = "size",
	.parse = num_size,
	.format = num_size_text,
	.example = "512M",
	.pattern = "^" NUMBER_TEXT "([KMGTPkmgtp](i?B)?)?$",
	.min = 1u << 20,
	.max = UINT64_C(1) << 60,
};
const struct value_type zone_cpus_type = {
	.name = "number of CPUs",
	.parse = num_milli,
	.format = num_milli_text,
	.numeric = true,
	.example = "1.5",
	.pattern = "^" NUMBER_TEXT "$",
	.min = 10,
	.max = UINT64_C(8192000),
	.scale = 1000,
};
const struct value_type zone_duration_type = {
	.name = "duration",
	.parse = num_duration_ms,
	.format = num_duration_text,
	.example = "60s",
	.pattern = "^" NUMBER_TEXT "(ms|s|m|h)?$",
	.max = UINT64_C(86400000),
	.scale = 1000,
};
const struct value_type zone_bitrate_type = {
	.name = "bit rate",
	.parse = num_bitrate,
	.format = num_bitrate_text,
	.example = "100M",
	.pattern = "^" NUMBER_TEXT "[KMGTkmgt]?$",
	.min = 8000,
	.max = UINT64_C(1000000000000),
};
/* 100 is the kernel's default weight, and 25600 the largest that cgroups can express. */
const struct value_type zone_shares_type = {
	.name = "number of shares", .example = "20", .min = 1, .max = 25600
};
const struct value_type zone_count_type = {
	.name = "count", .example = "1024", .min = 1, .max = 4194304
};
const struct value_type zone_inodes_type = {
	.name = "count", .example = "200000", .min = 1000, .max = UINT64_C(1) << 32
};
const struct value_type zone_port_type = {
	.name = "port", .example = "8080", .min = 1, .max = 65535
};

bool zone_type_accepts(const struct value_type *type, const char *text)
{
	char why[200];
	uint64_t v;

	if (!type)
		return true;
	for (const char *const *w = type->words; w && *w; w++)
		if (str_eq(*w, text))
			return true;
	if (type->words)
		return false;
	if (type->parse)
		return type->parse(text, &v) == 0;
	return !type->check || type->check(text, why, sizeof(why)) == 0;
}
