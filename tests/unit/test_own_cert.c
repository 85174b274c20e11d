/*
 * One's own certificates: a row for each check of the table, and for each file
 * that is something else.
 */
#include "unit.h"

#include <sys/stat.h>

#include <openssl/pem.h>

#include "base/time.h"
#include "client/own_cert.h"
#include "client/seen_clock.h"
#include "pki/pem.h"
#include "policy_fixture.h"

#define AT INT64_C(1800000000) /* 2027-01-15, for the test alone */

static struct identity mofa, iom, stranger, renewed;
static struct policy *policy;
static char dir[UNIT_DIR];

static void
set_up(void)
{
	unit_make_dir(dir);
	mofa = fixture_ca("MOFA CA");
	iom = fixture_ca("IOM CA");
	stranger = fixture_ca("Stranger CA");
	renewed = fixture_ca("MOFA CA");
	policy = fixture_policy(&mofa, &iom);
}

static void
tear_down(void)
{
	policy_free(policy);
	identity_free(&mofa);
	identity_free(&iom);
	identity_free(&stranger);
	identity_free(&renewed);
	unit_remove_dir(dir);
}

#define TO_CONNECT "critical,digitalSignature"
#define TO_SIGN    "critical,nonRepudiation"
#define TO_OPEN    "critical,keyAgreement"

static const struct {
	const char *what;
	enum own_cert_use use;
	const char *usage, *extended; /* NULL: to connect */
	const char *email;            /* NULL: a@mofa.example */
	const char *key;
	int64_t from_at, until_at;
	const struct identity *ca; /* NULL: MOFA's */
	bool nothing_known, cas_alone;
	int64_t seen_at;  /* 0: nothing was seen */
	const char *says; /* NULL: it is fit */
	enum error_kind kind;
} rows[] = {
	{ .what = "to connect" },
	{ .what = "to sign", .use = OWN_CERT_SIGN, .usage = TO_SIGN },
	{ .what = "to open", .use = OWN_CERT_OPEN, .usage = TO_OPEN },
	{ .what = "to the second", .from_at = AT, .until_at = AT },
	{ .what = "a clock that is a little behind",
	    .from_at = AT + TIME_SKEW_SECONDS },
	{ .what = "a bag's that has ended",
	    .use = OWN_CERT_OPEN,
	    .usage = TO_OPEN,
	    .until_at = AT - 1 },
	{ .what = "a bag's of a CA of before",
	    .use = OWN_CERT_OPEN,
	    .usage = TO_OPEN,
	    .ca = &stranger },
	{ .what = "a stranger's, where nothing is known",
	    .ca = &stranger,
	    .nothing_known = true },
	{ .what = "of no office, where offices are not known",
	    .email = "a@elsewhere.example",
	    .cas_alone = true },
	{ .what = "who signs may be of no office",
	    .use = OWN_CERT_SIGN,
	    .usage = TO_SIGN,
	    .email = "a@elsewhere.example" },

	{ .what = "a CA's of that name, whose key may be new", .ca = &renewed },
	{ .what = "the same, of no office",
	    .ca = &renewed,
	    .email = "a@elsewhere.example",
	    .says = "is of no office" },

	{ .what = "to sign, for connecting",
	    .usage = TO_SIGN,
	    .says = "FILE is a certificate to sign with, not a certificate to"
		    " connect with. Name the other one in NAME" },
	{ .what = "to connect, for signing",
	    .use = OWN_CERT_SIGN,
	    .says = "to connect with, not a certificate to sign with" },
	{ .what = "to connect, for bags",
	    .use = OWN_CERT_OPEN,
	    .says = "to connect with, not a certificate to open bags with" },
	{ .what = "a server's",
	    .extended = "serverAuth",
	    .says = "FILE is not a certificate to connect with" },
	{ .what = "ended",
	    .until_at = AT - 1,
	    .says = "FILE has expired: it ended 2027-01-15T07:59:59Z, and this"
		    " machine's clock says 2027-01-15T08:00:00Z. Ask your CA"
		    " (CN=MOFA CA) for a new one" },
	{ .what = "ended, to sign",
	    .use = OWN_CERT_SIGN,
	    .usage = TO_SIGN,
	    .until_at = AT - 1,
	    .says = "has expired" },
	{ .what = "not begun",
	    .from_at = AT + TIME_SKEW_SECONDS + 1,
	    .says = "FILE begins only 2027-01-15T08:05:01Z, and this machine's"
		    " clock says" },
	{ .what = "not begun, by a clock that was later before",
	    .from_at = AT + 1000,
	    .seen_at = AT + TIME_SKEW_SECONDS + 1,
	    .says = "this office saw the journal at 2027-01-15T08:05:01Z"
		    " already: the clock is wrong" },
	{ .what = "ended, by a clock that was later before",
	    .until_at = AT - 1,
	    .seen_at = AT + TIME_SKEW_SECONDS + 1,
	    .says = "ended 2027-01-15T07:59:59Z, by this machine's clock" },
	{ .what = "ended, by a clock that was a little later",
	    .until_at = AT - 1,
	    .seen_at = AT + TIME_SKEW_SECONDS,
	    .says = "has expired" },
	{ .what = "a weak key",
	    .key = "RSA-2048",
	    .says = "FILE: its key is RSA",
	    .kind = ERROR_UNTRUSTED },
	{ .what = "a stranger's",
	    .ca = &stranger,
	    .says = "FILE is of CN=Stranger CA: no CA of the policy that this"
		    " office accepted" },
	{ .what = "such a CA, to sign",
	    .use = OWN_CERT_SIGN,
	    .usage = TO_SIGN,
	    .ca = &stranger,
	    .says = "no CA of the policy" },
	{ .what = "such a CA, beside an enrolment",
	    .ca = &stranger,
	    .cas_alone = true,
	    .says = "no CA of the enrolment" },
	{ .what = "of no office",
	    .email = "a@elsewhere.example",
	    .says = "whom the policy that this office accepted does not know"
		    " (policies/offices.yaml: offices: \"a@elsewhere.example\""
		    " is of no office). Name your own in NAME" },
	{ .what = "the depositary's",
	    .email = "depositary@mofa.example",
	    .says = "its certificates belong to no office" },
};

