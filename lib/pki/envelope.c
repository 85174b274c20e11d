/*
 * Encrypting to certificates and decrypting, in pieces (envelope.h).
 */
#include "pki/envelope.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/cms.h>
#include <openssl/err.h>

#include "base/file.h"

/*
 * Two kinds of BIO: one gives bytes to a sink, one reads part of a file.
 * OpenSSL's cipher hands over 4 KiB at a time. They are gathered here, since a
 * call into the kernel for each costs more than encrypting it.
 */
enum { PIPE_BYTES = 256 * 1024 };

struct pipe {
	byte_sink *sink;
	void *arg;
	int fd;
	uint64_t at, left; /* the part of the file that was not read yet */
	uint8_t *held;     /* PIPE_BYTES, on their way in or out */
	size_t from, until;
	struct error err; /* the first failure of either BIO */
};

static bool
pipe_flush(struct pipe *pipe)
{
	const size_t num = pipe->until;

	pipe->until = 0;
	return num == 0 ||
	    pipe->sink(pipe->arg, span_of(pipe->held, num), &pipe->err);
}

static int
pipe_write(BIO *bio, const char *data, int len)
{
	struct pipe *pipe = BIO_get_data(bio);
	int done = 0;

	BIO_clear_retry_flags(bio);
	while (done < len) {
		const size_t room = PIPE_BYTES - pipe->until;
		const size_t left = (size_t)(len - done);
		const size_t n = left < room ? left : room;

		memcpy(pipe->held + pipe->until, data + done, n);
		pipe->until += n;
		done += (int)n;
		if (pipe->until == PIPE_BYTES && !pipe_flush(pipe))
			return -1;
	}
	return done;
}

/* Read the next stretch of the file. */
static bool
pipe_fill(struct pipe *pipe)
{
	const size_t n =
	    pipe->left < PIPE_BYTES ? (size_t)pipe->left : PIPE_BYTES;

	pipe->from = pipe->until = 0;
	if (!file_pread(pipe->fd, pipe->held, n, (off_t)pipe->at, &pipe->err))
		return false;
	pipe->until = n;
	pipe->at += n;
	pipe->left -= n;
	return true;
}

static int
pipe_read(BIO *bio, char *data, int len)
{
	struct pipe *pipe = BIO_get_data(bio);
	size_t n = len > 0 ? (size_t)len : 0;

	BIO_clear_retry_flags(bio);
	if (pipe->from == pipe->until && pipe->left > 0 && n > 0 &&
	    !pipe_fill(pipe))
		return -1;
	if (n > pipe->until - pipe->from)
		n = pipe->until - pipe->from;
	memcpy(data, pipe->held + pipe->from, n);
	pipe->from += n;
	return (int)n;
}

static long
pipe_ctrl(BIO *bio, int command, long number, void *pointer)
{
	struct pipe *pipe = BIO_get_data(bio);

	(void)number, (void)pointer;
	if (command == BIO_CTRL_EOF)
		return pipe->left == 0 && pipe->from == pipe->until;
	return command == BIO_CTRL_FLUSH && pipe_flush(pipe);
}

static BIO *
pipe_bio(struct pipe *pipe, BIO_METHOD **method)
{
	BIO *bio = NULL;

	if ((pipe->held = malloc(PIPE_BYTES)) == NULL)
		return NULL;
	*method =
	    BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "valise");
	if (*method != NULL && BIO_meth_set_write(*method, pipe_write) == 1 &&
	    BIO_meth_set_read(*method, pipe_read) == 1 &&
	    BIO_meth_set_ctrl(*method, pipe_ctrl) == 1 &&
	    (bio = BIO_new(*method)) != NULL) {
		BIO_set_data(bio, pipe);
		BIO_set_init(bio, 1);
	}
	return bio;
}

/* --- Sealing. --- */

struct envelope {
	CMS_ContentInfo *cms;
	struct pipe pipe;
	BIO_METHOD *method;
	/* out is the end of chain, and everything before it encrypts */
	BIO *out, *chain;
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
	envelope->pipe = (struct pipe){ .sink = sink, .arg = arg };
	envelope->cms =
	    CMS_AuthEnvelopedData_create_ex(EVP_aes_256_gcm(), NULL, NULL);
	ok = (envelope->cms != NULL && num > 0 && num <= ENVELOPE_RECIPIENTS) ||
	    error_set_openssl(err, ERROR_SYSTEM, "CMS");
	for (size_t i = 0; ok && i < num; i++)
		ok = add_recipient(envelope->cms, recipients[i], err);
	if (ok) {
		envelope->out = pipe_bio(&envelope->pipe, &envelope->method);
		if (envelope->out != NULL)
			envelope->chain =
			    CMS_dataInit(envelope->cms, envelope->out);
		ok = envelope->chain != NULL ||
		    error_set_openssl(err, ERROR_SYSTEM, "CMS");
	}
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

