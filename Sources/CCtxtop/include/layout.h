/*
 * The layout of a segment: the contract between every writer and every reader of the shared memory.
 * Version CTXTOP_LAYOUT stands in the file's name, so that an upgraded agent never touches an older file.
 *
 *   file    [ header: one page ][ slot 0 ][ slot 1 ] ...            only claimed slots take memory
 *   slot    [ control page ][ lanes ][ names ][ units ][ holdings ][ failures ]
 *
 * Everything is an aligned little-endian 64-bit word; a field "a|b" packs two 32-bit halves, low half
 * first. There are no pointers. The last byte of every string field is zero. Numbers below count words
 * from the start of their record unless they end in _BYTES. "change" is the record's change count: even
 * when stable, odd while it is being written (ChangeCount.swift has the rules).
 *
 * Who may write:
 *   header               the creator, before the file has its name; leader and recycler word by compare-and-swap;
 *                        actions (ActionRing.swift) and socket: the leader
 *   control page         the claiming process; heartbeat, kernel and draining words: its agent thread;
 *                        recycle word: anybody, from zero, by compare-and-swap;
 *                        counters of dropped events and the latency histogram: anybody, by atomic addition
 *   lane                 the thread that owns it; lane 0: anybody, by atomic addition
 *   name                 whoever took its index, once; never changed afterwards
 *   unit and contexts    the unit's own thread; closed_elsewhere: anybody
 *   holding, failure     whoever turned the change count odd; failure count: anybody, by atomic addition
 */
#pragma once

enum {
  CTXTOP_LAYOUT = 2,
  CTXTOP_PAGE_BYTES = 4096,
  CTXTOP_SLOTS = 1024,

  /* header */
  CTXTOP_HEADER_MAGIC = 0,
  CTXTOP_HEADER_VERSION = 1,      /* layout | page bytes */
  CTXTOP_HEADER_SLOTS = 2,        /* slots | bytes of a slot in pages */
  CTXTOP_HEADER_CAPACITIES = 3,   /* lanes | names */
  CTXTOP_HEADER_CAPACITIES_2 = 4, /* units | contexts of a unit */
  CTXTOP_HEADER_CAPACITIES_3 = 5, /* holdings | failures */
  CTXTOP_HEADER_CREATED = 6,      /* wall time, ns */
  CTXTOP_HEADER_LEADER = 64,      /* heartbeat:16 slot+1:16 epoch:32, see Leadership.swift; a cache line of its own */
  CTXTOP_HEADER_RECYCLER = 72,    /* slot + 1 | generation of the worker that is being replaced, see Recycling.swift */
  CTXTOP_HEADER_SERVICE = 128,    /* 8 words of text */
  CTXTOP_HEADER_SERVICE_WORDS = 8,
  CTXTOP_HEADER_ACCEPTED = 136,   /* actions that clients asked for: exact counts, by atomic addition */
  CTXTOP_HEADER_REFUSED = 137,
  CTXTOP_HEADER_SOCKET = 138,     /* inode of the socket that a leader of this segment made last */
  CTXTOP_HEADER_ACTIONS = 192,    /* the latest of them; the place of one is its number in a ring */
  CTXTOP_ACTIONS = 16,
  CTXTOP_ACTION_WORDS = 4,
  CTXTOP_ACTION_NUMBER = 0,       /* from 1; 0: there is none, or it is being written */
  CTXTOP_ACTION_TIME = 1,         /* wall time, ns */
  CTXTOP_ACTION_CLIENT = 2,       /* its user | pid, 0: cannot be seen */
  CTXTOP_ACTION_SUBJECT = 3,      /* pid of the worker | what came of it, see ActionOutcome in Cases.swift */

