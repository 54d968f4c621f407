/*
 * op_move.c - all there is to know about moving a handle to another loop.
 *
 * Happy path:  check -> begin -> the handle is packed, its errand sent to the target -> (the
 *              target's thread) arrive: a handle is made there, the errand sent back -> (the loop's
 *              own thread) come back: the old handle is stale, the new one the value.
 * Failures:    a target that is full or shutting down sends the errand back with that, and the
 *              handle is as it was; so it is after an early end, if the target has not begun.
 *
 * Who may touch a move changes hands with its errand; the two races there are, between an early end
 * and the arrival, are decided by its progress. Whatever loop has ended meanwhile: the memory that
 * another thread may still touch is kept for it, and a descriptor nobody has is closed. So is a
 * handle in the target that nobody is told of: the target gets another errand, to close it.
 */
#include "ahead.h"
#include "move.h"
#include "operation.h"
#include "strategy.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

enum { MOVE_SENT, MOVE_ARRIVED, MOVE_GIVEN_UP };

struct pnd_move {
    struct pnd_errand errand;
    struct pnd_move *next; /* among the loop's spare ones, or those that are to be told */
    _Atomic int progress;
    struct pnd_loop *source; /* held until the move is back, or of no use */
    struct pnd_loop *target; /* held from the arrival until somebody knows of it */
    pendio_run run;
    struct pnd_handle cargo; /* what there is to know of the handle */
    unsigned char *rest;     /* a copy of what was collected for it */
    uint32_t rest_bytes;
    uint32_t rest_room;
    pnd_arrived_fn *arrived;
    void *arrived_state;
    pendio_handle value; /* the handle in the target */
    int status;
};

static void move_stop(struct pnd_context *context, enum pnd_stop reason);
static void move_discard(struct pnd_context *context);
static void arrive(struct pnd_errand *errand, struct pnd_loop *target);
static void come_back(struct pnd_errand *errand, struct pnd_loop *source);
static void close_there(struct pnd_errand *errand, struct pnd_loop *target);

static const struct pnd_operation move_operation = {
    .name = "move",
    .code = PENDIO_OPERATION_MOVE,
    .opcode = IORING_OP_NOP,
    .stop = move_stop,
    .discard = move_discard,
};

/* ---- the loop's own ------------------------------------------------------------------------- */

/* NULL: there is no memory. */
static struct pnd_move *take_spare(struct pnd_loop *loop)
{
    struct pnd_move *move = loop->spare_moves;

    if (move == NULL)
        return calloc(1, sizeof *move);
    loop->spare_moves = move->next;
    return move;
}

static void give_back_spare(struct pnd_loop *loop, struct pnd_move *move)
{
    move->next = loop->spare_moves;
    loop->spare_moves = move;
}

static bool is_to_be_told(const struct pnd_loop *loop, const struct pnd_move *move)
{
    const struct pnd_context *context = pnd_loop_holder(loop, move->run);

    return context->token == move->run && context->state == PND_READY;
}

void pnd_moves_forget_told(struct pnd_loop *loop)
{
    struct pnd_move **place = &loop->arrived_moves;

    while (*place != NULL) {
        struct pnd_move *move = *place;

        if (is_to_be_told(loop, move)) {
            place = &move->next;
            continue;
        }
        *place = move->next;
        pnd_loop_release(move->target);
        give_back_spare(loop, move);
    }
}

static void release(struct pnd_move *move)
{
    free(move->rest);
    free(move);
}

void pnd_moves_fini(struct pnd_loop *loop)
{
    pnd_moves_forget_told(loop);
    assert(loop->arrived_moves == NULL);
    while (loop->spare_moves != NULL)
        release(take_spare(loop));
}

/* ---- start ---------------------------------------------------------------------------------- */

static struct pnd_handle *handle_of(const struct pnd_context *context)
{
    return &context->loop->handles.slots[context->argument];
}

