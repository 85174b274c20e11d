/*
 * The check of the storage: every byte of the packs is read, and each object is
 * hashed and compared with its name.
 */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "backend/files/private.h"
#include "base/digest.h"

struct check {
	struct packs packs; /* this check's own, with one pack at a time */
	struct files *files;
	/* for objects that a repack turned into deltas; opened when needed */
	git_odb *odb;
	bool failed; /* it cannot be opened, as *err says */
	struct error *err;
	damage_visitor *tell;
	void *arg;
	uint64_t *num;
};

static bool
hash_piece(void *arg, struct span bytes, struct error *err)
{
	(void)err;
	sha1_update(arg, bytes);
	return true;
}

/* Open the objects by libgit2. */
static bool
open_objects(struct check *check)
{
	char objects[FILE_PATH];

	if (check->odb != NULL)
		return true;
	if (!check->failed &&
	    file_join(objects, check->files->path, "objects", check->err) &&
	    files_git(check->files, check->err) &&
	    (git_odb_open(&check->odb, objects) == 0 ||
		error_set_outside(check->err, "%s: libgit2 cannot open it",
		    objects)))
		return true;
	check->failed = true;
	return false;
}

/* Do the object's type, size and bytes hash to its name? */
static bool
object_is_whole(struct check *check, const struct place *place,
    const struct oid *oid)
{
	struct error why = { 0 };
	git_odb_object *object = NULL;
	struct oid found;
	struct sha1 sha1;
	git_oid git;
	int n;

	if (place->type >= 5) {
		/* This check ends with an error then: it is no damage. */
		if (!open_objects(check))
			return true;
		memcpy(git.id, oid->bytes, OID_BYTES);
		/* libgit2 itself compares the bytes with the name. */
		n = git_odb_read(&object, check->odb, &git);
		git_odb_object_free(object);
		return n == 0;
	}
	object_hash_begin(&sha1, place->type, place->size);
	if (!place_stream(place, hash_piece, &sha1, NULL, NULL, &why))
		return false;
	sha1_final(&sha1, found.bytes);
	return oid_eq(&found, oid);
}

/* Does the SHA-1 at the end of the pack match the bytes before it? */
static bool
checksum_is_right(const struct packfile *pack)
{
	uint8_t want[OID_BYTES], found[OID_BYTES];
	struct error ignored = { 0 };
	struct sha1 sha1;
	void *map;

	if (pack->size < 12 + OID_BYTES ||
	    !file_pread(pack->fd, want, OID_BYTES,
		(off_t)(pack->size - OID_BYTES), &ignored))
		return false;
	map = mmap(NULL, pack->size, PROT_READ, MAP_PRIVATE, pack->fd, 0);
	if (map == MAP_FAILED)
		return false;
	sha1_init(&sha1);
	sha1_update(&sha1, span_of(map, pack->size - OID_BYTES));
	sha1_final(&sha1, found);
	munmap(map, pack->size);
	return memcmp(want, found, OID_BYTES) == 0;
}

/* Hash each object of the pack, and tell of those that are damaged. */
static void
check_objects(struct check *check, const struct packfile *pack)
{
	for (uint32_t i = 0; i < pack->num; i++) {
		const struct pack_entry entry = packfile_entry(pack, i);
		struct error why = { 0 };
		struct place place;
		char hex[OID_HEX];
		bool whole;

		(*check->num)++;
		if (packs_is_whole(&check->files->packs, pack->name, i))
			continue;
		whole = packs_find(&check->packs, &entry.oid, &place, &why);
		if (whole) {
			whole = object_is_whole(check, &place, &entry.oid);
			packs_release(place.pack);
		}
		if (whole)
			continue;
		oid_hex(&entry.oid, hex);
		check->tell(check->arg, hex,
		    "the object is damaged: its bytes have another name");
	}
}

/* Check one pack, by the name of its index: pack-NAME.idx. */
static void
check_pack(struct check *check, const char *dir, const char *name)
{
	char path[FILE_PATH], file[64];
	struct error why = { 0 };

	packs_init(&check->packs, true, false);
	snprintf(check->packs.dir, sizeof(check->packs.dir), "%s", dir);
	if (!packs_load(&check->packs, name, &why)) {
		/*
		 * A pack that was joined into another meanwhile is not damage.
		 */
		snprintf(file, sizeof(file), "pack-%s.idx", name);
		/* The index of one of ours can be made again: look() tells. */
		if (check->files->packs.is_ours && why.kind == ERROR_UNTRUSTED)
			why = (struct error){ 0 };
		else if (file_join(path, dir, file, &why) && file_exists(path))
			check->tell(check->arg, name, why.detail);
	} else {
		if (!checksum_is_right(check->packs.list[0]))
			check->tell(check->arg, name,
			    "the pack's checksum is wrong");
		check_objects(check, check->packs.list[0]);
	}
	packs_close(&check->packs);
}

/* A filter for scandir(): is it the name of a pack's index? */
static int
is_index(const struct dirent *entry)
{
	const size_t len = strlen(entry->d_name);

	return len == 49 && strncmp(entry->d_name, "pack-", 5) == 0 &&
	    strcmp(entry->d_name + 45, ".idx") == 0;
}

bool
files_check(struct backend *backend, unsigned part, unsigned parts,
    damage_visitor *tell, void *arg, uint64_t *num, struct error *err)
{
	struct check check = { .files = files_of(backend),
		.tell = tell,
		.arg = arg,
		.num = num,
		.err = err };
	const char *dir = check.files->packs.dir;
	struct dirent **names = NULL;
	int num_names;

	*num = 0;
	if ((num_names = scandir(dir, &names, is_index, alphasort)) < 0)
		return error_set_errno(err, "%s", dir);
	for (int i = 0; i < num_names; i++) {
		char name[OID_HEX];

		if (!check.failed && (unsigned)i % parts == part &&
		    span_to_str(span_of(names[i]->d_name + 5, 40), name,
			sizeof(name)))
			check_pack(&check, dir, name);
		free(names[i]);
	}
	free(names);
	git_odb_free(check.odb);
	return !check.failed;
}
