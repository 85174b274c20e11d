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
#include "cli/desk/question.h"
#include "cli/desk/spool.h"

enum { DESK_ADDRESS = 24 }; /* room for "127.254.254.254:41234" */

struct desk {
	struct context *context; /* as at the start; only read */
	const struct options_given *given;
	struct door door;
	struct spool *spool;         /* what pages sent and got */
	struct onces *onces;         /* addresses that work once (acts.h) */
	struct desk_confirm confirm; /* how the person is asked */
	struct questions *questions;
	pthread_mutex_t lock; /* of who this is, below */
	char address[DESK_ADDRESS];
	int stop; /* an eventfd(2): readable once the desk ends */
	unsigned idle_s;
	_Atomic int64_t
	    used_ms; /* by time_monotonic_ms(); events do not count */
	/* Who this is, by the policy that was accepted; empty: not known. */
	char office[POLICY_NAME], party[POLICY_NAME];
	char person[LIMIT_EMAIL_BYTES + 1];
	char origin[LIMIT_ORIGIN_BYTES + 1], daemon[ADDRESS_ROOM];
	char state[FILE_PATH]; /* the state folder with KEYID */
	bool enrolled; /* there is a configuration, and it could be read */
	struct error why;
};

/* The only path that is answered without the secret. */
#define DESK_SESSION "/desk/session"
/* And what is below this one: each address there works once. */
#define DESK_ONCE "/once/"
/* Here a body is a file. */
#define DESK_UPLOADS "/desk/uploads"

/* A command_run. */
bool desk_run(struct context *context, const struct options_given *given,
    struct error *err) MUST_USE;
/* Find out once more who this is, since the office was enrolled. */
void desk_learn(struct desk *desk);

/*
 * A command_run: print {"health", "metrics", "register"}: what the daemon
 * answers to GET /health, and to GET /metrics as text, or null for who may not
 * read that; and whether it serves a register.
 */
bool desk_health(struct context *context, const struct options_given *given,
    struct error *err) MUST_USE;

/*
 * --- The server (server.c). ---
 *
 * Listen (listen.h), and fill in the address.  NULL on failure.  server_stop()
 * cuts the answers that are under way; their commands end by themselves.
 */
struct server;
struct server *server_start(struct desk *desk, struct error *err);
void server_stop(struct server *server);

/*
 * --- What is asked for (routes.c). ---
 */
struct request {
	struct desk *desk;
	enum dialog_language language; /* that the page is shown in */
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
	int pipe;              /* or -1 */
	pid_t ends;            /* the process that ends with the answer, or 0 */
	struct errand *errand; /* the lines of an act (errand.h), or NULL */
	/* Or a file of so many bytes, and what they are; -1. */
	int file;
	uint64_t size;
	const char *type;
	bool attached;  /* a browser saves it, and shows it not */
	bool is_text;   /* it is shown in a frame, with headers of its own */
	bool ends_desk; /* the desk ends once this was sent */
};
/* False: nothing answers to that path. */
bool routes_answer(const struct request *request, struct reply *out,
    struct error *err) MUST_USE;
/* Begin a command line with what every command gets. */
bool routes_begin_line(const struct request *request, struct child_line *line,
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
