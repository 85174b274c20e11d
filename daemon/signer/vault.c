/*
 * The vault: the keys, the answer to each request, and the signer's process
 * (vault.h).
 */
#include "daemon/signer/vault.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "base/file.h"
#include "base/text.h"
#include "base/time.h"
#include "daemon/confine.h"
#include "daemon/log.h"
#include "daemon/signer/memory.h"
#include "daemon/signer/messages.h"
#include "daemon/signer/reader.h"
#include "document/manifest.h"
#include "journal/mark.h"
#include "pki/cades.h"
#include "record/data.h"

struct vault {
	const struct config *config;
	struct note_signer journal;
	void *prepared; /* for note_sign_prepared(): the journal's key */
	struct digest mark_key;
	/* Of the next three: many sign at once, and one renews. */
	pthread_rwlock_t lock;
	struct identity depositary;
	struct error unfit;   /* why its certificate cannot sign, if so */
	struct identity next; /* what was read last, or nothing */
	int reader;
	struct signer_memory memory;
};

/* Such a certificate is told by the server (writer/seal.h). */
static bool
judge_use(const struct cert *cert, struct error *err)
{
	if (!cert->can_sign)
		return error_set(err, ERROR_UNTRUSTED,
		    "the depositary's certificate is not for signing (keyUsage"
		    " is not nonRepudiation alone)");
	return cert_check_key(cert, err);
}

/* Sign as the depositary. */
static bool
sign(struct vault *vault, struct span content, enum commitment commitment,
    struct buf *p7s, struct error *err)
{
	bool ok;

	pthread_rwlock_rdlock(&vault->lock);
	ok = vault->unfit.kind == ERROR_NONE;
	if (!ok)
		*err = vault->unfit;
	ok = ok &&
	    cades_sign(&vault->depositary, content, commitment,
		time_now_ms() / 1000, p7s, err);
	pthread_rwlock_unlock(&vault->lock);
	return ok;
}

/* Answer STATE. */
static bool
answer_state(struct vault *vault, struct span body, struct buf *out,
    struct error *err)
{
	char key[NOTE_KEY_TEXT];

	(void)body;
	note_key_encode(&vault->journal.key, key);
	return buf_append_u64(out, vault->memory.head.size, err) &&
	    buf_append_u64(out, (uint64_t)vault->memory.head.time_ms, err) &&
	    buf_append(out, digest_span(&vault->memory.head.root), err) &&
	    buf_append(out, span_of(vault->memory.head.signature, 64), err) &&
	    buf_append_block(out, span_of_str(key), err);
}

/*
 * Answer SEAL: files as path, media type and digest; an invalid name is
 * refused.
 */
static bool
answer_seal(struct vault *vault, struct span body, struct buf *out,
    struct error *err)
{
	struct manifest manifest = { 0 };
	struct buf xml = BUF(LIMIT_MANIFEST_BYTES),
		   p7s = BUF(LIMIT_SIGNATURE_BYTES);
	bool ok;

	ok = signer_take_seal(body, &manifest, err) &&
	    manifest_encode(&manifest, &xml, err) &&
	    sign(vault, buf_span(&xml), COMMITMENT_RECEIPT, &p7s, err) &&
	    buf_append_block(out, buf_span(&xml), err) &&
	    buf_append_block(out, buf_span(&p7s), err);
	manifest_free(&manifest);
	buf_free(&xml);
	buf_free(&p7s);
	return ok;
}

/* Answer COMMIT. */
static bool
answer_commit(struct vault *vault, struct span body, struct buf *out,
    struct error *err)
{
	char depositary[LIMIT_EMAIL_BYTES + 1];
	struct buf text = BUF(8192), p7s = BUF(LIMIT_SIGNATURE_BYTES);
	struct commit_fields fields;
	bool ok;

	if (!signer_take_commit(body, &fields))
		return error_set(err, ERROR_MALFORMED, "commit request");
	pthread_rwlock_rdlock(&vault->lock);
	text_set(depositary, sizeof(depositary), vault->depositary.cert->email);
	pthread_rwlock_unlock(&vault->lock);
	ok = commit_text(&fields, depositary, &text, err) &&
	    sign(vault, buf_span(&text), COMMITMENT_NONE, &p7s, err) &&
	    commit_encode(&fields, depositary, buf_span(&p7s), out, err);
	buf_free(&text);
	buf_free(&p7s);
	return ok;
}

