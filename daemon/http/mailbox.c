/*
 * A mailbox: two lists and two flags under a lock, and an eventfd (mailbox.h).
 */
#include "daemon/http/mailbox.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "daemon/http/answer.h"

struct mailbox {
	pthread_mutex_t mutex;
	struct mail mail;
	/* Where the next item is linked in. */
	struct http_request **end_of_answers;
	struct arrival **end_of_arrivals;
	bool rung; /* the bell was rung since the mailbox was last emptied */
	int bell;
};

static void
empty(struct mailbox *mailbox)
{
	mailbox->mail = (struct mail){ .stop = mailbox->mail.stop };
	mailbox->end_of_answers = &mailbox->mail.answers;
	mailbox->end_of_arrivals = &mailbox->mail.arrivals;
}

struct mailbox *
mailbox_new(struct error *err)
{
	struct mailbox *mailbox = calloc(1, sizeof(*mailbox));

	if (mailbox == NULL) {
		error_set_errno(err, "mailbox");
		return NULL;
	}
	empty(mailbox);
	if ((mailbox->bell = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) < 0) {
		error_set_errno(err, "eventfd");
		free(mailbox);
		return NULL;
	}
	pthread_mutex_init(&mailbox->mutex, NULL);
	return mailbox;
}

void
mailbox_free(struct mailbox *mailbox)
{
	struct http_request *request;
	struct arrival *arrival;

	if (mailbox == NULL)
		return;
	while ((request = mailbox->mail.answers) != NULL) {
		mailbox->mail.answers = request->next;
		http_request_free(request);
	}
	while ((arrival = mailbox->mail.arrivals) != NULL) {
		mailbox->mail.arrivals = arrival->next;
		SSL_free(arrival->ssl);
		close(arrival->fd);
		free(arrival);
	}
	pthread_mutex_destroy(&mailbox->mutex);
	close(mailbox->bell);
	free(mailbox);
}

int
mailbox_bell(const struct mailbox *mailbox)
{
	return mailbox->bell;
}

/* Unlock, and ring the bell unless that was done since the last emptying. */
static void
put_in(struct mailbox *mailbox)
{
	const bool ring = !mailbox->rung;
	const uint64_t one = 1;
	ssize_t done = 0;

	mailbox->rung = true;
	pthread_mutex_unlock(&mailbox->mutex);
	if (ring)
		done = write(mailbox->bell, &one, sizeof(one));
	(void)done;
}

void
mailbox_answer(struct mailbox *mailbox, struct http_request *request)
{
	request->next = NULL;
	pthread_mutex_lock(&mailbox->mutex);
	*mailbox->end_of_answers = request;
	mailbox->end_of_answers = &request->next;
	put_in(mailbox);
}

bool
mailbox_arrive(struct mailbox *mailbox, const struct arrival *what)
{
	struct arrival *arrival = malloc(sizeof(*arrival));

	if (arrival == NULL)
		return false;
	*arrival = *what;
	arrival->next = NULL;
	pthread_mutex_lock(&mailbox->mutex);
	*mailbox->end_of_arrivals = arrival;
	mailbox->end_of_arrivals = &arrival->next;
	put_in(mailbox);
	return true;
}

void
mailbox_streams(struct mailbox *mailbox)
{
	pthread_mutex_lock(&mailbox->mutex);
	mailbox->mail.streams = true;
	put_in(mailbox);
}

void
mailbox_stop(struct mailbox *mailbox)
{
	pthread_mutex_lock(&mailbox->mutex);
	mailbox->mail.stop = true;
	put_in(mailbox);
}

void
mailbox_take(struct mailbox *mailbox, struct mail *out)
{
	uint64_t count;
	ssize_t done;

	/*
	 * Silence the bell first: what is put in from here on rings it again.
	 */
	done = read(mailbox->bell, &count, sizeof(count));
	(void)done;
	pthread_mutex_lock(&mailbox->mutex);
	*out = mailbox->mail;
	empty(mailbox);
	mailbox->rung = false;
	pthread_mutex_unlock(&mailbox->mutex);
}
