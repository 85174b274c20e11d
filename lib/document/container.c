/*
 * Building, reading and writing containers, and hashing their members
 * (container.h).
 */
#include "document/container.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <zip.h>

#include "base/deflate.h"
#include "base/file.h"
#include "base/text.h"
#include "document/termination.h"
#include "document/zip.h"

#define PATH_MIMETYPE "mimetype"

bool
path_is_meta(const char *path)
{
	return strncmp(path, "META-INF/", 9) == 0;
}

/* Match "PREFIX%sSUFFIX" and get what stands for %s. */
bool
path_signature_id(const char *path, const char *format,
    char out[LIMIT_NAME_BYTES + 1])
{
	const char *hole = strchr(format, '%');
	const size_t prefix = (size_t)(hole - format), len = strlen(path);
	const char *suffix = hole + 2;
	const size_t suffix_len = strlen(suffix);

	if (len <= prefix + suffix_len || strncmp(path, format, prefix) != 0 ||
	    strcmp(path + len - suffix_len, suffix) != 0)
		return false;
	return span_to_str(span_of(path + prefix, len - prefix - suffix_len),
	    out, LIMIT_NAME_BYTES + 1);
}

bool
path_is_receipt(const char *path)
{
	char index[LIMIT_NAME_BYTES + 1];

	return path_signature_id(path, "META-INF/receipt-%s.tlog-proof", index);
}

static bool
stream_memory(const struct member *member, byte_sink *sink, void *arg,
    struct error *err)
{
	return sink(arg, buf_span(&member->bytes), err);
}

static bool
stream_memory_packed(const struct member *member, byte_sink *sink, void *arg,
    struct error *err)
{
	return sink(arg,
	    buf_span(member->deflated ? &member->packed_bytes : &member->bytes),
	    err);
}

static const struct member_source in_memory = { stream_memory,
	stream_memory_packed };

void
member_hold(struct member *member, size_t max)
{
	member->source = &in_memory;
	member->bytes = BUF(max);
	member->packed_bytes = BUF(SIZE_MAX);
}

static struct zip_member
zip_member_of(const struct member *member)
{
	struct zip_member zip = { .deflated = member->deflated,
		.crc = member->crc,
		.size = member->size,
		.packed = member->packed,
		.at = member->at };

	text_set(zip.path, sizeof(zip.path), member->path);
	return zip;
}

static bool
stream_zip(const struct member *member, byte_sink *sink, void *arg,
    struct error *err)
{
	const struct zip_member zip = zip_member_of(member);

	return zip_stream(member->fd, &zip,
	    member->to_judge ? ZIP_FAST : ZIP_STRICT, sink, arg, err);
}

static bool
stream_zip_packed(const struct member *member, byte_sink *sink, void *arg,
    struct error *err)
{
	const struct zip_member zip = zip_member_of(member);

	return zip_stream_packed(member->fd, &zip, sink, arg, err);
}

static const struct member_source in_zip = { stream_zip, stream_zip_packed };

bool
member_stream(const struct member *member, byte_sink *sink, void *arg,
    struct error *err)
{
	return member->source->stream(member, sink, arg, err);
}

bool
member_stream_packed(const struct member *member, byte_sink *sink, void *arg,
    struct error *err)
{
	return member->source->stream_packed(member, sink, arg, err);
}

struct span
member_bytes(const struct member *member)
{
	return buf_span(&member->bytes);
}

struct container *
container_new(struct error *err)
{
	struct container *container = calloc(1, sizeof(*container));

	if (container == NULL)
		error_set_errno(err, "container");
	return container;
}

static void
clear_member(struct member *member)
{
	buf_free(&member->bytes);
	buf_free(&member->packed_bytes);
}

void
container_free(struct container *container)
{
	if (container == NULL)
		return;
	for (size_t i = 0; i < container->num; i++)
		clear_member(&container->members[i]);
	free(container->members);
	free(container);
}

