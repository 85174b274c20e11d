/*
 * SHA-256 and SHA-1 by OpenSSL's low-level calls (digest.h).
 */
#define OPENSSL_SUPPRESS_DEPRECATED /* see digest.h */
#include "base/digest.h"

#include <string.h>

#include <openssl/sha.h>

_Static_assert(sizeof(struct sha256) >= sizeof(SHA256_CTX), "SHA256_CTX");
_Static_assert(sizeof(struct sha1) >= sizeof(SHA_CTX), "SHA_CTX");

void
sha256_init(struct sha256 *hash)
{
	SHA256_Init((SHA256_CTX *)(void *)hash);
}

void
sha256_update(struct sha256 *hash, struct span bytes)
{
	if (bytes.len > 0)
		SHA256_Update((SHA256_CTX *)(void *)hash, bytes.data,
		    bytes.len);
}

struct digest
sha256_final(struct sha256 *hash)
{
	struct digest digest;

	SHA256_Final(digest.bytes, (SHA256_CTX *)(void *)hash);
	return digest;
}

struct digest
sha256_of(struct span bytes)
{
	struct sha256 hash;

	sha256_init(&hash);
	sha256_update(&hash, bytes);
	return sha256_final(&hash);
}

void
sha1_init(struct sha1 *hash)
{
	SHA1_Init((SHA_CTX *)(void *)hash);
}

void
sha1_update(struct sha1 *hash, struct span bytes)
{
	if (bytes.len > 0)
		SHA1_Update((SHA_CTX *)(void *)hash, bytes.data, bytes.len);
}

void
sha1_final(struct sha1 *hash, uint8_t out[20])
{
	SHA1_Final(out, (SHA_CTX *)(void *)hash);
}

struct span
digest_span(const struct digest *digest)
{
	return span_of(digest->bytes, sizeof(digest->bytes));
}

bool
digest_eq(const struct digest *a, const struct digest *b)
{
	return memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

bool
digest_is_zero(const struct digest *digest)
{
	static const struct digest zero;

	return digest_eq(digest, &zero);
}

void
digest_hex(const struct digest *digest, char out[DIGEST_HEX])
{
	hex_encode(digest_span(digest), out);
}

bool
digest_parse(struct span hex, struct digest *out)
{
	struct digest parsed = { { 0 } };

	if (!span_to_hex(hex, parsed.bytes, sizeof(parsed.bytes)))
		return false;
	*out = parsed;
	return true;
}

void
digest_groups(const struct digest *digest, char out[80])
{
	char hex[DIGEST_HEX];

	digest_hex(digest, hex);
	for (unsigned i = 0; i < 16; i++)
		snprintf(&out[i * 5], 6, "%.4s%s", &hex[i * 4],
		    i < 15 ? "-" : "");
}
