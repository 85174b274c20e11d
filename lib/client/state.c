/*
 * The state folder of an office (context.h): paths in it, and what is kept
 * there by digest.
 */
#include "client/context.h"

#include <unistd.h>

bool
context_path(const struct context *context, const char *name,
    char out[FILE_PATH], struct error *err)
{
	return file_join(out, context->state, name, err);
}

bool
context_digest_path(const struct context *context, const char *folder,
    const struct digest *digest, const char *suffix, char out[FILE_PATH],
    struct error *err)
{
	char name[DIGEST_HEX + 16];

	digest_hex(digest, name);
	snprintf(name + DIGEST_HEX - 1, 16, "%s", suffix);
	return context_path(context, folder, out, err) &&
	    file_join(out, out, name, err);
}

bool
context_keep_zip(const struct context *context, int fd, const char *folder,
    const struct digest *digest, struct error *err)
{
	struct buf bytes = BUF(LIMIT_POLICY_ZIP_BYTES);
	uint8_t piece[16384];
	char dir[FILE_PATH], path[FILE_PATH];
	off_t at = 0;
	ssize_t n;
	bool ok = true;

	do {
		n = pread(fd, piece, sizeof(piece), at);
		ok = n >= 0 ? buf_append(&bytes, span_of(piece, (size_t)n), err)
			    : error_set_errno(err, "%s", folder);
		at += n;
	} while (ok && n > 0);
	ok = ok && context_path(context, folder, dir, err) &&
	    file_make_dirs(dir, 0700, err) &&
	    context_digest_path(context, folder, digest, ".zip", path, err) &&
	    file_write(path, buf_span(&bytes), 0600, err);
	buf_free(&bytes);
	return ok;
}

bool
context_known_version(const struct context *context,
    const struct digest *digest, struct buf *out)
{
	struct error ignored = { 0 };
	struct digest found;
	char path[FILE_PATH];

	if (!context_digest_path(context, "versions", digest, ".yaml", path,
		&ignored) ||
	    !file_read(path, LIMIT_VERSION_BYTES, out, &ignored))
		return false;
	found = sha256_of(buf_span(out));
	return digest_eq(&found, digest);
}

void
context_remember_version(const struct context *context,
    struct span version_yaml)
{
	const struct digest digest = sha256_of(version_yaml);
	struct error ignored = { 0 };
	char dir[FILE_PATH], path[FILE_PATH];

	/*
	 * A convenience: without the file a push is not compared with the last
	 * one.
	 */
	if (context_path(context, "versions", dir, &ignored) &&
	    file_make_dirs(dir, 0700, &ignored) &&
	    context_digest_path(context, "versions", &digest, ".yaml", path,
		&ignored) &&
	    !file_exists(path) &&
	    !file_write_quick(path, version_yaml, 0600, &ignored))
		unlink(path);
}

bool
context_has_seen(const struct context *context, const struct digest *digest)
{
	static const char *const suffixes[] = { ".yaml", ".shown" };
	struct error ignored = { 0 };
	char path[FILE_PATH];

	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++)
		if (context_digest_path(context, "versions", digest,
			suffixes[i], path, &ignored) &&
		    file_exists(path))
			return true;
	return false;
}

void
context_saw_version(const struct context *context, const char *document,
    unsigned number, const struct digest *digest)
{
	char name[DOCUMENT_NAME + 16], dir[FILE_PATH], path[FILE_PATH];
	struct error ignored = { 0 };

	snprintf(name, sizeof(name), "%s@%u\n", document, number);
	/* If it cannot be kept, the next push asks for a look once more. */
	if (!context_has_seen(context, digest) &&
	    context_path(context, "versions", dir, &ignored) &&
	    file_make_dirs(dir, 0700, &ignored) &&
	    context_digest_path(context, "versions", digest, ".shown", path,
		&ignored) &&
	    !file_write_quick(path, span_of_str(name), 0600, &ignored))
		unlink(path);
}

int
context_temporary(const struct context *context, struct error *err)
{
	struct error ignored = { 0 };
	const int fd = file_temporary(context->state, &ignored);

	if (fd >= 0)
		return fd;
	return file_temporary(context->temporary[0] != '\0' ? context->temporary
							    : "/tmp",
	    err);
}
