/*
 * Calling the hooks of whoever uses the client (tell.h).
 */
#include "client/tell.h"

#include <stdarg.h>
#include <stdio.h>

#include "client/context.h"

void
client_note(const struct context *context, const char *fmt, ...)
{
	char line[1024];
	va_list args;

	if (context->hooks == NULL || context->hooks->note == NULL)
		return;
	va_start(args, fmt);
	vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	context->hooks->note(line);
}

void
client_progress(const struct context *context, const char *doing, uint64_t done,
    uint64_t total)
{
	if (context->hooks != NULL && context->hooks->progress != NULL)
		context->hooks->progress(doing, done, total);
}

void
client_progress_end(const struct context *context)
{
	if (context->hooks != NULL && context->hooks->progress_end != NULL)
		context->hooks->progress_end();
}
