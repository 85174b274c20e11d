/*
 * Objects that will be read soon.  Reading one is a way to the server and back,
 * so the small ones are read together, and kept until find() asks for each.
 * They are hashed when they are streamed, as all objects are.
 */
#include <stdlib.h>
#include <string.h>

#include "backend/postgres/private.h"

void
ahead_init(struct ahead *ahead)
{
	pthread_mutex_init(&ahead->mutex, NULL);
}

void
ahead_free(struct ahead *ahead)
{
	for (size_t i = 0; i < LIMIT_AHEAD; i++)
		free(ahead->kept[i]);
	pthread_mutex_destroy(&ahead->mutex);
}

/* Where an object is kept.  Of two with the same place the later one stays. */
static struct kept **
place_of(struct ahead *ahead, const struct oid *oid)
{
	return &ahead->kept[(oid->bytes[0] << 8 | oid->bytes[1]) % LIMIT_AHEAD];
}

static void
keep(struct ahead *ahead, const struct found *found)
{
	struct kept *kept = malloc(sizeof(*kept) + found->stream.len);
	struct kept **place = place_of(ahead, &found->oid), *before;

	if (kept == NULL)
		return;
	kept->oid = found->oid;
	kept->type = found->type;
	kept->size = found->size;
	kept->len = found->stream.len;
	memcpy(kept->stream, found->stream.data, found->stream.len);
	pthread_mutex_lock(&ahead->mutex);
	before = *place;
	*place = kept;
	pthread_mutex_unlock(&ahead->mutex);
	free(before);
}

struct kept *
ahead_take(struct ahead *ahead, const struct oid *oid)
{
	struct kept **place = place_of(ahead, oid), *kept;

	pthread_mutex_lock(&ahead->mutex);
	kept = *place;
	if (kept != NULL && oid_eq(&kept->oid, oid))
		*place = NULL;
	else
		kept = NULL;
	pthread_mutex_unlock(&ahead->mutex);
	return kept;
}

static PGresult *
find_small(struct postgres *postgres, const struct oid oids[], size_t num)
{
	struct params params = { .num = 0 };
	struct error ignored = { 0 };
	struct buf array = BUF(SIZE_MAX);
	PGresult *result = NULL;
	const bool ok = oids_array(oids, num, &array, &ignored);

	params_bytes(&params, buf_span(&array));
	params_u64(&params, LIMIT_AHEAD_BYTES);
	if (ok)
		result = postgres_read(postgres, FIND_SMALL, &params, &ignored);
	buf_free(&array);
	return result;
}

/*
 * An object that is missing or damaged is passed over: find() will say so.
 */
void
postgres_ahead(struct backend *backend, const struct oid oids[], size_t num)
{
	struct postgres *postgres = postgres_of(backend);
	struct error ignored = { 0 };
	PGresult *result;

	if (num < 2)
		return;
	result =
	    find_small(postgres, oids, num < LIMIT_AHEAD ? num : LIMIT_AHEAD);
	for (int row = 0; row < PQntuples(result); row++) {
		struct found found = { .postgres = postgres };

		if (found_parse(result, row, &found, &ignored) &&
		    found.is_inline &&
		    found_parse_stream(result, row, &found, &ignored))
			keep(&postgres->ahead, &found);
	}
	PQclear(result);
}
