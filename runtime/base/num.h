/* num - strict numbers. The whole text must be the number: no blanks, no sign unless signed, no overflow.
 * All functions are pure, return 0, -EINVAL (not a number) or -ERANGE, and write *ret only on success. */
#ifndef RUNTIME_BASE_NUM_H
#define RUNTIME_BASE_NUM_H

#include <stddef.h>
#include <stdint.h>

#include "runtime/base/err.h"

MUST_CHECK int num_u64(const char *s, uint64_t *ret);
MUST_CHECK int num_i64(const char *s, int64_t *ret);
MUST_CHECK int num_u32(const char *s, uint32_t *ret);
MUST_CHECK int num_octal(const char *s, uint32_t *ret);
MUST_CHECK int num_hex32(const char *s, uint32_t *ret); /* with or without 0x */
/* A user or group id: 0 ... 2^32-2. "-1" and 4294967295 are refused. */
MUST_CHECK int num_id(const char *s, uint32_t *ret);
/* "512", "512K", "1.5G", suffixes K M G T P with optional "iB" or "B", all powers of 1024. Bytes. */
MUST_CHECK int num_size(const char *s, uint64_t *ret);
/* "1.5" CPUs -> 1500; at most three decimals. */
MUST_CHECK int num_milli(const char *s, uint64_t *ret);
/* "250ms" "5s" "1m" "2h", a bare number is seconds -> milliseconds. */
MUST_CHECK int num_duration_ms(const char *s, uint64_t *ret);
/* "100M" bits per second, decimal suffixes K M G T -> bit/s. */
MUST_CHECK int num_bitrate(const char *s, uint64_t *ret);

/* The shortest text that parses back to the same value ("512M", "1.5", "250ms"). buf of at least 32 bytes. */
void num_size_text(uint64_t v, char *buf, size_t size);
void num_milli_text(uint64_t v, char *buf, size_t size);
void num_duration_text(uint64_t ms, char *buf, size_t size);
void num_bitrate_text(uint64_t v, char *buf, size_t size);

#endif
