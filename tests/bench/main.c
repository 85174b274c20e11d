/*
 * bench - the measures that need a program: load over kept connections,
 * signatures, the journal.  The scripts of this folder compare the results with
 * other programs. bench.h and tests/lib/generators.h say what each measure
 * prints.
 */
#include <stdio.h>
#include <string.h>

#include "tests/bench/bench.h"
#include "tests/lib/generators.h"

#define TARGET "HOST PORT CA CERT KEY "

static const struct {
	const char *name, *arguments;
	int (*run)(char *argv[]);
	int num; /* minimum number of arguments */
} subjects[] = {
	/* in tests/lib */
	{ "get", TARGET "PATH CONNECTIONS SECONDS [DOCUMENTS]", load_get, 8 },
	{ "put", TARGET "DIR CONNECTIONS", load_put, 7 },
	{ "idle", TARGET "CONNECTIONS", load_idle, 6 },
	{ "watch", TARGET "CONNECTIONS", watch_run, 6 },
	{ "relay", TARGET "LISTEN-PORT", relay_run, 6 },
	{ "make", "DIR OFFICE-DIR COUNT BYTES PREFIX", deposits_make, 5 },
	/* in this folder */
	{ "verify", "CONTAINER", bench_verify, 1 },
	{ "must", "CONTAINER…", bench_must, 1 },
	{ "journal", "DIR ENTRIES", bench_journal, 2 },
	{ "grow", "DATA ENTRIES", bench_grow, 2 },
	{ "documents", "CONFIG FIRST COUNT", bench_documents, 3 },
	{ "refs", "DOCUMENTS", bench_refs, 1 },
	{ "bag", "FILE CERT KEY", bench_bag, 3 },
	{ "flush", "DIR", bench_flush, 1 },
};

enum { NUM_SUBJECTS = sizeof(subjects) / sizeof(subjects[0]) };

int
main(int argc, char *argv[])
{
	for (size_t i = 0; argc > 1 && i < NUM_SUBJECTS; i++)
		if (strcmp(argv[1], subjects[i].name) == 0 &&
		    argc - 2 >= subjects[i].num)
			return subjects[i].run(argv + 2);
	for (size_t i = 0; i < NUM_SUBJECTS; i++)
		fprintf(stderr, "usage: bench %s %s\n", subjects[i].name,
		    subjects[i].arguments);
	return 2;
}
