/*
 * tamper - what an administrator who has every key in the data folder could do
 * to it; for the table of docs/security.md.
 *
 *	tamper flip DATA N          change entry N in place
 *	tamper drop DATA N          leave entry N out
 *	tamper swap DATA N          swap entries N and N + 1
 *	tamper retime DATA N S      move entry N by S seconds
 *	tamper backdate DATA S      add a "start" of S seconds before the last
 *	tamper again DATA N         add entry N again, with the last one's time
 *	tamper field DATA N OLD NEW change a text in the line of entry N
 *	tamper grow DATA N          add N deliveries like the last one
 *	tamper ledger DATA          change what journal/ledger says, and its sum
 *	tamper index DATA           change what journal/index says, and the sums
 *	tamper text DATA FILE       change a text in a built copy
 *	tamper signature DATA FILE  change a signature in it
 *
 * Except for the first and the last two, the journal is written again, signed
 * with its own key, and the signer made to remember it: nothing in the folder
 * shows it.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "base/time.h"
#include "daemon/signer/memory.h"
#include "document/container.h"
#include "journal/entry.h"
#include "journal/journal.h"

enum { MAX = 1 << 17 };

static struct buf lines[MAX];
static size_t num;
static struct note_signer key;
static struct note_keys keys;

static void
need(bool ok, const struct error *err)
{
	if (ok)
		return;
	fprintf(stderr, "tamper: %s\n", err->detail);
	exit(1);
}

static bool
take_line(void *arg, uint64_t index, struct span line, struct error *err)
{
	(void)arg;
	lines[index] = BUF(LIMIT_ENTRY_BYTES);
	num = index + 1;
	return buf_append(&lines[index], line, err);
}

static void
load(const char *data)
{
	struct journal_mended mended;
	struct buf text = BUF(1024);
	struct error err = { 0 };
	struct journal *journal;
	char path[FILE_PATH];

	need(file_join(path, data, "signer/journal.key", &err) &&
		file_read(path, 1024, &text, &err) &&
		note_signer_parse(buf_span(&text), NOTE_JOURNAL, &key, &err) &&
		file_join(path, data, "journal", &err),
	    &err);
	keys = note_keys_of(&key.key);
	journal =
	    journal_view(path, NULL, &keys, take_line, NULL, &mended, &err);
	need(journal != NULL, &err);
	journal_free(journal);
	buf_free(&text);
}

/* Write a whole new history of these entries, under the same key. */
static void
store(const char *data)
{
	static const char *const names[] = { "entries", "heads", "nodes",
		"ends", "hashes-0", "hashes-1", "hashes-2", "hashes-3",
		"hashes-4", "hashes-5", "hashes-6", "hashes-7" };
	struct head head = { .root = merkle_empty() };
	struct journal_mended mended;
	struct checkpoint checkpoint = { .size = 0 };
	struct buf text = BUF(LIMIT_NOTE_TEXT);
	struct journal *journal;
	struct span *spans = calloc(num, sizeof(*spans));
	struct error err = { 0 };
	char dir[FILE_PATH], path[FILE_PATH];

	need(spans != NULL && file_join(dir, data, "journal", &err), &err);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		need(file_join(path, dir, names[i], &err), &err);
		unlink(path);
	}
	for (size_t i = 0; i < num; i++)
		spans[i] = buf_span(&lines[i]);
	need(journal_create(dir, &err), &err);
	journal =
	    journal_open(dir, &keys, &head, take_line, NULL, &mended, &err);
	need(journal != NULL &&
		journal_append(journal, spans, num, &head, &err),
	    &err);
	snprintf(checkpoint.origin, sizeof(checkpoint.origin), "%s",
	    key.key.name);
	checkpoint.size = head.size;
	checkpoint.root = head.root;
	head.time_ms = time_now_ms();
	need(checkpoint_encode(&checkpoint, &text, &err) &&
		note_sign(&key, buf_span(&text), head.signature, &err) &&
		journal_commit(journal, &head, &err) &&
		signer_remember(data, &head, &err),
	    &err);
	journal_free(journal);
	free(spans);
	buf_free(&text);
}

