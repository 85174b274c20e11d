/*
 * The list of policies that a journal had, and what an office makes of it.
 */
#include "policy/succession.h"

#include <stdlib.h>
#include <string.h>

#include "base/limits.h"

enum {
	AWAITED =
	    sizeof(((struct succession *)0)->awaited) / sizeof(struct digest)
};

void
succession_free(struct succession *succession)
{
	free(succession->list);
	free(succession->pins);
	*succession = (struct succession){ .num = 0 };
}

/* Copy num things; NULL if num is 0. */
static bool
copy_list(const void *from, size_t num, size_t size, void *out,
    struct error *err)
{
	void *copy = num > 0 ? calloc(num, size) : NULL;

	if (num > 0 && copy == NULL)
		return error_set_errno(err, "policies");
	if (num > 0)
		memcpy(copy, from, num * size);
	*(void **)out = copy;
	return true;
}

bool
succession_copy(const struct succession *from, struct succession *out,
    struct error *err)
{
	struct succession copy = *from;

	copy.pins = NULL;
	if (!copy_list(from->list, from->num, sizeof(*from->list), &copy.list,
		err) ||
	    !copy_list(from->pins, from->num_pins, sizeof(*from->pins),
		&copy.pins, err)) {
		free(copy.list);
		return false;
	}
	*out = copy;
	return true;
}

/*
 * Before the entries are known a pin counts from the size at which its policy
 * was accepted up to the next pin's. That is less than was meant, and never
 * more.
 */
static bool
pins_judge(const struct succession *succession, const struct digest *digest,
    uint64_t index)
{
	size_t i = succession->num_pins;

	while (i > 0 && index < succession->pins[i - 1].size)
		i--;
	return i > 0 && digest_eq(&succession->pins[i - 1].digest, digest);
}

bool
succession_judges(const struct succession *succession,
    const struct digest *digest, uint64_t index)
{
	size_t i = succession->num;

	if (i == 0)
		return pins_judge(succession, digest, index);
	while (i > 0 && index < succession->list[i - 1].index)
		i--;
	return i > 0 && succession->list[i - 1].accepted &&
	    digest_eq(&succession->list[i - 1].digest, digest);
}

const struct policy_entry *
succession_newest(const struct succession *succession)
{
	return succession->num > 0 ? &succession->list[succession->num - 1]
				   : NULL;
}

const struct digest *
succession_pinned(const struct succession *succession)
{
	for (size_t i = succession->num; i > 0; i--)
		if (succession->list[i - 1].accepted)
			return &succession->list[i - 1].digest;
	if (succession->num_pins > 0)
		return &succession->pins[succession->num_pins - 1].digest;
	/*
	 * An office that is enrolling has accepted a policy, and knows no entry
	 * yet.
	 */
	return succession->num_awaited > 0 ? &succession->awaited[0] : NULL;
}

const struct policy_entry *
succession_find(const struct succession *succession,
    const struct digest *digest, uint64_t index)
{
	for (size_t i = succession->num; i > 0; i--) {
		const struct policy_entry *entry = &succession->list[i - 1];

		if (digest_eq(&entry->digest, digest) &&
		    (index == SUCCESSION_NONE || index == entry->index))
			return entry;
	}
	return NULL;
}

uint64_t
succession_end(const struct succession *succession,
    const struct policy_entry *entry)
{
	return entry + 1 < succession->list + succession->num ? entry[1].index
							      : SUCCESSION_NONE;
}

/* If this policy is awaited, take it off that list and return true. */
static bool
take_awaited(struct succession *succession, const struct digest *digest)
{
	for (size_t i = 0; i < succession->num_awaited; i++) {
		if (!digest_eq(&succession->awaited[i], digest))
			continue;
		succession->num_awaited--;
		memmove(&succession->awaited[i], &succession->awaited[i + 1],
		    (succession->num_awaited - i) * sizeof(struct digest));
		return true;
	}
	return false;
}

static bool
append(struct succession *succession, const struct policy_entry *entry,
    struct error *err)
{
	struct policy_entry *list;

	if (succession->num >= LIMIT_POLICY_ENTRIES)
		return error_set(err, ERROR_LIMIT,
		    "the journal has more than %d policies",
		    LIMIT_POLICY_ENTRIES);
	list = realloc(succession->list, (succession->num + 1) * sizeof(*list));
	if (list == NULL)
		return error_set_errno(err, "policies");
	succession->list = list;
	list[succession->num++] = *entry;
	return true;
}

bool
succession_add(struct succession *succession, uint64_t index,
    const struct digest *digest, uint64_t prior, struct error *err)
{
	const struct policy_entry *newest = succession_newest(succession);
	const struct digest *pinned = succession_pinned(succession);
	struct policy_entry entry = { .index = index, .digest = *digest };

	if (newest != NULL && index <= newest->index)
		return error_set_code(err, ERROR_UNTRUSTED, "OUT_OF_ORDER",
		    "the daemon shows policy entry %llu after entry %llu",
		    (unsigned long long)index,
		    (unsigned long long)newest->index);
	if (prior != (newest != NULL ? newest->index : SUCCESSION_NONE))
		return error_set_code(err, ERROR_UNTRUSTED, "ENTRY_WITHHELD",
		    "policy entry %llu does not follow the one before it that"
		    " the daemon shows: it hides a policy. Call the other"
		    " offices",
		    (unsigned long long)index);
	/* A pin is not of one entry: succession_settle() judges pins. */
	entry.accepted = take_awaited(succession, digest) ||
	    (succession->num_pins == 0 && pinned != NULL &&
		digest_eq(pinned, digest));
	return append(succession, &entry, err);
}

