/*
 * inflow.h - messages on a pipe between a run's process and its daemon: four bytes of length, least
 * significant first, then the message.
 */
#ifndef PND_INFLOW_H
#define PND_INFLOW_H

#include <stddef.h>
#include <stdint.h>

enum { PND_INFLOW_HEADER_BYTES = 4 };

/* Zeroed at first. Keeps what came of a frame until the rest does. */
struct pnd_inflow {
    uint8_t header[PND_INFLOW_HEADER_BYTES];
    size_t seen_bytes; /* of header and message together */
    uint8_t *message;
    size_t message_bytes; /* valid once the header is complete */
};

void pnd_inflow_format_header(uint32_t message_byte_count, uint8_t *ret_header);

/*
 * The next whole frame of a non-blocking descriptor; its bytes are valid until the next call.
 * Returns 1, 0 at the end between two frames, -EAGAIN when there is no more for now, -EBADMSG at
 * the end inside a frame, -E2BIG for a frame over `byte_limit`, or another -errno. After a failure
 * other than -EAGAIN it is only good for its end.
 */
int pnd_inflow_read(struct pnd_inflow *inflow, int descriptor, size_t byte_limit,
                    const uint8_t **ret_bytes, size_t *ret_byte_count);

void pnd_inflow_fini(struct pnd_inflow *inflow);

#endif
