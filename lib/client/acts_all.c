/*
 * Up to where the acts on every document are complete: what pulls were given,
 * and the policy by which the daemon showed it.
 */
#include "client/acts_private.h"

#include <string.h>

#include "base/time.h"

#define ALL "acts/all"

enum { RANGES = 64, FILE_BYTES = (RANGES + 2) * 200 };

struct all_acts {
	struct all_range {
		uint64_t from, size;
		int64_t seen_at;
		struct digest policy;
	} list[RANGES]; /* by index */
	size_t num;
};

/* the file has "FROM SIZE SEEN POLICY" */
static bool
take_range(struct span line, struct all_acts *to)
{
	struct all_range one;
	struct span from, size, seen;

	if (to->num == RANGES || !span_take_until(&line, ' ', &from) ||
	    !span_to_u64(from, &one.from) ||
	    !span_take_until(&line, ' ', &size) ||
	    !span_to_u64(size, &one.size) ||
	    !span_take_until(&line, ' ', &seen) ||
	    !time_parse_at(seen, &one.seen_at) ||
	    !digest_parse(line, &one.policy))
		return false;
	to->list[to->num++] = one;
	return true;
}

/* Empty if there is no file, or it is damaged or an older program's. */
static void
load_all(const struct context *context, struct all_acts *out)
{
	struct buf text = BUF(FILE_BYTES);
	struct error ignored = { 0 };
	struct span rest, value;
	char path[FILE_PATH];
	bool ok;

	*out = (struct all_acts){ .num = 0 };
	ok = context_path(context, ALL, path, &ignored) &&
	    file_read(path, text.max, &text, &ignored);
	rest = buf_span(&text);
	ok = ok && acts_take_whole(&rest) &&
	    span_take_field(&rest, "valise", &value) &&
	    span_is(value, "all-acts 2");
	while (ok && span_take_line(&rest, &value))
		ok = take_range(value, out);
	if (!ok)
		*out = (struct all_acts){ .num = 0 };
	buf_free(&text);
}

/* Append the text of the file. */
static bool
encode(const struct all_acts *all, struct buf *out, struct error *err)
{
	char seen[TIME_TEXT], hex[DIGEST_HEX];
	struct digest digest;
	bool ok = buf_append_str(out, "valise all-acts 2\n", err);

	for (size_t i = 0; ok && i < all->num; i++) {
		const struct all_range *one = &all->list[i];

		time_format_at(one->seen_at, seen);
		digest_hex(&one->policy, hex);
		ok = buf_printf(out, err, "%llu %llu %s %s\n",
		    (unsigned long long)one->from,
		    (unsigned long long)one->size, seen, hex);
	}
	digest = sha256_of(buf_span(out));
	digest_hex(&digest, hex);
	return ok && buf_printf(out, err, "sha256 %s\n", hex);
}

/* Extend what was complete before, if nothing lies between the two. */
static void
add_range(struct all_acts *all, struct all_range new)
{
	struct all_range *last;

	while (all->num > 0 && all->list[all->num - 1].from >= new.from)
		all->num--;
	last = all->num > 0 ? &all->list[all->num - 1] : NULL;
	if (last != NULL &&
	    last->size >= new.from &&digest_eq(&last->policy, &new.policy)) {
		new.from = last->from;
		*last = new;
		return;
	}
	if (all->num == RANGES) {
		memmove(&all->list[0], &all->list[1],
		    (RANGES - 1) * sizeof(all->list[0]));
		all->num--;
	}
	all->list[all->num++] = new;
}

bool
acts_keep_all(const struct context *context, const struct digest *policy,
    uint64_t from, uint64_t size, int64_t seen_at, struct error *err)
{
	char dir[FILE_PATH], path[FILE_PATH];
	struct buf text = BUF(FILE_BYTES);
	struct all_acts all;
	bool ok;

	load_all(context, &all);
	ok = context_path(context, "acts", dir, err) &&
	    file_make_dirs(dir, 0700, err) &&
	    file_sync_all(context->state, err) &&
	    context_path(context, ALL, path, err);
	if (ok && (all.num == 0 || all.list[all.num - 1].size <= size)) {
		add_range(&all,
		    (struct all_range){ from, size, seen_at, *policy });
		ok = encode(&all, &text, err) &&
		    file_write(path, buf_span(&text), 0600, err);
	}
	buf_free(&text);
	return ok;
}

void
acts_extend(struct context *context, struct document_acts *acts)
{
	struct all_acts all;

	if (acts->num == 0)
		return;
	load_all(context, &all);
	for (size_t i = 0; i < all.num; i++) {
		const struct all_range *one = &all.list[i];

		/* The same size may have been seen again since. */
		if (acts->size < one->from || acts->size > one->size ||
		    (acts->size == one->size &&
			acts->seen_at >= one->seen_at) ||
		    !policies_show(context, &one->policy, acts->doc.name))
			continue;
		acts->size = one->size;
		acts->seen_at = one->seen_at;
	}
}

bool
acts_take_whole(struct span *text)
{
	const size_t last = sizeof("sha256 \n") - 1 + DIGEST_HEX - 1;
	struct digest said, found;
	struct span end, hex;

	if (text->len < last)
		return false;
	end = span_sub(*text, text->len - last, last);
	*text = span_sub(*text, 0, text->len - last);
	found = sha256_of(*text);
	return span_take_field(&end, "sha256", &hex) &&
	    digest_parse(hex, &said) && digest_eq(&said, &found);
}
