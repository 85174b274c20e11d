/*
 * Telling of a document from the local copy: its versions, as the daemon would
 * tell them, and their acts.
 */
#include "cli/local/private.h"

#include <stdlib.h>
#include <string.h>

#include "document/title_text.h"
#include "journal/proof.h"

/* An act in the form of JSON; its text is borrowed from the act. */
static struct json_act
told_act(const struct verdict_act *act)
{
	return (struct json_act){ .act = act->entry.act_name,
		.person = act->entry.person,
		.office = act->entry.office,
		.time_ms = act->entry.time_ms,
		.entry = act->index };
}

/* The status is that of the copy alone; settle() corrects it. */
static json_t *
json_of_copy(const struct copy *copy)
{
	const struct verdict *verdict = &copy->verdict;
	struct json_version told = { .number = verdict->version->number,
		.status = verdict->status,
		.digest = &verdict->digest,
		.contents = &verdict->contents,
		.deposit = told_act(&verdict->acts[0]),
		.signatures = json_array(),
		.withdrawn = json_null() };

	for (size_t i = 0; i < verdict->num_acts; i++) {
		const struct json_act act = told_act(&verdict->acts[i]);

		if (verdict->acts[i].entry.act == ACT_SIGN ||
		    verdict->acts[i].entry.act == ACT_TERMINATE)
			json_array_append_new(told.signatures,
			    json_of_act(&act));
	}
	return json_of_told_version(&told);
}

/* What one copy tells, and of which history. */
struct told {
	unsigned number;
	bool proved;
	struct as_of as_of; /* its last act */
	/* Its deposit. */
	char person[LIMIT_EMAIL_BYTES + 1], office[LIMIT_OFFICE_BYTES + 1];
	int64_t time_ms;
	uint64_t entry;
};

/* The act that withdrew a draft: the deposit of the next version. */
static json_t *
withdrawal_by(const struct told *newer)
{
	const struct json_act deposit = { .person = newer->person,
		.office = newer->office,
		.time_ms = newer->time_ms,
		.entry = newer->entry };

	return json_of_withdrawal(newer->number, &deposit);
}

/*
 * Set what became of versions by acts on other ones, from the newest back: one
 * in force is superseded by a later one in force, a draft is withdrawn by the
 * next version, and it has lapsed once the document is terminated.
 */
static void
settle(const struct told told[], json_t *versions, enum status statuses[],
    size_t num)
{
	bool in_force = false, terminated = false;

	for (size_t i = 0; i < num; i++)
		terminated = terminated || statuses[i] == STATUS_TERMINATED;
	for (size_t i = num; i > 0; i--) {
		json_t *one = json_array_get(versions, i - 1);
		enum status *status = &statuses[i - 1];
		const bool draft =
		    *status == STATUS_DRAFT || *status == STATUS_SIGNED_IN_PART;

		if (*status == STATUS_IN_FORCE && in_force)
			*status = STATUS_SUPERSEDED;
		else if (draft && i < num)
			*status = STATUS_WITHDRAWN;
		else if (draft && terminated)
			*status = STATUS_LAPSED;
		in_force = in_force || *status == STATUS_IN_FORCE ||
		    *status == STATUS_TERMINATED;
		json_object_set_new(one, "status",
		    json_string(status_name(*status)));
		if (*status == STATUS_WITHDRAWN &&
		    told[i].number == told[i - 1].number + 1)
			json_object_set_new(one, "withdrawn",
			    withdrawal_by(&told[i]));
	}
}

/*
 * Take the statuses from the acts that this office was given up to a size,
 * unless a copy tells an act after that; otherwise the last act in the copies
 * decides.
 */
