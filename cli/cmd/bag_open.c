/*
 * "bag open": what a bag brings is judged, proved and placed, and answered.
 */
#include <string.h>
#include <unistd.h>

#include "bag/bag.h"
#include "base/outfile.h"
#include "base/text.h"
#include "base/time.h"
#include "cli/cmd/bag.h"
#include "cli/cmd/opened.h"
#include "cli/commands.h"
#include "cli/local/local.h"
#include "client/lists.h"

/* Keep the revocation lists first: the copies are judged by them. */
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
		if ((fd = opened_take(bag, listed)) < 0)
			continue;
		if (!digest_parse(span_of(listed->path + strlen(BAG_CRLS),
				      strcspn(listed->path + strlen(BAG_CRLS),
					  ".")),
			&digest) ||
		    !lists_keep(bag->context, fd, &digest, &why))
			opened_found(bag, listed->path, "not-crls");
		close(fd);
	}
}

/* Append the proof of a prefix in the form of add-checkpoint's body. */
static bool
prefix_body(const struct bag_papers *papers, struct buf *body,
    struct error *err)
{
	char hash[BASE64_SIZE(32)];
	bool ok = buf_printf(body, err, "old %llu\n",
	    (unsigned long long)papers->prefix);

	for (size_t i = 0; ok && i < papers->proof.num; i++) {
		base64_encode(digest_span(&papers->proof.hashes[i]), hash);
		ok = buf_printf(body, err, "%s\n", hash);
	}
	return ok && buf_append_u8(body, '\n', err) &&
	    buf_append(body, papers->note, err);
}

/* A seen_prover that answers from the proofs in the bag. */
static enum seen_reply
ask_bag(void *arg, uint64_t old, const char *at, struct buf *body,
    struct error *err)
{
	const struct bag_papers *papers = arg;
	char size[24];
	bool ok = false;

	snprintf(size, sizeof(size), "%llu", (unsigned long long)papers->size);
	if (at == NULL || strcmp(at, size) != 0 ||
	    (old != papers->old && (old != papers->prefix || old == 0)))
		error_set_code(err, ERROR_UNAVAILABLE, "NOT_PROVED",
		    "the bag has no proof from size %llu",
		    (unsigned long long)old);
	else if (old == papers->old)
		ok = buf_append(body, papers->text, err);
	else
		ok = prefix_body(papers, body, err);
	return ok ? SEEN_PROOF : SEEN_NO_LINE;
}

/*
 * Prove that a signed note is of one history with what was seen. What the bag
 * cannot prove is not kept: the next connection proves it.
 */
static bool
prove_note(struct opened *bag, struct span note, enum local_proof *proof,
    struct error *err)
{
	const struct seen_prover prover = { .ask = ask_bag,
		.arg = &bag->papers };

	*proof = LOCAL_PROVED;
	if (seen_advance(bag->seen, &prover, note, NULL, NULL, err))
		return true;
	if (err->kind != ERROR_UNAVAILABLE) {
		*proof = LOCAL_REFUTED;
		return false;
	}
	/* The note may be known already, or known to be of another history. */
	*err = (struct error){ 0 };
	if (seen_is_proved(bag->seen, note, err))
		return true;
	*proof =
	    err->kind == ERROR_UNAVAILABLE ? LOCAL_NOT_PROVED : LOCAL_REFUTED;
	if (*proof == LOCAL_REFUTED)
		return false;
	*err = (struct error){ 0 };
	return seen_defer(bag->seen, note, err);
}

/*
 * Set how far the journal of the bag goes, proved to extend what was seen here.
 */
