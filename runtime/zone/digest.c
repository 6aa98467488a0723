/* digest - see digest.h. */
#include "runtime/zone/digest.h"

#include <errno.h>
#include <string.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/mem.h"
#include "runtime/base/str.h"
#include "runtime/zone/libcrypto.h"

static const struct {
	const char *name;
	size_t digits;
} algorithms[] = { { "sha256", 64 }, { "sha512", 128 } };

enum { N_ALGORITHMS = sizeof(algorithms) / sizeof(algorithms[0]) };

/* The row whose form the text has; N_ALGORITHMS: none. */
static size_t algorithm_of(const char *text)
{
	for (size_t i = 0; text && i < N_ALGORITHMS; i++) {
		const char *rest = str_after(text, algorithms[i].name);

		if (rest && *rest == ':' && strlen(rest + 1) == algorithms[i].digits &&
		    strspn(rest + 1, "0123456789abcdef") == algorithms[i].digits)
			return i;
	}
	return N_ALGORITHMS;
}

bool digest_ok(const char *text)
{
	return algorithm_of(text) < N_ALGORITHMS;
}

char *digest_file_name(const char *text)
{
	char *name = mem_strdup(text);
	char *colon = strchr(name, ':');

	if (colon)
		*colon = '-';
	return name;
}

int digest_begin(struct digest *d, const char *like, struct err *e)
{
	size_t which = algorithm_of(like);
	int r = libcrypto_load(e);

	if (r < 0)
		return r;
	if (which == N_ALGORITHMS)
		return err_set(e, EINVAL, "it is no digest that is understood (sha256, sha512)");
	const EVP_MD *kind = which == 0 ? libcrypto()->EVP_sha256() : libcrypto()->EVP_sha512();

	*d = (struct digest){ .sum = libcrypto()->EVP_MD_CTX_new(),
			      .algorithm = algorithms[which].name };
	if (!d->sum || libcrypto()->EVP_DigestInit_ex(d->sum, kind, NULL) != 1) {
		digest_done(d);
		return err_set(e, EIO, "libcrypto cannot begin a %s sum", algorithms[which].name);
	}
	return 0;
}

void digest_feed(struct digest *d, const void *data, size_t n)
{
	d->bytes += n;
	if (libcrypto()->EVP_DigestUpdate(d->sum, data, n) != 1)
		d->failed = true;
}

int digest_end(struct digest *d, char *buf, struct err *e)
{
	unsigned char bytes[EVP_MAX_MD_SIZE];
	unsigned n = 0;
	size_t at = strlen(d->algorithm);

	if (libcrypto()->EVP_DigestFinal_ex(d->sum, bytes, &n) != 1 || d->failed ||
	    n > DIGEST_BYTES_MAX)
		return err_set(e, EIO, "libcrypto cannot finish a %s sum", d->algorithm);
	memcpy(buf, d->algorithm, at);
	buf[at++] = ':';
	for (unsigned i = 0; i < n; i++) {
		buf[at++] = "0123456789abcdef"[bytes[i] >> 4];
		buf[at++] = "0123456789abcdef"[bytes[i] & 15];
	}
	buf[at] = '\0';
	return 0;
}

int digest_expect(struct digest *d, const char *wanted, struct err *e)
{
	char is[DIGEST_TEXT_MAX];
	int r = digest_end(d, is, e);

	if (r < 0 || str_eq(is, wanted))
		return r;
	return err_set(e, EBADMSG, "its digest is %s and should be %s", is, wanted);
}

void digest_done(struct digest *d)
{
	if (d->sum)
		libcrypto()->EVP_MD_CTX_free(d->sum);
	d->sum = NULL;
}

int digest_check(const void *data, size_t n, const char *wanted, struct err *e)
{
	auto_done(digest) struct digest d = { 0 };
	int r = digest_begin(&d, wanted, e);

	if (r < 0)
		return r;
	digest_feed(&d, data, n);
	return digest_expect(&d, wanted, e);
}

int digest_begin_sha256(struct digest *d, struct err *e)
{
	static const char like[] =
		"sha256:0000000000000000000000000000000000000000000000000000000000000000";

	return digest_begin(d, like, e);
}

int digest_of(const void *data, size_t n, char *buf, struct err *e)
{
	auto_done(digest) struct digest d = { 0 };
	int r = digest_begin_sha256(&d, e);

	if (r < 0)
		return r;
	digest_feed(&d, data, n);
	return digest_end(&d, buf, e);
}
