/*
 * Fetching CRLs, and taking what offices hand in.
 */
#include "daemon/upkeep/crls.h"

#include <string.h>

#include "base/text.h"
#include "daemon/log.h"
#include "daemon/upkeep/state.h"
#include "remote/remote.h"

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

	ok = remote_exchange(&upkeep->config->proxies, url, NULL, &bytes,
		 &status, err) &&
	    (status == 200 ||
		error_set(err, ERROR_UNAVAILABLE, "HTTP status %d", status));
	if (ok) {
		pthread_mutex_lock(upkeep->hooks.settings);
		now = registrar_now(upkeep->registrar);
		ok = lists_keep(upkeep->config, upkeep->record, &now,
		    buf_span(&bytes), "fetched", &lists, err);
		pthread_mutex_unlock(upkeep->hooks.settings);
	}
	for (size_t i = 0; ok && i < lists.num; i++)
		if (lists.list[i].result == LIST_FUTURE ||
		    lists.list[i].result == LIST_HELD ||
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
	struct buf told = BUF(UPKEEP_TOLD_BYTES);

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
	pthread_cond_broadcast(&upkeep->wake);
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
		next = lists_follow(upkeep->record, now->policy, now->crls, set,
		    &look, err);
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
	if (!lists_add(upkeep->record, now.policy, now.crls, set)) {
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

void
upkeep_follow_crls(struct upkeep *upkeep)
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
	const int64_t now = upkeep_now_at();

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
		LIMIT_HAND_INS, LIMIT_HAND_IN_SECONDS / 60) ||
	    error_retry(err, LIMIT_HAND_IN_SECONDS);
	ok = ok &&
	    lists_keep(upkeep->config, upkeep->record, &now, bytes, "posted",
		out, err);
	for (size_t i = 0; ok && i < out->num; i++)
		is_new = is_new || lists_is_kept(out->list[i].result);
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
