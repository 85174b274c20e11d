/*
 * Parsing the requests of git clients (request.h).
 */
#include "git/request.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <zlib.h>

#include "base/limits.h"

bool
git_is_v2(const char *field)
{
	struct span rest = span_of_str(field), word;

	while (span_take_until(&rest, ':', &word))
		if (span_is(word, "version=2"))
			return true;
	return span_is(rest, "version=2");
}

bool
git_request_deepens(const struct git_request *request)
{
	return request->depth != 0 || request->since != 0 ||
	    request->num_nots > 0;
}

/* Set err: the line is not one that was offered.  Returns false. */
static bool
unknown(struct span line, struct error *err)
{
	/*
	 * The request's bytes are repeated in an error only where they are
	 * printable.
	 */
	char text[48];
	size_t n = 0;

	for (; n < line.len && n + 1 < sizeof(text); n++)
		text[n] = line.data[n] >= ' ' && line.data[n] < 127
		    ? (char)line.data[n]
		    : '?';
	text[n] = '\0';
	return error_set(err, ERROR_MALFORMED,
	    "\"%s\" is nothing that this server offers", text);
}

/* The total of all ids is bounded before room is made for one more. */
static bool
add_oid(struct git_request *request, struct git_oids *to, struct span hex,
    struct error *err)
{
	struct oid oid;
	struct oid *all;

	if (!span_to_hex(hex, oid.bytes, OID_BYTES))
		return error_set(err, ERROR_MALFORMED,
		    "a git object's id is not 40 hex digits");
	if (request->wants.num + request->haves.num + request->shallows.num >=
	    LIMIT_GIT_IDS)
		return error_set(err, ERROR_LIMIT,
		    "a git request of more than %d ids", LIMIT_GIT_IDS);
	if (to->num == to->room) {
		const size_t room = to->room == 0 ? 64 : to->room * 2;

		if ((all = realloc(to->list, room * sizeof(*all))) == NULL)
			return error_set_errno(err, "git request");
		to->list = all;
		to->room = room;
	}
	to->list[to->num++] = oid;
	return true;
}

/* Get the value of "KEY VALUE"; false if the line has another key. */
static bool
value_of(struct span line, const char *key, struct span *value)
{
	struct span word;

	if (!span_take_until(&line, ' ', &word) || !span_is(word, key))
		return false;
	*value = line;
	return true;
}

/*
 * Take a line that cuts history at a depth, time or ref; it is the same in both
 * versions.  *taken tells whether it was one.
 */
static bool
take_cut(struct git_request *request, struct span line, bool *taken,
    struct error *err)
{
	struct span value;
	uint64_t number;

	*taken = true;
	if (value_of(line, "deepen", &value)) {
		if (!span_to_u64(value, &number) || number == 0 ||
		    number > INT32_MAX || request->depth != 0)
			return error_set(err, ERROR_MALFORMED,
			    "deepen is not a number from 1 to 2147483647");
		request->depth = (uint32_t)number;
	} else if (value_of(line, "deepen-since", &value)) {
		if (!span_to_u64(value, &number) || number == 0 ||
		    number > INT64_MAX / 1000 || request->since != 0)
			return error_set(err, ERROR_MALFORMED,
			    "deepen-since is not a time");
		request->since = (int64_t)number;
	} else if (value_of(line, "deepen-not", &value)) {
		if (request->num_nots == GIT_NOTS || value.len >= GIT_REF)
			return error_set(err, ERROR_LIMIT,
			    "deepen-not: too many, or too long");
		request->not [request->num_nots++] = value;
	} else if (span_is(line, "deepen-relative")) {
		request->deepen_relative = true;
	} else if (value_of(line, "shallow", &value)) {
		return add_oid(request, &request->shallows, value, err);
	} else {
		*taken = false;
	}
	return true;
}

/* gitprotocol-pack: at most one way to cut history. */
static bool
check_cut(const struct git_request *request, struct error *err)
{
	if (request->depth != 0 &&
	    (request->since != 0 || request->num_nots > 0))
		return error_set(err, ERROR_MALFORMED,
		    "deepen together with deepen-since or deepen-not");
	return true;
}

