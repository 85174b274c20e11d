/*
 * What is signed while memory runs out is either whole or refused: each of
 * OpenSSL's allocations fails, one after another.
 */
#include "unit.h"

#include <openssl/crypto.h>

#include "pki/cades.h"
#include "pki_fixture.h"

static long until_failure; /* so many allocations from now; 0: none */

/* True if this allocation is the one that fails. */
static bool
fails(void)
{
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

static void
fill(TCase *t)
{
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
