/*
 * The server's certificate, judged as offices will: a row for each check.
 */
#include "unit.h"

#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "daemon/server_cert.h"
#include "policy_fixture.h"

#define AT      INT64_C(1800000000) /* 2027-01-15, for the test alone */
#define FOR_ALL "critical,digitalSignature"

static struct identity mofa, iom, stranger;
static struct policy *policy;

static void
set_up(void)
{
	mofa = fixture_ca("MOFA CA");
	iom = fixture_ca("IOM CA");
	stranger = fixture_ca("MOFA CA");
	policy = fixture_policy(&mofa, &iom);
}

static void
tear_down(void)
{
	policy_free(policy);
	identity_free(&mofa);
	identity_free(&iom);
	identity_free(&stranger);
}

static struct identity
issue(const struct identity *ca, const struct fixture_cert *like)
{
	struct fixture_cert what = *like;

	if (what.email == NULL)
		what.email = "server";
	if (what.names == NULL)
		what.names = "DNS:valise.mofa.example";
	if (what.key_usage == NULL)
		what.key_usage = FOR_ALL;
	if (what.extended == NULL)
		what.extended = "serverAuth";
	return fixture_issue(ca, &what);
}

static SSL_CTX *
tls_of(const struct identity *server)
{
	SSL_CTX *tls = SSL_CTX_new(TLS_server_method());

	SSL_CTX_set_security_level(tls, 0);
	ck_assert_int_eq(SSL_CTX_use_certificate(tls, server->cert->x509), 1);
	return tls;
}

static const struct {
	const char *what;
	struct fixture_cert cert;
	const struct identity *ca; /* NULL: MOFA's */
	const char *address;       /* NULL: of valise.mofa.example */
	const char *earlier;       /* the CA before */
	int64_t at;                /* 0: AT */
	bool is_revoked, is_sha1;
	const char *says; /* NULL: it is fit */
	const char *never;
} rows[] = {
	{ .what = "a good one" },
	{ .what = "one of several names",
	    .cert = { .names = "IP:192.0.2.1,DNS:valise.mofa.example" } },
	{ .what = "a port", .address = "https://valise.mofa.example:8443" },
	{ .what = "great letters", .address = "https://Valise.MOFA.example" },
	{ .what = "a final dot", .address = "https://valise.mofa.example." },
	{ .what = "a wildcard", .cert = { .names = "DNS:*.mofa.example" } },
	{ .what = "an IPv4 address",
	    .cert = { .names = "IP:192.0.2.1" },
	    .address = "https://192.0.2.1:8443" },
	{ .what = "an IPv6 address",
	    .cert = { .names = "IP:2001:db8::1" },
	    .address = "https://[2001:db8::1]:8443" },
	{ .what = "RSA", .cert = { .key = "RSA-3072" } },
	{ .what = "of the CA before", .ca = &iom, .earlier = "iom" },
	{ .what = "to the second", .cert = { .from_at = AT, .until_at = AT } },

	{ .what = "another name",
	    .cert = { .names = "DNS:other.example,IP:192.0.2.1" },
	    .says = "it is for other.example, 192.0.2.1, not for"
		    " valise.mofa.example, the host of \"address\"" },
	{ .what = "no name of a host",
	    .cert = { .names = "email:a@mofa.example" },
	    .says = "it is for no host (subjectAltName), not for" },
	{ .what = "a common name is none",
	    .cert = { .email = "valise.mofa.example",
		.names = "email:a@mofa.example" },
	    .says = "it is for no host" },
	{ .what = "a wildcard of a part",
	    .cert = { .names = "DNS:v*.mofa.example" },
	    .says = "it is for v*.mofa.example, not for" },
	{ .what = "a wildcard of two labels",
	    .cert = { .names = "DNS:*.mofa.example" },
	    .address = "https://a.valise.mofa.example",
	    .says = "it is for *.mofa.example, not for a.valise" },
	{ .what = "an address as a name",
	    .cert = { .names = "DNS:192.0.2.1" },
	    .address = "https://192.0.2.1",
	    .says = "it is for 192.0.2.1, not for 192.0.2.1" },
	{ .what = "another address",
	    .cert = { .names = "IP:2001:db8::2" },
	    .address = "https://[2001:db8::1]",
	    .says = "it is for 2001:db8::2, not for 2001:db8::1" },
	{ .what = "it has ended",
	    .cert = { .until_at = AT - 1 },
	    .says = "it ended 2027-01-15T07:59:59Z",
	    .never = "does not lead" },
	{ .what = "it has not begun",
	    .cert = { .from_at = AT + 1 },
	    .says = "it begins only 2027-01-15T08:00:01Z",
	    .never = "does not lead" },
	{ .what = "another party's CA",
	    .ca = &iom,
	    .says = "it does not lead to CA \"mofa\", which the offices trust"
		    " (" },
	{ .what = "a CA of the same name",
	    .ca = &stranger,
	    .says = "it does not lead to CA \"mofa\"" },
	{ .what = "its CA has ended by then",
	    .cert = { .until_at = FIXTURE_UNTIL + 1000 },
	    .at = FIXTURE_UNTIL + 500,
	    .says = "it does not lead to CA \"mofa\"" },
	{ .what = "signed with SHA-1",
	    .is_sha1 = true,
	    .says = "it does not lead to CA \"mofa\"" },
	{ .what = "a client's",
	    .cert = { .extended = "clientAuth" },
	    .says = "it is not for a server",
	    .never = "does not lead" },
	{ .what = "one that may not sign",
	    .cert = { .key_usage = "critical,keyAgreement" },
	    .says = "it is not for a server" },
	{ .what = "a weak key",
	    .cert = { .key = "RSA-2048" },
	    .says = "its key is RSA" },
	{ .what = "revoked",
	    .is_revoked = true,
	    .says = "the certificate was revoked on" },
	{ .what = "two faults: the first",
	    .cert = { .until_at = AT - 1, .names = "DNS:other.example" },
	    .says = "it ended 2027-01-15T07:59:59Z; it is for other.example" },
};

