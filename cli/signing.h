/*
 * signing.h - what "sign" and "terminate" have in common.
 */
#ifndef CLI_SIGNING_H
#define CLI_SIGNING_H

#include "client/outbox.h"

struct ledger_version;

/* The key of the configuration to sign with; the caller's to free. */
bool load_signer(const struct context *context, struct identity *out,
    struct error *err) MUST_USE;

/*
 * Sign the files of a version (not META-INF): the manifest and signature of an
 * ID, "origin" or a certificate's, go into to, which may be from.
 */
bool signing_files(const struct identity *signer, const struct container *from,
    const char *id, enum commitment commitment, struct container *to,
    struct error *err) MUST_USE;

/* Asked before it is done, unless yes: ERROR_USAGE where the answer is no. */
bool confirmed(bool yes, const char *question, struct error *err) MUST_USE;
/* Of who sits there; anything but "yes" is no. */
bool answered_yes(const char *question);

/*
 * ERROR_CONFLICT where person has signed it already and to sign again would not
 * help.  It does where the accepted policy has lowered the quorum since.
 */
bool signing_is_new(struct context *context, const struct verdict *verdict,
    enum signing signing, const char *person, struct error *err) MUST_USE;

/*
 * Before somebody is asked to confirm it: has person the full powers, by the
 * policy that was accepted?  Whoever need not be asked (yes) hears it from the
 * daemon, which journals that it refused.
 *
 * ERROR_REFUSED  no
 */
bool signing_may_be_asked(struct context *context,
    const struct verdict *verdict, enum signing signing, const char *person,
    bool yes, struct error *err) MUST_USE;

/* What was sent, by its receipt, and what follows from it, proved. */
struct signing_sent {
	struct entry entry;
	uint64_t index;
	bool again; /* it was in the journal already */
	const struct ledger_version *version;
};
typedef bool signing_report(struct context *context,
    const struct signing_sent *sent, struct error *err);

/* outbox_send(), then report what the document's acts say of it. */
bool signing_send(struct session *session, struct outbox_act *act,
    signing_report *report, struct error *err) MUST_USE;
/*
 * Send what a cut left unanswered of an earlier run: those very bytes.  One
 * that is too old to be taken goes from the outbox, and is made anew.  *sent:
 * there was one.  version 0 is any.
 */
bool signing_send_kept(struct session *session, enum outbox_kind kind,
    const char *document, unsigned version, signing_report *report, bool *sent,
    struct error *err) MUST_USE;
/*
 * Without a line it stays there: tell, and what sends it.  It takes the place
 * of what was made before of that kind and version.
 */
bool signing_kept(struct context *context, const struct outbox_act *act,
    const char *done, const char *command, struct error *err) MUST_USE;

#endif
