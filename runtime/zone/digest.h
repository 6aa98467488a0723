/* digest - "sha256:64 hex digits" and "sha512:128 hex digits", the names under which everything in an image is kept. Private to runtime/zone.
 *
 * A sum is begun for the algorithm of the digest that is expected, fed in pieces, and compared at the end. A failure inside the library is remembered and told there. */
#ifndef RUNTIME_ZONE_DIGEST_H
#define RUNTIME_ZONE_DIGEST_H

#include <stdbool.h>
#include <stddef.h>

#include "runtime/base/err.h"

enum { DIGEST_BYTES_MAX = 64, DIGEST_TEXT_MAX = 8 + 2 * DIGEST_BYTES_MAX };

/* Pure: one of the two forms, lower case, nothing else. NULL is none. */
bool digest_ok(const char *text);
/* Pure: "sha256:ab..." as a name for a file, "sha256-ab...". Freshly allocated. */
char *digest_file_name(const char *text);

struct digest {
	void *sum; /* the library's; NULL: not begun */
	const char *algorithm;
	bool failed;
	unsigned long long bytes; /* that were fed */
};
/* `like`: a digest (digest_ok) whose algorithm is wanted. */
MUST_CHECK int digest_begin(struct digest *d, const char *like, struct err *e);
MUST_CHECK int digest_begin_sha256(struct digest *d, struct err *e);
void digest_feed(struct digest *d, const void *data, size_t n);
/* The sum as text into a buffer of DIGEST_TEXT_MAX. The sum is used up. */
MUST_CHECK int digest_end(struct digest *d, char *buf, struct err *e);
/* The same, compared: -EBADMSG says both. */
MUST_CHECK int digest_expect(struct digest *d, const char *wanted, struct err *e);
void digest_done(struct digest *d);
/* Begin, feed and compare text that is there as a whole. */
MUST_CHECK int digest_check(const void *data, size_t n, const char *wanted, struct err *e);
/* The sha256 of such a text. */
MUST_CHECK int digest_of(const void *data, size_t n, char *buf, struct err *e);

#endif
