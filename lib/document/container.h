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

#include "document/member.h"

#define CONTAINER_MIMETYPE "application/vnd.etsi.asic-e+zip"

#define PATH_MIMETYPE        "mimetype"
#define PATH_VERSION         "version.yaml"
#define PATH_TEXTS           "texts/"
#define PATH_ANNEXES         "annexes/"
#define PATH_MANIFEST        "META-INF/ASiCManifest-%s.xml"
#define PATH_SIGNATURE       "META-INF/signature-%s.p7s"
#define PATH_ORIGIN_MANIFEST "META-INF/ASiCManifest-origin.xml"
#define PATH_ORIGIN          "META-INF/signature-origin.p7s"
#define PATH_SEAL_MANIFEST   "META-INF/ASiCManifest-seal.xml"
#define PATH_SEAL            "META-INF/signature-seal.p7s"
#define PATH_RECEIPT         "META-INF/receipt-%llu.tlog-proof"

struct version;

struct container {
	struct member *members; /* by path, in byte order */
	size_t num;
	/*
	 * What version.yaml says, if it was parsed when it was read: the
	 * verdict takes it. Or NULL.
	 */
	struct version *version;
};

struct container *container_new(struct error *err);
void container_free(struct container *container);

/*
 * Read the ZIP in fd strictly (zip.h); fd stays the caller's and open.  Names
 * and sizes are checked before anything is inflated.  META-INF and version.yaml
 * are read into memory, the rest when it is wanted.  Where there is no
 * version.yaml nothing is read: there is nothing to judge META-INF by.
 *
 * ERROR_MALFORMED  the ZIP; or mimetype is not first, stored, and right
 * ERROR_LIMIT      the ZIP; or what would be read into memory
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
/* The same, of fewer or smaller files, which are counted before one is read. */
struct file_bounds {
	size_t num;
	uint64_t one, all; /* inflated */
};
extern const struct file_bounds files_of_signature; /* to sign, terminate */
struct container *container_read_files_within(int fd,
    const struct file_bounds *bounds, struct error *err);
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

/* Hash all its members (member_hash()). */
bool container_hash(struct container *container, uint64_t *progress,
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
/* A text or an annex, of which only the size is known before it is read. */
bool path_is_text(const char *path);
/* The ID in "META-INF/signature-ID.p7s" or its manifest; false if neither. */
bool path_signature_id(const char *path, const char *format,
    char out[LIMIT_NAME_BYTES + 1]);

#endif
