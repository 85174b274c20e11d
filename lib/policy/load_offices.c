/*
 * Reading offices.yaml: CAs, parties, offices, the depositary, the witnesses.
 */
#include "policy/load_private.h"

#include <string.h>

#include "base/list.h"
#include "base/text.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static bool
read_ca_name(const struct policy *policy, const struct yaml *node,
    char out[POLICY_NAME], struct complaints *to)
{
	const char *text = node != NULL ? yaml_text(node, to) : NULL;

	if (text == NULL)
		return false;
	if (trust_ca(policy->trust, text) == NULL)
		return complain(to, node, "no CA is called \"%.60s\"", text);
	text_set(out, POLICY_NAME, text);
	return true;
}

void
load_cas(struct policy *policy, const struct yaml *map, struct complaints *to)
{
	if (map == NULL || !yaml_is(map, YAML_MAPPING, to))
		return;
	for (const struct yaml *c = map->children; c != NULL; c = c->next) {
		const char *path = yaml_text(c, to);
		struct error why = { 0 };
		struct member *file;

		if (path == NULL)
			continue;
		if (!text_is_slug(span_of_str(c->key)))
			complain_key(to, c, "\"%.60s\" cannot name a CA",
			    c->key);
		else if ((file = container_find(policy->files, path)) == NULL)
			complain(to, c, "there is no file \"%.100s\"", path);
		else if (!trust_add_ca(policy->trust, c->key,
			     member_bytes(file), &why))
			complain(to, c, "%s: %s", path, why.detail);
	}
}

void
load_parties(struct policy *policy, const struct yaml *map,
    struct complaints *to)
{
	static const char *const keys[] = { "name" };

	if (map == NULL || !yaml_is(map, YAML_MAPPING, to))
		return;
	for (const struct yaml *c = map->children; c != NULL; c = c->next) {
		struct party *party;
		struct error why = { 0 };

		if (!text_is_slug(span_of_str(c->key))) {
			complain_key(to, c, "\"%.60s\" cannot name a party",
			    c->key);
			continue;
		}
		if ((party = list_add(&policy->parties, &policy->num_parties,
			 sizeof(*party), POLICY_PARTIES, "parties", &why)) ==
		    NULL) {
			complain(to, c, "%s", why.detail);
			return;
		}
		text_set(party->name, sizeof(party->name), c->key);
		if (yaml_only(c, keys, COUNT(keys), to))
			load_title(yaml_need(c, "name", to), party->title, to);
	}
}

static bool
is_pattern(struct span text)
{
	char name[LIMIT_EMAIL_BYTES + 2] = "x";
	size_t len = text.len;

	if (len == 0 || len > LIMIT_EMAIL_BYTES)
		return false;
	if (text.data[0] != '*')
		return text_is_email(text);
	/* A pattern such as "*@mofa.example": '*' stands for a name. */
	memcpy(name + 1, text.data + 1, len - 1);
	return text_is_email(span_of(name, len));
}

static void
read_emails(struct office *office, const struct yaml *list,
    struct complaints *to)
{
	if (list == NULL || !yaml_is(list, YAML_SEQUENCE, to))
		return;
	if (list->num_children == 0)
		complain(to, list,
		    "without a pattern nobody is of this"
		    " office");
	for (const struct yaml *c = list->children; c != NULL; c = c->next) {
		if (office->num_emails == POLICY_PATTERNS) {
			complain(to, c, "more than %d patterns",
			    POLICY_PATTERNS);
			return;
		}
		if (yaml_copy(c, office->emails[office->num_emails],
			sizeof(office->emails[0]), is_pattern,
			"an e-mail address, or *@ and a domain, in lower case",
			to))
			office->num_emails++;
	}
}

/*
 * Check that a certificate is the office's, and one that bags can be encrypted
 * to.
 */
static bool
check_encryption(const struct policy *policy, const struct office *office,
    const struct cert *cert, struct error *err)
{
	const char *path = office->encryption->path;
	struct trust_result trust;

	if (!cert->can_agree || EVP_PKEY_get_base_id(cert->key) != EVP_PKEY_EC)
		return error_set(err, ERROR_MALFORMED,
		    "%.100s is not for encryption (keyUsage keyAgreement"
		    " alone, on P-256 or P-384)",
		    path);
	if (!cert_check_key(cert, err))
		return error_context(err, "%.100s", path);
	trust_issued(policy->trust, cert, cert->not_before_at, &trust);
	return (trust.ca != NULL && strcmp(trust.ca, office->ca) == 0) ||
	    error_set(err, ERROR_MALFORMED,
		"%.100s was not issued by the CA \"%s\"", path, office->ca);
}

struct cert *
policy_encryption(const struct policy *policy, const struct office *office,
    struct error *err)
{
	struct cert *cert;

	if (office->encryption == NULL) {
		error_set(err, ERROR_USAGE,
		    "the policy names no certificate to encrypt to %s"
		    " (encryption, valise-policy(5))",
		    office->name);
		return NULL;
	}
	cert = cert_parse_pem(member_bytes(office->encryption), err);
	if (cert == NULL)
		error_context(err, "%.100s", office->encryption->path);
	else if (check_encryption(policy, office, cert, err))
		return cert;
	cert_free(cert);
	return NULL;
}

