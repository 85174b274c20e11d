/*
 * The ledger's file: encoding and parsing it.  Integers are big-endian; a name
 * is given by its number (ledger_file.h).
 */
#include "record/ledger_file.h"

#include <stdlib.h>
#include <string.h>

#include "record/index.h"
#include "record/ledger_private.h"
#include "record/states.h"

static const char magic[] = "VALLEDG3" VALISE_VERSION "\n";

enum { DIGEST = 32, NAME_BYTES = 4096 };

/* --- Encoding. --- */

static bool
put_digest(struct buf *out, const struct digest *digest, struct error *err)
{
	return buf_append(out, span_of(digest->bytes, DIGEST), err);
}

static bool
put_text(struct buf *out, const char *text, struct error *err)
{
	return buf_append_u16(out, (uint16_t)strlen(text), err) &&
	    buf_append_str(out, text, err);
}

/* Encode the time and digests of the newest entries. */
static bool
put_newest(const struct ledger *ledger, struct buf *out, struct error *err)
{
	bool ok = buf_append_u64(out, (uint64_t)ledger->time_ms, err) &&
	    put_digest(out, &ledger->newest_policy, err) &&
	    put_digest(out, &ledger->newest_crls, err) &&
	    put_text(out, ledger->next_key, err);

	for (size_t i = 0; ok && i < ACTS; i++)
		ok = buf_append_u64(out, ledger->last[i], err);
	return ok;
}

/* How many records, and their sum. */
static bool
put_column(const struct column *column, struct buf *out, struct error *err)
{
	const struct digest sum = column_sum(column);

	return buf_append_u64(out, column_num(column), err) &&
	    put_digest(out, &sum, err);
}

static bool
put_names(const struct ledger *ledger, struct buf *out, struct error *err)
{
	const struct names *names = &ledger->names;
	bool ok = buf_append_u32(out, (uint32_t)names->num, err);

	for (size_t i = 0; ok && i < names->num; i++)
		ok = put_text(out, names_text(names, (uint32_t)i + 1), err) &&
		    buf_append_u32(out, ledger->ends[i], err);
	return ok;
}

static bool
put_bags(const struct bags *bags, struct buf *out, struct error *err)
{
	bool ok = buf_append_u32(out, (uint32_t)bags->num, err);

	for (size_t i = 0; ok && i < bags->num; i++) {
		const struct bag *one = &bags->list[i];

		ok = put_digest(out, &one->digest, err) &&
		    buf_append_u64(out, one->index, err) &&
		    buf_append_u32(out, (uint32_t)one->num_documents, err);
		for (size_t k = 0; ok && k < one->num_documents; k++)
			ok = buf_append_u32(out, one->documents[k], err);
	}
	return ok;
}

static bool
put_indices(const uint64_t list[], uint32_t num, struct buf *out,
    struct error *err)
{
	bool ok = buf_append_u32(out, num, err);

	for (uint32_t i = 0; ok && i < num; i++)
		ok = buf_append_u64(out, list[i], err);
	return ok;
}

/* Encode a person and an office by their numbers. */
static bool
put_who(const struct ledger *ledger, const char *person, const char *office,
    struct buf *out, struct error *err)
{
	return buf_append_u32(out, ledger_number(ledger, person), err) &&
	    buf_append_u32(out, ledger_number(ledger, office), err);
}

static bool
put_signer(const struct ledger *ledger, const struct ledger_signer *signer,
    struct buf *out, struct error *err)
{
	const uint8_t flags = (uint8_t)((signer->terminates ? 1 : 0) |
	    (signer->replaced ? 2 : 0));

	return put_who(ledger, signer->person, signer->office, out, err) &&
	    buf_append_u64(out, (uint64_t)signer->time_ms, err) &&
	    buf_append_u64(out, signer->index, err) &&
	    put_digest(out, &signer->manifest, err) &&
	    put_digest(out, &signer->signature, err) &&
	    buf_append_u8(out, flags, err);
}

static bool
put_version(const struct ledger *ledger, const struct ledger_version *version,
    struct buf *out, struct error *err)
{
	bool ok = put_digest(out, &version->digest, err) &&
	    put_digest(out, &version->contents, err) &&
	    buf_append(out, span_of(version->commit.bytes, OID_BYTES), err) &&
	    buf_append_u64(out, (uint64_t)version->time_ms, err) &&
	    put_who(ledger, version->person, version->office, out, err) &&
	    buf_append_u8(out, (uint8_t)version->status, err) &&
	    put_indices(version->acts, version->num_acts, out, err) &&
	    put_indices(version->dispatches, version->num_dispatches, out,
		err) &&
	    buf_append_u32(out, version->num_signers, err);

