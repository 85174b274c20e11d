/*
 * settings.h - what the daemon is configured with, loaded and checked: at the
 * start, by "valised --check" and at each reload.
 */
#ifndef DAEMON_SETTINGS_H
#define DAEMON_SETTINGS_H

#include "daemon/config.h"
#include "daemon/lists.h"
#include "record/record.h"

/*
 * Load policy, CRLs and certificates, that is, all but the data. look gets the
 * CRLs that were left out. Certificates and keys must be readable, and the
 * server's key must fit; whether both certificates are good is asked below.
 */
bool settings_load(const struct config *config, struct policy **policy,
    struct crl_set **crls, struct lists_look *look, void **tls,
    struct error *err) MUST_USE;

/* The parts of it. NULL on failure. */
struct policy *settings_policy(const struct config *config, struct error *err);
/* An SSL_CTX for the CAs of a policy. */
void *settings_tls(const struct config *config, const struct policy *policy,
    struct error *err);
/* Another one, with the certificate and the key of that one. */
void *settings_tls_again(void *tls, const struct policy *policy,
    struct error *err);

/*
 * Will offices accept the server's certificate, that of tls, by this policy and
 * these lists (server_cert.h)?  record is NULL if no journal is open.
 *
 * ERROR_UNTRUSTED  they will not
 */
bool settings_check_server(const struct config *config,
    const struct record *record, const struct policy *policy,
    const struct crl_set *crls, void *tls, struct error *err) MUST_USE;

/*
 * Are the keys that the signer holds there, its own, and nobody else's to read?
 * For "valised --check": the server's process cannot read them.
 */
bool settings_check_keys(const struct config *config,
    struct error *err) MUST_USE;

/* Returns the depositary's certificate; NULL on failure. */
struct cert *settings_depositary(const struct config *config,
    struct error *err);
/*
 * Is a certificate good as the depositary's, and the policy's, by all that the
 * library knows and by crls? Also if no list tells (seal.h), unless is_told.
 * library is NULL if no journal is open.
 *
 * ERROR_UNTRUSTED  it is not; the sentence names its file
 */
bool settings_judge_depositary(const struct config *config,
    const struct library *library, const struct policy *policy,
    const struct crl_set *crls, const struct cert *cert, bool is_told,
    struct error *err) MUST_USE;
/* The same of the one in the file, without a journal. */
bool settings_check_depositary(const struct config *config,
    const struct policy *policy, const struct crl_set *crls,
    struct error *err) MUST_USE;

#endif
