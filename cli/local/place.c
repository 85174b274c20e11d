/*
 * Placing a copy.  A copy in place is replaced only by a copy whose acts
 * include all of its own, and that is proved if the old one is.  Copies that
 * may not be lost are kept in aside/: the other one of two that contradict each
 * other, one that is damaged, and a proved one while the copy in its place is
 * not proved.
 */
#include "cli/local/private.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/scratch.h"
#include "base/text.h"

#define LOCK     ".valise-lock"     /* in DIR/: held while a copy is placed */
#define UNPROVED ".valise-unproved" /* in DIR/: lines "TYPE/SLUG N" */
#define ASIDE    "aside"            /* in DIR/TYPE/SLUG/ */

/* A version in the local copy, and the copy that has its place. */
struct place {
	struct context *context;
	struct seen *seen;
	const char *dir, *document;
	unsigned version;
	char path[FILE_PATH], aside[FILE_PATH];
};

static bool
place_of(struct context *context, struct seen *seen, const char *dir,
    const char *document, unsigned version, struct place *out,
    struct error *err)
{
	char folder[FILE_PATH];

	*out = (struct place){ .context = context,
		.seen = seen,
		.dir = dir,
		.document = document,
		.version = version };
	return local_version_file(dir, document, version, out->path, err) &&
	    local_document_dir(dir, document, folder, err) &&
	    file_join(out->aside, folder, ASIDE, err);
}

static int
take_lock(const char *dir, struct error *err)
{
	char path[FILE_PATH];

	return file_join(path, dir, LOCK, err) ? file_lock_wait(path, err) : -1;
}

/* Copies of one document are placed one at a time, those of several at once. */
struct locks {
	int all, document;
};

static void
release_locks(struct locks *locks)
{
	if (locks->document >= 0)
		close(locks->document);
	if (locks->all >= 0)
		close(locks->all);
}

static bool
take_locks(const char *dir, const char *folder, struct locks *out,
    struct error *err)
{
	char path[FILE_PATH];

	*out = (struct locks){ -1, -1 };
	if (!file_join(path, dir, LOCK, err) ||
	    (out->all = file_lock_shared(path, err)) < 0)
		return false;
	out->document = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	/* If one folder cannot be locked, lock all. */
	if ((out->document >= 0 && flock(out->document, LOCK_EX) == 0) ||
	    flock(out->all, LOCK_EX) == 0)
		return true;
	error_set_errno(err, "%s", folder);
	release_locks(out);
	return false;
}

/* --- Files. --- */

/*
 * Write a file whole or not at all. If it replaces another one it is on the
 * disk first.
 */
static bool
write_copy(int from, uint64_t size, const char *dir, const char *path,
    struct error *err)
{
	struct scratch made;
	bool ok;

	/* At the top, where those of dead runs are looked for. */
	if (!scratch_open(&made, dir, err))
		return false;
	ok = local_copy_bytes(from, made.fd, size, err) &&
	    (((!file_exists(path) || fdatasync(made.fd) == 0) &&
		 fchmod(made.fd, 0644) == 0) ||
		error_set_errno(err, "%s", path)) &&
	    scratch_place(&made, path, true, err);
	scratch_drop(&made);
	return ok;
}

/*
 * If the place is free, the judged file itself may get its name, if it is on
 * the same file system.
 */
static bool
link_copy(const struct copy *copy, const char *path)
{
	char self[48];

	snprintf(self, sizeof(self), "/proc/self/fd/%d", copy->fd);
	return copy->own_file && fchmod(copy->fd, 0644) == 0 &&
	    linkat(AT_FDCWD, self, AT_FDCWD, path, AT_SYMLINK_FOLLOW) == 0;
}

/*
 * Name a copy by its bytes, so that the same one is kept once. out gets the
 * path.
 */
static bool
keep_aside(const struct place *place, int fd, char out[FILE_PATH],
    struct error *err)
{
	const off_t size = lseek(fd, 0, SEEK_END);
	char name[LIMIT_SLUG_BYTES + 64], hex[DIGEST_HEX];
	struct digest digest;

