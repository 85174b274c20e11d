/*
 * Refusals by policy: each gets an entry, up to a number for each hour and
 * person; more are counted.
 */
#include "daemon/api/job.h"

#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "base/text.h"
#include "base/time.h"
#include "daemon/log.h"
#include "daemon/metrics.h"
#include "daemon/upkeep/upkeep.h"
#include "pki/standing.h"
#include "record/json.h"

struct refuser {
	char person[LIMIT_EMAIL_BYTES + 1];
	int64_t hour;
	unsigned entries;
	uint64_t counted;
	struct act_request last; /* for the entry that tells the count */
};

struct refusals {
	pthread_mutex_t mutex;
	struct refuser *list;
	size_t num;
};

static void
free_act(struct act_request *act)
{
	free(act);
}

/* Journal one entry for all refusals that were only counted. */
static void
journal_counted(struct api *api, struct refuser *refuser)
{
	struct act_request *act;

	if (refuser->counted == 0 || (act = malloc(sizeof(*act))) == NULL)
		return;
	*act = refuser->last;
	act->times = refuser->counted;
	act->done = free_act;
	refuser->counted = 0;
	registrar_submit(api->registrar, act);
}

/* Returns true if this refusal gets an entry of its own. */
static bool
count_refusal(struct api *api, const struct act_request *act)
{
	const int64_t hour = time_now_ms() / 3600000;
	struct refuser *found = NULL, *free_one = NULL;
	struct refusals *refusals = api->refusals;
	struct error ignored = { 0 };
	bool own = true;

	pthread_mutex_lock(&refusals->mutex);
	for (size_t i = 0; i < refusals->num && found == NULL; i++) {
		struct refuser *one = &refusals->list[i];

		if (strcmp(one->person, act->person) == 0)
			found = one;
		else if (free_one == NULL && one->hour != hour)
			free_one = one;
	}
	/* Whoever finds no place gets an entry for each. */
	if (found == NULL && free_one == NULL)
		free_one = list_add(&refusals->list, &refusals->num,
		    sizeof(*refusals->list), LIMIT_REFUSERS, "persons",
		    &ignored);
	if (found == NULL && (found = free_one) != NULL) {
		journal_counted(api, found);
		*found = (struct refuser){ .hour = hour };
		text_set(found->person, sizeof(found->person), act->person);
	}
	if (found != NULL && found->hour != hour) {
		journal_counted(api, found);
		found->hour = hour;
		found->entries = 0;
	}
	if (found != NULL && ++found->entries > LIMIT_REFUSALS_AN_HOUR) {
		found->counted++;
		found->last = *act;
		own = false;
	}
	pthread_mutex_unlock(&refusals->mutex);
	return own;
}

void
refusals_flush(struct api *api, bool all)
{
	const int64_t hour = time_now_ms() / 3600000;

	pthread_mutex_lock(&api->refusals->mutex);
	for (size_t i = 0; i < api->refusals->num; i++)
		if (all || api->refusals->list[i].hour != hour)
			journal_counted(api, &api->refusals->list[i]);
	pthread_mutex_unlock(&api->refusals->mutex);
}

static void
finish_refusal(struct job *job)
{
	struct error err = { 0 };
	struct dispatcher by;

	/*
	 * The entry names the person whom the rule refused: for a bag the
	 * waybill's signer, not its bearer.
	 */
	if (!job->by_bag ||
	    !bags_find(job->api->bags, &job->waybill, &by, &err)) {
		text_set(by.person, sizeof(by.person), job->connected.person);
		text_set(by.office, sizeof(by.office),
		    job->connected.office->name);
	}
	error_set(&err, ERROR_REFUSED, "%s of %s may not %s %s (%s)", by.person,
	    by.office, job->act.wanted,
	    job->act.document[0] != '\0' ? job->act.document : "this",
	    job->act.rule);
	job_problem(job, &err);
}

/* For an act by bag the rule names the signer, since the caller is another. */
static void
set_rule(const struct job *job, const char *rule, char out[POLICY_RULE])
{
	struct error ignored = { 0 };
	struct dispatcher by;

	if (job->by_bag &&
	    bags_find(job->api->bags, &job->waybill, &by, &ignored))
		text_cutf(out, POLICY_RULE, "%.150s; by bag, for %.100s", rule,
		    by.person);
	else
		text_cut(out, POLICY_RULE, rule);
}

void
job_refuse(struct job *job, const char *wanted, const char *rule)
{
	struct act_request *act = &job->act;

	act_clear(act);
	*act = (struct act_request){ .act = ACT_REFUSE, .times = 1 };
	text_set(act->document, sizeof(act->document), job->document);
	text_set(act->person, sizeof(act->person), job->connected.person);
	text_set(act->office, sizeof(act->office), job->connected.office->name);
	text_set(act->wanted, sizeof(act->wanted), wanted);
	set_rule(job, rule, act->rule);
	if (count_refusal(job->api, act))
		job_submit(job, finish_refusal);
	else
		finish_refusal(job);
}

struct refusals *
refusals_new(struct error *err)
{
	struct refusals *refusals = calloc(1, sizeof(*refusals));

	if (refusals == NULL)
		error_set_errno(err, "refusals");
	else
		pthread_mutex_init(&refusals->mutex, NULL);
	return refusals;
}

void
refusals_free(struct refusals *refusals)
{
	if (refusals == NULL)
		return;
	pthread_mutex_destroy(&refusals->mutex);
	free(refusals->list);
	free(refusals);
}
