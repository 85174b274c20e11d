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
 * Check by its mark that this depositary made a proposal, after size prior.
 *
 * ERROR_UNTRUSTED  somebody else wrote to the database
 */
bool proposed_check(struct signer *signer, uint64_t prior,
    const struct proposed *proposed, struct error *err) MUST_USE;
/* Set the time of a head: that of its last entry, which can be read. */
bool proposed_time(const struct journal *journal, struct head *head,
    struct error *err) MUST_USE;
/*
 * What was proposed cannot be signed, for this reason: if it says that the record
 * is wrong, nobody may write to it any more.  Returns false.
 */
bool proposed_stop(const struct journal *journal, const struct error *why);
/*
 * Have each proposal that the journal found when it was opened
 * (journal_proposed()) signed, and commit it.  *num is how many there were.
 * Before the registrar is made.
 */
bool proposed_sign(const struct record *record, struct signer *signer,
    unsigned *num, struct error *err) MUST_USE;

#endif
