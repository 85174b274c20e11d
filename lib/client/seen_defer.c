/*
 * Checkpoints that nobody could prove without a line: kept, and proved by the
 * next connection (seen.h).
 */
#include "client/seen_private.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/digest.h"
#include "verdict/verdict.h"

/* Make the path DIR/unsettled/SIZE-ROOT with a suffix. */
static bool
unsettled_path(const struct seen *seen, const struct checkpoint *at,
    const char *suffix, char out[FILE_PATH], struct error *err)
{
	char name[120], hex[DIGEST_HEX];

	digest_hex(&at->root, hex);
	snprintf(name, sizeof(name), "unsettled/%llu-%.32s%s",
	    (unsigned long long)at->size, hex, suffix);
	return file_join(out, seen->settings.dir, name, err);
}

bool
seen_is_proved(struct seen *seen, struct span note, struct error *err)
{
	struct point met = POINT;
	char path[FILE_PATH];
	bool ok, other = false;

	ok = note_open(note, seen->settings.keys, &met.at, err) &&
	    buf_append(&met.note, note, err) &&
	    unsettled_path(seen, &met.at, ".refuted", path, err);
	if (ok && !seen_is_same(&met.at, &seen->kept.at) &&
	    !seen_knows(seen, &met.at, &other)) {
		if (other || met.at.size == seen->kept.at.size ||
		    file_exists(path))
			ok = seen_contradict(seen, NULL, &seen->kept, &met,
			    NULL, "there is another history's checkpoint", err);
		else
			ok = error_set_code(err, ERROR_UNAVAILABLE,
			    "NOT_PROVED",
			    "a journal of size %llu is not proved to be of one"
			    " history with the one that you have seen, of size"
			    " %llu",
			    (unsigned long long)met.at.size,
			    (unsigned long long)seen->kept.at.size);
	}
	buf_free(&met.note);
	return ok;
}

bool
seen_defer(struct seen *seen, struct span note, struct error *err)
{
	char dir[FILE_PATH], path[FILE_PATH];
	struct checkpoint at;

	return note_open(note, seen->settings.keys, &at, err) &&
	    file_join(dir, seen->settings.dir, "unsettled", err) &&
	    file_make_dirs(dir, 0700, err) &&
	    unsettled_path(seen, &at, ".note", path, err) &&
	    (file_exists(path) || file_write(path, note, 0600, err));
}

static void
tell_unsettled(const struct seen *seen, const char *path,
    const struct error *why)
{
	char line[sizeof(why->detail) + 160];

	snprintf(line, sizeof(line),
	    "a journal of size %llu, to which a copy or bag leads, is still"
	    " not proved to be of one history with yours: %s",
	    strtoull(strrchr(path, '/') + 1, NULL, 10), why->detail);
	seen_tell(seen, line);
}

/* Settle one of them: remove it if it is proved, mark it if it is refuted. */
static bool
settle_one(struct seen *seen, const struct seen_prover *prover,
    const char *path, struct error *err)
{
	struct buf note = BUF(LIMIT_NOTE_FILE);
	char refuted[FILE_PATH + 16];
	bool ok;

	ok = file_read(path, note.max, &note, err) &&
	    seen_advance(seen, prover, buf_span(&note), NULL, NULL, err);
	buf_free(&note);
	if (ok) {
		unlink(path);
		return true;
	}
	snprintf(refuted, sizeof(refuted), "%.*s.refuted",
	    (int)(strlen(path) - strlen(".note")), path);
	if (error_is(err, finding_name(FINDING_JOURNAL_ROLLED_BACK)))
		return rename(path, refuted) == 0 && false;
	/* The next connection may tell. That none does is not passed over. */
	tell_unsettled(seen, path, err);
	*err = (struct error){ 0 };
	return true;
}

bool
seen_settle(struct seen *seen, const struct seen_prover *prover,
    struct error *err)
{
	char dir[FILE_PATH], path[FILE_PATH];
	const struct dirent *entry;
	unsigned num = 0;
	bool ok = true;
	DIR *folder;

	if (!file_join(dir, seen->settings.dir, "unsettled", err))
		return false;
	if ((folder = opendir(dir)) == NULL)
		return true;
	while (num < LIMIT_UNSETTLED && (entry = readdir(folder)) != NULL) {
		const size_t len = strlen(entry->d_name);
		struct error why = { 0 };

		if (len < 6 || strcmp(entry->d_name + len - 5, ".note") != 0)
			continue;
		num++;
		/* Look at all of them; the first that is refuted is told. */
		if (file_join(path, dir, entry->d_name, &why) &&
		    settle_one(seen, prover, path, &why))
			continue;
		if (ok)
			*err = why;
		ok = false;
	}
	closedir(folder);
	return ok;
}
