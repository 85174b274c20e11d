/*
 * Bring the local copy up to date: what is new by the journal, proved; one
 * pack of git objects; a container for each version, put together here from
 * those objects and the receipts, and judged before it appears.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cmd/pull.h"
#include "cli/local/local.h"
#include "client/packs.h"

#define DONE    ".valise"      /* DIR/: "KEYID SIZE" of the journal pulled */
#define LOCK    ".valise-pull" /* DIR/: one pull at a time */
#define WAITING ".valise-pack" /* DIR/: a pack that waits at the daemon */

/* --- How far it is. --- */

/* Read up to which size the last pull came; 0 if there was none. */
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
		ok = error_set_outside(err,
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

/*
 * Ask for the tip of each document that is not here, and tell what is here of
 * the document.
 */
static bool
list_wants(void *arg, struct pack_request *request, struct error *err)
{
	struct pull *pull = arg;
	struct ledger_document **docs;
	size_t num = 0;
	bool ok = true;

	if ((docs = ledger_sorted(pull->ledger, &num)) == NULL)
		return error_set_errno(err, "pull");
	for (size_t i = 0; ok && i < num; i++) {
		char ref[DOCUMENT_NAME + 16];
		struct oid tip;

		if (docs[i]->num_versions == 0 ||
		    store_has(pull->store, &docs[i]->tip))
			continue;
		snprintf(ref, sizeof(ref), "refs/heads/%s", docs[i]->name);
		ok = pack_want(request, &docs[i]->tip,
		    store_get_ref(pull->store, ref, &tip) ? &tip : NULL, err);
	}
	free(docs);
	return ok;
}

static bool
fetch_packs(struct pull *pull, struct error *err)
{
	struct pack_source source = { .session = &pull->session,
		.store = pull->store,
		.kept = "pull.pack",
		.doing = "pulling",
		.list = list_wants,
		.arg = pull };

	return file_join(source.waiting, pull->dir, WAITING, err) &&
	    packs_fetch(&source, err);
}

/* Print what was pulled. */
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

/* Pull: acts, packs, copies, and the report. */
static bool
run(struct pull *pull, struct error *err)
{
	static const char *const heading[] = { "DOCUMENT", "VERSION", "STATUS",
		"TITLE" };
	bool ok;

	pull->size = pull->session.seen.size;
	pull->seen_at = pull->session.seen_at;
	pull->table = table_new(4);
	if (pull->table != NULL)
		pull->table->outcome = 3;
	pull->rows = json_array();
	ok = pull->table != NULL && table_add(pull->table, heading) &&
	    pull_gather(pull, err) && pull_apply(pull, err) &&
	    pull_keep_acts(pull, err) && fetch_packs(pull, err);
	ok = ok && pull_documents(pull, err) && file_sync_all(pull->dir, err);
	/* Versions that were not VALID are looked at again by the next pull. */
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
	struct pull pull = { .context = context, .note = BUF(LIMIT_NOTE_FILE) };
	char path[FILE_PATH];
	bool ok;
	int lock;

	if (!context_load(context, err) ||
	    !local_dir(context, given->operands[0], pull.dir, err) ||
	    !file_join(path, pull.dir, LOCK, err) ||
	    (lock = file_lock_wait(path, err)) < 0)
		return false;
	/* Before anybody is asked for anything. */
	if (!read_done(&pull, err) || !outfile_try_within(pull.dir, err) ||
	    !session_open(context, &pull.session, err)) {
		close(lock);
		return false;
	}
	/* A pull that is cut goes on where it was. */
	if (given->operands[0] != NULL)
		local_remember(context, pull.dir);
	/* The connection may have proved or refuted what a bag brought. */
	ok = local_settle(context, pull.session.history, pull.dir, err) &&
	    open_git(&pull, err) && run(&pull, err);
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
	close(lock);
	return ok;
}
