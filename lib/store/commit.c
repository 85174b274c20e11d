/*
 * What a commit's bytes say (git-commit format, and our trailer).
 */
#include "store/store.h"

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

/* "committer NAME <EMAIL> SECONDS +0000" */
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
