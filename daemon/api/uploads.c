/*
 * Resumable uploads: tus 1.0.0 (https://tus.io/protocols/resumable-upload),
 * with creation, checksum, expiration and termination.
 *
 * A complete upload is deposited by PUT …/versions/N?upload=ID without a body,
 * as if it were the body.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "base/file.h"
#include "base/text.h"
#include "base/time.h"
#include "daemon/api/job.h"

#define TUS       "Tus-Resumable: 1.0.0\r\n"
#define CHECKSUMS "sha1,sha256"

/* Append a field to the answer's; each ends with its CRLF. */
static void
add_field(struct http_response *response, const char *name, const char *value)
{
	const size_t used = strlen(response->headers);

	snprintf(response->headers + used, sizeof(response->headers) - used,
	    "%s: %s\r\n", name, value);
}

static void
add_number(struct http_response *response, const char *name, uint64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "%llu", (unsigned long long)value);
	add_field(response, name, text);
}

static void
begin_answer(struct http_response *response, int status)
{
	response->status = status;
	snprintf(response->headers, sizeof(response->headers), TUS);
}

/* Append Upload-Expires as an IMF-fixdate (RFC 9110 section 5.6.7). */
static void
add_expiry(struct http_response *response, int64_t at)
{
	static const char *const days[] = { "Sun", "Mon", "Tue", "Wed", "Thu",
		"Fri", "Sat" };
	static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May",
		"Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
	const time_t when = at;
	char text[40];
	struct tm tm;

	if (gmtime_r(&when, &tm) == NULL)
		return;
	snprintf(text, sizeof(text), "%s, %02d %s %d %02d:%02d:%02d GMT",
	    days[tm.tm_wday], tm.tm_mday, months[tm.tm_mon], tm.tm_year + 1900,
	    tm.tm_hour, tm.tm_min, tm.tm_sec);
	add_field(response, "Upload-Expires", text);
}

/* tus has statuses of its own; the problem document is the usual one. */
static void
problem(struct job *job, int status, enum error_kind kind, const char *text)
{
	struct error err = { 0 };

	begin_answer(&job->request->response, 0);
	error_set(&err, kind, "%s", text);
	job->status = status;
	job_problem(job, &err);
}

static struct span
id_of(const struct job *job)
{
	return job->segments[2];
}

bool
run_upload_options(struct job *job, struct error *err)
{
	struct http_response *response = &job->request->response;

	(void)err;
	begin_answer(response, 204);
	add_field(response, "Tus-Version", "1.0.0");
	add_field(response, "Tus-Extension",
	    "creation,checksum,expiration,termination");
	add_field(response, "Tus-Checksum-Algorithm", CHECKSUMS);
	add_number(response, "Tus-Max-Size", LIMIT_CONTAINER_BYTES);
	job_answer(job);
	return true;
}

/* A caller who may deposit nothing may not upload. */
static struct decision
may_upload(const struct job *job)
{
	const struct policy *policy = job->connected.by.policy;
	struct decision decision = { .allowed = false };

	for (size_t i = 0; i < policy->num_types && !decision.allowed; i++)
		decision = policy_decide(policy, job->connected.office,
		    RIGHT_DEPOSIT, policy->types[i].name);
	return decision;
}

bool
run_upload_create(struct job *job, struct error *err)
{
	const struct http_head *head = &job->request->head;
	struct http_response *response = &job->request->response;
	const struct decision decision = may_upload(job);
	struct upload_info info = { .length = 0 };
	char location[64];

	if (!decision.allowed) {
		job_refuse(job, "deposit", decision.rule);
		return true;
	}
	if (!span_to_u64(span_of_str(head->upload_length), &info.length) ||
	    !upload_metadata_parse(span_of_str(head->upload_metadata),
		&info.sha256)) {
		problem(job, 400, ERROR_USAGE,
		    "an upload needs its Upload-Length; Upload-Metadata may"
		    " have the sha256 of it all, in hex, base64");
		return true;
	}
	text_set(info.person, sizeof(info.person), job->connected.person);
	text_set(info.office, sizeof(info.office), job->connected.office->name);
	/* Its share of the disk is that of its beginning. */
	if (!room_take(job->api->room, &job->hold, info.office, 0, err))
		return false;
	info.began = job->hold.began;
	if (!uploads_create(job->api->uploads, &info, err))
		return false;
	begin_answer(response, 201);
	snprintf(location, sizeof(location), "/v1/uploads/%s", info.id);
	add_field(response, "Location", location);
	add_expiry(response, info.expires);
	job_answer(job);
	return true;
}

