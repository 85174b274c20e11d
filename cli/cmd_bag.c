/*
 * The bag: for an office without a line.  Packed by one that has one, opened
 * where there is none, acknowledged, and what comes back handed in.
 */
#include <fcntl.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bag/bag.h"
#include "bag/judge.h"
#include "base/time.h"
#include "cli/commands.h"
#include "cli/local.h"

/* --- What is kept of bags: a number, a line, in STATE/bags/. --- */

static bool
note_path(struct context *context, const char *name, char out[FILE_PATH],
    struct error *err)
{
	char dir[FILE_PATH], file[200];

	snprintf(file, sizeof(file), "bags/%s", name);
	return context_path(context, "bags", dir, err) &&
	    file_make_dirs(dir, 0700, err) &&
	    context_path(context, file, out, err);
}

/* 0 if it was never kept. */
static uint64_t
kept_number(struct context *context, const char *name)
{
	struct buf text = BUF(32);
	struct error ignored = { 0 };
	char path[FILE_PATH];
	uint64_t number = 0;

	if (!note_path(context, name, path, &ignored) ||
	    !file_read(path, text.max, &text, &ignored) ||
	    !span_to_u64(buf_span(&text), &number))
		number = 0;
	buf_free(&text);
	return number;
}

static bool
keep_number(struct context *context, const char *name, uint64_t number,
    struct error *err)
{
	char path[FILE_PATH], text[24];

	snprintf(text, sizeof(text), "%llu", (unsigned long long)number);
	return note_path(context, name, path, err) &&
	    file_write(path, span_of_str(text), 0600, err);
}

/* --- Packing. --- */

struct packing {
	struct context *context;
	const char *output, *to;
	bool since_last, outbox;
	uint64_t known; /* the size that the addressee has seen */
	bool has_known;
	struct session session;
	bool online, written;
	struct policy *policy;
	const struct office *from, *addressee;
	struct waybill *waybill;
	struct bag_file *files;
	size_t num;
	struct buf checkpoint, yaml, p7s;
	uint64_t size; /* of the journal, as packed */
};

static struct bag_file *
add_file(struct packing *pack, const char *path, int fd, struct span bytes,
    struct error *err)
{
	struct bag_file *file = &pack->files[pack->num];
	struct waybill_file *listed =
	    &pack->waybill->files[pack->waybill->num];
	struct stat st;

	if (pack->waybill->num == LIMIT_BAG_FILES) {
		error_set(err, ERROR_LIMIT,
		    "a bag has at most %d files: pack two", LIMIT_BAG_FILES);
		return NULL;
	}
	*file = (struct bag_file){ .fd = fd, .bytes = bytes,
		.size = bytes.len };
	snprintf(file->path, sizeof(file->path), "%s", path);
	if (fd >= 0 && fstat(fd, &st) == 0)
		file->size = (uint64_t)st.st_size;
	if (!bag_measure(file, err))
		return NULL;
	snprintf(listed->path, sizeof(listed->path), "%s", path);
	listed->size = file->size;
	listed->sha256 = file->sha256;
	pack->num++;
	pack->waybill->num++;
	return file;
}

static void
describe(struct packing *pack, const struct version *version,
    const struct digest *digest)
{
	struct waybill_file *listed =
	    &pack->waybill->files[pack->waybill->num - 1];

	snprintf(listed->document, sizeof(listed->document), "%s",
	    version->document);
	listed->version = version->number;
	listed->digest = *digest;
	snprintf(listed->title, sizeof(listed->title), "%s",
	    version_title(version, "en"));
}

static void
file_name(const char *folder, const char *document, unsigned version,
    const char *suffix, char out[LIMIT_PATH_BYTES + 1])
{
	snprintf(out, LIMIT_PATH_BYTES + 1, "%s%.*s--%s@%u%s", folder,
	    (int)(strchr(document, '/') - document), document,
	    strchr(document, '/') + 1, version, suffix);
}

/* The revocation lists by which a copy's acts were judged. */
static bool
add_crls(struct packing *pack, const struct copy *copy, struct error *err)
{
	for (size_t i = 0; i < copy->verdict.num_acts; i++) {
		const struct entry *entry = &copy->verdict.acts[i].entry;
		char path[LIMIT_PATH_BYTES + 1], file[FILE_PATH];
		char hex[DIGEST_HEX];
		int fd;

		if (!entry_has(entry, ENTRY_CRLS))
			continue;
		digest_hex(&entry->crls, hex);
		snprintf(path, sizeof(path), BAG_CRLS "%s.zip", hex);
		if (waybill_find(pack->waybill, path) != NULL)
			continue;
		if (!context_digest_path(pack->context, "crls", &entry->crls,
			".zip", file, err))
			return false;
		/* Without it the addressee's verdict says what is missing. */
		if ((fd = open(file, O_RDONLY | O_CLOEXEC)) < 0)
			continue;
		if (add_file(pack, path, fd, span_of(NULL, 0), err) == NULL)
			return false;
	}
	return true;
}

static bool
add_copy(struct packing *pack, const char *document, unsigned version,
    struct error *err)
{
	char type[LIMIT_SLUG_BYTES + 1], path[LIMIT_PATH_BYTES + 1];
	struct decision decision;
	struct copy copy;
	bool ok;

