/*
 * Encrypting to certificates and decrypting, in pieces (envelope.h).
 */
#include "pki/envelope.h"

#include <stdlib.h>

#include <openssl/bio.h>
#include <openssl/cms.h>
#include <openssl/err.h>

#include "base/file.h"
#include "base/relay.h"
#include "pki/der.h"

/* --- Sealing. --- */

/*
 * OpenSSL's BIO of a cipher takes 4 KiB at a time and copies them.  It is made,
 * since the CMS keeps its tag by it, but the bytes go past it, to its cipher.
 */
struct envelope {
	CMS_ContentInfo *cms;
	BIO *chain, *nowhere; /* what the cipher's BIO would write to */
	EVP_CIPHER_CTX *cipher;
	struct relay *relay;
};

/* OpenSSL's own choice for the key derivation would be SHA-1. */
static bool
add_recipient(CMS_ContentInfo *cms, const struct cert *cert, struct error *err)
{
	CMS_RecipientInfo *one;
	EVP_PKEY_CTX *key;

	if (!cert->can_agree || !cert->is_strong)
		return error_set(err, ERROR_UNTRUSTED,
		    "%s: not a certificate to encrypt to (keyUsage is not"
		    " keyAgreement alone, or a weak key)",
		    cert->subject);
	one = CMS_add1_recipient_cert(cms, cert->x509,
	    CMS_KEY_PARAM | CMS_USE_KEYID);
	key = one != NULL ? CMS_RecipientInfo_get0_pkey_ctx(one) : NULL;
	return (key != NULL &&
		   EVP_PKEY_CTX_set_ecdh_kdf_md(key, EVP_sha256()) > 0) ||
	    error_set_openssl(err, ERROR_SYSTEM, "CMS recipient");
}

/* Free the BIOs from chain up to its end, nowhere. */
static void
free_chain(BIO *chain, BIO *nowhere)
{
	while (chain != NULL && chain != nowhere) {
		BIO *next = BIO_pop(chain);

		BIO_free(chain);
		chain = next;
	}
	BIO_free(nowhere);
}

/* Get the cipher of a CMS, its key set. */
static BIO *
cipher_bio(CMS_ContentInfo *cms, BIO **nowhere, EVP_CIPHER_CTX **cipher)
{
	BIO *chain;

	*cipher = NULL;
	if ((*nowhere = BIO_new(BIO_s_null())) == NULL)
		return NULL;
	chain = CMS_dataInit(cms, *nowhere);
	if (chain != NULL && BIO_get_cipher_ctx(chain, cipher) == 1 &&
	    *cipher != NULL)
		return chain;
	free_chain(chain, *nowhere);
	*nowhere = NULL;
	return NULL;
}

struct envelope *
envelope_new(struct cert *const recipients[], size_t num, byte_sink *sink,
    void *arg, struct error *err)
{
	struct envelope *envelope = calloc(1, sizeof(*envelope));
	bool ok;

	if (envelope == NULL) {
		error_set_errno(err, "CMS");
		return NULL;
	}
	envelope->cms =
	    CMS_AuthEnvelopedData_create_ex(EVP_aes_256_gcm(), NULL, NULL);
	ok = (envelope->cms != NULL && num > 0 && num <= ENVELOPE_RECIPIENTS) ||
	    error_set_openssl(err, ERROR_SYSTEM, "CMS");
	for (size_t i = 0; ok && i < num; i++)
		ok = add_recipient(envelope->cms, recipients[i], err);
	if (ok) {
		envelope->chain = cipher_bio(envelope->cms, &envelope->nowhere,
		    &envelope->cipher);
		ok = envelope->chain != NULL ||
		    error_set_openssl(err, ERROR_SYSTEM, "CMS");
	}
	ok = ok && (envelope->relay = relay_new(sink, arg, err)) != NULL;
	if (!ok) {
		envelope_free(envelope);
		return NULL;
	}
	return envelope;
}

bool
envelope_sink(void *arg, struct span bytes, struct error *err)
{
	struct envelope *envelope = arg;
	struct span part;
	uint8_t *to;
	size_t room;
	int len = 0;

	while (bytes.len > 0) {
		if ((to = relay_room(envelope->relay, &room, err)) == NULL ||
		    !span_take(&bytes, bytes.len < room ? bytes.len : room,
			&part))
			return false;
		if (EVP_CipherUpdate(envelope->cipher, to, &len, part.data,
			(int)part.len) != 1 ||
		    len != (int)part.len)
			return error_set_openssl(err, ERROR_SYSTEM,
			    "encryption");
		if (!relay_put(envelope->relay, part.len, err))
			return false;
	}
	return true;
}

