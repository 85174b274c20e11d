/*
 * head.h - the head of an HTTP/1.1 request, read strictly.
 *
 * Source: RFC 9112.  What two programs could read in two ways is refused: our
 * scan decides, and http-parser must agree with it on method, length, framing
 * and end (tests/fuzz/fuzz_head.c).
 */
#ifndef DAEMON_HTTP_HEAD_H
#define DAEMON_HTTP_HEAD_H

#include "base/bytes.h"
#include "base/limits.h"

struct http_head {
	char method[8];
	char target[LIMIT_HTTP_TARGET + 1]; /* origin-form, "/…" */
	uint64_t length;
	bool has_length, chunked, expect, close;
	bool gzip; /* Content-Encoding; nothing here takes it but git's */
	char range[64], if_range[128], if_none_match[128];
	char git_protocol[128], content_type[64];
	/* tus 1.0 */
	char tus_resumable[16], upload_length[24], upload_offset[24];
	char upload_checksum[96], upload_metadata[512];
	char last_event_id[24];
	/*
	 * What a browser tells of the page that asks.  cross_site: it says, by
	 * Sec-Fetch-Site, that it is none of ours.  origin: empty where there
	 * is none; "null", which is nobody's, where it cannot be told.
	 */
	bool cross_site;
	char origin[320];
	char valise_prepare[8];
};

/*
 * Read a head that ends with its empty line.  0, or the status to refuse it
 * with: after that nothing on the connection can be believed.
 */
int http_head_parse(struct span text, struct http_head *out);

/*
 * Was this asked by no page, or by a page of address ("https://HOST[:PORT]")?
 * A certificate in a browser goes with every request, whoever's page makes it
 * (RFC 6454 section 7; W3C Fetch Metadata section 2.1).
 */
bool http_is_same_origin(const struct http_head *head, const char *address);

/* The path of a target, without its query. */
struct span http_path(const struct http_head *head);
/* Does the query have that parameter, empty and broken ones included? */
bool http_has_query(const struct http_head *head, const char *name);
/*
 * A parameter of the query, percent-decoded.  False where it is there twice,
 * too long or broken; out is empty where it is not there.
 */
bool http_query(const struct http_head *head, const char *name, char *out,
    size_t room) MUST_USE;

/*
 * "bytes=A-B", "bytes=A-" or "bytes=-N" of size bytes: 206 with [*from, *to),
 * 416 where none of it is there, 200 for anything else (RFC 9110 section 14.2:
 * a range that is not understood is ignored).
 */
int http_range(const char *range, uint64_t size, uint64_t *from, uint64_t *to);

#endif
