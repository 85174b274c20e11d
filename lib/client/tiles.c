/*
 * Hashes of the journal's tree, asked of the daemon by tiles (session.h).
 */
#include "client/session.h"

#include <string.h>

#include "journal/tile.h"

/* Append the bytes of a tile that the daemon is asked for. */
static bool
ask_tile(struct session *session, const struct tile *tile, struct buf *out,
    struct error *err)
{
	struct remote_answer answer;
	char name[TILE_PATH], path[128];
	bool ok;
	const struct remote_request request = { .method = "GET",
		.path = path,
		.body_fd = -1,
		.file_fd = -1 };

	tile_path(tile, name);
	snprintf(path, sizeof(path), "/v1/journal/tile/%s", name);
	ok = remote_do(session->remote, &request, &answer, err) &&
	    (answer.body.len == (size_t)tile->width * 32 ||
		error_set(err, ERROR_MALFORMED,
		    "the daemon's tile %s is not one", name)) &&
	    buf_append(out, buf_span(&answer.body), err);
	remote_answer_free(&answer);
	return ok;
}

bool
session_tile(struct session *session, const struct tile *tile, struct buf *out,
    struct error *err)
{
	unsigned tries = 0;

	while (!ask_tile(session, tile, out, err))
		if (!session_ask_again(session, &tries, err))
			return false;
	return true;
}

bool
session_read_hash(void *arg, unsigned level, uint64_t index, struct digest *out,
    struct error *err)
{
	struct session *session = arg;
	/* Read 2^within hashes of the tile level below, and hash them. */
	const unsigned within = level % 8;
	const uint64_t first = index << within;
	const unsigned from = (unsigned)(first % TILE_WIDTH);
	const struct tile tile = { .level = level / 8,
		.number = first / TILE_WIDTH,
		.width = from + (1u << within) };
	struct merkle_edge edge = { 0 };
	struct buf bytes = BUF(TILE_WIDTH * 32);
	/*
	 * For evidence: what the daemon does not give is not asked for twice.
	 */
	bool ok = ask_tile(session, &tile, &bytes, err);

	for (unsigned i = from; ok && i < tile.width; i++) {
		struct digest hash;

		memcpy(hash.bytes, bytes.data + (size_t)i * 32, 32);
		merkle_append(&edge, &hash, NULL, NULL);
	}
	if (ok)
		*out = merkle_root(&edge);
	buf_free(&bytes);
	return ok;
}
