/*
 * Bring the local copy up to date: what is new by the journal, proved; one
 * pack of git objects; a container for each version, put together here from
 * those objects and the receipts, and judged before it appears.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bag/slip.h"
#include "cli/commands.h"
#include "cli/local/local.h"
#include "client/acts.h"
#include "git/request.h"
#include "journal/proof.h"
#include "record/ledger.h"
#include "record/stored.h"

#define DONE    ".valise"      /* DIR/: "KEYID SIZE" of the journal pulled */
#define WAITING ".valise-pack" /* DIR/: a pack that waits at the daemon */

enum { WANTS = 50000, DOCUMENT_BY_DOCUMENT = 64 };

/* An act and its proof: what a receipt is made of. */
struct proved_act {
	uint64_t index;
	struct buf line;
	struct merkle_proof proof;
};

struct pull {
	struct context *context;
	struct session session;
	struct store *store;
	struct ledger *ledger;
	char dir[FILE_PATH];
	uint64_t from, size;     /* of the journal: what is new is in between */
	int64_t seen_at;         /* our own clock, before size was asked for */
	int made;                /* a file for each container in turn */
	struct buf note;         /* to which all proofs lead */
	bool asked_anew;         /* for a pack, once */
	struct proved_act *acts; /* by index, of the documents that changed */
	size_t num_acts, room;
	struct digest *waybills; /* by which some of these came */
	size_t num_waybills;
	struct table *table;
	json_t *rows;
	size_t num_new, num_bad;
	/* By type of document: does the policy in force show its acts? */
	struct shown_type {
		char name[LIMIT_SLUG_BYTES + 1];
		bool shown;
	} types[LIMIT_TYPES];
	size_t num_types;
	struct error other; /* the first copy that contradicts another */
};

/* --- How far it is. --- */

static bool
read_done(struct pull *pull, struct error *err)
{
	struct buf text = BUF(64);
	char path[FILE_PATH], key[16];
	struct span rest, word;
	bool ok;

	snprintf(key, sizeof(key), "%08x", pull->context->enrolment.journal.id);
	if (!file_join(path, pull->dir, DONE, err))
		return false;
	if (!file_exists(path))
		return true;
	ok = file_read(path, text.max, &text, err);
	rest = buf_span(&text);
	if (ok &&
	    (!span_take_until(&rest, ' ', &word) ||
		!span_to_u64(rest, &pull->from)))
		ok = error_set(err, ERROR_SYSTEM,
		    "%s is damaged: remove it,"
		    " and all is pulled anew",
		    path);
	if (ok && !span_is(word, key))
		ok = error_set(err, ERROR_CONFLICT,
		    "%s is a copy of another journal's documents", pull->dir);
	buf_free(&text);
	return ok;
}

static bool
write_done(const struct pull *pull, struct error *err)
{
	char path[FILE_PATH], text[64];

	snprintf(text, sizeof(text), "%08x %llu",
	    pull->context->enrolment.journal.id,
	    (unsigned long long)pull->size);
	return file_join(path, pull->dir, DONE, err) &&
	    file_write(path, span_of_str(text), 0644, err);
}

static bool
open_git(struct pull *pull, struct error *err)
{
	char path[FILE_PATH];

	return file_join(path, pull->dir, "store.git", err) &&
	    (file_exists(path) || store_create(path, err)) &&
	    (pull->store = store_open(path, err)) != NULL;
}

/* --- What is new. --- */

static bool
keep_act(struct pull *pull, uint64_t index, struct span line, struct error *err)
{
	struct proved_act *one;

	if (pull->num_acts == pull->room) {
		const size_t room = pull->room == 0 ? 256 : pull->room * 2;
		struct proved_act *all =
		    realloc(pull->acts, room * sizeof(*all));

		if (all == NULL)
			return error_set_errno(err, "entries");
		pull->acts = all;
		pull->room = room;
	}
	one = &pull->acts[pull->num_acts];
	*one = (struct proved_act){ index, BUF(LIMIT_ENTRY_BYTES),
		pull->session.proof };
	if (!buf_append(&one->line, line, err))
		return false;
	pull->num_acts++;
	/* One note for all: the first page's, whatever cosigned it since. */
	return pull->note.len > 0 ||
	    buf_append(&pull->note, pull->session.proof_note, err);
}