static void
settle_by_acts(const struct document_acts *acts, const struct told told[],
    json_t *versions, enum status statuses[], size_t num, struct as_of *as_of)
{
	bool all = num > 0;

	*as_of = (struct as_of){ 0 };
	for (size_t i = 0; i < num; i++) {
		const struct ledger_version *version =
		    acts_version(acts, told[i].number);
		const bool known = version != NULL && told[i].proved &&
		    told[i].as_of.entry < acts->size;

		all = all && known;
		if (told[i].as_of.entry >= as_of->entry)
			*as_of = told[i].as_of;
		if (!known &&
		    (version == NULL || version->status < STATUS_TERMINATED))
			continue;
		statuses[i] = version->status;
		json_object_set_new(json_array_get(versions, i), "status",
		    json_string(status_name(version->status)));
	}
	if (all)
		as_of_document(acts, as_of);
}

/*
 * Returns the document's status: that of the newest version, or terminated once
 * one is.
 */
static enum status
status_of_all(const enum status statuses[], size_t num)
{
	for (size_t i = 0; i < num; i++)
		if (statuses[i] == STATUS_TERMINATED)
			return STATUS_TERMINATED;
	return statuses[num - 1];
}

/* Open a copy that is VALID. Of one that is not, only that is told. */
static bool
open_valid(struct context *context, const char *dir, const char *document,
    unsigned version, struct copy *copy, struct error *err)
{
	return local_open_quietly(context, dir, document, version, copy, err) &&
		((copy->verdict.outcome == OUTCOME_VALID &&
		     copy->verdict.num_acts > 0) ||
		    verdict_error(&copy->verdict, err))
	    ? true
	    : error_context(err, "%s@%u", document, version);
}

/*
 * Add a version's JSON and what is told of it. False if it is of another
 * history.
 */
static bool
add_version(struct context *context, const struct copy *copy, json_t *versions,
    struct told *told, struct error *err)
{
	const enum local_proof proof = local_proof(context, copy);
	const struct verdict_act *deposit = &copy->verdict.acts[0];
	json_t *json = json_of_copy(copy);

	told->number = copy->verdict.version->number;
	told->proved = proof == LOCAL_PROVED;
	as_of_copy(&copy->verdict, &told->as_of);
	snprintf(told->person, sizeof(told->person), "%s",
	    deposit->entry.person);
	snprintf(told->office, sizeof(told->office), "%s",
	    deposit->entry.office);
	told->time_ms = deposit->entry.time_ms;
	told->entry = deposit->index;
	json_object_set_new(json, "proved",
	    json_boolean(proof == LOCAL_PROVED));
	json_array_append_new(versions, json);
	return proof != LOCAL_REFUTED ||
	    error_set_code(err, ERROR_UNTRUSTED, "JOURNAL_ROLLED_BACK",
		"%s@%u is of another history than the one that you have seen,"
		" and could not be put aside",
		copy->verdict.version->document, copy->verdict.version->number);
}

/* All copies of one document, by version. */
struct all_told {
	char title[TITLE_TEXT];
	enum status *statuses;
	struct told *told;
	size_t num;
	json_t *versions;
};

/* Open all versions of a document and add each. */
static bool
tell_all(struct context *context, const char *dir, const char *document,
    const unsigned all[], struct all_told *out, struct error *err)
{
	bool ok = true;

	for (size_t i = 0; ok && i < out->num; i++) {
		struct copy copy;

		ok = open_valid(context, dir, document, all[i], &copy, err);
		if (ok) {
			out->statuses[i] = copy.verdict.status;
			title_text_of(copy.verdict.version, out->title,
			    sizeof(out->title));
			ok = add_version(context, &copy, out->versions,
			    &out->told[i], err);
		}
		copy_free(&copy);
	}
	return ok;
}

/*
 * The document's JSON, with the statuses settled. NULL if there is no memory.
 */
static json_t *
json_of_all(struct context *context, const char *document, struct all_told *all)
{
	struct document_acts acts;
	struct as_of as_of;
	bool proved = true;
	json_t *json;

	acts_load(context, document, &acts);
	settle(all->told, all->versions, all->statuses, all->num);
	settle_by_acts(&acts, all->told, all->versions, all->statuses, all->num,
	    &as_of);
	for (size_t i = 0; i < all->num; i++)
		proved = proved && all->told[i].proved;
	json = json_of_document(document, all->title,
	    status_of_all(all->statuses, all->num), json_incref(all->versions));
	json_object_set_new(json, "title-proved", json_true());
	json_object_set_new(json, "proved", json_boolean(proved));
	json_object_set_new(json, "as-of", as_of_json(&as_of));
	acts_free(&acts);
	return json;
}

