#include "runtime/base/finding.h"

#include "runtime/base/cleanup.h"
#include "tests/unit/test.h"

int main(void)
{
	auto_done(findings) struct findings f = { 0 };
	auto_done(findings) struct findings many = { 0 };

	/* by the text */
	CHECK_INT(finding_judge(&f, "a", "1", "1", FINDING_DIFFERS)->verdict, FINDING_OK);
	CHECK_INT(finding_judge(&f, "b", "1", "2", FINDING_DIFFERS)->verdict, FINDING_DIFFERS);
	CHECK_INT(finding_judge(&f, "c", "1", "2", FINDING_CHANGED)->verdict, FINDING_CHANGED);
	CHECK_STR(finding_unknown(&f, "d", "1", "gone")->why, "gone");
	CHECK_INT(findings_count(&f, FINDING_DIFFERS), 1);
	CHECK_INT(findings_count(&f, FINDING_UNKNOWN), 1);
	CHECK_STR(finding_word(FINDING_CHANGED), "changed");

	/* the worst of many stays */
	finding_worse(&many, FINDING_OK, "a", "none", "none");
	finding_worse(&many, FINDING_CHANGED, "a", "none", "x");
	finding_worse(&many, FINDING_DIFFERS, "a", "none", "y");
	finding_worse(&many, FINDING_UNKNOWN, "a", "none", "z");
	finding_worse(&many, FINDING_OK, "a", "none", "none");
	CHECK_INT(many.n, 1);
	CHECK_STR(many.items[0].enforced, "y");
	CHECK_INT(many.items[0].verdict, FINDING_DIFFERS);
	return test_done();
}
