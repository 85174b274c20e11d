/*
 * Keeping a data folder's repository as we made it. Git commands and disks
 * change what follows from other files: here it is found, and made again. Each
 * pack has a .keep (git-repack(1)), so that git writes no other in its place.
 */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "backend/files/private.h"
#include "base/text.h"

enum {
	TRAILER = 20,
	TRIES = 100, /* times 10 ms: an index comes after its pack */
};

#define CHANGED  "STORE_CHANGED"
#define REPACKED "STORE_REPACKED"

/* --- Notes. --- */

static bool
note(struct files *files, const char *code, const char *about, const char *text,
    bool is_mended, struct error *err)
{
	struct files_note *all =
	    realloc(files->notes, (files->num_notes + 1) * sizeof(*all));

	if (all == NULL)
		return error_set_errno(err, "store");
	files->notes = all;
	all += files->num_notes++;
	*all = (struct files_note){ .code = code, .is_mended = is_mended };
	text_cut(all->about, sizeof(all->about), about);
	text_cut(all->text, sizeof(all->text), text);
	return true;
}

void
files_free_notes(struct files *files)
{
	free(files->notes);
	files->notes = NULL;
	files->num_notes = 0;
}

/*
 * Who is told what is found; tell is NULL at an opening, which notes it, and
 * leaves what git packed as it is.
 */
struct look {
	struct files *files;
	bool mend;
	note_visitor *tell;
	void *arg;
};

static bool
found(const struct look *look, const char *code, const char *about,
    const char *text, struct error *err)
{
	const bool is_mended =
	    look->mend && (look->tell != NULL || strcmp(code, CHANGED) == 0);

	if (look->tell == NULL)
		return note(look->files, code, about, text, is_mended, err);
	look->tell(look->arg, code, about, text, is_mended);
	return true;
}

/* --- Files whose text never changes, and HEAD. --- */

static bool
is_constant(const char *path, const char *text)
{
	struct buf bytes = BUF(4096);
	struct error ignored = { 0 };
	const bool is = file_read(path, bytes.max, &bytes, &ignored) &&
	    span_is(buf_span(&bytes), text);

	buf_free(&bytes);
	return is;
}

/* What somebody wrote there stays beside it. */
static bool
write_constant(const struct look *look, const struct files_constant *one,
    const char *path, struct error *err)
{
	char before[FILE_PATH], folder[FILE_PATH];

	file_parent(path, folder);
	if (snprintf(before, sizeof(before), "%s.before", path) >=
	    (int)sizeof(before))
		return error_set(err, ERROR_LIMIT, "%s: too long",
		    look->files->path);
	return file_make_dirs(folder, 0700, err) &&
	    (!file_exists(path) || rename(path, before) == 0 ||
		error_set_errno(err, "%s", path)) &&
	    file_write(path, span_of_str(one->text), 0644, err);
}

/*
 * Branches follow from the journal, and what git packed of other names from the
 * commits.
 */
static bool
look_at_packed_refs(const struct look *look, struct error *err)
{
	static const char name[] = "packed-refs";
	char path[FILE_PATH], before[FILE_PATH];

	if (files_branches_are_read(look->files))
		return true;
	if (!file_join(path, look->files->path, name, err) ||
	    !file_join(before, look->files->path, "packed-refs.before", err))
		return false;
	if (look->mend && rename(path, before) != 0)
		return error_set_errno(err, "%s", path);
	return found(look, CHANGED, name, "it is damaged", err);
}

static bool
look_at_constants(const struct look *look, struct error *err)
{
	char path[FILE_PATH];
	bool is_wrong = false;

	for (size_t i = 0; i < FILES_CONSTANTS; i++) {
		const struct files_constant *one = &files_constants[i];

		if (!file_join(path, look->files->path, one->name, err))
			return false;
		if (!is_constant(path, one->text) &&
		    ((look->mend && !write_constant(look, one, path, err)) ||
			!found(look, CHANGED, one->name,
			    "it is not as valised writes it", err)))
			return false;
	}
	return look_at_packed_refs(look, err) &&
	    files_point_head(look->files, look->mend, &is_wrong, err) &&
	    (!is_wrong ||
		found(look, CHANGED, "HEAD", "it names no branch", err));
}

