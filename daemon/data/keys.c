/*
 * Replacing the journal's key: the last entry of the old key, and the switch to
 * the next one (keys.h).
 */
#include "daemon/data/keys.h"

#include <string.h>

#include <openssl/crypto.h>

#include "base/time.h"
#include "journal/entry.h"
#include "record/accepted.h"
#include "record/cosigning.h"
#include "record/data.h"
#include "record/ledger.h"

/* Read the next private key. */
static bool
read_next(const struct config *config, struct note_signer *out,
    struct error *err)
{
	struct buf text = BUF(1024);
	char path[FILE_PATH];
	bool ok;

	ok = data_path(config->data, DATA_NEXT_KEY, path, err) &&
	    private_read(path, text.max, &config->private_keys, &text, err) &&
	    note_signer_parse(buf_span(&text), NOTE_JOURNAL, out, err);
	if (text.len > 0)
		OPENSSL_cleanse(text.data, text.len);
	buf_free(&text);
	return ok;
}

bool
keys_prepare(const struct config *config, const struct policy *policy,
    char vkey[NOTE_KEY_TEXT], struct error *err)
{
	struct buf text = BUF(1024);
	struct note_signer next;
	struct note_keys keys;
	char path[FILE_PATH];
	bool ok;

	if (policy->witnesses.quorum == 0)
		return error_set(err, ERROR_USAGE,
		    "the policy names no witnesses: offices follow a new key"
		    " only if they have cosigned it");
	if (!data_keys(config->data, &keys, err))
		return false;
	if (keys.num == LIMIT_JOURNAL_KEYS)
		return error_set(err, ERROR_LIMIT,
		    "this journal has had %d keys, as many as it may",
		    LIMIT_JOURNAL_KEYS);
	ok = data_path(config->data, DATA_NEXT_KEY, path, err);
	if (ok && file_exists(path))
		ok = read_next(config, &next, err);
	else
		ok = ok &&
		    note_signer_make(policy->origin, NOTE_JOURNAL, &next,
			err) &&
		    note_signer_encode(&next, &text, err) &&
		    file_create(path, buf_span(&text), 0600, err);
	if (text.len > 0)
		OPENSSL_cleanse(text.data, text.len);
	buf_free(&text);
	if (ok)
		note_key_encode(&next.key, vkey);
	OPENSSL_cleanse(&next, sizeof(next));
	return ok;
}

/* --- Who may have to accept a policy first. --- */

struct telling {
	FILE *out;
	unsigned num;
};

static void
tell_one(void *arg, const struct accepted_by *by)
{
	struct telling *telling = arg;
	char hex[DIGEST_HEX], seen[TIME_TEXT];

	if (by->is_newest)
		return;
	if (telling->num++ == 0)
		fputs("not known to have accepted the newest policy:\n",
		    telling->out);
	if (by->person == NULL) {
		fprintf(telling->out, "  %s: nobody has said so\n", by->office);
		return;
	}
	digest_hex(&by->policy, hex);
	time_format_at(by->at, seen);
	fprintf(telling->out, "  %s, %s: policy %.16s…", by->office, by->person,
	    hex);
	if (by->entry != LEDGER_NONE)
		fprintf(telling->out, " of entry %llu",
		    (unsigned long long)by->entry);
	fprintf(telling->out, ", last seen %s\n", seen);
}

bool
keys_tell_behind(const struct record *record, const struct policy *policy,
    FILE *out, struct error *err)
{
	struct telling telling = { .out = out };

	if (!accepted_each(record->accepted, record, policy, ACCEPTED_READ,
		tell_one, &telling, err))
		return false;
	if (telling.num > 0)
		fputs("they are not locked out: their commands name the policy"
		      " that they have to accept\nbefore they follow the next"
		      " key (valise policy show, valise policy accept"
		      " DIGEST)\n",
		    out);
	return true;
}

/* --- The switch. --- */

