/*
 * The desk's HTTP (desk.h), by libmicrohttpd: a thread for each connection, so
 * that each may wait for its command.
 */
#include "cli/desk/acts.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include <microhttpd.h>

#include "base/time.h"
#include "cli/desk/errand.h"
#include "cli/desk/guard.h"
#include "cli/desk/listen.h"
#include "pages/pages.h"

struct server {
	struct desk *desk;
	struct MHD_Daemon *daemon;
	struct sockaddr_in at;
};

/* A request, from its head to the end of its answer. */
struct call {
	struct request request;
	struct buf body;
	struct error err; /* once it is not taken: what is answered */
	int status;       /* of that; 0: by the error's kind */
	bool answered, ends_desk;
	struct spool_upload *upload; /* what the body is, or NULL */
};

static const char *
header(struct MHD_Connection *connection, const char *name)
{
	return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
}

/* --- Answers. --- */

#define JSON_LINES "application/jsonl"

#define CSP     "Content-Security-Policy"
#define CLOSED  "default-src 'none'; frame-ancestors 'none'"
#define SANDBOX "sandbox; default-src 'none'; frame-ancestors 'self'"

/* Each answer has these, but pages have their own (lib/pages). */
static bool
add_headers(struct MHD_Response *response, const char *type)
{
	static const char *const fields[][2] = {
		{ MHD_HTTP_HEADER_CACHE_CONTROL, "no-store" },
		{ "X-Content-Type-Options", "nosniff" },
		{ "Referrer-Policy", "no-referrer" },
		{ "Cross-Origin-Resource-Policy", "same-origin" },
		{ CSP, CLOSED },
	};
	bool ok = MHD_add_response_header(response,
		      MHD_HTTP_HEADER_CONTENT_TYPE, type) == MHD_YES;

	for (size_t i = 0; ok && i < sizeof(fields) / sizeof(fields[0]); i++)
		ok = MHD_add_response_header(response, fields[i][0],
			 fields[i][1]) == MHD_YES;
	return ok;
}

/* response may be NULL: no memory. */
static enum MHD_Result
send_response(struct MHD_Connection *connection, struct call *call,
    unsigned status, struct MHD_Response *response)
{
	enum MHD_Result rc = MHD_NO;

	call->answered = true;
	if (response != NULL) {
		rc = MHD_queue_response(connection, status, response);
		MHD_destroy_response(response);
	}
	return rc;
}

/* The same, with the headers that each answer has. */
static enum MHD_Result
send_typed(struct MHD_Connection *connection, struct call *call,
    unsigned status, const char *type, struct MHD_Response *response)
{
	if (response != NULL && !add_headers(response, type)) {
		MHD_destroy_response(response);
		response = NULL;
	}
	return send_response(connection, call, status, response);
}

static enum MHD_Result
send_bytes(struct MHD_Connection *connection, struct call *call,
    unsigned status, const char *type, struct span bytes)
{
	return send_typed(connection, call, status, type,
	    MHD_create_response_from_buffer(bytes.len,
		(void *)(uintptr_t)bytes.data, MHD_RESPMEM_MUST_COPY));
}

/* Answer with a problem document (RFC 9457). */
static enum MHD_Result
send_problem(struct MHD_Connection *connection, struct call *call)
{
	const int status = call->status != 0
	    ? call->status
	    : error_http_status(call->err.kind);
	json_t *json = json_of_error(&call->err);
	char *text;
	enum MHD_Result rc = MHD_NO;

	json_object_set_new(json, "status", json_integer(status));
	text = json != NULL ? json_dumps(json, JSON_COMPACT) : NULL;
	if (text != NULL)
		rc = send_bytes(connection, call, (unsigned)status,
		    "application/problem+json", span_of_str(text));
	free(text);
	json_decref(json);
	return rc;
}

/* The lines of a command, as they come. */
struct lines {
	int fd, stop, peer;
	pid_t ends; /* the process that ends with them, or 0 */
};

