/*
 * Copies: fetching one, judging it, and what its document's acts say of it.
 */
#include "client/copy.h"

#include <string.h>
#include <unistd.h>

#include "base/time.h"
#include "client/acts.h"
#include "client/tell.h"

void
copy_free(struct copy *copy)
{
	verdict_free(&copy->verdict);
	container_free(copy->container);
	if (copy->fd >= 0)
		close(copy->fd);
	*copy = (struct copy){ .fd = -1 };
}

bool
copy_note(const struct container *container, struct buf *out, struct error *err)
{
	for (size_t i = 0; i < container->num; i++) {
		const struct member *member = &container->members[i];
		struct proof proof = PROOF;
		bool ok;

		if (!path_is_receipt(member->path))
			continue;
		ok = proof_parse(member_bytes(member), &proof, err) &&
		    buf_append(out, buf_span(&proof.note), err);
		proof_free(&proof);
		return ok;
	}
	return error_set(err, ERROR_MALFORMED, "a copy without a receipt");
}

/* Get the CRLs that its receipts name, so that it can be judged offline. */
static void
want_crls_of(struct session *session, const struct container *container)
{
	for (size_t i = 0; i < container->num; i++) {
		const struct member *member = &container->members[i];
		struct entry entry;
		struct proof proof = PROOF;
		struct error ignored = { 0 };

		if (path_is_receipt(member->path) &&
		    proof_parse(member_bytes(member), &proof, &ignored) &&
		    entry_parse(buf_span(&proof.entry), &entry, &ignored) &&
		    entry_has(&entry, ENTRY_CRLS))
			session_want_crls(session, &entry.crls);
		proof_free(&proof);
	}
}

/* broken says why it had to be read as another maker's; or it is NULL. */
static bool
judge_container(struct context *context, struct container *container,
    const struct error *broken, struct verdict *out, struct error *err)
{
	const struct verdict_library library = context_library(context);
	struct verdict_request request = { .expect = EXPECT_DELIVERED,
		.container = container,
		.certs = context->certs,
		.library = &library,
		.journal = &context->journal,
		.must_be_witnessed = context->witnessed,
		.now_ms = time_now_ms() };
	const struct policy *pinned;
	struct error why = { 0 };

	if ((pinned = policies_pinned(context, &why)) != NULL)
		request.witnesses = &pinned->witnesses;
	return broken == NULL
	    ? verdict_judge(&request, out, err)
	    : verdict_judge_rezipped(&request, broken, out, err);
}

bool
copy_judge(struct context *context, int fd, struct copy *out, struct error *err)
{
	struct error why = { 0 };

	if (out->container == NULL)
		out->container = container_read_to_judge(fd, &why);
	if (out->container == NULL)
		return verdict_unreadable(&why, &out->verdict, err);
	return judge_container(context, out->container, NULL, &out->verdict,
	    err);
}

bool
copy_judge_rezipped(struct context *context, const struct error *broken,
    struct copy *out, struct error *err)
{
	return judge_container(context, out->container, broken, &out->verdict,
	    err);
}

bool
copy_download(struct session *session, const char *document, unsigned version,
    struct copy *out, struct error *err)
{
	char path[512], name[DOCUMENT_NAME + 16];
	struct error why = { 0 };

	*out = (struct copy){ .fd = -1 };
	copy_path(path, document, version);
	session->doing = "fetching";
	snprintf(name, sizeof(name), "%.*s--%s@%u",
	    (int)(strchr(document, '/') - document), document,
	    strchr(document, '/') + 1, version);
	out->fd = session_download_kept(session, path, name, err);
	client_progress_end(session->context);
	session->doing = NULL;
	if (out->fd < 0)
		return false;
	out->size = (uint64_t)lseek(out->fd, 0, SEEK_END);
	if ((out->container = container_read_to_judge(out->fd, &why)) != NULL)
		want_crls_of(session, out->container);
	return copy_judge(session->context, out->fd, out, err);
}

bool
copy_follow(struct session *session, const struct copy *copy, struct error *err)
{
	const struct container *container = copy->container;
	bool ok = true;

	for (size_t i = 0; ok && container != NULL && i < container->num; i++) {
		const struct member *member = &container->members[i];
		struct entry entry;
		struct proof proof = PROOF;
		struct error ignored = { 0 };
		struct checkpoint checkpoint;

		if (path_is_receipt(member->path) &&
		    proof_parse(member_bytes(member), &proof, &ignored) &&
		    proof_verify(&proof, &session->context->journal,
			&checkpoint, &ignored) &&
		    entry_parse(buf_span(&proof.entry), &entry, &ignored))
			ok = session_follow(session, buf_span(&proof.note),
				 err) &&
			    session_entry(session, proof.index, &entry, err);
		proof_free(&proof);
	}
	return ok;
}

