/* Events on disk: written, read in the order of time, rotated, cut off by a crash, followed through a rotation. */
#include "runtime/zone/events.h"

#include <errno.h>

#include "tests/unit/runtime/zone/store_dirs.h"

struct seen {
	struct strv lines; /* "zone event text" */
	size_t enough;     /* end with -ECANCELED at so many; 0: never */
};

static void seen_done(struct seen *s)
{
	strv_done(&s->lines);
}

static int see(void *arg, const struct json *event)
{
	struct seen *s = arg;

	strv_format(&s->lines, "%s %s %s", json_get_string(event, "zone", ""),
		    json_get_string(event, "event", ""), json_get_string(event, "text", ""));
	return s->enough && s->lines.n >= s->enough ? -ECANCELED : 0;
}

static int read_events(struct test_dirs *t, struct zone_events_query q, struct seen *s)
{
	struct err e = { 0 };

	q.each = see;
	q.arg = s;
	return zone_events(&t->dirs, &q, &e);
}

static void order_and_choice(struct test_dirs *t)
{
	auto_done(seen) struct seen all = { 0 }, one = { 0 }, last = { 0 }, kind = { 0 },
				    late = { 0 };
	auto_done(strv) struct strv names = { 0 }, kinds = { 0 };

	zone_event(&t->dirs, "b", "booted", "first", NULL);
	zone_event(&t->dirs, "a", "oom", "second", json_new_object());
	zone_event(&t->dirs, "b", "halted", "third", NULL);
	CHECK_INT(read_events(t, (struct zone_events_query){ 0 }, &all), 0);
	CHECK_INT((int)all.lines.n, 3);
	strv_add(&names, "b");
	CHECK_INT(read_events(t, (struct zone_events_query){ .names = &names }, &one), 0);
	CHECK_INT((int)one.lines.n, 2);
	CHECK_STR(one.lines.items[0], "b booted first");
	CHECK_STR(one.lines.items[1], "b halted third");
	CHECK_INT(read_events(t, (struct zone_events_query){ .names = &names, .last = 1 }, &last),
		  0);
	CHECK_INT((int)last.lines.n, 1);
	CHECK_STR(last.lines.items[0], "b halted third");
	strv_add(&kinds, "oom");
	CHECK_INT(read_events(t, (struct zone_events_query){ .kinds = &kinds }, &kind), 0);
	CHECK_INT((int)kind.lines.n, 1);
	CHECK_INT(read_events(t, (struct zone_events_query){ .since = "2999" }, &late), 0);
	CHECK_INT((int)late.lines.n, 0);
	strv_add(&names, "nosuch");
	CHECK_INT(read_events(t, (struct zone_events_query){ .names = &names }, &late), -ENOENT);
}

static void torn(struct test_dirs *t)
{
	auto_done(seen) struct seen s = { 0 };
	auto_done(strv) struct strv names = { 0 };
	auto_free char *dir = mem_format("%s/.events", t->dirs.storage);

	test_put(dir, "torn", "{\"time\":\"2026\",\"zone\":\"torn\",\"ev");
	zone_event(&t->dirs, "torn", "booted", "whole", NULL);
	strv_add(&names, "torn");
	CHECK_INT(read_events(t, (struct zone_events_query){ .names = &names }, &s), 0);
	CHECK_INT((int)s.lines.n, 1);
	CHECK_STR(s.lines.items[0], "torn booted whole");
}

static void bounded(struct test_dirs *t)
{
	auto_done(seen) struct seen s = { 0 };
	auto_done(strv) struct strv names = { 0 };
	auto_free char *dir = mem_format("%s/.events", t->dirs.storage);
	auto_free char *long_text = mem_zero(1001);
	struct stat st;

	memset(long_text, 'x', 1000);
	for (int i = 0; i < 400; i++)
		zone_event(&t->dirs, "flood", "service", long_text, NULL);
	zone_event(&t->dirs, "flood", "service", "the last", NULL);
	for (int i = 0; i < 2; i++) {
		auto_free char *path = mem_format("%s/%sflood", dir, i ? "." : "");

		CHECK_INT(stat(path, &st), 0);
		CHECK(st.st_size > 0 && st.st_size <= EVENTS_MAX);
	}
	strv_add(&names, "flood");
	CHECK_INT(read_events(t, (struct zone_events_query){ .names = &names }, &s), 0);
	CHECK(s.lines.n > 100 && s.lines.n < 300);
	CHECK_STR(s.lines.items[s.lines.n - 1], "flood service the last");
	zone_events_forget(&t->dirs, "flood");
	CHECK(test_get(dir, "flood") == NULL && test_get(dir, ".flood") == NULL);
}

/* A child writes more than a file holds while we follow: nothing is lost, nothing is told twice. */
static void followed(struct test_dirs *t)
{
	enum { N = 300 };
	auto_done(seen) struct seen s = { .enough = N };
	auto_done(strv) struct strv names = { 0 };
	auto_free char *long_text = mem_zero(501);
	pid_t child;

	memset(long_text, 'x', 500);
	zone_event(&t->dirs, "follow", "n", "0", NULL);
	strv_add(&names, "follow");
	child = fork();
	if (child == 0) {
		for (int i = 1; i < N; i++) {
			auto_free char *text = mem_format("%d %s", i, long_text);

			zone_event(&t->dirs, "follow", "n", text, NULL);
			(void)usleep(500);
		}
		_exit(0);
	}
	CHECK_INT(read_events(t, (struct zone_events_query){ .names = &names, .follow = true }, &s),
		  -ECANCELED);
	CHECK_INT((int)s.lines.n, N);
	for (size_t i = 0; i < s.lines.n; i++) {
		auto_free char *want = mem_format("follow n %zu", i);

		CHECK(str_has_prefix(s.lines.items[i], want));
	}
}

int main(void)
{
	struct test_dirs t;

	test_dirs_make(&t);
	order_and_choice(&t);
	torn(&t);
	bounded(&t);
	followed(&t);
	test_dirs_remove(&t);
	return test_done();
}
