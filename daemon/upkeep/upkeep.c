/*
 * Upkeep: the thread that fetches CRLs, checks the data folder, asks witnesses,
 * and warns of dates that come near (upkeep.h).
 */
#include "daemon/upkeep/upkeep.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"
#include "base/time.h"
#include "daemon/data/fsck.h"
#include "daemon/log.h"
#include "daemon/metrics.h"
#include "remote/remote.h"

enum {
	DAY = 24 * 60 * 60,
	WARN_CRL = 7 * DAY,
	WARN_CERTIFICATE = 30 * DAY,
	WARN_POWERS = 30 * DAY,
	WARN_WITNESS = 60 * 60,
	/* At the latest so long after the start, in seconds. */
	FIRST_CHECK = 10 * 60,
	LOOK_EVERY = 60,
	WARNINGS = 64,
	TOLD_BYTES = 16 * 1024,
};

/* How many more lists of an office may be journaled now. */
struct allowance {
	char office[LIMIT_OFFICE_BYTES + 1];
	int64_t num, at; /* the number, at this time */
};

struct upkeep {
	const struct config *config;
	const struct record *record;
	struct registrar *registrar;
	struct upkeep_hooks hooks;
	pthread_t thread;
	pthread_mutex_t mutex;
	pthread_cond_t wake;
	bool stopping;
	/* When each task is due next, by the monotonic clock. */
	int64_t check_ms, crls_ms, witness_ms, look_ms;
	/* Guarded by the mutex. */
	char warnings[WARNINGS][256];
	size_t num_warnings;
	int64_t checked_at;
	size_t num_findings;
	struct lists_look look; /* the last look at the files of lists */
	/* What was wrong with the lists that were fetched. */
	struct buf fetched;
	bool is_news; /* one of these changed: look ahead now */
	/*
	 * Digest of the warnings last logged, so that each is logged once a
	 * day.
	 */
	struct digest told;
	int64_t told_at;
	/* Guarded by hooks.settings. */
	struct allowance allowances[LIMIT_OFFICES];
};

static int64_t
now_at(void)
{
	return time_now_ms() / 1000;
}

/* --- Checking the data folder. --- */