/* Find path among the members: *found, or the place where it would be. */
static size_t
find_place(const struct container *container, const char *path, bool *found)
{
	size_t low = 0, high = container->num;

	*found = false;
	while (low < high) {
		const size_t middle = low + (high - low) / 2;
		const int order = strcmp(container->members[middle].path, path);

		if (order == 0) {
			*found = true;
			return middle;
		}
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct member *
container_find(const struct container *container, const char *path)
{
	bool found;
	const size_t i = find_place(container, path, &found);

	return found ? &container->members[i] : NULL;
}

bool
container_add(struct container *container, const struct member *member,
    struct error *err)
{
	struct member *members;
	bool found;
	const size_t at = find_place(container, member->path, &found);

	if (found) {
		clear_member(&container->members[at]);
		container->members[at] = *member;
		return true;
	}
	/* Signing and receipts add at most as many members again. */
	if (container->num >= 2 * LIMIT_MEMBERS)
		return error_set(err, ERROR_LIMIT, "too many files");
	members = realloc(container->members,
	    (container->num + 1) * sizeof(*members));
	if (members == NULL)
		return error_set_errno(err, "container");
	container->members = members;
	memmove(&members[at + 1], &members[at],
	    (container->num - at) * sizeof(*members));
	members[at] = *member;
	container->num++;
	return true;
}

void
container_remove(struct container *container, const char *path)
{
	bool found;
	const size_t at = find_place(container, path, &found);

	if (!found)
		return;
	clear_member(&container->members[at]);
	container->num--;
	memmove(&container->members[at], &container->members[at + 1],
	    (container->num - at) * sizeof(*container->members));
}

static bool
put_bytes(struct container *container, const char *path, struct span bytes,
    bool to_judge, struct error *err)
{
	struct member member = { .size = bytes.len,
		.to_judge = to_judge,
		.packed = bytes.len,
		.source = &in_memory,
		.bytes = BUF(SIZE_MAX),
		.packed_bytes = BUF(SIZE_MAX) };
	bool ok;

	member.crc = deflate_crc32(0, bytes);
	ok = text_take(member.path, sizeof(member.path), path, err) &&
	    buf_append(&member.bytes, bytes, err);
	if (ok && !to_judge && strcmp(path, PATH_MIMETYPE) != 0)
		ok = deflate_raw(bytes, &member.packed_bytes, err);
	if (ok && member.packed_bytes.len > 0 &&
	    member.packed_bytes.len < bytes.len) {
		member.deflated = true;
		member.packed = member.packed_bytes.len;
	}
	ok = ok && container_add(container, &member, err);
	if (!ok)
		clear_member(&member);
	return ok;
}

bool
container_put(struct container *container, const char *path, struct span bytes,
    struct error *err)
{
	return put_bytes(container, path, bytes, false, err);
}

bool
container_put_to_judge(struct container *container, const char *path,
    struct span bytes, struct error *err)
{
	return put_bytes(container, path, bytes, true, err);
}

/* The content and its digest, if the ZIP has the same. */
static bool
take_over(struct member *member, struct container *written)
{
	struct member *known =
	    written != NULL ? container_find(written, member->path) : NULL;

	if (known == NULL || !known->hashed || known->crc != member->crc ||
	    known->size != member->size)
		return false;
	member->sha256 = known->sha256;
	member->hashed = true;
	if (known->bytes.max == 0)
		return false;
	member->source = &in_memory;
	member->bytes = known->bytes;
	member->packed_bytes = known->packed_bytes;
	known->bytes = known->packed_bytes = BUF(0);
	return true;
}

/*
 * Members that are judged as a whole are read into memory, within one bound for
 * all.
 */
static bool
load_small(struct member *member, bool is_loaded, uint64_t *total,
    struct error *err)
{
	const bool meta = path_is_meta(member->path);
	const uint64_t limit = meta ? LIMIT_META_BYTES : LIMIT_VERSION_BYTES;

	if (!meta && strcmp(member->path, PATH_VERSION) != 0 &&
	    strcmp(member->path, PATH_MIMETYPE) != 0 &&
	    strcmp(member->path, PATH_TERMINATION) != 0)
		return true;
	*total += member->size;
	if (member->size > limit || *total > LIMIT_META_TOTAL)
		return error_set(err, ERROR_LIMIT,
		    "%s: %llu bytes, limit %llu, all together %d", member->path,
		    (unsigned long long)member->size, (unsigned long long)limit,
		    LIMIT_META_TOTAL);
	if (is_loaded)
		return true;
	member->bytes = BUF((size_t)limit);
	return member_stream(member, sink_to_buf, &member->bytes, err);
}

static bool
take_members(struct container *container, int fd,
    const struct zip_member zips[], size_t num, bool to_judge,
    struct container *written, struct error *err)
{
	uint64_t total = 0;

	for (size_t i = 0; i < num; i++) {
		struct member member = { .size = zips[i].size,
			.deflated = zips[i].deflated,
			.to_judge = to_judge,
			.packed = zips[i].packed,
			.crc = zips[i].crc,
			.source = &in_zip,
			.fd = fd,
			.at = zips[i].at };
		bool is_loaded;

		memcpy(member.path, zips[i].path, sizeof(member.path));
		is_loaded = take_over(&member, written);
		if (!load_small(&member, is_loaded, &total, err) ||
		    !container_add(container, &member, err)) {
			clear_member(&member);
			return false;
		}
	}
	return true;
}

/* EN 319 162-1 clause 4.4.2: mimetype is first, stored, without a newline. */
static bool
check_mimetype(const struct container *container,
    const struct zip_member *first, struct error *err)
{
	const struct member *member = container_find(container, PATH_MIMETYPE);

	return (strcmp(first->path, PATH_MIMETYPE) == 0 && !first->deflated &&
		   member != NULL &&
		   span_is(member_bytes(member), CONTAINER_MIMETYPE)) ||
	    error_set(err, ERROR_MALFORMED,
		"not an ASiC-E container: its first member is not \"mimetype\","
		" stored, with \"" CONTAINER_MIMETYPE "\"");
}

static struct container *
read_container(int fd, bool to_judge, struct container *written,
    struct error *err)
{
	struct container *container = container_new(err);
	struct zip_member *zips = NULL;
	size_t num = 0;
	bool ok;

	ok = container != NULL && zip_read(fd, ZIP_OURS, &zips, &num, err) &&
	    take_members(container, fd, zips, num, to_judge, written, err) &&
	    check_mimetype(container, &zips[0], err);
	free(zips);
	if (!ok) {
		container_free(container);
		return NULL;
	}
	return container;
}

struct container *
container_read(int fd, struct error *err)
{
	return read_container(fd, false, NULL, err);
}

struct container *
container_read_to_judge(int fd, struct error *err)
{
	return container_read_back(fd, NULL, err);
}

struct container *
container_read_back(int fd, struct container *written, struct error *err)
{
	return read_container(fd, true, written, err);
}

static struct container *
read_files(int fd, bool to_judge, struct error *err)
{
	struct container *container = container_new(err);
	struct zip_member *zips = NULL;
	uint64_t total = 0;
	size_t num = 0;
	bool ok;

	ok = container != NULL && zip_read(fd, ZIP_PLAIN, &zips, &num, err);
	if (ok && num > LIMIT_POLICY_FILES)
		ok = error_set(err, ERROR_LIMIT, "%zu files, limit %d", num,
		    LIMIT_POLICY_FILES);
	for (size_t i = 0; ok && i < num; i++) {
		struct buf bytes = BUF(LIMIT_CRL_BYTES);

		total += zips[i].size;
		ok = total <= LIMIT_POLICY_ZIP_BYTES ||
		    error_set(err, ERROR_LIMIT, "over %d bytes",
			LIMIT_POLICY_ZIP_BYTES);
		/* They are deflated anew. */
		ok = ok &&
		    zip_stream(fd, &zips[i], ZIP_FAST, sink_to_buf, &bytes,
			err) &&
		    put_bytes(container, zips[i].path, buf_span(&bytes),
			to_judge, err);
		buf_free(&bytes);
	}
	free(zips);
	if (!ok) {
		container_free(container);
		return NULL;
	}
	return container;
}

struct container *
container_read_files(int fd, struct error *err)
{
	return read_files(fd, false, err);
}

struct container *
container_read_files_to_judge(int fd, struct error *err)
{
	return read_files(fd, true, err);
}

static bool read_folder(struct container *container, const char *dir,
    const char *prefix, struct error *err);

static bool
read_folder_entry(struct container *container, const char *dir,
    const char *prefix, const char *name, struct error *err)
{
	char path[FILE_PATH], member[FILE_PATH];
	struct buf bytes = BUF(LIMIT_CRL_BYTES);
	struct stat st;
	bool ok;

	if (!file_join(path, dir, name, err))
		return false;
	snprintf(member, sizeof(member), "%s%s", prefix, name);
	if (!text_check_path(span_of_str(member), err))
		return error_context(err, "%s", path);
	if (stat(path, &st) != 0)
		return error_set_errno(err, "%s", path);
	if (S_ISDIR(st.st_mode)) {
		snprintf(member, sizeof(member), "%s%s/", prefix, name);
		return read_folder(container, path, member, err);
	}
	if (!S_ISREG(st.st_mode))
		return error_set(err, ERROR_MALFORMED, "%s: not a plain file",
		    path);
	if (container->num == LIMIT_POLICY_FILES)
		return error_set(err, ERROR_LIMIT, "%s: more than %d files",
		    dir, LIMIT_POLICY_FILES);
	ok = file_read(path, LIMIT_CRL_BYTES, &bytes, err) &&
	    container_put(container, member, buf_span(&bytes), err);
	buf_free(&bytes);
	return ok;
}

static bool
read_folder(struct container *container, const char *dir, const char *prefix,
    struct error *err)
{
	DIR *folder = opendir(dir);
	const struct dirent *entry;
	bool ok = true;

	if (folder == NULL)
		return errno == ENOENT
		    ? error_set(err, ERROR_NOT_FOUND, "%s: no such folder", dir)
		    : error_set_errno(err, "%s", dir);
	while (ok && (entry = readdir(folder)) != NULL)
		if (strcmp(entry->d_name, ".") != 0 &&
		    strcmp(entry->d_name, "..") != 0)
			ok = read_folder_entry(container, dir, prefix,
			    entry->d_name, err);
	closedir(folder);
	return ok;
}

struct container *
container_read_dir(const char *dir, struct error *err)
{
	struct container *container = container_new(err);

	if (container != NULL && !read_folder(container, dir, "", err)) {
		container_free(container);
		return NULL;
	}
	return container;
}

static bool
take_foreign(struct container *container, zip_t *archive, zip_uint64_t i,
    uint64_t *total, struct error *err)
{
	struct buf bytes = BUF(LIMIT_META_TOTAL);
	uint8_t piece[16384] UNINITIALIZED;
	zip_file_t *file;
	zip_stat_t st;
	zip_int64_t n;
	bool ok = true;

	if (zip_stat_index(archive, i, 0, &st) != 0 ||
	    (st.valid & ZIP_STAT_NAME) == 0)
		return error_set(err, ERROR_MALFORMED,
		    "a member without a name");
	if (strlen(st.name) > LIMIT_PATH_BYTES)
		return error_set(err, ERROR_LIMIT,
		    "a name of %zu bytes, limit %d", strlen(st.name),
		    LIMIT_PATH_BYTES);
	if (st.name[0] == '\0' || st.name[strlen(st.name) - 1] == '/')
		return true; /* a folder */
	if (container_find(container, st.name) != NULL)
		return error_set(err, ERROR_MALFORMED, "\"%s\" is there twice",
		    st.name);
	if ((file = zip_fopen_index(archive, i, 0)) == NULL)
		return error_set(err, ERROR_MALFORMED, "\"%s\": %s", st.name,
		    zip_strerror(archive));
	while (ok && (n = zip_fread(file, piece, sizeof(piece))) > 0) {
		*total += (uint64_t)n;
		ok = *total <= LIMIT_META_TOTAL
		    ? buf_append(&bytes, span_of(piece, (size_t)n), err)
		    : error_set(err, ERROR_LIMIT,
			  "its files are over %d bytes together",
			  LIMIT_META_TOTAL);
	}
	if (ok && n < 0)
		ok = error_set(err, ERROR_MALFORMED, "\"%s\" does not read",
		    st.name);
	zip_fclose(file);
	ok = ok &&
	    container_put_to_judge(container, st.name, buf_span(&bytes), err);
	buf_free(&bytes);
	return ok;
}

struct container *
container_read_foreign(const char *path, struct error *err)
{
	struct container *container = container_new(err);
	int code = 0;
	zip_t *archive = zip_open(path, ZIP_RDONLY, &code);
	uint64_t total = 0;
	zip_int64_t num;
	bool ok;

	ok = container != NULL;
	if (ok && archive == NULL)
		ok = error_set(err, ERROR_MALFORMED, "not a ZIP file");
	num = archive != NULL ? zip_get_num_entries(archive, 0) : 0;
	if (ok && num > LIMIT_MEMBERS)
		ok = error_set(err, ERROR_LIMIT, "%lld members, limit %d",
		    (long long)num, LIMIT_MEMBERS);
	for (zip_int64_t i = 0; ok && i < num; i++)
		ok = take_foreign(container, archive, (zip_uint64_t)i, &total,
		    err);
	if (archive != NULL)
		zip_discard(archive);
	if (!ok) {
		container_free(container);
		return NULL;
	}
	return container;
}

struct hashing {
	struct sha256 sha256;
	bool to_judge;
	struct sha1 sha1;
	uint32_t adler;
	uint64_t *progress;
};

static bool
hash_piece(void *arg, struct span bytes, struct error *err)
{
	struct hashing *hashing = arg;

	(void)err;
	sha256_update(&hashing->sha256, bytes);
	if (!hashing->to_judge) {
		sha1_update(&hashing->sha1, bytes);
		hashing->adler = deflate_adler32(hashing->adler, bytes);
	}
	if (hashing->progress != NULL)
		*hashing->progress += bytes.len;
	return true;
}

/* Git names a blob by the SHA-1 of this header and the content. */
static void
begin_name(struct hashing *hashing, uint64_t size)
{
	char header[48];
	const int n = snprintf(header, sizeof(header), "blob %llu",
	    (unsigned long long)size);

	sha1_init(&hashing->sha1);
	sha1_update(&hashing->sha1, span_of(header, (size_t)n + 1));
	hashing->adler = 1;
}

bool
member_hash(struct member *member, uint64_t *progress, struct error *err)
{
	struct hashing hashing = { .to_judge = member->to_judge,
		.progress = progress };

	if (member->hashed)
		return true;
	sha256_init(&hashing.sha256);
	if (!member->to_judge)
		begin_name(&hashing, member->size);
	if (!(member->bytes.max > 0
		    ? stream_memory(member, hash_piece, &hashing, err)
		    : member_stream(member, hash_piece, &hashing, err)))
		return false;
	member->sha256 = sha256_final(&hashing.sha256);
	if (!member->to_judge) {
		sha1_final(&hashing.sha1, member->blob);
		member->adler = hashing.adler;
	}
	member->hashed = true;
	return true;
}

bool
container_hash(struct container *container, uint64_t *progress,
    struct error *err)
{
	for (size_t i = 0; i < container->num; i++)
		if (!member_hash(&container->members[i], progress, err))
			return false;
	return true;
}

bool
container_contents(const struct container *container, struct digest *out,
    struct error *err)
{
	char line[DIGEST_HEX + 2 + LIMIT_PATH_BYTES + 2], hex[DIGEST_HEX];
	struct sha256 hash;

	sha256_init(&hash);
	for (size_t i = 0; i < container->num; i++) {
		const struct member *member = &container->members[i];
		int n;

		if (path_is_receipt(member->path))
			continue;
		if (!member->hashed)
			return error_set(err, ERROR_SYSTEM, "%s: not hashed",
			    member->path);
		digest_hex(&member->sha256, hex);
		n = snprintf(line, sizeof(line), "%s  %s\n", hex, member->path);
		sha256_update(&hash, span_of(line, (size_t)n));
	}
	*out = sha256_final(&hash);
	return true;
}

static bool
write_member(const struct member *member, struct zip_writer *writer,
    struct error *err)
{
	struct zip_member zip = zip_member_of(member);
	const bool is_bomb = zip.deflated && zip_is_bomb(zip.size, zip.packed);

	/*
	 * Readers would take a page of blanks for a ZIP bomb, so it is stored.
	 */
	if (is_bomb) {
		zip.deflated = false;
		zip.packed = zip.size;
	}
	return zip_writer_begin(writer, &zip, err) &&
	    (is_bomb ? member_stream(member, zip_writer_sink, writer, err)
		     : member_stream_packed(member, zip_writer_sink, writer,
			   err));
}

bool
container_write(const struct container *container, int fd, uint64_t *size,
    struct error *err)
{
	const struct member *first = container_find(container, PATH_MIMETYPE);
	struct zip_writer *writer = zip_writer_new(fd, err);
	bool ok;

	ok = writer != NULL &&
	    (first == NULL || write_member(first, writer, err));
	for (size_t i = 0; ok && i < container->num; i++)
		ok = &container->members[i] == first ||
		    write_member(&container->members[i], writer, err);
	ok = ok && zip_writer_end(writer, size, err);
	zip_writer_free(writer);
	return ok;
}