	for (uint32_t i = 0; ok && i < version->num_signers; i++)
		ok = put_signer(ledger, &version->signers[i], out, err);
	return ok;
}

static bool
put_documents(const struct ledger *ledger, struct buf *out, struct error *err)
{
	bool ok = buf_append_u32(out, (uint32_t)ledger->order.num, err);

	for (size_t i = 0; ok && i < ledger->names.num; i++) {
		const struct ledger_document *doc = ledger->docs[i];

		if (doc == NULL)
			continue;
		ok = buf_append_u32(out, (uint32_t)i + 1, err) &&
		    buf_append_u64(out, doc->last, err) &&
		    buf_append(out, span_of(doc->tip.bytes, OID_BYTES), err) &&
		    buf_append_u8(out, doc->terminated, err) &&
		    buf_append_u32(out, doc->num_versions, err);
		for (uint32_t k = 0; ok && k < doc->num_versions; k++)
			ok = put_version(ledger, &doc->versions[k], out, err);
	}
	return ok;
}

bool
ledger_file_encode(const struct ledger *ledger, const struct digest *root,
    struct buf *out, struct error *err)
{
	const size_t before = out->len;
	struct digest sum;

	if (!buf_append_str(out, magic, err) ||
	    !buf_append_u64(out, ledger_size(ledger), err) ||
	    !put_digest(out, root, err) || !put_newest(ledger, out, err) ||
	    !put_column(ledger->index, out, err) ||
	    !put_column(ledger->commits.column, out, err) ||
	    !put_names(ledger, out, err) ||
	    !put_bags(&ledger->bags, out, err) ||
	    !put_documents(ledger, out, err))
		return false;
	sum = sha256_of(span_sub(buf_span(out), before, out->len - before));
	return put_digest(out, &sum, err);
}

/* --- Parsing: returns false if the bytes cannot be an encoding. --- */

static bool
take_digest(struct span *in, struct digest *out)
{
	struct span bytes;

	if (!span_take(in, DIGEST, &bytes))
		return false;
	memcpy(out->bytes, bytes.data, DIGEST);
	return true;
}

static bool
take_oid(struct span *in, struct oid *out)
{
	struct span bytes;

	if (!span_take(in, OID_BYTES, &bytes))
		return false;
	memcpy(out->bytes, bytes.data, OID_BYTES);
	return true;
}

static bool
take_time(struct span *in, int64_t *out)
{
	uint64_t time;

	if (!span_take_u64(in, &time))
		return false;
	*out = (int64_t)time;
	return *out >= 0;
}

/* Take a text without a NUL, of less than room bytes. */
static bool
take_text(struct span *in, char *out, size_t room)
{
	struct span text;
	uint16_t len;

	if (!span_take_u16(in, &len) || len >= room ||
	    !span_take(in, len, &text) ||
	    (len > 0 && memchr(text.data, '\0', len) != NULL))
		return false;
	memcpy(out, text.data, len);
	out[len] = '\0';
	return true;
}

/*
 * Take the count of the items that follow, which must fit the remaining bytes
 * at bytes_each or more an item.
 */
static bool
take_count(struct span *in, size_t bytes_each, uint32_t *out)
{
	return span_take_u32(in, out) && *out <= in->len / bytes_each;
}

/* Take the index of an entry that exists. */
static bool
take_index(struct span *in, const struct ledger *ledger, uint64_t *out)
{
	return span_take_u64(in, out) && *out < ledger_size(ledger);
}

static bool
take_newest(struct span *in, struct ledger *ledger)
{
	bool ok = take_time(in, &ledger->time_ms) &&
	    take_digest(in, &ledger->newest_policy) &&
	    take_digest(in, &ledger->newest_crls) &&
	    take_text(in, ledger->next_key, sizeof(ledger->next_key));

	for (size_t i = 0; ok && i < ACTS; i++)
		ok = span_take_u64(in, &ledger->last[i]);
	return ok;
}

/* As many records as there are in a column, which has them. */
static bool
take_column(struct span *in, struct column *column, const char *name,
    struct error *err)
{
	struct digest sum;
	uint64_t num;

	if (!span_take_u64(in, &num) || !take_digest(in, &sum))
		return false;
	return column_take(column, num, &sum, err) ||
	    error_context(err, "journal/%s", name);
}

/* And the last of each act is of that act. */
static bool
take_columns(struct span *in, struct ledger *ledger, uint64_t size,
    struct error *err)
{
	bool ok = take_column(in, ledger->index, "index", err) &&
	    column_num(ledger->index) == size &&
	    take_column(in, ledger->commits.column, "commits", err) &&
	    ledger_index_commits(ledger);

