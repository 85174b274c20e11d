/*
 * Handing in revocation lists.  Any office may: a list counts by the signature
 * of a CA of the policy, not by who brings it.
 */
#include "daemon/upkeep/crls.h"
#include "base/time.h"
#include "daemon/api/job.h"
#include "daemon/log.h"

static const char *const results[] = {
	[LIST_NEW] = "taken",
	[LIST_KNOWN] = "known",
	[LIST_FUTURE] = "future",
	[LIST_FOREIGN] = "foreign",
};

static json_t *
json_of(const struct list_told *list)
{
	char digest[DIGEST_HEX], from[TIME_TEXT], until[TIME_TEXT];

	digest_hex(&list->digest, digest);
	time_format_at(list->this_update_at, from);
	time_format_at(list->next_update_at, until);
	return json_pack("{s:s, s:s, s:s, s:s, s:I, s:s, s:s}", "digest",
	    digest, "issuer", list->issuer, "this-update", from, "next-update",
	    until, "listed", (json_int_t)list->num_listed, "result",
	    results[list->result], "text", lists_text(list->result));
}

/* The answer is about a list that is new or known, if there is one. */
static bool
check_any(const struct lists_told *told, bool *is_new, struct error *err)
{
	bool is_good = false;

	*is_new = false;
	for (size_t i = 0; i < told->num; i++) {
		const enum list_result result = told->list[i].result;

		*is_new = *is_new || result == LIST_NEW;
		is_good = is_good || result == LIST_NEW || result == LIST_KNOWN;
	}
	return is_good ||
	    error_set_code(err, ERROR_UNTRUSTED, "CRL_REFUSED",
		"the list of %s: %s", told->list[0].issuer,
		lists_text(told->list[0].result));
}

static void
answer(struct job *job, const struct lists_told *told, bool is_new,
    const struct digest *set, uint64_t index)
{
	json_t *lists = json_array();
	char hex[DIGEST_HEX];

	for (size_t i = 0; i < told->num; i++)
		json_array_append_new(lists, json_of(&told->list[i]));
	digest_hex(set, hex);
	job_json(job, is_new ? 201 : 200,
	    json_pack("{s:s, s:I, s:o, s:I}", "crls", hex, "entry",
		(json_int_t)index, "lists", lists, "left-out",
		(json_int_t)told->num_bad));
}

bool
run_hand_in(struct job *job, struct error *err)
{
	struct buf bytes = BUF(LIMIT_CRL_BYTES);
	struct lists_told told;
	struct digest set;
	uint64_t index;
	bool is_new, ok;

	if (job->api->upkeep == NULL)
		return error_set(err, ERROR_UNAVAILABLE,
		    "the daemon is starting: try again");
	if (job->request->body_len == 0)
		return error_set(err, ERROR_MALFORMED,
		    "the body is a revocation list, or several: DER or PEM");
	ok = job_read_body(job, &bytes, err) &&
	    upkeep_hand_in(job->api->upkeep, job->connected.office->name,
		buf_span(&bytes), &told, &set, &index, err) &&
	    check_any(&told, &is_new, err);
	buf_free(&bytes);
	if (!ok)
		return false;
	log_info("crl", "result=handed-in person=%s new=%s entry=%llu",
	    log_text(job->connected.person), is_new ? "yes" : "no",
	    (unsigned long long)index);
	answer(job, &told, is_new, &set, index);
	return true;
}
