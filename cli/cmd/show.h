/*
 * show.h - what a version's version.yaml tells, beside its acts: as JSON, and as
 * "valise show" prints that.
 */
#ifndef CLI_CMD_SHOW_H
#define CLI_CMD_SHOW_H

#include <jansson.h>

#include "client/context.h"

/*
 * Add titles, note, texts and annexes to a version's JSON, and what changed
 * since the version before, if that is not NULL.
 */
void show_describe(json_t *json, const struct version *version,
    const struct version *before);
/*
 * Add who is still to sign a version that is draft or signed in part, by the
 * policy that this office accepted: for each party that lacks signatures, how
 * many, and the persons with full powers who have not signed.
 */
void show_add_signatories(struct context *context, const char *document,
    json_t *json);
/* Print what these two added. */
void show_print(const json_t *json);

#endif
