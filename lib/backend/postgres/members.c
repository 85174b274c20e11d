/*
 * Two daemons on one record: who has the right to write, what the signer of the
 * other remembers, and the row that stops both (postgres.h).
 */
#include <string.h>

#include "backend/postgres/private.h"

/* --- The right to write. --- */

bool
postgres_lease(struct backend *backend, struct postgres_lease *out,
    struct error *err)
{
	struct postgres *postgres = postgres_of(backend);
	PGresult *result = postgres_read(postgres, LOOK_LEASE, NULL, err);
	struct span holder = { NULL, 0 };
	uint64_t clock_ms = 0;
	uint8_t over = 0;
	bool ok = result != NULL && postgres_check_stop(postgres, err);

	if (ok && PQntuples(result) != 1)
		ok = error_set(err, ERROR_UNTRUSTED,
		    "postgresql: table lease has no row");
	ok = ok && row_u64(result, 0, 0, &out->epoch, err) &&
	    row_bytes(result, 0, 2, &over, 1, err) &&
	    row_u64(result, 0, 3, &clock_ms, err);
	if (ok)
		holder = row_span(result, 0, 1);
	out->is_over = over != 0;
	out->is_given = holder.len == 0 && out->epoch > 0;
	out->is_ours = holder.len >= sizeof(postgres->place) &&
	    postgres->place != 0 &&
	    memcmp(holder.data, &postgres->place, sizeof(postgres->place)) == 0;
	out->place = 0;
	if (holder.len >= sizeof(out->place))
		memcpy(&out->place, holder.data, sizeof(out->place));
	out->clock_ms = (int64_t)clock_ms;
	PQclear(result);
	return ok;
}

static bool
yield_lease(void *arg, struct db *db, enum failure *what, struct error *err)
{
	struct postgres *postgres = arg;
	struct params params = { .num = 0 };
	PGresult *result;

	params_bytes(&params, span_of(postgres->holder, ID_BYTES));
	result = db_run(db, YIELD_LEASE, &params, what, err);
	PQclear(result);
	return result != NULL;
}

bool
postgres_yield(struct backend *backend, struct error *err)
{
	struct postgres *postgres = postgres_of(backend);

	/* From here on the handle is one that was replaced. */
	__atomic_store_n(&postgres->is_lost, true, __ATOMIC_RELEASE);
	return postgres_transact(postgres, LIMIT_SECONDS_DATABASE, yield_lease,
	    postgres, err);
}

uint64_t
postgres_place(struct backend *backend)
{
	return postgres_of(backend)->place;
}

/* --- Who takes part. --- */

struct joining {
	uint64_t place;
	const char *host;
};

static bool
add_member(void *arg, struct db *db, enum failure *what, struct error *err)
{
	const struct joining *it = arg;
	struct params params = { .num = 0 };
	PGresult *result;

	params_u64(&params, it->place);
	params_text(&params, it->host);
	result = db_run(db, ADD_MEMBER, &params, what, err);
	PQclear(result);
	return result != NULL;
}

/* All who take part. */
struct members {
	unsigned num;
	bool is_there; /* the one that was looked for */
	char names[2 * POSTGRES_HOST + 32];
};

static bool
look_for_member(struct postgres *postgres, uint64_t place, struct members *out,
    struct error *err)
{
	PGresult *result = postgres_read(postgres, EACH_MEMBER, NULL, err);
	bool ok = result != NULL;
	uint64_t seat = 0, found = 0;
	size_t len;

	*out = (struct members){ .num = 0 };
	for (int row = 0; ok && row < PQntuples(result); row++) {
		ok = row_u64(result, row, 0, &seat, err) &&
		    row_u64(result, row, 1, &found, err);
		len = strlen(out->names);
		snprintf(out->names + len, sizeof(out->names) - len,
		    "%s%llu (%.*s)", row > 0 ? ", " : "",
		    (unsigned long long)seat, POSTGRES_HOST - 1,
		    row_text(result, row, 2));
		out->is_there = out->is_there || found == place;
		out->num++;
	}
	PQclear(result);
	return ok;
}

static bool
no_third(const struct members *members, struct error *err)
{
	return error_set(err, ERROR_REFUSED,
	    "two daemons take part in this record already, and no third one"
	    " may: %s. If one of them is lost, the owner of the tables frees its"
	    " place: \"valised tables CONNECTION --forget NUMBER\" (\"A"
	    " stand-by\" in the operations manual)",
	    members->names);
}

/* Two that come at once may want the same seat: the later one tries once more. */
static bool
take_seat(struct postgres *postgres, uint64_t place, const char *host,
    struct error *err)
{
	struct joining it = { place, host };
	struct members members;

	for (unsigned tries = 0; tries < 2; tries++) {
		if (!postgres_transact(postgres, LIMIT_SECONDS_DATABASE,
			add_member, &it, err) ||
		    !look_for_member(postgres, place, &members, err))
			return false;
		if (members.is_there)
			return true;
	}
	return no_third(&members, err);
}

bool
postgres_take_part(struct backend *backend, const char *host, struct error *err)
{
	struct postgres *postgres = postgres_of(backend);

	return take_seat(postgres, postgres->place, host, err);
}

bool
postgres_check_room(struct backend *backend, struct error *err)
{
	struct postgres *postgres = postgres_of(backend);
	struct postgres_lease lease;
	struct members members;

	if (!postgres_lease(backend, &lease, err) ||
	    (!lease.is_over && lease.place != 0 &&
		!take_seat(postgres, lease.place, "the one that writes", err)))
		return false;
	return look_for_member(postgres, 0, &members, err) &&
	    (members.num < 2 || no_third(&members, err));
}

/* --- What the other's signer remembers. --- */

