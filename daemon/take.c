/*
 * Taking new settings, part by part (take.h).
 */
#include "daemon/take.h"

#include <string.h>

#include "base/text.h"
#include "daemon/server_cert.h"
#include "daemon/settings.h"
#include "daemon/upkeep/crls.h"
#include "daemon/writer/seal.h"

enum part { POLICY, LISTS, SERVER, DEPOSITARY, PARTS };

struct taking {
	struct daemon *daemon;
	/* What the files have; NULL: they cannot be read. */
	struct policy *policy;
	struct crl_set *crls;
	void *tls;
	struct cert *depositary;
	struct lists_look look;
	/* Why a part is kept; of kind ERROR_NONE: it is taken. */
	struct error why[PARTS];
};

static bool
takes(const struct taking *it, enum part part)
{
	return it->why[part].kind == ERROR_NONE;
}

/* The policy and the lists that will be in force. */
static struct policy *
policy_of(const struct taking *it)
{
	return takes(it, POLICY) ? it->policy : it->daemon->policy;
}

static const struct crl_set *
lists_of(const struct taking *it)
{
	return takes(it, LISTS) ? it->crls : it->daemon->crls;
}

/* --- Judging each part. --- */

static void
read_policy(struct taking *it)
{
	struct error *why = &it->why[POLICY];
	const struct daemon *daemon = it->daemon;

	it->policy = settings_policy(daemon->config, why);
	if (it->policy != NULL &&
	    strcmp(it->policy->origin, daemon->record.keys.keys[0].name) != 0)
		error_set(why, ERROR_CONFLICT, "%s: another origin",
		    daemon->config->policies);
}

static bool
is_fit(const struct taking *it, const struct policy *policy, void *tls,
    struct error *err)
{
	return settings_check_server(it->daemon->config, &it->daemon->record,
	    policy, lists_of(it), tls, err);
}

/*
 * A new certificate of the server must be one that offices accept by the new
 * policy, and by the one in force, since none has accepted the new one yet.
 */
static void
judge_server(struct taking *it)
{
	const struct daemon *daemon = it->daemon;
	struct error *why = &it->why[SERVER];

	*why = (struct error){ 0 };
	http_tls_free(it->tls);
	it->tls = settings_tls(daemon->config, policy_of(it), why);
	if (it->tls == NULL || !is_fit(it, policy_of(it), it->tls, why) ||
	    server_cert_same(it->tls, daemon->tls) || !takes(it, POLICY))
		return;
	if (!is_fit(it, daemon->policy, it->tls, why))
		error_context(why,
		    "no office has accepted the new policy yet: reload again"
		    " when all have");
}

/* The signer must have read the same certificate, with its key. */
static bool
check_signer(const struct taking *it, struct error *err)
{
	struct digest read;

	return signer_read(it->daemon->signer, &read, err) &&
	    (digest_eq(&read, &it->depositary->fingerprint) ||
		error_set(err, ERROR_CONFLICT,
		    "%s: it has just changed: reload again",
		    it->daemon->config->depositary_cert));
}

static bool
is_good(const struct taking *it, const struct policy *policy,
    const struct cert *cert, bool is_told, struct error *err)
{
	return settings_judge_depositary(it->daemon->config,
	    it->daemon->record.library, policy, lists_of(it), cert, is_told,
	    err);
}

static void
judge_depositary(struct taking *it)
{
	const struct daemon *daemon = it->daemon;
	struct error *why = &it->why[DEPOSITARY], ignored = { 0 };
	bool is_new, is_told;

	*why = (struct error){ 0 };
	cert_free(it->depositary);
	it->depositary = settings_depositary(daemon->config, why);
	if (it->depositary == NULL)
		return;
	is_new = !seal_has(daemon->seal, it->depositary);
	/* None of which no list tells takes the place of a good one. */
	is_told = is_new &&
	    is_good(it, daemon->policy, seal_cert(daemon->seal), true,
		&ignored);
	if (is_good(it, policy_of(it), it->depositary, is_told, why) && is_new)
		(void)!check_signer(it, why);
}

/*
 * Of one part no certificate that there is would be good by the new policy, and
 * the one in use is by that in force: then it is the policy that is not good.
 */
