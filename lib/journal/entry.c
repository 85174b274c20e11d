/*
 * Parsing and encoding entries.  One table says which fields there are, and
 * which of them each act needs (entry.h).
 */
#include "journal/entry.h"

#include <assert.h>
#include <string.h>

#include "base/text.h"
#include "base/time.h"

enum kind { TEXT, NUMBER, TIME, HEX, TEXTS, DIGESTS };

#define AT(member)   offsetof(struct entry, member)
#define ROOM(member) sizeof(((struct entry *)0)->member)

/* In the order of their keys (RFC 8785 section 3.2.3). */
static const struct {
	const char *key;
	enum kind kind;
	size_t at, room;
} fields[ENTRY_FIELDS] = {
	[ENTRY_ACT] = { "act", TEXT, AT(act_name), ROOM(act_name) },
	[ENTRY_CHANGED] = { "changed", TEXTS, AT(changed), ROOM(changed) },
	[ENTRY_COMMIT] = { "commit", HEX, AT(commit), ROOM(commit) },
	[ENTRY_CONTENTS] = { "contents", HEX, AT(contents), ROOM(contents) },
	[ENTRY_CRLS] = { "crls", HEX, AT(crls), ROOM(crls) },
	[ENTRY_DIGEST] = { "digest", HEX, AT(digest), ROOM(digest) },
	[ENTRY_DISPATCHED] = { "dispatched", TIME, AT(dispatched_ms),
	    ROOM(dispatched_ms) },
	[ENTRY_DOCUMENT] = { "document", TEXT, AT(document), ROOM(document) },
	[ENTRY_KEY] = { "key", TEXT, AT(key), ROOM(key) },
	[ENTRY_MANIFEST] = { "manifest", HEX, AT(manifest), ROOM(manifest) },
	[ENTRY_NUMBER] = { "number", NUMBER, AT(number), ROOM(number) },
	[ENTRY_OFFICE] = { "office", TEXT, AT(office), ROOM(office) },
	[ENTRY_PERSON] = { "person", TEXT, AT(person), ROOM(person) },
	[ENTRY_POLICY] = { "policy", HEX, AT(policy), ROOM(policy) },
	[ENTRY_PRIOR] = { "prior", NUMBER, AT(prior), ROOM(prior) },
	[ENTRY_RULE] = { "rule", TEXT, AT(rule), ROOM(rule) },
	[ENTRY_SALT] = { "salt", HEX, AT(salt), ROOM(salt) },
	[ENTRY_SIGNATURE] = { "signature", HEX, AT(signature),
	    ROOM(signature) },
	[ENTRY_SIGNATURES] = { "signatures", DIGESTS, AT(signatures),
	    ROOM(signatures) },
	[ENTRY_SOFTWARE] = { "software", TEXT, AT(software), ROOM(software) },
	[ENTRY_TIME] = { "time", TIME, AT(time_ms), ROOM(time_ms) },
	[ENTRY_TIMES] = { "times", NUMBER, AT(times), ROOM(times) },
	[ENTRY_TO] = { "to", TEXT, AT(to), ROOM(to) },
	[ENTRY_VALISE] = { "valise", NUMBER, AT(valise), ROOM(valise) },
	[ENTRY_VERSION] = { "version", NUMBER, AT(version), ROOM(version) },
	[ENTRY_WANTED] = { "wanted", TEXT, AT(wanted), ROOM(wanted) },
	[ENTRY_WAYBILL] = { "waybill", HEX, AT(waybill), ROOM(waybill) },
};

#define F(name) (UINT32_C(1) << ENTRY_##name)
#define ALWAYS  (F(ACT) | F(VALISE) | F(TIME) | F(SALT) | F(POLICY))
#define WHO     (F(OFFICE) | F(PERSON))
#define WHAT    (F(DOCUMENT) | F(VERSION))
#define SIGNED                                                                 \
	(WHO | WHAT | F(DIGEST) | F(MANIFEST) | F(SIGNATURE) | F(CONTENTS) |   \
	    F(COMMIT) | F(CRLS))
#define BY_BAG (F(WAYBILL) | F(DISPATCHED))

