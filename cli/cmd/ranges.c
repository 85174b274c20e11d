/*
 * Sets of indices of the journal: those that an office was not shown.
 */
#include "cli/cmd/ranges.h"

#include <stdlib.h>

void
ranges_free(struct ranges *ranges)
{
	free(ranges->list);
	*ranges = (struct ranges){ NULL, 0, 0 };
}

bool
ranges_add(struct ranges *ranges, uint64_t first, uint64_t last,
    struct error *err)
{
	struct range *end =
	    ranges->num == 0 ? NULL : &ranges->list[ranges->num - 1];

	if (first > last || last == UINT64_MAX ||
	    (end != NULL && first <= end->last))
		return error_set(err, ERROR_MALFORMED,
		    "indices %llu to %llu are out of order",
		    (unsigned long long)first, (unsigned long long)last);
	if (end != NULL && first == end->last + 1) {
		end->last = last;
		return true;
	}
	if (ranges->num == ranges->room) {
		const size_t room = ranges->room == 0 ? 16 : ranges->room * 2;
		struct range *list =
		    realloc(ranges->list, room * sizeof(*list));

		if (list == NULL)
			return error_set_errno(err, "indices");
		ranges->list = list;
		ranges->room = room;
	}
	ranges->list[ranges->num++] = (struct range){ first, last };
	return true;
}

bool
ranges_has(const struct ranges *ranges, uint64_t index)
{
	size_t low = 0, high = ranges->num;

	while (low < high) {
		const size_t middle = low + (high - low) / 2;

		if (ranges->list[middle].last < index)
			low = middle + 1;
		else
			high = middle;
	}
	return low < ranges->num && ranges->list[low].first <= index;
}

uint64_t
ranges_count(const struct ranges *ranges)
{
	uint64_t count = 0;

	for (size_t i = 0; i < ranges->num; i++)
		count += ranges->list[i].last - ranges->list[i].first + 1;
	return count;
}

bool
ranges_common(const struct ranges *a, const struct ranges *b, uint64_t size,
    struct ranges *out, struct error *err)
{
	size_t i = 0, j = 0;

	while (i < a->num && j < b->num) {
		const struct range *x = &a->list[i], *y = &b->list[j];
		const uint64_t first =
		    x->first > y->first ? x->first : y->first;
		uint64_t last = x->last < y->last ? x->last : y->last;

		if (first >= size)
			return true;
		if (last >= size)
			last = size - 1;
		if (first <= last && !ranges_add(out, first, last, err))
			return false;
		if (x->last < y->last)
			i++;
		else
			j++;
	}
	return true;
}

bool
ranges_print(const struct ranges *ranges, size_t most, struct buf *out,
    struct error *err)
{
	for (size_t i = 0; i < ranges->num; i++) {
		const struct range *one = &ranges->list[i];

		if (i == most)
			return buf_append_str(out, ", …", err);
		if (!buf_printf(out, err, "%s%llu", i == 0 ? "" : ", ",
			(unsigned long long)one->first) ||
		    (one->last > one->first &&
			!buf_printf(out, err, "-%llu",
			    (unsigned long long)one->last)))
			return false;
	}
	return true;
}

json_t *
ranges_to_json(const struct ranges *ranges)
{
	json_t *json = json_array();

	for (size_t i = 0; i < ranges->num; i++)
		json_array_append_new(json,
		    json_pack("[I, I]", (json_int_t)ranges->list[i].first,
			(json_int_t)ranges->list[i].last));
	return json;
}

bool
ranges_of_json(const json_t *json, struct ranges *out, struct error *err)
{
	const json_t *one;
	size_t i;

	if (!json_is_array(json))
		return error_set(err, ERROR_MALFORMED,
		    "indices are no list of ranges");
	json_array_foreach (json, i, one) {
		const json_t *first = json_array_get(one, 0);
		const json_t *last = json_array_get(one, 1);

		if (json_array_size(one) != 2 || !json_is_integer(first) ||
		    !json_is_integer(last) || json_integer_value(first) < 0 ||
		    json_integer_value(last) < 0)
			return error_set(err, ERROR_MALFORMED,
			    "indices are no list of ranges");
		if (!ranges_add(out, (uint64_t)json_integer_value(first),
			(uint64_t)json_integer_value(last), err))
			return false;
	}
	return true;
}
