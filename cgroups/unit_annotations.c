/* unit_annotations - "org.systemd.property.NAME" of a container, as properties of its unit.
 *
 * Values are GVariant text (GLib, "GVariant Text Format"), of which the scalars and arrays of strings are understood: true, 'word', "word", 5, uint64 5, ['a', 'b'].
 * The names are an allow list, because a property can do far more than describe: Requires= starts other units, FailureAction= reboots the machine, Slice= leaves the limits of the pod,
 * DevicePolicy= opens devices (CVE-2024-3154 was a runtime that took them all), ManagedOOMPreference= lets the neighbours be killed first, KillMode= and SendSIGKILL= outlive a shutdown. */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "cgroups/unit.h"
#include "runtime/base/mem.h"
#include "runtime/base/num.h"

#define PREFIX "org.systemd.property."

#define DAY_USEC UINT64_C(86400000000)

enum {
	USEC_PER_SEC = 1000000,
	SIGNAL_HALT =
		37 /* SIGRTMIN+3, as systemd counts: it is how a systemd inside is told to halt */
};

static const struct {
	const char *name, *type;
} allowed[] = {
	{ "After", "as" },          { "Before", "as" },
	{ "CollectMode", "s" },     { "DefaultDependencies", "b" },
	{ "Description", "s" },     { "Documentation", "as" },
	{ "KillSignal", "i" },      { "OOMPolicy", "s" },
	{ "RuntimeMaxUSec", "t" },  { "SendSIGHUP", "b" },
	{ "TimeoutStopUSec", "t" },
};

static const char *type_of(const char *name)
{
	for (size_t i = 0; i < sizeof(allowed) / sizeof(allowed[0]); i++) {
		if (strcmp(allowed[i].name, name) == 0)
			return allowed[i].type;
	}
	return NULL;
}

static const char *skip_blanks(const char *s)
{
	while (*s == ' ' || *s == '\t')
		s++;
	return s;
}

/* systemd keeps the texts of a scope as lines of a file: a line break, or a backslash at the end of one, would make more of them. */
static bool is_safe(char c)
{
	return (unsigned char)c >= ' ' && c != 0x7f && c != '\\';
}

/* 'word' or "word", a backslash takes the next character as it is. Returns what follows, NULL when it is none. */
static const char *take_string(const char *s, struct json **ret)
{
	struct strbuf b auto_done(strbuf) = { 0 };
	char quote = *s;

	if (quote != '\'' && quote != '"')
		return NULL;
	for (s++; *s && *s != quote; s++) {
		if (*s == '\\' && s[1])
			s++;
		if (!is_safe(*s))
			return NULL;
		strbuf_add_char(&b, *s);
	}
	if (!*s)
		return NULL;
	*ret = json_new_string(strbuf_text(&b));
	return s + 1;
}

static const char *take_array(const char *s, struct json **ret)
{
	auto_ptr(json) struct json *all = json_new_array();
	struct json *item = NULL;

	if (*s != '[')
		return NULL;
	s = skip_blanks(s + 1);
	while (*s != ']') {
		s = take_string(s, &item);
		if (!s)
			return NULL;
		(void)json_add(all, item);
		s = skip_blanks(s);
		if (*s == ',')
			s = skip_blanks(s + 1);
		else if (*s != ']')
			return NULL;
	}
	*ret = ptr_steal(&all);
	return s + 1;
}

/* "uint64 5" "int32 5" "5": the type's word must fit, a bare number takes the property's type. */
static const char *take_number(const char *s, const char *type, struct json **ret)
{
	static const char *const words[][2] = { { "uint64 ", "t" },
						{ "uint32 ", "u" },
						{ "int32 ", "i" } };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		const char *rest = str_after(s, words[i][0]);

		if (rest && strcmp(words[i][1], type) != 0)
			return NULL;
		s = rest ? skip_blanks(rest) : s;
	}
	size_t n = strspn(s, "0123456789");
	auto_free char *digits = mem_strndup(s, n);
	uint64_t v;

	if (num_u64(digits, &v) < 0 || (*type == 'u' && v > UINT32_MAX) ||
	    (*type == 'i' && v > INT32_MAX))
		return NULL;
	*ret = json_new_u64(v);
	return s + n;
}

