/*
 * answer.h - the head of an answer, and the end of a request.
 *
 * Source: RFC 9112 section 4 (status line), RFC 9110 section 15 (statuses).
 */
#ifndef DAEMON_HTTP_ANSWER_H
#define DAEMON_HTTP_ANSWER_H

#include "daemon/http/request.h"

/* The reason phrase of a status; "Unknown" if none is sent here. */
const char *http_answer_reason(int status);

/* Has the answer no body, whatever its response has (RFC 9110 section 6.4.1)? */
bool http_answer_is_bodyless(const struct http_request *request);

/*
 * Append to out the head of the answer in request->response, and the body
 * that is in memory; one that is in a file is left to the caller.
 *
 * close  say that the connection ends after it
 * begun  a stream's head is out already: only the body is appended
 *
 * ERROR_SYSTEM  there is no memory; out may have a part of it
 */
bool http_answer_encode(const struct http_request *request, bool close,
    bool begun, struct buf *out, struct error *err) MUST_USE;

/* Close its files and free it.  NULL is fine. */
void http_request_free(struct http_request *request);

#endif
