/*
 * settle.c - what a run leaves to its handle, or waits for there.
 *
 * Happy path:  a run waits until it is alone on its handle -> the last of the others ends -> it is
 *              asked again.
 * Failures:    ended early it waits no longer; a product that came to nothing is as it was before.
 */
#include "context.h"

void pnd_context_settle(struct pnd_loop *loop, struct pnd_handle *handle,
                        const struct pnd_context *ended)
{
    struct pnd_context *settler = pnd_loop_whose(loop, handle->settler);

    if (settler != ended && !pnd_handle_is_quiet(handle))
        return;
    handle->settler = 0;
    if (settler != ended)
        pnd_context_submit(settler);
}

void pnd_context_drop_product(struct pnd_context *context)
{
    struct pnd_handle *product = context->product;

    assert(product != NULL);
    context->product = NULL;
    if (product->state == PND_HANDLE_RESERVED)
        pnd_handle_give_back(&context->loop->handles, product);
}