static const char *take_bool(const char *s, struct json **ret)
{
	const char *rest = str_after(s, "true");

	if (!rest)
		rest = str_after(s, "false");
	if (rest)
		*ret = json_new_bool(*s == 't');
	return rest;
}

static struct json *parse(const char *text, const char *type)
{
	auto_ptr(json) struct json *value = NULL;
	const char *s = skip_blanks(text);

	if (strcmp(type, "as") == 0)
		s = take_array(s, &value);
	else if (strcmp(type, "s") == 0)
		s = take_string(s, &value);
	else if (strcmp(type, "b") == 0)
		s = take_bool(s, &value);
	else
		s = take_number(s, type, &value);
	return s && !*skip_blanks(s) ? ptr_steal(&value) : NULL;
}

/* TimeoutStopSec: seconds for people, microseconds for systemd. */
static char *bus_name(const char *name, bool *ret_seconds)
{
	size_t n = strlen(name);

	*ret_seconds = n > 3 && strcmp(name + n - 3, "Sec") == 0 &&
		       (n < 4 || strcmp(name + n - 4, "USec") != 0);
	return *ret_seconds ? mem_format("%.*sUSec", (int)(n - 3), name) : mem_strdup(name);
}

static int scale(struct json **value)
{
	uint64_t v;

	if (num_u64((*value)->text, &v) < 0 || v > UINT64_MAX / USEC_PER_SEC)
		return -ERANGE;
	json_free(*value);
	*value = json_new_u64(v * USEC_PER_SEC);
	return 0;
}

/* At most a day, and a signal that programs end by: the host's shutdown waits for both. */
static bool is_in_bounds(const char *name, const struct json *value)
{
	static const int ending[] = { SIGHUP,  SIGINT,  SIGQUIT, SIGKILL,  SIGUSR1,
				      SIGUSR2, SIGTERM, SIGPWR,  SIGWINCH, SIGNAL_HALT };
	bool is_signal = strcmp(name, "KillSignal") == 0;
	uint64_t v = 0;

	if (!is_signal && strcmp(name, "TimeoutStopUSec") != 0)
		return true;
	if (num_u64(value->text, &v) < 0)
		return false;
	for (size_t i = 0; is_signal && i < sizeof(ending) / sizeof(ending[0]); i++) {
		if (v == (uint64_t)ending[i])
			return true;
	}
	return !is_signal && v <= DAY_USEC;
}

static int add(const char *key, const char *given, const char *text, struct unit_props *ret,
	       struct err *e)
{
	bool seconds = false;
	auto_free char *name = bus_name(given, &seconds);
	const char *type = type_of(name);

	if (!type)
		return err_set(
			e, EPERM,
			"annotations: \"%.100s\" is no property that a container may set on its unit",
			key);
	struct json *value = parse(text, type);

	if (value && seconds && scale(&value) < 0) {
		json_free(value);
		value = NULL;
	}
	if (value && !is_in_bounds(name, value)) {
		json_free(value);
		return err_set(
			e, EINVAL,
			"annotations: \"%.100s\": \"%.64s\" would hold up the host's shutdown (at most 24 h, and a signal that ends programs)",
			key, text);
	}
	if (!value)
		return err_set(e, EINVAL,
			       "annotations: \"%.100s\": \"%.64s\" is no value of the type \"%s\"",
			       key, text, type);
	unit_props_add(ret, name, type, value);
	return 0;
}

int unit_props_annotations(const struct strmap *annotations, struct unit_props *ret, struct err *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && annotations && i < annotations->n; i++) {
		const struct strmap_item *a = &annotations->items[i];
		const char *name = str_after(a->key, PREFIX);

		if (name)
			r = add(a->key, name, a->value, ret, e);
	}
	return r;
}
