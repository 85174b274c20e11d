/*
 * serve.h - what a git client is given: the branches of the documents that an
 * office may read, and not one object more.
 *
 * git itself cannot do that: hideRefs hides names, and any id that a client
 * has or guesses is served or confirmed.  Here a commit is what the ledger
 * says that it is: of a document that the caller may read, or unknown.  What
 * is hidden and what does not exist get the same answer.
 *
 * A document's history is one line: each commit has the one before as parent.
 */
#ifndef GIT_SERVE_H
#define GIT_SERVE_H

#include "git/request.h"
#include "record/ledger.h"

struct git_service {
	struct store *store;
	struct ledger *ledger; /* locked by what is below, as long as need be */
	struct sight sight;    /* of who asks */
};

/* The answer to GET …/info/refs?service=git-upload-pack. */
bool git_advertise(const struct git_service *service, bool v2, struct buf *out,
    struct error *err) MUST_USE;

/* A document of which something goes out, and its newest version in it. */
struct git_delivery {
	char document[DOCUMENT_NAME];
	unsigned version;
	struct digest contents;
};

struct git_answer {
	struct buf text; /* the answer, or what goes before the pack */
	bool has_pack;
	struct oid *objects;
	size_t num_objects;
	struct git_delivery *deliveries;
	size_t num_deliveries;
};

/*
 * Find the answer.  A refusal is one too, an ERR line, as git clients read
 * it; err is for what failed here.  git_answer_free() in either case.
 */
bool git_answer(const struct git_service *service,
    const struct git_request *request, struct git_answer *out,
    struct error *err) MUST_USE;
void git_answer_free(struct git_answer *answer);

/*
 * Write it, its pack after its text, to an empty file; *size gets its length.
 * whole: without deltas, for who reads objects one by one.
 */
bool git_answer_write(const struct git_service *service,
    const struct git_request *request, const struct git_answer *answer,
    bool whole, int fd, uint64_t *size, struct error *err) MUST_USE;

#endif
