/*
 * The proved acts of a document: kept, read again, and what follows from them.
 */
#include "client/acts_private.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "base/time.h"

void
acts_begin(const char *document, struct document_acts *out)
{
	const char *name;

	*out = (struct document_acts){ .lines = BUF(LIMIT_ACTS_BYTES) };
	/* Without memory for its name there is none for an act either. */
	name = names_keep(&out->names, document);
	states_begin(&out->doc, name != NULL ? name : "");
}

void
acts_free(struct document_acts *acts)
{
	states_free(&acts->doc);
	names_free(&acts->names);
	acts->doc.name = "";
	free(acts->list);
	buf_free(&acts->lines);
	acts->list = NULL;
	acts->num = 0;
}

const struct ledger_version *
acts_version(const struct document_acts *acts, unsigned number)
{
	return ledger_version(&acts->doc,
	    number != 0 ? number : (unsigned)acts->doc.num_versions);
}

bool
acts_of_version(const struct ledger_version *version, uint64_t index)
{
	for (size_t i = 0; version != NULL && i < version->num_acts; i++)
		if (version->acts[i] == index)
			return true;
	return false;
}

bool
acts_has(const struct document_acts *acts, uint64_t index)
{
	size_t low = 0, high = acts->num;

	while (low < high) {
		const size_t middle = low + (high - low) / 2;

		if (acts->list[middle].index < index)
			low = middle + 1;
		else
			high = middle;
	}
	return low < acts->num && acts->list[low].index == index;
}

bool
acts_include(const struct document_acts *acts, const struct document_acts *kept,
    uint64_t size, struct error *err)
{
	for (size_t i = 0; i < kept->num; i++) {
		const uint64_t index = kept->list[i].index;

		if (index < size && !acts_has(acts, index))
			return error_set_code(err, ERROR_UNTRUSTED,
			    ENTRY_WITHHELD,
			    "the daemon does not show entry %llu, an act on %s"
			    " that was proved before",
			    (unsigned long long)index, acts->doc.name);
	}
	return true;
}

/* --- One more act. --- */

/* The chain of prior: no act between two can be left out unseen. */
static bool
check_prior(const struct document_acts *acts, uint64_t index,
    const struct entry *entry, struct error *err)
{
	const uint64_t prior =
	    entry_has(entry, ENTRY_PRIOR) ? entry->prior : LEDGER_NONE;

	if (prior == acts->doc.last)
		return true;
	return error_set_code(err, ERROR_UNTRUSTED, ENTRY_WITHHELD,
	    "the daemon does not show all acts on %s: entry %llu says that it"
	    " follows another than the last one shown",
	    acts->doc.name, (unsigned long long)index);
}

static bool
add_line(struct document_acts *acts, uint64_t index, struct span line,
    struct error *err)
{
	struct act_line *all;

	/* Twice as many each time it is full: a power of two is full. */
	if ((acts->num & (acts->num - 1)) == 0) {
		all = realloc(acts->list,
		    (acts->num == 0 ? 1 : acts->num * 2) * sizeof(*all));
		if (all == NULL)
			return error_set_errno(err, "acts");
		acts->list = all;
	}
	acts->list[acts->num++] =
	    (struct act_line){ index, acts->lines.len, line.len };
	return buf_append(&acts->lines, line, err);
}

bool
acts_add(struct document_acts *acts, uint64_t index, struct span line,
    struct error *err)
{
	struct entry entry;
	const struct entry_filter filter = { .act = FILTER_DOCUMENTS,
		.document = acts->doc.name };

