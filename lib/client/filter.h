/*
 * filter.h - which entries of the journal are asked for.
 *
 * One struct makes the question and judges each entry of the answer: what a
 * daemon shows beside the question would else be taken for its answer.
 */
#ifndef CLIENT_FILTER_H
#define CLIENT_FILTER_H

#include "journal/entry.h"

/* An act, for the four from which a document's state follows. */
#define FILTER_DOCUMENTS "documents"

/* The code of the error where an answer is not one to the question. */
#define ANSWER_DIFFERS "ANSWER_DIFFERS"

/* All zero: every entry. */
struct entry_filter {
	const char *document, *office, *person; /* NULL: any */
	const char *act;                        /* the same */
	uint64_t from, until; /* indices [from, until); until 0: no end */
	uint64_t at; /* as of the checkpoint of this size; 0: the newest */
};

/* Append the query, from an index on, after "?". */
bool filter_query(const struct entry_filter *filter, uint64_t from,
    struct buf *out, struct error *err) MUST_USE;

/*
 * Was this entry asked for?
 *
 * ERROR_UNTRUSTED  ANSWER_DIFFERS: no
 */
bool filter_check(const struct entry_filter *filter, uint64_t index,
    const struct entry *entry, struct error *err) MUST_USE;
/* The same, where entries that were not asked for are no fault. */
bool filter_takes(const struct entry_filter *filter, uint64_t index,
    const struct entry *entry);

#endif
