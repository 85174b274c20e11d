#include "journal/journal.h"

#include <assert.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"

enum {
	HEAD_BYTES = JOURNAL_HEAD_BYTES,
	HEADS_IN_FLIGHT = 1 << 16,
	CHUNK = 1 << 16,  /* offsets in one piece */
	CHUNKS = 1 << 14, /* 2^30 entries */
};

static const char head_magic[] = "VALHEAD1";

struct journal {
	struct note_keys keys;
	int entries, heads, nodes, hashes[TILE_LEVELS];
	uint64_t *offsets[CHUNKS]; /* where each entry's length stands */
	uint64_t size;             /* committed; atomic */
	uint64_t num_heads;        /* atomic */
	/* Appended: what the next append follows; its thread's. */
	uint64_t end; /* of entries */
	struct merkle_edge edge;
	pthread_mutex_t mutex; /* for head and waiting */
	struct head head;
	/* Appended, not yet committed: the oldest first. */
	struct {
		uint64_t size, end;
	} waiting[JOURNAL_AHEAD];
	unsigned num_waiting;
	/* Being appended. */
	uint64_t next_end;
	struct merkle_edge next_edge;
	struct buf next_hashes[TILE_LEVELS], next_nodes;
	bool failed;
	bool is_view; /* read only: nothing is mended */
};

static bool
open_files(struct journal *journal, const char *dir, int flags,
    struct error *err)
{
	char path[FILE_PATH], name[16];

	if (!file_join(path, dir, "entries", err))
		return false;
	if ((journal->entries = open(path, flags, 0600)) < 0)
		return error_set_errno(err, "%s", path);
	if (!file_join(path, dir, "heads", err))
		return false;
	if ((journal->heads = open(path, flags, 0600)) < 0)
		return error_set_errno(err, "%s", path);
	/* The rest is derived: made again where it is gone. */
	if (!journal->is_view)
		flags |= O_CREAT;
	if (!file_join(path, dir, "nodes", err))
		return false;
	if ((journal->nodes = open(path, flags, 0600)) < 0 && !journal->is_view)
		return error_set_errno(err, "%s", path);
	for (unsigned l = 0; l < TILE_LEVELS; l++) {
		snprintf(name, sizeof(name), "hashes-%u", l);
		if (!file_join(path, dir, name, err))
			return false;
		if ((journal->hashes[l] = open(path, flags, 0600)) < 0 &&
		    !journal->is_view)
			return error_set_errno(err, "%s", path);
	}
	return true;
}

static struct journal *
new_journal(struct error *err)
{
	struct journal *journal = calloc(1, sizeof(*journal));

	if (journal == NULL) {
		error_set_errno(err, "journal");
		return NULL;
	}
	journal->entries = journal->heads = journal->nodes = -1;
	journal->next_nodes = BUF(SIZE_MAX);
	for (unsigned l = 0; l < TILE_LEVELS; l++) {
		journal->hashes[l] = -1;
		journal->next_hashes[l] = BUF(SIZE_MAX);
	}
	pthread_mutex_init(&journal->mutex, NULL);
	return journal;
}

void
journal_free(struct journal *journal)
{
	if (journal == NULL)
		return;
	if (journal->entries >= 0)
		close(journal->entries);
	if (journal->heads >= 0)
		close(journal->heads);
	if (journal->nodes >= 0)
		close(journal->nodes);
	buf_free(&journal->next_nodes);
	for (unsigned l = 0; l < TILE_LEVELS; l++) {
		if (journal->hashes[l] >= 0)
			close(journal->hashes[l]);
		buf_free(&journal->next_hashes[l]);
	}
	for (unsigned i = 0; i < CHUNKS; i++)
		free(journal->offsets[i]);
	pthread_mutex_destroy(&journal->mutex);
	free(journal);
}

bool
journal_create(const char *dir, struct error *err)
{
	struct journal *journal = new_journal(err);
	bool ok;

	ok = journal != NULL &&
	    open_files(journal, dir, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC,
		err) &&
	    file_sync_dir(dir, err);
	journal_free(journal);
	return ok;
}

