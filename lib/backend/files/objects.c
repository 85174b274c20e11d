/*
 * Reading objects: from packs, in pieces; by libgit2, whole in memory, if a
 * repack made the object a delta, or git wrote it as a file of its own (a loose
 * object).
 */
#include <stdlib.h>
#include <string.h>

#include "backend/files/private.h"
#include "base/deflate.h"

enum { OFS_DELTA = 6, REF_DELTA = 7 };

/*
 * What keeps a found object readable: its place in a pack, or libgit2's copy.
 */
struct held {
	struct place place;
	git_odb_object *loaded; /* or NULL */
};

static struct object
object_of(struct files *files, struct held *held)
{
	return (struct object){ .type = held->place.type,
		.size = held->place.size,
		.backend = &files->backend,
		.held = held };
}

bool
files_has(struct backend *backend, const struct oid *oid)
{
	return packs_has(&files_of(backend)->packs, oid);
}

bool
files_has_each(struct backend *backend, const struct oid oids[], size_t num,
    bool is_there[], struct error *err)
{
	(void)err;
	for (size_t i = 0; i < num; i++)
		is_there[i] = files_has(backend, &oids[i]);
	return true;
}

/* Find the base of a delta: its name, and where the delta's own bytes begin. */
static bool
find_base(const struct place *place, struct oid *base, uint64_t *data_at)
{
	uint8_t bytes[32] = { 0 };
	const size_t n = place->pack->size - place->data_at < sizeof(bytes)
	    ? (size_t)(place->pack->size - place->data_at)
	    : sizeof(bytes);
	struct span rest = span_of(bytes, n), raw;
	struct error ignored = { 0 };
	uint64_t back = 0, end;
	uint32_t entry;
	uint8_t byte;

	if (!place_read(place, place->data_at, bytes, n, &ignored))
		return false;
	if (place->type == REF_DELTA) {
		if (!span_take(&rest, OID_BYTES, &raw))
			return false;
		memcpy(base->bytes, raw.data, OID_BYTES);
		*data_at = place->data_at + OID_BYTES;
		return true;
	}
	/*
	 * In git's pack-format(5) each further byte adds 1 before it is
	 * shifted.
	 */
	do {
		if (!span_take_u8(&rest, &byte) || back > place->at)
			return false;
		back =
		    (back << 7) + (byte & 0x7f) + ((byte & 0x80) != 0 ? 1 : 0);
		if ((byte & 0x80) != 0 && rest.len == 0)
			return false;
	} while ((byte & 0x80) != 0);
	*data_at = place->data_at + (n - rest.len);
	if (back == 0 || back > place->at ||
	    !packfile_extent(place->pack, place->at - back, &end, &entry))
		return false;
	*base = packfile_entry(place->pack, entry).oid;
	return true;
}

/* Read an object whole, by libgit2. */
static bool
load(struct files *files, const struct oid *oid, struct held *held,
    struct error *err)
{
	git_odb *odb = NULL;
	git_oid name;
	int result;

	if (!files_git(files, err))
		return false;
	memcpy(name.id, oid->bytes, OID_BYTES);
	pthread_mutex_lock(&files->mutex);
	result = git_repository_odb(&odb, files->repository);
	if (result == 0)
		result = git_odb_read(&held->loaded, odb, &name);
	if (result != 0)
		files_git_failed(err, "git object");
	git_odb_free(odb);
	pthread_mutex_unlock(&files->mutex);
	if (result == GIT_ENOTFOUND)
		err->kind = ERROR_NOT_FOUND;
	if (result != 0)
		return false;
	held->place.type = (unsigned)git_odb_object_type(held->loaded);
	held->place.size = git_odb_object_size(held->loaded);
	return true;
}

static bool
is_delta(const struct place *place)
{
	return place->type == OFS_DELTA || place->type == REF_DELTA;
}

/*
 * Find an object: its place in a pack, or, if it must be whole and is stored as
 * a delta, libgit2's copy.
 */