bool
envelope_end(struct envelope *envelope, struct buf *out, struct error *err)
{
	unsigned char *der = NULL;
	int len = 0;
	bool ok;

	if (!relay_end(envelope->relay, err))
		return false;
	ok = (BIO_flush(envelope->chain) == 1 &&
		 CMS_dataFinal(envelope->cms, envelope->chain) == 1 &&
		 (len = i2d_CMS_ContentInfo(envelope->cms, &der)) > 0) ||
	    error_set_openssl(err, ERROR_SYSTEM, "encryption");
	ok = ok && buf_append(out, span_of(der, (size_t)len), err);
	OPENSSL_free(der);
	return ok;
}

void
envelope_free(struct envelope *envelope)
{
	if (envelope == NULL)
		return;
	relay_free(envelope->relay);
	free_chain(envelope->chain, envelope->nowhere);
	CMS_ContentInfo_free(envelope->cms);
	free(envelope);
}

/* --- Opening. --- */

/*
 * The one form that envelope_end() gives.  OpenSSL takes whatever cipher the
 * header names, for the content and for the key, and some of them write beyond
 * the room that it makes for them: unwrapping with id-aes256-wrap-pad does
 * (CRYPTO_128_unwrap_pad() wipes as many bytes as came in, not as go out).
 */
static const uint8_t oid_enveloped[] = { 0x06, 11, 0x2a, 0x86, 0x48, 0x86, 0xf7,
	0x0d, 0x01, 0x09, 0x10, 0x01, 0x17 };
static const uint8_t oid_data[] = { 0x06, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d,
	0x01, 0x07, 0x01 };
static const uint8_t oid_gcm[] = { 0x06, 9, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03,
	0x04, 0x01, 0x2e };
/* dhSinglePass-stdDH-sha256kdf-scheme, with id-aes256-wrap. */
static const uint8_t key_algorithm[] = { 0x30, 21, 0x06, 6, 0x2b, 0x81, 0x04,
	0x01, 0x0b, 0x01, 0x30, 11, 0x06, 9, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03,
	0x04, 0x01, 0x2d };

enum { NONCE = 12, TAG = 16, WRAPPED_KEY = 40 };

#define IS(tlv, bytes) span_eq((tlv).whole, span_of(bytes, sizeof(bytes)))

/* KeyAgreeRecipientInfo (RFC 5753 section 3.1): one key, for one recipient. */
static bool
is_recipient(struct span in)
{
	struct tlv version, originator, algorithm, keys, key, id, wrapped;

	return der_take_tag(&in, DER_INTEGER, &version) &&
	    der_take_tag(&in, DER_CONTEXT_0, &originator) &&
	    der_take_tag(&in, DER_SEQUENCE, &algorithm) &&
	    IS(algorithm, key_algorithm) &&
	    der_take_tag(&in, DER_SEQUENCE, &keys) && in.len == 0 &&
	    der_take_tag(&keys.value, DER_SEQUENCE, &key) &&
	    keys.value.len == 0 && der_take(&key.value, &id) &&
	    der_take_tag(&key.value, DER_OCTET_STRING, &wrapped) &&
	    key.value.len == 0 && wrapped.value.len == WRAPPED_KEY;
}

/* EncryptedContentInfo without content: GCMParameters (RFC 5084 3.2). */
static bool
is_content(struct span in)
{
	struct tlv type, algorithm, oid, parameters, nonce, tag;

	return der_take_tag(&in, DER_OID, &type) && IS(type, oid_data) &&
	    der_take_tag(&in, DER_SEQUENCE, &algorithm) && in.len == 0 &&
	    der_take_tag(&algorithm.value, DER_OID, &oid) && IS(oid, oid_gcm) &&
	    der_take_tag(&algorithm.value, DER_SEQUENCE, &parameters) &&
	    algorithm.value.len == 0 &&
	    der_take_tag(&parameters.value, DER_OCTET_STRING, &nonce) &&
	    nonce.value.len == NONCE &&
	    der_take_tag(&parameters.value, DER_INTEGER, &tag) &&
	    tag.value.len == 1 && tag.value.data[0] == TAG &&
	    parameters.value.len == 0;
}