static void
saw(int64_t at)
{
	struct seen_clock clock = { .num = 0 };
	struct error err = { 0 };

	clock_saw(&clock, 7, at * 1000, 0);
	ck_ok(clock_store(dir, &clock, &err), err);
}

START_TEST(a_certificate_is_fit_for_one_use)
{
	const bool connects = rows[_i].usage == NULL;
	const struct fixture_cert what = { .email = rows[_i].email != NULL
		    ? rows[_i].email
		    : "a@mofa.example",
		.key_usage = connects ? TO_CONNECT : rows[_i].usage,
		.extended = rows[_i].extended != NULL ? rows[_i].extended
		    : connects                        ? "clientAuth"
						      : NULL,
		.key = rows[_i].key,
		.from_at = rows[_i].from_at,
		.until_at = rows[_i].until_at };
	struct identity own =
	    fixture_issue(rows[_i].ca != NULL ? rows[_i].ca : &mofa, &what);
	struct own_cert_known known = { .use = rows[_i].use,
		.path = "FILE",
		.named_by = "NAME",
		.at = AT };
	struct error err = { 0 };
	bool fit;

	if (rows[_i].cas_alone)
		known.cas = policy->trust;
	else if (!rows[_i].nothing_known)
		known.policies[known.num_policies++] = policy;
	if (rows[_i].seen_at != 0) {
		saw(rows[_i].seen_at);
		known.state = dir;
	}
	fit = own_cert_judge(own.cert, &known, &err);
	ck_assert_msg(fit == (rows[_i].says == NULL), "%s: %s", rows[_i].what,
	    err.detail);
	ck_assert_msg(fit || strstr(err.detail, rows[_i].says) != NULL,
	    "%s: %s", rows[_i].what, err.detail);
	ck_assert_msg(fit ||
		err.kind ==
		    (rows[_i].kind != ERROR_NONE ? rows[_i].kind : ERROR_USAGE),
	    "%s: kind", rows[_i].what);
	identity_free(&own);
}
END_TEST

