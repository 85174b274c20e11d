/*
 * The outbox: acts that were made and not yet answered, a file each.
 */
#include "client/outbox.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/scratch.h"
#include "base/text.h"
#include "client/copy_path.h"
#include "client/tell.h"
#include "client/upload.h"

static const struct {
	const char *suffix, *method;
	enum act act;
} kinds[] = {
	[OUTBOX_DEPOSIT] = { ".asice", "PUT", ACT_DEPOSIT },
	[OUTBOX_SIGNATURE] = { ".sign.zip", "POST", ACT_SIGN },
	[OUTBOX_TERMINATION] = { ".terminate.zip", "POST", ACT_TERMINATE },
};

/* --- Names: "TYPE--SLUG@N-SIZE-ID"; slugs have no two hyphens in a row. --- */

#define ONTO "onto-"

/*
 * Parse "N-SIZE-ID", "N-SIZE-onto-ID", or "N" alone, which older programs
 * wrote.
 */
static bool
read_numbers(struct span text, struct outbox_act *out)
{
	struct span number, size;

	if (!span_take_until(&text, '-', &number))
		return document_version_parse(text, &out->version);
	if (!document_version_parse(number, &out->version) ||
	    !span_take_until(&text, '-', &size) ||
	    !span_to_u64(size, &out->size))
		return false;
	out->onto = span_starts(text, ONTO);
	return true;
}

/* Read an act from the name of its file; false if it is no such name. */
static bool
read_name(const char *name, enum outbox_kind kind, struct outbox_act *out)
{
	const char *hyphens = strstr(name, "--"), *at = strrchr(name, '@');
	const size_t len = strlen(name), end = strlen(kinds[kind].suffix);
	struct error ignored = { 0 };

	*out = (struct outbox_act){ .kind = kind, .lock = -1 };
	if (hyphens == NULL || at == NULL || at < hyphens ||
	    len < end + (size_t)(at - name) + 1 ||
	    strcmp(name + len - end, kinds[kind].suffix) != 0 ||
	    snprintf(out->document, DOCUMENT_NAME, "%.*s/%.*s",
		(int)(hyphens - name), name, (int)(at - hyphens - 2),
		hyphens + 2) >= DOCUMENT_NAME)
		return false;
	return document_name_check(span_of_str(out->document), &ignored) &&
	    read_numbers(span_of(at + 1, len - end - (size_t)(at + 1 - name)),
		out);
}

/* Make up a name for a file; whether it is free is told when it gets it. */
static bool
make_path(const char *dir, struct outbox_act *act, struct error *err)
{
	const char *slash = strchr(act->document, '/');
	char name[DOCUMENT_NAME + 80];
	uint32_t id;

	if (getrandom(&id, sizeof(id), 0) != sizeof(id))
		return error_set_errno(err, "random bytes");
	snprintf(name, sizeof(name), "%.*s--%s@%u-%llu-%s%08x%s",
	    (int)(slash - act->document), act->document, slash + 1,
	    act->version, (unsigned long long)act->size, act->onto ? ONTO : "",
	    id, kinds[act->kind].suffix);
	return file_join(act->path, dir, name, err);
}

/* --- Keeping, and whose it is. --- */

/* Give the file its name only once it is whole, durable and locked. */
static bool
show_whole(const char *dir, struct scratch *made, struct outbox_act *act,
    const struct container *container, struct error *err)
{
	uint64_t size;

	if (!container_write(container, made->fd, &size, err))
		return error_context(err, "%s", dir);
	if (fsync(made->fd) != 0)
		return error_set_errno(err, "%s", dir);
	while (make_path(dir, act, err)) {
		if (scratch_place(made, act->path, false, err))
			return file_sync_dir(dir, err);
		if (err->kind != ERROR_CONFLICT)
			break;
		*err = (struct error){ 0 };
	}
	act->path[0] = '\0';
	return false;
}