static bool
has_waybill(const struct pull *pull, const struct digest *waybill)
{
	for (size_t i = 0; i < pull->num_waybills; i++)
		if (digest_eq(&pull->waybills[i], waybill))
			return true;
	return false;
}

static bool
keep_waybill(struct pull *pull, const struct digest *waybill, struct error *err)
{
	struct digest *all;

	if (has_waybill(pull, waybill))
		return true;
	all = realloc(pull->waybills, (pull->num_waybills + 1) * sizeof(*all));
	if (all == NULL)
		return error_set_errno(err, "entries");
	pull->waybills = all;
	all[pull->num_waybills++] = *waybill;
	return true;
}

/*
 * Of a document that it may not read, an office is shown its own acts alone:
 * nothing follows from these.
 */
static bool
is_shown(struct pull *pull, const char *document)
{
	char name[LIMIT_SLUG_BYTES + 1];
	bool shown;

	document_type(document, name);
	for (size_t i = 0; i < pull->num_types; i++)
		if (strcmp(pull->types[i].name, name) == 0)
			return pull->types[i].shown;
	shown = session_shows(&pull->session, document);
	if (pull->num_types < LIMIT_TYPES) {
		struct shown_type *type = &pull->types[pull->num_types++];

		snprintf(type->name, sizeof(type->name), "%s", name);
		type->shown = shown;
	}
	return shown;
}

static bool
visit_act(void *arg, uint64_t index, const struct entry *entry,
    struct span line, struct error *err)
{
	if (!is_shown(arg, entry->document))
		return true;
	return keep_act(arg, index, line, err) &&
	    (!entry_has(entry, ENTRY_WAYBILL) ||
		keep_waybill(arg, &entry->waybill, err));
}

static bool
visit_dispatch(void *arg, uint64_t index, const struct entry *entry,
    struct span line, struct error *err)
{
	return !has_waybill(arg, &entry->digest) ||
	    keep_act(arg, index, line, err);
}

struct changed {
	struct pull *pull;
	char (*names)[DOCUMENT_NAME];
	size_t num;
};

static bool
visit_changed(void *arg, uint64_t index, const struct entry *entry,
    struct span line, struct error *err)
{
	struct changed *all = arg;
	void *more;

	(void)index, (void)line;
	if (!is_shown(all->pull, entry->document))
		return true;
	for (size_t i = 0; i < all->num && all->num <= DOCUMENT_BY_DOCUMENT;
	     i++)
		if (strcmp(all->names[i], entry->document) == 0)
			return true;
	if (all->num > DOCUMENT_BY_DOCUMENT)
		return true;
	more = realloc(all->names, (all->num + 1) * sizeof(all->names[0]));
	if (more == NULL)
		return error_set_errno(err, "entries");
	all->names = more;
	snprintf(all->names[all->num++], DOCUMENT_NAME, "%s", entry->document);
	return true;
}

static bool
gather(struct pull *pull, uint64_t from, const char *document,
    entry_visitor *visit, void *arg, struct error *err)
{
	const struct entry_filter filter = { .act = FILTER_DOCUMENTS,
		.document = document[0] != '\0' ? document : NULL,
		.from = from,
		.at = pull->size };

	return session_entries(&pull->session, &filter, visit, arg, err);
}

static int
compare_acts(const void *a, const void *b)
{
	const struct proved_act *x = a, *y = b;

	return (x->index > y->index) - (x->index < y->index);
}

/* Of bags by which acts came: their copies carry those receipts too. */
static bool
gather_dispatches(struct pull *pull, struct error *err)
{
	const struct entry_filter filter = { .act = "dispatch",
		.at = pull->size };

	return pull->num_waybills == 0 ||
	    session_entries(&pull->session, &filter, visit_dispatch, pull, err);
}

