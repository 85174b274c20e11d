/*
 * slip.h - what a waybill lists of a deposit or signature: a slip of paper that
 * goes with it, of which the waybill has the SHA-256 alone.
 *
 * Whoever may read a version gets, with each act that came by bag, the waybill
 * and that act's own slip.  So the waybill may say nothing of the other
 * documents in the bag, and nobody may guess: each slip has random bytes.
 */
#ifndef BAG_SLIP_H
#define BAG_SLIP_H

#include "base/digest.h"
#include "document/container.h"
#include "document/name.h"

/* In a bag; the name is the SHA-256 of its text. */
#define PATH_SLIP "slips/%s.yaml"

/*
 * In a container, beside the signature of that ID ("origin" of a deposit): what
 * proves when an act that came by bag was dispatched.
 */
#define PATH_SLIP_OF    "META-INF/slip-%s.yaml"
#define PATH_WAYBILL_OF "META-INF/waybill-%s.yaml"
#define PATH_P7S_OF     "META-INF/waybill-%s.p7s"

enum { SLIP_SALT = 16 };

struct slip {
	bool is_deposit; /* else it is a signature */
	char document[DOCUMENT_NAME];
	unsigned version;
	unsigned onto; /* a deposit may end the signing of that one; or 0 */
	struct digest digest;    /* of the version */
	struct digest body;      /* SHA-256 of what is handed in */
	struct digest signature; /* as its journal entry will have it */
	uint8_t salt[SLIP_SALT];
};

/* ERROR_MALFORMED "slip.yaml:LINE:COLUMN: …" */
bool slip_parse(struct span text, struct slip *out, struct error *err) MUST_USE;
bool slip_encode(const struct slip *slip, struct buf *out,
    struct error *err) MUST_USE;

/* The ID in one of the three paths in a container; false if it is none. */
bool path_slip_id(const char *path, char out[LIMIT_NAME_BYTES + 1]);

/*
 * Does a container have the waybill of that digest?  Only then does a receipt
 * of its dispatch belong there.  Each waybill is hashed once, whoever asks.
 */
bool slip_has_waybill(struct container *container,
    const struct digest *waybill);

#endif
