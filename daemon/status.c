/*
 * Telling systemd and the log how the daemon is (status.h).
 */
#include "daemon/status.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"
#include "daemon/log.h"
#include "daemon/settings.h"

enum {
	TELL_EVERY = 60 * 60, /* in seconds */
	STATE = 700,          /* room for what is told to systemd */
};

void
status_notify(const char *state)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	ssize_t sent;
	int fd;

	if (path == NULL || strlen(path) >= sizeof(to.sun_path) ||
	    (fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) < 0)
		return;
	text_set(to.sun_path, sizeof(to.sun_path), path);
	if (to.sun_path[0] == '@')
		to.sun_path[0] = '\0';
	sent = sendto(fd, state, strlen(state), 0, (struct sockaddr *)&to,
	    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path)));
	(void)sent;
	close(fd);
}

/* systemd compares the time with that of its own clock (sd_notify(3)). */
void
status_reloading(void)
{
	char state[80];
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	snprintf(state, sizeof(state), "RELOADING=1\nMONOTONIC_USEC=%lld",
	    (long long)now.tv_sec * 1000000 + now.tv_nsec / 1000);
	status_notify(state);
}

/* Tell systemd of the certificate; err says what is wrong, if anything is. */
static void
notify_server_cert(const char *before, const struct error *err)
{
	char state[STATE];

	if (err->kind == ERROR_NONE)
		snprintf(state, sizeof(state), "%sSTATUS=serving", before);
	else
		snprintf(state, sizeof(state),
		    "%sSTATUS=serving with an unfit certificate: %s", before,
		    err->detail);
	status_notify(state);
}

static bool
judge(struct daemon *daemon, struct error *err)
{
	return settings_check_server(&daemon->config, &daemon->record,
	    daemon->policy, daemon->crls, daemon->tls, err);
}

/*
 * True if this must be told now: it is new, or an hour has passed.  The lock is
 * held.
 */
static bool
is_news(struct daemon *daemon, const struct error *err)
{
	const struct digest now = sha256_of(span_of_str(err->detail));
	const int64_t now_s = time_now_ms() / 1000;
	const bool is = !digest_eq(&now, &daemon->told.server_cert) ||
	    (err->kind != ERROR_NONE &&
		(now_s - daemon->told.at >= TELL_EVERY ||
		    now_s < daemon->told.at));

	if (is) {
		daemon->told.server_cert = now;
		daemon->told.at = now_s;
	}
	return is;
}

bool
status_server_cert(struct daemon *daemon, struct error *err)
{
	bool fit, news, first;

	pthread_mutex_lock(&daemon->settings);
	first = daemon->told.at == 0;
	fit = judge(daemon, err);
	news = is_news(daemon, err);
	pthread_mutex_unlock(&daemon->settings);
	if (!news)
		return fit;
	if (!fit)
		log_error("certificate", "result=unfit reason=%s",
		    log_text(err->detail));
	else if (!first)
		log_info("certificate", "result=fit");
	notify_server_cert("", err);
	return fit;
}

void
status_ready(struct daemon *daemon)
{
	struct error err = { 0 };

	(void)!status_server_cert(daemon, &err);
	notify_server_cert("READY=1\n", &err);
}
