/*
 * frame.c - messages over a pipe: a 4-byte little-endian length, then the packed message.
 *
 * Happy path:  short reads and writes are continued until the frame is complete.
 * Failures:    an end in the middle is -EPIPE; a length over the limit is refused unread.
 */
#include "frame.h"

#include "inflow.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int read_fully(int descriptor, uint8_t *bytes, size_t byte_count)
{
    while (byte_count > 0) {
        ssize_t count = read(descriptor, bytes, byte_count);
        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0)
            return count < 0 ? -errno : -EPIPE;
        bytes += count;
        byte_count -= (size_t)count;
    }
    return 0;
}

static int write_fully(int descriptor, const uint8_t *bytes, size_t byte_count)
{
    while (byte_count > 0) {
        ssize_t count = write(descriptor, bytes, byte_count);
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return -errno;
        bytes += count;
        byte_count -= (size_t)count;
    }
    return 0;
}

int pnd_frame_read(int descriptor, size_t limit_bytes, uint8_t **ret_bytes, size_t *ret_byte_count)
{
    uint8_t head[PND_INFLOW_HEADER_BYTES];
    int status = read_fully(descriptor, head, sizeof head);
    if (status < 0)
        return status;
    size_t byte_count =
        (size_t)head[0] | (size_t)head[1] << 8 | (size_t)head[2] << 16 | (size_t)head[3] << 24;
    if (byte_count > limit_bytes)
        return -E2BIG;
    uint8_t *bytes = malloc(byte_count + 1);
    if (bytes == NULL)
        return -ENOMEM;
    status = read_fully(descriptor, bytes, byte_count);
    if (status < 0) {
        free(bytes);
        return status;
    }
    *ret_bytes = bytes;
    *ret_byte_count = byte_count;
    return 0;
}

int pnd_frame_pack(const ProtobufCMessage *message, uint8_t **ret_bytes, size_t *ret_byte_count)
{
    uint8_t *packed = NULL;
    size_t packed_bytes = 0;
    int status = pnd_message_pack(message, &packed, &packed_bytes);
    if (status < 0)
        return status;
    uint8_t *bytes = malloc(PND_INFLOW_HEADER_BYTES + packed_bytes);
    if (bytes != NULL) {
        pnd_inflow_format_header((uint32_t)packed_bytes, bytes);
        memcpy(bytes + PND_INFLOW_HEADER_BYTES, packed, packed_bytes);
        *ret_bytes = bytes;
        *ret_byte_count = PND_INFLOW_HEADER_BYTES + packed_bytes;
    }
    free(packed);
    return bytes != NULL ? 0 : -ENOMEM;
}

int pnd_frame_write(int descriptor, const ProtobufCMessage *message)
{
    uint8_t *bytes = NULL;
    size_t byte_count = 0;
    int status = pnd_frame_pack(message, &bytes, &byte_count);
    if (status < 0)
        return status;
    status = write_fully(descriptor, bytes, byte_count);
    free(bytes);
    return status;
}
