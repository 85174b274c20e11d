/*
 * Reading the answers of witnesses (witness_answer.h).
 */
#include "daemon/upkeep/witness_answer.h"

bool
witness_take_lines(struct buf *note, struct span lines,
    const struct note_key *key, struct cosignature *out, struct error *err)
{
	size_t num = 0;

	return buf_append(note, lines, err) &&
	    note_cosignatures(buf_span(note), key, 1, out, &num, err) &&
	    (num == 1 ||
		error_set(err, ERROR_UNTRUSTED,
		    "its answer has no cosignature of its key"));
}

bool
witness_take_size(struct span text, uint64_t *out, struct error *err)
{
	struct span line;

	if (!span_take_line(&text, &line))
		line = text;
	return span_to_u64(line, out) ||
	    error_set(err, ERROR_MALFORMED, "its conflict tells no size");
}
