/* num: every accepted form, every refused one, and text that reads back as the same value. */
#include "runtime/base/num.h"

#include <errno.h>

#include "tests/unit/test.h"

typedef int (*read_u64)(const char *, uint64_t *);

struct row {
	read_u64 read;
	const char *text;
	int result;
	uint64_t value;
};

static const struct row rows[] = {
	{ num_u64, "0", 0, 0 },
	{ num_u64, "18446744073709551615", 0, UINT64_MAX },
	{ num_u64, "18446744073709551616", -ERANGE, 0 },
	{ num_u64, "99999999999999999999999", -ERANGE, 0 },
	{ num_u64, "99999999999999999999999x", -EINVAL, 0 },
	{ num_u64, "", -EINVAL, 0 },
	{ num_u64, NULL, -EINVAL, 0 },
	{ num_u64, " 1", -EINVAL, 0 },
	{ num_u64, "1 ", -EINVAL, 0 },
	{ num_u64, "+1", -EINVAL, 0 },
	{ num_u64, "-1", -EINVAL, 0 },
	{ num_u64, "0x10", -EINVAL, 0 },
	{ num_u64, "1e3", -EINVAL, 0 },
	{ num_u64, "1\n", -EINVAL, 0 },
	{ num_size, "512", 0, 512 },
	{ num_size, "512K", 0, 512 << 10 },
	{ num_size, "512m", 0, 512 << 20 },
	{ num_size, "1.5G", 0, UINT64_C(3) << 29 },
	{ num_size, "2GiB", 0, UINT64_C(2) << 30 },
	{ num_size, "2GB", 0, UINT64_C(2) << 30 },
	{ num_size, "16383P", 0, UINT64_C(16383) << 50 },
	{ num_size, "16384P", -ERANGE, 0 },
	{ num_size, "18446744073709551616", -ERANGE, 0 },
	{ num_size, "0.001K", 0, 1 },
	{ num_size, "1.5", -EINVAL, 0 },
	{ num_size, "1.", -EINVAL, 0 },
	{ num_size, ".5G", -EINVAL, 0 },
	{ num_size, "1.0001G", -EINVAL, 0 },
	{ num_size, "1iB", -EINVAL, 0 },
	{ num_size, "1Gib", -EINVAL, 0 },
	{ num_size, "1 G", -EINVAL, 0 },
	{ num_size, "1X", -EINVAL, 0 },
	{ num_size, "-1", -EINVAL, 0 },
	{ num_size, "G", -EINVAL, 0 },
	{ num_size, "", -EINVAL, 0 },
	{ num_milli, "1.5", 0, 1500 },
	{ num_milli, "2", 0, 2000 },
	{ num_milli, "0.001", 0, 1 },
	{ num_milli, "0.0001", -EINVAL, 0 },
	{ num_milli, "1.5.5", -EINVAL, 0 },
	{ num_milli, "1,5", -EINVAL, 0 },
	{ num_milli, "18446744073709551615", -ERANGE, 0 },
	{ num_duration_ms, "250ms", 0, 250 },
	{ num_duration_ms, "5s", 0, 5000 },
	{ num_duration_ms, "1m", 0, 60000 },
	{ num_duration_ms, "2h", 0, 7200000 },
	{ num_duration_ms, "7", 0, 7000 },
	{ num_duration_ms, "1.5", 0, 1500 },
	{ num_duration_ms, "0.5h", 0, 1800000 },
	{ num_duration_ms, "1.5ms", -EINVAL, 0 },
	{ num_duration_ms, "5 s", -EINVAL, 0 },
	{ num_duration_ms, "5d", -EINVAL, 0 },
	{ num_duration_ms, "99999999999999999999h", -ERANGE, 0 },
	{ num_duration_ms, "9999999999999999h", -ERANGE, 0 },
	{ num_bitrate, "100M", 0, 100000000 },
	{ num_bitrate, "1.5G", 0, 1500000000 },
	{ num_bitrate, "8000", 0, 8000 },
	{ num_bitrate, "1GiB", -EINVAL, 0 },
	{ num_bitrate, "1P", -EINVAL, 0 },
};