static bool
take_checkpoint(struct opened *bag, bool *proved, struct error *err)
{
	const struct zip_member *member =
	    bag_member(bag->members, bag->num, PATH_BAG_CHECKPOINT);
	struct bag_papers *papers = &bag->papers;
	struct merkle_proof proof;
	enum local_proof it = LOCAL_PROVED;
	bool ok = true;

	if (member != NULL) {
		ok = bag_read(bag->inner, member, &bag->checkpoint, err) &&
		    seen_parse_extension(buf_span(&bag->checkpoint),
			&papers->old, &proof, &papers->note, err) &&
		    note_open(papers->note, &bag->context->journal,
			&papers->checkpoint, err);
		papers->text = buf_span(&bag->checkpoint);
		papers->size = ok ? papers->checkpoint.size : 0;
		ok = ok && prove_note(bag, papers->note, &it, err);
	}
	*proved = it == LOCAL_PROVED;
	bag->answer->size = seen_kept(bag->seen)->size;
	/* Without these proofs, the next connection proves the copies. */
	member = bag_member(bag->members, bag->num, PATH_BAG_PREFIXES);
	return ok &&
	    (member == NULL ||
		bag_read(bag->inner, member, &bag->prefixes, err));
}

/*
 * Find the proof that the bag's checkpoint extends the one of a copy. A proof
 * that fails accuses nobody: the packer of the bag wrote it.
 */
static void
find_prefix(struct opened *bag, const struct checkpoint *at)
{
	struct bag_papers *papers = &bag->papers;
	struct span rest = buf_span(&bag->prefixes), ignored;
	struct error none = { 0 };
	uint64_t size;

	papers->prefix = 0;
	while (rest.len > 0) {
		/*
		 * All receipts have the same note, which follows the last of
		 * them.
		 */
		if (!seen_parse_extension(rest, &size, &papers->proof, &ignored,
			&none))
			return;
		rest = ignored;
		if (size == at->size &&
		    merkle_verify_consistency(at->size, papers->checkpoint.size,
			&at->root, &papers->checkpoint.root, &papers->proof)) {
			papers->prefix = size;
			return;
		}
	}
}

/*
 * Get the note of the history that a copy's receipts lead to; all of them have
 * the same.
 */
static bool
prove_copy(struct opened *bag, const struct copy *copy, enum local_proof *proof,
    struct error *err)
{
	struct buf note = BUF(LIMIT_NOTE_FILE);
	struct checkpoint at;
	bool ok;

	*proof = LOCAL_NOT_PROVED;
	ok = copy_note(copy->container, &note, err) &&
	    note_open(buf_span(&note), &bag->context->journal, &at, err);
	if (ok) {
		find_prefix(bag, &at);
		ok = prove_note(bag, buf_span(&note), proof, err);
	}
	buf_free(&note);
	return ok;
}

/*
 * Put a copy into the local copy, or aside; *how gets what a person should know
 * of it.
 */
static bool
place_copy(struct opened *bag, const char *dir,
    const struct waybill_file *listed, const struct copy *copy, json_t *row,
    const char **how, struct error *err)
{
	static const char *const words[] = { [PLACED_SAME] = "same",
		[PLACED_NEW] = "new",
		[PLACED_LESS] = "older",
		[PLACED_OTHER] = "contradicts" };
	struct placing placing;
	enum local_proof proof;
	struct error why = { 0 };

	if (!prove_copy(bag, copy, &proof, &why) && proof != LOCAL_REFUTED) {
		*err = why;
		return false;
	}
	if (!local_place(bag->context, bag->seen, dir, copy, proof, &placing,
		err))
		return false;
	*how = placing.placed == PLACED_LESS ? "older than yours, which stays"
	    : placing.placed == PLACED_OTHER
	    ? "another than yours: both are kept"
	    : proof != LOCAL_PROVED ? "not proved"
				    : "";
	json_object_set_new(row, "proved", json_boolean(proof == LOCAL_PROVED));
	json_object_set_new(row, "placed", json_string(words[placing.placed]));
	if (placing.aside[0] != '\0')
		json_object_set_new(row, "aside", json_string(placing.aside));
	if (placing.placed != PLACED_OTHER) {
		context_remember_version(bag->context,
		    member_bytes(
			container_find(copy->container, PATH_VERSION)));
		if (proof == LOCAL_PROVED)
			local_keep_acts(bag->context, copy);
		return true;
	}
	opened_found(bag, listed->path, "contradicts");
	if (bag->other.kind == ERROR_NONE) {
		if (proof == LOCAL_REFUTED)
			bag->other = why;
		else
			local_contradicts(copy, &placing, &bag->other);
	}
	return true;
}

