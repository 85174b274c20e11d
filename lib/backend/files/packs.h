/*
 * packs.h - the packs of a git repository: their indexes, and their objects in
 * pieces (git's pack-format, version 2).  For this folder only.
 */
#ifndef BACKEND_FILES_PACKS_H
#define BACKEND_FILES_PACKS_H

#include <pthread.h>
#include <sys/types.h>

#include "backend/backend.h"

struct packfile {
	int fd;
	uint64_t size;
	char name[OID_HEX]; /* pack-NAME.pack */
	const uint8_t *idx; /* mapped */
	size_t idx_len;
	uint32_t num;
	int refs;
	uint8_t
	    *whole; /* of a view: entries that were read and have their name */
	bool kept;  /* it has a .keep: the writer's thread */
	uint32_t
	    *by_offset; /* entries as they lie; made when first asked for */
};

struct packs {
	char dir[4096];
	bool keeps;   /* a new one gets a .keep */
	bool is_view; /* another process writes here: nothing is changed */
	pthread_rwlock_t lock;
	struct packfile **list;
	size_t num;
	size_t
	    hint; /* where the last one was found: the next is near, mostly */
};

/*
 * An object in a pack; the pack is held until packs_release().  Its first bytes
 * were read with its header: of a small object these are all.
 */
enum { PLACE_HEAD = 4096 };

struct place {
	struct packfile *pack;
	uint64_t at;
	unsigned type; /* as in the pack: 1-4, 6 and 7 are deltas */
	uint64_t size;
	uint64_t data_at; /* its zlib stream, */
	uint64_t packed;  /* and how long that is; 0: not known */
	uint32_t entry;   /* its number in the index */
	size_t head_len;
	uint8_t head[PLACE_HEAD]; /* from at on */
};

/* Before all others; packs_close() is to be called after it. */
void packs_init(struct packs *packs, bool is_view);
/* A view leaves out what cannot be loaded; check() names it. */
bool packs_open(struct packs *packs, const char *dir,
    struct error *err) MUST_USE;
void packs_close(struct packs *packs);
bool packs_load(struct packs *packs, const char *name,
    struct error *err) MUST_USE;
/* Take packs out of the list and off the disk; readers keep theirs. */
void packs_remove(struct packs *packs, struct packfile *const gone[],
    size_t num);
/* PATH of pack-NAME.SUFFIX. */
bool packs_path(const struct packs *packs, const char *name, const char *suffix,
    char out[4096], struct error *err) MUST_USE;
/* Take every .keep away. */
void packs_release_all(struct packs *packs);
/* Visit each object of each pack; no pack is to be taken away meanwhile. */
typedef bool place_visitor(void *arg, const struct oid *oid,
    const struct place *place, struct error *err);
bool packs_each(struct packs *packs, place_visitor *visit, void *arg,
    struct error *err) MUST_USE;
bool packs_has(struct packs *packs, const struct oid *oid);
/* ERROR_NOT_FOUND if no pack has it. */
bool packs_find(struct packs *packs, const struct oid *oid, struct place *out,
    struct error *err) MUST_USE;
void packs_release(struct packfile *pack);
/* Its bytes were found to have its name. */
void place_is_whole(const struct place *place);
/* Was entry n of the pack of that name found so? */
bool packs_is_whole(struct packs *packs, const char *name, uint32_t n);

/* The n-th object by name: its name, offset and CRC. */
struct pack_entry {
	struct oid oid;
	uint64_t at;
	uint32_t crc;
};
struct pack_entry packfile_entry(const struct packfile *pack, uint32_t n);

/*
 * Where the entry ends that begins there, and its number in the index; false
 * if none does.
 */
bool packfile_extent(struct packfile *pack, uint64_t at, uint64_t *end,
    uint32_t *entry) MUST_USE;

/* len bytes of its pack from at on, which is its own at or later. */
bool place_read(const struct place *place, uint64_t at, void *out, size_t len,
    struct error *err) MUST_USE;
/*
 * An object's zlib stream as it lies there.  Its CRC is that of the index, or
 * it is ERROR_UNTRUSTED at the end.
 */
bool place_stream_packed(const struct place *place, byte_sink *sink, void *arg,
    uint64_t *packed, struct error *err) MUST_USE;
/*
 * Inflate an object to sink; *packed gets the length of its zlib stream.  raw,
 * unless NULL, gets the stream itself.
 */
bool place_stream(const struct place *place, byte_sink *sink, void *arg,
    struct buf *raw, uint64_t *packed, struct error *err) MUST_USE;

#endif
