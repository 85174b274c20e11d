/*
 * postgres_proxy.h - a proxy before a server's Unix socket, which cuts a
 * connection within the answer to COMMIT, or to a statement.
 */
#ifndef TESTS_UNIT_POSTGRES_PROXY_H
#define TESTS_UNIT_POSTGRES_PROXY_H

/*
 * Take connections at a socket in this folder and pass them on to the server's
 * in the other one, until the process ends.
 */
void proxy_start(const char *folder, const char *server);

enum {
	PROXY_NEVER = -2,
	PROXY_BEFORE = -1, /* it does not reach the server */
};
/* Cut at the next COMMIT, after so many bytes of its answer. */
void proxy_cut(int after);
/* The same at the next time that a prepared statement is run. */
void proxy_cut_at(unsigned statement, int after);
/* How often was a connection cut? */
unsigned proxy_cuts(void);

#endif