	document_type(document, type);
	decision = policy_decide(pack->policy, pack->addressee, RIGHT_READ,
	    type);
	if (!decision.allowed)
		return error_set(err, ERROR_REFUSED,
		    "%s may not read %s (%s): it does not go into its bag",
		    pack->to, document, decision.rule);
	if (!copy_fetch(&pack->session, document, version, &copy, err)) {
		copy_free(&copy);
		return false;
	}
	ok = copy.verdict.outcome == OUTCOME_VALID ||
	    (verdict_error(&copy.verdict, err), false);
	if (ok) {
		const struct version *it = copy.verdict.version;

		file_name(BAG_COPIES, it->document, it->number, ".asice",
		    path);
		ok = add_file(pack, path, copy.fd, span_of(NULL, 0), err) !=
		    NULL;
		if (ok) {
			describe(pack, it, &copy.verdict.digest);
			copy.fd = -1; /* the bag's now */
			ok = add_crls(pack, &copy, err);
		}
	}
	copy_free(&copy);
	return ok;
}

/* Each document that had an act since the last bag, once. */
struct changed {
	struct packing *pack;
	char (*names)[DOCUMENT_NAME];
	size_t num;
};

static bool
visit_changed(void *arg, uint64_t index, const struct entry *entry,
    struct span line, struct error *err)
{
	struct changed *all = arg;
	char type[LIMIT_SLUG_BYTES + 1];
	void *more;

	(void)index, (void)line;
	if (entry->act != ACT_DEPOSIT && entry->act != ACT_SIGN &&
	    entry->act != ACT_FORCE && entry->act != ACT_TERMINATE)
		return true;
	document_type(entry->document, type);
	if (!policy_decide(all->pack->policy, all->pack->addressee, RIGHT_READ,
		type).allowed ||
	    !policy_decide(all->pack->policy, all->pack->from, RIGHT_READ,
		type).allowed)
		return true;
	for (size_t i = 0; i < all->num; i++)
		if (strcmp(all->names[i], entry->document) == 0)
			return true;
	more = realloc(all->names, (all->num + 1) * sizeof(all->names[0]));
	if (more == NULL)
		return error_set_errno(err, "bag");
	all->names = more;
	snprintf(all->names[all->num++], DOCUMENT_NAME, "%s",
	    entry->document);
	return true;
}

static bool
add_changed(struct packing *pack, struct error *err)
{
	struct changed all = { .pack = pack };
	char name[POLICY_NAME + 8];
	bool ok;

	snprintf(name, sizeof(name), "last-%s", pack->to);
	ok = session_entries_from(&pack->session,
	    kept_number(pack->context, name), "", visit_changed, &all, err);
	for (size_t i = 0; ok && i < all.num; i++)
		ok = add_copy(pack, all.names[i], 0, err);
	free(all.names);
	return ok;
}

/* What was made here and has not gone: it goes by bag. */
static bool
add_outbox(struct packing *pack, enum outbox_kind kind, struct error *err)
{
	const char *folder = kind == OUTBOX_DEPOSIT ? BAG_DEPOSITS :
						      BAG_SIGNATURES;
	const char *suffix = kind == OUTBOX_DEPOSIT ? ".asice" : ".zip";
	struct outbox_list list;
	bool ok = outbox_all(pack->context, kind, &list, err);

	for (size_t i = 0; ok && i < list.num; i++) {
		char file[FILE_PATH], path[LIMIT_PATH_BYTES + 1];
		struct waybill_file *listed;
		int fd = -1;

		file_name(folder, list.list[i].document, list.list[i].version,
		    suffix, path);
		ok = outbox_path(pack->context, kind, list.list[i].document,
			 list.list[i].version, file, err) &&
		    (fd = open_file(file, err)) >= 0 &&
		    add_file(pack, path, fd, span_of(NULL, 0), err) != NULL;
		if (!ok)
			break;
		listed = &pack->waybill->files[pack->waybill->num - 1];
		snprintf(listed->document, DOCUMENT_NAME, "%s",
		    list.list[i].document);
		listed->version = list.list[i].version;
		snprintf(listed->title, sizeof(listed->title), "%s",
		    kind == OUTBOX_DEPOSIT ? "a deposit" : "a signature");
	}
	free(list.list);
	return ok;
}

static bool
add_checkpoint(struct packing *pack, struct error *err)
{
	char path[64], name[POLICY_NAME + 8];

	snprintf(name, sizeof(name), "known-%s", pack->to);
	if (!pack->has_known)
		pack->known = kept_number(pack->context, name);
	if (pack->known > pack->session.seen.size)
		return error_set(err, ERROR_USAGE,
		    "--known %llu: the journal has %llu entries",
		    (unsigned long long)pack->known,
		    (unsigned long long)pack->session.seen.size);
	pack->size = pack->session.seen.size;
	snprintf(path, sizeof(path), "/v1/journal/checkpoint?old=%llu",
	    (unsigned long long)pack->known);
	return session_get(&pack->session, path, &pack->checkpoint, err) &&
	    add_file(pack, PATH_BAG_CHECKPOINT, -1,
		buf_span(&pack->checkpoint), err) != NULL;
}

/* The waybill is signed last and stands first. */
static bool
sign_waybill(struct packing *pack, struct error *err)
{
	struct identity signer = { NULL };
	bool ok;

	pack->waybill->number = kept_number(pack->context, "number") + 1;
	pack->waybill->dispatched_at = time_now_ms() / 1000;
	snprintf(pack->waybill->from, sizeof(pack->waybill->from), "%s",
	    pack->from->name);
	snprintf(pack->waybill->to, sizeof(pack->waybill->to), "%s",
	    pack->to);
	ok = load_signer(pack->context, &signer, err);
	if (ok)
		snprintf(pack->waybill->person, sizeof(pack->waybill->person),
		    "%s", signer.cert->email);
	ok = ok && waybill_encode(pack->waybill, &pack->yaml, err) &&
	    cades_sign(&signer, buf_span(&pack->yaml), COMMITMENT_ORIGIN,
		pack->waybill->dispatched_at, &pack->p7s, err);
	identity_free(&signer);
	return ok;
}

