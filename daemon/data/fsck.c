/*
 * The check of a data folder: opening it, and the order of its parts (fsck.h).
 */
#include "daemon/data/fsck.h"

#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "base/file.h"
#include "base/time.h"
#include "daemon/data/check_ends.h"
#include "daemon/data/check_entries.h"
#include "daemon/data/check_exhibits.h"
#include "daemon/data/check_journal.h"
#include "daemon/data/check_versions.h"
#include "daemon/data/findings.h"
#include "record/data.h"
#include "record/ledger_file.h"
#include "record/refs.h"

enum { BEHIND_MS = 2 * 60 * 1000 };

/*
 * Did a running daemon make that commit of the document after we opened the
 * folder?
 */
static bool
came_since(struct fsck *fsck, const char *document, const struct oid *oid)
{
	const uint64_t size = journal_size(fsck->journal);
	struct journal_mended mended = { 0 };
	struct error why = { 0 };
	struct journal *journal;
	uint64_t index;

	if (fsck->later == NULL &&
	    (fsck->later = ledger_temporary(fsck->audit_settings.folder,
		 &why)) != NULL &&
	    (journal = data_view_in(&fsck->settings->place,
		 fsck->audit_settings.folder, ledger_visit, fsck->later,
		 &mended, &why)) != NULL)
		journal_free(journal);
	if (fsck->later == NULL)
		return false;
	index = ledger_of_commit(fsck->later, oid);
	return index != LEDGER_NONE && index >= size &&
	    strcmp(ledger_name(fsck->later,
		       ledger_entry(fsck->later, index).document),
		document) == 0;
}

/*
 * Will the daemon that writes here move it, as it does within a minute of an act
 * (daemon/writer/registrar.c)?  A database does not say which branches are
 * behind; only one that is at an earlier act of its document, or not there yet,
 * can be.
 */
static bool
is_behind(const struct fsck *fsck, const struct ref_told *told)
{
	const struct ledger *ledger = audit_ledger(fsck->audit);
	uint64_t index;

	if (fsck->settings->place.database.conninfo == NULL ||
	    told->should == NULL ||
	    !fsck_is_written(fsck->settings->place.folder) ||
	    time_now_ms() - ledger_time_ms(ledger) > BEHIND_MS)
		return false;
	if (told->is == NULL)
		return true;
	index = ledger_of_commit(ledger, told->is);
	return index != LEDGER_NONE &&
	    strcmp(ledger_name(ledger, ledger_entry(ledger, index).document),
		told->document) == 0;
}

/* Tell of a branch that is not where the journal says. */
static void
tell_of_ref(void *arg, const struct ref_told *told)
{
	struct fsck *fsck = arg;

	/* A commit may have no branch yet: then its pack has a .new. */
	if ((told->should != NULL && store_keeps(fsck->store, told->should)) ||
	    is_behind(fsck, told) ||
	    (told->is != NULL && came_since(fsck, told->document, told->is)))
		return;
	fsck_report_derived(fsck, "REF_WRONG", told->ref,
	    told->should == NULL ? "a branch of no document in the journal"
				 : "the branch is not where the journal says");
}

/* A note_visitor: tell what in the store is not as it was made. */
static void
tell_of_store(void *arg, const char *code, const char *about, const char *text,
    bool is_mended)
{
	(void)is_mended;
	fsck_report_derived(arg, code, about, text);
}

/*
 * Where to keep what is known of each entry: the journal's folder, if the disk
 * has four times the room of the journal's own such files, so that deposits
 * never want for it; else NULL, memory.
 */
static const char *
folder_for_entries(struct fsck *fsck)
{
	static const enum data_part parts[] = { DATA_INDEX, DATA_COMMITS,
		DATA_ENDS };
	struct error ignored = { 0 };
	char path[FILE_PATH];
	struct statvfs disk;
	struct stat st;
	uint64_t bytes = 0;

	if (!fsck->settings->spares_memory ||
	    !data_path(fsck->settings->place.folder, DATA_JOURNAL, fsck->folder,
		&ignored) ||
	    statvfs(fsck->folder, &disk) != 0)
		return NULL;
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (data_path(fsck->settings->place.folder, parts[i], path,
			&ignored) &&
		    stat(path, &st) == 0)
			bytes += (uint64_t)st.st_size;
	return bytes / disk.f_frsize < disk.f_bavail / 4 ? fsck->folder : NULL;
}