static bool
encode_head(const struct head *head, uint64_t end, struct buf *out,
    struct error *err)
{
	const size_t before = out->len;
	struct digest check;

	if (!buf_append(out, span_of(head_magic, 8), err) ||
	    !buf_append_u64(out, head->size, err) ||
	    !buf_append_u64(out, end, err) ||
	    !buf_append_u64(out, (uint64_t)head->time_ms, err) ||
	    !buf_append(out, digest_span(&head->root), err) ||
	    !buf_append(out, span_of(head->signature, 64), err))
		return false;
	check = sha256_of(span_sub(buf_span(out), before, out->len - before));
	return buf_append(out, digest_span(&check), err);
}

static bool
parse_head(struct span record, struct head *out, uint64_t *end)
{
	struct span rest = record, magic, root, signature, check;
	struct digest sum;
	uint64_t time;

	if (!span_take(&rest, 8, &magic) ||
	    !span_eq(magic, span_of(head_magic, 8)) ||
	    !span_take_u64(&rest, &out->size) || !span_take_u64(&rest, end) ||
	    !span_take_u64(&rest, &time) || !span_take(&rest, 32, &root) ||
	    !span_take(&rest, 64, &signature) || !span_take(&rest, 32, &check))
		return false;
	sum = sha256_of(span_sub(record, 0, HEAD_BYTES - 32));
	out->time_ms = (int64_t)time;
	memcpy(out->root.bytes, root.data, 32);
	memcpy(out->signature, signature.data, 64);
	return span_eq(check, digest_span(&sum));
}

static bool
read_head(const struct journal *journal, uint64_t n, struct head *out,
    uint64_t *end, struct error *err)
{
	uint8_t record[HEAD_BYTES];

	if (!file_pread(journal->heads, record, sizeof(record),
		(off_t)(n * HEAD_BYTES), err))
		return error_context(err, "journal/heads");
	return parse_head(span_of(record, sizeof(record)), out, end) ||
	    error_set(err, ERROR_UNTRUSTED,
		"journal/heads: record %llu is damaged", (unsigned long long)n);
}

/*
 * *good: the record is whole.  False only where it could not be read: it may be
 * good, and nothing is to be cut off for that.
 */
static bool
find_head(const struct journal *journal, uint64_t n, struct head *out,
    uint64_t *end, bool *good, struct error *err)
{
	struct error why = { 0 };

	*good = read_head(journal, n, out, end, &why);
	if (*good || why.kind == ERROR_UNTRUSTED)
		return true;
	*err = why;
	return false;
}

/* The last whole, good record; what follows it was never flushed. */
static bool
find_last_head(struct journal *journal, struct head *last, uint64_t *end,
    struct error *err)
{
	struct stat st;
	bool good;

	*last = (struct head){ .root = merkle_empty() };
	*end = 0;
	if (fstat(journal->heads, &st) != 0)
		return error_set_errno(err, "journal/heads");
	for (uint64_t n = (uint64_t)st.st_size / HEAD_BYTES; n > 0; n--) {
		if (!find_head(journal, n - 1, last, end, &good, err))
			return false;
		if (good) {
			journal->num_heads = n;
			return true;
		}
	}
	journal->num_heads = 0;
	*last = (struct head){ .root = merkle_empty() };
	*end = 0;
	return true;
}

/*
 * A power cut may tear a head that was not flushed yet.  It is left out:
 * receipts lead to the next one, which covers as much.
 */
static bool
drop_torn_heads(struct journal *journal, const char *dir,
    struct journal_mended *mended, struct error *err)
{
	const uint64_t num = journal->num_heads;
	struct buf whole = BUF(SIZE_MAX);
	char path[FILE_PATH];
	struct head head;
	uint64_t end, torn = 0;
	bool ok = true, good;

