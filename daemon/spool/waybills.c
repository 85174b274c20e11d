/*
 * The waybills that several daemons of one record share (waybills.h).
 */
#include "daemon/spool/waybills.h"

#include "bag/judge.h"
#include "bag/slip.h"

struct waybills
waybills_of(const struct record *record, struct cert_cache *certs,
    struct policy *policy)
{
	return (struct waybills){ .journal = record->journal,
		.ledger = record->ledger,
		.library = record->library,
		.certs = certs,
		.policy = policy };
}

bool
waybills_are_dispatched(const struct waybills *waybills,
    const struct digest *waybill)
{
	uint64_t index;

	ledger_read_lock(waybills->ledger);
	index = ledger_of_bag(waybills->ledger, ACT_DISPATCH, waybill);
	ledger_unlock(waybills->ledger);
	return index != LEDGER_NONE;
}

/* Judge its signature and its slips. */
static bool
judge(const struct waybills *by, const struct waybill *waybill,
    const struct container *files, struct error *err)
{
	const struct bag_signature it = {
		.yaml = member_bytes(container_find(files, PATH_WAYBILL)),
		.p7s =
		    member_bytes(container_find(files, PATH_WAYBILL_SIGNATURE)),
		.office = waybill->from,
		.person = waybill->person,
		.said_at = waybill->dispatched_at,
	};

	return slip_check_files(files, waybill, err) &&
	    bag_judge(by->certs, by->policy, library_revocation(by->library),
		&it, err);
}

bool
waybills_judge(void *by, const struct digest *digest,
    const struct container *files, struct error *err)
{
	struct waybill *waybill =
	    waybill_parse(member_bytes(container_find(files, PATH_WAYBILL)),
		err);
	const bool ok = waybill != NULL && judge(by, waybill, files, err);

	(void)digest;
	waybill_free(waybill);
	return ok;
}

/* Get the waybill of a dispatch. */
static bool
read_dispatch(const struct waybills *by, uint64_t index, struct digest *out,
    struct error *err)
{
	struct buf line = BUF(LIMIT_ENTRY_BYTES);
	struct entry entry;
	const bool ok = journal_entry(by->journal, index, &line, err) &&
	    entry_parse(buf_span(&line), &entry, err);

	if (ok)
		*out = entry.digest;
	buf_free(&line);
	return ok;
}

bool
waybills_each(const struct waybills *by, waybill_visitor *visit, void *arg,
    struct error *err)
{
	struct ledger_places places;
	size_t first;
	bool ok = true;

	ledger_read_lock(by->ledger);
	places = ledger_of_act(by->ledger, ACT_DISPATCH);
	ledger_unlock(by->ledger);
	first = places.num > LIMIT_WAYBILLS ? places.num - LIMIT_WAYBILLS : 0;
	for (size_t i = first; ok && i < places.num; i++) {
		struct digest waybill = { { 0 } };
		uint64_t index;

		ledger_read_lock(by->ledger);
		index = ledger_place(&places, i);
		ledger_unlock(by->ledger);
		ok = read_dispatch(by, index, &waybill, err) &&
		    visit(arg, &waybill, err);
	}
	return ok;
}

struct sharing {
	const struct waybills *by;
	struct bags *bags;
	struct backend *backend;
	enum exhibits_way way;
	struct exhibits_shared *out;
};

/* A waybill_visitor. */
static bool
share_one(void *arg, const struct digest *waybill, struct error *err)
{
	const struct sharing *it = arg;

	return bags_share(it->bags, it->backend, waybill, it->way,
	    waybills_judge, (void *)(uintptr_t)it->by, it->out, err);
}

bool
waybills_share(const struct waybills *by, struct bags *bags,
    struct backend *backend, enum exhibits_way way, struct exhibits_shared *out,
    struct error *err)
{
	struct sharing it = { by, bags, backend, way, out };

	*out = (struct exhibits_shared){ 0 };
	return backend->table->each_exhibit == NULL ||
	    waybills_each(by, share_one, &it, err);
}
