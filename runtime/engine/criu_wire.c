/* criu_wire - a tag is (field << 3 | type); type 0 is a number in groups of seven bits, type 2 a length and that many bytes. The two fixed sizes (1, 5) are skipped. */
#include "runtime/engine/criu_wire.h"

#include <string.h>

enum { TYPE_NUMBER = 0, TYPE_FIXED64 = 1, TYPE_BYTES = 2, TYPE_FIXED32 = 5 };

static void add_varint(struct strbuf *to, uint64_t v)
{
	for (; v >= 0x80; v >>= 7)
		strbuf_add_char(to, (char)(0x80 | (v & 0x7f)));
	strbuf_add_char(to, (char)v);
}

void wire_number(struct strbuf *to, unsigned field, uint64_t value)
{
	add_varint(to, (uint64_t)field << 3 | TYPE_NUMBER);
	add_varint(to, value);
}

static void add_bytes(struct strbuf *to, unsigned field, const void *bytes, size_t n)
{
	add_varint(to, (uint64_t)field << 3 | TYPE_BYTES);
	add_varint(to, n);
	strbuf_add_bytes(to, bytes, n);
}

void wire_text(struct strbuf *to, unsigned field, const char *text)
{
	add_bytes(to, field, text, strlen(text));
}

void wire_message(struct strbuf *to, unsigned field, const struct strbuf *message)
{
	add_bytes(to, field, strbuf_text(message), message->len);
}

struct wire_reader wire_open(const void *bytes, size_t n)
{
	return (struct wire_reader){ .at = bytes, .end = (const uint8_t *)bytes + n };
}

static uint64_t take_varint(struct wire_reader *r)
{
	uint64_t v = 0;

	for (unsigned shift = 0; shift < 64; shift += 7) {
		if (r->at >= r->end)
			break;
		uint8_t byte = *r->at++;

		v |= (uint64_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80))
			return v;
	}
	r->is_broken = true;
	return 0;
}

static void take_bytes(struct wire_reader *r, size_t n, struct wire_field *ret)
{
	if (n > (size_t)(r->end - r->at)) {
		r->is_broken = true;
		return;
	}
	ret->bytes = r->at;
	ret->n = n;
	r->at += n;
}

bool wire_next(struct wire_reader *r, struct wire_field *ret)
{
	*ret = (struct wire_field){ 0 };
	if (r->is_broken || r->at >= r->end)
		return false;
	uint64_t tag = take_varint(r);

	ret->number = (unsigned)(tag >> 3);
	switch (tag & 7) {
	case TYPE_NUMBER:
		ret->value = take_varint(r);
		break;
	case TYPE_BYTES:
		ret->is_text = true;
		take_bytes(r, take_varint(r), ret);
		break;
	case TYPE_FIXED64:
		take_bytes(r, 8, ret);
		break;
	case TYPE_FIXED32:
		take_bytes(r, 4, ret);
		break;
	default:
		r->is_broken = true;
	}
	return !r->is_broken;
}
