/*
 * digest.h - SHA-256 for everything Valise rests on, SHA-1 for git's names.
 *
 * OpenSSL's low-level calls, not EVP: they neither allocate nor fail, and a
 * Merkle node (65 bytes) costs half (the EVP set-up is as dear as the hash).
 */
#ifndef BASE_DIGEST_H
#define BASE_DIGEST_H

#include "base/bytes.h"

struct digest {
	uint8_t bytes[32];
};

#define DIGEST_HEX 65 /* 64 hex digits and the NUL */

struct sha256 {
	uint32_t state[28]; /* an SHA256_CTX; digest.c asserts that it fits */
};

struct sha1 {
	uint32_t state[24]; /* an SHA_CTX */
};

void sha256_init(struct sha256 *hash);
void sha256_update(struct sha256 *hash, struct span bytes);
struct digest sha256_final(struct sha256 *hash);
struct digest sha256_of(struct span bytes);

void sha1_init(struct sha1 *hash);
void sha1_update(struct sha1 *hash, struct span bytes);
void sha1_final(struct sha1 *hash, uint8_t out[20]);

struct span digest_span(const struct digest *digest);
bool digest_eq(const struct digest *a, const struct digest *b);
bool digest_is_zero(const struct digest *digest);
void digest_hex(const struct digest *digest, char out[DIGEST_HEX]);
bool digest_parse(struct span hex, struct digest *out) MUST_USE;
/*
 * Format a digest for the telephone: "3f2a-9c01-…", 16 groups of four digits.
 */
void digest_groups(const struct digest *digest, char out[80]);

#endif
