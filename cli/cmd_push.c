#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"
#include "base/time.h"
#include "cli/commands.h"
#include "cli/local.h"
#include "cli/newest.h"
#include "document/zip.h"

struct input {
	const char *language; /* NULL: an annex */
	const char *path;
};

struct push {
	char document[DOCUMENT_NAME];
	unsigned onto; /* the version whose signing it may end, or 0 */
	struct input inputs[LIMIT_TEXTS + LIMIT_ANNEXES];
	size_t num_inputs;
	struct version *version;
	struct container *container;
	int fds[LIMIT_TEXTS + LIMIT_ANNEXES];
	size_t num_fds;
};

/* "lo=FILE" */
static bool
split_pair(const char *text, char *key, size_t room, const char **value,
    const char *option, struct error *err)
{
	const char *equals = strchr(text, '=');

	if (equals == NULL || equals == text || equals[1] == '\0' ||
	    (size_t)(equals - text) >= room)
		return error_set(err, ERROR_USAGE,
		    "--%s takes LANGUAGE=%s, such as en=%s", option,
		    strcmp(option, "text") == 0 ? "FILE" : "TITLE",
		    strcmp(option, "text") == 0 ? "agreement.pdf" :
						  "\"An agreement\"");
	snprintf(key, room, "%.*s", (int)(equals - text), text);
	*value = equals + 1;
	return text_is_language(span_of_str(key)) ||
	    error_set(err, ERROR_USAGE, "\"%s\" is not a language", key);
}

static bool
add_title(struct version *version, const char *text, struct error *err)
{
	struct title *title = &version->titles[version->num_titles];
	const char *value;

	if (version->num_titles == LIMIT_LANGUAGES)
		return error_set(err, ERROR_LIMIT, "more than %d titles",
		    LIMIT_LANGUAGES);
	if (!split_pair(text, title->language, sizeof(title->language),
		&value, "title", err))
		return false;
	if (strlen(value) > LIMIT_TITLE_BYTES ||
	    !text_is_line(span_of_str(value)))
		return error_set(err, ERROR_USAGE,
		    "a title is one line of visible text (NFC), %d bytes at"
		    " most", LIMIT_TITLE_BYTES);
	snprintf(title->text, sizeof(title->text), "%s", value);
	version->num_titles++;
	return true;
}

static bool
add_input(struct push *push, const char *text, bool is_text,
    struct error *err)
{
	struct input *input = &push->inputs[push->num_inputs];
	struct version *version = push->version;
	char language[LIMIT_LANGUAGE_BYTES + 1];

	if (is_text ? version->num_texts == LIMIT_TEXTS :
		      version->num_annexes == LIMIT_ANNEXES)
		return error_set(err, ERROR_LIMIT, "too many files");
	if (!is_text) {
		version->num_annexes++;
		input->path = text;
	} else {
		if (!split_pair(text, language, sizeof(language), &input->path,
			"text", err))
			return false;
		snprintf(version->texts[version->num_texts].language,
		    LIMIT_LANGUAGE_BYTES + 1, "%s", language);
		input->language =
		    version->texts[version->num_texts++].language;
	}
	push->num_inputs++;
	return true;
}

static bool
read_options(int argc, char *argv[], struct push *push, struct error *err)
{
	static const struct option longs[] = {
		{ "text", required_argument, NULL, 't' },
		{ "annex", required_argument, NULL, 'a' },
		{ "title", required_argument, NULL, 'T' },
		{ "note", required_argument, NULL, 'n' },
		{ "onto", required_argument, NULL, 'o' },
		{ NULL, 0, NULL, 0 },
	};
	unsigned version;
	bool ok = true;
	int c;

	while (ok && (c = getopt_long(argc, argv, "", longs, NULL)) != -1)
		switch (c) {
		case 't':
			ok = add_input(push, optarg, true, err);
			break;
		case 'a':
			ok = add_input(push, optarg, false, err);
			break;
		case 'T':
			ok = add_title(push->version, optarg, err);
			break;
		case 'n':
			if (strlen(optarg) > LIMIT_NOTE_BYTES ||
			    !text_is_line(span_of_str(optarg)))
				ok = error_set(err, ERROR_USAGE,
				    "a note is one line of visible text (NFC),"
				    " %d bytes at most", LIMIT_NOTE_BYTES);
			else
				snprintf(push->version->note,
				    sizeof(push->version->note), "%s", optarg);
			break;
		case 'o':
			ok = document_version_parse(span_of_str(optarg),
				 &push->onto) ||
			    error_set(err, ERROR_USAGE,
				"--onto takes the number of the newest"
				" version, such as --onto 1");
			break;
		default:
			ok = error_set(err, ERROR_USAGE,
			    "an unknown option, or one without its value"
			    " (see --help)");
		}
	if (!ok || !arguments(argc, optind, 1, 1, "DOC", err) ||
	    !document_parse(argv[optind], push->document, &version, err))
		return false;
	if (version != 0)
		return error_set(err, ERROR_USAGE,
		    "the next number is the daemon's to tell: leave out @%u",
		    version);
	if (push->version->num_texts == 0)
		return error_set(err, ERROR_USAGE,
		    "a version needs a text: --text en=FILE");
	if (push->version->num_titles == 0)
		return error_set(err, ERROR_USAGE,
		    "a version needs a title: --title en=\"…\"");
	return true;
}

