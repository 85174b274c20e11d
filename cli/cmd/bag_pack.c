/*
 * Packing a bag: copies for an office without a line, or what was made where
 * there is none.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/rand.h>

#include "bag/bag.h"
#include "base/list.h"
#include "base/outfile.h"
#include "base/text.h"
#include "base/time.h"
#include "cli/cmd/bag.h"
#include "cli/commands.h"
#include "client/lists.h"

/* This size stands for the newest checkpoint. */
#define NEWEST UINT64_MAX

struct packing {
	struct context *context;
	const char *path, *to;
	struct outfile output;
	bool since_last, outbox;
	uint64_t known; /* the size that the addressee has seen */
	bool has_known;
	struct session session;
	bool online;
	struct policy *policy;
	const struct office *from, *addressee;
	struct cert *recipient; /* the addressee's certificate, to encrypt to */
	struct waybill *waybill;
	struct bag_file *files;
	size_t num;
	/* Deposits and signatures, and their slips by PATH_SLIP. */
	struct slip acts[LIMIT_SLIPS];
	size_t num_acts;
	struct container *slips;
	struct buf checkpoint, prefixes, yaml, p7s, list;
	/* The checkpoints that the copies' receipts lead to, each once. */
	struct checkpoint *at;
	size_t num_at;
	uint64_t size; /* the size of the journal when it was packed */
};

/* Put a file into the bag. What lists it says that it belongs there. */
static struct bag_file *
add_unlisted(struct packing *pack, const char *path, int fd, struct span bytes,
    struct error *err)
{
	struct bag_file *file = &pack->files[pack->num];
	struct stat st;

	if (pack->num == LIMIT_BAG_FILES) {
		error_set(err, ERROR_LIMIT,
		    "a bag has at most %d files: pack two", LIMIT_BAG_FILES);
		return NULL;
	}
	*file =
	    (struct bag_file){ .fd = fd, .bytes = bytes, .size = bytes.len };
	text_set(file->path, sizeof(file->path), path);
	if (fd >= 0 && fstat(fd, &st) == 0)
		file->size = (uint64_t)st.st_size;
	if (!bag_measure(file, err))
		return NULL;
	pack->num++;
	return file;
}

static struct bag_file *
add_file(struct packing *pack, const char *path, int fd, struct span bytes,
    struct error *err)
{
	struct bag_file *file = add_unlisted(pack, path, fd, bytes, err);
	struct waybill_file *listed;

	if (file == NULL ||
	    (listed = waybill_add_file(pack->waybill, err)) == NULL)
		return NULL;
	text_set(listed->path, sizeof(listed->path), path);
	listed->size = file->size;
	listed->sha256 = file->sha256;
	return file;
}

static void
describe(struct packing *pack, const struct version *version,
    const struct digest *digest)
{
	struct waybill_file *listed =
	    &pack->waybill->files[pack->waybill->num - 1];

	text_set(listed->document, sizeof(listed->document), version->document);
	listed->version = version->number;
	listed->digest = *digest;
	text_set(listed->title, sizeof(listed->title),
	    version_title(version, "en"));
}

/* Add the revocation lists by which a copy's acts were judged. */
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
		/*
		 * If it cannot be had, the addressee's verdict says what is
		 * missing.
		 */
		if ((fd = open(file, O_RDONLY | O_CLOEXEC)) < 0)
			continue;
		if (add_file(pack, path, fd, span_of(NULL, 0), err) == NULL) {
			close(fd);
			return false;
		}
	}
	return true;
}

/* Note the checkpoint of its receipts, which the bag is to prove. */
static bool
note_prefix(struct packing *pack, const struct copy *copy, struct error *err)
{
	struct buf note = BUF(LIMIT_NOTE_FILE);
	struct checkpoint at, *noted;
	bool ok, known = false;

	ok = copy_note(copy->container, &note, err) &&
	    note_open(buf_span(&note), &pack->context->journal, &at, err);
	buf_free(&note);
	for (size_t i = 0; ok && i < pack->num_at; i++)
		known = known || pack->at[i].size == at.size;
	if (!ok || known)
		return ok;
	noted = list_add(&pack->at, &pack->num_at, sizeof(*pack->at),
	    LIMIT_BAG_FILES, "checkpoints", err);
	if (noted != NULL)
		*noted = at;
	return noted != NULL;
}

/*
 * Fetch a copy, check that its addressee may read it, and put it into the bag.
 */
