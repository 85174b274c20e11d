/*
 * The journal: appending, committing, and reading entries, tiles and proofs
 * (journal.h).
 */
#include "journal/files.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

void
journal_free(struct journal *journal)
{
	if (journal == NULL)
		return;
	if (journal->owns_backend)
		journal->backend->table->close(journal->backend);
	for (unsigned i = 0; i < JOURNAL_DERIVED; i++)
		records_free(journal->derived[i]);
	derived_free(&journal->next);
	pthread_mutex_destroy(&journal->mutex);
	free(journal);
}

uint64_t
journal_size(const struct journal *journal)
{
	return __atomic_load_n(&journal->size, __ATOMIC_ACQUIRE);
}

struct note_keys
journal_keys(const struct journal *journal)
{
	return journal->keys;
}

struct head
journal_head(const struct journal *journal)
{
	/* Locking the mutex is the only change that a reader makes. */
	pthread_mutex_t *mutex = (pthread_mutex_t *)(uintptr_t)&journal->mutex;
	struct head head;

	pthread_mutex_lock(mutex);
	head = journal->head;
	pthread_mutex_unlock(mutex);
	return head;
}

bool
journal_keep_reserve(const struct journal *journal, uint64_t bytes,
    struct error *err)
{
	return journal->backend->table->keep_reserve(journal->backend, bytes,
	    err);
}

void
journal_reserve(const struct journal *journal, uint64_t *has, uint64_t *wanted)
{
	journal->backend->table->reserve(journal->backend, has, wanted);
}

bool
journal_use_reserve(const struct journal *journal, uint64_t bytes)
{
	return journal->backend->table->use_reserve(journal->backend, bytes);
}

/*
 * Write the derived files, which the signer's proof is read from; what they
 * have beyond the committed size does not count.
 */
static bool
write_derived(struct journal *journal, struct error *err)
{
	while (!derived_allocate(&journal->next, journal, err)) {
		if (!err->is_full)
			return false;
		if (!journal_use_reserve(journal, 0))
			return error_make_unavailable(err);
		*err = (struct error){ 0 };
	}
	return derived_write(&journal->next, journal, err) ||
	    (err->is_full && error_make_unavailable(err));
}

/*
 * Derive the nodes and hashes of the entries into next and write them, then
 * propose the entries to the backend.
 */
static bool
propose(struct journal *journal, struct proposal *proposal, struct error *err)
{
	bool ok = true;

	proposal->size = journal->edge.size;
	proposal->at = journal->end;
	derived_begin(&journal->next, &journal->edge, journal->end);
	for (size_t i = 0; ok && i < proposal->num_entries; i++)
		ok = derived_add(&journal->next, proposal->entries[i], err);
	proposal->root = merkle_root(&journal->next.edge);
	return ok && journal->backend->table->renew(journal->backend, err) &&
	    write_derived(journal, err) &&
	    journal->backend->table->propose(journal->backend, proposal, err);
}

/* From here on the committing thread owns this append. */
static void
add_waiting(struct journal *journal)
{
	pthread_mutex_lock(&journal->mutex);
	assert(journal->num_waiting < JOURNAL_AHEAD);
	journal->waiting[journal->num_waiting++] = (struct proposed){
		.head = { .size = journal->next.edge.size,
		    .root = merkle_root(&journal->next.edge) },
		.end = journal->next.end,
	};
	pthread_mutex_unlock(&journal->mutex);
	journal->edge = journal->next.edge;
	journal->end = journal->next.end;
}

/* Did an append or commit fail before?  Sets err if so. */
static bool
has_failed(const struct journal *journal, struct error *err)
{
	return __atomic_load_n(&journal->failed, __ATOMIC_ACQUIRE) &&
	    !error_set(err, ERROR_SYSTEM, "the journal failed before");
}

/* Mark the journal as failed: it accepts nothing more.  Returns false. */
static bool
fail(struct journal *journal)
{
	__atomic_store_n(&journal->failed, true, __ATOMIC_RELEASE);
	return false;
}

