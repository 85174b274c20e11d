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

/* Do the tables of the log agree with each other? */
static bool
check_tables(struct postgres *postgres, damage_visitor *tell, void *arg,
    struct error *err)
{
	static const struct {
		enum statement statement;
		const char *table, *what;
	} checks[] = {
		{ CHECK_HEAD, "head",
		    "the head is not the newest one of table chain" },
		{ CHECK_CHAIN, "chain", "a proposed head is missing" },
		{ CHECK_ENTRIES, "entry",
		    "the newest entry is not the last one of the head" },
		{ CHECK_PUBLISHED, "published",
		    "a head is missing, or was not proposed with its root" },
	};

	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
		PGresult *result =
		    postgres_read(postgres, checks[i].statement, NULL, err);

		if (result == NULL)
			return false;
		if (PQntuples(result) > 0)
			tell(arg, checks[i].table, checks[i].what);
		PQclear(result);
	}
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
