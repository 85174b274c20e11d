#include "store/store.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <git2.h>
#include <zlib.h>

#include "base/file.h"
#include "document/zip.h"
#include "store/commit.h"
#include "store/private.h"

enum {
	PACK_SMALL = 64 * 1024 * 1024, /* larger ones stay alone */
	TREE_BYTES = 1024 * 1024,
	OPEN_PACKS = 16, /* libgit2's own, beside ours */
	COMMIT_BYTES = 256 * 1024,
};

struct store {
	struct packs packs;
	git_repository *repository;
	git_repository *durable; /* the same: what it writes is flushed */
	pthread_mutex_t mutex;   /* for libgit2's reading of objects */
	char path[FILE_PATH];
};

struct packs *
store_packs(struct store *store)
{
	return &store->packs;
}

const char *
store_path(const struct store *store)
{
	return store->path;
}

static bool
git_failed(struct error *err, const char *what)
{
	const git_error *last = git_error_last();

	return error_set(err, ERROR_SYSTEM, "%s: %s", what,
	    last != NULL && last->message != NULL ? last->message
						  : "no reason given");
}

bool
store_create(const char *path, struct error *err)
{
	git_repository_init_options options;
	git_repository *repository = NULL;
	git_config *config = NULL;
	bool ok;

	git_libgit2_init();
	git_repository_init_options_init(&options,
	    GIT_REPOSITORY_INIT_OPTIONS_VERSION);
	options.flags = GIT_REPOSITORY_INIT_BARE | GIT_REPOSITORY_INIT_MKPATH |
	    GIT_REPOSITORY_INIT_NO_REINIT;
	options.description = "Documents kept by Valise; written by valised"
			      " only.\n";
	ok = git_repository_init_ext(&repository, path, &options) == 0 &&
	    git_repository_config(&config, repository) == 0 &&
	    /* A repack by hand: no deltas of large texts, no pruning. */
	    git_config_set_string(config, "core.bigFileThreshold", "1m") == 0 &&
	    git_config_set_int32(config, "gc.auto", 0) == 0 &&
	    git_config_set_string(config, "gc.pruneExpire", "never") == 0 &&
	    git_config_set_bool(config, "receive.denyNonFastForwards", 1) == 0;
	if (!ok)
		git_failed(err, path);
	git_config_free(config);
	git_repository_free(repository);
	git_libgit2_shutdown();
	return ok;
}

/* A loose ref as libgit2 writes it: 40 hex digits and a line's end. */
static bool
is_whole_ref(const char *path)
{
	struct buf text = BUF(64);
	struct error ignored = { 0 };
	struct span rest, line;
	struct oid oid;
	bool ok;

	ok = file_read(path, text.max, &text, &ignored);
	rest = buf_span(&text);
	ok = ok && span_take_line(&rest, &line) && rest.len == 0 &&
	    span_to_hex(line, oid.bytes, OID_BYTES);
	buf_free(&text);
	return ok;
}

/*
 * libgit2 neither waits for a ref's lock nor knows a stale one, and does not
 * flush what it writes: what a crash left would be in the way for ever.  A
 * document's branch follows from the journal, and is set anew where it is
 * gone.  Whoever opens the store holds the data folder's own lock, so that
 * nobody is at work here.
 */
static void
sweep_refs(const char *dir, unsigned depth, bool heads)
{
	DIR *folder = depth < 8 ? opendir(dir) : NULL;
	const struct dirent *entry;
	struct error ignored = { 0 };
	char path[FILE_PATH];

	if (folder == NULL)
		return;
	while ((entry = readdir(folder)) != NULL) {
		const size_t len = strlen(entry->d_name);

		if (entry->d_name[0] == '.' ||
		    !file_join(path, dir, entry->d_name, &ignored))
			continue;
		if (len > 5 && strcmp(entry->d_name + len - 5, ".lock") == 0)
			unlink(path);
		else if (entry->d_type == DT_DIR &&
		    strcmp(entry->d_name, "objects") != 0)
			sweep_refs(path, depth + 1,
			    heads || strcmp(entry->d_name, "heads") == 0);
		else if (heads && entry->d_type == DT_REG &&
		    !is_whole_ref(path))
			unlink(path);
	}
	closedir(folder);
}

