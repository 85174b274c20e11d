#include "daemon/snapshot.h"

#include <stdlib.h>
#include <string.h>

bool
snapshot_take(struct job *job, unsigned version, struct snapshot *out,
    struct error *err)
{
	struct ledger *ledger = job->api->registrar->ledger;
	const struct ledger_version *asked;
	const struct ledger_document *doc;
	bool ok = true;

	*out = (struct snapshot){ .last = LEDGER_NONE };
	ledger_read_lock(ledger);
	doc = ledger_find(ledger, job->document);
	if (doc != NULL && doc->num_versions > 0) {
		out->last = doc->last;
		out->num_versions = (unsigned)doc->num_versions;
		out->status = ledger_status(doc);
		out->newest_digest =
		    doc->versions[doc->num_versions - 1].digest;
	}
	asked = ledger_version(doc,
	    version != 0 ? version : out->num_versions);
	if (asked != NULL) {
		out->version = asked->number;
		out->asked = *asked;
		out->deposit_index = asked->acts[0];
		out->num_acts = asked->num_acts < LIMIT_RECEIPTS ?
		    asked->num_acts :
		    LIMIT_RECEIPTS;
		memcpy(out->acts, asked->acts,
		    out->num_acts * sizeof(out->acts[0]));
		for (size_t i = 0; i < asked->num_signers; i++)
			if (strcmp(asked->signers[i].person,
				job->who.person) == 0) {
				out->mine = asked->signers[i];
				out->has_mine = true;
			}
		out->num_signers = asked->num_signers;
		out->signers = calloc(asked->num_signers + 1,
		    sizeof(*out->signers));
		if (out->signers == NULL)
			ok = error_set_errno(err, "snapshot");
		else if (asked->num_signers > 0)
			memcpy(out->signers, asked->signers,
			    asked->num_signers * sizeof(*out->signers));
	}
	ledger_unlock(ledger);
	out->asked.signers = NULL;
	out->asked.acts = NULL;
	return ok;
}

struct stored_file {
	char path[LIMIT_PATH_BYTES + 1];
	struct oid oid;
};

struct stored {
	struct stored_file *files;
	size_t num;
};

static bool
collect(void *arg, const char *path, const struct oid *oid, struct error *err)
{
	struct stored *stored = arg;
	struct stored_file *all;

	if (strcmp(path, ".gitattributes") == 0)
		return true;
	if (stored->num >= 2 * LIMIT_MEMBERS)
		return error_set(err, ERROR_LIMIT, "too many files");
	all = realloc(stored->files, (stored->num + 1) * sizeof(*all));
	if (all == NULL)
		return error_set_errno(err, "version");
	stored->files = all;
	snprintf(all[stored->num].path, sizeof(all[0].path), "%s", path);
	all[stored->num++].oid = *oid;
	return true;
}

static const struct digest *
known_digest(const struct version *version, const char *path)
{
	for (size_t i = 0; i < version->num_texts; i++)
		if (strcmp(version->texts[i].file, path) == 0)
			return &version->texts[i].sha256;
	for (size_t i = 0; i < version->num_annexes; i++)
		if (strcmp(version->annexes[i].file, path) == 0)
			return &version->annexes[i].sha256;
	return NULL;
}

static bool
is_text(const char *path)
{
	return strncmp(path, "texts/", 6) == 0 ||
	    strncmp(path, "annexes/", 8) == 0;
}

static bool
load_small(struct store *store, const struct stored *stored,
    struct container *container, struct error *err)
{
	bool ok = true;

	for (size_t i = 0; ok && i < stored->num; i++) {
		struct buf bytes = BUF(LIMIT_META_BYTES);

		if (is_text(stored->files[i].path))
			continue;
		ok = store_read(store, &stored->files[i].oid, OBJECT_BLOB,
			 &bytes, err) &&
		    container_put(container, stored->files[i].path,
			buf_span(&bytes), err);
		buf_free(&bytes);
	}
	return ok;
}

/* Texts stay in the store; what they are was judged when they came in. */
static bool
load_texts(struct store *store, const struct stored *stored,
    struct container *container, struct error *err)
{
	const struct member *yaml = container_find(container, PATH_VERSION);
	struct version *version = yaml == NULL ?
	    NULL :
	    version_parse(member_bytes(yaml), err);
	bool ok = version != NULL ||
	    error_set(err, ERROR_SYSTEM, "a stored version has no"
					 " version.yaml");

	for (size_t i = 0; ok && i < stored->num; i++) {
		const char *path = stored->files[i].path;
		struct member member;

		if (is_text(path))
			ok = store_member(store, path, &stored->files[i].oid,
				 known_digest(version, path), &member, err) &&
			    container_add(container, &member, err);
	}
	free(version);
	return ok;
}

struct container *
snapshot_load(struct job *job, const struct oid *commit_oid, struct error *err)
{
	struct store *store = job->api->registrar->store;
	struct container *container = container_new(err);
	struct stored stored = { 0 };
	struct store_commit commit;
	bool ok;

	ok = container != NULL &&
	    store_read_commit(store, commit_oid, &commit, err) &&
	    store_walk_tree(store, &commit.tree, collect, &stored, err) &&
	    load_small(store, &stored, container, err) &&
	    load_texts(store, &stored, container, err);
	free(stored.files);
	if (!ok) {
		container_free(container);
		err->kind = ERROR_SYSTEM; /* the store's fault, not theirs */
		return NULL;
	}
	return container;
}

