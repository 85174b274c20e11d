/*
 * termination.h - termination.yaml: that a version in force is to end, and
 * why.  It stands beside version.yaml; those who terminate sign both.
 */
#ifndef DOCUMENT_TERMINATION_H
#define DOCUMENT_TERMINATION_H

#include "base/yaml.h"
#include "document/name.h"

#define PATH_TERMINATION "termination.yaml"
/* The prefix of the ID of a signature that counts only towards termination. */
#define TERMINATION_ID "terminate-"

struct termination {
	char document[DOCUMENT_NAME];
	unsigned version;
	struct digest digest; /* the digest of the version */
	char reason[LIMIT_NOTE_BYTES + 1];
};

/*
 * Parse termination.yaml.
 *
 * ERROR_MALFORMED "termination.yaml:LINE:COLUMN: …"
 */
bool termination_parse(struct span text, struct termination *out,
    struct error *err) MUST_USE;
bool termination_encode(const struct termination *termination, struct buf *out,
    struct error *err) MUST_USE;

#endif