	if (size < 0)
		return error_set_errno(err, "%s", place->path);
	if (!file_sha256(fd, (uint64_t)size, &digest, err))
		return false;
	digest_hex(&digest, hex);
	snprintf(name, sizeof(name), "%s-v%u-%.16s.asice",
	    strchr(place->document, '/') + 1, place->version, hex);
	return file_make_dirs(place->aside, 0755, err) &&
	    file_join(out, place->aside, name, err) &&
	    (file_exists(out) ||
		write_copy(fd, (uint64_t)size, place->dir, out, err));
}

/* True if the file at path has the bytes of the copy. */
static bool
same_file(const struct copy *copy, const char *path)
{
	const int fd = open(path, O_RDONLY | O_CLOEXEC);
	uint8_t a[65536], b[65536];
	struct error ignored = { 0 };
	struct stat st;
	bool same = fd >= 0 && fstat(fd, &st) == 0 &&
	    (uint64_t)st.st_size == copy->size;

	for (uint64_t at = 0; same && at < copy->size;) {
		const uint64_t left = copy->size - at;
		const size_t n = left < sizeof(a) ? (size_t)left : sizeof(a);

		same = file_pread(fd, a, n, (off_t)at, &ignored) &&
		    file_pread(copy->fd, b, n, (off_t)at, &ignored) &&
		    memcmp(a, b, n) == 0;
		at += n;
	}
	if (fd >= 0)
		close(fd);
	return same;
}

/* --- The list of those that are not proved. --- */

static bool
read_unproved(const char *dir, struct buf *out, struct error *err)
{
	char path[FILE_PATH];

	return file_join(path, dir, UNPROVED, err) &&
	    (!file_exists(path) || file_read(path, out->max, out, err));
}

static bool
write_unproved(const char *dir, struct span lines, struct error *err)
{
	char path[FILE_PATH];

	if (!file_join(path, dir, UNPROVED, err))
		return false;
	if (lines.len > 0)
		return file_write(path, lines, 0644, err);
	return unlink(path) == 0 || errno == ENOENT ||
	    error_set_errno(err, "%s", path);
}

/* Read a line of the list; false if it is damaged. */
static bool
take_unproved(struct span *lines, char document[DOCUMENT_NAME],
    unsigned *version, struct span *line)
{
	struct span rest, name;

	if (!span_take_line(lines, line))
		return false;
	rest = *line;
	return span_take_until(&rest, ' ', &name) &&
	    span_to_str(name, document, DOCUMENT_NAME) &&
	    document_version_parse(rest, version);
}

/* Lock the list against others who place copies of other documents. */
static int
lock_list(const char *dir, struct error *err)
{
	const int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 || flock(fd, LOCK_EX) != 0)
		error_set_errno(err, "%s", dir);
	return fd;
}

/* Put this version on the list, or take it off. */
static bool
rewrite_list(const struct place *place, bool unproved, struct error *err)
{
	struct buf old = BUF(LIMIT_UNPROVED_BYTES);
	struct buf new = BUF(LIMIT_UNPROVED_BYTES);
	char document[DOCUMENT_NAME];
	struct span rest, line;
	unsigned version;
	bool ok = read_unproved(place->dir, &old, err);

	rest = buf_span(&old);
	while (ok && take_unproved(&rest, document, &version, &line))
		if (version != place->version ||
		    strcmp(document, place->document) != 0)
			ok = buf_append(&new, line, err) &&
			    buf_append_u8(&new, '\n', err);
	if (ok && unproved)
		ok = buf_printf(&new, err, "%s %u\n", place->document,
		    place->version);
	if (ok && !span_eq(buf_span(&old), buf_span(&new)))
		ok = write_unproved(place->dir, buf_span(&new), err);
	buf_free(&old);
	buf_free(&new);
	return ok;
}

/* The same under the list's lock, where the list has to change. */
static bool
mark(const struct place *place, bool unproved, struct error *err)
{
	char path[FILE_PATH];
	bool ok;
	int fd;

	if (!file_join(path, place->dir, UNPROVED, err))
		return false;
	if (!unproved && !file_exists(path))
		return true;
	fd = lock_list(place->dir, err);
	ok = err->kind == ERROR_NONE && rewrite_list(place, unproved, err);
	if (fd >= 0)
		close(fd);
	return ok;
}

/* --- Placing. --- */

