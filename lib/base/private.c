/*
 * Who may read a private key (private.h).
 */
#include "base/private.h"

#include <errno.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

/* Names that linux/magic.h lacks, or has under other ones. */
enum {
	FS_MSDOS = 0x4d44, /* vfat */
	FS_EXFAT = 0x2011bab0,
	FS_NTFS = 0x5346544e,
	FS_NTFS3 = 0x7366746e,
	FS_9P = 0x01021997,
	FS_FUSE = 0x65735546, /* fuseblk (ntfs-3g) has the same */
	FS_SMB = 0x517b,
};
#define FS_CIFS 0xff534d42U
#define FS_SMB2 0xfe534d42U

/* True if its files have the same mode, whatever one asks for. */
static bool
is_modeless(long file_system)
{
	switch ((unsigned)file_system) {
	case FS_MSDOS:
	case FS_EXFAT:
	case FS_NTFS:
	case FS_NTFS3:
	case FS_9P:
	case FS_FUSE:
	case FS_SMB:
	case FS_CIFS:
	case FS_SMB2:
		return true;
	default:
		return false;
	}
}

enum private_verdict
private_judge(mode_t mode, uid_t owner, long file_system)
{
	/* Root gives a key to a service by the service's group. */
	const mode_t others =
	    owner == 0 ? S_IWGRP | S_IXGRP | S_IRWXO : S_IRWXG | S_IRWXO;

	if ((mode & others) == 0)
		return PRIVATE_GOOD;
	return is_modeless(file_system) ? PRIVATE_MODELESS : PRIVATE_EXPOSED;
}

/* Tell that the key is used all the same. */
static bool
warn(const char *path, mode_t mode, bool modeless,
    const struct private_rule *rule)
{
	char sentence[FILE_PATH + 200];

	if (rule->warn == NULL)
		return true;
	snprintf(sentence, sizeof(sentence),
	    "%s: others may read this private key (mode %04o)%s", path,
	    (unsigned)(mode & 07777),
	    modeless ? ", and its file system keeps no modes: keep it on"
		       " another one"
		     : "; it is used, as --insecure-key says");
	rule->warn(sentence);
	return true;
}

bool
private_check(const char *path, const struct private_rule *rule,
    struct error *err)
{
	struct statfs fs = { 0 };
	enum private_verdict verdict;
	struct stat st;

	if (stat(path, &st) != 0)
		return errno == ENOENT
		    ? error_set(err, ERROR_NOT_FOUND, "%s: no such file", path)
		    : error_set_errno(err, "%s", path);
	if (access(path, R_OK) != 0 && errno == EACCES)
		return error_set_outside(err,
		    "%s: it is there, and this user (%ld) may not read it: it"
		    " is of user %ld, with mode %04o. Give it to the one who"
		    " is to use it: chown, chmod 600",
		    path, (long)getuid(), (long)st.st_uid,
		    (unsigned)(st.st_mode & 07777));
	if (private_judge(st.st_mode, st.st_uid, 0) == PRIVATE_GOOD)
		return true;
	if (statfs(path, &fs) != 0)
		return error_set_errno(err, "%s", path);
	verdict = private_judge(st.st_mode, st.st_uid, (long)fs.f_type);
	if (verdict == PRIVATE_MODELESS || rule->insecure)
		return warn(path, st.st_mode, verdict == PRIVATE_MODELESS,
		    rule);
	/* A service that reads root's file does so by its group. */
	return error_set(err, ERROR_UNTRUSTED,
	    "%s: others may read this private key (mode %04o):"
	    " chmod %s %s",
	    path, (unsigned)(st.st_mode & 07777),
	    st.st_uid == 0 && geteuid() != 0 ? "640" : "600", path);
}

bool
private_read(const char *path, size_t max, const struct private_rule *rule,
    struct buf *out, struct error *err)
{
	return private_check(path, rule, err) && file_read(path, max, out, err);
}
