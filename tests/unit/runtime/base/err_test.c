/* err: sentences, reasons, wrapping without losing the cause, foreign values. */
#include "runtime/base/err.h"

#include <errno.h>
#include <stdlib.h>

#include "runtime/base/str.h"
#include "tests/unit/test.h"

static void test_record(void)
{
	struct err e = { 0 };

	errno = EBADF;
	CHECK_INT(err_set(&e, ENOENT, "zone \"%s\" does not exist", "web"), -ENOENT);
	CHECK_INT(e.code, ENOENT);
	CHECK_STR(e.text, "zone \"web\" does not exist");
	CHECK(strncmp(e.where, "err_test.c:", 11) == 0);
	CHECK_INT(errno, EBADF);

	errno = EACCES;
	CHECK_INT(err_sys(&e, "open \"%s\"", "/x"), -EACCES);
	CHECK_STR(e.text, "open \"/x\": Permission denied");
	CHECK_INT(errno, EACCES);

	CHECK_INT(err_ret(&e, -ERANGE, "read it"), -ERANGE);
	CHECK_STR(e.text, "read it: Numerical result out of range");
	errno = 0;
	CHECK_INT(err_sys(&e, "nothing"), -EIO);
	CHECK_INT(err_set(&e, 0, "nothing"), -EIO);
	CHECK_INT(err_ret(&e, -4000, "odd"), -4000);
	CHECK_STR(e.text, "odd: Unknown error");
	err_set(&e, EINVAL, "first");
	err_set(&e, EINVAL, "second %s", e.text);
	CHECK_STR(e.text, "second first");
}

static void test_wrap(void)
{
	struct err e = { 0 };
	char longer[600];

	err_set(&e, EBUSY, "cause");
	errno = ENOMEM;
	CHECK_INT(err_wrap(&e, "zone \"%s\"", "web"), -EBUSY);
	CHECK_STR(e.text, "zone \"web\": cause");
	CHECK_INT(errno, ENOMEM);

	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	err_wrap(&e, "%s", longer);
	CHECK_INT(strlen(e.text), sizeof(e.text) - 1);
	CHECK(str_has_suffix(e.text, "x: zone \"web\": cause"));
	err_wrap(&e, "%s", "more");
	CHECK(str_has_suffix(e.text, "zone \"web\": cause"));
	CHECK_INT(strlen(e.text), sizeof(e.text) - 1);

	struct err empty = { 0 };

	CHECK_INT(err_wrap(&empty, "context"), -EIO);
	CHECK_STR(empty.text, "context");
}

static void test_cut_at_characters(void)
{
	struct err e = { 0 };
	char text[1200] = "";

	for (size_t offset = 0; offset < 3; offset++) {
		text[0] = '\0';
		for (size_t i = 0; i < offset; i++)
			strcat(text, "a");
		for (int i = 0; i < 300; i++)
			strcat(text, "\xe2\x82\xac");
		err_set(&e, EINVAL, "%s", text);
		CHECK(str_is_utf8(e.text, strlen(e.text)));
		CHECK(strlen(e.text) > 440);
		err_set(&e, EINVAL, "cause");
		err_wrap(&e, "%s", text);
		CHECK(str_is_utf8(e.text, strlen(e.text)));
		CHECK(str_has_suffix(e.text, "\xac: cause"));
	}
}

static void test_foreign(void)
{
	struct err e;

	memset(&e, 'A', sizeof(e));
	e.text[1] = '\n';
	e.text[2] = 0x1b;
	err_sanitize(&e);
	CHECK_INT(strlen(e.text), sizeof(e.text) - 1);
	CHECK_INT(strlen(e.where), sizeof(e.where) - 1);
	CHECK(strncmp(e.text, "A??A", 4) == 0);
	CHECK_INT(e.code, EPROTO);
	e.code = -5;
	err_sanitize(&e);
	CHECK_INT(e.code, EPROTO);
	e.code = EBUSY;
	err_sanitize(&e);
	CHECK_INT(e.code, EBUSY);
}

int main(void)
{
	test_record();
	test_wrap();
	test_cut_at_characters();
	test_foreign();
	return test_done();
}
