/*
 * The parameters of GET /v1/documents, and the documents that they mean
 * (listing.h).
 */
#include "daemon/api/listing.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/time.h"
#include "record/awaiting.h"

/* --- Reading the query. --- */

static bool
read_status(const char *text, struct error *err)
{
	if (text[0] == '\0')
		return true;
	for (enum status one = STATUS_DRAFT; one <= STATUS_LAPSED; one++)
		if (strcmp(text, status_name(one)) == 0)
			return true;
	return error_set(err, ERROR_USAGE, "there is no status \"%s\"", text);
}

/* A time, or a date: its beginning, or where it ends a range its end. */
static bool
read_time(const char *text, bool ends, int64_t *out_ms, struct error *err)
{
	int64_t at;

	if (text[0] == '\0')
		return true;
	if (time_parse_date(span_of_str(text), &at))
		at += ends ? 24 * 60 * 60 : 0;
	else if (!time_parse_at(span_of_str(text), &at))
		return error_set(err, ERROR_USAGE,
		    "\"%s\" is neither a date nor a time", text);
	*out_ms = at * 1000;
	return true;
}

static bool
read_dates(const struct http_head *head, struct listing *out, struct error *err)
{
	char since[TIME_TEXT], from[TIME_TEXT], until[TIME_TEXT];

	out->from_ms = INT64_MIN;
	out->until_ms = INT64_MAX;
	if (!http_query(head, "since", since, sizeof(since)) ||
	    !http_query(head, "from", from, sizeof(from)) ||
	    !http_query(head, "until", until, sizeof(until)))
		return error_set(err, ERROR_USAGE,
		    "a date is there twice, too long, or broken");
	if (since[0] != '\0' && from[0] != '\0')
		return error_set(err, ERROR_USAGE,
		    "from and since mean the same: give one of them");
	return read_time(since[0] != '\0' ? since : from, false, &out->from_ms,
		   err) &&
	    read_time(until, true, &out->until_ms, err);
}

static bool
read_limit(const struct job *job, struct listing *out, struct error *err)
{
	uint64_t limit = LIMIT_LIST_PAGE;

	if (!job_query_number(job, "limit", &limit, err))
		return false;
	if (limit < 1 || limit > LIMIT_LIST_PAGE)
		return error_set(err, ERROR_USAGE,
		    "limit is a number from 1 to %d", LIMIT_LIST_PAGE);
	out->limit = (unsigned)limit;
	return true;
}

static bool
read_words(const struct http_head *head, struct listing *out, struct error *err)
{
	char words[LIMIT_QUERY_BYTES + 1];

	if (!http_query_text(head, "q", words, sizeof(words)))
		return error_set(err, ERROR_USAGE,
		    "q is there twice, broken, or over %d bytes",
		    LIMIT_QUERY_BYTES);
	return words_parse(span_of_str(words), &out->words, err);
}

static bool
read_texts(const struct http_head *head, struct listing *out, struct error *err)
{
	char waits[8];

	if (!http_query(head, "type", out->type, sizeof(out->type)) ||
	    !http_query(head, "status", out->status, sizeof(out->status)) ||
	    !http_query(head, "document", out->document,
		sizeof(out->document)) ||
	    !http_query(head, "office", out->office, sizeof(out->office)) ||
	    !http_query(head, "party", out->party, sizeof(out->party)) ||
	    !http_query(head, "language", out->language,
		sizeof(out->language)) ||
	    !http_query(head, "waits", waits, sizeof(waits)))
		return error_set(err, ERROR_USAGE,
		    "a filter is there twice, too long, or broken");
	if (out->language[0] != '\0' &&
	    !text_is_language(span_of_str(out->language)))
		return error_set(err, ERROR_USAGE,
		    "\"%s\" is no language: \"lo\", \"pt-br\"", out->language);
	out->waits = waits[0] != '\0';
	if (out->waits && strcmp(waits, "me") != 0)
		return error_set(err, ERROR_USAGE, "waits is \"me\"");
	return read_status(out->status, err);
}

/* The order, and where in it the page begins. */
static bool
read_place(const struct http_head *head, struct listing *out, struct error *err)
{
	char sort[SORTING_TEXT], cursor[SORTING_CURSOR];

	if (!http_query(head, "sort", sort, sizeof(sort)) ||
	    !http_query(head, "cursor", cursor, sizeof(cursor)))
		return error_set(err, ERROR_USAGE,
		    "sort or cursor is there twice, too long, or broken");
	return (sort[0] == '\0' || sorting_parse(sort, &out->sorting, err)) &&
	    (cursor[0] == '\0' ||
		sorting_cursor_parse(cursor, &out->sorting, &out->after,
		    out->after_name, err));
}

/*
 * Get the policies that there were, the newest first: an office that is not in
 * the newest any more is of the party that it was of.
 */
static bool
load_policies(const struct job *job, struct listing *out, struct error *err)
{
	const struct record *record = job->api->record;
	uint64_t indices[LIMIT_ACCEPTED_LOOKS];
	struct ledger_places places;
	struct verdict_act *acts;
	size_t num;

	out->policies[out->num_policies++] = job->connected.by.policy;
	ledger_read_lock(record->ledger);
	places = ledger_of_act(record->ledger, ACT_POLICY);
	num = places.num < LIMIT_ACCEPTED_LOOKS ? places.num
						: LIMIT_ACCEPTED_LOOKS;
	for (size_t i = 0; i < num; i++)
		indices[i] = ledger_place(&places, places.num - 1 - i);
	ledger_unlock(record->ledger);
	if ((acts = stored_acts(record->journal, indices, num, err)) == NULL)
		return false;
	for (size_t i = 0; i < num && out->num_policies < LIMIT_ACCEPTED_LOOKS;
	     i++) {
		const struct policy *one =
		    library_policy(record->library, &acts[i].entry.policy);

		if (one != NULL && one != job->connected.by.policy)
			out->policies[out->num_policies++] = one;
	}
	free(acts);
	return true;
}