bool
run_upload_state(struct job *job, struct error *err)
{
	struct http_response *response = &job->request->response;
	struct upload_info info;

	if (!uploads_find(job->api->uploads, id_of(job), job->connected.person,
		&info, err))
		return false;
	begin_answer(response, 200);
	add_number(response, "Upload-Offset", info.offset);
	add_number(response, "Upload-Length", info.length);
	add_expiry(response, info.expires);
	job_answer(job);
	return true;
}

bool
run_upload_delete(struct job *job, struct error *err)
{
	struct upload_info info;
	const int fd = uploads_enter(job->api->uploads, id_of(job),
	    job->connected.person, &info, err);

	if (fd < 0)
		return false;
	close(fd);
	uploads_remove(job->api->uploads, info.id);
	begin_answer(&job->request->response, 204);
	job_answer(job);
	return true;
}

/* --- PATCH: the body is written into the upload as it comes. --- */

enum http_next
upload_begin(struct job *job, uint64_t *max_body)
{
	struct http_request *request = job->request;
	const struct http_head *head = &request->head;
	struct upload_info info;
	struct error err = { 0 };
	uint64_t offset;
	int fd;

	if (strcmp(head->content_type, "application/offset+octet-stream") !=
		0 ||
	    !span_to_u64(span_of_str(head->upload_offset), &offset)) {
		error_set(&err, ERROR_USAGE,
		    "a PATCH needs an Upload-Offset, and the Content-Type"
		    " application/offset+octet-stream");
		job->status = strcmp(head->content_type,
				  "application/offset+octet-stream") != 0
		    ? 415
		    : 400;
		return job_refuse_now(job, &err);
	}
	fd = uploads_enter(job->api->uploads, id_of(job), job->connected.person,
	    &info, &err);
	if (fd < 0) {
		job->status = err.kind == ERROR_CONFLICT ? 423 : 0;
		return job_refuse_now(job, &err);
	}
	text_set(job->upload, sizeof(job->upload), info.id);
	job->end = upload_end;
	job->upload_offset = info.offset;
	if (offset != info.offset) {
		close(fd);
		error_set(&err, ERROR_CONFLICT,
		    "there are %llu bytes of this upload, not %llu: ask with"
		    " HEAD, and go on from there",
		    (unsigned long long)info.offset,
		    (unsigned long long)offset);
		return job_refuse_now(job, &err);
	}
	job->hold.began = info.began;
	request->spool = fd;
	request->spool_at = info.offset;
	*max_body = info.length - info.offset;
	return HTTP_READ;
}

static bool
hash_piece(void *arg, struct span bytes, struct error *err)
{
	return EVP_DigestUpdate(arg, bytes.data, bytes.len) == 1 ||
	    error_set_openssl(err, ERROR_SYSTEM, "checksum");
}

/* Check "sha256 BASE64", the checksum of this request's bytes. */
static bool
checksum_is_right(const struct job *job, bool *known, struct error *err)
{
	const struct http_request *request = job->request;
	struct span rest = span_of_str(request->head.upload_checksum), name;
	uint8_t want[EVP_MAX_MD_SIZE], got[EVP_MAX_MD_SIZE];
	EVP_MD_CTX *hash = EVP_MD_CTX_new();
	const EVP_MD *md;
	bool ok;

	*known = span_take_until(&rest, ' ', &name) &&
	    (span_is(name, "sha1") || span_is(name, "sha256"));
	md = *known && span_is(name, "sha1") ? EVP_sha1() : EVP_sha256();
	ok = *known && hash != NULL &&
	    span_to_base64(rest, want, (size_t)EVP_MD_get_size(md)) &&
	    EVP_DigestInit_ex(hash, md, NULL) == 1;
	ok = ok &&
	    file_stream(request->spool, request->spool_at, request->body_len,
		hash_piece, hash, err);
	ok = ok && EVP_DigestFinal_ex(hash, got, NULL) == 1 &&
	    memcmp(want, got, (size_t)EVP_MD_get_size(md)) == 0;
	EVP_MD_CTX_free(hash);
	return ok;
}

