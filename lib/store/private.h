/*
 * private.h - what the files of this folder share: the store's struct.
 */
#ifndef STORE_PRIVATE_H
#define STORE_PRIVATE_H

#include "store/store.h"

struct store {
	struct backend *backend; /* owned */
};

struct pack {
	struct store *store;
	struct object_set *objects;
};

#endif