	if (acts->num == LIMIT_ACTS)
		return error_set(err, ERROR_LIMIT, "%s has over %d acts",
		    acts->doc.name, LIMIT_ACTS);
	if (!entry_parse(line, &entry, err) ||
	    !filter_check(&filter, index, &entry, err) ||
	    !check_prior(acts, index, &entry, err))
		return false;
	if (acts->num > 0 &&
	    (entry.time_ms < acts->time_ms ||
		index <= acts->list[acts->num - 1].index))
		return error_set_code(err, ERROR_UNTRUSTED, "TIME_BACKWARDS",
		    "entry %llu of %s is of a time before the act before it",
		    (unsigned long long)index, acts->doc.name);
	acts->time_ms = entry.time_ms;
	return states_apply(&acts->doc, &acts->names, index, &entry, err) &&
	    add_line(acts, index, line, err);
}

/* --- What is kept. --- */

static bool
path_of(const struct context *context, const char *document,
    char out[FILE_PATH], struct error *err)
{
	const char *slash = strchr(document, '/');
	char name[DOCUMENT_NAME + 16];

	snprintf(name, sizeof(name), "acts/%.*s--%s", (int)(slash - document),
	    document, slash + 1);
	return context_path(context, name, out, err);
}

bool
acts_take_whole(struct span *text)
{
	const size_t last = sizeof("sha256 \n") - 1 + DIGEST_HEX - 1;
	struct digest said, found;
	struct span end, hex;

	if (text->len < last)
		return false;
	end = span_sub(*text, text->len - last, last);
	*text = span_sub(*text, 0, text->len - last);
	found = sha256_of(*text);
	return span_take_field(&end, "sha256", &hex) &&
	    digest_parse(hex, &said) && digest_eq(&said, &found);
}

static bool
read_header(struct span *text, struct document_acts *out)
{
	struct span value;

	return span_take_field(text, "valise", &value) &&
	    span_is(value, "acts 1") &&
	    span_take_field(text, "document", &value) &&
	    span_is(value, out->doc.name) &&
	    span_take_field(text, "size", &value) &&
	    span_to_u64(value, &out->size) &&
	    span_take_field(text, "seen", &value) &&
	    time_parse_at(value, &out->seen_at);
}

static bool
read_acts(struct span text, struct document_acts *out)
{
	struct error ignored = { 0 };
	struct span line, number;
	uint64_t index;

	if (!acts_take_whole(&text) || !read_header(&text, out))
		return false;
	while (span_take_line(&text, &line))
		if (!span_take_until(&line, ' ', &number) ||
		    !span_to_u64(number, &index) || index >= out->size ||
		    !acts_add(out, index, line, &ignored))
			return false;
	return text.len == 0;
}

/* --- What is kept of one. --- */

void
acts_load(struct context *context, const char *document,
    struct document_acts *out)
{
	struct buf text = BUF(LIMIT_ACTS_BYTES);
	struct error ignored = { 0 };
	char path[FILE_PATH];

	acts_begin(document, out);
	if (path_of(context, document, path, &ignored) &&
	    file_read(path, text.max, &text, &ignored) &&
	    !read_acts(buf_span(&text), out)) {
		acts_free(out);
		acts_begin(document, out);
	}
	acts_extend(context, out);
	buf_free(&text);
}

static bool
encode(const struct document_acts *acts, struct buf *out, struct error *err)
{
	char seen[TIME_TEXT], hex[DIGEST_HEX];
	struct digest digest;
	bool ok;

	time_format_at(acts->seen_at, seen);
	ok = buf_printf(out, err,
	    "valise acts 1\ndocument %s\nsize %llu\nseen %s\n", acts->doc.name,
	    (unsigned long long)acts->size, seen);
	for (size_t i = 0; ok && i < acts->num; i++)
		ok = buf_printf(out, err, "%llu ",
			 (unsigned long long)acts->list[i].index) &&
		    buf_append(out,
			span_sub(buf_span(&acts->lines), acts->list[i].at,
			    acts->list[i].len),
			err) &&
		    buf_append_u8(out, '\n', err);
	digest = sha256_of(buf_span(out));
	digest_hex(&digest, hex);
	return ok && buf_printf(out, err, "sha256 %s\n", hex);
}

