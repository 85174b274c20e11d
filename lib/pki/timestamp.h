/*
 * timestamp.h - the one form of a timestamp on a signature of ours.
 *
 * Source: RFC 3161 section 2.4.2; RFC 5652 sections 5 and 11.1.
 * A token within a signature that der_check() has passed is DER; its TSTInfo
 * lies in an OCTET STRING and is looked at here.  Other makers' tokens may be
 * in other forms: cades_verify_timestamp() takes them.
 */
#ifndef PKI_TIMESTAMP_H
#define PKI_TIMESTAMP_H

#include "base/bytes.h"

/*
 * Parse a token of one signer, whose content-type is id-ct-TSTInfo, over a
 * TSTInfo in DER: of version 1, with an imprint of SHA-256, 384 or 512, and a
 * time that exists. Nothing is verified.
 *
 * ERROR_MALFORMED  SIGNATURE_FORM: it is not such a token
 */
bool timestamp_check_form(struct span token, struct error *err) MUST_USE;

/*
 * False if a token's digestAlgorithms are none, more than LIMIT_FOREIGN_SIGNERS,
 * or not all known here: OpenSSL makes a filter for each, which all content
 * passes, and gives up halfway at an unknown one.  So this is asked before it.
 * True too of what is not DER up to there.
 */
bool timestamp_digests_are_few(struct span token) MUST_USE;

#endif