/* An MHD_ContentReaderCallback. */
static ssize_t
read_lines(void *arg, uint64_t at, char *out, size_t room)
{
	struct lines *lines = arg;
	ssize_t n;

	(void)at;
	if (!child_wait(lines->fd, lines->stop, lines->peer))
		return MHD_CONTENT_READER_END_WITH_ERROR;
	n = read(lines->fd, out, room);
	if (n == 0) {
		/* It ended by itself: its number may be another's by now. */
		lines->ends = 0;
		return MHD_CONTENT_READER_END_OF_STREAM;
	}
	return n > 0 ? n : MHD_CONTENT_READER_END_WITH_ERROR;
}

/* An MHD_ContentReaderFreeCallback. */
static void
end_lines(void *arg)
{
	struct lines *lines = arg;

	if (lines->ends > 0)
		kill(lines->ends, SIGTERM);
	close(lines->fd);
	free(lines);
}

static enum MHD_Result
send_lines(struct MHD_Connection *connection, struct call *call,
    const struct reply *reply)
{
	const union MHD_ConnectionInfo *info =
	    MHD_get_connection_info(connection,
		MHD_CONNECTION_INFO_CONNECTION_FD);
	struct lines *lines = calloc(1, sizeof(*lines));
	struct MHD_Response *response = NULL;

	if (lines != NULL) {
		*lines = (struct lines){ .fd = reply->pipe,
			.stop = call->request.desk->stop,
			.peer = info != NULL ? info->connect_fd : -1,
			.ends = reply->ends };
		response = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN,
		    16384, read_lines, lines, end_lines);
		if (response == NULL)
			end_lines(lines);
	} else
		close(reply->pipe);
	return send_typed(connection, call, MHD_HTTP_OK, JSON_LINES, response);
}

/* An MHD_ContentReaderCallback. */
static ssize_t
read_errand(void *arg, uint64_t at, char *out, size_t room)
{
	const ssize_t n = errand_read(arg, out, room);

	(void)at;
	if (n == 0)
		return MHD_CONTENT_READER_END_OF_STREAM;
	return n > 0 ? n : MHD_CONTENT_READER_END_WITH_ERROR;
}

/* An MHD_ContentReaderFreeCallback. */
static void
end_errand(void *arg)
{
	errand_free(arg);
}

static enum MHD_Result
send_errand(struct MHD_Connection *connection, struct call *call,
    struct errand *errand)
{
	struct MHD_Response *response =
	    MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, 16384,
		read_errand, errand, end_errand);

	if (response == NULL)
		errand_free(errand);
	return send_typed(connection, call, MHD_HTTP_OK, JSON_LINES, response);
}

/* A file. A text that is shown in a frame may do nothing there. */
static enum MHD_Result
send_file(struct MHD_Connection *connection, struct call *call,
    const struct reply *reply)
{
	struct MHD_Response *response =
	    MHD_create_response_from_fd64(reply->size, reply->file);
	bool ok;

	if (response == NULL) {
		close(reply->file);
		return MHD_NO;
	}
	ok = add_headers(response, reply->type) &&
	    (!reply->attached ||
		MHD_add_response_header(response,
		    MHD_HTTP_HEADER_CONTENT_DISPOSITION,
		    "attachment") == MHD_YES) &&
	    (!reply->is_text ||
		(MHD_del_response_header(response, CSP, CLOSED) == MHD_YES &&
		    MHD_add_response_header(response, CSP, SANDBOX) ==
			MHD_YES));
	if (!ok) {
		MHD_destroy_response(response);
		response = NULL;
	}
	return send_response(connection, call, MHD_HTTP_OK, response);
}

