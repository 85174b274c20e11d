/*
 * The functions of remote.h that need no HTTP client.
 */
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "remote/remote.h"

void
remote_answer_free(struct remote_answer *answer)
{
	buf_free(&answer->body);
}

bool
remote_encode(struct buf *out, const char *text, struct error *err)
{
	for (; *text != '\0'; text++) {
		const char c = *text;
		const bool plain = (c >= 'a' && c <= 'z') ||
		    (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		    strchr("-._~", c) != NULL;

		if (plain ? !buf_append(out, span_of(&c, 1), err)
			  : !buf_printf(out, err, "%%%02X", (unsigned char)c))
			return false;
	}
	return true;
}

unsigned
remote_next_wait(unsigned tries, unsigned patience_ms)
{
	unsigned wait = 200, waited = 0;

	for (unsigned i = 0; i < tries && waited <= patience_ms; i++) {
		waited += wait;
		wait = wait < 8000 ? 2 * wait : 16000;
	}
	return waited + wait <= patience_ms ? wait : 0;
}

unsigned
remote_spread(unsigned ms)
{
	unsigned random = 0;

	/* Without it all wait alike, which does no harm by itself. */
	if (getrandom(&random, sizeof(random), GRND_NONBLOCK) !=
	    (ssize_t)sizeof(random))
		random = 0;
	return ms + random % (ms / 4 + 1);
}

void
remote_wait(unsigned ms)
{
	const struct timespec time = { .tv_sec = ms / 1000,
		.tv_nsec = (long)(ms % 1000) * 1000000 };

	nanosleep(&time, NULL);
}
