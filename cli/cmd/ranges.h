/*
 * ranges.h - indices of the journal, as ranges in order: "3, 7-9".
 */
#ifndef CLI_CMD_RANGES_H
#define CLI_CMD_RANGES_H

#include <jansson.h>

#include "base/bytes.h"

struct range {
	uint64_t first, last; /* both are included */
};

struct ranges {
	struct range *list; /* in order, with a gap between any two ranges */
	size_t num, room;
};

void ranges_free(struct ranges *ranges);
/*
 * Add a range behind all that are there. If it touches the last one they are
 * joined.
 *
 * ERROR_MALFORMED  first is greater than last, or not behind the ranges that
 *                   are there
 */
bool ranges_add(struct ranges *ranges, uint64_t first, uint64_t last,
    struct error *err) MUST_USE;
bool ranges_has(const struct ranges *ranges, uint64_t index);
/* How many indices are in the ranges. */
uint64_t ranges_count(const struct ranges *ranges);
/* Append to out, which is empty, what is in both and below size. */
bool ranges_common(const struct ranges *a, const struct ranges *b,
    uint64_t size, struct ranges *out, struct error *err) MUST_USE;

/* Print at most so many ranges, "3, 7-9", then "…". */
bool ranges_print(const struct ranges *ranges, size_t most, struct buf *out,
    struct error *err) MUST_USE;
/* [[3,3],[7,9]] */
json_t *ranges_to_json(const struct ranges *ranges);
bool ranges_of_json(const json_t *json, struct ranges *out,
    struct error *err) MUST_USE;

#endif
