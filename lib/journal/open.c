/*
 * Opening a journal: its entries are read and hashed, all or only the newest,
 * and compared with the signed head and with the derived files.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "backend/files/files.h"
#include "base/file.h"
#include "journal/files.h"

enum {
	PIECE_BYTES = 1 << 20,   /* of entries, read in one piece */
	PIECE_ENTRIES = 1 << 12, /* derived and compared in one piece */
};

/* --- Reading entries in order, a piece of their file at a time. --- */

/*
 * The piece after those taken.  A thread reads it while they are checked, so that
 * a database and the daemon are at work side by side.
 */
struct piece {
	struct backend *backend;
	uint64_t at;
	size_t len;
	uint8_t *bytes;
	bool ok;
	struct error err;
	pthread_t thread;
	bool has_thread; /* which is to be joined */
};

struct reading {
	uint64_t end; /* of what is to be read */
	struct buf bytes;
	size_t used;
	struct piece next;
};

static void *
read_piece(void *arg)
{
	struct piece *piece = arg;

	piece->ok = piece->backend->table->read(piece->backend, piece->at,
	    piece->bytes, piece->len, &piece->err);
	return NULL;
}

/* Begin to read the piece; without a thread it is read at once. */
static void
begin_piece(struct reading *reading, uint64_t at)
{
	struct piece *next = &reading->next;
	const uint64_t left = reading->end - at;

	next->at = at;
	next->len = left < PIECE_BYTES ? (size_t)left : PIECE_BYTES;
	next->err = (struct error){ 0 };
	next->has_thread = next->len > 0 &&
	    pthread_create(&next->thread, NULL, read_piece, next) == 0;
	if (!next->has_thread)
		(void)read_piece(next);
}

static void
finish_piece(struct piece *piece)
{
	if (piece->has_thread)
		pthread_join(piece->thread, NULL);
	piece->has_thread = false;
}

/* Take the next piece, after the bytes not taken yet. */
static bool
fill(struct reading *reading, struct error *err)
{
	struct piece *next = &reading->next;
	const size_t kept = reading->bytes.len - reading->used;

	finish_piece(next);
	if (!next->ok) {
		*err = next->err;
		return false;
	}
	memmove(reading->bytes.data, reading->bytes.data + reading->used, kept);
	memcpy(reading->bytes.data + kept, next->bytes, next->len);
	reading->used = 0;
	reading->bytes.len = kept + next->len;
	begin_piece(reading, next->at + next->len);
	return true;
}

static bool
begin_reading(struct reading *reading, struct backend *backend, uint64_t from,
    uint64_t end, struct error *err)
{
	*reading = (struct reading){ .end = end,
		.bytes = { .data = malloc(PIECE_BYTES + 2 + UINT16_MAX) },
		.next = { .backend = backend, .bytes = malloc(PIECE_BYTES) } };
	if (reading->bytes.data == NULL || reading->next.bytes == NULL)
		return error_set_errno(err, "journal");
	begin_piece(reading, from);
	return true;
}

static void
end_reading(struct reading *reading)
{
	finish_piece(&reading->next);
	free(reading->next.bytes);
	free(reading->bytes.data);
}

/*
 * Take the next entry.  *there is false at the end, or if the entry is cut off
 * by the end of the file.
 */
static bool
take_entry(struct reading *reading, struct span *out, bool *there,
    struct error *err)
{
	struct span rest;
	uint16_t len = 0;

	if (reading->bytes.len - reading->used < 2 + UINT16_MAX &&
	    reading->next.len > 0 && !fill(reading, err))
		return false;
	rest = span_of(reading->bytes.data + reading->used,
	    reading->bytes.len - reading->used);
	*there = span_take_u16(&rest, &len) && span_take(&rest, len, out);
	if (*there)
		reading->used += 2 + (size_t)len;
	return true;
}

/* --- Checking them. --- */

struct opening {
	struct journal *journal;
	struct head head, signer;
	/* What the signer has yet to sign, the oldest first. */
	struct proposed proposed[JOURNAL_AHEAD];
	unsigned num_proposed;
	uint64_t last;            /* the size up to which entries are read */
	uint64_t signed_end;      /* of the signer's entries, in bytes */
	struct journal_from from; /* the known state; size 0: none */
	uint64_t first;           /* the first entry to hash */
	uint64_t first_at;        /* where that entry begins in the file */
	/* The edge of the tree of the entries before it */
	struct merkle_edge edge;
	struct derived derived;
	/* Of a view whose files lag: these; others are computed beside them. */
	struct records *own[JOURNAL_DERIVED];
	bool lags;
	journal_visitor *visit;
	void *arg;
	const bool *stop; /* or NULL */
	struct journal_mended *mended;
};