/* By content; Markdown is text, and told by its name. */
static bool
tell_media(int fd, const char *path, char out[LIMIT_MEDIA_BYTES + 1],
    struct error *err)
{
	uint8_t front[65536];
	const ssize_t n = pread(fd, front, sizeof(front), 0);
	struct span text;
	const char *dot = strrchr(path, '.');
	const char *media = "application/octet-stream";

	if (n < 0)
		return error_set_errno(err, "%s", path);
	text = span_of(front, (size_t)n);
	/* A character may be cut at the end of what was read. */
	for (unsigned i = 0; i < 4 && text.len == sizeof(front) &&
	     !text_is_utf8(text);
	     i++)
		text.len--;
	if (span_starts(text, "%PDF-"))
		media = "application/pdf";
	else if (text_is_utf8(text))
		media = dot != NULL && strcmp(dot, ".md") == 0 ?
		    "text/markdown" :
		    "text/plain";
	snprintf(out, LIMIT_MEDIA_BYTES + 1, "%s", media);
	return true;
}

/* A file of the disk as a member: read in pieces, never as a whole. */
static bool
stream_file(const struct member *member, byte_sink *sink, void *arg,
    struct error *err)
{
	uint8_t piece[65536];
	uint64_t at = 0;

	while (at < member->size) {
		const size_t n = member->size - at < sizeof(piece) ?
		    (size_t)(member->size - at) :
		    sizeof(piece);

		if (!file_pread(member->fd, piece, n, (off_t)at, err) ||
		    !sink(arg, span_of(piece, n), err))
			return error_context(err, "%s", member->path);
		at += n;
	}
	return true;
}

static const struct member_source on_disk = { stream_file, stream_file };

enum { DEFLATE_BYTES = 4 * 1024 * 1024 }; /* what is larger is stored */

static bool
add_file(struct push *push, const struct input *input,
    struct text_file *file, struct error *err)
{
	const char *slash = strrchr(input->path, '/');
	const char *name = slash != NULL ? slash + 1 : input->path;
	struct member member = { .source = &on_disk };
	struct buf bytes = BUF(DEFLATE_BYTES);
	struct stat st;
	bool ok;

	member.fd = open_file(input->path, err);
	if (member.fd < 0)
		return false;
	push->fds[push->num_fds++] = member.fd;
	if (fstat(member.fd, &st) != 0 || !S_ISREG(st.st_mode))
		return error_set(err, ERROR_USAGE, "%s: not a plain file",
		    input->path);
	if ((uint64_t)st.st_size > LIMIT_TEXT_BYTES)
		return error_set(err, ERROR_LIMIT, "%s: over %llu bytes",
		    input->path, (unsigned long long)LIMIT_TEXT_BYTES);
	snprintf(file->file, sizeof(file->file), "%s%s%s%s",
	    input->language != NULL ? "texts/" : "annexes",
	    input->language != NULL ? input->language : "", "/", name);
	if (!text_check_path(span_of_str(file->file), err))
		return error_context(err, "%s", input->path);
	if (container_find(push->container, file->file) != NULL)
		return error_set(err, ERROR_USAGE,
		    "two files would be %s", file->file);
	if (!tell_media(member.fd, input->path, file->media, err))
		return false;
	file->size = member.size = member.packed = (uint64_t)st.st_size;
	snprintf(member.path, sizeof(member.path), "%s", file->file);
	if (member.size > DEFLATE_BYTES)
		return container_add(push->container, &member, err);
	ok = stream_file(&member, sink_to_buf, &bytes, err) &&
	    container_put(push->container, file->file, buf_span(&bytes), err);
	buf_free(&bytes);
	return ok;
}

static bool
crc_piece(void *arg, struct span bytes, struct error *err)
{
	uint32_t *crc = arg;

	(void)err;
	*crc = zip_crc(*crc, bytes);
	return true;
}

