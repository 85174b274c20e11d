/*
 * Deliveries of the last day: for each office a ring of them in the order of
 * their entries, found by a hash table (repeats.h).
 */
#include "daemon/api/repeats.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/rand.h>

#include "base/text.h"

enum { FIRST_ROOM = 64 };

_Static_assert((LIMIT_DELIVERED & (LIMIT_DELIVERED - 1)) == 0,
    "a ring's room is a power of 2");

#define NO_ENTRY UINT32_MAX /* it is being journaled, or failed */

/* One delivery.  There may be many, so every byte counts. */
struct delivery {
	struct repeats_key key;
	uint32_t at_s; /* just before its entry */
	uint32_t index;
	uint32_t times; /* that it left again; not journaled yet */
	uint32_t next;  /* of the same bucket: its slot, plus 1; 0: none */
};

/* Deliveries that were refused in an hour; the last of them is told. */
struct refused {
	uint64_t times;
	char person[LIMIT_EMAIL_BYTES + 1], document[DOCUMENT_NAME];
};

/* An office, and what it was given. */
struct receiver {
	char name[POLICY_NAME];
	int64_t used_s;
	/* The ring: num deliveries from slot first on; room is a power of 2. */
	struct delivery *ring;
	uint32_t *buckets; /* the slot of the newest of each, plus 1 */
	uint32_t room, first, num;
	/* So many of them, from the first on, have their minute over. */
	uint32_t settled;
	/* The hour that began with its first repeat. */
	int64_t hour_s;
	uint64_t repeats;
	struct refused refused;
};

struct repeats {
	struct repeats_rules rules;
	uint8_t secret[16]; /* so that no two keys can be made alike */
	pthread_mutex_t mutex;
	struct receiver *offices[LIMIT_DELIVERY_OFFICES];
	size_t num, turn;
};

struct repeats *
repeats_new(const struct repeats_rules *rules, struct error *err)
{
	struct repeats *repeats = calloc(1, sizeof(*repeats));

	if (repeats == NULL) {
		error_set_errno(err, "repeats");
		return NULL;
	}
	if (RAND_bytes(repeats->secret, sizeof(repeats->secret)) != 1) {
		error_set_openssl(err, ERROR_SYSTEM, "random bytes");
		free(repeats);
		return NULL;
	}
	repeats->rules = *rules;
	pthread_mutex_init(&repeats->mutex, NULL);
	return repeats;
}

static void
free_office(struct receiver *office)
{
	free(office->ring);
	free(office->buckets);
	free(office);
}

void
repeats_free(struct repeats *repeats)
{
	if (repeats == NULL)
		return;
	for (size_t i = 0; i < repeats->num; i++)
		free_office(repeats->offices[i]);
	pthread_mutex_destroy(&repeats->mutex);
	free(repeats);
}

struct repeats_key
repeats_key(const struct repeats *repeats,
    const struct repeats_delivery *delivery)
{
	struct repeats_key key;
	struct digest digest;
	struct sha256 hash;

	sha256_init(&hash);
	sha256_update(&hash, span_of(repeats->secret, sizeof(repeats->secret)));
	sha256_update(&hash,
	    span_of(delivery->person, strlen(delivery->person) + 1));
	sha256_update(&hash,
	    span_of(delivery->document, strlen(delivery->document) + 1));
	sha256_update(&hash, digest_span(delivery->contents));
	digest = sha256_final(&hash);
	memcpy(key.bytes, digest.bytes, sizeof(key.bytes));
	return key;
}

/* --- What is journaled. --- */

static void
free_act(struct act_request *act)
{
	free(act);
}

/* Returns false where there is no memory; the count then waits. */
static bool
submit(struct repeats *repeats, const struct act_request *what)
{
	struct act_request *act = malloc(sizeof(*act));

	if (act == NULL)
		return false;
	*act = *what;
	act->done = free_act;
	repeats->rules.submit(repeats->rules.arg, act);
	return true;
}

/* Journal a count, in the office's turn. */
static bool
submit_count(struct repeats *repeats, const struct receiver *office,
    struct delivery *delivery)
{
	struct act_request act = { .act = ACT_DELIVERIES,
		.prior = delivery->index,
		.times = delivery->times };

