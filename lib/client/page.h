/*
 * page.h - one page of the journal's entries, as a daemon sends it: JSON lines,
 * the last with the checkpoint (docs/formats.md, "HTTP").
 */
#ifndef CLIENT_PAGE_H
#define CLIENT_PAGE_H

#include <jansson.h>

#include "journal/note.h"

struct page {
	json_t **lines;
	size_t num;
	/* the index to ask from next; UINT64_MAX: there are no more */
	uint64_t next;
	struct checkpoint checkpoint;
	const char *note; /* its text is within lines */
};

/*
 * Parse a page. The checkpoint must be signed by one of keys; the entries are
 * not looked at. Call page_free() even after a failure.
 *
 * ERROR_MALFORMED  it is no such page
 * ERROR_LIMIT      more than LIMIT_ENTRIES_PAGE entries
 * ERROR_UNTRUSTED  note_open() refuses the checkpoint
 */
bool page_read(struct span text, const struct note_keys *keys, struct page *out,
    struct error *err) MUST_USE;
void page_free(struct page *page);

#endif