/* The copy that has the place, and the one that came. */
struct meeting {
	struct copy old;
	/* the acts of the old copy and of the new one */
	struct copy_acts had, has;
	enum local_proof old_proof;
	bool proved; /* the new copy */
	enum relation relation;
	uint64_t missing;
};

/*
 * Open the copy that has the place, and compare its acts with those of the
 * copy that came.
 */
static bool
meet(const struct place *place, const struct copy *copy, bool proved,
    struct meeting *out, struct error *err)
{
	const struct note_keys *keys = &place->context->journal;

	*out = (struct meeting){ .old = { .fd = -1 }, .proved = proved };
	if (!local_judge(place->context, place->path, &out->old, err))
		return false;
	if (out->old.container != NULL &&
	    !copy_acts_read(out->old.container, place->document, place->version,
		keys, &out->had, err))
		return false;
	if (!copy_acts_read(copy->container, place->document, place->version,
		keys, &out->has, err))
		return false;
	out->old_proof = out->old.container != NULL
	    ? local_proof_of(place->seen, out->old.container)
	    : LOCAL_NOT_PROVED;
	out->relation = copy_acts_compare(&out->has, &out->had, &out->missing);
	return true;
}

static void
meeting_free(struct meeting *meeting)
{
	copy_free(&meeting->old);
	copy_acts_free(&meeting->had);
	copy_acts_free(&meeting->has);
}

/* Both have the same acts: the one that leads to a better checkpoint stays. */
static bool
is_better(const struct meeting *meeting, const struct copy *copy)
{
	const bool old_proved = meeting->old_proof == LOCAL_PROVED;

	if (meeting->proved != old_proved)
		return meeting->proved;
	return copy->verdict.num_witnesses > meeting->old.verdict.num_witnesses;
}

static bool
replaces(const struct meeting *meeting, const struct copy *copy)
{
	if (meeting->old.verdict.outcome == OUTCOME_INVALID &&
	    meeting->relation != ACTS_OTHER)
		return true; /* it is damaged and cannot be read */
	switch (meeting->relation) {
	case ACTS_MORE:
		return true;
	case ACTS_SAME:
		return is_better(meeting, copy);
	case ACTS_LESS:
		return false;
	case ACTS_OTHER:
		return meeting->proved && meeting->old_proof != LOCAL_PROVED;
	}
	return false;
}

/*
 * True if the copy that has to go, or that is not placed, may still be needed.
 */
static bool
is_needed(const struct meeting *meeting, bool replaced)
{
	const bool old_proved = meeting->old_proof == LOCAL_PROVED;

	if (meeting->relation == ACTS_OTHER)
		return true;
	if (replaced)
		return meeting->old.verdict.outcome != OUTCOME_VALID ||
		    !meeting->proved;
	return meeting->proved && !old_proved;
}

/*
 * Place a copy where another one is: the better one gets the place, and the
 * other goes aside if it may still be needed.
 */
static bool
place_beside(const struct place *place, const struct copy *copy, bool proved,
    struct placing *out, struct error *err)
{
	struct meeting meeting;
	bool ok = meet(place, copy, proved, &meeting, err), replaced;

	if (!ok) {
		meeting_free(&meeting);
		return false;
	}
	replaced = replaces(&meeting, copy);
	out->missing = meeting.missing;
	out->placed = meeting.relation == ACTS_OTHER ? PLACED_OTHER
	    : replaced                               ? PLACED_NEW
	    : meeting.relation == ACTS_LESS          ? PLACED_LESS
						     : PLACED_SAME;
	if (is_needed(&meeting, replaced))
		ok = keep_aside(place, replaced ? meeting.old.fd : copy->fd,
		    out->aside, err);
	if (ok && replaced)
		ok = mark(place, !proved, err) &&
		    write_copy(copy->fd, copy->size, place->dir, place->path,
			err);
	meeting_free(&meeting);
	return ok;
}

/* Place a copy under the folder's lock. */
static bool
place_locked(const struct place *place, const struct copy *copy,
    enum local_proof proof, struct placing *out, struct error *err)
{
	const bool proved = proof == LOCAL_PROVED;
	bool ok = true;

