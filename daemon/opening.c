/*
 * Opening what the daemon keeps, and checking it against the signer, the policy
 * and the CRLs (daemon.h).
 */
#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "daemon/daemon.h"
#include "daemon/data/check_ends.h"
#include "daemon/log.h"
#include "daemon/settings.h"
#include "daemon/standby/standby.h"
#include "daemon/writer/proposed.h"
#include "journal/evidence.h"
#include "record/cosigning.h"
#include "record/data.h"
#include "record/refs.h"
#include "record/titles.h"

struct refs_mended {
	struct store *store;
	/* Branches that were behind: the last daemon was killed. */
	unsigned num;
};

/*
 * Tell of a branch that was changed.  A branch that is only behind is not worth
 * a line: branches are written late.
 */
static void
tell_of_ref(void *arg, const struct ref_told *told)
{
	struct refs_mended *mended = arg;

	if (told->should != NULL && store_keeps(mended->store, told->should))
		mended->num++;
	else
		log_warning("refs", "%s=%s",
		    told->should == NULL ? "dropped" : "moved",
		    log_text(told->ref));
}

static bool
follow_refs(struct daemon *daemon, struct error *err)
{
	struct refs_mended mended = { .store = daemon->record.store };

	if (!refs_follow(daemon->record.store, daemon->record.ledger, true,
		tell_of_ref, &mended, err))
		return false;
	if (mended.num > 0)
		log_info("refs", "completed=%u", mended.num);
	store_keep(daemon->record.store);
	return true;
}

/* A note_visitor: log what is wrong in the store, and what was mended. */
static void
tell_of_store(void *arg, const char *code, const char *about, const char *text,
    bool is_mended)
{
	const struct daemon *daemon = arg;

	if (is_mended)
		log_warning("store", "code=%s result=mended about=%s reason=%s",
		    code, log_text(about), log_text(text));
	else if (strcmp(code, "OBJECT_DAMAGED") == 0)
		log_error("store", "code=%s about=%s reason=%s", code,
		    log_text(about), log_text(text));
	else
		log_warning("store",
		    "code=%s about=%s reason=%s do=\"stop the daemon, then"
		    " valised fsck %s --repair\"",
		    code, log_text(about), log_text(text),
		    daemon->config->data);
}

/* Heads that a crash left out are those of a moment; others were lost. */
static void
tell_of_heads(const struct opening *opening)
{
	const struct head newest = journal_head(opening->journal);
	struct buf line = BUF(LIMIT_ENTRY_BYTES);
	struct error ignored = { 0 };
	struct entry entry;

	if (journal_entry(opening->journal, opening->mended.heads_end, &line,
		&ignored) &&
	    entry_parse(buf_span(&line), &entry, &ignored) &&
	    fsck_heads_are_lost(&newest, entry.time_ms))
		log_error("journal",
		    "code=HEAD_DAMAGED heads_lost_after=%llu until=%llu"
		    " reason=\"journal/heads was shorter than what the signer"
		    " signed: receipts of these entries lead to a later head;"
		    " put the file of a backup in its place\"",
		    (unsigned long long)opening->mended.heads_end,
		    (unsigned long long)newest.size);
	buf_free(&line);
}

/* Log what was repaired, and how the journal was opened. */
static void
tell_of_opening(const struct opening *opening, int64_t took_ms)
{
	const struct journal_mended *mended = &opening->mended;
	const uint64_t size = journal_size(opening->journal);

	if (opening->dropped.kind != ERROR_NONE)
		log_warning("ledger", "result=dropped reason=%s",
		    log_text(opening->dropped.detail));
	if (mended->cut_bytes > 0)
		log_warning("journal",
		    "cut_bytes=%llu reason=\"a batch that"
		    " was never signed, so never acknowledged\"",
		    (unsigned long long)mended->cut_bytes);
	if (mended->heads_completed > 0)
		tell_of_heads(opening);
	if (mended->heads_completed > 0 || mended->heads_dropped > 0 ||
	    mended->hashes_rebuilt > 0)
		log_info("journal",
		    "heads_completed=%llu heads_dropped=%llu"
		    " hashes_rebuilt=%llu",
		    (unsigned long long)mended->heads_completed,
		    (unsigned long long)mended->heads_dropped,
		    (unsigned long long)mended->hashes_rebuilt);
	log_info("journal", "size=%llu hashed=%s ms=%lld",
	    (unsigned long long)size, opening->from.size > 0 ? "newest" : "all",
	    (long long)took_ms);
}

/*
 * What a later version journaled may change what is in force: this one does not
 * go on from it.
 */
