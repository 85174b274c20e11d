/*
 * desk.h - "valise desk": pages for one person's browser, on this machine.
 *
 * One thread waits for signals and for the end of the time without use; each
 * connection has a thread of its own (libmicrohttpd).  A request is judged by
 * where it comes from (guard.h), then by the session's secret (door.h), and
 * only then read; what it asks for is a command, which runs in a process of its
 * own (child.h).  So the desk itself decides and keeps nothing.
 */
#ifndef CLI_DESK_DESK_H
#define CLI_DESK_DESK_H

#include <stdatomic.h>

#include "cli/commands.h"
#include "cli/desk/child.h"
#include "cli/desk/door.h"

enum { DESK_ADDRESS = 24 }; /* room for "127.0.0.1:41234" */

struct desk {
	struct context *context; /* as at the start; only read */
	const struct options_given *given;
	struct door door;
	char address[DESK_ADDRESS];
	int stop; /* an eventfd(2): readable once the desk ends */
	unsigned idle_s;
	_Atomic int64_t
	    used_ms; /* by time_monotonic_ms(); events do not count */
	/* Who this is, by the policy that was accepted; empty: not known. */
	char office[POLICY_NAME], party[POLICY_NAME];
	char person[LIMIT_EMAIL_BYTES + 1];
	bool enrolled; /* there is a configuration, and it could be read */
	struct error why;
};

/* The only path that is answered without the secret. */
#define DESK_SESSION "/desk/session"

/* A command_run. */
bool desk_run(struct context *context, const struct options_given *given,
    struct error *err) MUST_USE;

/*
 * A command_run: print {"health", "metrics"}, what the daemon answers to GET
 * /health, and to GET /metrics as text, or null for who may not read that.
 */
bool desk_health(struct context *context, const struct options_given *given,
    struct error *err) MUST_USE;

/*
 * --- The server (server.c). ---
 *
 * Listen at a free port of 127.0.0.1, and fill in the address.  NULL on
 * failure.  server_stop() cuts the answers that are under way; their commands
 * end by themselves.
 */
struct server;
struct server *server_start(struct desk *desk, struct error *err);
void server_stop(struct server *server);

/*
 * --- What is asked for (routes.c). ---
 */
struct request {
	struct desk *desk;
	const char *method, *path;
	/* Of the query: no key is there twice. */
	struct pair {
		const char *key, *value;
	} pairs[LIMIT_DESK_QUERY];
	size_t num_pairs;
	struct span body;
};
/* The answer: bytes of JSON, or a pipe whose lines are sent as they come. */
struct reply {
	int status;
	struct buf body;
	int pipe;   /* or -1 */
	pid_t ends; /* the process that ends with the answer, or 0 */
};
/* False: nothing answers to that path. */
bool routes_answer(const struct request *request, struct reply *out,
    struct error *err) MUST_USE;
/* Is there such a path?  uses: it counts as use of the desk. */
bool routes_has(const char *method, const char *path, bool *uses);

/*
 * --- Opening the browser (open.c). ---
 *
 * Write the file that leads a browser to the address with the token, readable
 * by this person alone, where only this person has files.
 */
bool open_write(const struct desk *desk, const char *token,
    char path[FILE_PATH], struct error *err) MUST_USE;
/* Show it with xdg-open. */
bool open_browser(const char *path, struct error *err) MUST_USE;

#endif
