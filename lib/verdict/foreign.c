/*
 * Containers of other makers: what their digests, signatures and timestamps
 * say.  Shown, never taken in, and at best INDETERMINATE.
 */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "document/manifest.h"
#include "pki/asn1.h"
#include "pki/foreign.h"
#include "verdict/judge.h"

/* The digests of a member, each taken once: SHA-256, -384 and -512. */
struct hashes {
	bool has[3];
	uint8_t hash[3][64];
};

/* A manifest, parsed once, or why it is none. */
struct parsed {
	const struct member *member;
	bool ok;
	struct manifest manifest;
	struct error why;
};

struct foreign {
	struct judge judge;
	struct container *container;
	struct hashes *hashes; /* of each member */
	struct parsed manifests[LIMIT_FOREIGN_MANIFESTS];
	size_t num_manifests, num_documents, num_signatures;
	bool is_over; /* a limit kept us from reading a manifest */
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
reference_matches(const struct foreign *foreign, const struct reference *one,
    const struct member *file)
{
	const unsigned which = one->bits == 384 ? 1 : one->bits == 512 ? 2 : 0;
	const struct span bytes = member_bytes(file);
	struct hashes *hashes =
	    &foreign->hashes[file - foreign->container->members];

	if (!hashes->has[which])
		hashes->has[which] =
		    EVP_Digest(bytes.data, bytes.len, hashes->hash[which], NULL,
			asn1_digest(one->bits), NULL) == 1;
	return hashes->has[which] &&
	    span_eq(span_of(hashes->hash[which], one->bits / 8),
		span_of(one->digest, one->bits / 8));
}

/* A limit of ours is no fault of theirs. */
static bool
find_error(struct judge *judge, enum finding_code code, const char *about,
    const struct error *why)
{
	return judge_find_error(judge,
	    why->kind == ERROR_LIMIT ? FINDING_OVER_LIMIT : code, about, why);
}

static bool
judge_references(struct foreign *foreign, const struct parsed *parsed)
{
	const struct manifest *manifest = &parsed->manifest;
	const char *path = parsed->member->path;
	struct judge *judge = &foreign->judge;
	bool ok = true;

	/*
	 * A manifest of unknown form tells nothing; the signature over it still
	 * does.
	 */
	if (!parsed->ok)
		return find_error(judge, FINDING_NOT_A_DOCUMENT, path,
		    &parsed->why);
	for (size_t i = 0; ok && i < manifest->num; i++) {
		const struct reference *one = &manifest->references[i];
		const struct member *file =
		    container_find(foreign->container, one->path);

		if (file == NULL)
			ok = judge_find(judge, FINDING_FILE_MISSING, one->path,
			    "it is missing; %s lists it", path);
		else if (one->bits == 0)
			ok = judge_find(judge, FINDING_NOT_CHECKED, one->path,
			    "%s lists it by a digest that is not known here:"
			    " not checked",
			    path);
		else if (!reference_matches(foreign, one, file))
			ok = judge_find(judge, FINDING_FILE_DIGEST, one->path,
			    "it was altered: its bytes are not those that %s"
			    " lists",
			    path);
	}
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

/* Find what a signature or timestamp is over (EN 319 162-1 clause 4.4.3). */
static const struct member *
signed_by(const struct foreign *foreign, const char *path)
{
	for (size_t i = 0; i < foreign->num_manifests; i++)
		if (foreign->manifests[i].ok &&
		    strcmp(foreign->manifests[i].manifest.signature, path) == 0)
			return foreign->manifests[i].member;
	/* A manifest that was not read may name it. */
	if (foreign->is_over)
		return NULL;
	if (foreign->num_documents == 1 &&
	    (is_over_the_file(path) || foreign->num_manifests == 0))
		return foreign->document;
	return foreign->num_manifests == 1 ? foreign->manifests[0].member
					   : NULL;
}

/* The finding that a signer's state stands for. */
static enum finding_code
code_of(enum foreign_state state)
{
	return state == FOREIGN_BROKEN    ? FINDING_SIGNATURE_BROKEN
	    : state == FOREIGN_OVER_LIMIT ? FINDING_OVER_LIMIT
					  : FINDING_NOT_CHECKED;
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
	struct verdict_signature *all =
	    realloc(out->signatures, (out->num_signatures + 1) * sizeof(*all));
	struct verdict_signature *one;

	if (all == NULL)
		return error_set_errno(err, "signature");
	out->signatures = all;
	one = &all[out->num_signatures++];
	*one = (struct verdict_signature){ .intact =
					       signer->state == FOREIGN_INTACT,
		.unchecked = signer->state == FOREIGN_UNCHECKED ||
		    signer->state == FOREIGN_OVER_LIMIT,
		.signature = signer->signature,
		.commitment = signer->commitment,
		.signing_at = signer->signing_at,
		.then = TRUST_UNKNOWN,
		.now = TRUST_UNKNOWN };
	text_cut(one->id, sizeof(one->id), signers->path + strlen("META-INF/"));
	text_cut(one->person, sizeof(one->person), signer->name);
	if (signer->state != FOREIGN_INTACT &&
	    !judge_find(judge, code_of(signer->state), signers->path, "%s%s%s",
		signer->name, signer->name[0] != '\0' ? ": " : "", signer->why))
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

	if (foreign->num_signatures == LIMIT_FOREIGN_SIGNATURES)
		return judge_find(judge, FINDING_OVER_LIMIT, member->path,
		    "more than %d signatures and timestamps: this one was not"
		    " looked at",
		    LIMIT_FOREIGN_SIGNATURES);
	foreign->num_signatures++;
	if (over == NULL && foreign->is_over)
		return true;
	if (over == NULL)
		return judge_find(judge, FINDING_SIGNATURE_MISSING,
		    member->path, "nothing says what it is over");
	if (timestamp ? foreign_verify_timestamp(member_bytes(member),
			    member_bytes(over), &why)
		      : foreign_verify(member_bytes(member), member_bytes(over),
			    add_signer, &signers, &why))
		return true;
	return find_error(judge, FINDING_SIGNATURE_BROKEN, member->path, &why);
}

/* Files that readers of OpenDocument want there concern no signature. */
static bool
is_plain_meta(const char *path)
{
	return strcmp(path, "META-INF/manifest.xml") == 0 ||
	    strcmp(path, "META-INF/container.xml") == 0 ||
	    strcmp(path, "META-INF/metadata.xml") == 0;
}

static bool
judge_manifest(struct foreign *foreign, const struct member *member)
{
	for (size_t i = 0; i < foreign->num_manifests; i++)
		if (foreign->manifests[i].member == member)
			return judge_references(foreign,
			    &foreign->manifests[i]);
	return judge_find(&foreign->judge, FINDING_OVER_LIMIT, member->path,
	    "more than %d manifests: this one was not looked at",
	    LIMIT_FOREIGN_MANIFESTS);
}

static bool
judge_member(struct foreign *foreign, const struct member *member)
{
	if (is_manifest(member->path))
		return judge_manifest(foreign, member);
	if (!path_is_meta(member->path) || is_plain_meta(member->path))
		return true;
	if (has_suffix(member->path, ".tst"))
		return judge_one(foreign, member, true);
	if (strstr(member->path, "signature") != NULL &&
	    has_suffix(member->path, ".p7s"))
		return judge_one(foreign, member, false);
	return judge_find(&foreign->judge, FINDING_NOT_CHECKED, member->path,
	    "it is %s: not checked",
	    strstr(member->path, "signature") != NULL ? "a XAdES signature"
		: strstr(member->path, "evidencerecord") != NULL
		? "an evidence record"
		: "of a kind not known");
}

static void
take_manifest(struct foreign *foreign, const struct member *member)
{
	struct parsed *parsed;

	if (foreign->num_manifests == LIMIT_FOREIGN_MANIFESTS) {
		foreign->is_over = true;
		return;
	}
	parsed = &foreign->manifests[foreign->num_manifests++];
	parsed->member = member;
	parsed->ok = manifest_parse(member_bytes(member), &parsed->manifest,
	    &parsed->why);
	if (!parsed->ok && parsed->why.kind == ERROR_LIMIT)
		foreign->is_over = true;
}

static void
take_members(struct foreign *foreign)
{
	const struct container *container = foreign->container;

	for (size_t i = 0; i < container->num; i++) {
		const struct member *member = &container->members[i];

		if (is_manifest(member->path)) {
			take_manifest(foreign, member);
		} else if (!path_is_meta(member->path) &&
		    strcmp(member->path, "mimetype") != 0) {
			foreign->num_documents++;
			foreign->document = member;
		}
	}
}

/* What "valise kit" makes. */
static bool
is_kit(const struct container *container)
{
	return container_find(container, "README.txt") != NULL &&
	    container_find(container, "enrolment.yaml") != NULL;
}

static bool
judge_all(struct foreign *foreign)
{
	const struct container *container = foreign->container;
	bool ok;

	take_members(foreign);
	ok = judge_find(&foreign->judge, FINDING_NOT_A_DOCUMENT, "", "%s",
	    is_kit(container)
		? "it is no copy but a kit with copies in it: unpack it, and"
		  " read its README.txt, which says how they are verified"
		: "there is no version.yaml in it: a container of another"
		  " maker, of which only digests, signatures and timestamps"
		  " can be told");
	for (size_t i = 0; ok && i < container->num; i++)
		ok = judge_member(foreign, &container->members[i]);
	for (size_t i = 0; i < foreign->num_manifests; i++)
		manifest_free(&foreign->manifests[i].manifest);
	return ok;
}

bool
verdict_judge_foreign(struct container *container, struct verdict *out,
    struct error *err)
{
	struct foreign *foreign = calloc(1, sizeof(*foreign));
	bool ok;

	*out = (struct verdict){ .outcome = OUTCOME_INVALID };
	if (foreign == NULL)
		return error_set_errno(err, "container");
	foreign->judge = (struct judge){ .out = out, .err = err };
	foreign->container = container;
	foreign->hashes = calloc(container->num + 1, sizeof(*foreign->hashes));
	ok = foreign->hashes != NULL ? judge_all(foreign)
				     : error_set_errno(err, "container");
	free(foreign->hashes);
	free(foreign);
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
			    " or fetch it"
			  : "More than that is wrong with it")) {
		verdict_free(out);
		return false;
	}
	out->outcome = OUTCOME_INVALID;
	return true;
}