bool
listing_read(const struct job *job, struct listing *out, struct error *err)
{
	const struct http_head *head = &job->request->head;

	*out = (struct listing){ .person = job->connected.person,
		.now_at = time_now_ms() / 1000,
		.sight =
		    sight_of(job->connected.by.policy, job->connected.office) };
	if (!read_texts(head, out, err) || !read_dates(head, out, err) ||
	    !read_words(head, out, err) || !read_place(head, out, err) ||
	    !read_limit(job, out, err))
		return false;
	/* Who reads page after page is not told each time how many there are. */
	out->counted = http_has_query(head, "limit") ||
	    out->sorting.by != SORT_NAME || out->sorting.descending;
	return out->party[0] == '\0' || load_policies(job, out, err);
}

/* --- What is meant. --- */

bool
listing_is_within(const struct listing *listing, const char *name)
{
	const size_t len = strlen(listing->type);

	return (len == 0 ||
		   (strncmp(name, listing->type, len) == 0 &&
		       name[len] == '/')) &&
	    (listing->document[0] == '\0' ||
		strcmp(name, listing->document) == 0);
}

struct ledger_document *
listing_first(const struct listing *listing, const struct order *order,
    const char *after, struct order_cursor *at)
{
	char from[DOCUMENT_NAME + 2] = "";
	struct ledger_document *doc;

	if (listing->document[0] != '\0')
		text_set(from, sizeof(from), listing->document);
	else if (listing->type[0] != '\0')
		snprintf(from, sizeof(from), "%s/", listing->type);
	*at = strcmp(after, from) >= 0 ? order_after(order, after)
				       : order_from(order, from);
	doc = order_next(order, at);
	return doc != NULL && listing_is_within(listing, doc->name) ? doc
								    : NULL;
}

/* A status finds a document by its newest version or by the one in force. */
static bool
has_status(const struct ledger_document *doc, const char *status)
{
	return strcmp(status, status_name(ledger_status(doc))) == 0 ||
	    (strcmp(status, status_name(STATUS_IN_FORCE)) == 0 &&
		ledger_now_in_force(doc) != NULL);
}

/* Is it an office of the party, by the newest policy that has the office? */
static bool
is_of_party(const struct listing *listing, const char *office)
{
	for (size_t i = 0; i < listing->num_policies; i++) {
		const struct office *one =
		    policy_office(listing->policies[i], office);

		if (one != NULL)
			return strcmp(one->party, listing->party) == 0;
	}
	return false;
}

static bool
is_office(struct listing *listing, const char *office)
{
	const size_t room =
	    sizeof(listing->offices) / sizeof(*listing->offices);
	bool is_meant;

	for (size_t i = 0; i < listing->num_offices; i++)
		if (listing->offices[i].office == office)
			return listing->offices[i].is_meant;
	is_meant = (listing->office[0] == '\0' ||
		       strcmp(listing->office, office) == 0) &&
	    (listing->party[0] == '\0' || is_of_party(listing, office));
	if (listing->num_offices < room) {
		listing->offices[listing->num_offices].office = office;
		listing->offices[listing->num_offices++].is_meant = is_meant;
	}
	return is_meant;
}

/* Was the newest version deposited by such an office, or the one in force? */
static bool
is_by(struct listing *listing, const struct ledger_document *doc)
{
	const struct ledger_version *now;

	if (listing->office[0] == '\0' && listing->party[0] == '\0')
		return true;
	if (is_office(listing, doc->versions[doc->num_versions - 1].office))
		return true;
	now = ledger_now_in_force(doc);
	return now != NULL && is_office(listing, now->office);
}

bool
listing_waits(const struct listing *listing, const struct ledger_document *doc)
{
	return awaiting_either(listing->sight.policy, listing->sight.office,
	    listing->person, doc, listing->now_at);
}

bool
listing_takes(struct listing *listing, const struct ledger_document *doc)
{
	const struct ledger_version *newest =
	    &doc->versions[doc->num_versions - 1];

	return sight_reads(&listing->sight, doc->name) &&
	    (listing->status[0] == '\0' || has_status(doc, listing->status)) &&
	    newest->time_ms >= listing->from_ms &&
	    newest->time_ms < listing->until_ms && is_by(listing, doc) &&
	    (!listing->waits || listing_waits(listing, doc));
}

bool
listing_needs_titles(const struct listing *listing,
    const struct ledger_document *doc)
{
	return ((listing->words.num > 0 || listing->sorting.by == SORT_TITLE) &&
		   doc->title[0] == '\0') ||
	    (listing->language[0] != '\0' && ledger_languages(doc)[0] == '\0');
}

bool
listing_matches(struct listing *listing, const struct ledger_document *doc,
    struct buf *scratch)
{
	return listing_takes(listing, doc) &&
	    (listing->language[0] == '\0' ||
		languages_text_has(ledger_languages(doc), listing->language)) &&
	    words_match(&listing->words, doc->name, doc->title, scratch);
}
