/* Accounts agree with each other. */
#include "runtime/zone/skeleton_etc.h"

#include "runtime/base/cleanup.h"
#include "runtime/base/num.h"
#include "runtime/base/str.h"
#include "tests/unit/test.h"

static const char *text_of(const char *path)
{
	for (const struct skeleton_file *f = skeleton_etc; f->path; f++) {
		if (strcmp(f->path, path) == 0)
			return f->text;
	}
	return "";
}

/* Field `index` of the line of `name`; NULL when there is none. */
static char *field_of(const char *text, const char *name, size_t index)
{
	auto_done(strv) struct strv lines = { 0 };
	char *found = NULL;

	strv_split(&lines, text, '\n');
	for (size_t i = 0; i < lines.n && !found; i++) {
		struct strv fields = { 0 };

		strv_split(&fields, lines.items[i], ':');
		if (fields.n > index && str_eq(fields.items[0], name))
			found = strdup(fields.items[index]);
		strv_done(&fields);
	}
	return found;
}

static void accounts(void)
{
	auto_done(strv) struct strv lines = { 0 };
	int bad = 0;

	strv_split(&lines, text_of("etc/passwd"), '\n');
	for (size_t i = 0; i + 1 < lines.n; i++) {
		auto_done(strv) struct strv f = { 0 };
		uint32_t uid = 0, gid = 0;

		strv_split(&f, lines.items[i], ':');
		auto_free char *password =
			f.n > 0 ? field_of(text_of("etc/shadow"), f.items[0], 1) : NULL;

		bad += f.n != 7 || num_id(f.items[2], &uid) < 0 || num_id(f.items[3], &gid) < 0 ||
		       uid > 65535 || gid > 65535;
		bad += !str_eq(password, "*");
		bad += f.n == 7 && !str_eq(f.items[1], "x");
	}
	CHECK_INT(bad, 0);
	CHECK(lines.n > 15);
}

int main(void)
{
	auto_free char *shadow_gid = field_of(text_of("etc/group"), "shadow", 2);
	auto_free char *www = field_of(text_of("etc/passwd"), "www-data", 2);
	auto_free char *nobody = field_of(text_of("etc/passwd"), "nobody", 2);
	auto_free char *root = field_of(text_of("etc/shadow"), "root", 1);

	accounts();
	CHECK_STR(shadow_gid, "42");
	CHECK_STR(www, "33");
	CHECK_STR(nobody, "65534");
	CHECK_STR(root, "*");
	for (const struct skeleton_file *f = skeleton_etc; f->path; f++)
		CHECK(f->path[0] != '/' && (f->mode & 022) == 0);
	return test_done();
}
