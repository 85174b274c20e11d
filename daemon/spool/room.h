/*
 * room.h - who may have how much of the disk for what is sent to the daemon.
 *
 * What came of a body or an upload counts against the disk, with as much again
 * for the pack that it will become; what its sender announced does not.  An
 * office may hold at most half of what the others have left of the disk above
 * the journal's reserve.  A body that has begun keeps the share of its office
 * at that time: it is not cut off since others came.  Before anything is
 * refused the cache shrinks, and uploads that have not grown for long go.
 */
#ifndef DAEMON_SPOOL_ROOM_H
#define DAEMON_SPOOL_ROOM_H

#include <stdint.h>

#include "base/error.h"

/* --- The decision. --- */

/* All in bytes. */
struct room_state {
	uint64_t free;   /* of the disk, above the reserve */
	uint64_t cached; /* what the cache could give back */
	/* What came and was not deposited yet, of this office and of others. */
	uint64_t office, others;
	uint64_t began; /* the office's share when this body began, or 0 */
};

enum room_answer {
	ROOM_YES,
	ROOM_SHARE_IS_USED, /* the office has all that it may have */
	ROOM_IS_FULL,       /* there is no room for anybody */
};

/* Returns how many bytes the office may hold, each byte that came twice. */
uint64_t room_share(const struct room_state *state);
/*
 * May so many more bytes of the office come?  *shrink gets how many the cache
 * must give back for them.
 */
enum room_answer room_decide(const struct room_state *state, uint64_t more,
    uint64_t *shrink);

/* --- The account. --- */

struct room;

/* What the account asks; called without its lock. */
struct room_disk {
	uint64_t (*free)(void *arg);   /* above the reserve, in bytes */
	uint64_t (*cached)(void *arg); /* bytes of the cache */
	void (*shrink)(void *arg, uint64_t bytes);
	/*
	 * Remove an upload that has not grown for long; false if there is none.
	 */
	bool (*give_way)(void *arg);
	void *arg;
};

/* What one body or upload holds; all zero at first. */
struct room_hold {
	unsigned office; /* its number plus 1; 0: holds nothing yet */
	uint64_t bytes, began;
};

struct room *room_new(const struct room_disk *disk, struct error *err);
void room_free(struct room *room);
/*
 * Take room for more bytes of a body of this office, before they are written.
 *
 * ERROR_FULL  the disk is full, or the office has its share of it
 */
bool room_take(struct room *room, struct room_hold *hold, const char *office,
    uint64_t more, struct error *err) MUST_USE;
/* Count what is there already: the hold has so many bytes from now on. */
void room_set(struct room *room, struct room_hold *hold, const char *office,
    uint64_t bytes);
/* Give back all that it holds. */
void room_give(struct room *room, struct room_hold *hold);
/* Visit the offices that hold something. */
void room_each(struct room *room,
    void (*visit)(void *arg, const char *office, uint64_t bytes), void *arg);

#endif
