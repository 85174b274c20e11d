/*
 * Requests to a daemon by libcurl, repeated where a line broke (remote.h).
 */
#include "remote/remote.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include <curl/curl.h>
#include <jansson.h>
#include <openssl/x509_vfy.h>

#include "base/file.h"
#include "base/limits.h"
#include "base/text.h"
#include "base/time.h"

/* for a larger body leave to send is asked first */
enum { EXPECT_OVER = 1024 * 1024 };

struct remote {
	CURL *curl;
	struct remote_settings settings;
	char address[512];
	bool answered;             /* the daemon was reached once */
	char why[CURL_ERROR_SIZE]; /* of a failure, in curl's words */
};

struct transfer {
	const struct remote *remote;
	const struct remote_request *request;
	struct remote_answer *answer;
	struct error *err;
	uint64_t resume_at;
	const char *if_range;
	uint64_t sent, received;
	bool begun, failed;
	uint64_t retry_s; /* of Retry-After; 0: none */
};

struct remote *
remote_new(const struct remote_settings *settings, struct error *err)
{
	struct remote *remote = calloc(1, sizeof(*remote));

	if (remote == NULL || curl_global_init(CURL_GLOBAL_DEFAULT) != 0 ||
	    (remote->curl = curl_easy_init()) == NULL) {
		error_set_outside(err, "HTTP client: no memory");
		free(remote);
		return NULL;
	}
	remote->settings = *settings;
	if (!text_take(remote->address, sizeof(remote->address),
		settings->address, err)) {
		remote_free(remote);
		return NULL;
	}
	return remote;
}

void
remote_free(struct remote *remote)
{
	if (remote == NULL)
		return;
	curl_easy_cleanup(remote->curl);
	curl_global_cleanup();
	free(remote);
}

/* A problem document goes to the body, wherever the answer was to go. */
static bool
to_file(const struct transfer *transfer)
{
	long status = 0;

	curl_easy_getinfo(transfer->remote->curl, CURLINFO_RESPONSE_CODE,
	    &status);
	return transfer->request->file_fd >= 0 &&
	    (status == 200 || status == 206);
}

/*
 * Before the first of a file's bytes: is the answer the part asked for, or all?
 */
static bool
begin_file(struct transfer *transfer)
{
	long status = 0;

	transfer->begun = true;
	curl_easy_getinfo(transfer->remote->curl, CURLINFO_RESPONSE_CODE,
	    &status);
	if (status != 206)
		transfer->resume_at = 0;
	if (transfer->request->tagged != NULL)
		transfer->request->tagged(transfer->request->arg,
		    transfer->answer->etag);
	return ftruncate(transfer->request->file_fd,
		   (off_t)transfer->resume_at) == 0 ||
	    error_set_errno(transfer->err, "download");
}

static bool
write_file(struct transfer *transfer, struct span bytes)
{
	uint64_t at;

	if (!transfer->begun && !begin_file(transfer))
		return false;
	at = transfer->resume_at + transfer->received;
	return (at + bytes.len <= LIMIT_CONTAINER_BYTES ||
		   error_set(transfer->err, ERROR_LIMIT,
		       "the daemon sends more than any copy has")) &&
	    file_pwrite(transfer->request->file_fd, bytes, (off_t)at,
		transfer->err);
}

static size_t
on_body(char *data, size_t size, size_t num, void *arg)
{
	struct transfer *transfer = arg;
	const struct span bytes = span_of(data, size * num);
	bool ok;

	if (to_file(transfer))
		ok = write_file(transfer, bytes);
	else
		ok = buf_append(&transfer->answer->body, bytes, transfer->err);
	transfer->received += bytes.len;
	transfer->failed = transfer->failed || !ok;
	return ok ? bytes.len : 0;
}

static size_t
on_read(char *data, size_t size, size_t num, void *arg)
{
	struct transfer *transfer = arg;
	const uint64_t left = transfer->request->body_len - transfer->sent;
	const size_t n = size * num < left ? size * num : (size_t)left;

	if (n == 0)
		return 0;
	if (!file_pread(transfer->request->body_fd, data, n,
		(off_t)(transfer->request->body_at + transfer->sent),
		transfer->err)) {
		transfer->failed = true;
		return CURL_READFUNC_ABORT;
	}
	transfer->sent += n;
	return n;
}