	/* What is older than so many the kernel has long written. */
	for (uint64_t n = num > HEADS_IN_FLIGHT ? num - HEADS_IN_FLIGHT : 0;
	     ok && n < num; n++) {
		ok = find_head(journal, n, &head, &end, &good, err);
		torn += ok && !good;
	}
	for (uint64_t n = 0; ok && torn > 0 && n < num; n++) {
		ok = find_head(journal, n, &head, &end, &good, err);
		if (ok && good)
			ok = encode_head(&head, end, &whole, err);
	}
	if (ok && torn > 0) {
		ok = file_join(path, dir, "heads", err) &&
		    file_write(path, buf_span(&whole), 0600, err);
		close(journal->heads);
		if ((journal->heads = open(path, O_RDWR | O_CLOEXEC)) < 0)
			ok = error_set_errno(err, "%s", path);
		journal->num_heads = whole.len / HEAD_BYTES;
		mended->heads_dropped = num - journal->num_heads;
	}
	buf_free(&whole);
	return ok;
}

static bool
set_offset(struct journal *journal, uint64_t index, uint64_t offset,
    struct error *err)
{
	uint64_t **chunk;

	if (index / CHUNK >= CHUNKS)
		return error_set(err, ERROR_LIMIT, "the journal is full");
	chunk = &journal->offsets[index / CHUNK];
	if (*chunk == NULL && (*chunk = calloc(CHUNK, sizeof(**chunk))) == NULL)
		return error_set_errno(err, "journal");
	(*chunk)[index % CHUNK] = offset;
	return true;
}

static uint64_t
get_offset(const struct journal *journal, uint64_t index)
{
	return journal->offsets[index / CHUNK][index % CHUNK];
}

struct sink {
	struct journal *journal;
	struct error *err;
	bool ok;
};

static void
collect_hash(void *arg, unsigned level, uint64_t index,
    const struct digest *hash)
{
	struct sink *sink = arg;

	(void)index;
	sink->ok = sink->ok &&
	    buf_append(&sink->journal->next_nodes, digest_span(hash),
		sink->err);
	if (level % 8 == 0 && level / 8 < TILE_LEVELS)
		sink->ok = sink->ok &&
		    buf_append(&sink->journal->next_hashes[level / 8],
			digest_span(hash), sink->err);
}

static bool
append_leaf(struct journal *journal, struct span entry, struct error *err)
{
	struct sink sink = { .journal = journal, .err = err, .ok = true };
	const struct digest leaf = merkle_leaf(entry);

	merkle_append(&journal->next_edge, &leaf, collect_hash, &sink);
	return sink.ok;
}

/* Where the hashes of a level go that entries [0, size) have had written. */
static uint64_t
hashes_at(unsigned level, uint64_t size)
{
	return (size >> (8 * level)) * 32;
}

/*
 * Nodes stand in the order in which leaves complete them: leaf i comes after
 * 2i - popcount(i) others, and what it completes follows it, level by level.
 */
static uint64_t
nodes_before(uint64_t leaf)
{
	return 2 * leaf - (uint64_t)__builtin_popcountll(leaf);
}

static bool
store_hashes(struct journal *journal, struct error *err)
{
	if (!file_pwrite(journal->nodes, buf_span(&journal->next_nodes),
		(off_t)(nodes_before(journal->edge.size) * 32), err))
		return error_context(err, "journal/nodes");
	journal->next_nodes.len = 0;
	for (unsigned l = 0; l < TILE_LEVELS; l++) {
		struct buf *hashes = &journal->next_hashes[l];

		if (!file_pwrite(journal->hashes[l], buf_span(hashes),
			(off_t)hashes_at(l, journal->edge.size), err))
			return error_context(err, "journal/hashes-%u", l);
		hashes->len = 0;
	}
	return true;
}

/* Compare what is there with what entries say; write it where it differs. */
static bool
mend_derived(int fd, bool is_view, struct buf *right,
    struct journal_mended *mended, struct error *err)
{
	bool same = right->len == 0, ok = true;
	struct stat st = { .st_size = 0 };
	void *map;

