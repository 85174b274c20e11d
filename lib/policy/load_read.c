/*
 * Reading what offices.yaml and the types of documents both have: titles, and
 * names of parties.
 */
#include "policy/load_private.h"

#include <string.h>

#include "base/text.h"

/* Read a title, {en: …, lo: …}: the English one, else the first. */
void
load_title(const struct yaml *map, char out[LIMIT_TITLE_BYTES + 1],
    struct complaints *to)
{
	if (map == NULL || !yaml_is(map, YAML_MAPPING, to))
		return;
	for (const struct yaml *c = map->children; c != NULL; c = c->next) {
		char text[LIMIT_TITLE_BYTES + 1];

		if (!text_is_language(span_of_str(c->key)))
			complain_key(to, c, "\"%.40s\" is not a language",
			    c->key);
		else if (yaml_copy(c, text, sizeof(text), text_is_line,
			     "one line of visible text", to) &&
		    (out[0] == '\0' || strcmp(c->key, "en") == 0))
			text_set(out, LIMIT_TITLE_BYTES + 1, text);
	}
}

const struct party *
load_find_party(const struct policy *policy, const char *name)
{
	for (size_t i = 0; i < policy->num_parties; i++)
		if (strcmp(policy->parties[i].name, name) == 0)
			return &policy->parties[i];
	return NULL;
}

/* Read the name of a party, and copy what the party is called. */
bool
load_party_name(const struct policy *policy, const struct yaml *node,
    char out[POLICY_NAME], struct complaints *to)
{
	const char *text = node != NULL ? yaml_text(node, to) : NULL;

	if (text == NULL)
		return false;
	if (load_find_party(policy, text) == NULL)
		return complain(to, node, "no party is called \"%.60s\"", text);
	text_set(out, POLICY_NAME, text);
	return true;
}