/*
 * All acts on each document that changed, those of before too: their receipts
 * are to lead to one checkpoint.
 */
static bool
gather_changed(struct pull *pull, struct error *err)
{
	struct changed changed = { .pull = pull };
	bool ok = true;

	if (pull->from > 0)
		ok = gather(pull, pull->from, "", visit_changed, &changed, err);
	if (ok && (pull->from == 0 || changed.num > DOCUMENT_BY_DOCUMENT))
		ok = gather(pull, 0, "", visit_act, pull, err);
	else
		for (size_t i = 0; ok && i < changed.num; i++)
			ok = gather(pull, 0, changed.names[i], visit_act, pull,
			    err);
	free(changed.names);
	ok = ok && gather_dispatches(pull, err);
	if (pull->num_acts > 0)
		qsort(pull->acts, pull->num_acts, sizeof(*pull->acts),
		    compare_acts);
	return ok;
}

/* What does not follow on the act before it follows on one that is not shown. */
static bool
apply(struct pull *pull, uint64_t index, const struct entry *entry,
    struct error *err)
{
	struct error why = { 0 };

	if (ledger_apply(pull->ledger, index, entry, &why))
		return true;
	if (why.kind != ERROR_UNTRUSTED) {
		*err = why;
		return false;
	}
	return error_set_code(err, ERROR_UNTRUSTED, ENTRY_WITHHELD,
	    "the daemon does not show all acts: entry %llu, %s",
	    (unsigned long long)index, why.detail);
}

static bool
apply_all(struct pull *pull, struct error *err)
{
	static struct entry entry; /* large */
	struct digest last = { { 0 } };
	bool ok = (pull->ledger = ledger_new(err)) != NULL;

	for (size_t i = 0; ok && i < pull->num_acts; i++) {
		ok = entry_parse(buf_span(&pull->acts[i].line), &entry, err) &&
		    apply(pull, pull->acts[i].index, &entry, err);
		if (ok && entry_has(&entry, ENTRY_CRLS) &&
		    !digest_eq(&last, &entry.crls)) {
			session_want_crls(&pull->session, &entry.crls);
			last = entry.crls;
		}
	}
	return ok;
}

/* --- The pack. --- */

/* A piece of the answer, from *at on. */
static bool
read_answer(int fd, uint64_t *at, uint64_t size, void *out, size_t len,
    struct error *err)
{
	if (len > size - *at)
		return error_set(err, ERROR_MALFORMED,
		    "the daemon's pack ends too soon");
	if (!file_pread(fd, out, len, (off_t)*at, err))
		return false;
	*at += len;
	return true;
}

/* One pkt-line into line; false at its end too, *ended tells. */
static bool
next_line(int fd, uint64_t *at, uint64_t size, uint8_t line[65536],
    struct span *data, enum pkt_kind *kind, struct error *err)
{
	struct span whole;
	char digits[5] = "";
	unsigned long len;

	if (!read_answer(fd, at, size, line, 4, err))
		return false;
	memcpy(digits, line, 4);
	len = strtoul(digits, NULL, 16);
	if (len > 4 &&
	    (len > 65520 || !read_answer(fd, at, size, line + 4, len - 4, err)))
		return err->kind != ERROR_NONE
		    ? false
		    : error_set(err, ERROR_MALFORMED, "the daemon's pack");
	whole = span_of(line, len > 4 ? len : 4);
	/* Data of a band is binary: a line feed at its end is its own. */
	if (!pkt_take(&whole, kind, data, err))
		return false;
	if (*kind == PKT_DATA)
		*data = span_of(line + 4, len - 4);
	return true;
}

