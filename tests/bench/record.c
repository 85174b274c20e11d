/*
 * record - what the ledger costs as it grows.
 *
 *	record documents N   bytes of memory a document: N of them, of one
 *	                     version each, with a title
 *	record entries N     bytes of memory an entry: N deliveries; both
 *	                     without what is in files, in a temporary folder
 *	record search N      ms of CPU to look through N documents with titles
 *	                     in English, French and Lao: for a word, and to
 *	                     find each one's place by its Lao title
 *	record start DIR N   make a journal of N deliveries in DIR, which is
 *	                     there and empty; seconds of CPU of a start by the
 *	                     ledger's file, of one that reads all, and of the
 *	                     check beside the service
 *	record seed FILE     the ledger of a few entries as tests/fuzz/fuzz_ledger.c
 *	                     takes it: records of its columns, each with a
 *	                     byte of how many, and its file without its sum
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "record/column.h"
#include "record/index.h"
#include "record/opening.h"
#include "record/order.h"
#include "record/sorting.h"
#include "record/words.h"

enum { DOCUMENTS = 1000 };

static void
need(bool ok, const struct error *err)
{
	if (ok)
		return;
	fprintf(stderr, "record: %s\n", err->detail);
	exit(1);
}

/* Returns the process's memory that is not mapped from files, in bytes. */
static size_t
memory(void)
{
	unsigned long size, resident = 0, shared = 0;
	FILE *file = fopen("/proc/self/statm", "r");

	if (file == NULL ||
	    fscanf(file, "%lu %lu %lu", &size, &resident, &shared) != 3)
		exit(1);
	fclose(file);
	return (resident - shared) * (size_t)sysconf(_SC_PAGESIZE);
}

/* Fill in the fields that the act does not set itself. */
static void
fill(struct entry *entry, enum act act, uint64_t index, uint64_t document)
{
	const uint32_t has = 1u << ENTRY_TIME | 1u << ENTRY_DOCUMENT |
	    1u << ENTRY_VERSION | 1u << ENTRY_PERSON | 1u << ENTRY_OFFICE;

	*entry = (struct entry){ .act = act,
		.has = has,
		.time_ms = 1767225600000 + (int64_t)index,
		.version = 1 };
	snprintf(entry->document, sizeof(entry->document), "agreement/d%06llu",
	    (unsigned long long)document);
	snprintf(entry->person, sizeof(entry->person),
	    "minister%llu@mofa.example", (unsigned long long)index % 20);
	snprintf(entry->office, sizeof(entry->office), "mofa-%llu",
	    (unsigned long long)index % 5);
	memcpy(entry->digest.bytes, &document, sizeof(document));
	memcpy(entry->contents.bytes, &document, sizeof(document));
}

static void
deposit(struct ledger *ledger, uint64_t index, uint64_t document)
{
	struct entry entry;
	struct error err = { 0 };

	fill(&entry, ACT_DEPOSIT, index, document);
	entry.has |=
	    1u << ENTRY_COMMIT | 1u << ENTRY_DIGEST | 1u << ENTRY_CONTENTS;
	memcpy(entry.commit, &index, sizeof(index));
	need(ledger_apply(ledger, index, &entry, &err), &err);
	ledger_set_title(ledger, ledger_find(ledger, entry.document),
	    "Exchange of notes on the border bridge", "en,lo");
}

static void
deliver(struct ledger *ledger, uint64_t index)
{
	struct entry entry;
	struct error err = { 0 };

	fill(&entry, ACT_DELIVER, index, index % DOCUMENTS);
	need(ledger_apply(ledger, index, &entry, &err), &err);
}

/* As the daemon has it, with its columns in files of a folder that is gone. */
static struct ledger *
make_ledger(void)
{
	static const char *const names[] = { "index", "commits" };
	char dir[] = "/tmp/valise-record.XXXXXX", path[FILE_PATH];
	struct ledger_columns columns;
	struct error err = { 0 };
	struct ledger *ledger;

	if (mkdtemp(dir) == NULL)
		exit(1);
	need(file_join(path, dir, "ledger", &err) &&
		ledger_file_columns(path, &columns, &err) &&
		(ledger = ledger_new_on(&columns, &err)) != NULL,
	    &err);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		need(file_join(path, dir, names[i], &err), &err);
		unlink(path);
	}
	rmdir(dir);
	return ledger;
}

