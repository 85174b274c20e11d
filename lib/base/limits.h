/*
 * limits.h - every bound on what a stranger can make us do, in one place.
 *
 * A parser checks its bound before it allocates.  A bound is not a tuning
 * knob: to raise one, say in the commit what it costs an attacker and us.
 */
#ifndef BASE_LIMITS_H
#define BASE_LIMITS_H

#include <stdint.h>

/* A container without Zip64 (APPNOTE 4.4.8): 32-bit sizes and offsets. */
#define LIMIT_CONTAINER_BYTES UINT64_C(4294967294)
/* One text or annex; the policy of a type sets a lower one. */
#define LIMIT_TEXT_BYTES UINT64_C(4000000000)

/* Bounds on what one office may have begun to upload, together. */
#define LIMIT_UPLOAD_BYTES UINT64_C(8589934592)

/* The bytes of the files that were dropped on pages of a desk, and not used. */
#define LIMIT_DESK_BYTES UINT64_C(8589934592)

enum {
	/* Names. */
	LIMIT_NAME_BYTES = 240,   /* one component of a member's path */
	LIMIT_PATH_BYTES = 300,   /* a member's path */
	LIMIT_NAME_DEFAULT = 100, /* the same of a text or annex, where the */
	LIMIT_PATH_DEFAULT = 180, /* policy of its type says nothing */
	LIMIT_ID_BYTES = 100,     /* what tells two files of META-INF apart */
	LIMIT_PATH_LEVELS = 3,    /* its components */
	LIMIT_SLUG_BYTES = 64,    /* TYPE and SLUG each */
	LIMIT_ORIGIN_BYTES = 128, /* a journal's name */
	LIMIT_EMAIL_BYTES = 254,  /* RFC 5321 section 4.5.3.1.3 */
	LIMIT_OFFICE_BYTES = 64,  /* an office, a party, a CA */
	LIMIT_ADDRESSES = 4, /* of one depositary: its daemon's and 3 others */
	LIMIT_LANGUAGE_BYTES = 35, /* RFC 5646 section 4.4.1 */
	LIMIT_TITLE_BYTES = 500,   /* a title in one language */
	LIMIT_NOTE_BYTES = 2000,   /* the depositor's note */
	LIMIT_MEDIA_BYTES = 100,   /* a media type */

	/* Containers. */
	LIMIT_MEMBERS = 1000,                /* files of one container */
	LIMIT_META_BYTES = 1024 * 1024,      /* one file of META-INF */
	LIMIT_META_TOTAL = 32 * 1024 * 1024, /* all of META-INF, inflated */
	LIMIT_ZIP_RATIO = 200,               /* inflated to deflated size */
	LIMIT_ZIP_RATIO_FREE = 1024 * 1024,  /* below this any ratio is fine */
	/*
	 * All members together inflate to this and to LIMIT_ZIP_RATIO times
	 * their bytes in the file at most: 64 KiB can ask for 21 MiB.
	 */
	LIMIT_ZIP_TOTAL_FREE = 8 * 1024 * 1024,
	/* A member or an object that is inflated in memory, not in pieces. */
	LIMIT_INFLATED_AT_ONCE = 1024 * 1024,
	LIMIT_VERSION_BYTES = 256 * 1024,   /* version.yaml */
	LIMIT_MANIFEST_BYTES = 1024 * 1024, /* an ASiC manifest */
	LIMIT_SIGNATURE_BYTES = 128 * 1024, /* a CMS, DER, timestamps too */
	LIMIT_SIGNATURES = 64,              /* signatories of one version */
	LIMIT_RECEIPTS = 256,               /* receipts of one version */
	LIMIT_TEXTS = 64,                   /* texts of a version */
	LIMIT_ANNEXES = 256,                /* annexes of a version */
	LIMIT_LANGUAGES = 32,               /* titles of a version */
	LIMIT_SIGN_BODY_BYTES = 2 * 1024 * 1024,

	/* Bags. */
	LIMIT_BAG_FILES = 1000, /* that a waybill lists */
	LIMIT_PREFIXES_BYTES = LIMIT_BAG_FILES * 4096, /* a proof for each */
	LIMIT_WAYBILL_BYTES = 4 * 1024 * 1024, /* it, or an acknowledgement */
	LIMIT_SLIPS = 200,       /* that a waybill lists: copies carry it */
	LIMIT_SLIP_BYTES = 4096, /* one of them */
	LIMIT_WAYBILLS = 1024,   /* of which a daemon takes what came by bag */

