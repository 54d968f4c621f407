/*
 * packets.c - what a send_packets sends: parts of memory and of files, one after another.
 *
 * Happy path:  set -> each file is looked at and measured -> each part goes -> close.
 * Failures:    what names two sources, or bytes of none, is -EINVAL; so is a range that a file does
 *              not have.
 */
#include "packets.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

/* ---- copying -------------------------------------------------------------------------------- */

static int check(const struct pnd_context *context, const struct pendio_packet *packet)
{
    int source_count = (packet->memory != NULL) + (packet->path != NULL) + (packet->file != 0);

    if (source_count > 1 || (source_count == 0 && packet->byte_count != 0))
        return -EINVAL;
    if (packet->file != 0 && pnd_handle_find(&context->loop->handles, packet->file) == NULL)
        return -EBADF;
    return 0;
}

static int check_all(const struct pnd_context *context, const struct pendio_packet *packets,
                     uint32_t packet_count)
{
    int status = 0;

    for (uint32_t i = 0; i < packet_count && status == 0; i++)
        status = check(context, &packets[i]);
    return status;
}

static int grow(struct pnd_context_extra *extra, uint32_t part_count)
{
    struct pnd_part *parts;

    if (extra->packets == NULL)
        extra->packets = calloc(1, sizeof *extra->packets);
    if (extra->packets == NULL)
        return -ENOMEM;
    if (part_count <= extra->packets->capacity)
        return 0;
    parts = calloc(part_count, sizeof *parts);
    if (parts == NULL)
        return -ENOMEM;
    free(extra->packets->parts);
    extra->packets->parts = parts;
    extra->packets->capacity = part_count;
    return 0;
}

static bool says_nothing(const struct pendio_packet *packet)
{
    return packet->path == NULL && packet->file == 0 && packet->byte_count == 0;
}

static struct pnd_part part_of(const struct pnd_context *context,
                               const struct pendio_packet *packet)
{
    struct pnd_part part = {.path = packet->path,
                            .descriptor = -1,
                            .offset = packet->offset,
                            .byte_count = packet->byte_count};

    if (packet->memory != NULL) {
        part.memory = (const unsigned char *)packet->memory + packet->offset;
    } else if (packet->file != 0) {
        part.file = pnd_handle_find(&context->loop->handles, packet->file);
        part.descriptor = part.file->descriptor;
    }
    return part;
}

int pnd_packets_set(struct pnd_context *context, const struct pendio_packet *packets,
                    uint32_t packet_count)
{
    struct pnd_packets *copy;
    int status = check_all(context, packets, packet_count);

    if (status == 0)
        status = grow(pnd_context_use_extra(context), packet_count);
    if (status < 0)
        return status;
    copy = pnd_context_extra(context)->packets;
    *copy = (struct pnd_packets){
        .parts = copy->parts, .capacity = copy->capacity, .pipe = {.read_end = -1}};
    for (uint32_t i = 0; i < packet_count; i++)
        if (!says_nothing(&packets[i]))
            copy->parts[copy->count++] = part_of(context, &packets[i]);
    return 0;
}

/* ---- looking at files ----------------------------------------------------------------------- */

bool pnd_packets_next_file(struct pnd_packets *packets)
{
    while (packets->index < packets->count && packets->parts[packets->index].memory != NULL)
        packets->index++;
    if (packets->index < packets->count)
        return true;
    packets->index = 0;
    for (uint32_t i = 0; i < packets->count; i++)
        if (packets->parts[i].byte_count != 0)
            packets->last_index = i;
    return false;
}

static bool may_read(int descriptor)
{
    return (fcntl(descriptor, F_GETFL) & O_ACCMODE) != O_WRONLY;
}

int32_t pnd_packets_measure(struct pnd_packets *packets)
{
    struct pnd_part *part = &packets->parts[packets->index];
    uint64_t size_bytes = packets->status.stx_size;

    if (S_ISDIR(packets->status.stx_mode))
        return -EISDIR;
    if (!may_read(part->descriptor))
        return -EBADF;
    if (!S_ISREG(packets->status.stx_mode) || part->offset > size_bytes ||
        part->byte_count > size_bytes - part->offset)
        return -EINVAL;
    if (part->byte_count == 0)
        part->byte_count = size_bytes - part->offset;
    return 0;
}

/* ---- going ---------------------------------------------------------------------------------- */

static void close_part(struct pnd_part *part)
{
    if (part->path != NULL && part->descriptor >= 0)
        close(part->descriptor);
    part->descriptor = -1;
}

bool pnd_packets_next_bytes(struct pnd_packets *packets)
{
    while (packets->index < packets->count) {
        struct pnd_part *part = &packets->parts[packets->index];

        if (packets->gone_bytes != part->byte_count)
            return true;
        close_part(part);
        packets->gone_bytes = 0;
        packets->index++;
    }
    return false;
}

uint64_t pnd_packets_left_bytes(const struct pnd_packets *packets)
{
    return packets->parts[packets->index].byte_count - packets->gone_bytes - packets->piped_bytes;
}

void pnd_packets_close(struct pnd_packets *packets)
{
    for (uint32_t i = 0; i < packets->count; i++)
        close_part(&packets->parts[i]);
    packets->count = 0;
}

void pnd_packets_fini(struct pnd_packets *packets)
{
    if (packets != NULL)
        free(packets->parts);
    free(packets);
}