static struct revocation *
make_lists(const struct cert *cert, bool is_revoked, struct crls **set)
{
	struct error err = { 0 };
	struct revocation *revocation = revocation_new(&err);
	struct buf der = BUF(10000);

	*set = crls_new(&err);
	fixture_crl(&mofa, AT - 100, AT + 100, is_revoked ? cert : NULL,
	    AT - 200, &der);
	ck_ok(crls_add(*set, buf_span(&der), NULL, &err) &&
		revocation_add(revocation, *set, policy->trust, 1, AT - 100,
		    &err),
	    err);
	buf_free(&der);
	return revocation;
}

/* Parsed anew: OpenSSL keeps what it found of a certificate. */
static void
sign_anew(struct identity *who, const struct identity *ca, const EVP_MD *digest)
{
	struct error err = { 0 };
	unsigned char *der = NULL;
	int len;

	ck_assert_int_gt(X509_sign(who->cert->x509, ca->key, digest), 0);
	len = i2d_X509(who->cert->x509, &der);
	ck_assert_int_gt(len, 0);
	cert_free(who->cert);
	who->cert = cert_parse(span_of(der, (size_t)len), &err);
	ck_assert_msg(who->cert != NULL, "%s", err.detail);
	OPENSSL_free(der);
}

START_TEST(a_certificate_is_fit_if_offices_accept_it)
{
	struct identity server =
	    issue(rows[_i].ca != NULL ? rows[_i].ca : &mofa, &rows[_i].cert);
	struct server_cert_known known = { .address = rows[_i].address != NULL
		    ? rows[_i].address
		    : "https://valise.mofa.example",
		.policy = policy,
		.at = rows[_i].at != 0 ? rows[_i].at : AT };
	struct error err = { 0 };
	struct crls *set;
	struct revocation *revocation =
	    make_lists(server.cert, rows[_i].is_revoked, &set);
	SSL_CTX *tls;
	bool fit;

	if (rows[_i].earlier != NULL)
		snprintf(known.earlier_ca, sizeof(known.earlier_ca), "%s",
		    rows[_i].earlier);
	if (rows[_i].is_sha1)
		sign_anew(&server, &mofa, EVP_sha1());
	known.revocation = revocation;
	tls = tls_of(&server);
	fit = server_cert_judge(tls, &known, &err);
	ck_assert_msg(fit == (rows[_i].says == NULL), "%s: %s", rows[_i].what,
	    err.detail);
	ck_assert_msg(fit || err.kind == ERROR_UNTRUSTED, "%s", rows[_i].what);
	ck_assert_msg(fit || strstr(err.detail, rows[_i].says) != NULL,
	    "%s: %s", rows[_i].what, err.detail);
	ck_assert_msg(rows[_i].never == NULL ||
		strstr(err.detail, rows[_i].never) == NULL,
	    "%s: %s", rows[_i].what, err.detail);
	SSL_CTX_free(tls);
	revocation_free(revocation);
	crls_free(set);
	identity_free(&server);
}
END_TEST