static bool
add_copy(struct packing *pack, const char *document, unsigned version,
    struct error *err)
{
	char type[LIMIT_SLUG_BYTES + 1], path[LIMIT_PATH_BYTES + 1];
	struct decision decision;
	struct copy copy;
	bool ok;

	document_type(document, type);
	decision =
	    policy_decide(pack->policy, pack->addressee, RIGHT_READ, type);
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
	if (ok)
		bag_file_name(BAG_COPIES, copy.verdict.version->document,
		    copy.verdict.version->number, ".asice", path);
	/* A document may be both named and new since the last bag. */
	if (ok && waybill_find(pack->waybill, path) == NULL) {
		const struct version *it = copy.verdict.version;

		ok = add_file(pack, path, copy.fd, span_of(NULL, 0), err) !=
		    NULL;
		if (ok) {
			describe(pack, it, &copy.verdict.digest);
			copy.fd = -1; /* it belongs to the bag now */
			ok = note_prefix(pack, &copy, err) &&
			    add_crls(pack, &copy, err);
		}
	}
	copy_free(&copy);
	return ok;
}

/* Visit each document that had an act since the last bag, once. */
struct changed {
	struct packing *pack;
	char (*names)[DOCUMENT_NAME];
	size_t num;
};

/* An entry_visitor: add the document that the entry is about. */
static bool
visit_changed(void *arg, uint64_t index, const struct entry *entry,
    struct span line, struct error *err)
{
	struct changed *all = arg;
	char type[LIMIT_SLUG_BYTES + 1];
	void *more;

	(void)index, (void)line;
	document_type(entry->document, type);
	if (!policy_decide(all->pack->policy, all->pack->addressee, RIGHT_READ,
		type)
		 .allowed ||
	    !policy_decide(all->pack->policy, all->pack->from, RIGHT_READ, type)
		 .allowed)
		return true;
	for (size_t i = 0; i < all->num; i++)
		if (strcmp(all->names[i], entry->document) == 0)
			return true;
	more = realloc(all->names, (all->num + 1) * sizeof(all->names[0]));
	if (more == NULL)
		return error_set_errno(err, "bag");
	all->names = more;
	text_set(all->names[all->num++], DOCUMENT_NAME, entry->document);
	return true;
}

static bool
add_changed(struct packing *pack, struct error *err)
{
	struct changed all = { .pack = pack };
	struct entry_filter filter = { .act = FILTER_DOCUMENTS };
	char name[POLICY_NAME + 8];
	bool ok;

	snprintf(name, sizeof(name), "last-%s", pack->to);
	filter.from = bag_kept_number(pack->context, name);
	ok = session_entries(&pack->session, &filter, visit_changed, &all, err);
	for (size_t i = 0; ok && i < all.num; i++)
		ok = add_copy(pack, all.names[i], 0, err);
	free(all.names);
	return ok;
}

/* Fill in an act's slip from the very bytes that are handed in. */
static bool
read_act(const struct packing *pack, const struct outbox_act *act,
    struct slip *out, struct error *err)
{
	const bool deposit = act->kind == OUTBOX_DEPOSIT;
	struct container *zip = deposit
	    ? container_read(act->lock, err)
	    : container_read_files_to_judge(act->lock, err);
	struct sent sent = { .version = 0 };
	bool ok;

	*out = (struct slip){ .is_deposit = deposit,
		.version = act->version,
		.onto = act->onto ? act->version - 1 : 0 };
	text_set(out->document, sizeof(out->document), act->document);
	ok = zip != NULL && sent_read(pack->context->certs, zip, &sent, err) &&
	    (RAND_bytes(out->salt, sizeof(out->salt)) == 1 ||
		error_set_openssl(err, ERROR_SYSTEM, "random bytes"));
	out->digest = sent.digest;
	out->signature = sent.signature;
	container_free(zip);
	return ok || error_context(err, "%s", act->path);
}

/* The slip goes into the bag; the waybill lists only its SHA-256. */
static bool
add_slip(struct packing *pack, const struct slip *slip, struct error *err)
{
	struct buf text = BUF(LIMIT_SLIP_BYTES);
	char path[LIMIT_PATH_BYTES + 1], hex[DIGEST_HEX];
	struct digest digest;
	bool ok = slip_encode(slip, &text, err);

	digest = sha256_of(buf_span(&text));
	digest_hex(&digest, hex);
	snprintf(path, sizeof(path), PATH_SLIP, hex);
	ok = ok && container_put(pack->slips, path, buf_span(&text), err);
	pack->waybill->slips[pack->waybill->num_slips++] = digest;
	buf_free(&text);
	return ok;
}

