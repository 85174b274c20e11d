/*
 * The cosignatures of witnesses: loading them, keeping them, and choosing the
 * checkpoint that enough witnesses cosigned (cosignatures.h).
 */
#include "journal/cosignatures.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"

struct record {
	uint64_t size;
	char *line;       /* the line, with its LF */
	struct span name; /* its signer's, within it, */
	uint32_t id;      /* and the key's */
	bool is_shared;   /* the backend has it */
};

struct cosignatures {
	int fd; /* -1: it is a view */
	off_t end;
	bool failed;
	struct backend *backend; /* that has the lines too, or NULL */
	/*
	 * Only who holds adding changes anything; who reads waits for no disk
	 * and no database, but for mutex alone.
	 */
	pthread_mutex_t adding, mutex;
	struct record *list; /* sorted by size */
	size_t num, room;
};

/*
 * Read by whom a line is, once: where no quorum is reached each copy asks of
 * all lines and witnesses.  One that is of nobody has no name.
 */
static void
read_signer(struct record *record)
{
	struct span rest = span_of_str(record->line), dash, name, base64;
	struct buf raw = BUF(8192);
	struct error ignored = { 0 };
	struct span bytes;

	if (span_take_until(&rest, ' ', &dash) &&
	    span_take_until(&rest, ' ', &name) &&
	    span_take_line(&rest, &base64) &&
	    span_base64_append(base64, &raw, &ignored)) {
		bytes = buf_span(&raw);
		if (span_take_u32(&bytes, &record->id))
			record->name = name;
	}
	buf_free(&raw);
}

/*
 * Is the line by this key?  The name and as much of the key's ID as two lines
 * need to differ are compared.
 */
static bool
is_of(const struct record *record, const struct note_key *key)
{
	return record->id == key->id && span_is(record->name, key->name);
}

/* Insert a line in the order of sizes. */
static bool
insert(struct cosignatures *all, uint64_t size, struct span line,
    struct error *err)
{
	struct record one = { .size = size,
		.line = strndup((const char *)line.data, line.len) };
	size_t at;

	if (all->num == all->room) {
		const size_t room = all->room == 0 ? 64 : all->room * 2;
		struct record *list = realloc(all->list, room * sizeof(*list));

		if (list == NULL) {
			free(one.line);
			return error_set_errno(err, "cosignatures");
		}
		all->list = list;
		all->room = room;
	}
	if (one.line == NULL)
		return error_set_errno(err, "cosignatures");
	read_signer(&one);
	/* The new size is nearly always the largest, so search from the end. */
	for (at = all->num; at > 0 && all->list[at - 1].size > size; at--)
		all->list[at] = all->list[at - 1];
	all->list[at] = one;
	all->num++;
	return true;
}

