/*
 * Parsing and signing notes, checkpoints and cosignatures (note.h).
 */
#include "journal/note.h"

#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include "base/text.h"

#define DASH "\xe2\x80\x94 " /* U+2014 and a space */

bool
note_name_is_valid(struct span name)
{
	if (name.len == 0 || name.len > LIMIT_ORIGIN_BYTES ||
	    !text_is_line(name))
		return false;
	for (size_t i = 0; i < name.len; i++)
		if (name.data[i] <= ' ' || name.data[i] == '+')
			return false;
	/* Unicode's white space beyond ASCII (category Zs), in UTF-8. */
	return memmem(name.data, name.len, "\xc2\xa0", 2) == NULL &&
	    memmem(name.data, name.len, "\xe2\x80", 2) == NULL &&
	    memmem(name.data, name.len, "\xe3\x80\x80", 3) == NULL &&
	    memmem(name.data, name.len, "\xe1\x9a\x80", 3) == NULL;
}

static uint32_t
key_id(const char *name, enum note_type type, const uint8_t public_key[32])
{
	const uint8_t middle[2] = { '\n', (uint8_t)type };
	struct sha256 hash;
	struct digest digest;
	struct span front;
	uint32_t id = 0;

	sha256_init(&hash);
	sha256_update(&hash, span_of_str(name));
	sha256_update(&hash, span_of(middle, 2));
	sha256_update(&hash, span_of(public_key, 32));
	digest = sha256_final(&hash);
	front = digest_span(&digest);
	return span_take_u32(&front, &id) ? id : 0;
}

/*
 * Parse NAME+ID+BASE64, whose base64 is TYPE and 32 bytes; base64 itself may
 * contain '+'.
 */
static bool
parse_key(struct span text, enum note_type type,
    char name[LIMIT_ORIGIN_BYTES + 1], uint32_t *id, uint8_t bytes[32])
{
	struct span front, hex;
	uint8_t raw[33] = { 0 }, id_raw[4] = { 0 };
	struct span id_span = span_of(id_raw, sizeof(id_raw));

	if (!span_take_until(&text, '+', &front) ||
	    !note_name_is_valid(front) ||
	    !span_to_str(front, name, LIMIT_ORIGIN_BYTES + 1) ||
	    !span_take_until(&text, '+', &hex) ||
	    !span_to_hex(hex, id_raw, sizeof(id_raw)) ||
	    !span_to_base64(text, raw, sizeof(raw)) || raw[0] != (uint8_t)type)
		return false;
	memcpy(bytes, raw + 1, 32);
	OPENSSL_cleanse(raw, sizeof(raw));
	return span_take_u32(&id_span, id);
}

bool
note_key_parse(struct span text, enum note_type type, struct note_key *out,
    struct error *err)
{
	struct note_key key = { .type = type };

	if (!parse_key(text, type, key.name, &key.id, key.public_key))
		return error_set(err, ERROR_MALFORMED,
		    "not a %s key (NAME+ID+BASE64, Ed25519)",
		    type == NOTE_JOURNAL ? "journal" : "witness");
	if (key.id != key_id(key.name, type, key.public_key))
		return error_set(err, ERROR_MALFORMED,
		    "the key of \"%s\" has a wrong ID: a typing error?",
		    key.name);
	*out = key;
	return true;
}

static void
encode_key(const struct note_key *key, const uint8_t bytes[32],
    char out[NOTE_KEY_TEXT])
{
	char text[BASE64_SIZE(33)];
	uint8_t raw[33];

	raw[0] = (uint8_t)key->type;
	memcpy(raw + 1, bytes, 32);
	base64_encode(span_of(raw, sizeof(raw)), text);
	snprintf(out, NOTE_KEY_TEXT, "%s+%08x+%s", key->name, key->id, text);
	OPENSSL_cleanse(raw, sizeof(raw));
}

void
note_key_encode(const struct note_key *key, char out[NOTE_KEY_TEXT])
{
	encode_key(key, key->public_key, out);
}

static bool
derive_public(struct note_signer *signer, struct error *err)
{
	EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL,
	    signer->seed, sizeof(signer->seed));
	size_t len = sizeof(signer->key.public_key);
	bool ok;

	ok = key != NULL &&
	    EVP_PKEY_get_raw_public_key(key, signer->key.public_key, &len) == 1;
	EVP_PKEY_free(key);
	signer->key.id =
	    key_id(signer->key.name, signer->key.type, signer->key.public_key);
	return ok || error_set_openssl(err, ERROR_SYSTEM, "Ed25519 key");
}

