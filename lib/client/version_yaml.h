/*
 * version_yaml.h - what a version is, without its texts: its version.yaml, whose
 * SHA-256 the acts on the document prove.
 */
#ifndef CLIENT_VERSION_YAML_H
#define CLIENT_VERSION_YAML_H

#include "client/session.h"

/*
 * Read it from this office's state, or ask the daemon for it, and compare it
 * with the digest.  *out is the caller's to free; it is NULL if an older daemon
 * does not give it.  session may be NULL: only the state is read.
 *
 * ERROR_UNTRUSTED  ANSWER_DIFFERS: the daemon sent another
 */
bool version_yaml_get(struct context *context, struct session *session,
    const char *document, unsigned number, const struct digest *digest,
    struct version **out, struct error *err) MUST_USE;

#endif
