/*
 * lease.pml - two daemons on one PostgreSQL with a standby: who may write, what
 * is signed, and what a crash, a stall or a lost commit can do to it.
 *
 * Valise's order is: propose (commit), sign, publish (commit), answer.  This is
 * that order and nothing else, so that spin can try every sequence of steps and
 * faults.  docs/model/README.md tells what it found; docs/model/run runs it.
 *
 * A head is a size and a root.  A root stands for all entries below it, so here
 * a head is its whole history: two bits for each size, which say which of the
 * proposals made at that size it has.  In the traces 2b is size 2 with the
 * second proposal that was ever made for that size.  0 is the empty journal.
 *
 * The processes are daemon A, daemon B (each with its signer) and the world:
 * the two databases and what happens to them.  Each step is what either happens
 * or does not: one commit, one durable write of a signer, one answer.
 *
 * The rules can be switched off, each by an option -D:
 *
 *   WITHDRAW     a successor takes an unsigned proposal back, and does not sign
 *   NO_SIZE      nothing compares the size (there is no primary key either)
 *   NO_EPOCH     an append does not compare the epoch, and a take-over leaves
 *                the head's row alone
 *   NO_MEMORY    a signer signs whatever its own daemon asks for
 *   SIGNERS=1    a signature is released without the other signer's memory
 *   NO_FENCE     what was read is acted upon without one more commit
 *   LOOSE_FENCE  that commit does not touch the head's row
 *   ONE_FENCE    a take-over reads in its own transaction, and its commit is
 *                the fence
 *
 * The faults, each by how often it may happen (0: never):
 *
 *   CRASHES      a daemon and its signer, at any step; they start again
 *   ANSWERS      a COMMIT whose answer is lost, or comes with a warning:
 *                nobody, the primary alone or both have it, now or later
 *   MEMORIES     a signer loses its memory, and joins again
 *   LOSING       1: the primary answers a COMMIT without its standby, so that a
 *                promotion may lose it
 *   EPOCHS       the last epoch: how often the lease changes hands
 *
 * The standby is promoted at any time, once: the primary is gone, or (too
 * early) goes on beside it, with whoever is still connected to it.
 *
 * A stall is no fault here: any process may be late by any time.  So a lease
 * may run out at any moment, and there is no clock.
 *
 * Left out: entries, objects and texts; more than one promotion; a second
 * standby (what the promoted one commits is durable); the writer's second
 * thread, which proposes while the first signs; the check of a join against an
 * office's checkpoint, so a join begins with whatever is published; seals and
 * commits of git, which fork nothing; witnesses and offices, which find a fork
 * but do not prevent it; a database that lies (the proofs and fsck are against
 * that).
 */
#ifndef SIGNERS
#define SIGNERS 2
#endif
#ifndef CRASHES
#define CRASHES 1
#endif
#ifndef ANSWERS
#define ANSWERS 1
#endif
#ifndef MEMORIES
#define MEMORIES 1
#endif
#ifndef LOSING
#define LOSING 1
#endif
#ifndef EPOCHS
#define EPOCHS 3
#endif
#ifndef SIZES
#define SIZES 3
#endif
/* Check this property only; 0: all. */
#ifndef ONLY
#define ONLY 0
#endif
/* Check all but this one. */
#ifndef BUT
#define BUT 0
#endif

/* The properties. */
#define FORK	 1 /* of two heads that are signed one extends the other */
#define LOST	 2 /* no acknowledged act is lost while no commit is */
#define UNSIGNED 3 /* every proposal is signed, or the service stopped */
#define NEEDLESS 4 /* the service does not stop while no commit is lost */

inline property(number, holds)
{
	if
	:: (ONLY == 0 || ONLY == number) && number != BUT && !(holds) ->
		printf("BROKEN %d\n", number);
		assert(false)
	:: else
	fi
}

/* Heads: two bits a size, the first size in the lowest. */
#define SIZE(head)	   (((head) > 0) + ((head) > 3) + ((head) > 15))
#define EXTENDS(new, old)  (((new) & ((1 << (2 * SIZE(old))) - 1)) == (old))
#define SHOWN(head)	   SIZE(head), LETTER(head) /* for %d%c */
#define LETTER(head) \
	((head) == 0 -> 32 : 96 + ((head) >> (2 * (SIZE(head) - 1))))
