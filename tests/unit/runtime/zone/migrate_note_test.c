#include "runtime/zone/migrate_note.h"

#include "runtime/zone/receive.h"
#include "tests/unit/runtime/zone/store_dirs.h"

int main(void)
{
	struct test_dirs t;
	struct err e = { 0 };
	struct json *note = json_new_object(), *found = NULL;

	test_dirs_make(&t);
	auto_free char *folder = mem_format("%s/.migrate", t.dirs.storage);

	CHECK_INT(note_load(&t.dirs, "out-web", &found, &e), 0);
	json_set(note, "zone", json_new_string("web"));
	CHECK_INT(note_save(&t.dirs, "in-0123456789abcdef", note, &e), 0);
	CHECK_INT(note_save(&t.dirs, "out-web", note, &e), 0);
	CHECK_INT(note_load(&t.dirs, "out-web", &found, &e), 1);
	CHECK_STR(json_get_string(found, "zone", NULL), "web");
	receive_forget(&t.dirs, "other");
	json_free(found);
	found = NULL;
	CHECK_INT(note_load(&t.dirs, "in-0123456789abcdef", &found, &e), 1);
	receive_forget(&t.dirs, "web");
	json_free(found);
	found = NULL;
	CHECK_INT(note_load(&t.dirs, "in-0123456789abcdef", &found, &e), 0);
	CHECK(file_exists(AT_FDCWD, folder));
	note_forget(&t.dirs, "out-web");
	note_forget(&t.dirs, "out-web");
	CHECK(!file_exists(AT_FDCWD, folder));
	json_free(note);
	test_dirs_remove(&t);
	return test_done();
}
