/*
 * Checks of what the daemon tells beside its journal: the states that it lists,
 * and the cosignatures of witnesses.
 */
#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "cli/cmd/audit.h"

enum { TRIES = 3 };

/* --- States. --- */

/* A list of an older daemon does not tell what is in force. */
static bool
same_in_force(const struct ledger_document *doc, const json_t *one)
{
	const struct ledger_version *now = ledger_now_in_force(doc);
	const json_t *told = json_object_get(one, "in-force");
	char hex[DIGEST_HEX];

	if (told == NULL || now == NULL)
		return told == NULL || json_is_null(told);
	digest_hex(&now->digest, hex);
	return json_integer_value(json_object_get(told, "version")) ==
	    (json_int_t)now->number &&
	    strcmp(json_text(told, "digest"), hex) == 0;
}

static bool
same_state(const struct ledger_document *doc, const json_t *one)
{
	const struct ledger_version *newest =
	    doc != NULL && doc->num_versions > 0
	    ? &doc->versions[doc->num_versions - 1]
	    : NULL;
	char hex[DIGEST_HEX];

	if (newest == NULL || !same_in_force(doc, one))
		return false;
	digest_hex(&newest->digest, hex);
	return json_integer_value(json_object_get(one, "version")) ==
	    (json_int_t)newest->number &&
	    strcmp(json_text(one, "status"), status_name(ledger_status(doc))) ==
	    0 &&
	    strcmp(json_text(one, "digest"), hex) == 0;
}

static int
compare_name(const void *name, const void *doc)
{
	return strcmp(name, (*(struct ledger_document *const *)doc)->name);
}

static void
tell_difference(struct audit_run *run, const char *name, const json_t *one)
{
	const char *status = json_string_value(json_object_get(one, "status"));

	audit_find(&run->settings, "STATUS_DIFFERS", AUDIT_NO_ENTRY,
	    name != NULL ? name : "",
	    "the daemon lists it as version %lld, %s: that does not follow"
	    " from the acts in the journal",
	    json_integer_value(json_object_get(one, "version")),
	    status != NULL ? status : "?");
}

/*
 * Compare the daemon's list of documents with what follows from the entries. A
 * document that has versions and is not listed is hidden.
 */
static size_t
compare_list(struct audit_run *run, const json_t *all, bool tell)
{
	size_t num = 0, wrong = 0, i;
	struct ledger_document **docs =
	    ledger_sorted(audit_ledger(run->audit), &num);
	bool *listed = calloc(num + 1, sizeof(*listed));
	const json_t *one;

	json_array_foreach (all, i, one) {
		const char *name =
		    json_string_value(json_object_get(one, "document"));
		struct ledger_document **doc = docs == NULL || name == NULL
		    ? NULL
		    : bsearch(name, docs, num, sizeof(struct ledger_document *),
			  compare_name);

		if (doc != NULL && listed != NULL)
			listed[doc - docs] = true;
		if (same_state(doc != NULL ? *doc : NULL, one))
			continue;
		wrong++;
		if (tell)
			tell_difference(run, name, one);
	}
	for (i = 0; docs != NULL && listed != NULL && i < num; i++) {
		if (listed[i] || docs[i]->num_versions == 0 ||
		    !audit_may_read(run, docs[i]->name))
			continue;
		wrong++;
		if (tell)
			audit_find(&run->settings, "DOCUMENT_HIDDEN",
			    AUDIT_NO_ENTRY, docs[i]->name,
			    "it is in the journal, and the daemon does not"
			    " list it");
	}
	free(listed);
	free(docs);
	return wrong;
}

static bool
tell_states(struct audit_run *run, const json_t *all, struct error *err)
{
	run->kind = KIND_LIST;
	findings_begin(&run->state.findings);
	compare_list(run, all, true);
	findings_settle(&run->state.findings,
	    &(struct checked){ .kind = KIND_LIST });
	return audit_state_write(&run->state, err);
}

