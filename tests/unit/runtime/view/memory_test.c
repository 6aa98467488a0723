#include "runtime/view/view.h"

#include <stdlib.h>

#include "tests/unit/test.h"

#define MIB (UINT64_C(1) << 20)

static const char host[] =
	"MemTotal:        8000000 kB\nMemFree:   100 kB\nSwapTotal:       2048 kB\n"
	"Committed_AS:  99 kB\nHugePages_Total:       3\nHugepagesize:       2048 kB\n"
	"DirectMap4k:  77 kB\n";

static void test_v2(void)
{
	const struct view_memory_texts t = {
		.limit = "134217728\n",
		.usage = "67108864\n",
		.swap_limit = "1048576\n",
		.swap_usage = "4096\n",
		.stat = "anon 1048576\nfile 33554432\nshmem 2097152\nactive_file 10485760\ninactive_file 20971520\nslab_reclaimable 1048576\nslab_unreclaimable 2097152\n",
		.host = host,
	};
	static const char first[] = "MemTotal:         131072 kB\nMemFree:           65536 kB\n";
	struct view_memory m;
	struct view_text x = { 0 };

	view_memory_read(&t, &m);
	CHECK_INT(m.total, 128 * MIB);
	CHECK_INT(m.used, 64 * MIB);
	CHECK_INT(m.swap_total, MIB);
	CHECK_INT(m.swap_used, 4096);
	view_meminfo(&x, &m, host);
	CHECK_INT(view_word(x.at, "MemTotal"), 131072);
	CHECK_INT(view_word(x.at, "MemFree"), 65536);
	CHECK_INT(view_word(x.at, "MemAvailable"), 65536 + 31 * 1024);
	CHECK_INT(view_word(x.at, "Cached"), 32768);
	CHECK_INT(view_word(x.at, "Shmem"), 2048);
	CHECK_INT(view_word(x.at, "SReclaimable"), 1024);
	CHECK_INT(view_word(x.at, "Slab"), 3072);
	CHECK_INT(view_word(x.at, "SwapTotal"), 1024);
	CHECK_INT(view_word(x.at, "SwapFree"), 1020);
	CHECK_INT(view_word(x.at, "AnonPages"), 1024);
	/* page sizes are the host's; what it does else is nobody's business */
	CHECK(strstr(x.at, "\nHugePages_Total:       3\nHugepagesize:       2048 kB\n") != NULL);
	CHECK(!strstr(x.at, "Committed_AS") && !strstr(x.at, "DirectMap"));
	CHECK(strncmp(x.at, first, sizeof(first) - 1) == 0);
	view_text_done(&x);
	view_swaps(&x, &m);
	CHECK(strstr(x.at, "\nnone\t\t\t\t\tvirtual\t\t1024\t\t4\t\t0\n") != NULL);
	view_text_done(&x);
}

/* v1 counts memory and swap together. */
static void test_v1(void)
{
	struct view_memory_texts t = {
		.limit = "1048576\n",
		.usage = "524288\n",
		.swap_limit = "2097152\n",
		.swap_usage = "655360\n",
		.stat = "cache 1\ntotal_cache 262144\ntotal_rss 131072\n",
		.host = host,
		.v1 = true,
	};
	struct view_memory m;

	view_memory_read(&t, &m);
	CHECK_INT(m.file, 262144);
	CHECK_INT(m.anon, 131072);
	CHECK_INT(m.swap_total, MIB);
	CHECK_INT(m.swap_used, 131072);
	/* a cap beyond the host is no memory */
	t.limit = t.swap_limit = "9223372036854771712\n";
	view_memory_read(&t, &m);
	CHECK_INT(m.total, UINT64_C(8000000) * 1024);
	CHECK_INT(m.swap_total, 0);
}

static void test_nothing(void)
{
	const struct view_memory_texts t = { .host = host };
	const struct view_memory_texts over = { .limit = "1048576",
						.usage = "2097152",
						.host = host };
	struct view_memory m;
	struct view_text x = { 0 };

	view_memory_read(&t, &m);
	CHECK_INT(m.total, UINT64_C(8000000) * 1024);
	CHECK_INT(m.used, 0);
	CHECK_INT(m.swap_total, UINT64_C(2048) * 1024);
	/* a limit lowered below the use */
	view_memory_read(&over, &m);
	CHECK_INT(m.used, MIB);
	view_meminfo(&x, &m, NULL);
	CHECK_INT(view_word(x.at, "MemFree"), 0);
	CHECK_INT(view_word(x.at, "MemAvailable"), 0);
	view_text_done(&x);
}

int main(void)
{
	test_v2();
	test_v1();
	test_nothing();
	return test_done();
}
