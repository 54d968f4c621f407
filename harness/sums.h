/*
 * sums.h - over an orderly connection, as many bytes are received as were sent.
 *
 * Each handle that sends has a stream of its own, whose number its receiver learns from the first
 * bytes. When that one is told the end, all bytes of the stream must have come: as many as the
 * sends say. They are compared when the run is over, since a send may be told after the end it
 * caused. Where bytes are sent on by others, nothing is compared: those may leave some out.
 */
#ifndef PND_SUMS_H
#define PND_SUMS_H

#include "plan.h"
#include "referee.h"

#include <stdint.h>

/* What is known of one stream. */
struct pnd_sum {
    uint64_t sent_bytes;
    uint64_t received_bytes;
    uint32_t reader_count;
    bool ended; /* one of them was told its end */
};

struct pnd_sums {
    struct pnd_sum *streams; /* the first ones of the run */
    uint32_t first_stream;
    bool relayed; /* the workload can send on what nobody verifies */
};

/* Streams are counted from `first_stream` on. Returns 0 or -ENOMEM. */
int pnd_sums_init(struct pnd_sums *sums, const struct pnd_plan *plan, uint32_t first_stream);
void pnd_sums_fini(struct pnd_sums *sums);

void pnd_sums_sent(struct pnd_sums *sums, uint32_t stream, uint64_t byte_count);

/* Somebody receives it. */
void pnd_sums_learned(struct pnd_sums *sums, uint32_t stream);

/* Its receiver was told the end after so many bytes. */
void pnd_sums_ended(struct pnd_sums *sums, uint32_t stream, uint64_t byte_count);

/* Compares those that one alone received. */
void pnd_sums_settle(const struct pnd_sums *sums, struct pnd_referee *referee);

#endif
