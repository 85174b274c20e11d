/*
 * Revocation lists: the files of the operator's folder, and the lists that were
 * fetched or handed in and are kept below the data folder.  Each file is judged
 * by itself, so that a bad one does not keep others out (lists.h).
 */
#include "daemon/lists.h"

#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "base/time.h"
#include "daemon/log.h"
#include "pki/crl_listing.h"
#include "record/data.h"

enum { TOLD_BYTES = 64 * 1024 };

void
lists_look_reset(struct lists_look *look)
{
	buf_free(&look->told);
	*look = (struct lists_look){ .told = BUF(TOLD_BYTES) };
}

/* Add a line for /health; if it does not fit it is only in the log. */
static void tell(struct lists_look *look, const char *fmt, ...) PRINTF(2, 3);

static void
tell(struct lists_look *look, const char *fmt, ...)
{
	struct error ignored = { 0 };
	char line[512];
	va_list args;

	if (look == NULL)
		return;
	va_start(args, fmt);
	vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	if (buf_append_str(&look->told, line, &ignored))
		(void)!buf_append_str(&look->told, "\n", &ignored);
}

static void
leave_out(struct lists_look *look, const char *file, const char *why)
{
	log_warning("crl", "result=left-out file=%s reason=%s", log_text(file),
	    log_text(why));
	tell(look, "a file of the folder of CRLs is left out: %s: %s", file,
	    why);
}

/* --- Read the files. --- */

struct reading {
	struct container *files;
	uint64_t bytes;
	struct lists_look *look;
};

/* True if a file of so many bytes fits into what clients read. */
static bool
check_room(const struct reading *reading, uint64_t size, struct error *err)
{
	if (reading->files->num == LIMIT_POLICY_FILES)
		return error_set(err, ERROR_LIMIT,
		    "there are more than %d files", LIMIT_POLICY_FILES);
	return reading->bytes + size <= LIMIT_POLICY_ZIP_BYTES ||
	    error_set(err, ERROR_LIMIT, "the files are over %d bytes together",
		LIMIT_POLICY_ZIP_BYTES);
}

static bool read_folder(struct reading *reading, const char *dir,
    const char *prefix, struct error *err);

/* The operator's file is not replaced by a fetched one of the same name. */
static bool
add_file(struct reading *reading, const char *path, const char *name,
    uint64_t size, struct error *err)
{
	struct buf bytes = BUF(LIMIT_CRL_BYTES);
	bool ok;

	ok = check_room(reading, size, err) &&
	    file_read(path, LIMIT_CRL_BYTES, &bytes, err) &&
	    (container_find(reading->files, name) == NULL ||
		error_set(err, ERROR_CONFLICT,
		    "another folder has a file of that name")) &&
	    container_put(reading->files, name, buf_span(&bytes), err);
	reading->bytes += ok ? bytes.len : 0;
	buf_free(&bytes);
	return ok;
}

/* Read a file of the folder, if it fits and has a list. */
static bool
read_entry(struct reading *reading, const char *dir, const char *name,
    const char *entry, struct error *err)
{
	char path[FILE_PATH], below[FILE_PATH];
	struct stat st;

	if (!file_join(path, dir, entry, err) ||
	    !text_check_path(span_of_str(name), err))
		return false;
	if (stat(path, &st) != 0)
		return error_set_errno(err, "%s", path);
	if (S_ISDIR(st.st_mode)) {
		snprintf(below, sizeof(below), "%.*s/", FILE_PATH - 2, name);
		return read_folder(reading, path, below, err);
	}
	if (!S_ISREG(st.st_mode))
		return error_set(err, ERROR_MALFORMED, "not a plain file");
	return add_file(reading, path, name, (uint64_t)st.st_size, err);
}

static int
by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

/* Sort by name, so that a bound leaves out the same files each time. */
static bool
read_folder(struct reading *reading, const char *dir, const char *prefix,
    struct error *err)
{
	struct dirent **list = NULL;
	const int num = scandir(dir, &list, NULL, by_name);

