/*
 * inflow.c - frames out of a pipe, as they come.
 *
 * Happy path:  header -> room for the message -> message -> handed over.
 * Failures:    a length over the limit is refused before room is made for it; an end inside a frame
 *              is told from an end between two.
 */
#include "inflow.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

static int read_header(struct pnd_inflow *inflow, int descriptor, size_t byte_limit);
static int read_message(struct pnd_inflow *inflow, int descriptor);
static int read_more(struct pnd_inflow *inflow, int descriptor, uint8_t *to, size_t byte_count);

void pnd_inflow_format_header(uint32_t message_byte_count, uint8_t *ret_header)
{
    for (unsigned i = 0; i < PND_INFLOW_HEADER_BYTES; i++)
        ret_header[i] = (uint8_t)(message_byte_count >> (8 * i));
}

int pnd_inflow_read(struct pnd_inflow *inflow, int descriptor, size_t byte_limit,
                    const uint8_t **ret_bytes, size_t *ret_byte_count)
{
    if (inflow->seen_bytes == PND_INFLOW_HEADER_BYTES + inflow->message_bytes) {
        pnd_inflow_fini(inflow); /* the one handed over last */
        *inflow = (struct pnd_inflow){0};
    }

    int status = read_header(inflow, descriptor, byte_limit);
    if (status > 0)
        status = read_message(inflow, descriptor);
    if (status > 0) {
        *ret_bytes = inflow->message;
        *ret_byte_count = inflow->message_bytes;
    }
    return status;
}

/* 1 once the length is known and there is room for so much. */
static int read_header(struct pnd_inflow *inflow, int descriptor, size_t byte_limit)
{
    while (inflow->seen_bytes < PND_INFLOW_HEADER_BYTES) {
        int status = read_more(inflow, descriptor, inflow->header + inflow->seen_bytes,
                               PND_INFLOW_HEADER_BYTES - inflow->seen_bytes);
        if (status <= 0)
            return status == 0 && inflow->seen_bytes > 0 ? -EBADMSG : status;
    }
    if (inflow->message != NULL)
        return 1;

    size_t byte_count = 0;
    for (unsigned i = 0; i < PND_INFLOW_HEADER_BYTES; i++)
        byte_count |= (size_t)inflow->header[i] << (8 * i);
    if (byte_count > byte_limit)
        return -E2BIG;
    inflow->message = malloc(byte_count + 1); /* so that an empty message has memory, too */
    if (inflow->message == NULL)
        return -ENOMEM;
    inflow->message_bytes = byte_count;
    return 1;
}

static int read_message(struct pnd_inflow *inflow, int descriptor)
{
    size_t end = PND_INFLOW_HEADER_BYTES + inflow->message_bytes;
    while (inflow->seen_bytes < end) {
        int status = read_more(inflow, descriptor,
                               inflow->message + (inflow->seen_bytes - PND_INFLOW_HEADER_BYTES),
                               end - inflow->seen_bytes);
        if (status <= 0)
            return status == 0 ? -EBADMSG : status;
    }
    return 1;
}

/* 1 when something came, 0 at the end of the pipe. */
static int read_more(struct pnd_inflow *inflow, int descriptor, uint8_t *to, size_t byte_count)
{
    assert(byte_count > 0);
    ssize_t count = read(descriptor, to, byte_count);
    if (count < 0)
        return -errno;
    inflow->seen_bytes += (size_t)count;
    return count > 0 ? 1 : 0;
}

void pnd_inflow_fini(struct pnd_inflow *inflow)
{
    free(inflow->message);
    inflow->message = NULL;
}
