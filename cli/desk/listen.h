/*
 * listen.h - where the desk listens, and whose program it is that connects.
 *
 * To a browser an address is a site: what was kept under http://127.0.0.1:P by
 * whoever had that port before, such as a service worker, would answer there in
 * the desk's place, and be told its secret.  So each run listens at an address
 * of its own in 127.0.0.0/8 (RFC 6890: loopback, all of it), which nobody can
 * have prepared, and the pages of one run share nothing with those of another.
 */
#ifndef CLI_DESK_LISTEN_H
#define CLI_DESK_LISTEN_H

#include <netinet/in.h>
#include <stdbool.h>

#include "base/error.h"

/*
 * Listen at a free port of a random address; of 127.0.0.1 where this machine has
 * no other.  Returns the socket, and sets where it is; -1 on failure.
 */
int listen_open(struct sockaddr_in *out, struct error *err) MUST_USE;

/*
 * True unless the system says that the socket at the other end of a connection
 * to that place is another person's (sock_diag(7)).  A program of somebody else
 * on this machine can then not even take a connection from who the desk is for.
 * True where the system cannot tell: the secret is asked for in any case.
 */
bool listen_is_ours(const struct sockaddr_in *at,
    const struct sockaddr_in *peer);

#endif