/* What is in band 1, into the file to; its length. */
static bool
unpack_answer(int fd, uint64_t size, int to, uint64_t *len, struct error *err)
{
	static uint8_t line[65536];
	bool in_pack = false;
	enum pkt_kind kind;
	struct span data;
	uint64_t at = 0;

	*len = 0;
	for (;;) {
		if (!next_line(fd, &at, size, line, &data, &kind, err))
			return false;
		if (kind != PKT_DATA) {
			if (in_pack && kind == PKT_FLUSH)
				return true;
			continue;
		}
		if (!in_pack) {
			if (data.len > 0 && data.data[data.len - 1] == '\n')
				data.len--;
			if (span_starts(data, "ERR "))
				return error_set(err, ERROR_UNAVAILABLE,
				    "the daemon gives no pack: %.*s",
				    (int)data.len, (const char *)data.data);
			in_pack = span_starts(data, "packfile");
			continue;
		}
		if (data.len == 0 || data.data[0] == 3)
			return error_set(err, ERROR_UNAVAILABLE,
			    "the daemon could not send all of the pack");
		if (data.data[0] != 1)
			continue;
		if (!file_pwrite(to, span_sub(data, 1, data.len - 1),
			(off_t)*len, err))
			return false;
		*len += data.len - 1;
	}
}

static bool
take_answer(struct pull *pull, int fd, struct error *err)
{
	const int to = context_temporary(pull->context, err);
	const off_t size = lseek(fd, 0, SEEK_END);
	uint64_t len;
	bool ok;

	ok = to >= 0 && unpack_answer(fd, (uint64_t)size, to, &len, err) &&
	    store_take_pack(pull->store, to, 0, len, err);
	if (to >= 0)
		close(to);
	return ok;
}

/* One that was made for us, and waits; a cut leaves what has come of it. */
static bool
fetch_waiting(struct pull *pull, const char *location, struct error *err)
{
	char path[FILE_PATH];
	bool ok;
	int fd;

	if (!file_join(path, pull->dir, WAITING, err))
		return false;
	pull->session.doing = "pulling";
	fd = session_download_kept(&pull->session, location, "pull.pack", err);
	output_progress_end();
	pull->session.doing = NULL;
	if (fd < 0) {
		if (err->kind != ERROR_UNAVAILABLE)
			unlink(path);
		return false;
	}
	ok = take_answer(pull, fd, err);
	close(fd);
	unlink(path);
	return ok;
}

static bool
resume_waiting(struct pull *pull, struct error *err)
{
	struct buf text = BUF(160);
	char path[FILE_PATH], location[161];
	bool ok = true;

	if (!file_join(path, pull->dir, WAITING, err))
		return false;
	if (file_exists(path) && file_read(path, text.max, &text, err) &&
	    span_starts(buf_span(&text), "/v1/packs/") &&
	    span_to_str(buf_span(&text), location, sizeof(location)))
		ok = fetch_waiting(pull, location, err);
	buf_free(&text);
	/* Gone, or another's by now: it is asked for anew. */
	if (!ok && err->kind != ERROR_UNAVAILABLE) {
		*err = (struct error){ 0 };
		ok = true;
	}
	return ok;
}

/* "want" each tip that is not here, "have" what is here of those. */
static bool
build_request(struct pull *pull, struct buf *out, size_t *num,
    struct error *err)
{
	struct ledger_document **docs;
	struct buf haves = BUF(LIMIT_GIT_BODY);
	size_t num_docs = 0;
	bool ok;

	*num = 0;
	if ((docs = ledger_sorted(pull->ledger, &num_docs)) == NULL)
		return error_set_errno(err, "pull");
	ok = pkt_printf(out, err, "command=fetch\n") &&
	    pkt_printf(out, err, "object-format=sha1") &&
	    pkt_append_delim(out, err) && pkt_printf(out, err, "no-progress\n");
	for (size_t i = 0; ok && i < num_docs && *num < WANTS; i++) {
		char ref[DOCUMENT_NAME + 16], hex[OID_HEX];
		struct oid tip;

		if (docs[i]->num_versions == 0 ||
		    store_has(pull->store, &docs[i]->tip))
			continue;
		oid_hex(&docs[i]->tip, hex);
		ok = pkt_printf(out, err, "want %s\n", hex);
		(*num)++;
		snprintf(ref, sizeof(ref), "refs/heads/%s", docs[i]->name);
		if (ok && store_get_ref(pull->store, ref, &tip)) {
			oid_hex(&tip, hex);
			ok = pkt_printf(&haves, err, "have %s\n", hex);
		}
	}
	ok = ok && buf_append(out, buf_span(&haves), err) &&
	    pkt_printf(out, err, "done\n") && pkt_append_flush(out, err);
	buf_free(&haves);
	free(docs);
	return ok;
}

