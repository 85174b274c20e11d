/*
 * What each act of a document's history ended or put in force (effects.h).
 */
#include "cli/cmd/effects.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "client/filter.h"

void
effects_begin(const char *document, struct effects *out)
{
	*out = (struct effects){ .lost = false };
	states_begin(&out->doc, names_keep(&out->names, document));
	out->lost = out->doc.name == NULL;
}

void
effects_free(struct effects *effects)
{
	states_free(&effects->doc);
	names_free(&effects->names);
}

/* Nothing is said of a draft that is signed: the act itself says it. */
static bool
is_worth_telling(enum status status)
{
	return status != STATUS_DRAFT && status != STATUS_SIGNED_IN_PART;
}

void
effects_add(struct effects *effects, uint64_t index, const struct entry *entry,
    char *text, size_t room)
{
	const struct entry_filter acts = { .act = FILTER_DOCUMENTS };
	struct ledger_document *doc = &effects->doc;
	const size_t num = doc->num_versions;
	enum status *before = calloc(num + 1, sizeof(*before));
	size_t used = strlen(text);
	struct error ignored = { 0 };
	const char *mark = ": ";

	if (before == NULL || effects->lost ||
	    !filter_takes(&acts, index, entry)) {
		free(before);
		return;
	}
	for (size_t i = 0; i < num; i++)
		before[i] = doc->versions[i].status;
	effects->lost =
	    !states_apply(doc, &effects->names, index, entry, &ignored);
	for (size_t i = 0; !effects->lost && i < num; i++) {
		const struct ledger_version *version = &doc->versions[i];

		if (version->status == before[i] ||
		    !is_worth_telling(version->status) || used + 40 > room)
			continue;
		used += (size_t)snprintf(text + used, room - used, "%s@%u %s",
		    mark, version->number, status_name(version->status));
		mark = ", ";
	}
	free(before);
}
