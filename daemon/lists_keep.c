/*
 * Lists from outside: fetched, or handed in by an office (lists.h).
 */
#include <string.h>
#include <unistd.h>

#include "base/time.h"
#include "daemon/lists_parts.h"
#include "pki/crl_listing.h"
#include "record/data.h"

static const char *const texts[] = {
	[LIST_NEW] = "it tells something new",
	[LIST_KNOWN] = "the lists in use tell all that it tells",
	[LIST_FUTURE] = "it is from the future: is a clock wrong?",
	[LIST_HELD] = ("it is from the future: is a clock wrong? Until its time"
		       " it only keeps out whom it names"),
	[LIST_FOREIGN] = "no CA of the policy in force signed it",
};

const char *
lists_text(enum list_result result)
{
	return texts[result];
}

bool
lists_is_kept(enum list_result result)
{
	return result == LIST_NEW || result == LIST_HELD;
}

/* What a list that came from outside is judged by. */
struct keeping {
	const struct config *config;
	const struct record *record;
	const struct judged_by *now;
	int64_t at, future_at;
	struct crls *crls; /* what came */
	struct crls *kept; /* what came before, and stays */
};

static enum list_result
judge(const struct keeping *it, struct crl *crl)
{
	struct crls *sets[1] = { it->now->crls->crls };
	const struct known_lists known = { sets, 1, NULL, it->at };
	const struct trust *trust = it->now->policy->trust;

	if (!trust_signed(trust, it->crls, crl))
		return LIST_FOREIGN;
	if (crl->this_update_at > it->future_at)
		return trust_list_names_more(trust, crl, &known) ? LIST_HELD
								 : LIST_FUTURE;
	if (trust_list_newest(trust, crl, &known))
		return LIST_NEW;
	/* A list that the journal named once counts for ever. */
	return !revocation_names(library_revocation(it->record->library),
		   &crl->digest) &&
		trust_list_adds(trust, crl, &known)
	    ? LIST_NEW
	    : LIST_KNOWN;
}

static void
tell_list(const struct keeping *it, struct crl *crl, struct list_told *out)
{
	*out = (struct list_told){
		.result = judge(it, crl),
		.digest = crl->digest,
		.this_update_at = crl->this_update_at,
		.next_update_at = crl->next_update_at,
		.num_listed = crl_num_listings(crl),
	};
	crl_issuer(crl, out->issuer);
}

/* Checked before anything is made of them. */
static bool
check_num(struct span bytes, struct error *err)
{
	struct span line;
	size_t num = 0;

	if (bytes.len > LIMIT_CRL_BYTES)
		return error_set(err, ERROR_LIMIT, "%zu bytes, limit %d",
		    bytes.len, LIMIT_CRL_BYTES);
	if (bytes.len > 0 && bytes.data[0] == 0x30)
		return true; /* The bytes are DER, of one list. */
	while (span_take_line(&bytes, &line))
		num += span_starts(line, "-----BEGIN ");
	return num <= LIMIT_LISTS ||
	    error_set(err, ERROR_LIMIT, "%zu lists, limit %d at once", num,
		LIMIT_LISTS);
}

/*
 * True if a list is in use and not the newest of its CA and scope; or is not in
 * use, and tells nothing that those do not.
 */
static bool
is_spent(const struct keeping *it, const struct crl *crl)
{
	struct crls *sets[1] = { it->now->crls->crls };
	const struct known_lists others = { sets, 1, &crl->digest, it->at };
	const struct trust *trust = it->now->policy->trust;

	for (size_t i = 0; i < crls_count(sets[0]); i++)
		if (digest_eq(&crls_at(sets[0], i)->digest, &crl->digest))
			return !trust_list_newest(trust, crl, &others);
	return crl->this_update_at > it->future_at
	    ? !trust_list_names_more(trust, crl, &others)
	    : !trust_list_adds(trust, crl, &others);
}

static bool
all_spent(const struct keeping *it, struct span bytes)
{
	struct error ignored = { 0 };
	struct crls *crls = crls_new(&ignored);
	bool spent = crls != NULL && crls_add(crls, bytes, NULL, &ignored);

	for (size_t i = 0; spent && i < crls_count(crls); i++)
		spent = is_spent(it, crls_at(crls, i));
	crls_free(crls);
	return spent;
}

/* Remove the files that are spent; the lists of the others stay. */
static bool
tidy(const struct keeping *it, const char *dir, struct error *err)
{
	struct container *files = container_read_dir(dir, err);
	struct error ignored = { 0 };
	char path[FILE_PATH];
	bool ok = files != NULL;

	for (size_t i = 0; ok && i < files->num; i++) {
		const struct member *file = &files->members[i];

		if (!all_spent(it, member_bytes(file)))
			(void)!crls_add(it->kept, member_bytes(file), NULL,
			    &ignored);
		else
			ok = file_join(path, dir, file->path, err) &&
			    (unlink(path) == 0 ||
				error_set_errno(err, "%s", path));
	}
	container_free(files);
	return ok;
}