	for (size_t i = 0; ok && i < ACTS; i++)
		ok = ledger->last[i] == LEDGER_NONE ||
		    (ledger->last[i] < size &&
			ledger_entry(ledger, ledger->last[i]).act == i);
	return ok;
}

static bool
take_names(struct span *in, struct ledger *ledger)
{
	char text[NAME_BYTES];
	uint32_t num;
	bool ok = take_count(in, 6, &num);

	/*
	 * Each name is there once: a second one would get the number of the
	 * first.
	 */
	for (uint32_t i = 0; ok && i < num; i++)
		ok = take_text(in, text, sizeof(text)) &&
		    ledger_intern(ledger, text) == i + 1 &&
		    span_take_u32(in, &ledger->ends[i]) &&
		    ledger->ends[i] <= ledger_size(ledger);
	return ok;
}

/* Take the documents that a bag carried acts on. */
static bool
take_bag_documents(struct span *in, struct bag *bag, size_t names)
{
	uint32_t num;

	if (!take_count(in, 4, &num))
		return false;
	if (num == 0)
		return true;
	if ((bag->documents = calloc(num, sizeof(*bag->documents))) == NULL)
		return false;
	for (; bag->num_documents < num; bag->num_documents++) {
		uint32_t *one = &bag->documents[bag->num_documents];

		if (!span_take_u32(in, one) || *one < 1 || *one > names)
			return false;
	}
	return true;
}

static bool
take_bags(struct span *in, struct ledger *ledger)
{
	uint32_t num;
	bool ok = take_count(in, DIGEST + 12, &num);

	for (uint32_t i = 0; ok && i < num; i++) {
		const size_t had = ledger->bags.num;
		struct digest digest;
		struct bag *bag = NULL;
		uint64_t index = 0;
		enum act act = ACT_OTHER;

		ok = take_digest(in, &digest) && take_index(in, ledger, &index);
		if (ok)
			act = (enum act)ledger_entry(ledger, index).act;
		ok = ok && (act == ACT_DISPATCH || act == ACT_ACKNOWLEDGE) &&
		    (had == 0 || ledger->bags.list[had - 1].index < index) &&
		    (bag = ledger_add_bag(ledger, index, act, &digest)) !=
			NULL &&
		    take_bag_documents(in, bag, ledger->names.num);
	}
	return ok;
}

/* Take ascending indices of entries; *list is NULL if there are none. */
static bool
take_indices(struct span *in, const struct ledger *ledger, uint64_t **list,
    uint32_t *num)
{
	uint32_t wanted;

	if (!take_count(in, 8, &wanted))
		return false;
	if (wanted > 0 && (*list = calloc(wanted, sizeof(**list))) == NULL)
		return false;
	for (; *num < wanted; ++*num)
		if (!take_index(in, ledger, &(*list)[*num]) ||
		    (*num > 0 && (*list)[*num] <= (*list)[*num - 1]))
			return false;
	return true;
}

/* Take the indices of a version's acts, ascending; there is at least one. */
static bool
take_acts(struct span *in, struct ledger *ledger,
    struct ledger_version *version)
{
	uint32_t num;

	if (!take_count(in, 8, &num) || num == 0 ||
	    states_acts(version, &ledger->names, num) == NULL)
		return false;
	version->num_acts = num;
	for (uint32_t i = 0; i < num; i++)
		if (!take_index(in, ledger, &version->acts[i]) ||
		    (i > 0 && version->acts[i] <= version->acts[i - 1]))
			return false;
	return true;
}

/* Take a person and an office by their numbers. */
static bool
take_who(struct span *in, const struct ledger *ledger, const char **person,
    const char **office)
{
	const size_t names = ledger->names.num;
	uint32_t a, b;

	if (!span_take_u32(in, &a) || a < 1 || a > names ||
	    !span_take_u32(in, &b) || b < 1 || b > names)
		return false;
	*person = ledger_name(ledger, a);
	*office = ledger_name(ledger, b);
	return true;
}

static bool
take_signer(struct span *in, const struct ledger *ledger,
    struct ledger_signer *out)
{
	uint8_t flags;

	if (!take_who(in, ledger, &out->person, &out->office) ||
	    !take_time(in, &out->time_ms) ||
	    !take_index(in, ledger, &out->index) ||
	    !take_digest(in, &out->manifest) ||
	    !take_digest(in, &out->signature) || !span_take_u8(in, &flags) ||
	    flags > 3)
		return false;
	out->terminates = (flags & 1) != 0;
	out->replaced = (flags & 2) != 0;
	return true;
}

static bool
take_signers(struct span *in, const struct ledger *ledger,
    struct ledger_version *version)
{
	uint32_t num;

