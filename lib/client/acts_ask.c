/*
 * The proved acts of a document: only what came since is asked for.
 */
#include "client/acts.h"

#include <string.h>

#include "base/text.h"
#include "client/acts_private.h"
#include "client/tell.h"

static bool
visit_new(void *arg, uint64_t index, const struct entry *entry,
    struct span line, struct error *err)
{
	(void)entry;
	return acts_add(arg, index, line, err);
}

/*
 * Ask from the last known act on, and not from the size that the acts were
 * complete up to: an act that the daemon left out once is then asked for again.
 */
static bool
ask(struct session *session, struct document_acts *acts, struct error *err)
{
	const struct entry_filter filter = { .act = FILTER_DOCUMENTS,
		.document = acts->doc.name,
		.from =
		    acts->num > 0 ? acts->list[acts->num - 1].index + 1 : 0 };

	if (!session_entries(session, &filter, visit_new, acts, err))
		return false;
	if (session_shows(session, acts->doc.name)) {
		acts->size = session->answered;
		acts->seen_at = session->answered_at;
	} else if (acts->num > 0 &&
	    acts->list[acts->num - 1].index >= acts->size) {
		acts->size = acts->list[acts->num - 1].index + 1;
		acts->seen_at = 0;
	}
	return true;
}

/*
 * True if the daemon says that this office may read the document; else err is
 * its reason.
 */
static bool
is_readable(struct session *session, const char *document, struct error *err)
{
	struct buf body = BUF(LIMIT_ANSWER_BYTES);
	char path[DOCUMENT_NAME + 32];
	bool ok;

	snprintf(path, sizeof(path), "/v1/documents/%s", document);
	ok = session_get(session, path, &body, err);
	buf_free(&body);
	return ok;
}

/*
 * An office that may not read a document is shown only its own acts on it. The
 * daemon says so then, and withholds nothing.
 */
static bool
refused(struct session *session, const char *document, struct error *err)
{
	struct error why = { 0 };

	if (is_readable(session, document, &why) ||
	    (why.kind != ERROR_REFUSED && why.kind != ERROR_NOT_FOUND))
		return false;
	*err = why;
	return true;
}

bool
acts_are_shown(struct session *session, const struct document_acts *acts,
    bool proved, struct error *err)
{
	const char *document = acts->doc.name;

	if (acts->doc.num_versions > 0)
		return true;
	if (is_readable(session, document, err))
		return error_set_code(err, ERROR_UNTRUSTED, ENTRY_WITHHELD,
		    "the daemon knows %s, and shows no act on it", document);
	return proved && err->kind == ERROR_NOT_FOUND
	    ? error_set_code(err, ERROR_UNTRUSTED, ENTRY_WITHHELD,
		  "the daemon denies that there is %s, on which a copy proves"
		  " acts",
		  document)
	    : false;
}

static void
begin_anew(struct document_acts *acts)
{
	char document[DOCUMENT_NAME];

	text_set(document, sizeof(document), acts->doc.name);
	acts_free(acts);
	acts_begin(document, acts);
}

/*
 * The acts do not continue those that are kept: ask for all anew. Those that
 * were proved before must be among them, or the daemon withholds them.
 */
static bool
ask_again(struct session *session, struct document_acts *acts,
    struct error *err)
{
	struct document_acts kept;
	bool ok;

	if (ask(session, acts, err))
		return true;
	/* Of two histories nothing more is asked. */
	if (acts->num == 0 || err->kind != ERROR_UNTRUSTED ||
	    error_is(err, finding_name(FINDING_JOURNAL_ROLLED_BACK)))
		return false;
	*err = (struct error){ 0 };
	kept = *acts;
	acts_begin(kept.doc.name, acts);
	ok = ask(session, acts, err) &&
	    acts_include(acts, &kept, session->answered, err);
	acts_free(&kept);
	return ok;
}

/*
 * The kept acts are of a larger journal than was seen.  Either another command
 * has seen more meanwhile, or this state was restored from an older copy and
 * the acts may be of a journal that does not exist.
 */
static bool
check_size(struct session *session, struct document_acts *acts,
    struct error *err)
{
	if (acts->size <= session->seen.size)
		return true;
	if (!session_catch_up(session, err))
		return false;
	if (acts->size > session->seen.size) {
		acts_forget(session->context, acts->doc.name);
		begin_anew(acts);
	}
	return true;
}

bool
acts_update(struct session *session, const char *document,
    struct document_acts *out, struct error *err)
{
	struct error why = { 0 };
	bool ok;

	acts_load(session->context, document, out);
	ok = check_size(session, out, err) && ask_again(session, out, err);
	if (!ok && error_is(err, ENTRY_WITHHELD))
		(void)refused(session, document, err);
	/*
	 * The kept acts would be told as if nothing had come since, so they are
	 * dropped.
	 */
	if (ok && out->num > 0 && !session_shows(session, document))
		ok = !refused(session, document, err);
	/*
	 * Acts that cannot be kept are proved all the same, and asked for
	 * again.
	 */
	if (ok && !acts_keep_now(session, out, &why))
		client_note(session->context,
		    "what was proved of %s could not be kept: %s", document,
		    why.detail);
	return ok;
}

bool
acts_update_with(struct session *session, const char *document, uint64_t index,
    struct document_acts *out, struct error *err)
{
	if (acts_update(session, document, out, err) &&
	    (acts_has(out, index) ||
		error_set_code(err, ERROR_UNTRUSTED, ENTRY_WITHHELD,
		    "the daemon gave the receipt of entry %llu, and does not"
		    " show it among the acts on %s",
		    (unsigned long long)index, document)))
		return true;
	client_note(session->context,
	    "what you signed is entry %llu of the journal, by its"
	    " receipt; what follows from it is not proved",
	    (unsigned long long)index);
	return false;
}
