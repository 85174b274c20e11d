/*
 * uploads.h - bytes that come in parts (tus 1.0), until a deposit uses them.
 *
 * An upload belongs to the person who began it; any other person is told that
 * it does not exist.  Each office may have a number of uploads and of bytes,
 * and each upload is removed a week after it last grew.  They outlive the
 * daemon: SPOOL/uploads/ID is the content, ID.info describes it.
 */
#ifndef DAEMON_SPOOL_UPLOADS_H
#define DAEMON_SPOOL_UPLOADS_H

#include "base/digest.h"
#include "base/file.h"
#include "base/limits.h"
#include "daemon/spool/room.h"

#define UPLOAD_ID 33

struct upload_info {
	char id[UPLOAD_ID]; /* 32 hex digits */
	char person[LIMIT_EMAIL_BYTES + 1], office[LIMIT_OFFICE_BYTES + 1];
	uint64_t length;
	struct digest sha256; /* of the whole; zero: the client did not say */
	uint64_t offset;      /* bytes that have come */
	int64_t expires;      /* UTC seconds */
	uint64_t began;       /* as in struct room_hold */
};

/*
 * The file ID.info: person, office, length and sha256, a line each; its encoding
 * parses to the same.  False if it is not one.
 */
bool upload_info_parse(struct span text, struct upload_info *out) MUST_USE;
bool upload_info_encode(const struct upload_info *info, struct buf *out,
    struct error *err) MUST_USE;
/*
 * Upload-Metadata (tus 1.0, creation): "key base64,key base64".  Only the key
 * sha256 has a meaning here: the digest in hex; out stays as it is without it.
 * False if that is none.
 */
bool upload_metadata_parse(struct span text, struct digest *out) MUST_USE;

struct uploads;

/*
 * Open a folder, which is made if need be, with what an earlier run left in it.
 * What there is of each upload is counted in room; NULL: nowhere.
 */
struct uploads *uploads_new(const char *dir, struct room *room,
    struct error *err);
void uploads_free(struct uploads *uploads);

/*
 * Begin an upload: the caller sets person, office, length, sha256 and began;
 * the rest is filled in.
 *
 * ERROR_LIMIT  the office has too many, or too many bytes
 */
bool uploads_create(struct uploads *uploads, struct upload_info *info,
    struct error *err) MUST_USE;

/*
 * Get the state of an upload.
 *
 * ERROR_NOT_FOUND  this person has no upload of that id
 */
bool uploads_find(struct uploads *uploads, struct span id, const char *person,
    struct upload_info *out, struct error *err) MUST_USE;

/*
 * Reserve an upload until uploads_leave().  Returns a descriptor of its
 * content, which the caller closes, or -1.
 *
 * ERROR_NOT_FOUND  as above
 * ERROR_CONFLICT   another request of this person has reserved it
 */
int uploads_enter(struct uploads *uploads, struct span id, const char *person,
    struct upload_info *out, struct error *err);
/* Release an upload, which has offset bytes now. */
void uploads_leave(struct uploads *uploads, const char *id, uint64_t offset);
/* Remove an upload that the caller has reserved. */
void uploads_remove(struct uploads *uploads, const char *id);
/* Remove the uploads whose time is over. */
void uploads_expire(struct uploads *uploads);
/*
 * Remove the one that has not grown for longest, if that is a day or more.
 * Returns whether there was one.
 */
bool uploads_give_way(struct uploads *uploads);

#endif
