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
	[LIST_HELD] = "held",
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

/*
 * The status: one is new, else one is held, else one is known; 0 if none of
 * these.
 */
static int
status_of(const struct lists_told *told)
{
	static const int statuses[] = {
		[LIST_NEW] = 201,
		[LIST_HELD] = 202,
		[LIST_KNOWN] = 200,
	};
	static const enum list_result best[] = { LIST_NEW, LIST_HELD,
		LIST_KNOWN };

	for (size_t i = 0; i < sizeof(best) / sizeof(best[0]); i++)
		for (size_t j = 0; j < told->num; j++)
			if (told->list[j].result == best[i])
				return statuses[best[i]];
	return 0;
}

static void
answer(struct job *job, const struct lists_told *told, const struct digest *set,
    uint64_t index)
{
	json_t *lists = json_array();
	char hex[DIGEST_HEX];

	for (size_t i = 0; i < told->num; i++)
		json_array_append_new(lists, json_of(&told->list[i]));
	digest_hex(set, hex);
	job_json(job, status_of(told),
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
	bool ok;

	if (job->api->upkeep == NULL)
		return error_set(err, ERROR_UNAVAILABLE,
		    "the daemon is starting: try again");
	if (job->request->body_len == 0)
		return error_set(err, ERROR_MALFORMED,
		    "the body is a revocation list, or several: DER or PEM");
	ok = job_read_body(job, &bytes, err) &&
	    upkeep_hand_in(job->api->upkeep, job->connected.office->name,
		buf_span(&bytes), &told, &set, &index, err) &&
	    (status_of(&told) != 0 ||
		error_set_code(err, ERROR_UNTRUSTED, "CRL_REFUSED",
		    "the list of %s: %s", told.list[0].issuer,
		    lists_text(told.list[0].result)));
	buf_free(&bytes);
	if (!ok) {
		/* The only one with a time is the office's own limit. */
		job->status = err->retry_s != 0 ? 429 : 0;
		return false;
	}
	log_info("crl", "result=handed-in person=%s new=%s entry=%llu",
	    log_text(job->connected.person),
	    status_of(&told) == 201 ? "yes" : "no", (unsigned long long)index);
	answer(job, &told, &set, index);
	return true;
}
