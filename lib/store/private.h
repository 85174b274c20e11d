/*
 * private.h - what the files of this folder share.
 */
#ifndef STORE_PRIVATE_H
#define STORE_PRIVATE_H

#include "store/packs.h"

struct packs *store_packs(struct store *store);
/* All objects of a pack without deltas, into another. */
bool pack_copy(struct pack *to, const struct packfile *from,
    struct error *err) MUST_USE;

#endif
