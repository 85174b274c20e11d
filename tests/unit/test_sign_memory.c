/*
 * What is signed while memory runs out is either whole or refused, and a
 * certificate that is judged then is judged again: each of OpenSSL's allocations
 * fails, one after another.
 */
#include "unit.h"

#include <openssl/crypto.h>

#include "pki/cades.h"
#include "pki_fixture.h"

static long until_failure; /* so many allocations from now; 0: none */
static bool goes_on;       /* and each one after that */

/* True if this allocation is one that fails. */
static bool
fails(void)
{
	if (goes_on && until_failure == 1)
		return true;
	return until_failure > 0 && --until_failure == 0;
}

static void *
take(size_t size, const char *file, int line)
{
	(void)file, (void)line;
	return fails() ? NULL : malloc(size);
}

static void *
take_again(void *old, size_t size, const char *file, int line)
{
	(void)file, (void)line;
	return fails() ? NULL : realloc(old, size);
}

static void
give(void *old, const char *file, int line)
{
	(void)file, (void)line;
	free(old);
}

static const struct span content = { (const uint8_t *)"the manifest", 12 };

/* Sign with the n-th allocation failing.  False if there are not as many. */
static bool
sign_without(long n, const struct identity *signer, struct cert_cache *certs,
    unsigned *num_refused)
{
	struct buf p7s = BUF(LIMIT_SIGNATURE_BYTES);
	struct cades found = { 0 };
	struct error err = { 0 }, why = { 0 };
	bool ok, reached;

	until_failure = n;
	ok = cades_sign(signer, content, COMMITMENT_ORIGIN, 1700000000, &p7s,
	    &err);
	reached = until_failure == 0;
	until_failure = 0;
	if (ok)
		ck_assert_msg(cades_verify(certs, buf_span(&p7s), content,
				  &found, &why),
		    "allocation %ld: %s", n, why.detail);
	else
		ck_assert_msg(err.kind == ERROR_SYSTEM && p7s.len == 0,
		    "allocation %ld: %s", n, err.detail);
	*num_refused += !ok;
	cades_free(&found);
	buf_free(&p7s);
	return reached;
}

START_TEST(what_is_signed_without_memory_verifies_or_is_refused)
{
	struct error err = { 0 };
	struct identity ca = fixture_ca("CA");
	struct identity signer = fixture_signer(&ca, "a@mofa.example", "");
	struct cert_cache *certs = cert_cache_new(&err);
	unsigned num_refused = 0;
	long n = 1;

	/* What OpenSSL makes once, at the first signature, is there. */
	sign_without(0, &signer, certs, &num_refused);
	ck_assert_uint_eq(num_refused, 0);
	while (sign_without(n, &signer, certs, &num_refused))
		n++;
	ck_assert_int_gt(n, 100);
	ck_assert_uint_gt(num_refused, 50);
	identity_free(&ca);
	identity_free(&signer);
	cert_cache_free(certs);
}
END_TEST

/* Judge with the n-th allocation failing.  False if there are not as many. */
static bool
judge_without(long n, struct trust *trust, const struct cert *cert)
{
	struct trust_result result;
	bool reached;

	until_failure = n;
	trust_issued(trust, cert, 1700000000, &result);
	reached = until_failure == 0;
	until_failure = 0;
	ck_assert_msg(result.state == TRUST_GOOD, "allocation %ld: %s", n,
	    result.text);
	return reached;
}

/* Judge with the n-th allocation failing and all after it, and once more. */
static void
judge_twice_without(long n, struct trust *trust, const struct cert *cert)
{
	struct trust_result result;

	goes_on = true;
	until_failure = n;
	trust_issued(trust, cert, 1700000000, &result);
	goes_on = false;
	until_failure = 0;
	trust_issued(trust, cert, 1700000000, &result);
	ck_assert_msg(result.state == TRUST_GOOD, "after allocation %ld: %s", n,
	    result.text);
}

START_TEST(what_is_judged_without_memory_is_judged_again)
{
	struct error err = { 0 };
	struct identity ca = fixture_ca("CA");
	struct identity signer = fixture_signer(&ca, "a@mofa.example", "");
	struct buf pem = BUF(10000);
	bool reached = true;
	long n;

	fixture_pem(ca.cert, &pem);
	/* Of a trust each, which remembers what it found. */
	for (n = 0; reached; n++) {
		struct trust *trust = trust_new(&err);

		ck_assert(trust != NULL &&
		    trust_add_ca(trust, "mofa", buf_span(&pem), &err));
		reached = judge_without(n, trust, signer.cert);
		trust_free(trust);
		trust = trust_new(&err);
		ck_assert(trust != NULL &&
		    trust_add_ca(trust, "mofa", buf_span(&pem), &err));
		judge_twice_without(n, trust, signer.cert);
		trust_free(trust);
	}
	ck_assert_int_gt(n, 20);
	buf_free(&pem);
	identity_free(&ca);
	identity_free(&signer);
}
END_TEST

static void
fill(TCase *t)
{
	tcase_add_test(t, what_is_judged_without_memory_is_judged_again);
	tcase_add_test(t, what_is_signed_without_memory_verifies_or_is_refused);
}

int
main(void)
{
	/* Before OpenSSL allocates anything. */
	if (CRYPTO_set_mem_functions(take, take_again, give) != 1)
		return 1;
	return run_tests("sign-memory", fill);
}