/* Whether refs are flushed libgit2 asks once, when it first looks at them. */
static bool
open_durable(struct store *store, const char *path)
{
	git_refdb *refdb = NULL;
	bool ok;

	git_libgit2_opts(GIT_OPT_ENABLE_FSYNC_GITDIR, 1);
	ok = git_repository_open_bare(&store->durable, path) == 0 &&
	    git_repository_refdb(&refdb, store->durable) == 0;
	git_refdb_free(refdb);
	git_libgit2_opts(GIT_OPT_ENABLE_FSYNC_GITDIR, 0);
	return ok;
}

static struct store *
open_store(const char *path, bool is_view, struct error *err)
{
	struct store *store = calloc(1, sizeof(*store));
	char dir[FILE_PATH];

	if (store == NULL) {
		error_set_errno(err, "store");
		return NULL;
	}
	git_libgit2_init();
	/* What the machine's users set for their own git is not for ours. */
	for (int level = GIT_CONFIG_LEVEL_PROGRAMDATA;
	     level <= GIT_CONFIG_LEVEL_GLOBAL; level++)
		git_libgit2_opts(GIT_OPT_SET_SEARCH_PATH, level, "");
	/* It keeps a pack open that is joined and gone: not for ever. */
	git_libgit2_opts(GIT_OPT_SET_MWINDOW_FILE_LIMIT, (size_t)OPEN_PACKS);
	pthread_mutex_init(&store->mutex, NULL);
	snprintf(store->path, sizeof(store->path), "%s", path);
	if (!is_view)
		sweep_refs(path, 0, false);
	if (git_repository_open_bare(&store->repository, path) != 0 ||
	    (!is_view && !open_durable(store, path))) {
		git_failed(err, path);
		git_repository_free(store->repository);
		git_repository_free(store->durable);
		pthread_mutex_destroy(&store->mutex);
		git_libgit2_shutdown();
		free(store);
		return NULL;
	}
	if (!file_join(dir, path, "objects/pack", err) ||
	    (!is_view && !file_make_dirs(dir, 0700, err)) ||
	    !packs_open(&store->packs, dir, is_view, err)) {
		store_free(store);
		return NULL;
	}
	return store;
}

struct store *
store_open(const char *path, struct error *err)
{
	return open_store(path, false, err);
}

struct store *
store_view(const char *path, struct error *err)
{
	return open_store(path, true, err);
}

void
store_free(struct store *store)
{
	if (store == NULL)
		return;
	packs_close(&store->packs);
	git_repository_free(store->repository);
	git_repository_free(store->durable);
	pthread_mutex_destroy(&store->mutex);
	git_libgit2_shutdown();
	free(store);
}

bool
store_has(struct store *store, const struct oid *oid)
{
	return packs_has(&store->packs, oid);
}

bool
store_read_any(struct store *store, const struct oid *oid,
    enum object_type *type, struct buf *out, struct error *err)
{
	git_odb_object *object = NULL;
	git_odb *odb = NULL;
	git_oid name;
	bool ok;

	memcpy(name.id, oid->bytes, OID_BYTES);
	pthread_mutex_lock(&store->mutex);
	ok = git_repository_odb(&odb, store->repository) == 0 &&
	    git_odb_read(&object, odb, &name) == 0;
	if (!ok)
		git_failed(err, "git object");
	if (ok)
		*type = (enum object_type)git_odb_object_type(object);
	ok = ok &&
	    buf_append(out,
		span_of(git_odb_object_data(object),
		    git_odb_object_size(object)),
		err);
	git_odb_object_free(object);
	git_odb_free(odb);
	pthread_mutex_unlock(&store->mutex);
	return ok;
}

/* What a repack by hand made of it: a delta, or a loose object. */
static bool
read_by_libgit2(struct store *store, const struct oid *oid,
    enum object_type type, struct buf *out, struct error *err)
{
	enum object_type found = type;

	return store_read_any(store, oid, &found, out, err) &&
	    (found == type ||
		error_set(err, ERROR_UNTRUSTED,
		    "a git object of another type than it should be"));
}

bool
store_read(struct store *store, const struct oid *oid, enum object_type type,
    struct buf *out, struct error *err)
{
	static const char *const names[] = { [OBJECT_COMMIT] = "commit",
		[OBJECT_TREE] = "tree",
		[OBJECT_BLOB] = "blob" };
	const size_t before = out->len;
	char header[48], hex[OID_HEX];
	struct place place;
	struct oid found;
	struct sha1 sha1;
	bool ok;
	int n;