bool
journal_propose(struct journal *journal, struct proposal *proposal,
    struct head *head, struct error *err)
{
	if (has_failed(journal, err))
		return false;
	if (!propose(journal, proposal, err))
		return err->kind == ERROR_UNAVAILABLE || err->kind == ERROR_FULL
		    ? false
		    : fail(journal);
	head->size = journal->next.edge.size;
	head->root = merkle_root(&journal->next.edge);
	add_waiting(journal);
	return true;
}

bool
journal_proposed(const struct journal *journal, struct proposed *out)
{
	/* As in journal_head(). */
	pthread_mutex_t *mutex = (pthread_mutex_t *)(uintptr_t)&journal->mutex;
	bool is_any;

	pthread_mutex_lock(mutex);
	if ((is_any = journal->num_waiting > 0))
		*out = journal->waiting[0];
	pthread_mutex_unlock(mutex);
	return is_any;
}

void
journal_stop(const struct journal *journal, const char *reason)
{
	journal->backend->table->stop(journal->backend, reason);
}

bool
journal_append(struct journal *journal, const struct span entries[],
    size_t num_entries, struct head *head, struct error *err)
{
	struct proposal proposal = { .entries = entries,
		.num_entries = num_entries };

	return journal_propose(journal, &proposal, head, err);
}

bool
journal_commit(struct journal *journal, const struct head *head,
    struct error *err)
{
	uint64_t end;

	if (has_failed(journal, err))
		return false;
	pthread_mutex_lock(&journal->mutex);
	assert(journal->num_waiting > 0 &&
	    journal->waiting[0].head.size == head->size);
	end = journal->waiting[0].end;
	pthread_mutex_unlock(&journal->mutex);
	/*
	 * No flush: the signer's record is the commit point, and these files
	 * can be restored from it.
	 */
	if (!journal->backend->table->publish(journal->backend, head, end, err))
		return fail(journal);
	pthread_mutex_lock(&journal->mutex);
	memmove(&journal->waiting[0], &journal->waiting[1],
	    (JOURNAL_AHEAD - 1) * sizeof(journal->waiting[0]));
	journal->num_waiting--;
	journal->head = *head;
	__atomic_store_n(&journal->size, head->size, __ATOMIC_RELEASE);
	pthread_mutex_unlock(&journal->mutex);
	return true;
}

bool
journal_entry(const struct journal *journal, uint64_t index, struct buf *out,
    struct error *err)
{
	uint8_t bytes[2 + LIMIT_ENTRY_BYTES];
	struct span rest;
	uint64_t from, to;
	uint16_t len = 0;

	if (!journal_entry_range(journal, index, &from, &to, err))
		return false;
	if (!journal->backend->table->read(journal->backend, from, bytes,
		to - from, err))
		return false;
	rest = span_of(bytes, to - from);
	return ((span_take_u16(&rest, &len) && rest.len == len) ||
		   error_set(err, ERROR_UNTRUSTED,
		       "journal/entries: entry %llu is damaged",
		       (unsigned long long)index)) &&
	    buf_append(out, rest, err);
}

bool
journal_sync_derived(const struct journal *journal, struct error *err)
{
	for (unsigned i = 0; i < JOURNAL_DERIVED; i++)
		if (!records_sync(journal->derived[i], err))
			return false;
	return true;
}

bool
journal_flush_heads(const struct journal *journal, struct error *err)
{
	return journal->backend->table->flush_heads(journal->backend, err);
}

uint64_t
journal_entry_at(const struct journal *journal, uint64_t index)
{
	struct error ignored = { 0 };
	uint64_t from = 0, to;

	return journal_entry_range(journal, index, &from, &to, &ignored) ? from
									 : 0;
}

uint64_t
journal_num_heads(const struct journal *journal)
{
	return journal->backend->table->num_heads(journal->backend);
}

bool
journal_nth_head(const struct journal *journal, uint64_t n, struct head *out,
    struct error *err)
{
	return journal->backend->table->head(journal->backend, n, out, err);
}

bool
journal_head_at(const struct journal *journal, uint64_t size, struct head *out,
    struct error *err)
{
	uint64_t low = 0, high = journal_num_heads(journal);

