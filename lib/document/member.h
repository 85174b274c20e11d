/*
 * member.h - one file of a container, wherever its content is: in memory, in a
 * ZIP, or in the store.
 */
#ifndef DOCUMENT_MEMBER_H
#define DOCUMENT_MEMBER_H

#include "base/digest.h"
#include "base/limits.h"
#include "document/zip.h"

struct member;

/* The source of a member's content. */
struct member_source {
	/* The content, checked as it comes; or its packed bytes. */
	bool (*stream)(const struct member *member, byte_sink *sink, void *arg,
	    struct error *err);
	bool (*stream_packed)(const struct member *member, byte_sink *sink,
	    void *arg, struct error *err);
};

struct member {
	char path[LIMIT_PATH_BYTES + 1];
	uint64_t size;
	/* As a ZIP has it: raw deflate if that is smaller, else as it is. */
	bool deflated;
	uint64_t packed;
	uint32_t crc;
	/*
	 * The member is neither stored nor written: it is not deflated, nor
	 * named for git.
	 */
	bool to_judge;
	/* Filled by member_hash() where the maker did not know them. */
	bool hashed;
	bool damaged; /* it does not read: its digest is then zero */
	struct digest sha256;
	/* Not of one to judge: */
	uint8_t blob[20]; /* git's name of the content */
	uint32_t adler;   /* its Adler-32, which git's zlib stream ends with */

	const struct member_source *source;
	struct buf bytes;        /* in memory: the content, whole */
	struct buf packed_bytes; /* and deflated */
	int fd;                  /* in a ZIP: the file */
	uint64_t at;             /* and the packed bytes' place */
	void *store;             /* in the store: which, */
	uint64_t store_at;       /* and where */
};

/* The source of a member whose bytes are in memory. */
extern const struct member_source member_in_memory;

/* The member that lies so in the ZIP fd, which stays the caller's and open. */
struct member member_of_zip(const struct zip_member *zip, int fd,
    bool to_judge);
/* A member's fields in a ZIP. */
struct zip_member member_zip(const struct member *member);
/* Free its bytes. */
void member_clear(struct member *member);
/* Its content will be in memory: at most max bytes of it. */
void member_hold(struct member *member, size_t max);
bool member_stream(const struct member *member, byte_sink *sink, void *arg,
    struct error *err) MUST_USE;
bool member_stream_packed(const struct member *member, byte_sink *sink,
    void *arg, struct error *err) MUST_USE;
/* The content of a member that is in memory: META-INF and version.yaml are. */
struct span member_bytes(const struct member *member);
/* Hash it, once; *progress, unless NULL, grows by the bytes that were read. */
bool member_hash(struct member *member, uint64_t *progress,
    struct error *err) MUST_USE;

#endif
