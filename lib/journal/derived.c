/*
 * The files that are derived from the journal's entries (nodes, ends and
 * hashes): opening, writing and reading them.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "journal/files.h"

/* An index below this fits the ledger's field for it. */
#define MAX_ENTRIES (UINT64_C(1) << 30)

struct journal *
journal_new(struct error *err)
{
	struct journal *journal = calloc(1, sizeof(*journal));

	if (journal == NULL) {
		error_set_errno(err, "journal");
		return NULL;
	}
	derived_init(&journal->next);
	pthread_mutex_init(&journal->mutex, NULL);
	return journal;
}

const char *
derived_name(unsigned file)
{
	static const char *const names[JOURNAL_DERIVED] = { "nodes", "ends",
		"hashes-0", "hashes-1", "hashes-2", "hashes-3", "hashes-4",
		"hashes-5", "hashes-6", "hashes-7" };

	return names[file];
}

bool
journal_open_derived(struct journal *journal, const char *dir,
    const char *folder, int flags, struct error *err)
{
	char path[FILE_PATH];

	for (unsigned i = 0; i < JOURNAL_DERIVED; i++) {
		/*
		 * The files of all levels exist, also of levels that never get
		 * a hash.
		 */
		const size_t max = derived_bytes(i, MAX_ENTRIES) + 4096;

		if (!file_join(path, dir, derived_name(i), err))
			return false;
		/*
		 * A view computes ends anew: a daemon may be writing the file.
		 */
		if (!journal->is_view ||
		    (i != DERIVED_ENDS && file_exists(path)))
			journal->derived[i] =
			    records_open(path, flags, max, err);
		else if (i == DERIVED_ENDS && folder != NULL)
			journal->derived[i] = records_temporary(derived_name(i),
			    folder, max, err);
		else
			journal->derived[i] =
			    records_new(derived_name(i), max, err);
		if (journal->derived[i] == NULL)
			return error_context(err, "journal/%s",
			    derived_name(i));
	}
	return true;
}

/* Make one in a file of this folder, or in memory. */
static struct records *
new_records(unsigned file, const char *folder, struct error *err)
{
	const size_t max = derived_bytes(file, MAX_ENTRIES) + 4096;

	return folder != NULL
	    ? records_temporary(derived_name(file), folder, max, err)
	    : records_new(derived_name(file), max, err);
}

bool
journal_compute_derived(struct journal *journal, const char *folder,
    struct records *own[JOURNAL_DERIVED], struct error *err)
{
	for (unsigned i = 0; i < JOURNAL_DERIVED; i++) {
		own[i] = journal->derived[i];
		if ((journal->derived[i] = new_records(i, folder, err)) == NULL)
			return error_context(err, "journal/%s",
			    derived_name(i));
	}
	return true;
}

uint64_t
derived_bytes(unsigned file, uint64_t size)
{
	switch (file) {
	case DERIVED_NODES:
		/* The first size leaves complete so many nodes. */
		return (2 * size - (uint64_t)__builtin_popcountll(size)) * 32;
	case DERIVED_ENDS:
		return size * 8;
	default:
		return (size >> (8 * (file - DERIVED_HASHES))) * 32;
	}
}

void
derived_init(struct derived *derived)
{
	*derived = (struct derived){ .from = 0 };
	for (unsigned i = 0; i < JOURNAL_DERIVED; i++)
		derived->bytes[i] = BUF(SIZE_MAX);
}

void
derived_free(struct derived *derived)
{
	for (unsigned i = 0; i < JOURNAL_DERIVED; i++)
		buf_free(&derived->bytes[i]);
}

void
derived_go_on(struct derived *derived)
{
	derived->from = derived->edge.size;
	for (unsigned i = 0; i < JOURNAL_DERIVED; i++)
		derived->bytes[i].len = 0;
}

void
derived_begin(struct derived *derived, const struct merkle_edge *edge,
    uint64_t end)
{
	derived->edge = *edge;
	derived->end = end;
	derived_go_on(derived);
}

struct sink {
	struct derived *derived;
	struct error *err;
	bool ok;
};

/* A merkle_sink: add the hash to the bytes of the file that it belongs to. */
static void
collect_hash(void *arg, unsigned level, uint64_t index,
    const struct digest *hash)
{
	struct sink *sink = arg;
	struct buf *bytes = sink->derived->bytes;

	(void)index;
	sink->ok = sink->ok &&
	    buf_append(&bytes[DERIVED_NODES], digest_span(hash), sink->err);
	if (level % 8 == 0 && level / 8 < TILE_LEVELS)
		sink->ok = sink->ok &&
		    buf_append(&bytes[DERIVED_HASHES + level / 8],
			digest_span(hash), sink->err);
}

