/*
 * door.h - who may use the desk: the browser that it opened, and no other.
 *
 * The file that opens the browser has a token of 256 bits, good once and for
 * DOOR_SECONDS.  The page gives it for the session's secret, which it sends as
 * a header from then on; cookies would go to every port of this machine.  Who
 * gives a token that was given before has read it somewhere: the session ends,
 * since nobody knows which of the two is the person.
 *
 * It is safe to call from several threads.
 */
#ifndef CLI_DESK_DOOR_H
#define CLI_DESK_DOOR_H

#include <pthread.h>

#include "base/digest.h"

enum { DOOR_SECONDS = 60 };

/* Of 32 random bytes, as lower-case hex digits. */
typedef char door_word[DIGEST_HEX];

struct door {
	pthread_mutex_t lock;
	struct digest token, secret;
	int64_t until_ms; /* by the clock of time_monotonic_ms() */
	bool given;       /* the token was: there is a session */
	bool closed;      /* it was given twice: nobody gets in any more */
};

/*
 * Begin with a token.
 *
 * ERROR_SYSTEM  there are no random bytes
 */
bool door_init(struct door *out, int64_t now_ms, door_word token,
    struct error *err) MUST_USE;
void door_free(struct door *door);

/*
 * Take a token for the session's secret.
 *
 * ERROR_REFUSED  it is another one or too old; or code DOOR_TWICE: it was given
 *                 before, and the door is closed now
 */
bool door_enter(struct door *door, struct span token, int64_t now_ms,
    door_word secret, struct error *err) MUST_USE;
#define DOOR_TWICE "TOKEN_USED_TWICE"
/* Is this the secret of the session, and is the door open? */
bool door_knows(struct door *door, struct span secret);
bool door_is_closed(struct door *door);

#endif
