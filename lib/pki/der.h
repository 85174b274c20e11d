/*
 * der.h - just enough DER to take the certificates out of a CMS unparsed.
 *
 * Source: X.690 section 10; RFC 5652 section 5.1.  Parsing certificates is
 * three quarters of what verifying a CMS costs; here their bytes are found,
 * so that those seen before need not be parsed again.
 */
#ifndef PKI_DER_H
#define PKI_DER_H

#include "base/bytes.h"

/*
 * Append to out the ContentInfo of SignedData cms without its certificates and
 * CRLs; certs gets the certificates' bytes, within cms.
 *
 * ERROR_MALFORMED  not DER, not SignedData, or bytes follow
 * ERROR_LIMIT      more than max_certs certificates
 */
bool der_strip_signed_data(struct span cms, struct buf *out,
    struct span certs[], size_t max_certs, size_t *num_certs,
    struct error *err) MUST_USE;

#endif
