#include "config/zone_table.h"

#include "tests/unit/test.h"

static size_t count(const char *text, const char *what)
{
	size_t n = 0;

	for (const char *p = text; (p = strstr(p, what)); p++)
		n++;
	return n;
}

static void count_property(const char *path, const char *type, const char *fallback,
			   const char *doc, unsigned flags, void *arg)
{
	(void)path;
	(void)type;
	(void)fallback;
	(void)doc;
	(void)flags;
	++*(size_t *)arg;
}

int main(void)
{
	auto_free char *text = zone_properties_manual();
	size_t properties = 0;

	zone_properties(count_property, &properties);
	CHECK(str_has_prefix(text, ".SH PROPERTIES\n"));
	CHECK(!strstr(text, ".SH LATER VERSIONS\n")); /* nothing is only known */
	CHECK_INT(count(text, ".TP\n"), properties);
	CHECK(strstr(text, ".TP\n\\fBzonename\\fR (zone name, required)\nThe zone's name"));
	CHECK(strstr(text, "\\fBanet[].mtu\\fR (MTU)\n"));
	CHECK(strstr(text, "\\fBbrand\\fR (native|linux)\n"));
	CHECK(strstr(text, "mac\\-nospoof|ip\\-nospoof"));
	CHECK(strstr(text, "\\fBquota\\fR (size)\n"));
	CHECK(strstr(text, "\\fBbootPriority\\fR (place in the order)\n"));
	/* No line of text begins like a request. */
	CHECK(count(text, "\n.") ==
	      count(text, "\n.TP\n") + count(text, "\n.SH ") + count(text, "\n.BR "));
	CHECK(!strstr(text, "\n'"));
	return test_done();
}
