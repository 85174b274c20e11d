/*
 * findings.h - what the parts of the check of a data folder share (fsck.h):
 * what is looked at, and how one tells what is wrong.
 */
#ifndef DAEMON_DATA_FINDINGS_H
#define DAEMON_DATA_FINDINGS_H

#include <pthread.h>

#include "daemon/data/fsck.h"
#include "record/library.h"
#include "store/store.h"

enum { FSCK_THREADS = 64 };

struct fsck {
	const struct fsck_settings *settings;
	struct fsck_result *out;
	pthread_mutex_t mutex;
	struct audit_settings audit_settings;
	struct verdict_library verdict_library;
	struct journal *journal;
	struct store *store;
	struct library *library;
	struct cert_cache *certs;
	struct audit *audit;
	struct ledger
	    *later; /* what follows from the journal by now, or NULL */
	/* For the threads. */
	uint64_t next_head;
	struct ledger_document **docs;
	size_t num_docs, next_doc;
	unsigned next_part;
	bool failed;
	struct error err;
};

/* Tell of one finding; arg is the struct fsck.  From any thread. */
void fsck_report(void *arg, const struct audit_finding *finding);
/* The same of something that can be made anew. */
void fsck_report_derived(struct fsck *fsck, const char *code, const char *about,
    const char *text);
/* For store_check(): an object of the store is damaged. */
void fsck_tell_of_object(void *arg, const char *about, const char *what);
/* Is the check to be given up? */
bool fsck_stopped(const struct fsck *fsck);

#define FIND(fsck, code, index, about, ...)                                    \
	audit_find(&(fsck)->audit_settings, code, index, about, __VA_ARGS__)

#endif
