/*
 * Statements that are sent one after the other, without waiting for the answer
 * to each: together they take one way there and back.
 */
#include <stdlib.h>

#include "backend/postgres/private.h"

bool
pipeline_begin(struct pipeline *pipeline, struct db *db, struct error *err)
{
	*pipeline = (struct pipeline){ .db = db };
	if (PQenterPipelineMode(db->conn) == 1)
		return true;
	db_failed(db, NULL, err);
	return false;
}

/* --- Sending. --- */

/* Note which answer comes next. */
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

static bool
failed(struct pipeline *pipeline, struct error *err)
{
	pipeline->failure = db_failed(pipeline->db, NULL, err);
	return false;
}

static bool
send_prepare(struct pipeline *pipeline, enum statement statement,
    struct error *err)
{
	const struct answer answer = { .prepares = statement + 1 };
	struct db *db = pipeline->db;

	if (db->prepared[statement])
		return true;
	if (!expect(pipeline, &answer, err))
		return false;
	if (!db_send_prepare(db, statement))
		return failed(pipeline, err);
	return db->prepared[statement] = true;
}

bool
pipeline_add(struct pipeline *pipeline, enum statement statement,
    const struct params *params, answer_check *check, void *arg,
    struct error *err)
{
	const struct answer answer = { .check = check, .arg = arg };
	struct db *db = pipeline->db;

	if (!send_prepare(pipeline, statement, err) ||
	    !expect(pipeline, &answer, err))
		return false;
	if (!db_send(db, statement, params))
		return failed(pipeline, err);
	if (check == NULL)
		return true;
	/* The server answers this at once, and goes on with what follows. */
	pipeline->num_checked = pipeline->num;
	return PQsendFlushRequest(db->conn) == 1 || failed(pipeline, err);
}

/* --- Answers. --- */

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
 * Take the answers up to this one.  After one that is wrong the others are taken
 * nevertheless, so that the connection can be used again; the first is the
 * reason.
 */
static bool
take_answers(struct pipeline *pipeline, size_t to, enum failure *what,
    struct error *err)
{
	struct db *db = pipeline->db;

	for (; pipeline->taken < to && !db->failed; pipeline->taken++) {
		struct answer answer = pipeline->answers[pipeline->taken];
		struct error ignored = { 0 };
		enum failure any;
		bool ok;

		if (pipeline->is_wrong)
			answer.check = NULL;
		ok = take_answer(pipeline, &answer,
		    pipeline->is_wrong ? &any : what,
		    pipeline->is_wrong ? &ignored : err);
		pipeline->is_wrong = pipeline->is_wrong || !ok;
	}
	return !pipeline->is_wrong;
}

bool
pipeline_check(struct pipeline *pipeline, enum failure *what, struct error *err)
{
	if (!db_flush(pipeline->db))
		return failed(pipeline, err);
	return take_answers(pipeline, pipeline->num_checked, what, err);
}

/* --- The end. --- */

/* What was added in part is not sent to its end: the server undoes it. */
static bool
give_up(struct pipeline *pipeline)
{
	pipeline->db->failed = true;
	free(pipeline->answers);
	return false;
}

/* After the last answer: use the connection as before. */
static bool
leave(struct pipeline *pipeline, struct error *err)
{
	struct db *db = pipeline->db;
	enum failure any;
	PGresult *result;

	free(pipeline->answers);
	if (db->failed)
		return false;
	result = db_answer(db, &any, err);
	db->failed = PQresultStatus(result) != PGRES_PIPELINE_SYNC ||
	    PQexitPipelineMode(db->conn) != 1;
	PQclear(result);
	return !db->failed;
}

bool
pipeline_end(struct pipeline *pipeline, bool ok, enum failure *what,
    struct error *err)
{
	struct error why = { 0 };

	if (ok && PQpipelineSync(pipeline->db->conn) != 1)
		ok = failed(pipeline, err);
	if (!ok && !pipeline->is_wrong) {
		*what = pipeline->failure;
		return give_up(pipeline);
	}
	/* pipeline_check() said why; what follows is only to be taken. */
	if (!ok && PQpipelineSync(pipeline->db->conn) != 1)
		return give_up(pipeline);
	ok = take_answers(pipeline, pipeline->num, what, err);
	if (leave(pipeline, &why) || !ok)
		return ok;
	*what = FAILED_BROKEN;
	*err = why;
	return false;
}

/* After a statement that failed the server passes over what follows. */
static bool
was_skipped(struct db *db)
{
	PGresult *result = db_finish(db);
	const bool skipped = PQresultStatus(result) == PGRES_PIPELINE_ABORTED;

	PQclear(result);
	return skipped;
}

enum commit
pipeline_commit(struct pipeline *pipeline, enum failure *what,
    struct error *err)
{
	struct db *db = pipeline->db;
	struct error ignored = { 0 };
	enum commit end = COMMIT_LOST;

	db->warned = false;
	if (!pipeline_add(pipeline, COMMIT_ALL, NULL, NULL, NULL, err) ||
	    (PQpipelineSync(db->conn) != 1 && !failed(pipeline, err))) {
		(void)!give_up(pipeline);
		return COMMIT_LOST;
	}
	if (take_answers(pipeline, pipeline->num - 1, what, err))
		end = db_take_commit(db, what, err);
	else if (!db->failed && was_skipped(db))
		end = COMMIT_UNDONE;
	(void)!leave(pipeline, &ignored);
	return end;
}
