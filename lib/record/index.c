/*
 * Records of entries and their lists.  Integers are big-endian.
 */
#include "record/index.h"

#include <string.h>

enum { NUMBERS = 3, LINKS = 4, LINK_BYTES = 12, ACT_AT = 60 };

/* Of an entry in one of its lists; of a list's first, itself twice. */
struct link {
	uint32_t before, jump, place;
};

static uint32_t
get(const uint8_t *at)
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 |
	    (uint32_t)at[2] << 8 | at[3];
}

static void
put(uint8_t *at, uint32_t value)
{
	for (int i = 0; i < 4; i++)
		at[i] = (uint8_t)(value >> (24 - 8 * i));
}

static uint8_t *
put_link(uint8_t *record, size_t which, const struct link *link)
{
	uint8_t *at = record + 4 * NUMBERS + LINK_BYTES * which;

	put(at, link->before);
	put(at + 4, link->jump);
	put(at + 8, link->place);
	return record;
}

/*
 * Which of a record's links is of this list; LINKS if none is.  A name may be
 * in two of its places: the first counts.
 */
static size_t
find_link(const uint8_t *record, const struct ledger_places *places)
{
	if (places->number == 0)
		return record[ACT_AT] == places->act ? LINKS - 1 : LINKS;
	for (size_t i = 0; i < NUMBERS; i++)
		if (get(record + 4 * i) == places->number)
			return i;
	return LINKS;
}

/* False where there is none, or it does not lead back. */
static bool
read_link(const struct ledger_places *places, uint64_t index, struct link *out)
{
	const uint8_t *record = column_at(places->column, index), *at;
	const size_t which = record == NULL ? LINKS : find_link(record, places);

	if (which == LINKS)
		return false;
	at = record + 4 * NUMBERS + LINK_BYTES * which;
	*out = (struct link){ get(at), get(at + 4), get(at + 8) };
	return out->place == 0 ||
	    (out->place <= index && out->before < index && out->jump < index);
}

/* The link of an entry that comes after the end of this list. */
static struct link
link_after(const struct ledger_places *end, uint64_t index)
{
	struct link last, jump, further;
	const uint32_t before = (uint32_t)end->last;

	if (end->last == LEDGER_NONE || !read_link(end, end->last, &last))
		return (struct link){ (uint32_t)index, (uint32_t)index, 0 };
	/* Two jumps of one length become one of both and a step. */
	if (read_link(end, last.jump, &jump) &&
	    read_link(end, jump.jump, &further) &&
	    last.place - jump.place == jump.place - further.place)
		return (struct link){ before, jump.jump, last.place + 1 };
	return (struct link){ before, before, last.place + 1 };
}

bool
index_add(struct column *column, const struct ledger_entry *entry,
    const struct index_ends *ends, struct error *err)
{
	const uint64_t index = column_num(column);
	const uint32_t numbers[] = { entry->document, entry->person,
		entry->office };
	const uint64_t lasts[] = { ends->document, ends->person, ends->office };
	uint8_t record[INDEX_RECORD] = { 0 };
	struct ledger_places list = { .column = column };
	struct link link;

	for (size_t i = 0; i < NUMBERS; i++)
		put(record + 4 * i, numbers[i]);
	record[ACT_AT] = entry->act;
	for (size_t i = 0; i < NUMBERS; i++) {
		list.number = numbers[i];
		list.last = lasts[i];
		if (numbers[i] == 0 || find_link(record, &list) != i)
			continue;
		link = link_after(&list, index);
		put_link(record, i, &link);
	}
	list.number = 0;
	list.act = entry->act;
	list.last = ends->act;
	link = link_after(&list, index);
	return column_add(column, put_link(record, LINKS - 1, &link), err);
}

struct ledger_entry
index_entry(const struct column *column, uint64_t index, size_t num_names)
{
	const uint8_t *record = column_at(column, index);
	uint32_t numbers[NUMBERS] = { 0 };

	if (record == NULL)
		return (struct ledger_entry){ .act = ACT_OTHER };
	for (size_t i = 0; i < NUMBERS; i++)
		if (get(record + 4 * i) <= num_names)
			numbers[i] = get(record + 4 * i);
	return (struct ledger_entry){ .act = record[ACT_AT] < ACTS
		    ? record[ACT_AT]
		    : ACT_OTHER,
		.document = numbers[0],
		.person = numbers[1],
		.office = numbers[2] };
}

/* --- Lists. --- */

struct ledger_places
index_list(const struct column *column, uint32_t number, enum act act,
    uint64_t last)
{
	struct ledger_places places = { .column = column,
		.number = number,
		.act = (uint8_t)act,
		.last = last };
	struct link link;

	if (last != LEDGER_NONE && read_link(&places, last, &link))
		places.num = (size_t)link.place + 1;
	return places;
}

/* The entry in this place, or after it where the chain breaks off. */
static uint64_t
walk_to(const struct ledger_places *places, size_t place)
{
	uint64_t index = places->last;
	struct link link, jump;

	while (read_link(places, index, &link) && link.place > place)
		index =
		    read_link(places, link.jump, &jump) && jump.place >= place
		    ? link.jump
		    : link.before;
	return index;
}

/* The records around this one that a walk has read. */
static void
read_block(struct ledger_places *places, size_t place)
{
	const size_t room = sizeof(places->block) / sizeof(places->block[0]);
	struct link link;
	uint64_t index;

	places->first = place - place % room;
	places->in_block = places->num - places->first < room
	    ? places->num - places->first
	    : room;
	index = walk_to(places, places->first + places->in_block - 1);
	for (size_t i = places->in_block; i-- > 0;) {
		places->block[i] = (uint32_t)index;
		if (read_link(places, index, &link) && link.place > 0)
			index = link.before;
	}
}

uint64_t
ledger_place(struct ledger_places *places, size_t place)
{
	if (place < places->first || place - places->first >= places->in_block)
		read_block(places, place);
	return places->block[place - places->first];
}

size_t
ledger_first_place(const struct ledger_places *places, uint64_t from)
{
	uint64_t index = places->last;
	struct link link;

	if (places->num == 0 || index < from)
		return places->num;
	while (read_link(places, index, &link) && link.place > 0) {
		if (link.jump >= from)
			index = link.jump;
		else if (link.before >= from)
			index = link.before;
		else
			return link.place;
	}
	return 0;
}