bool
note_signer_make(const char *name, enum note_type type, struct note_signer *out,
    struct error *err)
{
	if (!note_name_is_valid(span_of_str(name)))
		return error_set(err, ERROR_USAGE, "\"%s\" cannot name a key",
		    name);
	*out = (struct note_signer){ .key = { .type = type } };
	text_set(out->key.name, sizeof(out->key.name), name);
	if (RAND_priv_bytes(out->seed, sizeof(out->seed)) != 1)
		return error_set_openssl(err, ERROR_SYSTEM, "random bytes");
	return derive_public(out, err);
}

bool
note_signer_parse(struct span text, enum note_type type,
    struct note_signer *out, struct error *err)
{
	static const char prefix[] = "PRIVATE+KEY+";
	struct note_signer signer = { .key = { .type = type } };
	struct span front;
	uint32_t id;

	if (text.len > 0 && text.data[text.len - 1] == '\n')
		text.len--;
	if (!span_starts(text, prefix) ||
	    !span_take(&text, sizeof(prefix) - 1, &front) ||
	    !parse_key(text, type, signer.key.name, &id, signer.seed))
		return error_set(err, ERROR_MALFORMED,
		    "not a private key (PRIVATE+KEY+NAME+ID+…)");
	if (!derive_public(&signer, err))
		return false;
	if (signer.key.id != id)
		return error_set(err, ERROR_MALFORMED,
		    "the private key does not match its ID");
	*out = signer;
	return true;
}

bool
note_signer_encode(const struct note_signer *signer, struct buf *out,
    struct error *err)
{
	char text[NOTE_KEY_TEXT];

	bool ok;

	encode_key(&signer->key, signer->seed, text);
	ok = buf_printf(out, err, "PRIVATE+KEY+%s\n", text);
	OPENSSL_cleanse(text, sizeof(text));
	return ok;
}

void *
note_signer_prepare(const struct note_signer *signer, struct error *err)
{
	EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL,
	    signer->seed, sizeof(signer->seed));

	if (key == NULL)
		error_set_openssl(err, ERROR_SYSTEM, "sign a checkpoint");
	return key;
}

void
note_prepared_free(void *prepared)
{
	EVP_PKEY_free(prepared);
}

bool
note_sign_prepared(void *prepared, struct span text, uint8_t signature[64],
    struct error *err)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	size_t len = 64;
	bool ok;

	ok = ctx != NULL &&
	    EVP_DigestSignInit(ctx, NULL, NULL, NULL, prepared) == 1 &&
	    EVP_DigestSign(ctx, signature, &len, text.data, text.len) == 1;
	EVP_MD_CTX_free(ctx);
	return ok || error_set_openssl(err, ERROR_SYSTEM, "sign a checkpoint");
}

bool
note_sign(const struct note_signer *signer, struct span text,
    uint8_t signature[64], struct error *err)
{
	void *prepared = note_signer_prepare(signer, err);
	const bool ok = prepared != NULL &&
	    note_sign_prepared(prepared, text, signature, err);

	note_prepared_free(prepared);
	return ok;
}

static bool
verify_anew(const struct note_key *key, struct span text,
    const uint8_t signature[64])
{
	EVP_PKEY *public = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL,
	    key->public_key, sizeof(key->public_key));
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool ok;

	ok = public != NULL && ctx != NULL &&
	    EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, public) == 1 &&
	    EVP_DigestVerify(ctx, signature, 64, text.data, text.len) == 1;
	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(public);
	return ok;
}

/*
 * Verify a signature once per thread: the receipts of a thousand copies lead to
 * one checkpoint, so each thread remembers what verified, by the SHA-256 of
 * key, signature and text.
 */
static bool
verify(const struct note_key *key, struct span text,
    const uint8_t signature[64])
{
	static _Thread_local struct digest good[16];
	static _Thread_local unsigned next;
	struct sha256 hash;
	struct digest digest;

	sha256_init(&hash);
	sha256_update(&hash, span_of(key->public_key, sizeof(key->public_key)));
	sha256_update(&hash, span_of(signature, 64));
	sha256_update(&hash, text);
	digest = sha256_final(&hash);
	for (unsigned i = 0; i < 16; i++)
		if (digest_eq(&good[i], &digest))
			return true;
	if (!verify_anew(key, text, signature))
		return false;
	good[next++ % 16] = digest;
	return true;
}

