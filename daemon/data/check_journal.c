/*
 * The check of the journal's files against each other (check_journal.h).
 */
#include "daemon/data/check_journal.h"

#include "daemon/data/check_entries.h"
#include "daemon/signer/memory.h"
#include "record/cosigning.h"
#include "record/data.h"

enum { HEADS = 16 }; /* that a thread takes at once */

/*
 * Check one head; *last is the size of the head before it, and gets this one's.
 */
static void
check_head(struct fsck *fsck, uint64_t n, const struct note_keys *keys,
    uint64_t *last)
{
	struct buf note = BUF(LIMIT_NOTE_FILE);
	struct checkpoint checkpoint;
	struct error why = { 0 };
	struct digest root;
	struct head head;
	char about[48];
	bool ok;

	ok = journal_nth_head(fsck->journal, n, &head, &why);
	if (ok &&
	    (head.size <= *last || head.size > journal_size(fsck->journal)))
		ok = error_set(&why, ERROR_UNTRUSTED,
		    "its size is out of order");
	ok = ok && journal_root_at(fsck->journal, head.size, &root, &why) &&
	    (digest_eq(&root, &head.root) ||
		error_set(&why, ERROR_UNTRUSTED,
		    "its root is not that of the entries"));
	ok = ok && journal_note(fsck->journal, &head, &note, &why) &&
	    note_open(buf_span(&note), keys, &checkpoint, &why);
	if (ok) {
		*last = head.size;
	} else {
		snprintf(about, sizeof(about), "journal/heads, record %llu",
		    (unsigned long long)n);
		FIND(fsck, "HEAD_DAMAGED", AUDIT_NO_ENTRY, about,
		    "%s; receipts that lead to it cannot be given", why.detail);
	}
	buf_free(&note);
}

/* Check some heads at a time until all are taken; the function of a thread. */
static void *
check_heads(void *arg)
{
	struct fsck *fsck = arg;
	const uint64_t num = journal_num_heads(fsck->journal);
	const struct note_keys keys = journal_keys(fsck->journal);
	uint64_t n, end;

	while (!fsck_stopped(fsck) &&
	    (n = __atomic_fetch_add(&fsck->next_head, HEADS,
		 __ATOMIC_ACQ_REL)) < num) {
		struct head before = { .size = 0 };
		struct error ignored = { 0 };
		uint64_t last;

		/* If that head cannot be read its own check tells it. */
		if (n > 0 &&
		    !journal_nth_head(fsck->journal, n - 1, &before, &ignored))
			before.size = 0;
		last = before.size;
		end = num - n < HEADS ? num : n + HEADS;
		__atomic_add_fetch(&fsck->out->num_heads, end - n,
		    __ATOMIC_RELAXED);
		for (; n < end && !fsck_stopped(fsck); n++)
			check_head(fsck, n, &keys, &last);
	}
	return NULL;
}

/* Compare the signer's memory with the newest head. */
static void
check_signer(struct fsck *fsck)
{
	const struct head newest = journal_head(fsck->journal);
	struct error why = { 0 };
	struct digest root;
	struct head head;

	/* A backup has no signer's memory, on purpose. */
	if (fsck->settings->without_signer ||
	    data_has(fsck->settings->place.folder, DATA_BACKUP))
		return;
	if (!signer_remembered(fsck->settings->place.folder, &head, &why)) {
		FIND(fsck, "SIGNER_DAMAGED", AUDIT_NO_ENTRY,
		    data_name(DATA_MEMORY), "%s", why.detail);
		return;
	}
	/* A running daemon signed a later one: nothing to compare. */
	if (head.size > newest.size)
		return;
	/* Where a daemon stood by both lag; it follows before it signs. */
	if (head.size < newest.size && fsck->out->behind == 0)
		FIND(fsck, "SIGNER_BEHIND", AUDIT_NO_ENTRY,
		    data_name(DATA_MEMORY),
		    "it remembers size %llu, the journal has a signed head of"
		    " %llu: it was put back from an older copy, and would"
		    " sign a fork",
		    (unsigned long long)head.size,
		    (unsigned long long)newest.size);
	else if (!journal_root_at(fsck->journal, head.size, &root, &why) ||
	    !digest_eq(&root, &head.root))
		FIND(fsck, "SIGNER_DIFFERS", AUDIT_NO_ENTRY,
		    data_name(DATA_MEMORY),
		    "at size %llu it signed another root: another history",
		    (unsigned long long)head.size);
}

struct judging {
	struct fsck *fsck;
	const struct policy *policy;
};