static bool
hash_files(struct push *push, struct error *err)
{
	struct version *version = push->version;

	if (!container_hash(push->container, NULL, err))
		return false;
	for (size_t i = 0; i < push->container->num; i++) {
		struct member *member = &push->container->members[i];

		if (member->source == &on_disk &&
		    !stream_file(member, crc_piece, &member->crc, err))
			return false;
	}
	for (size_t i = 0; i < version->num_texts; i++)
		version->texts[i].sha256 = container_find(push->container,
		    version->texts[i].file)
					       ->sha256;
	for (size_t i = 0; i < version->num_annexes; i++)
		version->annexes[i].sha256 = container_find(push->container,
		    version->annexes[i].file)
						 ->sha256;
	return true;
}

static bool
gather_files(struct push *push, const struct policy *policy,
    struct error *err)
{
	struct version *version = push->version;
	const struct document_type *type;
	char name[LIMIT_SLUG_BYTES + 1];
	size_t text = 0, annex = 0;

	document_type(push->document, name);
	type = policy_type(policy, name);
	for (size_t i = 0; i < push->num_inputs; i++) {
		struct text_file *file = push->inputs[i].language != NULL ?
		    &version->texts[text++] :
		    &version->annexes[annex++];

		if (!add_file(push, &push->inputs[i], file, err))
			return false;
		for (size_t j = 0; type != NULL && j < type->num_authentic;
		     j++)
			file->authentic = file->authentic ||
			    strcmp(type->authentic[j], file->language) == 0;
	}
	return hash_files(push, err);
}

static bool
sign_origin(struct context *context, struct container *container,
    struct error *err)
{
	struct identity signer = { NULL };
	bool ok;

	if (context->sign_cert[0] == '\0')
		return error_set(err, ERROR_USAGE,
		    "to deposit one signs: enrol with --sign-cert and"
		    " --sign-key");
	ok = identity_load(context->sign_cert, context->sign_key, &signer,
		 err) &&
	    container_hash(container, NULL, err) &&
	    sign_files(&signer, container, "origin", COMMITMENT_ORIGIN,
		container, err);
	identity_free(&signer);
	return ok;
}

/* Texts, titles and note: what a person would call the same. */
static bool
is_same(const struct version *a, const struct version *b)
{
	bool same = a->num_texts == b->num_texts &&
	    a->num_annexes == b->num_annexes &&
	    a->num_titles == b->num_titles && strcmp(a->note, b->note) == 0;

	for (size_t i = 0; same && i < a->num_titles; i++)
		same = strcmp(a->titles[i].language, b->titles[i].language) ==
			0 &&
		    strcmp(a->titles[i].text, b->titles[i].text) == 0;
	for (size_t i = 0; same && i < a->num_texts; i++)
		same = strcmp(a->texts[i].file, b->texts[i].file) == 0 &&
		    digest_eq(&a->texts[i].sha256, &b->texts[i].sha256);
	for (size_t i = 0; same && i < a->num_annexes; i++)
		same = strcmp(a->annexes[i].file, b->annexes[i].file) == 0 &&
		    digest_eq(&a->annexes[i].sha256, &b->annexes[i].sha256);
	return same;
}

static bool
report(struct context *context, const struct entry *entry, uint64_t index,
    const char *did, struct error *err)
{
	if (context->json)
		return output_json(
		    json_pack("{s:s, s:s, s:i, s:o, s:I, s:o}", "result", did,
			"document", entry->document, "version",
			(int)entry->version, "digest",
			json_of_digest(&entry->digest), "entry",
			(json_int_t)index, "time", json_of_ms(entry->time_ms)),
		    err);
	printf("%s %s@%llu, entry %llu of the journal\n", did,
	    entry->document, (unsigned long long)entry->version,
	    (unsigned long long)index);
	output_digest("version digest  ", &entry->digest);
	return true;
}

static bool
nothing_changed(struct context *context, const char *document,
    unsigned version, struct error *err)
{
	if (context->json)
		return output_json(json_pack("{s:s, s:s, s:i}", "result",
				       "nothing has changed", "document",
				       document, "version", (int)version),
		    err);
	printf("nothing has changed since %s@%u\n", document, version);
	return true;
}

/*
 * Two runs of one person may make the same version in the same second: then
 * the record has the other's, with these very texts.  The receipt says so, and
 * the copy proves it.
 */