/* Load the certificate that bags to an office are encrypted to. */
static void
read_encryption(const struct policy *policy, struct office *office,
    const struct yaml *node, struct complaints *to)
{
	struct error why = { 0 };
	struct cert *cert;
	const char *text;

	if (node == NULL || (text = yaml_text(node, to)) == NULL)
		return;
	office->encryption = container_find(policy->files, text);
	if (office->encryption == NULL) {
		complain(to, node, "there is no file %.100s", text);
		return;
	}
	if (policy->was_checked)
		return;
	if ((cert = policy_encryption(policy, office, &why)) == NULL)
		complain(to, node, "%s", why.detail);
	cert_free(cert);
}

void
load_offices(struct policy *policy, const struct yaml *map,
    struct complaints *to)
{
	static const char *const keys[] = { "party", "ca", "emails", "unit",
		"encryption" };

	if (map == NULL || !yaml_is(map, YAML_MAPPING, to))
		return;
	for (const struct yaml *c = map->children; c != NULL; c = c->next) {
		const struct yaml *unit = yaml_get(c, "unit");
		struct office *office;
		struct error why = { 0 };

		if (!text_is_slug(span_of_str(c->key))) {
			complain_key(to, c, "\"%.60s\" cannot name an office",
			    c->key);
			continue;
		}
		if ((office = list_add(&policy->offices, &policy->num_offices,
			 sizeof(*office), LIMIT_OFFICES, "offices", &why)) ==
		    NULL) {
			complain(to, c, "%s", why.detail);
			return;
		}
		text_set(office->name, sizeof(office->name), c->key);
		office->line = c->key_line;
		if (!yaml_only(c, keys, COUNT(keys), to))
			continue;
		load_party_name(policy, yaml_need(c, "party", to),
		    office->party, to);
		read_ca_name(policy, yaml_need(c, "ca", to), office->ca, to);
		read_emails(office, yaml_need(c, "emails", to), to);
		read_encryption(policy, office, yaml_get(c, "encryption"), to);
		if (unit != NULL)
			yaml_copy(unit, office->unit, sizeof(office->unit),
			    text_is_line, "one line of visible text", to);
	}
}

void
load_depositary(struct policy *policy, const struct yaml *map,
    struct complaints *to)
{
	static const char *const keys[] = { "origin", "office", "ca", "email" };
	const struct yaml *origin, *office, *email;
	const char *text;

	if (map == NULL || !yaml_only(map, keys, COUNT(keys), to))
		return;
	origin = yaml_need(map, "origin", to);
	if (origin != NULL && (text = yaml_text(origin, to)) != NULL) {
		if (strlen(text) > LIMIT_ORIGIN_BYTES || text[0] == '\0' ||
		    strpbrk(text, " +\t") != NULL)
			complain(to, origin,
			    "\"%.60s\" cannot name a journal:"
			    " no space, no '+', at most %d"
			    " bytes",
			    text, LIMIT_ORIGIN_BYTES);
		else
			text_set(policy->origin, sizeof(policy->origin), text);
	}
	office = yaml_need(map, "office", to);
	if (office != NULL && (text = yaml_text(office, to)) != NULL) {
		if (policy_office(policy, text) == NULL)
			complain(to, office, "no office is called \"%.60s\"",
			    text);
		else
			text_set(policy->depositary.office, POLICY_NAME, text);
	}
	read_ca_name(policy, yaml_need(map, "ca", to), policy->depositary.ca,
	    to);
	if ((email = yaml_need(map, "email", to)) != NULL)
		yaml_copy(email, policy->depositary.email,
		    sizeof(policy->depositary.email), text_is_email,
		    "an e-mail address in lower case", to);
}

/* witnesses: {mofa: VKEY, …}, quorum: 2 */
void
load_witnesses(struct policy *policy, const struct yaml *root,
    struct complaints *to)
{
	const struct yaml *map = yaml_get(root, "witnesses");
	const struct yaml *quorum = yaml_get(root, "quorum");
	struct witnesses *out = &policy->witnesses;
	uint64_t number;

	if (quorum != NULL && map == NULL)
		complain_key(to, quorum, "a quorum of no witnesses");
	if (map == NULL || !yaml_is(map, YAML_MAPPING, to))
		return;
	for (const struct yaml *c = map->children; c != NULL; c = c->next) {
		const char *text = yaml_text(c, to);
		struct error why = { 0 };

		if (text == NULL)
			continue;
		if (!text_is_slug(span_of_str(c->key)))
			complain_key(to, c, "\"%.60s\" cannot name a witness",
			    c->key);
		else if (out->num == LIMIT_WITNESSES)
			complain_key(to, c, "more than %d witnesses",
			    LIMIT_WITNESSES);
		else if (!note_key_parse(span_of_str(text), NOTE_WITNESS,
			     &out->keys[out->num], &why))
			complain(to, c,
			    "%s (\"valise witness init\" prints"
			    " one)",
			    why.detail);
		else
			text_set(out->names[out->num++], sizeof(out->names[0]),
			    c->key);
	}
	for (size_t i = 1; i < out->num; i++)
		for (size_t j = 0; j < i; j++)
			if (memcmp(out->keys[i].public_key,
				out->keys[j].public_key, 32) == 0)
				complain(to, map,
				    "\"%s\" and \"%s\" have one key: each"
				    " witness needs its own",
				    out->names[j], out->names[i]);
	if (yaml_need(root, "quorum", to) == NULL ||
	    !yaml_u64(quorum, &number, to))
		return;
	if (number < 1 || number > out->num)
		complain(to, quorum, "1 to %zu, the number of witnesses",
		    out->num);
	else
		out->quorum = (unsigned)number;
}