/* Open the lines of the policy's witnesses, with those that a database has. */
static struct cosignatures *
view_lines(const struct config *config, const struct policy *policy,
    const struct journal *journal, struct error *err)
{
	struct cosignatures *lines = data_view_cosignatures(config->data, err);
	struct note_key keys[LIMIT_WITNESSES];
	struct cosigning cosigning = { .journal = journal,
		.keys = keys,
		.num = policy->witnesses.num };
	struct exhibits_shared ignored = { 0 };

	memcpy(keys, policy->witnesses.keys, sizeof(keys));
	if (lines == NULL ||
	    cosignatures_share(lines, journal_backend(journal), EXHIBITS_TAKE,
		cosigning_check, &cosigning, &ignored, err))
		return lines;
	cosignatures_free(lines);
	return NULL;
}

/* Does the journal's last entry name this key, and is it cosigned? */
static bool
is_due(const struct config *config, const struct policy *policy,
    const char *vkey, uint64_t *size, bool *due, struct error *err)
{
	struct entry entry;
	struct buf line = BUF(LIMIT_ENTRY_BYTES);
	struct journal_mended mended;
	struct cosignatures *lines = NULL;
	const struct data_place place = config_place(config);
	struct journal *journal = data_view(&place, NULL, NULL, &mended, err);
	bool ok = journal != NULL;

	*due = false;
	*size = ok ? journal_size(journal) : 0;
	ok = ok && *size > 0 && journal_entry(journal, *size - 1, &line, err) &&
	    entry_parse(buf_span(&line), &entry, err) &&
	    (lines = view_lines(config, policy, journal, err)) != NULL;
	if (ok)
		*due = entry.act == ACT_KEY && strcmp(entry.key, vkey) == 0 &&
		    cosignatures_count(lines, &policy->witnesses, *size) >=
			policy->witnesses.quorum;
	cosignatures_free(lines);
	journal_free(journal);
	buf_free(&line);
	return ok;
}

/*
 * Write the old key into journal/keys and the new one into vkey, in steps that
 * a crash may interrupt.
 */
static bool
write_keys(const struct config *config, uint64_t size, const char *old,
    const char *new, struct error *err)
{
	struct buf lines = BUF(NOTE_KEYS_TEXT);
	char path[FILE_PATH], vkey[NOTE_KEY_TEXT + 1];
	char line[NOTE_KEY_TEXT + 24];
	size_t len;
	bool ok;

	snprintf(line, sizeof(line), "%llu %s\n", (unsigned long long)size,
	    old);
	ok = data_path(config->data, DATA_KEYS, path, err) &&
	    (!file_exists(path) || file_read(path, lines.max, &lines, err));
	/* After a crash before vkey was written the line is there already. */
	len = strlen(line);
	if (ok &&
	    (lines.len < len ||
		memcmp(lines.data + lines.len - len, line, len) != 0))
		ok = buf_append_str(&lines, line, err) &&
		    file_write(path, buf_span(&lines), 0600, err);
	ok = ok && data_path(config->data, DATA_VKEY, path, err);
	buf_free(&lines);
	snprintf(vkey, sizeof(vkey), "%s\n", new);
	return ok && file_write(path, span_of_str(vkey), 0644, err);
}

bool
keys_switch(const struct config *config, const struct policy *policy,
    bool *switched, struct error *err)
{
	char path[FILE_PATH], key_path[FILE_PATH];
	char old[NOTE_KEY_TEXT], new[NOTE_KEY_TEXT];
	struct note_keys keys;
	struct note_signer next;
	bool ok, due = true;
	uint64_t size = 0;

	*switched = false;
	if (!data_path(config->data, DATA_NEXT_KEY, path, err) ||
	    !data_path(config->data, DATA_JOURNAL_KEY, key_path, err))
		return false;
	if (!file_exists(path))
		return true;
	if (!read_next(config, &next, err) ||
	    !data_keys(config->data, &keys, err))
		return false;
	note_key_encode(&next.key, new);
	note_key_encode(&keys.keys[keys.num - 1], old);
	OPENSSL_cleanse(&next, sizeof(next));
	ok = true;
	/*
	 * After a crash between the steps below the public half is there
	 * already.
	 */
	if (strcmp(old, new) != 0)
		ok = is_due(config, policy, new, &size, &due, err) &&
		    (!due || write_keys(config, size, old, new, err));
	if (ok && due) {
		if (rename(path, key_path) != 0)
			return error_set_errno(err, "%s", key_path);
		*switched = true;
	}
	return ok;
}
