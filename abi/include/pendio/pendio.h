/*
 * pendio.h - asynchronous I/O with reusable contexts over io_uring: the whole public interface.
 *
 * The application takes contexts from pools, describes an operation in one, and starts it on a
 * handle. Every start call has one of three answers, and never two:
 *
 *   PENDIO_DONE     finished before the call returned, also with an error of the operation; the
 *                   result is in the context and nothing will be delivered;
 *   PENDIO_PENDING  under way; exactly one delivery follows, from a later pendio_loop_turn();
 *   below zero      refused (-errno): misuse or no capacity. Nothing started, nothing changed; the
 *                   context is still the caller's.
 *
 * Errors of the operating system are results of the operation, never refusals. No completion is
 * lost: whatever is pending has its place in every queue. After warm-up an operation allocates
 * nothing, takes no lock, and has no atomic read-modify-write.
 *
 * Refusals common to all calls are given here once and not repeated below:
 *
 *   -EINVAL     an argument is NULL, out of range or has unknown flags; a context not taken from
 *               its pool
 *   -EPERM      not the thread that created the loop, or a forked child
 *   -EBADF      (handles) never valid, stale, of another loop, or closing
 *   -EBUSY      (contexts) in use: started and not yet delivered
 *   -EAGAIN     (starts) no capacity now: turn the loop
 *   -ESHUTDOWN  (starts) the loop is shutting down
 *   -ENOTSUP    (starts) the operation is unknown to the kernel or backend at hand, or none of the
 *               loop's allowed_operations
 *
 * Every function belongs to the thread that created its loop, unless its comment says otherwise.
 * Outputs are named ret_..., come last, and are untouched when a call fails.
 * Structures whose first member is `size` are filled in by setting it to sizeof; zero in any other
 * member means the default; a larger structure with a non-zero unknown tail is refused with -E2BIG.
 * Strings end with a zero byte; times are in ns, amounts in bytes, unless a name says otherwise.
 *
 * Later releases add functions, constants, and members at the end of structures that begin with
 * their size, and change nothing else: what is built with this header runs with their libraries.
 * What is promised holds whatever the kernel has, or is told not to have by the environment, which
 * a loop reads when it is created, though not in a set-uid program: PENDIO_DISABLE_URING=1 makes no
 * io_uring system call, PENDIO_BACKEND=uring takes that backend or none, and
 * PENDIO_FEATURES=-name,-name does without these features (pendio_feature_name()). Only whether
 * PENDIO_AUTO answers done or pending may differ then.
 *
 * For bindings to other languages: no call needs a callback. Contexts without one are delivered as
 * records, many by one pendio_loop_turn(), and pendio_loop_descriptor() is all that another event
 * loop has to wait for. Hot calls take scalars and pointers only; nothing here is an inline
 * function, a macro that hides one, or a bit-field.
 */
#ifndef PENDIO_H
#define PENDIO_H

#include <stddef.h>
#include <stdint.h>

#if !defined(__LP64__)
#error "pendio needs a 64-bit (LP64) platform"
#endif

#define PENDIO_API __attribute__((visibility("default")))

