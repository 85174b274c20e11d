/*
 * index.h - of each entry, which act it is and whom it concerns; and the lists
 * of the entries that concern the same document, person or office, or are of
 * the same act.  A list is a chain from its newest entry back, and so needs
 * nothing in memory but that.
 *
 * A record says of each of its lists the entry before it, how many there are
 * before it, and one further back: the "jump" of a skew-binary list (Myers, An
 * applicative random-access stack, 1983), by which any place is reached in
 * O(log n) steps.  All of them are entries before this one; a file that says
 * otherwise is followed no further.
 */
#ifndef RECORD_INDEX_H
#define RECORD_INDEX_H

#include "record/column.h"
#include "record/ledger.h"

enum { INDEX_RECORD = 64 }; /* bytes; docs/formats.md, "Journal files" */

/* The newest entry of each list that an entry joins, or LEDGER_NONE. */
struct index_ends {
	uint64_t document, person, office, act;
};
/* Add the next entry's. */
bool index_add(struct column *column, const struct ledger_entry *entry,
    const struct index_ends *ends, struct error *err) MUST_USE;
/*
 * Get the fields of an entry's record.  Numbers beyond the names become 0, and
 * an unknown act becomes ACT_OTHER.
 */
struct ledger_entry index_entry(const struct column *column, uint64_t index,
    size_t num_names);
/* A list of this number, or, where that is 0, of this act; last: its end. */
struct ledger_places index_list(const struct column *column, uint32_t number,
    enum act act, uint64_t last);

#endif