	/* Certificates and their lists. */
	LIMIT_CERT_BYTES = 16 * 1024,       /* one certificate, DER */
	LIMIT_CERTS_IN_CMS = 16,            /* certificates in one CMS */
	LIMIT_CRL_BYTES = 16 * 1024 * 1024, /* one list, PEM or DER */
	LIMIT_LISTS = 64, /* handed in at once; kept by an office */
	/* Of an office: so often are lists of it journaled, then seldom. */
	LIMIT_HAND_INS = 64,
	LIMIT_HAND_IN_SECONDS = 15 * 60, /* until it may once more */
	LIMIT_LISTS_OF_CA = 32, /* kept beside the daemon's folder; and their */
	LIMIT_LISTS_OF_CA_BYTES = LIMIT_CRL_BYTES, /* DER, together */
	LIMIT_KEY_BYTES = 64 * 1024,               /* a key file */
	LIMIT_BAG_KEYS = 16,               /* of before, to open bags with */
	LIMIT_SECRETS = 100,               /* passphrases tried for a key */
	LIMIT_CERT_CACHE = 4096,           /* certificates kept parsed */
	LIMIT_CA_CERTS = 8,                /* of one CA, old and new */
	LIMIT_DER_DEPTH = 32,              /* levels of one DER file */
	LIMIT_TIMESTAMPS = 4,              /* on one signature */
	LIMIT_TIMESTAMP_BYTES = 16 * 1024, /* one of them, DER */

	/* Containers of other makers, which are only shown. */
	LIMIT_FOREIGN_MANIFESTS = 64,
	LIMIT_FOREIGN_SIGNATURES = 64, /* CMS and timestamps that are files */
	LIMIT_FOREIGN_CMS_BYTES = 4 * 1024 * 1024, /* one, CRLs in it and all */
	LIMIT_FOREIGN_SIGNERS = 16,   /* of one CMS; and its digests */
	LIMIT_FOREIGN_TIMESTAMPS = 8, /* on one signer's signature */

	/* YAML. */
	LIMIT_YAML_BYTES = 32 * 1024 * 1024, /* an enrolment with its CRLs */
	LIMIT_YAML_DEPTH = 8,
	LIMIT_YAML_NODES = 20000,
	LIMIT_YAML_KEYS = 512, /* of one mapping: each is compared with all */
	LIMIT_YAML_MEANT = 64, /* unknown keys, of which the nearest is told */

	/* Policy. */
	LIMIT_POLICY_FILES = 256,
	LIMIT_POLICY_FILE_BYTES = 1024 * 1024,
	LIMIT_POLICY_ZIP_BYTES = 64 * 1024 * 1024,
	LIMIT_OFFICES = 256,
	LIMIT_TYPES = 64,
	LIMIT_POWERS = 1024,
	LIMIT_POLICY_ENTRIES = 4096, /* policies that a journal ever had */
	LIMIT_POLICY_LIST_BYTES = 4096 * 100,    /* the file of them */
	LIMIT_CRL_LIST_BYTES = 64 * 1024 * 1024, /* a file of all `crl` entries:
				       * some 250,000; 8 lists a day for 80 years */
	LIMIT_PINS = 1024,                       /* as they were kept before */
	LIMIT_PINS_BYTES = 1024 * 66, /* the file of them, shortest lines */

