/*
 * The files that an audit keeps between its runs: some only grow, and one tells
 * how much of them counts (audit.h).
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cmd/audit.h"

static const char magic[] = "valise audit 3";
/* Older programs kept nothing of findings; or nothing of deliveries. */
static const char no_findings[] = "valise audit 1",
		  no_deliveries[] = "valise audit 2";

bool
audit_state_path(const struct context *context, const char *name,
    char out[FILE_PATH], struct error *err)
{
	char below[64];

	snprintf(below, sizeof(below), "audit/%s", name);
	return context_path(context, below, out, err);
}

/* Append the text of the file "state". */
static bool
encode(const struct audit_state *state, struct buf *out, struct error *err)
{
	char hash[BASE64_SIZE(32)], hex[DIGEST_HEX];
	bool ok;

	digest_hex(&state->policy, hex);
	ok = buf_printf(out, err,
	    "%s\nsize %llu\nentries %llu\ndelivered %llu\nhidden %llu\n"
	    "policy %s\n",
	    magic, (unsigned long long)state->edge.size,
	    (unsigned long long)state->entries_len,
	    (unsigned long long)state->delivered_len,
	    (unsigned long long)state->hidden_len, hex);
	for (unsigned l = 0; ok && l < 64; l++) {
		if ((state->edge.size >> l & 1) == 0)
			continue;
		base64_encode(digest_span(&state->edge.full[l]), hash);
		ok = buf_printf(out, err, "%s\n", hash);
	}
	return ok && findings_encode(&state->findings, out, err);
}

bool
audit_state_write(const struct audit_state *state, struct error *err)
{
	struct buf text = BUF(SIZE_MAX);
	char path[FILE_PATH];
	bool ok;

	ok = encode(state, &text, err) &&
	    audit_state_path(state->context, "state", path, err) &&
	    file_write(path, buf_span(&text), 0600, err);
	buf_free(&text);
	return ok;
}

static bool
take_number(struct span *text, const char *name, uint64_t *out)
{
	struct span value;

	return span_take_field(text, name, &value) && span_to_u64(value, out);
}

static bool
take_digest(struct span *text, const char *name, struct digest *out)
{
	struct span value;

	return span_take_field(text, name, &value) && digest_parse(value, out);
}

/* Read the text of the file "state"; false if it is damaged. */
static bool
decode(struct audit_state *state, struct span text, struct error *err)
{
	struct merkle_edge *edge = &state->edge;
	struct span line;

	if (!span_take_line(&text, &line))
		line = span_of(NULL, 0);
	if (span_is(line, no_findings)) {
		state->is_old = true;
		return true;
	}
	state->is_old = span_is(line, no_deliveries);
	if ((!state->is_old && !span_is(line, magic)) ||
	    !take_number(&text, "size", &edge->size) ||
	    !take_number(&text, "entries", &state->entries_len) ||
	    (!state->is_old &&
		!take_number(&text, "delivered", &state->delivered_len)) ||
	    !take_number(&text, "hidden", &state->hidden_len) ||
	    !take_digest(&text, "policy", &state->policy))
		return error_set(err, ERROR_MALFORMED, "it is no audit's");
	for (unsigned l = 0; l < 64; l++)
		if ((edge->size >> l & 1) != 0 &&
		    (!span_take_line(&text, &line) ||
			!span_to_base64(line, edge->full[l].bytes, 32)))
			return error_set(err, ERROR_MALFORMED,
			    "its hashes are cut short");
	return findings_decode(text, &state->findings, err);
}

/* Cut a file to the part that counts; a cut may have left more behind it. */
static bool
read_counted(const struct audit_state *state, const char *name, uint64_t len,
    struct buf *out, struct error *err)
{
	char path[FILE_PATH];

	if (!audit_state_path(state->context, name, path, err))
		return false;
	if (len > 0 && !file_read(path, SIZE_MAX, out, err))
		return false;
	if (out->len < len)
		return error_set_outside(err, "%s is cut short", path);
	out->len = (size_t)len;
	return true;
}

static bool
read_hidden(struct audit_state *state, struct error *err)
{
	struct buf bytes = BUF(SIZE_MAX);
	uint64_t first, last;
	struct span rest;
	bool ok = read_counted(state, "hidden", state->hidden_len, &bytes, err);

	rest = buf_span(&bytes);
	while (ok && rest.len > 0)
		ok = (span_take_u64(&rest, &first) &&
			 span_take_u64(&rest, &last) &&
			 ranges_add(&state->hidden, first, last, err)) ||
		    error_set_outside(err, "audit/hidden is damaged");
	buf_free(&bytes);
	return ok;
}

static int
open_growing(const struct context *context, const char *name, struct error *err)
{
	char path[FILE_PATH];
	int fd;

	if (!audit_state_path(context, name, path, err))
		return -1;
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		error_set_errno(err, "%s", path);
	return fd;
}

bool
audit_state_open(struct context *context, struct audit_state *out,
    struct error *err)
{
	struct buf text = BUF(SIZE_MAX);
	char path[FILE_PATH];
	bool ok;

