/*
 * Looking ahead: warnings of what ends soon, or did not come.
 */
#include "daemon/upkeep/outlook.h"

#include <stdarg.h>
#include <string.h>
#include <sys/statvfs.h>

#include "base/file.h"
#include "daemon/log.h"
#include "daemon/metrics.h"
#include "daemon/upkeep/ends.h"
#include "daemon/upkeep/state.h"
#include "policy/soon.h"

enum {
	WARN_WITNESS = 60 * 60,
	WARN_DISK = 5, /* percent that is free */
};

static void warn(struct upkeep *upkeep, const char *fmt, ...) PRINTF(2, 3);

/* Add a warning; the lock is held. */
static void
warn(struct upkeep *upkeep, const char *fmt, ...)
{
	va_list args;

	if (upkeep->num_warnings == UPKEEP_WARNINGS)
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
		if (cert->not_after_at < upkeep_now_at() + SOON_CERTIFICATE)
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
	int64_t crl_ends_at = 0, behind_s;
	const int64_t until = lists_future_at(upkeep->record, &behind_s);

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
		if (ca->not_after_at < upkeep_now_at() + SOON_CERTIFICATE)
			warn(upkeep, "the certificate of CA \"%s\" ends %s",
			    name, when);
		if (!trust_next_update(now->policy->trust, name,
			now->crls->crls, until, &next)) {
			warn(upkeep,
			    "there is no CRL of CA \"%s\": nobody with"
			    " its certificates can connect",
			    name);
			continue;
		}
		crl_ends_at = first(crl_ends_at, next);
		time_format_at(next, when);
		if (next < upkeep_now_at() + SOON_CRL)
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

		if (one->until_at < upkeep_now_at() ||
		    one->until_at > upkeep_now_at() + SOON_POWERS)
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
	    upkeep_now_at() - last > WARN_WITNESS)
		warn(upkeep,
		    "%u witnesses are asked for, and %s%s; entries"
		    " from %llu on are not witnessed",
		    policy->witnesses.quorum,
		    last != 0 ? "none has come since "
			      : "none has come since the start",
		    last != 0 ? when : "", (unsigned long long)size);
}

/* The text stays the same while the disk fills: it is told once a day. */
static void
look_at_disk(struct upkeep *upkeep)
{
	const char *const data = upkeep->config->data;
	struct statvfs disk;

	if (statvfs(data, &disk) == 0 &&
	    disk.f_bavail < disk.f_blocks / 100 * WARN_DISK)
		warn(upkeep,
		    "less than %d%% of the disk of %s is free; what does not"
		    " fit is refused: see \"A full disk\" in the operations"
		    " manual",
		    WARN_DISK, data);
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
	if (digest_eq(&now, &upkeep->told) &&
	    upkeep_now_at() - upkeep->told_at < SOON_DAY)
		return;
	upkeep->told = now;
	upkeep->told_at = upkeep_now_at();
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

/* Warn of a disk that is full: the journal has used some of its reserve. */
static void
look_at_reserve(struct upkeep *upkeep)
{
	uint64_t has, wanted;

	journal_reserve(upkeep->record->journal, &has, &wanted);
	if (has < wanted)
		warn(upkeep,
		    "the disk is full: %llu of %llu MiB are left that are kept"
		    " back for the journal; make room",
		    (unsigned long long)(has >> 20),
		    (unsigned long long)(wanted >> 20));
}

/* Make the list of warnings anew. */
void
upkeep_look_ahead(struct upkeep *upkeep)
{
	const struct judged_by now = registrar_now(upkeep->registrar);
	struct buf ends = BUF(UPKEEP_ENDS_BYTES);
	struct error unfit = { 0 }, unsealed = { 0 }, ignored = { 0 };
	int64_t ends_at = 0, behind_s;
	const bool fit = upkeep->hooks.judge_server(upkeep->hooks.arg, &unfit);
	const bool seals = upkeep->hooks.may_seal(upkeep->hooks.arg, &unsealed);

	/* Without the lock: an office's certificate takes a while to read. */
	if (!ends_encode(upkeep->config, &now,
		lists_future_at(upkeep->record, &behind_s), &ends, &ignored))
		ends.len = 0;
	pthread_mutex_lock(&upkeep->mutex);
	buf_free(&upkeep->ends);
	upkeep->ends = ends;
	upkeep->is_news = false;
	upkeep->num_warnings = 0;
	if (!fit)
		warn(upkeep, "%s", unfit.detail);
	if (!seals)
		warn(upkeep, "acts are refused (503): %s", unsealed.detail);
	look_at_certificate(upkeep, upkeep->config->server_cert, &ends_at);
	look_at_certificate(upkeep, upkeep->config->depositary_cert, &ends_at);
	look_at_cas(upkeep, &now, &ends_at);
	look_at_lists(upkeep);
	look_at_powers(upkeep, now.policy);
	look_at_witnesses(upkeep, now.policy);
	look_at_disk(upkeep);
	look_at_reserve(upkeep);
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
