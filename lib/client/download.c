/*
 * Downloads: whole, or gone on with where an earlier one ended (session.h).
 */
#include "client/session.h"

#include <unistd.h>

#include "client/lists.h"
#include "client/tell.h"

int
session_download(struct session *session, const char *path, struct error *err)
{
	const int fd = context_temporary(session->context, err);
	const struct remote_request request = { .method = "GET",
		.path = path,
		.body_fd = -1,
		.file_fd = fd };
	struct remote_answer answer;
	bool ok;

	if (fd < 0)
		return -1;
	ok = remote_do(session->remote, &request, &answer, err);
	remote_answer_free(&answer);
	if (!ok) {
		close(fd);
		return -1;
	}
	return fd;
}

/* What has come of a file, until all of it has come. */
struct partial {
	char path[FILE_PATH], tag_path[FILE_PATH], etag[160];
	int fd;
};

static void
keep_tag(void *arg, const char *etag)
{
	struct partial *partial = arg;
	struct error ignored = { 0 };

	/* Without the name the next run begins anew; no more is lost. */
	if (!file_write_quick(partial->tag_path, span_of_str(etag), 0600,
		&ignored))
		unlink(partial->tag_path);
}

/* Open the file of what has come, under a lock of its own. */
static bool
open_partial(struct session *session, const char *name, struct partial *out,
    struct error *err)
{
	struct buf tag = BUF(sizeof(out->etag) - 1);
	char dir[FILE_PATH], file[300];
	struct error ignored = { 0 };

	snprintf(file, sizeof(file), "partial/%s", name);
	*out = (struct partial){ .fd = -1 };
	if (!context_path(session->context, "partial", dir, err) ||
	    !file_make_dirs(dir, 0700, err) ||
	    !context_path(session->context, file, out->path, err))
		return false;
	snprintf(file, sizeof(file), "partial/%s.etag", name);
	if (!context_path(session->context, file, out->tag_path, err) ||
	    (out->fd = file_lock(out->path, err)) < 0)
		return false;
	if (!file_read(out->tag_path, tag.max, &tag, &ignored) ||
	    !span_to_str(buf_span(&tag), out->etag, sizeof(out->etag)))
		out->etag[0] = '\0';
	buf_free(&tag);
	return true;
}

int
session_download_kept(struct session *session, const char *path,
    const char *name, struct error *err)
{
	struct partial partial;
	struct remote_request request = { .method = "GET",
		.path = path,
		.body_fd = -1,
		.tagged = keep_tag,
		.arg = &partial };
	struct remote_answer answer;
	bool ok;

	if (!open_partial(session, name, &partial, err)) {
		/*
		 * Another run fetches it too, and each has its own file then;
		 * or the state cannot be written, and nothing of it is kept.
		 */
		if (err->kind != ERROR_CONFLICT && err->kind != ERROR_SYSTEM)
			return -1;
		*err = (struct error){ 0 };
		return session_download(session, path, err);
	}
	request.file_fd = partial.fd;
	if (partial.etag[0] != '\0') {
		request.resume_at = (uint64_t)lseek(partial.fd, 0, SEEK_END);
		request.if_range = partial.etag;
	}
	if (request.resume_at > 0)
		client_note(session->context,
		    "%.1f MiB came before: going on from there",
		    (double)request.resume_at / 1048576);
	ok = remote_do(session->remote, &request, &answer, err);
	remote_answer_free(&answer);
	if (ok || err->kind != ERROR_UNAVAILABLE) {
		unlink(partial.path);
		unlink(partial.tag_path);
	}
	if (!ok) {
		close(partial.fd);
		return -1;
	}
	return partial.fd;
}

void
session_want_crls(struct session *session, const struct digest *digest)
{
	char path[128], hex[DIGEST_HEX];
	const struct digest none = sha256_of(span_of(NULL, 0));
	struct error ignored = { 0 };
	int fd;

	/* A depositary that had no list yet has nothing to fetch. */
	if (digest_eq(digest, &none) || lists_have(session->context, digest))
		return;
	digest_hex(digest, hex);
	snprintf(path, sizeof(path), "/v1/crls/%s", hex);
	if ((fd = session_download(session, path, &ignored)) < 0)
		return;
	/* Without the set a verdict says REVOCATION_UNKNOWN, as it should. */
	if (!lists_keep(session->context, fd, digest, &ignored))
		client_note(session->context,
		    "the daemon's CRLs are not usable: %s", ignored.detail);
	close(fd);
}