static enum MHD_Result
send_page(struct MHD_Connection *connection, struct call *call,
    const struct page *page)
{
	const char *known = header(connection, MHD_HTTP_HEADER_IF_NONE_MATCH);
	const bool is_known = pages_is_known(page, known != NULL ? known : "");
	struct MHD_Response *response =
	    MHD_create_response_from_buffer(is_known ? 0 : page->bytes.len,
		(void *)(uintptr_t)page->bytes.data, MHD_RESPMEM_PERSISTENT);
	bool ok = response != NULL &&
	    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE,
		page->type) == MHD_YES &&
	    MHD_add_response_header(response, MHD_HTTP_HEADER_ETAG,
		page->etag) == MHD_YES;

	for (const struct page_header *h = page_headers; ok && h->name != NULL;
	     h++)
		ok = MHD_add_response_header(response, h->name, h->value) ==
		    MHD_YES;
	if (!ok && response != NULL) {
		MHD_destroy_response(response);
		response = NULL;
	}
	return send_response(connection, call,
	    is_known ? MHD_HTTP_NOT_MODIFIED : MHD_HTTP_OK, response);
}

/* --- Taking a request. --- */

/* Is it a GET of one of the pages' files? */
static const struct page *
page_of(const struct request *request)
{
	return strcmp(request->method, MHD_HTTP_METHOD_GET) == 0
	    ? pages_find(span_of_str(request->path))
	    : NULL;
}

/* An MHD_KeyValueIteratorN: take a key of the query. */
static enum MHD_Result
take_pair(void *arg, enum MHD_ValueKind kind, const char *key, size_t key_len,
    const char *value, size_t value_len)
{
	struct call *call = arg;
	struct request *request = &call->request;

	(void)kind;
	for (size_t i = 0; i < request->num_pairs; i++)
		if (strcmp(request->pairs[i].key, key) == 0)
			error_set(&call->err, ERROR_MALFORMED,
			    "the query has \"%.32s\" twice", key);
	if (value == NULL || strlen(key) != key_len ||
	    strlen(value) != value_len)
		error_set(&call->err, ERROR_MALFORMED,
		    "the query has a key without a value, or a zero byte");
	else if (request->num_pairs == LIMIT_DESK_QUERY)
		error_set(&call->err, ERROR_LIMIT,
		    "the query has more than %d keys", LIMIT_DESK_QUERY);
	if (call->err.kind != ERROR_NONE)
		return MHD_NO;
	request->pairs[request->num_pairs++] =
	    (struct pair){ .key = key, .value = value };
	return MHD_YES;
}

/* The fields by which a request is judged; each may be there once. */
static const char *const judged[] = { MHD_HTTP_HEADER_HOST,
	MHD_HTTP_HEADER_ORIGIN, "Sec-Fetch-Site", "Sec-Fetch-Mode",
	"Sec-Fetch-Dest", "Valise-Desk" };
enum { JUDGED = sizeof(judged) / sizeof(judged[0]) };

/* An MHD_KeyValueIterator: count such a field. */
static enum MHD_Result
count_field(void *arg, enum MHD_ValueKind kind, const char *key,
    const char *value)
{
	unsigned *counts = arg;

	(void)kind;
	(void)value;
	for (size_t i = 0; i < JUDGED; i++)
		counts[i] += strcasecmp(key, judged[i]) == 0;
	return MHD_YES;
}

static bool
has_each_once(struct MHD_Connection *connection, struct error *err)
{
	unsigned counts[JUDGED] = { 0 };

	MHD_get_connection_values(connection, MHD_HEADER_KIND, count_field,
	    counts);
	for (size_t i = 0; i < JUDGED; i++)
		if (counts[i] > 1)
			return error_set(err, ERROR_REFUSED,
			    "the request has %s twice", judged[i]);
	return true;
}

