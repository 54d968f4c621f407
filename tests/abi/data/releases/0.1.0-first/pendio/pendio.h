/*
 * pendio.h - asynchronous I/O with reusable contexts over io_uring: the whole public interface.
 *
 * The application takes contexts from pools, describes an operation in one, and starts it on a
 * handle. Every start call has one of three answers, and never two:
 *
 *   PENDIO_DONE     finished before the call returned, also with an error of the operation; the
 *                   result is in the context and nothing will be delivered;
 *   PENDIO_PENDING  under way; exactly one delivery follows, from a later pendio_loop_turn();
 *   below zero      refused (-errno): misuse or no capacity. Nothing started, nothing changed.
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
 *   -ENOTSUP    (starts) the operation is unknown to the kernel or backend at hand
 *
 * Every function belongs to the thread that created its loop, unless its comment says otherwise.
 * Outputs are named ret_..., come last, and are untouched when a call fails.
 * Structures whose first member is `size` are filled in by setting it to sizeof; zero in any other
 * member means the default; a larger structure with a non-zero unknown tail is refused with -E2BIG.
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
struct pendio_context; /* one reusable operation; belongs to one pool and lives as long as it */

typedef uint64_t
    pendio_handle;           /* names a descriptor of one loop: loop + slot + generation; 0 never */
typedef uint64_t pendio_run; /* names one accepted start of one context; 0 never */

enum { /* answers of start calls; below zero: refused */
       PENDIO_DONE = 0,
       PENDIO_PENDING = 1,
};

enum {                   /* policy of a context: when may the answer be PENDIO_DONE? */
       PENDIO_AUTO = 0,  /* when it costs nothing */
       PENDIO_TRY = 1,   /* also after one system call that submits and looks once */
       PENDIO_QUEUE = 2, /* never */
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
};

enum {                           /* flags of a completion */
       PENDIO_END_OF_STREAM = 1, /* the peer, or the file, has no more */
       PENDIO_TRUNCATED = 2,     /* the message was longer than the window; the rest is gone */
       PENDIO_BY_CANCEL = 16,    /* ended by pendio_cancel() or pendio_loop_shutdown() */
       PENDIO_BY_DEADLINE = 32,  /* ended by the context's deadline */
       PENDIO_BY_CLOSE = 64,     /* ended by the close of its handle */
};

enum { /* how to close a handle */
       PENDIO_GRACEFUL =
           0, /* started sends finish, then FIN; unread data never turn it into a RST */
       PENDIO_ABORTIVE = 1, /* everything is cancelled, then RST */
};

#define PENDIO_STREAMING UINT64_MAX /* offset of read and write: where the file position stands */

/** The result of one run, or a posted message: 64 bytes, frozen. */
struct pendio_completion {
    struct pendio_context *context; /* NULL for a posted message */
    uint64_t user_data;             /* as the context (or the post) had it at the start */
    pendio_run run;                 /* 0 for a posted message */
    pendio_handle handle;           /* the handle worked on; 0 if none */
    uint64_t value;                 /* product: accepted or opened handle, posted value; else 0 */
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

/** Called on the loop's thread, from a turn; may do everything but turn and destroy the loop. */
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
    uint32_t done_budget;     /* done answers per handle and turn; default 16 */
    uint32_t post_count;     /* messages that may wait; default 256, rounded up to a power of two */
    uint64_t timer_slack_ns; /* how late a timer or deadline may be; default 50 us, at least 1 us */
};

