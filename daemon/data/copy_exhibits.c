/*
 * Copying what others handed in beside a record (copy_record.h): the lines of
 * witnesses, waybills, and evidence of a fork.
 */
#include "daemon/data/copy_record.h"
#include "daemon/spool/waybills.h"
#include "journal/evidence.h"
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
	struct exhibits_shared done = { 0 }, left = { 0 };
	bool ok;

	ok = lines != NULL &&
	    cosignatures_share(lines, it->database,
		it->to_files ? EXHIBITS_TAKE : EXHIBITS_GIVE, cosigning_check,
		&by, &done, err) &&
	    cosignatures_share(lines, it->database, EXHIBITS_COUNT,
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

/* Bring waybills from one to the other, and compare them. */
static bool
share_waybills(const struct copy_exhibits *it, const struct waybills *by,
    struct bags *bags, struct copy_result *out, struct error *err)
{
	struct exhibits_shared done = { 0 }, left = { 0 };

	if (!waybills_share(by, bags, it->database,
		it->to_files ? EXHIBITS_TAKE : EXHIBITS_GIVE, &done, err) ||
	    !waybills_share(by, bags, it->database, EXHIBITS_COUNT, &left, err))
		return false;
	out->num_refused += done.refused;
	return (it->to_files ? left.taken : left.given) == 0 ||
	    error_set(err, ERROR_UNTRUSTED,
		"source and destination differ: waybills");
}

static bool
copy_waybills(const struct copy_exhibits *it, struct copy_result *out,
    struct error *err)
{
	struct waybills by = { .journal = it->journal,
		.ledger = it->ledger,
		.library = it->library };
	struct digest newest;
	char path[FILE_PATH];
	struct bags *bags = NULL;
	bool ok;

	/* Without a policy nobody ever handed anything in. */
	if (!ledger_newest(it->ledger, ACT_POLICY, &newest) ||
	    (by.policy = library_policy(it->library, &newest)) == NULL)
		return true;
	/* To judge a signature takes the lists of who was revoked. */
	ok = (by.certs = cert_cache_new(err)) != NULL &&
	    library_follow_all(it->library, it->journal, it->ledger, err) &&
	    data_path(it->folder, DATA_BAGS, path, err) &&
	    (!it->to_files || file_make_dirs(path, 0700, err)) &&
	    (bags = bags_at(path, err)) != NULL &&
	    share_waybills(it, &by, bags, out, err);
	bags_free(bags);
	cert_cache_free(by.certs);
	return ok;
}

/* Evidence that stands goes along: where the record is must not matter. */
static bool
copy_evidence(const struct copy_exhibits *it, struct error *err)
{
	struct buf text = BUF(LIMIT_EVIDENCE_BYTES);
	char path[FILE_PATH];
	bool ok = data_path(it->folder, DATA_EVIDENCE, path, err);

	if (ok && it->to_files)
		ok = evidence_find(it->database, it->journal, &text, err) &&
		    (text.len == 0 ||
			file_write(path, buf_span(&text),
			    data_about(DATA_EVIDENCE)->mode, err));
	else if (ok && file_exists(path))
		ok = file_read(path, text.max, &text, err) &&
		    evidence_give(it->database, buf_span(&text), err);
	buf_free(&text);
	return ok;
}

bool
copy_exhibits(const struct copy_exhibits *exhibits, struct copy_result *out,
    struct error *err)
{
	return copy_cosignatures(exhibits, out, err) &&
	    copy_waybills(exhibits, out, err) && copy_evidence(exhibits, err);
}
