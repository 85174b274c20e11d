/*
 * The process that reads the depositary's certificate and key again (reader.h).
 */
#include "daemon/signer/reader.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "daemon/confine.h"
#include "daemon/signer/messages.h"

/* Where its socket is; what lies above is closed. */
enum { SOCKET = STDERR_FILENO + 1 };

/* A certificate and a key, each with its length before it. */
enum { MOST = 2 * LIMIT_KEY_BYTES + 64 };

static void
free_secret(struct buf *bytes)
{
	if (bytes->len > 0)
		OPENSSL_cleanse(bytes->data, bytes->len);
	buf_free(bytes);
}

/* --- The process. --- */

static bool
read_both(const struct config *config, struct buf *out, struct error *err)
{
	struct buf cert = BUF(LIMIT_KEY_BYTES), key = BUF(LIMIT_KEY_BYTES);
	bool ok;

	ok = file_read(config->depositary_cert, LIMIT_KEY_BYTES, &cert, err) &&
	    private_read(config->depositary_key, LIMIT_KEY_BYTES,
		&config->private_keys, &key, err) &&
	    buf_append_block(out, buf_span(&cert), err) &&
	    buf_append_block(out, buf_span(&key), err);
	buf_free(&cert);
	free_secret(&key);
	return ok;
}

static void
serve(const struct config *config)
{
	struct buf nothing = BUF(0);
	uint8_t what;
	bool told = true;

	while (told && signer_receive(SOCKET, &what, &nothing)) {
		struct buf both = BUF(MOST);
		struct error err = { 0 };

		told = read_both(config, &both, &err)
		    ? signer_send(SOCKET, 0, buf_span(&both))
		    : signer_send(SOCKET, (uint8_t)err.kind,
			  span_of_str(err.detail));
		free_secret(&both);
	}
}

_Noreturn static void
run(const struct config *config, int fd, pid_t parent)
{
	struct error err = { 0 };

	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	prctl(PR_SET_NAME, "valised-reader", 0, 0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	/* No lock of the data folder, no socket of the signer's stays open. */
	if (getppid() == parent && dup2(fd, SOCKET) == SOCKET &&
	    close_range(SOCKET + 1, ~0U, 0) == 0 &&
	    confine_reader(config, &err))
		serve(config);
	_exit(0);
}

int
reader_start(const struct config *config, struct error *err)
{
	const pid_t parent = getpid();
	int pair[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0 ||
	    (pid = fork()) < 0) {
		error_set_errno(err, "signer");
		return -1;
	}
	if (pid == 0)
		run(config, pair[1], parent);
	close(pair[1]);
	return pair[0];
}

/* --- Asking it. --- */

static bool
ask(int fd, struct buf *both, struct error *err)
{
	uint8_t kind;

	if (fd < 0 || !signer_send(fd, 0, span_of(NULL, 0)) ||
	    !signer_receive(fd, &kind, both))
		return error_set(err, ERROR_SYSTEM,
		    "nobody can read it here any more: start the daemon anew");
	return kind == 0 ||
	    error_set(err, (enum error_kind)kind, "%.*s", (int)both->len,
		(const char *)both->data);
}

bool
reader_load(int fd, const struct config *config, struct identity *out,
    struct error *err)
{
	struct buf both = BUF(MOST);
	struct span rest, cert, key;
	bool ok = ask(fd, &both, err);

	if (ok) {
		rest = buf_span(&both);
		ok = (span_take_block(&rest, &cert) &&
			 span_take_block(&rest, &key)) ||
		    error_set(err, ERROR_SYSTEM, "signer: broken answer");
		ok = ok &&
		    identity_parse(cert, config->depositary_cert, key,
			config->depositary_key, out, err);
	}
	free_secret(&both);
	return ok;
}