static const struct {
	const char *name;
	uint32_t must, may;
} acts[] = {
	[ACT_OTHER] = { "", ALWAYS, UINT32_MAX },
	[ACT_START] = { "start", ALWAYS | F(SOFTWARE), F(PRIOR) },
	[ACT_POLICY] = { "policy", ALWAYS | F(CHANGED), F(PRIOR) },
	[ACT_CRL] = { "crl", ALWAYS | F(CRLS), F(PRIOR) },
	[ACT_DEPOSIT] = { "deposit", ALWAYS | SIGNED, F(PRIOR) | BY_BAG },
	[ACT_SIGN] = { "sign", ALWAYS | SIGNED | F(PRIOR), BY_BAG },
	[ACT_FORCE] = { "force",
	    ALWAYS | WHAT | F(DIGEST) | F(CONTENTS) | F(PRIOR) | F(SIGNATURES),
	    0 },
	[ACT_TERMINATE] = { "terminate", ALWAYS | SIGNED | F(PRIOR), 0 },
	[ACT_DELIVER] = { "deliver", ALWAYS | WHO | WHAT | F(CONTENTS), 0 },
	[ACT_REFUSE] = { "refuse",
	    ALWAYS | WHO | F(DOCUMENT) | F(WANTED) | F(RULE), F(TIMES) },
	[ACT_KEY] = { "key", ALWAYS | F(KEY), F(PRIOR) },
	[ACT_DISPATCH] = { "dispatch",
	    ALWAYS | WHO | F(TO) | F(NUMBER) | F(DIGEST), 0 },
	[ACT_ACKNOWLEDGE] = { "acknowledge",
	    ALWAYS | WHO | F(TO) | F(NUMBER) | F(WAYBILL) | F(DIGEST), 0 },
	[ACT_DELIVERIES] = { "deliveries",
	    ALWAYS | WHO | WHAT | F(CONTENTS) | F(PRIOR) | F(TIMES), 0 },
};

_Static_assert(sizeof(acts) / sizeof(acts[0]) == ACTS, "each act has a row");

bool
entry_has(const struct entry *entry, enum entry_field field)
{
	return (entry->has >> field & 1) != 0;
}

const char *
act_name(enum act act)
{
	return acts[act].name;
}

const char *
entry_field_name(enum entry_field field)
{
	return fields[field].key;
}

/* A test is built as a program of before, which knew the first so many. */
#ifndef ENTRY_ACTS
#define ENTRY_ACTS ACTS
#endif

enum act
act_of(struct span name)
{
	for (size_t i = 1; i < ENTRY_ACTS; i++)
		if (span_is(name, acts[i].name))
			return (enum act)i;
	return ACT_OTHER;
}

static const void *
member(const struct entry *entry, size_t field)
{
	return (const char *)entry + fields[field].at;
}

/* Append a quoted string; only " and \ are escaped. */
static bool
put_text(struct buf *out, struct span text, struct error *err)
{
	if (!buf_append_str(out, "\"", err))
		return false;
	for (size_t i = 0; i < text.len; i++) {
		const uint8_t c = text.data[i];

		/* Names from outside were checked before they came here. */
		assert(c >= ' ' && c < 127);
		if (((c == '"' || c == '\\') &&
			!buf_append_str(out, "\\", err)) ||
		    !buf_append_u8(out, c, err))
			return false;
	}
	return buf_append_str(out, "\"", err);
}

static bool
put_hex(struct buf *out, struct span bytes, struct error *err)
{
	char hex[DIGEST_HEX];

	hex_encode(bytes, hex);
	return buf_printf(out, err, "\"%s\"", hex);
}

static bool
put_texts(struct buf *out, const char *lines, struct error *err)
{
	struct span rest = span_of_str(lines), line;
	bool ok = buf_append_str(out, "[", err);

	for (bool first = true; ok && span_take_line(&rest, &line);
	     first = false)
		ok = (first || buf_append_str(out, ",", err)) &&
		    put_text(out, line, err);
	return ok && buf_append_str(out, "]", err);
}

