/*
 * Adopting a policy and a set of CRLs: each that is new is stored and journaled
 * before it is in force.
 */
#include "daemon/writer/registrar.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

/* List the names of the files in which two policies differ. */
static void
list_changes(const struct policy *old, const struct policy *new, char out[2048])
{
	const struct container *all[2] = { new->files,
		old != NULL ? old->files : NULL };
	size_t used = 0;

	out[0] = '\0';
	for (size_t i = 0; i < 2; i++)
		for (size_t j = 0; all[i] != NULL && j < all[i]->num; j++) {
			const struct member *one = &all[i]->members[j];
			const struct member *other = all[1 - i] != NULL
			    ? container_find(all[1 - i], one->path)
			    : NULL;

			if ((other != NULL &&
				digest_eq(&one->sha256, &other->sha256)) ||
			    (i == 1 && other != NULL) ||
			    used + strlen(one->path) + 12 > 2048)
				continue;
			text_copy_ascii(out + used, 2048 - used, POLICY_PREFIX);
			used += strlen(out + used);
			text_copy_ascii(out + used, 2048 - used, one->path);
			used += strlen(out + used);
			out[used++] = '\n';
			out[used] = '\0';
		}
}

/*
 * Is this the digest that the newest entry of that act names?  *newest gets
 * that digest, or zero.
 */
static bool
is_newest(const struct record *record, enum act act,
    const struct digest *digest, struct digest *newest)
{
	bool known;

	*newest = (struct digest){ { 0 } };
	ledger_read_lock(record->ledger);
	known = ledger_newest(record->ledger, act, newest);
	ledger_unlock(record->ledger);
	return known && digest_eq(newest, digest);
}

/* Journal a policy, unless it is the newest. */
static bool
adopt_policy(struct registrar *registrar, struct policy *policy,
    struct error *err)
{
	const struct record *record = registrar_record(registrar);
	struct act_request *act;
	struct digest newest;
	bool ok;

	if (is_newest(record, ACT_POLICY, &policy->digest, &newest))
		return true;
	if ((act = calloc(1, sizeof(*act))) == NULL)
		return error_set_errno(err, "policy");
	act->act = ACT_POLICY;
	act->judged.policy = policy;
	list_changes(digest_is_zero(&newest)
		? NULL
		: library_policy(record->library, &newest),
	    policy, act->changed);
	ok = registrar_do(registrar, act, err);
	free(act);
	return ok;
}

/* Journal a set of CRLs, unless it is the newest. */
static bool
adopt_crls(struct registrar *registrar, const struct crl_set *crls,
    struct error *err)
{
	struct act_request *act;
	struct digest newest;
	bool ok;

	if (is_newest(registrar_record(registrar), ACT_CRL, &crls->digest,
		&newest))
		return true;
	if ((act = calloc(1, sizeof(*act))) == NULL)
		return error_set_errno(err, "CRLs");
	act->act = ACT_CRL;
	act->judged.crls = crls;
	ok = registrar_do(registrar, act, err);
	free(act);
	return ok;
}

bool
registrar_adopt(struct registrar *registrar, struct policy *policy,
    const struct crl_set *crls, struct error *err)
{
	return adopt_policy(registrar, policy, err) &&
	    adopt_crls(registrar, crls, err);
}
