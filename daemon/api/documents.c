/*
 * Documents: fetching a copy, listing and showing them.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bag/slip.h"
#include "base/text.h"
#include "base/time.h"
#include "daemon/api/job.h"
#include "record/data.h"
#include "record/json.h"
#include "record/order.h"
#include "record/snapshot.h"
#include "record/stored.h"

/* What the receipts in a copy lead to; it changes when witnesses cosign. */
struct edition {
	uint64_t newest;   /* index of the newest act's entry */
	uint64_t cosigned; /* the smallest size that a quorum cosigned, or 0 */
	unsigned cosignatures;
};

/* Returns what the receipts of a copy made now lead to. */
static struct edition
edition_of(const struct job *job, uint64_t newest)
{
	const struct witnesses *witnesses =
	    &job->connected.by.policy->witnesses;
	struct cosignatures *all = job->api->record->cosignatures;
	struct edition edition = { .newest = newest };

	edition.cosigned = cosignatures_first(all, witnesses, newest + 1);
	if (edition.cosigned != 0)
		edition.cosignatures =
		    cosignatures_count(all, witnesses, edition.cosigned);
	return edition;
}

/*
 * Add a receipt that leads to a head.  All use one note, so that it is verified
 * once.
 */
static bool
add_receipt(const struct journal *journal, uint64_t index,
    const struct head *head, struct span note, struct container *container,
    struct error *err)
{
	char path[LIMIT_PATH_BYTES + 1];
	struct buf text = BUF(LIMIT_PROOF_FILE);
	struct proof proof = PROOF;
	bool ok;

	snprintf(path, sizeof(path), PATH_RECEIPT, (unsigned long long)index);
	ok = journal_receipt(journal, index, head, &proof, err);
	proof.note.len = 0;
	ok = ok && buf_append(&proof.note, note, err) &&
	    proof_encode(&proof, &text, err) &&
	    container_put(container, path, buf_span(&text), err);
	proof_free(&proof);
	buf_free(&text);
	return ok;
}

/*
 * Add the receipts of the waybills by which acts came, if the version has those
 * waybills: a bag packed by a program older than slips has none.
 */
static bool
add_dispatches(const struct journal *journal, const struct snapshot *now,
    const struct head *head, struct span note, struct container *container,
    struct error *err)
{
	struct verdict_act *acts =
	    stored_acts(journal, now->dispatches, now->num_dispatches, err);
	bool ok = acts != NULL;

	for (size_t i = 0; ok && i < now->num_dispatches; i++)
		if (slip_has_waybill(container, &acts[i].entry.digest))
			ok = add_receipt(journal, acts[i].index, head, note,
			    container, err);
	free(acts);
	return ok;
}

/* Add the receipts of each act, and of the waybills by which they came. */
static bool
add_receipts(struct job *job, const struct snapshot *now,
    const struct edition *edition, struct container *container,
    struct error *err)
{
	const struct record *record = job->api->record;
	const struct journal *journal = record->journal;
	struct buf note = BUF(LIMIT_NOTE_FILE);
	struct head head;
	bool ok;

	ok = journal_head_at(journal,
		 edition->cosigned != 0 ? edition->cosigned
					: edition->newest + 1,
		 &head, err) &&
	    api_append_note(record, &head, &note, err);
	for (size_t i = 0; ok && i < now->num_acts; i++)
		ok = add_receipt(journal, now->acts[i], &head, buf_span(&note),
		    container, err);
	ok = ok &&
	    (now->num_dispatches == 0 ||
		add_dispatches(journal, now, &head, buf_span(&note), container,
		    err));
	buf_free(&note);
	return ok;
}

enum { COPY_NAME = 80 };

/* Make the name of the copy's file in the cache. */
static void
copy_name(const struct oid *commit, const struct edition *edition,
    char out[COPY_NAME])
{
	char hex[OID_HEX];

	oid_hex(commit, hex);
	snprintf(out, COPY_NAME, "%s-%llx-%llx-%u.asice", hex,
	    (unsigned long long)edition->newest,
	    (unsigned long long)edition->cosigned, edition->cosignatures);
}