	while (bytes.len > 0) {
		if (!span_take(&bytes, bytes.len < 65536 ? bytes.len : 65536,
			&part))
			return false;
		if (BIO_write(envelope->chain, part.data, (int)part.len) ==
		    (int)part.len)
			continue;
		if (envelope->pipe.err.kind != ERROR_NONE) {
			*err = envelope->pipe.err;
			return false;
		}
		return error_set_openssl(err, ERROR_SYSTEM, "encryption");
	}
	return true;
}

bool
envelope_end(struct envelope *envelope, struct buf *out, struct error *err)
{
	unsigned char *der = NULL;
	int len = 0;
	bool ok;

	ok = BIO_flush(envelope->chain) == 1 &&
	    CMS_dataFinal(envelope->cms, envelope->chain) == 1 &&
	    (len = i2d_CMS_ContentInfo(envelope->cms, &der)) > 0;
	if (!ok && envelope->pipe.err.kind != ERROR_NONE)
		*err = envelope->pipe.err;
	else if (!ok)
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
	BIO *bio = envelope->chain;

	/* Free the chain down to out, which is its end and the caller's. */
	while (bio != NULL && bio != envelope->out) {
		BIO *next = BIO_pop(bio);

		BIO_free(bio);
		bio = next;
	}
	BIO_free(envelope->out);
	free(envelope->pipe.held);
	BIO_meth_free(envelope->method);
	CMS_ContentInfo_free(envelope->cms);
	free(envelope);
}

/* --- Opening. --- */

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
	cms = d2i_CMS_ContentInfo(NULL, &at, (long)header.len);
	if (cms == NULL || at != header.data + header.len ||
	    OBJ_obj2nid(CMS_get0_type(cms)) !=
		NID_id_smime_ct_authEnvelopedData) {
		CMS_ContentInfo_free(cms);
		ERR_clear_error();
		error_set(err, ERROR_MALFORMED,
		    "not the CMS AuthEnvelopedData of a bag");
		return NULL;
	}
	return cms;
}

/*
 * Do what CMS_decrypt() does. Since the fixes of 2026 that one holds all of the
 * plaintext until the tag is checked; our caller does so in a file. A wrong tag
 * shows only in the cipher's status, and leaves no error.
 */
static bool
decrypt(CMS_ContentInfo *cms, const struct identity *recipient, BIO *from,
    byte_sink *sink, void *arg, struct error *err)
{
	uint8_t piece[65536] UNINITIALIZED;
	BIO *chain, *next;
	bool ok = true;
	int n = 0;

	if (CMS_decrypt_set1_pkey(cms, recipient->key, recipient->cert->x509) !=
		1 ||
	    (chain = CMS_dataInit(cms, from)) == NULL)
		return false;
	while (ok && (n = BIO_read(chain, piece, sizeof(piece))) > 0)
		ok = sink(arg, span_of(piece, (size_t)n), err);
	ok = ok && n == 0 && BIO_get_cipher_status(chain) == 1;
	for (; chain != NULL && chain != from; chain = next) {
		next = BIO_pop(chain);
		BIO_free(chain);
	}
	return ok;
}

bool
envelope_open(struct span header, const struct identity *recipient, int fd,
    uint64_t at, uint64_t len, byte_sink *sink, void *arg, struct error *err)
{
	CMS_ContentInfo *cms = parse_header(header, err);
	struct pipe in = { .fd = fd, .at = at, .left = len };
	BIO_METHOD *method = NULL;
	BIO *from;
	bool ok;

	if (cms == NULL)
		return false;
	from = pipe_bio(&in, &method);
	ok = from != NULL && decrypt(cms, recipient, from, sink, arg, err) &&
	    in.left == 0 && in.from == in.until;
	if (!ok && in.err.kind != ERROR_NONE)
		*err = in.err;
	else if (!ok && err->kind == ERROR_NONE)
		error_set(err, ERROR_UNTRUSTED,
		    "it is not encrypted to your office's key, or it was"
		    " altered on the way");
	ERR_clear_error();
	BIO_free(from);
	free(in.held);
	BIO_meth_free(method);
	CMS_ContentInfo_free(cms);
	return ok;
}
