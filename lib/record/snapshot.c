/*
 * Copying a document's state out of the ledger, and its files out of the store
 * (snapshot.h).
 */
#include "record/snapshot.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "record/stored.h"

/*
 * Copy a list of num items of size bytes each; never returns NULL on success.
 */
static void *
copy_list(const void *list, size_t num, size_t size, struct error *err)
{
	void *out = calloc(num + 1, size);

	if (out == NULL)
		error_set_errno(err, "snapshot");
	else if (num > 0)
		memcpy(out, list, num * size);
	return out;
}

/* Copy the whole lists: with a list cut short, good acts would look bad. */
static bool
copy_lists(const struct ledger_version *asked, struct snapshot *out,
    struct error *err)
{
	out->num_acts = asked->num_acts;
	out->num_dispatches = asked->num_dispatches;
	out->num_signers = asked->num_signers;
	out->acts =
	    copy_list(asked->acts, asked->num_acts, sizeof(*out->acts), err);
	out->dispatches = copy_list(asked->dispatches, asked->num_dispatches,
	    sizeof(*out->dispatches), err);
	out->signers = copy_list(asked->signers, asked->num_signers,
	    sizeof(*out->signers), err);
	return out->acts != NULL && out->dispatches != NULL &&
	    out->signers != NULL;
}

/* Find this person's signatures on the version and on its termination. */
static void
find_mine(const struct ledger_version *asked, const char *person,
    struct snapshot *out)
{
	for (size_t i = 0; i < asked->num_signers; i++) {
		const struct ledger_signer *one = &asked->signers[i];

		if (strcmp(one->person, person) != 0)
			continue;
		if (one->terminates) {
			out->my_end = *one;
			out->has_my_end = true;
		} else {
			out->mine = *one;
			out->has_mine = true;
		}
	}
}

bool
snapshot_take(struct ledger *ledger, const char *document, unsigned version,
    const char *person, struct snapshot *out, struct error *err)
{
	const struct ledger_version *asked, *next;
	const struct ledger_document *doc;
	bool ok = true;

	*out = (struct snapshot){ .last = LEDGER_NONE };
	ledger_read_lock(ledger);
	doc = ledger_find(ledger, document);
	if (doc != NULL && doc->num_versions > 0) {
		out->last = doc->last;
		out->num_versions = (unsigned)doc->num_versions;
		out->status = ledger_status(doc);
		out->newest_digest =
		    doc->versions[doc->num_versions - 1].digest;
	}
	asked = version == SNAPSHOT_IN_FORCE
	    ? doc != NULL ? ledger_in_force(doc) : NULL
	    : ledger_version(doc, version != 0 ? version : out->num_versions);
	next = asked != NULL ? ledger_version(doc, asked->number + 1) : NULL;
	if (next != NULL) {
		text_set(out->next_person, sizeof(out->next_person),
		    next->person);
		text_set(out->next_office, sizeof(out->next_office),
		    next->office);
	}
	if (asked != NULL) {
		out->version = asked->number;
		out->asked = *asked;
		out->deposit_index = asked->acts[0];
		find_mine(asked, person, out);
		ok = copy_lists(asked, out, err);
	}
	ledger_unlock(ledger);
	out->asked.signers = NULL;
	out->asked.acts = NULL;
	out->asked.dispatches = NULL;
	if (!ok)
		snapshot_free(out);
	return ok;
}

void
snapshot_free(struct snapshot *snapshot)
{
	free(snapshot->acts);
	free(snapshot->dispatches);
	free(snapshot->signers);
	snapshot->acts = snapshot->dispatches = NULL;
	snapshot->signers = NULL;
	snapshot->num_acts = snapshot->num_dispatches = 0;
	snapshot->num_signers = 0;
}

struct container *
snapshot_load(struct store *store, const struct oid *commit, struct error *err)
{
	struct container *container = stored_version(store, commit, err);

	/* A database that is away is asked again. */
	if (container == NULL && err->kind != ERROR_UNAVAILABLE)
		err->kind = ERROR_SYSTEM;
	return container;
}
