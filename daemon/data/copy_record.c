/*
 * Copying a record from one backend to another (copy_record.h).
 */
#include "daemon/data/copy_record.h"

#include <stdlib.h>
#include <string.h>

#include "record/library.h"

enum {
	SET_OBJECTS = 256,   /* in one set, which is durable at its end */
	SET_BYTES = 8 << 20, /* after so many bytes a set ends too */
};

/* The names that are not branches. */
static const char *const names[] = { REF_POLICY, REF_CRLS };
enum { NAMES = sizeof(names) / sizeof(names[0]) };

/* Where the entries of a head of the source end, in bytes. */
static bool
end_of(const struct copy_pair *pair, uint64_t size, uint64_t *out,
    struct error *err)
{
	struct buf line = BUF(LIMIT_ENTRY_BYTES);
	bool ok = true;

	*out = 0;
	if (size > 0) {
		ok = journal_entry(pair->journal, size - 1, &line, err);
		*out = journal_entry_at(pair->journal, size - 1) + 2 + line.len;
	}
	buf_free(&line);
	return ok;
}

/* --- The destination so far. --- */

/* What it has must be the beginning of the source's history. */
static bool
check_history(const struct copy_pair *pair, const struct head *newest,
    struct error *err)
{
	const uint64_t size = journal_size(pair->journal);
	struct digest root;

	if (newest->size > size)
		return error_set(err, ERROR_CONFLICT,
		    "the destination has %llu entries and the source %llu:"
		    " nothing was changed. Is it the other way round?",
		    (unsigned long long)newest->size, (unsigned long long)size);
	return newest->size == 0 ||
	    (journal_root_at(pair->journal, newest->size, &root, err) &&
		(digest_eq(&root, &newest->root) ||
		    error_set(err, ERROR_CONFLICT,
			"the destination has another history: nothing was"
			" changed")));
}

/* Begin where the last run ended; *size is what is there. */
static bool
begin(const struct copy_pair *pair, uint64_t *size, struct error *err)
{
	struct backend *to = pair->to;
	struct head newest;
	uint64_t dropped, end;

	if (!to->table->recover(to, &newest, &dropped, err) ||
	    !check_history(pair, &newest, err) ||
	    !end_of(pair, newest.size, &end, err))
		return false;
	*size = newest.size;
	return to->table->settle(to, &newest, end, err);
}

/* --- Objects. --- */

struct moving {
	const struct copy_pair *pair;
	struct copy_result *out;
	struct object_set *set; /* or NULL: none is begun */
	unsigned num;           /* in the set */
	uint64_t bytes;
};

static bool
end_set(struct moving *moving, struct error *err)
{
	const struct backend_table *table = moving->pair->to->table;
	bool ok = true;

	if (moving->set != NULL)
		ok = table->finish(moving->set, err);
	table->drop(moving->set);
	moving->set = NULL;
	moving->num = 0;
	moving->bytes = 0;
	return ok;
}

/* A byte_sink: add a piece of an object's zlib stream. */
static bool
put_piece(void *arg, struct span piece, struct error *err)
{
	struct moving *moving = arg;

	moving->bytes += piece.len;
	return moving->pair->to->table->object_piece(moving->set, piece, err);
}

static bool
put_object(struct moving *moving, const struct oid *oid,
    const struct object *object, struct error *err)
{
	const struct copy_pair *pair = moving->pair;
	const struct backend_table *to = pair->to->table;

	if (!to->object_begin(moving->set, oid, object->type, object->size,
		err))
		return false;
	if (!pair->from->table->stream(object, OBJECT_PACKED, put_piece, moving,
		NULL, NULL, err)) {
		to->object_undo(moving->set);
		return false;
	}
	to->object_end(moving->set);
	return true;
}

/* An object_visitor: copy the object if it is not there. */
static bool
copy_object(void *arg, const struct oid *oid, const struct object *object,
    struct error *err)
{
	struct moving *moving = arg;
	struct backend *to = moving->pair->to;
	char hex[OID_HEX];

	moving->out->num_objects++;
	oid_hex(oid, hex);
	if (object->is_delta)
		return error_set(err, ERROR_UNTRUSTED,
		    "object %s is stored as a difference: a git command packed"
		    " the store anew",
		    hex);
	if (to->table->has(to, oid))
		return true;
	if (moving->set == NULL &&
	    (moving->set = to->table->begin(to, err)) == NULL)
		return false;
	if (!put_object(moving, oid, object, err))
		return error_context(err, "object %s", hex);
	moving->out->new_objects++;
	return (++moving->num < SET_OBJECTS && moving->bytes < SET_BYTES) ||
	    end_set(moving, err);
}

static bool
copy_objects(const struct copy_pair *pair, struct copy_result *out,
    struct error *err)
{
	struct moving moving = { .pair = pair, .out = out };
	bool ok;

	ok = pair->from->table->each(pair->from, copy_object, &moving, err) &&
	    end_set(&moving, err);
	pair->to->table->drop(moving.set);
	return ok;
}

/* --- Entries and heads. --- */

