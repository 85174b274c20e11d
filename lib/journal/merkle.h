/*
 * merkle.h - the hash tree of RFC 6962 section 2.1 (RFC 9162 section 2.1).
 *
 * The hash at (level, index) is the root of the full subtree over leaves [index
 * << level, (index + 1) << level).
 */
#ifndef JOURNAL_MERKLE_H
#define JOURNAL_MERKLE_H

#include "base/digest.h"
#include "base/limits.h"

struct digest merkle_leaf(struct span entry);
struct digest merkle_node(const struct digest *left,
    const struct digest *right);
struct digest merkle_empty(void); /* the root of no leaves */

/*
 * The right edge of a tree, which is enough to append and to compute the root.
 * A zeroed edge is that of the empty tree.
 */
struct merkle_edge {
	uint64_t size;
	struct digest full[64]; /* full[l] is set where bit l of size is */
};

/*
 * Append a leaf hash. sink, unless NULL, is called for every full subtree that
 * the leaf completes, level 0 (the leaf itself) first.
 */
typedef void merkle_sink(void *arg, unsigned level, uint64_t index,
    const struct digest *hash);
void merkle_append(struct merkle_edge *edge, const struct digest *leaf,
    merkle_sink *sink, void *arg);
struct digest merkle_root(const struct merkle_edge *edge);

/* Read the hash at (level, index), whose subtree is full. */
typedef bool merkle_reader(void *arg, unsigned level, uint64_t index,
    struct digest *out, struct error *err);

struct merkle_proof {
	size_t num;
	struct digest hashes[LIMIT_PROOF_HASHES];
};

/*
 * Prove that leaf index is in a tree of this size, and that the tree of size
 * extends that of old.  The caller ensures index < size and old <= size.
 */
bool merkle_prove_inclusion(merkle_reader *read, void *arg, uint64_t index,
    uint64_t size, struct merkle_proof *out, struct error *err) MUST_USE;
bool merkle_prove_consistency(merkle_reader *read, void *arg, uint64_t old,
    uint64_t size, struct merkle_proof *out, struct error *err) MUST_USE;
/* Compute the root of the first size leaves. */
bool merkle_root_at(merkle_reader *read, void *arg, uint64_t size,
    struct digest *out, struct error *err) MUST_USE;

/*
 * Verify a proof.  Returns true if it shows the claim; there is no error to
 * tell.
 */
bool merkle_verify_inclusion(uint64_t index, uint64_t size,
    const struct digest *leaf, const struct merkle_proof *proof,
    const struct digest *root);
bool merkle_verify_consistency(uint64_t old, uint64_t size,
    const struct digest *old_root, const struct digest *root,
    const struct merkle_proof *proof);
/*
 * Get the root at old that a consistency proof to root shows.  Returns false if
 * the proof does not lead to root, or if old is a power of two: then the proof
 * does not contain that root.
 */
bool merkle_old_root(uint64_t old, uint64_t size, const struct digest *root,
    const struct merkle_proof *proof, struct digest *out) MUST_USE;

#endif