	/* Hashes of a batch that was never signed go with it. */
	if ((fd >= 0 && fstat(fd, &st) != 0) ||
	    (!is_view && (size_t)st.st_size > right->len &&
		ftruncate(fd, (off_t)right->len) != 0))
		return error_set_errno(err, "journal");
	if ((size_t)st.st_size >= right->len && right->len > 0) {
		map = mmap(NULL, right->len, PROT_READ, MAP_PRIVATE, fd, 0);
		if (map == MAP_FAILED)
			return error_set_errno(err, "journal");
		same = memcmp(map, right->data, right->len) == 0;
		munmap(map, right->len);
	}
	if (!same) {
		mended->hashes_rebuilt += right->len / 32;
		ok = is_view || file_pwrite(fd, buf_span(right), 0, err);
	}
	buf_free(right);
	return ok;
}

static bool
mend_hashes(struct journal *journal, struct journal_mended *mended,
    struct error *err)
{
	if (!mend_derived(journal->nodes, journal->is_view,
		&journal->next_nodes, mended, err))
		return error_context(err, "journal/nodes");
	for (unsigned l = 0; l < TILE_LEVELS; l++)
		if (!mend_derived(journal->hashes[l], journal->is_view,
			&journal->next_hashes[l], mended, err))
			return error_context(err, "journal/hashes-%u", l);
	return true;
}

struct opening {
	struct journal *journal;
	struct head head, signer;
	uint64_t head_end;
	journal_visitor *visit;
	void *arg;
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

/* At a size that somebody vouches for, the roots must agree. */
static bool
check_root_here(const struct opening *open, struct error *err)
{
	const struct merkle_edge *edge = &open->journal->next_edge;
	struct digest root;

	if (edge->size != open->head.size && edge->size != open->signer.size)
		return true;
	root = merkle_root(edge);
	if (edge->size == open->head.size && edge->size > 0 &&
	    !digest_eq(&root, &open->head.root))
		return contradiction(err,
		    "entries are not those whose root stands in heads",
		    edge->size);
	if (edge->size == open->signer.size && edge->size > 0 &&
	    !digest_eq(&root, &open->signer.root))
		return contradiction(err,
		    "entries are not those that the signer signed", edge->size);
	return true;
}

static bool
scan_entries(struct opening *open, struct span map, struct error *err)
{
	struct journal *journal = open->journal;
	struct span rest = map, entry;
	uint16_t len;

	while (journal->next_edge.size < open->signer.size) {
		const uint64_t index = journal->next_edge.size;

		if (!span_take_u16(&rest, &len) ||
		    !span_take(&rest, len, &entry)) {
			return contradiction(err,
			    "entries end before what the signer signed", index);
		}
		if (!set_offset(journal, index,
			(uint64_t)(map.len - rest.len) - len - 2, err) ||
		    !append_leaf(journal, entry, err))
			return false;
		if (!open->visit(open->arg, index, entry, err)) {
			if (err->kind != ERROR_SYSTEM)
				err->kind = ERROR_UNTRUSTED;
			return error_context(err,
			    "the journal contradicts itself at entry %llu",
			    (unsigned long long)index);
		}
		if (!check_root_here(open, err))
			return false;
	}
	journal->next_end = map.len - rest.len;
	return true;
}

static bool
map_and_scan(struct opening *open, struct error *err)
{
	struct journal *journal = open->journal;
	struct stat st;
	void *map;
	bool ok;

	if (fstat(journal->entries, &st) != 0)
		return error_set_errno(err, "journal/entries");
	if (st.st_size == 0)
		return open->signer.size == 0 ||
		    contradiction(err,
			"there are no entries, but the signer"
			" signed some",
			open->signer.size);
	map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE,
	    journal->entries, 0);
	if (map == MAP_FAILED)
		return error_set_errno(err, "journal/entries");
	madvise(map, (size_t)st.st_size, MADV_SEQUENTIAL);
	ok = scan_entries(open, span_of(map, (size_t)st.st_size), err);
	munmap(map, (size_t)st.st_size);
	if (!ok || (uint64_t)st.st_size == journal->next_end)
		return ok;
	/* Never signed, so never shown: a batch that a crash cut short. */
	open->mended->cut_bytes = (uint64_t)st.st_size - journal->next_end;
	if (journal->is_view)
		return true;
	if (ftruncate(journal->entries, (off_t)journal->next_end) != 0 ||
	    fdatasync(journal->entries) != 0)
		return error_set_errno(err, "journal/entries");
	return true;
}

