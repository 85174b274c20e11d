/*
 * serve.h - what a git client gets: the branches of the documents that an
 * office may read, and not one object more.
 *
 * git itself cannot do that: its option hideRefs hides names, but any id that a
 * client has or guesses is served or confirmed.  Here the ledger decides what a
 * commit is: one of a document that the caller may read, or unknown.  Hidden
 * and missing commits get the same answer.
 *
 * A document's history is linear: each commit has the one before as parent.
 */
#ifndef GIT_SERVE_H
#define GIT_SERVE_H

#include "git/request.h"
#include "record/ledger.h"

struct git_service {
	struct store *store;
	/* Locked by the functions below, as long as needed */
	struct ledger *ledger;
	struct sight sight; /* of the caller */
};

/* Append the answer to GET …/info/refs?service=git-upload-pack. */
bool git_advertise(const struct git_service *service, bool v2, struct buf *out,
    struct error *err) MUST_USE;

/* A document of which objects are sent, and the newest version among them. */
struct git_delivery {
	char document[DOCUMENT_NAME];
	unsigned version;
	struct digest contents;
};

struct git_answer {
	struct buf text; /* the answer, or what precedes the pack */
	bool has_pack;
	struct oid *objects;
	size_t num_objects;
	struct git_delivery *deliveries;
	size_t num_deliveries;
};

/*
 * Find the answer.  A refusal is an answer too: an ERR line, as git clients
 * read it. err tells of failures on our side only.  Call git_answer_free()
 * whether this succeeds or not.
 */
bool git_answer(const struct git_service *service,
    const struct git_request *request, struct git_answer *out,
    struct error *err) MUST_USE;
void git_answer_free(struct git_answer *answer);

/*
 * Write the text and then the pack to an empty file; *size gets the length in
 * bytes. whole: write no deltas, for a client that reads objects one by one.
 */
bool git_answer_write(const struct git_service *service,
    const struct git_request *request, const struct git_answer *answer,
    bool whole, int fd, uint64_t *size, struct error *err) MUST_USE;

#endif
