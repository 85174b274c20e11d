/*
 * column.h - records of one size, one after another, each of which follows
 * from the journal's entries: a file beside the journal, mapped read-only and
 * written with pwrite, or memory.  So they cost no memory that the kernel
 * cannot take back.
 *
 * The newest records of a file wait in memory until there are many, or until
 * column_sync().  The SHA-256 of all of them goes on with each: by it, a file
 * is taken again at the next start.
 *
 * One writer; readers at the same time only where a lock lets them (ledger.h).
 */
#ifndef RECORD_COLUMN_H
#define RECORD_COLUMN_H

#include "base/digest.h"

struct column;

/* Empty, in memory; name is what errors call it, and stays. */
struct column *column_new(const char *name, size_t record_bytes,
    struct error *err);
/* The same in a file of this folder that has no name (base/records.h). */
struct column *column_temporary(const char *name, const char *folder,
    size_t record_bytes, struct error *err);
/* A file, made if it is not there; it counts as empty until column_take(). */
struct column *column_open(const char *path, size_t record_bytes,
    struct error *err);
/*
 * Returns a column that keeps nothing: its records are those of a file, with
 * which each added record is compared.  The file stays the caller's, and may
 * grow meanwhile.
 */
struct column *column_compare(const struct column *file, struct error *err);
void column_free(struct column *column);

/*
 * Begin with the first records of the file, if they have this SHA-256; what
 * comes after them goes.
 *
 * ERROR_UNTRUSTED  it has fewer, or others
 */
bool column_take(struct column *column, uint64_t num, const struct digest *sum,
    struct error *err) MUST_USE;
/* Does a file have as many first records as the column, and the same? */
bool column_is_in(const struct column *column, const char *path);
/* Of all records. */
struct digest column_sum(const struct column *column);
uint64_t column_num(const struct column *column);
/* NULL if there is none.  Good until one is added. */
const uint8_t *column_at(const struct column *column, uint64_t i);
bool column_add(struct column *column, const uint8_t *record,
    struct error *err) MUST_USE;
/*
 * Have the disk set apart the room of so many more records, so that adding
 * them cannot fail for want of it.
 *
 * ERROR_SYSTEM  no room (is_full), or the disk failed
 */
bool column_allocate(struct column *column, size_t more,
    struct error *err) MUST_USE;
/* Was one that was added not what the compared file has there? */
bool column_differs(const struct column *column);
/* Put what waits into the file; the next makes it durable. */
bool column_flush(struct column *column, struct error *err) MUST_USE;
bool column_sync(const struct column *column, struct error *err) MUST_USE;

#endif
