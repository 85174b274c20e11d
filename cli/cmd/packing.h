/*
 * packing.h - a bag that is being packed: what goes into it, and what proves
 * that.
 */
#ifndef CLI_CMD_PACKING_H
#define CLI_CMD_PACKING_H

#include "bag/bag.h"
#include "bag/slip.h"
#include "base/outfile.h"
#include "client/copy.h"
#include "client/outbox.h"
#include "client/session.h"

struct packing {
	struct context *context;
	const char *path, *to;
	struct outfile output;
	/* which documents go in beside those that are named, if any */
	enum packing_since {
		PACK_NAMED,
		PACK_SINCE_LAST,
		PACK_SINCE_ACKNOWLEDGED,
		PACK_ALL,
	} since;
	bool outbox;
	/* for PACK_SINCE_LAST: what changed from this entry on goes in */
	uint64_t from;
	size_t unacknowledged; /* bags to the addressee */
	uint64_t known;        /* the size that the addressee has seen */
	bool has_known;
	struct session session;
	bool online;
	struct policy *policy;
	const struct office *from_office, *addressee;
	struct identity signer; /* of the waybill */
	struct cert *recipient; /* the addressee's certificate, to encrypt to */
	struct waybill *waybill;
	struct bag_file *files;
	size_t num;
	/* Deposits and signatures, and their slips by PATH_SLIP. */
	struct slip acts[LIMIT_SLIPS];
	size_t num_acts;
	struct container *slips;
	struct buf checkpoint, prefixes, yaml, p7s, list;
	/* The checkpoints that the copies' receipts lead to, each once. */
	struct checkpoint *at;
	size_t num_at;
	uint64_t size; /* the size of the journal when it was packed */
};

void packing_free(struct packing *pack);

/*
 * Put a file into the bag: from fd, which the bag then owns, or, if fd is -1,
 * these bytes. NULL, and fd stays the caller's: ERROR_LIMIT, ERROR_SYSTEM. What
 * lists an unlisted one says itself that it belongs there.
 */
struct bag_file *packing_add_file(struct packing *pack, const char *path,
    int fd, struct span bytes, struct error *err);
struct bag_file *packing_add_unlisted(struct packing *pack, const char *path,
    int fd, struct span bytes, struct error *err);

/* Pack the acts that were made here and not sent (packing_acts.c). */
bool packing_add_outbox(struct packing *pack, enum outbox_kind kind,
    struct error *err) MUST_USE;

/* --- Proofs for its addressee (packing_proofs.c). --- */

/* Note the checkpoint of a copy's receipts, which the bag is to prove. */
bool packing_note_prefix(struct packing *pack, const struct copy *copy,
    struct error *err) MUST_USE;
/*
 * Add the checkpoint, proved to extend what the addressee has seen, and the
 * proofs from the copies' checkpoints.
 */
bool packing_add_checkpoint(struct packing *pack, struct error *err) MUST_USE;

#endif
