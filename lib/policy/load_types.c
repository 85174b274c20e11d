/*
 * Reading the types of documents, and the full powers for them.
 */
#include "policy/load_private.h"

#include <string.h>

#include "base/list.h"
#include "base/text.h"
#include "base/time.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void
read_power_types(struct policy *policy, struct full_powers *powers,
    const struct yaml *list, struct complaints *to)
{
	if (list == NULL || !yaml_is(list, YAML_SEQUENCE, to))
		return;
	for (const struct yaml *c = list->children; c != NULL; c = c->next) {
		const char *name = yaml_text(c, to);
		const struct document_type *type =
		    name != NULL ? policy_type(policy, name) : NULL;

		if (type != NULL)
			powers->types |= UINT64_C(1) << (type - policy->types);
		else if (name != NULL)
			complain(to, c,
			    "no type of document is called"
			    " \"%.60s\"",
			    name);
	}
}

static void
read_day(const struct yaml *node, int64_t *out, struct complaints *to)
{
	const char *text = node != NULL ? yaml_text(node, to) : NULL;

	if (text != NULL && !time_parse_date(span_of_str(text), out))
		complain(to, node,
		    "\"%.40s\" is not a date such as"
		    " 2027-12-31",
		    text);
}

void
load_powers(struct policy *policy, const struct yaml *list,
    struct complaints *to)
{
	static const char *const keys[] = { "person", "party", "types", "from",
		"until" };

	if (list == NULL || !yaml_is(list, YAML_SEQUENCE, to))
		return;
	policy->powers_line = list->key_line;
	for (const struct yaml *c = list->children; c != NULL; c = c->next) {
		const struct yaml *person;
		struct full_powers *powers;
		struct error why = { 0 };

		if ((powers = list_add(&policy->powers, &policy->num_powers,
			 sizeof(*powers), LIMIT_POWERS, "full powers", &why)) ==
		    NULL) {
			complain(to, c, "%s", why.detail);
			return;
		}
		powers->line = c->line;
		if (!yaml_only(c, keys, COUNT(keys), to))
			continue;
		if ((person = yaml_need(c, "person", to)) != NULL)
			yaml_copy(person, powers->person,
			    sizeof(powers->person), text_is_email,
			    "an e-mail address in lower case", to);
		load_party_name(policy, yaml_need(c, "party", to),
		    powers->party, to);
		read_power_types(policy, powers, yaml_need(c, "types", to), to);
		read_day(yaml_need(c, "from", to), &powers->from_at, to);
		read_day(yaml_need(c, "until", to), &powers->until_at, to);
		if (powers->until_at < powers->from_at)
			complain(to, c, "they end before they begin");
		powers->until_at += 24 * 60 * 60; /* both days are included */
	}
}

static void
read_languages(const struct yaml *list,
    char out[LIMIT_LANGUAGES][LIMIT_LANGUAGE_BYTES + 1], size_t *num,
    struct complaints *to)
{
	if (list == NULL || !yaml_is(list, YAML_SEQUENCE, to))
		return;
	for (const struct yaml *c = list->children; c != NULL; c = c->next) {
		if (*num == LIMIT_LANGUAGES) {
			complain(to, c, "more than %d languages",
			    LIMIT_LANGUAGES);
			return;
		}
		if (yaml_copy(c, out[*num], LIMIT_LANGUAGE_BYTES + 1,
			text_is_language, "a language, such as lo", to))
			(*num)++;
	}
}

static void
read_office_list(const struct policy *policy, const struct yaml *list,
    struct office_list *out, struct complaints *to)
{
	if (list == NULL || !yaml_is(list, YAML_SEQUENCE, to))
		return;
	out->line = list->key_line;
	for (const struct yaml *c = list->children; c != NULL; c = c->next) {
		const char *name = yaml_text(c, to);
		const struct office *office =
		    name != NULL ? policy_office(policy, name) : NULL;

		if (office == NULL) {
			if (name != NULL)
				complain(to, c,
				    "no office is called"
				    " \"%.60s\"",
				    name);
		} else if (out->num < LIMIT_OFFICES) {
			out->offices[out->num++] =
			    (uint16_t)(office - policy->offices);
		}
	}
}