	while (low < high) {
		const uint64_t middle = low + (high - low) / 2;

		if (!journal_nth_head(journal, middle, out, err))
			return false;
		if (out->size < size)
			low = middle + 1;
		else
			high = middle;
	}
	return journal_nth_head(journal, low, out, err);
}

struct backend *
journal_backend(const struct journal *journal)
{
	return journal->backend;
}

bool
journal_note(const struct journal *journal, const struct head *head,
    struct buf *out, struct error *err)
{
	struct checkpoint checkpoint = { .size = head->size,
		.root = head->root };

	text_set(checkpoint.origin, sizeof(checkpoint.origin),
	    journal->keys.keys[0].name);
	return note_encode(note_key_at(&journal->keys, head->size), &checkpoint,
	    head->signature, out, err);
}

/* Returns the arg of journal_read_node(), which takes no const. */
static void *
reader_of(const struct journal *journal)
{
	return (void *)(uintptr_t)journal;
}

bool
journal_prove_inclusion(const struct journal *journal, uint64_t index,
    uint64_t size, struct merkle_proof *out, struct error *err)
{
	return merkle_prove_inclusion(journal_read_node, reader_of(journal),
	    index, size, out, err);
}

bool
journal_prove_consistency(const struct journal *journal, uint64_t old,
    uint64_t size, struct merkle_proof *out, struct error *err)
{
	return merkle_prove_consistency(journal_read_node, reader_of(journal),
	    old, size, out, err);
}

bool
journal_receipt(const struct journal *journal, uint64_t index,
    const struct head *head, struct proof *out, struct error *err)
{
	out->index = index;
	return journal_entry(journal, index, &out->entry, err) &&
	    journal_prove_inclusion(journal, index, head->size, &out->path,
		err) &&
	    journal_note(journal, head, &out->note, err);
}

/* Append entries [first, last): a bundle is one range of the entries' file. */
static bool
read_bundle(const struct journal *journal, uint64_t first, uint64_t last,
    struct buf *out, struct error *err)
{
	uint64_t from, to, ignored;
	uint8_t *bytes;
	bool ok;

	if (!journal_entry_range(journal, first, &from, &ignored, err) ||
	    !journal_entry_range(journal, last, &ignored, &to, err))
		return false;
	if (to <= from || to - from > TILE_WIDTH * (2 + LIMIT_ENTRY_BYTES))
		return error_set(err, ERROR_UNTRUSTED,
		    "journal/ends: it is damaged");
	if ((bytes = malloc(to - from)) == NULL)
		return error_set_errno(err, "journal");
	ok = journal->backend->table->read(journal->backend, from, bytes,
		 to - from, err) &&
	    buf_append(out, span_of(bytes, to - from), err);
	free(bytes);
	return ok;
}

bool
journal_tile(const struct journal *journal, const struct tile *tile,
    struct buf *out, struct error *err)
{
	const uint64_t first = tile->number * TILE_WIDTH;
	const size_t len = (size_t)tile->width * 32;
	const uint8_t *hashes;

	if (tile->is_bundle)
		return read_bundle(journal, first, first + tile->width - 1, out,
		    err);
	hashes = records_at(journal->derived[DERIVED_HASHES + tile->level],
	    first * 32, len);
	return hashes != NULL
	    ? buf_append(out, span_of(hashes, len), err)
	    : error_set(err, ERROR_UNTRUSTED,
		  "journal/hashes-%u: it is too short", tile->level);
}

bool
journal_root_at(const struct journal *journal, uint64_t size,
    struct digest *out, struct error *err)
{
	return merkle_root_at(journal_read_node, reader_of(journal), size, out,
	    err);
}

bool
journal_extension(const struct journal *journal, uint64_t old, uint64_t size,
    struct buf *out, struct error *err)
{
	struct merkle_proof proof;

	if (!journal_prove_consistency(journal, old, size, &proof, err) ||
	    !buf_printf(out, err, "old %llu\n", (unsigned long long)old))
		return false;
	for (size_t i = 0; i < proof.num; i++)
		if (!buf_append_base64(out, digest_span(&proof.hashes[i]),
			err) ||
		    !buf_append_str(out, "\n", err))
			return false;
	return buf_append_str(out, "\n", err);
}