/* May this be asked, before its body is read?  False: call->err says why not. */
static bool
is_let_in(struct MHD_Connection *connection, struct call *call)
{
	struct request *request = &call->request;
	struct desk *desk = request->desk;
	const char *secret = header(connection, "Valise-Desk");
	const struct guard_request from = {
		.host = header(connection, MHD_HTTP_HEADER_HOST),
		.origin = header(connection, MHD_HTTP_HEADER_ORIGIN),
		.site = header(connection, "Sec-Fetch-Site"),
		.mode = header(connection, "Sec-Fetch-Mode"),
		.dest = header(connection, "Sec-Fetch-Dest"),
		.is_page = page_of(request) != NULL,
	};

	if (!has_each_once(connection, &call->err) ||
	    !guard_check(&from, desk->address, &call->err)) {
		call->status = MHD_HTTP_FORBIDDEN;
		return false;
	}
	/* A frame can send no header: its address is a secret itself. */
	if (from.is_page || strcmp(request->path, DESK_SESSION) == 0 ||
	    strncmp(request->path, DESK_ONCE, strlen(DESK_ONCE)) == 0)
		return true;
	if (secret != NULL && door_knows(&desk->door, span_of_str(secret)))
		return true;
	call->status = MHD_HTTP_UNAUTHORIZED;
	return error_set(&call->err, ERROR_REFUSED,
	    door_is_closed(&desk->door)
		? "this desk is closed, since its token was used twice: run"
		  " \"valise desk\" again"
		: "this page does not belong to a session of this desk: run"
		  " \"valise desk\" again");
}

/*
 * The language that a page is shown in, which it says by its code; of one that
 * says none, the desk's own.
 */
static enum dialog_language
language_of(struct MHD_Connection *connection, const struct desk *desk)
{
	const char *code = header(connection, "Valise-Language");

	return dialog_language(code != NULL ? code : desk->context->language);
}

/* The head is there. */
static struct call *
begin(struct desk *desk, struct MHD_Connection *connection, const char *method,
    const char *path)
{
	struct call *call = calloc(1, sizeof(*call));
	bool uses;

	if (call == NULL)
		return NULL;
	call->body = BUF(LIMIT_DESK_BODY);
	call->request = (struct request){ .desk = desk,
		.language = language_of(connection, desk),
		.method = method,
		.path = path };
	if (is_let_in(connection, call) && page_of(&call->request) == NULL) {
		if (!routes_has(method, path, &uses))
			error_set(&call->err, ERROR_NOT_FOUND,
			    "the desk has no %.80s", path);
		else if (uses)
			desk->used_ms = time_monotonic_ms();
		MHD_get_connection_values_n(connection, MHD_GET_ARGUMENT_KIND,
		    take_pair, call);
		if (call->err.kind == ERROR_NONE &&
		    strcmp(path, DESK_UPLOADS) == 0)
			call->upload = acts_begin_upload(&call->request,
			    header(connection, MHD_HTTP_HEADER_CONTENT_LENGTH),
			    &call->err);
	}
	return call;
}

/* False, and the call's error, if there is none. */
static bool
get_reply(struct call *call, struct reply *out)
{
	struct spool_upload *upload = call->upload;

	if (upload == NULL)
		return routes_answer(&call->request, out, &call->err);
	call->upload = NULL;
	out->status = MHD_HTTP_OK;
	out->body = BUF(LIMIT_DESK_BODY);
	return acts_end_upload(upload, out, &call->err);
}

static enum MHD_Result
answer(struct MHD_Connection *connection, struct call *call)
{
	const struct page *page = page_of(&call->request);
	struct reply reply = { .pipe = -1, .file = -1 };
	enum MHD_Result rc;

	if (call->err.kind == ERROR_NONE && page != NULL)
		return send_page(connection, call, page);
	call->request.body = buf_span(&call->body);
	if (call->err.kind != ERROR_NONE || !get_reply(call, &reply))
		rc = send_problem(connection, call);
	else if (reply.errand != NULL)
		rc = send_errand(connection, call, reply.errand);
	else if (reply.file >= 0)
		rc = send_file(connection, call, &reply);
	else if (reply.pipe >= 0)
		rc = send_lines(connection, call, &reply);
	else
		rc = send_bytes(connection, call, (unsigned)reply.status,
		    "application/json", buf_span(&reply.body));
	call->ends_desk = reply.ends_desk;
	buf_free(&reply.body);
	return rc;
}