static void
read_quorum(const struct policy *policy, const struct yaml *map,
    struct quorum *out, struct complaints *to)
{
	if (map == NULL || !yaml_is(map, YAML_MAPPING, to))
		return;
	out->line = map->key_line;
	if (map->num_children == 0)
		complain(to, map, "somebody must sign");
	for (const struct yaml *c = map->children; c != NULL; c = c->next) {
		uint64_t persons;

		if (load_find_party(policy, c->key) == NULL) {
			complain_key(to, c, "no party is called \"%.60s\"",
			    c->key);
			continue;
		}
		if (!yaml_u64(c, &persons, to))
			continue;
		if (persons < 1 || persons > LIMIT_SIGNATURES ||
		    out->num == POLICY_PARTIES) {
			complain(to, c, "1 to %d persons of a party",
			    LIMIT_SIGNATURES);
			continue;
		}
		text_set(out->parties[out->num].party, POLICY_NAME, c->key);
		out->parties[out->num++].persons = (unsigned)persons;
	}
}

static void
read_media(struct document_type *type, const struct yaml *list,
    struct complaints *to)
{
	if (list == NULL || !yaml_is(list, YAML_SEQUENCE, to))
		return;
	type->media_line = list->key_line;
	for (const struct yaml *c = list->children; c != NULL; c = c->next) {
		if (type->num_media == POLICY_MEDIA) {
			complain(to, c, "more than %d media types",
			    POLICY_MEDIA);
			return;
		}
		if (yaml_copy(c, type->media[type->num_media],
			sizeof(type->media[0]), text_is_media,
			"a media type, such as application/pdf", to))
			type->num_media++;
	}
}

static void
read_limits(struct document_type *type, const struct yaml *map,
    struct complaints *to)
{
	static const char *const keys[] = { "text", "texts", "name" };
	const struct yaml *text, *texts, *name;

	type->limit_name = LIMIT_NAME_DEFAULT;
	if (map == NULL || !yaml_only(map, keys, COUNT(keys), to))
		return;
	type->limits_line = map->key_line;
	if ((text = yaml_need(map, "text", to)) != NULL &&
	    yaml_bytes(text, &type->limit_text, to) &&
	    type->limit_text > LIMIT_TEXT_BYTES)
		complain(to, text, "no text can be over %llu bytes",
		    (unsigned long long)LIMIT_TEXT_BYTES);
	if ((texts = yaml_need(map, "texts", to)) != NULL &&
	    yaml_u64(texts, &type->limit_texts, to) &&
	    type->limit_texts > LIMIT_TEXTS)
		complain(to, texts, "no version can have more than %d texts",
		    LIMIT_TEXTS);
	if ((name = yaml_get(map, "name")) != NULL &&
	    yaml_u64(name, &type->limit_name, to) &&
	    (type->limit_name < LIMIT_NAME_DEFAULT ||
		type->limit_name > LIMIT_NAME_BYTES))
		complain(to, name, "names are of %d to %d bytes",
		    LIMIT_NAME_DEFAULT, LIMIT_NAME_BYTES);
}

/*
 * The names of all types are known before any type is read, since full powers
 * name them.
 */
void
load_type(struct policy *policy, struct document_type *type,
    const struct yaml *root, struct complaints *to)
{
	static const char *const keys[] = { "valise", "type", "title",
		"languages", "deposit", "terminate", "read", "audit", "quorum",
		"media", "limits" };
	static const char *const language_keys[] = { "authentic", "also" };
	const struct yaml *name, *languages;
	const char *text;

	if (!yaml_is(root, YAML_MAPPING, to))
		return;
	yaml_only(root, keys, COUNT(keys), to);
	yaml_format(root, to);
	name = yaml_need(root, "type", to);
	if (name != NULL && (text = yaml_text(name, to)) != NULL &&
	    strcmp(text, type->name) != 0)
		complain(to, name, "\"%.60s\" in the file of \"%s\"", text,
		    type->name);
	load_title(yaml_need(root, "title", to), type->title, to);
	languages = yaml_need(root, "languages", to);
	if (languages != NULL &&
	    yaml_only(languages, language_keys, COUNT(language_keys), to)) {
		type->languages_line = languages->key_line;
		read_languages(yaml_need(languages, "authentic", to),
		    type->authentic, &type->num_authentic, to);
		read_languages(yaml_get(languages, "also"), type->also,
		    &type->num_also, to);
		if (type->num_authentic == 0)
			complain(to, languages,
			    "one language at least must"
			    " be authentic");
	}
	read_office_list(policy, yaml_need(root, "deposit", to), &type->deposit,
	    to);
	read_office_list(policy, yaml_need(root, "read", to), &type->read, to);
	read_office_list(policy, yaml_need(root, "audit", to), &type->audit,
	    to);
	read_quorum(policy, yaml_need(root, "quorum", to), &type->quorum, to);
	read_quorum(policy, yaml_need(root, "terminate", to), &type->terminate,
	    to);
	read_media(type, yaml_need(root, "media", to), to);
	read_limits(type, yaml_need(root, "limits", to), to);
}
