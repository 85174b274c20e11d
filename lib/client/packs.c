/*
 * Asking the daemon for packs, and taking them in.
 */
#include "client/packs.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "client/tell.h"
#include "git/pkt.h"

enum { WANTS = 50000 }; /* how many commits one request asks for */

/* Read a piece of the answer from *at on. */
static bool
read_answer(int fd, uint64_t *at, uint64_t size, void *out, size_t len,
    struct error *err)
{
	if (len > size - *at)
		return error_set(err, ERROR_MALFORMED,
		    "the daemon's pack ends too soon");
	if (!file_pread(fd, out, len, (off_t)*at, err))
		return false;
	*at += len;
	return true;
}

/* Read a pkt-line into line. False at its end too, which *ended tells. */
static bool
next_line(int fd, uint64_t *at, uint64_t size, uint8_t line[65536],
    struct span *data, enum pkt_kind *kind, struct error *err)
{
	struct span whole;
	char digits[5] = "";
	unsigned long len;

	if (!read_answer(fd, at, size, line, 4, err))
		return false;
	memcpy(digits, line, 4);
	len = strtoul(digits, NULL, 16);
	if (len > 4 &&
	    (len > 65520 || !read_answer(fd, at, size, line + 4, len - 4, err)))
		return err->kind != ERROR_NONE
		    ? false
		    : error_set(err, ERROR_MALFORMED, "the daemon's pack");
	whole = span_of(line, len > 4 ? len : 4);
	/* A band's data is binary: a line feed at its end belongs to it. */
	if (!pkt_take(&whole, kind, data, err))
		return false;
	if (*kind == PKT_DATA)
		*data = span_of(line + 4, len - 4);
	return true;
}

/* Write what is in band 1 to the file; *len gets its length. */
static bool
unpack_answer(int fd, uint64_t size, int to, uint64_t *len, struct error *err)
{
	uint8_t line[65536] UNINITIALIZED;
	bool in_pack = false;
	enum pkt_kind kind;
	struct span data;
	uint64_t at = 0;

	*len = 0;
	for (;;) {
		if (!next_line(fd, &at, size, line, &data, &kind, err))
			return false;
		if (kind != PKT_DATA) {
			if (in_pack && kind == PKT_FLUSH)
				return true;
			continue;
		}
		if (!in_pack) {
			if (data.len > 0 && data.data[data.len - 1] == '\n')
				data.len--;
			if (span_starts(data, "ERR "))
				return error_set(err, ERROR_UNAVAILABLE,
				    "the daemon gives no pack: %.*s",
				    (int)data.len, (const char *)data.data);
			in_pack = span_starts(data, "packfile");
			continue;
		}
		if (data.len == 0 || data.data[0] == 3)
			return error_set(err, ERROR_UNAVAILABLE,
			    "the daemon could not send all of the pack");
		if (data.data[0] != 1)
			continue;
		if (!file_pwrite(to, span_sub(data, 1, data.len - 1),
			(off_t)*len, err))
			return false;
		*len += data.len - 1;
	}
}

static bool
take_answer(struct pack_source *source, int fd, struct error *err)
{
	const int to = context_temporary(source->session->context, err);
	const off_t size = lseek(fd, 0, SEEK_END);
	uint64_t len;
	bool ok;

	ok = to >= 0 && unpack_answer(fd, (uint64_t)size, to, &len, err) &&
	    store_take_pack(source->store, to, 0, len, !source->is_passing,
		err);
	if (to >= 0)
		close(to);
	return ok;
}

/*
 * Get a pack that was made for us and waits. What has come of it survives a
 * cut.
 */
static bool
fetch_waiting(struct pack_source *source, const char *location,
    struct error *err)
{
	bool ok;
	int fd;

	source->session->doing = source->doing;
	fd =
	    session_download_kept(source->session, location, source->kept, err);
	client_progress_end(source->session->context);
	source->session->doing = NULL;
	if (fd < 0) {
		if (err->kind != ERROR_UNAVAILABLE)
			unlink(source->waiting);
		return false;
	}
	ok = take_answer(source, fd, err);
	close(fd);
	unlink(source->waiting);
	return ok;
}