/* *more: something was asked for, and came. */
static bool
fetch_pack(struct pull *pull, bool *more, struct error *err)
{
	struct buf body = BUF(LIMIT_GIT_BODY);
	struct remote_request request = { .method = "POST",
		.path = "/git/git-upload-pack",
		.headers = { "Git-Protocol: version=2",
		    "Valise-Prepare: pack" } };
	struct remote_answer answer = { .body = BUF(0) };
	char path[FILE_PATH];
	size_t num;
	bool ok;

	*more = false;
	if (!build_request(pull, &body, &num, err) || num == 0) {
		buf_free(&body);
		return err->kind == ERROR_NONE;
	}
	request.body_len = body.len;
	request.body_fd = context_temporary(pull->context, err);
	request.file_fd = context_temporary(pull->context, err);
	ok = request.body_fd >= 0 && request.file_fd >= 0 &&
	    file_pwrite(request.body_fd, buf_span(&body), 0, err) &&
	    remote_do(pull->session.remote, &request, &answer, err);
	if (ok && answer.status == 201)
		ok = file_join(path, pull->dir, WAITING, err) &&
		    file_write(path, span_of_str(answer.location), 0600, err) &&
		    fetch_waiting(pull, answer.location, err);
	else if (ok)
		ok = take_answer(pull, request.file_fd, err);
	*more = ok;
	if (request.body_fd >= 0)
		close(request.body_fd);
	if (request.file_fd >= 0)
		close(request.file_fd);
	remote_answer_free(&answer);
	buf_free(&body);
	return ok;
}

static const struct proved_act *
find_act(const struct pull *pull, uint64_t index)
{
	const struct proved_act key = { .index = index };

	return bsearch(&key, pull->acts, pull->num_acts, sizeof(key),
	    compare_acts);
}

/* --- The acts, to tell statuses by (lib/client/acts.h). --- */

