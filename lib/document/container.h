/*
 * container.h - one version of a document as the files that make it up.
 *
 * The members of an .asice file, the tree of a git commit and the parts that
 * the verdict judges are the same thing; this is that thing.  It is read from
 * a ZIP, put together from bytes or from the store, and written as a ZIP,
 * always by the code here.
 */
#ifndef DOCUMENT_CONTAINER_H
#define DOCUMENT_CONTAINER_H

#include "base/digest.h"
#include "base/limits.h"

#define CONTAINER_MIMETYPE "application/vnd.etsi.asic-e+zip"

#define PATH_VERSION         "version.yaml"
#define PATH_MANIFEST        "META-INF/ASiCManifest-%s.xml"
#define PATH_SIGNATURE       "META-INF/signature-%s.p7s"
#define PATH_ORIGIN_MANIFEST "META-INF/ASiCManifest-origin.xml"
#define PATH_ORIGIN          "META-INF/signature-origin.p7s"
#define PATH_SEAL_MANIFEST   "META-INF/ASiCManifest-seal.xml"
#define PATH_SEAL            "META-INF/signature-seal.p7s"
#define PATH_RECEIPT         "META-INF/receipt-%llu.tlog-proof"

struct member;

/* Where a member's content comes from. */
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
	/* Nobody will store or write it: it is not deflated, nor named for git. */
	bool to_judge;
	/* Filled by container_hash() where the maker did not know them. */
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

struct container {
	struct member *members; /* by path, in byte order */
	size_t num;
};

struct container *container_new(struct error *err);
void container_free(struct container *container);

/*
 * Read the ZIP in fd strictly (zip.h); fd stays the caller's and open.
 * META-INF and version.yaml are read into memory, the rest when it is wanted.
 *
 * ERROR_MALFORMED  the ZIP; or mimetype is not first, stored, and right
 */
struct container *container_read(int fd, struct error *err);
/* The same, of what will not be stored in git. */
struct container *container_read_to_judge(int fd, struct error *err);
/*
 * The same, of what container_write() just made of written: what that has in
 * memory and hashed goes over instead of being read again.
 */
struct container *container_read_back(int fd, struct container *written,
    struct error *err);
/*
 * Read what other makers call a container, with libzip: into memory, and at
 * most LIMIT_META_TOTAL of it.  For showing only, never to be taken in.
 */
struct container *container_read_foreign(const char *path, struct error *err);

/*
 * A plain set of files, a policy or a set of CRLs, whole in memory: from the
 * ZIP in fd (strict), or from a folder and its subfolders.
 *
 * ERROR_LIMIT      over LIMIT_POLICY_FILES files or LIMIT_POLICY_ZIP_BYTES
 * ERROR_MALFORMED  not a plain file; a name that is not safe
 */
struct container *container_read_files(int fd, struct error *err);
/* The same, of files that nobody will store or write again. */
struct container *container_read_files_to_judge(int fd, struct error *err);
struct container *container_read_dir(const char *dir, struct error *err);

/* Add a member, or put its bytes in the place of what it had. */
bool container_put(struct container *container, const char *path,
    struct span bytes, struct error *err) MUST_USE;
/* The same, of a container that nobody will store or write. */
bool container_put_to_judge(struct container *container, const char *path,
    struct span bytes, struct error *err) MUST_USE;
/* As made elsewhere: everything but bytes is filled in; taken over by value. */
bool container_add(struct container *container, const struct member *member,
    struct error *err) MUST_USE;
void container_remove(struct container *container, const char *path);
/* NULL if it has none. */
struct member *container_find(const struct container *container,
    const char *path);

/* Its content will be in memory: at most max bytes of it. */
void member_hold(struct member *member, size_t max);
bool member_stream(const struct member *member, byte_sink *sink, void *arg,
    struct error *err) MUST_USE;
bool member_stream_packed(const struct member *member, byte_sink *sink,
    void *arg, struct error *err) MUST_USE;
/* The content of a member that is in memory: META-INF and version.yaml are. */
struct span member_bytes(const struct member *member);

/* Read what has not been hashed, once; *progress, unless NULL, grows. */
bool container_hash(struct container *container, uint64_t *progress,
    struct error *err) MUST_USE;

/* The same for one member. */
bool member_hash(struct member *member, uint64_t *progress,
    struct error *err) MUST_USE;

/*
 * The contents digest (docs/formats.md): SHA-256 of what sha256sum prints for
 * its files, without receipts.  All must be hashed.
 */
bool container_contents(const struct container *container, struct digest *out,
    struct error *err) MUST_USE;

/* Write it as a ZIP into the empty file fd; the same bytes each time. */
bool container_write(const struct container *container, int fd, uint64_t *size,
    struct error *err) MUST_USE;

/* "META-INF/receipt-…": left out of the contents digest. */
bool path_is_receipt(const char *path);
bool path_is_meta(const char *path);
/* The ID in "META-INF/signature-ID.p7s" or its manifest; false if neither. */
bool path_signature_id(const char *path, const char *format,
    char out[LIMIT_NAME_BYTES + 1]);

#endif
