/*
 * extra.h - what only some operations need of a context.
 *
 * It lies in arrays of their own, whose untouched pages cost nothing. Even reading there may cost
 * the memory: nobody looks whom his operation has not led there, or the context told that there is
 * something.
 */
#ifndef PND_EXTRA_H
#define PND_EXTRA_H

#include "deadline.h"

#include <pendio/pendio.h>

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <sys/uio.h>

struct pnd_context;
struct pnd_handle;
struct pnd_line;
struct pnd_move;
struct pnd_packets;
struct pnd_race;

struct pnd_window {
    unsigned char *memory;
    uint64_t byte_count;
};

/* A run works on that handle too, which is closed only when the run was delivered. */
struct pnd_guest {
    LIST_ENTRY(pnd_guest) link; /* among the handle's */
    struct pnd_guest *next;     /* among the run's */
    struct pnd_context *context;
    struct pnd_handle *handle;
    bool takes; /* from the handle: no close lets that finish */
};

struct pnd_splice {
    struct pnd_handle *from;
    struct pnd_handle *to;
    uint64_t from_offset; /* PENDIO_STREAMING: in order */
    uint64_t to_offset;
    uint8_t stage;
    bool unblocked;          /* `to`, until the run ends */
    uint32_t held_buffer;    /* its index + 1, while a piece of it is handed over; 0: none */
    struct pnd_window piece; /* that piece */
    struct pnd_guest guests[2];
};

/* Room for the entries with a datagram's destination: one of either protocol. */
enum { PND_CONTROL_MORE = 72 };

/* What came beside a message. */
struct pnd_told {
    struct pendio_endpoint destination;
    uint64_t control_bytes;
    uint32_t interface_index;
};

/* Of a send that is to copy nothing. */
struct pnd_zero_copy {
    uint64_t run;         /* whose this is: of a run before it is void */
    int32_t copied_count; /* notices of memory that was copied, less those of nothing sent */
    bool asked;           /* the request in the kernel is such a one */
    bool refused;         /* the rest is to be sent as ever */
};

/* Zeroed until it is written to for the first time. */
struct pnd_context_extra {
    struct pnd_line *second_line;    /* to wait in when first in its line; NULL: none */
    struct pnd_guest *guests;        /* of the run, beside its handle */
    const char *path;                /* open, and what works on paths; NULL: the handle itself */
    const char *other_path;          /* rename: to */
    struct pendio_endpoint endpoint; /* request */
    struct pendio_bytes *pieces;     /* request: a copy; laid out as struct iovec */
    uint32_t piece_room;             /* pieces there is memory for */
    bool owns_pieces;                /* the memory is not the pool's */
    struct pnd_window control;       /* request: ancillary data */
    struct pnd_window control_room;  /* for control memory of that size and PND_CONTROL_MORE */
    uint64_t control_rest[PND_CONTROL_MORE / sizeof(uint64_t)]; /* the room without any */
    struct pnd_told told;
    struct pendio_endpoint sender;
    struct msghdr message;
    struct iovec piece;
    uint32_t piece_index;    /* of a vector under way: the piece that is next */
    uint64_t passed_bytes;   /* and what those before it hold */
    char peeked;             /* of a receive that takes nothing */
    bool pausing;            /* the entry in the kernel lets time pass, the send follows */
    struct pnd_race *race;   /* of a connect by name; NULL: none yet */
    struct pnd_guest target; /* of an accept into a prepared handle */
    struct pnd_splice splice;
    struct pnd_zero_copy zero_copy;
    uint64_t interrupted;        /* the run whose request was cancelled for another's sake */
    struct pnd_packets *packets; /* of send_packets; kept, NULL: never needed */
    struct pnd_move *move;       /* under way */
};

/* When a run is to end at the latest. */
struct pnd_context_limit {
    struct pnd_deadline deadline;
    struct pnd_context *context;
};

#endif
