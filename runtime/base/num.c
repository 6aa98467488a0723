/* num - one reader of digits and one table of units per kind of quantity.
 *
 * Fractions have at most three digits, so everything stays exact in 64-bit integers; a table
 * drives both directions, so a text that we print is one that we read. */
#include "runtime/base/num.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { DECIMALS = 3, THOUSAND = 1000 };

struct unit {
	const char *suffix;
	uint64_t factor;
};

static const struct unit size_units[] = {
	{ "", 1 },
	{ "K", UINT64_C(1) << 10 },
	{ "M", UINT64_C(1) << 20 },
	{ "G", UINT64_C(1) << 30 },
	{ "T", UINT64_C(1) << 40 },
	{ "P", UINT64_C(1) << 50 },
	{ NULL, 0 },
};
static const struct unit bit_units[] = {
	{ "", 1 },
	{ "K", UINT64_C(1000) },
	{ "M", UINT64_C(1000000) },
	{ "G", UINT64_C(1000000000) },
	{ "T", UINT64_C(1000000000000) },
	{ NULL, 0 },
};
static const struct unit time_units[] = {
	{ "ms", 1 },
	{ "s", THOUSAND },
	{ "m", UINT64_C(60) * THOUSAND },
	{ "h", UINT64_C(3600) * THOUSAND },
	{ NULL, 0 },
};

static int digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* Read digits of `base` at *s and move *s behind them. -EINVAL when there is none. */
static int read_digits(const char **s, unsigned base, uint64_t *ret)
{
	uint64_t v = 0;
	const char *p = *s;
	bool overflow = false;

	for (; digit_value(*p) >= 0 && (unsigned)digit_value(*p) < base; p++) {
		overflow |= __builtin_mul_overflow(v, (uint64_t)base, &v);
		overflow |= __builtin_add_overflow(v, (uint64_t)digit_value(*p), &v);
	}
	if (p == *s)
		return -EINVAL;
	*s = p;
	if (overflow)
		v = UINT64_MAX;
	*ret = v;
	return overflow ? -ERANGE : 0;
}

/* The whole text is one number of this base, at most `max`. "Not a number" wins over "too
 * large". */
static int read_whole(const char *s, unsigned base, uint64_t max, uint64_t *ret)
{
	uint64_t v = 0;
	int r = s ? read_digits(&s, base, &v) : -EINVAL;

	if (r == -EINVAL || *s)
		return -EINVAL;
	if (r < 0 || v > max)
		return -ERANGE;
	*ret = v;
	return 0;
}

/* "12" or "12.345": the integer part, and the fraction in thousandths. Moves *s behind it. */
static int read_decimal(const char **s, uint64_t *ret_whole, unsigned *ret_milli,
			bool *ret_fraction)
{
	int r = read_digits(s, 10, ret_whole);
	unsigned scale = THOUSAND;

	*ret_milli = 0;
	*ret_fraction = **s == '.';
	if (r == -EINVAL || !*ret_fraction)
		return r;
	(*s)++;
	if (digit_value(**s) < 0 || digit_value(**s) > 9)
		return -EINVAL;
	for (; digit_value(**s) >= 0 && digit_value(**s) <= 9; (*s)++) {
		if (scale == 1)
			return -EINVAL; /* more digits than we promise to keep */
		scale /= 10;
		*ret_milli += (unsigned)digit_value(**s) * scale;
	}
	return r;
}

/* whole.milli times factor, rounded down. */
static int multiply(uint64_t whole, unsigned milli, uint64_t factor, uint64_t *ret)
{
	uint64_t v;
	uint64_t part = factor * milli / THOUSAND; /* factor <= 2^50 */

	if (__builtin_mul_overflow(whole, factor, &v) || __builtin_add_overflow(v, part, &v))
		return -ERANGE;
	*ret = v;
	return 0;
}

static const struct unit *find_unit(const struct unit *units, const char *s, bool bytes)
{
	for (const struct unit *u = units; u->suffix; u++) {
		size_t n = strlen(u->suffix);

		if (strncasecmp(s, u->suffix, n) != 0)
			continue;
		if (!s[n])
			return u;
		if (bytes && n > 0 && (strcmp(s + n, "B") == 0 || strcmp(s + n, "iB") == 0))
			return u;
	}
	return NULL;
}

static int read_scaled(const char *s, const struct unit *units, const struct unit *bare,
		       uint64_t *ret)
{
	uint64_t whole = 0;
	unsigned milli;
	bool fraction;
	int r = s ? read_decimal(&s, &whole, &milli, &fraction) : -EINVAL;

	if (r == -EINVAL)
		return r;
	const struct unit *u = *s ? find_unit(units, s, units == size_units) : bare;

	if (!u || (fraction && u->factor == 1)) /* there is no half byte */
		return -EINVAL;
	return r < 0 ? r : multiply(whole, milli, u->factor, ret);
}

