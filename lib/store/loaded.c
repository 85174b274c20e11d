/*
 * The functions of store.h, refs.h and compare.h for a program that does not
 * link libgit2: valise-git.so is loaded when the first store is opened, or the
 * first texts are compared.
 */
#include "store/module.h"

static const struct store_module *loaded;

static bool
load(struct error *err)
{
	if (loaded == NULL)
		loaded = module_load("git", sizeof(*loaded), err);
	return loaded != NULL;
}

bool
store_create(const char *path, struct error *err)
{
	return load(err) && loaded->create(path, err);
}

struct store *
store_open(const char *path, struct error *err)
{
	return load(err) ? loaded->open(path, err) : NULL;
}

void
store_free(struct store *store)
{
	/* If the module could not be loaded there is no store either. */
	if (store != NULL)
		loaded->close(store);
}

bool
store_has(struct store *store, const struct oid *oid)
{
	return loaded->has(store, oid);
}

bool
store_read(struct store *store, const struct oid *oid, enum object_type type,
    struct buf *out, struct error *err)
{
	return loaded->read(store, oid, type, out, err);
}

bool
store_member(struct store *store, const char *path, const struct oid *oid,
    const struct digest *sha256, uint64_t hold, struct member *out,
    struct error *err)
{
	return loaded->member(store, path, oid, sha256, hold, out, err);
}

bool
store_member_hashed(struct store *store, const char *path,
    const struct oid *oid, uint64_t hold, unsigned how, struct member *out,
    struct error *err)
{
	return loaded->member_hashed(store, path, oid, hold, how, out, err);
}

bool
store_walk_tree(struct store *store, const struct oid *tree,
    store_visitor *visit, void *arg, struct error *err)
{
	return loaded->walk_tree(store, tree, visit, arg, err);
}

bool
store_read_commit(struct store *store, const struct oid *oid,
    struct store_commit *out, struct error *err)
{
	return loaded->read_commit(store, oid, out, err);
}

bool
store_take_pack(struct store *store, int fd, uint64_t at, uint64_t len,
    bool for_git, struct error *err)
{
	return loaded->take_pack(store, fd, at, len, for_git, err);
}

bool
store_set_ref(struct store *store, const char *name, const struct oid *oid,
    struct error *err)
{
	return loaded->set_ref(store, name, oid, err);
}

bool
store_get_ref(struct store *store, const char *name, struct oid *out)
{
	return loaded->get_ref(store, name, out);
}

bool
compare_texts(const char *name, struct span a, struct span b, unsigned context,
    compare_visitor *visit, void *arg, struct error *err)
{
	return load(err) &&
	    loaded->compare(name, a, b, context, visit, arg, err);
}

bool
store_add_heads(struct store *store, const struct branch heads[], size_t num,
    struct error *err)
{
	return loaded->add_heads(store, heads, num, err);
}