/* A policy that was accepted by a pin judged what came before the next pin. */
static bool
is_pinned(const struct succession *succession, const struct policy_entry *entry)
{
	for (size_t i = 0; i < succession->num_pins; i++)
		if (digest_eq(&succession->pins[i].digest, &entry->digest) &&
		    (i + 1 == succession->num_pins ||
			entry->index < succession->pins[i + 1].size))
			return true;
	return false;
}

void
succession_settle(struct succession *succession)
{
	if (succession->num == 0)
		return;
	for (size_t i = 0; i < succession->num; i++)
		if (is_pinned(succession, &succession->list[i]))
			succession->list[i].accepted = true;
	free(succession->pins);
	succession->pins = NULL;
	succession->num_pins = 0;
}

bool
succession_accept(struct succession *succession, const struct digest *digest,
    uint64_t index)
{
	const struct policy_entry *entry =
	    succession_find(succession, digest, index);

	if (entry == NULL)
		return false;
	succession->list[entry - succession->list].accepted = true;
	return true;
}

bool
succession_await(struct succession *succession, const struct digest *digest,
    struct error *err)
{
	(void)take_awaited(succession, digest);
	if (succession->num_awaited == AWAITED)
		return error_set(err, ERROR_LIMIT,
		    "%d policies that were accepted have no entry yet: see"
		    " \"valise policy show\"",
		    AWAITED);
	succession->awaited[succession->num_awaited++] = *digest;
	return true;
}

bool
succession_stop_waiting(struct succession *succession)
{
	bool stopped = false;

	for (size_t i = succession->num_awaited; i > 0; i--) {
		const struct digest digest = succession->awaited[i - 1];
		const struct policy_entry *entry =
		    succession_find(succession, &digest, SUCCESSION_NONE);

		if (entry != NULL && entry->accepted)
			stopped = take_awaited(succession, &digest) || stopped;
	}
	return stopped;
}

struct digest
succession_digest(const struct succession *succession, size_t num)
{
	struct sha256 hash;

	sha256_init(&hash);
	for (size_t i = 0; i < num && i < succession->num; i++) {
		char hex[DIGEST_HEX], line[128];

		digest_hex(&succession->list[i].digest, hex);
		snprintf(line, sizeof(line), "%llu %s\n",
		    (unsigned long long)succession->list[i].index, hex);
		sha256_update(&hash, span_of_str(line));
	}
	return sha256_final(&hash);
}

bool
succession_parse_entry(struct span text, struct policy_entry *out,
    struct error *err)
{
	struct policy_entry entry = { .accepted = false };
	struct span number;

	if (!span_take_until(&text, ' ', &number) ||
	    !span_to_u64(number, &entry.index) ||
	    !digest_parse(text, &entry.digest))
		return error_set(err, ERROR_MALFORMED,
		    "not the index and the digest of a policy");
	*out = entry;
	return true;
}

/*
 * The office's acceptance is stored nowhere else: only the office can repeat
 * it.
 */
static bool
damaged(struct error *err)
{
	return error_set_outside(err,
	    "it is damaged: bring it back from a backup, or enrol anew in an"
	    " empty state folder (\"valise init\")");
}

/* Parse "INDEX DIGEST accepted", "INDEX DIGEST seen" or "awaited DIGEST". */
static bool
parse_line(struct span line, struct succession *out, struct error *err)
{
	const struct policy_entry *newest = succession_newest(out);
	struct policy_entry entry = { .index = 0 };
	struct span first, digest;

	if (!span_take_until(&line, ' ', &first))
		return damaged(err);
	if (span_is(first, "awaited"))
		return (out->num_awaited < AWAITED &&
			   digest_parse(line,
			       &out->awaited[out->num_awaited++])) ||
		    damaged(err);
	if (!span_to_u64(first, &entry.index) ||
	    !span_take_until(&line, ' ', &digest) ||
	    !digest_parse(digest, &entry.digest) ||
	    (newest != NULL && entry.index <= newest->index))
		return damaged(err);
	entry.accepted = span_is(line, "accepted");
	return (entry.accepted || span_is(line, "seen") || damaged(err)) &&
	    append(out, &entry, err);
}

bool
succession_parse(struct span text, struct succession *out, struct error *err)
{
	struct span line;

	while (span_take_line(&text, &line))
		if (!parse_line(line, out, err))
			return false;
	return text.len == 0 || damaged(err);
}

bool
succession_parse_pins(struct span text, struct succession *out,
    struct error *err)
{
	struct span line, number;

	if ((out->pins = calloc(LIMIT_PINS, sizeof(*out->pins))) == NULL)
		return error_set_errno(err, "pins");
	while (span_take_line(&text, &line)) {
		struct policy_pin *pin = &out->pins[out->num_pins];

		if (out->num_pins == LIMIT_PINS)
			return error_set(err, ERROR_LIMIT, "over %d lines",
			    LIMIT_PINS);
		if (!span_take_until(&line, ' ', &number) ||
		    !span_to_u64(number, &pin->size) ||
		    !digest_parse(line, &pin->digest))
			return damaged(err);
		out->num_pins++;
	}
	return text.len == 0 || damaged(err);
}

bool
succession_encode(const struct succession *succession, struct buf *out,
    struct error *err)
{
	char hex[DIGEST_HEX];
	bool ok = true;

	for (size_t i = 0; ok && i < succession->num; i++) {
		const struct policy_entry *entry = &succession->list[i];

		digest_hex(&entry->digest, hex);
		ok = buf_printf(out, err, "%llu %s %s\n",
		    (unsigned long long)entry->index, hex,
		    entry->accepted ? "accepted" : "seen");
	}
	for (size_t i = 0; ok && i < succession->num_awaited; i++) {
		digest_hex(&succession->awaited[i], hex);
		ok = buf_printf(out, err, "awaited %s\n", hex);
	}
	return ok;
}
