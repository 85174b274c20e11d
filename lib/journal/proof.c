/*
 * Parsing, encoding and verifying receipts (proof.h).
 */
#include "journal/proof.h"

static const char magic[] = "c2sp.org/tlog-proof@v1";

bool
proof_encode(const struct proof *proof, struct buf *out, struct error *err)
{
	char hash[BASE64_SIZE(32)];

	if (!buf_printf(out, err, "%s\nextra ", magic) ||
	    !buf_append_base64(out, buf_span(&proof->entry), err) ||
	    !buf_printf(out, err, "\nindex %llu\n",
		(unsigned long long)proof->index))
		return false;
	for (size_t i = 0; i < proof->path.num; i++) {
		base64_encode(digest_span(&proof->path.hashes[i]), hash);
		if (!buf_printf(out, err, "%s\n", hash))
			return false;
	}
	return buf_append_str(out, "\n", err) &&
	    buf_append(out, buf_span(&proof->note), err);
}

/* Set err.  Returns false. */
static bool
bad(struct error *err, const char *what)
{
	return error_set(err, ERROR_MALFORMED, "receipt: %s", what);
}

/* Take "WORD " off the front of a line; false if it begins otherwise. */
static bool
take_word(struct span *line, const char *word)
{
	struct span first;

	return span_take_until(line, ' ', &first) && span_is(first, word);
}

bool
proof_parse(struct span text, struct proof *out, struct error *err)
{
	struct span line;

	if (text.len > LIMIT_PROOF_FILE)
		return error_set(err, ERROR_LIMIT,
		    "receipt of %zu bytes, limit %d", text.len,
		    LIMIT_PROOF_FILE);
	if (!span_take_line(&text, &line) || !span_is(line, magic))
		return bad(err, "not a tlog-proof");
	if (!span_take_line(&text, &line) || !take_word(&line, "extra"))
		return bad(err, "no entry in it");
	if (!span_base64_append(line, &out->entry, err))
		return error_context(err, "receipt: entry");
	if (!span_take_line(&text, &line) || !take_word(&line, "index") ||
	    !span_to_u64(line, &out->index))
		return bad(err, "no index");
	out->path.num = 0;
	for (;;) {
		if (!span_take_line(&text, &line))
			return bad(err, "it ends too early");
		if (line.len == 0)
			break;
		if (out->path.num == LIMIT_PROOF_HASHES)
			return bad(err, "too many hashes");
		if (!span_to_base64(line,
			out->path.hashes[out->path.num++].bytes, 32))
			return bad(err, "a hash is not 32 bytes in base64");
	}
	return buf_append(&out->note, text, err);
}

bool
proof_verify(const struct proof *proof, const struct note_keys *keys,
    struct checkpoint *checkpoint, struct error *err)
{
	const struct digest leaf = merkle_leaf(buf_span(&proof->entry));

	if (!note_open(buf_span(&proof->note), keys, checkpoint, err))
		return false;
	return merkle_verify_inclusion(proof->index, checkpoint->size, &leaf,
		   &proof->path, &checkpoint->root) ||
	    error_set(err, ERROR_UNTRUSTED,
		"entry %llu is not in the journal of size %llu",
		(unsigned long long)proof->index,
		(unsigned long long)checkpoint->size);
}

void
proof_free(struct proof *proof)
{
	buf_free(&proof->entry);
	buf_free(&proof->note);
}
