/*
 * Fuzz target: the messages between server and signer, in both directions.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/signer/messages.h"
#include "daemon/signer/signer.h"
#include "daemon/signer/vault.h"
#include "fuzz.h"

enum { MOST = 64 * 1024 }; /* that a socket holds */

/* No process is started here. */
_Noreturn void
vault_run(const struct config *config, const int fds[], size_t num)
{
	(void)config, (void)fds, (void)num;
	abort();
}

/* The body of each request, as the signer reads it. */
static void
try_requests(struct span body)
{
	struct buf again = BUF(8192);
	struct manifest manifest;
	struct merkle_proof proof;
	struct commit_fields fields;
	struct head head = { 0 };
	struct error err = { 0 };
	bool ok;

	ok = signer_take_seal(body, &manifest, &err);
	FUZZ_CHECK(ok, err);
	manifest_free(&manifest);
	err = (struct error){ 0 };
	/* has_parent is any byte that is read, and 0 or 1 that is written. */
	if (signer_take_commit(body, &fields) &&
	    (!signer_encode_commit(&fields, &again, &err) ||
		again.len != body.len))
		__builtin_trap();
	again.len = 0;
	if (signer_take_checkpoint(body, &head, &proof) &&
	    (!signer_encode_checkpoint(&head, &proof, &again, &err) ||
		!span_eq(buf_span(&again), body)))
		__builtin_trap();
	buf_free(&again);
}

/* A signer whose sockets give these bytes, and then their end. */
static struct signer *
connect_to(struct span bytes, int others[2])
{
	struct error err = { 0 };
	struct signer *signer;
	int fds[2];

	for (int i = 0; i < 2; i++) {
		int pair[2];

		if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) !=
			0 ||
		    send(pair[1], bytes.data, bytes.len, MSG_NOSIGNAL) !=
			(ssize_t)bytes.len ||
		    shutdown(pair[1], SHUT_WR) != 0)
			abort();
		fds[i] = pair[0];
		others[i] = pair[1];
	}
	if ((signer = signer_connect(fds, 2, &err)) == NULL)
		abort();
	return signer;
}

/* The answers, as the server reads them. */
static void
try_answers(struct span bytes)
{
	struct commit_fields fields = { .version = 1 };
	struct merkle_proof proof = { .num = 0 };
	struct buf out = BUF(LIMIT_SIGNER_REQUEST);
	struct head head = { 0 };
	struct error err = { 0 };
	struct note_key key;
	int others[2];
	struct signer *signer = connect_to(bytes, others);
	struct container *container = container_new(&err);
	bool ok;

	ok = signer_state(signer, &head, &key, &err);
	FUZZ_CHECK(ok, err);
	err = (struct error){ 0 };
	ok = signer_commit(signer, &fields, &out, &err);
	FUZZ_CHECK(ok, err);
	signer_free(signer);
	close(others[0]);
	close(others[1]);
	signer = connect_to(bytes, others);
	err = (struct error){ 0 };
	ok = signer_checkpoint(signer, &head, &proof, &err);
	FUZZ_CHECK(ok, err);
	err = (struct error){ 0 };
	ok = signer_mark(signer, 1, &head, &head.root, &err) &&
	    signer_tell_memory(signer, 1, &head, &head.root, &err) &&
	    signer_check_memory(signer, 1, &head, &head.root, &err);
	FUZZ_CHECK(ok, err);
	err = (struct error){ 0 };
	ok = signer_seal(signer, container, &err);
	FUZZ_CHECK(ok, err);
	signer_free(signer);
	close(others[0]);
	close(others[1]);
	container_free(container);
	buf_free(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size > MOST)
		return 0;
	try_requests(span_of(data, size));
	if (size > 0)
		try_answers(span_of(data, size));
	return 0;
}