	*out = (struct audit_state){ .context = context,
		.lock = -1,
		.entries_fd = -1,
		.delivered_fd = -1,
		.hidden_fd = -1 };
	ok = context_path(context, "audit", path, err) &&
	    file_make_dirs(path, 0700, err) &&
	    audit_state_path(context, "lock", path, err) &&
	    (out->lock = file_lock(path, err)) >= 0 &&
	    audit_state_path(context, "state", path, err);
	if (ok && file_exists(path)) {
		ok = file_read(path, text.max, &text, err) &&
		    decode(out, buf_span(&text), err) && read_hidden(out, err);
		if (!ok)
			error_context(err,
			    "%s is damaged; move it away, and"
			    " \"valise audit\" begins anew",
			    path);
	}
	buf_free(&text);
	return ok &&
	    (out->entries_fd = open_growing(context, "entries", err)) >= 0 &&
	    (out->delivered_fd = open_growing(context, "delivered", err)) >=
	    0 &&
	    (out->hidden_fd = open_growing(context, "hidden", err)) >= 0;
}

void
audit_state_close(struct audit_state *state)
{
	const int fds[] = { state->lock, state->entries_fd, state->delivered_fd,
		state->hidden_fd };

	for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
		if (fds[i] >= 0)
			close(fds[i]);
	findings_free(&state->findings);
	ranges_free(&state->hidden);
}

bool
audit_state_begin_anew(struct audit_state *state, struct error *err)
{
	state->edge = (struct merkle_edge){ 0 };
	state->entries_len = state->delivered_len = state->hidden_len = 0;
	state->is_old = false;
	ranges_free(&state->hidden);
	return audit_state_write(state, err);
}

static bool
append(int fd, uint64_t *len, struct span bytes, struct error *err)
{
	if (!file_pwrite(fd, bytes, (off_t)*len, err))
		return false;
	if (bytes.len > 0 && fdatasync(fd) != 0)
		return error_set_errno(err, "flush");
	*len += bytes.len;
	return true;
}

bool
audit_state_take(struct audit_state *state, struct span entries,
    struct span delivered, const struct ranges *hidden, struct error *err)
{
	struct buf bytes = BUF(SIZE_MAX);
	bool ok = true;

	for (size_t i = 0; ok && i < hidden->num; i++)
		ok = buf_append_u64(&bytes, hidden->list[i].first, err) &&
		    buf_append_u64(&bytes, hidden->list[i].last, err) &&
		    ranges_add(&state->hidden, hidden->list[i].first,
			hidden->list[i].last, err);
	ok = ok &&
	    append(state->entries_fd, &state->entries_len, entries, err) &&
	    append(state->delivered_fd, &state->delivered_len, delivered,
		err) &&
	    append(state->hidden_fd, &state->hidden_len, buf_span(&bytes), err);
	buf_free(&bytes);
	return ok && audit_state_write(state, err);
}

/* What is wrong with a file of our own is no fault of the daemon's. */
static bool
damaged_delivered(struct error *err)
{
	return error_set_outside(err,
	    "audit/delivered is cut short, or not in order"
	    " (\"valise audit --full\" begins anew)");
}

bool
audit_state_delivered(const struct audit_state *state, uint64_t n,
    uint8_t out[DELIVERED_RECORD], struct error *err)
{
	return file_pread(state->delivered_fd, out, DELIVERED_RECORD,
		   (off_t)(n * DELIVERED_RECORD), err) ||
	    damaged_delivered(err);
}

bool
audit_state_check_delivered(const struct audit_state *state, struct error *err)
{
	static uint8_t bytes[4096 * DELIVERED_RECORD];
	uint64_t last = UINT64_MAX, at = 0;
	bool ok = true;

	while (ok && at < state->delivered_len) {
		const uint64_t left = state->delivered_len - at;
		const size_t len =
		    left < sizeof(bytes) ? (size_t)left : sizeof(bytes);

		ok = file_pread(state->delivered_fd, bytes, len, (off_t)at,
			 err) &&
		    delivered_check_order(span_of(bytes, len), &last, err);
		at += len;
	}
	return ok || damaged_delivered(err);
}

bool
audit_state_replay(struct audit_state *state, entry_visitor *visit, void *arg,
    struct error *err)
{
	struct entry entry;
	struct buf bytes = BUF(SIZE_MAX);
	struct span rest, line;
	uint64_t index;
	uint16_t len;
	bool ok =
	    read_counted(state, "entries", state->entries_len, &bytes, err);

	rest = buf_span(&bytes);
	while (ok && rest.len > 0)
		ok = (span_take_u64(&rest, &index) &&
			 span_take_u16(&rest, &len) &&
			 span_take(&rest, len, &line))
		    ? entry_parse(line, &entry, err) &&
			visit(arg, index, &entry, line, err)
		    : error_set_outside(err, "it is damaged");
	buf_free(&bytes);
	return ok ||
	    error_context(err,
		"audit/entries (\"valise audit --full\" begins anew)");
}
