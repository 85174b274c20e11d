/*
 * GET /v1/journal/entries: the entries that match a filter and may be seen, a
 * line each, as they are read.
 */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "daemon/api/job.h"

enum {
	LOOK_AT = 20000, /* entries with the ledger locked */
	FOUND = 16,      /* of them, at once: some 20 KiB */
};

struct filter {
	char document[DOCUMENT_NAME], office[POLICY_NAME];
	char person[LIMIT_EMAIL_BYTES + 1], act[32];
	uint64_t from, until, limit;
	bool bare; /* without proofs, for a client with the hash tiles */
	/* The same as numbers; UINT32_MAX if there is no such name. */
	uint32_t document_number, office_number, person_number;
	uint32_t acts; /* one bit for each act; 0: all */
};

/* An answer under way. */
struct entries {
	struct filter filter;
	struct head head; /* to which the proofs lead */
	uint64_t left;    /* how many more it may have */
	/* Where to go on; and whether all were looked at. */
	uint64_t at;
	bool all;
	uint64_t next; /* the first that did not fit, or UINT64_MAX */
};

/* The acts from which the state of documents follows. */
#define ACTS_ON_DOCUMENTS "documents"
enum {
	ON_DOCUMENTS = 1 << ACT_DEPOSIT | 1 << ACT_SIGN | 1 << ACT_FORCE |
	    1 << ACT_TERMINATE,
};

/* Read the filter from the query. */
static bool
read_filter(const struct job *job, struct filter *out, struct error *err)
{
	const struct http_head *head = &job->request->head;
	char proof[8];

	*out =
	    (struct filter){ .until = UINT64_MAX, .limit = LIMIT_ENTRIES_PAGE };
	if (!http_query(head, "proof", proof, sizeof(proof)) ||
	    (proof[0] != '\0' && strcmp(proof, "none") != 0))
		return error_set(err, ERROR_USAGE, "proof is \"none\"");
	out->bare = proof[0] != '\0';
	if (!http_query(head, "document", out->document,
		sizeof(out->document)) ||
	    !http_query(head, "office", out->office, sizeof(out->office)) ||
	    !http_query(head, "person", out->person, sizeof(out->person)) ||
	    !http_query(head, "act", out->act, sizeof(out->act)))
		return error_set(err, ERROR_USAGE,
		    "a filter is there twice, too long, or broken");
	if (!job_query_number(job, "from", &out->from, err) ||
	    !job_query_number(job, "until", &out->until, err) ||
	    !job_query_number(job, "limit", &out->limit, err))
		return false;
	if (out->limit < 1 || out->limit > LIMIT_ENTRIES_PAGE)
		return error_set(err, ERROR_USAGE, "limit is 1 to %d",
		    LIMIT_ENTRIES_PAGE);
	if (out->act[0] == '\0')
		return true;
	if (strcmp(out->act, ACTS_ON_DOCUMENTS) == 0)
		out->acts = ON_DOCUMENTS;
	else if (act_of(span_of_str(out->act)) != ACT_OTHER)
		out->acts = UINT32_C(1) << act_of(span_of_str(out->act));
	return out->acts != 0 ||
	    error_set(err, ERROR_USAGE, "there is no act \"%s\"", out->act);
}

static uint32_t
number_of(const struct ledger *ledger, const char *name)
{
	const uint32_t number = ledger_number(ledger, name);

	return name[0] == '\0' ? 0 : number == 0 ? UINT32_MAX : number;
}

static bool
matches(const struct filter *filter, const struct ledger_entry *entry)
{
	return (filter->document_number == 0 ||
		   entry->document == filter->document_number) &&
	    (filter->office_number == 0 ||
		entry->office == filter->office_number) &&
	    (filter->person_number == 0 ||
		entry->person == filter->person_number) &&
	    (filter->acts == 0 || (filter->acts >> entry->act & 1) != 0);
}

/* Pick the filter with the fewest entries; *all if there is none. */
static struct ledger_places
choose_places(const struct ledger *ledger, const struct filter *filter,
    bool *all)
{
	const uint32_t about[] = { filter->document_number,
		filter->office_number, filter->person_number };
	struct ledger_places best = { .num = SIZE_MAX }, one;

	for (size_t i = 0; i < sizeof(about) / sizeof(about[0]); i++) {
		if (about[i] == 0)
			continue;
		one = ledger_about(ledger, about[i]);
		if (one.num < best.num)
			best = one;
	}
	if (filter->acts != 0 && filter->acts != ON_DOCUMENTS) {
		one = ledger_of_act(ledger, act_of(span_of_str(filter->act)));
		if (one.num < best.num)
			best = one;
	}
	*all = best.num == SIZE_MAX;
	return best;
}

/*
 * Find the next indices that match and may be seen, at most FOUND.  When no more
 * may be in the answer, the first beyond is its "next".
 */