/*
 * The act's lock goes with the file, so that no other command sends it
 * meanwhile.
 */
static bool
add_act(struct packing *pack, struct outbox_act *act, struct error *err)
{
	struct slip *slip = &pack->acts[pack->num_acts];
	char path[LIMIT_PATH_BYTES + 1], other[LIMIT_PATH_BYTES + 1];
	const struct bag_file *file;

	if (pack->num_acts == LIMIT_SLIPS)
		return error_set(err, ERROR_LIMIT,
		    "a bag has at most %d deposits and signatures: pack two",
		    LIMIT_SLIPS);
	if (!read_act(pack, act, slip, err))
		return false;
	bag_slip_path(slip, path);
	for (size_t i = 0; i < pack->num_acts; i++) {
		bag_slip_path(&pack->acts[i], other);
		if (strcmp(path, other) != 0)
			continue;
		output_note("%s: another of that name is in the bag: it stays"
			    " in the outbox",
		    act->path);
		return true;
	}
	file = add_unlisted(pack, path, act->lock, span_of(NULL, 0), err);
	if (file == NULL)
		return false;
	act->lock = -1; /* it belongs to the bag now */
	slip->body = file->sha256;
	pack->num_acts++;
	return add_slip(pack, slip, err);
}

/* Pack the acts that were made here and not sent. */
static bool
add_outbox(struct packing *pack, enum outbox_kind kind, struct error *err)
{
	struct outbox_list list;
	bool ok = outbox_all(pack->context, kind, NULL, &list, err);

	for (size_t i = 0; ok && i < list.num; i++) {
		if (!outbox_take(&list.list[i]))
			continue;
		ok = add_act(pack, &list.list[i], err);
		outbox_release(&list.list[i]);
	}
	free(list.list);
	return ok;
}

/*
 * Ask for the proof from a size to a checkpoint of this one, with its note.
 * ERROR_NOT_FOUND if that checkpoint is gone.
 */
static bool
ask_extension(struct packing *pack, uint64_t from, uint64_t at, struct buf *out,
    struct merkle_proof *proof, struct span *note, struct error *err)
{
	char path[96];
	uint64_t old;
	int len;

	len = snprintf(path, sizeof(path), "/v1/journal/checkpoint?old=%llu",
	    (unsigned long long)from);
	if (at != NEWEST)
		snprintf(path + len, sizeof(path) - (size_t)len, "&at=%llu",
		    (unsigned long long)at);
	return session_get(&pack->session, path, out, err) &&
	    seen_parse_extension(buf_span(out), &old, proof, note, err) &&
	    (old == from ||
		error_set(err, ERROR_MALFORMED,
		    "the daemon's proof is not the one asked for"));
}

/*
 * Ask for the proof from the size that the addressee has seen to this one, or
 * to the newest if its checkpoint is gone. Prove that what goes into the bag is
 * of our own history.
 */
static bool
ask_proof(struct packing *pack, uint64_t size, struct error *err)
{
	struct merkle_proof proof;
	struct span note;
	bool ok;

	ok = ask_extension(pack, pack->known, size, &pack->checkpoint, &proof,
	    &note, err);
	if (!ok && err->kind == ERROR_NOT_FOUND) {
		*err = (struct error){ 0 };
		ok = ask_extension(pack, pack->known, NEWEST, &pack->checkpoint,
		    &proof, &note, err);
	}
	return ok && session_follow(&pack->session, note, err);
}

/* Add the proof that the bag's checkpoint extends that of a copy. */
static bool
add_prefix(struct packing *pack, const struct checkpoint *at,
    const struct checkpoint *bag, struct error *err)
{
	struct buf body = BUF(LIMIT_NOTE_FILE);
	struct merkle_proof proof;
	struct span note;
	bool ok;

	ok =
	    ask_extension(pack, at->size, bag->size, &body, &proof, &note, err);
	/*
	 * That checkpoint is gone: the addressee's next connection proves it.
	 */
	if (!ok && err->kind == ERROR_NOT_FOUND) {
		*err = (struct error){ 0 };
		buf_free(&body);
		return true;
	}
	ok = ok &&
	    (merkle_verify_consistency(at->size, bag->size, &at->root,
		 &bag->root, &proof) ||
		error_set(err, ERROR_MALFORMED,
		    "the daemon's proof is not the one asked for")) &&
	    buf_append(&pack->prefixes,
		span_sub(buf_span(&body), 0, body.len - note.len), err);
	buf_free(&body);
	return ok;
}

