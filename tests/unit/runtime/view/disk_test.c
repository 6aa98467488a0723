#include "runtime/view/view.h"

#include <stdlib.h>

#include "tests/unit/test.h"

static const char host[] =
	"   8       0 sda 1 2 3 4 5 6 7 8 9 10 11\n   8       1 sda1 1 2 3 4 5 6 7 8 9 10 11\n"
	" 253       0 vda 1 2 3 4 5 6 7 8 9 10 11\nbroken\n";

static void check(const char *bytes, const char *operations, bool v1, const char *want)
{
	struct view_text t = { 0 };

	view_diskstats(&t, host, bytes, operations, v1);
	CHECK_STR(t.at ? t.at : "", want);
	view_text_done(&t);
}

static void check_vmstat(const char *bytes, bool v1)
{
	const struct view_memory m = { .total = 8192, .used = 4096, .faults = 7 };
	struct view_text t = { 0 };

	view_vmstat(&t, &m, bytes, v1);
	CHECK_INT(view_word(t.at, "pgpgin"), 12);
	CHECK_INT(view_word(t.at, "pgpgout"), 2);
	CHECK_INT(view_word(t.at, "nr_free_pages"), 1);
	CHECK_INT(view_word(t.at, "pgfault"), 7);
	view_text_done(&t);
}

int main(void)
{
	static const char line[] = " 253       0 vda 2 0 8 0 1 0 4 0 0 0 0 0 0 0 0 0 0\n";

	check("253:0 Read 4096\n253:0 Write 2048\n253:0 Total 6144\nTotal 6144\n",
	      "253:0 Read 2\n253:0 Write 1\nTotal 3\n", true, line);
	check("253:0 rbytes=4096 wbytes=2048 rios=2 wios=1 dbytes=0 dios=0\n", NULL, false, line);
	check("Total 0\n", "Total 0\n", true, "");
	check("", "", false, "");
	check(NULL, NULL, true, "");
	/* a device that the zone has not used, and one whose number begins like another's */
	check("25:0 rbytes=1 rios=1\n8:16 rbytes=1\n", NULL, false, "");
	check_vmstat("8:0 Read 4096\n8:0 Write 2048\n8:16 Read 8192\nTotal 14336\n", true);
	check_vmstat("8:0 rbytes=4096 wbytes=2048 rios=1\n8:16 rbytes=8192 wbytes=0", false);
	return test_done();
}
