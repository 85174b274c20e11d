/*
 * Preparing an act: its objects are made on the worker that judged it, while
 * the registrar commits others (act.h).
 */
#include "daemon/writer/act.h"

#include <string.h>

#include "daemon/log.h"

/*
 * Find the commit that the act follows.  Returns false if the document has
 * moved and it does not follow any more.
 */
static bool
find_parent(const struct record *record, const struct act_request *act,
    struct commit_fields *fields)
{
	const struct ledger_document *doc;
	uint64_t last = LEDGER_NONE;

	ledger_read_lock(record->ledger);
	doc = ledger_find(record->ledger, act->document);
	if (doc != NULL && doc->num_versions > 0) {
		last = doc->last;
		fields->parent = doc->tip;
		fields->has_parent = true;
	}
	ledger_unlock(record->ledger);
	return last == act->judged.last;
}

/* Seal the container, and make the tree and the commit. */
static bool
make_objects(const struct record *record, struct signer *signer,
    struct act_request *act, struct commit_fields *fields, struct error *err)
{
	struct container *container = act->container;
	struct buf commit = BUF(LIMIT_SIGNER_REQUEST);
	bool ok;

	ok = (act->objects = pack_new(record->store, err)) != NULL &&
	    signer_seal(signer, container, err) &&
	    container_hash(container, NULL, err) &&
	    container_contents(container, &fields->contents, err) &&
	    pack_add_tree(act->objects, container, true, &fields->tree, err) &&
	    signer_commit(signer, fields, &commit, err) &&
	    pack_add(act->objects, OBJECT_COMMIT, buf_span(&commit),
		&act->commit, err);
	buf_free(&commit);
	return ok;
}

bool
act_prepare(const struct record *record, struct signer *signer,
    struct act_request *act, struct error *err)
{
	struct commit_fields fields = { .version = act->version,
		.at = record_time_ms(record) / 1000,
		.digest = act->digest };
	bool ok;

	snprintf(fields.act, sizeof(fields.act), "%s", act_name(act->act));
	snprintf(fields.document, sizeof(fields.document), "%s", act->document);
	snprintf(fields.person, sizeof(fields.person), "%s", act->person);
	if (!find_parent(record, act, &fields))
		return true;
	ok = make_objects(record, signer, act, &fields, err);
	act->new_contents = fields.contents;
	act->bytes = 0;
	for (size_t i = 0; i < act->container->num; i++)
		act->bytes += act->container->members[i].size;
	container_free(act->container);
	act->container = NULL;
	if (ok)
		return true;
	log_error("act", "document=%s reason=%s", log_text(act->document),
	    log_text(err->detail));
	act_clear(act);
	return error_make_unavailable(err);
}

void
act_clear(struct act_request *act)
{
	container_free(act->container);
	pack_free(act->objects);
	act->container = NULL;
	act->objects = NULL;
}