bool
documents_fetch_is_ready(struct job *job)
{
	struct ledger *ledger = job->api->record->ledger;
	const struct ledger_document *doc;
	const struct ledger_version *version;
	char name[COPY_NAME] = "";
	struct edition edition;

	ledger_read_lock(ledger);
	doc = ledger_find(ledger, job->document);
	version = doc == NULL ? NULL
	    : job->in_force
	    ? ledger_now_in_force(doc)
	    : ledger_version(doc,
		  job->version != 0 ? job->version
				    : (unsigned)doc->num_versions);
	if (version != NULL) {
		edition = edition_of(job, version->acts[version->num_acts - 1]);
		copy_name(&version->commit, &edition, name);
	}
	ledger_unlock(ledger);
	return name[0] != '\0' && cache_has(job->api->cache, name);
}

/* Open the copy in the cache, which is built if it is not there. */
static bool
open_copy(struct job *job, const struct snapshot *now,
    const struct edition *edition, uint64_t *size, struct error *err)
{
	struct api *api = job->api;
	char name[COPY_NAME], dir[FILE_PATH];
	struct container *container;
	bool ok;

	copy_name(&now->asked.commit, edition, name);
	if ((job->copy_fd = cache_open(api->cache, name, size)) >= 0)
		return true;
	if (!data_path(api->config->data, DATA_CACHE, dir, err) ||
	    (container = snapshot_load(job->api->record->store,
		 &now->asked.commit, err)) == NULL)
		return false;
	ok = add_receipts(job, now, edition, container, err) &&
	    (job->copy_fd = file_temporary(dir, err)) >= 0 &&
	    container_write(container, job->copy_fd, size, err);
	container_free(container);
	if (ok)
		cache_put(api->cache, name, job->copy_fd, *size);
	return ok;
}

/* Answer with the copy, whose delivery is journaled. */
static void
send_copy(struct job *job)
{
	job->request->response.fd = job->copy_fd;
	job->copy_fd = -1;
	job_answer(job);
}

/* Its delivery has no entry; a job's end. */
static void
end_undelivered(struct job *job)
{
	repeats_journaled(job->api->repeats, job->act.office, &job->delivery,
	    REPEATS_FAILED);
}

/* Answer with the copy, after its delivery was journaled. */
static void
finish_fetch(struct job *job)
{
	repeats_journaled(job->api->repeats, job->act.office, &job->delivery,
	    job->act.index);
	job->end = NULL;
	send_copy(job);
}

/*
 * Send the copy, under an entry that says that this person has it: one of the
 * last minute, or a new one.
 */
static bool
deliver_copy(struct job *job, const struct snapshot *now,
    const struct repeats_delivery *delivery, struct error *err)
{
	if (!job_may_repeat(job, delivery, &job->delivery, 1, err) ||
	    !job_may_act(job, err))
		return false;
	if (repeats_leaves(job->api->repeats, delivery->office, &job->delivery,
		time_monotonic_ms() / 1000)) {
		send_copy(job);
		return true;
	}
	job->act = (struct act_request){ .act = ACT_DELIVER,
		.version = now->version,
		.contents = *delivery->contents };
	text_set(job->act.document, sizeof(job->act.document),
	    delivery->document);
	text_set(job->act.person, sizeof(job->act.person), delivery->person);
	text_set(job->act.office, sizeof(job->act.office), delivery->office);
	job->end = end_undelivered;
	job_submit(job, finish_fetch);
	return true;
}