static void
report(void *arg, const struct audit_finding *finding, bool derived)
{
	(void)arg;
	log_error("check", "code=%s entry=%lld about=%s derived=%s reason=%s",
	    finding->code,
	    finding->index == AUDIT_NO_ENTRY ? -1 : (long long)finding->index,
	    log_text(finding->about), derived ? "yes" : "no",
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
	const struct fsck_settings settings = { .data = upkeep->config->data,
		.threads = 1,
		.without_signer = true,
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
	upkeep->checked_at = now_at();
	upkeep->num_findings = result.num_findings;
	pthread_mutex_unlock(&upkeep->mutex);
	metrics_set(METRIC_LAST_CHECK, now_at());
	metrics_set(METRIC_LAST_CHECK_FINDINGS, (int64_t)result.num_findings);
	log_info("check",
	    "size=%llu versions=%llu objects=%llu findings=%zu"
	    " ms=%lld",
	    (unsigned long long)result.size,
	    (unsigned long long)result.num_versions,
	    (unsigned long long)result.num_objects, result.num_findings,
	    (long long)(time_monotonic_ms() - began));
}

/* --- CRLs. --- */

/* Add a line for /health, which stays until the lists are fetched again. */
static void
tell_fetched(struct buf *told, const char *url, const char *why)
{
	struct error ignored = { 0 };
	char text[768];

	snprintf(text, sizeof(text), "%s: %s", url, why);
	log_warning("crl", "result=kept reason=%s", log_text(text));
	if (!buf_printf(told, &ignored, "what is fetched is not taken: %s\n",
		text))
		log_warning("crl", "reason=%s", log_text(ignored.detail));
}

/*
 * Fetch the list or lists of one address, and keep them if one tells something
 * new.
 */
static bool
fetch_crl(struct upkeep *upkeep, const char *url, struct buf *told,
    struct error *err)
{
	struct buf bytes = BUF(LIMIT_CRL_BYTES);
	struct lists_told lists;
	struct judged_by now;
	int status = 0;
	bool ok;

	ok = remote_exchange(url, NULL, &bytes, &status, err) &&
	    (status == 200 ||
		error_set(err, ERROR_UNAVAILABLE, "HTTP status %d", status));
	if (ok) {
		pthread_mutex_lock(upkeep->hooks.settings);
		now = registrar_now(upkeep->registrar);
		ok = lists_keep(upkeep->config, &now,
		    library_revocation(upkeep->record->library),
		    buf_span(&bytes), "fetched", &lists, err);
		pthread_mutex_unlock(upkeep->hooks.settings);
	}
	for (size_t i = 0; ok && i < lists.num; i++)
		if (lists.list[i].result == LIST_FUTURE ||
		    lists.list[i].result == LIST_FOREIGN)
			tell_fetched(told, url,
			    lists_text(lists.list[i].result));
	buf_free(&bytes);
	return ok;
}

/* Fetch the lists of all addresses. */
static void
fetch_crls(struct upkeep *upkeep)
{
	struct buf told = BUF(TOLD_BYTES);

	for (size_t i = 0; i < upkeep->config->num_crl_urls; i++) {
		const char *url = upkeep->config->crl_urls[i];
		struct error err = { 0 };

		if (!fetch_crl(upkeep, url, &told, &err))
			tell_fetched(&told, url, err.detail);
	}
	pthread_mutex_lock(&upkeep->mutex);
	upkeep->is_news = upkeep->is_news ||
	    !span_eq(buf_span(&upkeep->fetched), buf_span(&told));
	buf_free(&upkeep->fetched);
	upkeep->fetched = told;
	pthread_mutex_unlock(&upkeep->mutex);
}

void
upkeep_looked(struct upkeep *upkeep, struct lists_look *look)
{
	struct lists_look before;

	pthread_mutex_lock(&upkeep->mutex);
	before = upkeep->look;
	upkeep->look = *look;
	upkeep->is_news = true;
	pthread_cond_signal(&upkeep->wake);
	pthread_mutex_unlock(&upkeep->mutex);
	lists_look_reset(&before);
	*look = before;
}

/*
 * Returns the set that follows the one in use.  NULL with ERROR_NONE: nothing
 * is new.
 */
static struct crl_set *
read_lists(struct upkeep *upkeep, const struct judged_by *now,
    struct error *err)
{
	struct lists_look look = { .files = { { 0 } } };
	struct crl_set *set, *next = NULL;

	pthread_mutex_lock(&upkeep->mutex);
	look.files = upkeep->look.files;
	pthread_mutex_unlock(&upkeep->mutex);
	set = lists_read(upkeep->config, &look, err);
	if (set != NULL) {
		next = lists_follow(now->policy, now->crls, set, &look, err);
		if (next != set)
			crl_set_free(set);
	}
	if (set != NULL || err->kind != ERROR_NONE)
		upkeep_looked(upkeep, &look);
	lists_look_reset(&look);
	return next;
}

/* Adopt what is new in the files; the settings' lock is held. */
static bool
renew_crls(struct upkeep *upkeep, struct error *err)
{
	const struct judged_by now = registrar_now(upkeep->registrar);
	struct crl_set *set = read_lists(upkeep, &now, err);

	if (set == NULL)
		return err->kind == ERROR_NONE;
	if (digest_eq(&set->digest, &now.crls->digest)) {
		crl_set_free(set);
		return true;
	}
	if (!lists_add(now.policy, now.crls, set)) {
		log_warning("crl", "result=kept reason=%s",
		    log_text("the folder's lists tell nothing that those in"
			     " use do not"));
		crl_set_free(set);
		return true;
	}
	if (!upkeep->hooks.take_crls(upkeep->hooks.arg, set, err))
		return false;
	log_info("crl", "result=taken");
	return true;
}

static void
follow_crls(struct upkeep *upkeep)
{
	struct error err = { 0 };

	fetch_crls(upkeep);
	pthread_mutex_lock(upkeep->hooks.settings);
	if (!renew_crls(upkeep, &err))
		log_error("crl", "result=kept reason=%s", log_text(err.detail));
	pthread_mutex_unlock(upkeep->hooks.settings);
}

/*
 * Returns the office's allowance as of now; NULL if there is no room for one
 * more office.
 */
static struct allowance *
allowance_of(struct upkeep *upkeep, const char *office)
{
	const int64_t now = now_at();

	for (size_t i = 0; i < LIMIT_OFFICES; i++) {
		struct allowance *one = &upkeep->allowances[i];
		int64_t more;

		if (one->office[0] == '\0') {
			text_set(one->office, sizeof(one->office), office);
			one->num = LIMIT_HAND_INS;
			one->at = now;
		}
		if (strcmp(one->office, office) != 0)
			continue;
		more = (now - one->at) / LIMIT_HAND_IN_SECONDS;
		one->at += more * LIMIT_HAND_IN_SECONDS;
		one->num = one->num + more < LIMIT_HAND_INS ? one->num + more
							    : LIMIT_HAND_INS;
		return one;
	}
	return NULL;
}

bool
upkeep_hand_in(struct upkeep *upkeep, const char *office, struct span bytes,
    struct lists_told *out, struct digest *set, uint64_t *index,
    struct error *err)
{
	struct registrar *registrar = upkeep->registrar;
	struct allowance *allowance;
	struct judged_by now;
	bool is_new = false, ok;

	pthread_mutex_lock(upkeep->hooks.settings);
	now = registrar_now(registrar);
	allowance = allowance_of(upkeep, office);
	ok = (allowance != NULL && allowance->num > 0) ||
	    error_set(err, ERROR_UNAVAILABLE,
		"lists of this office were journaled %d times lately: the next"
		" one can be in %d minutes",
		LIMIT_HAND_INS, LIMIT_HAND_IN_SECONDS / 60);
	ok = ok &&
	    lists_keep(upkeep->config, &now,
		library_revocation(upkeep->record->library), bytes, "posted",
		out, err);
	for (size_t i = 0; ok && i < out->num; i++)
		is_new = is_new || out->list[i].result == LIST_NEW;
	if (ok && is_new)
		allowance->num--;
	ok = ok && (!is_new || renew_crls(upkeep, err));
	*set = registrar_now(registrar).crls->digest;
	ledger_read_lock(upkeep->record->ledger);
	*index = ledger_last(upkeep->record->ledger, ACT_CRL);
	ledger_unlock(upkeep->record->ledger);
	pthread_mutex_unlock(upkeep->hooks.settings);
	return ok;
}

/* --- Witnesses that must be asked (C2SP tlog-witness). --- */

static bool
take_lines(struct upkeep *upkeep, const struct note_key *key,
    const struct head *head, struct span lines, struct error *err)
{
	struct buf note = BUF(LIMIT_NOTE_FILE);
	struct cosignature line;
	size_t num = 0;
	bool ok;

	ok = journal_note(upkeep->record->journal, head, &note, err) &&
	    buf_append(&note, lines, err) &&
	    note_cosignatures(buf_span(&note), key, 1, &line, &num, err) &&
	    (num == 1 ||
		error_set(err, ERROR_UNTRUSTED,
		    "its answer has no cosignature of its key")) &&
	    journal_flush_heads(upkeep->record->journal, err) &&
	    cosignatures_add(upkeep->record->cosignatures, head->size,
		line.line, err);
	buf_free(&note);
	return ok;
}

/*
 * Status 409 tells the size that the witness knows: if it is larger than ours,
 * this journal was rolled back.
 */
static bool
take_size(struct upkeep *upkeep, const char *name, struct span text,
    uint64_t *old, struct error *err)
{
	const uint64_t size = journal_size(upkeep->record->journal);
	struct span line;

	if (!span_take_line(&text, &line))
		line = text;
	if (!span_to_u64(line, old))
		return error_set(err, ERROR_MALFORMED,
		    "its conflict tells no size");
	if (*old <= size)
		return true;
	error_set(err, ERROR_UNTRUSTED,
	    "witness \"%s\" has cosigned this journal at size %llu, and it has"
	    " %llu: it was rolled back, or its key is used elsewhere",
	    name, (unsigned long long)*old, (unsigned long long)size);
	registrar_fail(upkeep->registrar, err);
	return false;
}

/* Send a checkpoint to a witness and store its cosignature. */
static bool
ask_witness(struct upkeep *upkeep, const char *name, const char *prefix,
    const struct note_key *key, struct error *err)
{
	const struct judged_by now = registrar_now(upkeep->registrar);
	struct head head = journal_head(upkeep->record->journal);
	struct witnesses *one;
	char url[600];
	uint64_t old, at;
	bool ok = true, done = false;

	if ((one = calloc(1, sizeof(*one))) == NULL)
		return error_set_errno(err, "witness");
	one->num = one->quorum = 1;
	one->keys[0] = *key;
	old = cosignatures_last(upkeep->record->cosignatures, one);
	free(one);
	at = cosignatures_pending(upkeep->record->cosignatures,
	    &now.policy->witnesses, old);
	if (at != 0 &&
	    !journal_head_at(upkeep->record->journal, at, &head, err))
		return false;
	if (head.size == old)
		return true;
	snprintf(url, sizeof(url), "%s/add-checkpoint", prefix);
	for (unsigned i = 0; ok && !done && i < 3; i++) {
		struct buf body = BUF(LIMIT_PROOF_FILE),
			   answer = BUF(LIMIT_NOTE_FILE);
		struct span text;
		int status = 0;

		/*
		 * The witness may know more than the pending size: then send
		 * the newest.
		 */
		if (old > head.size)
			head = journal_head(upkeep->record->journal);
		ok = journal_extension(upkeep->record->journal, old, head.size,
			 &body, err) &&
		    journal_note(upkeep->record->journal, &head, &body, err);
		text = buf_span(&body);
		ok = ok && remote_exchange(url, &text, &answer, &status, err);
		if (ok && status == 200)
			ok = done = take_lines(upkeep, key, &head,
			    buf_span(&answer), err);
		else if (ok && status == 409)
			ok = take_size(upkeep, name, buf_span(&answer), &old,
			    err);
		else if (ok)
			ok = error_set(err, ERROR_UNAVAILABLE,
			    "HTTP status %d: %.*s", status,
			    (int)(answer.len < 100 ? answer.len : 100),
			    (const char *)answer.data);
		buf_free(&body);
		buf_free(&answer);
	}
	if (ok && done) {
		metrics_set(METRIC_LAST_WITNESS, now_at());
		log_info("cosignature", "witness=%s size=%llu", name,
		    (unsigned long long)head.size);
	}
	return ok;
}

/* Ask each witness for which the configuration has an address. */
static void
ask_witnesses(struct upkeep *upkeep)
{
	const struct judged_by now = registrar_now(upkeep->registrar);
	const struct witnesses *witnesses = &now.policy->witnesses;

	for (size_t i = 0; i < upkeep->config->num_witnesses; i++) {
		const char *name = upkeep->config->witnesses[i].name;
		struct error err = { 0 };
		bool ok = false, found = false;

		for (size_t j = 0; j < witnesses->num; j++) {
			if (strcmp(witnesses->names[j], name) != 0)
				continue;
			found = true;
			ok = ask_witness(upkeep, name,
			    upkeep->config->witnesses[i].url,
			    &witnesses->keys[j], &err);
		}
		if (!found)
			error_set(&err, ERROR_USAGE,
			    "the policy names no such witness");
		if (!ok)
			log_warning("cosignature", "witness=%s reason=%s", name,
			    log_text(err.detail));
	}
}

/* --- Looking ahead. --- */

static void warn(struct upkeep *upkeep, const char *fmt, ...) PRINTF(2, 3);

/* Add a warning; the lock is held. */
static void
warn(struct upkeep *upkeep, const char *fmt, ...)
{
	va_list args;

	if (upkeep->num_warnings == WARNINGS)
		return;
	va_start(args, fmt);
	vsnprintf(upkeep->warnings[upkeep->num_warnings++],
	    sizeof(upkeep->warnings[0]), fmt, args);
	va_end(args);
}

/* Returns the earlier of two times, of which 0 means none. */
static int64_t
first(int64_t a, int64_t b)
{
	return a == 0 || (b != 0 && b < a) ? b : a;
}

/* Warn of a certificate that ends soon. */
static void
look_at_certificate(struct upkeep *upkeep, const char *path, int64_t *ends_at)
{
	struct buf pem = BUF(LIMIT_KEY_BYTES);
	struct error err = { 0 };
	struct cert *cert = NULL;
	char when[TIME_TEXT];

	if (file_read(path, pem.max, &pem, &err) &&
	    (cert = cert_parse_pem(buf_span(&pem), &err)) != NULL) {
		*ends_at = first(*ends_at, cert->not_after_at);
		time_format_at(cert->not_after_at, when);
		if (cert->not_after_at < now_at() + WARN_CERTIFICATE)
			warn(upkeep, "the certificate %s ends %s", path, when);
	}
	cert_free(cert);
	buf_free(&pem);
}

/* Warn of CAs and of their lists that end soon. */
static void
look_at_cas(struct upkeep *upkeep, const struct judged_by *now,
    int64_t *ends_at)
{
	int64_t crl_ends_at = 0;

	for (size_t i = 0; i < now->policy->num_offices; i++) {
		const char *name = now->policy->offices[i].ca;
		const struct cert *ca = trust_ca(now->policy->trust, name);
		char when[TIME_TEXT];
		int64_t next = 0;
		bool again = false;

		for (size_t j = 0; j < i; j++)
			again = again ||
			    strcmp(now->policy->offices[j].ca, name) == 0;
		if (again || ca == NULL)
			continue;
		*ends_at = first(*ends_at, ca->not_after_at);
		time_format_at(ca->not_after_at, when);
		if (ca->not_after_at < now_at() + WARN_CERTIFICATE)
			warn(upkeep, "the certificate of CA \"%s\" ends %s",
			    name, when);
		if (!trust_next_update(now->policy->trust, name,
			now->crls->crls, &next)) {
			warn(upkeep,
			    "there is no CRL of CA \"%s\": nobody with"
			    " its certificates can connect",
			    name);
			continue;
		}
		crl_ends_at = first(crl_ends_at, next);
		time_format_at(next, when);
		if (next < now_at() + WARN_CRL)
			warn(upkeep,
			    "the CRL of CA \"%s\" ends %s; then nobody"
			    " with its certificates can connect",
			    name, when);
	}
	metrics_set(METRIC_CRL_ENDS, crl_ends_at);
}

/* Warn of full powers that end soon. */
static void
look_at_powers(struct upkeep *upkeep, const struct policy *policy)
{
	for (size_t i = 0; i < policy->num_powers; i++) {
		const struct full_powers *one = &policy->powers[i];
		char when[TIME_TEXT];

		if (one->until_at < now_at() ||
		    one->until_at > now_at() + WARN_POWERS)
			continue;
		time_format_date(one->until_at - 1, when);
		warn(upkeep, "the full powers of %s end %s", one->person, when);
	}
}

/* Warn if no witness came for long, and new entries are not witnessed. */
static void
look_at_witnesses(struct upkeep *upkeep, const struct policy *policy)
{
	const int64_t last = metrics_get(METRIC_LAST_WITNESS);
	char when[TIME_TEXT];
	uint64_t size;

	if (policy->witnesses.quorum == 0)
		return;
	size =
	    cosignatures_last(upkeep->record->cosignatures, &policy->witnesses);
	metrics_set(METRIC_WITNESSED_SIZE, (int64_t)size);
	time_format_at(last, when);
	if (size < journal_size(upkeep->record->journal) &&
	    now_at() - last > WARN_WITNESS)
		warn(upkeep,
		    "%u witnesses are asked for, and %s%s; entries"
		    " from %llu on are not witnessed",
		    policy->witnesses.quorum,
		    last != 0 ? "none has come since "
			      : "none has come since the start",
		    last != 0 ? when : "", (unsigned long long)size);
}

/* Log the warnings when they change, and once a day. */
static void
tell(struct upkeep *upkeep)
{
	struct sha256 hash;
	struct digest now;

	sha256_init(&hash);
	for (size_t i = 0; i < upkeep->num_warnings; i++)
		sha256_update(&hash, span_of_str(upkeep->warnings[i]));
	now = sha256_final(&hash);
	if (digest_eq(&now, &upkeep->told) && now_at() - upkeep->told_at < DAY)
		return;
	upkeep->told = now;
	upkeep->told_at = now_at();
	for (size_t i = 0; i < upkeep->num_warnings; i++)
		log_warning("soon", "reason=%s", log_text(upkeep->warnings[i]));
}

/* Warn of lists that were left out; the lock is held. */
static void
look_at_lists(struct upkeep *upkeep)
{
	const struct buf *const told[] = { &upkeep->look.told,
		&upkeep->fetched };
	struct span line;

	for (size_t i = 0; i < 2; i++) {
		struct span rest = buf_span(told[i]);

		while (span_take_line(&rest, &line))
			warn(upkeep, "%.*s", (int)line.len,
			    (const char *)line.data);
	}
}

/* Make the list of warnings anew. */
static void
look_ahead(struct upkeep *upkeep)
{
	const struct judged_by now = registrar_now(upkeep->registrar);
	int64_t ends_at = 0;

	pthread_mutex_lock(&upkeep->mutex);
	upkeep->is_news = false;
	upkeep->num_warnings = 0;
	look_at_certificate(upkeep, upkeep->config->server_cert, &ends_at);
	look_at_certificate(upkeep, upkeep->config->depositary_cert, &ends_at);
	look_at_cas(upkeep, &now, &ends_at);
	look_at_lists(upkeep);
	look_at_powers(upkeep, now.policy);
	look_at_witnesses(upkeep, now.policy);
	if (upkeep->num_findings > 0)
		warn(upkeep,
		    "the last check of the data folder found %zu"
		    " things wrong (event=check in the log; valised"
		    " fsck)",
		    upkeep->num_findings);
	metrics_set(METRIC_CERTIFICATE_ENDS, ends_at);
	tell(upkeep);
	pthread_mutex_unlock(&upkeep->mutex);
}

/* --- The thread. --- */

static bool
due(int64_t *next_ms, unsigned seconds)
{
	const int64_t now_ms = time_monotonic_ms();

	if (now_ms < *next_ms)
		return false;
	*next_ms = now_ms + (int64_t)seconds * 1000;
	return true;
}

static void *
run_thread(void *arg)
{
	struct upkeep *upkeep = arg;
	struct timespec until;
	bool stop = false, is_news = false;

	/* Requests come first: lower the priority of this thread. */
	setpriority(PRIO_PROCESS, (id_t)gettid(), 10);
	/* The start has hashed only the newest entries. */
	if (upkeep->record->opening.from.size > 0)
		check_journal(upkeep);
	while (!stop) {
		if (due(&upkeep->crls_ms, upkeep->config->crls_every))
			follow_crls(upkeep);
		if (due(&upkeep->witness_ms, upkeep->config->witness_every))
			ask_witnesses(upkeep);
		if (due(&upkeep->check_ms, upkeep->config->verify_every)) {
			check_journal(upkeep);
			check_data(upkeep);
			upkeep->look_ms = 0;
		}
		if (due(&upkeep->look_ms, LOOK_EVERY) || is_news)
			look_ahead(upkeep);
		pthread_mutex_lock(&upkeep->mutex);
		clock_gettime(CLOCK_REALTIME, &until);
		until.tv_sec += 1;
		if (!upkeep->stopping && !upkeep->is_news)
			pthread_cond_timedwait(&upkeep->wake, &upkeep->mutex,
			    &until);
		stop = upkeep->stopping;
		is_news = upkeep->is_news;
		pthread_mutex_unlock(&upkeep->mutex);
	}
	return NULL;
}

struct upkeep *
upkeep_start(const struct config *config, struct registrar *registrar,
    const struct upkeep_hooks *hooks, struct lists_look *look,
    struct error *err)
{
	struct upkeep *upkeep = calloc(1, sizeof(*upkeep));
	const int64_t now_ms = time_monotonic_ms();
	const unsigned first_check = config->verify_every < FIRST_CHECK
	    ? config->verify_every
	    : FIRST_CHECK;

	if (upkeep == NULL) {
		error_set_errno(err, "upkeep");
		return NULL;
	}
	upkeep->config = config;
	upkeep->record = registrar_record(registrar);
	upkeep->registrar = registrar;
	upkeep->hooks = *hooks;
	upkeep->check_ms = now_ms + (int64_t)first_check * 1000;
	/* The start has read the files, but no address was asked yet. */
	upkeep->crls_ms = config->num_crl_urls > 0
	    ? now_ms
	    : now_ms + (int64_t)config->crls_every * 1000;
	upkeep->fetched = BUF(TOLD_BYTES);
	pthread_mutex_init(&upkeep->mutex, NULL);
	pthread_cond_init(&upkeep->wake, NULL);
	upkeep_looked(upkeep, look);
	if (pthread_create(&upkeep->thread, NULL, run_thread, upkeep) != 0) {
		error_set(err, ERROR_SYSTEM, "upkeep: no thread");
		free(upkeep);
		return NULL;
	}
	return upkeep;
}

void
upkeep_stop(struct upkeep *upkeep)
{
	if (upkeep == NULL)
		return;
	pthread_mutex_lock(&upkeep->mutex);
	__atomic_store_n(&upkeep->stopping, true, __ATOMIC_RELEASE);
	pthread_cond_signal(&upkeep->wake);
	pthread_mutex_unlock(&upkeep->mutex);
	pthread_join(upkeep->thread, NULL);
	pthread_mutex_destroy(&upkeep->mutex);
	pthread_cond_destroy(&upkeep->wake);
	lists_look_reset(&upkeep->look);
	buf_free(&upkeep->fetched);
	free(upkeep);
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
