/*
 * record - what the ledger costs as it grows.
 *
 *	record documents N   bytes of memory a document: N of them, of one
 *	                     version each, with a title
 *	record entries N     bytes of memory an entry: N deliveries
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "record/ledger.h"

enum { DOCUMENTS = 1000 };

static void
need(bool ok, const struct error *err)
{
	if (ok)
		return;
	fprintf(stderr, "record: %s\n", err->detail);
	exit(1);
}

/* Memory of this process that is not in files, in bytes. */
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

/* The entry's fields beside those of its act. */
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
	    "Exchange of notes on the border bridge");
}

static void
deliver(struct ledger *ledger, uint64_t index)
{
	struct entry entry;
	struct error err = { 0 };

	fill(&entry, ACT_DELIVER, index, index % DOCUMENTS);
	need(ledger_apply(ledger, index, &entry, &err), &err);
}

int
main(int argc, char *argv[])
{
	const uint64_t num = argc == 3 ? strtoull(argv[2], NULL, 10) : 0;
	struct error err = { 0 };
	struct ledger *ledger = ledger_new(&err);
	uint64_t first = 0;
	size_t before;

	need(ledger != NULL, &err);
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
	} else {
		fprintf(stderr, "record documents|entries N\n");
		return 2;
	}
	printf("%.1f\n", (double)(memory() - before) / (double)num);
	ledger_free(ledger);
	return 0;
}
