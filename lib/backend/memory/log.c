/*
 * The log in memory: all entries in one buffer, each after its length, and an
 * array of heads.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "backend/memory/private.h"

/* Remember the proposal; the lock is held. */
static bool
add_proposed(struct memory *memory, const struct proposal *proposal,
    const struct digest *mark, struct error *err)
{
	const size_t num = memory->num_proposals + 1;
	struct proposed *all = realloc(memory->proposals, num * sizeof(*all));

	if (all == NULL)
		return error_set_errno(err, "proposals");
	memory->proposals = all;
	all[memory->num_proposals++] = (struct proposed){
		.head = { .size = proposal->size + proposal->num_entries,
		    .root = proposal->root },
		.end = memory->entries.len,
		.is_marked = proposal->mark != NULL,
		.mark = *mark,
	};
	return true;
}

/* Append the entries, each after its length in two bytes. */
static bool
append_entries(struct memory *memory, const struct proposal *proposal,
    const struct digest *mark, struct error *err)
{
	struct buf *all = &memory->entries;
	bool ok = true;

	assert(proposal->at == all->len);
	pthread_rwlock_wrlock(&memory->lock);
	for (size_t i = 0; ok && i < proposal->num_entries; i++)
		ok = buf_append_u16(all, (uint16_t)proposal->entries[i].len,
			 err) &&
		    buf_append(all, proposal->entries[i], err);
	ok = ok && add_proposed(memory, proposal, mark, err);
	if (!ok)
		all->len = proposal->at;
	pthread_rwlock_unlock(&memory->lock);
	return ok;
}

bool
memory_claim(struct backend *backend, struct error *err)
{
	struct memory *memory = memory_of(backend);
	bool taken;

	pthread_rwlock_wrlock(&memory->lock);
	if (memory->writer == NULL)
		memory->writer = backend;
	taken = memory->writer == backend;
	pthread_rwlock_unlock(&memory->lock);
	return taken ||
	    error_set(err, ERROR_CONFLICT, "another writes to this journal");
}

bool
memory_renew(struct backend *backend, struct error *err)
{
	struct memory *memory = memory_of(backend);
	bool taken;

	pthread_rwlock_rdlock(&memory->lock);
	taken = memory->writer == backend;
	pthread_rwlock_unlock(&memory->lock);
	return taken || error_set(err, ERROR_SYSTEM, "no right to write");
}

bool
memory_propose(struct backend *backend, const struct proposal *proposal,
    struct error *err)
{
	struct digest mark = { { 0 } };
	bool ok = proposal->mark == NULL ||
	    proposal->mark(proposal->arg, proposal, &mark, err);

	ok = ok &&
	    (proposal->objects == NULL ||
		memory_finish(proposal->objects, err));

	for (size_t i = 0; ok && i < proposal->num_names; i++)
		ok = memory_name_set(backend, proposal->names[i].name,
		    &proposal->names[i].oid, err);
	if (ok && proposal->stored != NULL)
		proposal->stored(proposal->arg);
	if (ok && append_entries(memory_of(backend), proposal, &mark, err))
		return true;
	err->kind = ERROR_UNAVAILABLE;
	return false;
}

bool
memory_publish(struct backend *backend, const struct head *head, uint64_t end,
    struct error *err)
{
	struct memory *memory = memory_of(backend);
	struct head *all;

	(void)end;
	pthread_rwlock_wrlock(&memory->lock);
	all = realloc(memory->heads, (memory->num_heads + 1) * sizeof(*all));
	if (all != NULL) {
		memory->heads = all;
		all[memory->num_heads++] = *head;
	}
	pthread_rwlock_unlock(&memory->lock);
	return all != NULL || error_set_errno(err, "heads");
}

bool
memory_flush_heads(struct backend *backend, struct error *err)
{
	(void)backend, (void)err;
	return true;
}

uint64_t
memory_num_heads(struct backend *backend)
{
	struct memory *memory = memory_of(backend);
	uint64_t num;

	pthread_rwlock_rdlock(&memory->lock);
	num = memory->num_heads;
	pthread_rwlock_unlock(&memory->lock);
	return num;
}

bool
memory_read_head(struct backend *backend, uint64_t n, struct head *out,
    struct error *err)
{
	struct memory *memory = memory_of(backend);
	bool there;

	pthread_rwlock_rdlock(&memory->lock);
	if ((there = n < memory->num_heads))
		*out = memory->heads[n];
	pthread_rwlock_unlock(&memory->lock);
	return there || error_set(err, ERROR_SYSTEM, "there is no such head");
}

bool
memory_read_entries(struct backend *backend, uint64_t at, void *out, size_t len,
    struct error *err)
{
	struct memory *memory = memory_of(backend);
	bool there;

	pthread_rwlock_rdlock(&memory->lock);
	there = at <= memory->entries.len && len <= memory->entries.len - at;
	if (there && len > 0)
		memcpy(out, memory->entries.data + at, len);
	pthread_rwlock_unlock(&memory->lock);
	return there || error_set(err, ERROR_SYSTEM, "entries end before");
}

bool
memory_log_bytes(struct backend *backend, uint64_t *out, struct error *err)
{
	struct memory *memory = memory_of(backend);

	(void)err;
	pthread_rwlock_rdlock(&memory->lock);
	*out = memory->entries.len;
	pthread_rwlock_unlock(&memory->lock);
	return true;
}

bool
memory_recover(struct backend *backend, struct head *newest, uint64_t *dropped,
    struct error *err)
{
	const uint64_t num = memory_num_heads(backend);

	*dropped = 0;
	*newest = (struct head){ .size = 0 };
	return num == 0 || memory_read_head(backend, num - 1, newest, err);
}

bool
memory_settle(struct backend *backend, const struct head *signer, uint64_t end,
    struct error *err)
{
	struct head newest;
	uint64_t dropped;

	return memory_recover(backend, &newest, &dropped, err) &&
	    (newest.size == signer->size ||
		memory_publish(backend, signer, end, err));
}

bool
memory_proposed(struct backend *backend, uint64_t beyond, struct proposed *out,
    struct error *err)
{
	struct memory *memory = memory_of(backend);
	size_t i = 0;

	(void)err;
	*out = (struct proposed){ .end = 0 };
	pthread_rwlock_rdlock(&memory->lock);
	while (i < memory->num_proposals &&
	    memory->proposals[i].head.size <= beyond)
		i++;
	if (i < memory->num_proposals)
		*out = memory->proposals[i];
	pthread_rwlock_unlock(&memory->lock);
	return true;
}

/* It ends with its process. */
void
memory_stop(struct backend *backend, const char *reason)
{
	(void)backend, (void)reason;
}

/* Memory has no disk of which some could be kept back. */
bool
memory_keep_reserve(struct backend *backend, uint64_t bytes, struct error *err)
{
	(void)backend, (void)bytes, (void)err;
	return true;
}

void
memory_reserve(struct backend *backend, uint64_t *has, uint64_t *wanted)
{
	(void)backend;
	*has = *wanted = 0;
}

bool
memory_use_reserve(struct backend *backend, uint64_t bytes)
{
	(void)backend, (void)bytes;
	return false;
}