/* Returns the index of the first record of this size or a larger one. */
static size_t
find(const struct cosignatures *all, uint64_t size)
{
	size_t low = 0, high = all->num;

	while (low < high) {
		const size_t middle = low + (high - low) / 2;

		if (all->list[middle].size < size)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* As it stands under a note (C2SP signed-note): of one line, without NUL. */
static bool
is_line(struct span line)
{
	return span_starts(line, "\u2014 ") &&
	    memchr(line.data, '\0', line.len) == NULL;
}

/* Parse a line: a size, and what stands under a note. */
static bool
parse_line(struct span line, uint64_t *size, struct span *under)
{
	struct span number;

	*under = line;
	return span_take_until(under, ' ', &number) &&
	    span_to_u64(number, size) && is_line(*under);
}

/*
 * Parse the file.  A last line without its end is cut off, unless it is a view.
 */
static bool
load(struct cosignatures *all, struct span text, bool is_view,
    struct error *err)
{
	const size_t whole = text.len;
	struct span line, rest;
	uint64_t number;

	while (span_take_line(&text, &line)) {
		if (!parse_line(line, &number, &rest))
			return error_set(err, ERROR_UNTRUSTED,
			    "journal/cosignatures is damaged");
		if (!insert(all, number, span_of(rest.data, rest.len + 1), err))
			return false;
	}
	all->end = (off_t)(whole - text.len);
	return text.len == 0 || is_view || ftruncate(all->fd, all->end) == 0 ||
	    error_set_errno(err, "journal/cosignatures");
}

static struct cosignatures *
open_file(const char *path, bool is_view, struct error *err)
{
	struct cosignatures *all = calloc(1, sizeof(*all));
	struct buf text = BUF(LIMIT_COSIGNATURES_BYTES);
	bool ok;

	if (all == NULL) {
		error_set_errno(err, "cosignatures");
		return NULL;
	}
	pthread_mutex_init(&all->adding, NULL);
	pthread_mutex_init(&all->mutex, NULL);
	all->fd = open(path,
	    is_view ? O_RDONLY | O_CLOEXEC : O_RDWR | O_CREAT | O_CLOEXEC,
	    0600);
	/* A journal older than the witnesses has no such file. */
	ok = all->fd >= 0 || (is_view && errno == ENOENT) ||
	    error_set_errno(err, "%s", path);
	ok = ok &&
	    (all->fd < 0 ||
		(file_read(path, text.max, &text, err) &&
		    load(all, buf_span(&text), is_view, err)));
	buf_free(&text);
	if (!ok) {
		cosignatures_free(all);
		return NULL;
	}
	if (is_view && all->fd >= 0) {
		close(all->fd);
		all->fd = -1;
	}
	return all;
}

bool
cosignatures_mend(const char *path, size_t *dropped, struct error *err)
{
	struct buf text = BUF(LIMIT_COSIGNATURES_BYTES);
	struct buf good = BUF(LIMIT_COSIGNATURES_BYTES);
	char before[FILE_PATH];
	struct span rest, line, under;
	uint64_t number;
	bool ok = file_read(path, text.max, &text, err);

	*dropped = 0;
	rest = buf_span(&text);
	while (ok && span_take_line(&rest, &line)) {
		if (parse_line(line, &number, &under))
			ok = buf_append(&good, span_of(line.data, line.len + 1),
			    err);
		else
			++*dropped;
	}
	*dropped += rest.len > 0;
	if (ok && *dropped > 0)
		ok = (snprintf(before, sizeof(before), "%s.before", path) <
			     (int)sizeof(before) ||
			 error_set(err, ERROR_LIMIT, "%s: too long", path)) &&
		    (rename(path, before) == 0 ||
			error_set_errno(err, "%s", path)) &&
		    file_write(path, buf_span(&good), 0600, err);
	buf_free(&text);
	buf_free(&good);
	return ok;
}

struct cosignatures *
cosignatures_open(const char *path, struct error *err)
{
	return open_file(path, false, err);
}

struct cosignatures *
cosignatures_view(const char *path, struct error *err)
{
	return open_file(path, true, err);
}

void
cosignatures_each(struct cosignatures *all,
    void (*visit)(void *arg, uint64_t size, struct span line), void *arg)
{
	for (size_t i = 0; i < all->num; i++)
		visit(arg, all->list[i].size, span_of_str(all->list[i].line));
}

void
cosignatures_free(struct cosignatures *all)
{
	if (all == NULL)
		return;
	for (size_t i = 0; i < all->num; i++)
		free(all->list[i].line);
	free(all->list);
	if (all->fd >= 0)
		close(all->fd);
	pthread_mutex_destroy(&all->adding);
	pthread_mutex_destroy(&all->mutex);
	free(all);
}

/*
 * Is the line a by the same witness as b?  Both begin with "— NAME ", then
 * base64 that begins with the key's ID.
 */
static bool
same_witness(const char *a, struct span b)
{
	const char *end = strrchr(a, ' ');

	/*
	 * The key's ID is the first 4 bytes: 5 digits of base64 and 2 bits of
	 * the next.
	 */
	return end != NULL && (size_t)(end - a) + 6 < b.len &&
	    memcmp(a, b.data, (size_t)(end - a) + 6) == 0;
}

/*
 * Returns the record of the witness of this line at this size, or NULL.  Who
 * calls holds the lock of adding, so the list stays as it is.
 */
static struct record *
find_same(const struct cosignatures *all, uint64_t size, struct span line)
{
	for (size_t i = find(all, size);
	     i < all->num && all->list[i].size == size; i++)
		if (same_witness(all->list[i].line, line))
			return &all->list[i];
	return NULL;
}

/* Write a line at the end of the file. */
static bool
write_line(struct cosignatures *all, uint64_t size, struct span line,
    struct error *err)
{
	struct buf text = BUF(LIMIT_NOTE_FILE);
	bool ok;

	ok = !all->failed ||
	    error_set(err, ERROR_UNAVAILABLE, "it could not be written before");
	ok = ok && buf_printf(&text, err, "%llu ", (unsigned long long)size) &&
	    buf_append(&text, line, err) &&
	    file_pwrite(all->fd, buf_span(&text), all->end, err);
	all->failed = all->failed || !ok;
	if (ok)
		all->end += (off_t)text.len;
	buf_free(&text);
	return ok;
}

static bool
flush(struct cosignatures *all, struct error *err)
{
	const bool ok =
	    fdatasync(all->fd) == 0 || error_set_errno(err, "flush");

	all->failed = all->failed || !ok;
	return ok;
}

/* Show a line that is in the file to who reads. */
static bool
show(struct cosignatures *all, uint64_t size, struct span line,
    struct error *err)
{
	bool ok;

	pthread_mutex_lock(&all->mutex);
	ok = insert(all, size, line, err);
	pthread_mutex_unlock(&all->mutex);
	return ok;
}

/* --- Sharing. --- */

enum { GIVE_AT_ONCE = 1000 };

/* The name of an exhibit. */
static void
name_of(uint64_t size, uint8_t out[8])
{
	for (unsigned i = 0; i < 8; i++)
		out[i] = (uint8_t)(size >> (56 - 8 * i));
}

/* Add so many records to the backend. */
static bool
give(struct backend *backend, struct record *const records[], size_t num,
    struct error *err)
{
	struct exhibit exhibits[GIVE_AT_ONCE] = { 0 };
	uint8_t names[GIVE_AT_ONCE][8];

	for (size_t i = 0; i < num; i++) {
		name_of(records[i]->size, names[i]);
		exhibits[i] = (struct exhibit){ .kind = EXHIBIT_COSIGNATURE,
			.name = span_of(names[i], 8),
			.bytes = span_of_str(records[i]->line) };
	}
	if (!backend->table->add_exhibits(backend, exhibits, num, err))
		return false;
	for (size_t i = 0; i < num; i++)
		records[i]->is_shared = true;
	return true;
}

struct sharing {
	struct cosignatures *all;
	enum exhibits_way way;
	cosignature_check *check;
	void *arg;
	struct exhibits_shared *out;
};

/* An exhibit as it was added: a size, and one line. */
static bool
parse_exhibit(const struct exhibit *exhibit, uint64_t *size)
{
	struct span name = exhibit->name, rest = exhibit->bytes, line;

	return !exhibit->is_damaged && name.len == 8 &&
	    span_take_u64(&name, size) && is_line(rest) &&
	    span_take_line(&rest, &line) && rest.len == 0;
}

/* An exhibit_visitor: take a line of the backend. */
static bool
take_one(void *arg, const struct exhibit *exhibit, struct error *err)
{
	struct sharing *it = arg;
	struct cosignatures *all = it->all;
	struct record *same;
	uint64_t size;

	if (!parse_exhibit(exhibit, &size)) {
		it->out->refused++;
		return true;
	}
	same = find_same(all, size, exhibit->bytes);
	if (same != NULL && span_eq(span_of_str(same->line), exhibit->bytes)) {
		same->is_shared = true;
		return true;
	}
	if ((uint64_t)all->end + exhibit->bytes.len + 24 >
		LIMIT_COSIGNATURES_BYTES ||
	    !it->check(it->arg, size, exhibit->bytes)) {
		it->out->refused++;
		return true;
	}
	/* It may sign a size once more, at another time: the first counts. */
	if (same != NULL)
		return true;
	it->out->taken++;
	if ((it->way & EXHIBITS_TAKE) == 0)
		return true;
	if (all->fd < 0)
		all->end += (off_t)exhibit->bytes.len;
	else if (!write_line(all, size, exhibit->bytes, err))
		return false;
	if (!show(all, size, exhibit->bytes, err))
		return false;
	find_same(all, size, exhibit->bytes)->is_shared = true;
	return true;
}

/* Give the backend what it lacks, or count it. */
static bool
give_all(const struct sharing *it, struct backend *backend, struct error *err)
{
	struct record *lacks[GIVE_AT_ONCE];
	size_t num = 0;
	bool ok = true;

	for (size_t i = 0; ok && i < it->all->num; i++) {
		if (it->all->list[i].is_shared)
			continue;
		it->out->given++;
		if ((it->way & EXHIBITS_GIVE) == 0)
			continue;
		lacks[num++] = &it->all->list[i];
		if (num == GIVE_AT_ONCE) {
			ok = give(backend, lacks, num, err);
			num = 0;
		}
	}
	return ok && (num == 0 || give(backend, lacks, num, err));
}

bool
cosignatures_share(struct cosignatures *all, struct backend *backend,
    enum exhibits_way way, cosignature_check *check, void *arg,
    struct exhibits_shared *out, struct error *err)
{
	struct sharing it = { all, way, check, arg, out };
	bool ok;

	*out = (struct exhibits_shared){ 0 };
	if (backend->table->each_exhibit == NULL)
		return true;
	pthread_mutex_lock(&all->adding);
	ok = backend->table->each_exhibit(backend, EXHIBIT_COSIGNATURE, NULL,
		 take_one, &it, err) &&
	    (out->taken == 0 || all->fd < 0 || (way & EXHIBITS_TAKE) == 0 ||
		flush(all, err)) &&
	    give_all(&it, backend, err);
	if (ok && way == EXHIBITS_BOTH)
		all->backend = backend;
	pthread_mutex_unlock(&all->adding);
	return ok || error_context(err, "cosignatures");
}

/* --- Adding. --- */

/* Add a line to the backend; the lock of adding is held. */
static bool
give_line(const struct cosignatures *all, uint64_t size, struct span line,
    struct error *err)
{
	uint8_t name[8];
	struct exhibit exhibit = { .kind = EXHIBIT_COSIGNATURE,
		.name = span_of(name, sizeof(name)),
		.bytes = line };

	name_of(size, name);
	return all->backend == NULL ||
	    all->backend->table->add_exhibits(all->backend, &exhibit, 1, err);
}

bool
cosignatures_add(struct cosignatures *all, uint64_t size, struct span line,
    struct error *err)
{
	bool ok;

	pthread_mutex_lock(&all->adding);
	/* What the file has the backend has: a crash leaves no more than that. */
	ok = find_same(all, size, line) != NULL ||
	    (give_line(all, size, line, err) &&
		write_line(all, size, line, err) && flush(all, err) &&
		show(all, size, line, err));
	pthread_mutex_unlock(&all->adding);
	return ok || error_context(err, "journal/cosignatures");
}

bool
cosignatures_append(struct cosignatures *all, uint64_t size, struct buf *out,
    struct error *err)
{
	bool ok = true;

	pthread_mutex_lock(&all->mutex);
	for (size_t i = find(all, size);
	     ok && i < all->num && all->list[i].size == size; i++)
		ok = buf_append_str(out, all->list[i].line, err);
	pthread_mutex_unlock(&all->mutex);
	return ok;
}

/*
 * Returns how many of the witnesses cosigned the size of record at.  *next gets
 * the index of the first record of another size.
 */
static unsigned
count_at(const struct cosignatures *all, const struct witnesses *witnesses,
    size_t at, size_t *next)
{
	const uint64_t size = all->list[at].size;
	unsigned num = 0;

	for (*next = at; *next < all->num && all->list[*next].size == size;
	     (*next)++)
		for (size_t i = 0; i < witnesses->num; i++)
			if (is_of(&all->list[*next], &witnesses->keys[i])) {
				num++;
				break;
			}
	return num;
}

unsigned
cosignatures_count(struct cosignatures *all, const struct witnesses *witnesses,
    uint64_t size)
{
	unsigned num = 0;
	size_t at, next;

	pthread_mutex_lock(&all->mutex);
	at = find(all, size);
	if (at < all->num && all->list[at].size == size)
		num = count_at(all, witnesses, at, &next);
	pthread_mutex_unlock(&all->mutex);
	return num;
}

uint64_t
cosignatures_first(struct cosignatures *all, const struct witnesses *witnesses,
    uint64_t from)
{
	uint64_t found = 0;
	size_t next;

	if (witnesses->quorum == 0)
		return 0;
	pthread_mutex_lock(&all->mutex);
	for (size_t at = find(all, from); at < all->num && found == 0;
	     at = next)
		if (count_at(all, witnesses, at, &next) >= witnesses->quorum)
			found = all->list[at].size;
	pthread_mutex_unlock(&all->mutex);
	return found;
}

uint64_t
cosignatures_last(struct cosignatures *all, const struct witnesses *witnesses)
{
	uint64_t found = 0;
	size_t next;

	if (witnesses->quorum == 0)
		return 0;
	pthread_mutex_lock(&all->mutex);
	for (size_t end = all->num; end > 0 && found == 0;) {
		const size_t at = find(all, all->list[end - 1].size);

		if (count_at(all, witnesses, at, &next) >= witnesses->quorum)
			found = all->list[at].size;
		end = at;
	}
	pthread_mutex_unlock(&all->mutex);
	return found;
}

uint64_t
cosignatures_pending(struct cosignatures *all,
    const struct witnesses *witnesses, uint64_t after)
{
	unsigned most = 0;
	uint64_t found = 0;
	size_t next;

	pthread_mutex_lock(&all->mutex);
	for (size_t at = find(all, after + 1); at < all->num; at = next) {
		const unsigned num = count_at(all, witnesses, at, &next);

		if (num >= witnesses->quorum) {
			/* A head cosigned later covers the older ones */
			most = 0;
			found = 0;
		} else if (num >= most) {
			most = num;
			found = all->list[at].size;
		}
	}
	pthread_mutex_unlock(&all->mutex);
	return found;
}
