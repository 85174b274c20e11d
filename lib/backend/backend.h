/*
 * backend.h - where the bytes of a record are kept: one table of functions,
 * filled in by each kind of storage.
 *
 * It knows neither documents nor Merkle trees.  An object is a zlib stream
 * under a 20-byte name; what git calls a branch is a name for one.  The log is
 * entries, one after the other, and heads: each says of a size what root the
 * entries had then and who signed that.  Whoever calls knows what they mean.
 *
 * Two kinds are there: files (backend/files/files.h), a git repository that
 * any git command reads, and memory (backend/memory/memory.h), for tests.
 *
 * It does not hold yet: who may write (with files, whoever has the data folder's
 * lock), the signing of what recover() finds proposed (files cut it), and the
 * cosignatures of witnesses (journal/cosignatures.h).
 *
 * Functions that only read are safe between threads.  All others belong to
 * the one thread that writes, except a set of objects under way: that belongs
 * to the thread that began it.
 */
#ifndef BACKEND_BACKEND_H
#define BACKEND_BACKEND_H

#include "base/digest.h"

#define OID_BYTES 20
#define OID_HEX   41

/* The name of an object: SHA-1 of its type, size and content, as git has it. */
struct oid {
	uint8_t bytes[OID_BYTES];
};

void oid_hex(const struct oid *oid, char out[OID_HEX]);
bool oid_eq(const struct oid *a, const struct oid *b);

/* The numbers are those of git's pack format. */
enum object_type {
	OBJECT_COMMIT = 1,
	OBJECT_TREE = 2,
	OBJECT_BLOB = 3,
	OBJECT_TAG = 4, /* made by hand, never by us */
};

/* "commit", "tree", "blob" or "tag". */
const char *object_type_name(enum object_type type);

/* Begin the hash that is an object's name: what stands before its content. */
void object_hash_begin(struct sha1 *hash, enum object_type type, uint64_t size);

/*
 * Encode what stands before an object in a pack: its type, a number of git's
 * pack format, and its size.  The length of that.
 */
#define OBJECT_HEADER_MAX 16
size_t object_header(unsigned type, uint64_t size,
    uint8_t out[OBJECT_HEADER_MAX]);

struct backend;

/* An object that was found.  It stays readable until release(). */
struct object {
	enum object_type type;
	uint64_t size; /* of its content */
	/*
	 * The length of its zlib stream; 0: not known.  find() says 0; who
	 * knows it may fill it in, which saves stream() a search.
	 */
	uint64_t packed;
	/*
	 * What is kept is the difference from another object (git's
	 * pack-format, "Deltified representation").  Then type is not known,
	 * and size is that of the difference.
	 */
	bool is_delta;
	struct oid base;
	/* The backend's own. */
	struct backend *backend;
	void *held;
};

enum object_form {
	OBJECT_WHOLE,   /* never a difference, whatever it costs */
	OBJECT_AS_KEPT, /* a difference where that is kept */
};

enum object_bytes {
	OBJECT_CONTENT,
	/*
	 * The zlib stream (RFC 1950) as it is kept: of the content or, if
	 * is_delta, of the difference.
	 */
	OBJECT_PACKED,
};

/* A set of objects under way; each backend has its own. */
struct object_set {
	struct backend *backend;
};

/* A branch, as git calls it: a name below refs/heads/. */
struct branch {
	const char *name;
	struct oid oid;
};

typedef bool object_visitor(void *arg, const struct oid *oid,
    const struct object *object, struct error *err);
typedef bool branch_visitor(void *arg, const struct branch *branch,
    struct error *err);
/* Told of a part of the storage, or of an object, that is damaged. */
typedef void damage_visitor(void *arg, const char *about, const char *what);

/* A signed size of the log.  root and signature are bytes to give back. */
struct head {
	uint64_t size; /* entries */
	int64_t time_ms;
	struct digest root;
	uint8_t signature[64];
};

/* What is to come into the log, all or nothing. */
struct proposal {
	/*
	 * Entries before these, and the bytes of those: 2 more than its own for
	 * each.
	 */
	uint64_t size, at;
	const struct span *entries; /* each at most 65535 bytes */
	size_t num_entries;
	struct digest root; /* of all entries with these */
	/* Objects begun before and not finished, or NULL. */
	struct object_set *objects;
	/* Names, not below refs/heads/, and what they are of. */
	const struct branch *names;
	size_t num_names;
	/* Called once objects and names are durable, to measure; or NULL. */
	void (*stored)(void *arg);
	void *arg;
};

struct backend_table {
	void (*close)(struct backend *backend);

	/* --- The log. --- */

