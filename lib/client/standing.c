/*
 * What every command tells of its office, and what was told already
 * (standing.h).
 */
#include "client/standing.h"

#include <sys/stat.h>

#include "base/time.h"
#include "client/lists.h"
#include "client/policies.h"
#include "client/tell.h"
#include "policy/soon.h"

enum { TOLD_BYTES = 16384 };

void
standing_tell_policy(struct context *context)
{
	const struct policy_entry *newest =
	    succession_newest(&context->succession);

	if (newest == NULL || newest->accepted ||
	    newest->index == context->policy_told)
		return;
	context->policy_told = newest->index;
	client_note(context,
	    "a policy that you have not accepted is in force since"
	    " entry %llu: see \"valise policy show\"",
	    (unsigned long long)newest->index);
}

/* --- What was told. --- */

/* A day has two tellings of one sentence never, and a wrong clock's none. */
static bool
is_today(int64_t at, int64_t now_at)
{
	return at <= now_at && now_at - at < SOON_DAY;
}

/* Take "AT DIGEST". */
static bool
take_told(struct span line, int64_t *at, struct digest *digest)
{
	struct span word;
	uint64_t number;

	if (!span_take_until(&line, ' ', &word) ||
	    !span_to_u64(word, &number) || number > INT64_MAX)
		return false;
	*at = (int64_t)number;
	return digest_parse(line, digest);
}

static bool
keep_told(struct buf *out, const char *what, int64_t at,
    const struct digest *digest)
{
	struct error ignored = { 0 };
	char hex[DIGEST_HEX];

	digest_hex(digest, hex);
	return buf_printf(out, &ignored, "%s%lld %s\n", what, (long long)at,
	    hex);
}

/* True if a sentence was told today; then that is kept. */
static bool
was_told(struct span told, const struct digest *sentence, int64_t now_at,
    struct buf *keep)
{
	struct span line;

	while (span_take_line(&told, &line)) {
		struct digest digest;
		int64_t at;

		if (take_told(line, &at, &digest) &&
		    digest_eq(&digest, sentence) && is_today(at, now_at))
			return keep_told(keep, "", at, sentence);
	}
	return false;
}

/* --- What of one's own ends soon. --- */

/* A digest of what the ends follow from, by which a change is seen. */
static struct digest
inputs_of(const struct context *context)
{
	const char *const certs[] = { context->cert, context->sign_cert,
		context->encrypt_cert };
	char path[FILE_PATH] = "";
	struct error ignored = { 0 };
	struct sha256 hash;
	struct stat st;

	sha256_init(&hash);
	for (size_t i = 0; i < 4; i++) {
		const bool is_there =
		    (i < 3 ||
			context_path(context, "policy-entries", path,
			    &ignored)) &&
		    stat(i < 3 ? certs[i] : path, &st) == 0;
		const int64_t one[] = { is_there ? (int64_t)st.st_ino : 0,
			is_there ? st.st_ctim.tv_sec : 0,
			is_there ? st.st_ctim.tv_nsec : 0 };

		sha256_update(&hash, span_of((const void *)one, sizeof(one)));
	}
	sha256_update(&hash, lists_newest_line(context));
	return sha256_final(&hash);
}

static void
tell_ends(struct context *context, struct span told, int64_t now_at,
    struct buf *keep)
{
	struct error ignored = { 0 };
	struct standing standing;

	if (!standing_load(context, &standing, &ignored))
		return;
	for (size_t i = 0; i < standing.num; i++) {
		const struct standing_end *end = &standing.list[i];
		struct buf text = BUF(FILE_PATH + 512);
		struct digest digest;

		if (standing_is_soon(end, now_at) &&
		    standing_sentence(end, now_at, &text, &ignored)) {
			digest = sha256_of(buf_span(&text));
			if (!was_told(told, &digest, now_at, keep)) {
				client_note(context, "%.*s", (int)text.len,
				    (const char *)text.data);
				(void)keep_told(keep, "", now_at, &digest);
			}
		}
		buf_free(&text);
	}
	standing_free(&standing);
}

/* True if the first line says that these were looked at today; rest follows. */
static bool
was_looked_at(struct span *rest, const struct digest *inputs, int64_t now_at)
{
	struct span first, word;
	struct digest digest;
	int64_t at;

	return span_take_line(rest, &first) &&
	    span_take_until(&first, ' ', &word) && span_is(word, "looked") &&
	    take_told(first, &at, &digest) && is_today(at, now_at) &&
	    digest_eq(&digest, inputs);
}

/*
 * Look once a day, and when something changed. Where the state cannot be
 * written each command tells.
 */
static void
tell_ends_daily(struct context *context)
{
	const int64_t now_at = time_now_ms() / 1000;
	const struct digest inputs = inputs_of(context);
	struct buf told = BUF(TOLD_BYTES), keep = BUF(TOLD_BYTES);
	struct error ignored = { 0 };
	char path[FILE_PATH];
	struct span rest;

	if ((is_today(context->looked.at, now_at) &&
		digest_eq(&context->looked.inputs, &inputs)) ||
	    !context_path(context, "told", path, &ignored))
		return;
	context->looked.at = now_at;
	context->looked.inputs = inputs;
	if (!file_read(path, told.max, &told, &ignored))
		told.len = 0;
	rest = buf_span(&told);
	if (!was_looked_at(&rest, &inputs, now_at) &&
	    keep_told(&keep, "looked ", now_at, &inputs)) {
		tell_ends(context, rest, now_at, &keep);
		ignored = (struct error){ 0 };
		(void)!file_write_quick(path, buf_span(&keep), 0600, &ignored);
	}
	buf_free(&told);
	buf_free(&keep);
}

void
standing_tell(struct context *context)
{
	struct error ignored = { 0 };

	/* The certificates are the last that loading a context makes. */
	if (context->guest || context->certs == NULL ||
	    !policies_load(context, &ignored))
		return;
	standing_tell_policy(context);
	if (!context->enrols)
		tell_ends_daily(context);
}
