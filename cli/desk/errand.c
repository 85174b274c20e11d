/*
 * Giving an act's lines to the page (errand.h).
 */
#include "cli/desk/errand.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"

/* A command that is told that the desk ends says its last word within that. */
enum { LAST_MS = 5000 };
#include "base/time.h"

struct errand *
errand_new(struct desk *desk, struct error *err)
{
	struct errand *errand = calloc(1, sizeof(*errand));

	if (errand == NULL) {
		error_set_errno(err, "an act");
		return NULL;
	}
	errand->desk = desk;
	errand->fd = -1;
	errand->line = BUF(LIMIT_DESK_ANSWER);
	errand->out = BUF(2 * LIMIT_DESK_ANSWER);
	return errand;
}

bool
errand_uses(struct errand *errand, const char *id, struct error *err)
{
	if (errand->num_files == ERRAND_FILES)
		return error_set(err, ERROR_LIMIT, "more than %d files",
		    ERRAND_FILES);
	return text_take(errand->files[errand->num_files++], SPOOL_ID, id, err);
}

bool
errand_start(struct errand *errand, struct child_line *line, struct error *err)
{
	pid_t pid;

	errand->fd = child_start(line, &pid, err);
	errand->started = errand->fd >= 0;
	return errand->started;
}

/* Add a line of JSON; json is taken over. */
static void
add(struct errand *errand, json_t *json)
{
	struct error ignored = { 0 };
	char *text = json != NULL ? json_dumps(json, JSON_COMPACT) : NULL;

	if (text != NULL)
		(void)!(buf_append_str(&errand->out, text, &ignored) &&
		    buf_append_u8(&errand->out, '\n', &ignored));
	free(text);
	json_decref(json);
}

/* The command is done: of what it had and made, what becomes? */
static void
settle(struct errand *errand, json_t *result)
{
	struct spool *spool = errand->desk->spool;
	struct error ignored = { 0 };

	if (result != NULL && errand->copy[0] != '\0' &&
	    spool_adopt(spool, errand->copy, errand->name, &ignored)) {
		json_object_set_new(result, "copy", json_string(errand->copy));
		errand->copy[0] = '\0';
	}
	for (size_t i = 0;
	     i < errand->num_files && (result != NULL || errand->always); i++)
		spool_remove(spool, errand->files[i]);
	errand->num_files = 0;
	if (errand->done != NULL)
		errand->done(errand, result);
	errand->done = NULL;
}

/* Take a whole line of the command's. */
static void
take_line(struct errand *errand)
{
	json_t *json = json_loadb((const char *)errand->line.data,
	    errand->line.len, 0, NULL);
	json_t *result = json_object_get(json, "result");

	errand->line.len = 0;
	/* Notes may come after it. */
	if (result == NULL && json_object_get(json, "error") == NULL)
		add(errand, json);
	else if (errand->answer != NULL)
		json_decref(json);
	else {
		settle(errand, result);
		errand->answer = json;
	}
}

static void
take_end(struct errand *errand)
{
	struct error err = { 0 };

	close(errand->fd);
	errand->fd = -1;
	if (errand->answer == NULL) {
		error_set_outside(&err, "the command ended without an answer");
		settle(errand, NULL);
		errand->answer =
		    json_pack("{s:o}", "error", json_of_error(&err));
	}
	add(errand, errand->answer);
	errand->answer = NULL;
}

static void
take_bytes(struct errand *errand, struct span bytes)
{
	struct error ignored = { 0 };

	while (bytes.len > 0) {
		const uint8_t *end = memchr(bytes.data, '\n', bytes.len);
		const size_t len =
		    end != NULL ? (size_t)(end - bytes.data) : bytes.len;

		/* A line that is too long is none, and told as such. */
		(void)!buf_append(&errand->line, span_sub(bytes, 0, len),
		    &ignored);
		if (end != NULL)
			take_line(errand);
		bytes = span_sub(bytes, len + (end != NULL),
		    bytes.len - len - (end != NULL));
	}
}

/*
 * Nobody reads on, but something is to be done at the end: wait for that, as long
 * as the command goes on.
 */
static void
await_end(struct errand *errand)
{
	struct pollfd ready = { .fd = errand->fd, .events = POLLIN };
	char bytes[16384];

	while (errand->fd >= 0 && poll(&ready, 1, LAST_MS) > 0) {
		const ssize_t n = read(errand->fd, bytes, sizeof(bytes));

		errand->went = errand->out.len = 0;
		if (n > 0)
			take_bytes(errand, span_of(bytes, (size_t)n));
		else
			take_end(errand);
	}
}

void
errand_free(struct errand *errand)
{
	if (errand == NULL)
		return;
	if (errand->fd >= 0 && errand->done != NULL)
		await_end(errand);
	if (!errand->started && errand->done != NULL)
		errand->done(errand, NULL);
	if (errand->free_arg != NULL)
		errand->free_arg(errand->arg);
	if (errand->fd >= 0)
		close(errand->fd);
	/* What was made for a page that did not wait for it. */
	if (errand->copy[0] != '\0')
		spool_remove_folder(errand->desk->spool, errand->copy);
	json_decref(errand->answer);
	buf_free(&errand->line);
	buf_free(&errand->out);
	free(errand);
}

ssize_t
errand_read(struct errand *errand, char *out, size_t max)
{
	char bytes[16384];
	size_t len;

	while (errand->went == errand->out.len) {
		ssize_t n;

		errand->went = errand->out.len = 0;
		if (errand->fd < 0)
			return 0;
		if (!child_wait(errand->fd, errand->desk->stop, -1))
			return -1;
		n = read(errand->fd, bytes, sizeof(bytes));
		errand->desk->used_ms = time_monotonic_ms();
		if (n > 0)
			take_bytes(errand, span_of(bytes, (size_t)n));
		else if (n == 0 || errno != EINTR)
			take_end(errand);
	}
	len = errand->out.len - errand->went;
	if (len > max)
		len = max;
	memcpy(out, errand->out.data + errand->went, len);
	errand->went += len;
	return (ssize_t)len;
}