/* The next letter at the size after this, and the head with it. */
#define LETTERS_USED(head) ((used >> (2 * SIZE(head))) & 3)
#define APPEND(head) \
	((head) + ((LETTERS_USED(head) + 1) << (2 * SIZE(head))))
#define NO_MEMORY_LEFT	   255

/*
 * The two databases: 0 is the primary, 1 its standby, which has a prefix of
 * what the primary committed.  Each is a row head (the newest proposal, and its
 * epoch, which is the lease's), the newest row of chain that has a signature,
 * and the row that stops the service.
 */
byte proposed[2], published[2];
byte epoch[2] = 1;
bit stop[2];
/*
 * A proposal whose COMMIT is under way though nobody waits for it any more: it
 * holds the lock of the head's row, and will be visible some time, or never.
 */
byte in_flight[2];
bit promoted, dead;	/* the standby takes writes; the primary is gone */
bit owed;		/* a commit that was answered is not on the standby */

/* The two daemons, and the signer of each. */
mtype = { standing_by, reading, has_read_unsigned, has_read_signed, idle,
	has_proposed, remembered, released, answering };
mtype at[2] = standing_by;
bit conn[2];		/* which database it is connected to */
byte head[2], own_epoch[2]; /* what it believes */
byte memory[2];		/* its signer's, durable */

/* What somebody knows who sees everything. */
byte ever_signed;	/* the longest head that was ever signed and released */
byte acknowledged;	/* the longest head whose acts were answered for */
byte used;		/* two bits a size: how many proposals there were */
bit lost_commit;	/* a commit that was answered is gone */

/* The faults that are left, and whether all of them are over. */
byte crashes = CRASHES, answers = ANSWERS, memories = MEMORIES;
bit quiet;

#define SURVIVOR	  (promoted -> 1 : 0)
#define ALIVE(db)	  ((db) == 1 || !dead)
/* A commit on db can be answered: a standby follows, or nobody waits for it. */
#define CAN_COMMIT(db)	  ((db) == 1 || (!dead && (!promoted || LOSING)))
/* Epoch 1, 3, … are A's, 2, 4, … B's. */
#define HOLDS_LEASE(d, db) (epoch[db] % 2 != (d))
#define NAME(d)		  ('A' + (d))

/* The rules, as conditions. */
#ifdef NO_EPOCH
#define SAME_EPOCH(d, db) true
#define UNLOCKED(db)	  true
#else
#define SAME_EPOCH(d, db) (own_epoch[d] == epoch[db])
/* A take-over writes its epoch into the head's row, so it waits for a lock. */
#define UNLOCKED(db)	  (in_flight[db] == 0)
#endif
#ifdef NO_SIZE
#define SAME_SIZE(d, db)  true
#else
#define SAME_SIZE(d, db)  (SIZE(head[d]) == SIZE(proposed[db]))
#endif
#ifdef LOOSE_FENCE
#define FENCE_UNLOCKED(db) true
#define FENCE_FITS(d, db) true
#else
#define FENCE_UNLOCKED(db) (in_flight[db] == 0)
#define FENCE_FITS(d, db) SAME_SIZE(d, db)
#endif
#ifdef NO_MEMORY
#define MEMORY_FITS(d)	  true
#else
#define MEMORY_FITS(d)	  EXTENDS(head[d], memory[d])
#endif
#define OWN_SIGNER_MAY(d) (memory[d] != NO_MEMORY_LEFT && MEMORY_FITS(d))
#if SIGNERS == 2
#define OTHER_SIGNER_MAY(d) \
	(memory[1 - d] != NO_MEMORY_LEFT && EXTENDS(head[d], memory[1 - d]))
#else
#define OTHER_SIGNER_MAY(d) true
#endif

/* The standby gets all that the primary has. */
inline replicate()
{
	proposed[1] = proposed[0];
	published[1] = published[0];
	epoch[1] = epoch[0];
	stop[1] = stop[0];
	owed = 0
}

/* From here on nothing is promised about acknowledged acts. */
inline a_commit_is_lost()
{
	lost_commit = 1;
	acknowledged = 0
}