/* This is not a lie: it makes a journal that was in use for years. */
static void
grow(const char *data, uint64_t add)
{
	enum { BATCH = 500 };
	struct entry *entry = malloc(sizeof(*entry));
	struct checkpoint checkpoint = { .size = 0 };
	struct buf text = BUF(LIMIT_NOTE_TEXT);
	struct journal_mended mended;
	struct span spans[BATCH];
	struct error err = { 0 };
	struct journal *journal;
	char dir[FILE_PATH];
	int64_t time_ms;
	struct head head;

	need(entry_parse(buf_span(&lines[num - 1]), entry, &err), &err);
	time_ms = entry->time_ms;
	for (size_t n = num; n > 0 && entry->act != ACT_DELIVER; n--)
		need(entry_parse(buf_span(&lines[n - 1]), entry, &err), &err);
	entry->time_ms = time_ms;
	need(file_join(dir, data, "journal", &err) &&
		signer_remembered(data, &head, &err) &&
		(journal = journal_open(dir, &keys, &head, take_line, NULL,
		     &mended, &err)) != NULL,
	    &err);
	text_set(checkpoint.origin, sizeof(checkpoint.origin), key.key.name);
	for (uint64_t n = 0; n < add; n += BATCH) {
		for (size_t i = 0; i < BATCH; i++) {
			const uint64_t salt = n + i;

			memcpy(entry->salt, &salt, sizeof(salt));
			if (lines[i].max == 0)
				lines[i] = BUF(LIMIT_ENTRY_BYTES);
			lines[i].len = 0;
			need(entry_encode(entry, &lines[i], &err), &err);
			spans[i] = buf_span(&lines[i]);
		}
		need(journal_append(journal, spans, BATCH, &head, &err), &err);
		checkpoint.size = head.size;
		checkpoint.root = head.root;
		head.time_ms = time_now_ms();
		text.len = 0;
		need(checkpoint_encode(&checkpoint, &text, &err) &&
			note_sign(&key, buf_span(&text), head.signature,
			    &err) &&
			journal_commit(journal, &head, &err),
		    &err);
	}
	need(signer_remember(data, &head, &err), &err);
	journal_free(journal);
	buf_free(&text);
	free(entry);
}

static struct buf
read_journal_file(const char *data, const char *name, char path[FILE_PATH])
{
	struct buf bytes = BUF(1 << 28);
	struct error err = { 0 };

	need(file_join(path, data, name, &err) &&
		file_read(path, bytes.max, &bytes, &err),
	    &err);
	return bytes;
}

/* Put the ledger's file back, with a right sum at its end. */
static void
write_ledger(const char *path, struct buf *bytes)
{
	const struct digest sum =
	    sha256_of(span_of(bytes->data, bytes->len - 32));
	struct error err = { 0 };

	memcpy(bytes->data + bytes->len - 32, sum.bytes, 32);
	need(file_write(path, buf_span(bytes), 0600, &err), &err);
	buf_free(bytes);
}

/* Where the newest policy's digest is: after its first line, size, root, time. */
static size_t
newest_at(const struct buf *bytes)
{
	const uint8_t *line = memchr(bytes->data, '\n', bytes->len);

	return (size_t)(line - bytes->data) + 1 + 8 + 32 + 8;
}

/* Which CRLs are the newest, and the sum to that. */
static void
forge_ledger(const char *data)
{
	char path[FILE_PATH];
	struct buf bytes = read_journal_file(data, "journal/ledger", path);

	bytes.data[newest_at(&bytes) + 32] ^= 1;
	write_ledger(path, &bytes);
}

/* Whose the second entry was, and the sums to that. */
static void
forge_index(const char *data)
{
	char path[FILE_PATH], index_path[FILE_PATH];
	struct buf bytes = read_journal_file(data, "journal/ledger", path),
		   index = read_journal_file(data, "journal/index", index_path);
	/* Policy, CRLs, a text, the last of each act; then how many records. */
	size_t at = newest_at(&bytes) + 2 * 32;
	struct error err = { 0 };
	struct digest sum;

	at += 2 + (size_t)(bytes.data[at] << 8 | bytes.data[at + 1]) +
	    8 * (size_t)ACTS + 8;
	index.data[64 + 7] ^= 1;
	sum = sha256_of(buf_span(&index));
	memcpy(bytes.data + at, sum.bytes, 32);
	need(file_write(index_path, buf_span(&index), 0600, &err), &err);
	buf_free(&index);
	write_ledger(path, &bytes);
}

static void
retime(size_t n, int64_t seconds)
{
	static struct entry entry;
	struct error err = { 0 };

	need(entry_parse(buf_span(&lines[n]), &entry, &err), &err);
	entry.time_ms += seconds * 1000;
	lines[n].len = 0;
	need(entry_encode(&entry, &lines[n], &err), &err);
}

static void
again(size_t n)
{
	static struct entry entry, last;
	struct error err = { 0 };

	need(entry_parse(buf_span(&lines[n]), &entry, &err) &&
		entry_parse(buf_span(&lines[num - 1]), &last, &err),
	    &err);
	entry.time_ms = last.time_ms;
	entry.salt[0] ^= 1;
	lines[num] = BUF(LIMIT_ENTRY_BYTES);
	need(entry_encode(&entry, &lines[num++], &err), &err);
}

/* Replace text in an entry's JSON, '"person":"a@b"' for example. */
static void
replace(size_t n, const char *old, const char *new)
{
	static struct entry entry;
	struct buf line = BUF(LIMIT_ENTRY_BYTES);
	struct error err = { 0 };
	const char *from, *at;

	need(buf_append_u8(&lines[n], 0, &err), &err);
	from = (const char *)lines[n].data;
	if ((at = strstr(from, old)) == NULL) {
		fprintf(stderr, "tamper: %s is not in %s\n", old, from);
		exit(1);
	}
	need(buf_append(&line, span_of(from, (size_t)(at - from)), &err) &&
		buf_append_str(&line, new, &err) &&
		buf_append_str(&line, at + strlen(old), &err) &&
		entry_parse(buf_span(&line), &entry, &err),
	    &err);
	buf_free(&lines[n]);
	lines[n] = line;
}