static void test_rows(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint64_t v = 4711;
		int r = rows[i].read(rows[i].text, &v);
		char what[80];

		(void)snprintf(what, sizeof(what), "\"%s\" in row %zu",
			       rows[i].text ? rows[i].text : "(null)", i);
		test_int(r, rows[i].result, what, __FILE__, __LINE__);
		test_check(v == (r < 0 ? 4711 : rows[i].value), what, __FILE__, __LINE__);
	}
}

static void test_narrow(void)
{
	int64_t i = 0;
	uint32_t u = 0;

	CHECK(num_i64("-9223372036854775808", &i) == 0 && i == INT64_MIN);
	CHECK(num_i64("9223372036854775807", &i) == 0 && i == INT64_MAX);
	CHECK_INT(num_i64("9223372036854775808", &i), -ERANGE);
	CHECK_INT(num_i64("-9223372036854775809", &i), -ERANGE);
	CHECK_INT(num_i64("--1", &i), -EINVAL);
	CHECK_INT(num_i64("-", &i), -EINVAL);
	CHECK_INT(num_i64(NULL, &i), -EINVAL);
	CHECK(num_u32("4294967295", &u) == 0 && u == UINT32_MAX);
	CHECK_INT(num_u32("4294967296", &u), -ERANGE);
	CHECK(num_octal("0755", &u) == 0 && u == 0755);
	CHECK_INT(num_octal("0788", &u), -EINVAL);
	CHECK(num_hex32("0xdeadBEEF", &u) == 0 && u == 0xdeadbeef);
	CHECK(num_hex32("ff", &u) == 0 && u == 255);
	CHECK_INT(num_hex32("0x", &u), -EINVAL);
	CHECK_INT(num_hex32("100000000", &u), -ERANGE);
	CHECK(num_id("4294967294", &u) == 0 && u == UINT32_MAX - 1);
	CHECK_INT(num_id("4294967295", &u), -ERANGE);
	CHECK_INT(num_id("-1", &u), -EINVAL);
}

static void test_text(void)
{
	static const uint64_t values[] = { 0,
					   1,
					   999,
					   1000,
					   1001,
					   1023,
					   1024,
					   1500,
					   1536,
					   60000,
					   90000,
					   3600000,
					   1 << 20,
					   3 << 19,
					   UINT64_C(512) << 20,
					   UINT64_C(5) << 28,
					   123456789,
					   UINT64_C(1) << 50,
					   UINT64_C(16383) << 50,
					   UINT64_MAX };
	char buf[32];

	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		uint64_t v = 0;

		num_size_text(values[i], buf, sizeof(buf));
		CHECK(num_size(buf, &v) == 0 && v == values[i]);
		num_milli_text(values[i], buf, sizeof(buf));
		CHECK(num_milli(buf, &v) == 0 && v == values[i]);
		num_duration_text(values[i], buf, sizeof(buf));
		CHECK(num_duration_ms(buf, &v) == 0 && v == values[i]);
		num_bitrate_text(values[i], buf, sizeof(buf));
		CHECK(num_bitrate(buf, &v) == 0 && v == values[i]);
	}
	num_size_text(UINT64_C(512) << 20, buf, sizeof(buf));
	CHECK_STR(buf, "512M");
	num_size_text(UINT64_C(3) << 29, buf, sizeof(buf));
	CHECK_STR(buf, "1.5G");
	num_milli_text(1500, buf, sizeof(buf));
	CHECK_STR(buf, "1.5");
	num_milli_text(50, buf, sizeof(buf));
	CHECK_STR(buf, "0.05");
	num_duration_text(250, buf, sizeof(buf));
	CHECK_STR(buf, "250ms");
	num_duration_text(5000, buf, sizeof(buf));
	CHECK_STR(buf, "5s");
	num_bitrate_text(100000000, buf, sizeof(buf));
	CHECK_STR(buf, "100M");
}

int main(void)
{
	test_rows();
	test_narrow();
	test_text();
	return test_done();
}
