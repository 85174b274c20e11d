/*
 * envelope.h - encryption to certificates: CMS AuthEnvelopedData (RFC 5083)
 * with AES-256-GCM (RFC 5084), each recipient by ephemeral-static ECDH with
 * SHA-256 (RFC 5753).  The ciphertext stands apart from the CMS, so that
 * gigabytes go through in constant memory.
 *
 *	openssl cms -decrypt -inform DER -in HEADER -content CIPHERTEXT \
 *	    -binary -recip CERT -inkey KEY -out PLAINTEXT
 */
#ifndef PKI_ENVELOPE_H
#define PKI_ENVELOPE_H

#include "pki/identity.h"

enum { ENVELOPE_RECIPIENTS = 16 };

/*
 * Encrypt to certificates whose keyUsage is keyAgreement alone. The ciphertext
 * goes to sink, as many bytes as there is plaintext; sink may be called on a
 * second thread (base/relay.h) until envelope_end() or envelope_free().
 */
struct envelope;
struct envelope *envelope_new(struct cert *const recipients[], size_t num,
    byte_sink *sink, void *arg, struct error *err);
/* A byte_sink. */
bool envelope_sink(void *envelope, struct span bytes, struct error *err);
/* End, and append the header (DER) to out. Without it nothing can be read. */
bool envelope_end(struct envelope *envelope, struct buf *out,
    struct error *err) MUST_USE;
void envelope_free(struct envelope *envelope);

/*
 * Decrypt [at, at + len) of a file. The plaintext goes to sink BEFORE it is
 * known to be right. Use it only if this returns true, else throw it away.
 *
 * ERROR_MALFORMED  the header is not such a CMS, in the form of envelope_end():
 *                  AES-256-GCM, at most ENVELOPE_RECIPIENTS keys, each wrapped
 *                  by id-aes256-wrap
 * ERROR_UNTRUSTED  not for this key, or altered
 */
bool envelope_open(struct span header, const struct identity *recipient, int fd,
    uint64_t at, uint64_t len, byte_sink *sink, void *arg,
    struct error *err) MUST_USE;

#endif
