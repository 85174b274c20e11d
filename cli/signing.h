/*
 * signing.h - what "sign" and "terminate" have in common.
 */
#ifndef CLI_SIGNING_H
#define CLI_SIGNING_H

#include "client/outbox.h"

struct ledger_version;

/*
 * Load the key that the configuration names for signing, and judge its
 * certificate (client/own_cert.h): before anybody is connected to. The caller
 * frees it.
 */
bool signing_load(struct context *context, struct identity *out,
    struct error *err) MUST_USE;

/*
 * Sign the files of a version (not META-INF): the manifest and signature of an
 * ID, "origin" or a certificate's, go into to, which may be from.
 */
bool signing_files(const struct identity *signer, const struct container *from,
    const char *id, enum commitment commitment, struct container *to,
    struct error *err) MUST_USE;

/*
 * ERROR_CONFLICT if person has signed it already and signing again would not
 *                   help. It helps if the accepted policy has lowered the
 *                   quorum since.
 */
bool signing_is_new(struct context *context, const struct verdict *verdict,
    enum signing signing, const char *person, struct error *err) MUST_USE;

/*
 * Before a person is asked to confirm: has that person full powers, by the
 * policy that was accepted? With yes nobody is asked, and the daemon refuses it
 * and journals that.
 *
 * ERROR_REFUSED  no
 */
bool signing_may_be_asked(struct context *context,
    const struct verdict *verdict, enum signing signing, const char *person,
    bool yes, struct error *err) MUST_USE;

/*
 * An act that was sent: its entry, which the receipt proves, and the version
 * after it.
 */
struct signing_sent {
	struct entry entry;
	uint64_t index;
	bool again; /* it was in the journal already */
	const struct ledger_version *version;
};
typedef bool signing_report(struct context *context,
    const struct signing_sent *sent, struct error *err);

/* Send an act, then report what the document's acts say of it. */
bool signing_send(struct session *session, struct outbox_act *act,
    signing_report *report, struct error *err) MUST_USE;
/*
 * Send what an earlier run left unanswered: the same bytes. An act that is too
 * old to be taken is dropped and made anew. *sent says whether there was one.
 * Version 0 is any.
 */
bool signing_send_kept(struct session *session, enum outbox_kind kind,
    const char *document, unsigned version, signing_report *report, bool *sent,
    struct error *err) MUST_USE;
/*
 * Keep an act in the outbox without a line, and say what sends it. It replaces
 * one of that kind and version that was made before.
 */
bool signing_kept(struct context *context, const struct outbox_act *act,
    const char *done, const char *command, struct error *err) MUST_USE;

/*
 * Print the end of what is about to be signed: its digest, the signer, and the
 * meaning of the signature, for a person to compare, even with --json.
 */
void signing_show_end(const struct verdict *verdict,
    const struct identity *signer, const char *means);

#endif
