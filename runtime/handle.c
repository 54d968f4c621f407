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

enum { CACHE_LINE_BYTES = 64 };

_Static_assert(sizeof(struct pnd_handle) % CACHE_LINE_BYTES == 0, "slots lie side by side");

/* Where lines of a processor's cache begin; the memory has a slot to spare for that. */
static struct pnd_handle *first_slot(void *memory)
{
    uintptr_t lines = ((uintptr_t)memory + CACHE_LINE_BYTES - 1) / CACHE_LINE_BYTES;

    return (struct pnd_handle *)(lines * CACHE_LINE_BYTES);
}

int pnd_handle_table_init(struct pnd_handle_table *table, uint32_t slot_count, uint16_t loop_id)
{
    void *memory = calloc((size_t)slot_count + 1, sizeof(struct pnd_handle));
    uint32_t *free_slots = calloc(slot_count, sizeof *free_slots);

    assert(slot_count < 1u << PND_HANDLE_SLOT_BITS);
    if (memory == NULL || free_slots == NULL) {
        free(memory);
        free(free_slots);
        return -ENOMEM;
    }
    for (uint32_t i = 0; i < slot_count; i++)
        free_slots[i] = slot_count - 1 - i;
    *table = (struct pnd_handle_table){.memory = memory,
                                       .slots = first_slot(memory),
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
    free(table->memory);
    free(table->free_slots);
}

static void line_init(struct pnd_line *line)
{
    *line = (struct pnd_line){.ending = PND_GOES_ON};
    TAILQ_INIT(&line->waiting);
}

/* Of the generation after the one that the slot had last. */
static pendio_handle next_value(const struct pnd_handle_table *table,
                                const struct pnd_handle *handle)
{
    uint64_t generation = (pnd_handle_tag(handle) >> PND_HANDLE_SLOT_BITS) + 1;

    if (generation == UINT64_C(1) << PND_HANDLE_GENERATION_BITS)
        generation = 1;
    return (uint64_t)table->loop_id << (PND_HANDLE_GENERATION_BITS + PND_HANDLE_SLOT_BITS) |
           generation << PND_HANDLE_SLOT_BITS | (uint64_t)(handle - table->slots);
}

struct pnd_handle *pnd_handle_reserve(struct pnd_handle_table *table)
{
    struct pnd_handle *handle;

    if (table->free_count == 0)
        return NULL;
    handle = &table->slots[table->free_slots[--table->free_count]];
    assert(handle->state == PND_HANDLE_FREE);
    *handle = (struct pnd_handle){
        .value = next_value(table, handle), .state = PND_HANDLE_RESERVED, .descriptor = -1};
    line_init(&handle->receives);
    line_init(&handle->sends);
    TAILQ_INIT(&handle->parallel);
    return handle;
}

void pnd_handle_give_back(struct pnd_handle_table *table, struct pnd_handle *handle)
{
    assert(handle->state != PND_HANDLE_FREE && pnd_handle_is_idle(handle));
    assert(handle->arming_list == PND_NOT_LISTED && pnd_inbox_is_empty(&handle->inbox));
    handle->state = PND_HANDLE_FREE;
    table->ahead_count -= handle->strategy.is_ahead;
    table->bell_count -= handle->strategy.has_bell;
    if (table->lone == handle)
        table->lone = NULL;
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
