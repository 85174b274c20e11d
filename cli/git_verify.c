/*
 * valise-git-verify - what git calls as gpg.x509.program: is a commit of a
 * clone the depositary's, by the policy that this office accepted?
 *
 * gpgsm judges by today: the day after the depositary's certificate ends, all
 * that it ever signed turns bad.  This judges at the time that the commit and
 * its signature name, with the newest revocation lists known.
 *
 * git's calls and what it reads of the answer: gpg-interface.c;
 * GnuPG's doc/DETAILS has the status lines.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/time.h"
#include "cli/environment.h"
#include "client/lists.h"
#include "client/policies.h"
#include "record/stored.h"

#define BEGIN "-----BEGIN SIGNED MESSAGE-----"

static bool
read_stdin(struct buf *out, struct error *err)
{
	uint8_t piece[65536];
	ssize_t n;

	while ((n = read(STDIN_FILENO, piece, sizeof(piece))) > 0)
		if (!buf_append(out, span_of(piece, (size_t)n), err))
			return false;
	return n == 0 || error_set_errno(err, "standard input");
}

/* Read the DER within the armour. */
static bool
read_armour(const char *path, struct buf *der, struct error *err)
{
	struct buf text = BUF(2 * LIMIT_SIGNATURE_BYTES);
	struct buf base64 = BUF(2 * LIMIT_SIGNATURE_BYTES);
	struct span rest, line;
	bool ok = file_read(path, text.max, &text, err);

	rest = buf_span(&text);
	if (ok && (!span_take_line(&rest, &line) || !span_is(line, BEGIN)))
		ok = error_set(err, ERROR_MALFORMED, "no signature of X.509");
	while (ok && span_take_line(&rest, &line) && !span_starts(line, "--"))
		ok = buf_append(&base64, line, err);
	ok = ok && span_base64_append(buf_span(&base64), der, err);
	buf_free(&base64);
	buf_free(&text);
	return ok;
}

/* Read "committer NAME <EMAIL> SECONDS +0000" and the trailer of a commit. */
static bool
read_commit(struct span commit, int64_t *at, char digest[DIGEST_HEX])
{
	struct span line, rest, word, number;
	uint64_t seconds = 0;
	bool found = false;

	digest[0] = '\0';
	while (span_take_line(&commit, &line)) {
		if (span_starts(line, "committer ") && !found) {
			while (span_take_until(&line, '>', &rest))
				;
			found = span_take_until(&line, ' ', &rest) &&
			    span_take_until(&line, ' ', &number) &&
			    span_to_u64(number, &seconds);
		}
		if (span_take_until(&line, ' ', &word) &&
		    span_is(word, "Version-Digest:") &&
		    !span_to_str(line, digest, DIGEST_HEX))
			digest[0] = '\0';
	}
	*at = (int64_t)seconds;
	return found;
}

/* Judge by the newest policy accepted, else by one accepted before. */
static bool
judge(struct context *context, struct span commit, struct span der,
    struct cades *cades, struct error *err)
{
	const struct verdict_library library = context_library(context);
	struct policy *pinned = policies_pinned(context, err);
	char digest[DIGEST_HEX];
	int64_t at;
	bool ok;

	if (pinned == NULL)
		return false;
	if (!read_commit(commit, &at, digest))
		return error_set(err, ERROR_MALFORMED, "not a commit");
	ok = commit_judge(context->certs, pinned, lists_all(context, &library),
	    commit, der, cades, err);
	for (size_t i = context->succession.num; !ok && i > 0; i--) {
		const struct policy_entry *entry =
		    &context->succession.list[i - 1];
		struct policy *policy = entry->accepted
		    ? policies_find(context, &entry->digest)
		    : NULL;

		if (policy == NULL || policy == pinned)
			continue;
		cades_free(cades);
		*err = (struct error){ 0 };
		ok = commit_judge(context->certs, policy,
		    lists_all(context, &library), commit, der, cades, err);
	}
	if (ok &&
	    (cades->signing_at > at + TIME_SKEW_SECONDS ||
		cades->signing_at < at - TIME_SKEW_SECONDS))
		ok = error_set(err, ERROR_UNTRUSTED,
		    "it was signed at another time than the commit says");
	return ok;
}

/* Print git's status lines, and a sentence for a person. */
static void
report(FILE *status, bool good, const struct cades *cades, struct span commit,
    const struct error *why)
{
	char fingerprint[DIGEST_HEX] = "0", digest[DIGEST_HEX], at[TIME_TEXT];
	const char *person = "?";
	int64_t committed;

	if (cades->cert != NULL) {
		digest_hex(&cades->cert->fingerprint, fingerprint);
		person = cades->cert->email;
	}
	time_format_at(cades->signing_at, at);
	fputs("[GNUPG:] NEWSIG\n", status);
	if (!good) {
		fprintf(status, "[GNUPG:] BADSIG %s %s\n", fingerprint, person);
		fprintf(stderr, "valise: BAD signature: %s\n", why->detail);
		return;
	}
	fprintf(status,
	    "[GNUPG:] GOODSIG %s %s\n"
	    "[GNUPG:] VALIDSIG %s %.10s %lld 0 1 0 0 8 00 %s\n"
	    "[GNUPG:] TRUST_FULLY 0 shell\n",
	    fingerprint, person, fingerprint, at, (long long)cades->signing_at,
	    fingerprint);
	fprintf(stderr,
	    "valise: Good signature of the depositary, %s, as of"
	    " %s\n",
	    person, at);
	if (read_commit(commit, &committed, digest) && digest[0] != '\0')
		fprintf(stderr, "valise: version digest %s\n", digest);
}

static int
usage(FILE *to)
{
	fputs("usage: valise-git-verify --status-fd=N --verify FILE -\n\n"
	      "git calls it, to judge the commits of a clone by the policy"
	      " that you accepted:\n\n"
	      "  git config gpg.x509.program valise-git-verify\n"
	      "  git log --show-signature\n\n"
	      "It reads the configuration of valise ($VALISE_CONFIG, or\n"
	      "valise/config.yaml in $XDG_CONFIG_HOME or ~/.config), and asks\n"
	      "nobody.\n",
	    to);
	return to == stdout ? 0 : 2;
}

int
main(int argc, char *argv[])
{
	struct context context = { .json = false };
	struct buf commit = BUF(LIMIT_META_BYTES);
	struct buf der = BUF(LIMIT_SIGNATURE_BYTES);
	struct cades cades = { 0 };
	struct error err = { 0 };
	const char *file = NULL;
	FILE *status = stdout;
	bool good;

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--help") == 0 ||
		    strcmp(argv[i], "-h") == 0)
			return usage(stdout);
		if (strcmp(argv[i], "--version") == 0 ||
		    strcmp(argv[i], "-V") == 0) {
			puts("valise-git-verify " VALISE_VERSION);
			return 0;
		}
		if (strcmp(argv[i], "--status-fd=2") == 0)
			status = stderr;
		if (strcmp(argv[i], "--verify") == 0 && i + 1 < argc)
			file = argv[++i];
	}
	if (file == NULL)
		return usage(stderr);
	good = environment_read(&context, NULL, &err) &&
	    context_load(&context, &err) && read_stdin(&commit, &err) &&
	    read_armour(file, &der, &err) &&
	    judge(&context, buf_span(&commit), buf_span(&der), &cades, &err);
	report(status, good, &cades, buf_span(&commit), &err);
	fflush(status);
	cades_free(&cades);
	buf_free(&commit);
	buf_free(&der);
	context_free(&context);
	return good ? 0 : 1;
}