/* --- Version 2. --- */

static bool
take_capability(struct git_request *request, struct span line,
    struct error *err)
{
	if (span_is(line, "command=ls-refs"))
		request->command = GIT_LS_REFS;
	else if (span_is(line, "command=fetch"))
		request->command = GIT_FETCH;
	else if (!span_is(line, "object-format=sha1") &&
	    !span_starts(line, "agent="))
		return unknown(line, err);
	return true;
}

/* Take an argument of ls-refs. */
static bool
take_ls_refs(struct git_request *request, struct span line, struct error *err)
{
	struct span value;

	if (value_of(line, "ref-prefix", &value)) {
		/*
		 * Too many prefixes: all refs are told and the client chooses,
		 * as gitprotocol-v2 allows.
		 */
		if (request->num_prefixes < GIT_PREFIXES)
			request->prefixes[request->num_prefixes] = value;
		request->num_prefixes++;
		return true;
	}
	/*
	 * Accepted and without effect: there are no symbolic refs, no unborn
	 * HEAD and no tags.
	 */
	return span_is(line, "symrefs") || span_is(line, "unborn") ||
	    span_is(line, "peel") || unknown(line, err);
}

/* Take an argument of fetch. */
static bool
take_fetch(struct git_request *request, struct span line, struct error *err)
{
	struct span value;
	bool taken;

	if (value_of(line, "want", &value))
		return add_oid(request, &request->wants, value, err);
	if (value_of(line, "have", &value))
		return add_oid(request, &request->haves, value, err);
	if (!take_cut(request, line, &taken, err))
		return false;
	if (taken)
		return true;
	if (span_is(line, "done"))
		request->done = true;
	else if (span_is(line, "no-progress"))
		request->no_progress = true;
	else if (!span_is(line, "thin-pack") && !span_is(line, "include-tag") &&
	    !span_is(line, "ofs-delta"))
		return unknown(line, err);
	return true;
}

/* Parse a command, its capabilities and its arguments. */
static bool
parse_v2(struct span body, struct git_request *request, struct error *err)
{
	enum pkt_kind kind;
	bool arguments = false;
	struct span line;

	request->side_band = request->ack_detailed = true;
	for (;;) {
		bool ok;

		if (!pkt_take(&body, &kind, &line, err))
			return false;
		if (kind == PKT_FLUSH)
			break;
		if (kind == PKT_DELIM) {
			if (arguments || request->command == GIT_NOTHING)
				return error_set(err, ERROR_MALFORMED,
				    "a delimiter where none belongs");
			arguments = true;
			continue;
		}
		ok = !arguments ? take_capability(request, line, err)
		    : request->command == GIT_LS_REFS
		    ? take_ls_refs(request, line, err)
		    : take_fetch(request, line, err);
		if (!ok)
			return false;
	}
	if (body.len > 0)
		return error_set(err, ERROR_MALFORMED,
		    "a git request goes on after its end");
	if (request->num_prefixes > GIT_PREFIXES)
		request->num_prefixes = 0;
	return check_cut(request, err);
}

/* --- Version 0. --- */

/*
 * Take the capabilities on the first want line.  Words that were not offered
 * are ignored, since git 2.39 sends "filter" unoffered.
 */
static void
take_v0_capabilities(struct git_request *request, struct span words)
{
	struct span word;

	while (words.len > 0) {
		if (!span_take_until(&words, ' ', &word)) {
			word = words;
			words.len = 0;
		}
		if (span_is(word, "side-band-64k"))
			request->side_band = true;
		else if (span_is(word, "multi_ack_detailed"))
			request->ack_detailed = true;
		else if (span_is(word, "no-done"))
			request->no_done = true;
		else if (span_is(word, "no-progress"))
			request->no_progress = true;
		else if (span_is(word, "deepen-relative"))
			request->deepen_relative = true;
	}
}

