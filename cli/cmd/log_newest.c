/*
 * Asking for the newest entries (log_newest.h).
 */
#include "cli/cmd/log_newest.h"

#include <jansson.h>

/* The first piece is as long; each further one is four times the last. */
enum { PIECE = 256, PIECE_MAX = 65536 };

struct gathering {
	const struct log_newest *wanted;
	json_t *lines; /* of a piece: [INDEX, LINE] */
	bool before;   /* an entry is older than what is wanted */
};

/* An entry_visitor: keep an entry. */
static bool
gather(void *arg, uint64_t index, const struct entry *entry, struct span line,
    struct error *err)
{
	struct gathering *to = arg;

	if (entry->time_ms < to->wanted->since_ms)
		to->before = true;
	if (entry->time_ms < to->wanted->since_ms ||
	    entry->time_ms >= to->wanted->until_ms)
		return true;
	return json_array_append_new(to->lines,
		   json_pack("[I, s%]", (json_int_t)index, line.data,
		       line.len)) == 0 ||
	    error_set_errno(err, "entries");
}

/* Put what a piece has before what came later. */
static bool
put_before(json_t **all, json_t *piece, struct error *err)
{
	const bool ok = json_array_extend(piece, *all) == 0;

	json_decref(*all);
	*all = piece;
	return ok || error_set_errno(err, "entries");
}

/* Visit the last of them. */
static bool
visit_last(const json_t *all, uint64_t num, entry_visitor *visit, void *arg,
    struct error *err)
{
	const size_t there = json_array_size(all);
	bool ok = true;

	for (size_t i = there > num ? there - num : 0; ok && i < there; i++) {
		const json_t *pair = json_array_get(all, i);
		const json_t *text = json_array_get(pair, 1);
		const struct span line =
		    span_of(json_string_value(text), json_string_length(text));
		struct entry entry;

		ok = entry_parse(line, &entry, err) &&
		    visit(arg,
			(uint64_t)json_integer_value(json_array_get(pair, 0)),
			&entry, line, err);
	}
	return ok;
}

bool
log_newest(struct session *session, const struct log_newest *wanted,
    entry_visitor *visit, void *arg, uint64_t *from, struct error *err)
{
	struct gathering to = { .wanted = wanted };
	json_t *all = json_array();
	uint64_t until = wanted->before < session->seen.size
	    ? wanted->before
	    : session->seen.size;
	uint64_t piece = PIECE;
	bool ok = true;

	while (ok && until > 0 && !to.before &&
	    json_array_size(all) < wanted->num) {
		struct entry_filter filter = wanted->filter;

		filter.from = until > piece ? until - piece : 0;
		filter.until = until;
		to.lines = json_array();
		ok = session_entries(session, &filter, gather, &to, err);
		ok = put_before(&all, to.lines, err) && ok;
		until = filter.from;
		piece = piece < PIECE_MAX ? 4 * piece : piece;
	}
	*from = until;
	ok = ok && visit_last(all, wanted->num, visit, arg, err);
	json_decref(all);
	return ok;
}
