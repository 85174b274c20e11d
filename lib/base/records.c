/*
 * Bytes that only grow.  The whole of max is mapped or reserved at once, which
 * costs no memory: so nothing moves when they grow.
 */
#include "base/records.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

enum { STEP = 1 << 20, MAPPED = 64, AHEAD = 64 * 1024 };

struct records {
	char *name;
	int fd; /* -1: memory */
	uint8_t *base;
	size_t max, len;  /* len is atomic */
	size_t usable;    /* of memory: what is not only reserved */
	size_t allocated; /* of a file: up to here the disk has room */
};

/* For the handler of SIGBUS, which may not take a lock. */
static struct records *mapped[MAPPED];

static void
note_mapped(struct records *records)
{
	struct records *none = NULL;

	for (size_t i = 0; i < MAPPED; i++, none = NULL)
		if (__atomic_compare_exchange_n(&mapped[i], &none, records,
			false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
			return;
}

static void
forget_mapped(struct records *records)
{
	struct records *one = records;

	for (size_t i = 0; i < MAPPED; i++, one = records)
		if (__atomic_compare_exchange_n(&mapped[i], &one, NULL, false,
			__ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
			return;
}

const char *
records_name_of(const void *address)
{
	const uint8_t *at = address;

	for (size_t i = 0; i < MAPPED; i++) {
		const struct records *one =
		    __atomic_load_n(&mapped[i], __ATOMIC_ACQUIRE);

		if (one != NULL && at >= one->base && at < one->base + one->max)
			return one->name;
	}
	return NULL;
}

static struct records *
new_records(const char *name, size_t max, struct error *err)
{
	struct records *records = calloc(1, sizeof(*records));

	if (records != NULL && (records->name = strdup(name)) != NULL) {
		records->fd = -1;
		records->base = MAP_FAILED;
		records->max = max;
		return records;
	}
	free(records);
	error_set_errno(err, "%s", name);
	return NULL;
}

/* Map a file that was opened. */
static bool
map(struct records *records, struct error *err)
{
	const size_t max = records->max;
	struct stat st;

	if (fstat(records->fd, &st) != 0)
		return error_set_errno(err, "%s", records->name);
	if ((uint64_t)st.st_size > max)
		return error_set(err, ERROR_LIMIT, "%s: %lld bytes, limit %zu",
		    records->name, (long long)st.st_size, max);
	records->base = mmap(NULL, max, PROT_READ, MAP_SHARED, records->fd, 0);
	if (records->base == MAP_FAILED)
		return error_set_errno(err, "%s", records->name);
	records->len = records->allocated = (size_t)st.st_size;
	note_mapped(records);
	return true;
}

struct records *
records_open(const char *path, int flags, size_t max, struct error *err)
{
	struct records *records = new_records(path, max, err);

	if (records == NULL)
		return NULL;
	records->fd = open(path, flags | O_CLOEXEC, 0600);
	if (records->fd < 0)
		error_set_errno(err, "%s", path);
	else if (map(records, err))
		return records;
	records_free(records);
	return NULL;
}

struct records *
records_temporary(const char *name, const char *folder, size_t max,
    struct error *err)
{
	struct records *records = new_records(name, max, err);

	if (records == NULL)
		return NULL;
	records->fd = file_temporary(folder, err);
	if (records->fd >= 0 && map(records, err))
		return records;
	records_free(records);
	return NULL;
}

struct records *
records_new(const char *name, size_t max, struct error *err)
{
	struct records *records = new_records(name, max, err);

	if (records == NULL)
		return NULL;
	records->base = mmap(NULL, max, PROT_NONE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (records->base != MAP_FAILED)
		return records;
	error_set_errno(err, "%s", name);
	records_free(records);
	return NULL;
}

void
records_free(struct records *records)
{
	if (records == NULL)
		return;
	forget_mapped(records);
	if (records->base != MAP_FAILED)
		munmap(records->base, records->max);
	if (records->fd >= 0)
		close(records->fd);
	free(records->name);
	free(records);
}

size_t
records_len(const struct records *records)
{
	return __atomic_load_n(&records->len, __ATOMIC_ACQUIRE);
}

bool
records_cut(struct records *records, size_t len, struct error *err)
{
	if (len >= records_len(records))
		return true;
	if (records->fd >= 0 && ftruncate(records->fd, (off_t)len) != 0)
		return error_set_errno(err, "%s", records->name);
	__atomic_store_n(&records->len, len, __ATOMIC_RELEASE);
	records->allocated = len;
	return true;
}

const uint8_t *
records_at(const struct records *records, size_t at, size_t len)
{
	const size_t written = records_len(records);

	return at <= written && len <= written - at ? records->base + at : NULL;
}

/* Make the memory up to end usable. */
static bool
grow(struct records *records, size_t end, struct error *err)
{
	size_t usable = records->usable;

	while (usable < end)
		usable += STEP;
	if (usable > records->max)
		usable = records->max;
	if (usable > records->usable &&
	    mprotect(records->base, usable, PROT_READ | PROT_WRITE) != 0)
		return error_set_errno(err, "%s", records->name);
	records->usable = usable;
	return true;
}

bool
records_write(struct records *records, size_t at, struct span bytes,
    struct error *err)
{
	assert(at <= records_len(records));
	if (bytes.len == 0)
		return true;
	if (bytes.len > records->max - at)
		return error_set(err, ERROR_LIMIT, "%s: more than %zu bytes",
		    records->name, records->max);
	if (records->fd >= 0) {
		if (!file_pwrite(records->fd, bytes, (off_t)at, err))
			return error_context(err, "%s", records->name);
	} else {
		if (!grow(records, at + bytes.len, err))
			return false;
		memcpy(records->base + at, bytes.data, bytes.len);
	}
	if (at + bytes.len > records_len(records))
		__atomic_store_n(&records->len, at + bytes.len,
		    __ATOMIC_RELEASE);
	return true;
}

bool
records_allocate(struct records *records, size_t len, struct error *err)
{
	const size_t from = records->allocated;
	struct error ignored = { 0 };

	if (records->fd < 0 || len <= from)
		return true;
	/* Ahead, if there is so much: most batches then need no call. */
	if (file_allocate(records->fd, from, len + AHEAD - from, &ignored))
		records->allocated = len + AHEAD;
	else if (file_allocate(records->fd, from, len - from, err))
		records->allocated = len;
	else
		return error_context(err, "%s", records->name);
	return true;
}

bool
records_sync(const struct records *records, struct error *err)
{
	return records->fd < 0 || fdatasync(records->fd) == 0 ||
	    error_set_errno(err, "%s: flush", records->name);
}