static void
backdate(int64_t seconds)
{
	static struct entry entry;
	struct error err = { 0 };
	uint64_t prior = 0;

	for (size_t i = 0; i < num; i++) {
		need(entry_parse(buf_span(&lines[i]), &entry, &err), &err);
		if (entry.act == ACT_START)
			prior = i;
	}
	need(entry_parse(buf_span(&lines[prior]), &entry, &err), &err);
	entry.prior = prior;
	entry.has |= UINT32_C(1) << ENTRY_PRIOR;
	entry.time_ms -= seconds * 1000;
	entry.salt[0] ^= 1;
	lines[num] = BUF(LIMIT_ENTRY_BYTES);
	need(entry_encode(&entry, &lines[num++], &err), &err);
}

/*
 * Change one hex digit of an entry's salt: it still parses, and means the same.
 */
static void
flip(const char *data, uint64_t n)
{
	struct error err = { 0 };
	char path[FILE_PATH];
	off_t at = 0;
	char *salt;
	int fd;

	for (uint64_t i = 0; i < n; i++)
		at += 2 + (off_t)lines[i].len;
	need(buf_append_u8(&lines[n], 0, &err), &err);
	salt = strstr((char *)lines[n].data, "\"salt\":\"") + 8;
	*salt = *salt == '0' ? '1' : '0';
	need(file_join(path, data, "journal/entries", &err), &err);
	fd = open(path, O_WRONLY);
	need(fd >= 0 &&
		file_pwrite(fd, span_of(lines[n].data, lines[n].len - 1),
		    at + 2, &err),
	    &err);
	close(fd);
}

static void
spoil(const char *path, bool signature)
{
	struct error err = { 0 };
	const int from = open(path, O_RDONLY);
	struct container *container = container_read(from, &err);
	char tmp[FILE_PATH];
	uint64_t size;
	int fd;

	need(container != NULL, &err);
	for (size_t i = 0; i < container->num; i++) {
		const struct member *member = &container->members[i];
		struct buf bytes = BUF(LIMIT_META_BYTES);

		if (signature
			? strcmp(member->path, "META-INF/signature-origin.p7s")
			: strncmp(member->path, "texts/", 6))
			continue;
		need(member_stream(member, sink_to_buf, &bytes, &err), &err);
		bytes.data[bytes.len - 1] ^= 1;
		snprintf(tmp, sizeof(tmp), "%s", member->path);
		need(container_put(container, tmp, buf_span(&bytes), &err),
		    &err);
		buf_free(&bytes);
		break;
	}
	snprintf(tmp, sizeof(tmp), "%s.new", path);
	fd = open(tmp, O_RDWR | O_CREAT | O_EXCL, 0600);
	need(fd >= 0 && container_write(container, fd, &size, &err) &&
		rename(tmp, path) == 0,
	    &err);
	close(fd);
	close(from);
	container_free(container);
}

int
main(int argc, char *argv[])
{
	const char *what = argc > 2 ? argv[1] : "";
	const size_t n = argc > 3 ? strtoul(argv[3], NULL, 10) : 0;
	struct buf other;

	if (strcmp(what, "text") == 0 || strcmp(what, "signature") == 0) {
		spoil(argv[3], strcmp(what, "signature") == 0);
		return 0;
	}
	if (argc < 3)
		return 2;
	load(argv[2]);
	if (strcmp(what, "flip") == 0) {
		flip(argv[2], n);
		return 0;
	}
	if (strcmp(what, "ledger") == 0) {
		forge_ledger(argv[2]);
		return 0;
	}
	if (strcmp(what, "index") == 0) {
		forge_index(argv[2]);
		return 0;
	}
	if (strcmp(what, "grow") == 0) {
		grow(argv[2], n);
		return 0;
	}
	if (strcmp(what, "drop") == 0 && n < num) {
		memmove(&lines[n], &lines[n + 1],
		    (num - n - 1) * sizeof(lines[0]));
		num--;
	} else if (strcmp(what, "swap") == 0 && n + 1 < num) {
		other = lines[n];
		lines[n] = lines[n + 1];
		lines[n + 1] = other;
	} else if (strcmp(what, "retime") == 0 && argc > 4 && n < num) {
		retime(n, strtol(argv[4], NULL, 10));
	} else if (strcmp(what, "field") == 0 && argc > 5 && n < num) {
		replace(n, argv[4], argv[5]);
	} else if (strcmp(what, "again") == 0 && n < num) {
		again(n);
	} else if (strcmp(what, "backdate") == 0) {
		backdate((int64_t)n);
	} else {
		return 2;
	}
	store(argv[2]);
	return 0;
}