/* Open the copy and send it, unless the caller has it. */
static bool
deliver(struct job *job, const struct snapshot *now, struct error *err)
{
	const struct http_head *head = &job->request->head;
	const struct edition edition =
	    edition_of(job, now->acts[now->num_acts - 1]);
	struct http_response *response = &job->request->response;
	const struct repeats_delivery delivery = {
		.office = job->connected.office->name,
		.person = job->connected.person,
		.document = job->document,
		.contents = &now->asked.contents,
	};
	char hex[DIGEST_HEX], etag[DIGEST_HEX + 64];
	uint64_t size = 0;
	bool ranged;

	digest_hex(&now->asked.contents, hex);
	snprintf(etag, sizeof(etag), "\"%s-%llu-%llu-%u\"", hex,
	    (unsigned long long)edition.newest,
	    (unsigned long long)edition.cosigned, edition.cosignatures);
	if (strcmp(head->if_none_match, etag) == 0) {
		response->status = 304;
		snprintf(response->headers, sizeof(response->headers),
		    "ETag: %s\r\n", etag);
		job_answer(job);
		return true;
	}
	if (!open_copy(job, now, &edition, &size, err))
		return false;
	response->type = "application/vnd.etsi.asic-e+zip";
	snprintf(response->headers, sizeof(response->headers),
	    "Valise-Version: %u\r\n", now->version);
	ranged = job_range(job, size, etag);
	if (response->status == 416) {
		job_answer(job);
		return true;
	}
	job->delivery = repeats_key(job->api->repeats, &delivery);
	/*
	 * A HEAD delivers nothing, and the rest of a range was journaled, or
	 * counted, for this person before.
	 */
	if (strcmp(head->method, "HEAD") == 0 ||
	    (ranged && response->from > 0 &&
		repeats_was_delivered(job->api->repeats, delivery.office,
		    &job->delivery, time_monotonic_ms() / 1000))) {
		send_copy(job);
		return true;
	}
	return deliver_copy(job, now, &delivery, err);
}

static bool
not_there(const struct job *job, struct error *err)
{
	if (job->in_force)
		return error_set(err, ERROR_NOT_FOUND,
		    "no version of %s is in force", job->document);
	return job->version == 0
	    ? error_set(err, ERROR_NOT_FOUND, "there is no document %s",
		  job->document)
	    : error_set(err, ERROR_NOT_FOUND, "%s has no version %u",
		  job->document, job->version);
}

/* Take a snapshot of the version that is asked for, which must be there. */
static bool
take_asked(struct job *job, struct snapshot *out, struct error *err)
{
	if (!snapshot_take(job->api->record->ledger, job->document,
		job->in_force ? SNAPSHOT_IN_FORCE : job->version,
		job->connected.person, out, err))
		return false;
	/* SNAPSHOT_IN_FORCE finds a terminated version too. */
	if (out->version != 0 &&
	    (!job->in_force || out->asked.status == STATUS_IN_FORCE))
		return true;
	snapshot_free(out);
	return not_there(job, err);
}

bool
run_fetch(struct job *job, struct error *err)
{
	struct snapshot now;
	bool ok;

	if (!take_asked(job, &now, err))
		return false;
	ok = deliver(job, &now, err);
	snapshot_free(&now);
	return ok;
}

/* No text leaves with it, so that it is no delivery. */
bool
run_version(struct job *job, struct error *err)
{
	struct http_response *response = &job->request->response;
	struct container *container;
	const struct member *yaml;
	struct snapshot now;
	bool ok;

	if (!take_asked(job, &now, err))
		return false;
	container =
	    snapshot_load(job->api->record->store, &now.asked.commit, err);
	yaml =
	    container != NULL ? container_find(container, PATH_VERSION) : NULL;
	ok = container != NULL &&
	    (yaml != NULL ||
		error_set(err, ERROR_SYSTEM, "a version without %s",
		    PATH_VERSION)) &&
	    buf_append(&response->body, member_bytes(yaml), err);
	container_free(container);
	snapshot_free(&now);
	if (!ok)
		return false;
	response->status = 200;
	response->type = "application/yaml";
	snprintf(response->headers, sizeof(response->headers),
	    "Valise-Version: %u\r\n", now.version);
	job_answer(job);
	return true;
}

/* --- Show. --- */

