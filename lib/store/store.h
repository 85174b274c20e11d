/*
 * store.h - the git objects that hold every version: commits, trees and blobs,
 * stored by a backend (backend/backend.h).
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "backend/backend.h"
#include "document/container.h"

struct store;

/*
 * Returns a store on a backend, which it takes over; NULL if backend is NULL.
 */
struct store *store_new(struct backend *backend, struct error *err);

/* Returns the store's backend, which stays the store's. */
struct backend *store_backend(const struct store *store);

/* The same for a backend of files (backend/files/files.h). */
bool store_create(const char *path, struct error *err) MUST_USE;
struct store *store_open(const char *path, struct error *err);
/* Make a data folder's store. */
bool store_create_ours(const char *path, struct error *err) MUST_USE;
/*
 * Open a data folder's store, to write; or to read while another process
 * writes: then nothing is changed (files_open_ours()).
 */
struct store *store_open_ours(const char *path, struct error *err);
struct store *store_view(const char *path, struct error *err);
void store_free(struct store *store);

/* Reading is safe between threads.  Is there such an object? */
bool store_has(struct store *store, const struct oid *oid);
/* The same of many: is_there gets an answer for each. */
bool store_has_each(struct store *store, const struct oid oids[], size_t num,
    bool is_there[], struct error *err) MUST_USE;
/*
 * Read an object whole.
 *
 * ERROR_SYSTEM     no such object
 * ERROR_LIMIT      it is over the maximum of out
 * ERROR_UNTRUSTED  it is damaged: its bytes do not hash to its name
 */
bool store_read(struct store *store, const struct oid *oid,
    enum object_type type, struct buf *out, struct error *err) MUST_USE;
/*
 * Make a blob a member of a container, streamed when it is read; of a content of
 * up to hold bytes the deflated bytes stay in memory.  sha256 is its digest if
 * the caller knows it, or NULL.
 */
bool store_member(struct store *store, const char *path, const struct oid *oid,
    const struct digest *sha256, uint64_t hold, struct member *out,
    struct error *err) MUST_USE;
/*
 * Make a blob a member and compute its SHA-256, by reading it once.  A content
 * of up to hold bytes stays in memory; a larger one is streamed again when it
 * is read.
 *
 * ERROR_LIMIT  with STORE_HELD: it is over hold bytes
 */
enum store_how {
	/* For a ZIP: compute its CRC and keep its deflated bytes too. */
	STORE_WRITTEN = 1,
	STORE_NAMED = 2,   /* check that the bytes hash to git's name */
	STORE_CHECKED = 4, /* note the success of that for store_check() */
	STORE_HELD = 8,    /* hold it all; nothing is streamed later */
};
bool store_member_hashed(struct store *store, const char *path,
    const struct oid *oid, uint64_t hold, unsigned how, struct member *out,
    struct error *err) MUST_USE;

/* Called for each file below a tree. */
typedef bool store_visitor(void *arg, const char *path, const struct oid *oid,
    struct error *err);
bool store_walk_tree(struct store *store, const struct oid *tree,
    store_visitor *visit, void *arg, struct error *err) MUST_USE;

/* Called for each tree; returns whether to visit the files below it. */
typedef bool store_chooser(void *arg, const struct oid *tree);
bool store_walk_trees(struct store *store, const struct oid *tree,
    store_chooser *enter, store_visitor *visit, void *arg,
    struct error *err) MUST_USE;

struct store_commit {
	struct oid tree, parent;
	bool has_parent;
	int64_t at;                /* the committer's time, UTC seconds */
	char contents[DIGEST_HEX]; /* from the Contents-Digest trailer */
};
bool store_read_commit(struct store *store, const struct oid *oid,
    struct store_commit *out, struct error *err) MUST_USE;

/*
 * Write a pack of these objects, each once, for another repository.  Stored
 * streams are copied after a check of their CRC, deltas too unless whole is
 * set.
 */
bool store_send(struct store *store, const struct oid *list, size_t num,
    bool whole, byte_sink *sink, void *arg, struct error *err) MUST_USE;

/*
 * A pack being written: its objects do not exist before pack_finish(), and are
 * durable after it.  For one thread.
 */
struct pack;
struct pack *pack_new(struct store *store, struct error *err);
void pack_free(struct pack *pack); /* drops a pack that was not finished */
bool pack_add(struct pack *pack, enum object_type type, struct span content,
    struct oid *out, struct error *err) MUST_USE;
/*
 * Add the content of a hashed member as a blob; its deflated bytes are copied.
 */
bool pack_add_member(struct pack *pack, const struct member *member,
    struct error *err) MUST_USE;
/*
 * Add the tree of all members; with_attributes adds the file ".gitattributes: *
 * -text".
 */
bool pack_add_tree(struct pack *pack, const struct container *container,
    bool with_attributes, struct oid *out, struct error *err) MUST_USE;
/* Finish; if nothing was added nothing is written. */
bool pack_finish(struct pack *pack, struct error *err) MUST_USE;
/*
 * Returns the pack's objects, for a proposal that finishes them
 * (backend/backend.h).
 */
struct object_set *pack_objects(struct pack *pack);
/*
 * Copy in the objects of another pack of this store, which must not be finished
 * later; those that this one has are skipped.  So the thread that finishes
 * packs has little to do.
 */
bool pack_take(struct pack *pack, const struct pack *staged,
    struct error *err) MUST_USE;
/* Is the object in the store or in this pack? */
bool pack_has(const struct pack *pack, const struct oid *oid);

/*
 * Add a pack from outside, bytes [at, at + len) of a file, which nobody shortens
 * meanwhile. After that its objects are in the store; nothing is flushed.
 * for_git: git is to read them too. For a backend of files only.
 *
 * ERROR_MALFORMED  the bytes are not a pack
 */
bool store_take_pack(struct store *store, int fd, uint64_t at, uint64_t len,
    bool for_git, struct error *err) MUST_USE;

/* Refs, for one thread.  Set one: */
bool store_set_ref(struct store *store, const char *name, const struct oid *oid,
    struct error *err) MUST_USE;
/* Look a ref up.  Returns false, without an error, if there is none. */
bool store_get_ref(struct store *store, const char *name, struct oid *out);
/*
 * Note of each new pack from now on that no ref names its objects yet.
 * store_release() ends that and is to be called when the refs name all objects.
 * For the writer's thread.
 */
void store_keep(struct store *store);
void store_release(struct store *store);
/* Is an object in a pack of which that was noted? */
bool store_keeps(struct store *store, const struct oid *oid);

/*
 * Join some small packs into one, if there are more than enough.  It may run
 * beside the writer's thread, on one thread at a time.  *joined gets how many.
 * STORE_PACKS_IDLE is for when nobody waits, STORE_PACKS_BUSY even then: each
 * pack costs a descriptor and every reader a look into its index.
 */
enum { STORE_PACKS_IDLE = 48, STORE_PACKS_BUSY = 192 };
bool store_tidy(struct store *store, size_t enough, unsigned *joined,
    struct error *err) MUST_USE;

/*
 * Check one of parts equal shares of the store: that each object's bytes hash
 * to its name, except those read through this store and found good. tell is
 * called with a pack or object and its damage.
 */
bool store_check(struct store *store, unsigned part, unsigned parts,
    damage_visitor *tell, void *arg, uint64_t *num_objects,
    struct error *err) MUST_USE;
/*
 * Tell what in a data folder's store is not as it was made but can be made again
 * (look() of the backend).
 */
bool store_look(struct store *store, enum look_how how, note_visitor *tell,
    void *arg, struct error *err) MUST_USE;

#endif
