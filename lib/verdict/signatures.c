/*
 * Signatures: over what, by whom, and were they allowed to?
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/time.h"
#include "document/manifest.h"
#include "document/termination.h"
#include "verdict/judge.h"

static bool
is_seal(const struct verdict_signature *signature)
{
	return strcmp(signature->id, "seal") == 0;
}

static bool
is_origin(const struct verdict_signature *signature)
{
	return strcmp(signature->id, "origin") == 0;
}

/* True if a manifest of this signature must list that file. */
static bool
covers(const struct verdict_signature *signature, const char *path)
{
	/* It came after the others had signed. */
	if (strcmp(path, PATH_TERMINATION) == 0)
		return signature->terminates || is_seal(signature);
	if (strcmp(path, "mimetype") == 0 || path_is_receipt(path) ||
	    strcmp(path, PATH_SEAL) == 0 ||
	    strcmp(path, PATH_SEAL_MANIFEST) == 0)
		return false;
	/*
	 * Signatures stand side by side, and none covers another, except a
	 * seal.
	 */
	return is_seal(signature) || !path_is_meta(path);
}

static bool
judge_reference(struct judge *judge, const char *manifest_path,
    const struct verdict_signature *signature, const struct reference *one)
{
	const struct member *member =
	    container_find(judge->request->container, one->path);
	const bool is_text = path_is_text(one->path);

	if (!covers(signature, one->path))
		return judge_find(judge, FINDING_MANIFEST_BROKEN, manifest_path,
		    "it lists %s, which is not for it to list", one->path);
	if (member == NULL)
		return is_text || /* TEXT_MISSING says so */
		    judge_find(judge, FINDING_FILE_MISSING, one->path,
			"it is missing; %s lists it", manifest_path);
	if (member->damaged)
		return true; /* a finding says so */
	if (one->bits == 256 &&
	    span_eq(span_of(one->digest, 32), digest_span(&member->sha256)))
		return true;
	return judge_find(judge,
	    is_text ? FINDING_TEXT_DIGEST : FINDING_FILE_DIGEST, one->path,
	    "it was altered: its bytes are not those that %s lists",
	    manifest_path);
}

/* Check that a manifest lists what it must, as that is, and nothing else. */
static bool
judge_manifest(struct judge *judge, const char *path,
    const char *signature_path, const struct verdict_signature *signature)
{
	const struct container *container = judge->request->container;
	const struct member *member = container_find(container, path);
	struct manifest manifest;
	struct error why = { 0 };
	bool ok = true;

	if (!manifest_parse(member_bytes(member), &manifest, &why))
		return judge_find_error(judge, FINDING_MANIFEST_BROKEN, path,
		    &why);
	if (strcmp(manifest.signature, signature_path) != 0)
		ok = judge_find(judge, FINDING_MANIFEST_BROKEN, path,
		    "it names %s as its signature, not %s", manifest.signature,
		    signature_path);
	for (size_t i = 0; ok && i < manifest.num; i++)
		ok = judge_reference(judge, path, signature,
		    &manifest.references[i]);
	for (size_t i = 0; ok && i < container->num; i++) {
		const char *file = container->members[i].path;

		if (covers(signature, file) &&
		    manifest_find(&manifest, file) == NULL)
			ok = judge_find(judge, FINDING_FILE_UNSIGNED, file,
			    "%s does not list it: the signature does not cover it",
			    path);
	}
	manifest_free(&manifest);
	return ok;
}

static enum commitment
expected_commitment(const struct verdict_signature *signature)
{
	return is_seal(signature)  ? COMMITMENT_RECEIPT
	    : is_origin(signature) ? COMMITMENT_ORIGIN
				   : COMMITMENT_APPROVAL;
}

/* Check that a signature is named after its certificate. */
static bool
judge_id(struct judge *judge, const char *path,
    const struct verdict_signature *signature, const struct cert *cert)
{
	const char *id = signature->id;
	char hex[DIGEST_HEX];

	if (is_seal(signature) || is_origin(signature))
		return true;
	if (signature->terminates)
		id += strlen(TERMINATION_ID);
	digest_hex(&cert->fingerprint, hex);
	return (strlen(id) == 32 && strncmp(id, hex, 32) == 0) ||
	    judge_find(judge, FINDING_MANIFEST_BROKEN, path,
		"it is not named after its certificate, %.32s", hex);
}

