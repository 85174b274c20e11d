/*
 * Exhibits in memory: an array.
 */
#include <stdlib.h>
#include <string.h>

#include "backend/memory/private.h"

static int
compare_spans(struct span a, struct span b)
{
	const size_t len = a.len < b.len ? a.len : b.len;
	const int sign = len > 0 ? memcmp(a.data, b.data, len) : 0;

	return sign != 0 ? sign : (a.len > b.len) - (a.len < b.len);
}

/* How an exhibit that is there stands to another one, in their order. */
static int
compare(const struct memory_exhibit *there, const struct exhibit *other)
{
	int sign;

	if (there->kind != other->kind)
		return there->kind < other->kind ? -1 : 1;
	sign = compare_spans(buf_span(&there->name), other->name);
	return sign != 0 ? sign
			 : compare_spans(buf_span(&there->bytes), other->bytes);
}

/* The lock is held. */
static bool
add(struct memory *memory, const struct exhibit *exhibit, struct error *err)
{
	struct memory_exhibit one = { .kind = exhibit->kind,
		.name = BUF(EXHIBIT_NAME),
		.bytes = BUF(exhibit_limit(exhibit->kind)) };
	struct memory_exhibit *all;
	size_t at = 0;

	while (at < memory->num_exhibits &&
	    compare(&memory->exhibits[at], exhibit) < 0)
		at++;
	if (at < memory->num_exhibits &&
	    compare(&memory->exhibits[at], exhibit) == 0)
		return true;
	all = realloc(memory->exhibits,
	    (memory->num_exhibits + 1) * sizeof(*all));
	if (all == NULL)
		return error_set_errno(err, "exhibits");
	memory->exhibits = all;
	if (!buf_append(&one.name, exhibit->name, err) ||
	    !buf_append(&one.bytes, exhibit->bytes, err)) {
		buf_free(&one.name);
		buf_free(&one.bytes);
		return false;
	}
	memmove(&all[at + 1], &all[at],
	    (memory->num_exhibits - at) * sizeof(*all));
	all[at] = one;
	memory->num_exhibits++;
	return true;
}

bool
memory_add_exhibits(struct backend *backend, const struct exhibit exhibits[],
    size_t num, struct error *err)
{
	struct memory *memory = memory_of(backend);
	bool ok = true;

	pthread_rwlock_wrlock(&memory->lock);
	for (size_t i = 0; ok && i < num; i++)
		ok = add(memory, &exhibits[i], err);
	pthread_rwlock_unlock(&memory->lock);
	return ok;
}

bool
memory_each_exhibit(struct backend *backend, enum exhibit_kind kind,
    const struct span *name, exhibit_visitor *visit, void *arg,
    struct error *err)
{
	struct memory *memory = memory_of(backend);
	bool ok = true;

	pthread_rwlock_rdlock(&memory->lock);
	for (size_t i = 0; ok && i < memory->num_exhibits; i++) {
		const struct memory_exhibit *one = &memory->exhibits[i];
		const struct exhibit exhibit = { .kind = kind,
			.name = buf_span(&one->name),
			.bytes = buf_span(&one->bytes) };

		if (one->kind == kind &&
		    (name == NULL || span_eq(*name, exhibit.name)))
			ok = visit(arg, &exhibit, err);
	}
	pthread_rwlock_unlock(&memory->lock);
	return ok;
}

void
memory_free_exhibits(struct memory *memory)
{
	for (size_t i = 0; i < memory->num_exhibits; i++) {
		buf_free(&memory->exhibits[i].name);
		buf_free(&memory->exhibits[i].bytes);
	}
	free(memory->exhibits);
}
