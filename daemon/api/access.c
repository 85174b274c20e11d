/*
 * Authentication and authorisation: who makes a request, by the certificate of
 * the connection, and whether the policy allows it.
 */
#include "daemon/api/job.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/time.h"
#include "daemon/log.h"
#include "daemon/metrics.h"
#include "daemon/upkeep/upkeep.h"
#include "pki/standing.h"
#include "record/accepted.h"
#include "record/json.h"

/*
 * What was found out about a connection's certificate; judged again whenever
 * the answer could change.
 */
struct session {
	struct cert *cert;
	struct principal who;
	/* The time in seconds for which the answer holds; 0: not judged yet. */
	int64_t judged_s;
	/* What it named last in Valise-Accepted, and when that was noted. */
	struct digest accepted;
	int64_t accepted_s;
};

/*
 * Returns what is known of the connection's certificate, made when it was shown
 * (access_greet()), or else at its first request.
 */
static struct session *
session_of(X509 *peer, void **place, struct error *err)
{
	struct session *session = *place;

	if (session != NULL)
		return session;
	if ((session = calloc(1, sizeof(*session))) == NULL) {
		error_set_errno(err, "session");
		return NULL;
	}
	if ((session->cert = cert_of_x509(peer, err)) == NULL) {
		free(session);
		return NULL;
	}
	*place = session;
	/*
	 * cppcheck-suppress memleak ; freed with the connection by
	 * access_session_free()
	 */
	return session;
}

void
access_session_free(void *arg)
{
	struct session *session = arg;

	cert_free(session->cert);
	free(session);
}

/* A monitor's certificate is by the depositary's CA, and by no other. */
static bool
is_monitor(const struct config *config, const struct policy *policy,
    const struct cert *cert, const char *ca)
{
	if (ca == NULL || strcmp(ca, policy->depositary.ca) != 0)
		return false;
	for (size_t i = 0; i < config->num_monitors; i++)
		if (strcmp(config->monitors[i], cert->email) == 0)
			return true;
	return false;
}

/* Judge the certificate by the policy and the revocation lists of now. */
static bool
judge_peer(const struct api *api, const struct cert *cert, int64_t now_s,
    struct principal *out, struct error *err)
{
	struct trust_result trust;
	char why[POLICY_RULE];

	standing_judge_live(out->by.policy->trust,
	    library_revocation(api->record->library), cert, now_s, &trust);
	if (!standing_is_good(&trust))
		return error_set(err, ERROR_REFUSED, "your certificate: %s",
		    trust.text);
	if (!cert->can_connect)
		return error_set(err, ERROR_REFUSED,
		    "your certificate is not for connecting (keyUsage"
		    " digitalSignature, EKU clientAuth, not nonRepudiation)");
	text_set(out->person, sizeof(out->person), cert->email);
	out->office = NULL;
	if (is_monitor(api->config, out->by.policy, cert, trust.ca))
		return true;
	out->office = policy_office_of(out->by.policy, cert, trust.ca, why);
	return out->office != NULL || error_set(err, ERROR_REFUSED, "%s", why);
}

/*
 * Done at every request: a connection must not outlive a change of policy, a
 * revocation or the expiry of its certificate.
 */
static bool
judge_session(const struct api *api, struct session *session, struct error *err)
{
	const struct judged_by now = registrar_now(api->registrar);
	const int64_t now_s = time_now_ms() / 1000;

	if (session->judged_s == now_s &&
	    session->who.by.policy == now.policy &&
	    session->who.by.crls == now.crls)
		return true;
	session->judged_s = 0;
	session->who.by = now;
	if (!judge_peer(api, session->cert, now_s, &session->who, err))
		return false;
	session->judged_s = now_s;
	return true;
}

void
access_greet(struct api *api, X509 *peer, void **place,
    char office[HTTP_OFFICE])
{
	struct error ignored = { 0 };
	struct session *session = session_of(peer, place, &ignored);

	office[0] = '\0';
	/* Why it may do nothing is told to its first request. */
	if (session == NULL || !judge_session(api, session, &ignored))
		return;
	text_set(office, HTTP_OFFICE,
	    session->who.office != NULL ? session->who.office->name
					: session->who.person);
}

bool
access_authenticate(struct api *api, struct http_request *request,
    struct principal *out, struct error *err)
{
	struct session *session =
	    session_of(request->peer, request->session, err);

	if (session == NULL)
		return false;
	if (!judge_session(api, session, err)) {
		/* For the log: a CA vouches for the name. */
		text_set(request->person, sizeof(request->person),
		    session->cert->email);
		return false;
	}
	*out = session->who;
	text_set(request->person, sizeof(request->person), out->person);
	return true;
}

void
access_note_accepted(struct api *api, struct http_request *request)
{
	struct session *session = *request->session;
	const struct digest *named = &request->head.accepted;

	/* A connection says the same in each request: once a minute will do. */
	if (!request->head.has_accepted || session->who.office == NULL ||
	    (digest_eq(named, &session->accepted) &&
		session->judged_s - session->accepted_s < 60))
		return;
	session->accepted = *named;
	session->accepted_s = session->judged_s;
	accepted_note(api->record->accepted, session->who.office->name,
	    session->who.person, named, session->judged_s);
}

/*
 * Decide by the document's type, before it is looked up: the answer must not
 * tell whether the document exists.
 */
static struct decision
decide_for(const struct job *job, const struct office *office,
    const char *person)
{
	const struct policy *policy = job->connected.by.policy;
	struct decision decision = { .allowed = true };

	switch (job->route->need) {
	case NEED_NOTHING:
		break;
	case NEED_READ:
		return policy_decide(policy, office, RIGHT_READ, job->type);
	case NEED_DEPOSIT:
		return policy_decide(policy, office, RIGHT_DEPOSIT, job->type);
	case NEED_SIGN:
	case NEED_TERMINATE:
		decision = policy_decide(policy, office, RIGHT_READ, job->type);
		return decision.allowed
		    ? policy_decide_sign(policy, office, person, job->type,
			  job->route->need == NEED_SIGN ? SIGNING_APPROVAL
							: SIGNING_TERMINATION,
			  time_now_ms() / 1000)
		    : decision;
	}
	return decision;
}

/*
 * An act that comes by bag needs the rights of the waybill's signer, and none
 * of the bearer.  The check here only avoids reading a body that would be
 * refused: who the signer is and what the waybill lists is judged with the body
 * (actor.h).
 */
struct decision
access_decide(const struct job *job)
{
	struct error ignored = { 0 };
	const struct office *office;
	struct dispatcher by;

	if (!job->by_bag)
		return decide_for(job, job->connected.office,
		    job->connected.person);
	office = bags_find(job->api->bags, &job->waybill, &by, &ignored)
	    ? policy_office(job->connected.by.policy, by.office)
	    : NULL;
	return office != NULL ? decide_for(job, office, by.person)
			      : (struct decision){ .allowed = true };
}

bool
access_admits(const struct job *job, struct error *err)
{
	return job->connected.office != NULL ||
	    (job->route != NULL && job->route->run == NULL) ||
	    error_set(err, ERROR_REFUSED,
		"%s is a monitor (valised.yaml): it reads /health and"
		" /metrics, and nothing else",
		job->connected.person);
}

bool
access_may_monitor(const struct principal *who)
{
	return who->office == NULL ||
	    strcmp(who->office->name, who->by.policy->depositary.office) == 0;
}
