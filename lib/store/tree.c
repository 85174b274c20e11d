/*
 * Writing objects into the store: a pack being written, and the trees of a
 * container's members.
 */
#include <stdlib.h>
#include <string.h>

#include "base/deflate.h"
#include "store/private.h"

struct pack *
pack_new(struct store *store, struct error *err)
{
	struct pack *pack = calloc(1, sizeof(*pack));

	if (pack == NULL) {
		error_set_errno(err, "pack");
		return NULL;
	}
	pack->store = store;
	pack->objects = store->backend->table->begin(store->backend, err);
	if (pack->objects == NULL) {
		free(pack);
		return NULL;
	}
	return pack;
}

void
pack_free(struct pack *pack)
{
	if (pack == NULL)
		return;
	pack->store->backend->table->drop(pack->objects);
	free(pack);
}

bool
pack_finish(struct pack *pack, struct error *err)
{
	return pack->store->backend->table->finish(pack->objects, err);
}

struct object_set *
pack_objects(struct pack *pack)
{
	return pack->objects;
}

bool
pack_take(struct pack *pack, const struct pack *staged, struct error *err)
{
	return pack->store->backend->table->take(pack->objects, staged->objects,
	    err);
}

bool
pack_has(const struct pack *pack, const struct oid *oid)
{
	return pack->store->backend->table->is_there(pack->objects, oid,
	    UINT64_MAX);
}

static bool
put_object(struct object_set *objects, enum object_type type,
    struct span content, const struct oid *oid, struct error *err)
{
	const struct backend_table *table = objects->backend->table;
	struct buf packed = BUF(SIZE_MAX);
	bool ok;

	ok = deflate_zlib(content, &packed, err) &&
	    table->object_begin(objects, oid, type, content.len, err);
	if (ok) {
		ok = table->object_piece(objects, buf_span(&packed), err);
		if (ok)
			table->object_end(objects);
		else
			table->object_undo(objects);
	}
	buf_free(&packed);
	return ok;
}

bool
pack_add(struct pack *pack, enum object_type type, struct span content,
    struct oid *out, struct error *err)
{
	struct sha1 sha1;

	object_hash_begin(&sha1, type, content.len);
	sha1_update(&sha1, content);
	sha1_final(&sha1, out->bytes);
	return pack->store->backend->table->is_there(pack->objects, out,
		   content.len) ||
	    put_object(pack->objects, type, content, out, err);
}

/*
 * Add the trees of the members below prefix, from member *i on; members are in
 * byte order.
 */
static bool
add_trees(struct pack *pack, const struct container *container, size_t *i,
    const char *prefix, bool with_attributes, struct oid *out,
    struct error *err)
{
	const size_t len = strlen(prefix);
	struct buf tree = BUF(LIMIT_MEMBERS * 256);
	bool ok = true;

	if (with_attributes) {
		struct oid blob;

		ok = pack_add(pack, OBJECT_BLOB, span_of_str("* -text\n"),
			 &blob, err) &&
		    buf_append(&tree, span_of("100644 .gitattributes", 22),
			err) &&
		    buf_append(&tree, span_of(blob.bytes, OID_BYTES), err);
	}
	while (ok && *i < container->num &&
	    strncmp(container->members[*i].path, prefix, len) == 0) {
		const struct member *member = &container->members[*i];
		const char *name = member->path + len;
		const char *slash = strchr(name, '/');
		char below[LIMIT_PATH_BYTES + 2];
		struct oid child;

		if (path_is_receipt(member->path)) {
			(*i)++;
			continue;
		}
		if (slash == NULL) {
			ok = pack_add_member(pack, member, err) &&
			    buf_append_str(&tree, "100644 ", err) &&
			    buf_append(&tree, span_of(name, strlen(name) + 1),
				err) &&
			    buf_append(&tree, span_of(member->blob, OID_BYTES),
				err);
			(*i)++;
			continue;
		}
		snprintf(below, sizeof(below), "%.*s",
		    (int)(slash - member->path) + 1, member->path);
		ok = add_trees(pack, container, i, below, false, &child, err) &&
		    buf_append_str(&tree, "40000 ", err) &&
		    buf_append(&tree, span_of(name, (size_t)(slash - name)),
			err) &&
		    buf_append_u8(&tree, 0, err) &&
		    buf_append(&tree, span_of(child.bytes, OID_BYTES), err);
	}
	ok = ok && pack_add(pack, OBJECT_TREE, buf_span(&tree), out, err);
	buf_free(&tree);
	return ok;
}

/*
 * git sorts a folder as if its name ended in '/', which is the byte order of
 * full paths: "texts/" stands where "texts/lo/…" does.  ".gitattributes" sorts
 * before every name that text_check_path() accepts.
 */
bool
pack_add_tree(struct pack *pack, const struct container *container,
    bool with_attributes, struct oid *out, struct error *err)
{
	size_t i = 0;

	return add_trees(pack, container, &i, "", with_attributes, out, err);
}