static bool
write_bag(struct packing *pack, struct error *err)
{
	struct cert *recipients[1] = { pack->addressee->encryption };
	struct bag_file first[2] = { { PATH_WAYBILL, -1,
					 buf_span(&pack->yaml), 0, 0,
					 { { 0 } } },
		{ PATH_WAYBILL_SIGNATURE, -1, buf_span(&pack->p7s), 0, 0,
		    { { 0 } } } };
	char tmp[FILE_PATH];
	bool ok = true;
	int fd;

	/* The two that the waybill itself cannot list. */
	memmove(pack->files + 2, pack->files,
	    pack->num * sizeof(*pack->files));
	for (size_t i = 0; ok && i < 2; i++) {
		first[i].size = first[i].bytes.len;
		ok = bag_measure(&first[i], err);
		pack->files[i] = first[i];
	}
	pack->num += 2;
	snprintf(tmp, sizeof(tmp), "%s.XXXXXX", pack->output);
	if (!ok || (fd = mkostemp(tmp, O_CLOEXEC)) < 0)
		return error_set_errno(err, "%s", pack->output);
	ok = bag_pack(pack->files, pack->num, recipients, 1, fd, err);
	if (ok && (fchmod(fd, 0644) != 0 || fsync(fd) != 0 ||
		      rename(tmp, pack->output) != 0))
		ok = error_set_errno(err, "%s", pack->output);
	close(fd);
	if (!ok)
		unlink(tmp);
	pack->written = ok;
	return ok;
}

/* POST a ZIP of a YAML file and its signature. */
static bool
hand_in(struct session *session, const char *yaml_path, struct span yaml,
    const char *p7s_path, struct span p7s, uint64_t *index,
    struct error *err)
{
	static struct entry entry;
	struct container *zip = container_new(err);
	struct remote_request request = { .method = "POST",
		.path = "/v1/bags",
		.file_fd = -1 };
	struct remote_answer answer = { .body = BUF(0) };
	bool ok;

	request.body_fd = file_temporary(session->context->state, err);
	ok = zip != NULL && request.body_fd >= 0 &&
	    container_put(zip, yaml_path, yaml, err) &&
	    container_put(zip, p7s_path, p7s, err) &&
	    container_write(zip, request.body_fd, &request.body_len, err) &&
	    remote_do(session->remote, &request, &answer, err) &&
	    session_check_receipt(session, buf_span(&answer.body), &entry,
		index, err);
	remote_answer_free(&answer);
	if (request.body_fd >= 0)
		close(request.body_fd);
	container_free(zip);
	return ok;
}

static bool
report_packed(const struct packing *pack, uint64_t entry, struct error *err)
{
	const struct waybill *waybill = pack->waybill;
	const struct digest digest = sha256_of(buf_span(&pack->yaml));
	json_t *files = json_array();
	unsigned documents = 0;

	for (size_t i = 0; i < waybill->num; i++) {
		if (waybill->files[i].document[0] == '\0')
			continue;
		documents++;
		json_array_append_new(files,
		    json_pack("{s:s, s:s, s:i}", "file",
			waybill->files[i].path, "document",
			waybill->files[i].document, "version",
			(int)waybill->files[i].version));
	}
	if (pack->context->json)
		return output_json(json_pack("{s:s, s:I, s:s, s:o, s:o, s:o}",
				       "bag", pack->output, "number",
				       (json_int_t)waybill->number, "to",
				       waybill->to, "waybill",
				       json_of_digest(&digest), "files", files,
				       "entry",
				       entry != UINT64_MAX ?
					   json_integer((json_int_t)entry) :
					   json_null()),
		    err);
	json_decref(files);
	printf("packed %s: bag %llu to %s, %u document%s\n", pack->output,
	    (unsigned long long)waybill->number, waybill->to, documents,
	    documents == 1 ? "" : "s");
	output_digest("waybill      ", &digest);
	if (entry != UINT64_MAX)
		printf("dispatched: entry %llu of the journal\n",
		    (unsigned long long)entry);
	else
		puts("It is not in the journal yet: whoever receives it hands"
		     " its waybill in (valise bag push).");
	return true;
}

static bool
pack_contents(struct packing *pack, int argc, char *argv[], struct error *err)
{
	bool ok = true;

	for (int i = 0; ok && i < argc; i++) {
		char document[DOCUMENT_NAME];
		unsigned version;

		ok = document_parse(argv[i], document, &version, err) &&
		    add_copy(pack, document, version, err);
	}
	if (ok && pack->since_last)
		ok = add_changed(pack, err);
	if (ok && pack->online)
		ok = add_checkpoint(pack, err);
	if (ok && pack->outbox)
		ok = add_outbox(pack, OUTBOX_DEPOSIT, err) &&
		    add_outbox(pack, OUTBOX_SIGNATURE, err);
	if (ok && pack->num == (pack->online ? 1u : 0u))
		ok = error_set(err, ERROR_NOT_FOUND,
		    "there is nothing to pack for %s", pack->to);
	return ok;
}

