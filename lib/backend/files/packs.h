/*
 * packs.h - the packs of a git repository: their indexes, and their objects in
 * pieces (git's pack-format, version 2).  Private to this folder.
 */
#ifndef BACKEND_FILES_PACKS_H
#define BACKEND_FILES_PACKS_H

#include <pthread.h>
#include <sys/types.h>

#include "backend/backend.h"

struct packfile {
	int fd;
	uint64_t size;
	char name[OID_HEX]; /* NAME in pack-NAME.pack */
	const uint8_t *idx; /* the index file, mapped */
	size_t idx_len;
	uint32_t num;
	int refs;
	uint8_t *whole; /* a view's: 1 for an entry found to match its name */
	bool is_gone;   /* packs_remove() took it out of the list */
	bool is_new;    /* it has a .new; under the list's lock */
	bool is_kept;   /* it has a .keep, as each pack of ours */
	uint32_t *by_offset; /* the entries by offset; made when first needed */
};

struct packs {
	char dir[4096];
	bool marks;   /* each new pack gets a .new: no branch names it yet */
	bool is_ours; /* a data folder's: each pack gets a .keep */
	bool is_view; /* another process writes here: change nothing */
	pthread_rwlock_t lock;
	struct packfile **list;
	size_t num;
	size_t hint; /* pack of the last object found */
	/*
	 * Of a data folder: the names of packs whose index is missing or
	 * damaged, a line each.
	 */
	struct buf unread;
};

/*
 * An object in a pack; the pack is held until packs_release().  Its first bytes
 * were read together with its header: for a small object, all of them.
 */
enum { PLACE_HEAD = 4096 };

struct place {
	struct packfile *pack;
	uint64_t at;
	unsigned type; /* as in the pack: 1 to 4; 6 and 7 are deltas */
	uint64_t size;
	uint64_t data_at; /* offset of its zlib stream */
	uint64_t packed;  /* length of that stream; 0: not known */
	uint32_t entry;   /* its number in the index */
	size_t head_len;
	uint8_t head[PLACE_HEAD]; /* the bytes from at on */
};

/*
 * To be called before all others, and packs_close() after them. is_ours: the
 * packs are a data folder's.
 */
void packs_init(struct packs *packs, bool is_view, bool is_ours);
/*
 * Open all packs of a folder.  A view leaves out packs that cannot be loaded;
 * check() names them.  Of a data folder, unread gets those whose index is
 * missing or damaged.
 */
bool packs_open(struct packs *packs, const char *dir,
    struct error *err) MUST_USE;
void packs_close(struct packs *packs);
bool packs_load(struct packs *packs, const char *name,
    struct error *err) MUST_USE;
/*
 * Take packs out of the list and off the disk; readers keep theirs.  The files
 * of a pack named except stay: the new pack is the same as one of the old.
 */
void packs_remove(struct packs *packs, struct packfile *const gone[],
    size_t num, const char *except);
/* Give all packs, each held, in a list for packs_release_list(). */
bool packs_hold_all(struct packs *packs, struct packfile ***out, size_t *num,
    struct error *err) MUST_USE;
void packs_release_list(struct packfile **list, size_t num);
bool packs_is_new(struct packs *packs, const struct packfile *pack);
/*
 * Make pack-NAME.SUFFIX beside a pack, unless it is there. Its content does not
 * matter: a hard link to the index, whose path is given, is cheaper than a new
 * file.
 */
bool packs_make_beside(const struct packs *packs, const char *name,
    const char *suffix, const char *index, struct error *err) MUST_USE;
/* Set out to the path of pack-NAME.SUFFIX. */
bool packs_path(const struct packs *packs, const char *name, const char *suffix,
    char out[4096], struct error *err) MUST_USE;
/* Remove every .new. */
void packs_release_all(struct packs *packs);
/* Visit each object of each pack. */
typedef bool place_visitor(void *arg, const struct oid *oid,
    const struct place *place, struct error *err);
bool packs_each(struct packs *packs, place_visitor *visit, void *arg,
    struct error *err) MUST_USE;
bool packs_has(struct packs *packs, const struct oid *oid);
/*
 * Find an object and hold its pack.
 *
 * ERROR_NOT_FOUND  no pack has it
 */
bool packs_find(struct packs *packs, const struct oid *oid, struct place *out,
    struct error *err) MUST_USE;
void packs_release(struct packfile *pack);
/* Note that the object's bytes were hashed and match its name. */
void place_is_whole(const struct place *place);
/* Did place_is_whole() note that of entry n of the pack with this name? */
bool packs_is_whole(struct packs *packs, const char *name, uint32_t n);

/* The n-th object in the order of names: its name, offset and CRC. */
struct pack_entry {
	struct oid oid;
	uint64_t at;
	uint32_t crc;
};
struct pack_entry packfile_entry(const struct packfile *pack, uint32_t n);

/*
 * Find the entry that begins at this offset: where it ends, and its number in
 * the index.  Returns false if no entry begins there.
 */
bool packfile_extent(struct packfile *pack, uint64_t at, uint64_t *end,
    uint32_t *entry) MUST_USE;

/* Read an object's header.  The same read gets a small object whole. */
bool place_read_header(struct place *place, struct error *err) MUST_USE;
/*
 * Read len bytes of the pack from offset at on, which lies in this object's
 * entry or after it.
 */
bool place_read(const struct place *place, uint64_t at, void *out, size_t len,
    struct error *err) MUST_USE;
/*
 * Give an object's zlib stream as it is stored.
 *
 * ERROR_UNTRUSTED  its CRC is not that of the index; told after the last byte
 */
bool place_stream_packed(const struct place *place, byte_sink *sink, void *arg,
    uint64_t *packed, struct error *err) MUST_USE;
/*
 * Inflate an object to sink; *packed gets the length of its zlib stream. raw,
 * unless NULL, gets the stream itself.
 */
bool place_stream(const struct place *place, byte_sink *sink, void *arg,
    struct buf *raw, uint64_t *packed, struct error *err) MUST_USE;

#endif
