/*
 * Building and writing containers (container.h).
 */
#include "document/container.h"

#include <stdlib.h>
#include <string.h>

#include "base/deflate.h"
#include "base/text.h"
#include "document/version.h"
#include "document/zip.h"

bool
path_is_meta(const char *path)
{
	return strncmp(path, "META-INF/", 9) == 0;
}

bool
path_is_text(const char *path)
{
	return strncmp(path, PATH_TEXTS, strlen(PATH_TEXTS)) == 0 ||
	    strncmp(path, PATH_ANNEXES, strlen(PATH_ANNEXES)) == 0;
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

	if (len <= prefix + suffix_len ||
	    len - prefix - suffix_len > LIMIT_ID_BYTES ||
	    strncmp(path, format, prefix) != 0 ||
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

struct container *
container_new(struct error *err)
{
	struct container *container = calloc(1, sizeof(*container));

	if (container == NULL)
		error_set_errno(err, "container");
	return container;
}

void
container_free(struct container *container)
{
	if (container == NULL)
		return;
	for (size_t i = 0; i < container->num; i++)
		member_clear(&container->members[i]);
	free(container->members);
	version_free(container->version);
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
		member_clear(&container->members[at]);
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
	member_clear(&container->members[at]);
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
		.source = &member_in_memory,
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
		member_clear(&member);
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

/* What was written so far, inflated and as it lies in the file. */
struct written {
	uint64_t size, packed;
};

static bool
write_member(const struct member *member, struct zip_writer *writer,
    struct written *all, struct error *err)
{
	struct zip_member zip = member_zip(member);
	const bool is_bomb = zip.deflated &&
	    (zip_is_bomb(zip.size, zip.packed) ||
		zip_is_bomb_in_all(all->size + zip.size,
		    all->packed + zip.packed));

	/*
	 * Readers would take a page of blanks for a ZIP bomb, so it is stored.
	 */
	if (is_bomb) {
		zip.deflated = false;
		zip.packed = zip.size;
	}
	all->size += zip.size;
	all->packed += zip.packed;
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
	struct written all = { 0 };
	bool ok;

	ok = writer != NULL &&
	    (first == NULL || write_member(first, writer, &all, err));
	for (size_t i = 0; ok && i < container->num; i++)
		ok = &container->members[i] == first ||
		    write_member(&container->members[i], writer, &all, err);
	ok = ok && zip_writer_end(writer, size, err);
	zip_writer_free(writer);
	return ok;
}