	if (!packs_find(&store->packs, oid, &place, err)) {
		if (err->kind != ERROR_NOT_FOUND)
			return false;
		*err = (struct error){ 0 };
		return read_by_libgit2(store, oid, type, out, err);
	}
	if (place.type == 6 || place.type == 7) {
		packs_release(place.pack);
		return read_by_libgit2(store, oid, type, out, err);
	}
	oid_hex(oid, hex);
	ok = place.type == (unsigned)type ||
	    error_set(err, ERROR_UNTRUSTED, "it is no %s", names[type]);
	if (ok && place.size > out->max - out->len)
		ok = error_set(err, ERROR_LIMIT, "%llu bytes",
		    (unsigned long long)place.size);
	ok = ok && place_stream(&place, sink_to_buf, out, NULL, NULL, err);
	if (ok) {
		n = snprintf(header, sizeof(header), "%s %zu", names[type],
		    out->len - before);
		sha1_init(&sha1);
		sha1_update(&sha1, span_of(header, (size_t)n + 1));
		sha1_update(&sha1,
		    span_sub(buf_span(out), before, out->len - before));
		sha1_final(&sha1, found.bytes);
		ok = oid_eq(&found, oid) ||
		    error_set(err, ERROR_UNTRUSTED,
			"it is damaged: its bytes have another name");
	}
	if (ok)
		place_is_whole(&place);
	packs_release(place.pack);
	return ok || error_context(err, "git object %s", hex);
}

static struct oid
member_oid(const struct member *member)
{
	struct oid oid;

	memcpy(oid.bytes, member->blob, OID_BYTES);
	return oid;
}

static bool
stream_object(const struct member *member, byte_sink *sink, void *arg,
    struct error *err)
{
	struct store *store = member->store;
	const struct oid oid = member_oid(member);
	struct place place;
	bool ok;

	if (!packs_find(&store->packs, &oid, &place, err))
		return error_context(err, "%s", member->path);
	ok = place_stream(&place, sink, arg, NULL, NULL, err) ||
	    error_context(err, "%s", member->path);
	packs_release(place.pack);
	return ok;
}

/* The raw deflate stream within git's zlib stream. */
static bool
stream_object_packed(const struct member *member, byte_sink *sink, void *arg,
    struct error *err)
{
	struct store *store = member->store;
	const struct oid oid = member_oid(member);
	struct place place;
	bool ok;

	if (!member->deflated)
		return stream_object(member, sink, arg, err);
	if (!packs_find(&store->packs, &oid, &place, err))
		return error_context(err, "%s", member->path);
	ok = file_stream(place.pack->fd, place.data_at + 2, member->packed,
	    sink, arg, err);
	packs_release(place.pack);
	return ok || error_context(err, "%s", member->path);
}

static const struct member_source in_store = { stream_object,
	stream_object_packed };

static bool
count_crc(void *arg, struct span bytes, struct error *err)
{
	uint32_t *crc = arg;

	(void)err;
	*crc = (uint32_t)crc32_z(*crc, bytes.data, bytes.len);
	return true;
}

static bool
not_whole(struct error *err)
{
	return error_set(err, ERROR_UNTRUSTED,
	    "it is no whole blob: was the store repacked? run \"git repack -a -d"
	    " -F --depth=0\" in it");
}

bool
store_member(struct store *store, const char *path, const struct oid *oid,
    const struct digest *sha256, struct member *out, struct error *err)
{
	struct place place;
	uint64_t packed = 0;
	bool ok;

	*out = (struct member){ .source = &in_store, .store = store };
	snprintf(out->path, sizeof(out->path), "%s", path);
	memcpy(out->blob, oid->bytes, OID_BYTES);
	if (sha256 != NULL) {
		out->sha256 = *sha256;
		out->hashed = true;
	}
	if (!packs_find(&store->packs, oid, &place, err))
		return error_context(err, "%s", path);
	ok = (place.type == OBJECT_BLOB || not_whole(err)) &&
	    place_stream(&place, count_crc, &out->crc, NULL, &packed, err);
	out->size = place.size;
	/* 2 bytes of zlib before, its Adler-32 after. */
	out->deflated = packed >= 6 && packed - 6 < out->size;
	out->packed = out->deflated ? packed - 6 : out->size;
	packs_release(place.pack);
	return ok || error_context(err, "%s", path);
}

/* What is made of a blob's bytes as they are read. */
struct reading {
	unsigned how;
	bool holds;
	struct sha1 sha1;
	struct sha256 sha256;
	struct member *out;
};

