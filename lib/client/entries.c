/*
 * The journal's entries as a daemon shows them: each proved, in pages, by their
 * leaves, or as they happen.
 */
#include "client/session.h"

#include <string.h>

#include "client/page.h"

/*
 * If a newer key signed it, catching up follows the key and the page is read
 * again.
 */
static bool
read_page_again(struct session *session, struct span text, struct page *out,
    struct error *err)
{
	if (page_read(text, &session->context->journal, out, err))
		return true;
	if (!error_is(err, finding_name(FINDING_KEY_UNKNOWN)))
		return false;
	*err = (struct error){ 0 };
	page_free(out);
	*out = (struct page){ .next = UINT64_MAX };
	return session_catch_up(session, err) &&
	    page_read(text, &session->context->journal, out, err);
}

/* Call page_free() even after a failure. */
static bool
fetch_page(struct session *session, const char *path, uint64_t from,
    struct page *out, struct error *err)
{
	struct buf text = BUF(LIMIT_ANSWER_BYTES);
	bool ok;

	*out = (struct page){ .next = UINT64_MAX };
	ok = session_get(session, path, &text, err) &&
	    read_page_again(session, buf_span(&text), out, err);
	if (ok && out->next != UINT64_MAX && out->next <= from)
		ok = error_set(err, ERROR_MALFORMED,
		    "the daemon's entries go round in circles");
	buf_free(&text);
	return ok;
}

/* A question, and how far its answer has come. */
struct question {
	const struct entry_filter *filter;
	uint64_t next; /* entries below this index must not come any more */
	entry_visitor *visit;
	void *arg;
};

static bool
no_answer(struct error *err, const char *what)
{
	return error_set_code(err, ERROR_UNTRUSTED, ANSWER_DIFFERS,
	    "the daemon's entries are not an answer: %s", what);
}

/*
 * An entry that comes twice or backwards would be counted twice, or taken for
 * newer.
 */
static bool
in_order(const json_t *index, uint64_t *next, struct error *err)
{
	if (!json_is_integer(index) || json_integer_value(index) < 0)
		return error_set(err, ERROR_MALFORMED,
		    "the daemon's entry is not one");
	if ((uint64_t)json_integer_value(index) < *next)
		return no_answer(err,
		    "they are out of order, or one is there"
		    " twice");
	*next = (uint64_t)json_integer_value(index) + 1;
	return true;
}

/*
 * Check an entry of an answer: it was asked for, and its proof leads to the
 * checkpoint. Then visit it.
 */
static bool
check_line(struct session *session, const json_t *json,
    const struct checkpoint *checkpoint, struct question *question,
    struct error *err)
{
	struct entry entry;
	const json_t *index = json_object_get(json, "index");
	const json_t *text = json_object_get(json, "entry");
	const json_t *path = json_object_get(json, "proof");
	struct merkle_proof proof = { .num = 0 };
	struct digest leaf;
	struct span line;

	if (!in_order(index, &question->next, err))
		return false;
	if (!json_is_string(text) || !json_is_array(path))
		return error_set(err, ERROR_MALFORMED,
		    "the daemon's entry is not one");
	for (size_t i = 0; i < json_array_size(path); i++)
		if (!json_is_string(json_array_get(path, i)) ||
		    !session_take_hash(span_of_str(json_string_value(
					   json_array_get(path, i))),
			&proof))
			return error_set(err, ERROR_MALFORMED,
			    "the daemon's proof is not one");
	line = span_of(json_string_value(text), json_string_length(text));
	leaf = merkle_leaf(line);
	if (!merkle_verify_inclusion((uint64_t)json_integer_value(index),
		checkpoint->size, &leaf, &proof, &checkpoint->root))
		return error_set_code(err, ERROR_UNTRUSTED,
		    finding_name(FINDING_NOT_IN_JOURNAL),
		    "the daemon shows an entry %lld that is not in its journal",
		    (long long)json_integer_value(index));
	session->proof = proof;
	return entry_parse(line, &entry, err) &&
	    session_entry(session, question->next - 1, &entry, err) &&
	    filter_check(question->filter, question->next - 1, &entry, err) &&
	    question->visit(question->arg, question->next - 1, &entry, line,
		err);
}

bool
session_witnessed(struct session *session, struct witnessed *out,
    struct error *err)
{
	const struct checkpoint nothing = { .root = merkle_empty() };
	const struct policy *policy = policies_pinned(session->context, err);
	struct buf note = BUF(LIMIT_NOTE_FILE);
	bool ok;

	*out = (struct witnessed){ .num = 0 };
	if (policy == NULL)
		return false;
	if (policy->witnesses.quorum == 0)
		return true;
	ok = session_checkpoint(session, &nothing, span_of(NULL, 0),
	    "witnessed", &out->checkpoint, &note, err);
	if (!ok && err->kind == ERROR_NOT_FOUND) {
		*err = (struct error){ 0 };
		buf_free(&note);
		return true;
	}
	ok = ok &&
	    note_cosignatures(buf_span(&note), policy->witnesses.keys,
		policy->witnesses.num, out->lines, &out->num, err);
	for (size_t i = 0; i < out->num; i++)
		out->lines[i].line = span_of(NULL, 0);
	buf_free(&note);
	return ok &&
	    (out->num >= policy->witnesses.quorum ||
		error_set_code(err, ERROR_UNTRUSTED,
		    finding_name(FINDING_NOT_WITNESSED),
		    "the daemon says that enough witnesses cosigned size %llu:"
		    " %zu of %u did",
		    (unsigned long long)out->checkpoint.size, out->num,
		    policy->witnesses.quorum));
}