/* A commit on db was answered, without a warning. */
inline committed(db)
{
	if
	:: db == 0 && !promoted && !LOSING -> replicate()
	:: db == 0 && !promoted && LOSING ->
		owed = 1;
		printf("  (the standby does not have this yet)\n")
	:: db == 0 && promoted -> a_commit_is_lost()
	:: else
	fi
}

/* All acts up to this head were answered with yes. */
inline acknowledge(this)
{
	if
	:: !lost_commit && EXTENDS(this, acknowledged) -> acknowledged = this
	:: else
	fi;
	property(LOST, lost_commit || EXTENDS(proposed[SURVIVOR], this))
}

/* What is the head's row of db becomes this. */
inline write_head(db, this)
{
	if
	:: !EXTENDS(this, proposed[db]) ->
		printf("  (%d%c is overwritten)\n", SHOWN(proposed[db]));
		proposed[db] = this;
		property(LOST, lost_commit || db != SURVIVOR ||
		    EXTENDS(this, acknowledged));
		property(UNSIGNED, db != SURVIVOR)
	:: else -> proposed[db] = this
	fi
}

/* What nobody is connected to any more need not be told apart. */
inline forget_primary()
{
	if
	:: conn[0] == 1 && conn[1] == 1 ->
		dead = 1;
		proposed[0] = 0;
		published[0] = 0;
		epoch[0] = 0;
		stop[0] = 0;
		in_flight[0] = 0
	:: else
	fi
}

/*
 * The daemon's signer, or the other one, cannot sign.  Only the holder of the
 * lease stops the service, and only if there is no newer head to look at.
 */
inline refused(d, db)
{
	if
	:: !HOLDS_LEASE(d, db) -> at[d] = standing_by; head[d] = 0
	:: HOLDS_LEASE(d, db) && proposed[db] != head[d] -> at[d] = reading
	:: else -> stop_service(d, db)
	fi
}

inline stop_service(d, db)
{
	printf("%c stops the service: no signer can sign this\n", NAME(d));
	stop[db] = 1;
	committed(db);
	at[d] = standing_by;
	head[d] = 0;
	property(NEEDLESS, lost_commit || db != SURVIVOR)
}

/*
 * The writer has read its head, and that is durable: it sees to what is
 * unsigned, or takes acts.
 */
inline go_on(d, db)
{
	if
#ifdef WITHDRAW
	/* Its own signer never signed it, so it takes it back. */
	:: HOLDS_LEASE(d, db) && at[d] == has_read_unsigned &&
	    memory[d] != head[d] && proposed[db] == head[d] &&
	    EXTENDS(published[db], memory[d]) && CAN_COMMIT(db) ->
		printf("%c withdraws %d%c\n", NAME(d), SHOWN(head[d]));
		head[d] = published[db];
		write_head(db, head[d]);
		committed(db);
		at[d] = idle
#endif
	/* It lacks what its own signer remembers. */
	:: HOLDS_LEASE(d, db) && !MEMORY_FITS(d) && CAN_COMMIT(db) ->
		refused(d, db)
	:: HOLDS_LEASE(d, db) && MEMORY_FITS(d) &&
	    at[d] == has_read_signed ->
		at[d] = idle;
		if
		:: head[d] != 0 -> printf("%c answers for all up to %d%c\n",
		    NAME(d), SHOWN(head[d]))
		:: else
		fi;
		acknowledge(head[d])
	:: HOLDS_LEASE(d, db) && MEMORY_FITS(d) &&
	    at[d] == has_read_unsigned ->
		at[d] = has_proposed
	:: else
	fi
}

#define DB conn[d]

