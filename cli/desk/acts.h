/*
 * acts.h - what a page may have done: each act is a command (child.h), whose
 * lines go to the page (errand.h).  A page names documents, and files by the ids
 * of what it sent (spool.h); it never names a path.
 *
 * What binds is confirmed outside the page (confirm.h): the commands ask, and
 * here no --yes is made of what a page says.
 *
 * Each is a struct route's run (routes.c).
 */
#ifndef CLI_DESK_ACTS_H
#define CLI_DESK_ACTS_H

#include "cli/desk/desk.h"

typedef bool act(const struct request *request, struct reply *out,
    struct error *err);

act acts_sign, acts_terminate, acts_accept_policy, acts_push, acts_verify,
    acts_fetch, acts_pack_bag, acts_open_bag, acts_acknowledge_bag, acts_enrol,
    acts_check_enrolment;

/*
 * --- Files (acts_files.c). ---
 *
 * acts_tell_types lists the types that this office may deposit; acts_check_upload
 * asks whether a file may come; acts_drop_upload removes one; acts_no_upload is
 * for a body that began no upload.
 */
act acts_tell_types, acts_no_upload, acts_check_upload, acts_drop_upload,
    acts_give_copy, acts_make_once, acts_give_once;
/* A file begins to come, as its query says; NULL on failure. */
struct spool_upload *acts_begin_upload(const struct request *request,
    const char *length, struct error *err) MUST_USE;
bool acts_end_upload(struct spool_upload *upload, struct reply *out,
    struct error *err) MUST_USE;

struct onces *onces_new(struct error *err) MUST_USE;
void onces_free(struct onces *onces);

/* --- For both. --- */

/* The body as a JSON object; the caller frees it. NULL if it is none. */
json_t *acts_body(const struct request *request, struct error *err) MUST_USE;
/* A string of it; NULL, with an error, if there is none. */
const char *acts_text(const json_t *body, const char *key, struct error *err);
/* Put JSON into the answer; json is taken over. */
bool acts_reply(struct reply *out, json_t *json, struct error *err) MUST_USE;

#endif
