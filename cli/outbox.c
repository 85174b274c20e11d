#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cli/commands.h"

static const char *const suffixes[] = {
	[OUTBOX_DEPOSIT] = ".asice",
	[OUTBOX_SIGNATURE] = ".sign.zip",
	[OUTBOX_TERMINATION] = ".terminate.zip",
};

/* "agreement--lao-iom@" : no slug has two hyphens in a row. */
static void
prefix_of(const char *document, char out[DOCUMENT_NAME + 4])
{
	const char *slash = strchr(document, '/');

	snprintf(out, DOCUMENT_NAME + 4, "%.*s--%s@",
	    (int)(slash - document), document, slash + 1);
}

bool
outbox_path(const struct context *context, enum outbox_kind kind,
    const char *document, unsigned version, char out[FILE_PATH],
    struct error *err)
{
	char prefix[DOCUMENT_NAME + 4], name[DOCUMENT_NAME + 64];

	prefix_of(document, prefix);
	snprintf(name, sizeof(name), "outbox/%s%u%s", prefix, version,
	    suffixes[kind]);
	return context_path(context, name, out, err);
}

bool
outbox_keep(struct context *context, enum outbox_kind kind,
    const char *document, unsigned version,
    const struct container *container, struct error *err)
{
	char dir[FILE_PATH], path[FILE_PATH], tmp[FILE_PATH];
	uint64_t size;
	bool ok;
	int fd;

	if (!context_path(context, "outbox", dir, err) ||
	    !file_make_dirs(dir, 0700, err) ||
	    !outbox_path(context, kind, document, version, path, err) ||
	    !file_join(tmp, dir, ".tmp-XXXXXX", err))
		return false;
	if ((fd = mkostemp(tmp, O_CLOEXEC)) < 0)
		return error_set_errno(err, "%s", tmp);
	ok = container_write(container, fd, &size, err);
	if (ok && (fsync(fd) != 0 || rename(tmp, path) != 0))
		ok = error_set_errno(err, "%s", path);
	close(fd);
	if (!ok)
		unlink(tmp);
	return ok && file_sync_dir(dir, err);
}

unsigned
outbox_find(const struct context *context, enum outbox_kind kind,
    const char *document, bool *stale)
{
	char dir[FILE_PATH], prefix[DOCUMENT_NAME + 4];
	const struct dirent *entry;
	struct error ignored = { 0 };
	unsigned found = 0;
	DIR *folder;

	prefix_of(document, prefix);
	if (!context_path(context, "outbox", dir, &ignored) ||
	    (folder = opendir(dir)) == NULL)
		return 0;
	while (found == 0 && (entry = readdir(folder)) != NULL) {
		const size_t n = strlen(prefix), len = strlen(entry->d_name);
		const size_t end = strlen(suffixes[kind]);
		struct stat st;
		unsigned version;

		if (len <= n + end || strncmp(entry->d_name, prefix, n) != 0 ||
		    strcmp(entry->d_name + len - end, suffixes[kind]) != 0 ||
		    !document_version_parse(
			span_of(entry->d_name + n, len - n - end), &version) ||
		    fstatat(dirfd(folder), entry->d_name, &st, 0) != 0)
			continue;
		found = version;
		*stale = time(NULL) - st.st_mtime > 24 * 60 * 60;
	}
	closedir(folder);
	return found;
}

bool
outbox_kept(struct context *context, const char *done, const char *command,
    const struct version *version, struct error *err)
{
	if (context->json)
		return output_json(json_pack("{s:s, s:s, s:i}", "result",
				       "kept", "document", version->document,
				       "version", (int)version->number),
		    err);
	printf("%s %s@%u, and kept it in the outbox: \"valise bag pack --outbox\""
	       " or \"valise %s\" with a line sends it\n", done,
	    version->document, version->number, command);
	return true;
}

/* "TYPE--SLUG@N" and the suffix: slugs have no two hyphens in a row. */
static bool
read_name(const char *name, const char *suffix, char document[DOCUMENT_NAME],
    unsigned *version)
{
	const char *hyphens = strstr(name, "--"), *at = strrchr(name, '@');
	const size_t len = strlen(name), end = strlen(suffix);
	struct error ignored = { 0 };

	if (hyphens == NULL || at == NULL || at < hyphens ||
	    len < end + (size_t)(at - name) + 1 ||
	    strcmp(name + len - end, suffix) != 0 ||
	    snprintf(document, DOCUMENT_NAME, "%.*s/%.*s",
		(int)(hyphens - name), name, (int)(at - hyphens - 2),
		hyphens + 2) >= DOCUMENT_NAME)
		return false;
	return document_name_check(span_of_str(document), &ignored) &&
	    document_version_parse(span_of(at + 1,
				       len - end - (size_t)(at + 1 - name)),
		version);
}

