/*
 * uploads.h - bytes that come in parts (tus 1.0), until a deposit uses them.
 *
 * An upload belongs to the person who began it; to anybody else it is not
 * there.  Each office has so many, of so many bytes together, and each is gone
 * a week after it last grew.  They outlive the daemon: SPOOL/uploads/ID is the
 * content, ID.info what it is.
 */
#ifndef DAEMON_SPOOL_UPLOADS_H
#define DAEMON_SPOOL_UPLOADS_H

#include "base/digest.h"
#include "base/file.h"
#include "base/limits.h"

#define UPLOAD_ID 33

struct upload_info {
	char id[UPLOAD_ID]; /* 32 hex digits */
	char person[LIMIT_EMAIL_BYTES + 1], office[LIMIT_OFFICE_BYTES + 1];
	uint64_t length;
	struct digest sha256; /* of all of it; zero: the client did not say */
	uint64_t offset;      /* how much of it is there */
	int64_t expires;      /* UTC seconds */
};

struct uploads;

/* Take over what an earlier run left in a folder, made if need be. */
struct uploads *uploads_new(const char *dir, struct error *err);
void uploads_free(struct uploads *uploads);

/*
 * Begin one: person, office, length and sha256 are the caller's; the rest is
 * filled in.
 *
 * ERROR_LIMIT  the office has too many, or too large ones
 */
bool uploads_create(struct uploads *uploads, struct upload_info *info,
    struct error *err) MUST_USE;

/* How it stands.  ERROR_NOT_FOUND if this person has none of that id. */
bool uploads_find(struct uploads *uploads, struct span id, const char *person,
    struct upload_info *out, struct error *err) MUST_USE;

/*
 * Have it alone, until uploads_leave(); its content's descriptor, which is
 * the caller's to close, or -1.
 *
 * ERROR_NOT_FOUND    as above
 * ERROR_CONFLICT     somebody else has it, this person from elsewhere
 */
int uploads_enter(struct uploads *uploads, struct span id, const char *person,
    struct upload_info *out, struct error *err);
/* It has offset bytes now. */
void uploads_leave(struct uploads *uploads, const char *id, uint64_t offset);
/* It is of no more use; the caller has it. */
void uploads_remove(struct uploads *uploads, const char *id);
/* Drop those whose time is over. */
void uploads_expire(struct uploads *uploads);

#endif
