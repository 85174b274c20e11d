/*
 * Reloading, and its socket (reload.h).
 */
#include "daemon/reload.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/text.h"
#include "daemon/log.h"
#include "daemon/status.h"
#include "daemon/take.h"
#include "record/data.h"

enum {
	ANSWER = 1024, /* room for a status, a blank and a sentence */
	/* So many may wait for their reload. */
	BACKLOG = 16,
	WORD_MS = 1000, /* for how long the question is waited for */
	/* For how long the daemon's answer is waited for, in seconds. */
	PATIENCE = 300,
};

/* --- Reloading. --- */

/* Take new settings, or keep the old ones; both are told. */
static bool
reload(struct daemon *daemon, struct error *err)
{
	int64_t behind_s;
	bool taken;

	status_reloading();
	pthread_mutex_lock(&daemon->settings);
	taken = take_settings(daemon, err);
	pthread_mutex_unlock(&daemon->settings);
	if (taken) {
		lists_warn(daemon->policy, daemon->crls,
		    lists_future_at(&daemon->record, &behind_s));
		log_info("reload", "result=taken");
	} else {
		log_error("reload", "result=kept reason=%s",
		    log_text(err->detail));
	}
	status_ready(daemon);
	return taken;
}

void
reload_on_signal(void *daemon)
{
	struct error ignored = { 0 };

	(void)!reload(daemon, &ignored);
}

/* --- The socket. --- */

/*
 * The address of the socket.  A path is at most 107 bytes long there, so a
 * longer one goes by the descriptor of its folder, *dir, which is closed after
 * it is used; -1 if there is none.
 */
static bool
address_of(const char *data, struct sockaddr_un *out, int *dir,
    struct error *err)
{
	char path[FILE_PATH];

	*out = (struct sockaddr_un){ .sun_family = AF_UNIX };
	*dir = -1;
	if (!data_path(data, DATA_RELOAD, path, err))
		return false;
	if (strlen(path) < sizeof(out->sun_path)) {
		text_set(out->sun_path, sizeof(out->sun_path), path);
		return true;
	}
	if ((*dir = open(data, O_PATH | O_DIRECTORY | O_CLOEXEC)) < 0)
		return error_set_errno(err, "%s", data);
	snprintf(out->sun_path, sizeof(out->sun_path), "/proc/self/fd/%d/%s",
	    *dir, data_name(DATA_RELOAD));
	return true;
}

