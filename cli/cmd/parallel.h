/*
 * parallel.h - many files on all cores, told in their order.
 */
#ifndef CLI_CMD_PARALLEL_H
#define CLI_CMD_PARALLEL_H

#include <stdio.h>

#include "base/error.h"

/* Does the work for file i. Its output is printed in the order of the files. */
typedef void parallel_work(void *arg, size_t i, struct error *worst);

/*
 * Call work for each of [from, num), by so many processes at a time.  They are
 * copies of this one: what they change in memory is theirs alone, so have ready
 * what all of them need.  merge is told what each made of *worst, in order.
 *
 * ERROR_SYSTEM  no process, or one that ended before its work
 */
bool parallel_files(size_t from, size_t num, unsigned jobs, parallel_work *work,
    void *arg, void (*merge)(struct error *worst, const struct error *one),
    struct error *worst, struct error *err) MUST_USE;
/*
 * The same for what is not told as it was printed: item writes what came of i to
 * a file, and take reads what each process wrote, in order.  Both give back
 * false with an error, which ends all.  One process has at least each items; if
 * there are no more than that, all is done in this one.
 */
typedef bool parallel_item(void *arg, size_t i, FILE *to, struct error *err);
typedef bool parallel_take(void *arg, FILE *from, struct error *err);
bool parallel_each(size_t num, size_t each, parallel_item *item,
    parallel_take *take, void *arg, struct error *err) MUST_USE;
/* How many processes this machine runs at once. */
unsigned parallel_jobs(void);

#endif