/*
 * Check that it is the one that was asked for; where version is 0, that it is
 * not older than newest.
 */
static bool
is_the_one(const struct copy *copy, const char *document, unsigned version,
    unsigned newest, struct error *err)
{
	const struct version *it = copy->verdict.version;

	if (it == NULL ||
	    (strcmp(it->document, document) == 0 &&
		(version != 0 ? it->number == version : it->number >= newest)))
		return true;
	return error_set_code(err, ERROR_UNTRUSTED, "VERSION_DIFFERS",
	    "the daemon sent %s@%u instead", it->document, it->number);
}

/* Set the status by its acts and those on other versions. */
static bool
settle_copy(struct session *session, struct document_acts *acts,
    struct copy *copy, struct error *err)
{
	const struct verdict *verdict = &copy->verdict;

	/* The copy may have an act that came after the acts were asked for. */
	if (verdict->num_acts > 0 &&
	    verdict->acts[verdict->num_acts - 1].index >= acts->size) {
		acts_free(acts);
		if (!acts_update(session, verdict->version->document, acts,
			err))
			return false;
	}
	return acts_settle(acts, &copy->verdict, err) &&
	    as_of_acts(acts, true, &copy->verdict, &copy->as_of, err);
}

/*
 * A version that the document's acts tell of exists, whatever the daemon says.
 */
static bool
download_known(struct session *session, const struct document_acts *acts,
    const char *document, unsigned version, struct copy *out, struct error *err)
{
	const bool known = acts_version(acts, version) != NULL;
	unsigned tries = 0;

	while (!copy_download(session, document, version, out, err)) {
		const struct error denied = *err;

		if (!session_ask_again(session, &tries, err))
			return false;
		if (!known) {
			*err = denied;
			return false;
		}
	}
	return true;
}

/* Find the number of the version that is meant; 0 is the daemon's newest. */
static bool
find_version(const struct document_acts *acts, unsigned *version,
    struct error *err)
{
	const struct ledger_version *now = ledger_now_in_force(&acts->doc);
	const struct ledger_version *newest = acts_version(acts, 0);

	if (*version != DOCUMENT_IN_FORCE && *version != DOCUMENT_PLAIN)
		return true;
	if (*version == DOCUMENT_IN_FORCE && now == NULL && newest != NULL)
		return error_set(err, ERROR_NOT_FOUND,
		    "no version of %s is in force: the newest, %u, is %s",
		    acts->doc.name, newest->number,
		    status_name(newest->status));
	/* Without acts the daemon's answer says why. */
	*version = now != NULL ? now->number : 0;
	return true;
}

/* Note what the acts say of the other versions. */
static void
note_document(const struct document_acts *acts, struct copy *copy)
{
	const struct ledger_version *now = ledger_now_in_force(&acts->doc);
	const struct ledger_version *newest = acts_version(acts, 0);

	if (newest == NULL)
		return;
	copy->document.newest = newest->number;
	copy->document.status = newest->status;
	copy->document.in_force = now != NULL ? now->number : 0;
}

bool
copy_fetch_beside(struct session *session, struct document_acts *acts,
    unsigned version, struct copy *out, struct error *err)
{
	const char *document = acts->doc.name;
	bool ok;

	*out = (struct copy){ .fd = -1 };
	ok = find_version(acts, &version, err) &&
	    download_known(session, acts, document, version, out, err) &&
	    copy_follow(session, out, err) &&
	    is_the_one(out, document, version, (unsigned)acts->doc.num_versions,
		err);
	if (ok && out->verdict.outcome == OUTCOME_VALID) {
		ok = settle_copy(session, acts, out, err);
		note_document(acts, out);
		out->document.was_seen =
		    context_has_seen(session->context, &out->verdict.digest);
		if (ok)
			context_remember_version(session->context,
			    member_bytes(
				container_find(out->container, PATH_VERSION)));
	}
	return ok;
}

bool
copy_fetch(struct session *session, const char *document, unsigned version,
    struct copy *out, struct error *err)
{
	struct document_acts acts;
	bool ok;

	*out = (struct copy){ .fd = -1 };
	ok = acts_update(session, document, &acts, err) &&
	    copy_fetch_beside(session, &acts, version, out, err);
	acts_free(&acts);
	return ok;
}