static bool
prepare(struct packing *pack, struct error *err)
{
	const struct verdict_library library = context_library(pack->context);
	struct crls *lists[1] = { library.newest };
	struct trust_result trust;
	struct cert *cert = NULL;

	if ((pack->policy = context_pinned(pack->context, err)) == NULL ||
	    (pack->from = own_office(pack->context, pack->policy, &cert,
		 err)) == NULL)
		return false;
	cert_free(cert);
	pack->addressee = policy_office(pack->policy, pack->to);
	if (pack->addressee == NULL)
		return error_set(err, ERROR_USAGE, "there is no office \"%s\"",
		    pack->to);
	if (pack->addressee->encryption == NULL)
		return error_set(err, ERROR_USAGE,
		    "the policy names no certificate to encrypt to %s"
		    " (encryption, valise-policy(5))", pack->to);
	trust_judge(pack->policy->trust, pack->addressee->encryption,
	    time_now_ms() / 1000, lists, 1, &trust);
	if (trust.state != TRUST_GOOD)
		return error_set(err, ERROR_UNTRUSTED,
		    "%s's certificate to encrypt to: %s", pack->to,
		    trust.text);
	pack->waybill = calloc(1, sizeof(*pack->waybill));
	pack->files = calloc(LIMIT_BAG_FILES + 2, sizeof(*pack->files));
	return (pack->waybill != NULL && pack->files != NULL) ||
	    error_set_errno(err, "bag");
}

static bool
run_pack(struct packing *pack, int argc, char *argv[], struct error *err)
{
	char last[POLICY_NAME + 8];
	uint64_t entry = UINT64_MAX;
	bool ok;

	if (!prepare(pack, err))
		return false;
	/* What was made without a line is packed without one. */
	pack->online = !pack->context->local &&
	    (argc > 0 || pack->since_last);
	if (pack->online && !session_open(pack->context, &pack->session, err))
		return false;
	ok = pack_contents(pack, argc, argv, err) &&
	    sign_waybill(pack, err) && write_bag(pack, err) &&
	    keep_number(pack->context, "number", pack->waybill->number, err);
	if (ok && pack->online)
		ok = hand_in(&pack->session, PATH_WAYBILL,
		    buf_span(&pack->yaml), PATH_WAYBILL_SIGNATURE,
		    buf_span(&pack->p7s), &entry, err);
	snprintf(last, sizeof(last), "last-%s", pack->to);
	if (ok && pack->since_last)
		ok = keep_number(pack->context, last, pack->size, err);
	/* A bag that nobody was told of is none. */
	if (!ok && pack->online && pack->written)
		unlink(pack->output);
	ok = ok && report_packed(pack, entry, err);
	if (pack->online)
		session_close(&pack->session);
	return ok;
}

static bool
bag_pack_command(struct context *context, int argc, char *argv[],
    struct error *err)
{
	static const struct option longs[] = {
		{ "output", required_argument, NULL, 'o' },
		{ "to", required_argument, NULL, 't' },
		{ "since-last", no_argument, NULL, 's' },
		{ "outbox", no_argument, NULL, 'b' },
		{ "known", required_argument, NULL, 'k' },
		{ NULL, 0, NULL, 0 },
	};
	struct packing pack = { .context = context,
		.checkpoint = BUF(LIMIT_NOTE_FILE),
		.yaml = BUF(LIMIT_WAYBILL_BYTES),
		.p7s = BUF(LIMIT_SIGNATURE_BYTES) };
	bool ok = true;
	int c;

	while (ok && (c = getopt_long(argc, argv, "o:", longs, NULL)) != -1)
		switch (c) {
		case 'o':
			pack.output = optarg;
			break;
		case 't':
			pack.to = optarg;
			break;
		case 's':
			pack.since_last = true;
			break;
		case 'b':
			pack.outbox = true;
			break;
		case 'k':
			pack.has_known = ok = span_to_u64(span_of_str(optarg),
						  &pack.known) ||
			    error_set(err, ERROR_USAGE,
				"--known needs the size of a journal");
			break;
		default:
			ok = error_set(err, ERROR_USAGE,
			    "an unknown option (see --help)");
		}
	if (ok && (pack.output == NULL || pack.to == NULL ||
		      (optind == argc && !pack.since_last && !pack.outbox)))
		ok = error_set(err, ERROR_USAGE,
		    "expected -o FILE --to OFFICE, and DOC…, --since-last or"
		    " --outbox (see --help)");
	ok = ok && context_load(context, err) &&
	    run_pack(&pack, argc - optind, argv + optind, err);
	for (size_t i = 0; i < pack.num; i++)
		if (pack.files[i].fd >= 0)
			close(pack.files[i].fd);
	free(pack.files);
	free(pack.waybill);
	buf_free(&pack.checkpoint);
	buf_free(&pack.yaml);
	buf_free(&pack.p7s);
	return ok;
}

/* --- Opening. --- */

struct opened {
	struct context *context;
	const char *path;
	int fd, inner;
	struct zip_member *members;
	size_t num;
	struct buf yaml, p7s;
	struct digest digest; /* of the waybill */
	struct waybill *waybill;
	struct acknowledgement *answer; /* what was found */
};

static bool
found(struct opened *bag, const char *path, const char *what)
{
	struct acknowledgement *answer = bag->answer;

	if (answer->num == LIMIT_BAG_FILES)
		return false;
	snprintf(answer->findings[answer->num].path,
	    sizeof(answer->findings[0].path), "%s", path);
	snprintf(answer->findings[answer->num].what,
	    sizeof(answer->findings[0].what), "%s", what);
	answer->num++;
	return false;
}

