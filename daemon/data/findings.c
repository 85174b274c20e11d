/*
 * Telling the findings of a check of a data folder (findings.h).
 */
#include "daemon/data/findings.h"

#include "base/text.h"

void
fsck_report(void *arg, const struct audit_finding *finding)
{
	struct fsck *fsck = arg;

	pthread_mutex_lock(&fsck->mutex);
	fsck->out->num_findings++;
	fsck->settings->report(fsck->settings->arg, finding, FSCK_WRONG);
	pthread_mutex_unlock(&fsck->mutex);
}

void
fsck_report_disputed(void *arg, const struct audit_finding *finding)
{
	struct fsck *fsck = arg;

	pthread_mutex_lock(&fsck->mutex);
	fsck->out->num_disputed++;
	fsck->settings->report(fsck->settings->arg, finding, FSCK_DISPUTED);
	pthread_mutex_unlock(&fsck->mutex);
}

void
fsck_report_derived(struct fsck *fsck, const char *code, const char *about,
    const char *text)
{
	struct audit_finding finding = { .code = code,
		.index = AUDIT_NO_ENTRY };

	text_cut(finding.about, sizeof(finding.about), about);
	text_cut(finding.text, sizeof(finding.text), text);
	pthread_mutex_lock(&fsck->mutex);
	fsck->out->num_findings++;
	fsck->out->num_derived++;
	fsck->settings->report(fsck->settings->arg, &finding, FSCK_DERIVED);
	pthread_mutex_unlock(&fsck->mutex);
}

bool
fsck_stopped(const struct fsck *fsck)
{
	return fsck->settings->stop != NULL &&
	    __atomic_load_n(fsck->settings->stop, __ATOMIC_ACQUIRE);
}

void
fsck_tell_of_object(void *arg, const char *about, const char *what)
{
	FIND((struct fsck *)arg, "OBJECT_DAMAGED", AUDIT_NO_ENTRY, about,
	    "%s; what was in it may be lost here, the offices have copies",
	    what);
}
