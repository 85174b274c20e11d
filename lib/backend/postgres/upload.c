/*
 * Pieces of large objects, which are stored before the object is: each in a
 * transaction of its own that is not flushed.  The flush of the transaction
 * that adds the object covers them.
 */
#include <sys/random.h>

#include "backend/postgres/uploads.h"

void
item_copy(struct item *to, const struct item *from)
{
	const struct buf bytes = to->bytes;

	*to = *from;
	to->bytes = bytes;
}

/*
 * Run a statement that adds a row unless it is there: it may be done twice, and
 * is, where a connection is broken.
 */
static bool
add(struct postgres *postgres, enum statement statement,
    const struct params *params, struct error *err)
{
	PGresult *result = postgres_read(postgres, statement, params, err);

	PQclear(result);
	return result != NULL;
}

static bool
begin(struct postgres *postgres, struct item *item, struct error *err)
{
	struct params params = { .num = 0 };

	if (getrandom(item->upload, ID_BYTES, 0) != ID_BYTES)
		return error_set_errno(err, "random bytes");
	params_bytes(&params, span_of(item->upload, ID_BYTES));
	return add(postgres, ADD_UPLOAD, &params, err);
}

bool
upload_piece(struct postgres *postgres, struct item *item, struct error *err)
{
	struct params params = { .num = 0 };

	if (item->num_pieces == 0 && !begin(postgres, item, err))
		return false;
	params_bytes(&params, span_of(item->upload, ID_BYTES));
	params_u64(&params, item->num_pieces);
	params_bytes(&params, buf_span(&item->bytes));
	if (!add(postgres, ADD_PIECE, &params, err))
		return false;
	item->num_pieces++;
	item->packed += item->bytes.len;
	item->bytes.len = 0;
	return true;
}

/* An answer_check of COUNT_PIECES. */
static bool
check_pieces(void *arg, const PGresult *result, struct error *err)
{
	const struct item *item = arg;
	uint64_t num = 0, next = 0, bytes = 0;

	if (!row_u64(result, 0, 0, &num, err) ||
	    !row_u64(result, 0, 1, &next, err) ||
	    !row_u64(result, 0, 2, &bytes, err))
		return false;
	return (num == item->num_pieces && next == num &&
		   bytes == item->packed) ||
	    error_set(err, ERROR_UNAVAILABLE,
		"postgresql: the server has lost pieces of a text that is being"
		" stored: send it again");
}

bool
upload_verify(struct item *item, struct pipeline *pipeline, struct error *err)
{
	struct params params = { .num = 0 };

	params_bytes(&params, span_of(item->upload, ID_BYTES));
	return pipeline_add(pipeline, COUNT_PIECES, &params, check_pieces, item,
	    err);
}
