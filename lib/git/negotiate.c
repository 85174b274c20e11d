/*
 * The negotiation of a fetch: what the client wants, and which commits it has
 * in common with the store.
 */
#include <stdlib.h>

#include "git/private.h"

/*
 * Returns the index of the entry that made the commit; LEDGER_NONE if there is
 * none, or if the caller may not see it.  The ledger is locked.
 */
static uint64_t
find_commit(const struct git_service *service, const struct oid *oid)
{
	const struct ledger *ledger = service->ledger;
	const uint64_t index = ledger_of_commit(ledger, oid);

	return index != LEDGER_NONE &&
		sight_reads(&service->sight,
		    ledger_name(ledger, ledger_entry(ledger, index).document))
	    ? index
	    : LEDGER_NONE;
}

/* By document, then the newest commit first. */
static int
compare_wants(const void *a, const void *b)
{
	const struct git_want *x = a, *y = b;

	if (x->document != y->document)
		return x->document < y->document ? -1 : 1;
	return (x->index < y->index) - (x->index > y->index);
}

bool
git_find_wants(struct git_fetch *fetch, const struct oid **bad,
    struct error *err)
{
	const struct git_service *service = fetch->service;

	*bad = NULL;
	fetch->list = calloc(fetch->wants.num, sizeof(*fetch->list));
	if (fetch->list == NULL)
		return error_set_errno(err, "git request");
	ledger_read_lock(service->ledger);
	for (size_t i = 0; i < fetch->wants.num && *bad == NULL; i++) {
		const uint64_t index =
		    find_commit(service, &fetch->wants.list[i]);

		if (index == LEDGER_NONE) {
			*bad = &fetch->wants.list[i];
			break;
		}
		fetch->list[fetch->num++] = (struct git_want){ .index = index,
			.document =
			    ledger_entry(service->ledger, index).document };
	}
	ledger_unlock(service->ledger);
	qsort(fetch->list, fetch->num, sizeof(*fetch->list), compare_wants);
	return true;
}

/*
 * Is a commit of the document wanted?  If so, note in common that the client
 * has a commit of it.
 */
static bool
in_want_document(const struct git_fetch *fetch, uint32_t document, bool *common)
{
	size_t low = 0, high = fetch->num;

	while (low < high) {
		const size_t middle = low + (high - low) / 2;

		if (fetch->list[middle].document < document)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == fetch->num || fetch->list[low].document != document)
		return false;
	common[low] = true;
	return true;
}

/*
 * Acknowledge the commits that both have.  *ready is set if the client has a
 * commit of each wanted document, so that the pack can leave out what is before
 * it.
 */
static bool
acknowledge(struct git_fetch *fetch, bool *ready, struct error *err)
{
	const struct git_request *request = fetch->request;
	struct buf *out = &fetch->out->text;
	bool *common = calloc(fetch->num + 1, sizeof(*common)), ok = true;

	if (common == NULL)
		return error_set_errno(err, "git request");
	ledger_read_lock(fetch->service->ledger);
	for (size_t i = 0; ok && i < request->haves.num; i++) {
		const struct oid *oid = &request->haves.list[i];
		const uint64_t index = find_commit(fetch->service, oid);
		char hex[OID_HEX];

		if (index == LEDGER_NONE)
			continue;
		oid_hex(oid, hex);
		if (request->v2)
			ok = pkt_printf(out, err, "ACK %s\n", hex);
		else if (request->ack_detailed)
			ok = pkt_printf(out, err, "ACK %s common\n", hex);
		else if (!fetch->any_common)
			ok = pkt_printf(out, err, "ACK %s\n", hex);
		fetch->last = *oid;
		fetch->any_common = true;
		(void)in_want_document(fetch,
		    ledger_entry(fetch->service->ledger, index).document,
		    common);
	}
	ledger_unlock(fetch->service->ledger);
	*ready = fetch->any_common;
	for (size_t i = 0; *ready && i < fetch->num; i++)
		if ((i == 0 ||
			fetch->list[i].document !=
			    fetch->list[i - 1].document) &&
		    !common[i])
			*ready = false;
	free(common);
	return ok;
}

static bool
negotiate_v2(struct git_fetch *fetch, bool *pack, struct error *err)
{
	struct buf *out = &fetch->out->text;
	const struct git_request *request = fetch->request;
	bool ready = false;

	*pack = true;
	if (request->haves.num == 0)
		return true;
	if (!request->done) {
		if (!pkt_printf(out, err, "acknowledgments\n") ||
		    !acknowledge(fetch, &ready, err) ||
		    (!fetch->any_common && !pkt_printf(out, err, "NAK\n")))
			return false;
		*pack = ready;
		return ready ? pkt_printf(out, err, "ready\n") &&
			pkt_append_delim(out, err)
			     : pkt_append_flush(out, err);
	}
	/* The client said that it is done: nothing is acknowledged again. */
	return true;
}

static bool
negotiate_v0(struct git_fetch *fetch, bool *pack, struct error *err)
{
	const struct git_request *request = fetch->request;
	struct buf *out = &fetch->out->text;
	char hex[OID_HEX];
	bool ready = false;

	*pack = false;
	/* The client only wanted to know where history is cut. */
	if (request->ended)
		return true;
	if (!acknowledge(fetch, &ready, err))
		return false;
	oid_hex(&fetch->last, hex);
	if (request->done) {
		*pack = true;
		if (!fetch->any_common)
			return pkt_printf(out, err, "NAK\n");
		return !request->ack_detailed ||
		    pkt_printf(out, err, "ACK %s\n", hex);
	}
	ready = ready && request->ack_detailed;
	if (ready && !pkt_printf(out, err, "ACK %s ready\n", hex))
		return false;
	if ((!fetch->any_common || request->ack_detailed) &&
	    !pkt_printf(out, err, "NAK\n"))
		return false;
	*pack = ready && request->no_done;
	return !*pack || pkt_printf(out, err, "ACK %s\n", hex);
}

bool
git_negotiate(struct git_fetch *fetch, bool *pack, struct error *err)
{
	return fetch->request->v2 ? negotiate_v2(fetch, pack, err)
				  : negotiate_v0(fetch, pack, err);
}