static double
seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void
sign_head(const struct note_signer *signer, struct head *head)
{
	struct checkpoint checkpoint = { .size = head->size,
		.root = head->root };
	struct buf text = BUF(LIMIT_NOTE_TEXT);
	struct error err = { 0 };

	snprintf(checkpoint.origin, sizeof(checkpoint.origin), "%s",
	    signer->key.name);
	need(checkpoint_encode(&checkpoint, &text, &err) &&
		note_sign(signer, buf_span(&text), head->signature, &err),
	    &err);
	buf_free(&text);
}

/* Append a deposit of each document, and then deliveries of them. */
static void
fill_journal(struct journal *journal, const struct note_signer *signer,
    uint64_t num, struct head *head)
{
	enum { BATCH = 512 };
	static struct buf lines[BATCH];
	struct span spans[BATCH];
	struct entry entry;
	struct error err = { 0 };

	while (head->size < num) {
		size_t n = 0;

		for (; n < BATCH && head->size + n < num; n++) {
			const uint64_t index = head->size + n;

			fill(&entry,
			    index < DOCUMENTS ? ACT_DEPOSIT : ACT_DELIVER,
			    index, index % DOCUMENTS);
			entry.has |= 1u << ENTRY_SALT | 1u << ENTRY_POLICY |
			    1u << ENTRY_CONTENTS;
			if (index < DOCUMENTS)
				entry.has |= 1u << ENTRY_COMMIT |
				    1u << ENTRY_DIGEST | 1u << ENTRY_MANIFEST |
				    1u << ENTRY_SIGNATURE | 1u << ENTRY_CRLS;
			memcpy(entry.salt, &index, sizeof(index));
			memcpy(entry.commit, &index, sizeof(index));
			lines[n].max = LIMIT_ENTRY_BYTES;
			lines[n].len = 0;
			need(entry_encode(&entry, &lines[n], &err), &err);
			spans[n] = buf_span(&lines[n]);
		}
		need(journal_append(journal, spans, n, head, &err), &err);
		sign_head(signer, head);
		need(journal_commit(journal, head, &err), &err);
	}
	for (size_t i = 0; i < BATCH; i++)
		buf_free(&lines[i]);
}

/*
 * Returns the seconds of CPU of opening the journal; *check gets those of the
 * check.
 */
static double
time_start(const char *dir, const struct note_keys *keys,
    const struct head *head, bool whole, double *check)
{
	struct journal_mended mended;
	struct opening opening;
	struct error err = { 0 };
	double began = seconds(), took;

	need(opening_run(NULL, dir, keys, head, whole, &opening, &err), &err);
	took = seconds() - began;
	began = seconds();
	if (check != NULL)
		need(opening_check(dir, &opening, NULL, &mended, &err), &err);
	if (check != NULL)
		*check = seconds() - began;
	journal_free(opening.journal);
	ledger_free(opening.ledger);
	return took;
}

/* As a register has them: distinct, and not all of them ASCII. */
static void
set_titles(struct ledger *ledger, uint64_t document)
{
	char name[64], titles[512];

	snprintf(name, sizeof(name), "agreement/d%06llu",
	    (unsigned long long)document);
	snprintf(titles, sizeof(titles),
	    "en=Exchange of notes no. %llu on the border bridge\n"
	    "fr=\xc3\x89"
	    "change de lettres n\xc2\xb0 %llu sur le pont-fronti"
	    "\xc3\xa8re\n"
	    "lo=\xe0\xba\x82\xe0\xbb\x89\xe0\xba\xb2\xe0\xba\xa1"
	    "\xe0\xbb\x81\xe0\xba\x94\xe0\xba\x99 %llu",
	    (unsigned long long)document, (unsigned long long)document,
	    (unsigned long long)document * 7919 % 100000);
	ledger_set_title(ledger, ledger_find(ledger, name), titles, "en,fr,lo");
}

static void
bench_search(struct ledger *ledger, uint64_t num)
{
	struct order_cursor at = order_after(ledger_order(ledger), "");
	const struct ledger_document *doc;
	struct buf scratch = BUF(SIZE_MAX);
	struct error err = { 0 };
	struct sorting sorting;
	struct words words;
	struct sort_key key;
	size_t found = 0, bytes = 0;
	double words_s, began;

	for (uint64_t i = 0; i < num; i++)
		set_titles(ledger, i);
	need(words_parse(span_of_str("PONT 77"), &words, &err) &&
		sorting_parse("title:lo", &sorting, &err),
	    &err);
	began = seconds();
	while ((doc = order_next(ledger_order(ledger), &at)) != NULL)
		found += words_match(&words, doc->name, doc->title, &scratch);
	words_s = seconds() - began;
	at = order_after(ledger_order(ledger), "");
	began = seconds();
	while ((doc = order_next(ledger_order(ledger), &at)) != NULL) {
		sorting_key(&sorting, doc->name, doc->title, STATUS_DRAFT, 0,
		    &key);
		bytes += key.len;
	}
	if (found == 0 || bytes == 0)
		exit(1);
	printf("%.0f %.0f\n", words_s * 1000, (seconds() - began) * 1000);
	buf_free(&scratch);
}

