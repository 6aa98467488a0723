#include "runtime/zone/migrate_copy.h"

#include "tests/unit/test.h"

int main(void)
{
	struct migrate_round r = { 0 };

	CHECK_INT(migrate_copy_line(
			  "          35664  99%    2.76MB/s    0:00:00 (xfr#1, to-chk=5/7)", &r),
		  35664);
	CHECK_INT(r.files, 0);
	CHECK_INT(migrate_copy_line("Number of regular files transferred: 12", &r), 0);
	CHECK_INT(migrate_copy_line("Total transferred file size: 35667 bytes", &r), 0);
	CHECK_INT(migrate_copy_line("Total file size: 99 bytes", &r), 0);
	CHECK_INT(r.files, 12);
	CHECK_INT(r.bytes, 35667);
	CHECK_INT(migrate_copy_line("", &r), 0);
	CHECK_INT(migrate_copy_line("  99999999999999999999999999", &r), 0);
	CHECK_INT(migrate_copy_line("skipping non-regular file \"Total transferred file size: 1\"",
				    &r),
		  0);
	CHECK_INT(r.bytes, 35667);
	return test_done();
}