/*
 * Add the proofs with which the addressee can prove each copy without a line.
 */
static bool
add_prefixes(struct packing *pack, struct error *err)
{
	struct merkle_proof proof;
	struct checkpoint bag;
	struct span note;
	uint64_t old;
	bool ok;

	ok = seen_parse_extension(buf_span(&pack->checkpoint), &old, &proof,
		 &note, err) &&
	    note_open(note, &pack->context->journal, &bag, err);
	for (size_t i = 0; ok && i < pack->num_at; i++)
		if (pack->at[i].size < bag.size)
			ok = add_prefix(pack, &pack->at[i], &bag, err);
	return ok &&
	    (pack->prefixes.len == 0 ||
		add_file(pack, PATH_BAG_PREFIXES, -1, buf_span(&pack->prefixes),
		    err) != NULL);
}

/*
 * Add the checkpoint, proved to extend what the addressee has seen, and the
 * proofs from the copies' checkpoints.
 */
static bool
add_checkpoint(struct packing *pack, struct error *err)
{
	char name[POLICY_NAME + 8];

	snprintf(name, sizeof(name), "known-%s", pack->to);
	if (!pack->has_known)
		pack->known = bag_kept_number(pack->context, name);
	if (pack->known > pack->session.seen.size && pack->has_known)
		return error_set(err, ERROR_USAGE,
		    "--known %llu: the journal has %llu entries",
		    (unsigned long long)pack->known,
		    (unsigned long long)pack->session.seen.size);
	if (pack->known > pack->session.seen.size)
		return error_set(err, ERROR_CONFLICT,
		    "%s acknowledged a journal of %llu entries, and the"
		    " daemon's has %llu: say with --known SIZE what it has"
		    " seen of this one",
		    pack->to, (unsigned long long)pack->known,
		    (unsigned long long)pack->session.seen.size);
	return ask_proof(pack, pack->session.seen.size, err) &&
	    add_file(pack, PATH_BAG_CHECKPOINT, -1, buf_span(&pack->checkpoint),
		err) != NULL &&
	    add_prefixes(pack, err);
}

static int
compare_slips(const void *a, const void *b)
{
	const struct digest *x = a, *y = b;

	return memcmp(x->bytes, y->bytes, sizeof(x->bytes));
}

/*
 * A waybill that lists slips goes into copies, which other readers see. So the
 * bag's other files are listed by list.yaml, which stays in the bag.
 */
static bool
list_slips(struct packing *pack, struct error *err)
{
	struct waybill *waybill = pack->waybill;

	for (size_t i = 0; i < pack->slips->num; i++)
		if (add_unlisted(pack, pack->slips->members[i].path, -1,
			member_bytes(&pack->slips->members[i]), err) == NULL)
			return false;
	if (waybill->num_slips > 0)
		qsort(waybill->slips, waybill->num_slips,
		    sizeof(waybill->slips[0]), compare_slips);
	if (waybill->num_slips == 0 || waybill->num == 0)
		return true;
	if (!waybill_encode_list(waybill, &pack->list, err))
		return false;
	waybill->list = sha256_of(buf_span(&pack->list));
	return add_unlisted(pack, PATH_BAG_LIST, -1, buf_span(&pack->list),
		   err) != NULL;
}

/* The waybill is signed last, and stands first in the bag. */
static bool
sign_waybill(struct packing *pack, struct error *err)
{
	struct identity signer = { NULL };
	bool ok;

	pack->waybill->number = bag_kept_number(pack->context, "number") + 1;
	pack->waybill->dispatched_at = time_now_ms() / 1000;
	text_set(pack->waybill->from, sizeof(pack->waybill->from),
	    pack->from->name);
	ok = text_take(pack->waybill->to, sizeof(pack->waybill->to), pack->to,
		 err) &&
	    signing_load(pack->context, &signer, err);
	if (ok)
		text_set(pack->waybill->person, sizeof(pack->waybill->person),
		    signer.cert->email);
	ok = ok && waybill_encode(pack->waybill, &pack->yaml, err) &&
	    cades_sign(&signer, buf_span(&pack->yaml), COMMITMENT_ORIGIN,
		pack->waybill->dispatched_at, &pack->p7s, err);
	identity_free(&signer);
	return ok;
}