/* curl starts again if a kept connection was closed. */
static int
on_seek(void *arg, curl_off_t offset, int origin)
{
	struct transfer *transfer = arg;

	if (origin != SEEK_SET || offset < 0)
		return CURL_SEEKFUNC_FAIL;
	transfer->sent = (uint64_t)offset;
	return CURL_SEEKFUNC_OK;
}

static bool
field(struct span line, const char *name, struct span *value)
{
	const size_t len = strlen(name);

	if (line.len <= len ||
	    strncasecmp((const char *)line.data, name, len) != 0)
		return false;
	*value = span_sub(line, len, line.len - len);
	while (value->len > 0 &&
	    (value->data[value->len - 1] == '\r' ||
		value->data[value->len - 1] == '\n'))
		value->len--;
	while (value->len > 0 && value->data[0] == ' ')
		*value = span_sub(*value, 1, value->len - 1);
	return true;
}

static size_t
on_header(char *data, size_t size, size_t num, void *arg)
{
	struct transfer *transfer = arg;
	struct remote_answer *answer = transfer->answer;
	const struct span line = span_of(data, size * num);
	struct span value;

	if (field(line, "ETag:", &value) &&
	    !span_to_str(value, answer->etag, sizeof(answer->etag)))
		answer->etag[0] = '\0';
	if (field(line, "Location:", &value) &&
	    !span_to_str(value, answer->location, sizeof(answer->location)))
		answer->location[0] = '\0';
	if (field(line, "Upload-Offset:", &value) &&
	    !span_to_u64(value, &answer->upload_offset))
		answer->upload_offset = UINT64_MAX;
	if (field(line, "Valise-Policy:", &value) &&
	    !digest_parse(value, &answer->policy))
		answer->policy = (struct digest){ { 0 } };
	if (field(line, "Valise-Policy-Entry:", &value) &&
	    !span_to_u64(value, &answer->policy_entry))
		answer->policy_entry = UINT64_MAX;
	if (field(line, "Valise-Crls:", &value) &&
	    !digest_parse(value, &answer->crls))
		answer->crls = (struct digest){ { 0 } };
	if (field(line, "Valise-Extension:", &value) &&
	    !span_to_str(value, answer->extension, sizeof(answer->extension)))
		answer->extension[0] = '\0';
	if (field(line, "Retry-After:", &value) &&
	    (!span_to_u64(value, &transfer->retry_s) ||
		transfer->retry_s > LIMIT_RETRY_SECONDS))
		transfer->retry_s = LIMIT_RETRY_SECONDS;
	return line.len;
}

static int
on_progress(void *arg, curl_off_t down_total, curl_off_t down,
    curl_off_t up_total, curl_off_t up)
{
	struct transfer *transfer = arg;
	const struct remote_settings *settings = &transfer->remote->settings;

	if (settings->progress == NULL)
		return 0;
	if (up_total > 0 && up < up_total)
		settings->progress(settings->arg,
		    transfer->request->body_at + (uint64_t)up,
		    transfer->request->body_at + (uint64_t)up_total);
	else if (down_total > 0)
		settings->progress(settings->arg,
		    transfer->resume_at + (uint64_t)down,
		    transfer->resume_at + (uint64_t)down_total);
	return 0;
}

/* OpenSSL would ask for the passphrase of an encrypted one by itself. */
static bool
set_key(struct remote *remote)
{
	const struct span pem = remote->settings.key_pem;
	struct curl_blob blob = { .data = (void *)(uintptr_t)pem.data,
		.len = pem.len,
		.flags = CURL_BLOB_NOCOPY };

	return (pem.len > 0 ? curl_easy_setopt(remote->curl,
				  CURLOPT_SSLKEY_BLOB, &blob)
			    : curl_easy_setopt(remote->curl, CURLOPT_SSLKEY,
				  remote->settings.key)) == 0;
}

static bool
set_up(struct remote *remote, struct transfer *transfer,
    struct curl_slist **headers)
{
	CURL *curl = remote->curl;
	const struct remote_request *request = transfer->request;
	struct curl_blob ca = {
		.data = (void *)(uintptr_t)remote->settings.server_ca.data,
		.len = remote->settings.server_ca.len,
		.flags = CURL_BLOB_COPY,
	};
	char url[2048], line[256];
	bool ok;