static bool
contradiction(struct error *err, const char *what, uint64_t size)
{
	return error_set(err, ERROR_UNTRUSTED,
	    "the journal contradicts itself: %s at size %llu; nothing was"
	    " changed. Do not delete anything: keep this folder, and see"
	    " \"A damaged journal\" in the operations manual",
	    what, (unsigned long long)size);
}

/* Returns what was proposed at this size and not signed yet, or NULL. */
static const struct head *
proposed_at(const struct opening *open, uint64_t size)
{
	for (unsigned i = 0; i < open->num_proposed; i++)
		if (open->proposed[i].head.size == size)
			return &open->proposed[i].head;
	return NULL;
}

/*
 * If the signer, a head, a proposal or the caller has a root for this size, it
 * must be the computed one.
 */
static bool
check_root_here(struct opening *open, struct error *err)
{
	const struct merkle_edge *edge = &open->derived.edge;
	const struct head *proposed = proposed_at(open, edge->size);
	struct digest root;

	if (edge->size == open->signer.size)
		open->signed_end = open->derived.end;
	if (edge->size == 0 ||
	    (edge->size != open->head.size && edge->size != open->signer.size &&
		edge->size != open->from.size && proposed == NULL))
		return true;
	root = merkle_root(edge);
	if (proposed != NULL && !digest_eq(&root, &proposed->root))
		return contradiction(err,
		    "entries are not those that were proposed", edge->size);
	if (edge->size == open->head.size &&
	    !digest_eq(&root, &open->head.root))
		return contradiction(err,
		    "entries are not those whose root stands in heads",
		    edge->size);
	if (edge->size == open->signer.size &&
	    !digest_eq(&root, &open->signer.root))
		return contradiction(err,
		    "entries are not those that the signer signed", edge->size);
	if (edge->size == open->from.size &&
	    !digest_eq(&root, &open->from.root))
		return contradiction(err,
		    "entries are not those that what is kept of them follows"
		    " from",
		    edge->size);
	return true;
}

static bool
visit_entry(struct opening *open, uint64_t index, struct span entry,
    struct error *err)
{
	if (index < open->from.size || open->visit == NULL ||
	    open->visit(open->arg, index, entry, err))
		return true;
	if (err->kind != ERROR_SYSTEM)
		err->kind = ERROR_UNTRUSTED;
	return error_context(err,
	    "the journal contradicts itself at entry %llu",
	    (unsigned long long)index);
}

/* Does the caller want the check to end early? */
static bool
stopped(const struct opening *open)
{
	return open->stop != NULL &&
	    __atomic_load_n(open->stop, __ATOMIC_ACQUIRE);
}

/* A piece of derived bytes is complete: compare it, or write it if mend. */
static bool
end_piece(struct opening *open, bool mend, struct error *err)
{
	struct journal *journal = open->journal;

	if (mend)
		return derived_write(&open->derived, journal, err);
	if (open->lags) {
		derived_compare(&open->derived, open->own, true, open->mended);
		return derived_write(&open->derived, journal, err);
	}
	/*
	 * A view has no file of ends to compare with; it keeps the computed
	 * ones.
	 */
	if (journal->is_view &&
	    !records_write(journal->derived[DERIVED_ENDS],
		derived_bytes(DERIVED_ENDS, open->derived.from),
		buf_span(&open->derived.bytes[DERIVED_ENDS]), err))
		return false;
	derived_compare(&open->derived, journal->derived, false, open->mended);
	derived_go_on(&open->derived);
	return true;
}

/*
 * Read entries from the first to be hashed up to the last that was proposed or,
 * if all were signed, to the signer's size. mend: all were checked before; write
 * the derived files.
 */
static bool
read_entries(struct opening *open, struct reading *reading, bool mend,
    struct error *err)
{
	struct derived *derived = &open->derived;
	struct span entry;
	bool there;

	derived_begin(derived, &open->edge, open->first_at);
	if (!check_root_here(open, err))
		return false;
	while (derived->edge.size < open->last && !stopped(open)) {
		const uint64_t index = derived->edge.size;

		if (!take_entry(reading, &entry, &there, err))
			return false;
		if (!there)
			return contradiction(err,
			    index < open->signer.size
				? "entries end before what the signer signed"
				: "entries end before what was proposed",
			    index);
		if (!derived_add(derived, entry, err) ||
		    (!mend && !visit_entry(open, index, entry, err)) ||
		    !check_root_here(open, err))
			return false;
		if (derived->edge.size % PIECE_ENTRIES == 0 &&
		    !end_piece(open, mend, err))
			return false;
	}
	return end_piece(open, mend, err);
}

