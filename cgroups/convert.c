/* convert - without libm: the weight's exponent is evaluated by the two loops below, exactly enough that the documented
 * anchor points (2 -> 1, 1024 -> 100, 262144 -> 10000) and every power of two come out right. */
#include "cgroups/convert.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/mem.h"
#include "runtime/base/num.h"
#include "runtime/base/str.h"

enum { SHARES_MIN = 2, SHARES_MAX = 262144, WEIGHT_MAX = 10000 };

#define LN_10 2.302585092994045684

/* log2 for x >= 1, bit by bit: squaring doubles the logarithm. */
static double log_2(double x)
{
	double r = 0, bit = 1;

	while (x >= 2) {
		x /= 2;
		r++;
	}
	for (int i = 0; i < 52; i++) {
		x *= x;
		bit /= 2;
		if (x >= 2) {
			x /= 2;
			r += bit;
		}
	}
	return r;
}

/* 10^x for small x by the exponential series. */
static double power_of_10(double x)
{
	double y = x * LN_10, term = 1, sum = 1;

	for (int i = 1; i < 80; i++) {
		term *= y / i;
		sum += term;
	}
	return sum;
}

uint64_t convert_shares(uint64_t shares)
{
	if (shares == 0)
		return 0;
	if (shares <= SHARES_MIN)
		return 1;
	if (shares >= SHARES_MAX)
		return WEIGHT_MAX;
	double l = log_2((double)shares);
	double w = power_of_10((l * l + 125 * l) / 612 - 7.0 / 34);
	uint64_t whole = (uint64_t)w;

	/* Round up, but not for the error of the last digits: 1024 shares are 100, not 101. */
	return w - (double)whole > 1e-6 ? whole + 1 : whole;
}

uint64_t convert_io_weight(uint64_t weight)
{
	if (weight == 0)
		return 0;
	if (weight < 10)
		return 1;
	uint64_t r = 1 + (weight - 10) * 9999 / 990;

	return r > WEIGHT_MAX ? WEIGHT_MAX : r;
}

int convert_swap(struct opt_i64 memsw, struct opt_i64 limit, bool *ret_write, int64_t *ret,
		 struct err *e)
{
	*ret_write = false;
	if (!memsw.set || memsw.value == 0)
		return 0;
	if (memsw.value > 0) {
		if (!limit.set || limit.value <= 0)
			return err_set(
				e, EINVAL,
				"memory.swap: a limit of memory and swap needs a limit of memory");
		if (memsw.value < limit.value)
			return err_set(e, EINVAL, "memory.swap: %lld is below memory.limit, %lld",
				       (long long)memsw.value, (long long)limit.value);
	}
	*ret_write = true;
	*ret = memsw.value < 0 ? -1 : memsw.value - limit.value;
	return 0;
}

/* Set the bits of "0-3,7" in a map of CONVERT_LIST_MAX. */
static int mark_list(const char *list, bool *map)
{
	struct strv parts auto_done(strv) = { 0 };

	strv_split(&parts, list, ',');
	for (size_t i = 0; i < parts.n; i++) {
		char *dash = strchr(parts.items[i], '-');
		uint32_t first, last;

		if (dash)
			*dash = '\0';
		if (num_u32(parts.items[i], &first) < 0 ||
		    num_u32(dash ? dash + 1 : parts.items[i], &last) < 0)
			return -EINVAL;
		if (first > last || last >= CONVERT_LIST_MAX)
			return -EINVAL;
		memset(map + first, true, (size_t)(last - first) + 1);
	}
	return 0;
}

int convert_list_within(const char *list, const char *of, unsigned *ret_missing)
{
	auto_free bool *wanted = mem_array(CONVERT_LIST_MAX, sizeof(bool));
	auto_free bool *there = mem_array(CONVERT_LIST_MAX, sizeof(bool));

	if (mark_list(list, wanted) < 0 || mark_list(of, there) < 0)
		return -EINVAL;
	for (unsigned i = 0; i < CONVERT_LIST_MAX; i++) {
		if (wanted[i] && !there[i]) {
			*ret_missing = i;
			return -ERANGE;
		}
	}
	return 0;
}

int convert_list_bits(const char *list, uint8_t *bytes, size_t size, size_t *ret_n)
{
	auto_free bool *map = mem_array(CONVERT_LIST_MAX, sizeof(bool));

	if (mark_list(list, map) < 0 || size < CONVERT_LIST_MAX / 8)
		return -EINVAL;
	*ret_n = 0;
	memset(bytes, 0, size);
	for (unsigned i = 0; i < CONVERT_LIST_MAX; i++) {
		if (!map[i])
			continue;
		bytes[i / 8] |= (uint8_t)(1U << i % 8);
		*ret_n = i / 8 + 1;
	}
	return 0;
}

uint64_t convert_page_kib(const char *s)
{
	static const struct {
		const char *suffix;
		uint64_t kib;
	} units[] = { { "KB", 1 }, { "MB", 1024 }, { "GB", 1024 * 1024 } };

	for (size_t i = 0; s && i < sizeof(units) / sizeof(units[0]); i++) {
		uint32_t v;

		if (!str_has_suffix(s, units[i].suffix) || *s == '0')
			continue;
		auto_free char *digits = mem_strndup(s, strlen(s) - 2);

		return num_u32(digits, &v) == 0 ? v * units[i].kib : 0;
	}
	return 0;
}

bool convert_is_page_size(const char *s)
{
	return convert_page_kib(s) > 0;
}
