/*
 * Containers of other makers: what their digests, signatures and timestamps
 * say.  Shown, never taken in, and at best INDETERMINATE.
 */
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "document/manifest.h"
#include "verdict/judge.h"

struct foreign {
	struct judge judge;
	struct container *container;
	struct cert_cache *certs;
	size_t num_manifests, num_documents;
	const struct member *manifest; /* the last of them */
	const struct member *document;
};

static bool
has_suffix(const char *path, const char *suffix)
{
	const size_t a = strlen(path), b = strlen(suffix);

	return a >= b && strcmp(path + a - b, suffix) == 0;
}

static bool
is_manifest(const char *path)
{
	return path_is_meta(path) && strstr(path, "ASiC") != NULL &&
	    strstr(path, "Manifest") != NULL && has_suffix(path, ".xml");
}

static bool
reference_matches(const struct reference *one, struct span bytes)
{
	const EVP_MD *md = one->bits == 384 ? EVP_sha384() :
	    one->bits == 512		    ? EVP_sha512() :
					      EVP_sha256();
	unsigned char hash[EVP_MAX_MD_SIZE];
	unsigned len = 0;

	return one->bits != 0 &&
	    EVP_Digest(bytes.data, bytes.len, hash, &len, md, NULL) == 1 &&
	    span_eq(span_of(hash, len), span_of(one->digest, one->bits / 8));
}

static bool
judge_references(struct foreign *foreign, const struct member *member)
{
	struct judge *judge = &foreign->judge;
	struct manifest manifest;
	struct error why = { 0 };
	bool ok = true;

	/* Whose form we do not know says nothing; who signed it still does. */
	if (!manifest_parse(member_bytes(member), &manifest, &why))
		return judge_find(judge, FINDING_NOT_A_DOCUMENT, member->path,
		    "%s", why.detail);
	for (size_t i = 0; ok && i < manifest.num; i++) {
		const struct reference *one = &manifest.references[i];
		const struct member *file = container_find(foreign->container,
		    one->path);

		if (file == NULL)
			ok = judge_find(judge, FINDING_FILE_MISSING, one->path,
			    "%s lists %s, which is missing", member->path,
			    one->path);
		else if (!reference_matches(one, member_bytes(file)))
			ok = judge_find(judge, FINDING_FILE_DIGEST, one->path,
			    "%s was altered: its bytes are not those that %s"
			    " lists", one->path, member->path);
	}
	manifest_free(&manifest);
	return ok;
}

/* What a signature or timestamp is over (EN 319 162-1 clause 4.4.3). */
static const struct member *
signed_by(const struct foreign *foreign, const char *path)
{
	for (size_t i = 0; i < foreign->container->num; i++) {
		const struct member *member = &foreign->container->members[i];
		struct manifest manifest;
		struct error why = { 0 };
		bool found;

		if (!is_manifest(member->path) ||
		    !manifest_parse(member_bytes(member), &manifest, &why))
			continue;
		found = strcmp(manifest.signature, path) == 0;
		manifest_free(&manifest);
		if (found)
			return member;
	}
	if (foreign->num_manifests == 1)
		return foreign->manifest;
	return foreign->num_manifests == 0 && foreign->num_documents == 1 ?
	    foreign->document :
	    NULL;
}

static bool
judge_one(struct foreign *foreign, const struct member *member, bool timestamp)
{
	const struct member *over = signed_by(foreign, member->path);
	struct judge *judge = &foreign->judge;
	struct verdict *out = judge->out;
	struct verdict_signature *all, *one;
	struct cades cades = { 0 };
	struct error why = { 0 };
	unsigned timestamps = 0;
	bool ok;

	if (over == NULL)
		return judge_find(judge, FINDING_SIGNATURE_MISSING,
		    member->path, "nothing says what %s is over",
		    member->path);
	ok = timestamp ?
	    cades_verify_timestamp(member_bytes(member), member_bytes(over),
		&why) :
	    cades_verify_foreign(foreign->certs, member_bytes(member),
		member_bytes(over), &cades, &timestamps, &why);
	if (!ok)
		return judge_find_error(judge, FINDING_SIGNATURE_BROKEN,
		    member->path, &why);
	if (timestamp)
		return true;
	all = realloc(out->signatures,
	    (out->num_signatures + 1) * sizeof(*all));
	if (all == NULL) {
		cades_free(&cades);
		return error_set_errno(judge->err, "signature");
	}
	out->signatures = all;
	one = &all[out->num_signatures++];
	*one = (struct verdict_signature){ .intact = true,
		.signature = cades.signature,
		.commitment = cades.commitment,
		.signing_at = cades.signing_at,
		.then = TRUST_UNKNOWN,
		.now = TRUST_UNKNOWN };
	snprintf(one->id, sizeof(one->id), "%s",
	    member->path + strlen("META-INF/"));
	snprintf(one->person, sizeof(one->person), "%s",
	    cades.cert->email[0] != '\0' ? cades.cert->email :
					   cades.cert->subject);
	cades_free(&cades);
	return true;
}

bool
verdict_judge_foreign(struct container *container, struct cert_cache *certs,
    struct verdict *out, struct error *err)
{
	struct foreign foreign = {
		.judge = { .out = out, .err = err },
		.container = container,
		.certs = certs,
	};
	bool ok;

	*out = (struct verdict){ .outcome = OUTCOME_INVALID };
	for (size_t i = 0; i < container->num; i++) {
		const struct member *member = &container->members[i];

		if (is_manifest(member->path)) {
			foreign.num_manifests++;
			foreign.manifest = member;
		} else if (!path_is_meta(member->path) &&
		    strcmp(member->path, "mimetype") != 0) {
			foreign.num_documents++;
			foreign.document = member;
		}
	}
	ok = judge_find(&foreign.judge, FINDING_NOT_A_DOCUMENT, "",
	    "there is no version.yaml in it: a container of another maker,"
	    " of which only digests, signatures and timestamps can be told");
	for (size_t i = 0; ok && i < container->num; i++) {
		const struct member *member = &container->members[i];

		if (is_manifest(member->path))
			ok = judge_references(&foreign, member);
		else if (path_is_meta(member->path) &&
		    strstr(member->path, "signature") != NULL &&
		    has_suffix(member->path, ".p7s"))
			ok = judge_one(&foreign, member, false);
		else if (path_is_meta(member->path) &&
		    has_suffix(member->path, ".tst"))
			ok = judge_one(&foreign, member, true);
	}
	if (!ok) {
		verdict_free(out);
		return false;
	}
	out->outcome = OUTCOME_INDETERMINATE;
	for (size_t i = 0; i < out->num_findings; i++)
		if (finding_outcome(out->findings[i].code) == OUTCOME_INVALID)
			out->outcome = OUTCOME_INVALID;
	return true;
}