proctype daemon(bit d)
{
	do
	/* The lease ran out, or is still its own after a start. */
	:: d_step { at[d] == standing_by && memory[d] != NO_MEMORY_LEFT &&
	    !stop[DB] && CAN_COMMIT(DB) &&
	    (HOLDS_LEASE(d, DB) || (epoch[DB] < EPOCHS && !quiet)) &&
	    UNLOCKED(DB)
	    -> if
		:: HOLDS_LEASE(d, DB) ->
			printf("%c has the lease, epoch %d\n", NAME(d),
			    epoch[DB])
		:: else ->
			epoch[DB] = epoch[DB] + 1;
			printf("%c takes the lease, epoch %d\n", NAME(d),
			    epoch[DB])
		fi;
		own_epoch[d] = epoch[DB];
		at[d] = reading;
		committed(DB)
#ifdef ONE_FENCE
		;
		head[d] = proposed[DB];
		at[d] = (published[DB] == proposed[DB] -> has_read_signed :
		    has_read_unsigned);
		printf("%c reads %d%c, published is %d%c\n", NAME(d),
		    SHOWN(head[d]), SHOWN(published[DB]));
		go_on(d, DB)
#endif
	}
	/* The same, but the primary alone has it and the answer is lost. */
	:: d_step { at[d] == standing_by && memory[d] != NO_MEMORY_LEFT &&
	    !stop[DB] && ALIVE(DB) && answers > 0 &&
	    !HOLDS_LEASE(d, DB) && epoch[DB] < EPOCHS && UNLOCKED(DB)
	    -> epoch[DB] = epoch[DB] + 1;
		answers--;
		printf("%c takes the lease, epoch %d; the answer is lost\n",
		    NAME(d), epoch[DB])
	}
	/* A stand-by's signer remembers what is published. */
	:: d_step { at[d] == standing_by && memory[d] != NO_MEMORY_LEFT &&
	    ALIVE(DB) && published[DB] != memory[d] &&
	    EXTENDS(published[DB], memory[d])
	    -> memory[d] = published[DB];
		printf("%c follows: its signer remembers %d%c\n", NAME(d),
		    SHOWN(memory[d]))
	}
	/* Or it has proof of two histories. */
	:: d_step { at[d] == standing_by && memory[d] != NO_MEMORY_LEFT &&
	    CAN_COMMIT(DB) && !stop[DB] &&
	    !EXTENDS(published[DB], memory[d]) &&
	    !EXTENDS(memory[d], published[DB])
	    -> stop_service(d, DB)
	}
	/* init --join: without a memory, begin with what is published. */
	:: d_step { memory[d] == NO_MEMORY_LEFT && ALIVE(DB)
	    -> memory[d] = published[DB];
		printf("%c joins again: its signer begins with %d%c\n", NAME(d),
		    SHOWN(memory[d]))
	}

	/* The writer looks first: what is there, and is it signed? */
	:: d_step { at[d] == reading && ALIVE(DB)
	    -> head[d] = proposed[DB];
		at[d] = (published[DB] == proposed[DB] -> has_read_signed :
		    has_read_unsigned);
		printf("%c reads %d%c, published is %d%c\n", NAME(d),
		    SHOWN(head[d]), SHOWN(published[DB]))
	}
	/*
	 * Then the fence, a commit that changes the head's row if it is still
	 * what was read: it waits for what is in flight, and what was read is
	 * as durable as this commit.  Who lost the lease stands by.
	 */
	:: d_step { (at[d] == has_read_signed || at[d] == has_read_unsigned) &&
#ifdef NO_FENCE
	    ALIVE(DB)
	    -> if
#else
	    CAN_COMMIT(DB) && FENCE_UNLOCKED(DB)
	    -> if
		:: HOLDS_LEASE(d, DB) && FENCE_FITS(d, DB) ->
			printf("%c's fence is committed\n", NAME(d));
			committed(DB)
		:: else
		fi;
		if
		:: HOLDS_LEASE(d, DB) && !FENCE_FITS(d, DB) ->
			at[d] = reading
#endif
		:: !HOLDS_LEASE(d, DB) -> at[d] = standing_by; head[d] = 0
		:: else -> go_on(d, DB)
		fi
	}

	/* Propose: one transaction, a compare-and-swap, answered. */
	:: d_step { at[d] == idle && !quiet && SIZE(head[d]) < SIZES &&
	    CAN_COMMIT(DB) && in_flight[DB] == 0 && !stop[DB] &&
	    SAME_EPOCH(d, DB) && SAME_SIZE(d, DB) && LETTERS_USED(head[d]) < 3
	    ->	head[d] = APPEND(head[d]);
		used = used + (1 << (2 * (SIZE(head[d]) - 1)));
		at[d] = has_proposed;
		printf("%c proposes %d%c, committed\n", NAME(d),
		    SHOWN(head[d]));
		write_head(DB, head[d]);
		committed(DB)
	}
	/* The answer is lost: it reads back what came of it. */
	:: d_step { at[d] == idle && answers > 0 && SIZE(head[d]) < SIZES &&
	    ALIVE(DB) && in_flight[DB] == 0 && !stop[DB] &&
	    SAME_EPOCH(d, DB) && SAME_SIZE(d, DB) && LETTERS_USED(head[d]) < 3
	    -> answers--;
		in_flight[DB] = APPEND(head[d]);
		used = used + (1 << (2 * SIZE(head[d])));
		at[d] = reading;
		printf("%c proposes %d%c, and the answer to COMMIT is lost\n",
		    NAME(d), SHOWN(in_flight[DB]))
	}
	/* No row was changed: another one writes. */
	:: d_step { at[d] == idle && ALIVE(DB) && !SAME_EPOCH(d, DB)
	    -> at[d] = standing_by;
		head[d] = 0
	}
	:: d_step { at[d] == idle && !quiet && ALIVE(DB) &&
	    SAME_EPOCH(d, DB) && !SAME_SIZE(d, DB)
	    -> at[d] = reading
	}

	/* Sign: the signer remembers the head durably, or refuses. */
	:: d_step { at[d] == has_proposed && OWN_SIGNER_MAY(d)
	    ->
#ifndef NO_MEMORY
		memory[d] = head[d];
		printf("%c's signer remembers %d%c\n", NAME(d), SHOWN(head[d]));
#endif
		at[d] = remembered
	}
	:: d_step { at[d] == has_proposed && memory[d] != NO_MEMORY_LEFT &&
	    !OWN_SIGNER_MAY(d) && CAN_COMMIT(DB)
	    -> printf("%c's signer refuses %d%c: it remembers %d%c\n", NAME(d),
		    SHOWN(head[d]), SHOWN(memory[d]));
		refused(d, DB)
	}
	/* The other signer remembers it too, and only then it is released. */
	:: d_step { at[d] == remembered && OTHER_SIGNER_MAY(d)
	    ->
#if SIGNERS == 2
		memory[1 - d] = head[d];
		printf("%c's signer remembers %d%c too\n", NAME(1 - d),
		    SHOWN(head[d]));
#endif
		printf("%c's signature of %d%c is released\n", NAME(d),
		    SHOWN(head[d]));
		property(FORK, EXTENDS(head[d], ever_signed) ||
		    EXTENDS(ever_signed, head[d]));
		if
		:: EXTENDS(head[d], ever_signed) -> ever_signed = head[d]
		:: else
		fi;
		at[d] = released
	}
	:: d_step { at[d] == remembered && memory[1 - d] != NO_MEMORY_LEFT &&
	    !OTHER_SIGNER_MAY(d) && CAN_COMMIT(DB)
	    -> printf("%c's signer refuses %d%c: it remembers %d%c\n",
		    NAME(1 - d), SHOWN(head[d]), SHOWN(memory[1 - d]));
		refused(d, DB)
	}

	/* Publish: put the signature into the row of chain with this head. */
	:: d_step { at[d] == released && CAN_COMMIT(DB) &&
	    EXTENDS(proposed[DB], head[d])
	    -> if
		:: EXTENDS(head[d], published[DB]) -> published[DB] = head[d]
		:: else
		fi;
		printf("%c publishes %d%c, committed\n", NAME(d),
		    SHOWN(head[d]));
		committed(DB);
		at[d] = answering
	}
	:: d_step { at[d] == released && ALIVE(DB) && answers > 0 &&
	    EXTENDS(proposed[DB], head[d])
	    -> answers--;
		if
		:: EXTENDS(head[d], published[DB]) -> published[DB] = head[d]
		:: else
		fi;
		printf("%c publishes %d%c; only the primary has it\n",
		    NAME(d), SHOWN(head[d]));
		at[d] = reading
	}
#ifdef LAZY_PUBLISH
	/* It answers without waiting for the standby, or for the disk. */
	:: d_step { at[d] == released && ALIVE(DB) &&
	    EXTENDS(proposed[DB], head[d])
	    -> if
		:: EXTENDS(head[d], published[DB]) -> published[DB] = head[d]
		:: else
		fi;
		printf("%c publishes %d%c; only the primary has it\n",
		    NAME(d), SHOWN(head[d]));
		at[d] = answering
	}
#endif
	/* There is no such row any more. */
	:: d_step { at[d] == released && CAN_COMMIT(DB) &&
	    !EXTENDS(proposed[DB], head[d])
	    -> refused(d, DB)
	}
	/* Answer. */
	:: d_step { at[d] == answering
	    -> printf("%c answers: %d%c is recorded\n", NAME(d),
		    SHOWN(head[d]));
		acknowledge(head[d]);
		at[d] = idle
	}

	/* Faults that can come at any step. */
	:: d_step { crashes > 0 && at[d] != standing_by
	    -> crashes--;
		at[d] = standing_by;
		head[d] = 0;
		own_epoch[d] = 0;
		printf("%c is killed, and starts again\n", NAME(d))
	}
	:: d_step { memories > 0 && memory[d] != NO_MEMORY_LEFT
	    -> memories--;
		memory[d] = NO_MEMORY_LEFT;
		at[d] = standing_by;
		head[d] = 0;
		own_epoch[d] = 0;
		printf("%c's signer loses its memory\n", NAME(d))
	}
	/* It finds the new primary. */
	:: d_step { DB == 0 && promoted
	    -> DB = 1;
		forget_primary();
		at[d] = standing_by;
		head[d] = 0;
		own_epoch[d] = 0;
		printf("%c connects to the new primary\n", NAME(d))
	}
	od
}

