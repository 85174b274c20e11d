/*
 * Revocation lists: does the journal name what this office has by itself?
 */
#include "base/time.h"
#include "cli/cmd/audit.h"
#include "client/own_lists.h"
#include "pki/crl_listing.h"

/* The evidence is the list itself, which is kept where the text says. */
static bool
check_one(struct audit_run *run, const struct named_lists *named,
    struct crls *own, struct crl *crl, struct error *err)
{
	char name[160], hex[DIGEST_HEX];
	bool lack;

	if (!named_lists_lack(named, run->policy, crl, &lack, err))
		return false;
	if (!lack) {
		own_lists_forget(run->context, crl);
		return true;
	}
	own_lists_name(run->policy, own, crl, name);
	digest_hex(&crl->digest, hex);
	audit_find(&run->settings, CRL_WITHHELD, AUDIT_NO_ENTRY, hex,
	    "this office has a revocation list %s, which lists %zu, and the"
	    " journal names none that tells as much: hand it in with \"valise"
	    " crls push\"",
	    name, crl_num_listings(crl));
	return true;
}

bool
audit_lists(struct audit_run *run, struct error *err)
{
	struct crls *own = own_lists(run->context, err);
	struct named_lists named = { NULL, 0, 0 };
	bool ok = own != NULL;

	run->kind = KIND_CRL;
	findings_begin(&run->state.findings);
	if (ok && crls_count(own) > 0)
		ok = named_lists_learn(&run->session, &named, err);
	for (size_t i = 0; ok && i < crls_count(own); i++)
		ok = check_one(run, &named, own, crls_at(own, i), err);
	if (ok)
		findings_settle(&run->state.findings,
		    &(struct checked){ .kind = KIND_CRL });
	named_lists_free(&named);
	crls_free(own);
	return ok;
}
