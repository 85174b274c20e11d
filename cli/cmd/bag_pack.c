/*
 * Packing a bag: copies for an office without a line, or what was made where
 * there is none.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bag/bag.h"
#include "base/outfile.h"
#include "base/text.h"
#include "base/time.h"
#include "cli/cmd/bag.h"
#include "cli/cmd/bag_sent.h"
#include "cli/cmd/packing.h"
#include "cli/commands.h"
#include "cli/local/local.h"
#include "client/lists.h"

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
		if (packing_add_file(pack, path, fd, span_of(NULL, 0), err) ==
		    NULL) {
			close(fd);
			return false;
		}
	}
	return true;
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

		ok = packing_add_file(pack, path, copy.fd, span_of(NULL, 0),
			 err) != NULL;
		if (ok) {
			describe(pack, it, &copy.verdict.digest);
			copy.fd = -1; /* it belongs to the bag now */
			ok = packing_note_prefix(pack, &copy, err) &&
			    add_crls(pack, &copy, err);
		}
	}
	copy_free(&copy);
	return ok;
}

/* Visit each document that has an act which is to go in, once. */
struct changed {
	struct packing *pack;
	const struct bags_sent *sent;
	struct document_names names;
};

/* An entry_visitor: add the document that the entry is about. */
static bool
visit_changed(void *arg, uint64_t index, const struct entry *entry,
    struct span line, struct error *err)
{
	struct changed *all = arg;
	char type[LIMIT_SLUG_BYTES + 1];

	(void)line;
	if (all->pack->since == PACK_SINCE_ACKNOWLEDGED &&
	    bags_sent_has(all->sent, all->pack->to, index))
		return true;
	document_type(entry->document, type);
	if (!policy_decide(all->pack->policy, all->pack->addressee, RIGHT_READ,
		type)
		 .allowed ||
	    !policy_decide(all->pack->policy, all->pack->from_office,
		RIGHT_READ, type)
		 .allowed)
		return true;
	/* One more than there is room for: packing that one says so. */
	return document_names_add(&all->names, entry->document,
	    LIMIT_BAG_FILES + 1, err);
}

static bool
add_changed(struct packing *pack, const struct bags_sent *sent,
    struct error *err)
{
	struct changed all = { .pack = pack, .sent = sent };
	struct entry_filter filter = { .act = FILTER_DOCUMENTS,
		.from = pack->from };
	bool ok;

	ok = session_entries(&pack->session, &filter, visit_changed, &all, err);
	for (size_t i = 0; ok && i < all.names.num; i++)
		ok = add_copy(pack, all.names.list[i], 0, err);
	free(all.names.list);
	return ok;
}

/*
 * Add what changed.  Where nothing is new since the last bag, but a bag is not
 * acknowledged, what was in that one goes in again: it may be lost.
 */
