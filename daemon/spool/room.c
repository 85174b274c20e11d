/*
 * The account of what each office has on the disk, and the decision whether it
 * may have more (room.h).
 */
#include "daemon/spool/room.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/text.h"
#include "base/time.h"
#include "daemon/log.h"

enum { TELL_MS = 60 * 1000 };

struct account {
	char name[LIMIT_OFFICE_BYTES + 1];
	uint64_t bytes;
	int64_t told_ms; /* when a refusal was logged last */
};

struct room {
	struct room_disk disk;
	pthread_mutex_t mutex; /* guards all below */
	struct account *offices;
	unsigned num, space;
	uint64_t total;
};

static uint64_t
more_than(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}

/* What there would be if nobody had sent anything. */
static uint64_t
all_of(const struct room_state *state)
{
	return state->free + state->cached + state->office + state->others;
}

uint64_t
room_share(const struct room_state *state)
{
	return more_than(all_of(state), 2 * state->others) / 2;
}

enum room_answer
room_decide(const struct room_state *state, uint64_t more, uint64_t *shrink)
{
	const uint64_t share = room_share(state),
		       came = state->office + state->others;

	/* What came is on the disk; the packs of all are to come. */
	*shrink = more_than(came + 2 * more, state->free);
	if (2 * (came + more) > all_of(state))
		return ROOM_IS_FULL;
	if (2 * (state->office + more) >
	    (share > state->began ? share : state->began))
		return ROOM_SHARE_IS_USED;
	return ROOM_YES;
}

struct room *
room_new(const struct room_disk *disk, struct error *err)
{
	struct room *room = calloc(1, sizeof(*room));

	if (room == NULL) {
		error_set_errno(err, "room");
		return NULL;
	}
	room->disk = *disk;
	pthread_mutex_init(&room->mutex, NULL);
	return room;
}

void
room_free(struct room *room)
{
	if (room == NULL)
		return;
	pthread_mutex_destroy(&room->mutex);
	free(room->offices);
	free(room);
}

/*
 * Returns the office's account, which is made if need be; NULL without memory.
 * The mutex is held.  Offices are few, and stay.
 */
static struct account *
account_of(struct room *room, struct room_hold *hold, const char *office)
{
	struct account *all;
	unsigned i = 0;

	if (hold->office != 0)
		return &room->offices[hold->office - 1];
	while (i < room->num && strcmp(room->offices[i].name, office) != 0)
		i++;
	if (i == room->space) {
		all = realloc(room->offices, (i + 16) * sizeof(*all));
		if (all == NULL)
			return NULL;
		room->offices = all;
		room->space = i + 16;
	}
	if (i == room->num) {
		room->offices[i] = (struct account){ .bytes = 0 };
		text_set(room->offices[i].name, sizeof(room->offices[i].name),
		    office);
		room->num++;
	}
	hold->office = i + 1;
	return &room->offices[i];
}

/* Log a refusal, of each office once a minute; the mutex is held. */
static void
tell(struct account *office, enum room_answer answer, uint64_t free_bytes)
{
	const int64_t now_ms = time_monotonic_ms();

	if (office->told_ms != 0 && now_ms - office->told_ms < TELL_MS)
		return;
	office->told_ms = now_ms;
	log_warning("room", "result=%s office=%s held=%llu free=%llu",
	    answer == ROOM_IS_FULL ? "full" : "share", office->name,
	    (unsigned long long)office->bytes, (unsigned long long)free_bytes);
}

static bool
refuse(const char *office, enum room_answer answer, struct error *err)
{
	if (answer == ROOM_IS_FULL)
		error_set(err, ERROR_FULL,
		    "the depositary has no room on its disk for this; nothing"
		    " was changed. Try again later; the depositary's operator"
		    " can make room");
	else
		error_set(err, ERROR_FULL,
		    "%s has as much on the depositary's disk that is not"
		    " deposited yet as one office may have now: end or delete"
		    " some of that, or try again later",
		    office);
	err->is_full = true;
	return error_retry(err, LIMIT_SECONDS_FULL);
}

/* Decide, and count the bytes if they may come. */
static enum room_answer
ask(struct room *room, struct room_hold *hold, const char *office,
    uint64_t more, bool last, uint64_t *shrink)
{
	struct room_state state = { .free = room->disk.free(room->disk.arg),
		.cached = room->disk.cached(room->disk.arg),
		.began = hold->began };
	struct account *account;
	enum room_answer answer = ROOM_IS_FULL;

	pthread_mutex_lock(&room->mutex);
	account = account_of(room, hold, office);
	if (account != NULL) {
		state.office = account->bytes;
		state.others = room->total - account->bytes;
		if (hold->began == 0)
			hold->began = state.began = room_share(&state);
		answer = room_decide(&state, more, shrink);
		if (answer == ROOM_YES) {
			hold->bytes += more;
			account->bytes += more;
			room->total += more;
		} else if (last) {
			tell(account, answer, state.free);
		}
	}
	pthread_mutex_unlock(&room->mutex);
	return answer;
}

bool
room_take(struct room *room, struct room_hold *hold, const char *office,
    uint64_t more, struct error *err)
{
	enum room_answer answer;
	uint64_t shrink = 0;

	while ((answer = ask(room, hold, office, more, false, &shrink)) !=
	    ROOM_YES)
		if (!room->disk.give_way(room->disk.arg)) {
			answer = ask(room, hold, office, more, true, &shrink);
			break;
		}
	if (answer != ROOM_YES)
		return refuse(office, answer, err);
	if (shrink > 0)
		room->disk.shrink(room->disk.arg, shrink);
	return true;
}

void
room_set(struct room *room, struct room_hold *hold, const char *office,
    uint64_t bytes)
{
	struct account *account;

	pthread_mutex_lock(&room->mutex);
	account = account_of(room, hold, office);
	if (account != NULL) {
		account->bytes += bytes - hold->bytes;
		room->total += bytes - hold->bytes;
		hold->bytes = bytes;
	}
	pthread_mutex_unlock(&room->mutex);
}

void
room_give(struct room *room, struct room_hold *hold)
{
	if (hold->office != 0)
		room_set(room, hold, "", 0);
	*hold = (struct room_hold){ .office = 0 };
}

void
room_each(struct room *room,
    void (*visit)(void *arg, const char *office, uint64_t bytes), void *arg)
{
	pthread_mutex_lock(&room->mutex);
	for (unsigned i = 0; i < room->num; i++)
		if (room->offices[i].bytes > 0)
			visit(arg, room->offices[i].name,
			    room->offices[i].bytes);
	pthread_mutex_unlock(&room->mutex);
}
