/*
 * own_cert.h - are one's own certificates fit for what they are to do?  Asked
 * here, before anybody is connected to or anything is signed: what is wrong is
 * told with the file, the date and the next step.  One table has all checks.
 *
 * The daemon judges the same of who connects, and has the last word; what only
 * it can know (that a certificate was revoked, say) is not asked here.
 */
#ifndef CLIENT_OWN_CERT_H
#define CLIENT_OWN_CERT_H

#include "client/context.h"
#include "pki/identity.h"

enum own_cert_use {
	OWN_CERT_CONNECT,
	OWN_CERT_SIGN,
	OWN_CERT_OPEN, /* bags */
	OWN_CERT_USES,
};

/* The one that was accepted last, and those that are awaited. */
enum { OWN_CERT_POLICIES = 10 };

/* What a certificate is judged by. */
struct own_cert_known {
	enum own_cert_use use;
	const char *path, *key_path;
	/* What names it: "certificate" in a configuration, or an option. */
	const char *named_by;
	/*
	 * The policies whose CAs and offices count, borrowed; or CAs alone; or
	 * neither: then issuer and office are not judged.
	 */
	struct policy *policies[OWN_CERT_POLICIES];
	size_t num_policies;
	struct trust *cas;
	int64_t at; /* this machine's clock, UTC seconds */
	/* The state, which tells how late it was before (seen_clock.h); or NULL. */
	const char *state;
};

/*
 * Judge a certificate.
 *
 * ERROR_USAGE      it is unfit; of a bag's, only that it is for another purpose
 * ERROR_UNTRUSTED  SIGNATURE_WEAK: of its key
 */
bool own_cert_judge(const struct cert *cert, const struct own_cert_known *known,
    struct error *err) MUST_USE;

/*
 * Load the certificate and key that the configuration names for a use, and
 * judge them. Call identity_free().
 *
 * ERROR_USAGE      there is none, it cannot be read or is unfit, or the key is
 *                   not its key
 * ERROR_UNTRUSTED  others may read the key; SIGNATURE_WEAK
 */
bool own_cert_load(struct context *context, enum own_cert_use use,
    struct identity *out, struct error *err) MUST_USE;
/* Make known what this office has accepted and seen, and the time. */
void own_cert_know(struct context *context, struct own_cert_known *known);
/*
 * The same of a pair that opened bags before (context->encrypt_before).
 */
bool own_cert_load_before(struct context *context, size_t i,
    struct identity *out, struct error *err) MUST_USE;
/*
 * The same of what known names, before anything is configured: options, with
 * the CAs of an enrolment.
 */
bool own_cert_load_named(const struct own_cert_known *known,
    const struct private_rule *rule, struct identity *out,
    struct error *err) MUST_USE;

#endif