	/*
	 * Make entries durable, with their objects and names.  They are not
	 * published; who may write proposes one after the other.
	 *
	 * ERROR_UNAVAILABLE  nothing was stored; it may be proposed again
	 * others             it is not known what was stored: stop
	 */
	bool (*propose)(struct backend *backend,
	    const struct proposal *proposal, struct error *err);
	/*
	 * The head of a size that was proposed is signed, durably: it counts.
	 * end is the bytes of its entries.  Heads come in the order of the
	 * proposals, from one thread, which may be another than that of
	 * propose().  They follow what the signer keeps, so they need not be
	 * durable before flush_heads().
	 */
	bool (*publish)(struct backend *backend, const struct head *head,
	    uint64_t end, struct error *err);
	bool (*flush_heads)(struct backend *backend, struct error *err);
	uint64_t (*num_heads)(struct backend *backend);
	/*
	 * The n-th head, in the order in which they were published.
	 *
	 * ERROR_UNTRUSTED  it is damaged
	 */
	bool (*head)(struct backend *backend, uint64_t n, struct head *out,
	    struct error *err);
	/* Entries, each after its length in two bytes, the higher first. */
	bool (*read)(struct backend *backend, uint64_t at, void *out,
	    size_t len, struct error *err);
	/* How many bytes can be read: also of what is not published. */
	bool (*log_bytes)(struct backend *backend, uint64_t *out,
	    struct error *err);
	/*
	 * After it was opened: the newest head that was published (size 0:
	 * none).  Heads that were never durable may be damaged; they are left
	 * out, and *dropped gets how many.
	 */
	bool (*recover)(struct backend *backend, struct head *newest,
	    uint64_t *dropped, struct error *err);
	/*
	 * Then, before anything is proposed: what the signer signed last counts,
	 * and end is the bytes of its entries.  Its head is published if it is
	 * newer than the newest.  Entries after it were never signed: files cut
	 * them.  A backend that several write to must not, as another may have
	 * signed them: it would give them to the caller to sign.
	 */
	bool (*settle)(struct backend *backend, const struct head *signer,
	    uint64_t end, struct error *err);

	/* --- Objects: reading. --- */

	bool (*has)(struct backend *backend, const struct oid *oid);
	/*
	 * ERROR_NOT_FOUND  there is none
	 * ERROR_UNTRUSTED  the storage is damaged there
	 */
	bool (*find)(struct backend *backend, const struct oid *oid,
	    enum object_form form, struct object *out, struct error *err);
	void (*release)(struct object *object);
	/*
	 * Give the object's bytes to sink, in pieces.  Unless they are NULL,
	 * *packed gets the length of the zlib stream, and raw, with
	 * OBJECT_CONTENT, the stream itself.
	 *
	 * ERROR_UNTRUSTED  the bytes are damaged; this may come after some of
	 *                  them were given
	 */
	bool (*stream)(const struct object *object, enum object_bytes bytes,
	    byte_sink *sink, void *arg, struct buf *raw, uint64_t *packed,
	    struct error *err);
	/* The caller read the object and its bytes have its name. */
	void (*vouch)(const struct object *object);
	/* Visit each object, as kept, in any order. */
	bool (*each)(struct backend *backend, object_visitor *visit, void *arg,
	    struct error *err);

	/* --- Objects: writing. --- */

	/*
	 * A set of objects under way: none of them is there until finish(),
	 * and all of them are durable after it.  drop() takes NULL too, and is
	 * also to be called after finish().
	 */
	struct object_set *(*begin)(struct backend *backend, struct error *err);
	void (*drop)(struct object_set *objects);
	bool (*finish)(struct object_set *objects, struct error *err);
	/*
	 * Put the objects of another set of this backend, which is not to be
	 * finished, into this one, but for those that are there.
	 */
	bool (*take)(struct object_set *objects, const struct object_set *from,
	    struct error *err);
	/* Is it in this set, or in the backend? */
	bool (
	    *is_there)(const struct object_set *objects, const struct oid *oid);
	/*
	 * One object of the set, which is not there yet: its name, type and
	 * size, then its zlib stream in pieces, then its end.  object_undo()
	 * in place of object_end() takes it back.
	 */
	bool (*object_begin)(struct object_set *objects, const struct oid *oid,
	    enum object_type type, uint64_t size, struct error *err);
	bool (*object_piece)(struct object_set *objects, struct span piece,
	    struct error *err);
	void (*object_end)(struct object_set *objects);
	void (*object_undo)(struct object_set *objects);

	/* --- Names. --- */

	/* False, without an error, if there is none. */
	bool (*name_get)(struct backend *backend, const char *name,
	    struct oid *out);
	/* Durable, unless it is a branch. */
	bool (*name_set)(struct backend *backend, const char *name,
	    const struct oid *oid, struct error *err);
	/*
	 * Visit each branch by name, in the order of strcmp(); the name is good
	 * during the call.  *num_strays gets how many stand where
	 * set_branches() does not write them.
	 *
	 * ERROR_UNTRUSTED  they are damaged
	 */
	bool (*each_branch)(struct backend *backend, branch_visitor *visit,
	    void *arg, size_t *num_strays, struct error *err);
	/*
	 * Make these the branches, and no others.  They are in the order of
	 * strcmp(), each once.
	 *
	 * ERROR_UNAVAILABLE  a git command holds the lock
	 */
	bool (*set_branches)(struct backend *backend,
	    const struct branch branches[], size_t num, struct error *err);

	/*
	 * From now on no git command removes new objects that no branch names
	 * yet, until release_kept() says that the branches name all of them.
	 */
	void (*keep)(struct backend *backend);
	void (*release_kept)(struct backend *backend);
	/* Was the object kept so when the backend was opened? */
	bool (*is_kept)(struct backend *backend, const struct oid *oid);

	/* --- Upkeep. --- */

	/*
	 * Put in order what many small writes left behind, if more than enough
	 * of it is there; *joined gets how much was.
	 */
	bool (*tidy)(struct backend *backend, size_t enough, unsigned *joined,
	    struct error *err);
	/*
	 * Check one of so many parts of the storage: its own sums, and that
	 * each object's bytes have its name, but for those that were vouched
	 * for.  *num gets the number of objects.
	 */
	bool (*check)(struct backend *backend, unsigned part, unsigned parts,
	    damage_visitor *tell, void *arg, uint64_t *num, struct error *err);
};

struct backend {
	const struct backend_table *table;
};

#endif
