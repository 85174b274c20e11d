/*
 * context.h - what a command knows before it asks anybody: configuration,
 * enrolment, and what it keeps between runs (valise(1), "FILES").
 *
 *	STATE/KEYID/enrolment.yaml      as imported
 *	STATE/KEYID/server-ca.pem       the CA of the server, if the enrolment
 *	                                was updated: it counts until that
 *	                                enrolment's policy is accepted
 *	STATE/KEYID/address             which of several addresses answered last
 *	STATE/KEYID/checkpoint, …       what was seen of the journal (seen.h)
 *	STATE/KEYID/keys                journal keys that were followed:
 *	                                "UNTIL VKEY", VKEY taking over after it
 *	STATE/KEYID/policy-entries, policies/  policies (policies.h)
 *	STATE/KEYID/crl-entries, crls/  revocation lists (lists.h)
 *	STATE/KEYID/own-crls/           lists of this office (lib/client/own_lists.h)
 *	STATE/KEYID/versions/DIGEST.yaml  version.yaml of what passed through
 *	STATE/KEYID/versions/DIGEST.shown  "TYPE/SLUG@N" of what was only shown
 *	STATE/KEYID/acts/TYPE--SLUG     the proved acts of a document
 *	                                (lib/client/acts.h)
 *	STATE/KEYID/copy                where the local copy is
 *	STATE/KEYID/bags/               the numbers of those packed, what was
 *	                                opened, how far each office has seen
 *	STATE/KEYID/outbox/             what was made and not yet answered, a
 *	                                file each (lib/client/outbox.h)
 *	STATE/KEYID/told                what was told to end soon (standing.h)
 *	STATE/KEYID/partial/            what of a download has come
 *	STATE/KEYID/witness.key         the office's own, if it is a witness
 *	STATE/KEYID/documents           names that the shell completes (known.h)
 *	STATE/KEYID/places              what was told of where things are
 *	STATE/KEYID/witness             the last checkpoint that it cosigned
 */
#ifndef CLIENT_CONTEXT_H
#define CLIENT_CONTEXT_H

#include <sys/types.h>
#include <time.h>

#include "base/private.h"
#include "client/enrolment.h"
#include "client/places.h"
#include "client/tell.h"
#include "policy/succession.h"
#include "remote/proxy.h"
#include "verdict/verdict.h"

struct confirmer;
struct seen;
struct shown;

