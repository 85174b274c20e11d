/*
 * pace.h - long work says where it may pause.
 *
 * A program that serves many sets a function for a thread; long work of lib
 * calls pace_point() now and then, while it holds no lock, and the function
 * may let others go first.  Without such a function nothing happens.
 */
#ifndef BASE_PACE_H
#define BASE_PACE_H

/* Set the present thread's function; NULL: none. */
void pace_set(void (*fn)(void *arg), void *arg);
void pace_point(void);

#endif
