/*
 * Roots, inclusion proofs and consistency proofs (merkle.h).
 */
#include "journal/merkle.h"

#include <assert.h>

struct digest
merkle_leaf(struct span entry)
{
	struct sha256 hash;

	sha256_init(&hash);
	sha256_update(&hash, span_of("\0", 1));
	sha256_update(&hash, entry);
	return sha256_final(&hash);
}

struct digest
merkle_node(const struct digest *left, const struct digest *right)
{
	struct sha256 hash;

	sha256_init(&hash);
	sha256_update(&hash, span_of("\1", 1));
	sha256_update(&hash, digest_span(left));
	sha256_update(&hash, digest_span(right));
	return sha256_final(&hash);
}

struct digest
merkle_empty(void)
{
	return sha256_of(span_of(NULL, 0));
}

void
merkle_append(struct merkle_edge *edge, const struct digest *leaf,
    merkle_sink *sink, void *arg)
{
	struct digest hash = *leaf;
	uint64_t index = edge->size;
	unsigned level = 0;

	if (sink != NULL)
		sink(arg, 0, index, &hash);
	while ((index & 1) != 0) {
		hash = merkle_node(&edge->full[level], &hash);
		level++;
		index >>= 1;
		if (sink != NULL)
			sink(arg, level, index, &hash);
	}
	edge->full[level] = hash;
	edge->size++;
}

struct digest
merkle_root(const struct merkle_edge *edge)
{
	struct digest hash = merkle_empty();
	bool first = true;

	for (unsigned level = 0; level < 64; level++) {
		if ((edge->size >> level & 1) == 0)
			continue;
		hash = first ? edge->full[level]
			     : merkle_node(&edge->full[level], &hash);
		first = false;
	}
	return hash;
}

/* Returns the exponent of the largest power of two below n; n > 1. */
static unsigned
split_level(uint64_t n)
{
	return 63 - (unsigned)__builtin_clzll(n - 1);
}

/*
 * Compute MTH (RFC 6962 section 2.1) of leaves [from, to); from is a multiple
 * of the split of to - from.
 */
static bool
range_root(merkle_reader *read, void *arg, uint64_t from, uint64_t to,
    struct digest *out, struct error *err)
{
	struct digest right;
	unsigned level;

	if (to - from == 1)
		return read(arg, 0, from, out, err);
	level = split_level(to - from);
	if (to - from == UINT64_C(2) << level)
		return read(arg, level + 1, from >> (level + 1), out, err);
	if (!read(arg, level, from >> level, out, err) ||
	    !range_root(read, arg, from + (UINT64_C(1) << level), to, &right,
		err))
		return false;
	*out = merkle_node(out, &right);
	return true;
}

bool
merkle_root_at(merkle_reader *read, void *arg, uint64_t size,
    struct digest *out, struct error *err)
{
	*out = merkle_empty();
	return size == 0 || range_root(read, arg, 0, size, out, err);
}

/*
 * Reverse a proof: it is found from the root down, and encoded from the leaf
 * up.
 */
static void
turn_round(struct merkle_proof *proof)
{
	for (size_t i = 0; i < proof->num / 2; i++) {
		const struct digest swap = proof->hashes[i];

		proof->hashes[i] = proof->hashes[proof->num - 1 - i];
		proof->hashes[proof->num - 1 - i] = swap;
	}
}

/* RFC 6962 section 2.1.1, unrolled: from the root down, then reversed. */
bool
merkle_prove_inclusion(merkle_reader *read, void *arg, uint64_t index,
    uint64_t size, struct merkle_proof *out, struct error *err)
{
	uint64_t from = 0, to = size;

	assert(index < size);
	out->num = 0;
	while (to - from > 1) {
		const uint64_t middle =
		    from + (UINT64_C(1) << split_level(to - from));
		const bool left = index < middle;

		if (!range_root(read, arg, left ? middle : from,
			left ? to : middle, &out->hashes[out->num++], err))
			return false;
		if (left)
			to = middle;
		else
			from = middle;
	}
	turn_round(out);
	return true;
}

