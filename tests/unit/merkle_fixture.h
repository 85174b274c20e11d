/*
 * merkle_fixture.h - the tree of a journal given as a list of lines.
 */
#ifndef TESTS_MERKLE_FIXTURE_H
#define TESTS_MERKLE_FIXTURE_H

#include "journal/merkle.h"

/* A merkle reader: lines is an array of struct buf, one a leaf. */
static inline bool
fixture_node(void *lines, unsigned level, uint64_t index, struct digest *out,
    struct error *err)
{
	const struct buf *all = (const struct buf *)lines;
	struct digest left, right;

	if (level == 0) {
		*out = merkle_leaf(buf_span(&all[index]));
		return true;
	}
	if (!fixture_node(lines, level - 1, 2 * index, &left, err) ||
	    !fixture_node(lines, level - 1, 2 * index + 1, &right, err))
		return false;
	*out = merkle_node(&left, &right);
	return true;
}

#endif