START_TEST(a_ca_s_own_is_for_nothing)
{
	for (int use = 0; use < OWN_CERT_USES; use++) {
		const struct own_cert_known known = {
			.use = (enum own_cert_use)use,
			.path = "FILE",
			.named_by = "NAME",
			.at = AT
		};
		struct error err = { 0 };

		ck_assert(!own_cert_judge(mofa.cert, &known, &err));
		ck_assert_ptr_nonnull(strstr(err.detail,
		    "FILE: its first certificate is a CA's (CN=MOFA CA)"));
	}
}
END_TEST

/* --- Of several policies, one is enough. --- */

START_TEST(a_policy_that_is_awaited_counts)
{
	struct policy *other = fixture_policy(&stranger, &iom);
	struct identity own =
	    fixture_connector(&stranger, "a@mofa.example", "");
	struct own_cert_known known = { .use = OWN_CERT_CONNECT,
		.path = "FILE",
		.named_by = "NAME",
		.policies = { policy },
		.num_policies = 1,
		.at = AT };
	struct error err = { 0 };

	ck_assert(!own_cert_judge(own.cert, &known, &err));
	known.policies[known.num_policies++] = other;
	err = (struct error){ 0 };
	ck_ok(own_cert_judge(own.cert, &known, &err), err);
	identity_free(&own);
	policy_free(other);
}
END_TEST

/* --- What a file is. --- */

static void
put(const char *name, struct span bytes, char path[FILE_PATH])
{
	struct error err = { 0 };

	ck_ok(file_join(path, dir, name, &err) &&
		file_write(path, bytes, 0600, &err),
	    err);
}

START_TEST(a_file_that_cannot_be_used_is_a_wrong_name)
{
	const struct private_rule rule = { .insecure = false };
	struct identity own = fixture_connector(&mofa, "a@mofa.example", ""),
			out;
	char cert[FILE_PATH], key[FILE_PATH], none[FILE_PATH];
	struct own_cert_known known = { .use = OWN_CERT_CONNECT,
		.named_by = "NAME",
		.at = AT };
	struct buf pem = BUF(10000), chain = BUF(20000);
	BIO *bio = BIO_new(BIO_s_mem());
	struct error err = { 0 };
	char *data;
	long len;

	fixture_pem(own.cert, &pem);
	put("cert", buf_span(&pem), cert);
	PEM_write_bio_PrivateKey(bio, own.key, NULL, NULL, 0, NULL, NULL);
	len = BIO_get_mem_data(bio, &data);
	put("key", span_of(data, (size_t)len), key);
	ck_ok(file_join(none, dir, "none", &err), err);
	known.path = cert;
	known.key_path = key;
	ck_ok(own_cert_load_named(&known, &rule, &out, &err), err);
	identity_free(&out);
	known.path = none;
	ck_assert(!own_cert_load_named(&known, &rule, &out, &err));
	ck_assert_int_eq(err.kind, ERROR_USAGE);
	ck_assert_ptr_nonnull(strstr(err.detail, "NAME names to connect"));
	known.path = key;
	ck_assert(!own_cert_load_named(&known, &rule, &out, &err));
	ck_assert_int_eq(err.kind, ERROR_USAGE);
	known.path = cert;
	known.key_path = none;
	ck_assert(!own_cert_load_named(&known, &rule, &out, &err));
	ck_assert_int_eq(err.kind, ERROR_USAGE);
	known.key_path = cert;
	ck_assert(!own_cert_load_named(&known, &rule, &out, &err));
	ck_assert_int_eq(err.kind, ERROR_USAGE);
	known.key_path = key;
	ck_assert_int_eq(chmod(key, 0644), 0);
	ck_assert(!own_cert_load_named(&known, &rule, &out, &err));
	ck_assert_int_eq(err.kind, ERROR_UNTRUSTED);
	ck_assert_int_eq(chmod(key, 0600), 0);
	/* Another's first. */
	identity_free(&own);
	own = fixture_connector(&mofa, "b@mofa.example", "");
	fixture_pem(own.cert, &chain);
	ck_ok(buf_append(&chain, buf_span(&pem), &err), err);
	put("chain", buf_span(&chain), cert);
	ck_assert(!own_cert_load_named(&known, &rule, &out, &err));
	ck_assert_int_eq(err.kind, ERROR_USAGE);
	ck_assert_ptr_nonnull(
	    strstr(err.detail, "is number 2 in it, and is to be the first"));
	put("other", buf_span(&pem), cert);
	BIO_free(bio);
	buf_free(&pem);
	buf_free(&chain);
	identity_free(&own);
}
END_TEST

