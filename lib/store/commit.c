/*
 * Commits: parsing and encoding them (commit.h).
 */
#include "store/commit.h"

/* Append the headers that precede the signature. */
static bool
append_head(const struct commit_fields *fields, const char *depositary,
    struct buf *out, struct error *err)
{
	const char *author =
	    fields->person[0] != '\0' ? fields->person : depositary;
	char tree[OID_HEX], parent[OID_HEX];

	oid_hex(&fields->tree, tree);
	oid_hex(&fields->parent, parent);
	return buf_printf(out, err, "tree %s\n", tree) &&
	    (!fields->has_parent ||
		buf_printf(out, err, "parent %s\n", parent)) &&
	    buf_printf(out, err,
		"author %s <%s> %lld +0000\n"
		"committer Valise depositary <%s> %lld +0000\n",
		author, author, (long long)fields->at, depositary,
		(long long)fields->at);
}

/* Append the message: a subject, and our trailers. */
static bool
append_message(const struct commit_fields *fields, struct buf *out,
    struct error *err)
{
	char digest[DIGEST_HEX], contents[DIGEST_HEX];

	digest_hex(&fields->digest, digest);
	digest_hex(&fields->contents, contents);
	if (fields->document[0] == '\0')
		return buf_printf(out, err, "\n%s\n\nContents-Digest: %s\n",
		    fields->act, contents);
	return buf_printf(out, err,
	    "\n%s %s@%u\n\nVersion-Digest: %s\nContents-Digest: %s\n",
	    fields->act, fields->document, fields->version, digest, contents);
}

/* Append the signature in the armour that git expects, folded into a header. */
static bool
append_signature(struct span der, struct buf *out, struct error *err)
{
	struct buf base64 = BUF(2 * LIMIT_SIGNATURE_BYTES);
	struct span rest, line;
	bool ok;

	ok = buf_append_base64(&base64, der, err) &&
	    buf_append_str(out, "gpgsig -----BEGIN SIGNED MESSAGE-----\n", err);
	rest = buf_span(&base64);
	while (ok && rest.len > 0)
		ok = span_take(&rest, rest.len < 64 ? rest.len : 64, &line) &&
		    buf_append_str(out, " ", err) &&
		    buf_append(out, line, err) &&
		    buf_append_str(out, "\n", err);
	buf_free(&base64);
	return ok &&
	    buf_append_str(out, " -----END SIGNED MESSAGE-----\n", err);
}

bool
commit_text(const struct commit_fields *fields, const char *depositary,
    struct buf *out, struct error *err)
{
	return append_head(fields, depositary, out, err) &&
	    append_message(fields, out, err);
}

bool
commit_encode(const struct commit_fields *fields, const char *depositary,
    struct span signature, struct buf *out, struct error *err)
{
	return append_head(fields, depositary, out, err) &&
	    append_signature(signature, out, err) &&
	    append_message(fields, out, err);
}

/* Take a line "KEY OID" off the front. */
static bool
take_oid_line(struct span *in, const char *key, struct oid *out)
{
	struct span rest = *in, value;

	if (!span_take_field(&rest, key, &value) ||
	    !span_to_hex(value, out->bytes, OID_BYTES))
		return false;
	*in = rest;
	return true;
}

/* Read the time of "committer NAME <EMAIL> SECONDS +0000". */
static void
read_time(struct span line, int64_t *out)
{
	struct span rest, number;
	uint64_t at;

	while (span_take_until(&line, '>', &rest))
		;
	if (span_take_until(&line, ' ', &rest) &&
	    span_take_until(&line, ' ', &number) && span_to_u64(number, &at))
		*out = (int64_t)at;
}

bool
store_parse_commit(struct span bytes, struct store_commit *out,
    struct error *err)
{
	static const char trailer[] = "Contents-Digest: ";
	struct span line, word;

	*out = (struct store_commit){ 0 };
	if (!take_oid_line(&bytes, "tree", &out->tree))
		return error_set(err, ERROR_UNTRUSTED, "a damaged commit");
	out->has_parent = take_oid_line(&bytes, "parent", &out->parent);
	while (span_take_line(&bytes, &line)) {
		if (out->at == 0 && span_starts(line, "committer "))
			read_time(line, &out->at);
		if (span_starts(line, trailer) &&
		    span_take(&line, sizeof(trailer) - 1, &word) &&
		    !span_to_str(line, out->contents, sizeof(out->contents)))
			out->contents[0] = '\0';
	}
	return true;
}

bool
commit_signature(struct span commit, struct buf *content, struct buf *der,
    struct error *err)
{
	static const char begin[] = "gpgsig -----BEGIN SIGNED MESSAGE-----";
	struct buf base64 = BUF(2 * LIMIT_SIGNATURE_BYTES);
	struct span line;
	bool inside = false, found = false, ok = true;

	while (ok && span_take_line(&commit, &line)) {
		if (!found && span_is(line, begin)) {
			inside = found = true;
			continue;
		}
		/* A header continues on each line that begins with a space. */
		if (inside && span_starts(line, " ")) {
			if (!span_starts(line, " -----"))
				ok = buf_append(&base64,
				    span_sub(line, 1, line.len - 1), err);
			continue;
		}
		inside = false;
		ok = buf_append(content, line, err) &&
		    buf_append_str(content, "\n", err);
		if (ok && line.len == 0) {
			/* The message follows, with any content. */
			ok = buf_append(content, commit, err);
			break;
		}
	}
	ok = ok &&
	    (found || error_set(err, ERROR_MALFORMED, "there is none")) &&
	    span_base64_append(buf_span(&base64), der, err);
	buf_free(&base64);
	return ok;
}