static void
close_bag(struct opened *bag)
{
	if (bag->fd >= 0)
		close(bag->fd);
	if (bag->inner >= 0)
		close(bag->inner);
	free(bag->members);
	free(bag->waybill);
	free(bag->answer);
	buf_free(&bag->yaml);
	buf_free(&bag->p7s);
}

/* Who signed the waybill, by what this office has accepted. */
static bool
judge_waybill(struct opened *bag, struct error *err)
{
	struct context *context = bag->context;
	const struct verdict_library library = context_library(context);
	struct crls *lists[1] = { library.newest };
	struct policy *policy = context_pinned(context, err);
	const struct bag_signature it = { buf_span(&bag->yaml),
		buf_span(&bag->p7s), bag->waybill->from, bag->waybill->person,
		bag->waybill->dispatched_at, 0 };
	const struct office *own;
	struct cert *cert = NULL;
	bool ok;

	if (policy == NULL ||
	    (own = own_office(context, policy, &cert, err)) == NULL)
		return false;
	cert_free(cert);
	ok = bag_judge(context->certs, policy, lists, 1, &it, err) ||
	    error_context(err, "the waybill");
	if (ok && strcmp(bag->waybill->to, own->name) != 0)
		ok = error_set_code(err, ERROR_UNTRUSTED, "WRONG_ADDRESSEE",
		    "this bag is for %s, and you are of %s",
		    bag->waybill->to, own->name);
	return ok;
}

static bool
open_bag(struct context *context, const char *path, struct opened *out,
    struct error *err)
{
	struct identity recipient = { NULL };
	const struct zip_member *yaml, *p7s;
	bool ok;

	*out = (struct opened){ .context = context,
		.path = path,
		.inner = -1,
		.yaml = BUF(LIMIT_WAYBILL_BYTES),
		.p7s = BUF(LIMIT_SIGNATURE_BYTES) };
	out->fd = open_file(path, err);
	if (out->fd < 0)
		return false;
	if (context->encrypt_cert[0] == '\0')
		return error_set(err, ERROR_USAGE,
		    "there is no key to open a bag with: your office's is"
		    " named by encryption-certificate and encryption-key in"
		    " %s", context->config_path);
	ok = identity_load(context->encrypt_cert, context->encrypt_key,
		 &recipient, err) &&
	    (out->inner = file_temporary(context->state, err)) >= 0 &&
	    bag_open(out->fd, &recipient, out->inner, &out->members, &out->num,
		err);
	identity_free(&recipient);
	if (!ok)
		return error_context(err, "%s", path);
	yaml = bag_member(out->members, out->num, PATH_WAYBILL);
	p7s = bag_member(out->members, out->num, PATH_WAYBILL_SIGNATURE);
	ok = (yaml != NULL && p7s != NULL) ||
	    error_set(err, ERROR_MALFORMED, "%s: there is no signed waybill",
		path);
	ok = ok && bag_read(out->inner, yaml, &out->yaml, err) &&
	    bag_read(out->inner, p7s, &out->p7s, err);
	out->digest = sha256_of(buf_span(&out->yaml));
	ok = ok &&
	    (out->waybill = waybill_parse(buf_span(&out->yaml), err)) !=
		NULL &&
	    judge_waybill(out, err);
	out->answer = calloc(1, sizeof(*out->answer));
	return ok &&
	    (out->answer != NULL || error_set_errno(err, "bag"));
}

/* A listed file, checked against the waybill, into a file of its own. */
static int
take_file(struct opened *bag, const struct waybill_file *listed)
{
	const struct zip_member *member = bag_member(bag->members, bag->num,
	    listed->path);
	struct error why = { 0 };
	struct digest digest;
	int fd;

	if (member == NULL) {
		found(bag, listed->path, "missing");
		return -1;
	}
	if ((fd = file_temporary(bag->context->state, &why)) < 0 ||
	    !bag_extract(bag->inner, member, fd, &digest, &why) ||
	    member->size != listed->size ||
	    !digest_eq(&digest, &listed->sha256)) {
		found(bag, listed->path, "altered");
		if (fd >= 0)
			close(fd);
		return -1;
	}
	return fd;
}

static void
find_unexpected(struct opened *bag)
{
	for (size_t i = 0; i < bag->num; i++) {
		const char *path = bag->members[i].path;

		if (strcmp(path, PATH_WAYBILL) != 0 &&
		    strcmp(path, PATH_WAYBILL_SIGNATURE) != 0 &&
		    waybill_find(bag->waybill, path) == NULL)
			found(bag, path, "not-listed");
	}
}

/* The lists of revocations first: copies are judged by them. */
static void
take_crls(struct opened *bag)
{
	for (size_t i = 0; i < bag->waybill->num; i++) {
		const struct waybill_file *listed = &bag->waybill->files[i];
		struct error why = { 0 };
		struct digest digest;
		int fd;

		if (strncmp(listed->path, BAG_CRLS, strlen(BAG_CRLS)) != 0)
			continue;
		if ((fd = take_file(bag, listed)) < 0)
			continue;
		if (!digest_parse(span_of(listed->path + strlen(BAG_CRLS),
				      strcspn(listed->path + strlen(BAG_CRLS),
					  ".")),
			&digest) ||
		    !context_add_crls(bag->context, fd, &digest, &why))
			found(bag, listed->path, "not-crls");
		close(fd);
	}
}

