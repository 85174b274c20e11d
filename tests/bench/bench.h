/*
 * bench.h - the measures that need a program, by subject.  Each function runs
 * to its end and returns the program's exit status.  The arguments are listed
 * in main.c; each function here says what it prints.
 */
#ifndef TESTS_BENCH_H
#define TESTS_BENCH_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Raw P-256 verifications per second of CPU, and those of one of our
 * signatures.
 */
int bench_verify(char *argv[]);
/*
 * For all containers together: microseconds of CPU of a raw P-256 verification
 * for each signature, of a raw Ed25519 one, of inflating and of hashing the
 * members; then the numbers of signatures and of files.
 */
int bench_must(char *argv[]);
/*
 * Seconds to open the journal; microseconds of CPU of a receipt, of hashing a
 * node, of a tile, and of appending a leaf.
 */
int bench_journal(char *argv[]);
/*
 * Seconds of CPU of ls-refs: the first after a start, the next ones, and one
 * after an act; the size of the answer in bytes.
 */
int bench_refs(char *argv[]);
/*
 * MB/s of packing a file and of opening the bag; seconds of flushing the bag.
 */
int bench_bag(char *argv[]);
/*
 * Medians in microseconds: of a flushed append, and of a flushed write in
 * place.
 */
int bench_flush(char *argv[]);
/*
 * Append so many deliveries to the journal of a data folder that no daemon
 * uses.
 */
int bench_grow(char *argv[]);
/*
 * Add so many documents, numbered from the first on, to the record of a
 * configuration that no daemon uses.
 */
int bench_documents(char *argv[]);

/* Returns operations per second of CPU. */
double raw_p256(void);
double raw_ed25519(void);

#endif
