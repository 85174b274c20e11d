/*
 * Exhibits: rows that are only ever added, each with the SHA-256 of its bytes.
 */
#include <string.h>

#include "backend/postgres/private.h"

/* How many bytes of a page may be exhibits; and how many rows it has at most. */
enum { PAGE_BYTES = 16 << 20, PAGE_ROWS = 4096 };

/* --- Adding. --- */

struct adding {
	const struct exhibit *exhibits;
	size_t num;
};

static bool
send(struct pipeline *pipeline, const struct exhibit *exhibit,
    struct error *err)
{
	const struct digest sum = sha256_of(exhibit->bytes);
	struct params params = { .num = 0 };

	params_u64(&params, exhibit->kind);
	params_bytes(&params, exhibit->name);
	params_bytes(&params, digest_span(&sum));
	params_bytes(&params, exhibit->bytes);
	return pipeline_add(pipeline, ADD_EXHIBIT, &params, NULL, NULL, err);
}

static bool
add(void *arg, struct db *db, enum failure *what, struct error *err)
{
	const struct adding *adding = arg;
	struct pipeline pipeline;
	bool ok = true;

	if (!pipeline_begin(&pipeline, db, err))
		return false;
	for (size_t i = 0; ok && i < adding->num; i++)
		ok = send(&pipeline, &adding->exhibits[i], err);
	return pipeline_end(&pipeline, ok, what, err);
}

bool
postgres_add_exhibits(struct backend *backend, const struct exhibit exhibits[],
    size_t num, struct error *err)
{
	struct adding adding = { exhibits, num };

	return num == 0 ||
	    postgres_transact(postgres_of(backend), 0, add, &adding, err);
}

/* --- Reading. --- */

/* Each proposal has the epoch of who made it, and a new version one of its own. */
bool
postgres_is_opened(struct backend *backend, bool *is, struct error *err)
{
	PGresult *result =
	    postgres_read(postgres_of(backend), IS_OPENED, NULL, err);
	uint8_t value = 0;
	const bool ok = result != NULL &&
	    (PQntuples(result) == 1 ||
		error_set(err, ERROR_UNTRUSTED,
		    "postgresql: table lease has no row")) &&
	    row_bytes(result, 0, 0, &value, 1, err);

	PQclear(result);
	*is = value != 0;
	return ok;
}

/* A page of rows: those after one, up to a name. */
struct page {
	struct digest sum; /* of the last row of the page before */
	uint8_t after[EXHIBIT_NAME];
	size_t after_len;
	struct span until;
	uint64_t rows;
};

static PGresult *
read_page(struct postgres *postgres, enum exhibit_kind kind,
    const struct page *page, struct error *err)
{
	struct params params = { .num = 0 };

	params_u64(&params, kind);
	params_bytes(&params, span_of(page->after, page->after_len));
	params_bytes(&params, digest_span(&page->sum));
	params_bytes(&params, page->until);
	params_u64(&params, page->rows);
	return postgres_read(postgres, EACH_EXHIBIT, &params, err);
}

/* Get a row, and begin the next page after it. */
static bool
parse_row(const PGresult *result, int row, struct page *page,
    struct exhibit *out, struct error *err)
{
	struct digest sum;

	out->name = row_span(result, row, 0);
	out->bytes = row_span(result, row, 2);
	if (out->name.len > EXHIBIT_NAME)
		return error_set(err, ERROR_UNTRUSTED,
		    "postgresql: an exhibit's name is too long");
	if (!row_bytes(result, row, 1, page->sum.bytes, 32, err))
		return false;
	page->after_len = out->name.len;
	if (out->name.len > 0)
		memcpy(page->after, out->name.data, out->name.len);
	sum = sha256_of(out->bytes);
	out->is_damaged = out->bytes.len > exhibit_limit(out->kind) ||
	    !digest_eq(&sum, &page->sum);
	return true;
}

bool
postgres_each_exhibit(struct backend *backend, enum exhibit_kind kind,
    const struct span *name, exhibit_visitor *visit, void *arg,
    struct error *err)
{
	uint8_t last[EXHIBIT_NAME + 1] = { 0 };
	struct page page = { .until = span_of(last, sizeof(last)) };
	bool ok = true;
	int num;

	memset(last, 0xff, sizeof(last));
	page.rows = PAGE_BYTES / exhibit_limit(kind);
	if (page.rows > PAGE_ROWS)
		page.rows = PAGE_ROWS;
	if (name != NULL) {
		page.until = *name;
		page.after_len = name->len;
		memcpy(page.after, name->data, name->len);
	}
	do {
		struct exhibit exhibit = { .kind = kind };
		PGresult *result =
		    read_page(postgres_of(backend), kind, &page, err);

		if (result == NULL)
			return false;
		num = PQntuples(result);
		for (int row = 0; ok && row < num; row++)
			ok = parse_row(result, row, &page, &exhibit, err) &&
			    visit(arg, &exhibit, err);
		PQclear(result);
	} while (ok && num > 0);
	return ok;
}
