/*
 * Parsing an enrolment (enrolment.h).
 */
#include "client/enrolment.h"

#include <string.h>

#include "base/text.h"
#include "base/yaml.h"

static bool
read_blocks(const struct yaml *map, struct container **out,
    struct complaints *to, struct error *err)
{
	if ((*out = container_new(err)) == NULL)
		return false;
	if (map == NULL || !yaml_is(map, YAML_MAPPING, to))
		return true;
	for (const struct yaml *c = map->children; c != NULL; c = c->next) {
		const char *text = yaml_text(c, to);

		if (text != NULL &&
		    !container_put_to_judge(*out, c->key, span_of_str(text),
			err))
			return false;
	}
	return true;
}

/*
 * Read the entries of all policies so far, "INDEX DIGEST"; old enrolments have
 * none.
 */
static void
read_policies(const struct yaml *node, struct succession *out,
    struct complaints *to)
{
	struct policy_entry entry;
	struct error why = { 0 };
	const char *text;

	if (node == NULL || !yaml_is(node, YAML_SEQUENCE, to))
		return;
	for (const struct yaml *c = node->children; c != NULL; c = c->next)
		if ((text = yaml_text(c, to)) != NULL &&
		    (!succession_parse_entry(span_of_str(text), &entry, &why) ||
			!succession_add(out, entry.index, &entry.digest,
			    out->num > 0 ? out->list[out->num - 1].index
					 : SUCCESSION_NONE,
			    &why)))
			complain(to, c, "%s", why.detail);
}

/* Old enrolments may have been written by hand: the first has few rules. */
static void
read_addresses(const struct yaml *root, struct addresses *out,
    struct complaints *to)
{
	const struct yaml *node = yaml_need(root, "address", to);
	const char *text = node != NULL ? yaml_text(node, to) : NULL;

	if (text != NULL) {
		if (strncmp(text, "https://", 8) != 0 ||
		    strlen(text) >= sizeof(out->all[0]))
			complain(to, node, "not an https:// address");
		else
			text_set(out->all[0], sizeof(out->all[0]), text);
	}
	out->num = 1;
	addresses_read_others(yaml_get(root, "other-addresses"), out, to);
}

/* Read the fields of an enrolment. */
static void
read_enrolment(const struct yaml *root, struct enrolment *out,
    struct complaints *to)
{
	static const char *const keys[] = { "valise", "address",
		"other-addresses", "journal", "journal-before", "policy",
		"policies", "server-ca", "cas", "crls" };
	const struct yaml *node;
	const char *text;
	struct error why = { 0 };

	yaml_only(root, keys, sizeof(keys) / sizeof(keys[0]), to);
	yaml_format(root, to);
	read_addresses(root, &out->addresses, to);
	if ((node = yaml_need(root, "journal", to)) != NULL &&
	    (text = yaml_text(node, to)) != NULL &&
	    !note_key_parse(span_of_str(text), NOTE_JOURNAL, &out->journal,
		&why))
		complain(to, node, "%s", why.detail);
	if ((node = yaml_get(root, "journal-before")) != NULL &&
	    yaml_is(node, YAML_SEQUENCE, to))
		for (const struct yaml *c = node->children; c != NULL;
		     c = c->next)
			if ((text = yaml_text(c, to)) != NULL &&
			    !buf_printf(&out->before, &why, "%s\n", text))
				complain(to, c, "%s", why.detail);
	if ((node = yaml_need(root, "policy", to)) != NULL)
		yaml_digest(node, &out->policy, to);
	node = yaml_get(root, "policies");
	read_policies(node, &out->policies, to);
	if (out->policies.num > 0 &&
	    !digest_eq(&succession_newest(&out->policies)->digest,
		&out->policy))
		complain(to, node, "the last of them is not \"policy\"");
	if ((node = yaml_need(root, "server-ca", to)) != NULL &&
	    (text = yaml_text(node, to)) != NULL &&
	    !text_take(out->server_ca, sizeof(out->server_ca), text, &why))
		complain(to, node, "%s", why.detail);
}

bool
enrolment_parse(struct span text, struct enrolment *out, struct error *err)
{
	struct complaints complaints = COMPLAINTS;
	struct yaml *root;
	bool ok;

	*out = (struct enrolment){ .fingerprint = sha256_of(text),
		.before = BUF(NOTE_KEYS_TEXT) };
	if ((root = yaml_parse("enrolment", text, err)) == NULL)
		return false;
	ok = yaml_is(root, YAML_MAPPING, &complaints);
	if (ok) {
		read_enrolment(root, out, &complaints);
		ok = read_blocks(yaml_need(root, "cas", &complaints), &out->cas,
			 &complaints, err) &&
		    read_blocks(yaml_need(root, "crls", &complaints),
			&out->crls, &complaints, err);
	}
	ok = complaints_none(&complaints, err) && ok;
	yaml_free_tree(root);
	complaints_free(&complaints);
	if (!ok)
		enrolment_free(out);
	return ok;
}

void
enrolment_free(struct enrolment *enrolment)
{
	container_free(enrolment->cas);
	container_free(enrolment->crls);
	succession_free(&enrolment->policies);
	buf_free(&enrolment->before);
	*enrolment = (struct enrolment){ { 0 } };
}
