/*
 * witnesses.h - asking witnesses that wait to be asked (C2SP tlog-witness).
 */
#ifndef DAEMON_UPKEEP_WITNESSES_H
#define DAEMON_UPKEEP_WITNESSES_H

struct upkeep;

/* Ask each witness for which the configuration has an address. */
void upkeep_ask_witnesses(struct upkeep *upkeep);

#endif
