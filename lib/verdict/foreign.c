/*
 * Containers of other makers: what their digests, signatures and timestamps
 * say.  Shown, never taken in, and at best INDETERMINATE.
 */
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "document/manifest.h"
#include "pki/foreign.h"
#include "verdict/judge.h"

struct foreign {
	struct judge judge;
	struct container *container;
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

/*
 * ASiC-S (EN 319 162-1 clause 4.3.3): these two are over the one data file,
 * whatever manifests of archive timestamps there are.
 */
static bool
is_over_the_file(const char *path)
{
	return strcmp(path, "META-INF/signature.p7s") == 0 ||
	    strcmp(path, "META-INF/timestamp.tst") == 0;
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
	if (foreign->num_documents == 1 &&
	    (is_over_the_file(path) || foreign->num_manifests == 0))
		return foreign->document;
	return foreign->num_manifests == 1 ? foreign->manifest : NULL;
}

/* A signer, as the CMS in a member has it. */
struct signers {
	struct judge *judge;
	const char *path;
};

static bool
add_signer(void *arg, const struct foreign_signer *signer, struct error *err)
{
	const struct signers *signers = arg;
	struct judge *judge = signers->judge;
	struct verdict *out = judge->out;
	struct verdict_signature *all = realloc(out->signatures,
	    (out->num_signatures + 1) * sizeof(*all));
	struct verdict_signature *one;

	if (all == NULL)
		return error_set_errno(err, "signature");
	out->signatures = all;
	one = &all[out->num_signatures++];
	*one = (struct verdict_signature){
		.intact = signer->state == FOREIGN_INTACT,
		.signature = signer->signature,
		.commitment = signer->commitment,
		.signing_at = signer->signing_at,
		.then = TRUST_UNKNOWN,
		.now = TRUST_UNKNOWN };
	snprintf(one->id, sizeof(one->id), "%s",
	    signers->path + strlen("META-INF/"));
	snprintf(one->person, sizeof(one->person), "%s", signer->name);
	if (signer->state != FOREIGN_INTACT &&
	    !judge_find(judge,
		signer->state == FOREIGN_BROKEN ? FINDING_SIGNATURE_BROKEN :
						  FINDING_NOT_CHECKED,
		signers->path, "%s%s%s", signer->name,
		signer->name[0] != '\0' ? ": " : "", signer->why))
		return false;
	return signer->unchecked[0] == '\0' ||
	    judge_find(judge, FINDING_NOT_CHECKED, signers->path,
		"not checked: %s", signer->unchecked);
}

static bool
judge_one(struct foreign *foreign, const struct member *member, bool timestamp)
{
	const struct member *over = signed_by(foreign, member->path);
	struct judge *judge = &foreign->judge;
	struct signers signers = { judge, member->path };
	struct error why = { 0 };

	if (over == NULL)
		return judge_find(judge, FINDING_SIGNATURE_MISSING,
		    member->path, "nothing says what %s is over",
		    member->path);
	if (timestamp ? cades_verify_timestamp(member_bytes(member),
			    member_bytes(over), &why) :
			foreign_verify(member_bytes(member),
			    member_bytes(over), add_signer, &signers, &why))
		return true;
	return judge_find_error(judge, FINDING_SIGNATURE_BROKEN, member->path,
	    &why);
}

/* What OpenDocument's readers want there says nothing of anybody. */
static bool
is_plain_meta(const char *path)
{
	return strcmp(path, "META-INF/manifest.xml") == 0 ||
	    strcmp(path, "META-INF/container.xml") == 0 ||
	    strcmp(path, "META-INF/metadata.xml") == 0;
}

static bool
judge_member(struct foreign *foreign, const struct member *member)
{
	if (is_manifest(member->path))
		return judge_references(foreign, member);
	if (!path_is_meta(member->path) || is_plain_meta(member->path))
		return true;
	if (has_suffix(member->path, ".tst"))
		return judge_one(foreign, member, true);
	if (strstr(member->path, "signature") != NULL &&
	    has_suffix(member->path, ".p7s"))
		return judge_one(foreign, member, false);
	return judge_find(&foreign->judge, FINDING_NOT_CHECKED, member->path,
	    "%s is %s: not checked", member->path,
	    strstr(member->path, "signature") != NULL ? "a XAdES signature" :
		strstr(member->path, "evidencerecord") != NULL ?
							"an evidence record" :
							"of a kind not known");
}

bool
verdict_judge_foreign(struct container *container, struct verdict *out,
    struct error *err)
{
	struct foreign foreign = {
		.judge = { .out = out, .err = err },
		.container = container,
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
	for (size_t i = 0; ok && i < container->num; i++)
		ok = judge_member(&foreign, &container->members[i]);
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

bool
verdict_judge_rezipped(const struct verdict_request *request,
    const struct error *broken, struct verdict *out, struct error *err)
{
	struct judge judge = { .request = request, .out = out, .err = err };
	bool is_intact;

	if (!verdict_judge(request, out, err))
		return false;
	is_intact = out->outcome != OUTCOME_INVALID;
	if (!judge_find(&judge, FINDING_CONTAINER_MALFORMED, "",
		"%s: this is not the file that the depositary sent, but one"
		" that was packed again (a mail gateway does that). %s",
		broken->detail,
		is_intact ? "Every text and signature in it is intact: ask"
			    " for the file as it was, within another archive,"
			    " or fetch it" :
			    "More than that is wrong with it")) {
		verdict_free(out);
		return false;
	}
	out->outcome = OUTCOME_INVALID;
	return true;
}
