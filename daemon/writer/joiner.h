/*
 * joiner.h - the thread that joins small packs, beside the registrar: each batch
 * with versions makes a pack, and each pack costs a descriptor and every reader
 * a look into its index.
 */
#ifndef DAEMON_WRITER_JOINER_H
#define DAEMON_WRITER_JOINER_H

#include "store/store.h"

struct joiner;

/* Start the thread.  NULL on failure. */
struct joiner *joiner_new(struct store *store, struct error *err);
/* End the thread once the step is over that it is at; NULL is allowed. */
void joiner_free(struct joiner *joiner);

/*
 * A pack was made.  The packs are joined once there are STORE_PACKS_BUSY. This
 * waits only where packs are made so fast, for long, that the thread is
 * JOINER_BEHIND of them behind.
 */
enum { JOINER_BEHIND = 512 };
void joiner_made(struct joiner *joiner);
/* No act waits: packs are joined down to STORE_PACKS_IDLE. */
void joiner_idle(struct joiner *joiner);

#endif
