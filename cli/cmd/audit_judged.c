/*
 * The copies that audits found good, and what each rests on: a line each of
 * the contents digest and, separated by spaces,
 *
 *	p=POLICY:INDEX          an act of it, and the policy that judged it
 *	s=ISSUER:SERIAL:AT:LISTINGS
 *	                        a signature's certificate (SHA-256 of the
 *	                        issuer's name), when it signed (UTC seconds), and
 *	                        a number of the listings that count from then or
 *	                        before, as far as was known; 0: none
 *
 * A newer list or policy is compared with these, and what it does not touch
 * need not be fetched again.  Of two lines about a copy the later one counts.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/cmd/audit.h"
#include "client/lists.h"

enum { LINE = 64 * 1024 };

struct judged_one {
	struct digest contents;
	/* its place in the file: a later line replaces an earlier one */
	size_t place;
	struct span rests_on;
};

struct judged_list {
	int fd;
	struct buf text;
	struct judged_one *list;
	size_t num;
};

static int
compare(const void *a, const void *b)
{
	const struct judged_one *x = a, *y = b;
	const int by_contents =
	    memcmp(&x->contents, &y->contents, sizeof(x->contents));

	return by_contents != 0 ? by_contents
				: (x->place > y->place) - (x->place < y->place);
}

/* Lines of an older program lack what is compared here, and are dropped. */
static void
index_lines(struct judged_list *list)
{
	struct span rest = buf_span(&list->text), line, word;

	while (span_take_line(&rest, &line))
		if (span_take_until(&line, ' ', &word) &&
		    digest_parse(word, &list->list[list->num].contents)) {
			list->list[list->num].place = list->num;
			list->list[list->num++].rests_on = line;
		}
	qsort(list->list, list->num, sizeof(*list->list), compare);
}

/*
 * A cut may have torn the last line. It is dropped, and that copy is judged
 * again.
 */
static bool
cut_torn_line(struct judged_list *list, const char *path, struct error *err)
{
	size_t len = list->text.len;

	while (len > 0 && list->text.data[len - 1] != '\n')
		len--;
	list->text.len = len;
	return ftruncate(list->fd, (off_t)len) == 0 ||
	    error_set_errno(err, "%s", path);
}

struct judged_list *
audit_judged_open(struct context *context, bool anew, struct error *err)
{
	struct judged_list *list = calloc(1, sizeof(*list));
	char path[FILE_PATH];
	size_t lines = 0;
	bool ok;

	if (list == NULL) {
		error_set_errno(err, "audit");
		return NULL;
	}
	list->fd = -1;
	list->text = BUF(SIZE_MAX);
	ok = audit_state_path(context, "judged", path, err);
	if (ok &&
	    (list->fd = open(path,
		 O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | (anew ? O_TRUNC : 0),
		 0600)) < 0)
		ok = error_set_errno(err, "%s", path);
	ok = ok && file_read(path, SIZE_MAX, &list->text, err) &&
	    cut_torn_line(list, path, err);
	for (size_t i = 0; ok && i < list->text.len; i++)
		lines += list->text.data[i] == '\n';
	if (ok && (list->list = calloc(lines + 1, sizeof(*list->list))) == NULL)
		ok = error_set_errno(err, "audit");
	if (!ok) {
		audit_judged_close(list);
		return NULL;
	}
	index_lines(list);
	return list;
}

void
audit_judged_close(struct judged_list *list)
{
	if (list == NULL)
		return;
	if (list->fd >= 0)
		close(list->fd);
	buf_free(&list->text);
	free(list->list);
	free(list);
}