bool
outbox_all(const struct context *context, enum outbox_kind kind,
    struct outbox_list *out, struct error *err)
{
	const struct dirent *entry;
	char dir[FILE_PATH], document[DOCUMENT_NAME];
	unsigned version;
	DIR *folder;

	*out = (struct outbox_list){ NULL, 0 };
	if (!context_path(context, "outbox", dir, err))
		return false;
	if ((folder = opendir(dir)) == NULL)
		return true;
	while ((entry = readdir(folder)) != NULL) {
		void *all;

		if (!read_name(entry->d_name, suffixes[kind], document,
			&version))
			continue;
		all = realloc(out->list, (out->num + 1) * sizeof(*out->list));
		if (all == NULL) {
			closedir(folder);
			return error_set_errno(err, "outbox");
		}
		out->list = all;
		snprintf(out->list[out->num].document, DOCUMENT_NAME, "%s",
		    document);
		out->list[out->num++].version = version;
	}
	closedir(folder);
	return true;
}

enum { SENT_WHOLE = 256 * 1024 }; /* larger ones go up in parts */

/* The version digest of what is kept: by it a lost answer is found again. */
static bool
digest_of(int fd, char hex[DIGEST_HEX], struct error *err)
{
	struct container *container = container_read(fd, err);
	const struct member *yaml;
	struct digest digest;

	if (container == NULL)
		return false;
	yaml = container_find(container, PATH_VERSION);
	digest = sha256_of(yaml != NULL ? member_bytes(yaml) :
					  span_of(NULL, 0));
	digest_hex(&digest, hex);
	container_free(container);
	return true;
}

/* Up first, then "deposit what is up there". */
static bool
send_in_parts(struct session *session, const char *file,
    struct remote_request *request, struct remote_answer *answer,
    struct error *err)
{
	char path[700], id[UPLOAD_ID_ROOM], digest[DIGEST_HEX];
	char note[FILE_PATH];
	const struct remote_request use = { .method = request->method,
		.path = path,
		.body_fd = request->body_fd,
		.file_fd = -1 };
	bool ok;

	*answer = (struct remote_answer){ .body = BUF(0) };
	snprintf(note, sizeof(note), "%s.upload", file);
	if (!digest_of(request->body_fd, digest, err))
		return false;
	for (unsigned tries = 0; tries < 2; tries++) {
		if (!session_upload(session, request->body_fd,
			request->body_len, note, id, err))
			return false;
		snprintf(path, sizeof(path), "%s?upload=%s&digest=%s",
		    request->path, id, digest);
		remote_answer_free(answer);
		ok = remote_do(session->remote, &use, answer, err);
		if (ok || answer->status != 404)
			break;
		/* It is gone, and it was never deposited. */
		unlink(note);
		if (tries == 0)
			*err = (struct error){ 0 };
	}
	if (answer->status >= 200 && answer->status < 500)
		unlink(note);
	return ok;
}

bool
outbox_send(struct session *session, enum outbox_kind kind,
    const char *document, unsigned version, struct entry *entry,
    uint64_t *index, bool *again, struct error *err)
{
	char file[FILE_PATH], path[512];
	struct remote_request request = { .path = path, .file_fd = -1 };
	struct remote_answer answer;
	bool ok;

	if (!outbox_path(session->context, kind, document, version, file,
		err) ||
	    (request.body_fd = open_file(file, err)) < 0)
		return false;
	if (kind == OUTBOX_TERMINATION)
		snprintf(path, sizeof(path), "/v1/documents/%s/termination",
		    document);
	else
		version_path(path, document, version);
	if (kind == OUTBOX_SIGNATURE)
		snprintf(path + strlen(path), sizeof(path) - strlen(path),
		    "/signatures");
	request.method = kind == OUTBOX_DEPOSIT ? "PUT" : "POST";
	request.body_len = (uint64_t)lseek(request.body_fd, 0, SEEK_END);
	session->doing = "sending";
	if (kind == OUTBOX_DEPOSIT && request.body_len > SENT_WHOLE)
		ok = send_in_parts(session, file, &request, &answer, err);
	else
		ok = remote_do(session->remote, &request, &answer, err);
	output_progress_end();
	session->doing = NULL;
	close(request.body_fd);
	*again = answer.status == 200;
	if (ok)
		ok = session_check_receipt(session, buf_span(&answer.body),
		    entry, index, err);
	/* Answered, yes or no: those bytes have had their say. */
	if (ok || (answer.status >= 400 && answer.status < 500))
		unlink(file);
	remote_answer_free(&answer);
	return ok;
}
