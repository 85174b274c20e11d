/*
 * private.h - what the files of this folder share: the struct behind a backend
 * of files, and its functions by file.
 */
#ifndef BACKEND_FILES_PRIVATE_H
#define BACKEND_FILES_PRIVATE_H

#include <git2.h>

#include "backend/files/files.h"
#include "backend/files/packs.h"
#include "base/file.h"

/* reserve.c: a file that takes room, which the log gives up in steps. */
struct reserve {
	pthread_mutex_t mutex; /* guards all */
	int fd;                /* or -1: there is none */
	uint64_t has, wanted;  /* in bytes */
};

struct files {
	/* Must be first: a pointer to it is cast to the whole. */
	struct backend backend;
	struct packs packs;
	git_repository *repository; /* see files_git() */
	pthread_mutex_t mutex;      /* guards libgit2's reading of objects */
	pthread_mutex_t opening;    /* guards these two: */
	bool is_begun, is_open;     /* libgit2, and the repository by it */
	char path[FILE_PATH];       /* empty if there is no repository */
	/* The log's folder and open files. */
	char log[FILE_PATH];
	int entries, heads; /* or -1 */
	uint64_t num_heads; /* atomic */
	uint64_t published; /* bytes of entries, by the last head at opening */
	/* Bytes of entries (atomic), and of the file with the room after them. */
	uint64_t end, room;
	/* Bytes of the file of heads that the disk has set apart. */
	uint64_t heads_room;
	bool log_is_view;
	bool is_claimed; /* this handle has the right to write */
	bool is_foreign; /* git packed or wrote objects of this data folder */
	struct files_note *notes; /* what opening it mended (guard.c) */
	size_t num_notes;
	struct reserve reserve;
};

/* The files of a backend of this kind. */
static inline struct files *
files_of(struct backend *backend)
{
	return (struct files *)backend;
}

/* git.c */
#define FILES_HEAD_PREFIX "ref: refs/heads/"
/* Files of a repository whose text never changes. */
enum { FILES_CONSTANTS = 2 };
struct files_constant {
	const char *name, *text;
};
extern const struct files_constant files_constants[FILES_CONSTANTS];
/*
 * Open the repository by libgit2, unless that was done: repository and durable
 * may be used after it.
 */
bool files_git(struct files *files, struct error *err) MUST_USE;
/*
 * The same now, unless it can wait: the repository is a data folder's, or is as
 * we made it.
 */
bool files_git_if_changed(struct files *files, struct error *err) MUST_USE;
void files_git_close(struct files *files);
/*
 * Set err from libgit2's last error, is_full and is_of_machine too.  Returns
 * false.
 */
bool files_git_failed(struct error *err, const char *what);

/* log.c */
bool files_open_log(struct files *files, const char *dir, bool is_view,
    struct error *err) MUST_USE;
void files_close_log(struct files *files);
bool files_claim(struct backend *backend, struct error *err) MUST_USE;
bool files_renew(struct backend *backend, struct error *err) MUST_USE;
bool files_recover(struct backend *backend, struct head *newest,
    uint64_t *dropped, struct error *err) MUST_USE;
bool files_settle(struct backend *backend, const struct head *signer,
    uint64_t end, struct error *err) MUST_USE;
void files_stop(struct backend *backend, const char *reason);
bool files_proposed(struct backend *backend, uint64_t after,
    struct proposed *out, struct error *err) MUST_USE;
bool files_propose(struct backend *backend, const struct proposal *proposal,
    struct error *err) MUST_USE;
bool files_publish(struct backend *backend, const struct head *head,
    uint64_t end, struct error *err) MUST_USE;
bool files_flush_heads(struct backend *backend, struct error *err) MUST_USE;
uint64_t files_num_heads(struct backend *backend);
bool files_head(struct backend *backend, uint64_t n, struct head *out,
    struct error *err) MUST_USE;
bool files_read(struct backend *backend, uint64_t at, void *out, size_t len,
    struct error *err) MUST_USE;
bool files_log_bytes(struct backend *backend, uint64_t *out,
    struct error *err) MUST_USE;

/* reserve.c */
void files_reserve_init(struct reserve *reserve);
void files_reserve_close(struct reserve *reserve);
bool files_keep_reserve(struct backend *backend, uint64_t bytes,
    struct error *err) MUST_USE;
void files_reserve(struct backend *backend, uint64_t *has, uint64_t *wanted);
bool files_use_reserve(struct backend *backend, uint64_t bytes);
/*
 * Allocate bytes [*room, to) of one of the log's files, and some ahead; with the
 * reserve if need be.  *room gets where what is allocated ends.
 *
 * ERROR_SYSTEM  no room (is_full), or the disk failed
 */
bool files_allocate(struct files *files, int fd, uint64_t to, uint64_t *room,
    struct error *err) MUST_USE;

/* objects.c */
bool files_has(struct backend *backend, const struct oid *oid);
bool files_has_each(struct backend *backend, const struct oid oids[],
    size_t num, bool is_there[], struct error *err);
bool files_find(struct backend *backend, const struct oid *oid,
    enum object_form form, struct object *out, struct error *err) MUST_USE;