/* Returns what is wrong with a copy beside its verdict, or NULL. */
static const char *
fault_of(const struct waybill_file *listed, const struct copy *copy)
{
	const struct verdict *verdict = &copy->verdict;

	if (verdict->outcome != OUTCOME_VALID)
		return verdict->outcome == OUTCOME_INVALID ? "invalid"
							   : "indeterminate";
	return strcmp(verdict->version->document, listed->document) != 0 ||
		verdict->version->number != listed->version ||
		!digest_eq(&verdict->digest, &listed->digest)
	    ? "not-as-listed"
	    : NULL;
}

#define STATE_TEXT (AS_OF_TEXT + 80)

/* Get the status that a copy tells by itself, and as of when. */
static void
describe(const struct copy *copy, const char *how, json_t *row,
    char out[STATE_TEXT])
{
	const char *status = status_name(copy->verdict.status);
	char text[AS_OF_TEXT];
	struct as_of as_of;

	as_of_copy(&copy->verdict, &as_of);
	as_of_text(&as_of, text);
	snprintf(out, STATE_TEXT, "%s as of %s%s%s", status, text,
	    how[0] != '\0' ? ", " : "", how);
	json_object_set_new(row, "status", json_string(status));
	json_object_set_new(row, "as-of", as_of_json(&as_of));
}

/*
 * Judge a copy of the bag and place it. Its row is filled in; a fault is added
 * to the acknowledgement.
 */
static bool
take_copy(struct opened *bag, const char *dir,
    const struct waybill_file *listed, struct table *table, json_t *row,
    struct error *err)
{
	struct copy copy = { .fd = opened_take(bag, listed) };
	const char *what = "altered or missing", *how = "", *fault;
	char name[DOCUMENT_NAME + 16], state[STATE_TEXT] = "";
	struct error why = { 0 };
	bool ok = true;

	snprintf(name, sizeof(name), "%s@%u", listed->document,
	    listed->version);
	if (copy.fd >= 0) {
		copy.size = listed->size;
		copy.own_file = true;
		ok = copy_judge(bag->context, copy.fd, &copy, err);
		what = outcome_name(copy.verdict.outcome);
	}
	if (ok && copy.fd >= 0) {
		if ((fault = fault_of(listed, &copy)) != NULL)
			opened_found(bag, listed->path, fault);
		else
			ok =
			    place_copy(bag, dir, listed, &copy, row, &how, err);
		if (copy.verdict.outcome != OUTCOME_VALID &&
		    copy.verdict.num_findings > 0) {
			/*
			 * The first finding may be a warning, so the worst one
			 * is told.
			 */
			(void)verdict_error(&copy.verdict, &why);
			output_note("%s: %s", name, why.detail);
		}
	}
	if (ok && copy.verdict.outcome == OUTCOME_VALID)
		describe(&copy, how, row, state);
	json_object_set_new(row, "outcome", json_string(what));
	ok = ok &&
	    (table_add(table,
		 (const char *const[]){ name, what, listed->title, state }) ||
		error_set_errno(err, "table"));
	copy_free(&copy);
	return ok;
}

/* Take all copies that the waybill lists, a row of the table for each. */
static bool
take_copies(struct opened *bag, const char *dir, struct table *table,
    json_t *rows, struct error *err)
{
	for (size_t i = 0; i < bag->waybill->num; i++) {
		const struct waybill_file *listed = &bag->waybill->files[i];
		json_t *row;

		if (strncmp(listed->path, BAG_COPIES, strlen(BAG_COPIES)) != 0)
			continue;
		row = json_pack("{s:s, s:i, s:s}", "document", listed->document,
		    "version", (int)listed->version, "title", listed->title);
		json_array_append(rows, row);
		if (!take_copy(bag, dir, listed, table, row, err)) {
			json_decref(row);
			return false;
		}
		json_decref(row);
	}
	return true;
}

