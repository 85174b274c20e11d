/*
 * head.h - parsing the head of an HTTP/1.1 request, strictly.
 *
 * Source: RFC 9112.  A head that two programs could read differently is
 * refused: our parser decides, and http-parser must agree with it on method,
 * length, framing and end (tests/fuzz/fuzz_head.c).
 */
#ifndef DAEMON_HTTP_HEAD_H
#define DAEMON_HTTP_HEAD_H

#include "base/digest.h"
#include "base/limits.h"

struct http_head {
	char method[8];
	char target[LIMIT_HTTP_TARGET + 1]; /* origin-form, "/…" */
	uint64_t length;
	bool has_length, chunked, expect, close;
	bool gzip; /* Content-Encoding: gzip; only the git routes accept it */
	char range[64], if_range[128], if_none_match[128];
	char git_protocol[128], content_type[64], accept_encoding[128];
	/* For uploads (tus 1.0). */
	char tus_resumable[16], upload_length[24], upload_offset[24];
	char upload_checksum[96], upload_metadata[512];
	char last_event_id[24];
	/*
	 * What a browser tells of the page that asks. cross_site: by
	 * Sec-Fetch-Site the page is not ours. origin: empty if there is no
	 * Origin; "null", which matches no page, if it cannot be read.
	 */
	bool cross_site;
	char origin[320];
	/* Sec-Fetch-Mode and -Dest; likewise "null" if they cannot be read. */
	char fetch_mode[16], fetch_dest[16];
	char valise_prepare[8];
	/* Valise-Interim: 102: the caller takes such answers to any request. */
	bool takes_interim;
	/* Valise-Accepted: the policy that the caller's office has accepted. */
	bool has_accepted;
	struct digest accepted;
};

/*
 * Parse a head that ends with its empty line.  Returns 0, or the status to
 * refuse it with; after that nothing on the connection can be trusted.
 */
int http_head_parse(struct span text, struct http_head *out);

/*
 * Was the request made by no page, or by a page of address
 * ("https://HOST[:PORT]")?  A browser adds its certificate to every request,
 * whichever page makes it (RFC 6454 section 7; W3C Fetch Metadata section 2.1).
 */
bool http_is_same_origin(const struct http_head *head, const char *address);
/*
 * Is it the GET of a browser whose window goes to this address, by a link of
 * whichever page (W3C Fetch Metadata section 2.3: navigate, to a document)?  No
 * page sees the answer, and no frame shows it.
 */
bool http_is_visit(const struct http_head *head);

/* Returns the path of a target, without its query. */
struct span http_path(const struct http_head *head);
/* Does the query have this parameter, even if empty or broken? */
bool http_has_query(const struct http_head *head, const char *name);
/*
 * Get a parameter of the query, percent-decoded; out is empty if it is missing.
 * False if it is there twice, too long or broken.
 */
bool http_query(const struct http_head *head, const char *name, char *out,
    size_t room) MUST_USE;
/*
 * The same of what a person typed: any bytes but control characters, and "+" is
 * a blank, as forms send it (WHATWG URL, section 5.1).
 */
bool http_query_text(const struct http_head *head, const char *name, char *out,
    size_t room) MUST_USE;

/*
 * Parse "bytes=A-B", "bytes=A-" or "bytes=-N" for size bytes.  Returns 206 with
 * [*from, *to), 416 if no byte is in the range, or 200 for anything else (RFC
 * 9110 section 14.2: a range that is not understood is ignored).
 */
int http_range(const char *range, uint64_t size, uint64_t *from, uint64_t *to);

#endif