static bool
put_digests(struct buf *out, const struct entry *entry, struct error *err)
{
	bool ok = buf_append_str(out, "[", err);

	for (size_t i = 0; ok && i < entry->num_signatures; i++)
		ok = (i == 0 || buf_append_str(out, ",", err)) &&
		    put_hex(out, digest_span(&entry->signatures[i]), err);
	return ok && buf_append_str(out, "]", err);
}

static bool
put_field(struct buf *out, const struct entry *entry, size_t field,
    struct error *err)
{
	const void *value = member(entry, field);
	char time[TIME_TEXT];

	switch (fields[field].kind) {
	case TEXT:
		return put_text(out, span_of_str(value), err);
	case NUMBER:
		return buf_printf(out, err, "%llu",
		    (unsigned long long)*(const uint64_t *)value);
	case TIME:
		time_format_ms(*(const int64_t *)value, time);
		return put_text(out, span_of_str(time), err);
	case HEX:
		return put_hex(out, span_of(value, fields[field].room), err);
	case TEXTS:
		return put_texts(out, value, err);
	case DIGESTS:
		return put_digests(out, entry, err);
	}
	return false;
}

bool
entry_encode(const struct entry *entry, struct buf *out, struct error *err)
{
	struct entry named = *entry;
	const size_t before = out->len;

	text_set(named.act_name, sizeof(named.act_name), acts[entry->act].name);
	named.valise = 1;
	named.has |= F(ACT) | F(VALISE);
	assert((named.has & acts[entry->act].must) == acts[entry->act].must);
	assert(
	    (named.has & ~(acts[entry->act].must | acts[entry->act].may)) == 0);
	for (size_t i = 0; i < ENTRY_FIELDS; i++)
		if (entry_has(&named, (enum entry_field)i) &&
		    (!buf_printf(out, err, "%s\"%s\":",
			 out->len == before ? "{" : ",", fields[i].key) ||
			!put_field(out, &named, i, err)))
			return false;
	if (!buf_append_str(out, "}", err))
		return false;
	return out->len - before <= LIMIT_ENTRY_BYTES ||
	    error_set(err, ERROR_LIMIT, "entry of %zu bytes, limit %d",
		out->len - before, LIMIT_ENTRY_BYTES);
}

static bool
take_char(struct span *in, char c)
{
	struct span taken;

	return in->len > 0 && in->data[0] == (uint8_t)c &&
	    span_take(in, 1, &taken);
}

/*
 * Take a quoted string into out, NUL-terminated; \" and \\ are the only
 * escapes.
 */
static bool
take_text(struct span *in, char *out, size_t room)
{
	uint8_t c;

	if (!take_char(in, '"'))
		return false;
	for (size_t n = 0; span_take_u8(in, &c); n++) {
		if (c == '"') {
			if (n >= room)
				return false;
			out[n] = '\0';
			return true;
		}
		if (c < ' ' || c >= 127 || n >= room)
			return false;
		if (c == '\\' &&
		    (!span_take_u8(in, &c) || (c != '"' && c != '\\')))
			return false;
		out[n] = (char)c;
	}
	return false;
}

/* Take a decimal number without leading zeros. */
static bool
take_number(struct span *in, uint64_t *out)
{
	struct span digits = *in;

	digits.len = 0;
	while (digits.len < in->len && in->data[digits.len] >= '0' &&
	    in->data[digits.len] <= '9')
		digits.len++;
	/*
	 * RFC 8785 section 3.2.2.3: a number is a double, exact up to 2^53
	 * only.
	 */
	return span_to_u64(digits, out) && *out <= UINT64_C(1) << 53 &&
	    span_take(in, digits.len, &digits);
}

static bool
take_hex(struct span *in, uint8_t *out, size_t room)
{
	struct span hex;

	return take_char(in, '"') && span_take(in, room * 2, &hex) &&
	    span_to_hex(hex, out, room) && take_char(in, '"');
}

static bool
take_texts(struct span *in, char *out, size_t room)
{
	size_t used = 0;

	out[0] = '\0';
	if (!take_char(in, '['))
		return false;
	if (take_char(in, ']'))
		return true;
	do {
		if (used + 2 >= room ||
		    !take_text(in, out + used, room - used - 1))
			return false;
		used += strlen(out + used);
		out[used++] = '\n';
		out[used] = '\0';
	} while (take_char(in, ','));
	return take_char(in, ']');
}