/*
 * Write it beside its place. It is moved there once its dispatch is in the
 * journal.
 */
static bool
write_bag(struct packing *pack, struct error *err)
{
	struct cert *recipients[1] = { pack->recipient };
	struct bag_file first[2] = { { PATH_WAYBILL, -1, buf_span(&pack->yaml),
					 0, 0, { { 0 } } },
		{ PATH_WAYBILL_SIGNATURE, -1, buf_span(&pack->p7s), 0, 0,
		    { { 0 } } } };
	bool ok = true;

	/* Add the waybill and its signature, which the waybill cannot list. */
	memmove(pack->files + 2, pack->files, pack->num * sizeof(*pack->files));
	for (size_t i = 0; ok && i < 2; i++) {
		first[i].size = first[i].bytes.len;
		ok = bag_measure(&first[i], err);
		pack->files[i] = first[i];
	}
	pack->num += 2;
	if (!ok ||
	    !outfile_open(&pack->output, pack->path, pack->context->state, err))
		return false;
	ok = bag_pack(pack->files, pack->num, recipients, 1, pack->output.fd,
	    err);
	if (!ok)
		outfile_drop(&pack->output);
	return ok;
}

static void
tell_file(json_t *files, const char *path, const char *document,
    unsigned version)
{
	json_array_append_new(files,
	    json_pack("{s:s, s:s, s:i}", "file", path, "document", document,
		"version", (int)version));
}

/* Print what was packed, and the entry of its dispatch. */
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
		tell_file(files, waybill->files[i].path,
		    waybill->files[i].document, waybill->files[i].version);
	}
	for (size_t i = 0; i < pack->num_acts; i++) {
		char path[LIMIT_PATH_BYTES + 1];

		documents++;
		bag_slip_path(&pack->acts[i], path);
		tell_file(files, path, pack->acts[i].document,
		    pack->acts[i].version);
	}
	if (pack->context->json)
		return output_json(json_pack("{s:s, s:I, s:s, s:o, s:o, s:o}",
				       "bag", pack->path, "number",
				       (json_int_t)waybill->number, "to",
				       waybill->to, "waybill",
				       json_of_digest(&digest), "files", files,
				       "entry",
				       entry != UINT64_MAX
					   ? json_integer((json_int_t)entry)
					   : json_null()),
		    err);
	json_decref(files);
	printf("packed %s: bag %llu to %s, %u document%s\n", pack->path,
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

/* Put everything that was asked for into the bag. */
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
	if (ok && pack->num == 0u + pack->online + (pack->prefixes.len > 0))
		ok = error_set(err, ERROR_NOT_FOUND,
		    "there is nothing to pack for %s", pack->to);
	return ok;
}

/*
 * Find this office, the addressee and its certificate to encrypt to, and check
 * them.
 */
static bool
prepare(struct packing *pack, struct error *err)
{
	const struct verdict_library library = context_library(pack->context);
	struct trust_result trust;
	struct cert *cert = NULL;

	if ((pack->policy = policies_pinned(pack->context, err)) == NULL ||
	    (pack->from = policies_own_office(pack->context, pack->policy,
		 &cert, err)) == NULL)
		return false;
	cert_free(cert);
	pack->addressee = policy_office(pack->policy, pack->to);
	if (pack->addressee == NULL)
		return error_set(err, ERROR_USAGE, "there is no office \"%s\"",
		    pack->to);
	pack->recipient = policy_encryption(pack->policy, pack->addressee, err);
	if (pack->recipient == NULL)
		return false;
	standing_judge(pack->policy->trust, lists_all(pack->context, &library),
	    pack->recipient, time_now_ms() / 1000, &trust);
	if (!standing_is_good(&trust))
		return error_set(err, ERROR_UNTRUSTED,
		    "%s's certificate to encrypt to: %s", pack->to, trust.text);
	pack->waybill = waybill_new(err);
	pack->files = calloc(LIMIT_BAG_FILES + 2, sizeof(*pack->files));
	pack->slips = container_new(err);
	return pack->slips != NULL && pack->waybill != NULL &&
	    (pack->files != NULL || error_set_errno(err, "bag"));
}