static bool
check_known(const struct ledger *ledger, struct error *err)
{
	const uint64_t later = ledger_last(ledger, ACT_OTHER);

	return later == LEDGER_NONE ||
	    error_set(err, ERROR_MALFORMED,
		"entry %llu of the journal is an act that this version does not"
		" know: a later one wrote it. Install that one again; see"
		" \"Upgrade\" in the operations manual",
		(unsigned long long)later);
}

/* Keep some of the disk back for the journal; without it all goes on. */
static void
keep_reserve(const struct daemon *daemon)
{
	const struct journal *journal = daemon->record.journal;
	struct error err = { 0 };
	uint64_t has, wanted;

	if (!journal_keep_reserve(journal, daemon->config->reserve_bytes,
		&err)) {
		log_warning("reserve", "reason=%s", log_text(err.detail));
		return;
	}
	journal_reserve(journal, &has, &wanted);
	if (has < wanted)
		log_warning("reserve", "has=%llu wanted=%llu reason=%s",
		    (unsigned long long)has, (unsigned long long)wanted,
		    log_text("the disk is nearly full: make room; the rest is"
			     " taken once there is some"));
}

/*
 * Each "key" entry but one that waits has made a key: without it old heads are
 * judged by nobody, and new offices are not told of it.
 */
static bool
check_keys(const struct daemon *daemon, struct error *err)
{
	const size_t named = ledger_of_act(daemon->record.ledger, ACT_KEY).num -
	    (daemon->replacing ? 1 : 0);

	return daemon->record.keys.num == named + 1 ||
	    error_set(err, ERROR_UNTRUSTED,
		"journal/keys and vkey have %zu keys, and the journal names"
		" %zu: put those of a backup in their place, or the lines of"
		" \"journal-before\" in any office's enrolment.yaml",
		(size_t)daemon->record.keys.num, named + 1);
}

/* The journal is being opened: the daemon knows nothing of its backend yet. */
static bool
may_publish(void *arg, struct backend *backend, const struct head *head,
    struct error *err)
{
	struct daemon *daemon = arg;

	daemon->second.backend = backend;
	return second_wait(&daemon->second, head, err);
}

/*
 * A writer that stalled may have gone on until the right to write was taken: what
 * it proposed may be published at any time, and this signer is to know it.
 */
static bool
claimed(void *arg, struct backend *backend, struct head *signer,
    struct error *err)
{
	struct daemon *daemon = arg;
	struct note_key key;

	return standby_catch_up(daemon->standby, backend, err) &&
	    signer_state(daemon->signer, signer, &key, err);
}

/*
 * Where there is a stand-by, a head is given out only once its signer remembers
 * it too: the one that this signer had remembered before it was killed, or when
 * it stood by, as well.
 */
static void
prepare_second(struct daemon *daemon, struct data_place *place)
{
	if (daemon->config->promote == PROMOTE_NONE)
		return;
	/* An opening that ended since another daemon was faster may have waited. */
	__atomic_store_n(&daemon->second.is_away, false, __ATOMIC_RELEASE);
	place->claimed = claimed;
	place->arg = daemon;
	place->database.may_publish = may_publish;
	place->database.arg = daemon;
}

static void
begin_second(struct daemon *daemon)
{
	if (daemon->config->promote == PROMOTE_NONE)
		return;
	daemon->second.backend = store_backend(daemon->record.store);
	signer_set_second(daemon->signer, second_wait, &daemon->second);
}

/* Have the signer sign what a writer that died had proposed. */
static bool
sign_proposed(struct daemon *daemon, struct error *err)
{
	const uint64_t before = journal_size(daemon->record.journal);
	unsigned num;

	if (!proposed_sign(&daemon->record, daemon->signer, &num, err))
		return false;
	if (num > 0)
		log_info("journal", "signed_proposed=%u from=%llu to=%llu", num,
		    (unsigned long long)before,
		    (unsigned long long)journal_size(daemon->record.journal));
	return true;
}

/* What another daemon of this record could not tell at once, this one tells. */
static void
give_evidence(const struct daemon *daemon, const char *path)
{
	const struct data_place place = config_place(daemon->config);
	struct buf text = BUF(LIMIT_EVIDENCE_BYTES);
	struct backend *backend;
	struct error err = { 0 };
	bool ok = false;

	if (place.database.conninfo == NULL)
		return;
	if ((backend = data_members(&place, &err)) != NULL) {
		ok = file_read(path, text.max, &text, &err) &&
		    evidence_give(backend, buf_span(&text), &err);
		backend->table->close(backend);
	}
	if (!ok)
		log_error("evidence", "reason=%s", log_text(err.detail));
	buf_free(&text);
}

bool
daemon_check_evidence(const struct daemon *daemon, struct error *err)
{
	char path[FILE_PATH];

	if (!data_path(daemon->config->data, DATA_EVIDENCE, path, err))
		return false;
	if (!file_exists(path))
		return true;
	give_evidence(daemon, path);
	return error_set(err, ERROR_UNTRUSTED,
	    "%s is there: a checkpoint that this journal's key signed and that"
	    " this folder does not have. Nothing is signed until that is"
	    " cleared up; see \"A journal that was rolled back\" in the"
	    " operations manual",
	    path);
}