  /* control page of a slot */
  CTXTOP_SLOT_TENANT = 0,        /* state | generation */
  CTXTOP_SLOT_CHANGE = 1,        /* guards words 2..15 */
  CTXTOP_SLOT_PID = 2,           /* pid | worker number, 0xffffffff: none */
  CTXTOP_SLOT_START_TICKS = 3,   /* kernel start time, clock ticks after boot */
  CTXTOP_SLOT_STARTED = 4,       /* wall time, ns */
  CTXTOP_SLOT_ATTACHED = 5,      /* monotonic, ns */
  CTXTOP_SLOT_INSTANCE = 6,
  CTXTOP_SLOT_PID_NAMESPACE = 7, /* inode of the pid namespace; 0: unknown */
  CTXTOP_SLOT_SIZE = 8,          /* configured workers | threads, 0xffffffff: unknown */
  CTXTOP_SLOT_SERVER = 9,        /* names: kind | model */
  CTXTOP_SLOT_SERVER_2 = 10,     /* names: version | agent */
  CTXTOP_SLOT_RUNTIME = 11,      /* names: python | flask */
  CTXTOP_SLOT_RUNTIME_2 = 12,    /* names: werkzeug | sqlalchemy */
  CTXTOP_SLOT_TIME_NAMESPACE = 13, /* inode of the time namespace: its clock is that of all monotonic times; 0: unknown */
  CTXTOP_SLOT_ATTACHED_WALL = 14,  /* wall time when ATTACHED was taken, ns */
  CTXTOP_SLOT_GUARDED_END = 16,
  CTXTOP_SLOT_HEARTBEAT = 16,    /* monotonic, ns, of the agent thread */
  CTXTOP_SLOT_KERNEL_STATE = 17, /* a letter of proc(5); 0: not sampled */
  CTXTOP_SLOT_RESIDENT = 18,     /* bytes */
  CTXTOP_SLOT_CPU = 19,          /* ns */
  CTXTOP_SLOT_SAMPLED = 20,      /* monotonic, ns */
  CTXTOP_SLOT_LOCK_LOST = 21,    /* 1: the lock descriptor is gone, liveness cannot be asked */
  CTXTOP_SLOT_RECYCLE = 22,   /* monotonic, ns, lowest bit: it leaked; somebody wants this worker replaced; 0: nobody */
  CTXTOP_SLOT_DRAINING = 23,  /* monotonic, ns, when it told itself to go; 0: it did not */
  CTXTOP_SLOT_ALLOCATED_NAMES = 24, /* records whose pages exist, by table */
  CTXTOP_SLOT_ALLOCATED_UNITS = 25,
  CTXTOP_SLOT_ALLOCATED_HOLDINGS = 26,
  CTXTOP_SLOT_ALLOCATED_FAILURES = 27,
  CTXTOP_SLOT_KERNEL_SINCE = 28,    /* monotonic, ns: neither state nor cpu time has changed since */
  CTXTOP_SLOT_LISTEN_QUEUE = 29,    /* connections that wait to be accepted, + 1; 0: not known */
  CTXTOP_SLOT_USED_NAMES = 32, /* records ever used, by table: a reader need not look further */
  CTXTOP_SLOT_USED_UNITS = 33,
  CTXTOP_SLOT_USED_HOLDINGS = 34,
  CTXTOP_SLOT_USED_FAILURES = 35,
  CTXTOP_SLOT_USED_LANES = 36,
  CTXTOP_SLOT_USED_ENGINES = 37,
  CTXTOP_SLOT_USED_HAZARDS = 38,
  CTXTOP_SLOT_TEARDOWN_FAILURES = 40, /* exact counts, by atomic addition */
  CTXTOP_SLOT_DROPPED_UNITS = 41,
  CTXTOP_SLOT_DROPPED_CONTEXTS = 42,
  CTXTOP_SLOT_DROPPED_HOLDINGS = 43,
  CTXTOP_SLOT_DROPPED_FAILURES = 44,
  CTXTOP_SLOT_DROPPED_NAMES = 45,
  CTXTOP_SLOT_DROPPED_RACES = 46,
  CTXTOP_SLOT_SIGNAL = 63, /* by which the server replaces this worker gracefully; 0: it cannot, or nobody may ask */
  CTXTOP_SLOT_LATENCY_LONGEST = 64, /* ns */
  CTXTOP_SLOT_LATENCY = 128,        /* one word a bucket */
  CTXTOP_LATENCY_BUCKETS = 240,
  CTXTOP_SLOT_HAZARDS = 368, /* one word each: names: code | message; 0: not yet written */
  CTXTOP_HAZARDS = 16,
  CTXTOP_SLOT_ENGINES = 384, /* 16 engines of 8 words */
  CTXTOP_ENGINES = 16,
  CTXTOP_ENGINE_WORDS = 8,
  CTXTOP_ENGINE_READY = 0,    /* 1 once the rest is written; never changed afterwards */
  CTXTOP_ENGINE_NAME = 1,     /* name of its URL | pool size, 0xffffffff: none */
  CTXTOP_ENGINE_OVERFLOW = 2, /* overflow, 0x7fffffff: none | timeout in ms, 0xffffffff: unknown */

