/*
 * backend.h - where the bytes of a record are stored: one table of functions,
 * which each kind of storage fills in.
 *
 * A backend knows neither documents nor Merkle trees.  An object is a zlib
 * stream under a 20-byte name; a branch, in git's sense, is a name for an
 * object.  The log is a sequence of entries and a sequence of heads: each head
 * gives a size, the root that the entries had at that size, and the signature
 * over both.  The caller gives these bytes their meaning.
 *
 * There are three kinds: files (backend/files/files.h), a git repository that
 * any git command reads; a database of PostgreSQL (backend/postgres/postgres.h);
 * and memory (backend/memory/memory.h), for tests.
 *
 * Beside the record a backend that several machines reach keeps exhibits: what
 * others handed in, such as the lines of witnesses (journal/cosignatures.h).
 *
 * Functions that only read are safe between threads.  All others belong to the
 * one thread that writes, except a set of objects under way: that belongs to
 * the thread that began it.
 */
#ifndef BACKEND_BACKEND_H
#define BACKEND_BACKEND_H

#include "base/digest.h"

#define OID_BYTES 20
#define OID_HEX   41

/* The name of an object: the SHA-1 of its type, size and content, as in git. */
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
	OBJECT_TAG = 4, /* made by git users; we never write one */
};

/* "commit", "tree", "blob" or "tag". */
const char *object_type_name(enum object_type type);

/*
 * Begin the hash that becomes an object's name: hash the header that precedes
 * its content.
 */
void object_hash_begin(struct sha1 *hash, enum object_type type, uint64_t size);

/*
 * Encode the header of an object in a pack: its type, a number of git's pack
 * format, and its size.  Returns the header's length in bytes.
 */
#define OBJECT_HEADER_MAX 16
size_t object_header(unsigned type, uint64_t size,
    uint8_t out[OBJECT_HEADER_MAX]);

struct backend;

/* An object that was found.  It stays readable until release(). */
struct object {
	enum object_type type;
	uint64_t size; /* of the content, in bytes */
	/*
	 * The length of the object's zlib stream in bytes; 0 if it is not
	 * known. find() leaves it 0; a caller that knows it may fill it in,
	 * which saves stream() a search.
	 */
	uint64_t packed;
	/*
	 * The stored bytes are a delta against another object (git's
	 * pack-format, "Deltified representation").  Then type is not known,
	 * and size is that of the delta.
	 */
	bool is_delta;
	struct oid base;
	/* private to the backend */
	struct backend *backend;
	void *held;
};

enum object_form {
	OBJECT_WHOLE,   /* the content, never a delta, at any cost */
	OBJECT_AS_KEPT, /* a delta where a delta is stored */
};

enum object_bytes {
	OBJECT_CONTENT,
	/*
	 * The zlib stream (RFC 1950) as it is stored: of the content or, if
	 * is_delta, of the delta.
	 */
	OBJECT_PACKED,
};

/* A set of objects being written; each backend extends this struct. */
struct object_set {
	struct backend *backend;
};

/* A git branch: a name below refs/heads/ and the object that it points to. */
struct branch {
	const char *name;
	struct oid oid;
};

typedef bool object_visitor(void *arg, const struct oid *oid,
    const struct object *object, struct error *err);
typedef bool branch_visitor(void *arg, const struct branch *branch,
    struct error *err);
/* Called for each part of the storage, or each object, that is damaged. */
typedef void damage_visitor(void *arg, const char *about, const char *what);

enum look_how {
	LOOK_AT_NOTES, /* what opening it found and mended */
	LOOK_AT_ALL,   /* that, and what only reading everything finds */
	LOOK_AND_MEND,
};

/*
 * Called for what look() finds: its code (base/codes.def), what it is about, and
 * a sentence; is_mended tells whether it is right again.
 */
typedef void note_visitor(void *arg, const char *code, const char *about,
    const char *text, bool is_mended);

/*
 * A signed size of the log.  The backend stores root and signature and gives
 * them back, unread.
 */
struct head {
	uint64_t size; /* entries */
	int64_t time_ms;
	struct digest root;
	uint8_t signature[64];
};

/* What others handed in beside the record; the numbers are stored. */
enum exhibit_kind {
	/* A line of a witness; its name is the size, 8 bytes, big-endian. */
	EXHIBIT_COSIGNATURE = 1,
	/* A waybill and what came with it; its name is the waybill's digest. */
	EXHIBIT_WAYBILL = 2,
	/* Evidence of a fork (journal/evidence.h); its name is its SHA-256. */
	EXHIBIT_EVIDENCE = 3,
};

