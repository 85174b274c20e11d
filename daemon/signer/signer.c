#include "daemon/signer/signer.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "base/text.h"
#include "base/time.h"
#include "daemon/confine.h"
#include "daemon/log.h"
#include "document/manifest.h"
#include "document/name.h"
#include "journal/entry.h"
#include "pki/cades.h"

enum request {
	REQUEST_STATE = 1,
	REQUEST_SEAL,
	REQUEST_COMMIT,
	REQUEST_CHECKPOINT
};

/* --- Memory: two slots, so that a torn write leaves the other. --- */

enum { SLOT = 512, RECORD = 8 + 8 + 8 + 8 + 32 + 64 };

static const char memory_magic[] = "VALSIGN1";

struct memory {
	int fd;
	uint64_t sequence;
	struct head head;
	bool failed;
};

static bool
encode_slot(const struct memory *memory, struct buf *out, struct error *err)
{
	struct digest check;

	if (!buf_append(out, span_of(memory_magic, 8), err) ||
	    !buf_append_u64(out, memory->sequence, err) ||
	    !buf_append_u64(out, memory->head.size, err) ||
	    !buf_append_u64(out, (uint64_t)memory->head.time_ms, err) ||
	    !buf_append(out, digest_span(&memory->head.root), err) ||
	    !buf_append(out, span_of(memory->head.signature, 64), err))
		return false;
	check = sha256_of(buf_span(out));
	return buf_append(out, digest_span(&check), err);
}

static bool
parse_slot(struct span slot, struct memory *out)
{
	const struct digest sum = sha256_of(span_sub(slot, 0, RECORD));
	struct span magic, root, signature, check;
	uint64_t time;

	if (!span_take(&slot, 8, &magic) ||
	    !span_eq(magic, span_of(memory_magic, 8)) ||
	    !span_take_u64(&slot, &out->sequence) ||
	    !span_take_u64(&slot, &out->head.size) ||
	    !span_take_u64(&slot, &time) || !span_take(&slot, 32, &root) ||
	    !span_take(&slot, 64, &signature) || !span_take(&slot, 32, &check))
		return false;
	out->head.time_ms = (int64_t)time;
	memcpy(out->head.root.bytes, root.data, 32);
	memcpy(out->head.signature, signature.data, 64);
	return span_eq(check, digest_span(&sum));
}

static bool
memory_write(struct memory *memory, struct error *err)
{
	struct buf slot = BUF(SLOT);
	bool ok;

	ok = encode_slot(memory, &slot, err) &&
	    file_pwrite(memory->fd, buf_span(&slot),
		(off_t)(memory->sequence % 2 * SLOT), err);
	if (ok && fdatasync(memory->fd) != 0)
		ok = error_set_errno(err, "flush");
	buf_free(&slot);
	/* A flush that failed is never retried (what it lost is not known). */
	if (!ok)
		memory->failed = true;
	return ok || error_context(err, "signer's memory");
}

static bool
memory_open(const char *path, int flags, struct memory *out, struct error *err)
{
	uint8_t slots[2 * SLOT] = { 0 };
	bool found = false;

	*out = (struct memory){ .fd = open(path, flags | O_CLOEXEC) };
	if (out->fd < 0 && errno == ENOENT)
		return error_set(err, ERROR_UNTRUSTED,
		    "%s is not there: without it a fork of the journal could"
		    " be signed. A backup is brought back with \"valised"
		    " restore\"",
		    path);
	if (out->fd < 0)
		return error_set_errno(err, "%s", path);
	if (!file_pread(out->fd, slots, sizeof(slots), 0, err))
		return error_context(err, "%s", path);
	for (unsigned i = 0; i < 2; i++) {
		struct memory one = { .fd = out->fd };

		if (parse_slot(span_of(slots + i * SLOT, SLOT), &one) &&
		    (!found || one.sequence > out->sequence)) {
			*out = one;
			found = true;
		}
	}
	return found ||
	    error_set(err, ERROR_UNTRUSTED,
		"%s is damaged: without it a fork of the journal could be"
		" signed; see \"A damaged journal\" in the operations manual",
		path);
}