/* --- Indexes. --- */

/* Does the SHA-1 at the end of the index match, and name its pack? */
static bool
index_is_right(const struct packfile *pack)
{
	const struct span all = span_of(pack->idx, pack->idx_len);
	const struct span end = span_sub(all, all.len - TRAILER, TRAILER);
	const struct span of_pack =
	    span_sub(all, all.len - 2 * TRAILER, TRAILER);
	uint8_t sum[TRAILER], at_end[TRAILER];
	struct error ignored = { 0 };
	struct sha1 sha1;

	sha1_init(&sha1);
	sha1_update(&sha1, span_sub(all, 0, all.len - TRAILER));
	sha1_final(&sha1, sum);
	return span_eq(end, span_of(sum, TRAILER)) && pack->size > TRAILER &&
	    file_pread(pack->fd, at_end, TRAILER, (off_t)(pack->size - TRAILER),
		&ignored) &&
	    span_eq(of_pack, span_of(at_end, TRAILER));
}

/* Another process may be about to give the pack its index, or to remove it. */
static bool
is_unread_still(const struct packs *packs, const char *name)
{
	struct packs own;
	struct error why = { 0 };
	char path[FILE_PATH];
	bool is = true;

	for (unsigned i = 0; is && i < TRIES; i++) {
		packs_init(&own, true, false);
		snprintf(own.dir, sizeof(own.dir), "%s", packs->dir);
		is = !packs_load(&own, name, &why);
		packs_close(&own);
		if (!packs_path(packs, name, "pack", path, &why) ||
		    !file_exists(path))
			is = false;
		if (is)
			usleep(10000);
	}
	return is;
}

/* The packs that could not be loaded. */
static bool
look_at_unread(const struct look *look, struct error *err)
{
	struct packs *packs = &look->files->packs;
	struct span rest = buf_span(&packs->unread), line;
	char name[OID_HEX];
	bool ok = true;

	while (ok && span_take_line(&rest, &line)) {
		if (!span_to_str(line, name, sizeof(name)))
			continue;
		if (look->mend)
			ok = files_index_pack(look->files, name, err);
		else if (!is_unread_still(packs, name))
			continue;
		ok = ok &&
		    found(look, CHANGED, name,
			"the pack's index is missing or damaged", err);
	}
	if (look->mend)
		packs->unread.len = 0;
	return ok;
}

/*
 * Is a pack shorter than its index says? That it is damaged otherwise only
 * reading all of it tells.
 */
static bool
look_at_length(const struct look *look, const struct packfile *pack,
    struct error *err)
{
	uint64_t last = 0;

	if (look->tell != NULL)
		return true; /* check() tells */
	for (uint32_t i = 0; i < pack->num; i++) {
		const uint64_t at = packfile_entry(pack, i).at;

		last = at > last ? at : last;
	}
	return last + TRAILER < pack->size ||
	    found(look, "OBJECT_DAMAGED", pack->name,
		"the pack is cut short: put that of a backup in its place",
		err);
}

/* The others: what is wrong within an index costs reading it to find. */
static bool
look_at_index(const struct look *look, const struct packfile *pack,
    struct error *err)
{
	if (index_is_right(pack))
		return true;
	return (!look->mend ||
		   files_index_pack(look->files, pack->name, err)) &&
	    found(look, CHANGED, pack->name, "the pack's index is damaged",
		err);
}

/* --- Packs and objects that git wrote. --- */

