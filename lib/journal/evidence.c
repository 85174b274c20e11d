/*
 * Evidence of a fork: parsing, encoding and judging it (evidence.h).
 */
#include "journal/evidence.h"

#include <stdio.h>

static const char magic[] = "valise evidence 1";

static bool
put_note(struct buf *out, const char *name, const struct buf *note,
    struct error *err)
{
	return buf_printf(out, err, "%s %zu\n", name, note->len) &&
	    buf_append(out, buf_span(note), err);
}

static bool
put_hash(struct buf *out, const char *name, const struct digest *hash,
    struct error *err)
{
	char base64[BASE64_SIZE(32)];

	base64_encode(digest_span(hash), base64);
	return buf_printf(out, err, "%s %s\n", name, base64);
}

bool
evidence_encode(const struct evidence *evidence, struct buf *out,
    struct error *err)
{
	bool ok;

	ok = buf_printf(out, err, "%s\n", magic) &&
	    put_note(out, "seen", &evidence->seen, err) &&
	    put_note(out, "shown", &evidence->shown, err);
	if (!ok || !evidence->has_root)
		return ok;
	ok = put_hash(out, "root", &evidence->root, err);
	for (size_t i = 0; ok && i < evidence->proof.num; i++)
		ok = put_hash(out, "hash", &evidence->proof.hashes[i], err);
	return ok;
}

/* Set err.  Returns false. */
static bool
bad(struct error *err, const char *what)
{
	return error_set(err, ERROR_MALFORMED, "evidence: %s", what);
}

static bool
take_note(struct span *text, const char *name, struct buf *out,
    struct error *err)
{
	struct span value, note;
	uint64_t len;

	if (!span_take_field(text, name, &value) || !span_to_u64(value, &len) ||
	    len > LIMIT_NOTE_FILE || !span_take(text, (size_t)len, &note))
		return bad(err, "a checkpoint is missing or cut");
	return buf_append(out, note, err);
}

static bool
take_hash(struct span *text, const char *name, struct digest *out)
{
	struct span value;

	return span_take_field(text, name, &value) &&
	    span_to_base64(value, out->bytes, 32);
}

bool
evidence_parse(struct span text, struct evidence *out, struct error *err)
{
	struct span line;

	if (text.len > LIMIT_EVIDENCE_BYTES)
		return error_set(err, ERROR_LIMIT,
		    "evidence of %zu bytes,"
		    " limit %d",
		    text.len, LIMIT_EVIDENCE_BYTES);
	if (!span_take_line(&text, &line) || !span_is(line, magic))
		return bad(err, "it does not begin with \"valise evidence 1\"");
	if (!take_note(&text, "seen", &out->seen, err) ||
	    !take_note(&text, "shown", &out->shown, err))
		return false;
	out->has_root = text.len > 0;
	out->proof.num = 0;
	if (out->has_root && !take_hash(&text, "root", &out->root))
		return bad(err, "what follows the checkpoints is no root");
	while (text.len > 0)
		if (out->proof.num == LIMIT_PROOF_HASHES ||
		    !take_hash(&text, "hash",
			&out->proof.hashes[out->proof.num++]))
			return bad(err, "its proof is broken");
	return true;
}

void
evidence_free(struct evidence *evidence)
{
	buf_free(&evidence->seen);
	buf_free(&evidence->shown);
}

/*
 * Does the evidence prove a fork?  Its proof leads from the smaller size to the
 * larger checkpoint's root, and shows another root at the smaller size than the
 * smaller checkpoint has.
 */
static bool
proves_fork(const struct evidence *evidence, const struct checkpoint *small,
    const struct checkpoint *large)
{
	return evidence->has_root &&
	    !digest_eq(&evidence->root, &small->root) &&
	    merkle_verify_consistency(small->size, large->size, &evidence->root,
		&large->root, &evidence->proof);
}

bool
evidence_verify(const struct evidence *evidence, const struct note_keys *keys,
    bool *proves, char text[400], struct error *err)
{
	struct checkpoint seen, shown;

	*proves = false;
	if (!note_open(buf_span(&evidence->seen), keys, &seen, err) ||
	    !note_open(buf_span(&evidence->shown), keys, &shown, err))
		return error_context(err, "evidence");
	if (seen.size == shown.size) {
		*proves = !digest_eq(&seen.root, &shown.root);
		snprintf(text, 400,
		    *proves
			? "two checkpoints of size %llu with different roots,"
			  " both signed by the journal's key: whoever holds it"
			  " keeps two histories"
			: "the same checkpoint twice, of size %llu: it proves"
			  " nothing",
		    (unsigned long long)seen.size);
		return true;
	}
	*proves = seen.size < shown.size ? proves_fork(evidence, &seen, &shown)
					 : proves_fork(evidence, &shown, &seen);
	if (evidence->has_root && !*proves)
		return error_set(err, ERROR_UNTRUSTED,
		    "evidence: its proof does not lead from one checkpoint to"
		    " the other");
	if (*proves)
		snprintf(text, 400,
		    "the checkpoints of size %llu and of size %llu, both"
		    " signed by the journal's key, tell different histories of"
		    " the first %llu entries: whoever holds it keeps two",
		    (unsigned long long)seen.size,
		    (unsigned long long)shown.size,
		    (unsigned long long)(seen.size < shown.size ? seen.size
								: shown.size));
	else
		snprintf(text, 400,
		    "a checkpoint of size %llu was seen, and then one of size"
		    " %llu was shown as the newest, both signed by the"
		    " journal's key: only who saw it knows the order, so to"
		    " others it proves no more than that both exist",
		    (unsigned long long)seen.size,
		    (unsigned long long)shown.size);
	return true;
}
