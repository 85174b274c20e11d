/*
 * workers.h - the threads that run jobs, in turn by office and person
 * (turns.h).
 *
 * Two lanes have workers of their own: the common one, and a quick one for what
 * must always be answered and never takes long (LANE_QUICK).
 *
 * A job is charged for the processor's time of its thread and for the bytes
 * that it moves.  Each 20 ms it gives its worker back, if others wait: a job
 * that answers in parts ends its turn and comes again; another calls
 * pace_point() (base/pace.h), and its thread waits there for its next turn
 * while another thread has the worker.  So a job must hold no lock at such a
 * point.
 */
#ifndef DAEMON_API_WORKERS_H
#define DAEMON_API_WORKERS_H

#include "daemon/turns.h"

enum { WORKERS_SLICE_MS = 20 };

enum lane { LANE_COMMON, LANE_QUICK, LANES };

struct workers;

/* Start the threads; run is called on one of them with each turn's arg. */
struct workers *workers_new(unsigned num, void (*run)(void *arg),
    struct error *err);
/* End the threads when nothing waits any more, and free all.  NULL is fine. */
void workers_free(struct workers *workers);
/* Have a turn served.  For any thread. */
enum turns_put workers_put(struct workers *workers, enum lane lane,
    struct turn *turn, const char *office, const char *person);
/* Charge a person for bytes that were moved without a worker. */
void workers_charge(struct workers *workers, const char *office,
    const char *person, uint64_t bytes);
/* Charge the present job for bytes; false: this thread is no worker's. */
bool workers_note(uint64_t bytes);
/* Has the present job had its 20 ms?  Always false on other threads. */
bool workers_is_over(void);
/* Call seen for each office with the number of its turns that wait. */
void workers_each_office(struct workers *workers,
    void (*seen)(void *arg, const char *office, unsigned waiting), void *arg);

#endif
