/*
 * Copying what others handed in beside a record (copy_record.h): the lines of
 * witnesses.
 */
#include "daemon/data/copy_record.h"
#include "record/cosigning.h"
#include "record/data.h"

/* Open the lines that the folder has; to write only where they are to go. */
static struct cosignatures *
open_lines(const struct copy_exhibits *it, struct error *err)
{
	char path[FILE_PATH];

	if (!it->to_files)
		return data_view_cosignatures(it->folder, err);
	return data_path(it->folder, DATA_COSIGNATURES, path, err)
	    ? cosignatures_open(path, err)
	    : NULL;
}

/* Bring the lines from one to the other, and compare them. */
static bool
copy_cosignatures(const struct copy_exhibits *it, struct copy_result *out,
    struct error *err)
{
	struct cosigning by = { .journal = it->journal,
		.ledger = it->ledger,
		.library = it->library };
	struct cosignatures *lines = open_lines(it, err);
	struct cosignatures_shared done, left;
	bool ok;

	ok = lines != NULL &&
	    cosignatures_share(lines, it->database,
		it->to_files ? COSIGNATURES_TAKE : COSIGNATURES_GIVE,
		cosigning_check, &by, &done, err) &&
	    cosignatures_share(lines, it->database, COSIGNATURES_COUNT,
		cosigning_check, &by, &left, err);
	if (ok && (it->to_files ? left.taken : left.given) > 0)
		ok = error_set(err, ERROR_UNTRUSTED,
		    "source and destination differ: lines of witnesses");
	if (ok)
		out->num_refused += done.refused;
	cosignatures_free(lines);
	cosigning_free(&by);
	return ok;
}

bool
copy_exhibits(const struct copy_exhibits *exhibits, struct copy_result *out,
    struct error *err)
{
	return copy_cosignatures(exhibits, out, err);
}
