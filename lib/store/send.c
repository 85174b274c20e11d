/*
 * Writing a pack of stored objects for another repository: deflated streams are
 * copied, and deltas too if their base is in the pack as well.
 */
#include <stdlib.h>
#include <string.h>

#include "base/pace.h"
#include "store/private.h"

enum {
	REF_DELTA = 7, /* in git's pack format */
	AHEAD = 64,    /* objects that are asked for together */
};

struct sending {
	struct store *store;
	const struct oid *list;
	size_t num;
	bool whole;
	struct oid *sorted; /* the list, sorted, made when a delta is met */
	byte_sink *sink;
	void *arg;
	struct sha1 sha1;
};

static bool
put(struct sending *to, struct span bytes, struct error *err)
{
	sha1_update(&to->sha1, bytes);
	return to->sink(to->arg, bytes, err);
}

static int
compare_oids(const void *a, const void *b)
{
	return memcmp(a, b, OID_BYTES);
}

/* Is the object one of those to be sent? */
static bool
goes_along(struct sending *to, const struct oid *oid)
{
	if (to->sorted == NULL) {
		to->sorted = calloc(to->num, sizeof(*to->sorted));
		if (to->sorted == NULL)
			return false;
		memcpy(to->sorted, to->list, to->num * sizeof(*to->sorted));
		qsort(to->sorted, to->num, sizeof(*to->sorted), compare_oids);
	}
	return bsearch(oid, to->sorted, to->num, sizeof(*to->sorted),
		   compare_oids) != NULL;
}

static bool
put_header(struct sending *to, unsigned type, uint64_t size, struct error *err)
{
	uint8_t bytes[OBJECT_HEADER_MAX];

	return put(to, span_of(bytes, object_header(type, size, bytes)), err);
}

static bool
put_piece(void *arg, struct span bytes, struct error *err)
{
	return put(arg, bytes, err);
}

static bool
put_packed(struct sending *to, const struct object *object, struct error *err)
{
	return to->store->backend->table->stream(object, OBJECT_PACKED,
	    put_piece, to, NULL, NULL, err);
}

/* Copy the stored stream, a delta with the name of its base. */
static bool
send_as_kept(struct sending *to, const struct object *object, struct error *err)
{
	if (!object->is_delta)
		return put_header(to, object->type, object->size, err) &&
		    put_packed(to, object, err);
	return put_header(to, REF_DELTA, object->size, err) &&
	    put(to, span_of(object->base.bytes, OID_BYTES), err) &&
	    put_packed(to, object, err);
}

/* Send one object: as it is stored, or whole. */
static bool
send_one(struct sending *to, const struct oid *oid, struct error *err)
{
	const struct backend_table *table = to->store->backend->table;
	enum object_form form = to->whole ? OBJECT_WHOLE : OBJECT_AS_KEPT;
	struct object object;
	bool ok;

	if (!table->find(to->store->backend, oid, form, &object, err))
		return false;
	/*
	 * A delta needs its base in the same pack; otherwise send the object
	 * whole.
	 */
	if (object.is_delta && !goes_along(to, &object.base)) {
		table->release(&object);
		if (!table->find(to->store->backend, oid, OBJECT_WHOLE, &object,
			err))
			return false;
	}
	ok = send_as_kept(to, &object, err);
	table->release(&object);
	return ok;
}

bool
store_send(struct store *store, const struct oid *list, size_t num, bool whole,
    byte_sink *sink, void *arg, struct error *err)
{
	struct sending to = { .store = store,
		.list = list,
		.num = num,
		.whole = whole,
		.sink = sink,
		.arg = arg };
	struct buf header = BUF(12);
	uint8_t sum[20];
	bool ok;

	sha1_init(&to.sha1);
	ok = (num <= UINT32_MAX ||
		 error_set(err, ERROR_LIMIT, "too many objects")) &&
	    buf_append(&header, span_of("PACK", 4), err) &&
	    buf_append_u32(&header, 2, err) &&
	    buf_append_u32(&header, (uint32_t)num, err) &&
	    put(&to, buf_span(&header), err);
	for (size_t i = 0; ok && i < num; i++) {
		if (i % AHEAD == 0)
			store->backend->table->ahead(store->backend, &list[i],
			    num - i < AHEAD ? num - i : AHEAD);
		ok = send_one(&to, &list[i], err);
		pace_point();
	}
	sha1_final(&to.sha1, sum);
	ok = ok && sink(arg, span_of(sum, sizeof(sum)), err);
	buf_free(&header);
	free(to.sorted);
	return ok;
}