static size_t
find_some(const struct job *job, struct entries *entries, uint64_t found[FOUND])
{
	const struct filter *filter = &entries->filter;
	const struct sight sight =
	    sight_of(job->connected.by.policy, job->connected.office);
	const uint64_t size = entries->head.size < filter->until
	    ? entries->head.size
	    : filter->until;
	struct ledger *ledger = job->api->record->ledger;
	struct ledger_places places;
	uint64_t at, end;
	size_t num = 0;
	bool every;

	ledger_read_lock(ledger);
	places = choose_places(ledger, filter, &every);
	at = every ? entries->at : ledger_first_place(&places, entries->at);
	end = every ? size : places.num;
	for (unsigned i = 0; at < end && i < LOOK_AT; at++, i++) {
		const uint64_t index = every ? at : ledger_place(&places, at);
		const struct ledger_entry entry = ledger_entry(ledger, index);

		if (index >= size)
			break;
		entries->at = index + 1;
		if (!matches(filter, &entry) ||
		    !ledger_visible(ledger, &sight, index))
			continue;
		if (entries->left == 0) {
			entries->next = index;
			break;
		}
		entries->left--;
		found[num++] = index;
		if (num == FOUND)
			break;
	}
	entries->all = at >= end || entries->next != UINT64_MAX ||
	    (!every && ledger_place(&places, at) >= size);
	ledger_unlock(ledger);
	return num;
}

/* Append an entry and, unless bare, its proof. */
static bool
append_entry(const struct journal *journal, uint64_t index, uint64_t size,
    bool bare, struct buf *out, struct error *err)
{
	struct buf line = BUF(LIMIT_ENTRY_BYTES);
	struct merkle_proof proof = { .num = 0 };
	json_t *json = NULL, *path = json_array();
	char *text = NULL;
	bool ok;

	ok = journal_entry(journal, index, &line, err) &&
	    (bare ||
		journal_prove_inclusion(journal, index, size, &proof, err));
	for (size_t i = 0; ok && i < proof.num; i++) {
		char hash[BASE64_SIZE(32)];

		base64_encode(digest_span(&proof.hashes[i]), hash);
		json_array_append_new(path, json_string(hash));
	}
	if (ok) {
		json = json_pack("{s:I, s:s%, s:O}", "index", (json_int_t)index,
		    "entry", line.data, line.len, "proof", path);
		text = json_dumps(json, JSON_COMPACT | JSON_SORT_KEYS);
		ok = text != NULL ? buf_printf(out, err, "%s\n", text)
				  : error_set_errno(err, "JSON");
	}
	free(text);
	json_decref(json);
	json_decref(path);
	buf_free(&line);
	return ok;
}

static bool
append_last(const struct record *record, const struct head *head, uint64_t next,
    struct buf *out, struct error *err)
{
	struct buf note = BUF(LIMIT_NOTE_FILE);
	json_t *json = NULL;
	char *text = NULL;
	bool ok = api_append_note(record, head, &note, err);

	if (ok) {
		json = json_pack("{s:s%}", "checkpoint", note.data, note.len);
		if (json != NULL && next != UINT64_MAX)
			json_object_set_new(json, "next",
			    json_integer((json_int_t)next));
		text = json_dumps(json, JSON_COMPACT | JSON_SORT_KEYS);
		ok = text != NULL ? buf_printf(out, err, "%s\n", text)
				  : error_set_errno(err, "JSON");
	}
	free(text);
	json_decref(json);
	buf_free(&note);
	return ok;
}

/* Begin an answer: what is asked for, and up to which head. */
static struct entries *
begin(struct job *job, struct error *err)
{
	struct ledger *ledger = job->api->record->ledger;
	struct entries *entries = calloc(1, sizeof(*entries));
	struct filter *filter;

	if (entries == NULL) {
		error_set_errno(err, "entries");
		return NULL;
	}
	filter = &entries->filter;
	if (!read_filter(job, filter, err) ||
	    !journal_choose_head(job, UINT64_MAX, &entries->head, err)) {
		free(entries);
		return NULL;
	}
	entries->at = filter->from;
	entries->left = filter->limit;
	entries->next = UINT64_MAX;
	ledger_read_lock(ledger);
	filter->document_number = number_of(ledger, filter->document);
	filter->office_number = number_of(ledger, filter->office);
	filter->person_number = number_of(ledger, filter->person);
	ledger_unlock(ledger);
	return entries;
}

/* Append what comes next, until the part is full or the time is over. */
static bool
append_some(struct job *job, struct entries *entries, struct buf *out,
    struct error *err)
{
	const struct record *record = job->api->record;
	uint64_t found[FOUND];
	bool ok = true;

	while (ok && !entries->all && !job_part_is_over(job)) {
		const size_t num = find_some(job, entries, found);

		for (size_t i = 0; ok && i < num; i++)
			ok = append_entry(record->journal, found[i],
			    entries->head.size, entries->filter.bare, out, err);
	}
	return ok &&
	    (!entries->all ||
		append_last(record, &entries->head, entries->next, out, err));
}

bool
run_entries(struct job *job, struct error *err)
{
	struct http_response *response = &job->request->response;
	struct entries *entries = job->state;

	if (entries == NULL && (entries = job->state = begin(job, err)) == NULL)
		return false;
	response->status = 200;
	response->type = "application/jsonl";
	if (!append_some(job, entries, &response->body, err)) {
		response->body.len = 0;
		return false;
	}
	job_part(job, entries->all);
	return true;
}
