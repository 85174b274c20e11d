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
#include "daemon/server_cert.h"
#include "daemon/settings.h"
#include "daemon/status.h"
#include "daemon/upkeep/crls.h"
#include "daemon/writer/seal.h"
#include "record/data.h"

enum {
	ANSWER = 1024, /* room for a status, a blank and a sentence */
	/* So many may wait for their reload. */
	BACKLOG = 16,
	/* For how long the daemon's answer is waited for, in seconds. */
	PATIENCE = 300,
};

/* --- Reloading. --- */

/*
 * If settings cannot be journaled (for want of room, say) the registrar keeps
 * its own, and those stay in force.
 */
static bool
adopt_settings(struct daemon *daemon, struct policy *policy,
    struct crl_set *crls, struct lists_look *look, struct error *err)
{
	struct policy *new =
	    library_add_policy(daemon->record.library, policy, err);
	const struct crl_set *set =
	    library_add_crls(daemon->record.library, crls, err);
	struct judged_by now;
	bool ok;

	if (set != NULL && new != NULL)
		set = daemon_newest_crls(daemon, new, set, look, err);
	ok = new != NULL &&set !=
	    NULL &&registrar_adopt(daemon->registrar, new, set, err);
	now = registrar_now(daemon->registrar);
	daemon->policy = now.policy;
	daemon->crls = now.crls;
	return ok;
}

/*
 * A new certificate of the server must be one that offices accept by the new
 * policy, and by the one in force, since none has accepted the new one yet.
 */
static bool
check_server(const struct daemon *daemon, const struct policy *policy,
    const struct crl_set *crls, void *tls, struct error *err)
{
	if (!settings_check_server(&daemon->config, &daemon->record, policy,
		crls, tls, err))
		return false;
	return server_cert_same(tls, daemon->tls) ||
	    settings_check_server(&daemon->config, &daemon->record,
		daemon->policy, crls, tls, err) ||
	    error_context(err,
		"no office has accepted the new policy yet: reload with the"
		" old certificate first");
}

/* The one in use is judged all the time (status.h). */
static bool
check_depositary(const struct daemon *daemon, const struct policy *policy,
    const struct crl_set *crls, struct error *err)
{
	struct cert *cert = settings_depositary(&daemon->config, err);
	const bool ok = cert != NULL &&
	    (seal_has(daemon->seal, cert) ||
		settings_check_depositary(&daemon->config,
		    daemon->record.library, policy, crls, err));

	cert_free(cert);
	return ok;
}

/* Judge new settings by what is in force. */
static bool
check(const struct daemon *daemon, const struct policy *policy,
    const struct crl_set *crls, void *tls, struct error *err)
{
	if (strcmp(policy->origin, daemon->record.keys.keys[0].name) != 0)
		return error_set(err, ERROR_CONFLICT, "another origin");
	return check_depositary(daemon, policy, crls, err) &&
	    check_server(daemon, policy, crls, tls, err);
}

/*
 * Take new settings; the lock is held.  False: the old ones stay, and err says
 * why.
 */
static bool
take(struct daemon *daemon, struct error *err)
{
	struct lists_look look = { .files = { { 0 } } };
	struct policy *policy;
	struct crl_set *crls;
	void *tls;
	bool ok;

	if (!settings_load(&daemon->config, &policy, &crls, &look, &tls, err)) {
		lists_look_reset(&look);
		return false;
	}
	if (!check(daemon, policy, crls, tls, err)) {
		policy_free(policy);
		crl_set_free(crls);
		ok = false;
	} else {
		ok = adopt_settings(daemon, policy, crls, &look, err);
	}
	if (ok) {
		http_server_set_tls(daemon->server, tls);
		http_tls_free(daemon->tls);
		daemon->tls = tls;
		upkeep_looked(daemon->upkeep, &look);
	} else {
		http_tls_free(tls);
	}
	lists_look_reset(&look);
	return ok;
}

/* Take new settings, or keep the old ones; both are told. */
static bool
reload(struct daemon *daemon, struct error *err)
{
	bool taken;

	status_reloading();
	pthread_mutex_lock(&daemon->settings);
	taken = take(daemon, err);
	pthread_mutex_unlock(&daemon->settings);
	if (taken) {
		lists_warn(daemon->policy, daemon->crls);
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
