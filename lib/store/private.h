/*
 * private.h - what the files of this folder share.
 */
#ifndef STORE_PRIVATE_H
#define STORE_PRIVATE_H

#include "store/store.h"

struct store {
	struct backend *backend; /* the store's own */
};

struct pack {
	struct store *store;
	struct object_set *objects;
};

#endif