static bool
blame_policy(struct taking *it)
{
	const struct daemon *daemon = it->daemon;
	const struct cert *cert = seal_cert(daemon->seal);
	struct error ignored = { 0 };
	enum part of = PARTS;

	if (!takes(it, POLICY))
		return false;
	if (!takes(it, SERVER) &&
	    is_fit(it, daemon->policy, daemon->tls, &ignored) &&
	    !is_fit(it, it->policy, daemon->tls, &ignored))
		of = SERVER;
	else if (!takes(it, DEPOSITARY) &&
	    is_good(it, daemon->policy, cert, false, &ignored) &&
	    !is_good(it, it->policy, cert, false, &ignored))
		of = DEPOSITARY;
	if (of == PARTS)
		return false;
	it->why[POLICY] = it->why[of];
	error_context(&it->why[POLICY],
	    "by this policy no certificate that there is would be good");
	return true;
}

static void
read_all(struct taking *it)
{
	struct daemon *daemon = it->daemon;

	read_policy(it);
	it->crls = lists_read(daemon->config, &it->look, &it->why[LISTS]);
	judge_server(it);
	judge_depositary(it);
	if (blame_policy(it)) {
		judge_server(it);
		judge_depositary(it);
	}
}

/* --- Taking them. --- */

/*
 * If settings cannot be journaled (for want of room, say) the registrar keeps
 * its own, and those stay in force.
 */
static bool
adopt(struct taking *it, struct error *err)
{
	struct daemon *daemon = it->daemon;
	struct library *library = daemon->record.library;
	struct policy *policy = takes(it, POLICY)
	    ? library_add_policy(library, it->policy, err)
	    : daemon->policy;
	const struct crl_set *set = takes(it, LISTS)
	    ? library_add_crls(library, it->crls, err)
	    : daemon->crls;
	struct judged_by now;
	bool ok;

	if (set != NULL && policy != NULL)
		set = daemon_newest_crls(daemon, policy, set,
		    takes(it, LISTS) ? &it->look : NULL, err);
	ok = policy != NULL && set != NULL &&
	    registrar_adopt(daemon->registrar, policy, set, err);
	now = registrar_now(daemon->registrar);
	daemon->policy = now.policy;
	daemon->crls = now.crls;
	return ok;
}

/*
 * Policy and certificate of the depositary change at once: what was sealed
 * before was judged by the policy before, and is judged again.
 */
static bool
adopt_both(struct taking *it, struct error *err)
{
	struct daemon *daemon = it->daemon;
	const bool is_new =
	    !digest_eq(&policy_of(it)->digest, &daemon->policy->digest);
	bool ok;

	if (!takes(it, DEPOSITARY) || seal_has(daemon->seal, it->depositary))
		return adopt(it, err);
	signer_pause(daemon->signer);
	ok = adopt(it, err);
	if (ok &&
	    !signer_renew(daemon->signer, &it->depositary->fingerprint, err)) {
		/* It may still do it: a start makes one of both again. */
		if (is_new)
			daemon_die(err);
		ok = false;
	}
	if (ok)
		seal_renew(daemon->seal, it->depositary);
	signer_resume(daemon->signer);
	return ok;
}

/* The server's certificate, and the CAs of those who connect. */
static bool
make_tls(struct taking *it, struct error *err)
{
	if (takes(it, SERVER))
		return true;
	http_tls_free(it->tls);
	it->tls = settings_tls_again(it->daemon->tls, policy_of(it), err);
	return it->tls != NULL;
}

/* Gather why parts are kept; false if one is. */
static bool
tell_kept(const struct taking *it, struct error *err)
{
	char text[sizeof(err->detail)] = "";
	size_t num = 0;

	for (enum part i = 0; i < PARTS; i++) {
		const size_t len = strlen(text);

		if (takes(it, i))
			continue;
		text_cutf(text + len, sizeof(text) - len, "%s%s",
		    num == 0 ? "" : "; ", it->why[i].detail);
		num++;
	}
	return num == 0 ||
	    error_set(err, ERROR_UNTRUSTED, "%s%s", text,
		num < PARTS ? "; all others are taken" : "");
}

bool
take_settings(struct daemon *daemon, struct error *err)
{
	struct taking it = { .daemon = daemon };
	bool ok;

	read_all(&it);
	/* Made before anything is adopted, since it can fail. */
	ok = make_tls(&it, err) && adopt_both(&it, err);
	if (!takes(&it, POLICY))
		policy_free(it.policy);
	if (ok) {
		http_server_set_tls(daemon->server, it.tls);
		http_tls_free(daemon->tls);
		daemon->tls = it.tls;
		it.tls = NULL;
	}
	if (ok && takes(&it, LISTS))
		upkeep_looked(daemon->upkeep, &it.look);
	http_tls_free(it.tls);
	cert_free(it.depositary);
	lists_look_reset(&it.look);
	return ok && tell_kept(&it, err);
}