/* Give a pack its .keep; one that git made gets none. */
static bool
look_at_keep(const struct look *look, struct packfile *pack, struct error *err)
{
	struct packs *packs = &look->files->packs;
	char index[FILE_PATH];

	if (pack->is_kept)
		return true;
	if (packfile_has_deltas(pack)) {
		look->files->is_foreign = true;
		return found(look, REPACKED, pack->name,
		    "git packed it: it has objects as differences from others",
		    err);
	}
	if (look->mend) {
		if (!packs_path(packs, pack->name, "idx", index, err) ||
		    !packs_make_beside(packs, pack->name, "keep", index, err))
			return false;
		pack->is_kept = true;
	}
	return found(look, CHANGED, pack->name,
	    "the pack has no .keep: a git command could replace it", err);
}

/* Is it the folder of loose objects whose names begin with one byte? */
static bool
is_loose_folder(const char *name)
{
	uint8_t byte;

	return strlen(name) == 2 && span_to_hex(span_of(name, 2), &byte, 1);
}

/* Called with the path of a loose object, and its name. */
typedef bool loose_visitor(const struct look *look, const char *path,
    const struct oid *oid, void *arg, struct error *err);

static bool
each_loose_in(const struct look *look, const char *dir, const char *first,
    loose_visitor *visit, void *arg, struct error *err)
{
	DIR *folder = opendir(dir);
	const struct dirent *entry;
	bool ok = true;

	if (folder == NULL)
		return error_set_errno(err, "%s", dir);
	while (ok && (entry = readdir(folder)) != NULL) {
		char path[FILE_PATH], hex[OID_HEX];
		struct oid oid;

		if (strlen(entry->d_name) != OID_HEX - 3)
			continue;
		snprintf(hex, sizeof(hex), "%.2s%.38s", first, entry->d_name);
		ok = !span_to_hex(span_of_str(hex), oid.bytes, OID_BYTES) ||
		    (file_join(path, dir, entry->d_name, err) &&
			visit(look, path, &oid, arg, err));
	}
	closedir(folder);
	return ok;
}

static bool
each_loose(const struct look *look, loose_visitor *visit, void *arg,
    struct error *err)
{
	char objects[FILE_PATH], dir[FILE_PATH];
	const struct dirent *entry;
	bool ok = true;
	DIR *folder;

	if (!file_join(objects, look->files->path, "objects", err))
		return false;
	if ((folder = opendir(objects)) == NULL)
		return error_set_errno(err, "%s", objects);
	while (ok && (entry = readdir(folder)) != NULL)
		ok = !is_loose_folder(entry->d_name) ||
		    (file_join(dir, objects, entry->d_name, err) &&
			each_loose_in(look, dir, entry->d_name, visit, arg,
			    err));
	closedir(folder);
	return ok;
}

/* Only objects that no pack has matter; a push into the folder makes others. */
static bool
note_loose(const struct look *look, const char *path, const struct oid *oid,
    void *arg, struct error *err)
{
	size_t *num = arg;

	(void)path, (void)err;
	*num += !packs_has(&look->files->packs, oid);
	return true;
}

static bool
look_at_loose(const struct look *look, struct error *err)
{
	char text[128];
	size_t num = 0;

	if (!each_loose(look, note_loose, &num, err))
		return false;
	if (num == 0)
		return true;
	look->files->is_foreign = true;
	snprintf(text, sizeof(text),
	    "%zu objects are not in a pack: git took them out of one", num);
	return found(look, REPACKED, "objects", text, err);
}

/* --- Packing again what git packed. --- */

/* Is the object in a pack as it is to be? */
static bool
has_whole(struct files *files, const struct object_set *set,
    const struct oid *oid)
{
	struct error ignored = { 0 };
	struct place place;
	bool is;

	if (packer_is_under_way(set, oid))
		return true;
	if (!packs_find(&files->packs, oid, &place, &ignored))
		return false;
	is = place.pack->is_kept;
	packs_release(place.pack);
	return is;
}

/* Put an object into the set, inflated and deflated again. */
static bool
copy_object(struct files *files, struct object_set *set, const struct oid *oid,
    struct error *err)
{
	const struct backend_table *table = files->backend.table;
	struct buf stream = BUF(SIZE_MAX);
	struct object object;
	bool ok;

