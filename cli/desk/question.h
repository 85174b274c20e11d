/*
 * question.h - how a command that runs for a page (child.h) has its person
 * asked: by the desk, through a socket that only the two have, since the desk has
 * the dialog, the terminal, and the passphrases that were given before.
 *
 * A question and its answer are packets with a struct of question.c: both ends
 * are one program.
 */
#ifndef CLI_DESK_QUESTION_H
#define CLI_DESK_QUESTION_H

#include "cli/desk/confirm.h"

/* The descriptor that the command has it at. */
enum { QUESTION_FD = 3 };

/* --- In the desk. --- */

struct questions;
/* NULL on failure. The desk_confirm is used until questions_free(). */
struct questions *questions_new(struct desk_confirm *confirm,
    struct error *err) MUST_USE;
/* Answers no more: desk_confirm_end(), and every socket's end. */
void questions_free(struct questions *questions);

/*
 * Make a socket for one command, and answer what comes from it, in a thread,
 * until its other end is closed.  Returns that one, for the command; -1 on
 * failure.  language: of the dialogs.
 */
int questions_open(struct questions *questions, enum dialog_language language,
    struct error *err);

/* --- In the command. --- */

/*
 * Have context ask the desk.
 */
void question_serve(struct context *context);

#endif
