/*
 * tally.h - how much each office holds of something of which there is so much:
 * connections, streams of events.
 *
 * An office may hold at most half of what the others have left.  So no office
 * takes all, however many it asks for, and one that asks later finds room; and
 * where nobody else asks, one may have half.  For any thread.
 */
#ifndef DAEMON_HTTP_TALLY_H
#define DAEMON_HTTP_TALLY_H

#include <stddef.h>

#include "base/error.h"

struct tally;
struct tally_share;

enum tally_answer {
	TALLY_TAKEN,
	TALLY_OWN, /* the office holds as much as it may */
	TALLY_ALL, /* all is taken, and the office holds none of it */
};

struct tally *tally_new(size_t max, struct error *err);
/* Every share must have been given back. */
void tally_free(struct tally *tally);
/*
 * Take one for an office, "" being all who are of none.  If it is taken, *out
 * is for tally_give(); it belongs to the tally.
 */
enum tally_answer tally_take(struct tally *tally, const char *office,
    struct tally_share **out);
/* Give one back.  NULL is fine. */
void tally_give(struct tally *tally, struct tally_share *share);

/*
 * May who holds own of max take one more, while all together hold total?  At
 * most half of what is left of max by the others.
 */
bool tally_allows(size_t max, size_t total, size_t own);

#endif