static bool
visit_nothing(void *arg, uint64_t index, struct span entry, struct error *err)
{
	(void)arg, (void)index, (void)entry, (void)err;
	return true;
}

static void
bench_start(const char *dir, uint64_t num)
{
	struct head head = { .root = merkle_empty() };
	struct journal_mended mended;
	struct note_signer signer;
	struct note_keys keys;
	struct journal *journal;
	struct error err = { 0 };
	double whole, check;

	need(note_signer_make("bench.example/journal", NOTE_JOURNAL, &signer,
		 &err) &&
		journal_create(dir, &err),
	    &err);
	keys = note_keys_of(&signer.key);
	journal =
	    journal_open(dir, &keys, &head, visit_nothing, NULL, &mended, &err);
	need(journal != NULL, &err);
	fill_journal(journal, &signer, num, &head);
	journal_free(journal);
	whole = time_start(dir, &keys, &head, true, NULL);
	printf("%.3f ", time_start(dir, &keys, &head, false, &check));
	printf("%.3f %.3f\n", whole, check);
}

static bool
put_records(const struct column *column, size_t record_bytes, struct buf *out,
    struct error *err)
{
	const uint64_t num = column_num(column);

	return buf_append_u8(out, (uint8_t)num, err) &&
	    buf_append(out,
		span_of(column_at(column, 0), (size_t)num * record_bytes), err);
}

static void
make_seed(const char *path)
{
	struct buf bytes = BUF(1 << 20);
	const struct digest root = merkle_empty();
	const struct ledger_columns columns = {
		column_new("index", INDEX_RECORD, &(struct error){ 0 }),
		column_new("commits", 24, &(struct error){ 0 })
	};
	struct error err = { 0 };
	struct ledger *ledger = ledger_new_on(&columns, &err);

	need(ledger != NULL, &err);
	for (uint64_t i = 0; i < 3; i++)
		deposit(ledger, i, i);
	deliver(ledger, 3);
	need(put_records(columns.index, INDEX_RECORD, &bytes, &err) &&
		put_records(columns.commits, 24, &bytes, &err),
	    &err);
	need(ledger_file_encode(ledger, &root, &bytes, &err), &err);
	bytes.len -= sizeof(root);
	need(file_write(path, buf_span(&bytes), 0644, &err), &err);
	buf_free(&bytes);
	ledger_free(ledger);
}

int
main(int argc, char *argv[])
{
	const uint64_t num = argc == 3 ? strtoull(argv[2], NULL, 10) : 0;
	struct ledger *ledger;
	uint64_t first = 0;
	size_t before;

	if (argc == 4 && strcmp(argv[1], "start") == 0) {
		bench_start(argv[2], strtoull(argv[3], NULL, 10));
		return 0;
	}
	if (argc == 3 && strcmp(argv[1], "seed") == 0) {
		make_seed(argv[2]);
		return 0;
	}
	ledger = make_ledger();
	before = memory();
	if (num > 0 && strcmp(argv[1], "documents") == 0) {
		for (uint64_t i = 0; i < num; i++)
			deposit(ledger, i, i * 7919 % num);
	} else if (num > 0 && strcmp(argv[1], "entries") == 0) {
		for (; first < DOCUMENTS; first++)
			deposit(ledger, first, first);
		before = memory();
		for (uint64_t i = 0; i < num; i++)
			deliver(ledger, first + i);
	} else if (num > 0 && strcmp(argv[1], "search") == 0) {
		for (uint64_t i = 0; i < num; i++)
			deposit(ledger, i, i * 7919 % num);
		bench_search(ledger, num);
		ledger_free(ledger);
		return 0;
	} else {
		fprintf(stderr, "see the head of tests/bench/record.c\n");
		return 2;
	}
	printf("%.1f\n", (double)(memory() - before) / (double)num);
	ledger_free(ledger);
	return 0;
}