/* The same for the first end bytes of the file. */
static bool
scan(struct opening *open, uint64_t end, bool mend, struct error *err)
{
	struct reading reading;
	const bool ok = begin_reading(&reading, open->journal->backend,
			    open->first_at, end, err) &&
	    read_entries(open, &reading, mend, err);

	end_reading(&reading);
	return ok;
}

/*
 * Find what was proposed after the signer's head.  A writer has at most
 * JOURNAL_AHEAD proposals unsigned, and begins only when none is: more of them
 * mean that the signer's memory is not this journal's newest.
 */
static bool
find_proposed(struct opening *open, struct error *err)
{
	struct backend *backend = open->journal->backend;
	struct proposed next;

	open->last = open->signer.size;
	if (open->journal->is_view || open->journal->follows)
		return true;
	for (;;) {
		if (!backend->table->proposed(backend, open->last, &next, err))
			return false;
		if (next.head.size == 0)
			return true;
		if (next.head.size <= open->last ||
		    open->num_proposed == JOURNAL_AHEAD)
			return contradiction(err,
			    "more was proposed than a writer leaves unsigned:"
			    " the signer's memory was rolled back",
			    open->signer.size);
		open->proposed[open->num_proposed++] = next;
		open->last = next.head.size;
	}
}

/* Check all entries up to the signed size, and those proposed after it. */
static bool
check_entries(struct opening *open, struct error *err)
{
	struct backend *backend = open->journal->backend;
	uint64_t bytes;

	if (!find_proposed(open, err) ||
	    !backend->table->log_bytes(backend, &bytes, err))
		return false;
	if (bytes == 0 && open->signer.size > 0)
		return contradiction(err,
		    "there are no entries, but the signer signed some",
		    open->signer.size);
	if (open->first_at > bytes)
		return contradiction(err,
		    "entries end before what the signer signed", open->first);
	if (!scan(open, bytes, false, err))
		return false;
	/*
	 * These entries were never signed, so never shown: a crash cut the
	 * batch short.
	 */
	open->mended->cut_bytes = bytes - open->derived.end;
	return true;
}

/*
 * Write the derived files again where they differ, and cut them where they are
 * too long.
 */
static bool
mend_derived(struct opening *open, struct error *err)
{
	struct journal *journal = open->journal;
	const struct journal_mended *mended = open->mended;
	const uint64_t size = open->derived.edge.size, end = open->derived.end;

	if (journal->is_view)
		return true;
	for (unsigned i = 0; i < JOURNAL_DERIVED; i++)
		if (!records_cut(journal->derived[i], derived_bytes(i, size),
			err))
			return error_context(err, "journal/%s",
			    derived_name(i));
	return (mended->hashes_rebuilt == 0 && mended->ends_rebuilt == 0) ||
	    scan(open, end, true, err);
}

/*
 * Set the journal's state to what was checked: what was proposed waits for its
 * commit, as after journal_propose().  The backend of a writer cuts what lies
 * beyond.
 */
static bool
complete(struct opening *open, struct error *err)
{
	struct journal *journal = open->journal;
	struct backend *backend = journal->backend;

	journal->edge = open->derived.edge;
	journal->end = open->derived.end;
	journal->size = open->signer.size;
	journal->head = open->signer;
	if (journal->is_view || journal->follows)
		return true;
	for (unsigned i = 0; i < open->num_proposed; i++)
		journal->waiting[i] = open->proposed[i];
	journal->num_waiting = open->num_proposed;
	open->mended->heads_completed = open->head.size != open->signer.size;
	return backend->table->settle(backend, &open->signer, open->signed_end,
	    err);
}

/*
 * Check the entries and finish opening; the rest of open is filled in. ok is
 * false if an earlier step failed.
 */
static struct journal *
open_checked(struct opening *open, bool ok, struct error *err)
{
	struct journal *journal = open->journal;

	derived_init(&open->derived);
	ok = ok && check_entries(open, err) && mend_derived(open, err) &&
	    complete(open, err);
	derived_free(&open->derived);
	if (ok)
		return journal;
	journal_free(journal);
	return NULL;
}

