/*
 * answer.h - encoding the head of an answer, and freeing a request.
 *
 * Source: RFC 9112 section 4 (status line), RFC 9110 section 15 (statuses).
 */
#ifndef DAEMON_HTTP_ANSWER_H
#define DAEMON_HTTP_ANSWER_H

#include "daemon/http/request.h"

/*
 * Returns the reason phrase of a status; "Unknown" for one that is never sent
 * here.
 */
const char *http_answer_reason(int status);

/*
 * Has the answer no body, whatever its response holds (RFC 9110 section 6.4.1)?
 */
bool http_answer_is_bodyless(const struct http_request *request);

/*
 * Append to out the head of the answer in request->response, and its body if
 * that is in memory; a body in a file is left to the caller.
 *
 * close  the connection ends after this answer
 * begun  the head of a stream, or of an answer in parts, was sent before:
 *        append the body only
 *
 * ERROR_SYSTEM  there is no memory; out may have a part of the answer
 */
bool http_answer_encode(const struct http_request *request, bool close,
    bool begun, struct buf *out, struct error *err) MUST_USE;

/* Close the request's files and free it.  NULL is fine. */
void http_request_free(struct http_request *request);

#endif
