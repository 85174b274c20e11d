/*
 * generators.h - programs that make load, or stand between client and daemon.
 * Each runs to its end and returns the program's exit status.  The arguments
 * are listed at the head of tests/bench/main.c; HOST PORT CA CERT KEY come
 * first.
 */
#ifndef TESTS_GENERATORS_H
#define TESTS_GENERATORS_H

/*
 * Request a path again and again.  A % in it becomes the numbers from 0 below
 * DOCUMENTS, in turn on each connection; one in CERT the number of the
 * connection, from 1.  With SECONDS 0 each connection asks for each document
 * once.  Prints answers/s, MB/s, how many were not 200, and how many were.
 */
int load_get(char *argv[]);
/*
 * Deposit each container of a folder once.  Prints the same, counting what is
 * not 201.
 */
int load_put(char *argv[]);
/* Keep silent connections open until standard input ends. */
int load_idle(char *argv[]);
/* Open streams of events.  Prints how many got the first entry, and when. */
int watch_run(char *argv[]);
/* Relay from plain TCP to mutual TLS, for clients that have no certificates. */
int relay_run(char *argv[]);
/*
 * Make signed deposits: DIR OFFICE-DIR COUNT BYTES PREFIX; each has two texts.
 */
int deposits_make(char *argv[]);

#endif
