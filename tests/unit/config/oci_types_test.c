#include "config/oci_tables.h"
#include "runtime/base/str.h"
#include "tests/unit/test.h"

/* The types of values that several tables share. */

static const struct row {
	const struct value_type *type;
	const char *text;
	bool ok;
} rows[] = {
	{ &oci_absolute_type, "/", true },
	{ &oci_absolute_type, "/a/../b", true },
	{ &oci_absolute_type, "", false },
	{ &oci_absolute_type, "a", false },
	{ &oci_text_type, "x", true },
	{ &oci_text_type, "", false },
	{ &oci_line_type, "", true },
	{ &oci_line_type, "a b:c", true },
	{ &oci_line_type, "a\nb", false },
	{ &oci_line_type, "a\x7f", false },
	{ &oci_list_type, "", true },
	{ &oci_list_type, "0", true },
	{ &oci_list_type, "0-3,7", true },
	{ &oci_list_type, "0-30:2/4,31", true },
	{ &oci_list_type, "4294967295", true },
	{ &oci_list_type, "4294967296", false },
	{ &oci_list_type, "3-1", false },
	{ &oci_list_type, "-1", false },
	{ &oci_list_type, "1-", false },
	{ &oci_list_type, ",1", false },
	{ &oci_list_type, "1,", false },
	{ &oci_list_type, "1,,2", false },
	{ &oci_list_type, "1 ,2", false },
	{ &oci_list_type, "1:2", false },
	{ &oci_list_type, "0-3:x", false },
	{ &oci_list_type, "all", false },
	{ &oci_list_type, "1111111111111111111111111111111111111111111111111111111111111111111111",
	  false },
	{ &oci_interface_type, "eth0", true },
	{ &oci_interface_type, "net%d", true },
	{ &oci_interface_type, "fifteen-letters", true },
	{ &oci_interface_type, "sixteen-letters!", false },
	{ &oci_interface_type, "", false },
	{ &oci_interface_type, ".", false },
	{ &oci_interface_type, "..", false },
	{ &oci_interface_type, "a/b", false },
	{ &oci_interface_type, "a:b", false },
	{ &oci_interface_type, "a b", false },
	{ &oci_interface_type, "a\n", false },
};

int main(void)
{
	char why[200] = "";

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int r = rows[i].type->check(rows[i].text, why, sizeof(why));

		test_check((r == 0) == rows[i].ok, rows[i].type->name, __FILE__, __LINE__);
		if (!rows[i].ok)
			CHECK(why[0] != '\0');
		why[0] = '\0';
	}
	CHECK_INT(oci_word_check(rlimit_names, "RLIMIT_CPU", why, sizeof(why)), 0);
	CHECK(oci_word_check(rlimit_names, "cpu", why, sizeof(why)) < 0 && why[0]);
	CHECK(oci_id_type.max == 4294967294u);
	CHECK(oci_limit_type.min_signed == -1 && oci_limit_type.max == 0);
	return test_done();
}
