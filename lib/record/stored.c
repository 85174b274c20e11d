#include "record/stored.h"

#include <stdlib.h>
#include <string.h>

#include "document/version.h"

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

/* In memory to be read; written as it lies in the store, deflated already. */
static bool
add_small(struct store *store, struct container *container, const char *path,
    const struct oid *oid, struct buf *bytes, struct error *err)
{
	const struct digest sha256 = sha256_of(buf_span(bytes));
	struct member member;

	if (!store_member(store, path, oid, &sha256, &member, err))
		return false;
	member.bytes = *bytes;
	if (!container_add(container, &member, err))
		return false;
	*bytes = BUF(0); /* the container's now */
	return true;
}

static bool
load_small(struct store *store, const struct stored *stored, bool to_judge,
    struct container *container, struct error *err)
{
	bool ok = true;

	for (size_t i = 0; ok && i < stored->num; i++) {
		struct buf bytes = BUF(LIMIT_META_BYTES);

		if (is_text(stored->files[i].path))
			continue;
		ok = store_read(store, &stored->files[i].oid, OBJECT_BLOB,
			 &bytes, err) &&
		    (to_judge
			    ? container_put_to_judge(container,
				  stored->files[i].path, buf_span(&bytes), err)
			    : add_small(store, container, stored->files[i].path,
				  &stored->files[i].oid, &bytes, err));
		buf_free(&bytes);
	}
	return ok;
}

/*
 * Texts stay in the store.  What they are was judged when they came in; to
 * judge it anew they are read.
 */
static bool
load_texts(struct store *store, const struct stored *stored, bool to_judge,
    struct container *container, struct error *err)
{
	const struct member *yaml = container_find(container, PATH_VERSION);
	struct version *version =
	    yaml == NULL ? NULL : version_parse(member_bytes(yaml), err);
	bool ok = version != NULL ||
	    error_set(err, ERROR_SYSTEM,
		"a stored version has no"
		" version.yaml");

	for (size_t i = 0; ok && i < stored->num; i++) {
		const char *path = stored->files[i].path;
		struct member member;

		if (!is_text(path))
			continue;
		ok =
		    (to_judge
			    ? store_member_to_judge(store, path,
				  &stored->files[i].oid, &member, err)
			    : store_member(store, path, &stored->files[i].oid,
				  known_digest(version, path), &member, err)) &&
		    container_add(container, &member, err);
	}
	free(version);
	return ok;
}

static struct container *
load(struct store *store, const struct oid *commit_oid, bool to_judge,
    struct error *err)
{
	struct container *container = container_new(err);
	struct stored stored = { 0 };
	struct store_commit commit;
	bool ok;

	ok = container != NULL &&
	    store_read_commit(store, commit_oid, &commit, err) &&
	    store_walk_tree(store, &commit.tree, collect, &stored, err) &&
	    load_small(store, &stored, to_judge, container, err) &&
	    load_texts(store, &stored, to_judge, container, err);
	free(stored.files);
	if (!ok) {
		container_free(container);
		return NULL;
	}
	return container;
}

struct container *
stored_version(struct store *store, const struct oid *commit, struct error *err)
{
	return load(store, commit, false, err);
}

struct container *
stored_to_judge(struct store *store, const struct oid *commit,
    struct error *err)
{
	return load(store, commit, true, err);
}

struct verdict_act *
stored_acts(const struct journal *journal, const uint64_t indices[], size_t num,
    struct error *err)
{
	struct verdict_act *acts = calloc(num + 1, sizeof(*acts));
	bool ok = acts != NULL || error_set_errno(err, "acts");

	for (size_t i = 0; ok && i < num; i++) {
		struct buf line = BUF(LIMIT_ENTRY_BYTES);

		acts[i].index = indices[i];
		ok = journal_entry(journal, indices[i], &line, err) &&
		    entry_parse(buf_span(&line), &acts[i].entry, err);
		buf_free(&line);
	}
	if (!ok) {
		free(acts);
		return NULL;
	}
	return acts;
}

bool
commit_judge(struct cert_cache *certs, const struct policy *policy,
    const struct revocation *revocation, struct span content, struct span der,
    struct cades *out, struct error *err)
{
	struct trust_result trust = { .ca = NULL };

	*out = (struct cades){ 0 };
	if (!cades_verify(certs, der, content, out, err))
		return false;
	if (out->commitment != COMMITMENT_NONE)
		return error_set_code(err, ERROR_UNTRUSTED,
		    "SIGNATURE_COMMITMENT", "a commit's signature is no %s",
		    commitment_name(out->commitment));
	standing_judge(policy->trust, revocation, out->cert, out->signing_at,
	    &trust);
	if (trust.ca == NULL ||
	    !policy_is_depositary(policy, out->cert, trust.ca))
		return error_set(err, ERROR_UNTRUSTED,
		    "it is not the depositary's signature");
	/* Without a list of revocations nothing is known of them. */
	if (!standing_is_good(&trust) &&
	    !(revocation == NULL && trust.state == TRUST_UNKNOWN))
		return error_set(err, ERROR_UNTRUSTED,
		    "the depositary's certificate: %s", trust.text);
	return true;
}