	curl_easy_reset(curl);
	remote->why[0] = '\0';
	ok = snprintf(url, sizeof(url), "%s%s", remote->address,
		 request->path) < (int)sizeof(url) &&
	    curl_easy_setopt(curl, CURLOPT_URL, url) == 0 &&
	    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "https") == 0 &&
	    curl_easy_setopt(curl, CURLOPT_PROXY, "") == 0 &&
	    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L) == 0 &&
	    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, remote->why) == 0 &&
	    curl_easy_setopt(curl, CURLOPT_SSLVERSION,
		(long)CURL_SSLVERSION_TLSv1_3) == 0 &&
	    curl_easy_setopt(curl, CURLOPT_CAINFO_BLOB, &ca) == 0 &&
	    curl_easy_setopt(curl, CURLOPT_CAPATH, NULL) == 0 &&
	    curl_easy_setopt(curl, CURLOPT_SSLCERT, remote->settings.cert) ==
		0 &&
	    set_key(remote) &&
	    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, 15L) == 0 &&
	    /* A line may be slow, but not silent for a minute. */
	    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L) == 0 &&
	    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, 60L) == 0 &&
	    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body) == 0 &&
	    curl_easy_setopt(curl, CURLOPT_WRITEDATA, transfer) == 0 &&
	    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header) == 0 &&
	    curl_easy_setopt(curl, CURLOPT_HEADERDATA, transfer) == 0 &&
	    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L) == 0 &&
	    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress) ==
		0 &&
	    curl_easy_setopt(curl, CURLOPT_XFERINFODATA, transfer) == 0;
	if (ok && request->body_fd >= 0)
		ok = curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L) == 0 &&
		    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST,
			request->method) == 0 &&
		    curl_easy_setopt(curl, CURLOPT_READFUNCTION, on_read) ==
			0 &&
		    curl_easy_setopt(curl, CURLOPT_READDATA, transfer) == 0 &&
		    curl_easy_setopt(curl, CURLOPT_SEEKFUNCTION, on_seek) ==
			0 &&
		    curl_easy_setopt(curl, CURLOPT_SEEKDATA, transfer) == 0 &&
		    curl_easy_setopt(curl, CURLOPT_INFILESIZE_LARGE,
			(curl_off_t)request->body_len) == 0;
	if (ok && strcmp(request->method, "HEAD") == 0)
		ok = curl_easy_setopt(curl, CURLOPT_NOBODY, 1L) == 0;
	if (ok && strcmp(request->method, "DELETE") == 0)
		ok = curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST,
			 request->method) == 0;
	if (ok && transfer->resume_at > 0) {
		snprintf(line, sizeof(line), "%llu-",
		    (unsigned long long)transfer->resume_at);
		ok = curl_easy_setopt(curl, CURLOPT_RANGE, line) == 0;
		snprintf(line, sizeof(line), "If-Range: %s",
		    transfer->if_range);
		*headers = curl_slist_append(*headers, line);
	}
	if (remote->settings.accepted != NULL &&
	    remote->settings.accepted[0] != '\0') {
		snprintf(line, sizeof(line), "Valise-Accepted: %s",
		    remote->settings.accepted);
		*headers = curl_slist_append(*headers, line);
	}
	/*
	 * For a small body, a round trip for leave to send costs more than it
	 * saves.
	 */
	if (request->body_fd >= 0 && request->body_len <= EXPECT_OVER)
		*headers = curl_slist_append(*headers, "Expect:");
	for (size_t i = 0; i < 4 && request->headers[i] != NULL; i++)
		*headers = curl_slist_append(*headers, request->headers[i]);
	return ok &&
	    (*headers == NULL ||
		curl_easy_setopt(curl, CURLOPT_HTTPHEADER, *headers) == 0);
}

/* A wrong clock here is likelier than a wrong server. */
static bool
wrong_server(const struct remote *remote, struct error *err)
{
	char now[TIME_TEXT];
	long why = 0;
	bool is_name;

	curl_easy_getinfo(remote->curl, CURLINFO_SSL_VERIFYRESULT, &why);
	/* curl compares the name first, and has no other result by then. */
	is_name = why == X509_V_OK || why == X509_V_ERR_UNSPECIFIED;
	if (why != X509_V_ERR_CERT_NOT_YET_VALID &&
	    why != X509_V_ERR_CERT_HAS_EXPIRED)
		return error_set_code(err, ERROR_UNTRUSTED, "WRONG_SERVER",
		    "%s is not the server that you enrolled with: %s. Nothing"
		    " was sent",
		    remote->address,
		    is_name ? "its certificate has another name"
			    : X509_verify_cert_error_string(why));
	time_format_ms(time_now_ms(), now);
	return error_set_code(err, ERROR_UNTRUSTED, "WRONG_SERVER",
	    "%s: its certificate %s by this machine's clock, which says %s:"
	    " set it if it is wrong. Nothing was sent",
	    remote->address,
	    why == X509_V_ERR_CERT_HAS_EXPIRED ? "has expired"
					       : "is not valid yet",
	    now);
}

