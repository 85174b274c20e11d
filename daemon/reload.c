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

#include "base/text.h"
#include "daemon/log.h"
#include "daemon/status.h"
#include "daemon/take.h"
#include "record/data.h"

enum {
	ANSWER = 1024, /* room for a status, a blank and a sentence */
	/* So many may wait for their reload. */
	BACKLOG = 16,
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

/* Reload for one connection, and tell it the result. */
static void
on_ask(void *arg)
{
	struct daemon *daemon = arg;
	const int fd =
	    accept4(daemon->reload, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	struct error err = { 0 };
	char line[ANSWER];
	ssize_t sent;

	if (fd < 0)
		return;
	if (reload(daemon, &err))
		snprintf(line, sizeof(line), "0 taken\n");
	else
		snprintf(line, sizeof(line), "%d %s\n",
		    error_exit_status(ERROR_UNTRUSTED), err.detail);
	sent = send(fd, line, strlen(line), MSG_NOSIGNAL);
	(void)sent; /* who asked may be gone */
	close(fd);
}

bool
reload_serve(struct daemon *daemon, int fd, struct error *err)
{
	daemon->reload = fd;
	return fd < 0 ||
	    http_server_on_readable(daemon->server, fd, on_ask, daemon, err);
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
reload_ask(const char *data, struct error *err)
{
	char line[ANSWER];
	ssize_t len;
	int fd;

	if ((fd = connect_to(data, err)) < 0)
		return false;
	len = receive(fd, line, sizeof(line));
	close(fd);
	if (len < 0)
		return error_set(err, ERROR_UNAVAILABLE,
		    "the daemon has not answered for %d s: its log tells"
		    " whether it reloaded",
		    PATIENCE);
	if (len < 3 || line[len - 1] != '\n' || line[1] != ' ')
		return error_set(err, ERROR_UNAVAILABLE,
		    "the daemon ended, or is only starting: its log tells why");
	line[len - 1] = '\0';
	return line[0] == '0' ||
	    error_set(err, ERROR_UNTRUSTED, "the old settings are kept: %s",
		line + 2);
}
