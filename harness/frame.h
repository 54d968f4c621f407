/* frame.h - messages over a pipe: a 4-byte little-endian length, then the packed message. */
#ifndef PND_FRAME_H
#define PND_FRAME_H

#include "messages.h"

#include <stddef.h>
#include <stdint.h>

/*
 * Reads one frame of at most `limit_bytes` into memory the caller frees with free().
 * Returns 0, -EPIPE (the other side ended before or within it), -E2BIG, -ENOMEM or read's -errno.
 */
int pnd_frame_read(int descriptor, size_t limit_bytes, uint8_t **ret_bytes, size_t *ret_byte_count);

/* Packs a message as one frame, to be freed with free(). Returns 0 or -ENOMEM. */
int pnd_frame_pack(const ProtobufCMessage *message, uint8_t **ret_bytes, size_t *ret_byte_count);

/* Writes a message as one frame. Returns 0, -ENOMEM or write's -errno. */
int pnd_frame_write(int descriptor, const ProtobufCMessage *message);

#endif
