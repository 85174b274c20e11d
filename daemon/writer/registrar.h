/*
 * registrar.h - the only writer.  It takes all acts that wait, makes one pack
 * and one append of them (batch.h), has one checkpoint signed, and then tells
 * who waits: nothing is acknowledged or delivered before its entry is durable.
 */
#ifndef DAEMON_WRITER_REGISTRAR_H
#define DAEMON_WRITER_REGISTRAR_H

#include "daemon/writer/batch.h"

struct registrar;

/*
 * Start its thread.  fatal ends the daemon: it is called once, and does not
 * return.
 */
struct registrar *registrar_new(const struct record *record,
    struct signer *signer, const struct batch_state *state,
    void (*fatal)(const struct error *err), struct error *err);
/* Take nothing more, commit what waits, end the thread. */
void registrar_free(struct registrar *registrar);
/* From now on fn is told, on its thread, that the journal grew. */
void registrar_on_growth(struct registrar *registrar, void (*fn)(void *arg),
    void *arg);

/* act_prepare(), by its record and signer.  Any thread. */
bool registrar_prepare(const struct registrar *registrar,
    struct act_request *act, struct error *err) MUST_USE;
/* Any thread; act->done is called later.  The act stays the caller's. */
void registrar_submit(struct registrar *registrar, struct act_request *act);
/* The same, waiting for it; for start-up and reload. */
bool registrar_do(struct registrar *registrar, struct act_request *act,
    struct error *err) MUST_USE;

/*
 * Make a policy and a set of CRLs those in force: each that is new is stored
 * and journaled.  Main thread.
 */
bool registrar_adopt(struct registrar *registrar, struct policy *policy,
    const struct crl_set *crls, struct error *err) MUST_USE;
struct judged_by registrar_now(struct registrar *registrar);
const struct record *registrar_record(const struct registrar *registrar);

/* A fault after which nothing more may be signed ends the daemon. */
_Noreturn void registrar_fail(const struct registrar *registrar,
    const struct error *err);

#endif