/**
 * Create a loop for the calling thread. All its capacity is reserved now, so that no queue can
 * overflow later.
 *
 * Result:    0 and the loop.
 * Refused:   -EACCES switched off by PENDIO_DISABLE_URING; -ENOSYS no io_uring in this kernel;
 *            -EPERM io_uring denied (seccomp or sysctl); -ENOTSUP PENDIO_BACKEND names a backend
 *            that is not built in; -EINVAL also a malformed PENDIO_FEATURES; -E2BIG; -ENOMEM;
 *            -EMFILE. pendio_loop_explain() puts each into words.
 * Ownership: the caller destroys it with pendio_loop_destroy(). `options` may be NULL.
 * Thread:    any; it becomes the loop's.
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
 * first, then records into `completions`, each in order of finishing.
 *
 * Result:    the number of records written, also 0: woken, interrupted by a signal, out of time, or
 *            only callbacks ran. Records that do not fit stay for the next turn. Sleeps at most
 *            timeout_ns (-1: no limit, 0: not at all) and never while anything is deliverable.
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
 * Thread:    any of the process; not a forked child.
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
       PENDIO_FEATURE_SINGLE_ISSUER = 1 << 0,   /* the kernel trusts that one thread submits */
       PENDIO_FEATURE_DEFER_TASKRUN = 1 << 1,   /* completions only when the loop asks for them */
       PENDIO_FEATURE_COOP_TASKRUN = 1 << 2,    /* no interrupt for completions */
       PENDIO_FEATURE_REGISTERED_RING = 1 << 3, /* cheaper entry into the kernel */
       PENDIO_FEATURE_FIXED_BUFFERS = 1 << 4,   /* pools' arenas registered with the ring */
       /* Known by name, so that they can be masked; not used by this release. */
       PENDIO_FEATURE_MULTISHOT_ACCEPT = 1 << 5,
       PENDIO_FEATURE_MULTISHOT_RECEIVE = 1 << 6,
       PENDIO_FEATURE_BUFFER_RING = 1 << 7,
};

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
    uint64_t system_calls;         /* entries into the ring */
    uint64_t requests;             /* entries handed to the kernel, cancel requests included */
    uint64_t cancels;              /* of them cancel requests */
    uint64_t stale_completions;    /* of runs that are over; discarded */
    uint64_t completion_overflows; /* must stay 0: room is reserved for every completion */
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
    uint32_t reserved;      /* 0 */
    uint64_t
        slice_bytes; /* memory of each context; rounded up to a multiple of 64; default: none */
};

/**
 * Create contexts and one arena of equal slices, registered with the ring where that is permitted
 * (if not: the pool works all the same, and the statistics say why).
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
 * deadline, no endpoint, no callback, user data 0.
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
 */
PENDIO_API int pendio_pool_destroy(struct pendio_pool *pool);

/* ------------------------------------------------------------------------------------------------
 * Context: the request half. The runtime never changes it, but pendio_pool_get() makes it new.
 * Every setter: 0, or -EBUSY while the context is in use.
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
 * Work on a part of the memory set last.
 *
 * Result:    0.
 * Refused:   -EINVAL offset + byte_count reach beyond that memory; the window stays as it was.
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

/** PENDIO_AUTO, PENDIO_TRY or PENDIO_QUEUE. Result: 0. */
PENDIO_API int pendio_context_set_policy(struct pendio_context *context, uint32_t policy);

/** Longest time from start call to result, in ns of the monotonic clock; 0: none. Result: 0. */
PENDIO_API int pendio_context_set_deadline(struct pendio_context *context, uint64_t after_ns);

/** A value of the caller's, handed back in every completion. Result: 0. */
PENDIO_API int pendio_context_set_user_data(struct pendio_context *context, uint64_t user_data);

/** Deliver by calling `completed`; NULL: by record. Result: 0. */
PENDIO_API int pendio_context_set_callback(struct pendio_context *context,
                                           pendio_completed_fn *completed, void *state);

/* ------------------------------------------------------------------------------------------------
 * Context: the result half, and what is under way
 * --------------------------------------------------------------------------------------------- */

/** The result of the last finished run; all zero but `context` before the first. Result: 0. */
PENDIO_API int pendio_context_result(const struct pendio_context *context,
                                     struct pendio_completion *ret_completion);

/** Who sent what receive_from brought last; byte_count 0: unknown. Result: 0. */
PENDIO_API int pendio_context_sender(const struct pendio_context *context,
                                     struct pendio_endpoint *ret_endpoint);