/* Fill in out from the name. */
static bool
keep(struct context *context, const struct container *container,
    struct outbox_act *out, struct error *err)
{
	struct scratch made;
	char dir[FILE_PATH];
	bool ok;

	ok = seen_size(context->state, &context->journal, &out->size, err);
	if (!ok || !context_path(context, "outbox", dir, err) ||
	    !file_make_dirs(dir, 0700, err) || !scratch_open(&made, dir, err))
		return false;
	ok = show_whole(dir, &made, out, container, err);
	if (ok) {
		/* It is locked already. */
		out->lock = made.fd;
	} else {
		outbox_drop(out);
		scratch_drop(&made);
	}
	return ok;
}

/* Remove what an earlier program, whose files were hidden, left half made. */
static void
sweep_hidden(int at, const char *name)
{
	const size_t len = strlen(name);
	bool ours = false;
	int fd;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		ours = ours ||
		    (len > strlen(kinds[i].suffix) &&
			strcmp(name + len - strlen(kinds[i].suffix),
			    kinds[i].suffix) == 0);
	if (!ours ||
	    (fd = openat(at, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC)) < 0)
		return;
	/* It is locked while its program is alive. */
	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		unlinkat(at, name, 0);
	close(fd);
}

void
outbox_sweep(const struct context *context)
{
	const struct dirent *entry;
	struct error ignored = { 0 };
	char dir[FILE_PATH];
	DIR *folder;

	if (!context_path(context, "outbox", dir, &ignored))
		return;
	scratch_sweep(dir);
	if ((folder = opendir(dir)) == NULL)
		return;
	while ((entry = readdir(folder)) != NULL)
		if (entry->d_name[0] == '.')
			sweep_hidden(dirfd(folder), entry->d_name);
	closedir(folder);
}

bool
outbox_keep(struct context *context, enum outbox_kind kind,
    const char *document, unsigned version, const struct container *container,
    struct outbox_act *out, struct error *err)
{
	*out =
	    (struct outbox_act){ .kind = kind, .version = version, .lock = -1 };
	text_set(out->document, sizeof(out->document), document);
	return keep(context, container, out, err);
}

bool
outbox_keep_deposit(struct context *context, const char *document,
    unsigned version, bool onto, const struct container *container,
    struct outbox_act *out, struct error *err)
{
	*out = (struct outbox_act){ .kind = OUTBOX_DEPOSIT,
		.version = version,
		.onto = onto,
		.lock = -1 };
	text_set(out->document, sizeof(out->document), document);
	return keep(context, container, out, err);
}

bool
outbox_take(struct outbox_act *act)
{
	struct stat st;

	act->lock = open(act->path, O_RDWR | O_CLOEXEC);
	/*
	 * Another command may have sent it after it was listed and before it
	 * was locked.
	 */
	if (act->lock >= 0 && flock(act->lock, LOCK_EX | LOCK_NB) == 0 &&
	    fstat(act->lock, &st) == 0 && st.st_nlink > 0)
		return true;
	outbox_release(act);
	return false;
}

void
outbox_release(struct outbox_act *act)
{
	if (act->lock >= 0)
		close(act->lock);
	act->lock = -1;
}

bool
outbox_is_kept(const struct outbox_act *act)
{
	return act->path[0] != '\0';
}

void
outbox_drop(struct outbox_act *act)
{
	if (act->path[0] != '\0')
		unlink(act->path);
	act->path[0] = '\0';
	outbox_release(act);
}

/* --- What is there. --- */

static bool
add_found(struct outbox_list *list, const struct outbox_act *act,
    struct error *err)
{
	struct outbox_act *all =
	    realloc(list->list, (list->num + 1) * sizeof(*all));

	if (all == NULL)
		return error_set_errno(err, "outbox");
	list->list = all;
	all[list->num++] = *act;
	return true;
}

static int
by_age(const void *a, const void *b)
{
	const struct outbox_act *x = a, *y = b;

	return x->made_at != y->made_at ? (x->made_at < y->made_at ? -1 : 1)
					: strcmp(x->path, y->path);
}

