/*
 * registrar.h - the only writer.  It takes all acts that wait, appends them as
 * one batch (batch.h), has one checkpoint signed, and then tells those who
 * wait: nothing is acknowledged or delivered before its entry is durable.
 */
#ifndef DAEMON_WRITER_REGISTRAR_H
#define DAEMON_WRITER_REGISTRAR_H

#include "daemon/writer/batch.h"

struct registrar;

/*
 * Start its threads. fatal ends the daemon: it is called once, and must not
 * return.
 */
struct registrar *registrar_new(const struct record *record,
    struct signer *signer, const struct batch_state *state,
    void (*fatal)(const struct error *err), struct error *err);
/* Accept no more acts, commit those that wait, end the threads. */
void registrar_free(struct registrar *registrar);
/* Call fn from now on, on one of its threads, whenever the journal grew. */
void registrar_on_growth(struct registrar *registrar, void (*fn)(void *arg),
    void *arg);

/* act_prepare() with the registrar's record and signer.  For any thread. */
bool registrar_prepare(const struct registrar *registrar,
    struct act_request *act, struct error *err) MUST_USE;
/*
 * Queue an act, which stays the caller's; act->done is called later.  For any
 * thread.
 */
void registrar_submit(struct registrar *registrar, struct act_request *act);
/* Submit an act and wait for it; for start-up and reload. */
bool registrar_do(struct registrar *registrar, struct act_request *act,
    struct error *err) MUST_USE;

/*
 * Make a policy and a set of CRLs those in force: each that is new is stored
 * and journaled first.  For the main thread.
 */
bool registrar_adopt(struct registrar *registrar, struct policy *policy,
    const struct crl_set *crls, struct error *err) MUST_USE;
/*
 * Call seen with offices and the number of their acts that wait for their turn;
 * with "" for the daemon's own.  For any thread; seen must not call the registrar.
 */
void registrar_waiting(struct registrar *registrar,
    void (*seen)(void *arg, const char *office, unsigned num), void *arg);
/* signer_silent_ms() of the registrar's signer.  For any thread. */
int64_t registrar_signer_silent_ms(const struct registrar *registrar);
/*
 * For how long the record owes an answer, or 0: its disk or database has not
 * written what was proposed or signed, or a stand-by is waited for.  For any
 * thread.
 */
int64_t registrar_record_silent_ms(const struct registrar *registrar);
struct judged_by registrar_now(struct registrar *registrar);
const struct record *registrar_record(const struct registrar *registrar);

/* End the daemon, after a fault that allows no more signatures. */
_Noreturn void registrar_fail(const struct registrar *registrar,
    const struct error *err);

#endif
