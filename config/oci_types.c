#include "config/oci_tables.h"

#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include "runtime/base/num.h"
#include "runtime/base/str.h"

/* The idea: a value that can be judged alone is judged by its type while it is read, so the error carries the exact place. What needs a second value is in
 * oci_check.c. */

static int refuse(char *why, size_t why_size, const char *reason)
{
	(void)snprintf(why, why_size, "%s", reason); /* a reason that is cut is still a reason */
	return -EINVAL;
}

int oci_word_check(const struct name_value *table, const char *text, char *why, size_t why_size)
{
	if (names_find(table, text, NULL))
		return 0;
	return refuse(why, why_size, "there is no such name");
}

static int check_absolute(const char *text, char *why, size_t why_size)
{
	return text[0] == '/' ? 0 : refuse(why, why_size, "it must begin with \"/\"");
}

/* No ".." below the root: what it would mean depends on links of the image. */
static int check_no_parent(const char *text, char *why, size_t why_size)
{
	for (const char *p = text; *p;) {
		size_t n = strcspn(p, "/");

		if (n == 2 && p[0] == '.' && p[1] == '.')
			return refuse(why, why_size, "it must not contain \"..\"");
		p += n + (p[n] != '\0');
	}
	return 0;
}

static int check_inside(const char *text, char *why, size_t why_size)
{
	if (!text[0])
		return refuse(why, why_size, "it must not be empty");
	return check_no_parent(text, why, why_size);
}

static int check_device_path(const char *text, char *why, size_t why_size)
{
	if (text[0] != '/')
		return refuse(why, why_size, "it must begin with \"/\"");
	return check_no_parent(text, why, why_size);
}

static int check_text(const char *text, char *why, size_t why_size)
{
	return text[0] ? 0 : refuse(why, why_size, "it must not be empty");
}

static int check_line(const char *text, char *why, size_t why_size)
{
	if (str_is_line_safe(text, NULL))
		return 0;
	return refuse(why, why_size, "it contains a control character");
}

/* One item of a list: "3", "0-3", or the kernel's "0-30:2/4". */
static bool is_list_item(const char *item, size_t n)
{
	char buf[64];
	uint32_t first, last;
	char *dash, *stride;

	if (n == 0 || n >= sizeof(buf))
		return false;
	memcpy(buf, item, n);
	buf[n] = '\0';
	stride = strchr(buf, ':');
	if (stride) {
		*stride++ = '\0';
		if (strspn(stride, "0123456789/") != strlen(stride))
			return false;
	}
	dash = strchr(buf, '-');
	if (!dash)
		return !stride && num_u32(buf, &first) == 0;
	*dash = '\0';
	return num_u32(buf, &first) == 0 && num_u32(dash + 1, &last) == 0 && first <= last;
}

static int check_list(const char *text, char *why, size_t why_size)
{
	while (*text) {
		size_t n = strcspn(text, ",");

		if (!is_list_item(text, n))
			return refuse(why, why_size, "it must be numbers and ranges, as \"0-3,7\"");
		text += n;
		if (*text == ',' && *++text == '\0')
			return refuse(why, why_size, "it ends with a comma");
	}
	return 0;
}

static int check_interface(const char *text, char *why, size_t why_size)
{
	size_t n = strlen(text);

	if (n == 0 || n >= IFNAMSIZ)
		return refuse(why, why_size, "it must have 1 to 15 characters");
	if (str_eq(text, ".") || str_eq(text, ".."))
		return refuse(why, why_size, "it is reserved");
	if (!str_is_line_safe(text, "/: \t"))
		return refuse(why, why_size,
			      "it contains \"/\", \":\", a blank or a control character");
	return 0;
}

const struct value_type oci_id_type = { .name = "user or group id", .max = UINT32_MAX - 1 };
const struct value_type oci_u32_type = { .name = "32-bit number", .max = UINT32_MAX };
const struct value_type oci_absolute_type = { .name = "absolute path", .check = check_absolute };
const struct value_type oci_inside_type = { .name = "path inside the container",
					    .check = check_inside };
const struct value_type oci_device_path_type = { .name = "device path",
						 .check = check_device_path };
const struct value_type oci_text_type = { .name = "text", .check = check_text };
const struct value_type oci_line_type = { .name = "single line", .check = check_line };
const struct value_type oci_list_type = { .name = "list of numbers", .check = check_list };
const struct value_type oci_interface_type = { .name = "network interface name",
					       .check = check_interface };
const struct value_type oci_limit_type = { .name = "limit", .min_signed = -1 };