bool
run_upload_patch(struct job *job, struct error *err)
{
	struct http_request *request = job->request;
	struct http_response *response = &request->response;
	struct upload_info info;
	bool known;

	if (request->head.upload_checksum[0] != '\0' &&
	    !checksum_is_right(job, &known, err)) {
		if (err->kind != ERROR_NONE)
			return false;
		/* Cut them off again, as if they had not come. */
		if (ftruncate(request->spool, (off_t)request->spool_at) != 0)
			return error_set_errno(err, "upload");
		request->body_len = 0;
		problem(job, known ? 460 : 400, ERROR_UNTRUSTED,
		    known ? "the bytes have another checksum: send them again"
			  : "this server knows the checksums " CHECKSUMS);
		return true;
	}
	if (fsync(request->spool) != 0)
		return error_set_errno(err, "upload");
	job->upload_offset = request->spool_at + request->body_len;
	uploads_leave(job->api->uploads, job->upload, job->upload_offset);
	if (!uploads_find(job->api->uploads, span_of_str(job->upload),
		job->connected.person, &info, err))
		return false;
	job->upload[0] = '\0';
	begin_answer(response, 204);
	add_number(response, "Upload-Offset", info.offset);
	add_expiry(response, info.expires);
	job_answer(job);
	return true;
}

/* --- Using an upload. --- */

bool
upload_use(struct job *job, const char *id, struct error *err)
{
	struct upload_info info;
	const int fd = uploads_enter(job->api->uploads, span_of_str(id),
	    job->connected.person, &info, err);

	if (fd < 0)
		return false;
	text_set(job->upload, sizeof(job->upload), info.id);
	job->end = upload_end;
	job->upload_offset = info.offset;
	if (info.offset != info.length) {
		close(fd);
		return error_set(err, ERROR_CONFLICT,
		    "%llu of %llu bytes of this upload are there: go on with"
		    " it first",
		    (unsigned long long)info.offset,
		    (unsigned long long)info.length);
	}
	job->uses_upload = true;
	job->upload_sha256 = info.sha256;
	job->request->spool = fd;
	job->request->body_len = info.length;
	return true;
}

bool
upload_check(struct job *job, struct error *err)
{
	struct digest digest;

	if (!job->uses_upload || digest_is_zero(&job->upload_sha256))
		return true;
	if (!file_sha256(job->request->spool, job->request->body_len, &digest,
		err))
		return false;
	if (digest_eq(&digest, &job->upload_sha256))
		return true;
	/*
	 * A power cut may have taken bytes that were not flushed: the client
	 * must begin again.
	 */
	job->upload_damaged = true;
	error_set(err, ERROR_UNAVAILABLE,
	    "what was uploaded has another SHA-256 than was said: upload it"
	    " again");
	return error_retry(err, ERROR_NO_RETRY);
}

void
upload_end(struct job *job)
{
	struct uploads *uploads = job->api->uploads;
	const struct http_request *request = job->request;

	if (job->upload[0] == '\0')
		return;
	if (request == NULL) {
		/* Answered before its act was decided (waits.h): it is kept. */
		uploads_leave(uploads, job->upload, job->upload_offset);
	} else if (!job->uses_upload) {
		/*
		 * The connection was cut: keep what came, unless a checksum of
		 * the whole request was promised.
		 */
		uint64_t offset = job->upload_offset;

		if (request->spool >= 0 &&
		    request->head.upload_checksum[0] == '\0')
			offset = request->spool_at + request->body_len;
		else if (request->spool >= 0 &&
		    ftruncate(request->spool, (off_t)offset) != 0)
			offset = 0;
		uploads_leave(uploads, job->upload, offset);
	} else if (job->upload_damaged ||
	    (request->response.status >= 200 &&
		request->response.status < 500)) {
		/*
		 * The deposit was answered, yes or no: the upload is not needed
		 * any more.
		 */
		uploads_remove(uploads, job->upload);
	} else {
		uploads_leave(uploads, job->upload, job->upload_offset);
	}
}