/* Answer READ: what was read is kept, and its certificate's fingerprint told. */
static bool
answer_read(struct vault *vault, struct span body, struct buf *out,
    struct error *err)
{
	struct identity read = { NULL };
	struct buf trial = BUF(LIMIT_SIGNATURE_BYTES);
	bool ok;

	(void)body;
	/* One at a time asks the reader. */
	pthread_rwlock_wrlock(&vault->lock);
	identity_free(&vault->next);
	ok = reader_load(vault->reader, vault->config, &read, err) &&
	    judge_use(read.cert, err) &&
	    cades_sign(&read, span_of_str("trial"), COMMITMENT_NONE, 0, &trial,
		err) &&
	    buf_append(out, digest_span(&read.cert->fingerprint), err);
	if (ok)
		vault->next = read;
	else
		identity_free(&read);
	pthread_rwlock_unlock(&vault->lock);
	buf_free(&trial);
	return ok;
}

/* Answer RENEW. */
static bool
answer_renew(struct vault *vault, struct span body, struct buf *out,
    struct error *err)
{
	bool ok;

	(void)out;
	pthread_rwlock_wrlock(&vault->lock);
	ok = vault->next.cert != NULL &&
	    span_eq(body, digest_span(&vault->next.cert->fingerprint));
	if (ok) {
		identity_free(&vault->depositary);
		vault->depositary = vault->next;
		vault->next = (struct identity){ NULL };
		vault->unfit = (struct error){ 0 };
	}
	pthread_rwlock_unlock(&vault->lock);
	return ok ||
	    error_set(err, ERROR_MALFORMED,
		"the certificate is not the one that was read");
}

/*
 * Answer CHECKPOINT. Here is the rule of this process: it never signs two
 * histories.
 */
static bool
answer_checkpoint(struct vault *vault, struct span body, struct buf *out,
    struct error *err)
{
	struct signer_memory next = vault->memory;
	struct checkpoint checkpoint = { 0 };
	struct buf text = BUF(LIMIT_NOTE_TEXT);
	struct merkle_proof proof;
	bool ok;

	if (!signer_take_checkpoint(body, &next.head, &proof))
		return error_set(err, ERROR_MALFORMED, "checkpoint request");
	if (vault->memory.failed)
		return error_set(err, ERROR_SYSTEM,
		    "the signer's memory failed before");
	if (!merkle_verify_consistency(vault->memory.head.size, next.head.size,
		&vault->memory.head.root, &next.head.root, &proof))
		return error_set(err, ERROR_REFUSED,
		    "size %llu is no extension of size %llu, which was"
		    " signed last: nothing is signed",
		    (unsigned long long)next.head.size,
		    (unsigned long long)vault->memory.head.size);
	snprintf(checkpoint.origin, sizeof(checkpoint.origin), "%s",
	    vault->journal.key.name);
	checkpoint.size = next.head.size;
	checkpoint.root = next.head.root;
	next.sequence++;
	/*
	 * Remember it durably before answering: this record is the commit point
	 * of the journal.
	 */
	ok = checkpoint_encode(&checkpoint, &text, err) &&
	    note_sign_prepared(vault->prepared, buf_span(&text),
		next.head.signature, err) &&
	    signer_memory_write(&next, err);
	buf_free(&text);
	if (!ok) {
		vault->memory.failed = true;
		return false;
	}
	vault->memory = next;
	return buf_append(out, span_of(next.head.signature, 64), err);
}

/* Answer MARK. */
static bool
answer_mark(struct vault *vault, struct span body, struct buf *out,
    struct error *err)
{
	struct digest mark;
	struct head head;
	uint64_t prior;

	if (!signer_take_mark(body, &prior, &head, NULL))
		return error_set(err, ERROR_MALFORMED, "mark request");
	return mark_make(MARK_PROPOSAL, &vault->mark_key, prior, &head, &mark,
		   err) &&
	    buf_append(out, digest_span(&mark), err);
}

/* Answer TELL_MEMORY: only of what is remembered. */
static bool
answer_tell_memory(struct vault *vault, struct span body, struct buf *out,
    struct error *err)
{
	struct digest mark;
	struct head head;
	uint64_t place;

	if (!signer_take_mark(body, &place, &head, NULL) ||
	    head.size != vault->memory.head.size ||
	    !digest_eq(&head.root, &vault->memory.head.root))
		return error_set(err, ERROR_MALFORMED,
		    "this is not what is remembered");
	return mark_make(MARK_MEMORY, &vault->mark_key, place, &head, &mark,
		   err) &&
	    buf_append(out, digest_span(&mark), err);
}