struct remembering {
	uint64_t place;
	const struct head *head;
	const struct digest *mark;
	unsigned tries;
	bool is_added;
};

static bool
remember(void *arg, struct db *db, enum failure *what, struct error *err)
{
	struct remembering *it = arg;
	struct params params = { .num = 0 };
	PGresult *result;

	it->tries++;
	params_u64(&params, it->head->size);
	params_u64(&params, it->place);
	params_bytes(&params, digest_span(&it->head->root));
	params_bytes(&params, digest_span(it->mark));
	result = db_run(db, ADD_REMEMBERED, &params, what, err);
	it->is_added = result != NULL && strcmp(PQcmdTuples(result), "1") == 0;
	PQclear(result);
	return result != NULL;
}

struct ascertaining {
	const struct postgres *postgres;
	const struct head *head;
	bool is;
};

/* Is it there, in a transaction that is as durable as a proposal? */
static bool
ascertain(void *arg, struct db *db, enum failure *what, struct error *err)
{
	struct ascertaining *it = arg;
	struct params params = { .num = 0 };
	PGresult *result = db_run(db, LOCK_HEAD, NULL, what, err);
	struct digest root = { { 0 } };
	bool ok = result != NULL && durable_check(it->postgres, result, 0, err);

	PQclear(result);
	if (!ok)
		return false;
	params_u64(&params, it->head->size);
	result = db_run(db, GET_CHAIN, &params, what, err);
	it->is = result != NULL && PQntuples(result) == 1 &&
	    row_bytes(result, 0, 2, root.bytes, 32, err) &&
	    digest_eq(&root, &it->head->root);
	ok = result != NULL;
	PQclear(result);
	return ok;
}

bool
postgres_ascertain(struct backend *backend, const struct head *head,
    struct error *err)
{
	struct postgres *postgres = postgres_of(backend);
	struct ascertaining it = { .postgres = postgres, .head = head };

	return postgres_transact(postgres, LIMIT_SECONDS_DATABASE, ascertain,
		   &it, err) &&
	    (it.is ||
		error_set(err, ERROR_UNAVAILABLE,
		    "postgresql: the proposal of size %llu is not there any"
		    " more",
		    (unsigned long long)head->size));
}

bool
postgres_remember(struct backend *backend, const struct head *head,
    const struct digest *mark, bool *was_told, struct error *err)
{
	struct postgres *postgres = postgres_of(backend);
	struct remembering it = { postgres->place, head, mark, 0, false };
	/* Who asks tries again, and may be ending. */
	const bool ok = postgres_transact(postgres, 0, remember, &it, err);

	/* A first try whose answer was lost may have told it. */
	*was_told = ok && !it.is_added && it.tries == 1;
	return ok;
}

bool
postgres_remembered(struct backend *backend, const struct head *head,
    struct postgres_memory *out, bool *there, struct error *err)
{
	struct postgres *postgres = postgres_of(backend);
	struct params params = { .num = 0 };
	struct digest root = { { 0 } };
	PGresult *result;
	bool ok = true;

	*there = false;
	params_u64(&params, head->size);
	params_u64(&params, postgres->place);
	result = postgres_read(postgres, GET_REMEMBERED, &params, err);
	if (result == NULL)
		return false;
	for (int row = 0; ok && !*there && row < PQntuples(result); row++) {
		ok = row_u64(result, row, 0, &out->place, err) &&
		    row_bytes(result, row, 1, root.bytes, 32, err) &&
		    row_bytes(result, row, 2, out->mark.bytes, 32, err);
		*there = ok && digest_eq(&root, &head->root);
	}
	PQclear(result);
	return ok;
}

bool
postgres_newest_remembered(struct backend *backend, uint64_t *size,
    struct error *err)
{
	struct postgres *postgres = postgres_of(backend);
	struct params params = { .num = 0 };
	PGresult *result;
	bool ok;

	*size = 0;
	params_u64(&params, postgres->place);
	result = postgres_read(postgres, NEWEST_REMEMBERED, &params, err);
	ok = result != NULL &&
	    (PQntuples(result) == 0 || row_u64(result, 0, 0, size, err));
	PQclear(result);
	return ok;
}

/* --- Stopping the service. --- */

struct stopping {
	struct postgres *postgres;
	const char *reason;
};

static bool
add_stop(void *arg, struct db *db, enum failure *what, struct error *err)
{
	const struct stopping *it = arg;
	struct params params = { .num = 0 };
	PGresult *result;

	params_bytes(&params, span_of(it->postgres->holder, ID_BYTES));
	params_text(&params, it->reason);
	result = db_run(db, ADD_STOP, &params, what, err);
	PQclear(result);
	return result != NULL;
}

/* If that fails, the next one will find the same. */
void
postgres_stop(struct backend *backend, const char *reason)
{
	struct stopping it = { postgres_of(backend), reason };
	struct error ignored = { 0 };

	(void)!postgres_transact(it.postgres, LIMIT_SECONDS_DATABASE, add_stop,
	    &it, &ignored);
}

bool
stop_check(const PGresult *result, int column, struct error *err)
{
	return PQgetisnull(result, 0, column) ||
	    error_set(err, ERROR_UNTRUSTED,
		"the service was stopped: %.*s. See \"A service that was"
		" stopped\" in the operations manual",
		PQgetlength(result, 0, column), PQgetvalue(result, 0, column));
}

bool
postgres_check_stop(struct postgres *postgres, struct error *err)
{
	PGresult *result = postgres_read(postgres, GET_STOP, NULL, err);
	const bool ok = result != NULL &&
	    (PQntuples(result) == 0 || stop_check(result, 0, err));

	PQclear(result);
	return ok;
}
