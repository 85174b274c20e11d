/*
 * status.h - the parts of "valise status": what waits for this person's
 * signature, and how all of it is printed.
 */
#ifndef CLI_CMD_STATUS_H
#define CLI_CMD_STATUS_H

#include <jansson.h>

#include "client/session.h"

/*
 * Append, as JSON, what waits for a person's signature, by the policy that this
 * office accepted: found with the daemon's list where there is a session, else
 * among the acts that are kept here.
 */
struct status_signing {
	struct context *context;
	struct session *session; /* or NULL */
	const struct policy *policy;
	const struct office *office;
	const char *person;
};
bool status_to_sign(const struct status_signing *of, json_t *out,
    struct error *err) MUST_USE;

/* Print for a person what the JSON has. */
void status_print(const json_t *status);

#endif
