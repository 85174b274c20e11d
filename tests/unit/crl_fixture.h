/*
 * crl_fixture.h - CAs, and persons whose certificates their lists list.
 */
#ifndef TESTS_CRL_FIXTURE_H
#define TESTS_CRL_FIXTURE_H

#include <openssl/x509v3.h>

#include "pki/revocation.h"
#include "pki_fixture.h"
#include "unit.h"

/* Days since the first. */
#define DAY(n)  (INT64_C(1700000000) + (n)*86400)
#define HOLD    CRL_REASON_CERTIFICATE_HOLD
#define SHARD_A "critical,fullname:URI:http://a.example/crl"
#define SHARD_B "critical,fullname:URI:http://b.example/crl"

static struct identity ca, new_ca, other_ca;
/* One certificate that lives long, one that ends on day 20, one of shard A. */
static struct identity person, ended, sharded;
static struct trust *trust, *old_trust;

static inline void
set_up(void)
{
	struct fixture_cert what = { .email = "a@mofa.example",
		.key_usage = "critical,nonRepudiation",
		.until_at = DAY(1000) };
	struct buf pem = BUF(100000);
	struct error err = { 0 };

	ca = fixture_ca("CA");
	new_ca = fixture_ca("CA");
	other_ca = fixture_ca("Other CA");
	person = fixture_issue(&ca, &what);
	what.until_at = DAY(20);
	ended = fixture_issue(&ca, &what);
	what.until_at = DAY(1000);
	what.points = "URI:http://a.example/crl";
	sharded = fixture_issue(&ca, &what);
	trust = trust_new(&err);
	old_trust = trust_new(&err);
	fixture_pem(ca.cert, &pem);
	ck_ok(trust_add_ca(old_trust, "mofa", buf_span(&pem), &err), err);
	fixture_pem(new_ca.cert, &pem);
	ck_ok(trust_add_ca(trust, "mofa", buf_span(&pem), &err), err);
	buf_free(&pem);
}

static inline void
tear_down(void)
{
	identity_free(&ca);
	identity_free(&new_ca);
	identity_free(&other_ca);
	identity_free(&person);
	identity_free(&ended);
	identity_free(&sharded);
	trust_free(trust);
	trust_free(old_trust);
}

#endif