static bool
write_head(struct journal *journal, const struct head *head, uint64_t end,
    struct error *err)
{
	struct buf record = BUF(HEAD_BYTES);
	bool ok;

	ok = encode_head(head, end, &record, err) &&
	    (file_pwrite(journal->heads, buf_span(&record),
		 (off_t)(journal->num_heads * HEAD_BYTES), err) ||
		error_context(err, "journal/heads"));
	buf_free(&record);
	return ok;
}

static bool
complete(struct opening *open, struct error *err)
{
	struct journal *journal = open->journal;

	if (!mend_hashes(journal, open->mended, err))
		return false;
	journal->edge = journal->next_edge;
	journal->end = journal->next_end;
	journal->size = journal->edge.size;
	journal->head = open->signer;
	if (open->head.size == open->signer.size)
		return true;
	open->mended->heads_completed = 1;
	if (ftruncate(journal->heads,
		(off_t)(journal->num_heads * HEAD_BYTES)) != 0)
		return error_set_errno(err, "journal/heads");
	if (!write_head(journal, &open->signer, journal->end, err))
		return false;
	journal->num_heads++;
	return true;
}

struct journal *
journal_open(const char *dir, const struct note_keys *keys,
    const struct head *signer, journal_visitor *visit, void *arg,
    struct journal_mended *mended, struct error *err)
{
	struct opening open = { .signer = *signer,
		.visit = visit,
		.arg = arg,
		.mended = mended };
	struct journal *journal = new_journal(err);
	bool ok;

	*mended = (struct journal_mended){ 0 };
	if (journal == NULL)
		return NULL;
	open.journal = journal;
	journal->keys = *keys;
	ok = open_files(journal, dir, O_RDWR | O_CLOEXEC, err) &&
	    find_last_head(journal, &open.head, &open.head_end, err) &&
	    drop_torn_heads(journal, dir, mended, err);
	if (ok && open.head.size > signer->size)
		ok = contradiction(err,
		    "heads are ahead of the signer: its"
		    " memory was rolled back",
		    open.head.size);
	ok = ok && map_and_scan(&open, err) && complete(&open, err);
	if (!ok) {
		journal_free(journal);
		return NULL;
	}
	return journal;
}

