/*
 * proposed.h - signing at the start what a writer proposed before it died.
 *
 * What was proposed is never withdrawn, since another daemon may have had it
 * signed already (docs/model): whoever writes next has it signed first.
 */
#ifndef DAEMON_WRITER_PROPOSED_H
#define DAEMON_WRITER_PROPOSED_H

#include "daemon/signer/signer.h"
#include "record/record.h"

/*
 * Have each proposal that the journal found when it was opened
 * (journal_proposed()) signed, and commit it.  *num is how many there were.
 * Before the registrar is made.
 */
bool proposed_sign(const struct record *record, struct signer *signer,
    unsigned *num, struct error *err) MUST_USE;

#endif
