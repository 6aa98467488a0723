#include "cgroups/devices.h"

#include <errno.h>

#include "tests/unit/test.h"

#define LIST(...)                                                                                  \
	{                                                                                          \
		(struct device_rule[]){ __VA_ARGS__ },                                             \
			sizeof((struct device_rule[]){ __VA_ARGS__ }) / sizeof(struct device_rule) \
	}
#define DENY_ALL                               \
	{                                      \
		false, 'a', -1, -1, ACCESS_ALL \
	}
#define ALLOW_ALL                             \
	{                                     \
		true, 'a', -1, -1, ACCESS_ALL \
	}

enum { RW = ACCESS_READ | ACCESS_WRITE };

static void test_meaning(void)
{
	struct device_rules r =
		LIST(DENY_ALL, { true, 'c', 1, 3, ACCESS_ALL }, { true, 'c', 5, -1, ACCESS_READ },
		     { true, 'c', 5, 2, ACCESS_WRITE }, { false, 'c', 1, 3, ACCESS_MKNOD });

	CHECK(device_rules_allow(&r, 'c', 1, 3, RW));
	CHECK(!device_rules_allow(&r, 'c', 1, 3, ACCESS_MKNOD));
	CHECK(!device_rules_allow(&r, 'c', 1, 3, ACCESS_ALL));
	CHECK(!device_rules_allow(&r, 'b', 1, 3, ACCESS_READ));
	CHECK(device_rules_allow(&r, 'c', 5, 2, RW)); /* two rules, one letter each */
	CHECK(!device_rules_allow(&r, 'c', 5, 1, RW));
	CHECK(!device_rules_allow(&(struct device_rules){ 0 }, 'c', 1, 3, ACCESS_READ));
}

/* A denied letter denies an open that asks for more than that letter. */
static void test_denied_letter(void)
{
	struct device_rules r = LIST(ALLOW_ALL, { false, 'c', 1, 1, ACCESS_WRITE });

	CHECK(!device_rules_allow(&r, 'c', 1, 1, RW));
	CHECK(device_rules_allow(&r, 'c', 1, 1, ACCESS_READ));
	CHECK(device_rules_allow(&r, 'c', 1, 2, RW));
}

static void check_flat(const struct device_rules *r, bool want_allow, const char *want)
{
	struct device_rules flat auto_done(device_rules) = { 0 };
	struct strbuf b auto_done(strbuf) = { 0 };
	struct err e = { 0 };
	bool allow = !want_allow;

	CHECK_INT(device_rules_flatten(r, &allow, &flat, &e), 0);
	CHECK(allow == want_allow);
	for (size_t i = 0; i < flat.n; i++) {
		char text[64];

		device_rule_text(&flat.items[i], text, sizeof(text));
		strbuf_format(&b, "%s;", text);
	}
	CHECK_STR(strbuf_text(&b), want);
}

static void test_flatten(void)
{
	struct device_rules simple = LIST(DENY_ALL, { true, 'c', 1, 3, ACCESS_ALL },
					  { true, 'b', -1, -1, ACCESS_MKNOD });
	struct device_rules merged =
		LIST({ true, 'c', 1, 3, ACCESS_READ }, { true, 'c', 1, 3, ACCESS_WRITE },
		     { false, 'c', 1, 3, ACCESS_READ });
	struct device_rules inherit =
		LIST({ true, 'c', 5, -1, ACCESS_READ }, { true, 'c', 5, 2, ACCESS_WRITE });
	struct device_rules inherit2 =
		LIST({ true, 'c', 5, 2, ACCESS_WRITE }, { true, 'c', 5, -1, ACCESS_READ });
	struct device_rules both = LIST({ true, 'a', 7, -1, RW });
	struct device_rules reset = LIST({ true, 'c', 1, 3, ACCESS_ALL }, ALLOW_ALL,
					 { false, 'c', 1, 5, ACCESS_WRITE });
	struct device_rules gone = LIST({ true, 'c', 1, 3, RW }, { false, 'c', 1, -1, ACCESS_ALL });

	check_flat(&simple, false, "c 1:3 rwm;b *:* m;");
	check_flat(&merged, false, "c 1:3 w;");
	check_flat(&inherit, false, "c 5:* r;c 5:2 rw;");
	check_flat(&inherit2, false, "c 5:2 rw;c 5:* r;");
	check_flat(&both, false, "b 7:* rw;c 7:* rw;");
	check_flat(&reset, true, "c 1:5 w;");
	check_flat(&gone, false, "");
	check_flat(&(struct device_rules){ 0 }, false, "");
}