bool
signer_remembered(const char *data, struct head *head, struct error *err)
{
	char path[FILE_PATH];
	struct memory memory = { .fd = -1 };
	bool ok;

	ok = file_join(path, data, "signer/memory", err) &&
	    memory_open(path, O_RDONLY, &memory, err);
	if (ok)
		*head = memory.head;
	if (memory.fd >= 0)
		close(memory.fd);
	return ok;
}

/* Both slots; the second one counts. */
static bool
encode_memory(const struct head *head, struct buf *out, struct error *err)
{
	struct memory memory = { .head = *head };
	bool ok = true;

	for (uint64_t i = 0; ok && i < 2; i++) {
		memory.sequence = i;
		ok = encode_slot(&memory, out, err);
		while (ok && out->len < (i + 1) * SLOT)
			ok = buf_append_u8(out, 0, err);
	}
	return ok;
}

bool
signer_remember(const char *data, const struct head *head, struct error *err)
{
	struct buf bytes = BUF(2 * SLOT);
	char path[FILE_PATH];
	bool ok;

	ok = encode_memory(head, &bytes, err) &&
	    file_join(path, data, "signer/memory", err) &&
	    file_write(path, buf_span(&bytes), 0600, err);
	buf_free(&bytes);
	return ok;
}

bool
signer_create(const struct config *config, const char *origin,
    struct note_key *key, struct error *err)
{
	const struct head nothing = { .root = merkle_empty() };
	struct buf text = BUF(2 * SLOT);
	struct note_signer journal;
	char path[FILE_PATH];
	bool ok;

	ok = config_data(config, "signer/journal.key", path, err) &&
	    note_signer_make(origin, NOTE_JOURNAL, &journal, err) &&
	    note_signer_encode(&journal, &text, err) &&
	    file_create(path, buf_span(&text), 0600, err) &&
	    config_data(config, "signer/memory", path, err);
	OPENSSL_cleanse(text.data, text.len);
	text.len = 0;
	ok = ok && encode_memory(&nothing, &text, err) &&
	    file_create(path, buf_span(&text), 0600, err);
	if (ok)
		*key = journal.key;
	OPENSSL_cleanse(&journal, sizeof(journal));
	buf_free(&text);
	return ok;
}

/* --- The process. --- */

struct vault {
	struct note_signer journal;
	struct identity depositary;
	struct memory memory;
};

static bool
answer_state(struct vault *vault, struct span body, struct buf *out,
    struct error *err)
{
	char key[NOTE_KEY_TEXT];

	(void)body;
	note_key_encode(&vault->journal.key, key);
	return buf_append_u64(out, vault->memory.head.size, err) &&
	    buf_append_u64(out, (uint64_t)vault->memory.head.time_ms, err) &&
	    buf_append(out, digest_span(&vault->memory.head.root), err) &&
	    buf_append(out, span_of(vault->memory.head.signature, 64), err) &&
	    buf_append_block(out, span_of_str(key), err);
}

/* Files as path, media, digest; nothing is signed under a name it has not. */
static bool
answer_seal(struct vault *vault, struct span body, struct buf *out,
    struct error *err)
{
	struct manifest manifest = { 0 };
	struct buf xml = BUF(LIMIT_MANIFEST_BYTES),
		   p7s = BUF(LIMIT_SIGNATURE_BYTES);
	struct span path, media, raw;
	bool ok = true;

	snprintf(manifest.signature, sizeof(manifest.signature), "%s",
	    PATH_SEAL);
	while (ok && body.len > 0) {
		char name[LIMIT_PATH_BYTES + 1], type[LIMIT_MEDIA_BYTES + 1];
		struct digest digest;

		ok = (span_take_block(&body, &path) &&
			 span_to_str(path, name, sizeof(name)) &&
			 span_take_block(&body, &media) &&
			 text_is_media(media) &&
			 span_to_str(media, type, sizeof(type)) &&
			 span_take(&body, 32, &raw)) ||
		    error_set(err, ERROR_MALFORMED, "seal request");
		if (!ok)
			break;
		memcpy(digest.bytes, raw.data, 32);
		ok = text_check_path(path, err) &&
		    manifest_add(&manifest, name, type, &digest, err);
	}
	ok = ok && manifest_encode(&manifest, &xml, err) &&
	    cades_sign(&vault->depositary, buf_span(&xml), COMMITMENT_RECEIPT,
		time_now_ms() / 1000, &p7s, err) &&
	    buf_append_block(out, buf_span(&xml), err) &&
	    buf_append_block(out, buf_span(&p7s), err);
	manifest_free(&manifest);
	buf_free(&xml);
	buf_free(&p7s);
	return ok;
}

