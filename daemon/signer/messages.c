/*
 * The messages between server and signer: sending, receiving, encoding and
 * parsing them (messages.h).
 */
#include "daemon/signer/messages.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "base/text.h"
#include "document/container.h"

enum { HEADER = 5 }; /* one byte of kind, four bytes of length */

static bool
write_all(int fd, struct span bytes)
{
	struct span part;

	while (bytes.len > 0) {
		const ssize_t n = send(fd, bytes.data, bytes.len, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0 || !span_take(&bytes, (size_t)n, &part))
			return false;
	}
	return true;
}

/* Read at most len bytes.  Returns how many; 0: the other side has closed. */
static size_t
read_some(int fd, uint8_t *out, size_t len)
{
	ssize_t n;

	do
		n = recv(fd, out, len, 0);
	while (n < 0 && errno == EINTR);
	return n > 0 ? (size_t)n : 0;
}

/* Send a byte of kind, a u32 length, and the body. */
bool
signer_send(int fd, uint8_t what, struct span body)
{
	struct buf message = BUF(LIMIT_SIGNER_REQUEST + 16);
	struct error ignored = { 0 };
	bool ok;

	ok = buf_append_u8(&message, what, &ignored) &&
	    buf_append_block(&message, body, &ignored) &&
	    write_all(fd, buf_span(&message));
	buf_free(&message);
	return ok;
}

/*
 * Each side waits for the other's answer, so no bytes of a second message
 * follow.
 */
bool
signer_receive(int fd, uint8_t *what, struct buf *body)
{
	uint8_t bytes[8192] UNINITIALIZED;
	struct error ignored = { 0 };
	struct span rest;
	size_t num = 0, n;
	uint32_t len;

	body->len = 0;
	while (num < HEADER) {
		if ((n = read_some(fd, bytes + num, sizeof(bytes) - num)) == 0)
			return false;
		num += n;
	}
	rest = span_of(bytes, num);
	if (!span_take_u8(&rest, what) || !span_take_u32(&rest, &len) ||
	    len > LIMIT_SIGNER_REQUEST || rest.len > len ||
	    !buf_append(body, rest, &ignored))
		return false;
	while (body->len < len) {
		num = len - body->len;
		if ((n = read_some(fd, bytes,
			 num < sizeof(bytes) ? num : sizeof(bytes))) == 0 ||
		    !buf_append(body, span_of(bytes, n), &ignored))
			return false;
	}
	return true;
}

static bool
take_file(struct span *body, struct manifest *out, struct error *err)
{
	char name[LIMIT_PATH_BYTES + 1], type[LIMIT_MEDIA_BYTES + 1];
	struct span path, media, raw;
	struct digest digest;

	if (!span_take_block(body, &path) ||
	    !span_to_str(path, name, sizeof(name)) ||
	    !span_take_block(body, &media) || !text_is_media(media) ||
	    !span_to_str(media, type, sizeof(type)) ||
	    !span_take(body, 32, &raw))
		return error_set(err, ERROR_MALFORMED, "seal request");
	memcpy(digest.bytes, raw.data, 32);
	return text_check_path(path, err) &&
	    manifest_add(out, name, type, &digest, err);
}

bool
signer_take_seal(struct span body, struct manifest *out, struct error *err)
{
	*out = (struct manifest){ 0 };
	snprintf(out->signature, sizeof(out->signature), "%s", PATH_SEAL);
	while (body.len > 0)
		if (!take_file(&body, out, err))
			return false;
	return true;
}

bool
signer_encode_commit(const struct commit_fields *fields, struct buf *out,
    struct error *err)
{
	return buf_append_block(out, span_of_str(fields->act), err) &&
	    buf_append_block(out, span_of_str(fields->document), err) &&
	    buf_append_u32(out, fields->version, err) &&
	    buf_append_block(out, span_of_str(fields->person), err) &&
	    buf_append_u64(out, (uint64_t)fields->at, err) &&
	    buf_append(out, span_of(fields->tree.bytes, OID_BYTES), err) &&
	    buf_append_u8(out, fields->has_parent, err) &&
	    buf_append(out, span_of(fields->parent.bytes, OID_BYTES), err) &&
	    buf_append(out, digest_span(&fields->digest), err) &&
	    buf_append(out, digest_span(&fields->contents), err);
}

