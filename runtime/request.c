/*
 * request.c - the half of a context that belongs to the application: what its setters set.
 *
 * Happy path:  renew -> set -> (started any number of times) -> read back.
 * Failures:    a setter that fails has changed nothing.
 *
 * A vector is copied. The copy grows when a longer one is set and stays for the context's life, so
 * that after the first time nothing is allocated.
 */
#include "request.h"

#include "lend.h"
#include "pool.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>

_Static_assert(sizeof(struct pendio_bytes) == sizeof(struct iovec) &&
                   offsetof(struct pendio_bytes, memory) == offsetof(struct iovec, iov_base) &&
                   offsetof(struct pendio_bytes, byte_count) == offsetof(struct iovec, iov_len),
               "a vector is handed to the kernel as it is");

void pnd_request_renew(struct pnd_context *context)
{
    context->policy = PENDIO_AUTO;
    context->request_flags = 0;
    context->deadline_ns = 0;
    context->user_data = 0;
    context->completed = NULL;
    context->completed_state = NULL;
    if (context->uses_extra) {
        pnd_context_extra(context)->endpoint.byte_count = 0;
        pnd_context_extra(context)->control = (struct pnd_window){.memory = NULL};
    }
    pnd_request_set_slice(context);
}

void pnd_request_set_memory(struct pnd_context *context, void *memory, uint64_t byte_count)
{
    if (context->lent_buffer != 0)
        pnd_lend_return(context);
    context->lending = false;
    context->memory = (struct pnd_window){.memory = memory, .byte_count = byte_count};
    context->window = (struct pnd_window){.memory = memory, .byte_count = byte_count};
    context->piece_count = 0;
}

void pnd_request_set_lending(struct pnd_context *context)
{
    pnd_request_set_memory(context, NULL, 0);
    context->lending = true;
}

void pnd_request_set_slice(struct pnd_context *context)
{
    const struct pnd_pool *pool = context->pool;
    unsigned char *base = pool->arena.base;

    if (base != NULL)
        base += pnd_context_index(context) * pool->slice_bytes;
    pnd_request_set_memory(context, base, pool->slice_bytes);
}

int pnd_request_set_window(struct pnd_context *context, uint64_t offset, uint64_t byte_count)
{
    const struct pnd_window *memory = &context->memory;

    if (context->piece_count != 0 || offset > memory->byte_count ||
        byte_count > memory->byte_count - offset)
        return -EINVAL;
    context->window.memory = memory->memory == NULL ? NULL : memory->memory + offset;
    context->window.byte_count = byte_count;
    return 0;
}

/* What the pieces are together: where the first byte is, and how many there are. */
static int measure(const struct pendio_bytes *pieces, uint32_t piece_count,
                   struct pnd_window *ret_whole)
{
    struct pnd_window whole = {.memory = NULL};

    for (uint32_t i = 0; i < piece_count; i++) {
        if (pieces[i].memory == NULL && pieces[i].byte_count != 0)
            return -EINVAL;
        if (whole.byte_count == 0 && pieces[i].byte_count != 0)
            whole.memory = pieces[i].memory;
        if (pieces[i].byte_count > INT64_MAX - whole.byte_count)
            return -EINVAL;
        whole.byte_count += pieces[i].byte_count;
    }
    *ret_whole = whole;
    return 0;
}

static void release_pieces(struct pnd_context_extra *extra)
{
    if (extra->owns_pieces)
        free(extra->pieces);
    extra->pieces = NULL;
    extra->piece_room = 0;
    extra->owns_pieces = false;
}

/* Room for that many, whatever it holds kept until the new ones are there. */
static struct pendio_bytes *make_room(const struct pnd_context *context, uint32_t piece_count)
{
    const struct pnd_context_extra *extra = pnd_context_extra(context);
    const struct pnd_pool *pool = context->pool;