	text_set(act.office, sizeof(act.office), office->name);
	if (!submit(repeats, &act))
		return false;
	delivery->times = 0;
	return true;
}

/* Journal how many repeats of the hour were refused, in one entry. */
static void
submit_refused(struct repeats *repeats, struct receiver *office)
{
	struct act_request act = { .act = ACT_REFUSE,
		.times = office->refused.times,
		.wanted = "read" };

	if (office->refused.times == 0)
		return;
	text_set(act.office, sizeof(act.office), office->name);
	text_set(act.person, sizeof(act.person), office->refused.person);
	text_set(act.document, sizeof(act.document), office->refused.document);
	snprintf(act.rule, sizeof(act.rule), "repeats: %llu an hour",
	    (unsigned long long)repeats->rules.an_hour);
	if (submit(repeats, &act))
		office->refused.times = 0;
}

/* --- The ring of one office. --- */

static uint32_t *
bucket_of(const struct receiver *office, const struct repeats_key *key)
{
	uint32_t hash;

	memcpy(&hash, key->bytes, sizeof(hash));
	return &office->buckets[hash & (office->room - 1)];
}

static struct delivery *
nth(const struct receiver *office, uint32_t n)
{
	return &office->ring[(office->first + n) & (office->room - 1)];
}

static bool
is_key(const struct delivery *delivery, const struct repeats_key *key)
{
	return memcmp(&delivery->key, key, sizeof(*key)) == 0;
}

/* Returns the newest delivery of that key, within a day; or NULL. */
static struct delivery *
find(const struct receiver *office, const struct repeats_key *key,
    int64_t now_s)
{
	if (office == NULL || office->room == 0)
		return NULL;
	for (uint32_t at = *bucket_of(office, key); at != 0;
	     at = office->ring[at - 1].next) {
		struct delivery *delivery = &office->ring[at - 1];

		if (is_key(delivery, key))
			return now_s - delivery->at_s < REPEATS_REMEMBERED
			    ? delivery
			    : NULL;
	}
	return NULL;
}

/* Take it out of the hash table; it stays in the ring until its turn. */
static void
unlink_delivery(struct receiver *office, const struct delivery *delivery)
{
	const uint32_t slot = (uint32_t)(delivery - office->ring) + 1;

	for (uint32_t *at = bucket_of(office, &delivery->key); *at != 0;
	     at = &office->ring[*at - 1].next)
		if (*at == slot) {
			*at = delivery->next;
			return;
		}
}

static void
link_delivery(struct receiver *office, struct delivery *delivery)
{
	uint32_t *bucket = bucket_of(office, &delivery->key);

	delivery->next = *bucket;
	*bucket = (uint32_t)(delivery - office->ring) + 1;
}

/* Drop the oldest; its count, if one is open, is journaled first. */
static void
forget_oldest(struct repeats *repeats, struct receiver *office)
{
	struct delivery *oldest = nth(office, 0);

	if (oldest->times > 0)
		(void)submit_count(repeats, office, oldest);
	unlink_delivery(office, oldest);
	office->first = (office->first + 1) & (office->room - 1);
	office->num--;
	if (office->settled > 0)
		office->settled--;
}

/* Make the ring larger, if it may be and there is memory. */
static bool
grow(struct receiver *office)
{
	const uint32_t room = office->room == 0 ? FIRST_ROOM : office->room * 2;
	struct receiver more = *office;

	if (room > LIMIT_DELIVERED)
		return false;
	more.room = room;
	more.first = 0;
	more.ring = malloc(room * sizeof(*more.ring));
	more.buckets = calloc(room, sizeof(*more.buckets));
	if (more.ring == NULL || more.buckets == NULL) {
		free(more.ring);
		free(more.buckets);
		return false;
	}
	for (uint32_t i = 0; i < office->num; i++) {
		const struct delivery *from = nth(office, i);

		more.ring[i] = *from;
		/* A delivery that another one replaced is in no bucket. */
		if (find(office, &from->key, from->at_s) == from)
			link_delivery(&more, &more.ring[i]);
	}
	free(office->ring);
	free(office->buckets);
	*office = more;
	return true;
}

