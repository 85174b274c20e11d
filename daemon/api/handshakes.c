/*
 * Refused TLS handshakes: counted, and told in the log (handshakes.h).
 */
#include "daemon/api/handshakes.h"

#include "base/text.h"
#include "base/time.h"
#include "daemon/log.h"
#include "daemon/metrics.h"
#include "pki/asn1.h"
#include "pki/cert.h"

enum { LINE = 2048 };

bool
handshakes_take(struct handshakes *handshakes, enum http_refused reason,
    int64_t minute, uint64_t *left_out)
{
	bool room;

	pthread_mutex_lock(&handshakes->mutex);
	room = rate_take(&handshakes->of[reason], LIMIT_REFUSED_LINES, minute,
	    left_out);
	pthread_mutex_unlock(&handshakes->mutex);
	return room;
}

/*
 * The person that the certificate names, if a CA of the policy says so: OpenSSL
 * compares the dates once it has verified the signature, and the purpose
 * before.
 */
static void
person_of(const struct http_refusal *refusal, char out[LIMIT_EMAIL_BYTES + 1])
{
	struct error ignored = { 0 };
	struct cert *cert;

	out[0] = '\0';
	if ((refusal->reason != HTTP_REFUSED_EXPIRED &&
		refusal->reason != HTTP_REFUSED_NOT_YET_VALID) ||
	    (cert = cert_of_x509(refusal->cert, &ignored)) == NULL)
		return;
	text_set(out, LIMIT_EMAIL_BYTES + 1, cert->email);
	cert_free(cert);
}

/* Append what is told of a certificate: subject, serial number and end. */
static bool
describe(const struct http_refusal *refusal, struct buf *out, struct error *err)
{
	char subject[256], serial[CERT_SERIAL], when[TIME_TEXT] = "";
	char person[LIMIT_EMAIL_BYTES + 1];
	int64_t ends_at;

	asn1_name(X509_get_subject_name(refusal->cert), subject,
	    sizeof(subject));
	cert_serial(refusal->cert, serial);
	if (asn1_time(X509_get0_notAfter(refusal->cert), &ends_at))
		time_format_at(ends_at, when);
	person_of(refusal, person);
	return (person[0] == '\0' ||
		   buf_printf(out, err, " person=%s", log_text(person))) &&
	    buf_printf(out, err, " subject=%s serial=%s ends=%s",
		log_text(subject), serial, when);
}

void
handshakes_refused(struct handshakes *handshakes,
    const struct http_refusal *refusal)
{
	struct buf line = BUF(LINE);
	struct error err = { 0 };
	uint64_t left_out;

	metrics_refused(refusal->reason);
	if (!handshakes_take(handshakes, refusal->reason, rate_minute(),
		&left_out))
		return;
	if (buf_printf(&line, &err, "result=refused reason=%s from=%s",
		http_refused_name(refusal->reason), refusal->from) &&
	    (refusal->cert == NULL || describe(refusal, &line, &err)) &&
	    (left_out == 0 ||
		buf_printf(&line, &err, " left_out=%llu",
		    (unsigned long long)left_out)) &&
	    buf_printf(&line, &err, " text=%s", log_text(refusal->text)))
		log_warning("handshake", "%.*s", (int)line.len,
		    (const char *)line.data);
	buf_free(&line);
}

void
handshakes_flush(struct handshakes *handshakes, bool all)
{
	for (unsigned i = 0; i < HTTP_REFUSALS; i++) {
		uint64_t left_out;

		pthread_mutex_lock(&handshakes->mutex);
		left_out = rate_drain(&handshakes->of[i], all);
		pthread_mutex_unlock(&handshakes->mutex);
		if (left_out > 0)
			log_warning("handshake",
			    "result=refused reason=%s left_out=%llu",
			    http_refused_name(i), (unsigned long long)left_out);
	}
}
