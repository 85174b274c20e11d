/*
 * Names of git objects.
 */
#include <string.h>

#include "store/store.h"

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