/* How far the journal goes, proved to extend what was seen here. */
static bool
take_checkpoint(struct opened *bag, bool *proved, struct error *err)
{
	const struct zip_member *member = bag_member(bag->members, bag->num,
	    PATH_BAG_CHECKPOINT);
	struct buf text = BUF(LIMIT_NOTE_FILE), note = BUF(LIMIT_NOTE_FILE);
	struct buf seen_note = BUF(LIMIT_NOTE_FILE);
	struct checkpoint seen, now = { 0 };
	bool ok;

	*proved = true;
	ok = context_checkpoint(bag->context, &seen, &seen_note, err);
	bag->answer->size = seen.size;
	if (ok && member != NULL) {
		ok = bag_read(bag->inner, member, &text, err) &&
		    session_extension(bag->context, buf_span(&text), &seen,
			proved, &now, &note, err);
		if (ok && *proved && now.size > seen.size) {
			ok = context_keep_checkpoint(bag->context,
			    buf_span(&note), err);
			bag->answer->size = now.size;
		}
	}
	buf_free(&text);
	buf_free(&note);
	buf_free(&seen_note);
	return ok;
}

static bool
take_copies(struct opened *bag, const char *dir, struct table *table,
    json_t *rows, struct error *err)
{
	for (size_t i = 0; i < bag->waybill->num; i++) {
		const struct waybill_file *listed = &bag->waybill->files[i];
		char name[DOCUMENT_NAME + 16];
		const char *what = "altered or missing";
		const char *const cells[] = { name, what, listed->title };
		struct copy copy = { .fd = -1 };
		bool newer = false, ok = true;

		if (strncmp(listed->path, BAG_COPIES, strlen(BAG_COPIES)) != 0)
			continue;
		snprintf(name, sizeof(name), "%s@%u", listed->document,
		    listed->version);
		copy.fd = take_file(bag, listed);
		if (copy.fd >= 0) {
			copy.size = listed->size;
			ok = copy_judge(bag->context, copy.fd, &copy, err);
			what = outcome_name(copy.verdict.outcome);
		}
		if (ok && copy.fd >= 0 &&
		    copy.verdict.outcome != OUTCOME_VALID)
			found(bag, listed->path,
			    copy.verdict.outcome == OUTCOME_INVALID ?
				"invalid" :
				"indeterminate");
		else if (ok && copy.fd >= 0 &&
		    (strcmp(copy.verdict.version->document,
			 listed->document) != 0 ||
			copy.verdict.version->number != listed->version ||
			!digest_eq(&copy.verdict.digest, &listed->digest)))
			found(bag, listed->path, "not-as-listed");
		else if (ok && copy.fd >= 0)
			ok = local_place(dir, &copy, &newer, err);
		if (ok && copy.fd >= 0 &&
		    copy.verdict.outcome != OUTCOME_VALID &&
		    copy.verdict.num_findings > 0)
			output_note("%s: %s", name,
			    copy.verdict.findings[0].text);
		ok = ok &&
		    table_add(table,
			(const char *const[]){ cells[0], what, cells[2] });
		json_array_append_new(rows,
		    json_pack("{s:s, s:i, s:s, s:s}", "document",
			listed->document, "version", (int)listed->version,
			"title", listed->title, "outcome", what));
		copy_free(&copy);
		if (!ok)
			return false;
	}
	return true;
}

/* The answer, signed, in a small ZIP that goes back as it likes. */
static bool
write_answer(struct opened *bag, const char *path, struct error *err)
{
	struct container *zip = container_new(err);
	struct buf yaml = BUF(LIMIT_WAYBILL_BYTES),
		   p7s = BUF(LIMIT_SIGNATURE_BYTES);
	struct identity signer = { NULL };
	struct acknowledgement *answer = bag->answer;
	uint64_t size;
	bool ok;
	int fd = -1;

	answer->waybill = bag->digest;
	answer->number = bag->waybill->number;
	answer->received_at = time_now_ms() / 1000;
	snprintf(answer->from, sizeof(answer->from), "%s", bag->waybill->to);
	snprintf(answer->to, sizeof(answer->to), "%s", bag->waybill->from);
	ok = zip != NULL && load_signer(bag->context, &signer, err);
	if (ok)
		snprintf(answer->person, sizeof(answer->person), "%s",
		    signer.cert->email);
	ok = ok && acknowledgement_encode(answer, &yaml, err) &&
	    cades_sign(&signer, buf_span(&yaml), COMMITMENT_ORIGIN,
		answer->received_at, &p7s, err) &&
	    container_put(zip, PATH_ACKNOWLEDGEMENT, buf_span(&yaml), err) &&
	    container_put(zip, PATH_ACKNOWLEDGEMENT_P7S, buf_span(&p7s), err);
	if (ok) {
		char tmp[FILE_PATH];

		snprintf(tmp, sizeof(tmp), "%s.XXXXXX", path);
		fd = mkostemp(tmp, O_CLOEXEC);
		ok = fd >= 0 && container_write(zip, fd, &size, err) &&
		    fchmod(fd, 0644) == 0 && fsync(fd) == 0 &&
		    rename(tmp, path) == 0;
		if (!ok && err->kind == ERROR_NONE)
			error_set_errno(err, "%s", path);
		if (!ok && fd >= 0)
			unlink(tmp);
	}
	if (fd >= 0)
		close(fd);
	identity_free(&signer);
	container_free(zip);
	buf_free(&yaml);
	buf_free(&p7s);
	return ok;
}

