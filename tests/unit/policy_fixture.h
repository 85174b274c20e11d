/*
 * policy_fixture.h - the smallest policy, of two offices with all rights; and
 * the one that the project ships.
 */
#ifndef TESTS_POLICY_FIXTURE_H
#define TESTS_POLICY_FIXTURE_H

#include "pki_fixture.h"
#include "policy/policy.h"

/*
 * Parties "lao-pdr" and "iom", each with one CA and one office: "mofa" is
 * *@mofa.example, "iom" is *@iom.example.  One type, "mou", for which
 * a@mofa.example and c@iom.example have full powers; the depositary is
 * depositary@mofa.example.
 */
struct policy *fixture_policy(const struct identity *mofa,
    const struct identity *iom);

/*
 * Returns the files of the project's own policy, with these CAs and the
 * certificates that its offices' "encryption" names.
 */
struct container *fixture_shipped(const struct identity *mofa,
    const struct identity *iom);

#endif