/*
 * Write the signed acknowledgement as a small ZIP, which may go back by any
 * way.
 */
static bool
write_answer(struct opened *bag, const char *path, struct outfile *output,
    struct error *err)
{
	struct container *zip = container_new(err);
	struct buf yaml = BUF(LIMIT_WAYBILL_BYTES),
		   p7s = BUF(LIMIT_SIGNATURE_BYTES);
	struct identity signer = { NULL };
	struct acknowledgement *answer = bag->answer;
	uint64_t size;
	bool ok;

	answer->waybill = bag->digest;
	answer->number = bag->waybill->number;
	answer->received_at = time_now_ms() / 1000;
	text_set(answer->from, sizeof(answer->from), bag->waybill->to);
	text_set(answer->to, sizeof(answer->to), bag->waybill->from);
	ok = zip != NULL && signing_load(bag->context, &signer, err);
	if (ok)
		text_set(answer->person, sizeof(answer->person),
		    signer.cert->email);
	ok = ok && acknowledgement_encode(answer, &yaml, err) &&
	    cades_sign(&signer, buf_span(&yaml), COMMITMENT_ORIGIN,
		answer->received_at, &p7s, err) &&
	    container_put(zip, PATH_ACKNOWLEDGEMENT, buf_span(&yaml), err) &&
	    container_put(zip, PATH_ACKNOWLEDGEMENT_P7S, buf_span(&p7s), err) &&
	    container_write(zip, output->fd, &size, err) &&
	    local_finish(output, path, err);
	identity_free(&signer);
	container_free(zip);
	buf_free(&yaml);
	buf_free(&p7s);
	return ok;
}

/* Is the file that is there an acknowledgement of this very bag? */
static bool
is_answer(const struct opened *bag, const char *path)
{
	struct error ignored = { 0 };
	struct acknowledgement *it = NULL;
	struct container *zip = NULL;
	const struct member *yaml;
	const int fd = file_open(path, &ignored);
	bool same;

	if (fd >= 0)
		zip = container_read_files(fd, &ignored);
	if (zip != NULL &&
	    (yaml = container_find(zip, PATH_ACKNOWLEDGEMENT)) != NULL)
		it = acknowledgement_parse(member_bytes(yaml), &ignored);
	same = it != NULL && digest_eq(&it->waybill, &bag->digest);
	acknowledgement_free(it);
	container_free(zip);
	if (fd >= 0)
		close(fd);
	return same;
}

/* A bag is recognised by its waybill's digest. */
static bool
was_opened(struct opened *bag, bool mark, struct error *err)
{
	char hex[DIGEST_HEX], name[DIGEST_HEX + 8], path[FILE_PATH];

	digest_hex(&bag->digest, hex);
	snprintf(name, sizeof(name), "opened-%s", hex);
	if (!bag_note_path(bag->context, name, path, err))
		return false;
	if (mark)
		return file_write(path, span_of_str("1"), 0600, err);
	return file_exists(path);
}

/*
 * Print what was in the bag. False with ERROR_UNTRUSTED if not all of it was
 * good.
 */
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
		    json_pack("{s:s, s:I, s:s, s:s, s:O, s:o, s:b, s:s, s:s,"
			      " s:s*}",
			"bag", bag->path, "number", (json_int_t)waybill->number,
			"from", waybill->from, "person", waybill->person,
			"documents", rows, "findings", findings, "proved",
			proved, "copy", dir, "acknowledgement", answer, "code",
			bag->other.kind != ERROR_NONE ? error_code(&bag->other)
						      : NULL),
		    err);
	json_decref(findings);
	time_format_at(waybill->dispatched_at, at);
	printf("bag %llu from %s, dispatched by %s at %s\n",
	    (unsigned long long)waybill->number, waybill->from, waybill->person,
	    at);
	output_digest("waybill      ", &bag->digest);
	table_print(table);
	for (size_t i = 0; i < bag->answer->num; i++)
		printf("%s: %s\n", bag->answer->findings[i].path,
		    bag->answer->findings[i].what);
	printf("%s in %s; the acknowledgement is %s: send it back\n",
	    bag->answer->num == 0 ? "all is there, and is"
				  : "what is good of it is",
	    dir, answer);
	return true;
}