/*
 * Take the names of a commit and check them: the signer signs nothing under an
 * invalid name.
 */
static bool
take_names(struct span *body, struct commit_fields *out)
{
	struct span act, document, person;
	struct error ignored = { 0 };

	return span_take_block(body, &act) && text_is_slug(act) &&
	    span_to_str(act, out->act, sizeof(out->act)) &&
	    span_take_block(body, &document) &&
	    (document.len == 0 ||
		(document_name_check(document, &ignored) &&
		    span_to_str(document, out->document,
			sizeof(out->document)))) &&
	    span_take_u32(body, &out->version) &&
	    span_take_block(body, &person) &&
	    (person.len == 0 ||
		(text_is_email(person) &&
		    span_to_str(person, out->person, sizeof(out->person))));
}

static bool
take_bytes(struct span *body, uint8_t *out, size_t len)
{
	struct span raw;

	if (!span_take(body, len, &raw))
		return false;
	memcpy(out, raw.data, len);
	return true;
}

bool
signer_take_commit(struct span body, struct commit_fields *out)
{
	uint8_t has_parent;
	uint64_t at;

	*out = (struct commit_fields){ .version = 0 };
	if (!take_names(&body, out) || !span_take_u64(&body, &at) ||
	    at > INT64_MAX || !take_bytes(&body, out->tree.bytes, OID_BYTES) ||
	    !span_take_u8(&body, &has_parent) ||
	    !take_bytes(&body, out->parent.bytes, OID_BYTES) ||
	    !take_bytes(&body, out->digest.bytes, 32) ||
	    !take_bytes(&body, out->contents.bytes, 32) || body.len != 0)
		return false;
	out->at = (int64_t)at;
	out->has_parent = has_parent == 1;
	return true;
}

bool
signer_encode_checkpoint(const struct head *head,
    const struct merkle_proof *proof, struct buf *out, struct error *err)
{
	bool ok = buf_append_u64(out, head->size, err) &&
	    buf_append_u64(out, (uint64_t)head->time_ms, err) &&
	    buf_append(out, digest_span(&head->root), err);

	for (size_t i = 0; ok && i < proof->num; i++)
		ok = buf_append(out, digest_span(&proof->hashes[i]), err);
	return ok;
}

bool
signer_take_checkpoint(struct span body, struct head *head,
    struct merkle_proof *proof)
{
	struct span raw;
	uint64_t time;

	if (!span_take_u64(&body, &head->size) ||
	    !span_take_u64(&body, &time) || !span_take(&body, 32, &raw))
		return false;
	head->time_ms = (int64_t)time;
	memcpy(head->root.bytes, raw.data, 32);
	proof->num = 0;
	while (body.len > 0) {
		if (proof->num == LIMIT_PROOF_HASHES ||
		    !span_take(&body, 32, &raw))
			return false;
		memcpy(proof->hashes[proof->num++].bytes, raw.data, 32);
	}
	return true;
}

bool
signer_encode_mark(uint64_t number, const struct head *head,
    const struct digest *mark, struct buf *out, struct error *err)
{
	return buf_append_u64(out, number, err) &&
	    buf_append_u64(out, head->size, err) &&
	    buf_append(out, digest_span(&head->root), err) &&
	    (mark == NULL || buf_append(out, digest_span(mark), err));
}

bool
signer_take_mark(struct span body, uint64_t *number, struct head *head,
    struct digest *mark)
{
	*head = (struct head){ .size = 0 };
	return span_take_u64(&body, number) &&
	    span_take_u64(&body, &head->size) &&
	    take_bytes(&body, head->root.bytes, 32) &&
	    (mark == NULL || take_bytes(&body, mark->bytes, 32)) &&
	    body.len == 0;
}
