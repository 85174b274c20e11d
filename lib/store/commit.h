/*
 * commit.h - the bytes of the commits in the store: git's format (git-commit,
 * gitformat-signature), signed as git signs with X.509, with our trailers.
 *
 * A caller that signs first gets the text, signs it, and then encodes both
 * together.
 */
#ifndef STORE_COMMIT_H
#define STORE_COMMIT_H

#include "document/name.h"
#include "store/store.h"

/* The content of a commit before it is signed. */
struct commit_fields {
	char act[32]; /* "deposit", "sign", "policy", "crl", … */
	/* Empty if the commit is of no document. */
	char document[DOCUMENT_NAME];
	uint32_t version;
	/* The author; if empty, the depositary. */
	char person[LIMIT_EMAIL_BYTES + 1];
	int64_t at; /* time of author and committer, UTC seconds */
	struct oid tree, parent;
	bool has_parent;
	/* The version's; unused if there is no document. */
	struct digest digest;
	struct digest contents;
};

/*
 * Append the text that the depositary, who is the committer, signs; depositary
 * is an e-mail address.
 */
bool commit_text(const struct commit_fields *fields, const char *depositary,
    struct buf *out, struct error *err) MUST_USE;
/* Append the whole commit; signature is a CMS (DER) over its text. */
bool commit_encode(const struct commit_fields *fields, const char *depositary,
    struct span signature, struct buf *out, struct error *err) MUST_USE;

/*
 * Parse a commit.
 *
 * ERROR_UNTRUSTED  the bytes are not a commit
 */
bool store_parse_commit(struct span bytes, struct store_commit *out,
    struct error *err) MUST_USE;
/*
 * Split a commit: content gets the signed bytes, der the signature, decoded
 * from the armour that git uses.
 *
 * ERROR_MALFORMED  it has no such signature
 */
bool commit_signature(struct span commit, struct buf *content, struct buf *der,
    struct error *err) MUST_USE;

#endif