static const struct {
	const char *text, *cert, *key;
} texts[] = {
	{ "", "it is empty", "it is empty" },
	{ "words", "there is no certificate in PEM",
	    "there is no private key in PEM" },
	{ "-----BEGIN CERTIFICATE-----\nAA==\n", "is damaged",
	    "not its private key" },
	{ "-----BEGIN TRUSTED CERTIFICATE-----\n", "is damaged",
	    "not its private key" },
	{ "-----BEGIN CERTIFICATE REQUEST-----\n", "it is the request",
	    "it is the request" },
	{ "-----BEGIN NEW CERTIFICATE REQUEST-----\n", "it is the request",
	    "it is the request" },
	{ "-----BEGIN PRIVATE KEY-----\n", "it is a private key", "damaged" },
	{ "-----BEGIN EC PRIVATE KEY-----\n", "it is a private key",
	    "damaged" },
	{ "-----BEGIN ENCRYPTED PRIVATE KEY-----\n", "it is a private key",
	    "is encrypted" },
	{ "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n",
	    "it is a private key", "is encrypted" },
	{ "-----BEGIN PUBLIC KEY-----\n", "it is a public key",
	    "it is a public key" },
	{ "-----BEGIN X509 CRL-----\n", "it is a revocation list",
	    "it is a revocation list" },
	{ "-----BEGIN PKCS7-----\n", "it is PKCS #7", "it is PKCS #7" },
	{ "words\n-----BEGIN CERTIFICATE-----", "is damaged",
	    "not its private key" },
	{ "-----BEGIN \nCERTIFICATE-----", "there is no certificate in PEM",
	    "there is no private key in PEM" },
};

START_TEST(a_text_is_told_by_its_label)
{
	const struct span text = span_of_str(texts[_i].text);

	ck_assert_ptr_nonnull(
	    strstr(pem_describe(text, PEM_CERT), texts[_i].cert));
	ck_assert_ptr_nonnull(
	    strstr(pem_describe(text, PEM_KEY), texts[_i].key));
}
END_TEST

START_TEST(der_is_told_by_what_it_is)
{
	unsigned char *der = NULL;
	struct buf list = BUF(10000);
	int len = i2d_X509(mofa.cert->x509, &der);
	struct span bytes = span_of(der, (size_t)len);

	ck_assert_ptr_nonnull(
	    strstr(pem_describe(bytes, PEM_CERT), "a certificate in DER"));
	ck_assert_ptr_nonnull(
	    strstr(pem_describe(bytes, PEM_KEY), "it is a certificate"));
	bytes.len--;
	ck_assert_ptr_nonnull(strstr(pem_describe(bytes, PEM_CERT), "no cert"));
	OPENSSL_free(der);
	der = NULL;
	len = i2d_PrivateKey(mofa.key, &der);
	bytes = span_of(der, (size_t)len);
	ck_assert_ptr_nonnull(
	    strstr(pem_describe(bytes, PEM_CERT), "it is a private key"));
	ck_assert_ptr_nonnull(
	    strstr(pem_describe(bytes, PEM_KEY), "a private key in DER"));
	OPENSSL_free(der);
	fixture_crl(&mofa, AT, AT + 1, NULL, 0, &list);
	ck_assert_ptr_nonnull(strstr(pem_describe(buf_span(&list), PEM_CERT),
	    "it is a revocation list"));
	buf_free(&list);
}
END_TEST

static void
fill(TCase *t)
{
	tcase_add_unchecked_fixture(t, set_up, tear_down);
	tcase_add_loop_test(t, a_certificate_is_fit_for_one_use, 0,
	    COUNT(rows));
	tcase_add_test(t, a_ca_s_own_is_for_nothing);
	tcase_add_test(t, a_policy_that_is_awaited_counts);
	tcase_add_test(t, a_file_that_cannot_be_used_is_a_wrong_name);
	tcase_add_loop_test(t, a_text_is_told_by_its_label, 0, COUNT(texts));
	tcase_add_test(t, der_is_told_by_what_it_is);
}

int
main(void)
{
	return run_tests("own_cert", fill);
}
