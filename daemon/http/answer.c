/*
 * The head of an answer, encoded; and freeing a request (answer.h).
 */
#include "daemon/http/answer.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char *
http_answer_reason(int status)
{
	static const struct {
		int status;
		const char *text;
	} reasons[] = { { 200, "OK" }, { 201, "Created" },
		{ 204, "No Content" }, { 206, "Partial Content" },
		{ 304, "Not Modified" }, { 400, "Bad Request" },
		{ 403, "Forbidden" }, { 404, "Not Found" },
		{ 405, "Method Not Allowed" }, { 409, "Conflict" },
		{ 411, "Length Required" }, { 412, "Precondition Failed" },
		{ 413, "Content Too Large" }, { 414, "URI Too Long" },
		{ 415, "Unsupported Media Type" },
		{ 416, "Range Not Satisfiable" }, { 417, "Expectation Failed" },
		{ 422, "Unprocessable Content" }, { 423, "Locked" },
		{ 429, "Too Many Requests" },
		{ 431, "Request Header Fields Too Large" },
		{ 460, "Checksum Mismatch" }, { 500, "Internal Server Error" },
		{ 501, "Not Implemented" }, { 503, "Service Unavailable" },
		{ 505, "HTTP Version Not Supported" },
		{ 507, "Insufficient Storage" } };

	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (reasons[i].status == status)
			return reasons[i].text;
	return "Unknown";
}

bool
http_answer_is_bodyless(const struct http_request *request)
{
	const int status = request->response.status;

	return strcmp(request->head.method, "HEAD") == 0 || status == 304 ||
	    status == 204;
}

/* Encode the status line and the fields. */
static bool
put_head(const struct http_request *request, bool close, struct buf *out,
    struct error *err)
{
	const struct http_response *response = &request->response;
	const uint64_t len = response->fd >= 0 ? response->to - response->from
					       : response->body.len;
	/*
	 * No browser keeps what an office was told, nor takes a text for a
	 * page (RFC 9111 section 5.2.2.5; WHATWG Fetch, nosniff).
	 */
	static const char of_all[] = "Cache-Control: no-store\r\n"
				     "X-Content-Type-Options: nosniff\r\n";
	char length[48] = "";

	/*
	 * The length of a stream is not known; a 204 has none (RFC 9110 section
	 * 8.6).
	 */
	if (response->parts)
		snprintf(length, sizeof(length),
		    "Transfer-Encoding: chunked\r\n");
	else if (!response->stream && response->status != 204)
		snprintf(length, sizeof(length), "Content-Length: %llu\r\n",
		    (unsigned long long)len);
	return buf_printf(out, err,
	    "HTTP/1.1 %d %s\r\nRequest-Id: %s\r\n%s%s%s%s%s%s%s\r\n",
	    response->status, http_answer_reason(response->status), request->id,
	    response->type != NULL ? "Content-Type: " : "",
	    response->type != NULL ? response->type : "",
	    response->type != NULL ? "\r\n" : "",
	    response->is_page ? "" : of_all, response->headers, length,
	    close ? "Connection: close\r\n" : "");
}

/* Encode a part as a chunk; the last one is followed by the end. */
static bool
put_chunk(const struct http_response *response, struct buf *out,
    struct error *err)
{
	/* An empty chunk would be the end. */
	return (response->body.len == 0 ||
		   (buf_printf(out, err, "%zx\r\n", response->body.len) &&
		       buf_append(out, buf_span(&response->body), err) &&
		       buf_append_str(out, "\r\n", err))) &&
	    (!response->last || buf_append_str(out, "0\r\n\r\n", err));
}

bool
http_answer_encode(const struct http_request *request, bool close, bool begun,
    struct buf *out, struct error *err)
{
	const struct http_response *response = &request->response;

	if (!begun && !put_head(request, close, out, err))
		return false;
	if (response->parts)
		return http_answer_is_bodyless(request) ||
		    put_chunk(response, out, err);
	return http_answer_is_bodyless(request) || response->fd >= 0 ||
	    buf_append(out, buf_span(&response->body), err);
}

void
http_request_free(struct http_request *request)
{
	if (request == NULL)
		return;
	X509_free(request->peer);
	if (request->spool >= 0)
		close(request->spool);
	if (request->response.fd >= 0)
		close(request->response.fd);
	buf_free(&request->response.body);
	free(request);
}