	if (!take_count(in, 2 * DIGEST + 25, &num))
		return false;
	if (num > 0 &&
	    (version->signers = calloc(num, sizeof(*version->signers))) == NULL)
		return false;
	for (; version->num_signers < num; version->num_signers++)
		if (!take_signer(in, ledger,
			&version->signers[version->num_signers]))
			return false;
	return true;
}

/*
 * Take a version into a zeroed struct; its lists are freed with its document.
 */
static bool
take_version(struct span *in, struct ledger *ledger,
    struct ledger_version *version)
{
	uint8_t status;

	if (!take_digest(in, &version->digest) ||
	    !take_digest(in, &version->contents) ||
	    !take_oid(in, &version->commit) ||
	    !take_time(in, &version->time_ms) ||
	    !take_who(in, ledger, &version->person, &version->office) ||
	    !span_take_u8(in, &status) || status > STATUS_LAPSED ||
	    status == STATUS_DISPUTED || !take_acts(in, ledger, version) ||
	    !take_indices(in, ledger, &version->dispatches,
		&version->num_dispatches))
		return false;
	version->status = (enum status)status;
	return take_signers(in, ledger, version);
}

static bool
take_versions(struct span *in, struct ledger *ledger,
    struct ledger_document *doc)
{
	uint32_t num;

	/* The smallest version takes this many bytes. */
	if (!take_count(in, 2 * DIGEST + OID_BYTES + 37, &num) || num == 0 ||
	    (doc->versions = calloc(num, sizeof(*doc->versions))) == NULL)
		return false;
	while (doc->num_versions < num) {
		struct ledger_version *one =
		    &doc->versions[doc->num_versions++];

		one->number = doc->num_versions;
		if (!take_version(in, ledger, one))
			return false;
	}
	return true;
}

/* Take a document; numbers of documents ascend. */
static bool
take_document(struct span *in, struct ledger *ledger, uint32_t *number)
{
	const uint32_t before = *number;
	struct ledger_document *doc;
	uint8_t terminated;

	if (!span_take_u32(in, number) || *number <= before ||
	    *number > ledger->names.num ||
	    (doc = names_room(&ledger->names, sizeof(*doc))) == NULL)
		return false;
	states_begin(doc, ledger_name(ledger, *number));
	/* From here on the ledger owns the document. */
	ledger->docs[*number - 1] = doc;
	if (!take_index(in, ledger, &doc->last) || !take_oid(in, &doc->tip) ||
	    !span_take_u8(in, &terminated) || terminated > 1 ||
	    !take_versions(in, ledger, doc))
		return false;
	doc->terminated = terminated == 1;
	return order_add(&ledger->order, doc);
}

static bool
take_documents(struct span *in, struct ledger *ledger)
{
	uint32_t num, number = 0;
	bool ok = take_count(in, 8, &num);

	for (uint32_t i = 0; ok && i < num; i++)
		ok = take_document(in, ledger, &number);
	return ok;
}

/* Without an error of its own it is of another program. */
static bool
take_all(struct span *in, struct ledger *ledger, struct journal_from *from,
    struct error *err)
{
	struct span head;

	return span_take(in, sizeof(magic) - 1, &head) &&
	    span_is(head, magic) && span_take_u64(in, &from->size) &&
	    take_digest(in, &from->root) && take_newest(in, ledger) &&
	    take_columns(in, ledger, from->size, err) &&
	    take_names(in, ledger) && take_bags(in, ledger) &&
	    take_documents(in, ledger) && in->len == 0;
}

/* Its bytes without their sum, which must be right. */
static bool
check_sum(struct span bytes, struct span *body, struct error *err)
{
	struct span rest = bytes;
	struct digest sum;

	if (bytes.len < DIGEST || !span_take(&rest, bytes.len - DIGEST, body))
		return error_set(err, ERROR_UNTRUSTED, "it is cut short");
	sum = sha256_of(*body);
	return span_eq(rest, span_of(sum.bytes, DIGEST)) ||
	    error_set(err, ERROR_UNTRUSTED, "it is damaged");
}

struct ledger *
ledger_file_parse(struct span bytes, const struct ledger_columns *columns,
    struct journal_from *from, struct error *err)
{
	struct ledger *ledger = ledger_new_on(columns, err);
	struct span body;

	if (ledger == NULL)
		return NULL;
	if (check_sum(bytes, &body, err)) {
		if (take_all(&body, ledger, from, err))
			return ledger;
		if (err->kind == ERROR_NONE)
			error_set(err, ERROR_UNTRUSTED,
			    "it is of another program");
	}
	ledger_free(ledger);
	return NULL;
}

bool
ledger_file_begins(struct span bytes, uint64_t *size)
{
	struct span rest = bytes, head;

	return span_take(&rest, sizeof(magic) - 1, &head) &&
	    span_is(head, magic) && span_take_u64(&rest, size);
}