bool
outbox_all(const struct context *context, enum outbox_kind kind,
    const char *document, struct outbox_list *out, struct error *err)
{
	const struct dirent *entry;
	char dir[FILE_PATH];
	DIR *folder;
	bool ok = true;

	*out = (struct outbox_list){ NULL, 0 };
	if (!context_path(context, "outbox", dir, err))
		return false;
	if ((folder = opendir(dir)) == NULL)
		return true;
	while (ok && (entry = readdir(folder)) != NULL) {
		struct outbox_act act;
		struct stat st;

		if (entry->d_name[0] == '.' ||
		    !read_name(entry->d_name, kind, &act) ||
		    (document != NULL && strcmp(document, act.document) != 0) ||
		    fstatat(dirfd(folder), entry->d_name, &st, 0) != 0)
			continue;
		act.made_at = st.st_mtime;
		act.stale = time(NULL) - st.st_mtime > 24 * 60 * 60;
		ok = file_join(act.path, dir, entry->d_name, err) &&
		    add_found(out, &act, err);
	}
	closedir(folder);
	if (out->num > 0)
		qsort(out->list, out->num, sizeof(*out->list), by_age);
	return ok;
}

bool
outbox_take_first(const struct context *context, enum outbox_kind kind,
    const char *document, unsigned version, struct outbox_act *out)
{
	struct error ignored = { 0 };
	struct outbox_list list;
	bool found = false;

	if (!outbox_all(context, kind, document, &list, &ignored))
		list.num = 0;
	for (size_t i = 0; !found && i < list.num; i++) {
		if (version != 0 && list.list[i].version != version)
			continue;
		*out = list.list[i];
		found = outbox_take(out);
	}
	free(list.list);
	return found;
}

/* --- Sending. --- */

bool
outbox_check_receipt(struct session *session,
    const struct remote_answer *answer, const struct sent *sent,
    struct entry *entry, uint64_t *index, struct error *err)
{
	return session_check_receipt(session, answer, entry, index, err) &&
	    sent_check(sent, entry, *index, err);
}

/* Read the act from the file anew, whoever wrote it. */
static bool
read_act(struct context *context, const struct outbox_act *act,
    struct sent *out, struct error *err)
{
	struct container *zip = act->kind == OUTBOX_DEPOSIT
	    ? container_read_to_judge(act->lock, err)
	    : container_read_files_within(act->lock, &files_of_signature, err);
	struct policy *policy = policies_pinned(context, err);
	const struct office *office;
	struct cert *cert = NULL;
	bool ok;

	*out = (struct sent){ .act = kinds[act->kind].act,
		.version = act->version,
		.not_before = act->size };
	text_set(out->document, sizeof(out->document), act->document);
	ok = zip != NULL && policy != NULL &&
	    (office = policies_own_office(context, policy, &cert, err)) !=
		NULL &&
	    sent_read(context->certs, zip, out, err);
	if (ok)
		text_set(out->office, sizeof(out->office), office->name);
	cert_free(cert);
	container_free(zip);
	return ok || error_context(err, "%s", act->path);
}

enum { SENT_WHOLE = 256 * 1024 }; /* larger files are uploaded in parts */

/* Upload the file, then ask to deposit the upload. */
static bool
send_in_parts(struct session *session, const struct outbox_act *act,
    const struct digest *digest, struct remote_request *request,
    struct remote_answer *answer, struct error *err)
{
	char path[700], id[UPLOAD_ID_ROOM], hex[DIGEST_HEX];
	char note[FILE_PATH + 8];
	const struct remote_request use = { .method = request->method,
		.path = path,
		.body_fd = request->body_fd,
		.file_fd = -1,
		.judged = request->body_len };
	bool ok;