static bool
judge_trust_state(struct judge *judge, const char *path,
    const struct trust_result *result)
{
	static const enum finding_code found[] = {
		[TRUST_UNTRUSTED] = FINDING_SIGNER_UNTRUSTED,
		[TRUST_EXPIRED] = FINDING_SIGNER_EXPIRED,
		[TRUST_REVOKED] = FINDING_SIGNER_REVOKED,
		[TRUST_DOUBTED] = FINDING_SIGNER_DOUBTED,
		[TRUST_UNKNOWN] = FINDING_REVOCATION_UNKNOWN,
		[TRUST_UNJUDGED] = FINDING_POLICY_UNKNOWN,
	};

	return result->state == TRUST_GOOD ||
	    judge_find(judge, found[result->state], path, "%s", result->text);
}

/*
 * Warn if a list that the journal does not name would change what the
 * certificate was then.
 */
static bool
judge_withheld(struct judge *judge, const char *path, const struct cert *cert,
    const struct policy *policy, int64_t at, const struct trust_result *then)
{
	const struct verdict_library *library = judge->request->library;
	const struct trust *trust = NULL;
	struct crls *lists = library->withheld != NULL
	    ? library->withheld(library->arg, &trust)
	    : NULL;
	struct trust_result with = { .state = TRUST_GOOD };
	struct revocation *all;
	bool ok;

	if (lists == NULL || trust == NULL)
		return true;
	all = judge->revocation != NULL
	    ? revocation_copy(judge->revocation, judge->err)
	    : revocation_new(judge->err);
	ok = all != NULL &&
	    revocation_add(all, lists, trust, REVOCATION_UNNAMED,
		judge->request->now_ms / 1000, judge->err);
	if (ok)
		standing_judge(policy->trust, all, cert, at, &with);
	revocation_free(all);
	return ok &&
	    (with.state == then->state ||
		judge_find(judge, FINDING_CRL_WITHHELD, path,
		    "by a list that this office has and the journal does not"
		    " name: %s (\"valise crls push\" hands it in)",
		    with.text));
}

/* Find out who signed, for which office and party, by the policy of the act. */
static bool
judge_office(struct judge *judge, const char *path,
    struct verdict_signature *signature, const struct cert *cert,
    const struct policy *policy, const char *ca)
{
	const struct verdict_request *request = judge->request;
	const struct office *office;
	char why[POLICY_RULE];

	if (is_seal(signature))
		return ca == NULL || policy_is_depositary(policy, cert, ca) ||
		    judge_find(judge, FINDING_SIGNER_UNTRUSTED, path,
			"the seal is not the depositary's (%s)",
			policy->depositary.email);
	if (ca == NULL)
		return true; /* SIGNER_UNTRUSTED says so */
	office = policy_office_of(policy, cert, ca, why);
	if (office == NULL)
		return judge_find(judge, FINDING_SIGNER_UNKNOWN, path, "%s",
		    why);
	text_set(signature->office, sizeof(signature->office), office->name);
	text_set(signature->party, sizeof(signature->party), office->party);
	if (signature->is_live &&
	    (strcmp(cert->email, request->person) != 0 ||
		strcmp(office->name, request->office) != 0))
		return judge_find(judge, FINDING_SIGNER_DIFFERS, path,
		    "%s of %s signed it, but %s of %s hands it in: who signs is"
		    " who connects",
		    cert->email, office->name, request->person,
		    request->office);
	return true;
}

static bool
judge_right(struct judge *judge, const char *path,
    struct verdict_signature *signature, const struct policy *policy)
{
	const struct version *version = judge->out->version;
	const struct office *office = policy_office(policy, signature->office);
	char type[LIMIT_SLUG_BYTES + 1];
	struct decision decision;