	if (proof == LOCAL_REFUTED) {
		out->placed = PLACED_OTHER;
		return keep_aside(place, copy->fd, out->aside, err);
	}
	if (!file_exists(place->path)) {
		out->placed = PLACED_NEW;
		ok = mark(place, !proved, err) &&
		    (link_copy(copy, place->path) ||
			write_copy(copy->fd, copy->size, place->dir,
			    place->path, err));
	} else if (!same_file(copy, place->path)) {
		ok = place_beside(place, copy, proved, out, err);
	}
	return ok &&
	    local_refresh_newest(place->dir, place->document,
		out->placed == PLACED_NEW ? copy->container : NULL,
		place->version, err);
}

bool
local_place(struct context *context, struct seen *seen, const char *dir,
    const struct copy *copy, enum local_proof proof, struct placing *out,
    struct error *err)
{
	const struct version *version = copy->verdict.version;
	char folder[FILE_PATH];
	struct locks locks;
	struct place place;
	bool ok;

	*out = (struct placing){ .placed = PLACED_SAME };
	if (!place_of(context, seen, dir, version->document, version->number,
		&place, err) ||
	    !local_document_dir(dir, version->document, folder, err) ||
	    !file_make_dirs(folder, 0755, err) ||
	    !take_locks(dir, folder, &locks, err))
		return false;
	ok = place_locked(&place, copy, proof, out, err);
	release_locks(&locks);
	return ok;
}

bool
local_contradicts(const struct copy *copy, const struct placing *placing,
    struct error *err)
{
	const struct version *version = copy->verdict.version;

	return error_set_code(err, ERROR_UNTRUSTED, "JOURNAL_ROLLED_BACK",
	    "%s@%u: the journal was rolled back: its key signed two histories"
	    " of this version, and both copies are kept, one of them in %s."
	    " Call the depositary and the other offices before you trust"
	    " either",
	    version->document, version->number, placing->aside);
}

/* --- What a connection settled. --- */

/* Visit each copy of this version that was kept aside. */
typedef bool aside_visitor(void *arg, const struct place *place,
    const char *path, struct error *err);

/* Visit the copies of this version that were kept aside. */
static bool
each_aside(const struct place *place, aside_visitor *visit, void *arg,
    struct error *err)
{
	char prefix[LIMIT_SLUG_BYTES + 24], path[FILE_PATH];
	const struct dirent *entry;
	DIR *folder = opendir(place->aside);
	bool ok = true;

	if (folder == NULL)
		return errno == ENOENT ||
		    error_set_errno(err, "%s", place->aside);
	snprintf(prefix, sizeof(prefix), "%s-v%u-",
	    strchr(place->document, '/') + 1, place->version);
	while (ok && (entry = readdir(folder)) != NULL) {
		const size_t len = strlen(entry->d_name);

		if (len == strlen(prefix) + 16 + strlen(".asice") &&
		    strncmp(entry->d_name, prefix, strlen(prefix)) == 0)
			ok =
			    file_join(path, place->aside, entry->d_name, err) &&
			    visit(arg, place, path, err);
	}
	closedir(folder);
	return ok;
}

/* A copy that could have the place: judged, and with its acts. */
static bool
look_at(const struct place *place, const char *path, struct copy *copy,
    struct copy_acts *acts, bool *good, struct error *err)
{
	*acts = (struct copy_acts){ NULL, 0 };
	if (!local_judge(place->context, path, copy, err) ||
	    (copy->container != NULL &&
		!copy_acts_read(copy->container, place->document,
		    place->version, &place->context->journal, acts, err)))
		return false;
	*good = copy->verdict.outcome == OUTCOME_VALID && acts->num > 0;
	return true;
}

/*
 * Once the copy in the place is proved, those that have no more acts can be
 * removed.
 */
static bool
drop_redundant(void *arg, const struct place *place, const char *path,
    struct error *err)
{
	const struct copy_acts *kept = arg;
	struct copy copy = { .fd = -1 };
	struct copy_acts acts;
	uint64_t missing;
	bool good, ok = look_at(place, path, &copy, &acts, &good, err);

	if (ok && good) {
		const enum relation it =
		    copy_acts_compare(kept, &acts, &missing);

		if (it == ACTS_SAME || it == ACTS_MORE)
			unlink(path);
	}
	copy_acts_free(&acts);
	copy_free(&copy);
	return ok;
}

struct best {
	char path[FILE_PATH];
	struct copy_acts acts;
	bool found, proved;
};