/* Go on with a pack that an earlier run left waiting. */
static bool
resume_waiting(struct pack_source *source, struct error *err)
{
	struct buf text = BUF(160);
	char location[161];
	bool ok = true;

	if (file_exists(source->waiting) &&
	    file_read(source->waiting, text.max, &text, err) &&
	    span_starts(buf_span(&text), "/v1/packs/") &&
	    span_to_str(buf_span(&text), location, sizeof(location)))
		ok = fetch_waiting(source, location, err);
	buf_free(&text);
	/* The pack is gone, or another's by now: ask for it anew. */
	if (!ok && err->kind != ERROR_UNAVAILABLE) {
		*err = (struct error){ 0 };
		ok = true;
	}
	return ok;
}

/* Make a request for the commits that are listed. */
struct pack_request {
	struct buf wants, haves;
	size_t num;
};

bool
pack_want(struct pack_request *request, const struct oid *want,
    const struct oid *have, struct error *err)
{
	char hex[OID_HEX];

	/* The other commits are listed again for the next pack. */
	if (request->num == WANTS)
		return true;
	request->num++;
	oid_hex(want, hex);
	if (!pkt_printf(&request->wants, err, "want %s\n", hex))
		return false;
	if (have == NULL)
		return true;
	oid_hex(have, hex);
	return pkt_printf(&request->haves, err, "have %s\n", hex);
}

/* Append a request for at most so many commits; *num gets how many. */
static bool
build_request(struct pack_source *source, struct buf *out, size_t *num,
    struct error *err)
{
	struct pack_request request = { .wants = BUF(LIMIT_GIT_BODY),
		.haves = BUF(LIMIT_GIT_BODY) };
	bool ok;

	ok = source->list(source->arg, &request, err) &&
	    pkt_printf(out, err, "command=fetch\n") &&
	    pkt_printf(out, err, "object-format=sha1") &&
	    pkt_append_delim(out, err) &&
	    pkt_printf(out, err, "no-progress\n") &&
	    buf_append(out, buf_span(&request.wants), err) &&
	    buf_append(out, buf_span(&request.haves), err) &&
	    pkt_printf(out, err, "done\n") && pkt_append_flush(out, err);
	*num = request.num;
	buf_free(&request.wants);
	buf_free(&request.haves);
	return ok;
}

/* Set *more if something was asked for and came. */
static bool
fetch_pack(struct pack_source *source, bool *more, struct error *err)
{
	struct buf body = BUF(LIMIT_GIT_BODY);
	struct remote_request request = { .method = "POST",
		.path = "/git/git-upload-pack",
		.headers = { "Git-Protocol: version=2",
		    "Valise-Prepare: pack" } };
	struct remote_answer answer = { .body = BUF(0) };
	size_t num = 0;
	bool ok;

	*more = false;
	if (!build_request(source, &body, &num, err) || num == 0) {
		buf_free(&body);
		return err->kind == ERROR_NONE;
	}
	request.body_len = body.len;
	request.body_fd = context_temporary(source->session->context, err);
	request.file_fd = context_temporary(source->session->context, err);
	ok = request.body_fd >= 0 && request.file_fd >= 0 &&
	    file_pwrite(request.body_fd, buf_span(&body), 0, err) &&
	    remote_do(source->session->remote, &request, &answer, err);
	if (ok && answer.status == 201)
		ok = file_write(source->waiting, span_of_str(answer.location),
			 0600, err) &&
		    fetch_waiting(source, answer.location, err);
	else if (ok)
		ok = take_answer(source, request.file_fd, err);
	*more = ok;
	if (request.body_fd >= 0)
		close(request.body_fd);
	if (request.file_fd >= 0)
		close(request.file_fd);
	remote_answer_free(&answer);
	buf_free(&body);
	return ok;
}

/*
 * A pack is gone, or the daemon cannot make it. Ask once more, unless its
 * journal is another one by now.
 */
static bool
ask_anew(struct pack_source *source, bool *more, struct error *err)
{
	const struct error gone = *err;

	if ((err->kind != ERROR_NOT_FOUND && err->kind != ERROR_UNAVAILABLE))
		return false;
	*err = (struct error){ 0 };
	if (!session_catch_up(source->session, err))
		return false;
	*more = true;
	if (!source->asked_anew) {
		source->asked_anew = true;
		return true;
	}
	*err = gone;
	return false;
}

bool
packs_fetch(struct pack_source *source, struct error *err)
{
	bool more = true, ok = resume_waiting(source, err);

	while (ok && more)
		ok = fetch_pack(source, &more, err) ||
		    ask_anew(source, &more, err);
	return ok;
}
