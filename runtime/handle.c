/*
 * handle.c - the table of a loop's descriptors, named by slot and generation.
 *
 * Happy path:  reserve -> open -> (found by value, any number of times) -> give back.
 * Failures:    a full table refuses; a value that is not exactly the one given out finds nothing.
 */
#include "handle.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static const uint32_t generation_mask = (1u << PND_HANDLE_GENERATION_BITS) - 1;

int pnd_handle_table_init(struct pnd_handle_table *table, uint32_t slot_count, uint16_t loop_id)
{
    struct pnd_handle *slots = calloc(slot_count, sizeof *slots);
    uint32_t *free_slots = calloc(slot_count, sizeof *free_slots);

    assert(slot_count < 1u << PND_HANDLE_SLOT_BITS);
    if (slots == NULL || free_slots == NULL) {
        free(slots);
        free(free_slots);
        return -ENOMEM;
    }
    for (uint32_t i = 0; i < slot_count; i++)
        free_slots[i] = slot_count - 1 - i;
    *table = (struct pnd_handle_table){.slots = slots,
                                       .free_slots = free_slots,
                                       .free_count = slot_count,
                                       .slot_count = slot_count,
                                       .loop_id = loop_id};
    return 0;
}

void pnd_handle_table_fini(struct pnd_handle_table *table)
{
    for (uint32_t i = 0; i < table->slot_count; i++) {
        uint8_t state = table->slots[i].state;

        if (state == PND_HANDLE_OPEN || state == PND_HANDLE_CLOSING)
            close(table->slots[i].descriptor);
    }
    free(table->slots);
    free(table->free_slots);
}

static void line_init(struct pnd_line *line)
{
    *line = (struct pnd_line){.ending = PND_GOES_ON};
    TAILQ_INIT(&line->waiting);
}

struct pnd_handle *pnd_handle_reserve(struct pnd_handle_table *table)
{
    struct pnd_handle *handle;

    if (table->free_count == 0)
        return NULL;
    handle = &table->slots[table->free_slots[--table->free_count]];
    assert(handle->state == PND_HANDLE_FREE);
    *handle = (struct pnd_handle){.generation = (handle->generation + 1) & generation_mask,
                                  .state = PND_HANDLE_RESERVED,
                                  .descriptor = -1};
    if (handle->generation == 0)
        handle->generation = 1;
    handle->value =
        (uint64_t)table->loop_id << (PND_HANDLE_GENERATION_BITS + PND_HANDLE_SLOT_BITS) |
        (uint64_t)handle->generation << PND_HANDLE_SLOT_BITS | (uint64_t)(handle - table->slots);
    line_init(&handle->receives);
    line_init(&handle->sends);
    TAILQ_INIT(&handle->parallel);
    return handle;
}

void pnd_handle_give_back(struct pnd_handle_table *table, struct pnd_handle *handle)
{
    assert(handle->state != PND_HANDLE_FREE && pnd_handle_is_idle(handle));
    assert(handle->arming_list == NULL && pnd_inbox_is_empty(&handle->inbox));
    handle->state = PND_HANDLE_FREE;
    table->ahead_count -= handle->strategy.is_ahead;
    table->free_slots[table->free_count++] = (uint32_t)(handle - table->slots);
}

void pnd_handle_open(struct pnd_handle *handle, int descriptor, enum pnd_kind kind)
{
    assert(handle->state == PND_HANDLE_RESERVED && descriptor >= 0);
    handle->descriptor = descriptor;
    handle->kind = (uint8_t)kind;
    handle->state = PND_HANDLE_OPEN;
}

void pnd_handle_take_over(struct pnd_handle *handle, const struct pnd_handle *other)
{
    handle->packet_info = other->packet_info;
    handle->gives_packet_info = other->gives_packet_info;
    handle->spoiled = other->spoiled;
    handle->connected = other->connected;
    handle->disconnected = other->disconnected;
    handle->inbox_ending = other->inbox_ending;
    handle->inbox_failure = other->inbox_failure;
    pnd_line_end(&handle->receives, (enum pnd_ending)other->receives.ending,
                 other->receives.failure);
    pnd_line_end(&handle->sends, (enum pnd_ending)other->sends.ending, other->sends.failure);
}

void pnd_handle_begin_anew(struct pnd_handle *handle)
{
    handle->sends.ending = PND_GOES_ON;
    handle->receives.ending = PND_GOES_ON;
    handle->inbox_ending = PND_GOES_ON;
    handle->spoiled = false;
    handle->connected = false;
    handle->disconnected = false;
}

static enum pnd_kind kind_of_socket(int descriptor)
{
    int type = SOCK_STREAM;
    socklen_t byte_count = sizeof type;

    (void)getsockopt(descriptor, SOL_SOCKET, SO_TYPE, &type, &byte_count);
    switch (type) {
    case SOCK_STREAM:
        return PND_KIND_STREAM;
    case SOCK_SEQPACKET:
        return PND_KIND_SEQPACKET;
    default:
        return PND_KIND_DATAGRAM;
    }
}

int pnd_handle_kind_of(int descriptor, enum pnd_kind *ret_kind)
{
    struct stat status;

    if (fstat(descriptor, &status) < 0)
        return -EBADF;
    if (S_ISSOCK(status.st_mode))
        *ret_kind = kind_of_socket(descriptor);
    else if (S_ISREG(status.st_mode) || S_ISBLK(status.st_mode) || S_ISDIR(status.st_mode))
        *ret_kind = PND_KIND_FILE;
    else
        *ret_kind = PND_KIND_FLOW;
    return 0;
}

bool pnd_handle_unblock(const struct pnd_handle *handle)
{
    int flags = fcntl(handle->descriptor, F_GETFL);

    return flags >= 0 && (flags & O_NONBLOCK) == 0 &&
           fcntl(handle->descriptor, F_SETFL, flags | O_NONBLOCK) == 0;
}

void pnd_handle_block(const struct pnd_handle *handle)
{
    int flags = fcntl(handle->descriptor, F_GETFL);

    if (flags >= 0)
        (void)fcntl(handle->descriptor, F_SETFL, flags & ~O_NONBLOCK);
}