static void test_refusal(void)
{
	struct device_rules r = LIST(DENY_ALL, { true, 'c', 1, -1, ACCESS_ALL },
				     { false, 'c', 1, 1, ACCESS_WRITE });
	struct device_rules flat auto_done(device_rules) = { 0 };
	struct err e = { 0 };
	bool allow;

	CHECK_INT(device_rules_flatten(&r, &allow, &flat, &e), -EOPNOTSUPP);
	CHECK_STR(
		e.text,
		"resources.devices: cgroup v1 cannot deny \"c 1:1 w\" out of \"c 1:* rwm\"; list the devices one by one");
}

static int load(struct device_rule_spec *specs, size_t n, bool exact, struct device_rules *ret,
		struct err *e)
{
	return device_rules_load(&(struct resources_spec){ .devices = specs, .n_devices = n },
				 exact, ret, e);
}

static void test_load(void)
{
	char c[] = "c", bad[] = "x", rw[] = "rw", what[] = "rx";
	struct device_rule_spec specs[] = { { .allow = false },
					    { .allow = true,
					      .type = c,
					      .major = { true, 1 },
					      .minor = { true, 3 },
					      .access = rw } };
	struct device_rules r auto_done(device_rules) = { 0 },
			      promised auto_done(device_rules) = { 0 },
			      privileged auto_done(device_rules) = { 0 },
			      none auto_done(device_rules) = { 0 };
	struct err e = { 0 };

	CHECK_INT(load(specs, 2, true, &r, &e), 0);
	CHECK_INT(r.n, 2);
	CHECK(!r.items[0].allow && r.items[0].type == 'a' && r.items[0].major == -1 &&
	      r.items[0].access == ACCESS_ALL);
	CHECK(r.items[1].allow && r.items[1].minor == 3 && r.items[1].access == RW);
	CHECK_INT(load(specs, 1, false, &promised, &e), 0);
	CHECK(device_rules_allow(&promised, 'c', 1, 5, RW));
	CHECK(device_rules_allow(&promised, 'c', 136, 7, RW));
	CHECK(device_rules_allow(&promised, 'b', 8, 0, ACCESS_MKNOD));
	CHECK(!device_rules_allow(&promised, 'b', 8, 0, ACCESS_READ));
	CHECK(!device_rules_allow(&promised, 'c', 1, 1, ACCESS_READ));
	specs[0].allow = true;
	specs[1].allow = false;
	CHECK_INT(load(specs, 2, false, &privileged, &e), 0);
	CHECK_INT(privileged.n, 2); /* the caller took /dev/null away: it stays away */
	specs[0].access = what;
	CHECK_INT(load(specs, 2, true, &none, &e), -EINVAL);
	specs[0].access = rw;
	specs[0].type = bad;
	CHECK_INT(load(specs, 2, true, &none, &e), -EINVAL);
	CHECK_STR(e.text, "resources.devices[0].type: \"x\" is none of a, b, c");
	specs[0].type = c;
	specs[0].major = (struct opt_i64){ true, 1LL << 40 };
	CHECK_INT(load(specs, 2, true, &none, &e), -EINVAL);
}

static void test_list(void)
{
	struct device_rules r auto_done(device_rules) = { 0 }, all auto_done(device_rules) = { 0 },
			      none auto_done(device_rules) = { 0 };
	bool allow = true;

	CHECK(device_rules_parse_list("c 1:3 rwm\nc 136:* rw\nb *:* m", &allow, &r));
	CHECK(!allow);
	CHECK_INT(r.n, 3);
	CHECK(r.items[1].major == 136 && r.items[1].minor == -1 && r.items[1].access == RW);
	CHECK(device_rules_parse_list("a *:* rwm", &allow, &all));
	CHECK(allow);
	CHECK(!device_rules_parse_list("c 1 rwm", &allow, &none));
	CHECK(!device_rules_parse_list("c 1:3 xyz", &allow, &none));
	CHECK(device_rules_parse_list("", &allow, &none));
	CHECK(!allow);
}

int main(void)
{
	test_meaning();
	test_denied_letter();
	test_flatten();
	test_refusal();
	test_load();
	test_list();
	return test_done();
}