/* By the waybill's digest: a bag that was opened is known again. */
static bool
was_opened(struct opened *bag, bool mark, struct error *err)
{
	char hex[DIGEST_HEX], name[DIGEST_HEX + 8], path[FILE_PATH];

	digest_hex(&bag->digest, hex);
	snprintf(name, sizeof(name), "opened-%s", hex);
	if (!note_path(bag->context, name, path, err))
		return false;
	if (mark)
		return file_write(path, span_of_str("1"), 0600, err);
	return file_exists(path);
}

static bool
report_opened(struct opened *bag, const struct table *table, json_t *rows,
    const char *dir, const char *answer, bool proved, struct error *err)
{
	const struct waybill *waybill = bag->waybill;
	json_t *findings = json_array();
	char at[TIME_TEXT];

	for (size_t i = 0; i < bag->answer->num; i++)
		json_array_append_new(findings,
		    json_pack("{s:s, s:s}", "file",
			bag->answer->findings[i].path, "found",
			bag->answer->findings[i].what));
	if (bag->context->json)
		return output_json(
		    json_pack("{s:s, s:I, s:s, s:s, s:O, s:o, s:b, s:s, s:s}",
			"bag", bag->path, "number",
			(json_int_t)waybill->number, "from", waybill->from,
			"person", waybill->person, "documents", rows,
			"findings", findings, "proved", proved, "copy", dir,
			"acknowledgement", answer), err);
	json_decref(findings);
	time_format_at(waybill->dispatched_at, at);
	printf("bag %llu from %s, dispatched by %s at %s\n",
	    (unsigned long long)waybill->number, waybill->from,
	    waybill->person, at);
	output_digest("waybill      ", &bag->digest);
	table_print(table);
	for (size_t i = 0; i < bag->answer->num; i++)
		printf("%s: %s\n", bag->answer->findings[i].path,
		    bag->answer->findings[i].what);
	printf("%s in %s; the acknowledgement is %s: send it back\n",
	    bag->answer->num == 0 ? "all is there, and is" :
				    "what is good of it is",
	    dir, answer);
	return true;
}

static bool
run_open(struct opened *bag, const char *dir, const char *answer, bool again,
    struct error *err)
{
	static const char *const heading[] = { "DOCUMENT", "VERDICT", "TITLE" };
	struct table *table = table_new(3);
	json_t *rows = json_array();
	bool proved = true, ok;

	ok = table != NULL && table_add(table, heading);
	if (ok && was_opened(bag, false, err) && !again)
		ok = error_set(err, ERROR_CONFLICT,
		    "bag %llu from %s was opened before: --again opens it once"
		    " more", (unsigned long long)bag->waybill->number,
		    bag->waybill->from);
	ok = ok && take_checkpoint(bag, &proved, err);
	if (ok) {
		find_unexpected(bag);
		take_crls(bag);
		ok = take_copies(bag, dir, table, rows, err) &&
		    local_flush(dir, err) &&
		    write_answer(bag, answer, err) &&
		    was_opened(bag, true, err) &&
		    report_opened(bag, table, rows, dir, answer, proved, err);
	}
	if (ok && !proved)
		output_note("its journal cannot be proved to extend what you"
			    " have seen, size %llu: ask for a bag packed with"
			    " --known %llu",
		    (unsigned long long)bag->answer->size,
		    (unsigned long long)bag->answer->size);
	if (ok && bag->answer->num > 0) {
		bag->context->told = true;
		ok = error_set_code(err, ERROR_UNTRUSTED, "BAG_INCOMPLETE",
		    "%zu of its files are not as the waybill says; the first"
		    " is %s, %s", bag->answer->num,
		    bag->answer->findings[0].path,
		    bag->answer->findings[0].what);
	}
	table_free(table);
	json_decref(rows);
	return ok;
}

static bool
bag_open_command(struct context *context, int argc, char *argv[],
    struct error *err)
{
	static const struct option longs[] = {
		{ "into", required_argument, NULL, 'i' },
		{ "ack", required_argument, NULL, 'a' },
		{ "again", no_argument, NULL, 'n' },
		{ NULL, 0, NULL, 0 },
	};
	const char *into = NULL, *answer = NULL;
	char dir[FILE_PATH], path[FILE_PATH];
	struct opened bag;
	bool again = false, ok;
	int c;

	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1)
		switch (c) {
		case 'i':
			into = optarg;
			break;
		case 'a':
			answer = optarg;
			break;
		case 'n':
			again = true;
			break;
		default:
			return error_set(err, ERROR_USAGE,
			    "an unknown option (see --help)");
		}
	if (!arguments(argc, optind, 1, 1, "FILE", err) ||
	    !context_load(context, err) ||
	    !local_dir(context, into, dir, err))
		return false;
	snprintf(path, sizeof(path), "%s.ack", argv[optind]);
	ok = open_bag(context, argv[optind], &bag, err) &&
	    run_open(&bag, dir, answer != NULL ? answer : path, again, err);
	close_bag(&bag);
	return ok;
}

/* --- What comes back. --- */

