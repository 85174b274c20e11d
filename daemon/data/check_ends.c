/*
 * Where the journal's files end: anything after that was never signed, and a
 * head that is missing there was (check_ends.h).
 */
#include "daemon/data/check_ends.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backend/files/files.h"
#include "base/file.h"
#include "daemon/signer/memory.h"
#include "record/data.h"

enum {
	PIECE = 65536,
	/* Heads are written at once: none is behind its entries for longer. */
	BEHIND_MS = 5000,
	FIRST_ENTRIES = 5, /* of a journal: more than two batches */
};

bool
fsck_heads_are_lost(const struct head *signer, int64_t entry_ms)
{
	return signer->time_ms - entry_ms > BEHIND_MS;
}

bool
fsck_is_written(const char *data)
{
	struct error ignored = { 0 };
	char path[FILE_PATH];
	bool is = false;
	int fd;

	if (!data_path(data, DATA_LOCK, path, &ignored) ||
	    (fd = open(path, O_RDONLY | O_CLOEXEC)) < 0)
		return false;
	is = flock(fd, LOCK_SH | LOCK_NB) != 0;
	close(fd);
	return is;
}

/* The size of a part's file; 0 if there is none. */
static uint64_t
size_of(const char *data, enum data_part part)
{
	struct error ignored = { 0 };
	char path[FILE_PATH];
	struct stat st;

	return data_path(data, part, path, &ignored) && stat(path, &st) == 0
	    ? (uint64_t)st.st_size
	    : 0;
}

static void
tell_of_more(struct fsck *fsck, enum data_part part)
{
	fsck_report_derived(fsck, "FILE_TOO_LONG", data_name(part),
	    "something that was never signed follows its end");
}

/* What follows the entries that a signed head covers. */
struct beyond {
	int fd;
	uint64_t at, end;
	uint64_t num;     /* entries there */
	int64_t first_ms; /* the time of the first one */
};

/* Take the next entry; false at the end, or where there is none. */
static bool
take_entry(struct beyond *beyond, struct entry *entry)
{
	uint8_t head[2], line[LIMIT_ENTRY_BYTES];
	struct error ignored = { 0 };
	size_t len;

	if (beyond->end - beyond->at < sizeof(head) ||
	    !file_pread(beyond->fd, head, sizeof(head), (off_t)beyond->at,
		&ignored))
		return false;
	len = (size_t)head[0] << 8 | head[1];
	if (len == 0 || len > sizeof(line) ||
	    len > beyond->end - beyond->at - sizeof(head) ||
	    !file_pread(beyond->fd, line, len,
		(off_t)(beyond->at + sizeof(head)), &ignored) ||
	    !entry_parse(span_of(line, len), entry, &ignored))
		return false;
	if (beyond->num++ == 0)
		beyond->first_ms = entry->time_ms;
	beyond->at += sizeof(head) + len;
	return true;
}

/* Is the rest of the file as a writer leaves it: zero bytes? */
static bool
is_room(const struct beyond *beyond)
{
	struct error ignored = { 0 };
	uint8_t piece[PIECE];
	bool is = true;

	for (uint64_t at = beyond->at; is && at < beyond->end;) {
		const size_t n = beyond->end - at < PIECE
		    ? (size_t)(beyond->end - at)
		    : PIECE;

		is = file_pread(beyond->fd, piece, n, (off_t)at, &ignored);
		for (size_t i = 0; is && i < n; i++)
			is = piece[i] == 0;
		at += n;
	}
	return is;
}

/* Where the entries that the newest head covers end in their file. */
static uint64_t
signed_end(const struct journal *journal)
{
	const uint64_t size = journal_size(journal);
	struct buf line = BUF(LIMIT_ENTRY_BYTES);
	struct error ignored = { 0 };
	uint64_t end = 0;

	if (size > 0 && journal_entry(journal, size - 1, &line, &ignored))
		end = journal_entry_at(journal, size - 1) + 2 + line.len;
	buf_free(&line);
	return end;
}

/* Heads are lost where the signer has signed more, longer ago than a moment. */
static void
check_last_head(struct fsck *fsck, const struct beyond *beyond)
{
	const struct head newest = journal_head(fsck->journal);
	struct error ignored = { 0 };
	struct head head;

	if (fsck->settings->without_signer || beyond->num == 0 ||
	    !signer_remembered(fsck->settings->place.folder, &head, &ignored))
		return;
	fsck->signed_size = head.size;
	/* A crash leaves out two heads at most, so one of the first is there. */
	if (head.size <= newest.size ||
	    (!fsck_heads_are_lost(&head, beyond->first_ms) &&
		(newest.size > 0 || beyond->num < FIRST_ENTRIES)))
		return;
	FIND(fsck, "HEAD_DAMAGED", AUDIT_NO_ENTRY, data_name(DATA_HEADS),
	    "it ends with size %llu, and the signer signed %llu: heads between"
	    " them are lost, and receipts of entries between lead to a later"
	    " one. Put the file of a backup in its place; a start writes the"
	    " newest anew",
	    (unsigned long long)newest.size, (unsigned long long)head.size);
}

static void
check_entries(struct fsck *fsck)
{
	struct beyond beyond = { .at = signed_end(fsck->journal) };
	struct error ignored = { 0 };
	struct entry entry;
	char path[FILE_PATH];

	beyond.end = size_of(fsck->settings->place.folder, DATA_ENTRIES);
	if (!data_path(fsck->settings->place.folder, DATA_ENTRIES, path,
		&ignored) ||
	    (beyond.fd = file_open(path, &ignored)) < 0)
		return;
	/* A batch that was never signed is no damage: a start cuts it off. */
	while (take_entry(&beyond, &entry))
		continue;
	if (!is_room(&beyond))
		tell_of_more(fsck, DATA_ENTRIES);
	check_last_head(fsck, &beyond);
	close(beyond.fd);
}

static void
check_memory_end(struct fsck *fsck)
{
	if (!fsck->settings->without_signer &&
	    size_of(fsck->settings->place.folder, DATA_MEMORY) >
		SIGNER_MEMORY_BYTES)
		tell_of_more(fsck, DATA_MEMORY);
}

void
fsck_check_ends(struct fsck *fsck)
{
	const char *data = fsck->settings->place.folder;

	if (fsck_is_written(data))
		return;
	if (fsck->settings->place.database.conninfo != NULL) {
		check_memory_end(fsck);
		return;
	}
	if (size_of(data, DATA_HEADS) % FILES_HEAD_BYTES != 0)
		tell_of_more(fsck, DATA_HEADS);
	check_memory_end(fsck);
	check_entries(fsck);
}

bool
fsck_cut_ends(const char *data, struct error *err)
{
	char path[FILE_PATH];

	return data_path(data, DATA_MEMORY, path, err) &&
	    (size_of(data, DATA_MEMORY) <= SIGNER_MEMORY_BYTES ||
		truncate(path, SIGNER_MEMORY_BYTES) == 0 ||
		error_set_errno(err, "%s", path));
}