/* Returns the newest line about a copy of these contents, or NULL. */
static const struct judged_one *
find(const struct judged_list *list, const struct digest *contents)
{
	const struct judged_one key = { .contents = *contents,
		.place = SIZE_MAX };
	size_t low = 0, high = list->num;

	/* Behind all earlier lines about it. */
	while (low < high) {
		const size_t middle = low + (high - low) / 2;

		if (compare(&list->list[middle], &key) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low > 0 && digest_eq(&list->list[low - 1].contents, contents)
	    ? &list->list[low - 1]
	    : NULL;
}

/* True if the policy that judged this act still judges its index. */
static bool
policy_stands(struct span word, const struct verdict_library *library)
{
	struct digest policy;
	struct span hex;
	uint64_t index;

	return span_take_until(&word, ':', &hex) &&
	    digest_parse(hex, &policy) && span_to_u64(word, &index) &&
	    library->policy(library->arg, &policy, index) != NULL;
}

/*
 * True if the revocations known from before its signature are those that were
 * known when it was judged.
 */
static bool
signature_stands(struct span word, const struct verdict_library *library)
{
	char serial[CERT_SERIAL];
	struct digest issuer;
	const struct crl_entries *named;
	struct span part;
	uint64_t at, then, now, as_of;

	if (!span_take_until(&word, ':', &part) ||
	    !digest_parse(part, &issuer) ||
	    !span_take_until(&word, ':', &part) ||
	    !span_to_str(part, serial, sizeof(serial)) ||
	    !span_take_until(&word, ':', &part) || !span_to_u64(part, &at) ||
	    !span_to_u64(word, &then))
		return false;
	named = library->named != NULL ? library->named(library->arg, &as_of)
				       : NULL;
	return named == NULL ||
	    (revocation_listings(crl_entries_revocation(named), &issuer, serial,
		 (int64_t)at, &now) &&
		now == then);
}

bool
audit_judged_stands(const struct judged_list *list,
    const struct digest *contents, const struct verdict_library *library,
    bool *known)
{
	const struct judged_one *one = find(list, contents);
	struct span rest, word, mark;
	bool more = true;

	*known = one != NULL;
	if (one == NULL)
		return false;
	rest = one->rests_on;
	while (more) {
		more = span_take_until(&rest, ' ', &word);
		if (!more)
			word = rest;
		if (word.len < 2 || !span_take(&word, 2, &mark))
			return false;
		if (span_is(mark, "p=")       ? !policy_stands(word, library)
			: span_is(mark, "s=") ? !signature_stands(word, library)
					      : true)
			return false;
	}
	return true;
}

/*
 * Append the word for a signature: issuer, serial number, time, and how many
 * listings were known.
 */
static bool
append_signature(const struct verdict_signature *signature,
    struct context *context, struct buf *out, struct error *err)
{
	const struct verdict_library library = context_library(context);
	const int64_t at = signature->judged_ms / 1000;
	char serial[CERT_SERIAL], hex[DIGEST_HEX];
	const struct crl_entries *named;
	uint64_t known = 0, as_of;
	struct digest issuer;

	if (signature->cert == NULL ||
	    !cert_issuer_serial(signature->cert, &issuer, serial))
		return error_set(err, ERROR_MALFORMED,
		    "the certificate of signature %s", signature->id);
	named = lists_named(context, &library, &as_of);
	/* Without memory the number is 0, and the copy is judged again. */
	if (named != NULL &&
	    !revocation_listings(crl_entries_revocation(named), &issuer, serial,
		at, &known))
		known = 0;
	digest_hex(&issuer, hex);
	return buf_printf(out, err, " s=%s:%s:%lld:%llu", hex, serial,
	    (long long)at, (unsigned long long)known);
}

bool
audit_judged_add(struct judged_list *list, const struct digest *contents,
    const struct verdict *verdict, struct context *context, struct error *err)
{
	struct buf line = BUF(LINE);
	char hex[DIGEST_HEX];
	bool ok;

	digest_hex(contents, hex);
	ok = buf_append_str(&line, hex, err);
	for (size_t i = 0; ok && i < verdict->num_acts; i++) {
		digest_hex(&verdict->acts[i].entry.policy, hex);
		ok = buf_printf(&line, err, " p=%s:%llu", hex,
		    (unsigned long long)verdict->acts[i].index);
	}
	for (size_t i = 0; ok && i < verdict->num_signatures; i++)
		ok = append_signature(&verdict->signatures[i], context, &line,
		    err);
	ok = ok && buf_append_str(&line, "\n", err) &&
	    (write(list->fd, line.data, line.len) == (ssize_t)line.len ||
		error_set_errno(err, "audit/judged"));
	buf_free(&line);
	return ok;
}
