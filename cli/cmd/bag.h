/*
 * bag.h - what packing, opening and handing in bags share.
 */
#ifndef CLI_CMD_BAG_H
#define CLI_CMD_BAG_H

#include "bag/slip.h"
#include "bag/waybill.h"
#include "client/outbox.h"

/*
 * Numbers that are kept of bags, in STATE/bags/. One that was never kept is 0.
 */
bool bag_note_path(struct context *context, const char *name,
    char out[FILE_PATH], struct error *err) MUST_USE;
uint64_t bag_kept_number(struct context *context, const char *name);
bool bag_keep_number(struct context *context, const char *name, uint64_t number,
    struct error *err) MUST_USE;

/* "deposits/TYPE--SLUG@N.asice": the path in a bag of what a slip is of. */
void bag_slip_path(const struct slip *slip, char out[LIMIT_PATH_BYTES + 1]);
void bag_file_name(const char *folder, const char *document, unsigned version,
    const char *suffix, char out[LIMIT_PATH_BYTES + 1]);

/*
 * Hand in a waybill, with the slips that it lists (by PATH_SLIP), or an
 * acknowledgement: its bytes, and the same parsed.  The receipt is compared with it; *index gets its entry.
 */
bool bag_hand_in_waybill(struct session *session, const struct waybill *waybill,
    struct span yaml, struct span p7s, const struct container *slips,
    uint64_t *index, struct error *err) MUST_USE;
bool bag_hand_in_answer(struct session *session,
    const struct acknowledgement *answer, struct span yaml, struct span p7s,
    uint64_t *index, struct error *err) MUST_USE;

/* Run "valise bag push FILE" (bag_push.c). */
bool bag_push_command(struct context *context, const char *file,
    struct error *err);

#endif