/* The armour that git looks for, folded into a header. */
static bool
append_gpgsig(struct buf *out, struct span der, struct error *err)
{
	struct buf base64 = BUF(2 * LIMIT_SIGNATURE_BYTES);
	struct span rest, line;
	bool ok;

	ok = buf_append_base64(&base64, der, err) &&
	    buf_append_str(out, "gpgsig -----BEGIN SIGNED MESSAGE-----\n", err);
	rest = buf_span(&base64);
	while (ok && rest.len > 0)
		ok = span_take(&rest, rest.len < 64 ? rest.len : 64, &line) &&
		    buf_append_str(out, " ", err) &&
		    buf_append(out, line, err) &&
		    buf_append_str(out, "\n", err);
	buf_free(&base64);
	return ok &&
	    buf_append_str(out, " -----END SIGNED MESSAGE-----\n", err);
}

struct commit_text {
	char act[32], document[DOCUMENT_NAME], person[LIMIT_EMAIL_BYTES + 1];
	uint32_t version;
	uint64_t at;
	char tree[OID_HEX], parent[OID_HEX];
	bool has_parent;
	char digest[DIGEST_HEX], contents[DIGEST_HEX];
};

static bool
take_commit(struct span body, struct commit_text *out)
{
	struct span act, document, person, raw;
	uint8_t has_parent;
	struct error ignored = { 0 };

	*out = (struct commit_text){ 0 };
	if (!span_take_block(&body, &act) || !text_is_slug(act) ||
	    !span_to_str(act, out->act, sizeof(out->act)) ||
	    !span_take_block(&body, &document) ||
	    (document.len > 0 &&
		(!document_name_check(document, &ignored) ||
		    !span_to_str(document, out->document,
			sizeof(out->document)))) ||
	    !span_take_u32(&body, &out->version) ||
	    !span_take_block(&body, &person) ||
	    (person.len > 0 &&
		(!text_is_email(person) ||
		    !span_to_str(person, out->person, sizeof(out->person)))) ||
	    !span_take_u64(&body, &out->at) || out->at > INT64_MAX ||
	    !span_take(&body, OID_BYTES, &raw))
		return false;
	hex_encode(raw, out->tree);
	if (!span_take_u8(&body, &has_parent) ||
	    !span_take(&body, OID_BYTES, &raw))
		return false;
	out->has_parent = has_parent == 1;
	hex_encode(raw, out->parent);
	if (!span_take(&body, 32, &raw))
		return false;
	hex_encode(raw, out->digest);
	if (!span_take(&body, 32, &raw) || body.len != 0)
		return false;
	hex_encode(raw, out->contents);
	return true;
}

static bool
append_commit_message(const struct commit_text *text, struct buf *out,
    struct error *err)
{
	if (text->document[0] == '\0')
		return buf_printf(out, err, "%s\n\nContents-Digest: %s\n",
		    text->act, text->contents);
	return buf_printf(out, err,
	    "%s %s@%u\n\nVersion-Digest: %s\nContents-Digest: %s\n", text->act,
	    text->document, text->version, text->digest, text->contents);
}

static bool
answer_commit(struct vault *vault, struct span body, struct buf *out,
    struct error *err)
{
	const char *depositary = vault->depositary.cert->email;
	struct buf head = BUF(4096), whole = BUF(8192),
		   p7s = BUF(LIMIT_SIGNATURE_BYTES);
	struct commit_text text;
	const char *author;
	bool ok;

