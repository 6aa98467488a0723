/* criu_wire - the bytes of CRIU's requests and answers (protocol buffers, of which integers, texts and nested messages are all that is needed). Pure. Private to this folder.
 *
 * Field numbers: CRIU's images/rpc.proto; encoding: protobuf.dev/programming-guides/encoding. */
#ifndef RUNTIME_ENGINE_CRIU_WIRE_H
#define RUNTIME_ENGINE_CRIU_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/base/str.h"

void wire_number(struct strbuf *to, unsigned field, uint64_t value); /* bool, enum, int32 >= 0 */
void wire_text(struct strbuf *to, unsigned field, const char *text);
void wire_message(struct strbuf *to, unsigned field, const struct strbuf *message);

struct wire_reader {
	const uint8_t *at, *end;
	bool is_broken; /* the bytes made no sense: nothing more is read */
};
struct wire_field {
	unsigned number;
	bool is_text;   /* a text or a nested message, in `bytes` */
	uint64_t value; /* else the number */
	const uint8_t *bytes;
	size_t n;
};
struct wire_reader wire_open(const void *bytes, size_t n);
bool wire_next(struct wire_reader *r, struct wire_field *ret); /* false: no more */

#endif