	/* Journal. */
	LIMIT_ENTRY_BYTES = 16384,     /* one leaf; C2SP allows 65535 */
	LIMIT_NOTE_TEXT = 4096,        /* a checkpoint without signatures */
	LIMIT_NOTE_FILE = 128 * 1024,  /* with them */
	LIMIT_NOTE_LINES = 100,        /* signature lines */
	LIMIT_PROOF_HASHES = 64,       /* of a 64-bit tree */
	LIMIT_PROOF_FILE = 192 * 1024, /* a tlog-proof */
	LIMIT_JOURNAL_KEYS = 16,       /* that a journal ever had */
	LIMIT_WITNESSES = 16,          /* that one policy names */
	LIMIT_COSIGNATURE_BYTES = 384, /* one line of a witness */
	LIMIT_COSIGNATURES_BYTES = 256 * 1024 * 1024, /* all there ever were */
	LIMIT_EVIDENCE_BYTES = 512 * 1024, /* two notes and a proof */
	LIMIT_ADVANCE_TRIES = 100,         /* other commands that were faster */
	LIMIT_PROVED = 16384, /* prefixes that one office remembers */
	LIMIT_PROVED_BYTES = LIMIT_PROVED * 2 * 80, /* the file of them */
	LIMIT_UNSETTLED = 4096,             /* checkpoints met without a line */
	LIMIT_UNPROVED_BYTES = 1024 * 1024, /* copies that are not proved */
	LIMIT_CLOCK_LINES = 512, /* sizes with our own clock's time */
	LIMIT_BATCH_ACTS = 512,  /* acts in one commit of the journal */
	LIMIT_BATCH_BYTES = 4 * 1024 * 1024, /* of their texts, and one more */
	LIMIT_REFUSALS_AN_HOUR = 60,         /* of one person, an entry each */
	LIMIT_REFUSERS = 1024, /* persons whose refusals are counted */
	/* Deliveries of a day that are known of one office: 1.2 MiB. */
	LIMIT_DELIVERED = 32768,
	LIMIT_DELIVERY_OFFICES = 256, /* of a day, of which these are known */
	LIMIT_REPEATS = 1000000000,   /* an hour, in valised.yaml */
	LIMIT_ACCEPTED = 1024,        /* persons whose policy is known */
	LIMIT_ACCEPTED_LOOKS = 64,  /* policies in which theirs is looked for */
	LIMIT_ENTRIES_PAGE = 10000, /* entries in one answer */

	/* HTTP. */
	LIMIT_HTTP_HEAD = 16 * 1024,
	LIMIT_HTTP_FIELDS = 64,
	LIMIT_HTTP_TARGET = 2048,
	LIMIT_HTTP_DRAIN = 4 * 1024 * 1024, /* read and dropped after "no" */
	LIMIT_CONNECTIONS = 8192, /* and as many as the memory is for */
	LIMIT_CONNECTIONS_LEAST = 256,
	/* What each may take: a connection while it is answered, TLS and all. */
	LIMIT_CONNECTION_BYTES = 192 * 1024,
	LIMIT_HANDSHAKE_BYTES = 64 * 1024,
	LIMIT_WORKER_BYTES = 32 * 1024 * 1024,
	LIMIT_MEMORY_BYTES = 1024 * 1024 * 1024, /* where nobody tells */
	LIMIT_FILES = 1024,          /* open, that are no connections */
	LIMIT_JOBS = 4096,           /* requests waiting for a worker */
	LIMIT_JOBS_OF_OFFICE = 1024, /* of one office */
	/* Interrupted jobs of one office, each with a thread; and threads. */
	LIMIT_JOBS_BEGUN = 8,
	LIMIT_WORKER_THREADS = 256,
	/* Of those who have shown no certificate yet: who has sent a
	 * ClientHello, which takes memory for TLS; and who has not. */
	LIMIT_HANDSHAKES = 512,
	LIMIT_SILENT = 4096,
	LIMIT_UNWANTED = 64, /* of a loop: they get a "no", and must go */
	LIMIT_SECONDS_HANDSHAKE = 10,
	/* Lines of refused handshakes a minute, of one reason; then counted. */
	LIMIT_REFUSED_LINES = 20,
	LIMIT_LIMITED_LINES = 5, /* and of one limit that is reached */
	LIMIT_SECONDS_HEAD = 10,
	LIMIT_SECONDS_IDLE = 60,
	/* After SIGTERM: for workers and writer, answers, and closing. */
	LIMIT_SECONDS_STOP_WORK = 5,
	LIMIT_SECONDS_STOP_ANSWER = 30,
	LIMIT_SECONDS_STOP_CLOSE = 10,
	LIMIT_SECONDS_GRACE = 10, /* before the floor below is asked for */
	LIMIT_SECONDS_DRAIN = 5,
	/* what is sent in is judged: so often an interim answer says so (102) */
	LIMIT_SECONDS_INTERIM = 10,
	LIMIT_SECONDS_BEAT = 15,         /* an idle stream says that it lives */
	LIMIT_WATCHERS = 4096,           /* streams of events */
	LIMIT_EVENTS_BYTES = 256 * 1024, /* events in one part */
	LIMIT_EVENT_BYTES = 128 * 1024,  /* one, at the command */
	LIMIT_SECONDS_FULL = 10 * 60,    /* until a try, where a disk is full */
	LIMIT_BYTES_A_SECOND = 1024,     /* a body or an answer slower is cut */
	/* Of an answer that is sent in parts; and once all hold so many bytes. */
	LIMIT_PART_BYTES = 256 * 1024,
	LIMIT_SMALL_PART = 16 * 1024,
	LIMIT_PARTS_BYTES = 32 * 1024 * 1024,
	LIMIT_LIST_PAGE = 1000,  /* documents in one answer */
	LIMIT_QUERY_BYTES = 200, /* words that are searched for */
	LIMIT_QUERY_WORDS = 16,  /* of them */
	LIMIT_UPLOADS = 32,      /* unfinished, of one office */
	LIMIT_UPLOAD_SECONDS = 7 * 24 * 60 * 60,   /* since it last grew */
	LIMIT_UPLOAD_STALE_SECONDS = 24 * 60 * 60, /* then it gives way */