static bool
take_content(void *arg, struct span bytes, struct error *err)
{
	struct reading *reading = arg;
	struct member *out = reading->out;

	if ((reading->how & (STORE_NAMED | STORE_CHECKED)) != 0)
		sha1_update(&reading->sha1, bytes);
	if ((reading->how & STORE_WRITTEN) != 0)
		out->crc = (uint32_t)crc32_z(out->crc, bytes.data, bytes.len);
	sha256_update(&reading->sha256, bytes);
	return !reading->holds || buf_append(&out->bytes, bytes, err);
}

/* The zlib stream that was read becomes the raw deflate stream within. */
static void
set_packed(struct reading *reading, struct buf *raw, uint64_t packed)
{
	struct member *out = reading->out;

	/* 2 bytes of zlib before, its Adler-32 after. */
	out->deflated = (reading->how & STORE_WRITTEN) != 0 && packed >= 6 &&
	    packed - 6 < out->size;
	out->packed = out->deflated ? packed - 6 : out->size;
	if (!out->deflated || !reading->holds)
		return;
	memmove(raw->data, raw->data + 2, raw->len - 6);
	raw->len -= 6;
	out->packed_bytes = *raw;
	*raw = BUF(0);
}

static bool
read_hashed(const struct place *place, const struct oid *oid,
    struct reading *reading, struct error *err)
{
	struct member *out = reading->out;
	const bool keeps =
	    reading->holds && (reading->how & STORE_WRITTEN) != 0;
	struct buf raw = BUF(SIZE_MAX);
	uint64_t packed = 0;
	struct oid found;
	char header[48];
	bool ok;
	int n;

	n = snprintf(header, sizeof(header), "blob %llu",
	    (unsigned long long)place->size);
	sha1_init(&reading->sha1);
	sha1_update(&reading->sha1, span_of(header, (size_t)n + 1));
	sha256_init(&reading->sha256);
	ok = place_stream(place, take_content, reading, keeps ? &raw : NULL,
	    &packed, err);
	if (ok) {
		set_packed(reading, &raw, packed);
		out->sha256 = sha256_final(&reading->sha256);
		out->hashed = true;
	}
	if (ok && (reading->how & (STORE_NAMED | STORE_CHECKED)) != 0) {
		sha1_final(&reading->sha1, found.bytes);
		if (oid_eq(&found, oid))
			place_is_whole(place);
		/* Where it has another name, its SHA-256 is another too. */
		else if ((reading->how & STORE_NAMED) != 0)
			ok = error_set(err, ERROR_UNTRUSTED,
			    "it is damaged: its bytes have another name");
	}
	buf_free(&raw);
	return ok;
}

/* A small one that is a delta, or loose: by libgit2, which compares its name. */
static bool
read_small_by_libgit2(struct store *store, const struct oid *oid,
    struct reading *reading, struct error *err)
{
	struct member *out = reading->out;

	if (!read_by_libgit2(store, oid, OBJECT_BLOB, &out->bytes, err))
		return false;
	out->size = out->packed = out->bytes.len;
	out->sha256 = sha256_of(buf_span(&out->bytes));
	out->hashed = true;
	if (out->to_judge)
		return true;
	out->crc = zip_crc(0, buf_span(&out->bytes));
	if (!zip_deflate(buf_span(&out->bytes), &out->packed_bytes, err))
		return false;
	out->deflated = out->packed_bytes.len < out->size;
	if (out->deflated)
		out->packed = out->packed_bytes.len;
	return true;
}

/* False without an error: it is for libgit2 to read. */
static bool
find_whole(struct store *store, const struct oid *oid, unsigned how,
    struct place *out, struct error *err)
{
	if (!packs_find(&store->packs, oid, out, err)) {
		if (err->kind == ERROR_NOT_FOUND && (how & STORE_HELD) != 0)
			*err = (struct error){ 0 };
		return false;
	}
	if ((out->type != 6 && out->type != 7) || (how & STORE_HELD) == 0)
		return true;
	packs_release(out->pack);
	return false;
}

static bool
member_failed(struct member *out, const char *path, struct error *err)
{
	buf_free(&out->bytes);
	buf_free(&out->packed_bytes);
	return error_context(err, "%s", path);
}

bool
store_member_hashed(struct store *store, const char *path,
    const struct oid *oid, uint64_t hold, unsigned how, struct member *out,
    struct error *err)
{
	struct reading reading = { .how = how, .out = out };
	struct place place;
	bool ok;

