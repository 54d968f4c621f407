/*
 * pool.c - the shell of the pool's functions.
 */
#include "shell.h"

int pendio_pool_create(struct pendio_loop *loop, const struct pendio_pool_options *options,
                       struct pendio_pool **ret_pool)
{
    struct pendio_pool_options known = {0};
    struct pnd_pool *pool;
    int status = pnd_shell_check_loop(pnd_shell_loop(loop));

    if (status == 0 && ret_pool == NULL)
        status = -EINVAL;
    if (status == 0 && options != NULL)
        status = pnd_shell_copy_options(&known, sizeof known, options);
    if (status == 0 && known.flags != 0)
        status = -EINVAL;
    if (status < 0)
        return status;
    if (known.context_count == 0)
        known.context_count = 64;
    status = pnd_pool_create(pnd_shell_loop(loop), known.context_count, known.piece_count,
                             known.slice_bytes, &pool);
    if (status == 0)
        *ret_pool = (struct pendio_pool *)pool;
    return status;
}

int pendio_pool_get(struct pendio_pool *pool, struct pendio_context **ret_context)
{
    struct pnd_pool *self = pnd_shell_pool(pool);
    struct pnd_context *context;
    int status = self == NULL || ret_context == NULL ? -EINVAL : pnd_shell_check_loop(self->loop);

    if (status == 0)
        status = pnd_pool_get(self, &context);
    if (status == 0)
        *ret_context = (struct pendio_context *)context;
    return status;
}

int pendio_pool_put(struct pendio_context *context)
{
    struct pnd_context *self = pnd_shell_context(context);
    int status = pnd_shell_check_context(self);

    return status < 0 ? status : pnd_pool_put(self);
}

int pendio_pool_memory(struct pendio_pool *pool, void **ret_base, uint64_t *ret_slice_bytes)
{
    struct pnd_pool *self = pnd_shell_pool(pool);
    int status = self == NULL || ret_base == NULL || ret_slice_bytes == NULL
                     ? -EINVAL
                     : pnd_shell_check_loop(self->loop);

    if (status < 0)
        return status;
    *ret_base = self->arena.base;
    *ret_slice_bytes = self->slice_bytes;
    return 0;
}

int pendio_pool_destroy(struct pendio_pool *pool)
{
    struct pnd_pool *self = pnd_shell_pool(pool);
    int status = self == NULL ? -EINVAL : pnd_shell_check_loop(self->loop);

    if (status == 0 && self->free_count != self->context_count)
        status = -EBUSY;
    if (status == 0)
        pnd_pool_destroy(self);
    return status;
}
