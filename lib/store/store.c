/*
 * A store: opening it, reading objects whole, and walking trees; the rest is
 * passed to its backend (store.h).
 */
#include "store/store.h"

#include <stdlib.h>
#include <string.h>

#include "backend/files/files.h"
#include "base/text.h"
#include "store/commit.h"
#include "store/private.h"

enum { TREE_BYTES = 1024 * 1024, COMMIT_BYTES = 256 * 1024 };

struct store *
store_new(struct backend *backend, struct error *err)
{
	struct store *store =
	    backend == NULL ? NULL : calloc(1, sizeof(*store));

	if (store != NULL) {
		store->backend = backend;
		return store;
	}
	if (backend != NULL) {
		error_set_errno(err, "store");
		backend->table->close(backend);
	}
	return NULL;
}

struct backend *
store_backend(const struct store *store)
{
	return store->backend;
}

bool
store_create(const char *path, struct error *err)
{
	return files_create(path, err);
}

struct store *
store_open(const char *path, struct error *err)
{
	return store_new(files_open(path, NULL, err), err);
}

bool
store_create_ours(const char *path, struct error *err)
{
	return files_create_ours(path, err);
}

struct store *
store_open_ours(const char *path, struct error *err)
{
	return store_new(files_open_ours(path, NULL, false, err), err);
}

struct store *
store_view(const char *path, struct error *err)
{
	return store_new(files_open_ours(path, NULL, true, err), err);
}

void
store_free(struct store *store)
{
	if (store == NULL)
		return;
	store->backend->table->close(store->backend);
	free(store);
}

bool
store_has(struct store *store, const struct oid *oid)
{
	return store->backend->table->has(store->backend, oid);
}

bool
store_has_each(struct store *store, const struct oid oids[], size_t num,
    bool is_there[], struct error *err)
{
	return store->backend->table->has_each(store->backend, oids, num,
	    is_there, err);
}

/* Append the object's bytes to out, and check that they hash to its name. */
static bool
read_object(const struct object *object, const struct oid *oid, struct buf *out,
    struct error *err)
{
	const struct backend_table *table = object->backend->table;
	const size_t before = out->len;
	struct oid found;
	struct sha1 sha1;

	if (object->size > out->max - out->len)
		return error_set(err, ERROR_LIMIT, "%llu bytes",
		    (unsigned long long)object->size);
	if (!table->stream(object, OBJECT_CONTENT, sink_to_buf, out, NULL, NULL,
		err))
		return false;
	object_hash_begin(&sha1, object->type, out->len - before);
	sha1_update(&sha1, span_sub(buf_span(out), before, out->len - before));
	sha1_final(&sha1, found.bytes);
	if (!oid_eq(&found, oid))
		return error_set(err, ERROR_UNTRUSTED,
		    "it is damaged: its bytes have another name");
	table->vouch(object);
	return true;
}

bool
store_read(struct store *store, const struct oid *oid, enum object_type type,
    struct buf *out, struct error *err)
{
	const struct backend_table *table = store->backend->table;
	struct object object;
	char hex[OID_HEX];
	bool ok;

	if (!table->find(store->backend, oid, OBJECT_WHOLE, &object, err)) {
		/*
		 * The record names this object, so if it is missing the store
		 * is damaged.
		 */
		if (err->kind == ERROR_NOT_FOUND) {
			err->kind = ERROR_SYSTEM;
			error_outside(err);
		}
		return false;
	}
	ok = object.type == type ? read_object(&object, oid, out, err)
				 : error_set(err, ERROR_UNTRUSTED,
				       "it is no %s", object_type_name(type));
	table->release(&object);
	oid_hex(oid, hex);
	return ok || error_context(err, "git object %s", hex);
}

/* An entry of a tree. */
struct child {
	struct span mode, name;
	struct oid oid;
};

static bool
take_child(struct span *rest, struct child *out, struct error *err)
{
	struct span raw;

	if (!span_take_until(rest, ' ', &out->mode) ||
	    !span_take_until(rest, '\0', &out->name) ||
	    !span_take(rest, OID_BYTES, &raw))
		return error_set(err, ERROR_UNTRUSTED, "a damaged tree");
	memcpy(out->oid.bytes, raw.data, OID_BYTES);
	return true;
}