bool
audit_states(struct audit_run *run, struct error *err)
{
	bool ok = true, done = false;

	for (unsigned i = 0; ok && !done && i < TRIES; i++) {
		const uint64_t size = run->state.edge.size;
		json_t *all = json_array();
		bool same;

		ok = all_documents(&run->session, all, err);
		same = ok && compare_list(run, all, false) == 0;
		/*
		 * The list may show an act after the last entry that was taken
		 * in.
		 */
		if (ok && !same)
			ok = audit_catch_up(run, err);
		done = same || run->state.edge.size == size || i + 1 == TRIES;
		if (ok && done && !run->hashes_lie)
			ok = tell_states(run, all, err);
		json_decref(all);
	}
	return ok;
}

/* --- Witnesses. --- */

/* Set *shown to whether this office may see it. */
static bool
last_entry(struct audit_run *run, uint64_t index, struct entry *out,
    bool *shown, struct error *err)
{
	char path[128];
	const struct remote_request request = { .method = "GET",
		.path = path,
		.body_fd = -1,
		.file_fd = -1 };
	struct remote_answer answer;
	uint64_t given;
	bool ok;

	snprintf(path, sizeof(path), "/v1/journal/entries/%llu/receipt",
	    (unsigned long long)index);
	ok = remote_do(run->session.remote, &request, &answer, err);
	*shown = ok || err->kind != ERROR_NOT_FOUND;
	if (!*shown)
		*err = (struct error){ 0 };
	ok = ok &&
	    session_check_receipt(&run->session, &answer, out, &given, err);
	remote_answer_free(&answer);
	return (ok || !*shown) &&
	    (!*shown || given == index ||
		error_set_code(err, ERROR_UNTRUSTED, ANSWER_DIFFERS,
		    "the daemon shows entry %llu when asked for %llu",
		    (unsigned long long)given, (unsigned long long)index));
}

/* A witness has seen this entry, so its time cannot be after that. */
static bool
check_last_time(struct audit_run *run, const struct witnessed *witnessed,
    struct error *err)
{
	struct entry entry;
	uint64_t index;
	bool shown;

	if (witnessed->num == 0 || witnessed->checkpoint.size == 0)
		return true;
	index = witnessed->checkpoint.size - 1;
	if (!last_entry(run, index, &entry, &shown, err))
		return false;
	if (!shown)
		return true;
	run->kind = KIND_TIME;
	findings_begin(&run->state.findings);
	for (size_t i = 0; i < witnessed->num; i++)
		if (entry.time_ms >
		    (witnessed->lines[i].at + TIME_SKEW_SECONDS) * 1000) {
			audit_find(&run->settings, "TIME_AFTER_COSIGNATURE",
			    index, "",
			    "a witness saw it before the time that it claims");
			break;
		}
	findings_settle(&run->state.findings,
	    &(struct checked){ .kind = KIND_TIME,
		.from = index,
		.until = index + 1 });
	return true;
}

bool
audit_witnesses(struct audit_run *run, struct error *err)
{
	struct witnessed witnessed = { .num = 0 };
	/*
	 * Catch up with the entries of the deliveries that this audit caused.
	 */
	bool ok = session_catch_up(&run->session, err) &&
	    session_witnessed(&run->session, &witnessed, err);

	run->kind = KIND_WITNESS;
	findings_begin(&run->state.findings);
	if (!ok && error_is(err, finding_name(FINDING_NOT_WITNESSED))) {
		audit_find(&run->settings, "NOT_WITNESSED", AUDIT_NO_ENTRY, "",
		    "%s", err->detail);
		*err = (struct error){ 0 };
		ok = true;
	} else if (ok) {
		run->witnessed_size = witnessed.checkpoint.size;
		run->num_witnesses = (unsigned)witnessed.num;
	}
	if (!ok)
		return false;
	findings_settle(&run->state.findings,
	    &(struct checked){ .kind = KIND_WITNESS });
	return (run->num_witnesses == 0 ||
		   check_last_time(run, &witnessed, err)) &&
	    audit_state_write(&run->state, err);
}