/** The memory set last, window applied. Result: 0; NULL and 0 without memory. */
PENDIO_API int pendio_context_window(const struct pendio_context *context, void **ret_memory,
                                     size_t *ret_byte_count);

/** The run under way or finished and not yet delivered; 0 when the context is free. */
PENDIO_API pendio_run pendio_context_run(const struct pendio_context *context);

/**
 * Ask for the end of a run. It completes nothing itself and never hits a later run of the same
 * context: the run's one completion tells what happened, the real result or -ECANCELED with
 * PENDIO_BY_CANCEL. A close goes on all the same.
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
 * Refused:   -EBUSY operations are under way on it.
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
 * capacity. A graceful one waits for the sends under way as long as they take.
 *
 * Result:    0.
 */
PENDIO_API int pendio_handle_close(struct pendio_loop *loop, pendio_handle handle, uint32_t mode);

/* ------------------------------------------------------------------------------------------------
 * Starts. Each answers PENDIO_DONE, PENDIO_PENDING or a refusal, and takes its context and the
 * memory of the context from PENDIO_PENDING until delivery.
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
 * Accept a connection.
 *
 * Result:    value: the handle of the connection, its descriptor blocking and close-on-exec.
 * Refused:   -EAGAIN also when handle_count is reached; -ENOTSUP `into` is not 0.
 */
PENDIO_API int pendio_accept(struct pendio_context *context, pendio_handle listener,
                             pendio_handle into);

/**
 * Connect to the context's endpoint.
 *
 * Result:    error 0. Ended by cancel or deadline, the handle is good for nothing but closing:
 *            operations on it answer -ECONNABORTED.
 * Refused:   -EINVAL also without an endpoint.
 */
PENDIO_API int pendio_connect(struct pendio_context *context, pendio_handle handle);

/**
 * Receive what has arrived, into the context's window.
 *
 * Result:    stream: at least one byte, or bytes 0 with PENDIO_END_OF_STREAM once the peer is done;
 *            an empty window waits for readability and consumes nothing. Datagram and seqpacket:
 *            one message, PENDIO_TRUNCATED if it was longer than the window.
 */
PENDIO_API int pendio_receive(struct pendio_context *context, pendio_handle handle);

/**
 * Send the context's window.
 *
 * Result:    stream: bytes is the whole window, or with an error what had gone; datagram: one
 *            message.
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
 * Open a file, close-on-exec; flags and mode as of open(2).
 *
 * Result:    value: the handle of the file.
 * Refused:   -EAGAIN also when handle_count is reached.
 * Ownership: `path` must stay until delivery.
 */
PENDIO_API int pendio_open(struct pendio_context *context, const char *path, int flags,
                           uint32_t mode);

/**
 * Read into the context's window, at `offset` or PENDIO_STREAMING. Reads at an offset run in
 * parallel.
 *
 * Result:    at least one byte, or bytes 0 with PENDIO_END_OF_STREAM at the end.
 */
PENDIO_API int pendio_read(struct pendio_context *context, pendio_handle handle, uint64_t offset);

/**
 * Write the context's window, at `offset` or PENDIO_STREAMING. Writes at an offset run in parallel.
 * A pipe without a reader raises SIGPIPE, as with write(2), unless that is ignored.
 *
 * Result:    bytes is the whole window, or with an error what had gone.
 */
PENDIO_API int pendio_write(struct pendio_context *context, pendio_handle handle, uint64_t offset);

/**
 * Close a handle. It is -EBADF from now on; everything under way on it completes first, exactly
 * once: PENDIO_GRACEFUL lets started sends and writes finish (within the context's deadline, if it
 * has one) and cancels the rest, PENDIO_ABORTIVE cancels everything. Cannot be cancelled.
 *
 * Result:    error 0, or -errno of close(2); the descriptor is gone in any case.
 */
PENDIO_API int pendio_close(struct pendio_context *context, pendio_handle handle, uint32_t mode);

#ifdef __cplusplus
}
#endif

#endif