/* All that a tree names is read next. */
static void
look_ahead(struct store *store, struct span tree)
{
	struct oid oids[LIMIT_AHEAD] UNINITIALIZED;
	struct error ignored = { 0 };
	struct child child;
	size_t num = 0;

	while (num < LIMIT_AHEAD && tree.len > 0 &&
	    take_child(&tree, &child, &ignored))
		oids[num++] = child.oid;
	store->backend->table->ahead(store->backend, oids, num);
}

/*
 * Visit the files below a tree; prefix is the path so far, depth bounds the
 * recursion.
 */
static bool
walk(struct store *store, const struct oid *tree, const char *prefix,
    unsigned depth, store_chooser *enter, store_visitor *visit, void *arg,
    struct error *err)
{
	struct buf bytes = BUF(TREE_BYTES);
	struct child child;
	struct span rest;
	bool ok;

	if (depth > LIMIT_PATH_LEVELS)
		return error_set(err, ERROR_UNTRUSTED, "a tree is too deep");
	if (enter != NULL && !enter(arg, tree))
		return true;
	ok = store_read(store, tree, OBJECT_TREE, &bytes, err);
	rest = buf_span(&bytes);
	if (ok && enter == NULL)
		look_ahead(store, rest);
	while (ok && rest.len > 0) {
		char path[LIMIT_PATH_BYTES + 32];

		ok = take_child(&rest, &child, err) &&
		    (strlen(prefix) + child.name.len <= LIMIT_PATH_BYTES ||
			error_set(err, ERROR_UNTRUSTED, "a damaged tree"));
		if (!ok)
			break;
		text_cutf(path, sizeof(path), "%s%.*s", prefix,
		    (int)child.name.len, (const char *)child.name.data);
		if (span_is(child.mode, "40000")) {
			text_cutf(path, sizeof(path), "%s%.*s/", prefix,
			    (int)child.name.len, (const char *)child.name.data);
			ok = walk(store, &child.oid, path, depth + 1, enter,
			    visit, arg, err);
		} else {
			ok = visit(arg, path, &child.oid, err);
		}
	}
	buf_free(&bytes);
	return ok;
}

bool
store_walk_tree(struct store *store, const struct oid *tree,
    store_visitor *visit, void *arg, struct error *err)
{
	return walk(store, tree, "", 1, NULL, visit, arg, err);
}

bool
store_walk_trees(struct store *store, const struct oid *tree,
    store_chooser *enter, store_visitor *visit, void *arg, struct error *err)
{
	return walk(store, tree, "", 1, enter, visit, arg, err);
}

bool
store_take_pack(struct store *store, int fd, uint64_t at, uint64_t len,
    bool for_git, struct error *err)
{
	return files_take_pack(store->backend, fd, at, len, for_git, err);
}

bool
store_read_commit(struct store *store, const struct oid *oid,
    struct store_commit *out, struct error *err)
{
	struct buf bytes = BUF(COMMIT_BYTES);
	bool ok;

	*out = (struct store_commit){ 0 };
	ok = store_read(store, oid, OBJECT_COMMIT, &bytes, err) &&
	    store_parse_commit(buf_span(&bytes), out, err);
	buf_free(&bytes);
	return ok;
}

bool
store_set_ref(struct store *store, const char *name, const struct oid *oid,
    struct error *err)
{
	return store->backend->table->name_set(store->backend, name, oid, err);
}

bool
store_get_ref(struct store *store, const char *name, struct oid *out)
{
	return store->backend->table->name_get(store->backend, name, out);
}

void
store_keep(struct store *store)
{
	store->backend->table->keep(store->backend);
}

void
store_release(struct store *store)
{
	store->backend->table->release_kept(store->backend);
}

bool
store_keeps(struct store *store, const struct oid *oid)
{
	return store->backend->table->is_kept(store->backend, oid);
}

bool
store_tidy(struct store *store, size_t enough, unsigned *joined,
    struct error *err)
{
	return store->backend->table->tidy(store->backend, enough, joined, err);
}

bool
store_check(struct store *store, unsigned part, unsigned parts,
    damage_visitor *tell, void *arg, uint64_t *num_objects, struct error *err)
{
	return store->backend->table->check(store->backend, part, parts, tell,
	    arg, num_objects, err);
}

bool
store_look(struct store *store, enum look_how how, note_visitor *tell,
    void *arg, struct error *err)
{
	return store->backend->table->look(store->backend, how, tell, arg, err);
}
