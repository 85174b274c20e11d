/*
 * Waiting for the signer of the stand-by (second.h).
 */
#include "daemon/writer/second.h"

#include <stdio.h>
#include <time.h>

#include "base/limits.h"
#include "base/time.h"
#include "daemon/log.h"

enum {
	LOOK_FIRST_US = 500,  /* it usually takes a few milliseconds */
	LOOK_LAST_US = 50000, /* but it may be away for hours */
	RETRY_SECONDS = 10,
};

/* Has a signer of this journal told that it remembers this head? */
static bool
is_remembered(const struct second *second, const struct head *head, bool *is,
    struct error *err)
{
	struct postgres_memory memory;

	return postgres_remembered(second->backend, head, &memory, is, err) &&
	    (!*is ||
		signer_check_memory(second->signer, memory.place, head,
		    &memory.mark, err));
}

static void
tell_away(struct second *second, uint64_t size)
{
	if (__atomic_load_n(&second->is_away, __ATOMIC_ACQUIRE))
		return;
	__atomic_store_n(&second->away_ms, time_now_ms(), __ATOMIC_RELEASE);
	__atomic_store_n(&second->is_away, true, __ATOMIC_RELEASE);
	log_warning("standby", "result=away size=%llu reason=%s",
	    (unsigned long long)size,
	    second->is_needed
		? "\"the stand-by's signer does not answer: nothing is signed"
		  " until it does (signers: 2)\""
		: "\"the stand-by's signer does not answer: this one goes on"
		  " alone (signers: 1)\"");
}

static void
tell_here(struct second *second, uint64_t size)
{
	if (!__atomic_exchange_n(&second->is_away, false, __ATOMIC_ACQ_REL))
		return;
	log_info("standby", "result=here size=%llu", (unsigned long long)size);
}

/* It is back once it remembers all that was given out before. */
static void
look_whether_back(struct second *second, uint64_t before)
{
	struct error ignored = { 0 };
	uint64_t size;

	if (__atomic_load_n(&second->is_away, __ATOMIC_ACQUIRE) &&
	    postgres_newest_remembered(second->backend, &size, &ignored) &&
	    size >= before)
		tell_here(second, before);
}

static void
pause_us(unsigned us)
{
	const struct timespec time = { .tv_nsec = us * 1000L };

	nanosleep(&time, NULL);
}

/*
 * An error of the database is no answer: it is asked again, since the head is
 * signed already and only waits to be given out.
 */
bool
second_wait(void *arg, const struct head *head, struct error *err)
{
	struct second *second = arg;
	const int64_t began_ms = time_monotonic_ms();
	unsigned us = LOOK_FIRST_US;
	bool is = false;

	look_whether_back(second,
	    __atomic_exchange_n(&second->waits_for, head->size,
		__ATOMIC_ACQ_REL));
	for (;;) {
		*err = (struct error){ 0 };
		/* Who took over waits for this signer, which must stand by. */
		if (!second->backend->table->renew(second->backend, err))
			return false;
		if (!is_remembered(second, head, &is, err) &&
		    err->kind == ERROR_UNTRUSTED)
			return false;
		if (is) {
			tell_here(second, head->size);
			return true;
		}
		if (__atomic_load_n(&second->is_away, __ATOMIC_ACQUIRE) ||
		    time_monotonic_ms() - began_ms > LIMIT_MS_SECOND) {
			tell_away(second, head->size);
			if (!second->is_needed) {
				*err = (struct error){ 0 };
				return true;
			}
		}
		pause_us(us);
		us = us * 2 < LOOK_LAST_US ? us * 2 : LOOK_LAST_US;
	}
}

bool
second_check(const struct second *second, struct error *err)
{
	if (!second->is_needed ||
	    !__atomic_load_n(&second->is_away, __ATOMIC_ACQUIRE))
		return true;
	error_set(err, ERROR_UNAVAILABLE,
	    "the depositary's stand-by does not answer, and nothing is signed"
	    " without it: nothing was changed. Try again later; the"
	    " depositary's operator starts it, or allows to go on alone"
	    " (signers: 1)");
	return error_retry(err, RETRY_SECONDS);
}

bool
second_holds(const struct second *second, struct error *err)
{
	if (postgres_holds(second->backend, err))
		return true;
	/* Who was replaced ends; whoever asks meanwhile asks the other one. */
	err->kind = ERROR_UNAVAILABLE;
	return error_retry(err, LIMIT_SECONDS_LEASE);
}

bool
second_is_away(const struct second *second, char since[TIME_TEXT])
{
	if (!__atomic_load_n(&second->is_away, __ATOMIC_ACQUIRE))
		return false;
	time_format_at(__atomic_load_n(&second->away_ms, __ATOMIC_ACQUIRE) /
		1000,
	    since);
	return true;
}

bool
second_warns(const struct second *second, char *out, size_t room)
{
	char since[TIME_TEXT];

	if (!second_is_away(second, since))
		return false;
	snprintf(out, room,
	    second->is_needed
		? "the stand-by does not answer since %s: no act is taken"
		  " (503) until it does"
		: "the stand-by does not answer since %s: this daemon goes on"
		  " alone (signers: 1)",
	    since);
	return true;
}