/* Check a witness's line against the note of its size. */
static void
check_cosignature(void *arg, uint64_t size, struct span line)
{
	struct judging *all = arg;
	struct fsck *fsck = all->fsck;
	const struct witnesses *witnesses = &all->policy->witnesses;
	struct cosignature found[LIMIT_WITNESSES];
	struct buf note = BUF(LIMIT_NOTE_FILE);
	struct error why = { 0 };
	struct head head;
	char about[64];
	size_t num;

	fsck->out->num_cosignatures++;
	snprintf(about, sizeof(about), "journal/cosignatures, size %llu",
	    (unsigned long long)size);
	if (size > journal_size(fsck->journal) && size <= fsck->signed_size)
		FIND(fsck, "HEAD_DAMAGED", AUDIT_NO_ENTRY, about,
		    "a witness signed a head that is missing in journal/heads,"
		    " which ends at size %llu; a start writes the newest anew",
		    (unsigned long long)journal_size(fsck->journal));
	else if (size > journal_size(fsck->journal) ||
	    !journal_head_at(fsck->journal, size, &head, &why))
		FIND(fsck, "COSIGNATURE_WRONG", AUDIT_NO_ENTRY, about,
		    "a witness signed a size that this journal never had");
	/* The entries still tell what the head was that the witness signed. */
	else if (head.size != size &&
	    journal_root_at(fsck->journal, size, &head.root, &why)) {
		head.size = size;
		if (journal_note(fsck->journal, &head, &note, &why) &&
		    buf_append(&note, line, &why) &&
		    note_cosignatures(buf_span(&note), witnesses->keys,
			witnesses->num, found, &num, &why) &&
		    num > 0)
			FIND(fsck, "HEAD_DAMAGED", AUDIT_NO_ENTRY, about,
			    "the head that this witness signed is missing in"
			    " journal/heads; receipts lead to a later one");
		else
			FIND(fsck, "COSIGNATURE_WRONG", AUDIT_NO_ENTRY, about,
			    "a witness signed a size that this journal never"
			    " had");
	}
	/* A line by a witness that the policy no longer names is not judged. */
	else if (!journal_note(fsck->journal, &head, &note, &why) ||
	    !buf_append(&note, line, &why) ||
	    !note_cosignatures(buf_span(&note), witnesses->keys, witnesses->num,
		found, &num, &why))
		FIND(fsck, "COSIGNATURE_WRONG", AUDIT_NO_ENTRY, about, "%s",
		    why.detail);
	buf_free(&note);
}

/* --- The lines that a database has. --- */

struct comparing {
	struct fsck *fsck;
	struct cosigning by;
	size_t num; /* lines that were told */
};

/* A cosignature_check of a line that the folder does not have. */
static bool
check_shared(void *arg, uint64_t size, struct span line)
{
	struct comparing *it = arg;
	char about[64];

	if (cosigning_check(&it->by, size, line))
		return true;
	snprintf(about, sizeof(about), "table exhibit, size %llu",
	    (unsigned long long)size);
	FIND(it->fsck, "COSIGNATURE_WRONG", AUDIT_NO_ENTRY, about,
	    "no witness that a policy ever named signed this head so");
	it->num++;
	return false;
}

/* A start puts into the database what it has lost. */
static bool
compare_shared(struct fsck *fsck, struct cosignatures *lines, struct error *err)
{
	struct comparing it = { .fsck = fsck,
		.by = { .journal = fsck->journal,
		    .ledger = audit_ledger(fsck->audit),
		    .library = fsck->library } };
	struct exhibits_shared shared = { 0 };
	const bool ok =
	    cosignatures_share(lines, journal_backend(fsck->journal),
		EXHIBITS_COUNT, check_shared, &it, &shared, err);

	cosigning_free(&it.by);
	if (!ok)
		return false;
	if (shared.refused > it.num)
		FIND(fsck, "COSIGNATURE_WRONG", AUDIT_NO_ENTRY, "table exhibit",
		    "%zu of its cosignatures are damaged",
		    shared.refused - it.num);
	if (fsck->is_unopened)
		fsck->out->num_unshared += shared.given;
	else if (shared.given > 0)
		FIND(fsck, "EXHIBIT_MISSING", AUDIT_NO_ENTRY, "table exhibit",
		    "%zu lines of %s are not in the database; a start puts"
		    " them there",
		    shared.given, data_name(DATA_COSIGNATURES));
	return true;
}

bool
fsck_check_cosignatures(struct fsck *fsck, struct error *err)
{
	struct judging all = { .fsck = fsck };
	struct cosignatures *lines;
	struct digest newest;
	struct error why = { 0 };
	bool ok;

	if (!ledger_newest(audit_ledger(fsck->audit), ACT_POLICY, &newest) ||
	    (all.policy = library_policy(fsck->library, &newest)) == NULL)
		return true; /* the finding POLICY_UNKNOWN tells this */
	lines = data_view_cosignatures(fsck->settings->place.folder, &why);
	if (lines == NULL) {
		FIND(fsck, "COSIGNATURE_WRONG", AUDIT_NO_ENTRY,
		    data_name(DATA_COSIGNATURES), "%s", why.detail);
		return true;
	}
	cosignatures_each(lines, check_cosignature, &all);
	ok = compare_shared(fsck, lines, err);
	cosignatures_free(lines);
	return ok;
}

/*
 * Check heads on all threads but this one, which takes the entries one by one.
 */
bool
fsck_check_journal(struct fsck *fsck, struct error *err)
{
	const bool with_heads = !fsck->hashes_are_wrong;
	pthread_t threads[FSCK_THREADS];
	unsigned num = 0;
	bool ok;

	if (with_heads)
		check_signer(fsck);
	while (with_heads && num + 1 < fsck->settings->threads &&
	    num < FSCK_THREADS &&
	    pthread_create(&threads[num], NULL, check_heads, fsck) == 0)
		num++;
	ok = fsck_check_entries(fsck, err);
	if (with_heads)
		check_heads(fsck);
	while (num > 0)
		pthread_join(threads[--num], NULL);
	return ok;
}
