/*
 * A tally: a list of shares, one for each office that holds anything (tally.h).
 */
#include "daemon/http/tally.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/limits.h"
#include "base/text.h"

/* There are as many as offices, and a few persons of none: so a list will do. */
struct tally_share {
	LIST_ENTRY(tally_share) others;
	size_t num;
	char office[LIMIT_EMAIL_BYTES + 1];
};

struct tally {
	pthread_mutex_t mutex;
	size_t max, total;
	LIST_HEAD(tally_shares, tally_share) shares;
};

bool
tally_allows(size_t max, size_t total, size_t own)
{
	const size_t others = total - own;

	return others <= max && own + 1 <= (max - others) / 2;
}

struct tally *
tally_new(size_t max, struct error *err)
{
	struct tally *tally = calloc(1, sizeof(*tally));

	if (tally == NULL) {
		error_set_errno(err, "tally");
		return NULL;
	}
	tally->max = max;
	pthread_mutex_init(&tally->mutex, NULL);
	return tally;
}

void
tally_free(struct tally *tally)
{
	if (tally == NULL)
		return;
	pthread_mutex_destroy(&tally->mutex);
	free(tally);
}

static struct tally_share *
share_of(struct tally *tally, const char *office)
{
	struct tally_share *share;

	LIST_FOREACH (share, &tally->shares, others)
		if (strcmp(share->office, office) == 0)
			return share;
	if ((share = calloc(1, sizeof(*share))) == NULL)
		return NULL;
	text_set(share->office, sizeof(share->office), office);
	LIST_INSERT_HEAD(&tally->shares, share, others);
	return share;
}

static void
drop_if_empty(struct tally_share *share)
{
	if (share->num > 0)
		return;
	LIST_REMOVE(share, others);
	free(share);
}

enum tally_answer
tally_take(struct tally *tally, const char *office, struct tally_share **out)
{
	enum tally_answer answer = TALLY_ALL;
	struct tally_share *share;

	*out = NULL;
	pthread_mutex_lock(&tally->mutex);
	if ((share = share_of(tally, office)) != NULL) {
		if (tally_allows(tally->max, tally->total, share->num)) {
			share->num++;
			tally->total++;
			*out = share;
			answer = TALLY_TAKEN;
		} else if (share->num > 0) {
			answer = TALLY_OWN;
		}
		drop_if_empty(share);
	}
	pthread_mutex_unlock(&tally->mutex);
	return answer;
}

void
tally_give(struct tally *tally, struct tally_share *share)
{
	if (share == NULL)
		return;
	pthread_mutex_lock(&tally->mutex);
	share->num--;
	tally->total--;
	drop_if_empty(share);
	pthread_mutex_unlock(&tally->mutex);
}
