/*
 * findings.h - what the parts of the check of a data folder share (fsck.h): the
 * open folder, and the functions that tell a finding.
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
	char folder[FILE_PATH]; /* for settings->spares_memory */
	struct verdict_library verdict_library;
	struct journal *journal;
	struct store *store;
	struct library *library;
	struct cert_cache *certs;
	struct audit *audit;
	/* The ledger of the journal as it is later, or NULL. */
	struct ledger *later;
	/* No daemon has started since the tables were brought forward. */
	bool is_unopened;
	/* Shared by the threads. */
	uint64_t next_head;
	struct ledger_document **docs;
	uint64_t signed_size;  /* what the signer signed; 0: not known */
	bool hashes_are_wrong; /* the derived ones: heads are not compared */
	size_t num_docs, next_doc;
	unsigned next_part;
	bool failed;
	struct error err;
};

/* Tell one finding; arg is the struct fsck.  For any thread. */
void fsck_report(void *arg, const struct audit_finding *finding);
/* Tell of a signature that a CA took away later; it is not counted as wrong. */
void fsck_report_disputed(void *arg, const struct audit_finding *finding);
/* Tell a finding about something that can be made again. */
void fsck_report_derived(struct fsck *fsck, const char *code, const char *about,
    const char *text);
/* A damage_visitor for store_check(): an object of the store is damaged. */
void fsck_tell_of_object(void *arg, const char *about, const char *what);
/* Does the caller want the check to end early? */
bool fsck_stopped(const struct fsck *fsck);

#define FIND(fsck, code, index, about, ...)                                    \
	audit_find(&(fsck)->audit_settings, code, index, about, __VA_ARGS__)

#endif
