/*
 * guest.h - the context of somebody who has no office: a court, an auditor, a
 * contractor.  It has no configuration, no key, no state and no line.
 *
 * What it trusts is the enrolment alone: the journal's keys, and the policies
 * that the enrolment lists.  Policies and revocation lists that come beside a
 * copy are found by the digests that the enrolment and the journal's entries
 * name, so that whoever hands them over cannot choose them.
 */
#ifndef CLIENT_GUEST_H
#define CLIENT_GUEST_H

#include "client/context.h"

/*
 * Make the context of an enrolment in a file.  It accepts the policies that the
 * enrolment lists.  Call context_free() even after a failure.
 *
 * ERROR_NOT_FOUND, ERROR_MALFORMED, ERROR_LIMIT  the file, by name
 */
bool guest_load(struct context *context, const char *path,
    struct error *err) MUST_USE;

/*
 * Add a policy: its ZIP, its folder, or all ZIPs of a folder.  One that the
 * enrolment does not list is told by a note, and judges nothing.
 */
bool guest_add_policies(struct context *context, const char *path,
    struct error *err) MUST_USE;

/*
 * Add revocation lists: a set as the journal names it, its ZIP or its folder;
 * all ZIPs of a folder; or a CA's own list, PEM or DER, which judges nothing
 * but is a warning where it tells more than the journal does.
 */
bool guest_add_crls(struct context *context, const char *path,
    struct error *err) MUST_USE;

#endif
