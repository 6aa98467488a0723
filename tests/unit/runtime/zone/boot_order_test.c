/* Zones are booted by rank, behind those that they wait for; who waits for itself is told. */
#include "runtime/zone/boot_order.h"

#include <stdlib.h>
#include <string.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/mem.h"
#include "tests/unit/test.h"

/* "a30 b10:a c10:b,x": names with ranks, and after whom. */
static void make(struct boot_order *o, const char *text)
{
	auto_done(strv) struct strv words = { 0 };

	strv_split(&words, text, ' ');
	for (size_t i = 0; i < words.n; i++) {
		char name[2] = { words.items[i][0], '\0' };

		(void)boot_order_add(o, name, strtol(words.items[i] + 1, NULL, 10));
	}
	for (size_t i = 0; i < words.n; i++) {
		const char *after = strchr(words.items[i], ':');

		for (const char *p = after ? after + 1 : ""; *p; p++) {
			const char name[2] = { *p, '\0' };

			boot_order_wait(o, i, boot_order_find(o, name));
		}
	}
	boot_order_settle(o);
}

/* All that may begin, as one word; then they end, with those in `bad` failing: "ab c d". */
static char *run(struct boot_order *o, const char *bad)
{
	struct strbuf b = { 0 };
	size_t i;
	bool more = true;

	while (more) {
		more = false;
		while ((i = boot_order_next(o)) != SIZE_MAX)
			strbuf_add(&b, o->items[i].name);
		for (i = 0; i < o->n; i++) {
			if (o->items[i].state != ORDER_BUSY)
				continue;
			o->items[i].state =
				strstr(bad, o->items[i].name) ? ORDER_FAILED : ORDER_DONE;
			more = true;
		}
		strbuf_add_char(&b, ' ');
	}
	while (b.len > 0 && b.text[b.len - 1] == ' ')
		b.text[--b.len] = '\0';
	return strbuf_steal(&b);
}

static void is(const char *text, const char *bad, bool lenient, const char *want)
{
	auto_done(boot_order) struct boot_order o = { .lenient = lenient };

	make(&o, text);
	auto_free char *got = run(&o, bad);

	CHECK_STR(got, want);
}

static const char *why(struct boot_order *o, const char *name)
{
	const struct order_item *one = &o->items[boot_order_find(o, name)];

	return one->state == ORDER_FAILED && one->why ? one->why : "";
}

int main(void)
{
	auto_done(boot_order) struct boot_order circle = { 0 }, behind = { 0 };

	CHECK_INT((long)boot_order_next(&circle), (long)SIZE_MAX);
	is("a1 b1 c1", "", false, "abc");
	is("a1 b2 c1 d3", "", false, "d b ac");
	is("a1:b b1 c1", "", false, "bc a");
	/* a is early, and so is whoever it waits for */
	is("a9:b b1:c c1 d5", "", false, "c b a d");
	is("a1:bc b1 c1", "c", false, "bc");
	is("a1:b b1 c0", "b", false, "b c");
	/* ends: a failure keeps nobody back */
	is("a1:bc b1 c1", "c", true, "bc a");
	is("a1:b b1:a c1", "", true, "ac b");

	make(&circle, "a1:b b1:c c1:a d1:a e2");
	auto_free char *got = run(&circle, "");

	CHECK_STR(got, "e");
	CHECK_STR(why(&circle, "a"), "a waits for b, which waits for c, which waits for a");
	CHECK_STR(why(&circle, "d"), "it waits for zone \"a\", which does not run");
	make(&behind, "a1:b b1:c c1");
	auto_free char *some = run(&behind, "c");

	CHECK_STR(some, "c");
	CHECK_STR(why(&behind, "a"), "it waits for zone \"b\", which does not run");
	CHECK_STR(why(&behind, "b"), "it waits for zone \"c\", which does not run");
	CHECK_STR(why(&behind, "c"), "");
	return test_done();
}
