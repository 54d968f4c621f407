/*
 * reserve.c - whether a start may begin: what is checked before anything changes.
 *
 * Failures:    a refusal is counted, and leaves everything as it was.
 */
#include "context.h"

#include <errno.h>

int pnd_context_check_free(const struct pnd_context *context)
{
    if (context->state == PND_FREE)
        return 0;
    return context->state == PND_POOLED ? -EINVAL : -EBUSY;
}

int pnd_context_reserve(struct pnd_context *context, const struct pnd_operation *operation)
{
    struct pnd_loop *loop = context->loop;
    int status = pnd_context_check_free(context);

    if (status == 0 && loop->stopping)
        status = -ESHUTDOWN;
    if (status == 0 && !pnd_operation_is_allowed(operation, loop))
        status = -ENOTSUP;
    if (status < 0)
        return pnd_loop_refuse(loop, status);
    loop->startable_operations |= UINT64_C(1) << operation->code;
    return 0;
}

int pnd_context_reserve_on(struct pnd_context *context, const struct pnd_operation *operation,
                           const struct pnd_handle *handle)
{
    int status = pnd_context_reserve(context, operation);

    if (status == 0 && handle == NULL)
        status = pnd_loop_refuse(context->loop, -EBADF);
    else if (status == 0 && handle->acceptor != 0)
        status = pnd_loop_refuse(context->loop, -EBUSY);
    return status;
}
