/*
 * Requests to a daemon by libcurl, repeated where a line broke (remote.h).
 */
#include "remote/private.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include <jansson.h>
#include <openssl/crypto.h>

#include "base/file.h"
#include "base/limits.h"
#include "base/text.h"
#include "base/time.h"
#include "remote/own_key.h"

/* What a daemon that stands by answers, to all but GET /health. */
#define STANDS_BY "STANDS_BY"

/* for a larger body leave to send is asked first */
enum { EXPECT_OVER = 1024 * 1024 };

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
	remote->at = settings->addresses->at;
	for (size_t i = 0; i < settings->addresses->num; i++)
		if (!proxy_choose(settings->proxies,
			settings->addresses->all[i], &remote->proxies[i],
			err)) {
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
	OPENSSL_cleanse(remote->proxies, sizeof(remote->proxies));
	free(remote);
}

const char *
remote_address(const struct remote *remote)
{
	return remote->settings.addresses->all[remote->at];
}

const struct proxy *
remote_proxy(const struct remote *remote)
{
	return &remote->proxies[remote->at];
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

	transfer->life_ms = time_monotonic_ms();
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

	/* An interim answer (102) is life, too: the daemon is at work. */
	transfer->life_ms = time_monotonic_ms();
	transfer->heard = true;
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

/* The connection stands, TLS and all: now the request is sent. */
static int
on_connected(void *arg, char *here, char *there, int here_port, int there_port)
{
	struct transfer *transfer = arg;

	(void)here, (void)there, (void)here_port, (void)there_port;
	transfer->life_ms = time_monotonic_ms();
	transfer->connected = true;
	return CURL_PREREQFUNC_OK;
}

/* For so long this server may say nothing, from the connection on. */
static int64_t
patience_ms(const struct remote *remote)
{
	const int64_t ms = remote->settings.patience_ms;

	return ms < REMOTE_SILENT_LEAST_MS ? REMOTE_SILENT_LEAST_MS
	    : ms > REMOTE_SILENT_MS        ? REMOTE_SILENT_MS
					   : ms;
}

/*
 * For so long a connection may take to stand. Where there are other addresses,
 * what is left of patience is shared with those that were not asked yet.
 */
static int64_t
connecting_ms(const struct transfer *transfer)
{
	const struct remote *remote = transfer->remote;
	const int64_t most = patience_ms(remote);
	int64_t ms = remote->settings.patience_ms;

	if (remote->settings.addresses->num < 2)
		return most;
	ms = (ms - (time_monotonic_ms() - transfer->life_ms)) /
	    (int64_t)transfer->left;
	return ms < REMOTE_SILENT_LEAST_MS ? REMOTE_SILENT_LEAST_MS
	    : ms > most                    ? most
					   : ms;
}

/*
 * Has it said nothing for too long?  Until it answers a request without a body
 * it has as long as a connection; a line that carries something may be slow, but
 * not silent.  What it judges may take a daemon without interim answers longer.
 */
static bool
is_silent(struct transfer *transfer)
{
	const struct remote_request *request = transfer->request;
	const struct remote *remote = transfer->remote;
	int64_t most = REMOTE_SILENT_MS;

	if (!transfer->connected)
		return false;
	if (remote->settings.silent_ms != 0)
		most = remote->settings.silent_ms;
	if (request->body_len == 0 && request->judged == 0 && !transfer->heard)
		most = patience_ms(remote);
	most += (int64_t)(request->judged / ((1 << 30) / REMOTE_JUDGED_MS));
	transfer->silent = time_monotonic_ms() - transfer->life_ms > most;
	return transfer->silent;
}

static int
on_progress(void *arg, curl_off_t down_total, curl_off_t down,
    curl_off_t up_total, curl_off_t up)
{
	struct transfer *transfer = arg;
	const struct remote_settings *settings = &transfer->remote->settings;

	if (up != transfer->up)
		transfer->life_ms = time_monotonic_ms();
	transfer->up = up;
	if (is_silent(transfer))
		return 1;
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
	ok = snprintf(url, sizeof(url), "%s%s", remote_address(remote),
		 request->path) < (int)sizeof(url) &&
	    curl_easy_setopt(curl, CURLOPT_URL, url) == 0 &&
	    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "https") == 0 &&
	    remote_use_proxy(curl, remote_proxy(remote)) &&
	    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L) == 0 &&
	    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, remote->why) == 0 &&
	    curl_easy_setopt(curl, CURLOPT_SSLVERSION,
		(long)CURL_SSLVERSION_TLSv1_3) == 0 &&
	    curl_easy_setopt(curl, CURLOPT_CAINFO_BLOB, &ca) == 0 &&
	    curl_easy_setopt(curl, CURLOPT_CAPATH, NULL) == 0 &&
	    own_key_set(curl, &remote->settings) &&
	    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS,
		(long)connecting_ms(transfer)) == 0 &&
	    curl_easy_setopt(curl, CURLOPT_PREREQFUNCTION, on_connected) == 0 &&
	    curl_easy_setopt(curl, CURLOPT_PREREQDATA, transfer) == 0 &&
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
	/* A copy may take long to be made before its first byte comes. */
	if (request->body_fd < 0)
		*headers = curl_slist_append(*headers, "Valise-Interim: 102");
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