/* Split the bytes of entries, each after its length. */
static bool
split(struct span bytes, struct span entries[], size_t num, struct error *err)
{
	uint16_t len;

	for (size_t i = 0; i < num; i++)
		if (!span_take_u16(&bytes, &len) ||
		    !span_take(&bytes, len, &entries[i]))
			return error_set(err, ERROR_UNTRUSTED,
			    "the source's entries are damaged");
	return bytes.len == 0 ||
	    error_set(err, ERROR_UNTRUSTED, "the source's entries are damaged");
}

/* Propose the entries [size, head->size), which are bytes [at, end). */
static bool
propose(const struct copy_pair *pair, uint64_t size, uint64_t at,
    const struct head *head, uint64_t end, struct error *err)
{
	const size_t num = (size_t)(head->size - size),
		     len = (size_t)(end - at);
	struct span *entries = calloc(num + 1, sizeof(*entries));
	uint8_t *bytes = malloc(len + 1);
	const struct proposal proposal = { .size = size,
		.at = at,
		.entries = entries,
		.num_entries = num,
		.root = head->root };
	bool ok = entries != NULL && bytes != NULL;

	if (!ok)
		error_set_errno(err, "copy");
	ok = ok && pair->from->table->read(pair->from, at, bytes, len, err) &&
	    split(span_of(bytes, len), entries, num, err) &&
	    pair->to->table->renew(pair->to, err) &&
	    pair->to->table->propose(pair->to, &proposal, err);
	free(entries);
	free(bytes);
	return ok;
}

/*
 * Was this head proposed by a run that was interrupted?  *there tells; another
 * one in its place is refused.
 */
static bool
was_proposed(const struct copy_pair *pair, uint64_t size,
    const struct head *head, bool *there, struct error *err)
{
	struct proposed proposed;

	if (!pair->to->table->proposed(pair->to, size, &proposed, err))
		return false;
	*there = proposed.head.size == head->size &&
	    digest_eq(&proposed.head.root, &head->root);
	return *there || proposed.head.size == 0 ||
	    error_set(err, ERROR_CONFLICT,
		"the destination has a proposal for size %llu that is not the"
		" source's: it must be signed first",
		(unsigned long long)proposed.head.size);
}

/* Copy the heads after the size, each with its entries. */
static bool
copy_log(const struct copy_pair *pair, uint64_t size, struct copy_result *out,
    struct error *err)
{
	struct backend *to = pair->to;
	uint64_t at, end;
	struct head head;
	bool there;

	if (!end_of(pair, size, &at, err))
		return false;
	for (uint64_t n = 0; n < out->num_heads; n++) {
		if (!journal_nth_head(pair->journal, n, &head, err))
			return false;
		if (head.size <= size)
			continue;
		if (!end_of(pair, head.size, &end, err) ||
		    !was_proposed(pair, size, &head, &there, err) ||
		    (!there && !propose(pair, size, at, &head, end, err)) ||
		    !to->table->publish(to, &head, end, err))
			return error_context(err, "the head of size %llu",
			    (unsigned long long)head.size);
		out->new_entries += head.size - size;
		size = head.size;
		at = end;
	}
	return to->table->flush_heads(to, err);
}

/* --- Names. --- */

struct branches {
	struct branch *list;
	size_t num, room;
};

/* A branch_visitor: add a copy. */
static bool
add_branch(void *arg, const struct branch *branch, struct error *err)
{
	struct branches *all = arg;

	if (all->num == all->room) {
		const size_t room = 2 * all->room + 16;
		struct branch *list = realloc(all->list, room * sizeof(*list));

		if (list == NULL)
			return error_set_errno(err, "branches");
		all->list = list;
		all->room = room;
	}
	all->list[all->num] = *branch;
	if ((all->list[all->num].name = strdup(branch->name)) == NULL)
		return error_set_errno(err, "branches");
	all->num++;
	return true;
}

static bool
read_branches(struct backend *backend, struct branches *out, struct error *err)
{
	size_t strays;

	*out = (struct branches){ .num = 0 };
	return backend->table->each_branch(backend, add_branch, out, &strays,
	    err);
}

static void
free_branches(struct branches *all)
{
	for (size_t i = 0; i < all->num; i++)
		free((char *)(uintptr_t)all->list[i].name);
	free(all->list);
}

static bool
copy_names(const struct copy_pair *pair, struct copy_result *out,
    struct error *err)
{
	struct branches branches;
	struct oid oid;
	bool ok = true;

	for (size_t i = 0; ok && i < NAMES; i++)
		ok = !pair->from->table->name_get(pair->from, names[i], &oid) ||
		    pair->to->table->name_set(pair->to, names[i], &oid, err);
	ok = ok && read_branches(pair->from, &branches, err);
	if (!ok)
		return false;
	out->num_branches = branches.num;
	ok = pair->to->table->set_branches(pair->to, branches.list,
	    branches.num, err);
	free_branches(&branches);
	return ok;
}

bool
copy_record(const struct copy_pair *pair, struct copy_result *out,
    struct error *err)
{
	uint64_t size;

	*out = (struct copy_result){ .size = journal_size(pair->journal),
		.num_heads = journal_num_heads(pair->journal) };
	return begin(pair, &size, err) && copy_objects(pair, out, err) &&
	    copy_log(pair, size, out, err) && copy_names(pair, out, err);
}
