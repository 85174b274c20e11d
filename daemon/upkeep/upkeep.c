/*
 * The thread of the upkeep, and its checks of the data folder (upkeep.h).
 */
#include "daemon/upkeep/upkeep.h"

#include <malloc.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "daemon/data/fsck.h"
#include "daemon/log.h"
#include "daemon/metrics.h"
#include "daemon/upkeep/commits.h"
#include "daemon/upkeep/crls.h"
#include "daemon/upkeep/outlook.h"
#include "daemon/upkeep/state.h"
#include "daemon/upkeep/witnesses.h"
#include "record/accepted.h"

enum {
	/* At the latest so long after the start, in seconds. */
	FIRST_CHECK = 10 * 60,
	LOOK_EVERY = 60,
	RESERVE_EVERY = 10,
	TRIM_EVERY = 30,
};

/* --- Checking the data folder. --- */

static void
report(void *arg, const struct audit_finding *finding, enum fsck_weight weight)
{
	(void)arg;
	if (weight == FSCK_DISPUTED) {
		log_info("check", "code=%s about=%s disputed=yes reason=%s",
		    finding->code, log_text(finding->about),
		    log_text(finding->text));
		return;
	}
	log_error("check", "code=%s entry=%lld about=%s derived=%s reason=%s",
	    finding->code,
	    finding->index == AUDIT_NO_ENTRY ? -1 : (long long)finding->index,
	    log_text(finding->about), weight == FSCK_DERIVED ? "yes" : "no",
	    log_text(finding->text));
}

/*
 * Read and hash the whole journal, and check that the ledger's file follows
 * from it.  If not, nothing more may be signed on top of it: the daemon ends,
 * and its next start, which reads all entries, tells whether they are the ones
 * that were signed.
 */
static void
check_journal(struct upkeep *upkeep)
{
	const struct record *record = upkeep->record;
	const int64_t began = time_monotonic_ms();
	struct journal_mended mended;
	struct error err = { 0 };

	if (!opening_check(record->journal_dir, &record->opening,
		&upkeep->stopping, &mended, &err)) {
		log_error("check", "code=JOURNAL_DAMAGED reason=%s",
		    log_text(err.detail));
		if (err.kind == ERROR_UNTRUSTED)
			registrar_fail(upkeep->registrar, &err);
		return;
	}
	if (mended.hashes_rebuilt > 0 || mended.ends_rebuilt > 0)
		log_warning("check",
		    "code=HASHES_DAMAGED derived=yes hashes_rebuilt=%llu"
		    " reason=\"what follows from entries was put right\"",
		    (unsigned long long)mended.hashes_rebuilt);
	log_info("check", "journal=whole ms=%lld",
	    (long long)(time_monotonic_ms() - began));
}

/* Check the data folder, and log each finding. */
static void
check_data(struct upkeep *upkeep)
{
	const struct fsck_settings settings = { .place = config_place(
						    upkeep->config),
		.threads = 1,
		.without_signer = true,
		.spares_memory = true,
		.report = report,
		.stop = &upkeep->stopping };
	const int64_t began = time_monotonic_ms();
	struct fsck_result result;
	struct error err = { 0 };

	if (!fsck_run(&settings, &result, &err)) {
		log_error("check", "reason=%s", log_text(err.detail));
		result.num_findings = 1;
	} else if (!result.is_complete) {
		return;
	}
	pthread_mutex_lock(&upkeep->mutex);
	upkeep->checked_at = upkeep_now_at();
	upkeep->num_findings = result.num_findings;
	upkeep->is_news = true;
	pthread_mutex_unlock(&upkeep->mutex);
	metrics_set(METRIC_LAST_CHECK, upkeep_now_at());
	metrics_set(METRIC_LAST_CHECK_FINDINGS, (int64_t)result.num_findings);
	log_info("check",
	    "size=%llu versions=%llu objects=%llu findings=%zu"
	    " ms=%lld",
	    (unsigned long long)result.size,
	    (unsigned long long)result.num_versions,
	    (unsigned long long)result.num_objects, result.num_findings,
	    (long long)(time_monotonic_ms() - began));
}