/* "1.5", "512": v thousandths without needless digits. */
static void print_milli(uint64_t whole, unsigned milli, const char *suffix, char *buf, size_t size)
{
	char fraction[DECIMALS + 2] = "";

	if (milli) {
		(void)snprintf(fraction, sizeof(fraction), ".%03u", milli % THOUSAND);
		for (size_t i = DECIMALS; i > 1 && fraction[i] == '0'; i--)
			fraction[i] = '\0';
	}
	(void)snprintf(buf, size, "%llu%s%s", (unsigned long long)whole, fraction, suffix);
}

/* Try every unit that can say v exactly and keep the shortest text; on a tie the smaller unit. */
static void print_scaled(uint64_t v, const struct unit *units, char *buf, size_t size)
{
	char best[40] = "";

	for (const struct unit *u = units; u->suffix; u++) {
		uint64_t rest = v % u->factor;
		char text[40];

		if (v > 0 && v / u->factor == 0 && u != units)
			break; /* "0.5G" is "512M" */
		if (rest > UINT64_MAX / THOUSAND || rest * THOUSAND % u->factor != 0)
			continue;
		print_milli(v / u->factor, (unsigned)(rest * THOUSAND / u->factor), u->suffix, text,
			    sizeof(text));
		if (!best[0] || strlen(text) < strlen(best))
			memcpy(best, text, sizeof(text));
	}
	(void)snprintf(buf, size, "%s", best);
}

int num_u64(const char *s, uint64_t *ret)
{
	return read_whole(s, 10, UINT64_MAX, ret);
}

int num_i64(const char *s, int64_t *ret)
{
	bool negative = s && *s == '-';
	uint64_t limit = (uint64_t)INT64_MAX + (negative ? 1 : 0);
	uint64_t v;
	int r = read_whole(negative ? s + 1 : s, 10, limit, &v);

	if (r < 0)
		return r;
	*ret = negative ? (int64_t)-v : (int64_t)v;
	return 0;
}

static int read_u32(const char *s, unsigned base, uint32_t max, uint32_t *ret)
{
	uint64_t v;
	int r = read_whole(s, base, max, &v);

	if (r == 0)
		*ret = (uint32_t)v;
	return r;
}

int num_u32(const char *s, uint32_t *ret)
{
	return read_u32(s, 10, UINT32_MAX, ret);
}

int num_octal(const char *s, uint32_t *ret)
{
	return read_u32(s, 8, UINT32_MAX, ret);
}

int num_hex32(const char *s, uint32_t *ret)
{
	if (s && s[0] == '0' && (s[1] == 'x' || s[1] == 'X'))
		s += 2;
	return read_u32(s, 16, UINT32_MAX, ret);
}

int num_id(const char *s, uint32_t *ret)
{
	return read_u32(s, 10, UINT32_MAX - 1, ret);
}

int num_size(const char *s, uint64_t *ret)
{
	return read_scaled(s, size_units, &size_units[0], ret);
}

int num_milli(const char *s, uint64_t *ret)
{
	uint64_t whole = 0;
	unsigned milli;
	bool fraction;
	int r = s ? read_decimal(&s, &whole, &milli, &fraction) : -EINVAL;

	if (r == -EINVAL || *s)
		return -EINVAL;
	if (r < 0)
		return r;
	uint64_t v;

	if (__builtin_mul_overflow(whole, (uint64_t)THOUSAND, &v) ||
	    __builtin_add_overflow(v, milli, &v))
		return -ERANGE;
	*ret = v;
	return 0;
}

int num_duration_ms(const char *s, uint64_t *ret)
{
	return read_scaled(s, time_units, &time_units[1], ret);
}

int num_bitrate(const char *s, uint64_t *ret)
{
	return read_scaled(s, bit_units, &bit_units[0], ret);
}

void num_size_text(uint64_t v, char *buf, size_t size)
{
	print_scaled(v, size_units, buf, size);
}

void num_milli_text(uint64_t v, char *buf, size_t size)
{
	print_milli(v / THOUSAND, (unsigned)(v % THOUSAND), "", buf, size);
}

void num_duration_text(uint64_t ms, char *buf, size_t size)
{
	print_scaled(ms, time_units, buf, size);
}

void num_bitrate_text(uint64_t v, char *buf, size_t size)
{
	print_scaled(v, bit_units, buf, size);
}
