/*
 * The reader of a policy's files: every mistake is told, none is guessed at.
 */
#include "policy/load_private.h"

#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "base/text.h"
#include "base/time.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void
read_main(struct policy *policy, const struct yaml *root, struct complaints *to)
{
	static const char *const keys[] = { "valise", "depositary", "cas",
		"parties", "offices", "full-powers", "witnesses", "quorum" };

	if (!yaml_is(root, YAML_MAPPING, to))
		return;
	yaml_only(root, keys, COUNT(keys), to);
	yaml_format(root, to);
	load_cas(policy, yaml_need(root, "cas", to), to);
	load_parties(policy, yaml_need(root, "parties", to), to);
	load_offices(policy, yaml_need(root, "offices", to), to);
	load_depositary(policy, yaml_need(root, "depositary", to), to);
	load_powers(policy, yaml_need(root, "full-powers", to), to);
	load_witnesses(policy, root, to);
	load_check_offices(policy, yaml_get(root, "offices"), to);
}

/* Besides offices.yaml, policies/NAME.yaml is the type NAME. */
static bool
is_type_file(const char *path, char name[LIMIT_SLUG_BYTES + 1])
{
	const size_t len = strlen(path);

	return len > 5 && len - 5 <= LIMIT_SLUG_BYTES &&
	    strcmp(path + len - 5, ".yaml") == 0 &&
	    strcmp(path, "offices.yaml") != 0 &&
	    text_is_slug(span_of(path, len - 5)) &&
	    span_to_str(span_of(path, len - 5), name, LIMIT_SLUG_BYTES + 1);
}

static bool
is_ca_file(const struct yaml *cas, const char *path)
{
	if (cas == NULL || cas->kind != YAML_MAPPING)
		return false;
	for (const struct yaml *c = cas->children; c != NULL; c = c->next)
		if (c->kind == YAML_SCALAR && strcmp(c->text, path) == 0)
			return true;
	return false;
}

static bool
is_encryption_file(const struct yaml *offices, const char *path)
{
	if (offices == NULL || offices->kind != YAML_MAPPING)
		return false;
	for (const struct yaml *c = offices->children; c != NULL; c = c->next) {
		const struct yaml *file = yaml_get(c, "encryption");

		if (file != NULL && file->kind == YAML_SCALAR &&
		    strcmp(file->text, path) == 0)
			return true;
	}
	return false;
}

/*
 * The digest is over the whole folder, so a file that is no part of a policy is
 * a mistake.
 */
static void
find_types(struct policy *policy, const struct yaml *main_root,
    struct complaints *to)
{
	for (size_t i = 0; i < policy->files->num; i++) {
		const char *path = policy->files->members[i].path;
		char name[LIMIT_SLUG_BYTES + 1], shown[LIMIT_PATH_BYTES + 16];
		struct document_type *type;
		struct error why = { 0 };

		snprintf(shown, sizeof(shown), POLICY_PREFIX "%s", path);
		if (strcmp(path, "offices.yaml") == 0 ||
		    is_ca_file(yaml_get(main_root, "cas"), path) ||
		    is_encryption_file(yaml_get(main_root, "offices"), path))
			continue;
		if (!is_type_file(path, name)) {
			complain_of(to, shown,
			    "no part of a policy: neither a type of document"
			    " nor a certificate that offices.yaml names");
			continue;
		}
		if ((type = list_add(&policy->types, &policy->num_types,
			 sizeof(*type), LIMIT_TYPES, "types", &why)) == NULL) {
			complain_of(to, shown, "%s", why.detail);
			return;
		}
		text_set(type->name, sizeof(type->name), name);
		text_set(type->file, sizeof(type->file), shown);
	}
}

static struct yaml *
parse_file(const struct policy *policy, const char *path, const char *shown,
    struct complaints *to)
{
	const struct member *file = container_find(policy->files, path);
	struct error why = { 0 };
	struct yaml *root = NULL;

	if (file == NULL)
		complain_of(to, shown, "there is no such file");
	else if ((root = yaml_parse_written(shown, member_bytes(file), &why)) ==
	    NULL) {
		/* The detail begins with the file's name already. */
		const char *text = why.detail;
		const size_t len = strlen(shown);

		if (strncmp(text, shown, len) == 0 && text[len] == ':')
			text += len + 1;
		to->num_errors++;
		if (!buf_printf(&to->lines, &why, "%s:%s\n", shown, text))
			return NULL;
	}
	return root;
}

static void
read_all(struct policy *policy, int64_t now_at, struct complaints *to)
{
	static const char main_file[] = POLICY_PREFIX "offices.yaml";
	struct yaml *roots[LIMIT_TYPES] = { NULL };
	struct yaml *root = parse_file(policy, "offices.yaml", main_file, to);

	find_types(policy, root, to);
	if (policy->num_types == 0)
		complain_of(to, main_file,
		    "there is no type of document beside it (agreement.yaml,"
		    " …)");
	if (root != NULL)
		read_main(policy, root, to);
	for (size_t i = 0; i < policy->num_types; i++) {
		struct document_type *type = &policy->types[i];

		roots[i] = parse_file(policy,
		    type->file + strlen(POLICY_PREFIX), type->file, to);
		/* Without offices every name in a type would be unknown. */
		if (roots[i] != NULL && root != NULL)
			load_type(policy, type, roots[i], to);
	}
	for (size_t i = 0; i < policy->num_types; i++) {
		if (roots[i] != NULL && root != NULL && to->num_errors == 0)
			load_check_type(policy, i, roots[i], now_at, to);
	}
	if (root != NULL && to->num_errors == 0)
		load_check_audits(policy, root, to);
	for (size_t i = 0; i < policy->num_types; i++)
		yaml_free_tree(roots[i]);
	yaml_free_tree(root);
}

struct policy *
policy_load_kept(struct container *files, const struct digest *kept,
    int64_t now_at, struct complaints *complaints, struct error *err)
{
	struct policy *policy = calloc(1, sizeof(*policy));

	if (policy == NULL) {
		error_set_errno(err, "policy");
		container_free(files);
		return NULL;
	}
	policy->refs = 1;
	policy->files = files;
	if ((policy->trust = trust_new(err)) == NULL ||
	    !container_hash(files, NULL, err) ||
	    !container_contents(files, &policy->digest, err)) {
		policy_free(policy);
		return NULL;
	}
	policy->was_checked = kept != NULL && digest_eq(&policy->digest, kept);
	read_all(policy, now_at, complaints);
	if (!complaints_none(complaints, err)) {
		policy_free(policy);
		return NULL;
	}
	return policy;
}

struct policy *
policy_load(struct container *files, int64_t now_at,
    struct complaints *complaints, struct error *err)
{
	return policy_load_kept(files, NULL, now_at, complaints, err);
}

/*
 * The journal may have a policy with a byte order mark, and that one judges as
 * ever.  No other is let in.
 */
static void
refuse_marks(const struct container *files, struct complaints *to)
{
	for (size_t i = 0; i < files->num; i++) {
		const struct member *file = &files->members[i];
		char shown[LIMIT_PATH_BYTES + 16];

		snprintf(shown, sizeof(shown), POLICY_PREFIX "%s", file->path);
		if (yaml_is_marked(member_bytes(file)))
			complain_of(to, shown, YAML_MARKED);
	}
}

struct policy *
policy_load_dir(const char *dir, struct complaints *complaints,
    struct error *err)
{
	struct container *files = container_read_dir(dir, err);

	if (files != NULL)
		refuse_marks(files, complaints);
	return files != NULL
	    ? policy_load(files, time_now_ms() / 1000, complaints, err)
	    : NULL;
}
