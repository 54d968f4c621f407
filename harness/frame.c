/*
 * frame.c - frames out of a pipe, as they come.
 *
 * Happy path:  header -> room for the message -> message -> handed over.
 * Failures:    a length over the limit is refused before room is made for it; an end inside a frame
 *              is told from an end between two.
 */
#include "frame.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

static int read_header(struct pnd_frame_reader *reader, int descriptor, size_t byte_limit);
static int read_message(struct pnd_frame_reader *reader, int descriptor);
static int read_more(struct pnd_frame_reader *reader, int descriptor, uint8_t *to,
                     size_t byte_count);

void pnd_frame_write_header(uint32_t message_byte_count, uint8_t *ret_header)
{
    for (unsigned i = 0; i < PND_FRAME_HEADER_BYTES; i++)
        ret_header[i] = (uint8_t)(message_byte_count >> (8 * i));
}

int pnd_frame_read(struct pnd_frame_reader *reader, int descriptor, size_t byte_limit,
                   const uint8_t **ret_bytes, size_t *ret_byte_count)
{
    if (reader->seen_bytes == PND_FRAME_HEADER_BYTES + reader->message_bytes) {
        pnd_frame_reader_fini(reader); /* the one handed over last */
        *reader = (struct pnd_frame_reader){0};
    }

    int status = read_header(reader, descriptor, byte_limit);
    if (status > 0)
        status = read_message(reader, descriptor);
    if (status > 0) {
        *ret_bytes = reader->message;
        *ret_byte_count = reader->message_bytes;
    }
    return status;
}

/* 1 once the length is known and there is room for so much. */
static int read_header(struct pnd_frame_reader *reader, int descriptor, size_t byte_limit)
{
    while (reader->seen_bytes < PND_FRAME_HEADER_BYTES) {
        int status = read_more(reader, descriptor, reader->header + reader->seen_bytes,
                               PND_FRAME_HEADER_BYTES - reader->seen_bytes);
        if (status <= 0)
            return status == 0 && reader->seen_bytes > 0 ? -EBADMSG : status;
    }
    if (reader->message != NULL)
        return 1;

    size_t byte_count = 0;
    for (unsigned i = 0; i < PND_FRAME_HEADER_BYTES; i++)
        byte_count |= (size_t)reader->header[i] << (8 * i);
    if (byte_count > byte_limit)
        return -E2BIG;
    reader->message = malloc(byte_count + 1); /* so that an empty message has memory, too */
    if (reader->message == NULL)
        return -ENOMEM;
    reader->message_bytes = byte_count;
    return 1;
}

static int read_message(struct pnd_frame_reader *reader, int descriptor)
{
    size_t end = PND_FRAME_HEADER_BYTES + reader->message_bytes;
    while (reader->seen_bytes < end) {
        int status = read_more(reader, descriptor,
                               reader->message + (reader->seen_bytes - PND_FRAME_HEADER_BYTES),
                               end - reader->seen_bytes);
        if (status <= 0)
            return status == 0 ? -EBADMSG : status;
    }
    return 1;
}

/* 1 when something came, 0 at the end of the pipe. */
static int read_more(struct pnd_frame_reader *reader, int descriptor, uint8_t *to,
                     size_t byte_count)
{
    assert(byte_count > 0);
    ssize_t count = read(descriptor, to, byte_count);
    if (count < 0)
        return -errno;
    reader->seen_bytes += (size_t)count;
    return count > 0 ? 1 : 0;
}

void pnd_frame_reader_fini(struct pnd_frame_reader *reader)
{
    free(reader->message);
    reader->message = NULL;
}