	if (!take_commit(body, &text))
		return error_set(err, ERROR_MALFORMED, "commit request");
	author = text.person[0] != '\0' ? text.person : depositary;
	ok = buf_printf(&head, err, "tree %s\n", text.tree) &&
	    (!text.has_parent ||
		buf_printf(&head, err, "parent %s\n", text.parent)) &&
	    buf_printf(&head, err,
		"author %s <%s> %llu +0000\n"
		"committer Valise depositary <%s> %llu +0000\n",
		author, author, (unsigned long long)text.at, depositary,
		(unsigned long long)text.at) &&
	    /* Signed is the commit without the signature's own header. */
	    buf_append(&whole, buf_span(&head), err) &&
	    buf_append_str(&whole, "\n", err) &&
	    append_commit_message(&text, &whole, err) &&
	    cades_sign(&vault->depositary, buf_span(&whole), COMMITMENT_NONE,
		time_now_ms() / 1000, &p7s, err) &&
	    buf_append(out, buf_span(&head), err) &&
	    append_gpgsig(out, buf_span(&p7s), err) &&
	    buf_append_str(out, "\n", err) &&
	    append_commit_message(&text, out, err);
	buf_free(&head);
	buf_free(&whole);
	buf_free(&p7s);
	return ok;
}

static bool
take_checkpoint(struct span body, struct head *head, struct merkle_proof *proof)
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

/* The one rule of this process: never two histories. */
static bool
answer_checkpoint(struct vault *vault, struct span body, struct buf *out,
    struct error *err)
{
	struct memory next = vault->memory;
	struct checkpoint checkpoint = { 0 };
	struct buf text = BUF(LIMIT_NOTE_TEXT);
	struct merkle_proof proof;
	bool ok;

	if (!take_checkpoint(body, &next.head, &proof))
		return error_set(err, ERROR_MALFORMED, "checkpoint request");
	if (vault->memory.failed)
		return error_set(err, ERROR_SYSTEM,
		    "the signer's memory failed before");
	if (!merkle_verify_consistency(vault->memory.head.size, next.head.size,
		&vault->memory.head.root, &next.head.root, &proof))
		return error_set(err, ERROR_REFUSED,
		    "size %llu is no extension of size %llu, which was"
		    " signed last: nothing is signed",
		    (unsigned long long)next.head.size,
		    (unsigned long long)vault->memory.head.size);
	snprintf(checkpoint.origin, sizeof(checkpoint.origin), "%s",
	    vault->journal.key.name);
	checkpoint.size = next.head.size;
	checkpoint.root = next.head.root;
	next.sequence++;
	/* Durable first: the record is the commit point of the journal. */
	ok = checkpoint_encode(&checkpoint, &text, err) &&
	    note_sign(&vault->journal, buf_span(&text), next.head.signature,
		err) &&
	    memory_write(&next, err);
	buf_free(&text);
	if (!ok) {
		vault->memory.failed = true;
		return false;
	}
	vault->memory = next;
	return buf_append(out, span_of(next.head.signature, 64), err);
}

static const struct {
	enum request request;
	bool (*answer)(struct vault *vault, struct span body, struct buf *out,
	    struct error *err);
} table[] = {
	{ REQUEST_STATE, answer_state },
	{ REQUEST_SEAL, answer_seal },
	{ REQUEST_COMMIT, answer_commit },
	{ REQUEST_CHECKPOINT, answer_checkpoint },
};

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

