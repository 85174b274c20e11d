/*
 * load_private.h - the parts of reading a policy, for lib/policy/load*.c alone.
 *
 * Each reads what a node of YAML says into a policy that is being loaded, and
 * complains of every mistake; a node that is NULL was complained of before.
 */
#ifndef POLICY_LOAD_PRIVATE_H
#define POLICY_LOAD_PRIVATE_H

#include "policy/policy.h"

/* --- Common to all (load_read.c). --- */

/* Read a title, {en: …, lo: …}: the English one, else the first. */
void load_title(const struct yaml *map, char out[LIMIT_TITLE_BYTES + 1],
    struct complaints *to);
const struct party *load_find_party(const struct policy *policy,
    const char *name);
/* Read the name of a party, which offices.yaml must have. */
bool load_party_name(const struct policy *policy, const struct yaml *node,
    char out[POLICY_NAME], struct complaints *to);

/* --- Of offices.yaml, in this order (load_offices.c). --- */

void load_cas(struct policy *policy, const struct yaml *map,
    struct complaints *to);
void load_parties(struct policy *policy, const struct yaml *map,
    struct complaints *to);
void load_offices(struct policy *policy, const struct yaml *map,
    struct complaints *to);
void load_depositary(struct policy *policy, const struct yaml *map,
    struct complaints *to);
/* witnesses: {mofa: VKEY, …}, quorum: 2 */
void load_witnesses(struct policy *policy, const struct yaml *root,
    struct complaints *to);

/* --- Types, and the powers for them (load_types.c). --- */

/* The types' names are known already. */
void load_powers(struct policy *policy, const struct yaml *list,
    struct complaints *to);
void load_type(struct policy *policy, struct document_type *type,
    const struct yaml *root, struct complaints *to);

/* --- What follows from several parts (load_check.c). --- */

/* Check what type i must have, and warn of what it should have. */
void load_check_type(const struct policy *policy, size_t i,
    const struct yaml *root, int64_t now_at, struct complaints *to);
/* Warn of parties whose offices do not audit everything together. */
void load_check_audits(const struct policy *policy, const struct yaml *root,
    struct complaints *to);
/* Warn of offices that claim the same people: neither has them. */
void load_check_offices(const struct policy *policy, const struct yaml *offices,
    struct complaints *to);

#endif
