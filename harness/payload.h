/*
 * payload.h - bytes that say themselves where they belong, so that any of them can be verified.
 *
 * A stream is a row of 64-byte cells. Each cell holds a tag of the seed and the stream's number
 * (8 bytes), its own number within the stream (8 bytes), and 48 bytes that follow from all three.
 */
#ifndef PND_PAYLOAD_H
#define PND_PAYLOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    PND_PAYLOAD_CELL_BYTES = 64,
    PND_PAYLOAD_HEAD_BYTES = 16,
};

struct pnd_payload {
    uint64_t seed;
    uint32_t tag;
};

/* The first byte that is not what it should be. */
struct pnd_payload_fault {
    uint32_t stream;
    uint64_t offset; /* within the stream */
    uint8_t expected;
    uint8_t seen;
};

/* Follows one stream from its first byte, in pieces of any size; learns its number from it. */
struct pnd_payload_reader {
    uint64_t offset;
    uint32_t stream; /* valid once offset has passed the head */
    uint8_t head[PND_PAYLOAD_HEAD_BYTES];
};

void pnd_payload_init(struct pnd_payload *payload, uint64_t seed);

/* Makes `byte_count` bytes of the stream from `offset` on. */
void pnd_payload_fill(const struct pnd_payload *payload, uint32_t stream, uint64_t offset,
                      void *memory, size_t byte_count);

/* True when all bytes are those of the stream from `offset` on; else the first fault. */
bool pnd_payload_verify(const struct pnd_payload *payload, uint32_t stream, uint64_t offset,
                        const void *memory, size_t byte_count, struct pnd_payload_fault *ret_fault);

/* The next bytes of a stream. True when they are right. */
bool pnd_payload_follow(const struct pnd_payload *payload, struct pnd_payload_reader *reader,
                        const void *memory, size_t byte_count, struct pnd_payload_fault *ret_fault);

/* One message that starts with a cell, whatever its stream and place. True when it is right. */
bool pnd_payload_verify_message(const struct pnd_payload *payload, const void *memory,
                                size_t byte_count, struct pnd_payload_fault *ret_fault);

#endif