	if (num < 0)
		return errno == ENOENT
		    ? error_set(err, ERROR_NOT_FOUND, "%s: no such folder", dir)
		    : error_set_errno(err, "%s", dir);
	for (int i = 0; i < num; i++) {
		const char *entry = list[i]->d_name;
		char name[FILE_PATH];
		struct error why = { 0 };

		snprintf(name, sizeof(name), "%.2000s%s", prefix, entry);
		if (strcmp(entry, ".") != 0 && strcmp(entry, "..") != 0 &&
		    !read_entry(reading, dir, name, entry, &why))
			leave_out(reading->look, name, why.detail);
		free(list[i]);
	}
	free(list);
	return true;
}

/* Parse each file once, and leave out those without a good list. */
static struct crl_set *
parse(struct container *files, struct lists_look *look, struct error *err)
{
	struct crls *crls = crls_new(err);
	struct error why;

	for (size_t i = 0; crls != NULL && i < files->num;) {
		const struct member *file = &files->members[i];
		unsigned bad = 0;

		why = (struct error){ 0 };
		if (!crls_add(crls, member_bytes(file), &bad, &why)) {
			leave_out(look, file->path, why.detail);
			container_remove(files, file->path);
			continue;
		}
		if (bad > 0) {
			log_warning("crl",
			    "result=taken-in-part file=%s bad=%u",
			    log_text(file->path), bad);
			tell(look,
			    "a file of the folder of CRLs is taken in part:"
			    " %s: %u of its blocks are no CRL",
			    file->path, bad);
		}
		i++;
	}
	return crl_set_of(files, crls, err);
}

struct crl_set *
lists_read(const struct config *config, struct lists_look *look,
    struct error *err)
{
	const struct digest before = look->files;
	struct reading reading = { container_new(err), 0, look };
	char path[FILE_PATH];
	bool ok;

	lists_look_reset(look);
	ok = reading.files != NULL &&
	    data_path(config->data, DATA_CRLS, path, err) &&
	    read_folder(&reading, config->crls, "", err) &&
	    (!file_exists(path) || read_folder(&reading, path, "", err)) &&
	    container_hash(reading.files, NULL, err) &&
	    container_contents(reading.files, &look->files, err);
	if (ok && !digest_eq(&before, &look->files))
		return parse(reading.files, look, err);
	container_free(reading.files);
	return NULL;
}

/* --- What follows what. --- */

/* True if a file has a list of that CA. */
static bool
is_of_ca(const struct policy *policy, const char *ca, const struct member *file)
{
	struct error ignored = { 0 };
	struct crls *crls = crls_new(&ignored);
	int64_t at;
	const bool is = crls != NULL &&
	    crls_add(crls, member_bytes(file), NULL, &ignored) &&
	    trust_this_update(policy->trust, ca, crls, &at);

	crls_free(crls);
	return is;
}

/* PEM is a third longer than its DER, which is what came. */
static bool
check_size(const struct buf *pem, struct error *err)
{
	return pem->len <= LIMIT_CRL_BYTES ||
	    error_set(err, ERROR_LIMIT, "a list of %zu bytes in PEM, limit %d",
		pem->len, LIMIT_CRL_BYTES);
}

/* Name a file "PREFIX-HEX.pem", by its content. */
static void
name_of(const char *prefix, const struct digest *digest,
    char out[LIMIT_NAME_BYTES + 1])
{
	char hex[DIGEST_HEX];

	digest_hex(digest, hex);
	snprintf(out, LIMIT_NAME_BYTES + 1, "%s-%.32s.pem", prefix, hex);
}

static bool
put_list(struct container *files, const char *prefix, const struct crl *crl,
    struct error *err)
{
	struct buf pem = BUF(2 * LIMIT_CRL_BYTES);
	char name[LIMIT_NAME_BYTES + 1];
	bool ok;

	name_of(prefix, &crl->digest, name);
	ok = crl_append_pem(crl, &pem, err) && check_size(&pem, err) &&
	    container_put(files, name, buf_span(&pem), err);
	buf_free(&pem);
	return ok;
}

