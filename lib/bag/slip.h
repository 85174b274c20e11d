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

#include "bag/waybill.h"
#include "base/digest.h"
#include "document/container.h"
#include "document/name.h"

/* The path in a bag; the name is the SHA-256 of the slip's text. */
#define PATH_SLIP "slips/%s.yaml"

/*
 * The paths in a container, beside the signature of that ID ("origin" of a
 * deposit), of what proves when an act that came by bag was dispatched.
 */
#define PATH_SLIP_OF    "META-INF/slip-%s.yaml"
#define PATH_WAYBILL_OF "META-INF/waybill-%s.yaml"
#define PATH_P7S_OF     "META-INF/waybill-%s.p7s"

/* A waybill or an acknowledgement, its signature, and its slips. */
extern const struct file_bounds files_of_bag;

enum { SLIP_SALT = 16 };

struct slip {
	bool is_deposit; /* a deposit; else a signature */
	char document[DOCUMENT_NAME];
	unsigned version;
	unsigned onto; /* the version whose signing a deposit may end; or 0 */
	struct digest digest; /* the digest of the version */
	struct digest body;   /* SHA-256 of what is handed in */
	/* the digests that its journal entry will have */
	struct digest signature;
	uint8_t salt[SLIP_SALT];
};

/* ERROR_MALFORMED "slip.yaml:LINE:COLUMN: …" */
bool slip_parse(struct span text, struct slip *out, struct error *err) MUST_USE;
bool slip_encode(const struct slip *slip, struct buf *out,
    struct error *err) MUST_USE;

/*
 * Check that the files are a waybill, its signature, and exactly the slips that
 * it lists.
 *
 * ERROR_UNTRUSTED, ERROR_MALFORMED
 */
bool slip_check_files(const struct container *files,
    const struct waybill *waybill, struct error *err) MUST_USE;

/*
 * Get the ID in one of the three paths in a container; false if it is no such
 * path.
 */
bool path_slip_id(const char *path, char out[LIMIT_NAME_BYTES + 1]);

/*
 * True if a container has the waybill of that digest: only then may it have a
 * receipt of its dispatch. Each waybill is hashed once, whoever asks.
 */
bool slip_has_waybill(struct container *container,
    const struct digest *waybill);

#endif
