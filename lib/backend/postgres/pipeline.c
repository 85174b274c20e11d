/*
 * Statements that are sent one after the other, without waiting for the answer
 * to each: together they take one way there and back.
 */
#include <stdlib.h>

#include "backend/postgres/private.h"

enum { SENT_AT_ONCE = 64 * 1024 };

bool
pipeline_begin(struct pipeline *pipeline, struct db *db, struct error *err)
{
	*pipeline = (struct pipeline){ .db = db };
	if (PQenterPipelineMode(db->conn) == 1)
		return true;
	db_failed(db, NULL, err);
	return false;
}

static bool
expect(struct pipeline *pipeline, const struct answer *answer,
    struct error *err)
{
	if (pipeline->num == pipeline->room) {
		const size_t room = 2 * pipeline->room + 16;
		struct answer *answers =
		    realloc(pipeline->answers, room * sizeof(*answers));

		if (answers == NULL)
			return error_set_errno(err, "postgresql");
		pipeline->answers = answers;
		pipeline->room = room;
	}
	pipeline->answers[pipeline->num++] = *answer;
	return true;
}

/*
 * libpq keeps what is not sent yet: of much it is sent now, and the server works
 * on it meanwhile.
 */
static bool
send_much(struct pipeline *pipeline, const struct params *params)
{
	for (int i = 0; params != NULL && i < params->num; i++)
		pipeline->unsent += (size_t)params->lengths[i];
	if (pipeline->unsent < SENT_AT_ONCE)
		return true;
	pipeline->unsent = 0;
	return db_flush(pipeline->db);
}

static bool
failed(struct pipeline *pipeline, struct error *err)
{
	pipeline->failure = db_failed(pipeline->db, NULL, err);
	return false;
}

bool
pipeline_add(struct pipeline *pipeline, enum statement statement,
    const struct params *params, answer_check *check, void *arg,
    struct error *err)
{
	struct db *db = pipeline->db;
	const struct answer preparing = { .prepares = statement + 1 },
			    answer = { .check = check, .arg = arg };

	if (!db->prepared[statement]) {
		if (!expect(pipeline, &preparing, err))
			return false;
		if (!db_send_prepare(db, statement))
			return failed(pipeline, err);
		db->prepared[statement] = true;
	}
	if (!expect(pipeline, &answer, err))
		return false;
	return (db_send(db, statement, params) &&
		   send_much(pipeline, params)) ||
	    failed(pipeline, err);
}

/* Take the next answer; false: it is not the one that is wanted. */
static bool
take_answer(struct pipeline *pipeline, const struct answer *answer,
    enum failure *what, struct error *err)
{
	struct db *db = pipeline->db;
	PGresult *result = db_answer(db, what, err);
	bool ok = result != NULL;

	if (!ok && answer->prepares > 0)
		db->prepared[answer->prepares - 1] = false;
	if (ok && answer->check != NULL) {
		*what = FAILED;
		ok = answer->check(answer->arg, result, err);
	}
	PQclear(result);
	return ok;
}

/*
 * All answers are taken, so that the connection can be used again; the first
 * that is wrong is the reason.
 */
static bool
take_answers(struct pipeline *pipeline, enum failure *what, struct error *err)
{
	struct db *db = pipeline->db;
	bool ok = true;

	for (size_t i = 0; i < pipeline->num && !db->failed; i++) {
		struct answer answer = pipeline->answers[i];
		struct error ignored = { 0 };
		enum failure any;

		if (!ok)
			answer.check = NULL;
		if (!take_answer(pipeline, &answer, ok ? what : &any,
			ok ? err : &ignored))
			ok = false;
	}
	return ok;
}

bool
pipeline_end(struct pipeline *pipeline, bool ok, enum failure *what,
    struct error *err)
{
	struct db *db = pipeline->db;
	enum failure any;
	PGresult *end;

	/* What could not be added whole is not to be believed either. */
	if (ok && PQpipelineSync(db->conn) != 1)
		ok = failed(pipeline, err);
	if (!ok) {
		*what = pipeline->failure;
		db->failed = true;
		free(pipeline->answers);
		return false;
	}
	ok = take_answers(pipeline, what, err);
	free(pipeline->answers);
	if (!db->failed) {
		struct error why = { 0 };

		end = db_answer(db, &any, &why);
		if (PQresultStatus(end) != PGRES_PIPELINE_SYNC ||
		    PQexitPipelineMode(db->conn) != 1)
			db->failed = true;
		PQclear(end);
		if (db->failed && ok) {
			*what = FAILED_BROKEN;
			*err = why;
		}
	}
	return ok && !db->failed;
}
