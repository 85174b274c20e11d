/*
 * bag.h - the bag itself: one file, on any stick.
 *
 * A stored ZIP of two members: bag.bin, encrypted (pki/envelope.h), and
 * bag.cms, the CMS without which it cannot be read.  Inside is a stored ZIP:
 * waybill.yaml, waybill.p7s, and the files that it lists.  unzip and "openssl
 * cms -decrypt" open both.  Nothing is held in memory but small files.
 */
#ifndef BAG_BAG_H
#define BAG_BAG_H

#include "bag/waybill.h"
#include "document/zip.h"
#include "pki/envelope.h"

#define BAG_CIPHERTEXT "bag.bin"
#define BAG_HEADER     "bag.cms"

/*
 * A file that goes into a bag. Files are written in this order; their content
 * is read then.
 */
struct bag_file {
	char path[LIMIT_PATH_BYTES + 1];
	/* the content is this file from offset 0; or, where it is -1, */
	int fd;
	struct span bytes; /* these bytes */
	uint64_t size;
	uint32_t crc;         /* bag_measure() fills this in, */
	struct digest sha256; /* and this */
};

bool bag_measure(struct bag_file *file, struct error *err) MUST_USE;
/* Write a bag of measured files into the empty file fd. */
bool bag_pack(const struct bag_file files[], size_t num,
    struct cert *const recipients[], size_t num_recipients, int fd,
    struct error *err) MUST_USE;

/*
 * The large files of a bag that is open, each in a nameless file of its own:
 * they are written there as they are decrypted, and hashed beside it.  None is
 * to be used before bag_open() returns true.
 */
enum { BAG_APART = 32 };
struct bag_apart {
	const char *dir; /* where they, and all that bag_take() makes, lie */
	size_t num;
	struct bag_part {
		int fd;
		uint64_t at; /* where its content would be in the inner ZIP */
		uint32_t crc;
		struct digest sha256;
	} parts[BAG_APART];
};

/*
 * Decrypt a bag into the empty file out, which then is its inner ZIP, but for
 * the content of the files that lie apart. The caller frees members, and calls
 * bag_close() whatever comes of it. After a failure, what out and apart have
 * must not be used.
 *
 * ERROR_MALFORMED  not a bag, or cut short
 * ERROR_UNTRUSTED  not for this key, or altered
 */
bool bag_open(int fd, const struct identity *recipient, int out,
    struct bag_apart *apart, struct zip_member **members, size_t *num,
    struct error *err) MUST_USE;
void bag_close(struct bag_apart *apart);

const struct zip_member *bag_member(const struct zip_member members[],
    size_t num, const char *path);
/*
 * Append a member's content to out, if that has room for it: at most
 * LIMIT_WAYBILL_BYTES.
 */
bool bag_read(int fd, const struct zip_member *member, struct buf *out,
    struct error *err) MUST_USE;
/*
 * Get a nameless file of a member's content, which the caller closes and
 * nobody writes; sha256 gets its digest. -1 on failure.
 */
int bag_take(int fd, const struct bag_apart *apart,
    const struct zip_member *member, struct digest *sha256, struct error *err);

#endif