/* Does the file say as much already, whoever wrote it? */
static bool
is_kept(const char *path, const struct document_acts *acts)
{
	struct document_acts there;
	struct buf text = BUF(LIMIT_ACTS_BYTES);
	struct error ignored = { 0 };
	struct span rest;
	bool kept = false;

	acts_begin(acts->doc.name, &there);
	if (file_read(path, text.max, &text, &ignored)) {
		rest = buf_span(&text);
		kept = acts_take_whole(&rest) && read_header(&rest, &there) &&
		    (there.size > acts->size ||
			(there.size == acts->size &&
			    there.seen_at >= acts->seen_at));
	}
	buf_free(&text);
	acts_free(&there);
	return kept;
}

static bool
keep(const struct context *context, const struct document_acts *acts,
    bool durable, struct error *err)
{
	char dir[FILE_PATH], lock[FILE_PATH], path[FILE_PATH];
	struct buf text = BUF(LIMIT_ACTS_BYTES);
	bool ok;
	int fd = -1;

	ok = context_path(context, "acts", dir, err) &&
	    file_make_dirs(dir, 0700, err) &&
	    context_path(context, "acts/lock", lock, err) &&
	    path_of(context, acts->doc.name, path, err) &&
	    encode(acts, &text, err) && (fd = file_lock_wait(lock, err)) >= 0;
	if (ok && !is_kept(path, acts))
		ok = durable
		    ? file_write(path, buf_span(&text), 0600, err)
		    : file_write_quick(path, buf_span(&text), 0600, err);
	if (fd >= 0)
		close(fd);
	buf_free(&text);
	return ok;
}

bool
acts_keep(const struct context *context, const struct document_acts *acts,
    struct error *err)
{
	/* Of none there is nothing that a power cut could take. */
	return keep(context, acts, acts->num > 0, err);
}

bool
acts_keep_quick(const struct context *context, const struct document_acts *acts,
    struct error *err)
{
	return keep(context, acts, false, err);
}

void
acts_forget(const struct context *context, const char *document)
{
	struct error ignored = { 0 };
	char path[FILE_PATH];

	if (path_of(context, document, path, &ignored))
		unlink(path);
}

/* --- A copy beside the acts. --- */

static bool
is_in_copy(const struct verdict *verdict, uint64_t index)
{
	for (size_t i = 0; i < verdict->num_acts; i++)
		if (verdict->acts[i].index == index)
			return true;
	return false;
}

bool
acts_settle(const struct document_acts *acts, struct verdict *verdict,
    struct error *err)
{
	const struct ledger_version *version =
	    acts_version(acts, verdict->version->number);
	uint64_t missing = LEDGER_NONE;

	if (version == NULL)
		return error_set_code(err, ERROR_UNTRUSTED, ENTRY_WITHHELD,
		    "the daemon sent %s@%u, and does not show its deposit",
		    verdict->version->document, verdict->version->number);
	for (size_t i = 0; i < verdict->num_acts; i++)
		if (!acts_of_version(version, verdict->acts[i].index))
			missing = verdict->acts[i].index;
	if (missing != LEDGER_NONE)
		return error_set_code(err, ERROR_UNTRUSTED, ENTRY_WITHHELD,
		    "the copy of %s@%u proves entry %llu, which the daemon"
		    " does not show",
		    verdict->version->document, verdict->version->number,
		    (unsigned long long)missing);
	for (size_t i = 0; i < version->num_acts; i++)
		if (!is_in_copy(verdict, version->acts[i]))
			missing = version->acts[i];
	if (missing != LEDGER_NONE ||
	    !digest_eq(&version->digest, &verdict->digest))
		return error_set_code(err, ERROR_UNTRUSTED, ANSWER_DIFFERS,
		    "the daemon sent an older copy of %s@%u than there is: it"
		    " lacks entry %llu",
		    verdict->version->document, verdict->version->number,
		    (unsigned long long)missing);
	verdict->status = version->status;
	return true;
}