/* The databases, and what happens to them. */
active proctype world()
{
	bit db;

	atomic {
		run daemon(0);
		run daemon(1)
	}
	do
	/* What is under way arrives, or was never committed. */
	:: d_step { in_flight[0] != 0 && !dead
	    -> printf("the primary commits %d%c\n", SHOWN(in_flight[0]));
		write_head(0, in_flight[0]);
		in_flight[0] = 0
	}
	:: d_step { in_flight[0] != 0 && !dead
	    -> printf("the primary never commits %d%c\n", SHOWN(in_flight[0]));
		in_flight[0] = 0
	}
	:: d_step { in_flight[1] != 0
	    -> printf("the new primary commits %d%c\n", SHOWN(in_flight[1]));
		write_head(1, in_flight[1]);
		in_flight[1] = 0
	}
	:: d_step { in_flight[1] != 0
	    -> printf("the new primary never commits %d%c\n",
		    SHOWN(in_flight[1]));
		in_flight[1] = 0
	}
	/* The standby catches up by itself. */
	:: d_step { !promoted && (proposed[0] != proposed[1] ||
	    published[0] != published[1] || epoch[0] != epoch[1] ||
	    stop[0] != stop[1])
	    -> replicate();
		printf("the standby catches up\n")
	}
	/* The standby is promoted: the primary is gone, or it was too early. */
	:: d_step { !promoted && !quiet
	    -> printf("the primary is lost, and the standby promoted\n");
		promoted = 1;
		dead = 1;
		in_flight[0] = 0;
		if
		:: owed -> a_commit_is_lost()
		:: else
		fi;
		owed = 0;
		property(LOST, lost_commit ||
		    EXTENDS(proposed[1], acknowledged))
	}
	:: d_step { !promoted && !quiet
	    -> printf("the standby is promoted, but the primary goes on\n");
		promoted = 1;
		if
		:: owed -> a_commit_is_lost()
		:: else
		fi;
		owed = 0;
		property(LOST, lost_commit ||
		    EXTENDS(proposed[1], acknowledged))
	}
	/* No more faults, and nobody deposits anything any more. */
	:: d_step { !quiet
	    -> quiet = 1;
		crashes = 0;
		answers = 0;
		memories = 0
	}
	/* Nothing can happen any more: is all signed that was proposed? */
	:: quiet && timeout ->
		d_step {
			printf("all is quiet: proposed %d%c, published %d%c\n",
			    SHOWN(proposed[SURVIVOR]),
			    SHOWN(published[SURVIVOR]));
			property(UNSIGNED, stop[SURVIVOR] ||
			    published[SURVIVOR] == proposed[SURVIVOR])
		}
		break
	od
}