struct context {
	bool json;
	bool local; /* answer from the local copy, without asking the daemon */
	bool told;  /* the JSON that was printed says already that it failed */
	/*
	 * The command is about the journal itself: that the daemon hides a set
	 * of CRLs is only noted, and the command goes on.
	 */
	bool looks;
	/* What to do about a private key that others may read. */
	struct private_rule private_keys;
	bool witnessed; /* copies must be cosigned by a quorum of witnesses */
	/* --config or $VALISE_CONFIG; else places_config() fills it in */
	char config_path[FILE_PATH];
	/* From the environment, filled in by the program. */
	/* where configuration and state are (places.h) */
	struct places places;
	/* the folder for temporary files; empty: /tmp */
	char temporary[FILE_PATH];
	/* in which titles are shown: "lo", "pt-br" */
	char language[LIMIT_LANGUAGE_BYTES + 1];
	/* for how long a broken line is waited for */
	unsigned patience_s;
	/* by which proxy the daemon is reached, with what the configuration says */
	struct proxy_sources proxies;
	const struct client_hooks *hooks; /* NULL: nobody is told */
	/* asks before what binds (cli/confirm.h); NULL: nobody can be asked */
	const struct confirmer *confirmer;
	/* From the configuration. */
	char cert[FILE_PATH], key[FILE_PATH];
	char sign_cert[FILE_PATH], sign_key[FILE_PATH];
	/* the office's own, to open bags */
	char encrypt_cert[FILE_PATH], encrypt_key[FILE_PATH];
	/* those of before, for bags on their way; the newest first */
	struct context_pair {
		char cert[FILE_PATH], key[FILE_PATH];
	} * encrypt_before;
	size_t num_encrypt_before;
	/* the state folder with KEYID */
	char state[FILE_PATH];
	struct enrolment enrolment;
	struct buf server_ca; /* of server-ca.pem, or empty */
	/* the enrolment's keys, and those that followed */
	struct note_keys journal;
	/* Made on demand, kept until the end. */
	struct cert_cache *certs;
	struct policy **policies;
	size_t num_policies;
	/* the certificate that this person connects with (policies.c) */
	struct cert *own_cert;
	/* what this office may see, by each policy (policies.c) */
	struct shown *shown;
	size_t num_shown;
	struct succession succession; /* policies.h */
	/* the file that it was read from; ino 0: none (policies.c) */
	struct {
		ino_t ino;
		struct timespec changed;
	} policies_file;
	bool unkept; /* it knows more than the state, which cannot be written */
	/*
	 * Policies are to be read: this person's certificate may be of a CA
	 * that only the new one names (own_cert.h).
	 */
	bool any_ca;
	bool enrols; /* "init": the first command tells what ends soon */
	bool guest;  /* made of an enrolment alone (lib/client/guest.h) */
	/* the entry whose policy was told not to be accepted */
	uint64_t policy_told;
	/* when, and at what, it was looked for what ends (standing.h) */
	struct {
		int64_t at;
		struct digest inputs;
	} looked;
	/* lists.h */
	struct {
		struct digest digest;
		struct crls *crls;
	} * sets;
	size_t num_sets;
	struct crls *enrolled;
	struct crl_entries *named, *all_lists;
	/* lines "INDEX LINE" of a journal of that size */
	struct buf crl_entries;
	uint64_t crl_size;
	struct crls
	    *own; /* lists of its own, once read (lib/client/own_lists.h) */
	struct seen
	    *seen; /* what was seen, without a line (cli/local/local.h) */
};

/* Read configuration, enrolment and state. */
bool context_load(struct context *context, struct error *err) MUST_USE;
void context_free(struct context *context);

/*
 * Load the journal's keys, as enrolled and followed since; enrolment and state
 * are set.
 */
bool context_load_keys(struct context *context, struct error *err) MUST_USE;
/* Add the journal's next key, which takes over after size until. */
bool context_follow_key(struct context *context, uint64_t until,
    const struct note_key *next, struct error *err) MUST_USE;

/*
 * Remember which of the enrolment's addresses answered: the next command asks
 * that one first. Where the state cannot be written, it does not.
 */
void context_keep_address(const struct context *context, const char *address);

/* Make a path in the state folder. */
bool context_path(const struct context *context, const char *name,
    char out[FILE_PATH], struct error *err) MUST_USE;
bool context_digest_path(const struct context *context, const char *folder,
    const struct digest *digest, const char *suffix, char out[FILE_PATH],
    struct error *err) MUST_USE;

/* Copy all bytes of fd into the state's FOLDER/DIGEST.zip. */
bool context_keep_zip(const struct context *context, int fd, const char *folder,
    const struct digest *digest, struct error *err) MUST_USE;
struct verdict_library context_library(struct context *context);

/*
 * Read version.yaml of a version that passed through here; false if it is not
 * known.
 */
bool context_known_version(const struct context *context,
    const struct digest *digest, struct buf *out);
void context_remember_version(const struct context *context,
    struct span version_yaml);
/*
 * Has this state folder seen the version with that digest: deposited, fetched,
 * pulled, taken from a bag or shown it?  Fetching is seeing, so ask before. What
 * a daemon only says (lists, entries) is not.
 */
bool context_has_seen(const struct context *context,
    const struct digest *digest);
/* Remember that a person was shown a version, of which no file came. */
void context_saw_version(const struct context *context, const char *document,
    unsigned number, const struct digest *digest);

/*
 * Open a nameless file, in the state or, if that cannot be written, elsewhere.
 * -1 on failure.
 */
int context_temporary(const struct context *context,
    struct error *err) MUST_USE;

#endif
