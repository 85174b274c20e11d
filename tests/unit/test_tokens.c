/*
 * Time-stamp tokens: of the form that is accepted, or differing in one point.
 */
#include "pki/cades.h"
#include "pki/timestamp.h"
#include "token_fixture.h"

static const struct {
	enum token token;
	const char *says; /* NULL: it is in our form */
} tokens[] = {
	{ TOKEN, NULL },
	{ TOKEN_WITH_NULL, NULL },
	{ TOKEN_512, NULL },
	{ TOKEN_ALL, NULL },
	{ TOKEN_OTHER_TYPE, "not an RFC 3161" },
	{ TOKEN_NO_CONTENT, "not an RFC 3161" },
	{ TOKEN_TWO_SIGNERS, "one signer" },
	{ TOKEN_NO_SIGNER, "one signer" },
	{ TOKEN_NO_ATTRIBUTES, "one signer" },
	{ TOKEN_NO_CONTENT_TYPE, "one signer" },
	{ TOKEN_TWO_CONTENT_TYPES, "one signer" },
	{ TOKEN_OTHER_CONTENT_TYPE, "one signer" },
	{ TOKEN_LENGTHS, "not DER" },
	{ TOKEN_BOOLEAN, "BOOLEAN" },
	{ TOKEN_VERSION_2, "version 1" },
	{ TOKEN_BY_SHA1, "imprint" },
	{ TOKEN_SHORT_IMPRINT, "imprint" },
	{ TOKEN_NO_IMPRINT, "imprint" },
	{ TOKEN_NO_TIME, "time" },
	{ TOKEN_NO_SECONDS, "GeneralizedTime" },
	{ TOKEN_FEBRUARY, "time" },
	{ TOKEN_MORE, "more follows" },
	{ TOKEN_NO_CMS, "not an RFC 3161" },
};

START_TEST(a_timestamp_is_of_one_form)
{
	struct error err = { 0 };
	const bool good =
	    timestamp_check_form(token_of(tokens[_i].token), &err);

	ck_assert_msg(good == (tokens[_i].says == NULL), "%d: %s", _i,
	    err.detail);
	if (!good) {
		ck_assert_str_eq(err.code, "SIGNATURE_FORM");
		ck_assert_msg(strstr(err.detail, tokens[_i].says) != NULL,
		    "%d: %s", _i, err.detail);
	}
}
END_TEST

START_TEST(a_timestamp_has_few_digests_which_are_known)
{
	static const struct {
		enum token token;
		bool few;
	} rows[] = {
		{ TOKEN, true },
		{ TOKEN_MANY_DIGESTS, true },
		{ TOKEN_NO_DIGEST, false },
		{ TOKEN_TOO_MANY_DIGESTS, false },
		{ TOKEN_UNKNOWN_DIGEST, false },
	};
	struct error err = { 0 };

	for (size_t i = 0; i < COUNT(rows); i++)
		ck_assert_msg(timestamp_digests_are_few(
				  token_of(rows[i].token)) == rows[i].few,
		    "%zu", i);
	/* It is asked before OpenSSL is. */
	ck_assert(!cades_verify_timestamp(token_of(TOKEN_UNKNOWN_DIGEST),
	    content, &err));
	ck_assert_str_eq(err.code, "SIGNATURE_BROKEN");
}
END_TEST

START_TEST(every_truncation_of_a_timestamp_is_refused)
{
	const struct span good = token_of(TOKEN_ALL);

	for (size_t i = 0; i < good.len; i++) {
		struct error err = { 0 };

		ck_assert(!timestamp_check_form(span_of(good.data, i), &err));
		ck_assert_str_eq(err.code, "SIGNATURE_FORM");
	}
}
END_TEST

static void
fill(TCase *t)
{
	tcase_add_checked_fixture(t, NULL, empty_arena);
	tcase_add_loop_test(t, a_timestamp_is_of_one_form, 0, COUNT(tokens));
	tcase_add_test(t, a_timestamp_has_few_digests_which_are_known);
	tcase_add_test(t, every_truncation_of_a_timestamp_is_refused);
}

int
main(void)
{
	return run_tests("tokens", fill);
}
