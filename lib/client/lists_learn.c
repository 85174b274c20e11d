/*
 * Which CRLs the daemon's journal names: what came since is asked for.
 */
#include "client/lists.h"
#include "client/session.h"
#include "client/tell.h"

/* The entries that are known, and those that come. */
struct learning {
	struct session *session;
	struct buf text; /* "INDEX LINE"s */
	bool any;
	uint64_t newest;   /* of the newest entry: its index */
	struct digest set; /* the set that it names */
	/* the set by which the daemon judges is among them */
	bool is_named;
};

/* Add a `crl` entry, and get its set. */
static bool
take_entry(struct learning *learning, uint64_t index, const struct entry *entry,
    struct error *err)
{
	const bool has_prior = entry_has(entry, ENTRY_PRIOR);

	if (learning->any ? !has_prior || entry->prior != learning->newest
			  : has_prior)
		return error_set_code(err, ERROR_UNTRUSTED, "ENTRY_WITHHELD",
		    "the daemon hides a set of CRLs: entry %llu does not follow"
		    " the last that it showed. Call the other offices",
		    (unsigned long long)index);
	learning->any = true;
	learning->newest = index;
	learning->set = entry->crls;
	learning->is_named = learning->is_named ||
	    digest_eq(&entry->crls, &learning->session->named_crls);
	return true;
}

/* An entry_visitor. */
static bool
learn(void *arg, uint64_t index, const struct entry *entry, struct span line,
    struct error *err)
{
	struct learning *learning = arg;
	const uint64_t known = learning->session->context->crl_size;

	if (index < known)
		return error_set_code(err, ERROR_UNTRUSTED, "ENTRY_WITHHELD",
		    "the daemon hid a set of CRLs: it shows entry %llu now, and"
		    " said of the journal of size %llu that there was none"
		    " newer. Call the other offices",
		    (unsigned long long)index, (unsigned long long)known);
	if (!take_entry(learning, index, entry, err) ||
	    !buf_printf(&learning->text, err, "%llu ",
		(unsigned long long)index) ||
	    !buf_append(&learning->text, line, err) ||
	    !buf_append_str(&learning->text, "\n", err))
		return false;
	session_want_crls(learning->session, &entry->crls);
	return true;
}

/* Take over the entries that are kept. */
static bool
take_known(struct learning *learning, struct error *err)
{
	struct entry entry;
	const struct span known =
	    buf_span(&learning->session->context->crl_entries);
	struct span rest = known;
	uint64_t index;
	bool more;

	for (;;) {
		if (!lists_next(&rest, &more, &index, &entry, err))
			return false;
		if (!more)
			return buf_append(&learning->text, known, err);
		if (!take_entry(learning, index, &entry, err))
			return false;
	}
}

static bool
keep(const struct context *context, const struct learning *learning,
    uint64_t size, struct error *err)
{
	struct buf text = BUF(LIMIT_CRL_LIST_BYTES);
	char path[FILE_PATH];
	bool ok;

	ok = context_path(context, "crl-entries", path, err) &&
	    buf_printf(&text, err, "size %llu\n", (unsigned long long)size) &&
	    buf_append(&text, buf_span(&learning->text), err) &&
	    file_write(path, buf_span(&text), 0600, err);
	buf_free(&text);
	return ok;
}

/* The known entries are of a smaller journal, or of an equal one. */
static bool
ask(struct session *session, struct learning *learning, uint64_t *size,
    struct error *err)
{
	struct entry_filter filter = { .act = act_name(ACT_CRL) };
	bool ok;

	/* Not what was seen since: that may have an entry of a newer set. */
	*size = session->named_size;
	if (!take_known(learning, err))
		return false;
	/*
	 * The daemon judges by the newest set that is known: there is no newer
	 * one.
	 */
	if (learning->any && digest_eq(&learning->set, &session->named_crls)) {
		session_want_crls(session, &learning->set);
		return true;
	}
	filter.from = learning->any ? learning->newest + 1 : 0;
	session->learning = true;
	ok = session_entries(session, &filter, learn, learning, err);
	session->learning = false;
	if (ok && session->answered > *size)
		*size = session->answered;
	return ok &&
	    (learning->is_named ||
		error_set_code(err, ERROR_UNTRUSTED, "ENTRY_WITHHELD",
		    "the daemon judges by CRLs that no entry names which it"
		    " shows. Call the other offices"));
}

bool
lists_learn(struct session *session, struct error *err)
{
	struct context *context = session->context;
	struct learning learning = { .session = session,
		.text = BUF(LIMIT_CRL_LIST_BYTES) };
	struct error why = { 0 };
	uint64_t size;
	bool ok;

	/* Asking may find a new key and catch up, which would ask again. */
	if (session->learning)
		return true;
	if (digest_is_zero(&session->named_crls))
		return error_set_code(err, ERROR_UNTRUSTED, "ENTRY_WITHHELD",
		    "the daemon does not say by which CRLs it judges. Call the"
		    " other offices");
	ok = ask(session, &learning, &size, err);
	if (!ok && err->kind == ERROR_LIMIT) {
		/*
		 * Commands that look at the journal go on with what they know,
		 * and say so.
		 */
		client_note(context,
		    "the journal names more CRLs than are kept (%s):"
		    " revocation is judged as of checkpoint %llu",
		    err->detail, (unsigned long long)context->crl_size);
		*err = (struct error){ 0 };
		ok = true;
		size = 0;
	}
	if (ok && size > context->crl_size) {
		ok = lists_set(context, size, buf_span(&learning.text), err);
		if (ok && !keep(context, &learning, size, &why))
			client_note(context,
			    "which CRLs the journal names could not be"
			    " kept: %s",
			    why.detail);
	}
	buf_free(&learning.text);
	return ok;
}