/* The lists of one CA in a new set, beside those of the set in use. */
struct keeping {
	const struct policy *policy;
	const char *ca;
	const struct crl_set *old;
	int64_t now_at;
	struct container *files; /* the files that come of it */
};

/*
 * True if a list is another CA's; or if it is this one's, is not from the
 * future and tells something new.
 */
static bool
stays(const struct keeping *keeping, struct crls *of, struct crl *crl)
{
	const struct trust *trust = keeping->policy->trust;
	struct crls *sets[1] = { keeping->old->crls };
	const struct known_lists known = { sets, 1, NULL };

	return !trust_ca_signed(trust, keeping->ca, of, crl) ||
	    (crl->this_update_at <= keeping->now_at + TIME_SKEW_SECONDS &&
		trust_list_adds(trust, crl, &known));
}

/* Add the file whole, or those of its lists that are kept, one by one. */
static bool
put_new(const struct keeping *keeping, const struct member *file,
    struct error *err)
{
	struct crls *crls = crls_new(err);
	bool ok = crls != NULL && crls_add(crls, member_bytes(file), NULL, err);
	bool whole = true;

	for (size_t i = 0; ok && i < crls_count(crls); i++)
		whole = whole && stays(keeping, crls, crls_at(crls, i));
	if (ok && whole)
		ok = container_put(keeping->files, file->path,
		    member_bytes(file), err);
	for (size_t i = 0; ok && !whole && i < crls_count(crls); i++)
		ok = !stays(keeping, crls, crls_at(crls, i)) ||
		    put_list(keeping->files, "part", crls_at(crls, i), err);
	crls_free(crls);
	return ok;
}

/* Add it under its name, or under another if a new file has that name. */
static bool
put_kept(struct container *files, const struct member *file, struct error *err)
{
	const struct member *there = container_find(files, file->path);
	const struct digest digest = sha256_of(member_bytes(file));
	char name[LIMIT_NAME_BYTES + 1];

	name_of("kept", &digest, name);
	return container_put(files, there == NULL ? file->path : name,
	    member_bytes(file), err);
}

/*
 * Add the files of the new set, with the old ones of each CA that keeps its
 * lists.
 */
static struct crl_set *
keep_ca(const struct policy *policy, const char *ca, const struct crl_set *old,
    const struct crl_set *new, int64_t now_at, struct error *err)
{
	const struct keeping keeping = { policy, ca, old, now_at,
		container_new(err) };
	bool ok = keeping.files != NULL;

	for (size_t i = 0; ok && i < new->files->num; i++)
		ok = put_new(&keeping, &new->files->members[i], err);
	for (size_t i = 0; ok && i < old->files->num; i++) {
		const struct member *file = &old->files->members[i];

		ok = !is_of_ca(policy, ca, file) ||
		    put_kept(keeping.files, file, err);
	}
	if (ok)
		return crl_set_load(keeping.files, err);
	container_free(keeping.files);
	return NULL;
}

struct crl_set *
lists_follow(const struct policy *policy, const struct crl_set *old,
    struct crl_set *new, struct lists_look *look, struct error *err)
{
	const int64_t now = time_now_ms() / 1000;
	struct crl_set *set = new;

	/* Each CA once: a file may have the lists of several. */
	for (size_t i = 0; trust_ca_name(policy->trust, i) != NULL; i++) {
		const char *ahead =
		    trust_list_ahead(policy->trust, set->crls, now);
		const char *ca = ahead != NULL ? ahead
					       : trust_list_older(policy->trust,
						     set->crls, old->crls, now);
		const char *why = ahead != NULL
		    ? "the folder's list of that CA is from the future: is a"
		      " clock wrong?"
		    : "the folder's list of that CA is missing, or older than"
		      " the one in use";
		struct crl_set *kept;

		if (ca == NULL)
			break;
		log_warning("crl", "result=kept ca=%s reason=%s", ca,
		    log_text(why));
		tell(look, "the list in use of CA \"%s\" is kept: %s", ca, why);
		/* With time the same files may become good. */
		if (look != NULL)
			look->files = (struct digest){ { 0 } };
		kept = keep_ca(policy, ca, old, set, now, err);
		if (set != new)
			crl_set_free(set);
		if ((set = kept) == NULL)
			return NULL;
	}
	return set;
}