struct exhibit {
	enum exhibit_kind kind;
	struct span
	    name; /* at most EXHIBIT_NAME bytes; many may have the same */
	struct span bytes;
	/* As it was found: its bytes are not those that were added. */
	bool is_damaged;
};

#define EXHIBIT_NAME 32

/* Returns how many bytes one of a kind may have. */
size_t exhibit_limit(enum exhibit_kind kind);

/* What becomes of exhibits that only the backend has, or only the data folder. */
enum exhibits_way {
	EXHIBITS_COUNT = 0,
	EXHIBITS_TAKE = 1, /* the folder gets what the backend has */
	EXHIBITS_GIVE = 2, /* the backend gets what the folder has */
	EXHIBITS_BOTH = 3,
};

struct exhibits_shared {
	size_t taken, given; /* or to be */
	size_t refused;      /* of the backend: damaged, or not good */
};

typedef bool exhibit_visitor(void *arg, const struct exhibit *exhibit,
    struct error *err);

/* What is to be added to the log; all of it is stored, or nothing. */
struct proposal;
/*
 * Make the mark of a proposal over its size, the size after it, and its root:
 * 32 bytes that only who may propose can make.
 *
 * ERROR_UNAVAILABLE  it may be asked again
 */
typedef bool proposal_marker(void *arg, const struct proposal *proposal,
    struct digest *out, struct error *err);

struct proposal {
	/*
	 * The number of entries before these, and their length in bytes: each
	 * entry takes 2 bytes more than its own length.
	 */
	uint64_t size, at;
	const struct span *entries; /* each at most 65535 bytes */
	size_t num_entries;
	struct digest root; /* of all entries, these included */
	/*
	 * A set of objects that was begun before and is not finished, or NULL.
	 */
	struct object_set *objects;
	/* Names outside refs/heads/, and the objects that they point to. */
	const struct branch *names;
	size_t num_names;
	/*
	 * Called once objects and names are durable, so that the caller can
	 * measure the time; or NULL.
	 */
	void (*stored)(void *arg);
	/*
	 * Called by a backend that others can write to, before anything is
	 * stored: it keeps the mark, so that proposed() can give it back. NULL:
	 * there is none, since the head is signed already.
	 */
	proposal_marker *mark;
	void *arg; /* of both */
};

/* A proposal as it is read back. */
struct proposed {
	struct head head; /* its size and root; time and signature are zero */
	uint64_t end;     /* of its entries, in bytes */
	bool is_marked;
	struct digest mark;
};

struct backend_table {
	void (*close)(struct backend *backend);

	/* --- The log. --- */

	/*
	 * Get the right to write, for this handle alone, until it is closed;
	 * before recover().  With files it is a lock on the file of entries.  A
	 * handle that has the right gets it again.
	 *
	 * ERROR_CONFLICT   another handle or process has it
	 * ERROR_UNTRUSTED  stop() was called
	 */
	bool (*claim)(struct backend *backend, struct error *err);
	/*
	 * Make sure that this handle still has the right to write; before each
	 * proposal.  With files: the file of entries is still the locked one.
	 *
	 * ERROR_SYSTEM  it does not have it, or never had it: stop
	 */
	bool (*renew)(struct backend *backend, struct error *err);
	/*
	 * Make the entries durable, with their objects and names.  This does
	 * not publish them.  Proposals come one after the other, from the
	 * handle that has the right to write.
	 *
	 * What the entries and their head need of the disk is set apart first,
	 * from the reserve if need be.
	 *
	 * ERROR_UNAVAILABLE  nothing was stored; it may be proposed again
	 * ERROR_FULL         the same, since the disk is full
	 *  others             it is not known what was stored: stop
	 */
	bool (*propose)(struct backend *backend,
	    const struct proposal *proposal, struct error *err);
	/*
	 * Record that the head of a proposed size is signed durably, which
	 * makes its entries count. end is the length of the entries up to it,
	 * in bytes.  Heads come in the order of the proposals and from one
	 * thread, which need not be the one that calls propose().  The signer's
	 * record can restore them, so they need not be durable before
	 * flush_heads().
	 */
	bool (*publish)(struct backend *backend, const struct head *head,
	    uint64_t end, struct error *err);
	bool (*flush_heads)(struct backend *backend, struct error *err);
	uint64_t (*num_heads)(struct backend *backend);
	/*
	 * Read the n-th head, in the order in which they were published.
	 *
	 * ERROR_UNTRUSTED  the head is damaged
	 */
	bool (*head)(struct backend *backend, uint64_t n, struct head *out,
	    struct error *err);
	/*
	 * Read len bytes of the entries from byte at on.  Each entry is
	 * preceded by its length: two bytes, big-endian.
	 */
	bool (*read)(struct backend *backend, uint64_t at, void *out,
	    size_t len, struct error *err);
	/*
	 * Get the number of bytes that can be read, unpublished ones included.
	 */
	bool (*log_bytes)(struct backend *backend, uint64_t *out,
	    struct error *err);
	/*
	 * Called once after opening: get the newest published head (size 0 if
	 * there is none).  Heads that were never durable may be damaged; they
	 * are left out, and *dropped gets their number.
	 */
	bool (*recover)(struct backend *backend, struct head *newest,
	    uint64_t *dropped, struct error *err);
	/*
	 * Called after recover() and before any proposal. signer is the head
	 * that the signer signed last; it counts, and end is the length of its
	 * entries in bytes.  It is published if it is newer than the newest
	 * head.  Entries after it were never signed.  Files, which one process
	 * alone can write, cut them off.  What several processes reach keeps
	 * them, since another may have had them signed: proposed() gives them
	 * to the caller, who must have them signed.
	 *
	 * ERROR_UNTRUSTED  what the signer signed is not what was proposed
	 */
	bool (*settle)(struct backend *backend, const struct head *signer,
	    uint64_t end, struct error *err);
	/*
	 * Get the first proposal that is larger than this size.  Size 0: there
	 * is none; files have none, since settle() cuts off what was not
	 * signed.  After recover().  The caller must make sure, by its mark,
	 * that a writer made it, have it signed, and publish it before it
	 * proposes anything else.
	 */
	bool (*proposed)(struct backend *backend, uint64_t after,
	    struct proposed *out, struct error *err);

