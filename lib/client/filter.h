/*
 * filter.h - which entries of the journal are asked for.
 *
 * One struct makes the question and judges each entry of the answer: what a
 * daemon shows beside the question would else be taken for its answer.
 */
#ifndef CLIENT_FILTER_H
#define CLIENT_FILTER_H

#include "journal/entry.h"

/* In place of an act: the four acts from which a document's state follows. */
#define FILTER_DOCUMENTS "documents"

/* The error's code if an answer does not fit the question. */
#define ANSWER_DIFFERS "ANSWER_DIFFERS"

/* A filter. All zero: every entry. */
struct entry_filter {
	const char *document, *office, *person; /* NULL: any document */
	const char *act;                        /* NULL: any */
	uint64_t from, until; /* indices [from, until); until 0: no end */
	uint64_t at; /* as of the checkpoint of this size; 0: of the newest */
};

/* Append the query after "?", for entries from an index on. */
bool filter_query(const struct entry_filter *filter, uint64_t from,
    struct buf *out, struct error *err) MUST_USE;

/*
 * Check that an entry was asked for.
 *
 * ERROR_UNTRUSTED  ANSWER_DIFFERS: it was not
 */
bool filter_check(const struct entry_filter *filter, uint64_t index,
    const struct entry *entry, struct error *err) MUST_USE;
/* True if it was, for a caller to whom other entries are no fault. */
bool filter_takes(const struct entry_filter *filter, uint64_t index,
    const struct entry *entry);

#endif
