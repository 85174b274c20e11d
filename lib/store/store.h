/*
 * store.h - the git objects in which every version stays: commits, trees and
 * blobs, kept by a backend (backend/backend.h).
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "backend/backend.h"
#include "document/container.h"

struct store;

/* Of a backend, which is the store's then; NULL if that is NULL. */
struct store *store_new(struct backend *backend, struct error *err);

/* It stays the store's. */
struct backend *store_backend(const struct store *store);

/* The same for a backend of files (backend/files/files.h). */
bool store_create(const char *path, struct error *err) MUST_USE;
struct store *store_open(const char *path, struct error *err);
/* To read beside whoever writes: nothing is changed, not even swept. */
struct store *store_view(const char *path, struct error *err);
void store_free(struct store *store);

/* Reading: safe between threads. */
bool store_has(struct store *store, const struct oid *oid);
/*
 * ERROR_SYSTEM     no such object
 * ERROR_LIMIT      over the max of out
 * ERROR_UNTRUSTED  damaged: its bytes have another name
 */
bool store_read(struct store *store, const struct oid *oid,
    enum object_type type, struct buf *out, struct error *err) MUST_USE;
/*
 * A blob as a member of a container, streamed when it is wanted; sha256 is
 * what the caller knows of it, or NULL.
 */
bool store_member(struct store *store, const char *path, const struct oid *oid,
    const struct digest *sha256, struct member *out,
    struct error *err) MUST_USE;
/*
 * A blob as a member whose SHA-256 is known, because it was read for it, once.
 * Up to hold bytes of content stay in memory; more is streamed when it is
 * wanted.
 *
 * ERROR_LIMIT  STORE_HELD: it is over hold bytes
 */
enum store_how {
	STORE_WRITTEN = 1, /* it goes into a ZIP: CRC and deflated bytes too */
	STORE_NAMED = 2,   /* its bytes must have git's name */
	STORE_CHECKED = 4, /* if they have it, store_check() need not look */
	STORE_HELD = 8,    /* nothing is streamed later */
};
bool store_member_hashed(struct store *store, const char *path,
    const struct oid *oid, uint64_t hold, unsigned how, struct member *out,
    struct error *err) MUST_USE;

/* Told of each file below a tree. */
typedef bool store_visitor(void *arg, const char *path, const struct oid *oid,
    struct error *err);
bool store_walk_tree(struct store *store, const struct oid *tree,
    store_visitor *visit, void *arg, struct error *err) MUST_USE;

/* The same; of each tree it is asked whether to look below it. */
typedef bool store_chooser(void *arg, const struct oid *tree);
bool store_walk_trees(struct store *store, const struct oid *tree,
    store_chooser *enter, store_visitor *visit, void *arg,
    struct error *err) MUST_USE;

struct store_commit {
	struct oid tree, parent;
	bool has_parent;
	int64_t at;                /* the committer's time, in seconds */
	char contents[DIGEST_HEX]; /* of the Contents-Digest trailer */
};
bool store_read_commit(struct store *store, const struct oid *oid,
    struct store_commit *out, struct error *err) MUST_USE;

/*
 * Write a pack of these objects, each once, for others to read.  Entries are
 * copied as they lie, and checked against their CRC; deltas too, unless
 * whole is wanted.
 */
bool store_send(struct store *store, const struct oid *list, size_t num,
    bool whole, byte_sink *sink, void *arg, struct error *err) MUST_USE;

/*
 * A pack under way: objects that do not exist until pack_finish(), and are
 * durable after it.  One thread.
 */
struct pack;
struct pack *pack_new(struct store *store, struct error *err);
void pack_free(struct pack *pack); /* drops what is not finished */
bool pack_add(struct pack *pack, enum object_type type, struct span content,
    struct oid *out, struct error *err) MUST_USE;
/* A hashed member's content as a blob; its packed bytes are copied. */
bool pack_add_member(struct pack *pack, const struct member *member,
    struct error *err) MUST_USE;
/* The tree of all members; with_attributes adds ".gitattributes: * -text". */
bool pack_add_tree(struct pack *pack, const struct container *container,
    bool with_attributes, struct oid *out, struct error *err) MUST_USE;
/* Nothing is written where nothing was added. */
bool pack_finish(struct pack *pack, struct error *err) MUST_USE;
/* Its objects, for a proposal that finishes them (backend/backend.h). */
struct object_set *pack_objects(struct pack *pack);
/*
 * Take the objects of another pack of this store, which is not to be finished,
 * but for those that this one has: so whoever finishes packs has little to do.
 */
bool pack_take(struct pack *pack, const struct pack *staged,
    struct error *err) MUST_USE;
/* Is the object in the store or in this pack? */
bool pack_has(const struct pack *pack, const struct oid *oid);

/*
 * Take in a pack that somebody else made, [at, + len) of a file: read, checked
 * and indexed by libgit2; then its objects are here.  For a backend of files.
 *
 * ERROR_MALFORMED  it is none
 */
bool store_take_pack(struct store *store, int fd, uint64_t at, uint64_t len,
    struct error *err) MUST_USE;

/* Refs: one thread. */
bool store_set_ref(struct store *store, const char *name, const struct oid *oid,
    struct error *err) MUST_USE;
/* False, without an error, if there is none. */
bool store_get_ref(struct store *store, const char *name, struct oid *out);
/*
 * From now on each new pack gets a .keep (git-repack(1)), so that no git
 * command takes away what no ref names yet; until store_release(), to be called
 * once the refs name all of it.  The writer's thread.
 */
void store_keep(struct store *store);
void store_release(struct store *store);
/* Is an object in a pack that had a .keep when it was opened? */
bool store_keeps(struct store *store, const struct oid *oid);

/*
 * Join small packs into one, once there are more than enough; the writer's
 * thread.  *joined gets how many.
 * STORE_PACKS_IDLE is for when nobody waits, STORE_PACKS_BUSY even then: each
 * pack costs a descriptor and every reader a look into its index.
 */
enum { STORE_PACKS_IDLE = 48, STORE_PACKS_BUSY = 192 };
bool store_tidy(struct store *store, size_t enough, unsigned *joined,
    struct error *err) MUST_USE;

/*
 * Check one of so many parts of the store: that each object's bytes have its
 * name, but for those that were read through this store and found so.  tell is
 * called with a pack or object and what is wrong with it.
 */
bool store_check(struct store *store, unsigned part, unsigned parts,
    damage_visitor *tell, void *arg, uint64_t *num_objects,
    struct error *err) MUST_USE;

#endif