	if (is_seal(signature) || office == NULL)
		return true;
	document_type(version->document, type);
	if (!is_origin(signature)) {
		decision =
		    policy_decide_sign(policy, office, signature->person, type,
			signature->terminates ? SIGNING_TERMINATION
					      : SIGNING_APPROVAL,
			signature->judged_ms / 1000);
		signature->full_powers = decision.allowed;
		return decision.allowed ||
		    (judge_find(judge, FINDING_NO_FULL_POWERS, path,
			 "%s has no full powers to %s it then (%s)",
			 signature->person,
			 signature->terminates ? "terminate" : "sign",
			 decision.rule) &&
			judge_set_rule(judge, decision.rule));
	}
	if (strcmp(signature->person, version->person) != 0 ||
	    strcmp(signature->office, version->office) != 0)
		return judge_find(judge, FINDING_SIGNER_DIFFERS, path,
		    "%s of %s signed it, but version.yaml names %s of %s",
		    signature->person, signature->office, version->person,
		    version->office);
	decision = policy_decide(policy, office, RIGHT_DEPOSIT, type);
	if (!decision.allowed)
		return judge_find(judge, FINDING_NOT_ALLOWED, path,
			   "%s may not deposit it (%s)", office->name,
			   decision.rule) &&
		    judge_set_rule(judge, decision.rule);
	decision = policy_decide_texts(policy, version);
	return decision.allowed ||
	    (judge_find(judge, FINDING_TEXT_NOT_ALLOWED, PATH_VERSION,
		 "its texts are not as the policy wants them (%s)",
		 decision.rule) &&
		judge_set_rule(judge, decision.rule));
}

/*
 * Find the policy by which it is judged, and the time. NULL: a finding says why
 * there is none.
 */
static bool
find_policy(struct judge *judge, const char *path,
    struct verdict_signature *signature, struct policy **policy)
{
	const struct verdict_request *request = judge->request;
	const struct verdict_library *library = request->library;
	const struct verdict_act *act = is_seal(signature)
	    ? judge_newest(judge)
	    : judge_act_of(judge, signature);
	char hex[DIGEST_HEX];

	*policy = NULL;
	if (act == NULL && signature->is_live) {
		assert(request->policy != NULL);
		*policy = request->policy;
		signature->judged_ms = request->now_ms;
		return true;
	}
	if (act == NULL)
		return judge_find(judge, FINDING_NOT_IN_JOURNAL, path,
		    "no receipt proves when it was handed in: fetch the"
		    " document again");
	signature->judged_ms = act->entry.time_ms;
	*policy = library->policy(library->arg, &act->entry.policy, act->index);
	if (*policy != NULL)
		return true;
	digest_hex(&act->entry.policy, hex);
	return judge_find(judge, FINDING_POLICY_UNKNOWN, path,
	    "it was made under policy %.16s…, which you have not accepted for"
	    " entry %llu (\"valise policy show\" tells how)",
	    hex, (unsigned long long)act->index);
}

static bool
judge_signer(struct judge *judge, const char *path,
    struct verdict_signature *signature, const struct cert *cert)
{
	const struct verdict_request *request = judge->request;
	struct trust_result then, now;
	const struct verdict_act *act;
	struct policy *policy;

	if (!cert->can_sign &&
	    !judge_find(judge, FINDING_SIGNER_UNFIT, path,
		"the certificate is not for signing (keyUsage is not"
		" nonRepudiation alone)"))
		return false;
	if (!find_policy(judge, path, signature, &policy))
		return false;
	if (policy == NULL)
		return true;
	act = judge_act_of(judge, signature);
	if (act == NULL && signature->is_live)
		standing_judge_live(policy->trust, judge->revocation, cert,
		    signature->judged_ms / 1000, &then);
	else
		standing_judge(policy->trust, judge->revocation, cert,
		    signature->judged_ms / 1000, &then);
	standing_judge(policy->trust, judge->revocation, cert,
	    request->now_ms / 1000, &now);
	signature->then = then.state;
	signature->now = now.state;
	signature->is_final = then.is_final;
	signature->disputed = then.state == TRUST_REVOKED && act != NULL &&
	    then.index > act->index;
	text_set(signature->then_text, sizeof(signature->then_text), then.text);
	text_set(signature->now_text, sizeof(signature->now_text), now.text);
	return judge_trust_state(judge, path, &then) &&
	    judge_withheld(judge, path, cert, policy,
		signature->judged_ms / 1000, &then) &&
	    judge_office(judge, path, signature, cert, policy, then.ca) &&
	    judge_dispatch(judge, path, signature, policy) &&
	    judge_right(judge, path, signature, policy);
}

