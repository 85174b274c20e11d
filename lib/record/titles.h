/*
 * titles.h - the titles of documents, beside the journal: it does not have
 * them, and to read them from the texts of a thousand versions takes 200 ms.
 *
 * The file only follows from the journal and the store.  One that is missing,
 * damaged, or of another journal is as none: titles are then read from the
 * texts, one by one as they are asked for.
 */
#ifndef RECORD_TITLES_H
#define RECORD_TITLES_H

#include "journal/journal.h"
#include "record/ledger.h"

/*
 * Put all titles that are known beside the journal, in path, or nothing.  Not
 * flushed: what a power cut leaves is seen to be damaged.  The writer's thread;
 * the ledger's lock is taken and let go.
 */
bool titles_write(const char *path, const struct journal *journal,
    struct ledger *ledger, struct error *err) MUST_USE;
/*
 * Give the documents their titles, where the newest version is still the one
 * that the title is of.  *num gets how many; false says why there are none.
 */
bool titles_read(const char *path, const struct journal *journal,
    struct ledger *ledger, size_t *num, struct error *err) MUST_USE;

#endif
