/*
 * data_place.h - what opening a record (data.c) needs of where it is (place.c).
 * Private to lib/record.
 */
#ifndef RECORD_DATA_PLACE_H
#define RECORD_DATA_PLACE_H

#include "record/data.h"

/*
 * Open store and log to write, in one backend, so that one proposal reaches
 * both; log is the folder of the log's files.  NULL on failure.
 */
struct store *data_open_both(const struct data_place *place, const char *log,
    struct error *err);

#endif