static struct verdict_signature *
add_signature(struct judge *judge, const char *id)
{
	struct verdict *out = judge->out;
	struct verdict_signature *all, *one;

	if (out->num_signatures == LIMIT_SIGNATURES + 2) {
		error_set(judge->err, ERROR_LIMIT, "more than %d signatures",
		    LIMIT_SIGNATURES);
		return NULL;
	}
	all =
	    realloc(out->signatures, (out->num_signatures + 1) * sizeof(*all));
	if (all == NULL) {
		error_set_errno(judge->err, "signature");
		return NULL;
	}
	out->signatures = all;
	one = &all[out->num_signatures++];
	*one = (struct verdict_signature){ .then = TRUST_UNKNOWN,
		.now = TRUST_UNKNOWN };
	if (!text_take(one->id, sizeof(one->id), id, judge->err))
		return NULL;
	one->terminates =
	    strncmp(id, TERMINATION_ID, strlen(TERMINATION_ID)) == 0;
	one->is_live = judge->request->live != NULL &&
	    strcmp(judge->request->live, id) == 0;
	return one;
}

static bool
judge_signature(struct judge *judge, const char *id)
{
	const struct container *container = judge->request->container;
	char path[LIMIT_PATH_BYTES + 1], manifest_path[LIMIT_PATH_BYTES + 1];
	struct verdict_signature *signature = add_signature(judge, id);
	const size_t before = judge->out->num_findings;
	enum outcome outcome = OUTCOME_VALID;
	const struct member *p7s, *manifest;
	struct error why = { 0 };
	struct cades cades = { 0 };
	bool ok;

	if (signature == NULL)
		return false;
	snprintf(path, sizeof(path), PATH_SIGNATURE, id);
	snprintf(manifest_path, sizeof(manifest_path), PATH_MANIFEST, id);
	p7s = container_find(container, path);
	manifest = container_find(container, manifest_path);
	if (p7s == NULL || manifest == NULL)
		return judge_find(judge, FINDING_SIGNATURE_MISSING,
		    p7s == NULL ? path : manifest_path, "it is missing");
	signature->manifest = manifest->sha256;
	ok = judge_manifest(judge, manifest_path, path, signature);
	if (!ok)
		return false;
	if (!cades_verify(judge->request->certs, member_bytes(p7s),
		member_bytes(manifest), &cades, &why))
		return judge_find_error(judge, FINDING_SIGNATURE_FORM, path,
		    &why);
	signature->intact = true;
	signature->cert = cert_ref(cades.cert);
	signature->signature = cades.signature;
	signature->commitment = cades.commitment;
	signature->signing_at = cades.signing_at;
	text_set(signature->person, sizeof(signature->person),
	    cades.cert->email);
	if (cades.commitment != expected_commitment(signature))
		ok = judge_find(judge, FINDING_SIGNATURE_COMMITMENT, path,
		    "it is a %s, not a %s", commitment_name(cades.commitment),
		    commitment_name(expected_commitment(signature)));
	ok = ok && judge_id(judge, path, signature, cades.cert) &&
	    judge_signer(judge, path, signature, cades.cert);
	for (size_t i = before; i < judge->out->num_findings; i++) {
		const enum outcome one =
		    finding_outcome(judge->out->findings[i].code);

		outcome = one < outcome ? one : outcome;
	}
	if (ok && !is_seal(signature) && !is_origin(signature)) {
		signature->counts = outcome == OUTCOME_VALID;
		signature->undecided = outcome == OUTCOME_INDETERMINATE;
	}
	cades_free(&cades);
	return ok;
}

static bool
judge_twice(struct judge *judge)
{
	const struct verdict *out = judge->out;

	for (size_t i = 0; i < out->num_signatures; i++)
		for (size_t j = 0; j < i; j++) {
			const struct verdict_signature *a = &out->signatures[i],
						       *b = &out->signatures[j];
			char path[LIMIT_PATH_BYTES + 1];

			if (is_seal(a) || is_origin(a) || is_seal(b) ||
			    is_origin(b) || a->person[0] == '\0' ||
			    a->terminates != b->terminates ||
			    strcmp(a->person, b->person) != 0)
				continue;
			snprintf(path, sizeof(path), PATH_SIGNATURE, a->id);
			if (!judge_find(judge, FINDING_SIGNED_TWICE, path,
				"%s signed it twice", a->person))
				return false;
		}
	return true;
}

