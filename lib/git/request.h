/*
 * request.h - what a git client asks for, read strictly.
 *
 * Sources: git's gitprotocol-common(5), gitprotocol-pack(5) (version 0),
 * gitprotocol-v2(5).  Of version 0 only the smart HTTP form, in which each
 * request says everything anew.
 */
#ifndef GIT_REQUEST_H
#define GIT_REQUEST_H

#include "git/pkt.h"
#include "store/store.h"

enum git_command {
	GIT_NOTHING, /* a probe before a long request, or no wants */
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
	/* ls-refs; of prefixes none means all, they are within the request. */
	struct span prefixes[GIT_PREFIXES];
	size_t num_prefixes;
	/* fetch */
	struct git_oids wants, haves, shallows;
	bool done, no_progress;
	bool side_band, ack_detailed, no_done; /* version 0; 2 has them all */
	bool
	    ended; /* version 0: nothing came after the wants, not even flush */
	/* At most one way to cut history off. */
	bool deepen_relative;
	uint32_t depth;             /* 0: not asked for */
	int64_t since;              /* 0: not asked for; seconds */
	struct span not [GIT_NOTS]; /* refs */
	size_t num_nots;
};

/*
 * A body that came with Content-Encoding: gzip; out's max bounds it.
 *
 * ERROR_MALFORMED  it is not one gzip member and nothing after it
 */
bool git_gunzip(struct span body, struct buf *out, struct error *err) MUST_USE;

/*
 * Read a request's whole body, which must outlive out.
 *
 * ERROR_MALFORMED  not in that grammar, or a command or argument that was not
 *                  offered
 * ERROR_LIMIT      more ids than LIMIT_GIT_IDS
 */
bool git_request_parse(struct span body, bool v2, struct git_request *out,
    struct error *err) MUST_USE;
void git_request_free(struct git_request *request);

/* Does it ask for history that is cut off? */
bool git_request_deepens(const struct git_request *request);

/* "version=2" among the colon-separated words of a Git-Protocol field. */
bool git_is_v2(const char *field);

#endif