	*answer = (struct remote_answer){ .body = BUF(0) };
	snprintf(note, sizeof(note), "%s.upload", act->path);
	/* By the digest an act whose answer was lost is found again. */
	digest_hex(digest, hex);
	for (unsigned tries = 0;; tries++) {
		if (!session_upload(session, request->body_fd,
			request->body_len, note, id, err))
			return false;
		snprintf(path, sizeof(path), "%s&upload=%s&digest=%s",
		    request->path, id, hex);
		ok = remote_do(session->remote, &use, answer, err);
		if (ok || answer->status != 404)
			break;
		/*
		 * The upload is gone, and it was never deposited. The daemon
		 * said that of the upload and not of what was in it, so nothing
		 * is refused.
		 */
		unlink(note);
		remote_answer_free(answer);
		*answer = (struct remote_answer){ .body = BUF(0) };
		if (tries > 0)
			return false;
		*err = (struct error){ 0 };
	}
	if (answer->status >= 200 && answer->status < 500)
		unlink(note);
	return ok;
}

/* Name the size that was seen, so that the answer proves an extension of it. */
static void
path_of(const struct outbox_act *act, uint64_t seen, char out[512])
{
	if (act->kind == OUTBOX_TERMINATION)
		snprintf(out, 512, "/v1/documents/%s/termination",
		    act->document);
	else
		copy_path(out, act->document, act->version);
	if (act->kind == OUTBOX_SIGNATURE)
		snprintf(out + strlen(out), 512 - strlen(out), "/signatures");
	snprintf(out + strlen(out), 512 - strlen(out), "?old=%llu",
	    (unsigned long long)seen);
	if (act->onto)
		snprintf(out + strlen(out), 512 - strlen(out), "&onto=%u",
		    act->version - 1);
}

/*
 * If the daemon follows another history, the refusal may be that history's:
 * then that is the error, and the act stays. "The document has moved on" is
 * asked once more, of the newest checkpoint.
 */
static bool
is_refused(struct session *session, unsigned *tries, struct error *err)
{
	const struct error refused = *err;

	*err = (struct error){ 0 };
	if (!session_catch_up(session, err) ||
	    (refused.kind == ERROR_CONFLICT && (*tries)++ == 0))
		return false;
	*err = refused;
	return true;
}

static bool
send_once(struct session *session, struct outbox_act *act,
    const struct sent *sent, struct remote_request *request,
    struct remote_answer *answer, struct error *err)
{
	bool ok;

	session->doing = "sending";
	if (act->kind == OUTBOX_DEPOSIT && request->body_len > SENT_WHOLE)
		ok = send_in_parts(session, act, &sent->digest, request, answer,
		    err);
	else
		ok = remote_do(session->remote, request, answer, err);
	client_progress_end(session->context);
	session->doing = NULL;
	return ok;
}

bool
outbox_send(struct session *session, struct outbox_act *act,
    struct entry *entry, uint64_t *index, bool *again, struct error *err)
{
	char path[512];
	struct remote_request request = { .path = path,
		.method = kinds[act->kind].method,
		.body_fd = act->lock,
		.file_fd = -1 };
	struct remote_answer answer;
	unsigned tries = 0;
	struct sent sent;
	bool ok, refused = false;

	if (!read_act(session->context, act, &sent, err) ||
	    !session_will_send(session, err))
		return false;
	act->digest = sent.digest;
	path_of(act, session->seen.size, path);
	request.body_len = (uint64_t)lseek(request.body_fd, 0, SEEK_END);
	for (;;) {
		ok = send_once(session, act, &sent, &request, &answer, err);
		if (ok || answer.status < 400 || answer.status >= 500)
			break;
		refused = is_refused(session, &tries, err);
		if (refused || err->kind != ERROR_NONE)
			break;
		remote_answer_free(&answer);
	}
	*again = answer.status == 200;
	if (ok)
		ok = outbox_check_receipt(session, &answer, &sent, entry, index,
		    err);
	/* The daemon answered yes or no, so these bytes are done with. */
	if (ok || refused)
		outbox_drop(act);
	else if (error_is(err, SENT_DIFFERS))
		client_note(session->context,
		    "what was sent stays in the outbox (%s)", act->path);
	remote_answer_free(&answer);
	return ok;
}
