/*
 * Packing deposits and signatures that were made without a line.
 */
#include "cli/cmd/packing.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/rand.h>

#include "base/text.h"
#include "cli/cmd/bag.h"
#include "cli/output.h"
#include "record/sent.h"

/* Fill in an act's slip from the very bytes that are handed in. */
static bool
read_act(const struct packing *pack, const struct outbox_act *act,
    struct slip *out, struct error *err)
{
	const bool deposit = act->kind == OUTBOX_DEPOSIT;
	struct container *zip = deposit
	    ? container_read(act->lock, err)
	    : container_read_files_within(act->lock, &files_of_signature, err);
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
	file =
	    packing_add_unlisted(pack, path, act->lock, span_of(NULL, 0), err);
	if (file == NULL)
		return false;
	act->lock = -1; /* it belongs to the bag now */
	slip->body = file->sha256;
	pack->num_acts++;
	return add_slip(pack, slip, err);
}

/* Pack the acts that were made here and not sent. */
bool
packing_add_outbox(struct packing *pack, enum outbox_kind kind,
    struct error *err)
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