/* Remember a delivery that is about to be journaled. */
static void
add(struct repeats *repeats, struct receiver *office,
    const struct repeats_key *key, int64_t now_s)
{
	struct delivery *old, *delivery;

	if (office->num == office->room && !grow(office)) {
		if (office->room == 0)
			return;
		forget_oldest(repeats, office);
	}
	old = find(office, key, now_s);
	if (old != NULL)
		unlink_delivery(office, old);
	delivery = nth(office, office->num++);
	*delivery = (struct delivery){ .key = *key,
		.at_s = (uint32_t)now_s,
		.index = NO_ENTRY };
	link_delivery(office, delivery);
}

/* --- Offices. --- */

static struct receiver *
find_office(const struct repeats *repeats, const char *name)
{
	for (size_t i = 0; i < repeats->num; i++)
		if (strcmp(repeats->offices[i]->name, name) == 0)
			return repeats->offices[i];
	return NULL;
}

/* Journal all counts of an office. */
static void
settle_all(struct repeats *repeats, struct receiver *office)
{
	for (uint32_t i = office->settled; i < office->num; i++)
		if (nth(office, i)->times > 0)
			(void)submit_count(repeats, office, nth(office, i));
	office->settled = office->num;
	submit_refused(repeats, office);
}

/*
 * Returns the place of the office that was given nothing for longest.  There
 * are more than a policy has only where policies of one day name others.
 */
static size_t
longest_unused(const struct repeats *repeats)
{
	size_t found = 0;

	for (size_t i = 1; i < repeats->num; i++)
		if (repeats->offices[i]->used_s <
		    repeats->offices[found]->used_s)
			found = i;
	return found;
}

static void
drop_office(struct repeats *repeats, size_t place)
{
	settle_all(repeats, repeats->offices[place]);
	free_office(repeats->offices[place]);
	repeats->offices[place] = repeats->offices[--repeats->num];
}

/* Returns the office, which is added if it is new; NULL without memory. */
static struct receiver *
use_office(struct repeats *repeats, const char *name, int64_t now_s)
{
	struct receiver *office = find_office(repeats, name);

	if (office == NULL) {
		if ((office = calloc(1, sizeof(*office))) == NULL)
			return NULL;
		if (repeats->num == LIMIT_DELIVERY_OFFICES)
			drop_office(repeats, longest_unused(repeats));
		text_set(office->name, sizeof(office->name), name);
		repeats->offices[repeats->num++] = office;
	}
	office->used_s = now_s;
	return office;
}

/* --- Requests. --- */

/* Begin the next hour, if this one is over. */
static void
turn_hour(struct repeats *repeats, struct receiver *office, int64_t now_s)
{
	if (office->repeats == 0 || now_s - office->hour_s < REPEATS_HOUR)
		return;
	submit_refused(repeats, office);
	office->repeats = 0;
}

/* Count repeats, if the hour has any left. */
static bool
spend(struct repeats *repeats, struct receiver *office, size_t num,
    int64_t now_s)
{
	turn_hour(repeats, office, now_s);
	if (num == 0)
		return true;
	if (office->repeats >= repeats->rules.an_hour)
		return false;
	if (office->repeats == 0)
		office->hour_s = now_s;
	office->repeats += num;
	return true;
}

static bool
refuse(struct repeats *repeats, struct receiver *office,
    const struct repeats_delivery *first, int64_t now_s, struct error *err)
{
	const int64_t left_s = office->hour_s + REPEATS_HOUR - now_s;
	const unsigned again_s = left_s > 1 ? (unsigned)left_s : 1;

	office->refused.times++;
	text_set(office->refused.person, sizeof(office->refused.person),
	    first->person);
	text_set(office->refused.document, sizeof(office->refused.document),
	    first->document);
	(void)error_set_code(err, ERROR_UNAVAILABLE, "REPEATED_TOO_OFTEN",
	    "%s was given %s within the last 24 hours, and %s has had its %llu"
	    " repeats of this hour: what was not delivered yet can be had at"
	    " any time, and this in %u minutes",
	    first->person, first->document, first->office,
	    (unsigned long long)repeats->rules.an_hour, again_s / 60 + 1);
	return error_retry(err, again_s);
}

