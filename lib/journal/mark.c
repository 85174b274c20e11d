/*
 * Marks of proposals and of memories (mark.h).
 */
#include "journal/mark.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

static const char key_label[] = "valise key of proposal marks\n";
static const char *const labels[] = {
	[MARK_PROPOSAL] = "valise proposal\n",
	[MARK_MEMORY] = "valise memory\n",
};

static bool
hmac(struct span key, struct span text, struct digest *out, struct error *err)
{
	unsigned len = sizeof(out->bytes);

	return (HMAC(EVP_sha256(), key.data, (int)key.len, text.data, text.len,
		    out->bytes, &len) != NULL &&
		   len == sizeof(out->bytes)) ||
	    error_set(err, ERROR_SYSTEM, "HMAC-SHA-256 failed");
}

bool
mark_key(const struct note_signer *journal, struct digest *out,
    struct error *err)
{
	return hmac(span_of(journal->seed, sizeof(journal->seed)),
	    span_of_str(key_label), out, err);
}

bool
mark_make(enum mark kind, const struct digest *key, uint64_t number,
    const struct head *head, struct digest *out, struct error *err)
{
	struct buf text = BUF(128);
	const bool ok = buf_append_str(&text, labels[kind], err) &&
	    buf_append_u64(&text, number, err) &&
	    buf_append_u64(&text, head->size, err) &&
	    buf_append(&text, digest_span(&head->root), err) &&
	    hmac(digest_span(key), buf_span(&text), out, err);

	buf_free(&text);
	return ok;
}
