/*
 * What is remembered of deliveries: of each its index and a hash of the fields
 * that a `deliveries` entry repeats (delivered.h).
 */
#include "record/delivered.h"

#include <stdlib.h>
#include <string.h>

static void
update_text(struct sha256 *hash, const char *text)
{
	sha256_update(hash, span_of(text, strlen(text) + 1));
}

uint64_t
delivered_check(const struct entry *entry)
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

/* --- Those that were counted. --- */

bool
counted_has(const struct counted *all, uint64_t index)
{
	return index < all->num && (all->bits[index / 8] >> index % 8 & 1) != 0;
}

bool
counted_add(struct counted *all, uint64_t index)
{
	if (index >= all->num) {
		uint64_t num = all->num == 0 ? 64 : all->num;
		uint8_t *bits;

		while (num <= index)
			num *= 2;
		if ((bits = realloc(all->bits, num / 8)) == NULL)
			return false;
		memset(bits + all->num / 8, 0, (num - all->num) / 8);
		*all = (struct counted){ bits, num };
	}
	all->bits[index / 8] |= (uint8_t)(1U << index % 8);
	return true;
}

void
counted_free(struct counted *all)
{
	free(all->bits);
	*all = (struct counted){ NULL };
}

/* --- A file of them. --- */

bool
delivered_encode(uint64_t index, uint64_t check, struct buf *out,
    struct error *err)
{
	return buf_append_u64(out, index, err) &&
	    buf_append_u64(out, check, err);
}

bool
delivered_check_order(struct span records, uint64_t *last, struct error *err)
{
	uint64_t index, check;

	while (records.len > 0) {
		if (!span_take_u64(&records, &index) ||
		    !span_take_u64(&records, &check) || (check & 1) != 0 ||
		    index == UINT64_MAX ||
		    (*last != UINT64_MAX && index <= *last))
			return error_set(err, ERROR_MALFORMED,
			    "what was delivered is cut short, or not in"
			    " order");
		*last = index;
	}
	return true;
}

bool
delivered_search(const struct delivered_records *records, uint64_t index,
    bool *is_there, uint64_t *check, struct error *err)
{
	uint64_t from = 0, until = records->num;

	*is_there = false;
	while (from < until) {
		const uint64_t middle = from + (until - from) / 2;
		uint8_t bytes[DELIVERED_RECORD];
		struct span record = span_of(bytes, sizeof(bytes));
		uint64_t found;

		if (!records->read(records->arg, middle, bytes, err))
			return false;
		*is_there = span_take_u64(&record, &found) && found == index &&
		    span_take_u64(&record, check);
		if (*is_there)
			return true;
		if (found < index)
			from = middle + 1;
		else
			until = middle;
	}
	return true;
}
