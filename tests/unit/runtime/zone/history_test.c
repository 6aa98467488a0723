/* The log of acts: lines, the bound, what a crash leaves, what is read back. */
#include "runtime/zone/history.h"

#include <errno.h>

#include "tests/unit/runtime/zone/store_dirs.h"

static size_t count(const struct test_dirs *t, const struct history_query *q, struct json **ret)
{
	auto_ptr(json) struct json *list = NULL;
	struct err e = { 0 };

	CHECK_INT(history_read(&t->dirs, q, &list, &e), 0);
	size_t n = list ? list->n : 0;

	if (ret)
		*ret = ptr_steal(&list);
	return n;
}

int main(void)
{
	const struct history_query all = { 0 }, of_web = { .zone = "web" }, one = { .last = 1 },
				   refused = { .refused = true };
	struct history_act act = { .verb = "halt", .zone = "web", .uid = 0, .status = 3 };
	auto_ptr(json) struct json *list = NULL;
	struct test_dirs t;
	struct stat st;

	test_dirs_make(&t);
	auto_free char *folder = mem_format("%s/.audit", t.dirs.storage);
	auto_free char *file = mem_format("%s/audit.log", folder);
	auto_free char *older = mem_format("%s/audit.log.1", folder);

	CHECK_INT(count(&t, &all, NULL), 0);
	history_add(&t.dirs, &act);
	CHECK(stat(folder, &st) == 0 && (st.st_mode & 07777) == 0700);
	CHECK(stat(file, &st) == 0 && (st.st_mode & 07777) == 0600);
	act = (struct history_act){ .verb = "boot", .zone = "db\n\x1b", .uid = 7, .user = "eve" };
	history_add(&t.dirs, &act);
	act = (struct history_act){ .verb = "autoboot" };
	history_add(&t.dirs, &act);
	CHECK_INT(count(&t, &of_web, &list), 1);
	CHECK_STR(json_get_string(list->items[0], "user", ""), "root");
	CHECK_INT(json_get_i64(list->items[0], "status", 0), 3);
	CHECK_INT(count(&t, &all, NULL), 3);
	CHECK_INT(count(&t, &one, NULL), 1);
	/* What is refused goes elsewhere, and any text of a user's is cut. */
	auto_free char *text = mem_array(40000, 1);

	memset(text, 'x', 39999);
	act = (struct history_act){ .verb = "halt", .zone = text, .uid = 7, .refused = true };
	history_add(&t.dirs, &act);
	CHECK_INT(count(&t, &all, NULL), 3);
	json_free(list);
	list = NULL;
	CHECK_INT(count(&t, &refused, &list), 1);
	CHECK_INT(strlen(json_get_string(list->items[0], "zone", "")), 64);
	/* An unfinished line takes none with it. */
	test_put(folder, "audit.log", "{\"verb\":\"halt\",\"zone\":\"we");
	act = (struct history_act){ .verb = "boot", .zone = "web" };
	history_add(&t.dirs, &act);
	CHECK_INT(count(&t, &all, NULL), 2); /* and that of eve, in a file of its own */
	/* The bound: what was is kept once. */
	auto_free char *full = mem_array(HISTORY_MAX + 1, 1);

	memset(full, 'x', HISTORY_MAX);
	test_put(folder, "audit.log", full);
	history_add(&t.dirs, &act);
	CHECK(stat(older, &st) == 0 && st.st_size >= HISTORY_MAX);
	CHECK(stat(file, &st) == 0 && st.st_size < 1024);
	CHECK_INT(count(&t, &all, NULL), 2);
	/* A user's acts push out his own, and come in between by their time. */
	test_put(folder, "audit.log.1",
		 "{\"time\":\"2026-11-29T10:00:00.000Z\",\"verb\":\"boot\"}\n");
	test_put(folder, "audit.log",
		 "{\"time\":\"2026-11-29T12:00:00.000Z\",\"verb\":\"halt\"}\n");
	act = (struct history_act){ .verb = "freeze", .zone = "web", .uid = 7, .user = "eve" };
	for (int i = 0; i < 25000; i++)
		history_add(&t.dirs, &act);
	test_put(folder, "audit-7.log.1",
		 "{\"time\":\"2026-11-29T11:00:00.000Z\",\"verb\":\"thaw\"}\n");
	test_put(folder, "audit-8.log",
		 "{\"time\":\"2026-11-29T09:00:00.000Z\",\"verb\":\"ready\"}\n");
	test_put(folder, "audit-x.log", "{\"verb\":\"no file of ours\"}\n");
	json_free(list);
	list = NULL;
	CHECK(count(&t, &all, &list) > 4);
	static const char *const verbs[] = { "ready", "boot", "thaw", "halt", "freeze" };

	for (size_t i = 0; list && list->n >= 5 && i < 5; i++)
		CHECK_STR(json_get_string(list->items[i], "verb", ""), verbs[i]);
	test_dirs_remove(&t);
	return test_done();
}
