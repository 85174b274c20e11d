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

/* What goes in, in this order; content is read when it is written. */
struct bag_file {
	char path[LIMIT_PATH_BYTES + 1];
	int fd;            /* from offset 0, or -1: */
	struct span bytes; /* this */
	uint64_t size;
	uint32_t crc;         /* filled in by bag_measure(), */
	struct digest sha256; /* as is this */
};

bool bag_measure(struct bag_file *file, struct error *err) MUST_USE;
/* Write a bag of measured files into the empty file fd. */
bool bag_pack(const struct bag_file files[], size_t num,
    struct cert *const recipients[], size_t num_recipients, int fd,
    struct error *err) MUST_USE;

/*
 * Decrypt a bag into the empty file out, which then is its inner ZIP; members
 * is the caller's to free().  What out has after false is not to be used.
 *
 * ERROR_MALFORMED  not a bag, or cut short
 * ERROR_UNTRUSTED  not for this key, or altered
 */
bool bag_open(int fd, const struct identity *recipient, int out,
    struct zip_member **members, size_t *num, struct error *err) MUST_USE;

/* A member's content; of a small one into out, up to its max. */
const struct zip_member *bag_member(const struct zip_member members[],
    size_t num, const char *path);
bool bag_read(int fd, const struct zip_member *member, struct buf *out,
    struct error *err) MUST_USE;
/* Into the file out, from offset 0; sha256 of it. */
bool bag_extract(int fd, const struct zip_member *member, int out,
    struct digest *sha256, struct error *err) MUST_USE;

#endif