/*
 * Returns the code that a problem document has, or "" if that is none: it is
 * compared with ours, printed, and cut to the room that an error has for it.
 */
static const char *
code_of(const json_t *json)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ_";
	const char *code = json_string_value(json_object_get(json, "code"));
	const struct error any = { 0 };

	return code != NULL && strlen(code) < sizeof(any.code) &&
		code[strspn(code, letters)] == '\0'
	    ? code
	    : "";
}

/* RFC 9457: what the daemon says, with the exit status that it gives. */
static bool
problem_error(const struct transfer *transfer, struct error *err)
{
	const struct remote_answer *answer = transfer->answer;
	json_t *json = json_loadb((const char *)answer->body.data,
	    answer->body.len, JSON_REJECT_DUPLICATES, NULL);
	const json_t *detail = json_object_get(json, "detail");
	const json_t *exit_status = json_object_get(json, "exit");
	const json_t *request = json_object_get(json, "request");
	enum error_kind kind = ERROR_UNAVAILABLE;

	if (json_is_integer(exit_status) &&
	    json_integer_value(exit_status) > 0 &&
	    json_integer_value(exit_status) < 10)
		kind = error_kind_of_exit((int)json_integer_value(exit_status));
	error_set_code(err, kind, code_of(json), "%s%s%s%s",
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

/*
 * Does the daemon only stand by? A HEAD has no body that says so: then one that
 * names no time to come back may.
 */
static bool
stands_by(const struct transfer *transfer, const struct error *err)
{
	return transfer->answer->status == 503 &&
	    (error_is(err, STANDS_BY) ||
		(strcmp(transfer->request->method, "HEAD") == 0 &&
		    transfer->retry_s == 0));
}

/* The daemon said no: is it the one to ask? */
static bool
refused(struct remote *remote, struct transfer *transfer, bool *broke,
    struct error *err)
{
	problem_error(transfer, err);
	transfer->elsewhere = stands_by(transfer, err);
	if (!transfer->elsewhere)
		return false;
	/* Another one may take over, which this address will be told, or be. */
	*broke = remote->settings.addresses->num > 1;
	return error_context(err, "%s", remote_address(remote));
}

/* Nobody answered: may another address? */
static bool
unanswered(struct transfer *transfer, CURLcode code, struct error *err)
{
	transfer->elsewhere = remote_is_elsewhere(transfer, code);
	return remote_failure(transfer, code, err);
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
	transfer->elsewhere = false;
	transfer->tried_ms = time_monotonic_ms();
	transfer->connected = transfer->heard = transfer->silent = false;
	transfer->up = 0;
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
		*broke = remote_is_worth_repeating(remote, code);
		return unanswered(transfer, code, err);
	}
	return (status >= 200 && status < 300) ||
	    refused(remote, transfer, broke, err);
}

/* A person whom the daemon refuses is told so at once. */
static unsigned
patience(const struct remote *remote, const struct transfer *transfer,
    unsigned tries)
{
	const unsigned all = remote->settings.patience_ms;
	const unsigned stranger = all < 700 ? all : 700;
	const unsigned ms =
	    remote_next_wait(tries, remote->answered ? all : stranger);
	const int64_t quiet = time_monotonic_ms() - transfer->life_ms;

	/* What was waited for in vain counts, too. */
	return quiet + ms > all ? 0 : ms;
}

/* Go on where the file ended, if what follows can be asked for. */
static void
go_on(struct transfer *transfer)
{
	struct remote_answer *answer = transfer->answer;

	if (transfer->begun) {
		transfer->resume_at += transfer->received;
		text_set(transfer->etag, sizeof(transfer->etag), answer->etag);
		transfer->if_range = transfer->etag;
		if (transfer->etag[0] == '\0')
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

/* --- Which address. --- */

/* Who answered is asked first from now on. */
static void
reached(struct remote *remote)
{
	const struct remote_settings *settings = &remote->settings;
	struct addresses *all = settings->addresses;

	if (all->told == remote->at || settings->reached == NULL)
		return;
	all->told = remote->at;
	settings->reached(settings->arg, remote_address(remote));
}

static void
move_on(struct remote *remote)
{
	struct addresses *all = remote->settings.addresses;

	remote->at = all->at = (remote->at + 1) % all->num;
}

/*
 * Add what the next address said to what those before it did. That one of them
 * is not the server that was enrolled weighs more than that another is away.
 */
static void
add_failure(struct error *all, const struct error *err)
{
	const bool graver =
	    all->kind == ERROR_NONE || err->kind == ERROR_UNTRUSTED;
	const struct error before = *all;

	if (graver)
		*all = *err;
	if (before.kind != ERROR_NONE)
		snprintf(all->detail, sizeof(all->detail), "%.*s; %.*s",
		    (int)sizeof(all->detail) * 2 / 3, before.detail,
		    (int)sizeof(all->detail) / 3 - 3, err->detail);
}

/*
 * Ask each address once, beginning with the one that answered last, until one
 * does. A person is told of each that is left, once.
 */
static bool
ask_each(struct remote *remote, struct transfer *transfer, bool *broke,
    struct error *err)
{
	const struct remote_settings *settings = &remote->settings;
	const size_t num = settings->addresses->num;
	struct error all = { .kind = ERROR_NONE };
	bool may_answer = false;

	for (size_t left = num;; left--) {
		const int64_t life_ms = transfer->life_ms;

		transfer->left = left;
		if (do_once(remote, transfer, broke, err)) {
			reached(remote);
			return true;
		}
		if (!transfer->elsewhere && transfer->answer->status != 0)
			reached(remote);
		if (!transfer->elsewhere || transfer->request->once || num < 2)
			return false;
		/* Nothing came that was of use. */
		transfer->life_ms = life_ms;
		may_answer = may_answer || *broke;
		add_failure(&all, err);
		move_on(remote);
		if (left == 1)
			break;
		if (settings->moved != NULL && ++transfer->num_moved < num)
			settings->moved(settings->arg, err->detail,
			    remote_address(remote));
		*err = (struct error){ 0 };
		go_on(transfer);
	}
	*broke = may_answer;
	*err = all;
	return false;
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
		.if_range = request->if_range,
		.life_ms = time_monotonic_ms() };
	unsigned waited_ms = 0;

	remote->at = remote->settings.addresses->at;
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

		if (ask_each(remote, &transfer, &broke, err))
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
			go_on(&transfer);
			continue;
		}
		if (!broke || request->once ||
		    (ms = patience(remote, &transfer, tries)) == 0)
			return false;
		if (remote->settings.waiting != NULL && tries > 0)
			remote->settings.waiting(remote->settings.arg,
			    err->detail, ms);
		*err = (struct error){ 0 };
		go_on(&transfer);
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

	to->transfer.life_ms = time_monotonic_ms();
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
	const struct addresses *all = remote->settings.addresses;
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
				    .err = err,
				    .left = all->num,
				    .tried_ms = time_monotonic_ms(),
				    .life_ms = time_monotonic_ms() },
		.events = EVENTS(seen, arg) };
	struct curl_slist *headers = NULL;
	long status = 0;
	CURLcode code;
	bool ok, broke;

	remote->at = all->at;
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
		ok = refused(remote, &to.transfer, &broke, err);
	else if (code != CURLE_OK)
		ok = unanswered(&to.transfer, code, err);
	else
		ok = error_set(err, ERROR_UNAVAILABLE,
		    "%s: the daemon ended the stream", remote_address(remote));
	/* The stream ends; the next one is of the next address. */
	if (to.transfer.elsewhere)
		move_on(remote);
	remote_answer_free(&answer);
	events_free(&to.events);
	return ok;
}
