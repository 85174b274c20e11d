/*
 * Looking up the acts that receipts prove, for the steps that need them.
 */
#include <string.h>

#include "verdict/judge.h"

const struct verdict_act *
judge_newest(const struct judge *judge)
{
	return judge->out->num_acts > 0
	    ? &judge->out->acts[judge->out->num_acts - 1]
	    : NULL;
}

const struct verdict_act *
judge_act_of(const struct judge *judge,
    const struct verdict_signature *signature)
{
	const enum act act = strcmp(signature->id, "origin") == 0 ? ACT_DEPOSIT
	    : signature->terminates ? ACT_TERMINATE
				    : ACT_SIGN;

	for (size_t i = 0; i < judge->out->num_acts; i++) {
		const struct entry *entry = &judge->out->acts[i].entry;

		if (entry->act == act &&
		    digest_eq(&entry->manifest, &signature->manifest) &&
		    digest_eq(&entry->signature, &signature->signature))
			return &judge->out->acts[i];
	}
	return NULL;
}