/* The run is over without a new handle; the old one is as it was. */
static void stay(struct pnd_context *context, int32_t error)
{
    handle_of(context)->state = PND_HANDLE_OPEN;
    pnd_context_fail(context, error);
    pnd_context_finish(context);
}

static void send_off(struct pnd_context *context, struct pnd_move *move, struct pnd_loop *target)
{
    struct pnd_loop *loop = context->loop;

    pnd_loop_hold(loop);
    if (!pnd_wake_is_closed(&target->wake) && pnd_wake_send(&target->wake, &move->errand))
        return;
    pnd_loop_release(loop);
    give_back_spare(loop, move);
    stay(context, -ESHUTDOWN);
}

/* What is collected stays here too, until the move has come back. Returns whether it has room. */
static bool pack_rest(struct pnd_move *move, const struct pnd_loop *loop,
                      const struct pnd_handle *handle)
{
    uint32_t byte_count = pnd_ahead_has_bytes(handle) ? handle->inbox.amount : 0;

    if (byte_count > move->rest_room) {
        unsigned char *room = realloc(move->rest, byte_count);

        if (room == NULL)
            return false;
        move->rest = room;
        move->rest_room = byte_count;
    }
    move->rest_bytes = byte_count;
    if (byte_count != 0)
        pnd_ahead_copy(loop, handle, move->rest);
    return true;
}

static void pack(struct pnd_move *move, const struct pnd_context *context)
{
    move->errand.run = arrive;
    atomic_store_explicit(&move->progress, MOVE_SENT, memory_order_relaxed);
    move->source = context->loop;
    move->run = context->token;
    move->cargo = *handle_of(context);
}

int pnd_move_start(struct pnd_context *context, struct pnd_handle *handle, struct pnd_loop *target,
                   pnd_arrived_fn *arrived, void *arrived_state)
{
    struct pnd_loop *loop = context->loop;
    int status = pnd_context_reserve_on(context, &move_operation, handle);
    struct pnd_move *move;
    int answer;

    if (status < 0)
        return status;
    if (handle->under_way_count != 0 || !pnd_multishot_settle(loop, handle) ||
        (!pnd_inbox_is_empty(&handle->inbox) && !pnd_ahead_has_bytes(handle)))
        return pnd_loop_refuse(loop, -EBUSY);
    move = take_spare(loop);
    if (move == NULL)
        return pnd_loop_refuse(loop, -EAGAIN);
    if (!pack_rest(move, loop, handle)) {
        give_back_spare(loop, move);
        return pnd_loop_refuse(loop, -EAGAIN);
    }
    pnd_context_begin(context, &move_operation, NULL);
    context->handle_value = handle->value;
    context->argument = (uint64_t)(handle - loop->handles.slots);
    pnd_context_extra(context)->move = move;
    pack(move, context);
    move->arrived = arrived;
    move->arrived_state = arrived_state;
    handle->state = PND_HANDLE_MOVING;
    answer = context->deadline_ns != 0 ? pnd_context_wait_for_time(context, context->deadline_ns)
                                       : pnd_context_wait_for_others(context);
    send_off(context, move, target);
    return answer;
}

/* Before the target has begun, the errand is nobody's but the target's from now on. */
static void move_stop(struct pnd_context *context, enum pnd_stop reason)
{
    int progress = MOVE_SENT;

    if (context->stop != PND_STOP_NONE)
        return;
    context->stop = (uint8_t)reason;
    if (atomic_compare_exchange_strong(&pnd_context_extra(context)->move->progress, &progress,
                                       MOVE_GIVEN_UP))
        stay(context, -ECANCELED);
}

/* ---- on the target's thread ----------------------------------------------------------------- */

