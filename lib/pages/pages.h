/*
 * pages.h - the files of the pages in a browser (web/), which are in both
 * programs: valised serves them at its address, `valise desk` on loopback.
 *
 * They are public and hold no data.  The build makes a table of them
 * (lib/pages/embed.c) of the files that web/meson.build names.
 */
#ifndef PAGES_PAGES_H
#define PAGES_PAGES_H

#include "base/bytes.h"

struct page {
	const char *path; /* in an address: "/" is index.html, or "/app.js" */
	const char *type; /* its media type, for Content-Type */
	/*
	 * Strong ETags (RFC 9110 section 8.8.3), quotes included: the SHA-256
	 * of bytes, shortened; and that of the same in gzip's format.
	 */
	const char *etag, *gzip_etag;
	struct span bytes;
	struct span gzip; /* RFC 1952; empty where it is no shorter */
};

/* A field of an answer. */
struct page_header {
	const char *name, *value;
};

/*
 * What every answer with a page has beside its type, its ETag and
 * "Vary: Accept-Encoding", whatever its status; ends with a NULL name.
 *
 * Content-Security-Policy  (W3C CSP 3, Trusted Types) nothing that is not
 *  ours, no script or style in a document, no string that becomes markup
 * Cache-Control  no-cache: kept, and asked for again with its ETag
 */
extern const struct page_header page_headers[];

/* Returns the page at a path without a query, or NULL. */
const struct page *pages_find(struct span path);

/* All of them, in the order of their paths. */
extern const struct page pages_all[];
extern const size_t pages_num;

/*
 * Does the value of an If-None-Match field name this page, in either format
 * (RFC 9110 section 13.1.2)?  "" names none.
 */
bool pages_is_known(const struct page *page, const char *if_none_match);

/*
 * Does the value of an Accept-Encoding field take gzip (RFC 9110 section
 * 12.5.3)?  A weight of 0 refuses it; "" and "*" do not ask for it.
 */
bool pages_takes_gzip(const char *accept_encoding);

#endif