static bool
is_in_record(struct session *session, const struct outbox_act *act,
    const struct entry *entry)
{
	struct error ignored = { 0 };
	struct copy copy = { .fd = -1 };
	bool same;

	same = entry->act == ACT_DEPOSIT &&
	    strcmp(entry->document, act->document) == 0 &&
	    entry->version == act->version &&
	    digest_eq(&entry->digest, &act->digest) &&
	    copy_fetch(session, act->document, act->version, &copy,
		&ignored) &&
	    copy.verdict.outcome == OUTCOME_VALID &&
	    digest_eq(&copy.verdict.digest, &act->digest);
	copy_free(&copy);
	return same;
}

static bool
send_deposit(struct session *session, struct outbox_act *act,
    struct entry *entry, uint64_t *index, bool *again, struct error *err)
{
	if (outbox_send(session, act, entry, index, again, err))
		return true;
	if (!*again || strcmp(error_code(err), SENT_DIFFERS) != 0 ||
	    !is_in_record(session, act, entry))
		return false;
	*err = (struct error){ 0 };
	outbox_drop(act);
	return true;
}

/* Its author never read what it replaces: no error, but worth a word. */
static void
tell_unseen(const struct push *push, const struct newest *newest)
{
	output_note("%s@%u, which %s of %s deposited, was never seen here, and"
		    " your version %u comes after it: fetch it to see what it"
		    " says", push->document, newest->version, newest->person,
	    newest->office, newest->version + 1);
}

/* session is NULL where there is no line. */
static bool
push_new(struct context *context, struct session *session, struct push *push,
    const struct newest *newest, struct error *err)
{
	static struct entry entry;
	struct buf known = BUF(LIMIT_VERSION_BYTES),
		   yaml = BUF(LIMIT_VERSION_BYTES);
	struct version *last = NULL;
	struct version *version = push->version;
	struct error ignored = { 0 };
	uint64_t index = 0;
	struct outbox_act act = { .lock = -1 };
	bool again = false, same = false, seen, ok;

	seen = newest->version == 0 ||
	    context_known_version(context, &newest->digest, &known);
	if (newest->version > 0 && seen)
		last = version_parse(buf_span(&known), &ignored);
	if (last != NULL)
		same = is_same(last, version);
	free(last);
	buf_free(&known);
	if (same)
		return nothing_changed(context, push->document,
		    newest->version, err);
	if (!newest_check_onto(newest, push->document, push->onto, err))
		return false;
	if (!seen)
		tell_unseen(push, newest);
	version->number = newest->version + 1;
	version->has_previous = newest->version > 0;
	version->previous = newest->digest;
	version->created_at = time_now_ms() / 1000;
	ok = version_encode(version, &yaml, err) &&
	    container_put(push->container, PATH_VERSION, buf_span(&yaml),
		err) &&
	    container_put(push->container, "mimetype",
		span_of_str(CONTAINER_MIMETYPE), err) &&
	    sign_origin(context, push->container, err) &&
	    outbox_keep_deposit(context, push->document, version->number,
		push->onto != 0, push->container, &act, err);
	/* By its digest, so it harms nothing if it is never deposited. */
	if (ok)
		context_remember_version(context, buf_span(&yaml));
	if (ok && session == NULL)
		ok = outbox_kept(context, &act, "made", "push", err);
	else if (ok)
		ok = send_deposit(session, &act, &entry, &index, &again, err) &&
		    report(context, &entry, index,
			again ? "deposited already:" : "deposited", err);
	outbox_release(&act);
	buf_free(&yaml);
	return ok;
}

/* Past 24 h its signature is refused: the same version, signed anew. */
static bool
send_anew(struct session *session, struct container *container,
    const struct outbox_act *old, struct entry *entry, uint64_t *index,
    struct error *err)
{
	struct outbox_act act = { .lock = -1 };
	bool again, ok;

	container_remove(container, PATH_ORIGIN);
	container_remove(container, PATH_ORIGIN_MANIFEST);
	ok = sign_origin(session->context, container, err) &&
	    outbox_keep_deposit(session->context, old->document, old->version,
		old->onto, container, &act, err) &&
	    send_deposit(session, &act, entry, index, &again, err);
	outbox_release(&act);
	return ok;
}

/*
 * What an earlier run made goes first, byte for byte: it may be deposited
 * already, its answer lost.  False where it has no answer yet.
 */