/*
 * Is it no damage but another place that was meant, or a database that does not
 * answer?
 */
static bool
cannot_look(const struct error *why)
{
	return why->kind == ERROR_CONFLICT || why->kind == ERROR_REFUSED ||
	    why->kind == ERROR_UNAVAILABLE;
}

/* Has a daemon shared here what the folder has? */
static bool
look_whether_opened(struct fsck *fsck, struct error *err)
{
	bool is = true;

	if (fsck->journal != NULL &&
	    fsck->settings->place.database.conninfo != NULL &&
	    !postgres_is_opened(journal_backend(fsck->journal), &is, err))
		return false;
	fsck->is_unopened = !is;
	return true;
}

/* Open journal and store; what is missing or damaged is told. */
static bool
open_folder(struct fsck *fsck, struct error *err)
{
	struct journal_mended mended = { 0 };
	struct error why = { 0 };

	if (!data_is_there(fsck->settings->place.folder))
		return error_set(err, ERROR_NOT_FOUND, "%s is no data folder",
		    fsck->settings->place.folder);
	/*
	 * Open the journal first: the objects of its entries are in the store
	 * by then.
	 */
	fsck->audit_settings.folder = folder_for_entries(fsck);
	fsck->journal = data_view_in(&fsck->settings->place,
	    fsck->audit_settings.folder, NULL, NULL, &mended, &why);
	if (fsck->journal == NULL && cannot_look(&why)) {
		*err = why;
		return false;
	}
	if (fsck->journal == NULL)
		FIND(fsck, "JOURNAL_DAMAGED", AUDIT_NO_ENTRY,
		    data_name(DATA_JOURNAL), "%s", why.detail);
	fsck->hashes_are_wrong = mended.hashes_rebuilt > 0;
	fsck->out->behind = mended.behind;
	if (!look_whether_opened(fsck, err))
		return false;
	if (fsck->hashes_are_wrong)
		fsck_report_derived(fsck, "HASHES_DAMAGED",
		    "journal/hashes, nodes",
		    "they are not those of the entries");
	fsck->store = data_view_store(&fsck->settings->place, &why);
	if (fsck->store == NULL && cannot_look(&why)) {
		*err = why;
		return false;
	}
	if (fsck->store == NULL) {
		FIND(fsck, "STORE_DAMAGED", AUDIT_NO_ENTRY,
		    data_name(DATA_STORE), "%s", why.detail);
		return true;
	}
	return store_look(fsck->store, LOOK_AT_ALL, tell_of_store, fsck, err) &&
	    (fsck->library = library_new(fsck->store, err)) != NULL &&
	    (fsck->certs = cert_cache_new(err)) != NULL;
}

/* A ledger of the first entries; NULL with an error. */
static struct ledger *
ledger_at(struct fsck *fsck, uint64_t size, struct error *err)
{
	struct buf line = BUF(LIMIT_ENTRY_BYTES);
	struct ledger *ledger =
	    ledger_temporary(fsck->audit_settings.folder, err);
	bool ok = ledger != NULL;

	for (uint64_t i = 0; ok && i < size && !fsck_stopped(fsck); i++) {
		line.len = 0;
		ok = journal_entry(fsck->journal, i, &line, err) &&
		    ledger_visit(ledger, i, buf_span(&line), err);
	}
	buf_free(&line);
	if (ok)
		return ledger;
	ledger_free(ledger);
	return NULL;
}

/*
 * Compare journal/ledger with what the entries lead to.  None, or one of
 * another version of Valise, is made anew by the next start; so is one that a
 * daemon wrote after the folder was opened, seen by the next check.
 */
