/*
 * A context that is made of an enrolment alone, for who has no office
 * (guest.h).
 */
#include "client/guest.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "base/time.h"
#include "client/lists.h"
#include "client/policies.h"
#include "client/tell.h"

/* No file can be below it: nothing is kept, and nothing is read. */
#define NO_STATE "/dev/null"

/* Accept what the enrolment lists, or the one that an old enrolment names. */
static bool
accept_enrolled(struct context *context, struct error *err)
{
	const struct enrolment *enrolment = &context->enrolment;
	struct succession *all = &context->succession;

	/* What is known is in memory: policies_load() is not to read it. */
	context->unkept = true;
	if (enrolment->policies.num == 0)
		return succession_await(all, &enrolment->policy, err);
	if (!succession_copy(&enrolment->policies, all, err))
		return false;
	for (size_t i = 0; i < all->num; i++)
		all->list[i].accepted = true;
	return true;
}

bool
guest_load(struct context *context, const char *path, struct error *err)
{
	struct buf text = BUF(LIMIT_YAML_BYTES);
	bool ok;

	text_set(context->state, sizeof(context->state), NO_STATE);
	context->guest = true;
	ok = file_read(path, text.max, &text, err) &&
	    (enrolment_parse(buf_span(&text), &context->enrolment, err) ||
		error_context(err, "%s", path));
	buf_free(&text);
	return ok && context_load_keys(context, err) &&
	    accept_enrolled(context, err) &&
	    (context->own = crls_new(err)) != NULL &&
	    (context->certs = cert_cache_new(err)) != NULL;
}

/* --- What comes in files and folders. --- */

typedef bool take_file(struct context *context, const char *path,
    struct error *err);
/* The files are taken over. */
typedef bool take_folder(struct context *context, const char *path,
    struct container *files, struct error *err);

static bool
is_zip_name(const char *name)
{
	const size_t len = strlen(name);

	return len > 4 && strcmp(name + len - 4, ".zip") == 0;
}

static int
only_zips(const struct dirent *entry)
{
	return is_zip_name(entry->d_name);
}

/* Take each ZIP of a folder.  *num is how many there are. */
static bool
take_zips(struct context *context, const char *dir, take_file *take,
    unsigned *num, struct error *err)
{
	struct dirent **names;
	const int found = scandir(dir, &names, only_zips, alphasort);
	char path[FILE_PATH];
	bool ok = true;

	if (found < 0)
		return error_set_errno(err, "%s", dir);
	for (int i = 0; i < found; i++) {
		ok = ok && file_join(path, dir, names[i]->d_name, err) &&
		    take(context, path, err);
		free(names[i]);
	}
	free(names);
	*num = (unsigned)found;
	return ok;
}

/* A folder is a set of files itself if it has no ZIPs in it. */
static bool
take_path(struct context *context, const char *path, take_file *file,
    take_folder *folder, struct error *err)
{
	struct container *files;
	struct stat st;
	unsigned num;

	if (stat(path, &st) != 0)
		return error_set_errno(err, "%s", path);
	if (!S_ISDIR(st.st_mode))
		return file(context, path, err);
	if (!take_zips(context, path, file, &num, err))
		return false;
	if (num > 0)
		return true;
	files = container_read_dir(path, err);
	return files != NULL && folder(context, path, files, err);
}

/* --- Policies. --- */

static bool
is_listed(const struct context *context, const struct digest *digest)
{
	return succession_find(&context->succession, digest, SUCCESSION_NONE) !=
	    NULL ||
	    digest_eq(&context->enrolment.policy, digest);
}

/* The policy is taken over. */
static bool
take_policy(struct context *context, const char *path, struct policy *policy,
    struct error *err)
{
	char hex[DIGEST_HEX];

	if (policy == NULL)
		return error_context(err, "%s", path);
	if (!is_listed(context, &policy->digest)) {
		digest_hex(&policy->digest, hex);
		client_note(context,
		    "%s: the enrolment does not list the policy %.16s…, so it"
		    " judges nothing: ask for a newer enrolment, from somebody"
		    " other than who gave you the copy",
		    path, hex);
		policy_free(policy);
		return true;
	}
	return policies_take(context, policy, err);
}

static bool
take_policy_file(struct context *context, const char *path, struct error *err)
{
	const int fd = file_open(path, err);
	struct policy *policy;

	if (fd < 0)
		return false;
	policy = policies_read(fd, NULL, err);
	close(fd);
	return take_policy(context, path, policy, err);
}

static bool
take_policy_folder(struct context *context, const char *path,
    struct container *files, struct error *err)
{
	struct complaints complaints = COMPLAINTS;
	struct policy *policy =
	    policy_load(files, time_now_ms() / 1000, &complaints, err);

	complaints_free(&complaints);
	return take_policy(context, path, policy, err);
}

bool
guest_add_policies(struct context *context, const char *path, struct error *err)
{
	return take_path(context, path, take_policy_file, take_policy_folder,
	    err);
}

/* --- Revocation lists. --- */

static bool
take_set(struct context *context, const char *path, struct container *files,
    struct error *err)
{
	const bool ok =
	    lists_take(context, files, err) || error_context(err, "%s", path);

	container_free(files);
	return ok;
}

/* A folder may be a set, or no more than some lists. */
static bool
take_crl_folder(struct context *context, const char *path,
    struct container *files, struct error *err)
{
	for (size_t i = 0; i < files->num; i++)
		if (!crls_add(context->own, member_bytes(&files->members[i]),
			NULL, err)) {
			error_context(err, "%s/%s", path,
			    files->members[i].path);
			container_free(files);
			return false;
		}
	return take_set(context, path, files, err);
}

static bool
take_list(struct context *context, const char *path, struct error *err)
{
	struct buf bytes = BUF(LIMIT_CRL_BYTES);
	bool ok;

	ok = file_read(path, bytes.max, &bytes, err) &&
	    (crls_add(context->own, buf_span(&bytes), NULL, err) ||
		error_context(err, "%s", path));
	buf_free(&bytes);
	return ok;
}

static bool
take_crl_file(struct context *context, const char *path, struct error *err)
{
	struct container *files;
	bool ok;
	int fd;

	if (!is_zip_name(path))
		return take_list(context, path, err);
	if ((fd = file_open(path, err)) < 0)
		return false;
	files = container_read_files_to_judge(fd, err);
	ok = files != NULL ? take_set(context, path, files, err)
			   : error_context(err, "%s", path);
	close(fd);
	return ok;
}

bool
guest_add_crls(struct context *context, const char *path, struct error *err)
{
	return take_path(context, path, take_crl_file, take_crl_folder, err);
}