bool
checkpoint_encode(const struct checkpoint *checkpoint, struct buf *out,
    struct error *err)
{
	char root[BASE64_SIZE(32)];

	base64_encode(digest_span(&checkpoint->root), root);
	return buf_printf(out, err, "%s\n%llu\n%s\n", checkpoint->origin,
	    (unsigned long long)checkpoint->size, root);
}

bool
checkpoint_parse(struct span text, struct checkpoint *out, struct error *err)
{
	struct checkpoint parsed = { 0 };
	struct span origin, size, root;

	if (text.len > LIMIT_NOTE_TEXT)
		return error_set(err, ERROR_LIMIT,
		    "checkpoint is %zu bytes, limit %d", text.len,
		    LIMIT_NOTE_TEXT);
	if (!span_take_line(&text, &origin) || !span_take_line(&text, &size) ||
	    !span_take_line(&text, &root))
		return error_set(err, ERROR_MALFORMED,
		    "checkpoint has fewer than three lines");
	if (!note_name_is_valid(origin) ||
	    !span_to_str(origin, parsed.origin, sizeof(parsed.origin)))
		return error_set(err, ERROR_MALFORMED,
		    "checkpoint's origin is no name");
	/* Verifiers in Go keep sizes in an int64. */
	if (!span_to_u64(size, &parsed.size) || parsed.size > INT64_MAX)
		return error_set(err, ERROR_MALFORMED,
		    "checkpoint's size is not a decimal number below 2^63");
	if (!span_to_base64(root, parsed.root.bytes, sizeof(parsed.root.bytes)))
		return error_set(err, ERROR_MALFORMED,
		    "checkpoint's root is not 32 bytes in base64");
	if (text.len != 0)
		return error_set(err, ERROR_MALFORMED,
		    "%zu bytes follow the checkpoint's root", text.len);
	*out = parsed;
	return true;
}

bool
note_encode(const struct note_key *key, const struct checkpoint *checkpoint,
    const uint8_t signature[64], struct buf *out, struct error *err)
{
	char line[BASE64_SIZE(68)];
	struct buf raw = BUF(68);
	bool ok;

	ok = buf_append_u32(&raw, key->id, err) &&
	    buf_append(&raw, span_of(signature, 64), err);
	if (ok) {
		base64_encode(buf_span(&raw), line);
		ok = checkpoint_encode(checkpoint, out, err) &&
		    buf_printf(out, err, "\n" DASH "%s %s\n", key->name, line);
	}
	buf_free(&raw);
	return ok;
}

/*
 * Split a note where the LAST empty line ends its text (signed-note, "Format").
 */
static bool
split(struct span note, struct span *text, struct span *lines)
{
	for (size_t i = note.len; i >= 2; i--)
		if (note.data[i - 1] == '\n' && note.data[i - 2] == '\n') {
			*text = span_sub(note, 0, i - 1);
			*lines = span_sub(note, i, note.len - i);
			return true;
		}
	return false;
}

/*
 * Parse "— NAME BASE64": the name, the key's ID, and the bytes that follow it.
 */
static bool
parse_line(struct span line, struct span *name, uint32_t *id,
    uint8_t signature[72], size_t *len, struct error *err)
{
	struct buf raw = BUF(8192);
	struct span dash, bytes;
	bool ok;

	if (!span_starts(line, DASH) || !span_take(&line, 4, &dash) ||
	    !span_take_until(&line, ' ', name) || !note_name_is_valid(*name))
		return error_set(err, ERROR_MALFORMED,
		    "a signature line of the note is broken");
	if (!span_base64_append(line, &raw, err)) {
		buf_free(&raw);
		return false;
	}
	bytes = buf_span(&raw);
	ok = (span_take_u32(&bytes, id) && bytes.len > 0) ||
	    error_set(err, ERROR_MALFORMED,
		"a signature line of the note is too short");
	*len = ok ? bytes.len : 0;
	if (ok && bytes.len <= 72)
		memcpy(signature, bytes.data, bytes.len);
	buf_free(&raw);
	return ok;
}