static bool
add_since(struct packing *pack, struct error *err)
{
	struct bags_sent sent = { 0 };
	char name[POLICY_NAME + 8];
	bool ok;

	snprintf(name, sizeof(name), "last-%s", pack->to);
	if (pack->since == PACK_SINCE_LAST)
		pack->from = bag_kept_number(pack->context, name);
	ok =
	    bags_sent_load(&pack->session, pack->from_office->name, &sent, err);
	if (ok) {
		pack->unacknowledged = bags_sent_open(&sent, pack->to);
		ok = add_changed(pack, &sent, err);
	}
	if (ok && pack->num == 0 && pack->since == PACK_SINCE_LAST &&
	    pack->unacknowledged > 0) {
		pack->since = PACK_SINCE_ACKNOWLEDGED;
		pack->from = 0;
		ok = add_changed(pack, &sent, err);
	}
	bags_sent_free(&sent);
	return ok;
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
		if (packing_add_unlisted(pack, pack->slips->members[i].path, -1,
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
	return packing_add_unlisted(pack, PATH_BAG_LIST, -1,
		   buf_span(&pack->list), err) != NULL;
}

/* The waybill is signed last, and stands first in the bag. */
static bool
sign_waybill(struct packing *pack, struct error *err)
{
	pack->waybill->number = bag_kept_number(pack->context, "number") + 1;
	pack->waybill->dispatched_at = time_now_ms() / 1000;
	text_set(pack->waybill->from, sizeof(pack->waybill->from),
	    pack->from_office->name);
	text_set(pack->waybill->person, sizeof(pack->waybill->person),
	    pack->signer.cert->email);
	return text_take(pack->waybill->to, sizeof(pack->waybill->to), pack->to,
		   err) &&
	    waybill_encode(pack->waybill, &pack->yaml, err) &&
	    cades_sign(&pack->signer, buf_span(&pack->yaml), COMMITMENT_ORIGIN,
		pack->waybill->dispatched_at, &pack->p7s, err);
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
	return ok &&
	    bag_pack(pack->files, pack->num, recipients, 1, pack->output.fd,
		err);
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
	uint64_t bytes = 0;

	for (size_t i = 0; i < waybill->num; i++) {
		if (waybill->files[i].document[0] == '\0')
			continue;
		documents++;
		bytes += waybill->files[i].size;
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
		return output_json(
		    json_pack("{s:s, s:I, s:s, s:o, s:o, s:o, s:I}", "bag",
			pack->path, "number", (json_int_t)waybill->number, "to",
			waybill->to, "waybill", json_of_digest(&digest),
			"files", files, "entry",
			entry != UINT64_MAX ? json_integer((json_int_t)entry)
					    : json_null(),
			"unacknowledged", (json_int_t)pack->unacknowledged),
		    err);
	json_decref(files);
	printf("packed %s: bag %llu to %s, %u document%s\n", pack->path,
	    (unsigned long long)waybill->number, waybill->to, documents,
	    documents == 1 ? "" : "s");
	if (pack->unacknowledged > 0)
		printf("%zu earlier bag%s to %s %s not acknowledged (valise bag"
		       " list)%s, %llu KiB in all\n",
		    pack->unacknowledged, pack->unacknowledged == 1 ? "" : "s",
		    waybill->to, pack->unacknowledged == 1 ? "is" : "are",
		    pack->since == PACK_SINCE_LAST
			? ": what was in them is not in this one"
			: ": what was in them is in this one again",
		    (unsigned long long)((bytes + 1023) / 1024));
	output_digest("waybill      ", &digest);
	if (entry != UINT64_MAX)
		printf("dispatched: entry %llu of the journal\n",
		    (unsigned long long)entry);
	else
		puts("It is not in the journal yet: whoever receives it hands"
		     " its waybill in (valise bag push).");
	return true;
}

/* Without a version it is the newest, a draft too: the addressee may sign. */
static bool
parse_name(const char *text, char document[DOCUMENT_NAME], unsigned *version,
    struct error *err)
{
	if (!document_parse_which(text, document, version, err))
		return false;
	if (*version == DOCUMENT_PLAIN)
		*version = 0;
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

		ok = parse_name(argv[i], document, &version, err) &&
		    add_copy(pack, document, version, err);
	}
	if (ok && pack->since != PACK_NAMED)
		ok = add_since(pack, err);
	if (ok && pack->online)
		ok = packing_add_checkpoint(pack, err);
	if (ok && pack->outbox)
		ok = packing_add_outbox(pack, OUTBOX_DEPOSIT, err) &&
		    packing_add_outbox(pack, OUTBOX_SIGNATURE, err);
	if (ok && pack->num == 0u + pack->online + (pack->prefixes.len > 0))
		ok = error_set(err, ERROR_NOT_FOUND,
		    "there is nothing to pack for %s", pack->to);
	return ok;
}

/* Refuse a name with those that there are. */
static bool
no_such_office(const struct packing *pack, struct error *err)
{
	struct buf names = BUF(sizeof(err->detail));
	struct error ignored = { 0 };

	for (size_t i = 0; i < pack->policy->num_offices; i++)
		if (!buf_printf(&names, &ignored, "%s%s", i > 0 ? ", " : "",
			pack->policy->offices[i].name))
			break;
	error_set(err, ERROR_USAGE, "there is no office \"%.60s\": %.*s",
	    pack->to, (int)names.len, (const char *)names.data);
	buf_free(&names);
	return false;
}

/*
 * Find who signs, this office, the addressee and its certificate to encrypt to,
 * and check them.
 */
static bool
prepare(struct packing *pack, struct error *err)
{
	const struct verdict_library library = context_library(pack->context);
	struct trust_result trust;
	struct cert *cert = NULL;

	if (!signing_load(pack->context, &pack->signer, err) ||
	    (pack->policy = policies_pinned(pack->context, err)) == NULL ||
	    (pack->from_office = policies_own_office(pack->context,
		 pack->policy, &cert, err)) == NULL)
		return false;
	cert_free(cert);
	pack->addressee = policy_office(pack->policy, pack->to);
	if (pack->addressee == NULL)
		return no_such_office(pack, err);
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
	bool ok;

	if (!prepare(pack, err))
		return false;
	/* Acts that were made without a line can be packed without one. */
	pack->online = argc > 0 || pack->since != PACK_NAMED;
	if (pack->online && !session_open(pack->context, &pack->session, err))
		return false;
	/* Changes from now on belong to the next bag. */
	pack->size = pack->online ? pack->session.seen.size : 0;
	ok = pack_contents(pack, argc, argv, err) && list_slips(pack, err) &&
	    sign_waybill(pack, err) && write_bag(pack, err);
	ok = ok &&
	    bag_keep_number(pack->context, "number", pack->waybill->number,
		err);
	if (ok && pack->online)
		ok = bag_hand_in_waybill(&pack->session, pack->waybill,
		    buf_span(&pack->yaml), buf_span(&pack->p7s), pack->slips,
		    &entry, err);
	/* A bag of which the daemon was not told is worth nothing. */
	ok = ok && local_finish(&pack->output, pack->path, err);
	snprintf(last, sizeof(last), "last-%s", pack->to);
	if (ok && pack->since != PACK_NAMED) {
		const struct digest waybill = sha256_of(buf_span(&pack->yaml));

		ok = bags_sent_keep(pack->context, &waybill, pack->from,
			 pack->size, err) &&
		    bag_keep_number(pack->context, last, pack->size, err);
	}
	ok = ok && report_packed(pack, entry, err);
	if (pack->online)
		session_close(&pack->session);
	return ok;
}

/* Check the names before the daemon is asked for the first document. */
static bool
check_names(int argc, char *argv[], struct error *err)
{
	char document[DOCUMENT_NAME];
	unsigned version;

	for (int i = 0; i < argc; i++)
		if (!parse_name(argv[i], document, &version, err))
			return false;
	return true;
}

/* Read the options. False if they do not say what to pack. */
static bool
read_options(const struct options_given *given, struct packing *out,
    struct error *err)
{
	const char *known = options_value(given, OPTION_KNOWN);
	const unsigned ways = 0u + options_has(given, OPTION_SINCE_LAST) +
	    options_has(given, OPTION_SINCE_ACKNOWLEDGED) +
	    options_has(given, OPTION_ALL);
	bool copies;

	out->path = options_value(given, OPTION_OUTPUT);
	out->to = options_value(given, OPTION_TO);
	out->outbox = options_has(given, OPTION_OUTBOX);
	if (ways > 1)
		return error_set(err, ERROR_USAGE,
		    "--since-last, --since-acknowledged and --all: only one of"
		    " these");
	/* What nobody has acknowledged is what a bag is for. */
	if (options_has(given, OPTION_SINCE_LAST))
		out->since = PACK_SINCE_LAST;
	else if (options_has(given, OPTION_ALL))
		out->since = PACK_ALL;
	else if (ways == 1 || (given->num_operands == 0 && !out->outbox))
		out->since = PACK_SINCE_ACKNOWLEDGED;
	copies = given->num_operands > 0 || out->since != PACK_NAMED;
	out->has_known = known != NULL;
	if (known != NULL && !span_to_u64(span_of_str(known), &out->known))
		return error_set(err, ERROR_USAGE,
		    "--known needs the size of a journal");
	if (known != NULL && !copies)
		return error_set(err, ERROR_USAGE,
		    "--known is for copies, and not for --outbox alone");
	return (!copies ||
		   arguments_need_line(out->context, "packing copies", err)) &&
	    check_names(given->num_operands, given->operands, err);
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
	    local_begin(context, pack->path, NULL, &pack->output, err);
	if (ok) {
		ok = local_spare_file(&pack->output,
			 options_has(given, OPTION_FORCE), err) &&
		    run_pack(pack, given->num_operands, given->operands, err);
		outfile_drop(&pack->output);
	}
	packing_free(pack);
	free(pack);
	return ok;
}