START_TEST(a_ca_for_clients_alone_makes_no_server)
{
	struct identity ca = fixture_ca("MOFA CA"), server;
	struct server_cert_known known = { .address =
					       "https://valise.mofa.example",
		.at = AT };
	X509_EXTENSION *clients =
	    X509V3_EXT_conf_nid(NULL, NULL, NID_ext_key_usage, "clientAuth");
	struct error err = { 0 };
	struct policy *its;
	SSL_CTX *tls;

	X509_add_ext(ca.cert->x509, clients, -1);
	X509_EXTENSION_free(clients);
	sign_anew(&ca, &ca, EVP_sha256());
	server = issue(&ca, &(struct fixture_cert){ 0 });
	known.policy = its = fixture_policy(&ca, &iom);
	tls = tls_of(&server);
	ck_assert(!server_cert_judge(tls, &known, &err));
	ck_assert_ptr_nonnull(strstr(err.detail, "does not lead to CA"));
	SSL_CTX_free(tls);
	policy_free(its);
	identity_free(&server);
	identity_free(&ca);
}
END_TEST

START_TEST(lists_that_are_not_there_judge_nothing)
{
	struct identity server = issue(&mofa, &(struct fixture_cert){ 0 });
	struct server_cert_known known = { .address =
					       "https://valise.mofa.example",
		.policy = policy,
		.at = AT };
	struct error err = { 0 };
	SSL_CTX *tls = tls_of(&server);

	ck_ok(server_cert_judge(tls, &known, &err), err);
	SSL_CTX_free(tls);
	tls = SSL_CTX_new(TLS_server_method());
	ck_assert(!server_cert_judge(tls, &known, &err));
	ck_assert_int_eq(err.kind, ERROR_UNTRUSTED);
	SSL_CTX_free(tls);
	identity_free(&server);
}
END_TEST

START_TEST(two_are_the_same_by_their_bytes)
{
	struct identity one = issue(&mofa, &(struct fixture_cert){ 0 }),
			other = issue(&mofa, &(struct fixture_cert){ 0 });
	SSL_CTX *a = tls_of(&one), *b = tls_of(&one), *c = tls_of(&other);

	ck_assert(server_cert_same(a, b));
	ck_assert(!server_cert_same(a, c));
	SSL_CTX_free(a);
	SSL_CTX_free(b);
	SSL_CTX_free(c);
	identity_free(&one);
	identity_free(&other);
}
END_TEST

static const struct {
	const char *address, *host;
} hosts[] = {
	{ "https://valise.mofa.example", "valise.mofa.example" },
	{ "https://valise.mofa.example:8443", "valise.mofa.example" },
	{ "https://valise.mofa.example.:8443", "valise.mofa.example" },
	{ "https://192.0.2.1:1", "192.0.2.1" },
	{ "https://[::1]:8443", "::1" },
	{ "https://[::1]", "::1" },
};

START_TEST(the_host_of_an_address)
{
	char host[256];

	server_cert_host(hosts[_i].address, host);
	ck_assert_str_eq(host, hosts[_i].host);
}
END_TEST

static void
fill(TCase *t)
{
	tcase_add_unchecked_fixture(t, set_up, tear_down);
	tcase_add_loop_test(t, a_certificate_is_fit_if_offices_accept_it, 0,
	    COUNT(rows));
	tcase_add_test(t, a_ca_for_clients_alone_makes_no_server);
	tcase_add_test(t, lists_that_are_not_there_judge_nothing);
	tcase_add_test(t, two_are_the_same_by_their_bytes);
	tcase_add_loop_test(t, the_host_of_an_address, 0, COUNT(hosts));
}

int
main(void)
{
	return run_tests("server_cert", fill);
}
