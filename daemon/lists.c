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
#include "daemon/lists_parts.h"
#include "daemon/log.h"
#include "record/data.h"

enum { TOLD_BYTES = 64 * 1024 };

void
lists_look_reset(struct lists_look *look)
{
	buf_free(&look->told);
	*look = (struct lists_look){ .told = BUF(TOLD_BYTES) };
}

void
lists_tell(struct lists_look *look, const char *fmt, ...)
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
	lists_tell(look, "a file of the folder of CRLs is left out: %s: %s",
	    file, why);
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
			lists_tell(look,
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

/* --- What the parts share. --- */

bool
lists_check_size(const struct buf *pem, struct error *err)
{
	return pem->len <= LIMIT_CRL_BYTES ||
	    error_set(err, ERROR_LIMIT, "a list of %zu bytes in PEM, limit %d",
		pem->len, LIMIT_CRL_BYTES);
}

void
lists_name(const char *prefix, const struct digest *digest,
    char out[LIMIT_NAME_BYTES + 1])
{
	char hex[DIGEST_HEX];

	digest_hex(digest, hex);
	snprintf(out, LIMIT_NAME_BYTES + 1, "%s-%.32s.pem", prefix, hex);
}

int64_t
lists_future_at(const struct record *record, int64_t *behind_s)
{
	int64_t journal_at, now;

	/* The journal first: it grows by the clock. */
	ledger_read_lock(record->ledger);
	journal_at = ledger_time_ms(record->ledger) / 1000;
	ledger_unlock(record->ledger);
	now = time_now_ms() / 1000;
	*behind_s = journal_at > now ? journal_at - now : 0;
	return *behind_s > 0 ? INT64_MAX : now + CRL_FUTURE_SECONDS;
}

/* --- What is missing. --- */

/* Log the CAs whose list is missing or over, and what that means. */
#define NOBODY "effect=\"nobody with its certificates can connect\""

void
lists_warn(const struct policy *policy, const struct crl_set *crls,
    int64_t until)
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
			until, &next)) {
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
