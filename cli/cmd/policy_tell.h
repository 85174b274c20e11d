/*
 * policy_tell.h - policies as a person reads them.
 */
#ifndef CLI_CMD_POLICY_TELL_H
#define CLI_CMD_POLICY_TELL_H

#include <stdio.h>

#include <jansson.h>

#include "client/policies.h"

/* Print what a policy allows. */
void tell_policy(const struct policy *policy);
/* Print line by line what was removed and what was added. */
void tell_changes(const struct policy *old, const struct policy *new);
/* Print the names of changed files in one line: "policies/offices.yaml, …". */
void tell_changed_files(FILE *out, const struct policy *old,
    const struct policy *new);

/* Print a table of all policies that the journal had, and the list's digest. */
void tell_succession(const struct context *context);
/* "entries 50 to 79", "entry 50 on" */
void tell_range(const struct succession *succession,
    const struct policy_entry *entry, char out[80]);
/* Print "list of 3 policies" and its digest, to be read on the telephone. */
void tell_list_digest(const struct succession *succession, size_t num);
/* JSON of what tell_changed_files() and tell_succession() print. */
json_t *json_of_changed_files(const struct policy *old,
    const struct policy *new);
json_t *json_of_succession(const struct context *context);

#endif
