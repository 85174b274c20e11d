/*
 * What is remembered of deliveries: of each its index and a hash of the fields
 * that a `deliveries` entry repeats (delivered.h).
 */
#include "record/delivered.h"

#include <stdlib.h>
#include <string.h>

struct delivery {
	uint64_t index;
	/* The lowest bit is set once a `deliveries` entry counted for it. */
	uint64_t check;
};

static void
update_text(struct sha256 *hash, const char *text)
{
	sha256_update(hash, span_of(text, strlen(text) + 1));
}

/* Returns 63 bits of a hash of the version and of whom it went to. */
static uint64_t
check_of(const struct entry *entry)
{
	struct buf number = BUF(8);
	struct error ignored = { 0 };
	struct digest digest;
	struct sha256 hash;
	struct span rest;
	uint64_t check = 0;

	sha256_init(&hash);
	update_text(&hash, entry->office);
	update_text(&hash, entry->person);
	update_text(&hash, entry->document);
	if (buf_append_u64(&number, entry->version, &ignored))
		sha256_update(&hash, buf_span(&number));
	buf_free(&number);
	sha256_update(&hash, digest_span(&entry->contents));
	digest = sha256_final(&hash);
	rest = digest_span(&digest);
	return span_take_u64(&rest, &check) ? check & ~UINT64_C(1) : 0;
}

static bool
add(struct delivered *all, uint64_t index, uint64_t check)
{
	if (all->num > 0 && all->list[all->num - 1].index >= index)
		return true;
	if (all->num == all->room) {
		const size_t room = all->room == 0 ? 64 : all->room * 2;
		struct delivery *more =
		    realloc(all->list, room * sizeof(*more));

		if (more == NULL)
			return false;
		all->list = more;
		all->room = room;
	}
	all->list[all->num++] = (struct delivery){ index, check };
	return true;
}

bool
delivered_add(struct delivered *all, uint64_t index, const struct entry *entry)
{
	return add(all, index, check_of(entry));
}

/* Returns the one with the index that the entry names, or NULL. */
static struct delivery *
named_by(const struct delivered *all, uint64_t index, const struct entry *entry)
{
	size_t from = 0, until = all->num;

	while (from < until) {
		const size_t middle = from + (until - from) / 2;

		if (all->list[middle].index < entry->prior)
			from = middle + 1;
		else
			until = middle;
	}
	return from < all->num && all->list[from].index == entry->prior &&
		entry->prior < index &&
		(all->list[from].check & ~UINT64_C(1)) == check_of(entry)
	    ? &all->list[from]
	    : NULL;
}

enum field_delivery
delivered_find(const struct delivered *all, uint64_t index,
    const struct entry *entry)
{
	const struct delivery *one = named_by(all, index, entry);

	return one == NULL          ? FIELD_NOT_DELIVERED
	    : (one->check & 1) != 0 ? FIELD_COUNTED
				    : FIELD_DELIVERED;
}

void
delivered_count(struct delivered *all, uint64_t index,
    const struct entry *entry)
{
	struct delivery *one = named_by(all, index, entry);

	if (one != NULL)
		one->check |= 1;
}

void
delivered_free(struct delivered *all)
{
	free(all->list);
	*all = (struct delivered){ NULL };
}

bool
delivered_encode(uint64_t index, const struct entry *entry, struct buf *out,
    struct error *err)
{
	return buf_append_u64(out, index, err) &&
	    buf_append_u64(out, check_of(entry), err);
}

bool
delivered_decode(struct delivered *all, struct span bytes, struct error *err)
{
	uint64_t index, check;

	while (bytes.len > 0) {
		if (!span_take_u64(&bytes, &index) ||
		    !span_take_u64(&bytes, &check) || (check & 1) != 0 ||
		    (all->num > 0 && all->list[all->num - 1].index >= index))
			return error_set(err, ERROR_MALFORMED,
			    "what was delivered is cut short, or not in"
			    " order");
		if (!add(all, index, check))
			return error_set_errno(err, "audit");
	}
	return true;
}
