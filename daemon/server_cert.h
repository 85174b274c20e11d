/*
 * server_cert.h - is the server's certificate one that the offices' commands
 * accept when they connect?  Asked by "valised --check", at the start, at each
 * reload, and every minute while the daemon runs.
 *
 * Source: RFC 5280 section 6; RFC 9525 (names are those of subjectAltName).  It
 * is judged by OpenSSL, as libcurl does for a command (lib/remote).
 */
#ifndef DAEMON_SERVER_CERT_H
#define DAEMON_SERVER_CERT_H

#include "daemon/config.h"
#include "record/record.h"

/* What the offices know, and the time. */
struct server_cert_known {
	const char *address;         /* https://HOST[:PORT], as enrolled */
	const struct policy *policy; /* its depositary's CA is trusted */
	/* The CA that the depositary had before, trusted too; "" if none. */
	char earlier_ca[POLICY_NAME];
	/* What lists tell; NULL: nothing is known. */
	const struct revocation *revocation;
	int64_t at; /* UTC seconds */
};

/*
 * Judge the certificate of an SSL_CTX, with those that it sends beside it: its
 * dates, whether it has the host of the address, whether it is a server's, its
 * key, its CA, and whether it was revoked.
 *
 * ERROR_UNTRUSTED  it is unfit: the sentence has all that is wrong with it
 */
bool server_cert_judge(void *tls, const struct server_cert_known *known,
    struct error *err) MUST_USE;

/* True if both have the same certificate. */
bool server_cert_same(void *tls, void *other);
/*
 * Get the CA that the depositary had by the last policy of the journal that
 * names another one than this policy: offices go on to trust it while it is in
 * the policy (docs/security.md, "The connection"). Empty if there is none, or if
 * the certificate is not of another CA than this policy's.
 */
void server_cert_earlier_ca(void *tls, const struct policy *policy,
    const struct record *record, char out[POLICY_NAME]);
/* The same from a data folder that is not open. */
void server_cert_earlier_ca_of(void *tls, const struct policy *policy,
    const struct data_place *place, char out[POLICY_NAME]);

/* Get the host of an address, without brackets and a final dot. */
void server_cert_host(const char *address, char out[256]);

#endif