static void
check_ledger(struct fsck *fsck)
{
	struct ledger *own = NULL, *ledger = audit_ledger(fsck->audit);
	struct buf bytes = BUF(SIZE_MAX);
	struct error why = { 0 };
	char path[FILE_PATH];
	uint64_t size;

	if (data_path(fsck->settings->place.folder, DATA_LEDGER, path, &why) &&
	    file_exists(path) && file_read(path, bytes.max, &bytes, &why) &&
	    ledger_file_begins(buf_span(&bytes), &size) &&
	    size <= journal_size(fsck->journal)) {
		if (size != ledger_size(ledger))
			ledger = own = ledger_at(fsck, size, &why);
		if (ledger != NULL && ledger_size(ledger) == size &&
		    !ledger_file_compare(path, buf_span(&bytes), fsck->journal,
			ledger, &why))
			fsck_report_derived(fsck, "LEDGER_DAMAGED",
			    data_name(DATA_LEDGER), why.detail);
	}
	ledger_free(own);
	buf_free(&bytes);
}

/* Branches that cannot be read hide nothing else. */
static bool
check_refs(struct fsck *fsck, struct error *err)
{
	struct error why = { 0 };

	if (refs_follow(fsck->store, audit_ledger(fsck->audit), false,
		tell_of_ref, fsck, &why))
		return true;
	if (why.kind != ERROR_UNTRUSTED) {
		*err = why;
		return false;
	}
	fsck_report_derived(fsck, "REF_WRONG", data_name(DATA_PACKED_REFS),
	    why.detail);
	return true;
}

/* A library_ref_visitor. */
static void
tell_of_library_ref(void *arg, const char *ref, bool is_there)
{
	/* Of one that is not there its own finding tells: POLICY_UNKNOWN. */
	if (is_there)
		fsck_report_derived(arg, "REF_WRONG", ref,
		    "it does not lead to what the newest entry names");
}

/* Check all parts, in their order. */
static bool
check_folder(struct fsck *fsck, struct error *err)
{
	uint64_t num;

	if (!open_folder(fsck, err))
		return false;
	if (fsck->journal == NULL || fsck->store == NULL) {
		/* Without the store, the other parts are still checked. */
		if (fsck->store == NULL)
			return true;
		return store_check(fsck->store, 0, 1, fsck_tell_of_object, fsck,
		    &num, err);
	}
	fsck->verdict_library = library_for_verdict(fsck->library);
	fsck->audit_settings.library = &fsck->verdict_library;
	if ((fsck->audit = audit_new(&fsck->audit_settings, err)) == NULL)
		return false;
	fsck->out->size = journal_size(fsck->journal);
	fsck_check_ends(fsck);
	if (!fsck_check_journal(fsck, err))
		return false;
	/* Follow the journal as the daemon does. */
	if (!library_follow_all(fsck->library, fsck->journal,
		audit_ledger(fsck->audit), err) ||
	    !library_look_at_refs(fsck->library, audit_ledger(fsck->audit),
		false, tell_of_library_ref, fsck, err))
		return false;
	if (!fsck_check_cosignatures(fsck, err) ||
	    !fsck_check_exhibits(fsck, err))
		return false;
	check_ledger(fsck);
	return check_refs(fsck, err) && fsck_check_versions(fsck, err);
}

bool
fsck_run(const struct fsck_settings *settings, struct fsck_result *out,
    struct error *err)
{
	struct fsck fsck = { .settings = settings, .out = out };
	bool ok;

	*out = (struct fsck_result){ 0 };
	fsck.audit_settings = (struct audit_settings){ .by = FIELD_FSCK,
		.now_ms = time_now_ms(),
		.report = fsck_report,
		.report_disputed = fsck_report_disputed,
		.find_delivered = fsck_find_delivered,
		.arg = &fsck };
	pthread_mutex_init(&fsck.mutex, NULL);
	ok = check_folder(&fsck, err);
	out->is_complete = ok && !fsck_stopped(&fsck);
	audit_free(fsck.audit);
	ledger_free(fsck.later);
	library_free(fsck.library);
	cert_cache_free(fsck.certs);
	store_free(fsck.store);
	journal_free(fsck.journal);
	pthread_mutex_destroy(&fsck.mutex);
	return ok;
}
