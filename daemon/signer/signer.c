/*
 * The server's side of the signer: its process is started, and asked.
 */
#include "daemon/signer/signer.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/signer/messages.h"
#include "daemon/signer/vault.h"
#include "document/manifest.h"

struct signer {
	int fd;
	struct buf body;
};

static bool
receive_answer(struct signer *signer, struct error *err)
{
	uint8_t kind;

	if (!signer_receive(signer->fd, &kind, &signer->body))
		return error_set(err, ERROR_SYSTEM, "the signer has ended");
	if (kind == 0)
		return true;
	return error_set(err, (enum error_kind)kind, "signer: %.*s",
	    (int)signer->body.len, (const char *)signer->body.data);
}

static bool
ask(struct signer *signer, enum signer_request request, struct span body,
    struct error *err)
{
	if (!signer_send(signer->fd, (uint8_t)request, body))
		return error_set(err, ERROR_SYSTEM, "the signer has ended");
	return receive_answer(signer, err);
}

struct signer *
signer_start(const struct config *config, pid_t *pid, struct error *err)
{
	struct signer *signer = calloc(1, sizeof(*signer));
	int pair[2];

	if (signer == NULL ||
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) {
		error_set_errno(err, "signer");
		free(signer);
		return NULL;
	}
	if ((*pid = fork()) < 0) {
		error_set_errno(err, "signer");
		close(pair[0]);
		close(pair[1]);
		free(signer);
		return NULL;
	}
	if (*pid == 0) {
		close(pair[0]);
		vault_run(config, pair[1]);
	}
	close(pair[1]);
	signer->fd = pair[0];
	signer->body = BUF(LIMIT_SIGNER_REQUEST);
	if (!receive_answer(signer, err)) {
		signer_free(signer);
		return NULL;
	}
	return signer;
}

void
signer_free(struct signer *signer)
{
	if (signer == NULL)
		return;
	close(signer->fd);
	buf_free(&signer->body);
	free(signer);
}

bool
signer_state(struct signer *signer, struct head *head, struct note_key *key,
    struct error *err)
{
	struct span rest, root, signature, text;
	uint64_t time;

	if (!ask(signer, SIGNER_STATE, span_of(NULL, 0), err))
		return false;
	rest = buf_span(&signer->body);
	if (!span_take_u64(&rest, &head->size) ||
	    !span_take_u64(&rest, &time) || !span_take(&rest, 32, &root) ||
	    !span_take(&rest, 64, &signature) || !span_take_block(&rest, &text))
		return error_set(err, ERROR_SYSTEM, "signer: broken answer");
	head->time_ms = (int64_t)time;
	memcpy(head->root.bytes, root.data, 32);
	memcpy(head->signature, signature.data, 64);
	return note_key_parse(text, NOTE_JOURNAL, key, err);
}

bool
signer_seal(struct signer *signer, struct container *container,
    struct error *err)
{
	struct buf body = BUF(LIMIT_SIGNER_REQUEST);
	struct span rest, xml, p7s;
	bool ok = true;

	for (size_t i = 0; ok && i < container->num; i++) {
		const struct member *member = &container->members[i];

		if (strcmp(member->path, "mimetype") == 0)
			continue;
		ok = buf_append_block(&body, span_of_str(member->path), err) &&
		    buf_append_block(&body,
			span_of_str(media_of_path(member->path)), err) &&
		    buf_append(&body, digest_span(&member->sha256), err);
	}
	ok = ok && ask(signer, SIGNER_SEAL, buf_span(&body), err);
	buf_free(&body);
	if (!ok)
		return false;
	rest = buf_span(&signer->body);
	if (!span_take_block(&rest, &xml) || !span_take_block(&rest, &p7s))
		return error_set(err, ERROR_SYSTEM, "signer: broken answer");
	return container_put(container, PATH_SEAL_MANIFEST, xml, err) &&
	    container_put(container, PATH_SEAL, p7s, err);
}

bool
signer_commit(struct signer *signer, const struct commit_fields *fields,
    struct buf *out, struct error *err)
{
	struct buf body = BUF(4096);
	bool ok;

	ok = signer_encode_commit(fields, &body, err) &&
	    ask(signer, SIGNER_COMMIT, buf_span(&body), err) &&
	    buf_append(out, buf_span(&signer->body), err);
	buf_free(&body);
	return ok;
}

bool
signer_checkpoint(struct signer *signer, struct head *head,
    const struct merkle_proof *consistency, struct error *err)
{
	struct buf body = BUF(8192);
	bool ok;

	ok = signer_encode_checkpoint(head, consistency, &body, err) &&
	    ask(signer, SIGNER_CHECKPOINT, buf_span(&body), err);
	buf_free(&body);
	if (!ok)
		return false;
	if (signer->body.len != 64)
		return error_set(err, ERROR_SYSTEM, "signer: broken answer");
	memcpy(head->signature, signer->body.data, 64);
	return true;
}
