/*
 * Handing in what a bag brings: its waybill, and the deposits and signatures
 * that this lists, in the name of who signed it.
 */
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "cli/cmd/bag.h"
#include "cli/cmd/opened.h"
#include "cli/commands.h"

/*
 * The kind of a file in the bag: an act of the person who signed the waybill.
 */
static bool
read_listed(struct opened *bag, const struct waybill_file *listed, int fd,
    bool is_deposit, struct sent *out, struct error *err)
{
	struct container *zip = is_deposit
	    ? container_read(fd, err)
	    : container_read_files_within(fd, &files_of_signature, err);
	bool ok;

	*out = (struct sent){ .act = is_deposit ? ACT_DEPOSIT : ACT_SIGN,
		.version = listed->version };
	ok = zip != NULL && sent_read(bag->context->certs, zip, out, err);
	text_set(out->document, sizeof(out->document), listed->document);
	text_set(out->office, sizeof(out->office), bag->waybill->from);
	container_free(zip);
	if (ok && strcmp(out->person, bag->waybill->person) != 0)
		ok = error_set(err, ERROR_UNTRUSTED,
		    "%s signed it, and %s the waybill", out->person,
		    bag->waybill->person);
	return ok;
}

/*
 * Hand in a deposit or signature in the name of the person who signed the
 * waybill.
 */
static bool
send_on(struct session *session, struct opened *bag,
    const struct waybill_file *listed, bool is_deposit, struct error *err)
{
	char path[700], base[512], hex[DIGEST_HEX];
	struct entry entry;
	struct remote_request request = { .path = path,
		.method = is_deposit ? "PUT" : "POST",
		.body_len = listed->size,
		.file_fd = -1 };
	struct remote_answer answer = { .body = BUF(0) };
	struct sent sent;
	uint64_t index = 0;
	bool ok;

	if ((request.body_fd = opened_take(bag, listed)) < 0)
		return error_set_code(err, ERROR_UNTRUSTED, "BAG_INCOMPLETE",
		    "%s is missing or altered", listed->path);
	digest_hex(&bag->digest, hex);
	copy_path(base, listed->document, listed->version);
	snprintf(path, sizeof(path), "%s%s?bag=%s", base,
	    is_deposit ? "" : "/signatures", hex);
	ok =
	    read_listed(bag, listed, request.body_fd, is_deposit, &sent, err) &&
	    session_will_send(session, err) &&
	    remote_do(session->remote, &request, &answer, err) &&
	    outbox_check_receipt(session, &answer, &sent, &entry, &index, err);
	if (ok && !session->context->json)
		printf("%s %s@%u for %s, entry %llu\n",
		    is_deposit ? "deposited" : "signed", listed->document,
		    listed->version, bag->waybill->person,
		    (unsigned long long)index);
	remote_answer_free(&answer);
	close(request.body_fd);
	return ok ||
	    error_context(err, "%s@%u", listed->document, listed->version);
}

/* Read a slip of an older waybill, which listed the act's fields itself. */
static bool
listed_of(const struct opened *bag, const struct slip *slip,
    struct waybill_file *out, struct error *err)
{
	const struct zip_member *member;

	*out = (struct waybill_file){ .version = slip->version,
		.sha256 = slip->body,
		.digest = slip->digest };
	bag_slip_path(slip, out->path);
	text_set(out->document, sizeof(out->document), slip->document);
	member = bag_member(bag->members, bag->num, out->path);
	if (member != NULL)
		out->size = member->size;
	return member != NULL ||
	    error_set_code(err, ERROR_UNTRUSTED, "BAG_INCOMPLETE",
		"%s is missing", out->path);
}

/*
 * A refusal does not keep the other acts back. The first one becomes the error.
 */
static void
tell_refused(const struct error *why, struct error *first)
{
	if (first->kind == ERROR_NONE)
		*first = *why;
	else
		output_note("%s", why->detail);
}

static void
send_one(struct session *session, struct opened *bag,
    const struct waybill_file *listed, bool is_deposit, unsigned *num,
    struct error *first)
{
	struct error why = { 0 };

	if (send_on(session, bag, listed, is_deposit, &why))
		(*num)++;
	else
		tell_refused(&why, first);
}

/* Hand in all acts of a bag; *num gets how many were taken. */
static bool
send_all(struct session *session, struct opened *bag, unsigned *num,
    struct error *err)
{
	const struct waybill *waybill = bag->waybill;

	for (size_t i = 0; i < waybill->num; i++) {
		const struct waybill_file *listed = &waybill->files[i];

		if (strncmp(listed->path, BAG_DEPOSITS, strlen(BAG_DEPOSITS)) ==
		    0)
			send_one(session, bag, listed, true, num, err);
		else if (strncmp(listed->path, BAG_SIGNATURES,
			     strlen(BAG_SIGNATURES)) == 0)
			send_one(session, bag, listed, false, num, err);
	}
	for (size_t i = 0; i < bag->num_acts; i++) {
		struct waybill_file listed;
		struct error why = { 0 };

		if (listed_of(bag, &bag->acts[i], &listed, &why))
			send_one(session, bag, &listed, bag->acts[i].is_deposit,
			    num, err);
		else
			tell_refused(&why, err);
	}
	return err->kind == ERROR_NONE;
}

bool
bag_push_command(struct context *context, const char *file, struct error *err)
{
	struct session session;
	struct opened bag;
	uint64_t index = 0;
	unsigned sent = 0;
	bool ok;

	ok = opened_read(context, file, &bag, err) &&
	    session_open(context, &session, err);
	if (!ok) {
		opened_close(&bag);
		return false;
	}
	ok = bag_hand_in_waybill(&session, bag.waybill, buf_span(&bag.yaml),
		 buf_span(&bag.p7s), bag.slips, &index, err) &&
	    send_all(&session, &bag, &sent, err);
	if (ok && context->json)
		ok = output_json(json_pack("{s:I, s:s, s:i, s:I}", "number",
				     (json_int_t)bag.waybill->number, "from",
				     bag.waybill->from, "sent", (int)sent,
				     "entry", (json_int_t)index),
		    err);
	else if (ok)
		printf("bag %llu from %s: its waybill is entry %llu; %u"
		       " handed in\n",
		    (unsigned long long)bag.waybill->number, bag.waybill->from,
		    (unsigned long long)index, sent);
	session_close(&session);
	opened_close(&bag);
	return ok;
}
