/*
 * Checkpoints that others have seen (seen.h).
 */
#include "daemon/data/seen.h"

#include "base/file.h"

bool
seen_check(const struct journal *journal, const char *path, const char *about,
    struct error *err)
{
	const struct note_keys keys = journal_keys(journal);
	struct buf note = BUF(LIMIT_NOTE_FILE);
	struct checkpoint seen;
	struct digest root;
	bool ok;

	ok = file_read(path, note.max, &note, err) &&
	    note_open(buf_span(&note), &keys, &seen, err);
	buf_free(&note);
	if (!ok)
		return error_context(err, "%s", path);
	if (seen.size > journal_size(journal))
		return error_set(err, ERROR_UNTRUSTED,
		    "%s shows that the journal went on to size %llu, and %s"
		    " ends at %llu: starting on it would fork the journal. Find"
		    " a newer one or the old disk; if there is none, see \"A"
		    " journal that was rolled back\" in the operations manual",
		    path, (unsigned long long)seen.size, about,
		    (unsigned long long)journal_size(journal));
	return journal_root_at(journal, seen.size, &root, err) &&
	    (digest_eq(&root, &seen.root) ||
		error_set(err, ERROR_UNTRUSTED,
		    "%s is of another history than %s", path, about));
}