#ifdef __cplusplus
extern "C" {
#endif

/* ------------------------------------------------------------------------------------------------
 * Nouns
 * --------------------------------------------------------------------------------------------- */

struct pendio_loop;    /* one ring; bound for life to its creating thread and process */
struct pendio_pool;    /* contexts and their memory; belongs to one loop */
struct pendio_group;   /* loops, each on a thread of the library's */
struct pendio_context; /* one reusable operation; belongs to one pool and lives as long as it;
                          serves any operation on any handle of its loop, one after another */

typedef uint64_t
    pendio_handle;           /* names a descriptor of one loop: loop + slot + generation; 0 never */
typedef uint64_t pendio_run; /* names one accepted start of one context; 0 never */

enum { /* answers of start calls; below zero: refused */
       PENDIO_DONE = 0,
       PENDIO_PENDING = 1,
};

enum {                   /* policy: pendio_context_set_policy() */
       PENDIO_AUTO = 0,  /* done when it costs nothing */
       PENDIO_TRY = 1,   /* also after one system call that submits and looks once */
       PENDIO_QUEUE = 2, /* always pending */
};

enum { /* operations, as they stand in a completion */
       PENDIO_OPERATION_NONE = 0,
       PENDIO_OPERATION_POST = 1,
       PENDIO_OPERATION_NOP = 2,
       PENDIO_OPERATION_TIMER = 3,
       PENDIO_OPERATION_ACCEPT = 4,
       PENDIO_OPERATION_CONNECT = 5,
       PENDIO_OPERATION_RECEIVE = 6,
       PENDIO_OPERATION_SEND = 7,
       PENDIO_OPERATION_RECEIVE_FROM = 8,
       PENDIO_OPERATION_SEND_TO = 9,
       PENDIO_OPERATION_OPEN = 10,
       PENDIO_OPERATION_READ = 11,
       PENDIO_OPERATION_WRITE = 12,
       PENDIO_OPERATION_CLOSE = 13,
       PENDIO_OPERATION_FSYNC = 14,
       PENDIO_OPERATION_TRUNCATE = 15,
       PENDIO_OPERATION_STAT = 16,
       PENDIO_OPERATION_RENAME = 17,
       PENDIO_OPERATION_UNLINK = 18,
       PENDIO_OPERATION_MKDIR = 19,
       PENDIO_OPERATION_POLL = 20,
       PENDIO_OPERATION_DISCONNECT = 21,
       PENDIO_OPERATION_RECEIVE_MESSAGE = 22,
       PENDIO_OPERATION_SEND_MESSAGE = 23,
       PENDIO_OPERATION_SEND_PACKETS = 24,
       PENDIO_OPERATION_SPLICE = 25,
       PENDIO_OPERATION_CHILD = 26,
       PENDIO_OPERATION_SIGNAL = 27,
       PENDIO_OPERATION_MOVE = 28,
};

enum {                               /* flags of a completion */
       PENDIO_END_OF_STREAM = 1,     /* the peer, or the file, has no more */
       PENDIO_TRUNCATED = 2,         /* the message was longer than the window; the rest is gone */
       PENDIO_CONTROL_TRUNCATED = 4, /* there were more control data than memory for them */
       PENDIO_LENT = 8,              /* the memory is lent: see pendio_context_set_lending() */
       PENDIO_BY_CANCEL = 16,        /* ended by pendio_cancel() or pendio_loop_shutdown() */
       PENDIO_BY_DEADLINE = 32,      /* ended by the context's deadline */
       PENDIO_BY_CLOSE = 64,         /* ended by the close of its handle */
       PENDIO_COPIED = 128,          /* a send with PENDIO_ZERO_COPY was copied, at least in part */
};

enum {                        /* flags of a context */
       PENDIO_AUTO_PUT = 1,   /* goes back to its pool when the turn after its delivery begins */
       PENDIO_PEEK = 2,       /* a receive takes nothing: the next one gets the same data */
       PENDIO_ZERO_COPY = 4,  /* a send copies nothing: delivered when its memory is free again */
       PENDIO_FIRST_DATA = 8, /* a connect also sends the window; bytes says how much had gone */
};

enum { /* how to close a handle */
       PENDIO_GRACEFUL =
           0, /* started sends finish, then FIN; unread data never turn it into a RST */
       PENDIO_ABORTIVE = 1, /* everything is cancelled, then RST */
};

enum {                   /* flags of disconnect */
       PENDIO_REUSE = 1, /* the handle can connect again, or be the target of an accept */
};

enum {                             /* flags of send_packets: when everything has gone */
       PENDIO_THEN_DISCONNECT = 1, /* the connection ends */
       PENDIO_THEN_REUSE = 2,      /* it ends, and the handle is as with PENDIO_REUSE */
};

enum {                       /* flags of fsync */
       PENDIO_DATA_ONLY = 1, /* as fdatasync(2): not what reading the data back can do without */
};

enum {                       /* flags of unlink */
       PENDIO_DIRECTORY = 1, /* as rmdir(2): an empty directory */
};

#define PENDIO_STREAMING UINT64_MAX /* as an offset: where the file position stands */

/** The result of one run, or a posted message: 64 bytes, frozen. */
struct pendio_completion {
    struct pendio_context *context; /* NULL for a posted message */
    uint64_t user_data;             /* as the context (or the post) had it at the start */
    pendio_run run;                 /* 0 for a posted message */
    pendio_handle handle;           /* the handle worked on; 0 if none */
    uint64_t value;                 /* new handle, size, events, status, signal, post; else 0 */
    uint64_t bytes;                 /* moved; also beside an error: what had gone */
    uint64_t memory;                /* address of the first byte moved; 0 without memory */
    int32_t error;                  /* 0 or -errno of the operation */
    uint16_t operation;             /* PENDIO_OPERATION_... */
    uint16_t flags;                 /* PENDIO_END_OF_STREAM ... */
};

/** A socket address as the system has it (struct sockaddr_...), with its length. */
struct pendio_endpoint {
    uint32_t byte_count; /* 0: none */
    uint32_t reserved;
    uint8_t address[128];
};

/**
 * What send_packets sends: some bytes of memory, of a file by its path, or of a file by its handle.
 * At most one of the three is set; with none, or no bytes of memory, it is nothing.
 */
struct pendio_packet {
    void *memory;
    const char *path;
    pendio_handle file;
    uint64_t offset;     /* where the bytes begin, in the memory or the file */
    uint64_t byte_count; /* of a file 0: to its end */
};

/** A piece of memory; laid out as struct iovec. */
struct pendio_bytes {
    void *memory;
    size_t byte_count;
};

/**
 * Called on the loop's thread, from a turn; may do everything but turn and destroy the loop.
 * `completion` is there until it returns.
 */
typedef void pendio_completed_fn(const struct pendio_completion *completion, void *state);

/** Release of the library, 0xMMmmpp. Any thread. */
PENDIO_API uint32_t pendio_version(void);

/* ------------------------------------------------------------------------------------------------
 * Loop
 * --------------------------------------------------------------------------------------------- */

struct pendio_loop_options {
    uint32_t size;
    uint32_t flags;           /* none yet: 0 */
    uint32_t operation_count; /* contexts of all pools of the loop; default 4096, at most 32768 */
    uint32_t handle_count;    /* default 4096, at most 1048575 */
    uint32_t done_budget;     /* done answers per handle and turn, and per turn for all that has no
                                 handle; beyond them the answer is pending; default 16 */
    uint32_t post_count;      /* messages that may wait: 2 to 2^20, rounded up; default 256 */
    uint64_t timer_slack_ns; /* how late a timer or deadline may be; default 50 us, at least 1 us */
    /* Of pendio_connect_name(), copied: "192.0.2.1,[2001:db8::1]:5353"; default: the system's. */
    const char *name_servers;
    uint32_t buffer_bytes;  /* of each buffer for what is lent, and for what is received ahead of
                               those who ask; default 4096, at most 2^20 */
    uint32_t buffer_count;  /* of them, made when first needed; default 1024, 2 to 2^15, rounded up
                               to a power of two */
    uint32_t collect_bytes; /* collected and lent per handle, before it is read no more; default
                               65536, at most 2^30. After so many the kernel is asked for a stream
                               anew: pieces of 16 KiB cost 6 % less where that is 16 of them
                               than where it is 4 (pendio bench, echo/unix/1x16384x8) */
    uint32_t collect_count; /* connections of a listener collected; default 64 */
    /*
     * What the loop is to do and nothing else, each as UINT64_C(1) << PENDIO_OPERATION_...; 0: all.
     * The kernel is told what that needs, and takes nothing else from the loop's ring.
     */
    uint64_t allowed_operations;
    /*
     * How long a turn that would sleep looks first, without the kernel, for what would end the
     * sleep: completions, deadlines, wake-ups, messages; 0: it sleeps at once; at most 10^9. Each
     * look costs a processor and saves the way into sleep and out of it. With 50000 the round trip
     * of two busy connections took 27 us instead of 138, of one whose other end slept 80 instead of
     * 141; from sixteen on there is little to be won. A loop that looks in vain soon does so before
     * one sleep of 65 only. Without PENDIO_FEATURE_TASKRUN_FLAG, where completions are deferred, it
     * does nothing.
     */
    uint64_t spin_ns;
    /*
     * A sleep is over when batch_count completions are there, or after batch_ns as soon as there is
     * one: fewer turns with more to do in each, and all of it later, wake-ups and messages too, by
     * at most batch_ns. Both or none; 2 to 32768, 1000 to 10^9. Does nothing without
     * PENDIO_FEATURE_MINIMUM_WAIT.
     */
    uint64_t batch_ns;
    uint32_t batch_count;
    uint32_t reserved; /* 0 */
};

/**
 * Create a loop for the calling thread. All its capacity is reserved now, so that no queue can
 * overflow later.
 *
 * Result:    0 and the loop.
 * Refused:   -EACCES switched off by PENDIO_DISABLE_URING; -ENOSYS no io_uring in this kernel;
 *            -EPERM io_uring denied (seccomp or sysctl); -ENOTSUP PENDIO_BACKEND names a backend
 *            that is not built in, or the kernel cannot restrict a loop to allowed_operations;
 *            -EINVAL also a malformed PENDIO_FEATURES; -E2BIG; -ENOMEM; -EMFILE; -ENFILE.
 *            pendio_loop_explain() puts each into words.
 * Ownership: the caller destroys it with pendio_loop_destroy(). `options` may be NULL.
 * Thread:    any; it becomes the loop's, and must not end while operations are pending.
 */
PENDIO_API int pendio_loop_create(const struct pendio_loop_options *options,
                                  struct pendio_loop **ret_loop);

/**
 * What a status of pendio_loop_create() means and what helps, in one line of English.
 *
 * Result:    a constant string, never NULL.
 * Thread:    any.
 */
PENDIO_API const char *pendio_loop_explain(int status);

/**
 * Submit what was started, sleep until something can be delivered, collect, and deliver: callbacks
 * first, then records into `completions`, each in order of finishing. No order is promised between
 * handles, or between operations that do not wait for each other.
 *
 * A context is free before its receiver sees the completion, who may start, change or put it at
 * once; finished and not yet delivered it is in use.
 *
 * Result:    the number of records written, also 0: woken, interrupted by a signal, out of time, or
 *            only callbacks ran. Records that do not fit stay for the next turn. Sleeps at most
 *            timeout_ns (-1: no limit, 0: not at all) and never while anything is deliverable.
 *            What is to be called and becomes due only behind records of this turn is called by the
 *            next one.
 * Refused:   -EBUSY inside a callback; -ESHUTDOWN after pendio_loop_shutdown() once everything was
 *            delivered; any other -errno: the ring itself failed, destroy the loop.
 * Ownership: `completions` is the caller's throughout; may be NULL when completion_count is 0.
 */
PENDIO_API int pendio_loop_turn(struct pendio_loop *loop, int64_t timeout_ns,
                                struct pendio_completion *completions, uint32_t completion_count);

/**
 * Submit what was started, without waiting or delivering.
 *
 * Result:    0.
 */
PENDIO_API int pendio_loop_flush(struct pendio_loop *loop);

/**
 * Make the loop's turn return, now or the next time it would sleep.
 *
 * Result:    0.
 * Thread:    any of the process, also from a signal handler; not a forked child.
 */
PENDIO_API int pendio_loop_wake(struct pendio_loop *loop);

/**
 * Send a message to the loop; it is delivered as a record without a context.
 *
 * Result:    0.
 * Refused:   -EAGAIN post_count messages wait already; -ESHUTDOWN.
 * Thread:    any of the process; not a forked child.
 */
PENDIO_API int pendio_loop_post(struct pendio_loop *loop, uint64_t user_data, uint64_t value);

/**
 * A descriptor by which another event loop can host this one: readable, as of poll(2) or epoll(7),
 * whenever a turn would deliver something, and when a shutdown is over. Before it sleeps the host
 * turns with timeout_ns 0 until the answer is 0; that also submits what was started. It costs
 * something from the first call on only.
 *
 * Result:    the descriptor, close-on-exec, always the same one.
 * Refused:   -EMFILE; -ENFILE; -ENOMEM.
 * Ownership: the loop's: never to be read, written or closed by the caller. A host forgets it
 *            before it destroys the loop.
 */
PENDIO_API int pendio_loop_descriptor(struct pendio_loop *loop);

/**
 * Refuse new starts from now on and cancel everything under way. Closing stays possible. Go on
 * turning until pendio_loop_turn() answers -ESHUTDOWN.
 *
 * Result:    0, also when called again.
 */
PENDIO_API int pendio_loop_shutdown(struct pendio_loop *loop);

/**
 * End the loop, its pools, its contexts and its handles' descriptors. What is under way is
 * cancelled and drained for at most drain_ns (-1: no limit); what was not delivered is not
 * delivered any more.
 *
 * Result:    0. *ret_leaked_count (may be NULL): operations the kernel may still write for; if it
 *            is not 0, their memory, the caller's included, must never be freed or reused.
 * Refused:   -EBUSY inside a callback.
 * Ownership: the loop and everything of it is gone; no other thread may still wake it or post to
 *            it.
 */
PENDIO_API int pendio_loop_destroy(struct pendio_loop *loop, int64_t drain_ns,
                                   uint64_t *ret_leaked_count);

enum { /* backends, as they stand in the statistics */
       PENDIO_BACKEND_URING = 1,
};

enum { /* features found and used, as bits of pendio_loop_statistics.features */
       PENDIO_FEATURE_SINGLE_ISSUER = 1 << 0,    /* the kernel trusts that one thread submits */
       PENDIO_FEATURE_DEFER_TASKRUN = 1 << 1,    /* completions only when the loop asks for them */
       PENDIO_FEATURE_COOP_TASKRUN = 1 << 2,     /* no interrupt for completions */
       PENDIO_FEATURE_REGISTERED_RING = 1 << 3,  /* cheaper entry into the kernel */
       PENDIO_FEATURE_FIXED_BUFFERS = 1 << 4,    /* pools' arenas registered with the ring */
       PENDIO_FEATURE_NO_SIGNAL = 1 << 8,        /* writes to pipes without a detour for SIGPIPE */
       PENDIO_FEATURE_FTRUNCATE = 1 << 9,        /* truncate without a system call in the start */
       PENDIO_FEATURE_MULTISHOT_ACCEPT = 1 << 5, /* one request for many connections */
       /* The next three are for memory that is lent; the first and last need the one between. */
       PENDIO_FEATURE_MULTISHOT_RECEIVE = 1 << 6,    /* one request for many receives */
       PENDIO_FEATURE_BUFFER_RING = 1 << 7,          /* buffers chosen when there are data */
       PENDIO_FEATURE_INCREMENTAL_BUFFERS = 1 << 10, /* a buffer filled bit by bit */
       PENDIO_FEATURE_ZERO_COPY = 1 << 11,           /* sends that copy nothing */
       PENDIO_FEATURE_TASKRUN_FLAG = 1 << 12,        /* what is deferred shows */
       PENDIO_FEATURE_MINIMUM_WAIT = 1 << 13,        /* for batch_ns: sleeping on for a while */
};

/**
 * The name of a feature, as PENDIO_FEATURES takes it.
 *
 * Result:    a constant string; NULL when `feature` is not one of the bits above.
 * Thread:    any.
 */
PENDIO_API const char *pendio_feature_name(uint64_t feature);

/** Counters of one loop since its creation; written by its thread only. */
struct pendio_loop_statistics {
    uint32_t size;    /* set by the caller; members beyond it are not written */
    uint32_t backend; /* PENDIO_BACKEND_... */
    uint64_t features;
    uint64_t started; /* accepted starts = done + pending */
    uint64_t done;
    uint64_t done_known_end;   /* end of stream seen before */
    uint64_t done_known_error; /* fatal error of the stream seen before */
    uint64_t done_empty;       /* stream send of nothing */
    uint64_t done_tried;       /* PENDIO_TRY, and the first look succeeded */
    uint64_t pending;
    uint64_t refused;
    uint64_t refused_invalid;     /* -EINVAL, -ENOTSUP */
    uint64_t refused_handle;      /* -EBADF */
    uint64_t refused_busy;        /* -EBUSY */
    uint64_t refused_no_capacity; /* -EAGAIN */
    uint64_t refused_shutdown;    /* -ESHUTDOWN */
    uint64_t delivered;           /* of pending; posts are not counted here */
    uint64_t delivered_callback;
    uint64_t delivered_record;
    uint64_t posts;
    uint64_t turns;
    uint64_t system_calls;         /* entries into the ring, and calls of a turn in place of one */
    uint64_t requests;             /* entries handed to the kernel, cancel requests included */
    uint64_t cancels;              /* of them cancel requests */
    uint64_t stale_completions;    /* of runs that are over; discarded */
    uint64_t completion_overflows; /* looks at a queue that had been too small: room is reserved for
                                      every completion, so that 0 is to be expected, unless requests
                                      for many answers filled it; nothing is lost then either */
    uint64_t handles_open;
    uint64_t pool_contexts; /* of all pools */
    uint64_t pool_in_use;   /* taken and not put back */
    uint64_t pool_high_water;
    uint64_t pool_gets;
    uint64_t pool_exhausted; /* gets answered -EAGAIN */
    uint64_t arena_registered_bytes;
    uint64_t arena_unregistered_bytes;
    int32_t arena_error; /* why a registration was refused last, -errno; 0: none was */
    uint32_t reserved;
    uint64_t done_direct;    /* done by an ordinary system call: truncate without the kernel's help,
                             and what child and signal cannot wait for */
    uint64_t done_cached;    /* reads of files whose data the system had in its memory */
    uint64_t done_collected; /* with data or a connection collected before */
    uint64_t multishot_armed;       /* requests for many answers, handed to the kernel */
    uint64_t multishot_ended;       /* of them over */
    uint64_t buffers;               /* for memory that is lent; 0: never needed */
    uint64_t buffers_in_use;        /* hold data that are collected or lent */
    uint64_t buffers_exhausted;     /* a receive found none, and waits for one */
    uint64_t connections_collected; /* by listeners, now, and not handed out */
    uint64_t spins;                 /* times the loop looked before it slept: spin_ns */
    uint64_t spins_paid;         /* of them those that saw something, so that it need not sleep */
    uint64_t gathers;            /* requests that had the bytes of several sends of a stream */
    uint64_t sends_gathered;     /* sends handed over so; each time, if it goes in parts */
    uint64_t streams_ahead;      /* handles, now, received from by one request for many */
    uint64_t ahead_for_lending;  /* times that was chosen: PENDIO_RECEIVE_LENDING */
    uint64_t ahead_for_lone;     /* PENDIO_RECEIVE_LONE */
    uint64_t ahead_for_crowd;    /* PENDIO_RECEIVE_CROWDED */
    uint64_t single_for_large;   /* times that, or a poll, was given up: PENDIO_RECEIVE_LARGE */
    uint64_t single_for_unasked; /* PENDIO_RECEIVE_UNASKED */
    uint64_t streams_polled;     /* handles, now, whose receives wait for one poll that stays */
    uint64_t polled_for_lone;    /* times that was chosen: PENDIO_RECEIVE_LONE */
    uint64_t polled_for_crowd;   /* PENDIO_RECEIVE_CROWDED */
    uint64_t received_direct;    /* receives of a lone one by a system call of their own */
    uint64_t warm_rounds;        /* times that large pieces went on before more was asked for */
};

/**
 * Read the loop's counters.
 *
 * Result:    0; as many bytes as ret_statistics->size asks for and the library has are written, and
 *            `size` is set to their number.
 * Refused:   -EINVAL when size is below 8.
 */
PENDIO_API int pendio_loop_stats(struct pendio_loop *loop,
                                 struct pendio_loop_statistics *ret_statistics);

/* ------------------------------------------------------------------------------------------------
 * Pool
 * --------------------------------------------------------------------------------------------- */

struct pendio_pool_options {
    uint32_t size;
    uint32_t flags;         /* none yet: 0 */
    uint32_t context_count; /* default 64 */
    uint32_t piece_count;   /* pieces of a vector there is room for from the start; default: none */
    uint64_t
        slice_bytes; /* memory of each context; rounded up to a multiple of 64; default: none */
};

/**
 * Create contexts and one arena of equal slices, registered with the ring where that is permitted
 * (if not: the pool works all the same, and the statistics say why). Reads and writes of files, and
 * zero-copy sends, whose memory lies in the arena take the fixed-buffer path by themselves.
 *
 * Result:    0 and the pool.
 * Refused:   -ENOSPC the loop's operation_count does not leave room for that many contexts;
 *            -ENOMEM; -E2BIG; -ESHUTDOWN.
 * Ownership: ends with the loop, or earlier with pendio_pool_destroy(). `options` may be NULL.
 */
PENDIO_API int pendio_pool_create(struct pendio_loop *loop,
                                  const struct pendio_pool_options *options,
                                  struct pendio_pool **ret_pool);

/**
 * Take a free context, the one put back last. Its request is as new: own slice, PENDIO_AUTO, no
 * flags, no deadline, no endpoint, no control memory, no callback, user data 0.
 *
 * Result:    0 and the context.
 * Refused:   -EAGAIN all are taken.
 */
PENDIO_API int pendio_pool_get(struct pendio_pool *pool, struct pendio_context **ret_context);

/**
 * Give a context back to its pool.
 *
 * Result:    0.
 * Refused:   -EBUSY in use; -EALREADY it is in the pool already.
 */
PENDIO_API int pendio_pool_put(struct pendio_context *context);

/**
 * The pool's arena: slice i starts at base + i * slice_bytes.
 *
 * Result:    0; base NULL and slice_bytes 0 for a pool without memory.
 */
PENDIO_API int pendio_pool_memory(struct pendio_pool *pool, void **ret_base,
                                  uint64_t *ret_slice_bytes);

/**
 * End a pool before its loop ends.
 *
 * Result:    0.
 * Refused:   -EBUSY while one of its contexts is taken or in use.
 * Ownership: the pool, its contexts and its arena are gone.
 */
PENDIO_API int pendio_pool_destroy(struct pendio_pool *pool);

/* ------------------------------------------------------------------------------------------------
 * Context: the request half. The runtime never changes it, but pendio_pool_get() makes it new.
 * Every setter: 0, or -EBUSY while the context is in use. Memory that is the runtime's is not to be
 * changed or freed; outside of the bytes that were moved it comes back untouched.
 * --------------------------------------------------------------------------------------------- */

/**
 * Work on the caller's memory, all of it. NULL with 0 bytes: on none.
 *
 * Result:    0.
 * Ownership: the memory is the runtime's from PENDIO_PENDING until delivery.
 */
PENDIO_API int pendio_context_set_memory(struct pendio_context *context, void *memory,
                                         size_t byte_count);

/** Work on the context's own slice of the pool's arena, all of it. Result: 0. */
PENDIO_API int pendio_context_set_slice(struct pendio_context *context);

/**
 * Work on pieces of the caller's memory, in order, as if they were one; empty ones may be among
 * them. The vector itself is copied and may be reused at once. Any number: the copy grows when a
 * longer one is set, and keeps its size for the context's life. A transfer in messages takes as
 * many pieces as the system does (IOV_MAX) and answers -EMSGSIZE beyond; of a stream or pipe one
 * receive fills at most that many. No window applies; what needs its memory in one stretch (stat)
 * refuses more pieces than one.
 *
 * Result:    0. 0 pieces: on none. A completion's `memory` is the address of the first byte, in
 *            whichever piece that is.
 * Refused:   -EINVAL a piece is NULL and not empty, or their sum exceeds INT64_MAX bytes; -ENOMEM.
 * Ownership: the pieces' memory is the runtime's from PENDIO_PENDING until delivery.
 */
PENDIO_API int pendio_context_set_pieces(struct pendio_context *context,
                                         const struct pendio_bytes *pieces, uint32_t piece_count);

/**
 * Work on no memory of one's own: receive, receive_from and receive_message lend the context the
 * loop's buffer that holds the data, which becomes its memory and window (flag PENDIO_LENT, and
 * `memory` in the completion), so that it can send on what it was lent. All of a stream that waits
 * in one stretch is lent, at most buffer_bytes; a longer message is cut off there.
 *
 * On streams over IPv4 and IPv6 one request then receives ahead of those who ask (unless
 * pendio_handle_set_receive() has another wish), at most collect_bytes, for whoever receives next,
 * with or without memory of his own. What is lent counts, too: a handle above that is not read
 * until some is given back, and its peer has to wait. Where all buffers of the loop are in use a
 * receive waits for one, behind those that wait already. What such a request receives never fills
 * the last eighth of the buffers, nor the last one of fewer: these are for all other receives.
 *
 * Result:    0. Where there is no memory for the buffers, a receive ends with -ENOMEM.
 * Ownership: what is lent is the context's until its next receive, the end of a send of it, other
 *            memory is set, or it is put. What is lent under PENDIO_PEEK is not to be written to.
 */
PENDIO_API int pendio_context_set_lending(struct pendio_context *context);

/**
 * Work on a part of the memory set, or lent, last.
 *
 * Result:    0.
 * Refused:   -EINVAL offset + byte_count reach beyond that memory, or it is a vector of pieces; the
 *            window stays as it was.
 */
PENDIO_API int pendio_context_set_window(struct pendio_context *context, size_t offset,
                                         size_t byte_count);

/**
 * The address for connect and send_to, copied.
 *
 * Result:    0. NULL with 0 bytes removes it.
 * Refused:   -EINVAL below 2 or over 128 bytes.
 */
PENDIO_API int pendio_context_set_endpoint(struct pendio_context *context, const void *address,
                                           uint32_t byte_count);

/**
 * Ancillary data, as struct cmsghdr: what send_message sends, and where receive_message puts what
 * came.
 *
 * Result:    0. NULL with 0 bytes removes it.
 * Refused:   -EINVAL NULL with bytes, or 0 bytes somewhere; -ENOMEM more than ever on this context,
 *            and no memory to receive as much.
 * Ownership: the memory is the runtime's from PENDIO_PENDING until delivery.
 */
PENDIO_API int pendio_context_set_control(struct pendio_context *context, void *memory,
                                          size_t byte_count);

/**
 * PENDIO_AUTO_PUT ..., all at once; those of no use to an operation are ignored by it.
 *
 * PENDIO_AUTO_PUT: the receiver of a completion may use its context until the next turn begins;
 * then it is put, unless the receiver started or put it, or took the flag back. A done or refused
 * start delivers nothing, so the context stays the caller's.
 *
 * PENDIO_ZERO_COPY, of send, send_to and send_message: the system sends from the memory itself and
 * may need it long after it has accepted the bytes, over TCP until the peer has acknowledged them.
 * The result comes when the memory is free again. Until then later sends of the handle go on; they
 * are pending, and may be delivered before it. Once all was accepted, cancel answers -ENOENT and no
 * deadline ends the wait; a disconnect with PENDIO_REUSE and a graceful close wait, too, and an
 * abortive close drops what was not acknowledged. What was copied after all is flagged
 * PENDIO_COPIED, where the system tells: everything over the loopback and, as an ordinary send,
 * whatever is no TCP or UDP socket.
 *
 * Result:    0.
 */
PENDIO_API int pendio_context_set_flags(struct pendio_context *context, uint32_t flags);

/**
 * When may the answer of a start be done?
 *
 * PENDIO_AUTO: when that costs nothing. Data or a connection were collected before; the end of the
 * stream, or an error that ended it, is known; a send of nothing on a stream; a read of a file, its
 * data being in the system's memory; and what turns out to need no waiting (pendio_truncate(),
 * pendio_child(), pendio_signal()). Other sends are pending, and go together: pendio_send().
 *
 * PENDIO_TRY: for receives, sends and accepts of sockets also after one system call that submits
 * and looks once. Done, if data, a connection or room are there, unless the budget is spent, an
 * earlier operation of that direction waits, or it is more than there is room for: pending then,
 * and part may have gone. For all else it is PENDIO_AUTO.
 *
 * PENDIO_QUEUE: never, for callers who want one path.
 *
 * Result:    0.
 */
PENDIO_API int pendio_context_set_policy(struct pendio_context *context, uint32_t policy);

/**
 * Longest time from start call to result, in ns of the monotonic clock; 0: none. When it is over
 * the operation ends with -ETIMEDOUT and PENDIO_BY_DEADLINE, bytes saying what had gone, unless it
 * has ended by itself: never early, late by at most the loop's timer_slack_ns and one turn. A close
 * is not ended by it, but what it waits for: pendio_close().
 *
 * Result:    0.
 */
PENDIO_API int pendio_context_set_deadline(struct pendio_context *context, uint64_t after_ns);

/** A value of the caller's, handed back in every completion. Result: 0. */
PENDIO_API int pendio_context_set_user_data(struct pendio_context *context, uint64_t user_data);

/**
 * Deliver by calling `completed`; NULL: by record. A turn calls first and writes records then, but
 * what becomes due behind records of the same turn is called by the next one: where that matters,
 * deliver either all or none of it so.
 *
 * Result:    0.
 */
PENDIO_API int pendio_context_set_callback(struct pendio_context *context,
                                           pendio_completed_fn *completed, void *state);

/** The request half as it was set. */
struct pendio_request {
    uint32_t size;        /* set by the caller; members beyond it are not written */
    uint32_t flags;       /* PENDIO_AUTO_PUT ... */
    uint32_t policy;      /* PENDIO_AUTO ... */
    uint32_t piece_count; /* 0: the memory is no vector */
    void *memory;         /* of a vector: where its first byte is */
    uint64_t byte_count;  /* all of the memory, without regard to the window */
    uint64_t window_offset;
    uint64_t window_bytes;
    void *control;
    uint64_t control_bytes;
    uint64_t deadline_ns;
    uint64_t user_data;
    pendio_completed_fn *completed;
    void *completed_state;
    struct pendio_endpoint endpoint;
    const struct pendio_bytes *pieces; /* the context's copy; NULL without */
    uint64_t lending;                  /* 1: it has what it was lent, and else nothing */
};

/**
 * Read back what was set, also while the context is in use or in its pool.
 *
 * Result:    0; as many bytes as ret_request->size asks for and the library has are written, and
 *            `size` is set to their number.
 * Refused:   -EINVAL when size is below 8.
 * Ownership: `pieces` stays until pieces are set again, or the pool ends.
 */
PENDIO_API int pendio_context_request(const struct pendio_context *context,
                                      struct pendio_request *ret_request);

/* ------------------------------------------------------------------------------------------------
 * Context: the result half, and what is under way
 * --------------------------------------------------------------------------------------------- */

/**
 * The result of the last finished run, until the next one begins; all zero but `context` before the
 * first and while one is under way. These three answer also for a context in its pool.
 *
 * Result:    0.
 */
PENDIO_API int pendio_context_result(const struct pendio_context *context,
                                     struct pendio_completion *ret_completion);

/** Who sent what receive_from brought last; byte_count 0: unknown. Result: 0. */
PENDIO_API int pendio_context_sender(const struct pendio_context *context,
                                     struct pendio_endpoint *ret_endpoint);

/** What came beside the bytes of a message. */
struct pendio_message {
    uint32_t size;            /* set by the caller; members beyond it are not written */
    uint32_t interface_index; /* the datagram came in there; 0: unknown */
    uint64_t control_bytes;   /* that there are in the control memory now */
    struct pendio_endpoint sender;
    struct pendio_endpoint destination; /* of an IP datagram: the address, port 0 */
};

/**
 * What the context's last run brought, if it was a receive_message; else everything is 0.
 *
 * Result:    0; as many bytes as ret_message->size asks for and the library has are written, and
 *            `size` is set to their number.
 * Refused:   -EINVAL when size is below 8.
 */
PENDIO_API int pendio_context_message(const struct pendio_context *context,
                                      struct pendio_message *ret_message);

/** The memory set last, window applied; of a vector the first byte's address and all bytes.
 * Result: 0; NULL and 0 without memory. */
PENDIO_API int pendio_context_window(const struct pendio_context *context, void **ret_memory,
                                     size_t *ret_byte_count);

/** The run under way or finished and not yet delivered; 0 when the context is free. */
PENDIO_API pendio_run pendio_context_run(const struct pendio_context *context);

/**
 * Ask for the end of a run. It completes nothing itself and never hits a later run of the same
 * context: the run's one completion tells what happened, the real result or -ECANCELED with
 * PENDIO_BY_CANCEL, bytes saying what had gone. What came about all the same, a connection for
 * example, is delivered or disposed of; nothing leaks. A close goes on all the same.
 *
 * Result:    0 asked.
 * Refused:   -ENOENT not under way (any more).
 */
PENDIO_API int pendio_cancel(struct pendio_loop *loop, pendio_run run);

/* ------------------------------------------------------------------------------------------------
 * Handles: immediate calls, an ordinary system call each, never pending.
 * Besides the common refusals each answers the -errno of its system call.
 * --------------------------------------------------------------------------------------------- */

/**
 * Open a socket, close-on-exec; arguments as of socket(2).
 *
 * Result:    0 and its handle.
 * Refused:   -EAGAIN handle_count reached.
 */
PENDIO_API int pendio_handle_socket(struct pendio_loop *loop, int family, int type, int protocol,
                                    pendio_handle *ret_handle);

/**
 * Let the loop own an open descriptor.
 *
 * Result:    0 and its handle.
 * Refused:   -EBADF not an open descriptor; -EAGAIN handle_count reached.
 * Ownership: the descriptor is the loop's until pendio_handle_detach(); it must not be closed
 *            elsewhere.
 */
PENDIO_API int pendio_handle_adopt(struct pendio_loop *loop, int descriptor,
                                   pendio_handle *ret_handle);

/**
 * Take a descriptor back.
 *
 * Result:    0 and the descriptor; the handle is stale from now on.
 * Refused:   -EBUSY operations are under way on it, or data or connections were collected for it
 *            that nobody has taken.
 */
PENDIO_API int pendio_handle_detach(struct pendio_loop *loop, pendio_handle handle,
                                    int *ret_descriptor);

/** As bind(2). Result: 0. */
PENDIO_API int pendio_handle_bind(struct pendio_loop *loop, pendio_handle handle,
                                  const void *address, uint32_t byte_count);

/** As listen(2). Result: 0. */
PENDIO_API int pendio_handle_listen(struct pendio_loop *loop, pendio_handle handle,
                                    uint32_t backlog);

/** Half-close, as shutdown(2): SHUT_RD, SHUT_WR or SHUT_RDWR. Result: 0. */
PENDIO_API int pendio_handle_shutdown(struct pendio_loop *loop, pendio_handle handle, int how);

/** As setsockopt(2). Result: 0. */
PENDIO_API int pendio_handle_set_option(struct pendio_loop *loop, pendio_handle handle, int level,
                                        int name, const void *value, uint32_t byte_count);

enum {                               /* how a stream is received from */
       PENDIO_RECEIVE_ADAPTIVE = 0,  /* as the loop sees fit */
       PENDIO_RECEIVE_SINGLE = 1,    /* by a request for each receive */
       PENDIO_RECEIVE_MULTISHOT = 2, /* by one for many, ahead of those who ask */
};

enum {                               /* why it is received from as it is */
       PENDIO_RECEIVE_UNDECIDED = 0, /* as it began: by a request for each receive */
       PENDIO_RECEIVE_PINNED = 1,    /* pendio_handle_set_receive() */
       PENDIO_RECEIVE_LENDING = 2,   /* for memory that is lent: nothing is copied */
       PENDIO_RECEIVE_LONE = 3,      /* the only busy stream: each request would be a call */
       PENDIO_RECEIVE_LARGE = 4,     /* large pieces: copying, or a poll for few, is dearer */
       PENDIO_RECEIVE_CROWDED = 5,   /* other streams are busy, too */
       PENDIO_RECEIVE_UNASKED = 6,   /* nobody asked for what came, which holds buffers */
};

/**
 * Choose how a stream is received from. PENDIO_RECEIVE_ADAPTIVE, how every handle begins, receives
 * ahead of those who ask only over IPv4 and IPv6: for contexts that are lent memory, and for those
 * with memory of their own while small pieces come; so it is not for a descriptor that others read
 * as well. PENDIO_RECEIVE_MULTISHOT is effective where the kernel has
 * PENDIO_FEATURE_MULTISHOT_RECEIVE, and takes it for this descriptor: pendio_handle_get_receive()
 * tells. Over Unix sockets it is your word that no descriptors will come that you want: they are
 * closed.
 *
 * What is received ahead lies in the loop's buffers (buffer_count, buffer_bytes), which are made
 * now if they are not yet. While none is free, whoever has memory of his own is received for singly
 * all the same, and whoever is to be lent some waits. What is chosen for memory of your own fills
 * no more than half of them with what nobody asks for. It is bytes and nothing else: control data
 * of a receive_message that gets them are lost.
 *
 * Result:    0. What was received ahead before stays first in line. The choice stays with the
 *            handle until the next one, also when pendio_move() takes it to another loop.
 * Refused:   -EINVAL also when the handle is no stream socket; -ENOMEM no memory for the buffers.
 */
PENDIO_API int pendio_handle_set_receive(struct pendio_loop *loop, pendio_handle handle,
                                         uint32_t strategy);

/**
 * How a stream is received from now, PENDIO_RECEIVE_SINGLE or PENDIO_RECEIVE_MULTISHOT, and why.
 * Where it is singly for PENDIO_RECEIVE_LONE, or for PENDIO_RECEIVE_CROWDED over Unix sockets or as
 * one that was the lone one, one poll that stays in the kernel tells when there is something to be
 * received (streams_polled of the statistics).
 *
 * Result:    0.
 * Refused:   -EINVAL also when the handle is no stream socket.
 */
PENDIO_API int pendio_handle_get_receive(struct pendio_loop *loop, pendio_handle handle,
                                         uint32_t *ret_strategy, uint32_t *ret_reason);

/** As getsockopt(2), at most byte_count bytes. Result: the number of bytes written. */
PENDIO_API int pendio_handle_get_option(struct pendio_loop *loop, pendio_handle handle, int level,
                                        int name, uint32_t byte_count, void *ret_value);

/** As getsockname(2). Result: 0. */
PENDIO_API int pendio_handle_local(struct pendio_loop *loop, pendio_handle handle,
                                   struct pendio_endpoint *ret_endpoint);

/** As getpeername(2). Result: 0. */
PENDIO_API int pendio_handle_peer(struct pendio_loop *loop, pendio_handle handle,
                                  struct pendio_endpoint *ret_endpoint);

/**
 * Close without a context: as pendio_close(), but nothing is delivered for it and it needs no
 * capacity. A graceful one waits for what may finish as long as that takes.
 *
 * Result:    0.
 */
PENDIO_API int pendio_handle_close(struct pendio_loop *loop, pendio_handle handle, uint32_t mode);

/* ------------------------------------------------------------------------------------------------
 * Starts. Each answers PENDIO_DONE, PENDIO_PENDING or a refusal, and takes its context and the
 * memory of the context from PENDIO_PENDING until delivery.
 *
 * On sockets, pipes and files without an offset the data of each direction move in the order of the
 * starts, however many are pending: later ones wait for earlier ones, and go on when these end,
 * also early. Reads and writes at an offset, polls, and whatever else has no order of data run side
 * by side. Handles may be TCP, UDP and Unix sockets of all kinds, pipes, files, devices, and, to
 * poll them, all that can be polled.
 * --------------------------------------------------------------------------------------------- */

/**
 * Do nothing, by way of the kernel.
 *
 * Result:    error 0.
 * Refused:   -EINVAL also when `loop` is not the context's.
 */
PENDIO_API int pendio_nop(struct pendio_context *context, struct pendio_loop *loop);

/**
 * Let time pass on the monotonic clock.
 *
 * Result:    error 0 after after_ns, never early, late by at most the loop's slack plus one turn.
 */
PENDIO_API int pendio_timer(struct pendio_context *context, uint64_t after_ns);

/**
 * Accept a connection, as a new handle (`into` 0) or into one that was prepared: an open stream
 * socket of the loop and of the listener's family, unbound, unconnected, with nothing under way.
 * The connection takes the place of the socket behind it: handle, descriptor and the descriptor's
 * flags stay, the options are the listener's. Until delivery `into` can only be closed, which ends
 * the accept; an accept that ends without a connection leaves it as it was.
 * A listener may take connections ahead of those who ask, about collect_count of them: they are
 * handed out in order without asking the kernel again, or closed with the listener.
 *
 * Result:    value: the handle of the connection, `into` or a new one, then its descriptor blocking
 *            and close-on-exec.
 * Refused:   -EAGAIN also when handle_count is reached. For `into`: -EBADF; -EBUSY operations are
 *            under way on it, or another accept has it; -EISCONN connected; -EINVAL bound,
 *            disconnected without PENDIO_REUSE, given up by a connect that was ended early, or not
 *            of the listener's family and type.
 */
PENDIO_API int pendio_accept(struct pendio_context *context, pendio_handle listener,
                             pendio_handle into);

/**
 * Connect to the context's endpoint; with PENDIO_FIRST_DATA, then send the context's window before
 * anything else is sent. On a socket with TCP_FASTOPEN_CONNECT the data travel with the request.
 *
 * Result:    error 0; first data: bytes is the whole window, or with an error what had gone. Ended
 *            by cancel or deadline, the handle is good for nothing but disconnect with PENDIO_REUSE
 *            and closing: other operations on it answer -ECONNABORTED.
 * Refused:   -EINVAL also without an endpoint.
 */
PENDIO_API int pendio_connect(struct pendio_context *context, pendio_handle handle);

/**
 * Connect to a host by name: an address (also IPv6 with a scope), a name of the hosts file, or what
 * the name servers know. Its addresses are raced after RFC 8305: the families by turns, another
 * attempt whenever one fails or 250 ms have passed, the first success wins. With handle 0 the
 * runtime makes the sockets (TCP); else every attempt has the family and the options of the handle
 * (IPv4 as IPv6 where it takes both), and the winner takes the place of the socket behind it:
 * handle, descriptor and its flags stay. Ended early, an own handle is as after a connect ended
 * early.
 *
 * Names are resolved by c-ares inside of the loop, without threads. It reads /etc/resolv.conf (and
 * RES_OPTIONS and LOCALDOMAIN of the environment) when the loop looks up its first name, and
 * /etc/hosts at lookups; as any reading of files, that is a system call that takes as long as it
 * takes. Names, unlike the rest, are looked up with memory that is allocated then. The environment
 * of a set-uid program has no say: the C library has taken these variables and HOSTALIASES out of
 * it before the program begins.
 *
 * Result:    error 0; with handle 0, value: the new handle, blocking and close-on-exec (also beside
 *            an error of PENDIO_FIRST_DATA). -ENOENT no such name; -ENODATA it has no address of
 *            the family; -EREMOTEIO the name servers failed; -ETIMEDOUT they were silent, or the
 *            addresses; -EINVAL name_servers of the loop is no list of servers; -EISCONN; else the
 *            error of the last attempt.
 * Refused:   -EINVAL also an empty name, and a handle that is bound or no socket of IPv4 or IPv6;
 *            -EAGAIN also when handle_count is reached, or 128 connects by name are under way.
 * Ownership: `host` must stay until delivery.
 */
PENDIO_API int pendio_connect_name(struct pendio_context *context, pendio_handle handle,
                                   const char *host, uint16_t port);

/**
 * End a connection and keep the handle. What was sent before goes first, then FIN; what is unread
 * is discarded. Sends then answer -EPIPE, receives, those under way too, PENDIO_END_OF_STREAM (or
 * the data they have got), and a connect answers -EISCONN. With PENDIO_REUSE the handle has, as
 * soon as everything else under way on it has ended, a new socket behind the same descriptor,
 * unbound and with the options of the old one: it can connect again or be the target of an accept.
 *
 * Result:    error 0; -ENOTCONN without a connection, also after a connect that failed, which can
 *            be tried again as it is; -ECONNABORTED after a connect that was ended early. After
 *            that, and after a disconnect, PENDIO_REUSE succeeds. -EMFILE, -ENFILE or -ENOMEM:
 *            disconnected, but no new socket was to be had. Ended early before its turn nothing has
 *            happened.
 * Refused:   -EINVAL also when the handle is no stream or seqpacket socket.
 */
PENDIO_API int pendio_disconnect(struct pendio_context *context, pendio_handle handle,
                                 uint32_t flags);

/**
 * Receive what has arrived, into the context's window. The end of a stream, or an error that ended
 * it, is the answer to all later receives, too, until a disconnect with PENDIO_REUSE.
 *
 * Result:    stream: at least one byte, or bytes 0 with PENDIO_END_OF_STREAM once the peer is done;
 *            what the window has no room for stays first in line. An empty window waits for data or
 *            the end and consumes nothing. Datagram and seqpacket: one message, PENDIO_TRUNCATED if
 *            it was longer than the window, be that empty. An empty datagram is bytes 0 and no
 *            flag; on seqpacket an empty message looks like the end, and counts as it.
 */
PENDIO_API int pendio_receive(struct pendio_context *context, pendio_handle handle);

/**
 * Send the context's window. What waits on one stream when the loop is turned may leave in one
 * system call (not under PENDIO_TRY); each is delivered by itself, in order, with its own bytes.
 * Cancel or deadline of one of them end that one: not yet handed to the kernel it is taken out,
 * else the bytes gone are counted in order, and what is left of the others is sent again. An error
 * of the stream is that of the first unfinished send, and of the later ones, whose bytes are 0.
 *
 * Result:    stream: bytes is the whole window, accepted by the kernel, or with an error what had
 *            gone; datagram: one message.
 */
PENDIO_API int pendio_send(struct pendio_context *context, pendio_handle handle);

/**
 * Receive one message and who sent it: pendio_context_sender().
 *
 * Result:    as pendio_receive().
 */
PENDIO_API int pendio_receive_from(struct pendio_context *context, pendio_handle handle);

/**
 * Send the window as one message to the context's endpoint.
 *
 * Result:    bytes sent.
 * Refused:   -EINVAL also without an endpoint.
 */
PENDIO_API int pendio_send_to(struct pendio_context *context, pendio_handle handle);

/**
 * Receive with all that comes beside the bytes: sender, destination address and interface of an IP
 * datagram, and control data, into the context's control memory; pendio_context_message() tells.
 * Received descriptors are close-on-exec; those of a result that the end of the loop keeps from
 * being delivered are closed. Under PENDIO_PEEK they are duplicates, yours to close as well.
 *
 * To learn the destination the runtime switches IP_PKTINFO or IPV6_RECVPKTINFO of the socket on
 * with the handle's first receive_message; a datagram that was there before may lack its interface.
 * The control memory gets that entry only if you had switched it on before.
 *
 * What a stream has received ahead comes without control data, and so does all of it while a
 * request for many is under way: where they are wanted, timestamps for example, pin
 * PENDIO_RECEIVE_SINGLE before the first receive (pendio_handle_set_receive()).
 *
 * Result:    as pendio_receive(); PENDIO_CONTROL_TRUNCATED when control data had no room: of an IP
 *            datagram entries are there whole or not at all.
 */
PENDIO_API int pendio_receive_message(struct pendio_context *context, pendio_handle handle);

/**
 * Send the window with the context's control data, to its endpoint if it has one. On a stream they
 * go with the first byte.
 *
 * Result:    as pendio_send().
 * Refused:   -EINVAL also control data on a stream with an empty window.
 * Ownership: descriptors in the control data must stay open until delivery.
 */
PENDIO_API int pendio_send_message(struct pendio_context *context, pendio_handle handle);

/**
 * Send memory and ranges of files on a stream socket, one after the other, as one operation. Files
 * go from the system's cache to the socket without passing through the program; the position of an
 * open one stays where it is. Every file is opened and looked at before the first byte goes. The
 * context's window is not used.
 *
 * PENDIO_THEN_DISCONNECT and PENDIO_THEN_REUSE make pendio_disconnect() the last part of it, also
 * where there was nothing to send, but not after an error. A graceful close lets that finish, too;
 * where cancel or deadline come when all bytes have gone, the connection may have ended or not.
 *
 * Result:    bytes is all of it, or with an error what had gone. -ENOENT, -EACCES and so on: a file
 *            cannot be opened; -EINVAL a range reaches beyond the end of its file, or it is no
 *            regular file: bytes 0. -EIO a file has become shorter meanwhile. Disconnecting: as
 *            pendio_disconnect().
 * Refused:   -EINVAL also a packet of two sources, bytes of none, or flags where the handle is no
 *            stream socket; -EBADF also a packet's file; -ENOMEM more packets than ever on this
 *            context, and no memory to note them.
 * Ownership: `packets` is copied; what it points to must stay until delivery.
 */
PENDIO_API int pendio_send_packets(struct pendio_context *context, pendio_handle handle,
                                   const struct pendio_packet *packets, uint32_t packet_count,
                                   uint32_t flags);

/**
 * Open a file, close-on-exec; flags and mode as of open(2). Whether a FIFO waits for its other end
 * is the kernel's choice, unless O_NONBLOCK decides.
 *
 * Result:    value: the handle of the file.
 * Refused:   -EAGAIN also when handle_count is reached.
 * Ownership: `path` must stay until delivery.
 */
PENDIO_API int pendio_open(struct pendio_context *context, const char *path, int flags,
                           uint32_t mode);

/**
 * Read into the context's window, at `offset` or PENDIO_STREAMING. Reads at an offset run in
 * parallel. What has no positions (socket, pipe, device) is always streaming. A read of a file that
 * is alone on its handle is done, not under PENDIO_QUEUE, when its data are in the system's memory.
 *
 * Result:    at least one byte, or bytes 0 with PENDIO_END_OF_STREAM at the end.
 */
PENDIO_API int pendio_read(struct pendio_context *context, pendio_handle handle, uint64_t offset);

/**
 * Write the context's window, at `offset` or PENDIO_STREAMING. Writes at an offset run in
 * parallel. What has no positions (socket, pipe, device) is always streaming.
 * A pipe or socket without a reader answers -EPIPE and raises no signal.
 *
 * Result:    bytes is the whole window, or with an error what had gone.
 */
PENDIO_API int pendio_write(struct pendio_context *context, pendio_handle handle, uint64_t offset);

/**
 * Move byte_count bytes from one handle to another, of which one is a pipe, without passing through
 * the program; each at an offset or PENDIO_STREAMING. It keeps the order of what is received at
 * `from` and of what is sent at `to`; what has no positions (socket, pipe, device) is always
 * streaming.
 *
 * Result:    bytes moved: all of them, or fewer with PENDIO_END_OF_STREAM at the end of `from`;
 *            with an error what had gone. -EINVAL where none of the two is a pipe. handle: `to`.
 */
PENDIO_API int pendio_splice(struct pendio_context *context, pendio_handle from,
                             uint64_t from_offset, pendio_handle to, uint64_t to_offset,
                             uint64_t byte_count);

/**
 * Bring what was written to the file to its device: data and attributes, or with PENDIO_DATA_ONLY
 * no more attributes than the data need. Runs beside what else is under way on the handle: only
 * writes that have completed are certainly covered.
 *
 * Result:    error 0.
 */
PENDIO_API int pendio_fsync(struct pendio_context *context, pendio_handle handle, uint32_t flags);

/**
 * Cut a file off at byte_count, or lengthen it to there with zeros. Runs beside what else is under
 * way on the handle. Where PENDIO_FEATURE_FTRUNCATE is missing it is an ordinary system call in the
 * start, and done unless policy or budget forbid it.
 *
 * Result:    error 0.
 * Refused:   -EINVAL also byte_count over INT64_MAX.
 */
PENDIO_API int pendio_truncate(struct pendio_context *context, pendio_handle handle,
                               uint64_t byte_count);

/**
 * Learn what the system knows of a file, into the context's window: a struct statx (256 bytes), its
 * stx_mask saying which members are filled in. Symbolic links are followed. A relative `path`
 * begins at `handle`, a directory, or with handle 0 at the current one; `path` NULL stands for the
 * handle itself.
 *
 * Result:    value: the size in bytes; bytes 256.
 * Refused:   -EINVAL also without a path and a handle, or with a window below 256 bytes.
 * Ownership: `path` must stay until delivery.
 */
PENDIO_API int pendio_stat(struct pendio_context *context, pendio_handle handle, const char *path);

/**
 * Give a file or directory another name, as rename(2): what had that name is replaced.
 *
 * Result:    error 0.
 * Ownership: `from` and `to` must stay until delivery.
 */
PENDIO_API int pendio_rename(struct pendio_context *context, const char *from, const char *to);

/**
 * Remove the name of a file, or with PENDIO_DIRECTORY an empty directory. Open handles of the file
 * go on working.
 *
 * Result:    error 0.
 * Ownership: `path` must stay until delivery.
 */
PENDIO_API int pendio_unlink(struct pendio_context *context, const char *path, uint32_t flags);

/**
 * Make a directory; mode as of mkdir(2).
 *
 * Result:    error 0.
 * Ownership: `path` must stay until delivery.
 */
PENDIO_API int pendio_mkdir(struct pendio_context *context, const char *path, uint32_t mode);

/**
 * Close a handle. It is -EBADF from now on; everything under way on it completes first, exactly
 * once: PENDIO_GRACEFUL lets started sends, writes, fsyncs and truncates finish (within the
 * context's deadline, if it has one) and cancels the rest, PENDIO_ABORTIVE cancels everything. What
 * was ended has PENDIO_BY_CLOSE. A listener accepts no more, and what it had collected is closed,
 * before the close is delivered. Cannot be cancelled.
 *
 * Result:    error 0, or -errno of close(2); the descriptor is gone in any case.
 */
PENDIO_API int pendio_close(struct pendio_context *context, pendio_handle handle, uint32_t mode);

/**
 * Wait until a descriptor is ready; `events` as of poll(2), POLLIN, POLLOUT and so on. Takes
 * nothing from the descriptor. As many as were started wait side by side, and beside transfers.
 *
 * Result:    value: those of the events that are there; POLLERR, POLLHUP and a socket's POLLRDHUP
 *            also unasked.
 * Refused:   -EINVAL also events 0 or beyond 16 bits.
 */
PENDIO_API int pendio_poll(struct pendio_context *context, pendio_handle handle, uint32_t events);

/**
 * Wait until a child process of this process has ended, and take its status as waitpid(2) does. An
 * early end, also by the end of the loop, takes nothing: the child can still be waited for. Needs a
 * descriptor of the system's while it is under way.
 *
 * Result:    value: the status, as WIFEXITED() and its like read it; -ECHILD not a child, or its
 *            status is somebody else's: already taken, or nobody's because SIGCHLD is ignored.
 * Refused:   -EINVAL also pid below 1.
 */
PENDIO_API int pendio_child(struct pendio_context *context, int pid);

/**
 * Wait for a signal, sent to the process or to the loop's thread, and take it. Of several who wait
 * for the same one, in whatever loop, each signal goes to one. An early end takes nothing. The
 * signal must be blocked in every thread that is not to be interrupted by it, the loop's included.
 *
 * Result:    value: the number. In a window of at least 128 bytes: a struct signalfd_siginfo, and
 *            bytes 128; a smaller one, or a vector, stays untouched.
 * Refused:   -EINVAL also a number that is none, or one that the calling thread has not blocked:
 *            SIGKILL and SIGSTOP always.
 */
PENDIO_API int pendio_signal(struct pendio_context *context, int number);

/**
 * Move a handle with nothing under way on it to another loop, with whatever it has unread, and with
 * what pendio_handle_set_receive() chose for it. From now on it is -EBADF here; the target's thread
 * makes the new handle when it turns, and owns it from then on. An early end that comes before that
 * leaves the handle as it was.
 *
 * Result:    value: the handle there. With an error the handle here is as it was: -EAGAIN the
 *            target's handle_count is reached, or it has too few buffers for what was received
 *            ahead; -ENOMEM it has no memory for these; -ESHUTDOWN the target is shutting down, or
 *            ended meanwhile.
 * Refused:   -EBUSY something is under way on the handle; -EINVAL also for the context's own loop.
 * Ownership: no other thread may destroy the target before this call returns; afterwards either
 *            loop may be destroyed at any time. What is under way is drained as all else; the new
 *            handle of a move that was not told of by the end of this loop is closed.
 */
PENDIO_API int pendio_move(struct pendio_context *context, pendio_handle handle,
                           struct pendio_loop *target);

/* ------------------------------------------------------------------------------------------------
 * Group: loops on threads of the library's own
 * --------------------------------------------------------------------------------------------- */

enum {                               /* how the connections of a group find their loops */
       PENDIO_SPREAD_REUSE_PORT = 0, /* each loop listens at the same port; the kernel chooses */
       PENDIO_SPREAD_MOVE = 1,       /* one loop listens and moves them to all loops in turn */
};

/** Called on each loop's thread before its first turn. Below zero: the group cannot begin. */
typedef int pendio_group_begin_fn(struct pendio_loop *loop, uint32_t index, void *state);

/** Called on each loop's thread after its last turn, if it has begun. */
typedef void pendio_group_end_fn(struct pendio_loop *loop, uint32_t index, void *state);

/** Called on a loop's thread with each record of its turns, which is there until it returns. */
typedef void pendio_group_completed_fn(struct pendio_loop *loop,
                                       const struct pendio_completion *completion, void *state);

/** Called on the thread of the loop that owns the connection, its descriptor blocking. */
typedef void pendio_group_accepted_fn(struct pendio_loop *loop, pendio_handle handle, void *state);

struct pendio_group_options {
    uint32_t size;
    uint32_t flags;         /* none yet: 0 */
    uint32_t loop_count;    /* default: as many as processors are online; at most 1024 */
    uint32_t spread;        /* PENDIO_SPREAD_... */
    uint32_t context_count; /* the group accepts with, for each listener of a loop; default 16 */
    uint32_t reserved;      /* 0 */
    const struct pendio_loop_options *loop; /* of each; NULL: defaults. context_count comes off its
                                               operation_count for each listener */
    pendio_group_begin_fn *begin;           /* these three may be NULL */
    pendio_group_end_fn *end;
    pendio_group_completed_fn *completed;
    void *state; /* handed to them */
};

/**
 * Create loops on threads of the library's, named pendio-0 and so on, in which all signals but
 * those of faults are blocked. Their turns are the library's: in what it calls on them everything
 * is allowed but turning and destroying (-EBUSY).
 *
 * Result:    0 and the group; every loop exists and has begun.
 * Refused:   as pendio_loop_create(), what `begin` answered, -EAGAIN no thread to be had; then
 *            everything made so far has ended again.
 * Ownership: the caller destroys it with pendio_group_destroy(). `options` may be NULL.
 * Thread:    any.
 */
PENDIO_API int pendio_group_create(const struct pendio_group_options *options,
                                   struct pendio_group **ret_group);

/**
 * A loop of the group, from other threads to be woken and posted to only.
 *
 * Result:    0 and the loop, which lives as long as the group.
 * Thread:    any.
 */
PENDIO_API int pendio_group_loop(struct pendio_group *group, uint32_t index,
                                 struct pendio_loop **ret_loop);

/**
 * Listen at a stream address, copied, until the group shuts down. What has no ports to be shared
 * (Unix sockets) is accepted from by all loops, or with PENDIO_SPREAD_MOVE by one. A loop without
 * room for a moved connection leaves it where it is.
 *
 * Result:    0; *ret_endpoint (may be NULL): the address, with its port if that was 0.
 * Refused:   -errno of the sockets' calls; -ENOSPC, -EAGAIN a loop has no contexts or handles left;
 *            -ESHUTDOWN; -ENOTSUP allowed_operations lacks accept or timer, or move for
 *            PENDIO_SPREAD_MOVE; -EBUSY on a thread of the group. Nothing listens then.
 * Thread:    any but the group's.
 */
PENDIO_API int pendio_group_listen(struct pendio_group *group, const void *address,
                                   uint32_t byte_count, uint32_t backlog,
                                   pendio_group_accepted_fn *accepted, void *state,
                                   struct pendio_endpoint *ret_endpoint);

/**
 * Stop listening and shut all loops down: each goes on turning until everything was delivered.
 *
 * Result:    0, also when called again.
 * Thread:    any of the process, also the group's; not a forked child.
 */
PENDIO_API int pendio_group_shutdown(struct pendio_group *group);

/**
 * End the group: shut down, let the loops turn for at most drain_ns (-1: no limit), destroy them on
 * their threads, and wait for these; so whatever is called on them has to return.
 *
 * Result:    0. *ret_leaked_count (may be NULL): as of pendio_loop_destroy(), of all loops.
 * Refused:   -EBUSY on a thread of the group.
 * Ownership: the group and its loops are gone; no other thread may still use them.
 * Thread:    any but the group's.
 */
PENDIO_API int pendio_group_destroy(struct pendio_group *group, int64_t drain_ns,
                                    uint64_t *ret_leaked_count);

#ifdef __cplusplus
}
#endif

#endif