/*
 * Begin with the newest head of the backend, which the journal owns or borrows,
 * and with the right to write, if it writes.
 */
static bool
begin(struct opening *open, struct backend *backend, bool owns, bool writes,
    const struct note_keys *keys, struct error *err)
{
	struct journal *journal = journal_new(err);

	*open->mended = (struct journal_mended){ 0 };
	if ((open->journal = journal) == NULL) {
		if (owns && backend != NULL)
			backend->table->close(backend);
		return false;
	}
	journal->keys = *keys;
	journal->backend = backend;
	journal->owns_backend = owns && backend != NULL;
	if (backend == NULL ||
	    (writes && !backend->table->claim(backend, err)) ||
	    !backend->table->recover(backend, &open->head,
		&open->mended->heads_dropped, err))
		return false;
	open->mended->heads_end = open->head.size;
	if (open->head.size == 0)
		open->head.root = merkle_empty();
	return true;
}

/* Begin a journal that will be written to. */
static bool
begin_open(struct opening *open, struct backend *backend, const char *dir,
    const struct note_keys *keys, struct error *err)
{
	const bool owns = backend == NULL;

	if (owns)
		backend = files_open(NULL, dir, err);
	return begin(open, backend, owns, true, keys, err) &&
	    (open->head.size <= open->signer.size ||
		contradiction(err,
		    "heads are ahead of the signer: its memory was rolled back",
		    open->head.size)) &&
	    journal_open_derived(open->journal, dir, NULL, O_RDWR | O_CREAT,
		err);
}

bool
journal_create(const char *dir, struct error *err)
{
	return files_create_log(dir, err) && journal_create_derived(dir, err);
}

bool
journal_create_derived(const char *dir, struct error *err)
{
	struct journal *journal = journal_new(err);
	bool ok;

	ok = journal != NULL &&
	    journal_open_derived(journal, dir, NULL, O_RDWR | O_CREAT | O_EXCL,
		err) &&
	    file_sync_dir(dir, err);
	journal_free(journal);
	return ok;
}

/* Compute the edge before the first entry to hash, from the stored nodes. */
static bool
load_edge(struct opening *open, struct error *err)
{
	struct journal *journal = open->journal;
	const uint64_t first = open->first;
	uint64_t from;

	for (unsigned i = 0; i < JOURNAL_DERIVED; i++)
		if (records_len(journal->derived[i]) < derived_bytes(i, first))
			return error_set(err, ERROR_UNTRUSTED,
			    "journal: what follows from entries is cut short");
	open->edge.size = first;
	for (unsigned level = 0; level < 64; level++)
		if ((first >> level & 1) != 0 &&
		    !journal_read_node(journal, level, (first >> level) - 1,
			&open->edge.full[level], err))
			return false;
	return first == 0 ||
	    journal_entry_range(journal, first - 1, &from, &open->first_at,
		err);
}

struct journal *
journal_open_on(struct backend *backend, const char *dir,
    const struct note_keys *keys, const struct head *signer,
    const struct journal_from *from, journal_visitor *visit, void *arg,
    struct journal_mended *mended, struct error *err)
{
	struct opening open = { .signer = *signer,
		.visit = visit,
		.arg = arg,
		.mended = mended };
	const uint64_t newest =
	    signer->size > JOURNAL_NEWEST ? signer->size - JOURNAL_NEWEST : 0;
	bool ok = begin_open(&open, backend, dir, keys, err);

	if (from != NULL) {
		open.from = *from;
		open.first = from->size < newest ? from->size : newest;
		if (ok && from->size > signer->size)
			ok = contradiction(err,
			    "what is kept of them follows from more than was"
			    " signed",
			    from->size);
		ok = ok && load_edge(&open, err);
	}
	return open_checked(&open, ok, err);
}

struct journal *
journal_open(const char *dir, const struct note_keys *keys,
    const struct head *signer, journal_visitor *visit, void *arg,
    struct journal_mended *mended, struct error *err)
{
	return journal_open_on(NULL, dir, keys, signer, NULL, visit, arg,
	    mended, err);
}

struct journal *
journal_open_from(const char *dir, const struct note_keys *keys,
    const struct head *signer, const struct journal_from *from,
    journal_visitor *visit, void *arg, struct journal_mended *mended,
    struct error *err)
{
	return journal_open_on(NULL, dir, keys, signer, from, visit, arg,
	    mended, err);
}

/*
 * Check that the journal's key signed the head: another process could have
 * written the file.
 */