/* Read the titles and languages of a version; both are empty if that fails. */
static bool
read_title(const struct job *job, const struct oid *commit,
    char title[TITLE_TEXT], char languages[LANGUAGES_TEXT], struct error *err)
{
	struct container *container =
	    snapshot_load(job->api->record->store, commit, err);
	struct version *version = NULL;
	const struct member *yaml;

	title[0] = languages[0] = '\0';
	yaml =
	    container != NULL ? container_find(container, PATH_VERSION) : NULL;
	if (yaml != NULL)
		version = version_parse(member_bytes(yaml), err);
	if (version != NULL) {
		title_text_of(version, title, TITLE_TEXT);
		languages_text_of(version, languages, LANGUAGES_TEXT);
	}
	container_free(container);
	version_free(version);
	return version != NULL;
}

bool
documents_title(const struct job *job, const struct ledger_document *doc,
    char out[TITLE_TEXT], struct error *err)
{
	struct ledger *ledger = job->api->record->ledger;
	const struct oid commit = doc->versions[doc->num_versions - 1].commit;
	char name[DOCUMENT_NAME];
	char languages[LANGUAGES_TEXT];
	struct ledger_document *again;
	struct error why = { 0 };

	text_set(name, sizeof(name), doc->name);
	if (doc->title[0] != '\0' && ledger_languages(doc)[0] != '\0') {
		text_set(out, TITLE_TEXT, doc->title);
		return true;
	}
	ledger_unlock(ledger);
	if (!read_title(job, &commit, out, languages, &why) &&
	    why.kind == ERROR_UNAVAILABLE) {
		ledger_read_lock(ledger);
		*err = why;
		return false;
	}
	ledger_write_lock(ledger);
	again = ledger_find(ledger, name);
	if (again != NULL && ledger_languages(again)[0] == '\0')
		ledger_set_title(ledger, again, out, languages);
	ledger_unlock(ledger);
	ledger_read_lock(ledger);
	return true;
}

static json_t *
json_document(const struct ledger_document *doc, const char *title)
{
	return json_of_document(doc->name, title, ledger_status(doc),
	    json_of_versions(doc));
}

/* Append the document's JSON, which is made once after each act on it. */
static bool
append_json(struct ledger_document *doc, struct ledger *ledger, struct buf *out,
    struct error *err)
{
	json_t *json;

	if (doc->json == NULL) {
		/* Two readers may make it at once; one of the two is kept. */
		ledger_unlock(ledger);
		ledger_write_lock(ledger);
		if (doc->json == NULL) {
			json = json_document(doc, doc->title);
			doc->json = json_dumps(json, JSON_COMPACT);
			json_decref(json);
		}
		if (doc->json == NULL)
			return error_set_errno(err, "JSON");
	}
	return buf_append_str(out, doc->json, err) &&
	    buf_append_str(out, "\n", err);
}

bool
documents_answer_now(struct job *job)
{
	struct http_response *response = &job->request->response;
	struct ledger *ledger = job->api->record->ledger;
	struct ledger_document *doc;
	struct error err = { 0 };
	bool ok = false;

	ledger_read_lock(ledger);
	doc = ledger_find(ledger, job->document);
	if (doc != NULL && doc->num_versions > 0 && doc->title[0] != '\0')
		ok = append_json(doc, ledger, &response->body, &err);
	ledger_unlock(ledger);
	if (!ok) {
		response->body.len = 0;
		return false;
	}
	response->status = 200;
	response->type = "application/json";
	return true;
}

bool
run_document(struct job *job, struct error *err)
{
	struct ledger *ledger = job->api->record->ledger;
	char title[TITLE_TEXT];
	const struct ledger_document *doc;
	json_t *json = NULL;
	bool ok = true;

	ledger_read_lock(ledger);
	doc = ledger_find(ledger, job->document);
	if (doc != NULL && doc->num_versions > 0 &&
	    (ok = documents_title(job, doc, title, err))) {
		/*
		 * The lock was released meanwhile: look the document up again.
		 */
		doc = ledger_find(ledger, job->document);
		json = json_document(doc, title);
	}
	ledger_unlock(ledger);
	if (json == NULL)
		return ok ? not_there(job, err) : false;
	job_json(job, 200, json);
	return true;
}