/* Check a bag, take what is in it and write the acknowledgement to answer. */
static bool
run_open(struct opened *bag, const char *dir, const char *answer,
    struct outfile *output, bool again, struct error *err)
{
	static const char *const heading[] = { "DOCUMENT", "VERDICT", "TITLE",
		"STATUS" };
	struct table *table = table_new(4);
	json_t *rows = json_array();
	bool proved = true, ok;

	if (table != NULL)
		table->outcome = 2;
	ok = table != NULL && table_add(table, heading);
	if (ok && was_opened(bag, false, err) && !again)
		ok = error_set(err, ERROR_CONFLICT,
		    "bag %llu from %s was opened before: --again opens it once"
		    " more",
		    (unsigned long long)bag->waybill->number,
		    bag->waybill->from);
	ok = ok && take_checkpoint(bag, &proved, err);
	if (ok) {
		opened_find_unexpected(bag);
		take_crls(bag);
		ok = take_copies(bag, dir, table, rows, err) &&
		    file_sync_all(dir, err) &&
		    write_answer(bag, answer, output, err) &&
		    was_opened(bag, true, err);
		if (ok)
			local_remember(bag->context, dir);
		ok = ok &&
		    report_opened(bag, table, rows, dir, answer, proved, err);
	}
	if (ok && !proved && bag->papers.size < bag->answer->size)
		output_note(
		    "the journal in the bag, of size %llu, is older than what you"
		    " have seen, size %llu, and nobody here can prove"
		    " that it is the same: the next connection tells",
		    (unsigned long long)bag->papers.size,
		    (unsigned long long)bag->answer->size);
	else if (ok && !proved)
		output_note(
		    "the journal in the bag cannot be proved to extend what you"
		    " have seen, size %llu: ask for a bag packed with"
		    " --known %llu",
		    (unsigned long long)bag->answer->size,
		    (unsigned long long)bag->answer->size);
	if (ok && bag->other.kind != ERROR_NONE) {
		bag->context->told = true;
		*err = bag->other;
		ok = false;
	}
	if (ok && bag->answer->num > 0) {
		bag->context->told = true;
		ok = error_set_code(err, ERROR_UNTRUSTED, "BAG_INCOMPLETE",
		    "%zu of its files are not as the waybill says; the first"
		    " is %s, %s",
		    bag->answer->num, bag->answer->findings[0].path,
		    bag->answer->findings[0].what);
	}
	table_free(table);
	json_decref(rows);
	return ok;
}

bool
cmd_bag_open(struct context *context, const struct options_given *given,
    struct error *err)
{
	const char *file = given->operands[0];
	const char *answer = options_value(given, OPTION_ACK);
	char dir[FILE_PATH], path[FILE_PATH];
	struct outfile output;
	struct opened bag;
	bool ok;

	snprintf(path, sizeof(path), "%s.ack", file);
	if (answer == NULL)
		answer = path;
	if (!context_load(context, err) ||
	    !local_begin(context, answer, file, &output, err))
		return false;
	if (!local_dir(context, options_value(given, OPTION_INTO), dir, err)) {
		outfile_drop(&output);
		return false;
	}
	ok = opened_read(context, file, &bag, err) &&
	    ((output.replaces && is_answer(&bag, output.path)) ||
		local_spare_file(&output, options_has(given, OPTION_FORCE),
		    err)) &&
	    (bag.seen = local_seen(context, err)) != NULL &&
	    run_open(&bag, dir, answer, &output,
		options_has(given, OPTION_AGAIN), err);
	opened_close(&bag);
	outfile_drop(&output);
	return ok;
}
