/*
 * deliver.c - what was not harvested is told: by a call, or by a record.
 *
 * Happy path:  what is ready is free again -> its completion is handed out.
 * Failures:    none; a handle that waited for that to be closed goes on.
 */
#include "deliver.h"

#include "context.h"
#include "line.h"
#include "operation.h"

void pnd_deliver_set_free(struct pnd_loop *loop, struct pnd_context *context)
{
    struct pnd_handle *idle = pnd_context_deliver(context);

    if (context->request_flags & PENDIO_AUTO_PUT)
        pnd_context_enqueue(context, PND_RETURNS);
    if (idle != NULL)
        pnd_close_proceed(loop, idle);
    while (pnd_context_guests(context) != NULL) {
        idle = pnd_guest_leave(context);
        if (idle != NULL)
            pnd_close_proceed(loop, idle);
    }
}

void pnd_deliver_callbacks(struct pnd_loop *loop)
{
    uint32_t end = loop->callbacks.tail; /* what callbacks finish is delivered by the next turn */

    loop->in_callback = true;
    while (loop->callbacks.head != end) {
        struct pnd_context *context = pnd_ready_pop(&loop->callbacks);
        pendio_completed_fn *completed = context->completed;
        void *state = context->completed_state;
        struct pendio_completion completion = context->coming;

        pnd_deliver_set_free(loop, context);
        loop->stats.delivered_callback++;
        completed(&completion, state);
    }
    loop->in_callback = false;
}

static void deliver_post(struct pnd_loop *loop, struct pendio_completion *ret_completion)
{
    struct pnd_post post = {0, 0};

    (void)pnd_wake_take(&loop->wake, &post);
    *ret_completion = (struct pendio_completion){
        .user_data = post.user_data, .value = post.value, .operation = PENDIO_OPERATION_POST};
    loop->stats.posts++;
}

static void deliver_record(struct pnd_loop *loop, struct pendio_completion *ret_completion)
{
    struct pnd_context *context = pnd_ready_pop(&loop->records);

    if (context == NULL) {
        deliver_post(loop, ret_completion);
        return;
    }
    *ret_completion = context->coming;
    pnd_deliver_set_free(loop, context);
    loop->stats.delivered_record++;
}

uint32_t pnd_deliver_records(struct pnd_loop *loop, struct pendio_completion *ret_completions,
                             uint32_t count)
{
    uint32_t written_count = 0;

    while (written_count < count && !pnd_ready_is_empty(&loop->records))
        deliver_record(loop, &ret_completions[written_count++]);
    return written_count;
}