bool
lists_add(const struct policy *policy, const struct crl_set *old,
    const struct crl_set *new)
{
	struct crls *sets[1] = { old->crls };
	const struct known_lists known = { sets, 1, NULL };

	for (size_t i = 0; i < crls_count(new->crls); i++) {
		struct crl *crl = crls_at(new->crls, i);

		if (trust_signed(policy->trust, new->crls, crl) &&
		    trust_list_adds(policy->trust, crl, &known))
			return true;
	}
	return false;
}

/* Log the CAs whose list is missing or over, and what that means. */
#define NOBODY "effect=\"nobody with its certificates can connect\""

void
lists_warn(const struct policy *policy, const struct crl_set *crls)
{
	const int64_t now = time_now_ms() / 1000;

	for (size_t i = 0; i < policy->num_offices; i++) {
		const struct office *office = &policy->offices[i];
		int64_t next = 0;
		char when[TIME_TEXT];
		bool told = false;

		for (size_t j = 0; j < i; j++)
			told = told ||
			    strcmp(policy->offices[j].ca, office->ca) == 0;
		if (told)
			continue;
		if (!trust_next_update(policy->trust, office->ca, crls->crls,
			&next)) {
			log_warning("crl", "ca=%s reason=missing " NOBODY,
			    office->ca);
			continue;
		}
		time_format_at(next, when);
		if (next < now)
			log_warning("crl",
			    "ca=%s reason=stale since=%s " NOBODY, office->ca,
			    when);
		else if (next < now + 3 * 24 * 60 * 60)
			log_warning("crl",
			    "ca=%s reason=\"ends soon\""
			    " until=%s",
			    office->ca, when);
	}
}

/* --- What comes from outside. --- */

static const char *const texts[] = {
	[LIST_NEW] = "it tells something new",
	[LIST_KNOWN] = "the lists in use tell all that it tells",
	[LIST_FUTURE] = "it is from the future: is a clock wrong?",
	[LIST_FOREIGN] = "no CA of the policy in force signed it",
};

const char *
lists_text(enum list_result result)
{
	return texts[result];
}

/* Judge a list that came from outside. */
static enum list_result
judge(const struct judged_by *now, const struct revocation *named,
    struct crls *of, struct crl *crl)
{
	struct crls *sets[1] = { now->crls->crls };
	const struct known_lists known = { sets, 1, NULL };
	const struct trust *trust = now->policy->trust;

	if (!trust_signed(trust, of, crl))
		return LIST_FOREIGN;
	if (crl->this_update_at > time_now_ms() / 1000 + TIME_SKEW_SECONDS)
		return LIST_FUTURE;
	if (trust_list_newest(trust, crl, &known))
		return LIST_NEW;
	/* A list that the journal named once counts for ever. */
	return !revocation_names(named, &crl->digest) &&
		trust_list_adds(trust, crl, &known)
	    ? LIST_NEW
	    : LIST_KNOWN;
}

