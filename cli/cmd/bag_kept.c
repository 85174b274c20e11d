/*
 * Functions that packing, opening and handing in bags share: the numbers that
 * are kept of bags, the names of their members, and handing in a waybill or an
 * acknowledgement (bag.h).
 */
#include "cli/cmd/bag.h"

#include <string.h>
#include <unistd.h>

#include "bag/bag.h"
#include "base/text.h"
#include "cli/commands.h"

bool
bag_note_path(struct context *context, const char *name, char out[FILE_PATH],
    struct error *err)
{
	char dir[FILE_PATH], file[200];

	snprintf(file, sizeof(file), "bags/%s", name);
	return context_path(context, "bags", dir, err) &&
	    file_make_dirs(dir, 0700, err) &&
	    context_path(context, file, out, err);
}

/* Returns 0 if no number was ever kept. */
uint64_t
bag_kept_number(struct context *context, const char *name)
{
	struct buf text = BUF(32);
	struct error ignored = { 0 };
	char path[FILE_PATH];
	uint64_t number = 0;

	if (!bag_note_path(context, name, path, &ignored) ||
	    !file_read(path, text.max, &text, &ignored) ||
	    !span_to_u64(buf_span(&text), &number))
		number = 0;
	buf_free(&text);
	return number;
}

bool
bag_keep_number(struct context *context, const char *name, uint64_t number,
    struct error *err)
{
	char path[FILE_PATH], text[24];

	snprintf(text, sizeof(text), "%llu", (unsigned long long)number);
	return bag_note_path(context, name, path, err) &&
	    file_write(path, span_of_str(text), 0600, err);
}

void
bag_file_name(const char *folder, const char *document, unsigned version,
    const char *suffix, char out[LIMIT_PATH_BYTES + 1])
{
	snprintf(out, LIMIT_PATH_BYTES + 1, "%s%.*s--%s@%u%s", folder,
	    (int)(strchr(document, '/') - document), document,
	    strchr(document, '/') + 1, version, suffix);
}

void
bag_slip_path(const struct slip *slip, char out[LIMIT_PATH_BYTES + 1])
{
	bag_file_name(slip->is_deposit ? BAG_DEPOSITS : BAG_SIGNATURES,
	    slip->document, slip->version, slip->is_deposit ? ".asice" : ".zip",
	    out);
}

/* POST a ZIP of a YAML file, its signature and, unless slips is NULL, slips. */
static bool
hand_in(struct session *session, const char *yaml_path, struct span yaml,
    const char *p7s_path, struct span p7s, const struct container *slips,
    struct sent *sent, uint64_t *index, struct error *err)
{
	struct entry entry;
	struct container *zip = container_new(err);
	struct remote_request request = { .method = "POST",
		.path = "/v1/bags",
		.file_fd = -1 };
	struct remote_answer answer = { .body = BUF(0) };
	bool ok;

	sent->digest = sha256_of(yaml);
	request.body_fd = file_temporary(session->context->state, err);
	ok = zip != NULL && request.body_fd >= 0 &&
	    container_put(zip, yaml_path, yaml, err) &&
	    container_put(zip, p7s_path, p7s, err);
	for (size_t i = 0; ok && slips != NULL && i < slips->num; i++)
		ok = container_put(zip, slips->members[i].path,
		    member_bytes(&slips->members[i]), err);
	ok = ok &&
	    container_write(zip, request.body_fd, &request.body_len, err) &&
	    session_will_send(session, err) &&
	    remote_do(session->remote, &request, &answer, err) &&
	    outbox_check_receipt(session, &answer, sent, &entry, index, err);
	remote_answer_free(&answer);
	if (request.body_fd >= 0)
		close(request.body_fd);
	container_free(zip);
	return ok;
}

bool
bag_hand_in_waybill(struct session *session, const struct waybill *waybill,
    struct span yaml, struct span p7s, const struct container *slips,
    uint64_t *index, struct error *err)
{
	struct sent sent = { .act = ACT_DISPATCH, .number = waybill->number };

	text_set(sent.office, sizeof(sent.office), waybill->from);
	text_set(sent.person, sizeof(sent.person), waybill->person);
	text_set(sent.to, sizeof(sent.to), waybill->to);
	return hand_in(session, PATH_WAYBILL, yaml, PATH_WAYBILL_SIGNATURE, p7s,
	    slips, &sent, index, err);
}

bool
bag_hand_in_answer(struct session *session,
    const struct acknowledgement *answer, struct span yaml, struct span p7s,
    uint64_t *index, struct error *err)
{
	struct sent sent = { .act = ACT_ACKNOWLEDGE,
		.number = answer->number,
		.waybill = answer->waybill };

	text_set(sent.office, sizeof(sent.office), answer->from);
	text_set(sent.person, sizeof(sent.person), answer->person);
	text_set(sent.to, sizeof(sent.to), answer->to);
	return hand_in(session, PATH_ACKNOWLEDGEMENT, yaml,
	    PATH_ACKNOWLEDGEMENT_P7S, p7s, NULL, &sent, index, err);
}
