/*
 * effects.h - what each act on a document made of its versions, told beside
 * the act: the one that came into force, ended, was superseded, withdrawn or
 * left lapsed by it.
 */
#ifndef CLI_CMD_EFFECTS_H
#define CLI_CMD_EFFECTS_H

#include "record/states.h"

struct effects {
	struct ledger_document doc; /* the ledger of the acts so far */
	struct names names;         /* the document in it */
	bool lost; /* an act was left out, so nothing is said any more */
};

void effects_begin(const char *document, struct effects *out);
void effects_free(struct effects *effects);
/*
 * Take in the document's next entry.  Where it changed what a version is beyond
 * its being signed, ": @1 withdrawn" and so on is appended to text, of room
 * bytes.
 */
void effects_add(struct effects *effects, uint64_t index,
    const struct entry *entry, char *text, size_t room);

#endif
