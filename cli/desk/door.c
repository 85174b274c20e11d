/*
 * Tokens and secrets (door.h).
 */
#include "cli/desk/door.h"

#include <openssl/crypto.h>
#include <openssl/rand.h>

static bool
make(struct digest *out, struct error *err)
{
	return RAND_bytes(out->bytes, sizeof(out->bytes)) == 1 ||
	    error_set(err, ERROR_SYSTEM, "there are no random bytes");
}

/* In the same time for every word of that length. */
static bool
is_word(struct span word, const struct digest *right)
{
	struct digest given;

	return digest_parse(word, &given) &&
	    CRYPTO_memcmp(given.bytes, right->bytes, sizeof(given.bytes)) == 0;
}

bool
door_init(struct door *out, int64_t now_ms, door_word token, struct error *err)
{
	*out = (struct door){ .until_ms = now_ms + DOOR_SECONDS * 1000 };
	pthread_mutex_init(&out->lock, NULL);
	if (!make(&out->token, err) || !make(&out->secret, err))
		return false;
	digest_hex(&out->token, token);
	return true;
}

void
door_free(struct door *door)
{
	OPENSSL_cleanse(&door->token, sizeof(door->token));
	OPENSSL_cleanse(&door->secret, sizeof(door->secret));
	pthread_mutex_destroy(&door->lock);
}

/* The lock is held. */
static bool
enter(struct door *door, struct span token, int64_t now_ms, struct error *err)
{
	if (!is_word(token, &door->token))
		return error_set(err, ERROR_REFUSED,
		    "this is not the token of this desk: run \"valise desk\""
		    " again");
	if (door->given) {
		door->closed = true;
		return error_set_code(err, ERROR_REFUSED, DOOR_TWICE,
		    "the desk was opened twice with one token, so somebody else"
		    " may have read it: this desk is closed, run \"valise"
		    " desk\" again");
	}
	if (now_ms > door->until_ms)
		return error_set(err, ERROR_REFUSED,
		    "the token was good for %d seconds: run \"valise desk\""
		    " again",
		    DOOR_SECONDS);
	door->given = true;
	return true;
}

bool
door_enter(struct door *door, struct span token, int64_t now_ms,
    door_word secret, struct error *err)
{
	bool ok;

	pthread_mutex_lock(&door->lock);
	ok = enter(door, token, now_ms, err);
	if (ok)
		digest_hex(&door->secret, secret);
	pthread_mutex_unlock(&door->lock);
	return ok;
}

bool
door_knows(struct door *door, struct span secret)
{
	bool known;

	pthread_mutex_lock(&door->lock);
	known = door->given && !door->closed && is_word(secret, &door->secret);
	pthread_mutex_unlock(&door->lock);
	return known;
}

bool
door_is_closed(struct door *door)
{
	bool closed;

	pthread_mutex_lock(&door->lock);
	closed = door->closed;
	pthread_mutex_unlock(&door->lock);
	return closed;
}
