#include "daemon/snapshot.h"

#include <stdlib.h>
#include <string.h>

#include "record/stored.h"

bool
snapshot_take(struct job *job, unsigned version, const char *person,
    struct snapshot *out, struct error *err)
{
	struct ledger *ledger = job->api->registrar->ledger;
	const struct ledger_version *asked, *next;
	const struct ledger_document *doc;
	bool ok = true;

	*out = (struct snapshot){ .last = LEDGER_NONE };
	ledger_read_lock(ledger);
	doc = ledger_find(ledger, job->document);
	if (doc != NULL && doc->num_versions > 0) {
		out->last = doc->last;
		out->num_versions = (unsigned)doc->num_versions;
		out->status = ledger_status(doc);
		out->newest_digest =
		    doc->versions[doc->num_versions - 1].digest;
	}
	asked = version == SNAPSHOT_IN_FORCE ?
	    doc != NULL ? ledger_in_force(doc) : NULL :
	    ledger_version(doc, version != 0 ? version : out->num_versions);
	next = asked != NULL ? ledger_version(doc, asked->number + 1) : NULL;
	if (next != NULL) {
		snprintf(out->next_person, sizeof(out->next_person), "%s",
		    next->person);
		snprintf(out->next_office, sizeof(out->next_office), "%s",
		    next->office);
	}
	if (asked != NULL) {
		out->version = asked->number;
		out->asked = *asked;
		out->deposit_index = asked->acts[0];
		out->num_acts = asked->num_acts < LIMIT_RECEIPTS ?
		    asked->num_acts :
		    LIMIT_RECEIPTS;
		memcpy(out->acts, asked->acts,
		    out->num_acts * sizeof(out->acts[0]));
		out->num_dispatches = asked->num_dispatches < LIMIT_SIGNATURES ?
		    asked->num_dispatches :
		    LIMIT_SIGNATURES;
		if (out->num_dispatches > 0)
			memcpy(out->dispatches, asked->dispatches,
			    out->num_dispatches * sizeof(out->dispatches[0]));
		for (size_t i = 0; i < asked->num_signers; i++)
			if (strcmp(asked->signers[i].person, person) != 0)
				continue;
			else if (asked->signers[i].terminates) {
				out->my_end = asked->signers[i];
				out->has_my_end = true;
			} else {
				out->mine = asked->signers[i];
				out->has_mine = true;
			}
		out->num_signers = asked->num_signers;
		out->signers = calloc(asked->num_signers + 1,
		    sizeof(*out->signers));
		if (out->signers == NULL)
			ok = error_set_errno(err, "snapshot");
		else if (asked->num_signers > 0)
			memcpy(out->signers, asked->signers,
			    asked->num_signers * sizeof(*out->signers));
	}
	ledger_unlock(ledger);
	out->asked.signers = NULL;
	out->asked.acts = NULL;
	out->asked.dispatches = NULL;
	return ok;
}

struct container *
snapshot_load(struct job *job, const struct oid *commit, struct error *err)
{
	struct container *container = stored_version(
	    job->api->registrar->store, commit, err);

	if (container == NULL)
		err->kind = ERROR_SYSTEM;
	return container;
}
