/* libcrypto - the sums of images' blobs, by OpenSSL's libcrypto: the fastest that is on every host anyway (SHA-NI, ARMv8), looked after, with a binary interface that has not changed since 3.0. Loaded like
 * libarchive, when the first image is read and not before. Not libarchive's own digests, which are no interface for others, and not the kernel's AF_ALG, which hosts switch off for its history of holes.
 * Private to this folder; others use digest.h. */
#ifndef RUNTIME_ZONE_LIBCRYPTO_H
#define RUNTIME_ZONE_LIBCRYPTO_H

#include <openssl/evp.h>

#include "runtime/base/err.h"

#define LIBCRYPTO_FUNCTIONS(X) \
	X(EVP_DigestFinal_ex)  \
	X(EVP_DigestInit_ex)   \
	X(EVP_DigestUpdate)    \
	X(EVP_MD_CTX_free)     \
	X(EVP_MD_CTX_new)      \
	X(EVP_sha256)          \
	X(EVP_sha512)

struct libcrypto {
#define LIBCRYPTO_MEMBER(name) __typeof__(name) *name;
	LIBCRYPTO_FUNCTIONS(LIBCRYPTO_MEMBER)
#undef LIBCRYPTO_MEMBER
};

/* Load it; again and again is allowed. -ENOENT names the package. */
MUST_CHECK int libcrypto_load(struct err *e);
/* The table; only after a libcrypto_load() that succeeded. */
const struct libcrypto *libcrypto(void);

#endif
