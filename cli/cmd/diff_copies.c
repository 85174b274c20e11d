/*
 * Reading two copies that are compared as files (diff_copies.h).
 */
#include "cli/cmd/diff_copies.h"

#include <string.h>

#include "cli/cmd/copies.h"
#include "cli/cmd/verify.h"

bool
diff_is_file(const char *operand)
{
	static const char ending[] = ".asice";
	const size_t len = strlen(operand), tail = sizeof(ending) - 1;
	char document[DOCUMENT_NAME];
	struct error ignored = { 0 };
	unsigned version;

	/* No name of a document has a full stop. */
	return strcmp(operand, "-") == 0 ||
	    (len > tail && strcmp(operand + len - tail, ending) == 0) ||
	    (!document_parse(operand, document, &version, &ignored) &&
		file_exists(operand));
}

/* True if copies can be judged: by an enrolment, or a configuration. */
static bool
has_judge(struct context *context, const struct options_given *given)
{
	struct error ignored = { 0 };

	return options_has(given, OPTION_ENROLMENT) ||
	    options_has(given, OPTION_POLICY) ||
	    options_has(given, OPTION_CRLS) ||
	    context->config_path[0] != '\0' ||
	    (places_config(context, &ignored) &&
		file_exists(context->config_path));
}

/* Read a file without judging it, and say so. */
static bool
read_only(struct context *context, const char *path, struct copy *out,
    struct error *fault, struct error *err)
{
	const struct member *member;
	struct error why = { 0 };
	char name[64];

	if ((out->fd = copies_open(context, path, err)) < 0)
		return false;
	out->container = container_read_to_judge(out->fd, &why);
	/* It was zipped again on its way; it may be a file without a name. */
	snprintf(name, sizeof(name), "/proc/self/fd/%d", out->fd);
	if (out->container == NULL &&
	    (out->container = container_read_foreign(name, err)) == NULL)
		return false;
	member = container_find(out->container, PATH_VERSION);
	if (member == NULL)
		return error_set(err, ERROR_MALFORMED, "no " PATH_VERSION);
	out->verdict.version = version_parse(member_bytes(member), err);
	if (out->verdict.version == NULL)
		return false;
	out->verdict.digest = sha256_of(member_bytes(member));
	if (!context->json) {
		output_text(path);
		puts(": not judged: there is neither --enrolment nor a"
		     " configuration");
		printf("  %s@%u  ", out->verdict.version->document,
		    out->verdict.version->number);
		output_text(version_title(out->verdict.version, "en"));
		putchar('\n');
	}
	return error_set(fault, ERROR_UNTRUSTED,
		   "not judged; --enrolment FILE says by what to judge") ||
	    true;
}

/* Take the digest of each file that is there, whatever is said of it. */
static void
take_digests(const struct context *context, const struct copy *copy,
    struct text_file list[], size_t num, json_t *altered)
{
	for (size_t i = 0; i < num; i++) {
		const struct member *member =
		    container_find(copy->container, list[i].file);

		if (member == NULL || !member->hashed || member->damaged ||
		    digest_eq(&member->sha256, &list[i].sha256))
			continue;
		list[i].sha256 = member->sha256;
		json_array_append_new(altered, json_string(list[i].file));
		if (context->json)
			continue;
		fputs("  ", stdout);
		output_text(list[i].file);
		puts(": is not what " PATH_VERSION " says");
	}
}

static bool
load(struct context *context, bool judged, const char *path, struct copy *out,
    json_t *told, struct error *fault, struct error *err)
{
	json_t *verdict = NULL, *altered = json_array();
	struct version *version;

	json_object_set_new(told, "altered", altered);
	if (!(judged ? verify_tell(context, path, out, &verdict, fault, err)
		     : read_only(context, path, out, fault, err)))
		return false;
	json_object_set_new(told, "file", json_string(path));
	json_object_set_new(told, "verdict",
	    verdict != NULL ? verdict : json_null());
	version = out->verdict.version;
	if (version == NULL && fault->kind != ERROR_NONE) {
		*err = *fault;
		return false;
	}
	if (version == NULL || out->container == NULL)
		return error_set(err, ERROR_MALFORMED,
		    "there is no version to compare");
	if (fault->kind == ERROR_NONE)
		return true;
	if (!container_hash(out->container, NULL, err))
		return false;
	take_digests(context, out, version->texts, version->num_texts, altered);
	take_digests(context, out, version->annexes, version->num_annexes,
	    altered);
	return true;
}

bool
diff_load_files(struct context *context, const struct options_given *given,
    struct copy out[2], json_t *told[2], struct error *fault, struct error *err)
{
	const bool judged = has_judge(context, given);

	if (judged && !verify_load(context, given, err))
		return false;
	for (int i = 0; i < 2; i++) {
		struct error why = { 0 };

		told[i] = json_object();
		if (!load(context, judged, given->operands[i], &out[i], told[i],
			&why, err))
			return error_context(err, "%s", given->operands[i]);
		if (why.kind != ERROR_NONE && fault->kind == ERROR_NONE) {
			*fault = why;
			(void)error_context(fault, "%s", given->operands[i]);
		}
	}
	return true;
}
