/*
 * listing.h - which documents GET /v1/documents lists, and in which order.
 */
#ifndef DAEMON_API_LISTING_H
#define DAEMON_API_LISTING_H

#include "daemon/api/job.h"
#include "record/order.h"
#include "record/sorting.h"
#include "record/words.h"

/* What was asked for; an empty text: any. */
struct listing {
	char type[LIMIT_SLUG_BYTES + 1], status[32];
	char document[DOCUMENT_NAME];
	char office[POLICY_NAME], party[POLICY_NAME];
	char language[LIMIT_LANGUAGE_BYTES + 1];
	int64_t from_ms, until_ms; /* of the newest version: [from, until) */
	struct words words;
	bool waits;
	struct sorting sorting;
	unsigned limit;
	bool counted; /* it is told how many there are */
	/* The page follows a document that has this key and name; or "". */
	struct sort_key after;
	char after_name[DOCUMENT_NAME];
	/* Whoever asks, and the policies that tell the party of an office. */
	struct sight sight;
	const char *person;
	int64_t now_at;
	const struct policy *policies[LIMIT_ACCEPTED_LOOKS];
	size_t num_policies;
	/* Offices whose party was found; the names are the ledger's. */
	struct {
		const char *office;
		bool is_meant;
	} offices[64];
	size_t num_offices;
};

/*
 * Read the query.
 *
 * ERROR_USAGE  a value is there twice, or is none of its parameter
 */
bool listing_read(const struct job *job, struct listing *out,
    struct error *err) MUST_USE;

/*
 * Returns the first document that may be listed, behind a name and itself of
 * the type or name that is asked for; NULL if there is none. The others follow
 * it while listing_is_within(). The ledger is locked.
 */
struct ledger_document *listing_first(const struct listing *listing,
    const struct order *order, const char *after, struct order_cursor *at);
bool listing_is_within(const struct listing *listing, const char *name);

/* Does it wait for the signature of whoever asks? */
bool listing_waits(const struct listing *listing,
    const struct ledger_document *doc);
/* Must titles and languages be known, which may have to be read? */
bool listing_needs_titles(const struct listing *listing,
    const struct ledger_document *doc);
/*
 * Is the document one that was asked for? listing_takes() but for the words and
 * the language. scratch: words_match().
 */
bool listing_takes(struct listing *listing, const struct ledger_document *doc);
bool listing_matches(struct listing *listing, const struct ledger_document *doc,
    struct buf *scratch);

#endif