	/* git: a request, inflated; its wants, haves and shallows. */
	LIMIT_GIT_BODY = 16 * 1024 * 1024,
	/* It inflates to this and to so many times its bytes; ids to twice. */
	LIMIT_GIT_FREE = 1024 * 1024,
	LIMIT_GIT_RATIO = 20,
	LIMIT_GIT_IDS = 262144,

	/* Bounds on what a daemon may make a command do. */
	LIMIT_RETRY_SECONDS = 60 * 60,       /* wait at once, by Retry-After */
	LIMIT_ACTS = 65536,                  /* on one document, kept */
	LIMIT_ACTS_BYTES = 64 * 1024 * 1024, /* the file of them */
	LIMIT_ANSWER_BYTES = 64 * 1024 * 1024, /* JSON held in memory */
	LIMIT_METRICS_BYTES = 1024 * 1024,     /* its figures as text */
	LIMIT_AUDIT_FINDINGS = 4096,           /* kept at once: then it stops */
	LIMIT_REPORT_BYTES =
	    64 * 1024 * 1024, /* an audit's, of another office */

	/* Desk: a page may have a dialog opened, and it stays so long. */
	LIMIT_SECONDS_CONFIRM = 180,
	LIMIT_DESK_FILES = 400, /* dropped on pages and not used: a version's */
	LIMIT_DESK_COPIES = 32, /* made for pages: the newest are kept */
	LIMIT_DESK_ONCE = 64,   /* addresses that work once; the newest do */

	/* Signer: without an answer acts are refused, and then it is ended. */
	LIMIT_SECONDS_SIGNER = 5,
	LIMIT_SECONDS_SIGNER_DEAD = 60,
	/* The record: not taken so long, acts are refused until it takes them. */
	LIMIT_SECONDS_RECORD = 30,
	LIMIT_SIGNER_REQUEST = 4 * 1024 * 1024,

	/* A database (lib/backend/postgres). */
	LIMIT_DATABASE_READERS = 8, /* connections that read, each a process */
	LIMIT_DATABASE_WRITERS = 3, /* and that write, beside the lease's */
	/* For an answer, but to COMMIT; and to be there again after a loss. */
	LIMIT_SECONDS_DATABASE = 60,
	LIMIT_SECONDS_LEASE = 6, /* of the right to write */
	LIMIT_MS_SECOND = 2000,  /* until the stand-by's signer is away */
	LIMIT_MS_CLOCKS = 10000, /* who takes over is no further off */
	LIMIT_SECONDS_PIECES = 24 * 60 * 60, /* of no object, until tidied */
	LIMIT_SET_HELD = 1024 * 1024, /* of a set of objects, in memory */
	/* An object up to this is not asked for before it is written. */
	LIMIT_WRITTEN_AGAIN = 256 * 1024,
	/* Objects that will be asked for soon: so many, and each so long. */
	LIMIT_AHEAD = 256,
	LIMIT_AHEAD_BYTES = 32 * 1024,
	LIMIT_HEADS_CACHED = 4096,

	/* The desk (cli/desk). */
	LIMIT_DESK_CONNECTIONS = 64,
	LIMIT_DESK_BODY = 256 * 1024,         /* of a request that is JSON */
	LIMIT_DESK_QUERY = 24,                /* keys of a query */
	LIMIT_DESK_WORDS = 256,               /* of a command line */
	LIMIT_DESK_LINE = 256 * 1024,         /* all its bytes */
	LIMIT_DESK_ANSWER = 16 * 1024 * 1024, /* JSON that a page waits for */
};

#endif