	/*
	 * What was proposed cannot be signed: where several processes may write,
	 * none of them may any more, until the owner of the storage says so.
	 * For who has the right to write; the reason is for a person.
	 */
	void (*stop)(struct backend *backend, const char *reason);

	/* --- The log's reserve. --- */

	/*
	 * Keep so many bytes of the disk back, for the log alone, as far as
	 * there is room now: to be called again and again, since the log uses
	 * the reserve up when the disk is full.  Beside the thread that writes.
	 * With files it is a file beside the entries, and of a small disk a
	 * quarter at most.
	 *
	 * ERROR_SYSTEM  the disk failed, or has no such call
	 */
	bool (*keep_reserve)(struct backend *backend, uint64_t bytes,
	    struct error *err);
	/* Get how many bytes it has, and how many it should have. */
	void (
	    *reserve)(struct backend *backend, uint64_t *has, uint64_t *wanted);
	/*
	 * Give up a step of the reserve, of at least so many bytes, for what
	 * the log's owner allocates beside it.  Returns false if nothing is
	 * left.
	 */
	bool (*use_reserve)(struct backend *backend, uint64_t bytes);

	/* --- Objects: reading. --- */

	bool (*has)(struct backend *backend, const struct oid *oid);
	/* The same of many: is_there gets an answer for each. */
	bool (*has_each)(struct backend *backend, const struct oid oids[],
	    size_t num, bool is_there[], struct error *err);
	/*
	 * Find an object by name.
	 *
	 * ERROR_NOT_FOUND  there is none
	 * ERROR_UNTRUSTED  the storage is damaged there
	 */
	bool (*find)(struct backend *backend, const struct oid *oid,
	    enum object_form form, struct object *out, struct error *err);
	void (*release)(struct object *object);
	/*
	 * These objects will be found soon, each once.  Where asking for one is
	 * a way there and back, the small ones are asked for together; nothing
	 * is promised.
	 */
	void (*ahead)(struct backend *backend, const struct oid oids[],
	    size_t num);
	/*
	 * Give the object's bytes to sink, in pieces.  Unless they are NULL,
	 * *packed gets the length of the zlib stream, and raw, with
	 * OBJECT_CONTENT, the stream itself.
	 *
	 * ERROR_UNTRUSTED  the bytes are damaged; some may have been given to sink
	 *  before this is noticed
	 */
	bool (*stream)(const struct object *object, enum object_bytes bytes,
	    byte_sink *sink, void *arg, struct buf *raw, uint64_t *packed,
	    struct error *err);
	/*
	 * The caller has hashed the object, and the hash is its name: check()
	 * may skip it.
	 */
	void (*vouch)(const struct object *object);
	/* Visit each object in its stored form, in any order. */
	bool (*each)(struct backend *backend, object_visitor *visit, void *arg,
	    struct error *err);

	/* --- Objects: writing. --- */