json_t *
local_document(struct context *context, const char *dir, const char *document,
    struct error *err)
{
	struct all_told told = { .versions = json_array() };
	json_t *json = NULL;
	unsigned *all;
	bool ok;

	ok = local_versions(dir, document, &all, &told.num, err);
	if (ok && told.num == 0)
		ok = error_set(err, ERROR_NOT_FOUND,
		    "%s is not in the local copy, %s", document, dir);
	told.statuses = calloc(told.num + 1, sizeof(*told.statuses));
	told.told = calloc(told.num + 1, sizeof(*told.told));
	if (ok && (told.statuses == NULL || told.told == NULL))
		ok = error_set_errno(err, "versions");
	if (ok && tell_all(context, dir, document, all, &told, err))
		json = json_of_all(context, document, &told);
	free(all);
	free(told.statuses);
	free(told.told);
	json_decref(told.versions);
	return json;
}

struct acts {
	struct context *context;
	const char *dir;
	struct proved {
		uint64_t index;
		struct buf line;
	} * list;
	size_t num;
};

/* Add the acts that a copy's receipts prove, each once. */
static bool
add_receipts(struct acts *acts, const struct copy *copy, struct error *err)
{
	const struct container *container = copy->container;
	bool ok = true;

	for (size_t i = 0; ok && i < container->num; i++) {
		struct proof proof = PROOF;
		struct proved *all;

		if (!path_is_receipt(container->members[i].path))
			continue;
		all = realloc(acts->list, (acts->num + 1) * sizeof(*all));
		ok = (all != NULL || error_set_errno(err, "entries")) &&
		    proof_parse(member_bytes(&container->members[i]), &proof,
			err);
		if (all != NULL)
			acts->list = all;
		if (ok) {
			acts->list[acts->num] = (struct proved){ proof.index,
				BUF(LIMIT_ENTRY_BYTES) };
			ok = buf_append(&acts->list[acts->num++].line,
			    buf_span(&proof.entry), err);
		}
		proof_free(&proof);
	}
	return ok;
}

/* A local_visitor: add the acts on a document. */
static bool
add_document(void *arg, const char *document, struct error *err)
{
	struct acts *acts = arg;
	unsigned *all;
	size_t num;
	bool ok = local_versions(acts->dir, document, &all, &num, err);

	for (size_t i = 0; ok && i < num; i++) {
		struct copy copy;

		ok = open_valid(acts->context, acts->dir, document, all[i],
			 &copy, err) &&
		    add_receipts(acts, &copy, err);
		copy_free(&copy);
	}
	free(all);
	return ok;
}

static int
compare_acts(const void *a, const void *b)
{
	const struct proved *x = a, *y = b;

	return (x->index > y->index) - (x->index < y->index);
}

bool
local_entries(struct context *context, const char *dir, const char *document,
    entry_visitor *visit, void *arg, struct error *err)
{
	struct entry entry;
	struct acts acts = { .context = context, .dir = dir };
	bool ok;

	ok = document[0] != '\0'
	    ? add_document(&acts, document, err)
	    : local_each(dir, NULL, add_document, &acts, err);
	if (acts.num > 0)
		qsort(acts.list, acts.num, sizeof(*acts.list), compare_acts);
	/* One bag may have brought acts on several documents. */
	for (size_t i = 0; ok && i < acts.num; i++)
		ok = (i > 0 && acts.list[i].index == acts.list[i - 1].index) ||
		    (entry_parse(buf_span(&acts.list[i].line), &entry, err) &&
			visit(arg, acts.list[i].index, &entry,
			    buf_span(&acts.list[i].line), err));
	for (size_t i = 0; i < acts.num; i++)
		buf_free(&acts.list[i].line);
	free(acts.list);
	return ok;
}