static int
compare_indices(const void *a, const void *b)
{
	const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* The indices of all acts on a document, in order; the caller frees them. */
static uint64_t *
indices_of(const struct ledger_document *doc, size_t *num)
{
	uint64_t *all;

	*num = 0;
	for (size_t i = 0; i < doc->num_versions; i++)
		*num += doc->versions[i].num_acts;
	if ((all = calloc(*num + 1, sizeof(*all))) == NULL)
		return NULL;
	*num = 0;
	for (size_t i = 0; i < doc->num_versions; i++)
		for (size_t j = 0; j < doc->versions[i].num_acts; j++)
			all[(*num)++] = doc->versions[i].acts[j];
	qsort(all, *num, sizeof(*all), compare_indices);
	return all;
}

/* What was kept of it is among what the daemon shows now. */
static bool
has_kept(const struct pull *pull, const struct document_acts *acts,
    struct error *err)
{
	struct document_acts kept;
	bool ok;

	acts_load(pull->context, acts->doc.name, &kept);
	ok = acts_include(acts, &kept, acts->size, err);
	acts_free(&kept);
	return ok;
}

static bool
keep_acts_of(const struct pull *pull, const struct ledger_document *doc,
    struct error *err)
{
	struct document_acts acts;
	uint64_t *all;
	size_t num;
	bool ok;

	acts_begin(doc->name, &acts);
	all = indices_of(doc, &num);
	ok = all != NULL || error_set_errno(err, "acts");
	for (size_t i = 0; ok && i < num; i++) {
		const struct proved_act *act = find_act(pull, all[i]);

		ok = act != NULL &&
		    acts_add(&acts, act->index, buf_span(&act->line), err);
	}
	acts.size = pull->size;
	acts.seen_at = pull->seen_at;
	ok = ok && has_kept(pull, &acts, err) &&
	    acts_keep_quick(pull->context, &acts, err);
	acts_free(&acts);
	free(all);
	return ok;
}

/*
 * Keep the acts of each document that changed: what is known of the others is
 * complete up to the same size then.  Where they cannot be kept, the statuses
 * of later commands are as of less.
 */
static bool
keep_acts(struct pull *pull, struct error *err)
{
	const struct policy_entry *newest =
	    succession_newest(&pull->context->succession);
	struct ledger_document **docs;
	size_t num = 0;
	bool ok = true;

	if (newest == NULL)
		return true;
	if ((docs = ledger_sorted(pull->ledger, &num)) == NULL)
		return error_set_errno(err, "pull");
	for (size_t i = 0; ok && i < num; i++)
		if (docs[i]->num_versions > 0)
			ok = keep_acts_of(pull, docs[i], err);
	free(docs);
	ok = ok &&
	    acts_keep_all(pull->context, &newest->digest, pull->from,
		pull->size, pull->seen_at, err);
	if (!ok && err->kind == ERROR_SYSTEM) {
		output_note("what was proved could not be kept: %s",
		    err->detail);
		*err = (struct error){ 0 };
		ok = true;
	}
	return ok;
}

/* --- Containers. --- */

static bool
add_receipt(const struct pull *pull, const struct proved_act *act,
    struct container *container, struct error *err)
{
	struct proof proof = PROOF;
	struct buf text = BUF(LIMIT_PROOF_FILE);
	char path[LIMIT_PATH_BYTES + 1];
	bool ok;

	snprintf(path, sizeof(path), PATH_RECEIPT,
	    (unsigned long long)act->index);
	proof.index = act->index;
	ok = buf_append(&proof.entry, buf_span(&act->line), err) &&
	    buf_append(&proof.note, buf_span(&pull->note), err);
	if (ok) {
		proof.path = act->proof;
		ok = proof_encode(&proof, &text, err) &&
		    container_put(container, path, buf_span(&text), err);
	}
	proof_free(&proof);
	buf_free(&text);
	return ok;
}

/* Where the version has the waybill: one of before there were slips has none. */
static bool
add_dispatch(const struct pull *pull, const struct proved_act *act,
    struct container *container, struct error *err)
{
	static struct entry entry; /* large */

	return entry_parse(buf_span(&act->line), &entry, err) &&
	    (!slip_has_waybill(container, &entry.digest) ||
		add_receipt(pull, act, container, err));
}

static bool
add_receipts(const struct pull *pull, const struct ledger_version *version,
    struct container *container, struct error *err)
{
	bool ok = true;

	for (size_t i = 0; ok && i < version->num_acts; i++) {
		const struct proved_act *act = find_act(pull, version->acts[i]);

		ok = act != NULL && add_receipt(pull, act, container, err);
	}
	for (size_t i = 0; ok && i < version->num_dispatches; i++) {
		const struct proved_act *act =
		    find_act(pull, version->dispatches[i]);

		ok = act != NULL && add_dispatch(pull, act, container, err);
	}
	return ok;
}

static bool
tell(struct pull *pull, const struct ledger_document *doc,
    const struct ledger_version *version, const struct copy *copy,
    struct error *err)
{
	char number[24];
	const char *title = copy->verdict.version != NULL
	    ? version_title(copy->verdict.version, "en")
	    : "";
	const char *what = copy->verdict.outcome == OUTCOME_VALID
	    ? status_name(version->status)
	    : outcome_name(copy->verdict.outcome);

	snprintf(number, sizeof(number), "%u", version->number);
	json_array_append_new(pull->rows,
	    json_pack("{s:s, s:i, s:s, s:s, s:s}", "document", doc->name,
		"version", (int)version->number, "outcome",
		outcome_name(copy->verdict.outcome), "status",
		status_name(version->status), "title", title));
	return table_add(pull->table,
		   (const char *const[]){ doc->name, number, what, title }) ||
	    error_set_errno(err, "table");
}

/*
 * A copy with a place, or evidence.  An act that is here, proved, and that the
 * daemon does not tell of although its journal is longer, is withheld.
 */
static bool
place(struct pull *pull, const struct copy *copy, bool *newer,
    struct error *err)
{
	const struct version *version = copy->verdict.version;
	struct placing placing;

	if (!local_place(pull->context, pull->session.history, pull->dir, copy,
		LOCAL_PROVED, &placing, err))
		return false;
	*newer = placing.placed == PLACED_NEW;
	if (placing.placed == PLACED_OTHER && pull->other.kind == ERROR_NONE)
		local_contradicts(copy, &placing, &pull->other);
	if (placing.placed == PLACED_OTHER ||
	    (placing.placed == PLACED_NEW && placing.aside[0] != '\0'))
		output_note("%s@%u: another copy of it is kept in %s",
		    version->document, version->number, placing.aside);
	if (placing.placed == PLACED_LESS && placing.missing < pull->size &&
	    pull->other.kind == ERROR_NONE)
		error_set_code(&pull->other, ERROR_UNTRUSTED, "ENTRY_WITHHELD",
		    "%s@%u: the daemon does not show entry %llu, which your"
		    " copy proves: what you have stays",
		    version->document, version->number,
		    (unsigned long long)placing.missing);
	return true;
}

/* *good: it was judged VALID, and is there. */
static bool
pull_version(struct pull *pull, const struct ledger_document *doc,
    const struct ledger_version *version, bool *good, struct error *err)
{
	struct container *container =
	    stored_version(pull->store, &version->commit, err);
	struct copy copy = { .fd = -1 };
	struct error why = { 0 };
	bool newer = false, ok;

	*good = false;
	ok = container != NULL && add_receipts(pull, version, container, err) &&
	    ((ftruncate(pull->made, 0) == 0 &&
		 (copy.fd = dup(pull->made)) >= 0) ||
		error_set_errno(err, "temporary file")) &&
	    container_write(container, copy.fd, &copy.size, err);
	container_free(container);
	ok = ok && copy_judge(pull->context, copy.fd, &copy, err);
	if (ok && copy.verdict.outcome == OUTCOME_VALID) {
		*good =
		    strcmp(copy.verdict.version->document, doc->name) == 0 &&
		    copy.verdict.version->number == version->number;
		ok = !*good || place(pull, &copy, &newer, err);
		if (ok && *good)
			context_remember_version(pull->context,
			    member_bytes(
				container_find(copy.container, PATH_VERSION)));
	} else if (ok) {
		/* Not the first finding, which may be a warning. */
		(void)verdict_error(&copy.verdict, &why);
		output_note("%s@%u: %s", doc->name, version->number,
		    why.detail);
	}
	if (ok && !*good)
		pull->num_bad++;
	if (ok && (newer || !*good)) {
		pull->num_new++;
		ok = tell(pull, doc, version, &copy, err);
	}
	copy_free(&copy);
	return ok;
}

static bool
pull_document(struct pull *pull, const struct ledger_document *doc,
    struct error *err)
{
	char ref[DOCUMENT_NAME + 16];
	bool all = true, ok = true;

	for (size_t i = 0; ok && i < doc->num_versions; i++) {
		const struct ledger_version *version = &doc->versions[i];
		bool good = true;

		/* One of before, of which nothing was said since. */
		if (version->acts[version->num_acts - 1] < pull->from)
			continue;
		ok = pull_version(pull, doc, version, &good, err);
		all = all && good;
	}
	snprintf(ref, sizeof(ref), "refs/heads/%s", doc->name);
	return ok && (!all || store_set_ref(pull->store, ref, &doc->tip, err));
}

static bool
pull_documents(struct pull *pull, struct error *err)
{
	struct ledger_document **docs;
	size_t num = 0;
	bool ok = true;

	if ((docs = ledger_sorted(pull->ledger, &num)) == NULL)
		return error_set_errno(err, "pull");
	for (size_t i = 0; ok && i < num; i++)
		if (docs[i]->num_versions > 0 && docs[i]->last >= pull->from)
			ok = pull_document(pull, docs[i], err);
	free(docs);
	return ok;
}

static bool
report(struct pull *pull, struct error *err)
{
	char text[AS_OF_TEXT];

	if (pull->context->json)
		return output_json(json_pack("{s:s, s:I, s:O, s:s*}", "copy",
				       pull->dir, "size",
				       (json_int_t)pull->size, "new",
				       pull->rows, "code",
				       pull->other.kind != ERROR_NONE
					   ? error_code(&pull->other)
					   : NULL),
		    err);
	if (pull->num_new > 0)
		table_print(pull->table);
	as_of_text(&(struct as_of){ .size = pull->size,
		       .seen_at = pull->seen_at },
	    text);
	printf("%s: %zu new, all proved to be in the journal of size %llu\n"
	       "as of %s\n",
	    pull->dir, pull->num_new, (unsigned long long)pull->size, text);
	return true;
}

/*
 * A pack that is gone, or that the daemon cannot make: unless its journal is
 * another one by now, it is asked for once more.
 */
static bool
ask_anew(struct pull *pull, bool *more, struct error *err)
{
	const struct error gone = *err;

	if ((err->kind != ERROR_NOT_FOUND && err->kind != ERROR_UNAVAILABLE))
		return false;
	*err = (struct error){ 0 };
	if (!session_catch_up(&pull->session, err))
		return false;
	*more = true;
	if (!pull->asked_anew) {
		pull->asked_anew = true;
		return true;
	}
	*err = gone;
	return false;
}

static bool
run(struct pull *pull, struct error *err)
{
	static const char *const heading[] = { "DOCUMENT", "VERSION", "STATUS",
		"TITLE" };
	bool more = true, ok;

	pull->size = pull->session.seen.size;
	pull->seen_at = pull->session.seen_at;
	pull->table = table_new(4);
	pull->rows = json_array();
	ok = pull->table != NULL && table_add(pull->table, heading) &&
	    gather_changed(pull, err) && apply_all(pull, err) &&
	    keep_acts(pull, err) && resume_waiting(pull, err);
	while (ok && more)
		ok = fetch_pack(pull, &more, err) || ask_anew(pull, &more, err);
	ok = ok && pull_documents(pull, err) && file_sync_all(pull->dir, err);
	/* What was not good is looked at again the next time. */
	if (ok && pull->num_bad == 0)
		ok = write_done(pull, err);
	ok = ok && report(pull, err);
	if (ok && pull->other.kind != ERROR_NONE) {
		pull->context->told = true;
		*err = pull->other;
		ok = false;
	}
	if (ok && pull->num_bad > 0) {
		pull->context->told = true;
		ok = error_set_code(err, ERROR_UNTRUSTED, "NOT_ALL_VALID",
		    "%zu versions are not valid, and are not in the copy",
		    pull->num_bad);
	}
	return ok;
}

bool
cmd_pull(struct context *context, const struct options_given *given,
    struct error *err)
{
	struct pull pull = { .context = context,
		.made = -1,
		.note = BUF(LIMIT_NOTE_FILE) };
	bool ok;

	if (!context_load(context, err) ||
	    !local_dir(context, given->operands[0], pull.dir, err) ||
	    !read_done(&pull, err) ||
	    !session_open(context, &pull.session, err))
		return false;
	/* The connection may have settled what a bag brought. */
	ok = local_settle(context, pull.session.history, pull.dir, err) &&
	    open_git(&pull, err) &&
	    (pull.made = context_temporary(context, err)) >= 0 &&
	    run(&pull, err);
	if (pull.made >= 0)
		close(pull.made);
	for (size_t i = 0; i < pull.num_acts; i++)
		buf_free(&pull.acts[i].line);
	free(pull.acts);
	free(pull.waybills);
	buf_free(&pull.note);
	table_free(pull.table);
	json_decref(pull.rows);
	ledger_free(pull.ledger);
	store_free(pull.store);
	session_close(&pull.session);
	return ok;
}
