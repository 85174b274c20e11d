/*
 * private.h - what the files of this folder share.
 */
#ifndef STORE_PRIVATE_H
#define STORE_PRIVATE_H

#include "store/packs.h"

struct packs *store_packs(struct store *store);
const char *store_path(const struct store *store);
/* An entry's type and size as a pack has them; its length. */
#define PACK_HEADER_MAX 16
size_t pack_header(unsigned type, uint64_t size, uint8_t out[PACK_HEADER_MAX]);
/* Whatever it is, by libgit2: a delta's content, or a loose object's. */
bool store_read_any(struct store *store, const struct oid *oid,
    enum object_type *type, struct buf *out, struct error *err) MUST_USE;
/* Is a pack to have a .keep?  As store_keep() said, unless told otherwise. */
void pack_set_kept(struct pack *pack, bool kept);
/* All objects of a pack without deltas, into another. */
bool pack_copy(struct pack *to, const struct packfile *from,
    struct error *err) MUST_USE;

#endif