bool
judge_quorum(const struct judge *judge, enum signing signing, uint64_t until,
    char rule[POLICY_RULE])
{
	const struct verdict_library *library = judge->request->library;
	struct signatory signatories[LIMIT_SIGNATURES + 2] UNINITIALIZED;
	const struct document_type *type;
	const struct policy *policy = NULL;
	const struct verdict *out = judge->out;
	char name[LIMIT_SLUG_BYTES + 1];
	uint64_t last = 0;
	size_t num = 0;

	for (size_t i = 0; i < out->num_signatures; i++) {
		const struct verdict_signature *one = &out->signatures[i];
		const struct verdict_act *act = judge_act_of(judge, one);
		const uint64_t index = act != NULL ? act->index : UINT64_MAX;

		if (!one->counts || index > until ||
		    one->terminates != (signing == SIGNING_TERMINATION))
			continue;
		text_set(signatories[num].person,
		    sizeof(signatories[num].person), one->person);
		text_set(signatories[num].party, sizeof(signatories[num].party),
		    one->party);
		num++;
		if (index < last)
			continue;
		last = index;
		policy = act != NULL ? library->policy(library->arg,
					   &act->entry.policy, act->index)
				     : judge->request->policy;
	}
	document_type(out->version->document, name);
	type = policy != NULL ? policy_type(policy, name) : NULL;
	return type != NULL &&
	    policy_quorum(type, signing, signatories, num, rule);
}

/*
 * Check that termination.yaml is of this version, and is there exactly if it is
 * signed.
 */
static bool
judge_termination(struct judge *judge)
{
	const struct member *file =
	    container_find(judge->request->container, PATH_TERMINATION);
	struct verdict *out = judge->out;
	struct termination termination;
	struct error why = { 0 };
	bool wanted = false;

	for (size_t i = 0; i < out->num_signatures; i++)
		wanted = wanted || out->signatures[i].terminates;
	if (!wanted && file == NULL)
		return true;
	if (file == NULL)
		return judge_find(judge, FINDING_FILE_MISSING, PATH_TERMINATION,
		    "it is missing");
	if (!wanted)
		return judge_find(judge, FINDING_FILE_UNSIGNED,
		    PATH_TERMINATION, "nobody has signed it");
	if (!termination_parse(member_bytes(file), &termination, &why))
		/* The error names the file, with line and column. */
		return judge_find_error(judge, FINDING_VERSION_MALFORMED, "",
		    &why);
	return (strcmp(termination.document, out->version->document) == 0 &&
		   termination.version == out->version->number &&
		   digest_eq(&termination.digest, &out->digest)) ||
	    judge_find(judge, FINDING_VERSION_DIFFERS, PATH_TERMINATION,
		"it is of %s@%u with another version digest",
		termination.document, termination.version);
}

bool
judge_signatures(struct judge *judge)
{
	const struct container *container = judge->request->container;
	const bool sealed = container_find(container, PATH_SEAL) != NULL ||
	    container_find(container, PATH_SEAL_MANIFEST) != NULL;
	char id[LIMIT_NAME_BYTES + 1];

	if (!judge_signature(judge, "origin"))
		return false;
	for (size_t i = 0; i < container->num; i++) {
		const char *path = container->members[i].path;
		bool orphan;

		/*
		 * A manifest without a signature means that the signature is
		 * missing.
		 */
		if (!path_signature_id(path, PATH_SIGNATURE, id)) {
			char other[LIMIT_PATH_BYTES + 1];

			if (!path_signature_id(path, PATH_MANIFEST, id))
				continue;
			snprintf(other, sizeof(other), PATH_SIGNATURE, id);
			orphan = container_find(container, other) == NULL;
			if (!orphan)
				continue;
		}
		if (strcmp(id, "origin") != 0 && strcmp(id, "seal") != 0 &&
		    !judge_signature(judge, id))
			return false;
	}
	if (!judge_twice(judge) || !judge_termination(judge) ||
	    !judge_stray_slips(judge))
		return false;
	judge->out->quorum = judge_quorum(judge, SIGNING_APPROVAL, UINT64_MAX,
	    judge->out->quorum_rule);
	judge->out->termination = judge_quorum(judge, SIGNING_TERMINATION,
	    UINT64_MAX, judge->out->termination_rule);
	if (sealed)
		return judge_signature(judge, "seal");
	return judge->request->live != NULL ||
	    judge_find(judge, FINDING_SEAL_MISSING, "",
		"there is no seal of the depositary");
}