static bool
take_digests(struct span *in, struct entry *out)
{
	out->num_signatures = 0;
	if (!take_char(in, '['))
		return false;
	if (take_char(in, ']'))
		return true;
	do {
		if (out->num_signatures == LIMIT_SIGNATURES ||
		    !take_hex(in, out->signatures[out->num_signatures++].bytes,
			32))
			return false;
	} while (take_char(in, ','));
	return take_char(in, ']');
}

/* Take the value of a field of the table, by its type. */
static bool
take_value(struct span *in, struct entry *out, size_t field)
{
	void *to = (char *)out + fields[field].at;
	char time[TIME_TEXT];

	switch (fields[field].kind) {
	case TEXT:
		return take_text(in, to, fields[field].room);
	case NUMBER:
		return take_number(in, to);
	case TIME:
		return take_text(in, time, sizeof(time)) &&
		    time_parse_ms(span_of_str(time), to);
	case HEX:
		return take_hex(in, to, fields[field].room);
	case TEXTS:
		return take_texts(in, to, fields[field].room);
	case DIGESTS:
		return take_digests(in, out);
	}
	return false;
}

/* Skip the value of a field that only a later format has. */
static bool
skip_value(struct span *in)
{
	char text[LIMIT_ENTRY_BYTES];
	uint64_t number;

	if (in->len > 0 && in->data[0] == '"')
		return take_text(in, text, sizeof(text));
	if (in->len > 0 && in->data[0] == '[')
		return take_texts(in, text, sizeof(text));
	return take_number(in, &number);
}

/* Set err.  Returns false. */
static bool
bad(struct error *err, const char *what, const char *which)
{
	return error_set(err, ERROR_MALFORMED, "journal entry: %s%s", what,
	    which);
}

/*
 * Take {"key":value,…} with ascending keys; *unknown gets the number of keys
 * that the table does not have.
 */
static bool
take_fields(struct span *in, struct entry *out, unsigned *unknown,
    struct error *err)
{
	char key[32], last[32] = "";
	size_t field = 0;

	if (!take_char(in, '{'))
		return bad(err, "no object", "");
	do {
		if (!take_text(in, key, sizeof(key)) || !take_char(in, ':'))
			return bad(err, "a broken key after ", last);
		if (strcmp(key, last) <= 0)
			return bad(err, "keys are not in order at ", key);
		memcpy(last, key, sizeof(last));
		while (
		    field < ENTRY_FIELDS && strcmp(fields[field].key, key) < 0)
			field++;
		if (field < ENTRY_FIELDS &&
		    strcmp(fields[field].key, key) == 0) {
			if (!take_value(in, out, field))
				return bad(err, "a broken value of ", key);
			out->has |= UINT32_C(1) << field;
		} else {
			if (!skip_value(in))
				return bad(err, "a broken value of ", key);
			(*unknown)++;
		}
	} while (take_char(in, ','));
	if (!take_char(in, '}') || in->len != 0)
		return bad(err, "no end after ", last);
	return true;
}

bool
entry_parse(struct span line, struct entry *out, struct error *err)
{
	unsigned unknown = 0;

	out->has = 0;
	out->num_signatures = 0;
	if (line.len > LIMIT_ENTRY_BYTES)
		return error_set(err, ERROR_LIMIT,
		    "journal entry of %zu bytes, limit %d", line.len,
		    LIMIT_ENTRY_BYTES);
	if (!take_fields(&line, out, &unknown, err))
		return false;
	if (!entry_has(out, ENTRY_ACT) || !entry_has(out, ENTRY_VALISE))
		return bad(err, "neither act nor format", "");
	out->act =
	    out->valise == 1 ? act_of(span_of_str(out->act_name)) : ACT_OTHER;
	if ((out->has & acts[out->act].must) != acts[out->act].must)
		return bad(err, "a field is missing in ", out->act_name);
	if (out->act != ACT_OTHER &&
	    (unknown > 0 ||
		(out->has & ~(acts[out->act].must | acts[out->act].may)) != 0))
		return bad(err, "a field too many in ", out->act_name);
	return true;
}