static bool
send_one(struct session *session, struct outbox_act *act, struct error *err)
{
	static struct entry entry;
	struct container *container = container_read(act->lock, err);
	const struct member *yaml;
	uint64_t index = 0;
	bool again, ok;

	if (container == NULL)
		return false;
	if ((yaml = container_find(container, PATH_VERSION)) != NULL)
		context_remember_version(session->context,
		    member_bytes(yaml));
	output_note("sending %s@%u first, which an earlier run made and was"
		    " not answered", act->document, act->version);
	ok = send_deposit(session, act, &entry, &index, &again, err);
	if (!ok && act->stale && !outbox_is_kept(act) &&
	    strcmp(error_code(err), finding_name(FINDING_SIGNING_TIME)) == 0) {
		*err = (struct error){ 0 };
		ok = send_anew(session, container, act, &entry, &index, err);
	}
	container_free(container);
	if (ok)
		output_note("%s@%u is deposited, entry %llu", act->document,
		    act->version, (unsigned long long)index);
	/* "No" is an answer; the new one is then judged by itself. */
	if (ok || outbox_is_kept(act) || err->kind == ERROR_UNAVAILABLE ||
	    err->kind == ERROR_SYSTEM ||
	    strcmp(error_code(err), SENT_DIFFERS) == 0)
		return ok;
	output_note("it was not taken: %s", err->detail);
	*err = (struct error){ 0 };
	return true;
}

/* Whatever another command is sending at this moment is its own. */
static bool
send_pending(struct session *session, const char *document,
    struct error *err)
{
	struct outbox_list list;
	bool ok = outbox_all(session->context, OUTBOX_DEPOSIT, document, &list,
	    err);

	for (size_t i = 0; ok && i < list.num; i++) {
		if (!outbox_take(&list.list[i]))
			continue;
		ok = send_one(session, &list.list[i], err);
		outbox_release(&list.list[i]);
	}
	free(list.list);
	return ok;
}

/* After the newest version of the local copy, which may not be the newest. */
static bool
push_local(struct context *context, struct push *push,
    const struct office *office, struct error *err)
{
	struct newest newest = { 0 };
	char dir[FILE_PATH];
	struct copy copy;
	unsigned *all;
	size_t num;
	bool ok;

	if (!local_dir(context, NULL, dir, err) ||
	    !local_versions(dir, push->document, &all, &num, err))
		return false;
	free(all);
	if (num > 0) {
		ok = local_open(context, dir, push->document, 0, &copy, err);
		if (ok && copy.verdict.outcome != OUTCOME_VALID)
			ok = verdict_error(&copy.verdict, err);
		if (ok)
			newest_of_copy(&copy.verdict, office, &newest);
		copy_free(&copy);
		if (!ok)
			return false;
	}
	return push_new(context, NULL, push, &newest, err);
}

static bool
push_all(struct context *context, struct push *push, struct error *err)
{
	struct policy *policy = context_pinned(context, err);
	char type[LIMIT_SLUG_BYTES + 1];
	const struct office *office;
	struct decision decision;
	struct session session;
	struct newest newest;
	struct cert *cert;
	bool ok;

	if (policy == NULL ||
	    (office = own_office(context, policy, &cert, err)) == NULL)
		return false;
	snprintf(push->version->document, DOCUMENT_NAME, "%s", push->document);
	snprintf(push->version->office, POLICY_NAME, "%s", office->name);
	snprintf(push->version->person, LIMIT_EMAIL_BYTES + 1, "%s",
	    cert->email);
	cert_free(cert);
	if (!gather_files(push, policy, err))
		return false;
	/* Before a large text is sent over a slow line, for nothing. */
	document_type(push->document, type);
	decision = policy_decide_texts(policy, push->version);
	if (policy_decide(policy, office, RIGHT_DEPOSIT, type).allowed &&
	    !decision.allowed)
		return error_set_code(err, ERROR_REFUSED, "TEXT_NOT_ALLOWED",
		    "%s", decision.rule);
	if (context->local)
		return push_local(context, push, office, err);
	if (!session_open(context, &session, err))
		return false;
	ok = session_check_policy(&session, err) &&
	    send_pending(&session, push->document, err) &&
	    newest_find(&session, policy, office, push->document, &newest,
		err) &&
	    push_new(context, &session, push, &newest, err);
	session_close(&session);
	return ok;
}

bool
cmd_push(struct context *context, int argc, char *argv[], struct error *err)
{
	struct push *push = calloc(1, sizeof(*push));
	bool ok;

	if (push == NULL ||
	    (push->version = calloc(1, sizeof(*push->version))) == NULL ||
	    (push->container = container_new(err)) == NULL) {
		if (push != NULL)
			free(push->version);
		free(push);
		return error_set_errno(err, "push");
	}
	ok = read_options(argc, argv, push, err) &&
	    context_load(context, err) && push_all(context, push, err);
	for (size_t i = 0; i < push->num_fds; i++)
		close(push->fds[i]);
	container_free(push->container);
	free(push->version);
	free(push);
	return ok;
}
