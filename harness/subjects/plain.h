/*
 * plain.h - a small subject of SUBJECT.md without any runtime: plain system calls that never block.
 *
 * What can be done at once is done where that is allowed; the rest waits in one list, in order of
 * its starts, and is tried again by each turn.
 */
#ifndef PLAIN_H
#define PLAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

enum { END_OF_STREAM = 1, TRUNCATED = 2, BY_CANCEL = 16, BY_DEADLINE = 32, BY_CLOSE = 64 };
enum { COPIED = 128 };
enum { AUTO_PUT = 1, PEEK = 2, ZERO_COPY = 4 };
enum { AUTO, TRY, QUEUE };

/* Which operations of a handle keep their order. */
enum { NO_LINE = -1, LINE_IN, LINE_OUT, LINE_COUNT };

struct handle {
    uint64_t number; /* 0: free */
    int descriptor;
    bool stream;
    bool closing;
    bool abortive;
    int error;      /* that has ended what it receives */
    bool close_now; /* nobody is told of its end */
    bool unusable;  /* a connect on it was ended */
    uint32_t under_way;
    uint32_t waiting[LINE_COUNT];
    uint64_t blocked[LINE_COUNT]; /* in this pass: whoever comes later has to wait */
    uint32_t done_count;          /* in turn `done_turn` */
    uint64_t done_turn;
};

struct context;

struct verb {
    const char *name;
    int line;
    int done;    /* the least policy under which it may be done; QUEUE: never */
    bool window; /* works in the context's window */
    bool closes;
    bool goes_out; /* a graceful close lets it finish */
    short events;  /* of poll(2) that it waits for */
    /* True when it is over, with `now` filled in. */
    bool (*attempt)(struct context *context);
};

struct result {
    const struct verb *verb;
    uint64_t handle, run, user, value, bytes, memory;
    int error;
    uint32_t flags;
};

/* The request half. */
struct request {
    uint64_t policy, deadline, user, memory, bytes, offset, length;
    uint32_t flags;
    bool callback;
    struct sockaddr_storage endpoint;
    socklen_t endpoint_bytes;
};

struct context {
    uint64_t number, pool, slice, slice_bytes;
    bool taken;
    struct request set;
    struct result was, now;
    uint64_t busy; /* the run under way, or finished and not told */
    bool cancelled, connecting;
    bool cancel_next; /* a fault: the next run is hit */
    uint64_t started_ns, after_ns, position, size, events;
    bool create, directory, data_only;
    struct handle *handle;
    char path[128], target[128];
    struct sockaddr_storage sender;
    socklen_t sender_bytes;
};

enum { POST_COUNT = 256 };

struct post {
    uint64_t user, value;
};

/* All there is. */
struct plain {
    uint8_t *memory;
    struct context *contexts; /* number n at n - 1 */
    struct handle *handles;   /* number n at n % handle_count */
    uint64_t context_count, context_room, handle_count, handle_serial, pool_count, run, turn, pass;
    uint64_t budget, post_count, post_first;
    struct context **waiting; /* in order of their starts */
    struct context **over;    /* in order of finishing, and not told */
    uint64_t *free;           /* contexts put back, of all pools, the last one on top */
    struct context **due;     /* told, and put by themselves when the next turn begins */
    uint64_t waiting_count, over_count, free_count, due_count;
    struct post posts[POST_COUNT];
    bool shut_down, calling;
    uint64_t started, done, refused, invalid, bad_handle, busy, no_capacity, shutdown_refused;
    uint64_t called, told, posted, open, in_use, most_in_use, gets, exhausted;
};

extern struct plain all;

/* True for the fault that it is to have: a subject without faults has none. */
bool pnd_plain_wrong(const char *fault);

/* Of plain_verbs.c. */
const struct verb *pnd_plain_verb(const char *name);
uint64_t pnd_plain_now_ns(void);
bool pnd_plain_finish(struct context *context, int error);

/* Of plain_nouns.c: handles, pools and contexts. */
uint8_t *pnd_plain_memory(const struct context *context);
uint64_t pnd_plain_open(int descriptor, bool stream); /* 0: there are too many */
struct handle *pnd_plain_find_handle(uint64_t number);
void pnd_plain_begin_close(struct handle *handle);
void pnd_plain_end_handle(struct handle *handle);
struct context *pnd_plain_find_context(void);
void pnd_plain_show(const struct context *context);
void pnd_plain_put(struct context *context);
bool pnd_plain_do_noun(const char *command); /* false: it is none of theirs */

/* Of plain_start.c. */
void pnd_plain_start(const struct verb *verb);
int pnd_plain_line(const struct context *context); /* that it stands in */

/* Of plain_turn.c. */
void pnd_plain_turn(void);

/* Of plain.c: one line; false: it is none of what may be asked for in a callback, too. */
bool pnd_plain_do(void);

/* Serves standard input until its end; returns what main() returns. */
int pnd_plain_serve(const char *name);

#endif
