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
/* The body of C2SP add-checkpoint: "old N", the proof, the note. */
#define PATH_BAG_CHECKPOINT "checkpoint"
/* "old N" and a proof, from the checkpoint of each copy to the bag's. */
#define PATH_BAG_PREFIXES "prefixes"
#define BAG_COPIES        "copies/"
#define BAG_DEPOSITS      "deposits/"
#define BAG_SIGNATURES    "signatures/"
#define BAG_CRLS          "crls/"

struct waybill_file {
	char path[LIMIT_PATH_BYTES + 1]; /* the path in the bag */
	uint64_t size;
	struct digest sha256;
	/*
	 * Of a copy, deposit or signature; for other files the document is
	 * empty.
	 */
	char document[DOCUMENT_NAME];
	unsigned version;
	struct digest digest; /* the digest of the version */
	char title[LIMIT_TITLE_BYTES + 1];
};

struct waybill {
	uint64_t number; /* the number that the sender gave it, from 1 */
	char from[LIMIT_OFFICE_BYTES + 1], to[LIMIT_OFFICE_BYTES + 1];
	char person[LIMIT_EMAIL_BYTES + 1]; /* who dispatches it */
	int64_t dispatched_at;
	/*
	 * In a bag of deposits or signatures: the SHA-256 of each slip, sorted,
	 * and of list.yaml, or zero. Without slips the waybill itself lists the
	 * files.
	 */
	size_t num_slips;
	struct digest slips[LIMIT_SLIPS];
	struct digest list;
	size_t num;
	struct waybill_file *files; /* owned */
};

/* A waybill of nothing yet; NULL with ERROR_SYSTEM. */
struct waybill *waybill_new(struct error *err);
void waybill_free(struct waybill *waybill);
/*
 * List one more file, to be filled in. The earlier ones may move.
 *
 * ERROR_LIMIT  it lists LIMIT_BAG_FILES already
 */
struct waybill_file *waybill_add_file(struct waybill *waybill,
    struct error *err) MUST_USE;

/*
 * Parse waybill.yaml. The caller frees the result.
 *
 * ERROR_MALFORMED "waybill.yaml:LINE:COLUMN: …"
 */
struct waybill *waybill_parse(struct span text, struct error *err);
bool waybill_encode(const struct waybill *waybill, struct buf *out,
    struct error *err) MUST_USE;
/*
 * list.yaml has the files of a waybill that has slips. parse puts them into
 * waybill; the text must be the one that the waybill names.
 *
 * ERROR_UNTRUSTED  the waybill names another one
 */
bool waybill_parse_list(struct waybill *waybill, struct span text,
    struct error *err) MUST_USE;
bool waybill_encode_list(const struct waybill *waybill, struct buf *out,
    struct error *err) MUST_USE;
/* True if a digest is that of one of the slips. */
bool waybill_lists_slip(const struct waybill *waybill,
    const struct digest *sha256);
const struct waybill_file *waybill_find(const struct waybill *waybill,
    const char *path);

/* The finding about a file: "missing", "altered", … */
struct acknowledgement_finding {
	char path[LIMIT_PATH_BYTES + 1];
	char what[40];
};

struct acknowledgement {
	struct digest waybill;
	uint64_t number; /* the waybill's number */
	/* the office that received the bag */
	char from[LIMIT_OFFICE_BYTES + 1];
	/* the office that had dispatched it */
	char to[LIMIT_OFFICE_BYTES + 1];
	char person[LIMIT_EMAIL_BYTES + 1];
	int64_t received_at;
	/* the size of the journal that the receiver has seen now */
	uint64_t size;
	size_t num; /* how many findings; 0: everything came well */
	struct acknowledgement_finding *findings; /* owned */
};

struct acknowledgement *acknowledgement_new(struct error *err);
void acknowledgement_free(struct acknowledgement *it);
/*
 * Add a finding, to be filled in. The earlier ones may move.
 *
 * ERROR_LIMIT  there are LIMIT_BAG_FILES already
 */
struct acknowledgement_finding *acknowledgement_add(struct acknowledgement *it,
    struct error *err) MUST_USE;
/* Parse acknowledgement.yaml. The caller frees the result. */
struct acknowledgement *acknowledgement_parse(struct span text,
    struct error *err);
bool acknowledgement_encode(const struct acknowledgement *it, struct buf *out,
    struct error *err) MUST_USE;

#endif
