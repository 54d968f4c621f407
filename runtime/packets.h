/*
 * packets.h - what a send_packets sends: parts of memory and of files, one after another.
 *
 * The parts are copied when the operation starts; their memory grows with need and is kept by the
 * context, so that a warm one allocates nothing.
 */
#ifndef PND_PACKETS_H
#define PND_PACKETS_H

#include "context.h"
#include "pipes.h"

#include <sys/stat.h>

struct pnd_part {
    const unsigned char *memory; /* NULL: a file */
    const char *path;            /* to be opened; NULL: memory, or the file of a handle */
    struct pnd_handle *file;     /* NULL: memory, or a path */
    int descriptor;              /* of a file; -1: not opened */
    uint64_t offset;             /* in a file */
    uint64_t byte_count;         /* of a file until it was looked at, 0: to the end */
    struct pnd_guest guest;      /* of `file` */
};

struct pnd_packets {
    struct pnd_part *parts;
    uint32_t capacity;
    uint32_t count;
    uint32_t index;      /* of the part under way */
    uint32_t last_index; /* of the last part with bytes, once all were looked at */
    uint8_t stage;
    bool unblocked;       /* the socket, until the run ends */
    int32_t error;        /* known before anything was asked */
    uint64_t gone_bytes;  /* of the part under way */
    uint32_t piped_bytes; /* of it, in the pipe */
    struct pnd_pipe pipe;
    struct statx status; /* of the file looked at */
};

/*
 * Copies what is to be sent; what says nothing is left out. 0, -EINVAL, -EBADF or -ENOMEM. Makes
 * nobody a guest yet.
 */
int pnd_packets_set(struct pnd_context *context, const struct pendio_packet *packets,
                    uint32_t packet_count);

/* The file of the part under way was looked at: is that what there is of it? 0 or -errno. */
int32_t pnd_packets_measure(struct pnd_packets *packets);

/* On to the next file nobody has looked at yet; false: there is none, `index` is 0 again. */
bool pnd_packets_next_file(struct pnd_packets *packets);

/* On to what is to be sent next, closing files that have gone; false: all has gone. */
bool pnd_packets_next_bytes(struct pnd_packets *packets);

/* How much of the part under way is neither gone nor in the pipe. */
uint64_t pnd_packets_left_bytes(const struct pnd_packets *packets);

/* Closes what was opened. */
void pnd_packets_close(struct pnd_packets *packets);

/* Frees what the context has kept. */
void pnd_packets_fini(struct pnd_packets *packets);

#endif