static bool
read_all(int fd, uint8_t *out, size_t len)
{
	while (len > 0) {
		const ssize_t n = recv(fd, out, len, 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		out += n;
		len -= (size_t)n;
	}
	return true;
}

/* A message: a byte that says what, a u32 length, the body. */
static bool
send_message(int fd, uint8_t what, struct span body)
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

static bool
receive_message(int fd, uint8_t *what, struct buf *body)
{
	uint8_t header[5] = { 0 };
	struct span rest = span_of(header, sizeof(header));
	struct error ignored = { 0 };
	uint8_t *bytes;
	uint32_t len;
	bool ok;

	body->len = 0;
	if (!read_all(fd, header, sizeof(header)) ||
	    !span_take_u8(&rest, what) || !span_take_u32(&rest, &len) ||
	    len > LIMIT_SIGNER_REQUEST ||
	    (bytes = malloc(len > 0 ? len : 1)) == NULL)
		return false;
	ok = read_all(fd, bytes, len) &&
	    buf_append(body, span_of(bytes, len), &ignored);
	free(bytes);
	return ok;
}

static void
serve(struct vault *vault, int fd)
{
	struct buf body = BUF(LIMIT_SIGNER_REQUEST),
		   out = BUF(LIMIT_SIGNER_REQUEST);
	uint8_t what;

	while (receive_message(fd, &what, &body)) {
		struct error err = { 0 };
		bool ok = false;
		size_t i = 0;

		out.len = 0;
		while (i < sizeof(table) / sizeof(table[0]) &&
		    (uint8_t)table[i].request != what)
			i++;
		if (i == sizeof(table) / sizeof(table[0]))
			error_set(&err, ERROR_MALFORMED, "no such request");
		else
			ok =
			    table[i].answer(vault, buf_span(&body), &out, &err);
		if (!ok) {
			log_error("signer", "kind=%s reason=%s",
			    error_code(&err), log_text(err.detail));
			if (!send_message(fd, (uint8_t)err.kind,
				span_of_str(err.detail)))
				break;
		} else if (!send_message(fd, 0, buf_span(&out))) {
			break;
		}
	}
	buf_free(&body);
	buf_free(&out);
}

static bool
open_vault(const struct config *config, struct vault *vault, struct error *err)
{
	struct buf key = BUF(1024);
	char path[FILE_PATH];
	bool ok;

	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	ok = config_data(config, "signer/journal.key", path, err) &&
	    file_read(path, 1024, &key, err) &&
	    note_signer_parse(buf_span(&key), NOTE_JOURNAL, &vault->journal,
		err) &&
	    identity_load(config->depositary_cert, config->depositary_key,
		&vault->depositary, err) &&
	    config_data(config, "signer/memory", path, err) &&
	    memory_open(path, O_RDWR, &vault->memory, err);
	if (key.len > 0)
		OPENSSL_cleanse(key.data, key.len);
	buf_free(&key);
	if (ok && !vault->depositary.cert->can_sign)
		ok = error_set(err, ERROR_UNTRUSTED,
		    "%s: the depositary's certificate is not for signing"
		    " (keyUsage is not nonRepudiation alone)",
		    config->depositary_cert);
	return ok;
}

static _Noreturn void
run_process(const struct config *config, int fd)
{
	struct vault vault = { 0 };
	struct error err = { 0 };
	struct buf warm = BUF(LIMIT_SIGNATURE_BYTES);

	prctl(PR_SET_NAME, "valised-signer", 0, 0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	/* The server decides when to end: it finishes what is under way. */
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	/* One signature first: OpenSSL then has loaded all that it loads. */
	if (!open_vault(config, &vault, &err) ||
	    !cades_sign(&vault.depositary, span_of_str("warm"), COMMITMENT_NONE,
		0, &warm, &err) ||
	    !confine_signer(&err)) {
		send_message(fd, (uint8_t)err.kind, span_of_str(err.detail));
		_exit(7);
	}
	buf_free(&warm);
	send_message(fd, 0, span_of(NULL, 0));
	serve(&vault, fd);
	OPENSSL_cleanse(&vault.journal, sizeof(vault.journal));
	_exit(0);
}

/* --- The server's side. --- */

struct signer {
	int fd;
	struct buf body;
};

static bool
receive_answer(struct signer *signer, struct error *err)
{
	uint8_t kind;

	if (!receive_message(signer->fd, &kind, &signer->body))
		return error_set(err, ERROR_SYSTEM, "the signer has ended");
	if (kind == 0)
		return true;
	return error_set(err, (enum error_kind)kind, "signer: %.*s",
	    (int)signer->body.len, (const char *)signer->body.data);
}

static bool
ask(struct signer *signer, enum request request, struct span body,
    struct error *err)
{
	if (!send_message(signer->fd, (uint8_t)request, body))
		return error_set(err, ERROR_SYSTEM, "the signer has ended");
	return receive_answer(signer, err);
}

struct signer *
signer_start(const struct config *config, pid_t *pid, struct error *err)
{
	struct signer *signer = calloc(1, sizeof(*signer));
	int pair[2];

	if (signer == NULL ||
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) {
		error_set_errno(err, "signer");
		free(signer);
		return NULL;
	}
	if ((*pid = fork()) < 0) {
		error_set_errno(err, "signer");
		close(pair[0]);
		close(pair[1]);
		free(signer);
		return NULL;
	}
	if (*pid == 0) {
		close(pair[0]);
		run_process(config, pair[1]);
	}
	close(pair[1]);
	signer->fd = pair[0];
	signer->body = BUF(LIMIT_SIGNER_REQUEST);
	if (!receive_answer(signer, err)) {
		signer_free(signer);
		return NULL;
	}
	return signer;
}

void
signer_free(struct signer *signer)
{
	if (signer == NULL)
		return;
	close(signer->fd);
	buf_free(&signer->body);
	free(signer);
}

bool
signer_state(struct signer *signer, struct head *head, struct note_key *key,
    struct error *err)
{
	struct span rest, root, signature, text;
	uint64_t time;

	if (!ask(signer, REQUEST_STATE, span_of(NULL, 0), err))
		return false;
	rest = buf_span(&signer->body);
	if (!span_take_u64(&rest, &head->size) ||
	    !span_take_u64(&rest, &time) || !span_take(&rest, 32, &root) ||
	    !span_take(&rest, 64, &signature) || !span_take_block(&rest, &text))
		return error_set(err, ERROR_SYSTEM, "signer: broken answer");
	head->time_ms = (int64_t)time;
	memcpy(head->root.bytes, root.data, 32);
	memcpy(head->signature, signature.data, 64);
	return note_key_parse(text, NOTE_JOURNAL, key, err);
}

bool
signer_seal(struct signer *signer, struct container *container,
    struct error *err)
{
	struct buf body = BUF(LIMIT_SIGNER_REQUEST);
	struct span rest, xml, p7s;
	bool ok = true;

	for (size_t i = 0; ok && i < container->num; i++) {
		const struct member *member = &container->members[i];

		if (strcmp(member->path, "mimetype") == 0)
			continue;
		ok = buf_append_block(&body, span_of_str(member->path), err) &&
		    buf_append_block(&body,
			span_of_str(media_of_path(member->path)), err) &&
		    buf_append(&body, digest_span(&member->sha256), err);
	}
	ok = ok && ask(signer, REQUEST_SEAL, buf_span(&body), err);
	buf_free(&body);
	if (!ok)
		return false;
	rest = buf_span(&signer->body);
	if (!span_take_block(&rest, &xml) || !span_take_block(&rest, &p7s))
		return error_set(err, ERROR_SYSTEM, "signer: broken answer");
	return container_put(container, PATH_SEAL_MANIFEST, xml, err) &&
	    container_put(container, PATH_SEAL, p7s, err);
}

bool
signer_commit(struct signer *signer, const struct commit_request *request,
    struct buf *out, struct error *err)
{
	struct buf body = BUF(4096);
	bool ok;

	ok = buf_append_block(&body, span_of_str(request->act), err) &&
	    buf_append_block(&body,
		span_of_str(request->document != NULL ? request->document : ""),
		err) &&
	    buf_append_u32(&body, request->version, err) &&
	    buf_append_block(&body,
		span_of_str(request->person != NULL ? request->person : ""),
		err) &&
	    buf_append_u64(&body, (uint64_t)request->at, err) &&
	    buf_append(&body, span_of(request->tree.bytes, OID_BYTES), err) &&
	    buf_append_u8(&body, request->has_parent, err) &&
	    buf_append(&body, span_of(request->parent.bytes, OID_BYTES), err) &&
	    buf_append(&body, digest_span(&request->digest), err) &&
	    buf_append(&body, digest_span(&request->contents), err) &&
	    ask(signer, REQUEST_COMMIT, buf_span(&body), err) &&
	    buf_append(out, buf_span(&signer->body), err);
	buf_free(&body);
	return ok;
}

bool
signer_checkpoint(struct signer *signer, struct head *head,
    const struct merkle_proof *consistency, struct error *err)
{
	struct buf body = BUF(8192);
	bool ok;

	ok = buf_append_u64(&body, head->size, err) &&
	    buf_append_u64(&body, (uint64_t)head->time_ms, err) &&
	    buf_append(&body, digest_span(&head->root), err);
	for (size_t i = 0; ok && i < consistency->num; i++)
		ok = buf_append(&body, digest_span(&consistency->hashes[i]),
		    err);
	ok = ok && ask(signer, REQUEST_CHECKPOINT, buf_span(&body), err);
	buf_free(&body);
	if (!ok)
		return false;
	if (signer->body.len != 64)
		return error_set(err, ERROR_SYSTEM, "signer: broken answer");
	memcpy(head->signature, signer->body.data, 64);
	return true;
}
