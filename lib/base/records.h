/*
 * records.h - bytes that only grow, read through a mapping that never moves:
 * a file, mapped read-only and written with pwrite, or memory.
 *
 * A write that fails is an error with the file's name, and a stray pointer
 * cannot change the file.  A page that the disk cannot read is SIGBUS: who
 * handles that asks records_name_of() which file it was.
 *
 * One writer; any thread may read what was written before.
 */
#ifndef BASE_RECORDS_H
#define BASE_RECORDS_H

#include "base/bytes.h"

struct records;

/*
 * A file of at most max bytes, for open(2)'s flags (O_RDONLY, or O_RDWR with
 * O_CREAT); errors carry its path.  What it has counts as written.
 */
struct records *records_open(const char *path, int flags, size_t max,
    struct error *err);
/* The same in memory, empty; name is what errors call it, and stays. */
struct records *records_new(const char *name, size_t max, struct error *err);
/*
 * The same in a file of this folder that has no name, and so is gone with the
 * records: for what would take too much memory.
 */
struct records *records_temporary(const char *name, const char *folder,
    size_t max, struct error *err);
void records_free(struct records *records);

/* Bytes written. */
size_t records_len(const struct records *records);
/* Bytes after the first len are dropped, as if they had never been written. */
bool records_cut(struct records *records, size_t len,
    struct error *err) MUST_USE;
/* Returns the address of these bytes; NULL if not all of them were written. */
const uint8_t *records_at(const struct records *records, size_t at, size_t len);
/*
 * Write, over what is there or right after it: at <= records_len().
 *
 * ERROR_LIMIT   beyond its max
 * ERROR_SYSTEM  the file system refused, or there is no memory
 */
bool records_write(struct records *records, size_t at, struct span bytes,
    struct error *err) MUST_USE;
/*
 * Have the disk set apart the room of the first len bytes, and of some more;
 * so writing them cannot fail for want of it (file_allocate()).  For the one
 * who writes, or beside it.
 */
bool records_allocate(struct records *records, size_t len,
    struct error *err) MUST_USE;
/* Make durable what a file has. */
bool records_sync(const struct records *records, struct error *err) MUST_USE;

/* Of the file that is mapped at an address, or NULL.  For signal handlers. */
const char *records_name_of(const void *address);

#endif
