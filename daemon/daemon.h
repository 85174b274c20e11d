/*
 * daemon.h - the running daemon, all of it; shared by the files that start it
 * (run.c), open what it keeps (opening.c), answer signals (signals.c), reload
 * (reload.c), and tell how it is (status.c).
 */
#ifndef DAEMON_DAEMON_H
#define DAEMON_DAEMON_H

#include <pthread.h>
#include <sys/types.h>

#include "daemon/api/api.h"
#include "daemon/lists.h"
#include "daemon/upkeep/upkeep.h"
#include "daemon/writer/second.h"

struct standby;

/* What is asked of a running daemon (reload.h). */
enum reload_word {
	RELOAD_SETTINGS, /* take new settings */
	RELOAD_PROMOTE,  /* write, in place of the daemon that did */
	RELOAD_YIELD,    /* end, and let another write */
	RELOAD_WORDS
};

struct daemon {
	const struct config *config; /* with the plan of memory in it */
	int lock;
	pid_t signer_pid;
	struct record record;
	struct cert_cache *certs;
	struct signer *signer;
	struct seal *seal;
	struct registrar *registrar;
	/* The key is being replaced: no acts are accepted (batch.h). */
	bool replacing;
	bool full; /* read and hash the whole journal before anything else */
	bool names_key; /* it runs to journal the next key, and to end */
	pthread_mutex_t settings; /* for policy and crls */
	struct policy *policy;
	const struct crl_set *crls;
	/* The last look at the files of lists, until upkeep takes it over. */
	struct lists_look look;
	void *tls;
	struct upkeep *upkeep;
	struct api *api;
	struct http_server *server;
	int listener;
	int64_t pinged_ms; /* when systemd's watchdog was last told */
	int reload;        /* reload.h's socket, or -1 */
	/* What is done when that is asked (reload.h). */
	bool (*answer)(struct daemon *daemon, enum reload_word word,
	    struct error *err);
	int asks; /* who is told the end of what was asked, or -1 */
	struct standby *standby; /* while it stands by, and opens the record */
	struct second second;    /* where there is a stand-by */
	bool is_stopping;        /* a signal ends it */
	bool yields;             /* it ends so that another may write */
	char differs[200];       /* what of the folder is not in force, or "" */
	struct status_told
	    *status; /* what status.h has told; guarded by settings */
};

/* --- opening.c --- */

/*
 * Does nothing say that the journal was rolled back?
 *
 * ERROR_UNTRUSTED  there is evidence of it, which is told
 */
bool daemon_check_evidence(const struct daemon *daemon,
    struct error *err) MUST_USE;
/*
 * Open everything in the data folder and check it against the signer, policy
 * and crls, which is taken over.
 */
bool daemon_open_data(struct daemon *daemon, struct crl_set *crls,
    struct error *err) MUST_USE;
/* Make the set that follows the journal's newest one. NULL on failure. */
const struct crl_set *daemon_newest_crls(struct daemon *daemon,
    const struct policy *policy, const struct crl_set *set,
    struct lists_look *look, struct error *err);

/* --- signals.c --- */

/*
 * A write or flush failed, or the signer refused: nothing more is signed, and
 * the daemon exits.
 */
_Noreturn void daemon_die(const struct error *err);
/* From now on SIGBUS ends the daemon with the name of the file. */
void daemon_watch_files(void);
/*
 * Stop, call on_hup at SIGHUP, notice the signer's end, and tell systemd's watchdog while all
 * loops turn; in the server's own loop.
 */
bool daemon_on_signals(struct daemon *daemon, void (*on_hup)(void *arg),
    struct error *err) MUST_USE;

#endif
