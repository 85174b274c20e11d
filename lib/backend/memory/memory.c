/*
 * A backend in memory: arrays sorted by name, and objects as the zlib streams
 * that they came as.
 */
#include "backend/memory/memory.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "backend/memory/private.h"
#include "base/deflate.h"

#define HEADS "refs/heads/"

/* A set of objects being written; the last one may be unfinished. */
struct making {
	/* Must be first: a pointer to it is cast to the whole. */
	struct object_set objects;
	struct kept **list;
	size_t num;
};

static void
free_kept(struct kept *kept)
{
	buf_free(&kept->packed);
	free(kept);
}

static void
free_memory(struct memory *memory)
{
	for (size_t i = 0; i < memory->num; i++)
		free_kept(memory->list[i]);
	for (size_t i = 0; i < memory->num_names; i++)
		free(memory->names[i].text);
	free(memory->list);
	free(memory->names);
	buf_free(&memory->entries);
	free(memory->heads);
	free(memory->proposals);
	memory_free_exhibits(memory);
	pthread_rwlock_destroy(&memory->lock);
	free(memory);
}

static void
close_memory(struct backend *backend)
{
	struct memory *memory = memory_of(backend);
	unsigned left;

	pthread_rwlock_wrlock(&memory->lock);
	if (memory->writer == backend)
		memory->writer = NULL;
	left = --memory->num_handles;
	pthread_rwlock_unlock(&memory->lock);
	if (left == 0)
		free_memory(memory);
	free(backend);
}

