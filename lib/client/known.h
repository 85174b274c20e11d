/*
 * known.h - names that this office has met, for the shell's completion: what is
 * kept in its state, without a line and quickly.
 *
 *	STATE/KEYID/documents   names of documents that were listed or
 *	                        deposited here, sorted, a line each
 */
#ifndef CLIENT_KNOWN_H
#define CLIENT_KNOWN_H

#include "client/context.h"

/*
 * Set the state folder of the configuration, and nothing more: a context that
 * the functions below read.  context_free() it.
 */
bool known_begin(struct context *context, struct error *err) MUST_USE;

/*
 * Append a line for each name that begins with start: the documents whose acts,
 * copies or names are kept; of "TYPE/SLUG@" its versions.  What is in a file of
 * the state and is no name of a document is left out.
 */
bool known_documents(struct context *context, const char *start,
    struct buf *out, struct error *err) MUST_USE;
/* The same by the newest policy that was accepted. */
bool known_offices(struct context *context, struct buf *out,
    struct error *err) MUST_USE;
bool known_parties(struct context *context, struct buf *out,
    struct error *err) MUST_USE;
bool known_types(struct context *context, struct buf *out,
    struct error *err) MUST_USE;

/*
 * Remember names of documents: checked ones, sorted, a line each.  A
 * convenience: nothing is said where they cannot be kept.
 */
void known_remember(const struct context *context, struct span names);

#endif
