/*
 * Names of objects: SHA-1 hashes, their text form, and the header that is
 * hashed before the content.
 */
#include <stdio.h>
#include <string.h>

#include "backend/backend.h"
#include "base/digest.h"

void
oid_hex(const struct oid *oid, char out[OID_HEX])
{
	hex_encode(span_of(oid->bytes, OID_BYTES), out);
}

bool
oid_eq(const struct oid *a, const struct oid *b)
{
	return memcmp(a->bytes, b->bytes, OID_BYTES) == 0;
}

const char *
object_type_name(enum object_type type)
{
	static const char *const names[] = { [OBJECT_COMMIT] = "commit",
		[OBJECT_TREE] = "tree",
		[OBJECT_BLOB] = "blob",
		[OBJECT_TAG] = "tag" };

	return names[type];
}

void
object_hash_begin(struct sha1 *hash, enum object_type type, uint64_t size)
{
	char header[48];
	const int n = snprintf(header, sizeof(header), "%s %llu",
	    object_type_name(type), (unsigned long long)size);

	sha1_init(hash);
	/* The hash includes the NUL after the number. */
	sha1_update(hash, span_of(header, (size_t)n + 1));
}

size_t
object_header(unsigned type, uint64_t size, uint8_t out[OBJECT_HEADER_MAX])
{
	size_t n = 0;

	out[n] = (uint8_t)(type << 4 | (size & 15));
	for (size >>= 4; size > 0; size >>= 7) {
		out[n++] |= 0x80;
		out[n] = (uint8_t)(size & 0x7f);
	}
	return n + 1;
}