void files_release(struct object *object);
bool files_stream(const struct object *object, enum object_bytes bytes,
    byte_sink *sink, void *arg, struct buf *raw, uint64_t *packed,
    struct error *err) MUST_USE;
void files_vouch(const struct object *object);
bool files_each(struct backend *backend, object_visitor *visit, void *arg,
    struct error *err) MUST_USE;

/* packer.c: a pack being written. */
struct object_set *packer_new(struct backend *backend, struct error *err);
void packer_free(struct object_set *objects);
bool packer_finish(struct object_set *objects, struct error *err) MUST_USE;
bool packer_take(struct object_set *objects, const struct object_set *from,
    struct error *err) MUST_USE;
/*
 * Finish a pack that came from outside. It is dropped unless it has this
 * checksum.
 *
 * ERROR_MALFORMED  it has another one
 */
bool packer_finish_as(struct object_set *objects, const struct oid *checksum,
    bool is_flushed, struct error *err) MUST_USE;
bool packer_has(const struct object_set *objects, const struct oid *oid,
    uint64_t size);
/* The same of the pack under way alone. */
bool packer_is_under_way(const struct object_set *objects,
    const struct oid *oid);
bool packer_begin(struct object_set *objects, const struct oid *oid,
    enum object_type type, uint64_t size, struct error *err) MUST_USE;
bool packer_piece(struct object_set *objects, struct span piece,
    struct error *err) MUST_USE;
void packer_end(struct object_set *objects);
void packer_undo(struct object_set *objects);
/* Is the pack to get a .new?  By default it follows keep() of the backend. */
void packer_set_new(struct object_set *objects, bool is_new);
/* NAME of its pack-NAME.pack once it is finished; "" if it had no objects. */
const char *packer_name(const struct object_set *objects);
/* Copy all objects of a pack without deltas into another. */
bool packer_copy(struct object_set *objects, const struct packfile *from,
    struct error *err) MUST_USE;

/* refs.c */
enum {
	FILES_BRANCH_NAME = 1024, /* longest name that HEAD may have */
	/* Room in packed-refs for ten million branches. */
	FILES_PACKED_REFS = 1024 * 1024 * 1024,
};
/*
 * Remove locks and torn branches that a crash left.  The caller holds the data
 * folder's lock, so no other process uses them.
 */
void files_sweep_refs(const char *path);
bool files_name_get(struct backend *backend, const char *name, struct oid *out);
bool files_name_set(struct backend *backend, const char *name,
    const struct oid *oid, struct error *err) MUST_USE;

/* branches.c */
bool files_each_branch(struct backend *backend, branch_visitor *visit,
    void *arg, size_t *num_strays, struct error *err) MUST_USE;
bool files_set_branches(struct backend *backend, const struct branch branches[],
    size_t num, struct error *err) MUST_USE;

/*
 * Is HEAD a symbolic ref to a branch of this name, which is given below
 * refs/heads/?
 */
bool files_head_names(const char *path, char name[FILES_BRANCH_NAME]);
/* Can packed-refs be read, or is it damaged? */
bool files_branches_are_read(struct files *files);
/* Read all branches, and point HEAD to one of them if it names none. */
bool files_point_head(struct files *files, bool mend, bool *is_wrong,
    struct error *err) MUST_USE;
/*
 * Create NAME.lock, git's own lock, which files_replace() renames to NAME.
 * Returns the open file, or -1.
 *
 * ERROR_UNAVAILABLE  a git command holds the lock
 */
int files_lock(struct files *files, const char *name, char path[FILE_PATH],
    struct error *err);
/*
 * Write the bytes to the lock file, durably, and rename it.  The lock is gone in
 * either case.
 */
bool files_replace(struct files *files, const char *name, const char *lock,
    int fd, struct span bytes, struct error *err) MUST_USE;

/* guard.c */
/* What was found in a data folder's repository, or mended. */
struct files_note {
	const char *code;
	char about[64], text[160];
	bool is_mended;
};
/*
 * Mend what follows from other files of a data folder's repository: its
 * constant files, HEAD, and an index of a pack; give each pack its .keep. Packs
 * of the folder are open but for those in packs.unread.
 */
bool files_guard(struct files *files, struct error *err) MUST_USE;
bool files_look(struct backend *backend, enum look_how how, note_visitor *tell,
    void *arg, struct error *err) MUST_USE;
void files_free_notes(struct files *files);

/* take.c */
/*
 * Make the index of a pack anew, whose file is whole, and load it.
 *
 * ERROR_MALFORMED  the pack is damaged
 */
bool files_index_pack(struct files *files, const char *name,
    struct error *err) MUST_USE;

/* tidy.c, check.c */
/* Does a pack have objects that git stored as differences? */
bool packfile_has_deltas(const struct packfile *pack);
bool files_tidy(struct backend *backend, size_t enough, unsigned *joined,
    struct error *err) MUST_USE;
bool files_check(struct backend *backend, unsigned part, unsigned parts,
    damage_visitor *tell, void *arg, uint64_t *num, struct error *err) MUST_USE;

#endif
