#include "cgroups/convert.h"

#include <errno.h>

#include "tests/unit/test.h"

static void test_shares(void)
{
	uint64_t last = 0;
	bool rising = true;

	CHECK_INT(convert_shares(0), 0);
	CHECK_INT(convert_shares(1), 1);
	CHECK_INT(convert_shares(2), 1);
	CHECK_INT(convert_shares(512), 59);
	CHECK_INT(convert_shares(1024), 100);
	CHECK_INT(convert_shares(2048), 174);
	CHECK_INT(convert_shares(262144), 10000);
	CHECK_INT(convert_shares(UINT64_MAX), 10000);
	for (uint64_t s = 2; s <= 262144; s += 37) {
		uint64_t w = convert_shares(s);

		rising = rising && w >= last && w >= 1 && w <= 10000;
		last = w;
	}
	CHECK(rising);
}

static void test_io_weight(void)
{
	CHECK_INT(convert_io_weight(0), 0);
	CHECK_INT(convert_io_weight(10), 1);
	CHECK_INT(convert_io_weight(500), 4950);
	CHECK_INT(convert_io_weight(1000), 10000);
	CHECK_INT(convert_io_weight(5000), 10000);
}

static int swap(int64_t memsw, int64_t limit, bool *write, int64_t *ret)
{
	struct err e = { 0 };

	return convert_swap((struct opt_i64){ true, memsw }, (struct opt_i64){ limit != 0, limit },
			    write, ret, &e);
}

static void test_swap(void)
{
	struct err e = { 0 };
	bool write = true;
	int64_t v = 77;

	CHECK_INT(convert_swap((struct opt_i64){ 0 }, (struct opt_i64){ true, 5 }, &write, &v, &e),
		  0);
	CHECK(!write);
	CHECK_INT(swap(0, 5, &write, &v), 0);
	CHECK(!write);
	CHECK_INT(swap(300, 100, &write, &v), 0);
	CHECK(write);
	CHECK_INT(v, 200);
	CHECK_INT(swap(100, 100, &write, &v), 0);
	CHECK_INT(v, 0);
	CHECK_INT(swap(-1, 100, &write, &v), 0);
	CHECK_INT(v, -1);
	CHECK_INT(swap(-1, 0, &write, &v), 0);
	CHECK_INT(swap(50, 100, &write, &v), -EINVAL);
	CHECK_INT(swap(50, 0, &write, &v), -EINVAL);
	CHECK_INT(swap(50, -1, &write, &v), -EINVAL);
}

static void test_lists(void)
{
	unsigned missing = 0;

	CHECK_INT(convert_list_within("0", "0-3", &missing), 0);
	CHECK_INT(convert_list_within("0-1,3", "0-3", &missing), 0);
	CHECK_INT(convert_list_within("1,5-6", "0-5", &missing), -ERANGE);
	CHECK_INT(missing, 6);
	CHECK_INT(convert_list_within("3-1", "0-3", &missing), -EINVAL);
	CHECK_INT(convert_list_within("a", "0-3", &missing), -EINVAL);
	CHECK_INT(convert_list_within("0-99999", "0-3", &missing), -EINVAL);
	CHECK_INT(convert_list_within("0,,1", "0-3", &missing), -EINVAL);
}

static void test_pages(void)
{
	CHECK_INT(convert_page_kib("2MB"), 2048);
	CHECK_INT(convert_page_kib("1GB"), 1024 * 1024);
	CHECK_INT(convert_page_kib("64KB"), 64);
	CHECK(!convert_is_page_size(""));
	CHECK(!convert_is_page_size(NULL));
	CHECK(!convert_is_page_size("MB"));
	CHECK(!convert_is_page_size("02MB"));
	CHECK(!convert_is_page_size("../2MB"));
	CHECK(!convert_is_page_size("2mb"));
	CHECK(!convert_is_page_size("2M"));
}

static void test_bits(void)
{
	uint8_t bytes[CONVERT_LIST_MAX / 8];
	size_t n = 0;

	CHECK_INT(convert_list_bits("0-1,9", bytes, sizeof(bytes), &n), 0);
	CHECK(n == 2 && bytes[0] == 3 && bytes[1] == 2);
	CHECK_INT(convert_list_bits("8191", bytes, sizeof(bytes), &n), 0);
	CHECK(n == sizeof(bytes) && bytes[n - 1] == 0x80);
	CHECK_INT(convert_list_bits("8192", bytes, sizeof(bytes), &n), -EINVAL);
	CHECK_INT(convert_list_bits("0", bytes, 8, &n), -EINVAL);
}

int main(void)
{
	test_bits();
	test_shares();
	test_io_weight();
	test_swap();
	test_lists();
	test_pages();
	return test_done();
}