    if (piece_count <= extra->piece_room)
        return extra->pieces;
    if (piece_count <= pool->piece_count)
        return &pool->pieces[pnd_context_index(context) * pool->piece_count];
    return calloc(piece_count, sizeof *extra->pieces);
}

/* It is the room for that many from now on. */
static void keep_room(struct pnd_context *context, struct pendio_bytes *room, uint32_t piece_count)
{
    struct pnd_context_extra *extra = pnd_context_use_extra(context);
    uint32_t pool_count = context->pool->piece_count;

    release_pieces(extra);
    extra->pieces = room;
    extra->owns_pieces = piece_count > pool_count;
    extra->piece_room = extra->owns_pieces ? piece_count : pool_count;
}

int pnd_request_set_pieces(struct pnd_context *context, const struct pendio_bytes *pieces,
                           uint32_t piece_count)
{
    struct pendio_bytes *room;
    struct pnd_window whole;
    int status = measure(pieces, piece_count, &whole);

    if (status < 0)
        return status;
    room = make_room(context, piece_count);
    if (room == NULL && piece_count != 0)
        return -ENOMEM;
    if (piece_count != 0)
        memmove(room, pieces, piece_count * sizeof *pieces); /* also from the copy itself */
    if (room != pnd_context_extra(context)->pieces)
        keep_room(context, room, piece_count);
    pnd_lend_return(context);
    context->lending = false;
    context->memory = whole;
    context->window = whole;
    context->piece_count = piece_count;
    return 0;
}

int pnd_request_set_control(struct pnd_context *context, void *memory, uint64_t byte_count)
{
    struct pnd_context_extra *extra = pnd_context_use_extra(context);

    if (byte_count != 0 && byte_count > extra->control_room.byte_count) {
        unsigned char *room = NULL;

        if (byte_count <= SIZE_MAX - PND_CONTROL_MORE)
            room = malloc(byte_count + PND_CONTROL_MORE);
        if (room == NULL)
            return -ENOMEM;
        free(extra->control_room.memory);
        extra->control_room = (struct pnd_window){.memory = room, .byte_count = byte_count};
    }
    extra->control = (struct pnd_window){.memory = memory, .byte_count = byte_count};
    return 0;
}

void pnd_request_set_flags(struct pnd_context *context, uint32_t flags)
{
    context->request_flags = flags;
    pnd_context_rest(context);
}

void pnd_request_set_deadline(struct pnd_context *context, uint64_t after_ns)
{
    context->deadline_ns = after_ns;
    pnd_context_rest(context);
}

void pnd_request_set_callback(struct pnd_context *context, pendio_completed_fn *completed,
                              void *state)
{
    context->completed = completed;
    context->completed_state = state;
    if (completed != NULL)
        context->loop->calls_back = true;
}

void pnd_request_read(const struct pnd_context *context, struct pendio_request *ret_request)
{
    const struct pnd_context_extra *extra = pnd_context_extra(context);
    bool has_memory = context->memory.memory != NULL;

    *ret_request = (struct pendio_request){
        .flags = context->request_flags,
        .policy = context->policy,
        .piece_count = context->piece_count,
        .memory = context->memory.memory,
        .byte_count = context->memory.byte_count,
        .window_offset =
            has_memory ? (uint64_t)(context->window.memory - context->memory.memory) : 0,
        .window_bytes = context->window.byte_count,
        .control = extra->control.memory,
        .control_bytes = extra->control.byte_count,
        .deadline_ns = context->deadline_ns,
        .user_data = context->user_data,
        .completed = context->completed,
        .completed_state = context->completed_state,
        .endpoint = extra->endpoint,
        .pieces = context->piece_count == 0 ? NULL : extra->pieces,
        .lending = context->lending,
    };
}

void pnd_request_release(struct pnd_context *context)
{
    struct pnd_context_extra *extra = pnd_context_extra(context);

    release_pieces(extra);
    free(extra->control_room.memory);
    extra->control_room = (struct pnd_window){.memory = NULL};
}
