/*
 * request.h - a git client's request, parsed strictly.
 *
 * Sources: git's gitprotocol-common(5), gitprotocol-pack(5) (version 0),
 * gitprotocol-v2(5).  Of version 0 only the smart HTTP form is known, in which
 * each request repeats the whole state.
 */
#ifndef GIT_REQUEST_H
#define GIT_REQUEST_H

#include "git/pkt.h"
#include "store/store.h"

enum git_command {
	/* A probe before a long request, or a request without wants */
	GIT_NOTHING,
	GIT_LS_REFS,
	GIT_FETCH,
};

struct git_oids {
	struct oid *list;
	size_t num, room;
};

enum { GIT_PREFIXES = 64, GIT_NOTS = 16, GIT_REF = 160 };

struct git_request {
	enum git_command command;
	bool v2;
	/*
	 * For ls-refs: no prefixes mean all refs.  They point into the request.
	 */
	struct span prefixes[GIT_PREFIXES];
	size_t num_prefixes;
	/* For fetch. */
	struct git_oids wants, haves, shallows;
	bool done, no_progress;
	/* Version 0 only; version 2 implies them */
	bool side_band, ack_detailed, no_done;
	/* Version 0: nothing followed the wants, not even a flush. */
	bool ended;
	/* History is cut in one way at most. */
	bool deepen_relative;
	uint32_t depth;             /* in commits; 0: not asked for */
	int64_t since;              /* UTC seconds; 0: not asked for */
	struct span not [GIT_NOTS]; /* refs of deepen-not */
	size_t num_nots;
};

/*
 * Inflate a body that came with Content-Encoding: gzip; out's maximum bounds
 * it.
 *
 * ERROR_MALFORMED  it is not exactly one gzip member
 * ERROR_LIMIT      it inflates to more than its bytes allow
 */
bool git_gunzip(struct span body, struct buf *out, struct error *err) MUST_USE;

/*
 * Parse the whole body of a request; the body must outlive out.
 *
 * ERROR_MALFORMED  it does not follow the grammar, or has a command or
 *  argument that was not offered
 * ERROR_LIMIT      more ids than LIMIT_GIT_IDS
 */
bool git_request_parse(struct span body, bool v2, struct git_request *out,
    struct error *err) MUST_USE;
void git_request_free(struct git_request *request);

/* Does the request ask for history that is cut off? */
bool git_request_deepens(const struct git_request *request);

/* Is "version=2" among the colon-separated words of a Git-Protocol field? */
bool git_is_v2(const char *field);

#endif