/* Answer CHECK_MEMORY: did a signer with this key tell that? */
static bool
answer_check_memory(struct vault *vault, struct span body, struct buf *out,
    struct error *err)
{
	struct digest mark, want;
	struct head head;
	uint64_t place;

	(void)out;
	if (!signer_take_mark(body, &place, &head, &mark))
		return error_set(err, ERROR_MALFORMED, "memory request");
	return mark_make(MARK_MEMORY, &vault->mark_key, place, &head, &want,
		   err) &&
	    (CRYPTO_memcmp(mark.bytes, want.bytes, sizeof(want.bytes)) == 0 ||
		error_set(err, ERROR_UNTRUSTED,
		    "no signer of this journal told that it remembers size"
		    " %llu: somebody else wrote to the database",
		    (unsigned long long)head.size));
}

static const struct {
	enum signer_request request;
	bool alone; /* allowed on the one socket that asks for checkpoints */
	bool (*answer)(struct vault *vault, struct span body, struct buf *out,
	    struct error *err);
} table[] = {
	{ SIGNER_STATE, true, answer_state },
	{ SIGNER_SEAL, false, answer_seal },
	{ SIGNER_COMMIT, false, answer_commit },
	{ SIGNER_CHECKPOINT, true, answer_checkpoint },
	{ SIGNER_READ, false, answer_read },
	{ SIGNER_RENEW, false, answer_renew },
	{ SIGNER_MARK, false, answer_mark },
	{ SIGNER_TELL_MEMORY, true, answer_tell_memory },
	{ SIGNER_CHECK_MEMORY, false, answer_check_memory },
};

/* Answer a request by the table; alone: on the socket for checkpoints. */
static bool
answer(struct vault *vault, uint8_t what, bool alone, struct span body,
    struct buf *out, struct error *err)
{
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if ((uint8_t)table[i].request == what &&
		    (alone || !table[i].alone))
			return table[i].answer(vault, body, out, err);
	return error_set(err, ERROR_MALFORMED, "no such request");
}

void
vault_serve(struct vault *vault, int fd, bool alone)
{
	struct buf body = BUF(LIMIT_SIGNER_REQUEST),
		   out = BUF(LIMIT_SIGNER_REQUEST);
	bool told = true;
	uint8_t what;

	while (told && signer_receive(fd, &what, &body)) {
		struct error err = { 0 };

		out.len = 0;
		if (answer(vault, what, alone, buf_span(&body), &out, &err)) {
			told = signer_send(fd, 0, buf_span(&out));
			continue;
		}
		log_error("signer", "kind=%s reason=%s", error_code(&err),
		    log_text(err.detail));
		told =
		    signer_send(fd, (uint8_t)err.kind, span_of_str(err.detail));
	}
	buf_free(&body);
	buf_free(&out);
}

/* Read the keys and the memory. */
static bool
load(const struct config *config, struct vault *vault, struct error *err)
{
	struct buf key = BUF(1024);
	char path[FILE_PATH];
	bool ok;

	ok = data_path(config->data, DATA_JOURNAL_KEY, path, err) &&
	    private_read(path, 1024, &config->private_keys, &key, err) &&
	    note_signer_parse(buf_span(&key), NOTE_JOURNAL, &vault->journal,
		err) &&
	    (vault->prepared = note_signer_prepare(&vault->journal, err)) !=
		NULL &&
	    mark_key(&vault->journal, &vault->mark_key, err) &&
	    identity_load(config->depositary_cert, config->depositary_key,
		&config->private_keys, &vault->depositary, err) &&
	    data_path(config->data, DATA_MEMORY, path, err) &&
	    signer_memory_open(path, O_RDWR, &vault->memory, err);
	if (key.len > 0)
		OPENSSL_cleanse(key.data, key.len);
	buf_free(&key);
	if (ok)
		(void)!judge_use(vault->depositary.cert, &vault->unfit);
	return ok;
}