static bool
hold(struct files *files, const struct oid *oid, enum object_form form,
    struct held *held, struct object *out, struct error *err)
{
	struct place *place = &held->place;

	if (!packs_find(&files->packs, oid, place, err)) {
		if (err->kind != ERROR_NOT_FOUND)
			return false;
		/* libgit2 is for what git wrote: mostly there is nothing. */
		if (files->packs.is_ours && !files->is_foreign)
			return false;
		*err = (struct error){ 0 };
		if (!load(files, oid, held, err))
			return false;
	} else if (is_delta(place)) {
		*out = object_of(files, held);
		out->is_delta = form == OBJECT_AS_KEPT &&
		    find_base(place, &out->base, &place->data_at);
		if (out->is_delta)
			return true;
		packs_release(place->pack);
		if (!load(files, oid, held, err))
			return false;
	}
	*out = object_of(files, held);
	return true;
}

bool
files_find(struct backend *backend, const struct oid *oid,
    enum object_form form, struct object *out, struct error *err)
{
	struct held *held = malloc(sizeof(*held));

	if (held == NULL)
		return error_set_errno(err, "object");
	held->loaded = NULL;
	if (hold(files_of(backend), oid, form, held, out, err))
		return true;
	free(held);
	return false;
}

void
files_release(struct object *object)
{
	struct files *files = files_of(object->backend);
	struct held *held = object->held;

	if (held->loaded != NULL) {
		pthread_mutex_lock(&files->mutex);
		git_odb_object_free(held->loaded);
		pthread_mutex_unlock(&files->mutex);
	} else {
		packs_release(held->place.pack);
	}
	free(held);
	object->held = NULL;
}

/* Give the bytes of an object in memory; its zlib stream is deflated anew. */
static bool
stream_loaded(const struct held *held, enum object_bytes bytes, byte_sink *sink,
    void *arg, struct buf *raw, uint64_t *packed, struct error *err)
{
	const struct span content = span_of(git_odb_object_data(held->loaded),
	    git_odb_object_size(held->loaded));
	struct buf deflated = BUF(SIZE_MAX);
	bool ok = true;

	if (raw != NULL || packed != NULL || bytes == OBJECT_PACKED)
		ok = deflate_zlib(content, &deflated, err);
	if (ok && bytes == OBJECT_PACKED)
		ok = sink(arg, buf_span(&deflated), err);
	else if (ok && content.len > 0)
		ok = sink(arg, content, err);
	if (ok && raw != NULL)
		ok = buf_append(raw, buf_span(&deflated), err);
	if (packed != NULL)
		*packed = deflated.len;
	buf_free(&deflated);
	return ok;
}

bool
files_stream(const struct object *object, enum object_bytes bytes,
    byte_sink *sink, void *arg, struct buf *raw, uint64_t *packed,
    struct error *err)
{
	struct held *held = object->held;

	if (held->loaded != NULL)
		return stream_loaded(held, bytes, sink, arg, raw, packed, err);
	if (bytes == OBJECT_CONTENT)
		return place_stream(&held->place, sink, arg, raw, packed, err);
	held->place.packed = object->packed;
	return place_stream_packed(&held->place, sink, arg, packed, err);
}

void
files_vouch(const struct object *object)
{
	const struct held *held = object->held;

	if (held->loaded == NULL)
		place_is_whole(&held->place);
}

struct visiting {
	struct files *files;
	object_visitor *visit;
	void *arg;
};

static bool
visit_place(void *arg, const struct oid *oid, const struct place *place,
    struct error *err)
{
	const struct visiting *visiting = arg;
	struct held held = { .place = *place };
	struct object object = object_of(visiting->files, &held);

	object.is_delta = is_delta(place) &&
	    find_base(place, &object.base, &held.place.data_at);
	return visiting->visit(visiting->arg, oid, &object, err);
}

bool
files_each(struct backend *backend, object_visitor *visit, void *arg,
    struct error *err)
{
	struct visiting visiting = { files_of(backend), visit, arg };

	return packs_each(&visiting.files->packs, visit_place, &visiting, err);
}
