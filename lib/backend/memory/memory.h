/*
 * memory.h - a backend that keeps everything in memory, for tests.  Its content
 * is lost when it is closed.
 */
#ifndef BACKEND_MEMORY_MEMORY_H
#define BACKEND_MEMORY_MEMORY_H

#include "backend/backend.h"

struct backend *memory_open(struct error *err);
/* Open another handle of the same memory, which goes with the last of them. */
struct backend *memory_share(struct backend *other, struct error *err);

#endif
