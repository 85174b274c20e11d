/*
 * Findings: their codes, adding one to a verdict, and what a verdict as a whole
 * says (verdict.h).
 */
#include "verdict/verdict.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "verdict/judge.h"

static const char *const outcome_names[] = {
	[OUTCOME_INVALID] = "INVALID",
	[OUTCOME_INDETERMINATE] = "INDETERMINATE",
	[OUTCOME_VALID] = "VALID",
};

static const char *const status_names[] = {
	[STATUS_DRAFT] = "draft",
	[STATUS_SIGNED_IN_PART] = "signed in part",
	[STATUS_IN_FORCE] = "in force",
	[STATUS_TERMINATED] = "terminated",
	[STATUS_DISPUTED] = "disputed",
	[STATUS_SUPERSEDED] = "superseded",
	[STATUS_WITHDRAWN] = "withdrawn",
	[STATUS_LAPSED] = "lapsed",
};

static const struct {
	const char *name;
	enum outcome outcome;
} codes[FINDING_CODES] = {
#define FINDING(name, outcome, means, remedy) { #name, OUTCOME_##outcome },
#include "base/codes.def"
};

const char *
outcome_name(enum outcome outcome)
{
	return outcome_names[outcome];
}

const char *
status_name(enum status status)
{
	return status_names[status];
}

const char *
finding_name(enum finding_code code)
{
	return codes[code].name;
}

enum outcome
finding_outcome(enum finding_code code)
{
	return codes[code].outcome;
}

void
finding_sentence(const struct finding *finding, char out[FINDING_SENTENCE])
{
	snprintf(out, FINDING_SENTENCE, "%s%s%s", finding->about,
	    finding->about[0] != '\0' ? ": " : "", finding->text);
}

bool
judge_find(struct judge *judge, enum finding_code code, const char *about,
    const char *fmt, ...)
{
	struct verdict *out = judge->out;
	struct finding *all =
	    realloc(out->findings, (out->num_findings + 1) * sizeof(*all));
	struct finding *one;
	va_list args;

	if (all == NULL)
		return error_set_errno(judge->err, "finding");
	out->findings = all;
	one = &all[out->num_findings++];
	*one = (struct finding){ .code = code };
	text_cut(one->about, sizeof(one->about), about);
	va_start(args, fmt);
	vsnprintf(one->text, sizeof(one->text), fmt, args);
	va_end(args);
	return true;
}

bool
judge_set_rule(struct judge *judge, const char *rule)
{
	struct finding *last =
	    &judge->out->findings[judge->out->num_findings - 1];

	snprintf(last->rule, sizeof(last->rule), "%s", rule);
	return true;
}

bool
judge_find_error(struct judge *judge, enum finding_code fallback,
    const char *about, const struct error *why)
{
	/* A failure of ours is no judgement of the container. */
	if (why->kind == ERROR_SYSTEM) {
		*judge->err = *why;
		return false;
	}
	for (size_t i = 0; i < FINDING_CODES; i++)
		if (strcmp(why->code, codes[i].name) == 0)
			fallback = (enum finding_code)i;
	return judge_find(judge, fallback, about, "%s", why->detail);
}

void
verdict_free(struct verdict *verdict)
{
	for (size_t i = 0; i < verdict->num_signatures; i++)
		cert_free(verdict->signatures[i].cert);
	version_free(verdict->version);
	free(verdict->signatures);
	free(verdict->acts);
	free(verdict->findings);
	*verdict = (struct verdict){ .outcome = OUTCOME_INVALID };
}

bool
verdict_has_fault(const struct verdict *verdict)
{
	for (size_t i = 0; i < verdict->num_findings; i++)
		if (finding_outcome(verdict->findings[i].code) != OUTCOME_VALID)
			return true;
	return false;
}

bool
verdict_error(const struct verdict *verdict, struct error *err)
{
	char sentence[FINDING_SENTENCE];
	const struct finding *worst = NULL;

	for (size_t i = 0; i < verdict->num_findings; i++) {
		const struct finding *one = &verdict->findings[i];

		if (worst == NULL ||
		    finding_outcome(one->code) < finding_outcome(worst->code))
			worst = one;
	}
	if (worst == NULL)
		return error_set(err, ERROR_UNTRUSTED, "not valid");
	finding_sentence(worst, sentence);
	return error_set_code(err,
	    worst->code == FINDING_OVER_LIMIT ? ERROR_LIMIT : ERROR_UNTRUSTED,
	    finding_name(worst->code), "%s", sentence);
}

const struct verdict_signature *
verdict_signature(const struct verdict *verdict, const char *id)
{
	for (size_t i = 0; i < verdict->num_signatures; i++)
		if (strcmp(verdict->signatures[i].id, id) == 0)
			return &verdict->signatures[i];
	return NULL;
}
