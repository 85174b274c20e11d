/*
 * Records of one size: those of a file, and after them those that wait.
 */
#include "record/column.h"

#include <assert.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/records.h"

/* As many records as a journal has entries (journal/derived.c), or fewer. */
#define MOST (UINT64_C(1) << 30)
enum { WAITING_BYTES = 64 * 1024 };

struct column {
	struct records *records;
	size_t record_bytes;
	uint64_t num;
	bool is_file;
	bool borrows, differs; /* a borrowed file is compared */
	uint8_t *waiting;      /* of a file: WAITING_BYTES; else NULL */
	size_t num_waiting;
	struct sha256 hash; /* of num records */
};

static struct column *
make(size_t record_bytes, struct error *err)
{
	struct column *column = calloc(1, sizeof(*column));

	if (column == NULL) {
		error_set_errno(err, "column");
		return NULL;
	}
	column->record_bytes = record_bytes;
	sha256_init(&column->hash);
	return column;
}

struct column *
column_new(const char *name, size_t record_bytes, struct error *err)
{
	struct column *column = make(record_bytes, err);

	if (column != NULL &&
	    (column->records = records_new(name, MOST * record_bytes, err)) ==
		NULL) {
		column_free(column);
		return NULL;
	}
	return column;
}

/* On the records of a file, which are the column's, or NULL. */
static struct column *
on_file(const char *name, struct records *records, size_t record_bytes,
    struct error *err)
{
	struct column *column =
	    records == NULL ? NULL : make(record_bytes, err);

	if (column == NULL) {
		records_free(records);
		return NULL;
	}
	column->is_file = true;
	column->records = records;
	if ((column->waiting = malloc(WAITING_BYTES)) != NULL)
		return column;
	error_set_errno(err, "%s", name);
	column_free(column);
	return NULL;
}

struct column *
column_open(const char *path, size_t record_bytes, struct error *err)
{
	return on_file(path,
	    records_open(path, O_RDWR | O_CREAT, MOST * record_bytes, err),
	    record_bytes, err);
}

struct column *
column_temporary(const char *name, const char *folder, size_t record_bytes,
    struct error *err)
{
	return on_file(name,
	    records_temporary(name, folder, MOST * record_bytes, err),
	    record_bytes, err);
}

struct column *
column_compare(const struct column *file, struct error *err)
{
	struct column *column = make(file->record_bytes, err);

	if (column != NULL) {
		column->records = file->records;
		column->borrows = true;
	}
	return column;
}

void
column_free(struct column *column)
{
	if (column == NULL)
		return;
	if (!column->borrows)
		records_free(column->records);
	free(column->waiting);
	free(column);
}

bool
column_take(struct column *column, uint64_t num, const struct digest *sum,
    struct error *err)
{
	const size_t len = num <= MOST ? (size_t)num * column->record_bytes : 0;
	const uint8_t *bytes =
	    num <= MOST ? records_at(column->records, 0, len) : NULL;
	struct digest found;

	assert(column->num == 0 && !column->borrows);
	if (bytes == NULL)
		return error_set(err, ERROR_UNTRUSTED, "it is cut short");
	sha256_update(&column->hash, span_of(bytes, len));
	found = column_sum(column);
	if (!digest_eq(&found, sum))
		return error_set(err, ERROR_UNTRUSTED, "it is damaged");
	column->num = num;
	return records_cut(column->records, len, err);
}

bool
column_is_in(const struct column *column, const char *path)
{
	const size_t len = (size_t)column->num * column->record_bytes;
	struct digest sum = column_sum(column), found;
	struct error ignored = { 0 };
	struct records *records =
	    records_open(path, O_RDONLY, MOST * column->record_bytes, &ignored);
	const uint8_t *bytes =
	    records == NULL ? NULL : records_at(records, 0, len);

	if (bytes != NULL)
		found = sha256_of(span_of(bytes, len));
	records_free(records);
	return bytes != NULL && digest_eq(&found, &sum);
}

struct digest
column_sum(const struct column *column)
{
	struct sha256 copy = column->hash;

	return sha256_final(&copy);
}

uint64_t
column_num(const struct column *column)
{
	return column->num;
}

const uint8_t *
column_at(const struct column *column, uint64_t i)
{
	const uint64_t first = column->num - column->num_waiting;

	if (i >= column->num)
		return NULL;
	return i >= first
	    ? column->waiting + (i - first) * column->record_bytes
	    : records_at(column->records, (size_t)i * column->record_bytes,
		  column->record_bytes);
}

static bool
is_there(const struct column *column, const uint8_t *record)
{
	const uint8_t *there = records_at(column->records,
	    (size_t)column->num * column->record_bytes, column->record_bytes);

	return there != NULL &&
	    memcmp(there, record, column->record_bytes) == 0;
}

/* Write after those that are in the file. */
static bool
put(struct column *column, const uint8_t *records, size_t num,
    struct error *err)
{
	const uint64_t first = column->num - column->num_waiting;

	return records_write(column->records,
	    (size_t)first * column->record_bytes,
	    span_of(records, num * column->record_bytes), err);
}

bool
column_flush(struct column *column, struct error *err)
{
	if (column->num_waiting > 0 &&
	    !put(column, column->waiting, column->num_waiting, err))
		return false;
	column->num_waiting = 0;
	return true;
}

bool
column_add(struct column *column, const uint8_t *record, struct error *err)
{
	const size_t bytes = column->record_bytes;

	if (column->borrows) {
		column->differs |= !is_there(column, record);
	} else if (column->is_file) {
		if ((column->num_waiting + 1) * bytes > WAITING_BYTES &&
		    !column_flush(column, err))
			return false;
		memcpy(column->waiting + column->num_waiting++ * bytes, record,
		    bytes);
	} else if (!put(column, record, 1, err)) {
		return false;
	}
	sha256_update(&column->hash, span_of(record, bytes));
	column->num++;
	return true;
}

bool
column_allocate(struct column *column, size_t more, struct error *err)
{
	return records_allocate(column->records,
	    (size_t)(column->num + more) * column->record_bytes, err);
}

bool
column_differs(const struct column *column)
{
	return column->differs;
}

bool
column_sync(const struct column *column, struct error *err)
{
	return records_sync(column->records, err);
}