bool
journal_check_signature(const struct journal *journal, const struct head *head,
    struct error *err)
{
	struct buf note = BUF(LIMIT_NOTE_FILE);
	struct checkpoint checkpoint;
	bool ok;

	ok = head->size == 0 ||
	    (journal_note(journal, head, &note, err) &&
		(note_open(buf_span(&note), &journal->keys, &checkpoint, err) ||
		    error_context(err, "journal/heads")));
	buf_free(&note);
	return ok;
}

/*
 * The derived files of a daemon that stands by are behind the record until it has
 * followed: compute all, and compare what is there.
 */
static bool
use_own_if_behind(struct opening *open, const char *folder, struct error *err)
{
	struct journal *journal = open->journal;
	const uint64_t size = open->head.size;
	uint64_t has;

	for (unsigned i = 0; i < JOURNAL_DERIVED; i++)
		open->lags = open->lags ||
		    (i != DERIVED_ENDS &&
			records_len(journal->derived[i]) <
			    derived_bytes(i, size));
	if (!open->lags)
		return true;
	has = records_len(journal->derived[DERIVED_HASHES]) / 32;
	open->mended->behind = has < size ? size - has : 1;
	return journal_compute_derived(journal, folder, open->own, err);
}

/* may_lag: somebody else may write the record, and these files later. */
static struct journal *
view_on(struct backend *backend, const char *dir, const char *folder,
    const struct note_keys *keys, bool may_lag, journal_visitor *visit,
    void *arg, struct journal_mended *mended, struct error *err)
{
	struct opening open = { .visit = visit, .arg = arg, .mended = mended };
	struct journal *journal;
	bool ok;

	ok = begin(&open, backend, true, false, keys, err);
	if (open.journal != NULL)
		open.journal->is_view = true;
	/*
	 * Open the derived files after reading the head: then they hold at
	 * least what the head covers.
	 */
	ok = ok && journal_check_signature(open.journal, &open.head, err) &&
	    journal_open_derived(open.journal, dir, folder, O_RDONLY, err) &&
	    (!may_lag || use_own_if_behind(&open, folder, err));
	open.signer = open.head;
	journal = open_checked(&open, ok, err);
	for (unsigned i = 0; i < JOURNAL_DERIVED; i++)
		records_free(open.own[i]);
	return journal;
}

struct journal *
journal_view(const char *dir, const char *folder, const struct note_keys *keys,
    journal_visitor *visit, void *arg, struct journal_mended *mended,
    struct error *err)
{
	return view_on(files_view(NULL, dir, err), dir, folder, keys, false,
	    visit, arg, mended, err);
}

struct journal *
journal_view_on(struct backend *backend, const char *dir, const char *folder,
    const struct note_keys *keys, journal_visitor *visit, void *arg,
    struct journal_mended *mended, struct error *err)
{
	return view_on(backend, dir, folder, keys, true, visit, arg, mended,
	    err);
}

/* --- Following one. --- */

struct journal *
journal_follow_on(struct backend *backend, const char *dir,
    const struct note_keys *keys, const struct head *remembered,
    struct journal_mended *mended, struct error *err)
{
	struct opening open = { .signer = *remembered, .mended = mended };
	bool ok = begin(&open, backend, true, false, keys, err);

	if (open.journal != NULL)
		open.journal->follows = true;
	ok = ok &&
	    journal_open_derived(open.journal, dir, NULL, O_RDWR | O_CREAT,
		err);
	return open_checked(&open, ok, err);
}

/* --- Checking an open journal. --- */

bool
journal_check(struct journal *journal, journal_visitor *visit, void *arg,
    const bool *stop, struct journal_mended *mended, struct error *err)
{
	struct opening open = { .journal = journal,
		.signer = journal_head(journal),
		.visit = visit,
		.arg = arg,
		.stop = stop,
		.mended = mended };
	struct backend *backend = journal->backend;
	uint64_t bytes = 0;
	bool ok;

	*mended = (struct journal_mended){ 0 };
	open.head = open.signer;
	open.last = open.signer.size;
	derived_init(&open.derived);
	ok = open.signer.size == 0 ||
	    (backend->table->log_bytes(backend, &bytes, err) &&
		scan(&open, bytes, false, err) &&
		/*
		 * The entries are right, so the derived files are repaired from
		 * them.
		 */
		(stopped(&open) ||
		    (mended->hashes_rebuilt == 0 &&
			mended->ends_rebuilt == 0) ||
		    scan(&open, bytes, true, err)));
	derived_free(&open.derived);
	return ok;
}
