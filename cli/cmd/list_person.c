/*
 * For whose signature a row waits (list.h).
 */
#include <string.h>

#include "base/text.h"
#include "base/time.h"
#include "cli/cmd/list.h"
#include "client/policies.h"
#include "record/awaiting.h"

void
list_person_of(struct context *context, struct list_person *out)
{
	struct error ignored = { 0 };
	struct policy *policy = policies_pinned(context, &ignored);
	struct cert *cert = NULL;

	*out = (struct list_person){ .policy = policy };
	if (policy == NULL)
		return;
	out->office = policies_own_office(context, policy, &cert, &ignored);
	if (cert != NULL)
		text_set(out->person, sizeof(out->person), cert->email);
	cert_free(cert);
}

bool
list_waits(const struct list_person *of, const struct ledger_document *doc)
{
	return of->office != NULL &&
	    awaiting_either(of->policy, of->office, of->person, doc,
		time_now_ms() / 1000);
}
