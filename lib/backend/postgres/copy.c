/*
 * Rows on their way into a table, in the binary form of COPY.
 */
#include "backend/postgres/private.h"

enum { SENT_AT_ONCE = 256 * 1024 };

bool
copy_begin(struct copy *copy, struct db *db, const char *sql,
    enum failure *what, struct error *err)
{
	static const uint8_t header[19] = "PGCOPY\n\377\r\n";

	*copy = (struct copy){ .db = db, .bytes = BUF(SIZE_MAX) };
	return db_do(db, sql, what, err) &&
	    buf_append(&copy->bytes, span_of(header, sizeof(header)), err);
}

/* Give the bytes so far to libpq. */
static bool
send_bytes(struct copy *copy, struct error *err)
{
	struct db *db = copy->db;
	int n;

	while ((n = PQputCopyData(db->conn, (const char *)copy->bytes.data,
		    (int)copy->bytes.len)) == 0)
		if (!db_flush(db))
			break;
	copy->bytes.len = 0;
	if (n == 1 && db_flush(db))
		return true;
	db_failed(db, NULL, err);
	return false;
}

bool
copy_row(struct copy *copy, unsigned columns, struct error *err)
{
	return (copy->bytes.len < SENT_AT_ONCE || send_bytes(copy, err)) &&
	    buf_append_u16(&copy->bytes, (uint16_t)columns, err);
}

bool
copy_bytes(struct copy *copy, struct span bytes, struct error *err)
{
	return buf_append_block(&copy->bytes, bytes, err);
}

bool
copy_u64(struct copy *copy, uint64_t value, struct error *err)
{
	return buf_append_u32(&copy->bytes, 8, err) &&
	    buf_append_u64(&copy->bytes, value, err);
}

bool
copy_null(struct copy *copy, struct error *err)
{
	return buf_append_u32(&copy->bytes, UINT32_MAX, err);
}

bool
copy_end(struct copy *copy, bool ok, enum failure *what, struct error *err)
{
	struct db *db = copy->db;
	PGresult *result;
	int n = 1;

	if (PQtransactionStatus(db->conn) == PQTRANS_ACTIVE) {
		struct error why = { 0 };

		ok = ok && buf_append_u16(&copy->bytes, UINT16_MAX, err) &&
		    send_bytes(copy, err);
		while ((n = PQputCopyEnd(db->conn, ok ? NULL : "stopped")) == 0)
			if (!db_flush(db))
				break;
		result = db_finish(db);
		if (PQresultStatus(result) != PGRES_COMMAND_OK) {
			*what = db_failed(db, result, &why);
			/* "stopped" is no reason. */
			if (ok || *what == FAILED_BROKEN)
				*err = why;
			ok = false;
		}
		PQclear(result);
	}
	buf_free(&copy->bytes);
	return ok && n == 1;
}