static bool
write_list(const char *dir, const char *from, const struct crl *crl,
    struct error *err)
{
	struct buf pem = BUF(2 * LIMIT_CRL_BYTES);
	char name[LIMIT_NAME_BYTES + 1], path[FILE_PATH];
	bool ok;

	lists_name(from, &crl->digest, name);
	ok = crl_append_pem(crl, &pem, err) && lists_check_size(&pem, err) &&
	    file_join(path, dir, name, err) &&
	    file_write(path, buf_span(&pem), 0600, err);
	buf_free(&pem);
	return ok;
}

/* The lists that are kept of one CA. */
struct share {
	size_t num, bytes;
};

static void
add_share(struct share *share, const struct crl *of, const struct crl *crl)
{
	if (!crl_same_issuer(of, crl))
		return;
	share->num++;
	share->bytes += crl_size(crl);
}

/*
 * True if there is room for list number i. Each CA has its own room, so that
 * one which makes many lists keeps out no other's; lists from the future have
 * half of it, so that they keep out no later one.
 */
static bool
check_share(const struct keeping *it, size_t i, const struct lists_told *told,
    struct error *err)
{
	const struct crl *of = crls_at(it->crls, i);
	const size_t part = told->list[i].result == LIST_HELD ? 2 : 1;
	struct share share = { 0, 0 };

	for (size_t j = 0; j < crls_count(it->kept); j++)
		add_share(&share, of, crls_at(it->kept, j));
	for (size_t j = 0; j <= i; j++)
		if (lists_is_kept(told->list[j].result))
			add_share(&share, of, crls_at(it->crls, j));
	return (share.num <= LIMIT_LISTS_OF_CA / part &&
		   share.bytes <= LIMIT_LISTS_OF_CA_BYTES / part) ||
	    error_set(err, ERROR_LIMIT,
		"the list of %s: with it %zu lists of that CA, of %zu bytes,"
		" would be kept; limits %zu and %zu",
		told->list[i].issuer, share.num, share.bytes,
		LIMIT_LISTS_OF_CA / part, LIMIT_LISTS_OF_CA_BYTES / part);
}

/* One from the future is kept only for whom no other that is kept names. */
static bool
is_wanted(const struct keeping *it, enum list_result result,
    const struct crl *crl)
{
	struct crls *sets[1] = { it->kept };
	const struct known_lists known = { sets, 1, NULL, INT64_MAX };

	return result == LIST_NEW ||
	    (result == LIST_HELD &&
		trust_list_names_more(it->now->policy->trust, crl, &known));
}

static bool
write_all(const struct keeping *it, const char *dir, const char *from,
    const struct lists_told *told, struct error *err)
{
	for (size_t i = 0; i < told->num; i++) {
		const struct crl *crl = crls_at(it->crls, i);

		if (is_wanted(it, told->list[i].result, crl) &&
		    (!check_share(it, i, told, err) ||
			!write_list(dir, from, crl, err)))
			return false;
	}
	return true;
}

static bool
write_new(struct keeping *it, const char *from, const struct lists_told *told,
    struct error *err)
{
	char dir[FILE_PATH];
	bool ok;

	it->kept = crls_new(err);
	ok = it->kept != NULL &&
	    data_path(it->config->data, DATA_CRLS, dir, err) &&
	    file_make_dirs(dir, 0700, err) && tidy(it, dir, err) &&
	    write_all(it, dir, from, told, err);
	crls_free(it->kept);
	return ok;
}

bool
lists_keep(const struct config *config, const struct record *record,
    const struct judged_by *now, struct span bytes, const char *from,
    struct lists_told *out, struct error *err)
{
	struct keeping it = { .config = config, .record = record, .now = now };
	bool is_new = false, ok;
	int64_t behind_s;

	*out = (struct lists_told){ .num = 0 };
	it.at = record_time_ms(record) / 1000;
	it.future_at = lists_future_at(record, &behind_s);
	ok = check_num(bytes, err) && (it.crls = crls_new(err)) != NULL &&
	    crls_add(it.crls, bytes, &out->num_bad, err);
	for (size_t i = 0; ok && i < crls_count(it.crls); i++) {
		tell_list(&it, crls_at(it.crls, i), &out->list[out->num]);
		is_new = is_new || lists_is_kept(out->list[out->num].result);
		out->num++;
	}
	ok = ok && (!is_new || write_new(&it, from, out, err));
	crls_free(it.crls);
	return ok;
}