static bool
run_ack(struct context *context, const char *file, struct error *err)
{
	struct container *zip = NULL;
	struct acknowledgement *answer = NULL;
	const struct member *yaml = NULL, *p7s = NULL;
	char name[POLICY_NAME + 8];
	struct session session;
	uint64_t index = 0;
	const int fd = open_file(file, err);
	bool ok;

	if (fd < 0)
		return false;
	if ((zip = container_read_files(fd, err)) != NULL) {
		yaml = container_find(zip, PATH_ACKNOWLEDGEMENT);
		p7s = container_find(zip, PATH_ACKNOWLEDGEMENT_P7S);
	}
	ok = zip != NULL &&
	    ((yaml != NULL && p7s != NULL) ||
		error_set(err, ERROR_MALFORMED, "%s: no acknowledgement",
		    file)) &&
	    (answer = acknowledgement_parse(member_bytes(yaml), err)) !=
		NULL &&
	    session_open(context, &session, err);
	if (ok) {
		ok = hand_in(&session, PATH_ACKNOWLEDGEMENT,
		    member_bytes(yaml), PATH_ACKNOWLEDGEMENT_P7S,
		    member_bytes(p7s), &index, err);
		session_close(&session);
	}
	/* The daemon judged it: so far has its addressee seen. */
	snprintf(name, sizeof(name), "known-%s", ok ? answer->from : "");
	ok = ok && keep_number(context, name, answer->size, err);
	if (ok && context->json)
		ok = output_json(json_pack("{s:I, s:s, s:I, s:I}", "number",
				     (json_int_t)answer->number, "from",
				     answer->from, "findings",
				     (json_int_t)answer->num, "entry",
				     (json_int_t)index),
		    err);
	else if (ok)
		printf("%s acknowledges bag %llu, %s: entry %llu of the"
		       " journal\n", answer->from,
		    (unsigned long long)answer->number,
		    answer->num == 0 ? "which came whole" :
				       "of which not all came well",
		    (unsigned long long)index);
	free(answer);
	container_free(zip);
	close(fd);
	return ok;
}

/* A deposit or signature, in the name of who signed the waybill. */
static bool
send_on(struct session *session, struct opened *bag,
    const struct waybill_file *listed, bool is_deposit, struct error *err)
{
	char path[700], base[512], hex[DIGEST_HEX];
	static struct entry entry;
	struct remote_request request = { .path = path,
		.method = is_deposit ? "PUT" : "POST",
		.body_len = listed->size,
		.file_fd = -1 };
	struct remote_answer answer = { .body = BUF(0) };
	uint64_t index = 0;
	bool ok;

	if ((request.body_fd = take_file(bag, listed)) < 0)
		return error_set_code(err, ERROR_UNTRUSTED, "BAG_INCOMPLETE",
		    "%s is missing or altered", listed->path);
	digest_hex(&bag->digest, hex);
	version_path(base, listed->document, listed->version);
	snprintf(path, sizeof(path), "%s%s?bag=%s", base,
	    is_deposit ? "" : "/signatures", hex);
	ok = remote_do(session->remote, &request, &answer, err) &&
	    session_check_receipt(session, buf_span(&answer.body), &entry,
		&index, err);
	if (ok && !session->context->json)
		printf("%s %s@%u for %s, entry %llu\n",
		    is_deposit ? "deposited" : "signed", listed->document,
		    listed->version, bag->waybill->person,
		    (unsigned long long)index);
	remote_answer_free(&answer);
	close(request.body_fd);
	return ok || error_context(err, "%s@%u", listed->document,
			 listed->version);
}

static bool
run_push(struct context *context, const char *file, struct error *err)
{
	struct session session;
	struct opened bag;
	uint64_t index = 0;
	unsigned sent = 0;
	bool ok;

	ok = open_bag(context, file, &bag, err) &&
	    session_open(context, &session, err);
	if (!ok) {
		close_bag(&bag);
		return false;
	}
	ok = hand_in(&session, PATH_WAYBILL, buf_span(&bag.yaml),
	    PATH_WAYBILL_SIGNATURE, buf_span(&bag.p7s), &index, err);
	for (size_t i = 0; ok && i < bag.waybill->num; i++) {
		const struct waybill_file *listed = &bag.waybill->files[i];
		const bool deposit = strncmp(listed->path, BAG_DEPOSITS,
					 strlen(BAG_DEPOSITS)) == 0;

		if (!deposit && strncmp(listed->path, BAG_SIGNATURES,
				    strlen(BAG_SIGNATURES)) != 0)
			continue;
		ok = send_on(&session, &bag, listed, deposit, err);
		sent += ok;
	}
	if (ok && context->json)
		ok = output_json(json_pack("{s:I, s:s, s:i, s:I}", "number",
				     (json_int_t)bag.waybill->number, "from",
				     bag.waybill->from, "sent", (int)sent,
				     "entry", (json_int_t)index),
		    err);
	else if (ok)
		printf("bag %llu from %s: its waybill is entry %llu; %u"
		       " handed in\n",
		    (unsigned long long)bag.waybill->number,
		    bag.waybill->from, (unsigned long long)index, sent);
	session_close(&session);
	close_bag(&bag);
	return ok;
}

bool
cmd_bag(struct context *context, int argc, char *argv[], struct error *err)
{
	const char *what = argc > 1 ? argv[1] : "";

	if (strcmp(what, "pack") == 0)
		return bag_pack_command(context, argc - 1, argv + 1, err);
	if (strcmp(what, "open") == 0)
		return bag_open_command(context, argc - 1, argv + 1, err);
	if (argc != 3 ||
	    (strcmp(what, "ack") != 0 && strcmp(what, "push") != 0))
		return error_set(err, ERROR_USAGE,
		    "expected pack …, open FILE, ack FILE or push FILE (see"
		    " --help)");
	return context_load(context, err) &&
	    (strcmp(what, "ack") == 0 ? run_ack(context, argv[2], err) :
					run_push(context, argv[2], err));
}