/* Is there evidence that another daemon was shown?  Then it is told here too. */
static bool
take_evidence(const struct daemon *daemon, struct error *err)
{
	const struct record *record = &daemon->record;
	struct buf text = BUF(LIMIT_EVIDENCE_BYTES);
	char path[FILE_PATH];
	bool ok;

	ok = evidence_find(store_backend(record->store), record->journal, &text,
	    err);
	if (ok && text.len > 0)
		ok =
		    data_path(daemon->config->data, DATA_EVIDENCE, path, err) &&
		    file_write(path, buf_span(&text), 0600, err) &&
		    daemon_check_evidence(daemon, err);
	buf_free(&text);
	return ok;
}

/* Open the journal and check it against the signer and the configuration. */
static bool
open_journal(struct daemon *daemon, struct error *err)
{
	struct data_place place = config_place(daemon->config);
	struct record *record = &daemon->record;
	int64_t began;
	const struct note_key *newest;
	struct note_key key;
	char vkey[NOTE_KEY_TEXT];
	struct head head;

	if (!daemon_check_evidence(daemon, err))
		return false;
	began = time_monotonic_ms();
	prepare_second(daemon, &place);
	if (!signer_state(daemon->signer, &head, &key, err) ||
	    !data_open(&place, &head, daemon->full, record, err))
		return false;
	keep_reserve(daemon);
	newest = &record->keys.keys[record->keys.num - 1];
	if (key.id != newest->id)
		return error_set(err, ERROR_UNTRUSTED,
		    "the signer's journal key is not the one of vkey: this"
		    " journal is not signed by it");
	begin_second(daemon);
	if (!take_evidence(daemon, err) || !sign_proposed(daemon, err))
		return false;
	head = journal_head(record->journal);
	note_key_encode(newest, vkey);
	/* The journal's last entry names a key that is not in use yet. */
	daemon->replacing = ledger_next_key(daemon->record.ledger)[0] != '\0' &&
	    ledger_last(daemon->record.ledger, ACT_KEY) + 1 == head.size &&
	    strcmp(ledger_next_key(daemon->record.ledger), vkey) != 0;
	tell_of_opening(&record->opening, time_monotonic_ms() - began);
	if (record->cosignatures_dropped > 0)
		log_warning("cosignature",
		    "result=dropped lines=%zu reason=\"they are damaged; the"
		    " file before is journal/cosignatures.before\"",
		    record->cosignatures_dropped);
	if (!check_keys(daemon, err) ||
	    !check_known(daemon->record.ledger, err) ||
	    !store_look(record->store, LOOK_AT_NOTES, tell_of_store, daemon,
		err))
		return false;
	return strcmp(record->keys.keys[0].name, daemon->policy->origin) == 0 ||
	    error_set(err, ERROR_UNTRUSTED,
		"the journal is \"%s\", the policy's origin is \"%s\"",
		record->keys.keys[0].name, daemon->policy->origin);
}

/* Make the set that follows the journal's newest one. NULL on failure. */
const struct crl_set *
daemon_newest_crls(struct daemon *daemon, const struct policy *policy,
    const struct crl_set *set, struct lists_look *look, struct error *err)
{
	const struct crl_set *newest = NULL;
	struct crl_set *next;
	struct digest digest;
	bool known;

	ledger_read_lock(daemon->record.ledger);
	known = ledger_newest(daemon->record.ledger, ACT_CRL, &digest);
	ledger_unlock(daemon->record.ledger);
	if (known)
		newest = library_crls(daemon->record.library, &digest);
	next = lists_follow(&daemon->record, policy, newest,
	    (struct crl_set *)(uintptr_t)set, look, err);
	return next == NULL || next == set
	    ? next
	    : library_add_crls(daemon->record.library, next, err);
}

/*
 * Read the titles that the last daemon kept; the others are read when asked
 * for.
 */
static void
read_titles(const struct record *record)
{
	struct error why = { 0 };
	size_t num;

	if (!file_exists(record->titles))
		return;
	if (titles_read(record->titles, record->journal, record->ledger, &num,
		&why))
		log_info("titles", "read=%zu", num);
	else
		log_warning("titles", "result=dropped reason=%s",
		    log_text(why.detail));
}

/* A library_ref_visitor. */
static void
tell_of_library_ref(void *arg, const char *ref, bool is_there)
{
	bool *is_lost = arg;

	if (is_there)
		log_warning("refs", "moved=%s", ref);
	else
		*is_lost = true;
}

