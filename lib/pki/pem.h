/*
 * pem.h - what a file is in which a certificate or a private key was looked for
 * in vain, in words for whoever named it.
 *
 * Source: RFC 7468 (labels of PEM), RFC 5280, RFC 5958, RFC 7292.
 */
#ifndef PKI_PEM_H
#define PKI_PEM_H

#include "base/bytes.h"

enum pem_want { PEM_CERT, PEM_KEY };

/*
 * Returns what these bytes are, which are not what was wanted, and what makes
 * that of them: "it is a certificate in DER: openssl x509 …".  Never NULL.
 */
const char *pem_describe(struct span bytes, enum pem_want want);

/* True if a private key in it is encrypted. */
bool pem_is_encrypted(struct span bytes);

#endif