	*out = (struct member){ .source = &in_store,
		.store = store,
		.to_judge = (how & STORE_WRITTEN) == 0 };
	snprintf(out->path, sizeof(out->path), "%s", path);
	memcpy(out->blob, oid->bytes, OID_BYTES);
	if (!find_whole(store, oid, how, &place, err)) {
		if (err->kind != ERROR_NONE)
			return error_context(err, "%s", path);
		member_hold(out, (size_t)hold);
		return read_small_by_libgit2(store, oid, &reading, err) ||
		    member_failed(out, path, err);
	}
	out->size = place.size;
	reading.holds = place.size <= hold;
	if (reading.holds)
		member_hold(out, (size_t)hold);
	ok = place.type == OBJECT_BLOB || not_whole(err);
	if (ok && !reading.holds && (how & STORE_HELD) != 0)
		ok = error_set(err, ERROR_LIMIT, "%llu bytes, limit %llu",
		    (unsigned long long)place.size, (unsigned long long)hold);
	ok = ok && read_hashed(&place, oid, &reading, err);
	packs_release(place.pack);
	return ok || member_failed(out, path, err);
}

static bool
walk(struct store *store, const struct oid *tree, const char *prefix,
    unsigned depth, store_chooser *enter, store_visitor *visit, void *arg,
    struct error *err)
{
	struct buf bytes = BUF(TREE_BYTES);
	struct span rest, mode, name, raw;
	bool ok;

	if (depth > LIMIT_PATH_LEVELS)
		return error_set(err, ERROR_UNTRUSTED, "a tree is too deep");
	if (enter != NULL && !enter(arg, tree))
		return true;
	ok = store_read(store, tree, OBJECT_TREE, &bytes, err);
	rest = buf_span(&bytes);
	while (ok && rest.len > 0) {
		char path[LIMIT_PATH_BYTES + 32];
		struct oid oid;

		if (!span_take_until(&rest, ' ', &mode) ||
		    !span_take_until(&rest, '\0', &name) ||
		    !span_take(&rest, OID_BYTES, &raw) ||
		    strlen(prefix) + name.len > LIMIT_PATH_BYTES) {
			ok = error_set(err, ERROR_UNTRUSTED, "a damaged tree");
			break;
		}
		memcpy(oid.bytes, raw.data, OID_BYTES);
		snprintf(path, sizeof(path), "%s%.*s", prefix, (int)name.len,
		    (const char *)name.data);
		if (span_is(mode, "40000")) {
			snprintf(path, sizeof(path), "%s%.*s/", prefix,
			    (int)name.len, (const char *)name.data);
			ok = walk(store, &oid, path, depth + 1, enter, visit,
			    arg, err);
		} else {
			ok = visit(arg, path, &oid, err);
		}
	}
	buf_free(&bytes);
	return ok;
}

bool
store_walk_tree(struct store *store, const struct oid *tree,
    store_visitor *visit, void *arg, struct error *err)
{
	return walk(store, tree, "", 1, NULL, visit, arg, err);
}

bool
store_walk_trees(struct store *store, const struct oid *tree,
    store_chooser *enter, store_visitor *visit, void *arg, struct error *err)
{
	return walk(store, tree, "", 1, enter, visit, arg, err);
}

/* Is it the pack, or our disk? */
static bool
pack_failed(struct error *err)
{
	const git_error *last = git_error_last();

	git_failed(err, "git pack");
	if (last == NULL || last->klass != GIT_ERROR_OS)
		err->kind = ERROR_MALFORMED;
	return false;
}

bool
store_take_pack(struct store *store, int fd, uint64_t at, uint64_t len,
    struct error *err)
{
	uint8_t piece[65536] UNINITIALIZED;
	git_indexer_progress progress = { 0 };
	git_indexer *indexer = NULL;
	char name[OID_HEX];
	bool ok;

	ok = git_indexer_new(&indexer, store->packs.dir, 0444, NULL, NULL) ==
		0 ||
	    git_failed(err, "git pack");
	while (ok && len > 0) {
		const size_t n =
		    len < sizeof(piece) ? (size_t)len : sizeof(piece);

		ok = file_pread(fd, piece, n, (off_t)at, err) &&
		    (git_indexer_append(indexer, piece, n, &progress) == 0 ||
			pack_failed(err));
		at += n;
		len -= n;
	}
	if (ok && git_indexer_commit(indexer, &progress) != 0)
		ok = pack_failed(err);
	if (ok)
		hex_encode(span_of(git_indexer_hash(indexer)->id, OID_BYTES),
		    name);
	git_indexer_free(indexer);
	return ok && packs_load(&store->packs, name, err);
}