/* Pack a bag: contents, waybill, encryption, entry of its dispatch, file. */
static bool
run_pack(struct packing *pack, int argc, char *argv[], struct error *err)
{
	char last[POLICY_NAME + 8];
	uint64_t entry = UINT64_MAX;
	bool written, ok;

	if (!prepare(pack, err))
		return false;
	/* Acts that were made without a line can be packed without one. */
	pack->online = argc > 0 || pack->since_last;
	if (pack->online && !session_open(pack->context, &pack->session, err))
		return false;
	/* Changes from now on belong to the next bag. */
	pack->size = pack->online ? pack->session.seen.size : 0;
	ok = pack_contents(pack, argc, argv, err) && list_slips(pack, err) &&
	    sign_waybill(pack, err) && write_bag(pack, err);
	written = ok;
	ok = ok &&
	    bag_keep_number(pack->context, "number", pack->waybill->number,
		err);
	if (ok && pack->online)
		ok = bag_hand_in_waybill(&pack->session, pack->waybill,
		    buf_span(&pack->yaml), buf_span(&pack->p7s), pack->slips,
		    &entry, err);
	/* A bag of which the daemon was not told is worth nothing. */
	if (written && !ok)
		outfile_drop(&pack->output);
	ok = ok && outfile_finish(&pack->output, 0644, err);
	snprintf(last, sizeof(last), "last-%s", pack->to);
	if (ok && pack->since_last)
		ok = bag_keep_number(pack->context, last, pack->size, err);
	if (ok)
		output_aside(pack->path);
	ok = ok && report_packed(pack, entry, err);
	if (pack->online)
		session_close(&pack->session);
	return ok;
}

static void
packing_free(struct packing *pack)
{
	for (size_t i = 0; i < pack->num; i++)
		if (pack->files[i].fd >= 0)
			close(pack->files[i].fd);
	free(pack->files);
	waybill_free(pack->waybill);
	free(pack->at);
	cert_free(pack->recipient);
	buf_free(&pack->checkpoint);
	buf_free(&pack->prefixes);
	container_free(pack->slips);
	buf_free(&pack->list);
	buf_free(&pack->yaml);
	buf_free(&pack->p7s);
}

/* Check the names before the daemon is asked for the first document. */
static bool
check_names(int argc, char *argv[], struct error *err)
{
	char document[DOCUMENT_NAME];
	unsigned version;

	for (int i = 0; i < argc; i++)
		if (!document_parse(argv[i], document, &version, err))
			return false;
	return true;
}

/* Read the options. False if they do not say what to pack. */
static bool
read_options(const struct options_given *given, struct packing *out,
    struct error *err)
{
	const char *known = options_value(given, OPTION_KNOWN);
	const bool copies =
	    given->num_operands > 0 || options_has(given, OPTION_SINCE_LAST);

	out->path = options_value(given, OPTION_OUTPUT);
	out->to = options_value(given, OPTION_TO);
	out->since_last = options_has(given, OPTION_SINCE_LAST);
	out->outbox = options_has(given, OPTION_OUTBOX);
	out->has_known = known != NULL;
	if (known != NULL && !span_to_u64(span_of_str(known), &out->known))
		return error_set(err, ERROR_USAGE,
		    "--known needs the size of a journal");
	if (!copies && !out->outbox)
		return error_set(err, ERROR_USAGE,
		    "expected DOC…, --since-last or --outbox: what to pack"
		    " (see \"valise bag pack --help\")");
	if (known != NULL && !copies)
		return error_set(err, ERROR_USAGE,
		    "--known is for copies: DOC… or --since-last");
	return (!copies ||
		   arguments_need_line(out->context, "packing copies", err)) &&
	    check_names(given->num_operands, given->operands, err) &&
	    outfile_check(out->path, err);
}

bool
cmd_bag_pack(struct context *context, const struct options_given *given,
    struct error *err)
{
	struct packing *pack = calloc(1, sizeof(*pack)); /* large */
	bool ok;

	if (pack == NULL)
		return error_set_errno(err, "bag");
	pack->context = context;
	pack->checkpoint = BUF(LIMIT_NOTE_FILE);
	pack->prefixes = BUF(LIMIT_PREFIXES_BYTES);
	pack->yaml = BUF(LIMIT_WAYBILL_BYTES);
	pack->list = BUF(LIMIT_WAYBILL_BYTES);
	pack->p7s = BUF(LIMIT_SIGNATURE_BYTES);
	ok = read_options(given, pack, err) && context_load(context, err) &&
	    run_pack(pack, given->num_operands, given->operands, err);
	packing_free(pack);
	free(pack);
	return ok;
}
