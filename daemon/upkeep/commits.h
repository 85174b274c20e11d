/*
 * commits.h - whether the newest commit of each document is there.
 */
#ifndef DAEMON_UPKEEP_COMMITS_H
#define DAEMON_UPKEEP_COMMITS_H

struct upkeep;

/*
 * Log how many documents have lost it, and the first of them; all others are
 * served.  A database is asked once for each 4,096 documents, so this is no part
 * of a start.
 */
void upkeep_look_for_commits(const struct upkeep *upkeep);

#endif