/* 0 and the new handle; or why there is none. */
static int unpack(struct pnd_move *move, struct pnd_loop *target, struct pnd_handle **ret_handle)
{
    const struct pnd_handle *cargo = &move->cargo;
    struct pnd_handle *handle = target->stopping ? NULL : pnd_handle_reserve(&target->handles);
    int status = 0;

    if (handle == NULL)
        return target->stopping ? -ESHUTDOWN : -EAGAIN;
    if (move->rest_bytes != 0)
        status = pnd_ahead_add(target, handle, move->rest, move->rest_bytes);
    if (status < 0) {
        pnd_handle_give_back(&target->handles, handle);
        return status;
    }
    pnd_handle_open(handle, cargo->descriptor, (enum pnd_kind)cargo->kind);
    pnd_handle_take_over(handle, cargo);
    pnd_strategy_take_over(target, handle, cargo);
    move->value = handle->value;
    *ret_handle = handle;
    return 0;
}

/* The source has ended: nobody will ever know of it. */
static void dispose(struct pnd_move *move, struct pnd_loop *target, struct pnd_handle *handle)
{
    close(move->cargo.descriptor);
    if (handle != NULL) {
        pnd_multishot_discard(target, handle);
        pnd_handle_give_back(&target->handles, handle);
    }
    pnd_loop_release(target);
    release(move);
}

static void arrive(struct pnd_errand *errand, struct pnd_loop *target)
{
    struct pnd_move *move = (struct pnd_move *)errand;
    struct pnd_loop *source = move->source;
    pnd_arrived_fn *arrived = move->arrived;
    void *arrived_state = move->arrived_state;
    struct pnd_handle *handle = NULL;
    int progress = MOVE_SENT;

    if (!atomic_compare_exchange_strong(&move->progress, &progress, MOVE_ARRIVED)) {
        release(move);
        pnd_loop_release(source);
        return;
    }
    move->status = unpack(move, target, &handle);
    move->target = target;
    move->errand.run = come_back;
    pnd_loop_hold(target);
    if (!pnd_wake_send(&source->wake, &move->errand))
        dispose(move, target, handle);
    else if (handle != NULL && arrived != NULL)
        arrived(target, handle->value, arrived_state);
    pnd_loop_release(source);
}

/* ---- back on the loop's own thread ---------------------------------------------------------- */

static void come_back(struct pnd_errand *errand, struct pnd_loop *source)
{
    struct pnd_move *move = (struct pnd_move *)errand;
    struct pnd_context *context = pnd_context_of_run(source, move->run);
    int status = move->status;

    assert(context != NULL && handle_of(context)->state == PND_HANDLE_MOVING);
    context->value = status == 0 ? move->value : 0;
    if (status == 0 && move->arrived == NULL) {
        move->next = source->arrived_moves;
        source->arrived_moves = move;
    } else {
        pnd_loop_release(move->target);
        give_back_spare(source, move);
    }
    if (status < 0) {
        stay(context, status);
    } else {
        pnd_multishot_discard(source, handle_of(context));
        pnd_handle_give_back(&source->handles, handle_of(context));
        pnd_context_finish(context);
    }
}

/* ---- nobody is told ------------------------------------------------------------------------- */

static void move_discard(struct pnd_context *context)
{
    struct pnd_loop *source = context->loop;
    struct pnd_move **place = &source->arrived_moves;
    struct pnd_move *move;
    struct pnd_loop *target;

    while (*place != NULL && (*place)->run != context->token)
        place = &(*place)->next;
    move = *place;
    if (move == NULL)
        return;
    *place = move->next;
    target = move->target;
    move->errand.run = close_there;
    if (!pnd_wake_send(&target->wake, &move->errand))
        release(move); /* the target closed the handle with all others */
    pnd_loop_release(target);
}

static void close_there(struct pnd_errand *errand, struct pnd_loop *target)
{
    struct pnd_move *move = (struct pnd_move *)errand;
    struct pnd_handle *handle = pnd_handle_find(&target->handles, move->value);

    if (handle != NULL) {
        close(handle->descriptor);
        pnd_multishot_discard(target, handle);
        pnd_handle_give_back(&target->handles, handle);
    }
    release(move);
}
