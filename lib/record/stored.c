/*
 * Reading a version out of the store, and judging a commit's signature
 * (stored.h).
 */
#include "record/stored.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "document/version.h"

/*
 * Texts up to HOLD bytes each, HOLD_ALL in total, stay in memory: they are
 * judged soon and need not be read again.
 */
enum { HOLD = 1024 * 1024, HOLD_ALL = 16 * 1024 * 1024 };

struct stored_file {
	char path[LIMIT_PATH_BYTES + 1];
	struct oid oid;
};

struct stored {
	struct stored_file *files;
	size_t num;
};

/* Note each file of a tree: the small ones, and the texts. */
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
	if (!text_take(all[stored->num].path, sizeof(all[0].path), path, err))
		return false;
	all[stored->num++].oid = *oid;
	return true;
}

/* Returns the digest that version.yaml gives for a text or annex, or NULL. */
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

/* How to read a version's files and texts, which depends on what for. */
struct purpose {
	unsigned small, texts; /* enum store_how; 0: see load_text() */
	uint64_t hold;         /* texts up to this many bytes stay in memory, */
	uint64_t hold_all;     /* up to this many in total */
};

static const struct purpose to_write = { .small = STORE_WRITTEN | STORE_NAMED |
	    STORE_HELD,
	.hold = HOLD,
	.hold_all = HOLD_ALL };
static const struct purpose to_judge = { .small = STORE_NAMED | STORE_HELD,
	.texts = STORE_CHECKED,
	.hold = HOLD,
	.hold_all = HOLD_ALL };
/*
 * The hash of each object was compared with its name when the pack was taken
 * in.
 */
static const struct purpose to_copy = { .small = STORE_WRITTEN | STORE_HELD,
	.texts = STORE_WRITTEN,
	.hold = HOLD,
	.hold_all = HOLD_ALL };

static bool
add(struct container *container, struct member *member, struct error *err)
{
	if (container_add(container, member, err))
		return true;
	buf_free(&member->bytes);
	buf_free(&member->packed_bytes);
	return false;
}

/* Load the small files: all but texts and annexes. */
static bool
load_small(struct store *store, const struct stored *stored,
    const struct purpose *purpose, struct container *container,
    struct error *err)
{
	bool ok = true;

	for (size_t i = 0; ok && i < stored->num; i++) {
		struct member member;

		if (is_text(stored->files[i].path))
			continue;
		ok = store_member_hashed(store, stored->files[i].path,
			 &stored->files[i].oid, LIMIT_META_BYTES,
			 purpose->small, &member, err) &&
		    add(container, &member, err);
	}
	return ok;
}

/*
 * Load a text.  Texts that are only copied on stay in the store: their digests
 * were checked when they came in.  Others are read to compute their digest.
 */
static bool
load_text(struct store *store, const struct stored_file *file,
    const struct version *version, const struct purpose *purpose,
    uint64_t *held, struct container *container, struct error *err)
{
	const uint64_t left = purpose->hold_all - *held,
		       hold = left < purpose->hold ? left : purpose->hold;
	struct member member;
	bool ok;

	ok = purpose->texts == 0
	    ? store_member(store, file->path, &file->oid,
		  known_digest(version, file->path), hold, &member, err)
	    : store_member_hashed(store, file->path, &file->oid, hold,
		  purpose->texts, &member, err);
	if (!ok)
		return false;
	*held +=
	    member.bytes.len > 0 ? member.bytes.len : member.packed_bytes.len;
	return add(container, &member, err);
}

/* Parse version.yaml, which was judged when it came in. */
static bool
load_version(struct container *container, struct error *err)
{
	const struct member *yaml = container_find(container, PATH_VERSION);

	if (yaml == NULL)
		return error_set_outside(err,
		    "a stored version has no version.yaml");
	container->version = version_parse(member_bytes(yaml), err);
	if (container->version != NULL)
		return true;
	/* Else it is damaged: not what somebody asked for is malformed. */
	if (!err->is_of_machine)
		error_set_outside(err,
		    "a stored version's version.yaml is damaged");
	return false;
}

/* Load texts and annexes, after version.yaml was parsed. */
static bool
load_texts(struct store *store, const struct stored *stored,
    const struct purpose *purpose, struct container *container,
    struct error *err)
{
	uint64_t held = 0;
	bool ok = load_version(container, err);

	for (size_t i = 0; ok && i < stored->num; i++)
		if (is_text(stored->files[i].path))
			ok = load_text(store, &stored->files[i],
			    container->version, purpose, &held, container, err);
	return ok;
}

static struct container *
load(struct store *store, const struct oid *commit_oid,
    const struct purpose *purpose, struct error *err)
{
	struct container *container = container_new(err);
	struct stored stored = { 0 };
	struct store_commit commit;
	bool ok;

	ok = container != NULL &&
	    store_read_commit(store, commit_oid, &commit, err) &&
	    store_walk_tree(store, &commit.tree, collect, &stored, err) &&
	    load_small(store, &stored, purpose, container, err) &&
	    load_texts(store, &stored, purpose, container, err);
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
	return load(store, commit, &to_write, err);
}

struct container *
stored_to_judge(struct store *store, const struct oid *commit,
    struct error *err)
{
	return load(store, commit, &to_judge, err);
}

struct container *
stored_to_copy(struct store *store, const struct oid *commit, struct error *err)
{
	return load(store, commit, &to_copy, err);
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
	/*
	 * Without a revocation list the state of the certificate is unknown,
	 * which is accepted.
	 */
	if (!standing_is_good(&trust) &&
	    !(revocation == NULL && trust.state == TRUST_UNKNOWN))
		return error_set(err, ERROR_UNTRUSTED,
		    "the depositary's certificate: %s", trust.text);
	return true;
}