/*
 * What the daemon said of our certificate.  With TLS 1.3 it judges it when the
 * handshake has ended for us, so its alert comes in place of the answer (RFC
 * 8446 section 6.2).  curl has no code for it, only OpenSSL's words.
 */
static const char *
refusal_in(const char *why)
{
	static const struct {
		const char *alert, *means;
	} all[] = {
		{ "alert certificate expired",
		    "has expired by its clock: have your CA certify a new one"
		    " (certs/request makes the request), or set that clock" },
		{ "alert bad certificate",
		    "is not valid yet by its clock, or damaged: see its dates"
		    " (openssl x509 -noout -dates)" },
		{ "alert unknown ca",
		    "is of no CA that its policy names: is it the one that"
		    " the office's CA issued?" },
		{ "alert unsupported certificate",
		    "is not for connecting: name the one to connect with, not"
		    " the one to sign with, in \"cert\"" },
		{ "alert certificate required", "was not shown to it" },
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (strstr(why, all[i].alert) != NULL)
			return all[i].means;
	return NULL;
}

static bool
transport_error(const struct remote *remote, CURLcode code, struct error *err)
{
	const char *refusal = refusal_in(remote->why);

	if (refusal != NULL)
		return error_set(err, ERROR_USAGE,
		    "%s refused the connection: your certificate %s %s",
		    remote->address, remote->settings.cert, refusal);
	switch ((int)code) {
	case CURLE_PEER_FAILED_VERIFICATION:
		return wrong_server(remote, err);
	case CURLE_SSL_CERTPROBLEM:
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_RECV_ERROR:
		return error_set(err, ERROR_UNAVAILABLE,
		    "%s ended the connection (%s): is your certificate still"
		    " valid?",
		    remote->address, curl_easy_strerror(code));
	default:
		return error_set(err, ERROR_UNAVAILABLE, "%s: %s",
		    remote->address, curl_easy_strerror(code));
	}
}

/* RFC 9457: what the daemon says, with the exit status that it gives. */
static bool
problem_error(const struct transfer *transfer, struct error *err)
{
	const struct remote_answer *answer = transfer->answer;
	json_t *json = json_loadb((const char *)answer->body.data,
	    answer->body.len, JSON_REJECT_DUPLICATES, NULL);
	const json_t *detail = json_object_get(json, "detail");
	const json_t *code = json_object_get(json, "code");
	const json_t *exit_status = json_object_get(json, "exit");
	const json_t *request = json_object_get(json, "request");
	enum error_kind kind = ERROR_UNAVAILABLE;

	if (json_is_integer(exit_status) &&
	    json_integer_value(exit_status) > 0 &&
	    json_integer_value(exit_status) < 10)
		kind = error_kind_of_exit((int)json_integer_value(exit_status));
	error_set_code(err, kind,
	    json_is_string(code) ? json_string_value(code) : "", "%s%s%s%s",
	    json_is_string(detail) ? json_string_value(detail)
				   : "the daemon said no and not why",
	    kind == ERROR_SYSTEM && json_is_string(request) ? " (request " : "",
	    kind == ERROR_SYSTEM && json_is_string(request)
		? json_string_value(request)
		: "",
	    kind == ERROR_SYSTEM && json_is_string(request) ? ")" : "");
	json_decref(json);
	return error_retry(err, (unsigned)transfer->retry_s);
}

/* Set *broke if the line failed, rather than that the daemon refused. */
static bool
do_once(struct remote *remote, struct transfer *transfer, bool *broke,
    struct error *err)
{
	struct remote_answer *answer = transfer->answer;
	struct curl_slist *headers = NULL;
	long status = 0;
	CURLcode code;

	*broke = false;
	transfer->retry_s = 0;
	if (!set_up(remote, transfer, &headers)) {
		curl_slist_free_all(headers);
		return error_set(err, ERROR_SYSTEM, "HTTP client: set-up");
	}
	code = curl_easy_perform(remote->curl);
	curl_easy_getinfo(remote->curl, CURLINFO_RESPONSE_CODE, &status);
	curl_slist_free_all(headers);
	answer->status = (int)status;
	if (status != 0)
		remote->answered = true;
	if (transfer->failed)
		return false; /* err is set: our own disk, or a limit */
	/* A refusal may come, and the connection close, while we still send. */
	if (code != CURLE_OK && !(status >= 400 && answer->body.len > 0)) {
		*broke = code != CURLE_PEER_FAILED_VERIFICATION &&
		    refusal_in(remote->why) == NULL;
		/*
		 * Nobody answers and nobody did before: that is told at once.
		 */
		if (!remote->answered &&
		    (code == CURLE_COULDNT_CONNECT ||
			code == CURLE_COULDNT_RESOLVE_HOST))
			*broke = false;
		return transport_error(remote, code, err);
	}
	return (status >= 200 && status < 300) || problem_error(transfer, err);
}

/* A person whom the daemon refuses is told so at once. */
static unsigned
patience(const struct remote *remote, unsigned tries)
{
	const unsigned all = remote->settings.patience_ms;
	const unsigned stranger = all < 700 ? all : 700;

	return remote_next_wait(tries, remote->answered ? all : stranger);
}

/* Go on where the file ended, if what follows can be asked for. */
static void
go_on(struct transfer *transfer, char etag[160])
{
	struct remote_answer *answer = transfer->answer;

	if (transfer->begun) {
		transfer->resume_at += transfer->received;
		text_set(etag, 160, answer->etag);
		transfer->if_range = etag;
		if (etag[0] == '\0')
			transfer->resume_at = 0;
	}
	transfer->sent = transfer->received = 0;
	transfer->begun = false;
	answer->body.len = 0;
}

/*
 * The daemon named a time to ask again: wait until then, if patience lasts so
 * long.  Each waits a little longer than it was told, and not all alike.
 */
static bool
wait_as_told(const struct remote *remote, unsigned *waited_ms,
    const struct error *err)
{
	const struct remote_settings *settings = &remote->settings;
	const unsigned ms = remote_spread(err->retry_s * 1000);

	if (err->retry_s == 0 || *waited_ms + ms > settings->patience_ms)
		return false;
	*waited_ms += ms;
	if (settings->waiting != NULL)
		settings->waiting(settings->arg, err->detail, ms);
	remote_wait(ms);
	return true;
}

bool
remote_do(struct remote *remote, const struct remote_request *request,
    struct remote_answer *answer, struct error *err)
{
	struct transfer transfer = { .remote = remote,
		.request = request,
		.answer = answer,
		.err = err,
		.resume_at = request->resume_at,
		.if_range = request->if_range };
	unsigned waited_ms = 0;
	char etag[160];

	*answer = (struct remote_answer){ .body = BUF(LIMIT_ANSWER_BYTES),
		.upload_offset = UINT64_MAX,
		.policy_entry = UINT64_MAX };
	/* A file that is missing cannot be opened: say so before TLS does. */
	if (access(remote->settings.cert, R_OK) != 0 ||
	    access(remote->settings.key, R_OK) != 0)
		return error_set_errno(err, "%s, %s", remote->settings.cert,
		    remote->settings.key);
	for (unsigned tries = 0;; tries++) {
		bool broke;
		unsigned ms;

		if (do_once(remote, &transfer, &broke, err))
			return true;
		/*
		 * The daemon has all of it already, or another file: begin
		 * anew.
		 */
		if (answer->status == 416 && transfer.resume_at > 0) {
			transfer.resume_at = 0;
			broke = true;
		}
		if (transfer.received > 0 && transfer.begun)
			tries = waited_ms = 0;
		if (!broke && !request->once &&
		    wait_as_told(remote, &waited_ms, err)) {
			*err = (struct error){ 0 };
			go_on(&transfer, etag);
			continue;
		}
		if (!broke || request->once ||
		    (ms = patience(remote, tries)) == 0)
			return false;
		if (remote->settings.waiting != NULL && tries > 0)
			remote->settings.waiting(remote->settings.arg,
			    err->detail, ms);
		*err = (struct error){ 0 };
		go_on(&transfer, etag);
		remote_wait(ms);
	}
}

/* --- Server-sent events. --- */

struct listening {
	struct transfer transfer;
	struct events events;
};

static size_t
on_events(char *data, size_t size, size_t num, void *arg)
{
	struct listening *to = arg;
	long status = 0;

	curl_easy_getinfo(to->transfer.remote->curl, CURLINFO_RESPONSE_CODE,
	    &status);
	if (status != 200)
		return on_body(data, size, num, &to->transfer);
	to->transfer.failed = !events_take(&to->events,
	    span_of(data, size * num), to->transfer.err);
	return to->transfer.failed ? 0 : size * num;
}

bool
remote_events(struct remote *remote, const char *path, const char *last_id,
    remote_listener *seen, void *arg, struct error *err)
{
	char header[64];
	const struct remote_request request = { .method = "GET",
		.path = path,
		.body_fd = -1,
		.file_fd = -1,
		.headers = { last_id[0] != '\0' ? header : NULL } };
	struct remote_answer answer = { .body = BUF(LIMIT_ANSWER_BYTES) };
	struct listening to = { .transfer = { .remote = remote,
				    .request = &request,
				    .answer = &answer,
				    .err = err },
		.events = EVENTS(seen, arg) };
	struct curl_slist *headers = NULL;
	long status = 0;
	CURLcode code;
	bool ok;

	snprintf(header, sizeof(header), "Last-Event-ID: %s", last_id);
	if (!set_up(remote, &to.transfer, &headers) ||
	    curl_easy_setopt(remote->curl, CURLOPT_WRITEFUNCTION, on_events) !=
		0 ||
	    curl_easy_setopt(remote->curl, CURLOPT_WRITEDATA, &to) != 0) {
		curl_slist_free_all(headers);
		return error_set(err, ERROR_SYSTEM, "HTTP client: set-up");
	}
	code = curl_easy_perform(remote->curl);
	curl_easy_getinfo(remote->curl, CURLINFO_RESPONSE_CODE, &status);
	curl_slist_free_all(headers);
	answer.status = (int)status;
	if (to.transfer.failed)
		ok = false; /* err is set */
	else if (status >= 400 && answer.body.len > 0)
		ok = problem_error(&to.transfer, err);
	else if (code != CURLE_OK)
		ok = transport_error(remote, code, err);
	else
		ok = error_set(err, ERROR_UNAVAILABLE,
		    "%s: the daemon ended the stream", remote->address);
	remote_answer_free(&answer);
	events_free(&to.events);
	return ok;
}

struct exchange {
	struct buf *answer;
	struct error *err;
	bool failed;
};

static size_t
on_exchange(char *data, size_t size, size_t num, void *arg)
{
	struct exchange *exchange = arg;

	exchange->failed = !buf_append(exchange->answer,
	    span_of(data, size * num), exchange->err);
	return exchange->failed ? 0 : size * num;
}

bool
remote_exchange(const char *url, const struct span *body, struct buf *answer,
    int *status, struct error *err)
{
	struct exchange exchange = { .answer = answer, .err = err };
	CURL *curl = NULL;
	long code = 0;
	CURLcode result = CURLE_FAILED_INIT;
	bool ok;

	ok = curl_global_init(CURL_GLOBAL_DEFAULT) == 0 &&
	    (curl = curl_easy_init()) != NULL &&
	    curl_easy_setopt(curl, CURLOPT_URL, url) == 0 &&
	    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https") == 0 &&
	    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L) == 0 &&
	    curl_easy_setopt(curl, CURLOPT_TIMEOUT, 60L) == 0 &&
	    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, 15L) == 0 &&
	    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_exchange) == 0 &&
	    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &exchange) == 0 &&
	    (body == NULL ||
		(curl_easy_setopt(curl, CURLOPT_POSTFIELDS,
		     (const char *)body->data) == 0 &&
		    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE,
			(curl_off_t)body->len) == 0));
	if (ok)
		result = curl_easy_perform(curl);
	if (ok)
		curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &code);
	curl_easy_cleanup(curl);
	curl_global_cleanup();
	*status = (int)code;
	if (exchange.failed)
		return false;
	return result == CURLE_OK ||
	    error_set(err, ERROR_UNAVAILABLE, "%s: %s", url,
		curl_easy_strerror(result));
}
