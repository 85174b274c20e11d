/*
 * commit.h - the bytes of the commits in the store: git's format (git-commit,
 * gitformat-signature), signed as git signs with X.509, and our trailers.
 *
 * Whoever signs asks for the text, signs that, and has both put together.
 */
#ifndef STORE_COMMIT_H
#define STORE_COMMIT_H

#include "document/name.h"
#include "store/store.h"

/* What a commit says, before it is signed. */
struct commit_fields {
	char act[32]; /* "deposit", "sign", "policy", "crl", … */
	char document[DOCUMENT_NAME]; /* empty: of no document */
	uint32_t version;
	/* The author; empty: the depositary. */
	char person[LIMIT_EMAIL_BYTES + 1];
	int64_t at; /* author's and committer's time */
	struct oid tree, parent;
	bool has_parent;
	struct digest digest; /* the version's, where there is a document */
	struct digest contents;
};

/* Append what the depositary (an e-mail address), its committer, signs. */
bool commit_text(const struct commit_fields *fields, const char *depositary,
    struct buf *out, struct error *err) MUST_USE;
/* Append the whole commit; signature is a CMS over its text, in DER. */
bool commit_encode(const struct commit_fields *fields, const char *depositary,
    struct span signature, struct buf *out, struct error *err) MUST_USE;

/* Of a commit's bytes; ERROR_UNTRUSTED if they are none. */
bool store_parse_commit(struct span bytes, struct store_commit *out,
    struct error *err) MUST_USE;
/*
 * Take a commit's bytes apart: what its signature is over, and the signature
 * (DER) out of the armour that git wants.
 *
 * ERROR_MALFORMED  it has no such signature
 */
bool commit_signature(struct span commit, struct buf *content, struct buf *der,
    struct error *err) MUST_USE;

#endif
