/*
 * shell.h - what every function of the shell does first: check the caller, translate the nouns.
 *
 * The public types are opaque: a pendio_loop is a pnd_loop, and so on. Whatever can be wrong with a
 * call as such is refused here; everything else is the runtime's.
 */
#ifndef PENDIO_SHELL_H
#define PENDIO_SHELL_H

#include "operation.h"
#include "pool.h"

#include <pendio/pendio.h>

#include <errno.h>

static inline struct pnd_loop *pnd_shell_loop(struct pendio_loop *loop)
{
    return (struct pnd_loop *)loop;
}

static inline struct pnd_pool *pnd_shell_pool(struct pendio_pool *pool)
{
    return (struct pnd_pool *)pool;
}

static inline struct pnd_context *pnd_shell_context(const struct pendio_context *context)
{
    return (struct pnd_context *)(uintptr_t)context;
}

/* 0, -EINVAL for NULL, or -EPERM for another thread or a forked child. */
static inline int pnd_shell_check_loop(const struct pnd_loop *loop)
{
    if (PND_RARE(loop == NULL))
        return -EINVAL;
    return PND_USUAL(pnd_loop_is_own(loop)) ? 0 : -EPERM;
}

static inline int pnd_shell_check_context(const struct pnd_context *context)
{
    if (PND_RARE(context == NULL))
        return -EINVAL;
    return PND_USUAL(pnd_loop_is_own(context->loop)) ? 0 : -EPERM;
}

/* A setter's: also -EBUSY in use, -EINVAL in the pool. */
static inline int pnd_shell_check_setter(const struct pnd_context *context)
{
    int status = pnd_shell_check_context(context);

    return status < 0 ? status : pnd_context_check_free(context);
}

/* A start's: what is wrong with the call as such is counted as a refusal where that is safe. */
static inline int pnd_shell_check_start(const struct pnd_context *context, bool arguments_are_valid)
{
    int status = pnd_shell_check_context(context);

    if (status == 0 && !arguments_are_valid)
        status = pnd_loop_refuse(context->loop, -EINVAL);
    return status;
}

static inline struct pnd_handle *pnd_shell_handle(const struct pnd_context *context,
                                                  pendio_handle handle)
{
    return pnd_handle_find(&context->loop->handles, handle);
}

/*
 * Copies a size-first structure of the caller's into ours of `known_bytes`, which is zeroed. 0,
 * -EINVAL for a size too small to be one, or -E2BIG for a non-zero tail we do not know.
 */
int pnd_shell_copy_options(void *known, uint32_t known_bytes, const void *given);

/* Puts the defaults of a loop in. 0, or -EINVAL for what is out of range. */
int pnd_shell_complete_options(struct pendio_loop_options *options);

#endif