	if (has_whole(files, set, oid))
		return true;
	if (!table->find(&files->backend, oid, OBJECT_WHOLE, &object, err))
		return false;
	ok = table->stream(&object, OBJECT_PACKED, sink_to_buf, &stream, NULL,
		 NULL, err) &&
	    table->object_begin(set, oid, object.type, object.size, err) &&
	    table->object_piece(set, buf_span(&stream), err);
	if (ok)
		table->object_end(set);
	table->release(&object);
	buf_free(&stream);
	return ok;
}

static bool
copy_loose(const struct look *look, const char *path, const struct oid *oid,
    void *arg, struct error *err)
{
	(void)path;
	return packs_has(&look->files->packs, oid) ||
	    copy_object(look->files, arg, oid, err);
}

static bool
drop_loose(const struct look *look, const char *path, const struct oid *oid,
    void *arg, struct error *err)
{
	(void)arg, (void)err;
	if (packs_has(&look->files->packs, oid))
		unlink(path);
	return true;
}

static bool
copy_all(const struct look *look, struct object_set *set,
    struct packfile *const foreign[], size_t num, struct error *err)
{
	bool ok = true;

	for (size_t i = 0; ok && i < num; i++)
		for (uint32_t n = 0; ok && n < foreign[i]->num; n++) {
			const struct pack_entry entry =
			    packfile_entry(foreign[i], n);

			ok = copy_object(look->files, set, &entry.oid, err);
		}
	return ok && each_loose(look, copy_loose, set, err) &&
	    packer_finish(set, err);
}

/* Write one pack of ours in the place of git's packs and loose objects. */
static bool
pack_again(const struct look *look, struct packfile *const all[], size_t num,
    struct error *err)
{
	struct files *files = look->files;
	struct packfile **foreign = calloc(num + 1, sizeof(struct packfile *));
	struct object_set *set = packer_new(&files->backend, err);
	size_t num_foreign = 0;
	bool ok = set != NULL;

	if (foreign == NULL)
		ok = error_set_errno(err, "packs");
	for (size_t i = 0; ok && i < num; i++)
		if (!all[i]->is_kept)
			foreign[num_foreign++] = all[i];
	ok = ok && copy_all(look, set, foreign, num_foreign, err);
	if (ok) {
		packs_remove(&files->packs, foreign, num_foreign,
		    packer_name(set));
		ok = each_loose(look, drop_loose, NULL, err);
	}
	packer_free(set);
	free(foreign);
	return ok;
}

/* --- All of it. --- */

static bool
look_at_packs(const struct look *look, bool at_indexes, struct error *err)
{
	struct packfile **all;
	size_t num;
	bool ok;

	if (!packs_hold_all(&look->files->packs, &all, &num, err))
		return false;
	ok = true;
	for (size_t i = 0; ok && i < num; i++)
		ok = (!at_indexes || look_at_index(look, all[i], err)) &&
		    look_at_length(look, all[i], err) &&
		    look_at_keep(look, all[i], err);
	ok = ok && look_at_loose(look, err);
	if (ok && look->mend && look->tell != NULL && look->files->is_foreign)
		ok = pack_again(look, all, num, err);
	packs_release_list(all, num);
	return ok;
}

bool
files_guard(struct files *files, struct error *err)
{
	const struct look look = { .files = files, .mend = true };

	return look_at_constants(&look, err) && look_at_unread(&look, err) &&
	    look_at_packs(&look, false, err);
}

bool
files_look(struct backend *backend, enum look_how how, note_visitor *tell,
    void *arg, struct error *err)
{
	const struct look look = { .files = files_of(backend),
		.mend = how == LOOK_AND_MEND,
		.tell = tell,
		.arg = arg };
	const struct files *files = look.files;

	for (size_t i = 0; i < files->num_notes; i++)
		tell(arg, files->notes[i].code, files->notes[i].about,
		    files->notes[i].text, files->notes[i].is_mended);
	return how == LOOK_AT_NOTES ||
	    (look_at_constants(&look, err) && look_at_unread(&look, err) &&
		look_at_packs(&look, true, err));
}
