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
#include "daemon/writer/seal.h"

enum {
	TELL_EVERY = 60 * 60, /* in seconds */
	STATE = 1400,         /* room for what is told to systemd */
};

/* The certificates of the server and of the depositary. */
enum told { SERVER, SEAL };

struct status_told {
	struct {
		struct error why; /* what is wrong with it */
		int64_t at;       /* 0: nothing was told yet */
	} told[2];
};

struct status_told *
status_new(struct error *err)
{
	struct status_told *status = calloc(1, sizeof(*status));

	if (status == NULL)
		error_set_errno(err, "status");
	return status;
}

void
status_free(struct status_told *status)
{
	free(status);
}

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

/* Tell systemd of both certificates, as far as something is wrong. */
static void
notify_serving(struct daemon *daemon, const char *before)
{
	struct error why[2];
	char state[STATE];
	size_t used;

	pthread_mutex_lock(&daemon->settings);
	for (size_t i = 0; i < 2; i++)
		why[i] = daemon->status->told[i].why;
	pthread_mutex_unlock(&daemon->settings);
	used =
	    (size_t)snprintf(state, sizeof(state), "%sSTATUS=serving", before);
	if (why[SERVER].kind != ERROR_NONE)
		used += (size_t)snprintf(state + used, sizeof(state) - used,
		    " with an unfit certificate: %s", why[SERVER].detail);
	if (why[SEAL].kind != ERROR_NONE)
		snprintf(state + used, sizeof(state) - used,
		    "; acts are refused: %s", why[SEAL].detail);
	status_notify(state);
}

/*
 * True if this must be told now: it is new, or an hour has passed.  The lock is
 * held.
 */
static bool
is_news(struct daemon *daemon, enum told what, const struct error *err)
{
	struct error *why = &daemon->status->told[what].why;
	int64_t *at = &daemon->status->told[what].at;
	const int64_t now_s = time_now_ms() / 1000;
	const bool is = *at == 0 || strcmp(why->detail, err->detail) != 0 ||
	    (err->kind != ERROR_NONE &&
		(now_s - *at >= TELL_EVERY || now_s < *at));

	if (is) {
		*why = *err;
		*at = now_s;
	}
	return is;
}

/* Tell it, if it is news; a certificate that was fit from the start is none. */
static void
tell(struct daemon *daemon, enum told what, const struct error *err)
{
	bool news, first;

	pthread_mutex_lock(&daemon->settings);
	first = daemon->status->told[what].at == 0;
	news = is_news(daemon, what, err);
	pthread_mutex_unlock(&daemon->settings);
	if (!news || (first && err->kind == ERROR_NONE))
		return;
	if (err->kind == ERROR_NONE)
		log_info("certificate", "result=fit%s",
		    what == SEAL ? " of=depositary" : "");
	else
		log_error("certificate", "result=unfit reason=%s",
		    log_text(err->detail));
	notify_serving(daemon, "");
}

bool
status_server_cert(struct daemon *daemon, struct error *err)
{
	bool fit;

	pthread_mutex_lock(&daemon->settings);
	fit = settings_check_server(daemon->config, &daemon->record,
	    daemon->policy, daemon->crls, daemon->tls, err);
	pthread_mutex_unlock(&daemon->settings);
	tell(daemon, SERVER, err);
	return fit;
}

bool
status_seal(struct daemon *daemon, struct error *err)
{
	const struct judged_by now = registrar_now(daemon->registrar);
	const bool good =
	    seal_is_good(daemon->seal, daemon->record.library, &now, err);

	tell(daemon, SEAL, err);
	return good;
}

void
status_ready(struct daemon *daemon)
{
	struct error server = { 0 }, seal = { 0 };

	(void)!status_server_cert(daemon, &server);
	(void)!status_seal(daemon, &seal);
	notify_serving(daemon, "READY=1\n");
}