/* Returns the index of the first object whose name is not below oid. */
static size_t
place_of(const struct memory *memory, const struct oid *oid)
{
	size_t low = 0, high = memory->num;

	while (low < high) {
		const size_t middle = low + (high - low) / 2;

		if (memcmp(memory->list[middle]->oid.bytes, oid->bytes,
			OID_BYTES) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Returns the object of that name, or NULL. */
static struct kept *
lookup(struct memory *memory, const struct oid *oid)
{
	struct kept *found = NULL;
	size_t at;

	pthread_rwlock_rdlock(&memory->lock);
	at = place_of(memory, oid);
	if (at < memory->num && oid_eq(&memory->list[at]->oid, oid))
		found = memory->list[at];
	pthread_rwlock_unlock(&memory->lock);
	return found;
}

/* --- Objects: reading. --- */

static bool
has(struct backend *backend, const struct oid *oid)
{
	return lookup(memory_of(backend), oid) != NULL;
}

static bool
has_each(struct backend *backend, const struct oid oids[], size_t num,
    bool is_there[], struct error *err)
{
	(void)err;
	for (size_t i = 0; i < num; i++)
		is_there[i] = has(backend, &oids[i]);
	return true;
}

static struct object
object_of(struct backend *backend, struct kept *kept)
{
	return (struct object){ .type = kept->type,
		.size = kept->size,
		.packed = kept->packed.len,
		.backend = backend,
		.held = kept };
}

/* Every object is stored whole, so the form does not matter. */
static bool
find(struct backend *backend, const struct oid *oid, enum object_form form,
    struct object *out, struct error *err)
{
	struct memory *memory = memory_of(backend);
	struct kept *kept = lookup(memory, oid);
	char hex[OID_HEX];

	(void)form;
	oid_hex(oid, hex);
	if (kept == NULL)
		return error_set(err, ERROR_NOT_FOUND, "no object %s", hex);
	*out = object_of(backend, kept);
	return true;
}

static void
release(struct object *object)
{
	object->held = NULL;
}

/* Inflate the object's stream to sink. */
static bool
inflate_all(const struct kept *kept, byte_sink *sink, void *arg,
    struct error *err)
{
	uint8_t *content = malloc(kept->size + 1);
	size_t used = 0;
	bool ok;

	if (content == NULL)
		return error_set_errno(err, "object");
	ok = (deflate_inflate_zlib(buf_span(&kept->packed), content, kept->size,
		  &used) &&
		 used == kept->packed.len) ||
	    error_set(err, ERROR_UNTRUSTED, "an object is damaged");
	ok = ok &&
	    (kept->size == 0 || sink(arg, span_of(content, kept->size), err));
	free(content);
	return ok;
}

static bool
stream(const struct object *object, enum object_bytes bytes, byte_sink *sink,
    void *arg, struct buf *raw, uint64_t *packed, struct error *err)
{
	const struct kept *kept = object->held;

	if (raw != NULL && !buf_append(raw, buf_span(&kept->packed), err))
		return false;
	if (packed != NULL)
		*packed = kept->packed.len;
	return bytes == OBJECT_PACKED ? sink(arg, buf_span(&kept->packed), err)
				      : inflate_all(kept, sink, arg, err);
}

static void
vouch(const struct object *object)
{
	struct kept *kept = object->held;

	__atomic_store_n(&kept->is_whole, true, __ATOMIC_RELAXED);
}

static bool
each(struct backend *backend, object_visitor *visit, void *arg,
    struct error *err)
{
	struct memory *memory = memory_of(backend);
	bool ok = true;

	for (size_t i = 0; ok && i < memory->num; i++) {
		const struct object object =
		    object_of(backend, memory->list[i]);

		ok = visit(arg, &memory->list[i]->oid, &object, err);
	}
	return ok;
}

/* --- Objects: writing. --- */

static struct making *
making_of(struct object_set *objects)
{
	return (struct making *)objects;
}

static struct object_set *
begin(struct backend *backend, struct error *err)
{
	struct making *making = calloc(1, sizeof(*making));

	if (making == NULL) {
		error_set_errno(err, "objects");
		return NULL;
	}
	making->objects.backend = backend;
	return &making->objects;
}

static void
drop(struct object_set *objects)
{
	struct making *making = making_of(objects);

	if (making == NULL)
		return;
	for (size_t i = 0; i < making->num; i++)
		free_kept(making->list[i]);
	free(making->list);
	free(making);
}

static bool
is_there(const struct object_set *objects, const struct oid *oid, uint64_t size)
{
	const struct making *making = (const struct making *)objects;

	(void)size;
	for (size_t i = 0; i < making->num; i++)
		if (oid_eq(&making->list[i]->oid, oid))
			return true;
	return has(objects->backend, oid);
}

static bool
object_begin(struct object_set *objects, const struct oid *oid,
    enum object_type type, uint64_t size, struct error *err)
{
	struct making *making = making_of(objects);
	struct kept **all =
	    realloc(making->list, (making->num + 1) * sizeof(struct kept *));
	struct kept *kept = all == NULL ? NULL : calloc(1, sizeof(*kept));

	if (all != NULL)
		making->list = all;
	if (kept == NULL)
		return error_set_errno(err, "objects");
	*kept = (struct kept){ .oid = *oid,
		.type = type,
		.size = size,
		.packed = BUF(UINT32_MAX) };
	making->list[making->num++] = kept;
	return true;
}

static bool
object_piece(struct object_set *objects, struct span piece, struct error *err)
{
	struct making *making = making_of(objects);

	return buf_append(&making->list[making->num - 1]->packed, piece, err);
}

static void
object_end(struct object_set *objects)
{
	(void)objects;
}

static void
object_undo(struct object_set *objects)
{
	struct making *making = making_of(objects);

	free_kept(making->list[--making->num]);
}

static bool
take(struct object_set *objects, const struct object_set *from_objects,
    struct error *err)
{
	const struct making *from = (const struct making *)from_objects;
	bool ok = true;

	for (size_t i = 0; ok && i < from->num; i++) {
		const struct kept *kept = from->list[i];

		if (is_there(objects, &kept->oid, kept->size))
			continue;
		ok = object_begin(objects, &kept->oid, kept->type, kept->size,
		    err);
		if (ok &&
		    !object_piece(objects, buf_span(&kept->packed), err)) {
			object_undo(objects);
			ok = false;
		}
	}
	return ok;
}

bool
memory_finish(struct object_set *objects, struct error *err)
{
	struct making *making = making_of(objects);
	struct memory *memory = memory_of(objects->backend);
	struct kept **all;

	pthread_rwlock_wrlock(&memory->lock);
	all = realloc(memory->list,
	    (memory->num + making->num + 1) * sizeof(struct kept *));
	if (all != NULL)
		memory->list = all;
	for (size_t i = 0; all != NULL && i < making->num; i++) {
		struct kept *kept = making->list[i];
		const size_t at = place_of(memory, &kept->oid);

		/*
		 * Two sets may have had the same object at once; keep the
		 * first.
		 */
		if (at < memory->num && oid_eq(&all[at]->oid, &kept->oid)) {
			free_kept(kept);
			continue;
		}
		memmove(&all[at + 1], &all[at],
		    (memory->num - at) * sizeof(struct kept *));
		kept->is_kept = memory->keeps;
		all[at] = kept;
		memory->num++;
	}
	pthread_rwlock_unlock(&memory->lock);
	if (all == NULL)
		return error_set_errno(err, "objects");
	making->num = 0;
	return true;
}

/* --- Names. --- */

/* Returns the index of the first name that is not below text. */
static size_t
place_of_name(const struct memory *memory, const char *text)
{
	size_t i = 0;

	while (i < memory->num_names && strcmp(memory->names[i].text, text) < 0)
		i++;
	return i;
}

static bool
name_get(struct backend *backend, const char *name, struct oid *out)
{
	const struct memory *memory = memory_of(backend);
	const size_t at = place_of_name(memory, name);

	if (at == memory->num_names ||
	    strcmp(memory->names[at].text, name) != 0)
		return false;
	*out = memory->names[at].oid;
	return true;
}

bool
memory_name_set(struct backend *backend, const char *name,
    const struct oid *oid, struct error *err)
{
	struct memory *memory = memory_of(backend);
	const size_t at = place_of_name(memory, name);
	struct name *all;
	char *copy;

	if (at < memory->num_names &&
	    strcmp(memory->names[at].text, name) == 0) {
		memory->names[at].oid = *oid;
		return true;
	}
	all = realloc(memory->names, (memory->num_names + 1) * sizeof(*all));
	if (all != NULL)
		memory->names = all;
	if (all == NULL || (copy = strdup(name)) == NULL)
		return error_set_errno(err, "names");
	memmove(&all[at + 1], &all[at],
	    (memory->num_names - at) * sizeof(*all));
	all[at].text = copy;
	all[at].oid = *oid;
	memory->num_names++;
	return true;
}

static bool
each_branch(struct backend *backend, branch_visitor *visit, void *arg,
    size_t *num_strays, struct error *err)
{
	const struct memory *memory = memory_of(backend);
	bool ok = true;

	*num_strays = 0;
	for (size_t i = 0; ok && i < memory->num_names; i++) {
		const struct name *name = &memory->names[i];

		if (strncmp(name->text, HEADS, strlen(HEADS)) == 0)
			ok = visit(arg,
			    &(struct branch){ name->text + strlen(HEADS),
				name->oid },
			    err);
	}
	return ok;
}

static bool
set_branches(struct backend *backend, const struct branch branches[],
    size_t num, struct error *err)
{
	struct memory *memory = memory_of(backend);
	size_t left = 0;
	bool ok = true;

	for (size_t i = 0; i < memory->num_names; i++) {
		struct name *name = &memory->names[i];

		if (strncmp(name->text, HEADS, strlen(HEADS)) == 0)
			free(name->text);
		else
			memory->names[left++] = *name;
	}
	memory->num_names = left;
	for (size_t i = 0; ok && i < num; i++) {
		struct buf name = BUF(4096);

		ok = buf_append_str(&name, HEADS, err) &&
		    buf_append_str(&name, branches[i].name, err) &&
		    buf_append_u8(&name, 0, err) &&
		    memory_name_set(backend, (const char *)name.data,
			&branches[i].oid, err);
		buf_free(&name);
	}
	return ok;
}

static void
keep(struct backend *backend)
{
	memory_of(backend)->keeps = true;
}

static void
release_kept(struct backend *backend)
{
	struct memory *memory = memory_of(backend);

	for (size_t i = 0; i < memory->num; i++)
		memory->list[i]->is_kept = false;
}

static bool
is_kept(struct backend *backend, const struct oid *oid)
{
	const struct kept *kept = lookup(memory_of(backend), oid);

	return kept != NULL && kept->is_kept;
}

/* --- Upkeep. --- */

static bool
look(struct backend *backend, enum look_how how, note_visitor *tell, void *arg,
    struct error *err)
{
	(void)backend, (void)how, (void)tell, (void)arg, (void)err;
	return true;
}

static bool
tidy(struct backend *backend, size_t enough, unsigned *joined,
    struct error *err)
{
	(void)backend, (void)enough, (void)err;
	*joined = 0;
	return true;
}

static bool
hash_piece(void *arg, struct span bytes, struct error *err)
{
	(void)err;
	sha1_update(arg, bytes);
	return true;
}

/* Do the object's bytes hash to its name? */
static bool
is_whole(const struct kept *kept)
{
	struct error why = { 0 };
	struct sha1 sha1;
	struct oid found;

	if (__atomic_load_n(&kept->is_whole, __ATOMIC_RELAXED))
		return true;
	object_hash_begin(&sha1, kept->type, kept->size);
	if (!inflate_all(kept, hash_piece, &sha1, &why))
		return false;
	sha1_final(&sha1, found.bytes);
	return oid_eq(&found, &kept->oid);
}

static bool
check(struct backend *backend, unsigned part, unsigned parts,
    damage_visitor *tell, void *arg, uint64_t *num, struct error *err)
{
	const struct memory *memory = memory_of(backend);
	char hex[OID_HEX];

	(void)err;
	*num = 0;
	for (size_t i = part; i < memory->num; i += parts) {
		++*num;
		if (is_whole(memory->list[i]))
			continue;
		oid_hex(&memory->list[i]->oid, hex);
		tell(arg, hex,
		    "the object is damaged: its bytes have another name");
	}
	return true;
}

static void
ahead(struct backend *backend, const struct oid oids[], size_t num)
{
	(void)backend, (void)oids, (void)num;
}

static const struct backend_table table = {
	.close = close_memory,
	.claim = memory_claim,
	.renew = memory_renew,
	.propose = memory_propose,
	.publish = memory_publish,
	.flush_heads = memory_flush_heads,
	.num_heads = memory_num_heads,
	.head = memory_read_head,
	.read = memory_read_entries,
	.log_bytes = memory_log_bytes,
	.recover = memory_recover,
	.settle = memory_settle,
	.proposed = memory_proposed,
	.stop = memory_stop,
	.keep_reserve = memory_keep_reserve,
	.reserve = memory_reserve,
	.use_reserve = memory_use_reserve,
	.has = has,
	.has_each = has_each,
	.find = find,
	.release = release,
	.ahead = ahead,
	.stream = stream,
	.vouch = vouch,
	.each = each,
	.begin = begin,
	.drop = drop,
	.finish = memory_finish,
	.take = take,
	.is_there = is_there,
	.object_begin = object_begin,
	.object_piece = object_piece,
	.object_end = object_end,
	.object_undo = object_undo,
	.name_get = name_get,
	.name_set = memory_name_set,
	.each_branch = each_branch,
	.set_branches = set_branches,
	.look = look,
	.keep = keep,
	.release_kept = release_kept,
	.is_kept = is_kept,
	.add_exhibits = memory_add_exhibits,
	.each_exhibit = memory_each_exhibit,
	.tidy = tidy,
	.check = check,
};

struct memory *
memory_of(struct backend *backend)
{
	assert(backend->table == &table);
	return ((struct handle *)backend)->memory;
}

static struct backend *
make_handle(struct memory *memory, struct error *err)
{
	struct handle *handle = calloc(1, sizeof(*handle));

	if (handle == NULL) {
		error_set_errno(err, "memory");
		return NULL;
	}
	handle->backend.table = &table;
	handle->memory = memory;
	pthread_rwlock_wrlock(&memory->lock);
	memory->num_handles++;
	pthread_rwlock_unlock(&memory->lock);
	return &handle->backend;
}

struct backend *
memory_open(struct error *err)
{
	struct memory *memory = calloc(1, sizeof(*memory));
	struct backend *backend;

	if (memory == NULL) {
		error_set_errno(err, "memory");
		return NULL;
	}
	memory->entries = BUF(SIZE_MAX);
	pthread_rwlock_init(&memory->lock, NULL);
	if ((backend = make_handle(memory, err)) == NULL)
		free_memory(memory);
	return backend;
}

struct backend *
memory_share(struct backend *other, struct error *err)
{
	return make_handle(memory_of(other), err);
}
