/*
 * bench.h - the measures that need a program, by subject.  Each runs to its end
 * and gives back the program's exit status; main.c says what the arguments are,
 * and each function what it prints.
 */
#ifndef TESTS_BENCH_H
#define TESTS_BENCH_H

#include <stdbool.h>
#include <stddef.h>

/* Raw P-256 verifications a second of CPU, and those of one signature. */
int bench_verify(char *argv[]);
/*
 * For each container in turn, added up: microseconds of CPU of a raw P-256
 * verification for each of its signatures, of one of Ed25519, of inflating and
 * of hashing its members; then the number of signatures, and of files.
 */
int bench_must(char *argv[]);
/*
 * Seconds to open the journal; microseconds of CPU of a receipt, a hash of a
 * node, a tile, and of an appended leaf.
 */
int bench_journal(char *argv[]);
/*
 * Seconds of CPU of ls-refs: the first after a start, the next ones, one after
 * an act; bytes of the answer.
 */
int bench_refs(char *argv[]);
/* MB/s of packing a file, of opening the bag; seconds of the bag's flush. */
int bench_bag(char *argv[]);
/*
 * Medians in microseconds: of an append that is flushed, and of a write in
 * place that is flushed.
 */
int bench_flush(char *argv[]);
/* Append so many deliveries to the journal of a data folder that is at rest. */
int bench_grow(char *argv[]);

/* Operations a second of CPU. */
double raw_p256(void);
double raw_ed25519(void);

#endif
