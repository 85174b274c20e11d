/*
 * opened.h - a bag that was opened: decrypted, its waybill judged, what it
 * lists read; for opening it and for handing in what it brings.
 */
#ifndef CLI_CMD_OPENED_H
#define CLI_CMD_OPENED_H

#include "bag/bag.h"
#include "bag/slip.h"
#include "client/session.h"

/*
 * The proofs that a bag carries. The checkpoint's body has a proof from size
 * old to the bag's own; each prefix has one from a copy's checkpoint, of size
 * prefix, to that.
 */
struct bag_papers {
	struct span text;
	uint64_t old, size;
	struct checkpoint checkpoint;
	struct span note;
	struct merkle_proof proof;
	uint64_t prefix;
};

struct opened {
	struct context *context;
	struct seen *seen; /* local_seen(), if the bag is opened to be read */
	const char *path;
	int fd, inner;
	struct bag_apart apart;
	struct zip_member *members;
	size_t num;
	struct buf yaml, p7s;
	struct digest digest; /* of the waybill */
	struct waybill *waybill;
	/*
	 * In a bag of deposits and signatures: the slips, and what each is of.
	 */
	struct container *slips;
	struct slip acts[LIMIT_SLIPS];
	size_t num_acts;
	/* what was found, for the acknowledgement */
	struct acknowledgement *answer;
	struct buf checkpoint, prefixes;
	struct bag_papers papers; /* in these two */
	struct error other;       /* the first copy that contradicts another */
};

/*
 * Open a bag that is for this office; out is for opened_close() whatever comes
 * of it.  A slip that is missing or altered is a finding, not an error.
 *
 * ERROR_MALFORMED  it is no bag
 * ERROR_UNTRUSTED  it is for another key or office, was altered, or its
 *                  waybill's signer is not to be trusted
 * ERROR_USAGE      there is no key to open bags with
 */
bool opened_read(struct context *context, const char *path, struct opened *out,
    struct error *err) MUST_USE;
void opened_close(struct opened *bag);
/*
 * A listed file, compared with what lists it, in a file of its own, which the
 * caller closes; -1 if it is missing or altered, which is a finding.
 */
int opened_take(struct opened *bag, const struct waybill_file *listed);
/* Add what the acknowledgement is to tell. Returns false. */
bool opened_found(struct opened *bag, const char *path, const char *what);
/* Add a finding for each file that is there and not listed. */
void opened_find_unexpected(struct opened *bag);

#endif
