/*
 * soon.h - how long before its end something is said to end soon: by the
 * depositary in its log and /health, and by each office's commands of what is
 * its own.
 */
#ifndef POLICY_SOON_H
#define POLICY_SOON_H

/* In seconds. */
enum {
	SOON_DAY = 24 * 60 * 60,
	/* a CA makes lists for a month, each week */
	SOON_CRL = 7 * SOON_DAY,
	/* a request, a meeting with the CA's administrator, a certificate */
	SOON_CERTIFICATE = 30 * SOON_DAY,
	SOON_POWERS = 30 * SOON_DAY,
};

#endif
