/*
 * waybill.h - what a bag says that it is, and what its addressee answers.
 *
 * waybill.yaml stands in the bag beside what it lists, waybill.p7s signs it
 * (CAdES, proof of origin, by a person of the office that dispatches).  The
 * answer, acknowledgement.yaml, is signed alike.  The SHA-256 of either is its
 * name in the journal.
 *
 * The waybill of a bag that brings deposits or signatures goes into the copies
 * of those versions, for whoever may read them.  It names none of what it
 * lists: of deposits and signatures it has the SHA-256 of their slips (slip.h),
 * and of all other files that of list.yaml, which stays in the bag.
 */
#ifndef BAG_WAYBILL_H
#define BAG_WAYBILL_H

#include "base/yaml.h"
#include "document/name.h"

#define PATH_WAYBILL             "waybill.yaml"
#define PATH_WAYBILL_SIGNATURE   "waybill.p7s"
#define PATH_BAG_LIST            "list.yaml"
#define PATH_ACKNOWLEDGEMENT     "acknowledgement.yaml"
#define PATH_ACKNOWLEDGEMENT_P7S "acknowledgement.p7s"
/* C2SP add-checkpoint's body: "old N", the proof, the note. */
#define PATH_BAG_CHECKPOINT "checkpoint"
/* "old N" and a proof, from the checkpoint of each copy to that one. */
#define PATH_BAG_PREFIXES "prefixes"
#define BAG_COPIES        "copies/"
#define BAG_DEPOSITS      "deposits/"
#define BAG_SIGNATURES    "signatures/"
#define BAG_CRLS          "crls/"

struct waybill_file {
	char path[LIMIT_PATH_BYTES + 1]; /* in the bag */
	uint64_t size;
	struct digest sha256;
	/* Of a copy, deposit or signature; else the document is empty. */
	char document[DOCUMENT_NAME];
	unsigned version;
	struct digest digest; /* of the version */
	char title[LIMIT_TITLE_BYTES + 1];
};

struct waybill {
	uint64_t number; /* of the sender, from 1 */
	char from[LIMIT_OFFICE_BYTES + 1], to[LIMIT_OFFICE_BYTES + 1];
	char person[LIMIT_EMAIL_BYTES + 1]; /* who dispatches */
	int64_t dispatched_at;
	/*
	 * A bag of deposits or signatures: the SHA-256 of each slip, ascending;
	 * and of list.yaml, or zero.  None: files are the waybill's own.
	 */
	size_t num_slips;
	struct digest slips[LIMIT_SLIPS];
	struct digest list;
	size_t num;
	struct waybill_file files[LIMIT_BAG_FILES]; /* large: allocate it */
};

/* ERROR_MALFORMED "waybill.yaml:LINE:COLUMN: …"; the caller frees it. */
struct waybill *waybill_parse(struct span text, struct error *err);
bool waybill_encode(const struct waybill *waybill, struct buf *out,
    struct error *err) MUST_USE;
/*
 * list.yaml: the files of a waybill that has slips.  parse puts them into
 * waybill, and wants the very text that the waybill names.
 *
 * ERROR_UNTRUSTED  the waybill names another one
 */
bool waybill_parse_list(struct waybill *waybill, struct span text,
    struct error *err) MUST_USE;
bool waybill_encode_list(const struct waybill *waybill, struct buf *out,
    struct error *err) MUST_USE;
/* Is it one of the slips? */
bool waybill_lists_slip(const struct waybill *waybill,
    const struct digest *sha256);
const struct waybill_file *waybill_find(const struct waybill *waybill,
    const char *path);

/* What was wrong with a file, as it was found: "missing", "altered", … */
struct acknowledgement_finding {
	char path[LIMIT_PATH_BYTES + 1];
	char what[40];
};

struct acknowledgement {
	struct digest waybill;
	uint64_t number;                   /* the waybill's */
	char from[LIMIT_OFFICE_BYTES + 1]; /* who received it */
	char to[LIMIT_OFFICE_BYTES + 1];   /* who had dispatched it */
	char person[LIMIT_EMAIL_BYTES + 1];
	int64_t received_at;
	uint64_t size; /* of the journal that the receiver has seen now */
	size_t num;    /* of findings; none: it came whole */
	struct acknowledgement_finding findings[LIMIT_BAG_FILES];
};

struct acknowledgement *acknowledgement_parse(struct span text,
    struct error *err);
bool acknowledgement_encode(const struct acknowledgement *it, struct buf *out,
    struct error *err) MUST_USE;

#endif
