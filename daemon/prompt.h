/*
 * prompt.h - threads that many others wait for, and that mostly wait themselves.
 */
#ifndef DAEMON_PROMPT_H
#define DAEMON_PROMPT_H

/*
 * Ask the kernel to run the calling thread soon after what it waits for is
 * there, in return for short turns.  Its share of the processors stays the same.
 * A kernel before 6.12 has no such turns; then nothing changes.
 */
void prompt_thread(void);

#endif