bool
repeats_allow(struct repeats *repeats,
    const struct repeats_delivery deliveries[], const struct repeats_key keys[],
    size_t num, int64_t now_s, struct error *err)
{
	size_t again = 0, first = 0;
	struct receiver *office;
	bool ok;

	pthread_mutex_lock(&repeats->mutex);
	office = find_office(repeats, deliveries[0].office);
	for (size_t i = 0; office != NULL && i < num; i++)
		if (find(office, &keys[i], now_s) != NULL && again++ == 0)
			first = i;
	ok = office == NULL || spend(repeats, office, again, now_s) ||
	    refuse(repeats, office, &deliveries[first], now_s, err);
	pthread_mutex_unlock(&repeats->mutex);
	return ok;
}

bool
repeats_leaves(struct repeats *repeats, const char *office_name,
    const struct repeats_key *key, int64_t now_s)
{
	struct delivery *delivery;
	struct receiver *office;
	bool leaves = false;

	pthread_mutex_lock(&repeats->mutex);
	office = use_office(repeats, office_name, now_s);
	delivery = find(office, key, now_s);
	if (delivery != NULL && now_s - delivery->at_s < REPEATS_UNDER_ONE) {
		/*
		 * While the first one is being journaled, another has an entry
		 * of its own: nothing leaves before an entry is durable.
		 */
		leaves = delivery->index != NO_ENTRY;
		if (leaves && delivery->times < UINT32_MAX)
			delivery->times++;
	} else if (office != NULL) {
		add(repeats, office, key, now_s);
	}
	pthread_mutex_unlock(&repeats->mutex);
	return leaves;
}

void
repeats_journaled(struct repeats *repeats, const char *office_name,
    const struct repeats_key *key, uint64_t index)
{
	struct delivery *delivery;
	struct receiver *office;

	pthread_mutex_lock(&repeats->mutex);
	office = find_office(repeats, office_name);
	delivery = find(office, key, 0);
	if (delivery != NULL && delivery->index == NO_ENTRY) {
		if (index < NO_ENTRY)
			delivery->index = (uint32_t)index;
		else
			unlink_delivery(office, delivery);
	}
	pthread_mutex_unlock(&repeats->mutex);
}

bool
repeats_was_delivered(struct repeats *repeats, const char *office,
    const struct repeats_key *key, int64_t now_s)
{
	const struct delivery *delivery;
	bool was;

	pthread_mutex_lock(&repeats->mutex);
	delivery = find(find_office(repeats, office), key, now_s);
	was = delivery != NULL && delivery->index != NO_ENTRY;
	pthread_mutex_unlock(&repeats->mutex);
	return was;
}

/* --- What is over. --- */

/*
 * Journal the counts of minutes that are over, and forget what is a day old.
 * Returns how many of max acts are left.
 */
static unsigned
settle(struct repeats *repeats, struct receiver *office, int64_t now_s,
    unsigned max)
{
	while (office->settled < office->num) {
		struct delivery *delivery = nth(office, office->settled);

		if (now_s - delivery->at_s < REPEATS_UNDER_ONE)
			break;
		if (delivery->times > 0) {
			if (max == 0 ||
			    !submit_count(repeats, office, delivery))
				break;
			max--;
		}
		office->settled++;
	}
	while (office->settled > 0 &&
	    now_s - nth(office, 0)->at_s >= REPEATS_REMEMBERED)
		forget_oldest(repeats, office);
	turn_hour(repeats, office, now_s);
	return max;
}

void
repeats_flush(struct repeats *repeats, int64_t now_s, bool all)
{
	unsigned max = LIMIT_BATCH_ACTS;

	pthread_mutex_lock(&repeats->mutex);
	for (size_t i = 0; all && i < repeats->num; i++)
		settle_all(repeats, repeats->offices[i]);
	/* Who was first the last time is last this time. */
	repeats->turn++;
	for (size_t i = 0; !all && i < repeats->num; i++)
		max = settle(repeats,
		    repeats->offices[(repeats->turn + i) % repeats->num], now_s,
		    max);
	/* An office of which nothing is remembered costs nothing. */
	for (size_t i = repeats->num; i-- > 0;)
		if (repeats->offices[i]->num == 0 &&
		    repeats->offices[i]->repeats == 0)
			drop_office(repeats, i);
	pthread_mutex_unlock(&repeats->mutex);
}
