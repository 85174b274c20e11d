/*
 * The CRC and the SHA-256 of bytes as they pass (measure.h).
 */
#include "bag/measure.h"

#include <stdlib.h>

#include "base/deflate.h"
#include "base/relay.h"

struct measure {
	struct sha256 hash;
	uint32_t crc;
	struct relay *relay; /* or NULL */
};

static bool
hash_piece(void *arg, struct span bytes, struct error *err)
{
	struct measure *it = arg;

	(void)err;
	sha256_update(&it->hash, bytes);
	return true;
}

struct measure *
measure_new(uint64_t size, struct error *err)
{
	struct measure *it = calloc(1, sizeof(*it));

	if (it == NULL) {
		error_set_errno(err, "SHA-256");
		return NULL;
	}
	sha256_init(&it->hash);
	/* A thread costs more than hashing what is small. */
	if (size > RELAY_PIECE &&
	    (it->relay = relay_new(hash_piece, it, err)) == NULL) {
		free(it);
		return NULL;
	}
	return it;
}

bool
measure_sink(void *arg, struct span bytes, struct error *err)
{
	struct measure *it = arg;

	it->crc = deflate_crc32(it->crc, bytes);
	return it->relay != NULL ? relay_sink(it->relay, bytes, err)
				 : hash_piece(it, bytes, err);
}

bool
measure_end(struct measure *it, uint32_t *crc, struct digest *sha256,
    struct error *err)
{
	if (it->relay != NULL && !relay_end(it->relay, err))
		return false;
	*crc = it->crc;
	*sha256 = sha256_final(&it->hash);
	return true;
}

void
measure_free(struct measure *it)
{
	if (it == NULL)
		return;
	relay_free(it->relay);
	free(it);
}