  /* lanes: counters, one lane a thread; lane 0 is shared */
  CTXTOP_LANES = 64,
  CTXTOP_LANE_WORDS = 16,
  CTXTOP_LANE_OWNER = 0, /* kernel's thread id; 0: free */
  CTXTOP_LANE_REQUESTS = 1,
  CTXTOP_LANE_REQUESTS_ENDED = 2,
  CTXTOP_LANE_EXCEPTIONS = 3,
  CTXTOP_LANE_PUSHED = 4,
  CTXTOP_LANE_POPPED = 5,
  CTXTOP_LANE_LEAKED = 6,
  CTXTOP_LANE_REUSED = 7,
  CTXTOP_LANE_OPENED = 8,
  CTXTOP_LANE_CLOSED = 9,
  CTXTOP_LANE_CHECKOUTS = 10,
  CTXTOP_LANE_CHECKINS = 11,
  CTXTOP_LANE_APP_DEPTH_MAX = 12,
  CTXTOP_LANE_REQUEST_DEPTH_MAX = 13,
  CTXTOP_LANE_LAST_EVENT = 14, /* monotonic, ns */
  CTXTOP_LANE_VANISHED = 15,

  /* names: interned text, written once */
  CTXTOP_NAMES = 2048,
  CTXTOP_NAME_WORDS = 16,
  CTXTOP_NAME_LENGTH = 0, /* bytes + 1 once written; 0: not yet */
  CTXTOP_NAME_TEXT = 1,
  CTXTOP_NAME_TEXT_BYTES = 119,

  /* units */
  CTXTOP_UNITS = 4096,
  CTXTOP_UNIT_WORDS = 64,
  CTXTOP_UNIT_CHANGE = 0,
  CTXTOP_UNIT_TENANT = 1,      /* state:8 kind:8 | generation */
  CTXTOP_UNIT_NATIVE_ID = 2,
  CTXTOP_UNIT_NAME = 3,        /* name | entries on the recorded stack */
  CTXTOP_UNIT_DEPTH = 4,       /* app | request, as the real stack told last */
  CTXTOP_UNIT_REQUESTS = 5,
  CTXTOP_UNIT_REUSED = 6,
  CTXTOP_UNIT_REQUEST = 7,     /* serial of the latest request */
  CTXTOP_UNIT_STARTED = 8,     /* when it began, monotonic, ns */
  CTXTOP_UNIT_LABEL = 9,       /* how it is named, see Label in Packing.swift */
  CTXTOP_UNIT_PHASE = 10,      /* 0 no request open, 1 in the application, 2 streaming */
  CTXTOP_UNIT_LAST_EVENT = 11, /* monotonic, ns */
  CTXTOP_UNIT_SERIALS = 12,    /* serial numbers given out so far */
  CTXTOP_UNIT_CLOSED_ELSEWHERE = 13, /* serial of a request that another thread closed; not guarded */
  CTXTOP_UNIT_OUTERMOST = 14,  /* serial of the outermost open request; 0: the latest is the only one */
  CTXTOP_UNIT_CONTEXTS = 16,
  CTXTOP_CONTEXTS = 6,
  CTXTOP_CONTEXT_WORDS = 8,
  CTXTOP_CONTEXT_SERIAL = 0,
  CTXTOP_CONTEXT_PUSHED = 1,
  CTXTOP_CONTEXT_KIND = 2, /* kind:8 flags:8, flag 1: preserved | name of the frame */
  CTXTOP_CONTEXT_LABEL = 3,
  CTXTOP_CONTEXT_REQUEST = 4,
  CTXTOP_CONTEXT_SERVED = 5,
  CTXTOP_CONTEXT_LEFT = 6,     /* monotonic, ns; 0: not left behind */
  CTXTOP_CONTEXT_IDENTITY = 7, /* the framework object, to find it again; never shown */