/* The head is what the key signed: nobody wrote another into the file. */
static bool
check_signature(const struct journal *journal, const struct head *head,
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

struct journal *
journal_view(const char *dir, const struct note_keys *keys,
    journal_visitor *visit, void *arg, struct journal_mended *mended,
    struct error *err)
{
	struct opening open = { .visit = visit, .arg = arg, .mended = mended };
	struct journal *journal = new_journal(err);
	bool ok;

	*mended = (struct journal_mended){ 0 };
	if (journal == NULL)
		return NULL;
	open.journal = journal;
	journal->keys = *keys;
	journal->is_view = true;
	ok = open_files(journal, dir, O_RDONLY | O_CLOEXEC, err) &&
	    find_last_head(journal, &open.head, &open.head_end, err) &&
	    check_signature(journal, &open.head, err);
	open.signer = open.head;
	ok = ok && map_and_scan(&open, err) && complete(&open, err);
	if (!ok) {
		journal_free(journal);
		return NULL;
	}
	return journal;
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
	/* The mutex is the only part of it that a reader changes. */
	pthread_mutex_t *mutex = (pthread_mutex_t *)(uintptr_t)&journal->mutex;
	struct head head;

	pthread_mutex_lock(mutex);
	head = journal->head;
	pthread_mutex_unlock(mutex);
	return head;
}

/* Write the entries and make them durable: the next size, edge and end. */
static bool
write_entries(struct journal *journal, const struct span entries[],
    size_t num_entries, struct error *err)
{
	struct buf bytes = BUF(SIZE_MAX);
	bool ok = true;

	journal->next_edge = journal->edge;
	journal->next_nodes.len = 0;
	for (unsigned l = 0; l < TILE_LEVELS; l++)
		journal->next_hashes[l].len = 0;
	for (size_t i = 0; ok && i < num_entries; i++)
		ok = set_offset(journal, journal->edge.size + i,
			 journal->end + bytes.len, err) &&
		    buf_append_u16(&bytes, (uint16_t)entries[i].len, err) &&
		    buf_append(&bytes, entries[i], err) &&
		    append_leaf(journal, entries[i], err);
	journal->next_end = journal->end + bytes.len;
	ok = ok &&
	    file_pwrite(journal->entries, buf_span(&bytes), (off_t)journal->end,
		err);
	if (ok && fdatasync(journal->entries) != 0)
		ok = error_set_errno(err, "flush");
	buf_free(&bytes);
	return ok || error_context(err, "journal/entries");
}

/* Whoever commits has it from here. */
static void
add_waiting(struct journal *journal)
{
	pthread_mutex_lock(&journal->mutex);
	assert(journal->num_waiting < JOURNAL_AHEAD);
	journal->waiting[journal->num_waiting].size = journal->next_edge.size;
	journal->waiting[journal->num_waiting].end = journal->next_end;
	journal->num_waiting++;
	pthread_mutex_unlock(&journal->mutex);
	journal->edge = journal->next_edge;
	journal->end = journal->next_end;
}

static bool
has_failed(const struct journal *journal, struct error *err)
{
	return __atomic_load_n(&journal->failed, __ATOMIC_ACQUIRE) &&
	    !error_set(err, ERROR_SYSTEM, "the journal failed before");
}

/* After this it takes nothing more. */
static bool
fail(struct journal *journal)
{
	__atomic_store_n(&journal->failed, true, __ATOMIC_RELEASE);
	return false;
}

bool
journal_append(struct journal *journal, const struct span entries[],
    size_t num_entries, struct head *head, struct error *err)
{
	if (has_failed(journal, err))
		return false;
	/* Hashes are derived, and read for the proof that the signer wants. */
	if (!write_entries(journal, entries, num_entries, err) ||
	    !store_hashes(journal, err))
		return fail(journal);
	head->size = journal->next_edge.size;
	head->root = merkle_root(&journal->next_edge);
	add_waiting(journal);
	return true;
}

bool
journal_commit(struct journal *journal, const struct head *head,
    struct error *err)
{
	uint64_t end;

	if (has_failed(journal, err))
		return false;
	pthread_mutex_lock(&journal->mutex);
	assert(
	    journal->num_waiting > 0 && journal->waiting[0].size == head->size);
	end = journal->waiting[0].end;
	pthread_mutex_unlock(&journal->mutex);
	/* No flush: the signer's record is the commit point, these follow. */
	if (!write_head(journal, head, end, err))
		return fail(journal);
	__atomic_add_fetch(&journal->num_heads, 1, __ATOMIC_RELEASE);
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
	uint8_t bytes[2 + LIMIT_ENTRY_BYTES] = { 0 };
	const off_t at = (off_t)get_offset(journal, index);
	struct span len_span = span_of(bytes, 2);
	uint16_t len = 0;

	if (!file_pread(journal->entries, bytes, 2, at, err) ||
	    !span_take_u16(&len_span, &len))
		return error_context(err, "journal/entries");
	if (len > LIMIT_ENTRY_BYTES)
		return error_set(err, ERROR_UNTRUSTED,
		    "journal/entries: entry %llu is damaged",
		    (unsigned long long)index);
	return (file_pread(journal->entries, bytes, len, at + 2, err) ||
		   error_context(err, "journal/entries")) &&
	    buf_append(out, span_of(bytes, len), err);
}

bool
journal_flush_heads(const struct journal *journal, struct error *err)
{
	return fdatasync(journal->heads) == 0 ||
	    error_set_errno(err, "journal/heads: flush");
}

uint64_t
journal_entry_at(const struct journal *journal, uint64_t index)
{
	return get_offset(journal, index);
}

uint64_t
journal_num_heads(const struct journal *journal)
{
	return __atomic_load_n(&journal->num_heads, __ATOMIC_ACQUIRE);
}

bool
journal_nth_head(const struct journal *journal, uint64_t n, struct head *out,
    struct error *err)
{
	uint64_t end;

	return read_head(journal, n, out, &end, err);
}

bool
journal_head_at(const struct journal *journal, uint64_t size, struct head *out,
    struct error *err)
{
	uint64_t low = 0,
		 high = __atomic_load_n(&journal->num_heads, __ATOMIC_ACQUIRE);
	uint64_t end;

	while (low < high) {
		const uint64_t middle = low + (high - low) / 2;

		if (!read_head(journal, middle, out, &end, err))
			return false;
		if (out->size < size)
			low = middle + 1;
		else
			high = middle;
	}
	return read_head(journal, low, out, &end, err);
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

static bool
read_hash(void *arg, unsigned level, uint64_t index, struct digest *out,
    struct error *err)
{
	const struct journal *journal = arg;
	const uint64_t last_leaf = ((index + 1) << level) - 1;

	return file_pread(journal->nodes, out->bytes, sizeof(out->bytes),
		   (off_t)((nodes_before(last_leaf) + level) * 32), err) ||
	    error_context(err, "journal/nodes");
}

static void *
reader_of(const struct journal *journal)
{
	return (void *)(uintptr_t)journal;
}

bool
journal_prove_inclusion(const struct journal *journal, uint64_t index,
    uint64_t size, struct merkle_proof *out, struct error *err)
{
	return merkle_prove_inclusion(read_hash, reader_of(journal), index,
	    size, out, err);
}

bool
journal_prove_consistency(const struct journal *journal, uint64_t old,
    uint64_t size, struct merkle_proof *out, struct error *err)
{
	return merkle_prove_consistency(read_hash, reader_of(journal), old,
	    size, out, err);
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

bool
journal_tile(const struct journal *journal, const struct tile *tile,
    struct buf *out, struct error *err)
{
	const uint64_t first = tile->number * TILE_WIDTH;
	const uint64_t last = first + tile->width - 1;
	uint64_t from, to;
	struct buf entry = BUF(LIMIT_ENTRY_BYTES);
	uint8_t *bytes;
	bool ok;

	if (tile->is_bundle) {
		/* The last one's length tells where the range ends. */
		if (!journal_entry(journal, last, &entry, err))
			return false;
		from = get_offset(journal, first);
		to = get_offset(journal, last) + 2 + entry.len;
		buf_free(&entry);
	} else {
		from = first * 32;
		to = from + (uint64_t)tile->width * 32;
	}
	if ((bytes = malloc(to - from)) == NULL)
		return error_set_errno(err, "journal");
	ok = (file_pread(tile->is_bundle ? journal->entries
					 : journal->hashes[tile->level],
		  bytes, to - from, (off_t)from, err) ||
		 error_context(err, "journal")) &&
	    buf_append(out, span_of(bytes, to - from), err);
	free(bytes);
	return ok;
}

bool
journal_root_at(const struct journal *journal, uint64_t size,
    struct digest *out, struct error *err)
{
	return merkle_root_at(read_hash, reader_of(journal), size, out, err);
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
