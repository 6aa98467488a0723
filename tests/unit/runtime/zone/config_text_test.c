/* The file as text: only what was read is replaced. */
#include "runtime/zone/config_text.h"

#include <errno.h>

#include "tests/unit/runtime/zone/store_dirs.h"

int main(void)
{
	struct test_dirs t;
	struct zone *z = NULL;
	struct err e = { 0 };
	struct diag_list diags = { 0 };
	char *text = NULL;

	test_dirs_make(&t);
	CHECK_INT(zone_open(&t.dirs, "web", 0, &z, &e), 0);
	CHECK_INT(config_read(z, &text, &e), -ENOENT);
	CHECK_INT(config_write(z, "old", "new", &e), -ESTALE);
	CHECK_INT(config_write(z, NULL, "one", &e), 0);
	CHECK_INT(config_write(z, NULL, "two", &e), -EEXIST);
	CHECK_INT(config_write(z, "other", "two", &e), -ESTALE);
	CHECK_INT(config_write(z, "one", "two", &e), 0);
	CHECK_INT(config_read(z, &text, &e), 0);
	CHECK_STR(text, "two");
	free(text);
	struct stat st;

	CHECK(stat(z->config_file, &st) == 0 && (st.st_mode & 077) == 0);
	CHECK_INT(config_check("web", "{\"zonename\":\"web\"}", &diags, &e), 0);
	CHECK_INT(config_check("web", "{\"zonename\":\"shop\"}", &diags, &e), -EINVAL);
	CHECK(diags.n == 1 && strcmp(diags.items[0].path, "zonename") == 0);
	CHECK_INT(config_check("web", "{\"zonename\":\"web\",\"x\":1,\"y\":2}", &diags, &e),
		  -EINVAL);
	CHECK_INT(diags.n, 3);
	diag_done(&diags);
	zone_free(z);
	test_dirs_remove(&t);
	return test_done();
}
