/*
 * The check of what others handed in beside the record, in its database
 * (check_exhibits.h).
 */
#include "daemon/data/check_exhibits.h"

#include <string.h>

#include "daemon/spool/waybills.h"
#include "journal/evidence.h"
#include "record/data.h"

struct checking {
	struct fsck *fsck;
	struct waybills by;
	struct backend *backend;
	char bags[FILE_PATH], spool[FILE_PATH];
};

/* An exhibit_visitor: is it a good waybill, dispatched or not? */
static bool
check_waybill(void *arg, const struct exhibit *exhibit, struct error *err)
{
	struct checking *it = arg;
	struct container *files = NULL;
	struct digest waybill = { { 0 } };
	struct error why = { 0 };
	char about[DIGEST_HEX + 32], hex[DIGEST_HEX];
	bool ok;

	(void)err;
	ok = !exhibit->is_damaged && exhibit->name.len == sizeof(waybill.bytes);
	if (ok)
		memcpy(waybill.bytes, exhibit->name.data,
		    sizeof(waybill.bytes));
	else
		error_set(&why, ERROR_UNTRUSTED, "it is damaged");
	ok = ok &&
	    (files = bags_parse(exhibit->bytes, it->spool, &waybill, &why)) !=
		NULL &&
	    waybills_judge(&it->by, &waybill, files, &why);
	container_free(files);
	if (ok)
		return true;
	digest_hex(&waybill, hex);
	snprintf(about, sizeof(about), "table exhibit, waybill %s", hex);
	FIND(it->fsck, "EXHIBIT_WRONG", AUDIT_NO_ENTRY, about, "%s",
	    why.detail);
	return true;
}

/* An exhibit_visitor: does it show what this journal lacks? */
static bool
check_evidence(void *arg, const struct exhibit *exhibit, struct error *err)
{
	const struct checking *it = arg;
	struct error why = { 0 };
	bool ok, stands = false;

	(void)err;
	ok = exhibit->is_damaged
	    ? error_set(&why, ERROR_UNTRUSTED, "it is damaged")
	    : evidence_stands(exhibit->bytes, it->fsck->journal, &stands, &why);
	if (!ok)
		FIND(it->fsck, "EXHIBIT_WRONG", AUDIT_NO_ENTRY,
		    "table exhibit, evidence", "%s", why.detail);
	if (stands)
		FIND(it->fsck, "FORK_SHOWN", AUDIT_NO_ENTRY,
		    "table exhibit, evidence",
		    "this journal lacks a checkpoint that its key signed");
	return true;
}

static bool
note_one(void *arg, const struct exhibit *exhibit, struct error *err)
{
	(void)exhibit, (void)err;
	*(bool *)arg = true;
	return true;
}

/* A waybill_visitor: the database has what the folder has. */
static bool
find_missing(void *arg, const struct digest *waybill, struct error *err)
{
	struct checking *it = arg;
	const struct span name = digest_span(waybill);
	char path[FILE_PATH], file[DIGEST_HEX + 8], hex[DIGEST_HEX];
	bool there = false;

	digest_hex(waybill, hex);
	snprintf(file, sizeof(file), "%s.zip", hex);
	if (!file_join(path, it->bags, file, err))
		return false;
	if (!file_exists(path))
		return true;
	if (!it->backend->table->each_exhibit(it->backend, EXHIBIT_WAYBILL,
		&name, note_one, &there, err))
		return false;
	if (!there && it->fsck->is_unopened)
		it->fsck->out->num_unshared++;
	else if (!there)
		FIND(it->fsck, "EXHIBIT_MISSING", AUDIT_NO_ENTRY,
		    "table exhibit",
		    "waybill %s is not in the database; a start puts it there",
		    hex);
	return true;
}

bool
fsck_check_exhibits(struct fsck *fsck, struct error *err)
{
	const char *folder = fsck->settings->place.folder;
	struct checking it = { .fsck = fsck,
		.by = { .journal = fsck->journal,
		    .ledger = audit_ledger(fsck->audit),
		    .library = fsck->library,
		    .certs = fsck->certs },
		.backend = journal_backend(fsck->journal) };
	struct digest newest;

	if (it.backend->table->each_exhibit == NULL ||
	    !ledger_newest(it.by.ledger, ACT_POLICY, &newest) ||
	    (it.by.policy = library_policy(fsck->library, &newest)) == NULL)
		return true;
	return data_path(folder, DATA_BAGS, it.bags, err) &&
	    data_path(folder, DATA_SPOOL, it.spool, err) &&
	    it.backend->table->each_exhibit(it.backend, EXHIBIT_WAYBILL, NULL,
		check_waybill, &it, err) &&
	    it.backend->table->each_exhibit(it.backend, EXHIBIT_EVIDENCE, NULL,
		check_evidence, &it, err) &&
	    waybills_each(&it.by, find_missing, &it, err);
}