/*
 * An aside_visitor: keep the path of the best copy, which is a proved one if
 * there is any, and of these the one with the most acts.
 */
static bool
find_best(void *arg, const struct place *place, const char *path,
    struct error *err)
{
	struct best *best = arg;
	struct copy copy = { .fd = -1 };
	enum local_proof proof = LOCAL_REFUTED;
	struct copy_acts acts;
	bool good, ok = look_at(place, path, &copy, &acts, &good, err);

	if (ok && good)
		proof = local_proof_of(place->seen, copy.container);
	if (ok && proof != LOCAL_REFUTED &&
	    (!best->found || (proof == LOCAL_PROVED) > best->proved ||
		((proof == LOCAL_PROVED) == best->proved &&
		    acts.num > best->acts.num))) {
		copy_acts_free(&best->acts);
		best->acts = acts;
		acts = (struct copy_acts){ NULL, 0 };
		text_set(best->path, sizeof(best->path), path);
		best->found = true;
		best->proved = proof == LOCAL_PROVED;
	}
	copy_acts_free(&acts);
	copy_free(&copy);
	return ok;
}

/*
 * The copy in the place is of another history: put it aside, and give the place
 * to the best of those that were kept aside.
 */
static bool
put_back(const struct place *place, int refuted, struct error *err)
{
	struct best best = { .found = false };
	char kept[FILE_PATH];
	int fd = -1;
	bool ok;

	ok = keep_aside(place, refuted, kept, err) &&
	    each_aside(place, find_best, &best, err);
	if (ok && best.found) {
		ok = (fd = file_open(best.path, err)) >= 0 &&
		    write_copy(fd, (uint64_t)lseek(fd, 0, SEEK_END), place->dir,
			place->path, err);
		if (ok)
			unlink(best.path);
	} else if (ok && unlink(place->path) != 0) {
		ok = error_set_errno(err, "%s", place->path);
	}
	ok = ok &&
	    local_refresh_newest(place->dir, place->document, NULL, 0, err) &&
	    mark(place, best.found && !best.proved, err);
	if (ok)
		output_note("JOURNAL_ROLLED_BACK: %s@%u, as it came, is of"
			    " another history than the one that you have seen:"
			    " it is kept in %s",
		    place->document, place->version, kept);
	if (fd >= 0)
		close(fd);
	copy_acts_free(&best.acts);
	return ok;
}

/* Settle one place whose copy was not proved. */
static bool
settle_place(const struct place *place, struct error *err)
{
	struct copy copy = { .fd = -1 };
	struct copy_acts acts = { NULL, 0 };
	bool good = false, ok;

	if (!file_exists(place->path))
		return mark(place, false, err);
	ok = look_at(place, place->path, &copy, &acts, &good, err);
	if (ok && copy.container != NULL)
		switch (local_proof_of(place->seen, copy.container)) {
		case LOCAL_PROVED:
			if (good)
				local_keep_acts(place->context, &copy);
			ok = (!good ||
				 each_aside(place, drop_redundant, &acts,
				     err)) &&
			    mark(place, false, err);
			break;
		case LOCAL_NOT_PROVED:
			break;
		case LOCAL_REFUTED:
			ok = put_back(place, copy.fd, err);
		}
	copy_acts_free(&acts);
	copy_free(&copy);
	return ok;
}

bool
local_settle(struct context *context, struct seen *seen, const char *dir,
    struct error *err)
{
	struct buf list = BUF(LIMIT_UNPROVED_BYTES);
	char document[DOCUMENT_NAME], path[FILE_PATH];
	struct span rest, line;
	unsigned version;
	bool ok;
	int lock;

	if (!file_join(path, dir, UNPROVED, err))
		return false;
	if (!file_exists(path))
		return true;
	if ((lock = take_lock(dir, err)) < 0)
		return false;
	ok = read_unproved(dir, &list, err);
	rest = buf_span(&list);
	while (ok && take_unproved(&rest, document, &version, &line)) {
		struct place place;

		ok = document_name_check(span_of_str(document), err) &&
		    place_of(context, seen, dir, document, version, &place,
			err) &&
		    settle_place(&place, err);
	}
	buf_free(&list);
	close(lock);
	return ok;
}
