/*
 * The check of the database: each object is hashed, and the tables of the log
 * must agree with each other.
 */
#include "backend/postgres/private.h"

struct checking {
	damage_visitor *tell;
	void *arg;
	uint64_t *num;
};

static bool
drop_piece(void *arg, struct span bytes, struct error *err)
{
	(void)arg, (void)bytes, (void)err;
	return true;
}

static bool
check_found(void *arg, struct found *found, struct error *err)
{
	const struct checking *checking = arg;
	struct backend *backend = &found->postgres->backend;
	struct error why = { 0 };
	struct object object;
	char hex[OID_HEX];
	bool ok;

	++*checking->num;
	ok = postgres_find(backend, &found->oid, OBJECT_WHOLE, &object, &why);
	if (ok) {
		ok = postgres_stream(&object, OBJECT_CONTENT, drop_piece, NULL,
		    NULL, NULL, &why);
		postgres_release(&object);
	}
	if (ok)
		return true;
	if (why.kind != ERROR_UNTRUSTED) {
		*err = why;
		return false;
	}
	oid_hex(&found->oid, hex);
	checking->tell(checking->arg, hex, why.detail);
	return true;
}

/* Does this statement find anything that is wrong? */
static bool
check_newest(struct postgres *postgres, enum statement statement, bool *good,
    struct error *err)
{
	PGresult *result = postgres_read(postgres, statement, NULL, err);

	*good = result != NULL && PQntuples(result) == 0;
	PQclear(result);
	return result != NULL;
}

/* Does each row of this page name the one before it? */
static bool
check_page(const PGresult *result, uint64_t *last)
{
	struct error ignored = { 0 };
	uint64_t number = 0, before = 0;

	for (int row = 0; row < PQntuples(result); row++) {
		if (!row_u64(result, row, 0, &number, &ignored) ||
		    !row_u64(result, row, 1, &before, &ignored) ||
		    before != *last)
			return false;
		*last = number;
	}
	return true;
}

/* The same of all rows, whose numbers begin after this one. */
static bool
check_order(struct postgres *postgres, enum statement statement,
    uint64_t before_first, bool *good, struct error *err)
{
	uint64_t last = before_first;
	int num;

	do {
		struct params params = { .num = 0 };
		PGresult *result;

		params_u64(&params, last);
		result = postgres_read(postgres, statement, &params, err);
		if (result == NULL)
			return false;
		num = PQntuples(result);
		*good = check_page(result, &last);
		PQclear(result);
	} while (*good && num > 0);
	return true;
}

/* Do the tables of the log agree with each other? */
static bool
check_tables(struct postgres *postgres, damage_visitor *tell, void *arg,
    struct error *err)
{
	bool head, entry, chain, published;

	if (!check_newest(postgres, CHECK_HEAD, &head, err) ||
	    !check_newest(postgres, CHECK_ENTRIES, &entry, err) ||
	    !check_order(postgres, EACH_CHAIN, 0, &chain, err) ||
	    !check_order(postgres, EACH_PUBLISHED, UINT64_MAX, &published, err))
		return false;
	if (!head)
		tell(arg, "head",
		    "the head is not the newest one of table chain");
	if (!entry)
		tell(arg, "entry",
		    "the newest entry is not the last one of the head");
	if (!chain)
		tell(arg, "chain", "a proposed head is missing");
	if (!published)
		tell(arg, "published",
		    "a head is missing, or was not proposed with its root");
	return true;
}

bool
postgres_check(struct backend *backend, unsigned part, unsigned parts,
    damage_visitor *tell, void *arg, uint64_t *num, struct error *err)
{
	struct postgres *postgres = postgres_of(backend);
	struct checking checking = { tell, arg, num };

	*num = 0;
	return (part > 0 || check_tables(postgres, tell, arg, err)) &&
	    postgres_each_found(postgres, part, parts, check_found, &checking,
		err);
}
