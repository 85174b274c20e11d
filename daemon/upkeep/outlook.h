/*
 * outlook.h - warnings of what ends soon, or did not come.
 */
#ifndef DAEMON_UPKEEP_OUTLOOK_H
#define DAEMON_UPKEEP_OUTLOOK_H

struct upkeep;

/* Make the list of warnings anew. */
void upkeep_look_ahead(struct upkeep *upkeep);

#endif
