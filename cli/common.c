#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/time.h"
#include "cli/acts.h"
#include "cli/commands.h"
#include "document/manifest.h"
#include "document/termination.h"

bool
arguments(int argc, int first, int min, int max, const char *usage,
    struct error *err)
{
	const int num = argc - first;

	return (num >= min && (max < 0 || num <= max)) ||
	    error_set(err, ERROR_USAGE, "expected %s (see --help)", usage);
}

bool
needs_line(const struct context *context, const char *what, struct error *err)
{
	return !context->local ||
	    error_set(err, ERROR_USAGE, "%s needs a line: not with --local",
		what);
}

bool
parse_bound(const char *text, bool ends, int64_t *out_ms, struct error *err)
{
	int64_t at;

	if (time_parse_date(span_of_str(text), &at))
		at += ends ? 24 * 60 * 60 : 0;
	else if (!time_parse_at(span_of_str(text), &at))
		return error_set(err, ERROR_USAGE,
		    "\"%s\" is neither a date (2026-11-23) nor a time"
		    " (2026-11-23T10:00:00Z)",
		    text);
	*out_ms = at * 1000;
	return true;
}

static bool
list_files(const struct container *from, bool terminates,
    struct manifest *manifest, struct error *err)
{
	for (size_t i = 0; i < from->num; i++) {
		const struct member *member = &from->members[i];

		/* Only those who terminate sign what is said of it. */
		if (!path_is_meta(member->path) &&
		    strcmp(member->path, "mimetype") != 0 &&
		    (terminates ||
			strcmp(member->path, PATH_TERMINATION) != 0) &&
		    !manifest_add(manifest, member->path,
			media_of_path(member->path), &member->sha256, err))
			return false;
	}
	return true;
}

bool
sign_files(const struct identity *signer, const struct container *from,
    const char *id, enum commitment commitment, struct container *to,
    struct error *err)
{
	struct buf xml = BUF(LIMIT_MANIFEST_BYTES),
		   p7s = BUF(LIMIT_SIGNATURE_BYTES);
	char manifest_path[LIMIT_PATH_BYTES + 1];
	struct manifest manifest = { 0 };
	bool ok;

	snprintf(manifest_path, sizeof(manifest_path), PATH_MANIFEST, id);
	snprintf(manifest.signature, sizeof(manifest.signature), PATH_SIGNATURE,
	    id);
	ok = list_files(from,
		 strncmp(id, TERMINATION_ID, strlen(TERMINATION_ID)) == 0,
		 &manifest, err) &&
	    manifest_encode(&manifest, &xml, err) &&
	    cades_sign(signer, buf_span(&xml), commitment, time_now_ms() / 1000,
		&p7s, err) &&
	    container_put(to, manifest_path, buf_span(&xml), err) &&
	    container_put(to, manifest.signature, buf_span(&p7s), err);
	manifest_free(&manifest);
	buf_free(&xml);
	buf_free(&p7s);
	return ok;
}

bool
version_title_known(const struct context *context, const char *document,
    const struct ledger_version *version, char out[LIMIT_TITLE_BYTES + 1])
{
	struct buf yaml = BUF(LIMIT_VERSION_BYTES);
	struct version *it = NULL;
	struct error ignored = { 0 };
	bool known = false;

	if (context_known_version(context, &version->digest, &yaml))
		it = version_parse(buf_span(&yaml), &ignored);
	/* Its digest is proved; that it is of this document is for it to say. */
	if (it != NULL && strcmp(it->document, document) == 0) {
		snprintf(out, LIMIT_TITLE_BYTES + 1, "%s",
		    version_title(it, "en"));
		known = true;
	}
	free(it);
	buf_free(&yaml);
	return known;
}

bool
document_title(struct session *session, const struct document_acts *acts,
    char out[LIMIT_TITLE_BYTES + 1], bool *known, struct error *err)
{
	struct buf path = BUF(1024);
	json_t *json = NULL;
	const json_t *row;
	size_t i;
	bool ok;

	out[0] = '\0';
	*known = version_title_known(session->context, acts->doc.name,
	    acts_version(acts, 0), out);
	if (*known)
		return true;
	ok = buf_append_str(&path, "/v1/documents?document=", err) &&
	    remote_encode(&path, acts->doc.name, err) &&
	    buf_append_u8(&path, 0, err) &&
	    session_json(session, (const char *)path.data, &json, err);
	json_array_foreach (json_object_get(json, "documents"), i, row)
		if (strcmp(json_text(row, "document"), acts->doc.name) == 0)
			snprintf(out, LIMIT_TITLE_BYTES + 1, "%s",
			    json_text(row, "title"));
	json_decref(json);
	buf_free(&path);
	return ok;
}

void
version_path(char out[512], const char *document, unsigned version)
{
	if (version == 0)
		snprintf(out, 512, "/v1/documents/%s/versions/latest",
		    document);
	else
		snprintf(out, 512, "/v1/documents/%s/versions/%u", document,
		    version);
}

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

/* The CRLs that its receipts name, so that it can be judged offline. */
static void
want_crls_of(struct session *session, const struct container *container)
{
	for (size_t i = 0; i < container->num; i++) {
		const struct member *member = &container->members[i];
		static struct entry entry;
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

/* broken: why it had to be read as another maker's; or NULL. */
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

	if ((pinned = context_pinned(context, &why)) != NULL)
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
	version_path(path, document, version);
	session->doing = "fetching";
	snprintf(name, sizeof(name), "%.*s--%s@%u",
	    (int)(strchr(document, '/') - document), document,
	    strchr(document, '/') + 1, version);
	out->fd = session_download_kept(session, path, name, err);
	output_progress_end();
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
		static struct entry entry; /* large */
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

/* Is it the one that was asked for: version 0 is not older than newest. */
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

/* What became of it, by its acts and those on other versions. */
static bool
settle_copy(struct session *session, struct document_acts *acts,
    struct copy *copy, struct error *err)
{
	const struct verdict *verdict = &copy->verdict;

	/* It may have an act that came after the acts were asked for. */
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

/* One that the document's acts tell of is there, whatever the daemon says. */
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

bool
copy_fetch_beside(struct session *session, struct document_acts *acts,
    unsigned version, struct copy *out, struct error *err)
{
	const char *document = acts->doc.name;
	bool ok;

	*out = (struct copy){ .fd = -1 };
	ok = download_known(session, acts, document, version, out, err) &&
	    copy_follow(session, out, err) &&
	    is_the_one(out, document, version, (unsigned)acts->doc.num_versions,
		err);
	if (ok && out->verdict.outcome == OUTCOME_VALID) {
		ok = settle_copy(session, acts, out, err);
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