/* Which policies were accepted is no news that a request waits for. */
static void
keep_accepted(const struct upkeep *upkeep)
{

	struct error err = { 0 };

	if (!accepted_store(upkeep->record->accepted, &err))
		log_warning("accepted", "reason=%s", log_text(err.detail));
}

/*
 * Know the entries of policies, so that /health can tell them where the record
 * does not answer.
 */
static void
learn_accepted(const struct upkeep *upkeep)
{
	struct error ignored = { 0 };

	(void)!accepted_learn(upkeep->record->accepted, upkeep->record,
	    &ignored);
}

/* Give the journal's reserve back what it had to use, once there is room. */
static void
refill_reserve(struct upkeep *upkeep)
{
	const struct journal *journal = upkeep->record->journal;
	struct error err = { 0 };
	uint64_t before, has, wanted;

	journal_reserve(journal, &before, &wanted);
	if (upkeep->reserve_is_short != (before < wanted))
		upkeep->look_ms = 0;
	upkeep->reserve_is_short = before < wanted;
	if (before == wanted)
		return;
	if (!journal_keep_reserve(journal, wanted, &err)) {
		log_warning("reserve", "reason=%s", log_text(err.detail));
		return;
	}
	journal_reserve(journal, &has, &wanted);
	if (has == wanted)
		log_info("reserve", "result=whole bytes=%llu",
		    (unsigned long long)has);
}

/* --- The threads. --- */

static bool
due(int64_t *next_ms, unsigned seconds)
{
	const int64_t now_ms = time_monotonic_ms();

	if (now_ms < *next_ms)
		return false;
	*next_ms = now_ms + (int64_t)seconds * 1000;
	return true;
}

/* Requests come first: lower the priority of this thread. */
static void
give_way(void)
{
	setpriority(PRIO_PROCESS, (id_t)gettid(), 10);
}

/*
 * Wait until news, or for a second.  Returns false once the daemon stops;
 * *is_news may be NULL.
 */
static bool
wait_a_second(struct upkeep *upkeep, bool *is_news)
{
	struct timespec until;
	bool goes_on;

	pthread_mutex_lock(&upkeep->mutex);
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += 1;
	if (!upkeep->stopping && (is_news == NULL || !upkeep->is_news))
		pthread_cond_timedwait(&upkeep->wake, &upkeep->mutex, &until);
	goes_on = !upkeep->stopping;
	if (is_news != NULL)
		*is_news = upkeep->is_news;
	pthread_mutex_unlock(&upkeep->mutex);
	return goes_on;
}

static void *
run_checks(void *arg)
{
	struct upkeep *upkeep = arg;
	const unsigned every = upkeep->config->verify_every;
	int64_t next_ms = time_monotonic_ms() +
	    (every < FIRST_CHECK ? every : FIRST_CHECK) * INT64_C(1000);

	give_way();
	upkeep_look_for_commits(upkeep);
	/* The start has hashed only the newest entries. */
	if (upkeep->record->opening.from.size > 0)
		check_journal(upkeep);
	while (wait_a_second(upkeep, NULL))
		if (due(&next_ms, every)) {
			check_journal(upkeep);
			check_data(upkeep);
		}
	return NULL;
}

static void *
run_thread(void *arg)
{
	struct upkeep *upkeep = arg;
	bool is_news = false;

	give_way();
	do {
		if (due(&upkeep->crls_ms, upkeep->config->crls_every))
			upkeep_follow_crls(upkeep);
		if (due(&upkeep->witness_ms, upkeep->config->witness_every))
			upkeep_ask_witnesses(upkeep);
		if (due(&upkeep->keep_ms, LOOK_EVERY)) {
			keep_accepted(upkeep);
			learn_accepted(upkeep);
		}
		/*
		 * What a flood of connections, or a check, needed for a while
		 * is free by now, but in pieces that the allocator keeps: after
		 * half an hour of that, half of the daemon's own memory.
		 */
		if (due(&upkeep->trim_ms, TRIM_EVERY))
			malloc_trim(0);
		if (due(&upkeep->reserve_ms, RESERVE_EVERY))
			refill_reserve(upkeep);
		if (due(&upkeep->look_ms, LOOK_EVERY) || is_news)
			upkeep_look_ahead(upkeep);
	} while (wait_a_second(upkeep, &is_news));
	return NULL;
}