  /* holdings: what a unit may hold beyond its contexts */
  CTXTOP_HOLDINGS = 1024,
  CTXTOP_HOLDING_WORDS = 16,
  CTXTOP_HOLDING_CHANGE = 0,
  CTXTOP_HOLDING_TENANT = 1, /* in use:8 state:8 kind:8 | generation */
  CTXTOP_HOLDING_CONNECTION = 0, /* kinds */
  CTXTOP_HOLDING_SESSION = 1,
  CTXTOP_HOLDING_RESOURCE = 2,
  /* connection: engine index, 0xffffffff: none | backend pid, 0xffffffff: none
     session:    name of its scope | flags
     resource:   names: kind | name */
  CTXTOP_HOLDING_SUBJECT = 2,
  CTXTOP_SESSION_IN_TRANSACTION = 1, /* flags of a session */
  CTXTOP_SESSION_DIRTY = 2,
  CTXTOP_SESSION_ENDED = 4, /* removed since; kept as evidence, because a request had inherited it */
  CTXTOP_HOLDING_OPENED = 3,
  CTXTOP_HOLDING_SINCE = 4,
  CTXTOP_HOLDING_UNIT = 5, /* index, 0xffffffff: none | generation */
  CTXTOP_HOLDING_REQUEST = 6,
  CTXTOP_HOLDING_CONTEXT = 7,
  CTXTOP_HOLDING_LABEL = 8,
  CTXTOP_HOLDING_FRAME = 9,            /* name | unused */
  CTXTOP_HOLDING_HEIR_LABEL = 10,      /* session: of the request that inherited it */
  CTXTOP_HOLDING_HEIR_REQUEST = 11,    /* its serial; 0: nobody has */

  /* teardown failures */
  CTXTOP_FAILURES = 64,
  CTXTOP_FAILURE_WORDS = 512,
  CTXTOP_FAILURE_CHANGE = 0,
  CTXTOP_FAILURE_COUNT = 1,     /* exact, by atomic addition; not guarded */
  CTXTOP_FAILURE_LAST = 2,      /* wall time, ns; not guarded */
  CTXTOP_FAILURE_UNIT = 3,      /* of the latest: index + 1 | generation; not guarded */
  CTXTOP_FAILURE_FIRST = 4,     /* wall time, ns; 0: free */
  CTXTOP_FAILURE_FUNCTION = 5,  /* names: function | location */
  CTXTOP_FAILURE_EXCEPTION = 6, /* names: exception | blueprint */
  CTXTOP_FAILURE_LABEL = 7,
  CTXTOP_FAILURE_KIND = 8,    /* context kind:8 flags:8 | number of skipped functions */
  CTXTOP_FAILURE_VANISHED = 0x100, /* flag: no failure, but a context that vanished; FUNCTION names its frame */
  CTXTOP_FAILURE_LENGTHS = 9, /* bytes of message | bytes of traceback */
  CTXTOP_FAILURE_SKIPPED = 10, /* names, two a word */
  CTXTOP_FAILURE_SKIPPED_MAX = 12,
  CTXTOP_FAILURE_MESSAGE = 16,
  CTXTOP_FAILURE_MESSAGE_BYTES = 255,
  CTXTOP_FAILURE_TRACEBACK = 48,
  CTXTOP_FAILURE_TRACEBACK_BYTES = 3711,

