/*
 * payload.c - bytes that say themselves where they belong, so that any of them can be verified.
 *
 * Happy path:  a cell is made from seed, stream and number with a few multiplications; memory is
 *              filled with cells, or compared with them cell by cell.
 * Failures:    the first wrong byte is reported with its place, what it should be and what it is.
 */
#include "payload.h"

#include <string.h>

struct cell {
    uint64_t words[PND_PAYLOAD_CELL_BYTES / 8];
};

static uint64_t mix(uint64_t value)
{
    value = (value ^ (value >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    value = (value ^ (value >> 27)) * UINT64_C(0x94d049bb133111eb);
    return value ^ (value >> 31);
}

static struct cell cell_make(const struct pnd_payload *payload, uint32_t stream, uint64_t number)
{
    struct cell cell;
    uint64_t key = mix(payload->seed ^ ((uint64_t)stream << 40) ^ number);
    cell.words[0] = ((uint64_t)stream << 32) | payload->tag;
    cell.words[1] = number;
    for (unsigned int i = 2; i < 8; i++) {
        key += UINT64_C(0x9e3779b97f4a7c15); /* no multiplication: this must not be felt */
        cell.words[i] = key ^ (key >> 32);
    }
    return cell;
}

void pnd_payload_init(struct pnd_payload *payload, uint64_t seed)
{
    payload->seed = mix(seed + UINT64_C(0x9e3779b97f4a7c15));
    payload->tag = (uint32_t)(mix(payload->seed) >> 32);
}

/* The part of one cell that begins at `offset`: at most `byte_count` bytes of it. */
static size_t cell_part(uint64_t offset, size_t byte_count)
{
    size_t room = PND_PAYLOAD_CELL_BYTES - (size_t)(offset % PND_PAYLOAD_CELL_BYTES);
    return byte_count < room ? byte_count : room;
}

static void fill_part(const struct pnd_payload *payload, uint32_t stream, uint64_t offset,
                      uint8_t *to, size_t part)
{
    struct cell cell = cell_make(payload, stream, offset / PND_PAYLOAD_CELL_BYTES);
    if (part == PND_PAYLOAD_CELL_BYTES)
        memcpy(to, &cell, PND_PAYLOAD_CELL_BYTES); /* the usual case, inline */
    else
        memcpy(to, (const uint8_t *)&cell + offset % PND_PAYLOAD_CELL_BYTES, part);
}

void pnd_payload_fill(const struct pnd_payload *payload, uint32_t stream, uint64_t offset,
                      void *memory, size_t byte_count)
{
    uint8_t *to = memory;
    while (byte_count > 0) {
        size_t part = cell_part(offset, byte_count);
        fill_part(payload, stream, offset, to, part);
        to += part;
        offset += part;
        byte_count -= part;
    }
}

/* Memory that a subject shares may change meanwhile: then the last byte is as good as any. */
static void fault_find(uint32_t stream, uint64_t offset, const uint8_t *expected,
                       const uint8_t *seen, size_t part, struct pnd_payload_fault *ret_fault)
{
    for (; part > 1 && *expected == *seen; part--) {
        expected++;
        seen++;
        offset++;
    }
    *ret_fault = (struct pnd_payload_fault){stream, offset, *expected, *seen};
}

static bool verify_part(const struct pnd_payload *payload, uint32_t stream, uint64_t offset,
                        const uint8_t *from, size_t part, struct pnd_payload_fault *ret_fault)
{
    struct cell cell = cell_make(payload, stream, offset / PND_PAYLOAD_CELL_BYTES);
    const uint8_t *expected = (const uint8_t *)&cell + offset % PND_PAYLOAD_CELL_BYTES;
    bool right = part == PND_PAYLOAD_CELL_BYTES
                     ? memcmp(from, &cell, PND_PAYLOAD_CELL_BYTES) == 0 /* inline */
                     : memcmp(from, expected, part) == 0;
    if (!right)
        fault_find(stream, offset, expected, from, part, ret_fault);
    return right;
}

bool pnd_payload_verify(const struct pnd_payload *payload, uint32_t stream, uint64_t offset,
                        const void *memory, size_t byte_count, struct pnd_payload_fault *ret_fault)
{
    const uint8_t *from = memory;
    while (byte_count > 0) {
        size_t part = cell_part(offset, byte_count);
        if (!verify_part(payload, stream, offset, from, part, ret_fault))
            return false;
        from += part;
        offset += part;
        byte_count -= part;
    }
    return true;
}

static uint32_t head_stream(const uint8_t *head)
{
    uint32_t stream;
    memcpy(&stream, head + 4, sizeof stream);
    return stream;
}

/* Collects the head of a stream, which says whose it is; returns how many bytes it took. */
static size_t head_collect(struct pnd_payload_reader *reader, const uint8_t *from,
                           size_t byte_count)
{
    if (reader->offset >= PND_PAYLOAD_HEAD_BYTES)
        return 0;
    size_t room = PND_PAYLOAD_HEAD_BYTES - (size_t)reader->offset;
    size_t part = byte_count < room ? byte_count : room;
    memcpy(reader->head + reader->offset, from, part);
    reader->offset += part;
    if (reader->offset == PND_PAYLOAD_HEAD_BYTES)
        reader->stream = head_stream(reader->head);
    return part;
}

bool pnd_payload_follow(const struct pnd_payload *payload, struct pnd_payload_reader *reader,
                        const void *memory, size_t byte_count, struct pnd_payload_fault *ret_fault)
{
    size_t head_bytes = head_collect(reader, memory, byte_count);
    if (head_bytes > 0 && reader->offset == PND_PAYLOAD_HEAD_BYTES &&
        !pnd_payload_verify(payload, reader->stream, 0, reader->head, PND_PAYLOAD_HEAD_BYTES,
                            ret_fault))
        return false;
    byte_count -= head_bytes;
    uint64_t offset = reader->offset;
    reader->offset += byte_count;
    return pnd_payload_verify(payload, reader->stream, offset, (const uint8_t *)memory + head_bytes,
                              byte_count, ret_fault);
}

bool pnd_payload_verify_message(const struct pnd_payload *payload, const void *memory,
                                size_t byte_count, struct pnd_payload_fault *ret_fault)
{
    uint64_t head[2] = {payload->tag, 0};
    memcpy(head, memory, byte_count < sizeof head ? byte_count : sizeof head);
    uint32_t stream = (uint32_t)(head[0] >> 32);
    return pnd_payload_verify(payload, stream, head[1] * PND_PAYLOAD_CELL_BYTES, memory, byte_count,
                              ret_fault);
}