struct upkeep *
upkeep_start(const struct config *config, struct registrar *registrar,
    const struct upkeep_hooks *hooks, struct lists_look *look,
    struct error *err)
{
	struct upkeep *upkeep = calloc(1, sizeof(*upkeep));
	const int64_t now_ms = time_monotonic_ms();

	if (upkeep == NULL) {
		error_set_errno(err, "upkeep");
		return NULL;
	}
	upkeep->config = config;
	upkeep->record = registrar_record(registrar);
	upkeep->registrar = registrar;
	upkeep->hooks = *hooks;
	/* The start has read the files, but no address was asked yet. */
	upkeep->crls_ms = config->num_crl_urls > 0
	    ? now_ms
	    : now_ms + (int64_t)config->crls_every * 1000;
	upkeep->fetched = BUF(UPKEEP_TOLD_BYTES);
	upkeep->ends = BUF(UPKEEP_ENDS_BYTES);
	pthread_mutex_init(&upkeep->mutex, NULL);
	pthread_cond_init(&upkeep->wake, NULL);
	upkeep_looked(upkeep, look);
	if (pthread_create(&upkeep->thread, NULL, run_thread, upkeep) != 0) {
		error_set_outside(err, "upkeep: no thread");
		free(upkeep);
		return NULL;
	}
	upkeep->has_checks =
	    pthread_create(&upkeep->checks, NULL, run_checks, upkeep) == 0;
	if (upkeep->has_checks)
		return upkeep;
	upkeep_stop(upkeep);
	error_set_outside(err, "upkeep: no thread");
	return NULL;
}

void
upkeep_stop(struct upkeep *upkeep)
{
	if (upkeep == NULL)
		return;
	pthread_mutex_lock(&upkeep->mutex);
	__atomic_store_n(&upkeep->stopping, true, __ATOMIC_RELEASE);
	pthread_cond_broadcast(&upkeep->wake);
	pthread_mutex_unlock(&upkeep->mutex);
	pthread_join(upkeep->thread, NULL);
	if (upkeep->has_checks)
		pthread_join(upkeep->checks, NULL);
	keep_accepted(upkeep);
	pthread_mutex_destroy(&upkeep->mutex);
	pthread_cond_destroy(&upkeep->wake);
	lists_look_reset(&upkeep->look);
	buf_free(&upkeep->fetched);
	buf_free(&upkeep->ends);
	free(upkeep);
}

bool
upkeep_metrics(struct upkeep *upkeep, struct buf *out, struct error *err)
{
	bool ok;

	pthread_mutex_lock(&upkeep->mutex);
	ok = buf_append(out, buf_span(&upkeep->ends), err);
	pthread_mutex_unlock(&upkeep->mutex);
	return ok;
}

json_t *
upkeep_health(struct upkeep *upkeep)
{
	json_t *warnings = json_array(), *checked = json_null();
	char when[TIME_TEXT];
	size_t num;

	pthread_mutex_lock(&upkeep->mutex);
	num = upkeep->num_warnings;
	for (size_t i = 0; i < num; i++)
		json_array_append_new(warnings,
		    json_string(upkeep->warnings[i]));
	if (upkeep->checked_at != 0) {
		time_format_at(upkeep->checked_at, when);
		checked = json_pack("{s:s, s:I}", "time", when, "findings",
		    (json_int_t)upkeep->num_findings);
	}
	pthread_mutex_unlock(&upkeep->mutex);
	return json_pack("{s:s, s:I, s:I, s:o, s:o}", "status",
	    num == 0 ? "ok" : "warning", "size",
	    (json_int_t)journal_size(upkeep->record->journal), "witnessed",
	    (json_int_t)metrics_get(METRIC_WITNESSED_SIZE), "checked", checked,
	    "warnings", warnings);
}
