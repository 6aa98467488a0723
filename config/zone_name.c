/* zone_name - what a zone may be called: a name that is safe as a file's, and none of our own files'. */
#include <ctype.h>
#include <string.h>

#include "config/zone_spec.h"
#include "runtime/base/str.h"

#define ALNUM "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-"

/* Beside the folders of zones lie files of ours, "net.json" and "net.lock" for one, and what replaces them. */
static bool is_file_name(const char *name)
{
	return str_has_suffix(name, ".json") || str_has_suffix(name, ".lock") ||
	       str_has_suffix(name, ".tmp");
}

bool zone_name_ok(const char *name, const char **ret_why)
{
	const char *why = NULL;
	size_t n = name ? strlen(name) : 0;

	if (n == 0)
		why = "it is empty";
	else if (n > ZONE_NAME_MAX)
		why = "it is longer than 63 characters";
	else if (!isalnum((unsigned char)name[0]))
		why = "it must begin with a letter or a digit";
	else if (name[strspn(name, ALNUM)])
		why = "only letters, digits and _ . - are allowed";
	else if (name[n - 1] == '.')
		why = "it must not end with a dot";
	else if (str_eq(name, "global"))
		why = "that is the host";
	else if (is_file_name(name))
		why = "it must not end with .json, .lock or .tmp";
	if (ret_why)
		*ret_why = why;
	return !why;
}