/* Make the socket in place of one that is left over. */
static int
bind_anew(const struct sockaddr_un *at, struct error *err)
{
	const int fd =
	    socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	const mode_t usual = umask(0777 & ~data_about(DATA_RELOAD)->mode);
	struct stat st;
	bool ok;

	if (lstat(at->sun_path, &st) == 0 && S_ISSOCK(st.st_mode))
		unlink(at->sun_path);
	ok = fd >= 0 &&
	    bind(fd, (const struct sockaddr *)at, sizeof(*at)) == 0 &&
	    listen(fd, BACKLOG) == 0;
	if (!ok)
		error_set_errno(err, "%s", at->sun_path);
	umask(usual);
	if (ok)
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

int
reload_listen(const char *data)
{
	struct sockaddr_un at;
	struct error err = { 0 };
	int dir, fd = -1;

	if (address_of(data, &at, &dir, &err))
		fd = bind_anew(&at, &err);
	if (dir >= 0)
		close(dir);
	if (fd < 0)
		log_warning("reload",
		    "reason=%s effect=\"valised reload does not work: send"
		    " SIGHUP\"",
		    log_text(err.detail));
	return fd;
}

static const char *const words[RELOAD_WORDS] = {
	[RELOAD_SETTINGS] = "reload\n",
	[RELOAD_PROMOTE] = "promote\n",
	[RELOAD_YIELD] = "yield\n",
};

/* Read what is asked; nothing, or an unknown word, is a reload. */
static enum reload_word
read_word(int fd)
{
	char text[16] = "";

	if (recv(fd, text, sizeof(text) - 1, 0) <= 0)
		return RELOAD_SETTINGS;
	for (enum reload_word word = 0; word < RELOAD_WORDS; word++)
		if (strcmp(text, words[word]) == 0)
			return word;
	return RELOAD_SETTINGS;
}

/*
 * End, and let the other daemon write.  One that is away could not, and what waits
 * for it would wait on.
 */
static bool
begin_yield(struct daemon *daemon, struct error *err)
{
	char since[TIME_TEXT];

	if (daemon->config->promote == PROMOTE_NONE)
		return error_set(err, ERROR_CONFLICT,
		    "this daemon has no stand-by (\"promote\" in"
		    " valised.yaml)");
	if (daemon->yields)
		return error_set(err, ERROR_CONFLICT, "it is ending already");
	if (daemon->second.is_needed && second_is_away(&daemon->second, since))
		return error_set(err, ERROR_CONFLICT,
		    "the stand-by does not answer since %s, and an act waits"
		    " for it: nothing was changed. Start it, and yield then; or"
		    " end this daemon, which gives nothing away (systemctl stop"
		    " valised)",
		    since);
	log_info("yield", "result=ending");
	daemon->yields = true;
	http_server_stop(daemon->server);
	return true;
}

bool
reload_do(struct daemon *daemon, enum reload_word word, struct error *err)
{
	switch (word) {
	case RELOAD_PROMOTE:
		return error_set(err, ERROR_CONFLICT,
		    "this daemon writes already");
	case RELOAD_YIELD:
		return begin_yield(daemon, err);
	case RELOAD_SETTINGS:
	case RELOAD_WORDS:
		break;
	}
	return reload(daemon, err);
}

/* Send the answer; who asked may be gone. */
static void
send_answer(int fd, const struct error *err)
{
	char line[ANSWER];
	ssize_t sent;

	if (err->kind == ERROR_NONE)
		snprintf(line, sizeof(line), "0 done\n");
	else
		snprintf(line, sizeof(line), "%d %s\n",
		    error_exit_status(err->kind == ERROR_CONFLICT
			    ? ERROR_CONFLICT
			    : ERROR_UNTRUSTED),
		    err->detail);
	sent = send(fd, line, strlen(line), MSG_NOSIGNAL);
	(void)sent;
	close(fd);
}

void
reload_tell(struct daemon *daemon, const struct error *err)
{
	struct error told = *err;

	if (daemon->asks < 0)
		return;
	if (told.kind != ERROR_NONE)
		error_set(&told, ERROR_CONFLICT,
		    "it ends, and could not give the right to write away: %.100s."
		    " That runs out by itself, after %d s",
		    err->detail, LIMIT_SECONDS_LEASE);
	send_answer(daemon->asks, &told);
	daemon->asks = -1;
}

/* Answer what one connection asks; to yield, at the end. */
static void
on_word(void *arg, int fd)
{
	struct daemon *daemon = arg;
	const enum reload_word word = read_word(fd);
	struct error err = { 0 };

	if (daemon->answer(daemon, word, &err) && word == RELOAD_YIELD)
		daemon->asks = fd;
	else
		send_answer(fd, &err);
}

/* A connection is made; one that says nothing holds nobody up. */
static void
on_ask(void *arg)
{
	struct daemon *daemon = arg;
	const int fd =
	    accept4(daemon->reload, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	struct error err = { 0 };

	if (fd >= 0 &&
	    !http_server_once_readable(daemon->server, fd, WORD_MS, on_word,
		daemon, &err))
		send_answer(fd, &err);
}

bool
reload_serve(struct daemon *daemon, reload_answer *answer, struct error *err)
{
	daemon->answer = answer;
	return daemon->reload < 0 ||
	    http_server_on_readable(daemon->server, daemon->reload, on_ask,
		daemon, err);
}

/* --- Asking. --- */

static int
connect_to(const char *data, struct error *err)
{
	const struct timeval patience = { .tv_sec = PATIENCE };
	struct sockaddr_un at;
	int dir, fd = -1;

	if (!address_of(data, &at, &dir, err))
		return -1;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience,
		sizeof(patience)) != 0 ||
	    connect(fd, (const struct sockaddr *)&at, sizeof(at)) != 0) {
		if (errno == ENOENT || errno == ECONNREFUSED)
			error_set(err, ERROR_UNAVAILABLE,
			    "no daemon runs on %s: start it (systemctl start"
			    " valised)",
			    data);
		else
			error_set_errno(err, "%s/%s", data,
			    data_name(DATA_RELOAD));
		if (fd >= 0)
			close(fd);
		fd = -1;
	}
	if (dir >= 0)
		close(dir);
	return fd;
}

/* Receive up to the end; the length, or -1. */
static ssize_t
receive(int fd, char *out, size_t room)
{
	size_t len = 0;
	ssize_t n;

	do {
		n = recv(fd, out + len, room - 1 - len, 0);
		if (n > 0)
			len += (size_t)n;
	} while (n > 0 || (n < 0 && errno == EINTR));
	out[len] = '\0';
	return n < 0 ? -1 : (ssize_t)len;
}

bool
reload_ask(const char *data, enum reload_word word, struct error *err)
{
	char line[ANSWER];
	ssize_t len;
	int fd;

	if ((fd = connect_to(data, err)) < 0)
		return false;
	/* If it has ended, the answer says so. */
	len = send(fd, words[word], strlen(words[word]), MSG_NOSIGNAL);
	len = receive(fd, line, sizeof(line));
	close(fd);
	if (len < 0)
		return error_set(err, ERROR_UNAVAILABLE,
		    "the daemon has not answered for %d s: its log tells what"
		    " it did",
		    PATIENCE);
	if (len < 3 || line[len - 1] != '\n' || line[1] != ' ')
		return error_set(err, ERROR_UNAVAILABLE,
		    "the daemon ended, or is only starting: its log tells why");
	line[len - 1] = '\0';
	if (line[0] == '0')
		return true;
	return line[0] - '0' == error_exit_status(ERROR_CONFLICT)
	    ? error_set(err, ERROR_CONFLICT, "%s", line + 2)
	    : error_set(err, ERROR_UNTRUSTED, "the old settings are kept: %s",
		  line + 2);
}