/* RFC 6962 section 2.1.2. */
bool
merkle_prove_consistency(merkle_reader *read, void *arg, uint64_t old,
    uint64_t size, struct merkle_proof *out, struct error *err)
{
	uint64_t from = 0, to = size;
	/* Old covers this subtree entirely, so its root is known */
	bool whole = true;

	assert(old <= size);
	out->num = 0;
	if (old == 0 || old == size)
		return true;
	while (old != to) {
		const uint64_t middle =
		    from + (UINT64_C(1) << split_level(to - from));
		const bool left = old <= middle;

		if (!range_root(read, arg, left ? middle : from,
			left ? to : middle, &out->hashes[out->num++], err))
			return false;
		if (left) {
			to = middle;
		} else {
			from = middle;
			whole = false;
		}
	}
	if (!whole &&
	    !range_root(read, arg, from, to, &out->hashes[out->num++], err))
		return false;
	turn_round(out);
	return true;
}

/* RFC 9162 section 2.1.3.2. */
bool
merkle_verify_inclusion(uint64_t index, uint64_t size,
    const struct digest *leaf, const struct merkle_proof *proof,
    const struct digest *root)
{
	uint64_t fn = index, sn = size - 1;
	struct digest hash = *leaf;

	if (index >= size)
		return false;
	for (size_t i = 0; i < proof->num; i++) {
		if (sn == 0)
			return false;
		if ((fn & 1) != 0 || fn == sn) {
			hash = merkle_node(&proof->hashes[i], &hash);
			while ((fn & 1) == 0 && fn != 0) {
				fn >>= 1;
				sn >>= 1;
			}
		} else {
			hash = merkle_node(&hash, &proof->hashes[i]);
		}
		fn >>= 1;
		sn >>= 1;
	}
	return sn == 0 && digest_eq(&hash, root);
}

/*
 * RFC 9162 section 2.1.4.2: compute the roots of old and size that a proof
 * leads to. first is old's root, needed where old is a power of two: the proof
 * leaves it out.
 */
static bool
fold_consistency(uint64_t old, uint64_t size, const struct digest *first,
    const struct merkle_proof *proof, struct digest *old_hash,
    struct digest *hash)
{
	uint64_t fn = old - 1, sn = size - 1;
	size_t i = 0;

	while ((fn & 1) != 0) {
		fn >>= 1;
		sn >>= 1;
	}
	if (fn == 0 ? first == NULL : proof->num == 0)
		return false;
	*old_hash = *hash = fn == 0 ? *first : proof->hashes[i++];
	for (; i < proof->num; i++) {
		if (sn == 0)
			return false;
		if ((fn & 1) != 0 || fn == sn) {
			*old_hash = merkle_node(&proof->hashes[i], old_hash);
			*hash = merkle_node(&proof->hashes[i], hash);
			while ((fn & 1) == 0 && fn != 0) {
				fn >>= 1;
				sn >>= 1;
			}
		} else {
			*hash = merkle_node(hash, &proof->hashes[i]);
		}
		fn >>= 1;
		sn >>= 1;
	}
	return sn == 0;
}

bool
merkle_verify_consistency(uint64_t old, uint64_t size,
    const struct digest *old_root, const struct digest *root,
    const struct merkle_proof *proof)
{
	const struct digest empty = merkle_empty();
	struct digest old_hash, hash;

	if (old > size)
		return false;
	if (old == size)
		return proof->num == 0 && digest_eq(old_root, root);
	if (old == 0)
		return proof->num == 0 && digest_eq(old_root, &empty);
	return proof->num > 0 &&
	    fold_consistency(old, size, old_root, proof, &old_hash, &hash) &&
	    digest_eq(&old_hash, old_root) && digest_eq(&hash, root);
}

bool
merkle_old_root(uint64_t old, uint64_t size, const struct digest *root,
    const struct merkle_proof *proof, struct digest *out)
{
	struct digest hash;

	return old > 0 && old < size &&
	    fold_consistency(old, size, NULL, proof, out, &hash) &&
	    digest_eq(&hash, root);
}