/* Does the ledger say of the newest entry of this act what stands in it? */
static bool
is_newest(const struct record *record, enum act act)
{
	const uint64_t index = ledger_last(record->ledger, act);
	struct buf line = BUF(LIMIT_ENTRY_BYTES);
	struct error ignored = { 0 };
	struct digest newest;
	struct entry entry;
	bool is;

	is = ledger_newest(record->ledger, act, &newest) &&
	    journal_entry(record->journal, index, &line, &ignored) &&
	    entry_parse(buf_span(&line), &entry, &ignored) &&
	    digest_eq(act == ACT_POLICY ? &entry.policy : &entry.crls, &newest);
	buf_free(&line);
	return is;
}

/*
 * What the newest entries name must be there: nothing is judged without it. A
 * ledger that does not follow from the journal is found by the check of that.
 */
static bool
look_at_library(struct record *record, struct error *err)
{
	bool is_lost = false;

	return library_look_at_refs(record->library, record->ledger, true,
		   tell_of_library_ref, &is_lost, err) &&
	    (!is_lost || !is_newest(record, ACT_POLICY) ||
		!is_newest(record, ACT_CRL) ||
		error_set(err, ERROR_UNTRUSTED,
		    "store.git has lost the policy or the lists that the"
		    " journal's newest entries name: put the packs of a backup"
		    " into store.git/objects/pack; \"valised fsck\" names all"
		    " that is missing"));
}

/* The policy of the folder is not in force: offices are judged by the record's. */
static bool
use_policy(struct daemon *daemon, struct policy *policy, struct error *err)
{
	void *tls;

	snprintf(daemon->differs, sizeof(daemon->differs),
	    "%.100s is not the policy in force: \"valised reload\" would change"
	    " it",
	    daemon->config->policies);
	log_warning("policy", "reason=%s", log_text(daemon->differs));
	if ((tls = settings_tls_again(daemon->tls, policy, err)) == NULL)
		return false;
	http_tls_free(daemon->tls);
	daemon->tls = tls;
	daemon->policy = policy;
	return true;
}

/*
 * Where there is a stand-by, starting and taking over change nothing: policy and
 * lists in force are those of the record. *is_known: it has some.
 */
static bool
use_record(struct daemon *daemon, bool *is_known, struct error *err)
{
	struct record *record = &daemon->record;
	struct policy *policy = NULL;
	const struct crl_set *crls = NULL;
	struct digest digest;

	*is_known = false;
	if (daemon->config->promote == PROMOTE_NONE)
		return true;
	if (ledger_newest(record->ledger, ACT_POLICY, &digest))
		policy = library_policy(record->library, &digest);
	if (ledger_newest(record->ledger, ACT_CRL, &digest))
		crls = library_crls(record->library, &digest);
	*is_known = policy != NULL && crls != NULL;
	if (!*is_known)
		return true;
	daemon->crls = crls;
	return digest_eq(&policy->digest, &daemon->policy->digest) ||
	    use_policy(daemon, policy, err);
}

/*
 * What witnesses handed in at another daemon of this record is served here too,
 * once it was judged.
 */
static bool
share_cosignatures(const struct record *record, struct error *err)
{
	struct exhibits_shared shared = { 0 };

	if (!cosigning_share(record, &shared, err))
		return false;
	if (shared.taken > 0 || shared.given > 0)
		log_info("cosignature", "taken=%zu given=%zu", shared.taken,
		    shared.given);
	if (shared.refused > 0)
		log_warning("cosignature",
		    "result=refused lines=%zu reason=\"the database has lines"
		    " that no witness of this record signed\"",
		    shared.refused);
	return true;
}

/* Open everything in the data folder, and start the registrar. */
bool
daemon_open_data(struct daemon *daemon, struct crl_set *crls, struct error *err)
{
	struct record *record = &daemon->record;
	bool is_known;
	int64_t behind_s;

	if ((daemon->certs = cert_cache_new(err)) == NULL ||
	    !open_journal(daemon, err))
		return false;
	daemon->policy =
	    library_add_policy(record->library, daemon->policy, err);
	daemon->crls = library_add_crls(record->library, crls, err);
	if (daemon->policy == NULL || daemon->crls == NULL ||
	    !library_follow_all(record->library, record->journal,
		record->ledger, err) ||
	    !look_at_library(record, err) || !follow_refs(daemon, err) ||
	    !share_cosignatures(record, err))
		return false;
	read_titles(record);
	if (!use_record(daemon, &is_known, err))
		return false;
	if (!is_known)
		daemon->crls = daemon_newest_crls(daemon, daemon->policy,
		    daemon->crls, &daemon->look, err);
	if (daemon->crls == NULL)
		return false;
	lists_warn(daemon->policy, daemon->crls,
	    lists_future_at(record, &behind_s));
	return true;
}
