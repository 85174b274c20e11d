/*
 * private.h - what the files of this folder share: the struct behind a backend
 * in memory.
 */
#ifndef BACKEND_MEMORY_PRIVATE_H
#define BACKEND_MEMORY_PRIVATE_H

#include <pthread.h>

#include "backend/memory/memory.h"

/* One object; its address stays the same until the backend is closed. */
struct kept {
	struct oid oid;
	enum object_type type;
	uint64_t size;
	struct buf packed;
	bool is_whole; /* its bytes were vouched for; atomic */
	bool is_kept;
};

struct name {
	char *text;
	struct oid oid;
};

struct memory_exhibit {
	enum exhibit_kind kind;
	struct buf name, bytes;
};

/* What all handles of one backend share. */
struct memory {
	pthread_rwlock_t lock;
	unsigned num_handles;
	const struct backend *writer; /* the handle that may write, or NULL */
	struct kept **list;           /* sorted by name */
	size_t num;
	struct name *names; /* in the order of strcmp() */
	size_t num_names;
	bool keeps;
	struct buf entries;
	struct head *heads;
	uint64_t num_heads;
	struct proposed *proposals; /* all there ever were, in order */
	size_t num_proposals;
	struct memory_exhibit *exhibits; /* sorted by kind, name and bytes */
	size_t num_exhibits;
};

struct handle {
	/* Must be first: a pointer to it is cast to the whole. */
	struct backend backend;
	struct memory *memory;
};

struct memory *memory_of(struct backend *backend);
bool memory_finish(struct object_set *objects, struct error *err) MUST_USE;
bool memory_name_set(struct backend *backend, const char *name,
    const struct oid *oid, struct error *err) MUST_USE;

/* log.c */
bool memory_claim(struct backend *backend, struct error *err) MUST_USE;
bool memory_renew(struct backend *backend, struct error *err) MUST_USE;
bool memory_propose(struct backend *backend, const struct proposal *proposal,
    struct error *err) MUST_USE;
bool memory_publish(struct backend *backend, const struct head *head,
    uint64_t end, struct error *err) MUST_USE;
bool memory_flush_heads(struct backend *backend, struct error *err) MUST_USE;
uint64_t memory_num_heads(struct backend *backend);
bool memory_read_head(struct backend *backend, uint64_t n, struct head *out,
    struct error *err) MUST_USE;
bool memory_read_entries(struct backend *backend, uint64_t at, void *out,
    size_t len, struct error *err) MUST_USE;
bool memory_log_bytes(struct backend *backend, uint64_t *out,
    struct error *err) MUST_USE;
bool memory_recover(struct backend *backend, struct head *newest,
    uint64_t *dropped, struct error *err) MUST_USE;
bool memory_keep_reserve(struct backend *backend, uint64_t bytes,
    struct error *err) MUST_USE;
void memory_reserve(struct backend *backend, uint64_t *has, uint64_t *wanted);
bool memory_use_reserve(struct backend *backend, uint64_t bytes);
bool memory_settle(struct backend *backend, const struct head *signer,
    uint64_t end, struct error *err) MUST_USE;
void memory_stop(struct backend *backend, const char *reason);
bool memory_proposed(struct backend *backend, uint64_t beyond,
    struct proposed *out, struct error *err) MUST_USE;

/* exhibits.c */
bool memory_add_exhibits(struct backend *backend,
    const struct exhibit exhibits[], size_t num, struct error *err) MUST_USE;
bool memory_each_exhibit(struct backend *backend, enum exhibit_kind kind,
    const struct span *name, exhibit_visitor *visit, void *arg,
    struct error *err) MUST_USE;
void memory_free_exhibits(struct memory *memory);

#endif
