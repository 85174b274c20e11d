/*
 * as_of.h - a status has a date: what it follows from, and up to when it is
 * known that nothing came since.
 *
 * A copy alone tells the status as of its last act, and nothing of what came
 * after that.  This office knows more where it was given every act on the
 * document up to a size of the journal (acts.h), and saw that size at a time of
 * its own clock.
 */
#ifndef CLIENT_AS_OF_H
#define CLIENT_AS_OF_H

#include <jansson.h>

#include "client/acts.h"

struct as_of {
	/* The last act, and the depositary's time of it. */
	uint64_t entry;
	int64_t time_ms;
	int64_t witnessed_at; /* when a witness had seen it; 0: none has */
	/* Up to this checkpoint nothing came since; 0: that is not known. */
	uint64_t size;
	int64_t seen_at; /* our own clock, when that checkpoint was seen */
	/* The depositor of the version that withdrew this one, or empty. */
	char withdrew[LIMIT_EMAIL_BYTES + 1], withdrew_office[POLICY_NAME];
	uint64_t withdrew_entry;
};

/* Of a VALID copy alone. */
void as_of_copy(const struct verdict *verdict, struct as_of *out);
/*
 * Of a VALID copy beside acts: if these have all of its acts, its status
 * becomes the one that they tell. proof is the copy's (cli/local/local.h).
 *
 * ERROR_UNTRUSTED  the copy proves an act that is not among them, though they
 *                   were said to be all: ENTRY_WITHHELD if it is of the history
 *                   that was seen, else JOURNAL_ROLLED_BACK
 */
bool as_of_acts(const struct document_acts *acts, bool proved,
    struct verdict *verdict, struct as_of *out, struct error *err) MUST_USE;
/* The same by the acts that this office keeps; the daemon is not asked. */
bool as_of_kept(struct context *context, bool proved, struct verdict *verdict,
    struct as_of *out, struct error *err) MUST_USE;

/* Of a document: its last act, up to the size that is known. */
void as_of_document(const struct document_acts *acts, struct as_of *out);

/* Write "checkpoint 212, seen 2027-01-05" or "entry 80 of 2026-11-24". */
#define AS_OF_TEXT 120
void as_of_text(const struct as_of *as_of, char out[AS_OF_TEXT]);
json_t *as_of_json(const struct as_of *as_of);
/* Write as as_of_text() does, from as_of_json()'s; empty from anything else. */
void as_of_json_text(const json_t *json, char out[AS_OF_TEXT]);

#endif