static bool
ask_page(struct session *session, const struct entry_filter *filter,
    uint64_t from, struct page *out, struct error *err)
{
	struct buf path = BUF(2048);
	bool ok;

	*out = (struct page){ .next = UINT64_MAX };
	ok = buf_append_str(&path, "/v1/journal/entries?limit=2000&", err) &&
	    filter_query(filter, from, &path, err) &&
	    buf_append_u8(&path, 0, err) &&
	    fetch_page(session, (const char *)path.data, from, out, err);
	buf_free(&path);
	return ok;
}

/*
 * Get a page whose checkpoint is proved: the newest, which must extend what was
 * kept when it was asked for; or the one of the size that was asked for.
 */
static bool
prove_page(struct session *session, const struct entry_filter *filter,
    uint64_t from, struct page *out, int64_t *asked_at, struct error *err)
{
	struct seen_asked asked = { .note = BUF(0) };
	unsigned tries = 0;
	bool ok;

	*out = (struct page){ .next = UINT64_MAX };
	ok = session_ask(session, &asked, err);
	/* The daemon itself has named this size, so it exists. */
	while (ok && !ask_page(session, filter, from, out, err))
		ok = filter->at != 0 && session_ask_again(session, &tries, err);
	ok = ok &&
	    (filter->at == 0 || out->checkpoint.size == filter->at ||
		no_answer(err,
		    "they are of another checkpoint than the one"
		    " asked for")) &&
	    session_follow_newest(session, span_of_str(out->note),
		filter->at == 0 ? &asked : NULL, err);
	*asked_at = asked.at_ms / 1000;
	seen_asked_free(&asked);
	return ok;
}

bool
session_entries(struct session *session, const struct entry_filter *filter,
    entry_visitor *visit, void *arg, struct error *err)
{
	struct question question = { .filter = filter,
		.next = filter->from,
		.visit = visit,
		.arg = arg };
	uint64_t from = filter->from;

	while (from != UINT64_MAX) {
		struct page page;
		int64_t asked_at;
		bool ok;

		ok = prove_page(session, filter, from, &page, &asked_at, err);
		if (ok)
			session->proof_note = span_of_str(page.note);
		for (size_t i = 0; ok && i + 1 < page.num; i++)
			ok = check_line(session, page.lines[i],
			    &page.checkpoint, &question, err);
		if (ok && page.next < question.next)
			ok = no_answer(err,
			    "a page begins before the last one"
			    " ended");
		session->answered = page.checkpoint.size;
		session->answered_at = asked_at;
		from = page.next;
		page_free(&page);
		if (!ok)
			return false;
	}
	return true;
}

struct leaves {
	uint64_t from, until;
	const struct digest *hashes;
	entry_visitor *visit;
	void (*differs)(void *arg, uint64_t index);
	void *arg;
	uint64_t next; /* check that no index comes twice or backwards */
};

/*
 * Check an entry against its leaf hash, and visit it or tell that it differs.
 */
static bool
check_leaf(const json_t *json, struct leaves *leaves, struct error *err)
{
	struct entry entry;
	const json_t *number = json_object_get(json, "index");
	const json_t *text = json_object_get(json, "entry");
	struct digest leaf;
	struct span line;
	uint64_t index;

	if (!in_order(number, &leaves->next, err))
		return false;
	index = leaves->next - 1;
	if (!json_is_string(text))
		return error_set(err, ERROR_MALFORMED,
		    "the daemon's entry is not one");
	if (index >= leaves->until)
		return no_answer(err, "they go beyond what was asked for");
	line = span_of(json_string_value(text), json_string_length(text));
	leaf = merkle_leaf(line);
	if (!digest_eq(&leaf, &leaves->hashes[index - leaves->from]) ||
	    !entry_parse(line, &entry, err)) {
		*err = (struct error){ 0 };
		leaves->differs(leaves->arg, index);
		return true;
	}
	return leaves->visit(leaves->arg, index, &entry, line, err);
}

bool
session_entries_of_leaves(struct session *session, uint64_t from,
    uint64_t until, const struct digest *leaves, entry_visitor *visit,
    void (*differs)(void *arg, uint64_t index), void *arg, struct error *err)
{
	struct leaves all = { .from = from,
		.until = until,
		.hashes = leaves,
		.visit = visit,
		.differs = differs,
		.arg = arg,
		.next = from };

	while (from < until) {
		struct seen_asked asked = { .note = BUF(0) };
		struct page page = { .next = UINT64_MAX };
		char path[128];
		bool ok;

		snprintf(path, sizeof(path),
		    "/v1/journal/entries?from=%llu&until=%llu&proof=none",
		    (unsigned long long)from, (unsigned long long)until);
		/*
		 * No proofs are asked for, but the signed checkpoint must be of
		 * one history too.
		 */
		ok = session_ask(session, &asked, err) &&
		    fetch_page(session, path, from, &page, err) &&
		    session_follow_newest(session, span_of_str(page.note),
			&asked, err);
		seen_asked_free(&asked);
		for (size_t i = 0; ok && i + 1 < page.num; i++)
			ok = check_leaf(page.lines[i], &all, err);
		from = page.next;
		page_free(&page);
		if (!ok)
			return false;
	}
	return true;
}
