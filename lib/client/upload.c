/*
 * A large deposit goes up in parts (tus 1.0), so that a cut costs nothing: not
 * in this run, nor in one after a reboot (upload.h).
 */
#include "client/upload.h"

#include <string.h>

#include "base/text.h"
#include "client/tell.h"

#define TUS "Tus-Resumable: 1.0.0"

struct upload {
	struct session *session;
	int fd;
	uint64_t len, offset;
	const char *note; /* the file in which the upload's path is kept */
	char path[160];   /* "/v1/uploads/ID" */
	bool is_anew;     /* what was sent of it before is gone */
};

/* The upload that an earlier run kept; empty if none. */
static void
read_note(struct upload *upload)
{
	struct buf text = BUF(sizeof(upload->path) - 1);
	struct error ignored = { 0 };

	if (!file_read(upload->note, text.max, &text, &ignored) ||
	    !span_starts(buf_span(&text), "/v1/uploads/") ||
	    !span_to_str(buf_span(&text), upload->path, sizeof(upload->path)))
		upload->path[0] = '\0';
	buf_free(&text);
}

/* Begin an upload at the daemon, and note its path. */
static bool
create(struct upload *upload, struct error *err)
{
	char length[48], metadata[200], hex[DIGEST_HEX];
	char base64[BASE64_SIZE(DIGEST_HEX)];
	const struct remote_request request = { .method = "POST",
		.path = "/v1/uploads",
		.body_fd = upload->fd,
		.file_fd = -1,
		.headers = { TUS, length, metadata } };
	struct remote_answer answer;
	struct digest digest;
	bool ok;

	if (!file_sha256(upload->fd, upload->len, &digest, err))
		return false;
	digest_hex(&digest, hex);
	base64_encode(span_of_str(hex), base64);
	snprintf(length, sizeof(length), "Upload-Length: %llu",
	    (unsigned long long)upload->len);
	snprintf(metadata, sizeof(metadata), "Upload-Metadata: sha256 %s",
	    base64);
	ok = remote_do(upload->session->remote, &request, &answer, err);
	if (ok && !span_starts(span_of_str(answer.location), "/v1/uploads/"))
		ok = error_set(err, ERROR_MALFORMED,
		    "the daemon does not say where to upload to");
	text_set(upload->path, sizeof(upload->path), answer.location);
	upload->offset = 0;
	remote_answer_free(&answer);
	return ok &&
	    file_write(upload->note, span_of_str(upload->path), 0600, err);
}

/*
 * Ask how much of it has come. An upload that is gone begins anew: it was too
 * old, or the daemon that has it is not the one that answers now.
 */
static bool
ask(struct upload *upload, struct error *err)
{
	const struct remote_request request = { .method = "HEAD",
		.path = upload->path,
		.body_fd = -1,
		.file_fd = -1,
		.headers = { TUS } };
	struct remote_answer answer;
	int status;
	bool ok;

	upload->is_anew = false;
	if (upload->path[0] == '\0')
		return create(upload, err);
	ok = remote_do(upload->session->remote, &request, &answer, err);
	status = answer.status;
	if (ok && answer.upload_offset > upload->len)
		ok = error_set(err, ERROR_MALFORMED,
		    "the daemon has more of the upload than there is");
	upload->offset = answer.upload_offset;
	remote_answer_free(&answer);
	if (ok || status != 404)
		return ok;
	*err = (struct error){ 0 };
	upload->is_anew = true;
	client_note(upload->session->context,
	    "%s has nothing of what was sent before: sending it anew",
	    addresses_now(upload->session->settings.addresses));
	return create(upload, err);
}

/* Send what the daemon has not got, piece by piece. */
static bool
send_rest(struct upload *upload, struct error *err)
{
	char offset[48];
	const struct remote_request request = { .method = "PATCH",
		.path = upload->path,
		.body_fd = upload->fd,
		.body_at = upload->offset,
		.body_len = upload->len - upload->offset,
		.file_fd = -1,
		.once = true,
		.headers = { TUS, offset,
		    "Content-Type: application/offset+octet-stream" } };
	struct remote_answer answer;
	bool ok;

	snprintf(offset, sizeof(offset), "Upload-Offset: %llu",
	    (unsigned long long)upload->offset);
	ok = remote_do(upload->session->remote, &request, &answer, err);
	if (ok)
		upload->offset = answer.upload_offset;
	/*
	 * The daemon has another offset, or another connection of ours is still
	 * ending.
	 */
	if (!ok && (answer.status == 409 || answer.status == 423))
		err->kind = ERROR_UNAVAILABLE;
	remote_answer_free(&answer);
	return ok;
}

static void
tell_cut(const struct upload *upload)
{
	client_note(upload->session->context,
	    "the line broke; %.1f of %.1f MiB are there: going on",
	    (double)upload->offset / 1048576, (double)upload->len / 1048576);
}

/*
 * Returns for how long to wait before going on, as the daemon says; 0 if that
 * is longer than patience.
 */
static unsigned
wait_as_told(const struct upload *upload, const struct error *err)
{
	const unsigned ms = remote_spread(err->retry_s * 1000);

	if (ms > upload->session->settings.patience_ms)
		return 0;
	client_note(upload->session->context, "%s; trying again in %u s",
	    err->detail, (ms + 999) / 1000);
	return ms;
}

bool
session_upload(struct session *session, int fd, uint64_t len, const char *note,
    char id[UPLOAD_ID_ROOM], struct error *err)
{
	struct upload upload = { .session = session,
		.fd = fd,
		.len = len,
		.note = note };
	uint64_t before;
	unsigned tries = 0, wait;

	read_note(&upload);
	if (!ask(&upload, err))
		return false;
	if (upload.offset > 0 && upload.offset < len)
		client_note(upload.session->context,
		    "%.1f of %.1f MiB were sent before: going on from"
		    " there",
		    (double)upload.offset / 1048576, (double)len / 1048576);
	while (upload.offset < len) {
		before = upload.offset;
		if (send_rest(&upload, err))
			continue;
		wait = remote_next_wait(tries, session->settings.patience_ms);
		if (err->retry_s > 0 && wait > 0)
			wait = wait_as_told(&upload, err);
		if (err->kind != ERROR_UNAVAILABLE || wait == 0)
			return error_context(err,
			    "it goes on from there next"
			    " time: run this again");
		*err = (struct error){ 0 };
		remote_wait(wait);
		if (!ask(&upload, err))
			return false;
		tries = upload.offset > before ? 0 : tries + 1;
		if (!upload.is_anew)
			tell_cut(&upload);
	}
	return text_take(id, UPLOAD_ID_ROOM,
	    upload.path + strlen("/v1/uploads/"), err);
}
