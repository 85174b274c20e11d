/*
 * Following a journal that another process writes (journal.h): what came is read,
 * hashed, and compared with its root before anybody relies on it.
 */
#include <stdlib.h>

#include "journal/files.h"

enum { PIECE_BYTES = 1 << 20 };

static bool
no_extension(uint64_t size, struct error *err)
{
	return error_set(err, ERROR_UNTRUSTED,
	    "what stands in the journal at size %llu does not extend what this"
	    " signer remembers: see \"A journal that was rolled back\" in the"
	    " operations manual",
	    (unsigned long long)size);
}

/*
 * The newest signed head must not contradict what is known: it may be older,
 * since what is known may not be signed yet.
 */
static bool
check_newest(const struct journal *journal, const struct head *newest,
    struct error *err)
{
	struct digest root;

	return newest->size > journal->size || newest->size == 0 ||
	    (journal_root_at(journal, newest->size, &root, err) &&
		(digest_eq(&root, &newest->root) ||
		    no_extension(newest->size, err)));
}

/* Add the whole entries of a piece; *used gets their length in bytes. */
static bool
add_entries(struct derived *derived, struct span piece, size_t *used,
    struct error *err)
{
	const size_t len = piece.len;
	struct span rest = piece, entry;
	uint16_t n = 0;

	*used = 0;
	while (span_take_u16(&rest, &n) && span_take(&rest, n, &entry)) {
		if (!derived_add(derived, entry, err))
			return false;
		*used = len - rest.len;
	}
	return true;
}

/* Derive what follows from the entries up to byte end, and write it. */
static bool
read_up_to(struct journal *journal, uint64_t end, struct error *err)
{
	struct derived *next = &journal->next;
	uint8_t *bytes = malloc(PIECE_BYTES);
	uint64_t at = journal->end;
	size_t used = 1;
	bool ok = bytes != NULL || error_set_errno(err, "journal");

	derived_begin(next, &journal->edge, journal->end);
	while (ok && at < end && used > 0) {
		const size_t len =
		    end - at < PIECE_BYTES ? (size_t)(end - at) : PIECE_BYTES;

		ok = journal->backend->table->read(journal->backend, at, bytes,
			 len, err) &&
		    add_entries(next, span_of(bytes, len), &used, err) &&
		    derived_write(next, journal, err);
		at += used;
	}
	free(bytes);
	return ok &&
	    (at == end ||
		error_set(err, ERROR_UNTRUSTED,
		    "the journal's entries end in the middle of one"));
}

bool
journal_next(struct journal *journal, struct proposed *out, bool *is_signed,
    struct error *err)
{
	struct backend *backend = journal->backend;
	struct head newest;
	uint64_t dropped;

	*out = (struct proposed){ .end = 0 };
	if (!backend->table->recover(backend, &newest, &dropped, err) ||
	    !check_newest(journal, &newest, err))
		return false;
	*is_signed = newest.size > journal->size;
	if (!*is_signed)
		return backend->table->proposed(backend, journal->size, out,
		    err);
	/* Its own row tells where its entries end. */
	if (!journal_check_signature(journal, &newest, err) ||
	    !backend->table->proposed(backend, newest.size - 1, out, err))
		return false;
	out->head = newest;
	return true;
}

/*
 * No mark or signature covers where the entries end: so many cannot be shorter
 * than their lengths, nor longer than entries may be.
 */
static bool
check_end(const struct journal *journal, const struct proposed *next,
    struct error *err)
{
	const uint64_t num = next->head.size - journal->size,
		       bytes = next->end - journal->end;

	return (next->head.size > journal->size && next->end > journal->end &&
		   bytes / 2 >= num && (bytes - 1) / (2 + UINT16_MAX) < num) ||
	    error_set(err, ERROR_UNTRUSTED,
		"the entries up to size %llu cannot end at byte %llu",
		(unsigned long long)next->head.size,
		(unsigned long long)next->end);
}

bool
journal_follow(struct journal *journal, const struct proposed *next,
    struct error *err)
{
	struct digest root;

	if (!check_end(journal, next, err) ||
	    !read_up_to(journal, next->end, err))
		return false;
	root = merkle_root(&journal->next.edge);
	return (journal->next.edge.size == next->head.size &&
		   digest_eq(&root, &next->head.root)) ||
	    no_extension(next->head.size, err);
}

void
journal_followed(struct journal *journal, const struct head *head)
{
	journal->edge = journal->next.edge;
	journal->end = journal->next.end;
	pthread_mutex_lock(&journal->mutex);
	journal->head = *head;
	__atomic_store_n(&journal->size, head->size, __ATOMIC_RELEASE);
	pthread_mutex_unlock(&journal->mutex);
}