  /* where the tables lie in a slot */
  CTXTOP_LANES_BYTES = CTXTOP_PAGE_BYTES,
  CTXTOP_NAMES_BYTES = CTXTOP_LANES_BYTES + CTXTOP_LANES * CTXTOP_LANE_WORDS * 8,
  CTXTOP_UNITS_BYTES = CTXTOP_NAMES_BYTES + CTXTOP_NAMES * CTXTOP_NAME_WORDS * 8,
  CTXTOP_HOLDINGS_BYTES = CTXTOP_UNITS_BYTES + CTXTOP_UNITS * CTXTOP_UNIT_WORDS * 8,
  CTXTOP_FAILURES_BYTES = CTXTOP_HOLDINGS_BYTES + CTXTOP_HOLDINGS * CTXTOP_HOLDING_WORDS * 8,
  CTXTOP_SLOT_BYTES = CTXTOP_FAILURES_BYTES + CTXTOP_FAILURES * CTXTOP_FAILURE_WORDS * 8,
};

#define CTXTOP_MAGIC 0x31504f5458544343ull /* "CCTXTOP1" */

_Static_assert(CTXTOP_HEADER_SERVICE + CTXTOP_HEADER_SERVICE_WORDS <= CTXTOP_HEADER_ACCEPTED, "service ends before counts");
_Static_assert(CTXTOP_HEADER_ACTIONS + CTXTOP_ACTIONS * CTXTOP_ACTION_WORDS <= CTXTOP_PAGE_BYTES / 8, "header fits its page");
_Static_assert(CTXTOP_SLOT_LATENCY + CTXTOP_LATENCY_BUCKETS <= CTXTOP_SLOT_HAZARDS, "histogram ends before hazards");
_Static_assert(CTXTOP_SLOT_HAZARDS + CTXTOP_HAZARDS <= CTXTOP_SLOT_ENGINES, "hazards end before engines");
_Static_assert(CTXTOP_SLOT_ENGINES + CTXTOP_ENGINES * CTXTOP_ENGINE_WORDS <= CTXTOP_PAGE_BYTES / 8, "control page");
_Static_assert(CTXTOP_NAME_TEXT * 8 + CTXTOP_NAME_TEXT_BYTES + 1 == CTXTOP_NAME_WORDS * 8, "name text ends in a zero");
_Static_assert(CTXTOP_UNIT_CONTEXTS + CTXTOP_CONTEXTS * CTXTOP_CONTEXT_WORDS == CTXTOP_UNIT_WORDS, "unit");
_Static_assert(CTXTOP_FAILURE_SKIPPED + CTXTOP_FAILURE_SKIPPED_MAX / 2 == CTXTOP_FAILURE_MESSAGE, "skipped names");
_Static_assert(CTXTOP_FAILURE_MESSAGE * 8 + CTXTOP_FAILURE_MESSAGE_BYTES + 1 == CTXTOP_FAILURE_TRACEBACK * 8, "message");
_Static_assert(CTXTOP_FAILURE_TRACEBACK * 8 + CTXTOP_FAILURE_TRACEBACK_BYTES + 1 == CTXTOP_FAILURE_WORDS * 8, "traceback");
_Static_assert(CTXTOP_LANE_WORDS * 8 % 64 == 0 && CTXTOP_UNIT_WORDS * 8 % 64 == 0, "no false sharing between writers");
_Static_assert(CTXTOP_NAMES_BYTES % CTXTOP_PAGE_BYTES == 0 && CTXTOP_UNITS_BYTES % CTXTOP_PAGE_BYTES == 0 &&
                   CTXTOP_HOLDINGS_BYTES % CTXTOP_PAGE_BYTES == 0 && CTXTOP_FAILURES_BYTES % CTXTOP_PAGE_BYTES == 0 &&
                   CTXTOP_SLOT_BYTES % CTXTOP_PAGE_BYTES == 0,
               "tables begin on pages");
