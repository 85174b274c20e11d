#include "cli/newest.h"

#include <string.h>

struct finding_newest {
	const struct policy *policy;
	const struct office *office;
	struct newest *out;
};

static void
add_signature(struct newest *out, const char *person, const char *office)
{
	if (out->num_others++ > 0)
		return;
	snprintf(out->signer, sizeof(out->signer), "%s", person);
	snprintf(out->signer_office, sizeof(out->signer_office), "%s",
	    office);
}

static void
visit_sign(const struct finding_newest *finding, const struct entry *entry)
{
	const struct office *office = policy_office(finding->policy,
	    entry->office);

	if (office == NULL ||
	    strcmp(office->party, finding->office->party) != 0)
		add_signature(finding->out, entry->person, entry->office);
}

static bool
visit_act(void *arg, uint64_t index, const struct entry *entry,
    struct span line, struct error *err)
{
	const struct finding_newest *finding = arg;
	struct newest *out = finding->out;

	(void)index, (void)line, (void)err;
	if (entry->act == ACT_DEPOSIT && entry->version > out->version) {
		*out = (struct newest){ .version = (unsigned)entry->version,
			.digest = entry->digest };
		snprintf(out->person, sizeof(out->person), "%s",
		    entry->person);
		snprintf(out->office, sizeof(out->office), "%s",
		    entry->office);
		return true;
	}
	if (out->version == 0 || entry->version != out->version)
		return true;
	if (entry->act == ACT_SIGN)
		visit_sign(finding, entry);
	out->in_force = out->in_force || entry->act == ACT_FORCE;
	return true;
}

bool
newest_find(struct session *session, const struct policy *policy,
    const struct office *office, const char *document, struct newest *out,
    struct error *err)
{
	struct finding_newest finding = { policy, office, out };
	const struct entry_filter filter = { .act = FILTER_DOCUMENTS,
		.document = document };

	*out = (struct newest){ 0 };
	return session_entries(session, &filter, visit_act, &finding, err);
}

void
newest_of_copy(const struct verdict *verdict, const struct office *office,
    struct newest *out)
{
	const struct version *version = verdict->version;

	*out = (struct newest){ .version = version->number,
		.digest = verdict->digest,
		.in_force = verdict->status != STATUS_DRAFT &&
		    verdict->status != STATUS_SIGNED_IN_PART };
	snprintf(out->person, sizeof(out->person), "%s", version->person);
	snprintf(out->office, sizeof(out->office), "%s", version->office);
	for (size_t i = 0; i < verdict->num_signatures; i++) {
		const struct verdict_signature *one = &verdict->signatures[i];

		if (one->commitment == COMMITMENT_APPROVAL &&
		    !one->terminates &&
		    strcmp(one->party, office->party) != 0)
			add_signature(out, one->person, one->office);
	}
}

bool
newest_check_onto(const struct newest *newest, const char *document,
    unsigned onto, struct error *err)
{
	char others[40] = "";

	if (onto != 0 && onto != newest->version)
		return error_set(err, ERROR_CONFLICT,
		    "--onto %u: the newest version of %s is %u (valise show"
		    " %s)", onto, document, newest->version, document);
	if (newest->num_others == 0 || newest->in_force)
		return true;
	if (newest->num_others > 1)
		snprintf(others, sizeof(others), " and %zu more",
		    newest->num_others - 1);
	if (onto == 0)
		return error_set_code(err, ERROR_CONFLICT, "SIGNED_BY_OTHERS",
		    "%s of %s%s %s signed %s@%u, and a new version ends its"
		    " signing: ask them; to deposit all the same, push with"
		    " --onto %u",
		    newest->signer, newest->signer_office, others,
		    newest->num_others > 1 ? "have" : "has", document,
		    newest->version, newest->version);
	output_note("this ends the signing of %s@%u, which %s of %s%s %s"
		    " signed", document, newest->version, newest->signer,
	    newest->signer_office, others,
	    newest->num_others > 1 ? "have" : "has");
	return true;
}