static bool
cosigned_text(struct span text, int64_t at, struct buf *out, struct error *err)
{
	return buf_printf(out, err, "cosignature/v1\ntime %lld\n",
		   (long long)at) &&
	    buf_append(out, text, err);
}

bool
note_cosign(const struct note_signer *witness, struct span note, int64_t at,
    struct buf *out, struct error *err)
{
	struct buf message = BUF(LIMIT_NOTE_FILE), raw = BUF(76);
	char base64[BASE64_SIZE(76)];
	struct span text, lines;
	uint8_t signature[64];
	bool ok;

	ok = (split(note, &text, &lines) && at > 0) ||
	    error_set(err, ERROR_MALFORMED, "not a signed note");
	ok = ok && cosigned_text(text, at, &message, err) &&
	    note_sign(witness, buf_span(&message), signature, err) &&
	    buf_append_u32(&raw, witness->key.id, err) &&
	    buf_append_u64(&raw, (uint64_t)at, err) &&
	    buf_append(&raw, span_of(signature, 64), err);
	if (ok) {
		base64_encode(buf_span(&raw), base64);
		ok = buf_printf(out, err, DASH "%s %s\n", witness->key.name,
		    base64);
	}
	buf_free(&message);
	buf_free(&raw);
	return ok;
}

static bool
check_cosignature(const struct note_key *witness, struct span text,
    const uint8_t bytes[72], size_t len, int64_t *at, struct error *err)
{
	struct buf message = BUF(LIMIT_NOTE_FILE);
	struct span rest = span_of(bytes, 72);
	uint64_t time = 0;
	bool ok;

	ok = len == 72 && span_take_u64(&rest, &time) && time > 0 &&
	    time <= INT64_MAX &&
	    cosigned_text(text, (int64_t)time, &message, err) &&
	    verify(witness, buf_span(&message), rest.data);
	buf_free(&message);
	*at = (int64_t)time;
	return ok ||
	    error_set(err, ERROR_UNTRUSTED,
		"the cosignature of witness \"%s\" is wrong", witness->name);
}

bool
note_cosignatures(struct span note, const struct note_key *witnesses,
    size_t num, struct cosignature out[], size_t *num_out, struct error *err)
{
	struct span text, lines, line, name;
	uint8_t signature[72];
	uint32_t id;
	size_t len;

	*num_out = 0;
	if (!split(note, &text, &lines))
		return error_set(err, ERROR_MALFORMED, "not a signed note");
	while (span_take_line(&lines, &line)) {
		if (!parse_line(line, &name, &id, signature, &len, err))
			return false;
		for (size_t i = 0; i < num; i++) {
			struct cosignature one = { .witness = i,
				.line = span_of(line.data, line.len + 1) };
			bool again = false;

			if (!span_is(name, witnesses[i].name) ||
			    id != witnesses[i].id)
				continue;
			for (size_t j = 0; j < *num_out; j++)
				again = again || out[j].witness == i;
			if (again)
				continue;
			if (!check_cosignature(&witnesses[i], text, signature,
				len, &one.at, err))
				return false;
			out[(*num_out)++] = one;
		}
	}
	return true;
}

struct note_keys
note_keys_of(const struct note_key *key)
{
	return (struct note_keys){ .num = 1,
		.keys = { *key },
		.until = { UINT64_MAX } };
}

bool
note_keys_add(struct note_keys *keys, uint64_t until,
    const struct note_key *next, struct error *err)
{
	const uint64_t before = keys->num > 1 ? keys->until[keys->num - 2] : 0;

	if (keys->num == LIMIT_JOURNAL_KEYS)
		return error_set(err, ERROR_LIMIT,
		    "a journal with more than %d keys", LIMIT_JOURNAL_KEYS);
	if (strcmp(next->name, keys->keys[0].name) != 0 || until <= before)
		return error_set(err, ERROR_UNTRUSTED,
		    "a key of another journal, or out of order");
	keys->until[keys->num - 1] = until;
	keys->keys[keys->num] = *next;
	keys->until[keys->num++] = UINT64_MAX;
	return true;
}

const struct note_key *
note_key_at(const struct note_keys *keys, uint64_t size)
{
	size_t i = 0;

	while (i + 1 < keys->num && size > keys->until[i])
		i++;
	return &keys->keys[i];
}