/* Take a want line; the first one carries the capabilities. */
static bool
take_want(struct git_request *request, struct span line, struct error *err)
{
	struct span rest = line, hex;

	if (request->wants.num > 0 || !span_take_until(&rest, ' ', &hex))
		return add_oid(request, &request->wants, line, err);
	take_v0_capabilities(request, rest);
	return add_oid(request, &request->wants, hex, err);
}

/* Take the lines up to the first flush: wants, shallow commits, a cut. */
static bool
parse_wants(struct span *body, struct git_request *request, struct error *err)
{
	enum pkt_kind kind;
	struct span line, value;
	bool taken;

	for (;;) {
		if (!pkt_take(body, &kind, &line, err))
			return false;
		if (kind == PKT_FLUSH)
			return true;
		if (kind == PKT_DELIM)
			return error_set(err, ERROR_MALFORMED,
			    "a delimiter where none belongs");
		if (value_of(line, "want", &value)) {
			if (!take_want(request, value, err))
				return false;
			continue;
		}
		if (request->wants.num == 0)
			return unknown(line, err);
		if (!take_cut(request, line, &taken, err))
			return false;
		if (!taken)
			return unknown(line, err);
	}
}

/* Parse the wants, then the haves up to "done". */
static bool
parse_v0(struct span body, struct git_request *request, struct error *err)
{
	enum pkt_kind kind;
	struct span line, value;

	if (!parse_wants(&body, request, err) || !check_cut(request, err))
		return false;
	if (request->wants.num == 0)
		return body.len == 0 || unknown(body, err);
	request->command = GIT_FETCH;
	request->ended = body.len == 0;
	while (body.len > 0) {
		if (!pkt_take(&body, &kind, &line, err))
			return false;
		if (kind == PKT_FLUSH || span_is(line, "done")) {
			request->done = kind == PKT_DATA;
			return body.len == 0 ||
			    error_set(err, ERROR_MALFORMED,
				"a git request goes on after its end");
		}
		if (kind != PKT_DATA || !value_of(line, "have", &value))
			return unknown(line, err);
		if (!add_oid(request, &request->haves, value, err))
			return false;
	}
	return true;
}

bool
git_request_parse(struct span body, bool v2, struct git_request *out,
    struct error *err)
{
	bool ok;

	*out = (struct git_request){ .v2 = v2 };
	/*
	 * git sends this probe before a long request, without the Git-Protocol
	 * field.
	 */
	if (span_is(body, "0000"))
		return true;
	ok = v2 ? parse_v2(body, out, err) : parse_v0(body, out, err);
	if (!ok)
		git_request_free(out);
	else if (out->command == GIT_FETCH && out->wants.num == 0)
		out->command = GIT_NOTHING;
	return ok;
}

void
git_request_free(struct git_request *request)
{
	free(request->wants.list);
	free(request->haves.list);
	free(request->shallows.list);
	*request = (struct git_request){ 0 };
}

bool
git_gunzip(struct span body, struct buf *out, struct error *err)
{
	uint8_t piece[32768] UNINITIALIZED;
	z_stream z = { .next_in = (uint8_t *)(uintptr_t)body.data,
		.avail_in = (uInt)body.len };
	const uint64_t most =
	    LIMIT_GIT_FREE + LIMIT_GIT_RATIO * (uint64_t)body.len;
	int result = Z_OK;
	bool ok = true;

	if (body.len > UINT32_MAX || inflateInit2(&z, 16 + MAX_WBITS) != Z_OK)
		return error_set_outside(err, "gzip: no memory");
	while (ok && result == Z_OK) {
		z.next_out = piece;
		z.avail_out = sizeof(piece);
		result = inflate(&z, Z_NO_FLUSH);
		ok = z.total_out <= most ||
		    error_set(err, ERROR_LIMIT,
			"a git request inflates more than %d-fold",
			LIMIT_GIT_RATIO);
		ok = ok &&
		    buf_append(out, span_of(piece, sizeof(piece) - z.avail_out),
			err);
	}
	if (ok && (result != Z_STREAM_END || z.avail_in != 0))
		ok = error_set(err, ERROR_MALFORMED,
		    "a git request whose gzip is broken");
	inflateEnd(&z);
	return ok;
}