	/*
	 * Begin a set of objects.  None of them can be found before finish(),
	 * and all of them are durable after it. drop() frees the set: it takes
	 * NULL too, and must also be called after finish().
	 */
	struct object_set *(*begin)(struct backend *backend, struct error *err);
	void (*drop)(struct object_set *objects);
	bool (*finish)(struct object_set *objects, struct error *err);
	/*
	 * Copy into this set the objects of another set of this backend, which
	 * must not be finished later.  Objects that are there already are
	 * skipped.
	 */
	bool (*take)(struct object_set *objects, const struct object_set *from,
	    struct error *err);
	/*
	 * Is the object, whose content is so many bytes, in this set or in the
	 * backend?  Of a small one that is not in this set a backend may say no
	 * where it would have to ask another process: written again, it is
	 * found to be there then.
	 */
	bool (*is_there)(const struct object_set *objects,
	    const struct oid *oid, uint64_t size);
	/*
	 * Write one object that is_there() does not know: its name, type and
	 * size, then its zlib stream in pieces, then its end. object_undo() in
	 * place of object_end() removes it again.
	 */
	bool (*object_begin)(struct object_set *objects, const struct oid *oid,
	    enum object_type type, uint64_t size, struct error *err);
	bool (*object_piece)(struct object_set *objects, struct span piece,
	    struct error *err);
	void (*object_end)(struct object_set *objects);
	void (*object_undo)(struct object_set *objects);

	/* --- Names. --- */

	/*
	 * Look a name up.  Returns false, without an error, if there is none.
	 */
	bool (*name_get)(struct backend *backend, const char *name,
	    struct oid *out);
	/*
	 * Point a name to an object.  The change is durable, unless the name is
	 * a branch.
	 */
	bool (*name_set)(struct backend *backend, const char *name,
	    const struct oid *oid, struct error *err);
	/*
	 * Visit each branch, in the order of strcmp(); the name is valid during
	 * the call.  *num_strays gets the number of branches stored where
	 * set_branches() does not write them.
	 *
	 * ERROR_UNTRUSTED  the branches are damaged
	 */
	bool (*each_branch)(struct backend *backend, branch_visitor *visit,
	    void *arg, size_t *num_strays, struct error *err);
	/*
	 * Replace all branches by these.  They are in the order of strcmp(),
	 * each once.
	 *
	 * ERROR_UNAVAILABLE  a git command holds the lock
	 */
	bool (*set_branches)(struct backend *backend,
	    const struct branch branches[], size_t num, struct error *err);

	/*
	 * Protect new objects that no branch names yet from being removed by a
	 * git command, until release_kept(), which says that the branches name
	 * all of them.
	 */
	void (*keep)(struct backend *backend);
	void (*release_kept)(struct backend *backend);
	/* Was the object so protected when the backend was opened? */
	bool (*is_kept)(struct backend *backend, const struct oid *oid);

	/* --- Exhibits; both functions are safe between threads. --- */

	/*
	 * Add exhibits: all are durable when this returns true.  One that is
	 * there already, with the same bytes, is left.  NULL, as
	 * each_exhibit(): one machine alone reaches this storage, and exhibits
	 * are kept in other files of the data folder.
	 *
	 * ERROR_UNAVAILABLE  they may not be there: add them again
	 */
	bool (*add_exhibits)(struct backend *backend,
	    const struct exhibit exhibits[], size_t num, struct error *err);
	/*
	 * Visit the exhibits of a kind, in the order of their names; name:
	 * those of this name alone, or NULL.  What is visited was not judged:
	 * who reads an exhibit must verify it.
	 */
	bool (*each_exhibit)(struct backend *backend, enum exhibit_kind kind,
	    const struct span *name, exhibit_visitor *visit, void *arg,
	    struct error *err);

	/* --- Upkeep. --- */

	/*
	 * For how many milliseconds the process that has the storage has said
	 * nothing, though it is asked every few seconds; 0 before claim().  NULL:
	 * there is none.  For any thread.
	 */
	int64_t (*silent_ms)(struct backend *backend);
	/*
	 * Join the many small parts that small writes left, if there are more
	 * than enough: a step of bounded length.  *joined gets the number of
	 * parts joined.  It may run beside the thread that writes, on one thread
	 * at a time.
	 */
	bool (*tidy)(struct backend *backend, size_t enough, unsigned *joined,
	    struct error *err);
	/*
	 * Check one of parts equal shares of the storage: its checksums, and
	 * that each object's bytes hash to its name, except objects that were
	 * vouched for.  *num gets the number of objects.
	 */
	bool (*check)(struct backend *backend, unsigned part, unsigned parts,
	    damage_visitor *tell, void *arg, uint64_t *num, struct error *err);
	/*
	 * Tell what in the storage is not as it was made but can be made again,
	 * since no object is lost by it.  To mend it, nobody else may use the
	 * storage.
	 */
	bool (*look)(struct backend *backend, enum look_how how,
	    note_visitor *tell, void *arg, struct error *err);
};

struct backend {
	const struct backend_table *table;
};

#endif
