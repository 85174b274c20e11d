/*
 * generators.h - load, and what stands between: each runs to its end, and
 * gives back the program's exit status.  What the arguments are is said at the
 * head of tests/bench/main.c; HOST PORT CA CERT KEY come first.
 */
#ifndef TESTS_GENERATORS_H
#define TESTS_GENERATORS_H

/* One path, again and again: prints answers/s, MB/s, how many were not 200. */
int load_get(char *argv[]);
/* A folder of containers, each deposited once: the same, not 201. */
int load_put(char *argv[]);
/* Connections that say nothing, until standard input ends. */
int load_idle(char *argv[]);
/* Streams of events: prints how many were told of the first entry, and when. */
int watch_run(char *argv[]);
/* Plain TCP in, mutual TLS out: for clients that have no certificates. */
int relay_run(char *argv[]);
/* Signed deposits, DIR OFFICE-DIR COUNT BYTES PREFIX: each of two texts. */
int deposits_make(char *argv[]);

#endif
