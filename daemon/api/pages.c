/*
 * The register: the pages that a browser shows (lib/pages), for who connects.
 * They are in the program and hold no data, so they are answered on the loop's
 * thread, and no entry is made of them.
 */
#include "daemon/api/job.h"

#include <assert.h>
#include <string.h>

#include "pages/pages.h"

const struct page *
register_find(const struct job *job)
{
	return job->api->config->has_register
	    ? pages_find(http_path(&job->request->head))
	    : NULL;
}

static void
add_field(struct http_response *response, const char *name, const char *value)
{
	const size_t used = strlen(response->headers);
	const int n = snprintf(response->headers + used,
	    sizeof(response->headers) - used, "%s: %s\r\n", name, value);

	/* They are ours, and short. */
	assert(n > 0 && (size_t)n < sizeof(response->headers) - used);
}

bool
run_page(struct job *job, struct error *err)
{
	const struct http_head *head = &job->request->head;
	struct http_response *response = &job->request->response;
	const struct page *page = job->page;
	const bool is_gzip =
	    page->gzip.len > 0 && pages_takes_gzip(head->accept_encoding);

	response->is_page = true;
	for (const struct page_header *field = page_headers;
	     field->name != NULL; field++)
		add_field(response, field->name, field->value);
	add_field(response, "Vary", "Accept-Encoding");
	add_field(response, "ETag", is_gzip ? page->gzip_etag : page->etag);
	if (is_gzip)
		add_field(response, "Content-Encoding", "gzip");
	response->type = page->type;
	response->status =
	    pages_is_known(page, head->if_none_match) ? 304 : 200;
	return buf_append(&response->body, is_gzip ? page->gzip : page->bytes,
	    err);
}