bool
store_read_commit(struct store *store, const struct oid *oid,
    struct store_commit *out, struct error *err)
{
	struct buf bytes = BUF(COMMIT_BYTES);
	bool ok;

	*out = (struct store_commit){ 0 };
	ok = store_read(store, oid, OBJECT_COMMIT, &bytes, err) &&
	    store_parse_commit(buf_span(&bytes), out, err);
	buf_free(&bytes);
	return ok;
}

bool
store_set_ref(struct store *store, const char *name, const struct oid *oid,
    struct error *err)
{
	git_reference *ref = NULL;
	git_oid id;
	bool ok;

	memcpy(id.id, oid->bytes, OID_BYTES);
	/* A branch follows from the journal; the others from nothing. */
	ok = git_reference_create(&ref,
		 strncmp(name, "refs/heads/", 11) == 0 ? store->repository
						       : store->durable,
		 name, &id, 1, NULL) == 0 ||
	    git_failed(err, name);
	/* The first branch is what a clone checks out; without it git grumbles. */
	if (ok && strncmp(name, "refs/heads/", 11) == 0 &&
	    git_repository_head_unborn(store->repository) == 1)
		ok = git_repository_set_head(store->repository, name) == 0 ||
		    git_failed(err, "HEAD");
	git_reference_free(ref);
	return ok;
}

bool
store_get_ref(struct store *store, const char *name, struct oid *out)
{
	git_oid id;

	if (git_reference_name_to_id(&id, store->repository, name) != 0)
		return false;
	memcpy(out->bytes, id.id, OID_BYTES);
	return true;
}

void
store_keep(struct store *store)
{
	store->packs.keeps = true;
}

void
store_release(struct store *store)
{
	packs_release_all(&store->packs);
}

bool
store_keeps(struct store *store, const struct oid *oid)
{
	struct error ignored = { 0 };
	struct place place;
	bool kept;

	if (!packs_find(&store->packs, oid, &place, &ignored))
		return false;
	kept = place.pack->kept;
	packs_release(place.pack);
	return kept;
}

static bool
has_deltas(const struct packfile *pack)
{
	/* Only a repack by hand names them; ours have none. */
	for (uint32_t i = 0; i < pack->num; i++) {
		uint8_t byte = 0;
		struct error ignored = { 0 };
		const struct pack_entry entry = packfile_entry(pack, i);

		if (!file_pread(pack->fd, &byte, 1, (off_t)entry.at,
			&ignored) ||
		    (byte >> 4 & 7) > OBJECT_BLOB)
			return true;
	}
	return false;
}

static int
compare_sizes(const void *a, const void *b)
{
	const struct packfile *x = *(struct packfile *const *)a;
	const struct packfile *y = *(struct packfile *const *)b;

	return (x->size > y->size) - (x->size < y->size);
}

/*
 * Join the smallest, down to half of what is enough: what was joined before is
 * seldom among them, so that nobody waits while much is copied.
 */
bool
store_tidy(struct store *store, size_t enough, unsigned *joined,
    struct error *err)
{
	struct packs *packs = &store->packs;
	struct packfile **small;
	struct pack *pack = NULL;
	size_t num = 0, chosen = 0, wanted;
	bool ok = true, kept = false;

	*joined = 0;
	/* Only the writer changes the list, and that is who calls. */
	if (packs->num <= enough)
		return true;
	wanted = packs->num - enough / 2;
	small = calloc(packs->num, sizeof(struct packfile *));
	if (small == NULL)
		return error_set_errno(err, "packs");
	for (size_t i = 0; i < packs->num; i++)
		if (packs->list[i]->size < PACK_SMALL)
			small[num++] = packs->list[i];
	qsort(small, num, sizeof(struct packfile *), compare_sizes);
	for (size_t i = 0; i < num && chosen < wanted; i++)
		if (!has_deltas(small[i]))
			small[chosen++] = small[i];
	if (chosen > enough / 4) {
		pack = pack_new(store, err);
		ok = pack != NULL;
		for (size_t i = 0; ok && i < chosen; i++) {
			kept = kept || small[i]->kept;
			ok = pack_copy(pack, small[i], err);
		}
		if (ok)
			pack_set_kept(pack, kept);
		/* The old ones go when the new one is durable and open. */
		ok = ok && pack_finish(pack, err);
		pack_free(pack);
		if (ok) {
			packs_remove(packs, small, chosen);
			*joined = (unsigned)chosen;
		}
	}
	free(small);
	return ok;
}