struct vault *
vault_new(const struct config *config, int reader, struct error *err)
{
	struct vault *vault = calloc(1, sizeof(*vault));
	pthread_rwlockattr_t writers_first;

	if (vault == NULL) {
		error_set_errno(err, "signer");
		return NULL;
	}
	pthread_rwlockattr_init(&writers_first);
	pthread_rwlockattr_setkind_np(&writers_first,
	    PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
	pthread_rwlock_init(&vault->lock, &writers_first);
	pthread_rwlockattr_destroy(&writers_first);
	vault->config = config;
	vault->reader = reader;
	vault->memory.fd = -1;
	if (load(config, vault, err))
		return vault;
	vault_free(vault);
	return NULL;
}

void
vault_free(struct vault *vault)
{
	if (vault == NULL)
		return;
	if (vault->memory.fd >= 0)
		close(vault->memory.fd);
	if (vault->reader >= 0)
		close(vault->reader);
	identity_free(&vault->depositary);
	identity_free(&vault->next);
	pthread_rwlock_destroy(&vault->lock);
	note_prepared_free(vault->prepared);
	OPENSSL_cleanse(&vault->journal, sizeof(vault->journal));
	OPENSSL_cleanse(&vault->mark_key, sizeof(vault->mark_key));
	free(vault);
}

/* --- The process. --- */

/*
 * The process: one thread for each socket.  Each thread gives up its own
 * rights.
 */
struct process {
	struct vault *vault;
	/* Guards libseccomp, which is not safe between threads. */
	pthread_mutex_t mutex;
	pthread_barrier_t ready;
	struct error err; /* of the thread that failed */
};

struct client {
	struct process *process;
	int fd;
};

/* Sign once first: OpenSSL then has loaded all that it will need. */
static void
give_up_rights(struct process *process)
{
	struct buf warm = BUF(LIMIT_SIGNATURE_BYTES);
	struct error err = { 0 };

	pthread_mutex_lock(&process->mutex);
	if ((process->vault->unfit.kind == ERROR_NONE &&
		!cades_sign(&process->vault->depositary, span_of_str("warm"),
		    COMMITMENT_NONE, 0, &warm, &err)) ||
	    !confine_signer(&err))
		process->err = err;
	pthread_mutex_unlock(&process->mutex);
	buf_free(&warm);
}

static void *
run_client(void *arg)
{
	const struct client *client = arg;

	give_up_rights(client->process);
	pthread_barrier_wait(&client->process->ready);
	vault_serve(client->process->vault, client->fd, false);
	return NULL;
}

/* Make the threads before the process gives up the right to. */
static bool
start_clients(struct process *process, struct client clients[], const int fds[],
    size_t num)
{
	pthread_t thread;

	for (size_t i = 1; i < num; i++) {
		clients[i] = (struct client){ process, fds[i] };
		if (pthread_create(&thread, NULL, run_client, &clients[i]) != 0)
			return error_set_outside(&process->err,
			    "signer: no thread");
	}
	return true;
}

/* Read the keys, start the threads, and give up the rights. */
static bool
start(struct process *process, const struct config *config,
    struct client clients[], const int fds[], size_t num)
{
	int reader;

	pthread_mutex_init(&process->mutex, NULL);
	if (pthread_barrier_init(&process->ready, NULL, (unsigned)num) != 0)
		return error_set(&process->err, ERROR_SYSTEM, "signer");
	/* Before there are threads, and a key. */
	if ((reader = reader_start(config, &process->err)) < 0 ||
	    (process->vault = vault_new(config, reader, &process->err)) ==
		NULL ||
	    !start_clients(process, clients, fds, num))
		return false;
	give_up_rights(process);
	pthread_barrier_wait(&process->ready);
	return process->err.kind == ERROR_NONE;
}

_Noreturn void
vault_run(const struct config *config, const int fds[], size_t num)
{
	struct client clients[SIGNER_CLIENTS];
	struct process process = { .vault = NULL };

	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	prctl(PR_SET_NAME, "valised-signer", 0, 0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	/*
	 * The server decides when to end, since it first finishes what is under
	 * way.
	 */
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	if (!start(&process, config, clients, fds, num)) {
		/*
		 * The server also learns of the failure by the end of this
		 * process.
		 */
		(void)!signer_send(fds[0], (uint8_t)process.err.kind,
		    span_of_str(process.err.detail));
		_exit(7);
	}
	if (signer_send(fds[0], 0, span_of(NULL, 0)))
		vault_serve(process.vault, fds[0], true);
	note_prepared_free(process.vault->prepared);
	OPENSSL_cleanse(&process.vault->journal,
	    sizeof(process.vault->journal));
	OPENSSL_cleanse(&process.vault->mark_key,
	    sizeof(process.vault->mark_key));
	_exit(0);
}