bool
note_keys_parse(struct span lines, const struct note_key *newest,
    struct note_keys *out, struct error *err)
{
	uint64_t untils[LIMIT_JOURNAL_KEYS] = { 0 };
	struct note_key key;
	struct span line, number;
	size_t num = 0;

	*out = note_keys_of(newest);
	while (span_take_line(&lines, &line)) {
		if (num + 1 >= LIMIT_JOURNAL_KEYS ||
		    !span_take_until(&line, ' ', &number) ||
		    !span_to_u64(number, &untils[num]))
			return error_set(err, ERROR_MALFORMED,
			    "not a line of a size and a key");
		if (!note_key_parse(line, NOTE_JOURNAL, &key, err))
			return false;
		if (num == 0)
			*out = note_keys_of(&key);
		else if (!note_keys_add(out, untils[num - 1], &key, err))
			return false;
		num++;
	}
	return num == 0 || note_keys_add(out, untils[num - 1], newest, err);
}

static const struct note_key *
find_key(const struct note_keys *keys, struct span name, uint32_t id)
{
	for (size_t i = 0; i < keys->num; i++)
		if (span_is(name, keys->keys[i].name) && id == keys->keys[i].id)
			return &keys->keys[i];
	return NULL;
}

bool
note_open(struct span note, const struct note_keys *keys,
    struct checkpoint *out, struct error *err)
{
	const struct note_key *key;
	struct span text, lines, line, name;
	uint8_t signature[72];
	bool signed_by[LIMIT_JOURNAL_KEYS] = { false }, any = false;
	unsigned num = 0;
	uint32_t id;
	size_t len;

	if (note.len > LIMIT_NOTE_FILE)
		return error_set(err, ERROR_LIMIT,
		    "note is %zu bytes, limit %d", note.len, LIMIT_NOTE_FILE);
	if (!text_is_utf8(note) || !split(note, &text, &lines) ||
	    lines.len == 0)
		return error_set(err, ERROR_MALFORMED,
		    "not a signed note: no text, empty line and signatures");
	for (size_t i = 0; i < note.len; i++)
		if (note.data[i] < ' ' && note.data[i] != '\n')
			return error_set(err, ERROR_MALFORMED,
			    "a control character in the note");
	while (lines.len > 0) {
		if (++num > LIMIT_NOTE_LINES)
			return error_set(err, ERROR_LIMIT,
			    "note has more than %d signatures",
			    LIMIT_NOTE_LINES);
		if (!span_take_line(&lines, &line))
			return error_set(err, ERROR_MALFORMED,
			    "the note's last line does not end");
		if (!parse_line(line, &name, &id, signature, &len, err))
			return false;
		key = find_key(keys, name, id);
		if (key == NULL || signed_by[key - keys->keys])
			continue;
		/*
		 * A line by a known key must verify, whatever other lines say
		 * (signed-note, "Verifying").
		 */
		if (len != 64 || !verify(key, text, signature))
			return error_set(err, ERROR_UNTRUSTED,
			    "the journal's signature on the checkpoint is"
			    " wrong");
		signed_by[key - keys->keys] = any = true;
	}
	if (!checkpoint_parse(text, out, err))
		return false;
	if (!any && strcmp(out->origin, keys->keys[0].name) == 0)
		return error_set_code(err, ERROR_UNTRUSTED, "KEY_UNKNOWN",
		    "the checkpoint is not signed by the journal \"%s\" that"
		    " you know; a newer key is learnt from the daemon"
		    " (\"valise list\")",
		    keys->keys[0].name);
	if (!any)
		return error_set(err, ERROR_UNTRUSTED,
		    "the checkpoint is not signed by the journal \"%s\" that"
		    " you know",
		    keys->keys[0].name);
	if (!signed_by[note_key_at(keys, out->size) - keys->keys])
		return error_set(err, ERROR_UNTRUSTED,
		    "the checkpoint of size %llu is signed by a key that was"
		    " not the journal's then",
		    (unsigned long long)out->size);
	return strcmp(out->origin, keys->keys[0].name) == 0 ||
	    error_set(err, ERROR_UNTRUSTED,
		"the checkpoint is another journal's, \"%s\"", out->origin);
}
