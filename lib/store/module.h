/*
 * module.h - the table of functions in valise-git.so: those of store.h and
 * compare.h that need libgit2 and that the command uses.
 */
#ifndef STORE_MODULE_H
#define STORE_MODULE_H

#include "base/module.h"
#include "store/compare.h"
#include "store/refs.h"
#include "store/store.h"

struct store_module {
	struct module module;
	bool (*create)(const char *path, struct error *err);
	struct store *(*open)(const char *path, struct error *err);
	void (*close)(struct store *store);
	bool (*has)(struct store *store, const struct oid *oid);
	bool (*read)(struct store *store, const struct oid *oid,
	    enum object_type type, struct buf *out, struct error *err);
	bool (*member)(struct store *store, const char *path,
	    const struct oid *oid, const struct digest *sha256, uint64_t hold,
	    struct member *out, struct error *err);
	bool (*member_hashed)(struct store *store, const char *path,
	    const struct oid *oid, uint64_t hold, unsigned how,
	    struct member *out, struct error *err);
	bool (*walk_tree)(struct store *store, const struct oid *tree,
	    store_visitor *visit, void *arg, struct error *err);
	bool (*read_commit)(struct store *store, const struct oid *oid,
	    struct store_commit *out, struct error *err);
	bool (*take_pack)(struct store *store, int fd, uint64_t at,
	    uint64_t len, bool for_git, struct error *err);
	bool (*set_ref)(struct store *store, const char *name,
	    const struct oid *oid, struct error *err);
	bool (*get_ref)(struct store *store, const char *name, struct oid *out);
	bool (*add_heads)(struct store *store, const struct branch heads[],
	    size_t num, struct error *err);
	bool (*compare)(const char *name, struct span a, struct span b,
	    unsigned context, compare_visitor *visit, void *arg,
	    struct error *err);
};

extern const struct store_module valise_module;

#endif