static void
tell_list(const struct judged_by *now, const struct revocation *named,
    struct crls *of, struct crl *crl, struct list_told *out)
{
	*out = (struct list_told){
		.result = judge(now, named, of, crl),
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
 * True if all lists of a file are in use, and none is the newest of its CA and
 * scope.
 */
static bool
is_spent(const struct judged_by *now, struct span bytes)
{
	struct crls *sets[1] = { now->crls->crls };
	struct error ignored = { 0 };
	struct crls *crls = crls_new(&ignored);
	bool spent = crls != NULL && crls_add(crls, bytes, NULL, &ignored);

	for (size_t i = 0; spent && i < crls_count(crls); i++) {
		const struct crl *crl = crls_at(crls, i);
		const struct known_lists others = { sets, 1, &crl->digest };
		bool in_use = false;

		for (size_t j = 0; j < crls_count(sets[0]); j++)
			in_use = in_use ||
			    digest_eq(&crls_at(sets[0], j)->digest,
				&crl->digest);
		spent = in_use &&
		    !trust_list_newest(now->policy->trust, crl, &others);
	}
	crls_free(crls);
	return spent;
}

/* Remove the files that are spent; the lists of the others stay. */
static bool
tidy(const char *dir, const struct judged_by *now, struct crls *kept,
    struct error *err)
{
	struct container *files = container_read_dir(dir, err);
	struct error ignored = { 0 };
	char path[FILE_PATH];
	bool ok = files != NULL;

	for (size_t i = 0; ok && i < files->num; i++) {
		const struct member *file = &files->members[i];

		if (!is_spent(now, member_bytes(file)))
			(void)!crls_add(kept, member_bytes(file), NULL,
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

	name_of(from, &crl->digest, name);
	ok = crl_append_pem(crl, &pem, err) && check_size(&pem, err) &&
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
 * True if there is room for new list number i. Each CA has its own room, so
 * that one which makes many lists keeps out no other's.
 */
static bool
check_share(const struct crls *kept, const struct crls *crls, size_t i,
    const struct lists_told *told, struct error *err)
{
	const struct crl *of = crls_at(crls, i);
	struct share share = { 0, 0 };

	for (size_t j = 0; j < crls_count(kept); j++)
		add_share(&share, of, crls_at(kept, j));
	for (size_t j = 0; j <= i; j++)
		if (told->list[j].result == LIST_NEW)
			add_share(&share, of, crls_at(crls, j));
	return (share.num <= LIMIT_LISTS_OF_CA &&
		   share.bytes <= LIMIT_LISTS_OF_CA_BYTES) ||
	    error_set(err, ERROR_LIMIT,
		"the list of %s: with it %zu lists of that CA, of %zu bytes,"
		" would be kept; limits %d and %d",
		told->list[i].issuer, share.num, share.bytes, LIMIT_LISTS_OF_CA,
		LIMIT_LISTS_OF_CA_BYTES);
}

static bool
write_all(const char *dir, const struct crls *kept, const struct crls *crls,
    const char *from, const struct lists_told *told, struct error *err)
{
	for (size_t i = 0; i < told->num; i++)
		if (told->list[i].result == LIST_NEW &&
		    (!check_share(kept, crls, i, told, err) ||
			!write_list(dir, from, crls_at(crls, i), err)))
			return false;
	return true;
}

static bool
write_new(const struct config *config, const struct judged_by *now,
    const struct crls *crls, const char *from, const struct lists_told *told,
    struct error *err)
{
	struct crls *kept = crls_new(err);
	char dir[FILE_PATH];
	const bool ok = kept != NULL &&
	    data_path(config->data, DATA_CRLS, dir, err) &&
	    file_make_dirs(dir, 0700, err) && tidy(dir, now, kept, err) &&
	    write_all(dir, kept, crls, from, told, err);

	crls_free(kept);
	return ok;
}

bool
lists_keep(const struct config *config, const struct judged_by *now,
    const struct revocation *named, struct span bytes, const char *from,
    struct lists_told *out, struct error *err)
{
	struct crls *crls = NULL;
	bool is_new = false, ok;

	*out = (struct lists_told){ .num = 0 };
	ok = check_num(bytes, err) && (crls = crls_new(err)) != NULL &&
	    crls_add(crls, bytes, &out->num_bad, err);
	for (size_t i = 0; ok && i < crls_count(crls); i++) {
		tell_list(now, named, crls, crls_at(crls, i),
		    &out->list[out->num]);
		is_new = is_new || out->list[out->num].result == LIST_NEW;
		out->num++;
	}
	ok = ok && (!is_new || write_new(config, now, crls, from, out, err));
	crls_free(crls);
	return ok;
}