static bool
is_form(struct span in)
{
	struct tlv info, type, tagged, body, version, recipients, one, content;
	struct tlv mac;
	size_t num = 0;

	if (!der_take_tag(&in, DER_SEQUENCE, &info) || in.len != 0 ||
	    !der_take_tag(&info.value, DER_OID, &type) ||
	    !IS(type, oid_enveloped) ||
	    !der_take_tag(&info.value, DER_CONTEXT_0, &tagged) ||
	    info.value.len != 0 ||
	    !der_take_tag(&tagged.value, DER_SEQUENCE, &body) ||
	    tagged.value.len != 0 ||
	    !der_take_tag(&body.value, DER_INTEGER, &version) ||
	    !der_take_tag(&body.value, DER_SET, &recipients) ||
	    !der_take_tag(&body.value, DER_SEQUENCE, &content) ||
	    !der_take_tag(&body.value, DER_OCTET_STRING, &mac) ||
	    body.value.len != 0)
		return false;
	for (; recipients.value.len > 0; num++)
		if (num == ENVELOPE_RECIPIENTS ||
		    !der_take_tag(&recipients.value, DER_CONTEXT_1, &one) ||
		    !is_recipient(one.value))
			return false;
	return num > 0 && mac.value.len == TAG && is_content(content.value);
}

static CMS_ContentInfo *
parse_header(struct span header, struct error *err)
{
	const unsigned char *at = header.data;
	CMS_ContentInfo *cms;

	if (header.len > LIMIT_SIGNATURE_BYTES) {
		error_set(err, ERROR_LIMIT, "a CMS header of %zu bytes",
		    header.len);
		return NULL;
	}
	cms = is_form(header) ? d2i_CMS_ContentInfo(NULL, &at, (long)header.len)
			      : NULL;
	if (cms == NULL || at != header.data + header.len) {
		CMS_ContentInfo_free(cms);
		ERR_clear_error();
		error_set(err, ERROR_MALFORMED,
		    "not the CMS AuthEnvelopedData of a bag");
		return NULL;
	}
	return cms;
}

/* Decrypt in place, piece by piece; a wrong tag shows in the last call. */
static bool
decrypt_pieces(EVP_CIPHER_CTX *cipher, int fd, uint64_t at, uint64_t left,
    byte_sink *sink, void *arg, struct error *err)
{
	uint8_t *piece = malloc(RELAY_PIECE);
	bool ok = piece != NULL || error_set_errno(err, "decryption");
	int len;

	while (ok && left > 0) {
		const size_t n =
		    left < RELAY_PIECE ? (size_t)left : RELAY_PIECE;

		ok = file_pread(fd, piece, n, (off_t)at, err) &&
		    EVP_CipherUpdate(cipher, piece, &len, piece, (int)n) == 1 &&
		    len == (int)n && sink(arg, span_of(piece, n), err);
		at += n;
		left -= n;
	}
	ok = ok && EVP_CipherFinal_ex(cipher, piece, &len) == 1;
	free(piece);
	return ok;
}

/*
 * Do what CMS_decrypt() does. Since the fixes of 2026 that one holds all of the
 * plaintext until the tag is checked; our caller does so in a file. A wrong tag
 * shows only in the cipher's status, and leaves no error.
 */
static bool
decrypt(CMS_ContentInfo *cms, const struct identity *recipient, int fd,
    uint64_t at, uint64_t len, byte_sink *sink, void *arg, struct error *err)
{
	EVP_CIPHER_CTX *cipher;
	BIO *chain, *nowhere = NULL;
	bool ok;

	if (CMS_decrypt_set1_pkey(cms, recipient->key, recipient->cert->x509) !=
		1 ||
	    (chain = cipher_bio(cms, &nowhere, &cipher)) == NULL)
		return false;
	ok = decrypt_pieces(cipher, fd, at, len, sink, arg, err);
	free_chain(chain, nowhere);
	return ok;
}

bool
envelope_open(struct span header, const struct identity *recipient, int fd,
    uint64_t at, uint64_t len, byte_sink *sink, void *arg, struct error *err)
{
	CMS_ContentInfo *cms = parse_header(header, err);
	bool ok;

	if (cms == NULL)
		return false;
	ok = decrypt(cms, recipient, fd, at, len, sink, arg, err);
	if (!ok && err->kind == ERROR_NONE)
		error_set(err, ERROR_UNTRUSTED,
		    "it is not encrypted to your office's key, or it was"
		    " altered on the way");
	ERR_clear_error();
	CMS_ContentInfo_free(cms);
	return ok;
}
