#include "runtime/engine/criu_wire.h"

#include "tests/unit/test.h"

static void test_write(void)
{
	struct strbuf b = { 0 }, inner = { 0 };

	wire_number(&b, 1, 0);
	wire_number(&b, 2, 300);
	wire_text(&b, 37, "ab");
	wire_number(&inner, 1, 7);
	wire_message(&b, 4, &inner);
	CHECK_INT((int)b.len, 14);
	CHECK(memcmp(b.text,
		     "\x08\x00\x10\xac\x02\xaa\x02\x02"
		     "ab"
		     "\x22\x02\x08\x07",
		     14) == 0);
	strbuf_done(&inner);
	strbuf_done(&b);
}

static void test_round(void)
{
	struct strbuf b = { 0 };
	struct wire_field f;

	wire_number(&b, 64, UINT64_MAX);
	wire_text(&b, 3, "");
	struct wire_reader r = wire_open(b.text, b.len);

	CHECK(wire_next(&r, &f) && f.number == 64 && f.value == UINT64_MAX && !f.is_text);
	CHECK(wire_next(&r, &f) && f.number == 3 && f.is_text && f.n == 0);
	CHECK(!wire_next(&r, &f) && !r.is_broken);
	strbuf_done(&b);
}

/* Cut short, too long a length, an unknown type, a number that never ends: nothing is read outside. */
static void test_broken(void)
{
	static const struct {
		const char *bytes;
		size_t n;
	} rows[] = {
		{ "\x08", 1 },
		{ "\x12\x05"
		  "ab",
		  4 },
		{ "\x12\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11 },
		{ "\x0f\x00", 2 },
		{ "\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 12 },
		{ "\x0d\x00\x00", 3 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct wire_reader r = wire_open(rows[i].bytes, rows[i].n);
		struct wire_field f;

		CHECK(!wire_next(&r, &f));
		CHECK(r.is_broken);
		CHECK(!wire_next(&r, &f));
	}
}

static void test_skipped(void)
{
	struct wire_reader r = wire_open("\x0d"
					 "1234"
					 "\x09"
					 "12345678"
					 "\x10\x05",
					 16);
	struct wire_field f;

	CHECK(wire_next(&r, &f) && !f.is_text);
	CHECK(wire_next(&r, &f) && !f.is_text);
	CHECK(wire_next(&r, &f) && f.number == 2 && f.value == 5);
	CHECK(!wire_next(&r, &f) && !r.is_broken);
}

int main(void)
{
	test_write();
	test_round();
	test_broken();
	test_skipped();
	return test_done();
}