static void
take_body(struct call *call, struct span bytes)
{
	if (call->err.kind != ERROR_NONE)
		return;
	if (call->upload != NULL) {
		/* A file that comes is use of the desk. */
		call->request.desk->used_ms = time_monotonic_ms();
		if (spool_write(call->upload, bytes, &call->err))
			return;
		spool_drop(call->upload);
		call->upload = NULL;
	} else if (!buf_append(&call->body, bytes, &call->err))
		call->status = MHD_HTTP_CONTENT_TOO_LARGE;
}

/* An MHD_AccessHandlerCallback: called for the head, each piece of the body and
 * its end. */
static enum MHD_Result
take_call(void *arg, struct MHD_Connection *connection, const char *url,
    const char *method, const char *version, const char *data, size_t *len,
    void **state)
{
	struct server *server = arg;
	struct call *call = *state;

	(void)version;
	if (call == NULL) {
		*state = call = begin(server->desk, connection, method, url);
		if (call == NULL)
			return MHD_NO;
		/* Nothing of the body is read of who is not let in. */
		return call->err.kind != ERROR_NONE
		    ? send_problem(connection, call)
		    : MHD_YES;
	}
	if (call->answered)
		return MHD_YES;
	if (*len == 0)
		return answer(connection, call);
	take_body(call, span_of(data, *len));
	*len = 0;
	return MHD_YES;
}

/* An MHD_RequestCompletedCallback. */
static void
end_call(void *arg, struct MHD_Connection *connection, void **state,
    enum MHD_RequestTerminationCode how)
{
	struct call *call = *state;

	(void)arg;
	(void)connection;
	(void)how;
	if (call == NULL)
		return;
	/* The main thread waits for it (run.c). */
	if (call->ends_desk)
		kill(getpid(), SIGTERM);
	spool_drop(call->upload);
	buf_free(&call->body);
	free(call);
	*state = NULL;
}

/* --- Its life. --- */

/* An MHD_AcceptPolicyCallback. */
static enum MHD_Result
take_peer(void *arg, const struct sockaddr *peer, socklen_t len)
{
	const struct server *server = arg;
	struct sockaddr_in from;

	if (len < sizeof(from) || peer->sa_family != AF_INET)
		return MHD_NO;
	memcpy(&from, peer, sizeof(from));
	return listen_is_ours(&server->at, &from) ? MHD_YES : MHD_NO;
}

struct server *
server_start(struct desk *desk, struct error *err)
{
	struct server *server = calloc(1, sizeof(*server));
	char text[INET_ADDRSTRLEN];
	int fd;

	if (server == NULL) {
		error_set_errno(err, "the desk");
		return NULL;
	}
	server->desk = desk;
	if ((fd = listen_open(&server->at, err)) < 0) {
		server_stop(server);
		return NULL;
	}
	inet_ntop(AF_INET, &server->at.sin_addr, text, sizeof(text));
	snprintf(desk->address, sizeof(desk->address), "%s:%u", text,
	    ntohs(server->at.sin_port));
	server->daemon = MHD_start_daemon(MHD_USE_THREAD_PER_CONNECTION |
		MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_POLL,
	    0, take_peer, server, take_call, server, MHD_OPTION_LISTEN_SOCKET,
	    fd, MHD_OPTION_CONNECTION_LIMIT, (unsigned)LIMIT_DESK_CONNECTIONS,
	    MHD_OPTION_CONNECTION_TIMEOUT, 300u, MHD_OPTION_THREAD_STACK_SIZE,
	    (size_t)512 * 1024, MHD_OPTION_NOTIFY_COMPLETED, end_call, NULL,
	    MHD_OPTION_END);
	if (server->daemon == NULL) {
		error_set_errno(err, "%s: listen", desk->address);
		close(fd);
		server_stop(server);
		return NULL;
	}
	return server;
}

void
server_stop(struct server *server)
{
	const uint64_t one = 1;

	if (server == NULL)
		return;
	/* Whoever waits for a command or a person waits no more. */
	(void)!write(server->desk->stop, &one, sizeof(one));
	if (server->daemon != NULL)
		MHD_stop_daemon(server->daemon);
	free(server);
}
