/*
 * The file of titles: reading and writing it as a whole.  It is a header
 * ("VALTITL3", the journal's size and root), a record for each document with a
 * title (the index of the entry that made its newest version, and the titles and
 * the languages of its texts, each with its length before it), and the SHA-256
 * of all bytes before.  Integers are big-endian.  "VALTITL2" had no languages.
 */
#include "record/titles.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "document/title_text.h"
#include "record/order.h"
#include "record/states.h"

static const char magic[] = "VALTITL3", magic_before[] = "VALTITL2";

enum { TITLES_BYTES = 1024 * 1024 * 1024, DIGEST = 32 };

static bool
append_titles(struct ledger *ledger, struct buf *out, struct error *err)
{
	struct order_cursor cursor;
	const struct ledger_document *doc;
	bool ok = true;

	ledger_read_lock(ledger);
	cursor = order_after(ledger_order(ledger), "");
	while (
	    ok && (doc = order_next(ledger_order(ledger), &cursor)) != NULL) {
		const struct ledger_version *newest =
		    &doc->versions[doc->num_versions - 1];
		const struct span title = span_of_str(doc->title);
		const struct span languages =
		    span_of_str(ledger_languages(doc));

		if (title.len > 0)
			ok = buf_append_u64(out, newest->acts[0], err) &&
			    buf_append_u16(out, (uint16_t)title.len, err) &&
			    buf_append(out, title, err) &&
			    buf_append_u16(out, (uint16_t)languages.len, err) &&
			    buf_append(out, languages, err);
	}
	ledger_unlock(ledger);
	return ok;
}

static bool
replace(const char *path, struct span bytes, struct error *err)
{
	char tmp[FILE_PATH];
	bool ok;
	int fd;

	if (snprintf(tmp, sizeof(tmp), "%s.tmp", path) >= (int)sizeof(tmp))
		return error_set(err, ERROR_LIMIT, "%s: too long", path);
	fd = open(tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0)
		return error_set_errno(err, "%s", tmp);
	ok = file_pwrite(fd, bytes, 0, err) || error_context(err, "%s", tmp);
	close(fd);
	if (ok && rename(tmp, path) != 0)
		ok = error_set_errno(err, "%s", path);
	if (!ok)
		unlink(tmp);
	return ok;
}

bool
titles_write(const char *path, const struct journal *journal,
    struct ledger *ledger, struct error *err)
{
	const struct head head = journal_head(journal);
	struct buf out = BUF(TITLES_BYTES);
	struct digest sum;
	bool ok;

	ok = buf_append_str(&out, magic, err) &&
	    buf_append_u64(&out, head.size, err) &&
	    buf_append(&out, span_of(head.root.bytes, DIGEST), err) &&
	    append_titles(ledger, &out, err);
	if (ok) {
		sum = sha256_of(buf_span(&out));
		ok = buf_append(&out, span_of(sum.bytes, DIGEST), err) &&
		    replace(path, buf_span(&out), err);
	}
	buf_free(&out);
	return ok;
}

/*
 * Is the file whole and of this journal? rest gets its records; old: they have
 * no languages.
 */
static bool
check(const struct journal *journal, struct span bytes, struct span *rest,
    bool *old, struct error *err)
{
	struct span body, part;
	struct digest sum, root;
	uint64_t size;

	*rest = bytes;
	if (bytes.len < DIGEST || !span_take(rest, bytes.len - DIGEST, &body))
		return error_set(err, ERROR_UNTRUSTED, "it is cut short");
	sum = sha256_of(body);
	if (!span_eq(*rest, span_of(sum.bytes, DIGEST)))
		return error_set(err, ERROR_UNTRUSTED, "it is damaged");
	*rest = body;
	if (!span_take(rest, sizeof(magic) - 1, &part))
		return error_set(err, ERROR_UNTRUSTED, "it is of another kind");
	*old = span_is(part, magic_before);
	if ((!*old && !span_is(part, magic)) || !span_take_u64(rest, &size) ||
	    !span_take(rest, DIGEST, &part))
		return error_set(err, ERROR_UNTRUSTED, "it is of another kind");
	return (size <= journal_size(journal) &&
		   journal_root_at(journal, size, &root, err) &&
		   span_eq(part, span_of(root.bytes, DIGEST))) ||
	    error_set(err, ERROR_UNTRUSTED, "it is of another journal");
}

/*
 * Returns the document whose newest version was made by the entry at index, or
 * NULL.
 */
static struct ledger_document *
newest_of(struct ledger *ledger, uint64_t index)
{
	struct ledger_document *doc;
	struct ledger_entry entry;

	if (index >= ledger_size(ledger))
		return NULL;
	entry = ledger_entry(ledger, index);
	doc = entry.act == ACT_DEPOSIT
	    ? ledger_find(ledger, ledger_name(ledger, entry.document))
	    : NULL;
	return doc != NULL &&
		doc->versions[doc->num_versions - 1].acts[0] == index
	    ? doc
	    : NULL;
}

/* Take a text with its length before it. */
static bool
take_text(struct span *rest, struct span *out)
{
	uint16_t len;

	return span_take_u16(rest, &len) && span_take(rest, len, out);
}

bool
titles_read(const char *path, const struct journal *journal,
    struct ledger *ledger, size_t *num, struct error *err)
{
	struct buf bytes = BUF(TITLES_BYTES);
	char text[TITLE_TEXT], languages[LANGUAGES_TEXT] = "";
	struct span rest, title, codes = { 0 };
	uint64_t index;
	bool ok, old = false;

	*num = 0;
	ok = file_read(path, bytes.max, &bytes, err) &&
	    (check(journal, buf_span(&bytes), &rest, &old, err) ||
		error_context(err, "%s", path));
	ledger_write_lock(ledger);
	while (ok && span_take_u64(&rest, &index) && take_text(&rest, &title) &&
	    (old || take_text(&rest, &codes))) {
		struct ledger_document *doc = newest_of(ledger, index);

		if (doc == NULL || doc->title[0] != '\0' ||
		    !title_text_is(title) ||
		    !span_to_str(title, text, sizeof(text)))
			continue;
		if (!languages_text_is(codes) ||
		    !span_to_str(codes, languages, sizeof(languages)))
			languages[0] = '\0';
		states_set_title(doc, text, languages);
		++*num;
	}
	ledger_unlock(ledger);
	buf_free(&bytes);
	return ok;
}