bool
derived_add(struct derived *derived, struct span entry, struct error *err)
{
	struct sink sink = { .derived = derived, .err = err, .ok = true };
	const struct digest leaf = merkle_leaf(entry);

	if (derived->edge.size >= MAX_ENTRIES)
		return error_set(err, ERROR_LIMIT, "the journal is full");
	derived->end += 2 + entry.len;
	merkle_append(&derived->edge, &leaf, collect_hash, &sink);
	return sink.ok &&
	    buf_append_u64(&derived->bytes[DERIVED_ENDS], derived->end, err);
}

bool
derived_allocate(const struct derived *derived, struct journal *journal,
    struct error *err)
{
	for (unsigned i = 0; i < JOURNAL_DERIVED; i++)
		if (!records_allocate(journal->derived[i],
			derived_bytes(i, derived->from) + derived->bytes[i].len,
			err))
			return false;
	return true;
}

bool
derived_write(struct derived *derived, struct journal *journal,
    struct error *err)
{
	for (unsigned i = 0; i < JOURNAL_DERIVED; i++)
		if (!records_write(journal->derived[i],
			derived_bytes(i, derived->from),
			buf_span(&derived->bytes[i]), err))
			return error_context(err, "journal/%s",
			    derived_name(i));
	derived_go_on(derived);
	return true;
}

/* How many bytes of a file there are to compare, from one on? */
static size_t
there_from(const struct records *file, size_t at, size_t wanted)
{
	const size_t len = records_len(file);

	return len <= at ? 0 : len - at < wanted ? len - at : wanted;
}

void
derived_compare(const struct derived *derived,
    struct records *const files[JOURNAL_DERIVED], bool lag,
    struct journal_mended *mended)
{
	for (unsigned i = 0; i < JOURNAL_DERIVED; i++) {
		const size_t at = derived_bytes(i, derived->from);
		struct span right = buf_span(&derived->bytes[i]);
		const uint8_t *there;

		if (lag)
			right.len = there_from(files[i], at, right.len);
		there = records_at(files[i], at, right.len);
		if (right.len == 0 ||
		    (there != NULL &&
			memcmp(there, right.data, right.len) == 0))
			continue;
		if (i == DERIVED_ENDS)
			mended->ends_rebuilt += right.len / 8;
		else
			mended->hashes_rebuilt += right.len / 32;
	}
}

/*
 * Nodes are stored in the order in which leaves complete them: 2i - popcount(i)
 * nodes precede those of leaf i; the nodes that leaf i completes follow, level
 * by level.
 */
bool
journal_read_node(void *arg, unsigned level, uint64_t index, struct digest *out,
    struct error *err)
{
	const struct journal *journal = arg;
	const uint64_t last_leaf = ((index + 1) << level) - 1;
	const uint8_t *node = records_at(journal->derived[DERIVED_NODES],
	    derived_bytes(DERIVED_NODES, last_leaf) + level * UINT64_C(32), 32);

	if (node == NULL)
		return error_set(err, ERROR_UNTRUSTED,
		    "journal/nodes: it is too short");
	memcpy(out->bytes, node, sizeof(out->bytes));
	return true;
}

/* Returns where entry index ends in its file, in bytes, or 0. */
static uint64_t
get_end(const struct journal *journal, uint64_t index)
{
	const uint8_t *at =
	    records_at(journal->derived[DERIVED_ENDS], index * 8, 8);
	struct span bytes = span_of(at, at != NULL ? 8 : 0);
	uint64_t end = 0;

	return span_take_u64(&bytes, &end) ? end : 0;
}

bool
journal_entry_range(const struct journal *journal, uint64_t index,
    uint64_t *from, uint64_t *to, struct error *err)
{
	*from = index == 0 ? 0 : get_end(journal, index - 1);
	*to = get_end(journal, index);
	return (*to >= *from + 2 && *to - *from <= 2 + LIMIT_ENTRY_BYTES &&
		   (index == 0 || *from > 0)) ||
	    error_set(err, ERROR_UNTRUSTED,
		"journal/ends: entry %llu is damaged",
		(unsigned long long)index);
}
