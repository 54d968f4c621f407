/*
 * op_path.c - all there is to know about operations on names of files: stat, rename, unlink, mkdir.
 *
 * Happy path:  check -> begin -> parallel -> prepare -> finish; a stat leaves the size as value.
 * Failures:    a window too small for a stat is refused before begin; the kernel's answer is the
 *              result.
 *
 * The strings are the caller's: they must stay until delivery.
 */
#include "operation.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

static void stat_prepare(const struct pnd_context *context, struct io_uring_sqe *sqe);
static void rename_prepare(const struct pnd_context *context, struct io_uring_sqe *sqe);
static void unlink_prepare(const struct pnd_context *context, struct io_uring_sqe *sqe);
static void mkdir_prepare(const struct pnd_context *context, struct io_uring_sqe *sqe);
static enum pnd_verdict stat_finish(struct pnd_context *context, int32_t result,
                                    uint32_t cqe_flags);
static enum pnd_verdict finish(struct pnd_context *context, int32_t result, uint32_t cqe_flags);

static const struct pnd_operation stat_operation = {
    .name = "stat",
    .code = PENDIO_OPERATION_STAT,
    .opcode = IORING_OP_STATX,
    .moves = true,
    .prepare = stat_prepare,
    .finish = stat_finish,
};

static const struct pnd_operation rename_operation = {
    .name = "rename",
    .code = PENDIO_OPERATION_RENAME,
    .opcode = IORING_OP_RENAMEAT,
    .prepare = rename_prepare,
    .finish = finish,
};

static const struct pnd_operation unlink_operation = {
    .name = "unlink",
    .code = PENDIO_OPERATION_UNLINK,
    .opcode = IORING_OP_UNLINKAT,
    .prepare = unlink_prepare,
    .finish = finish,
};

static const struct pnd_operation mkdir_operation = {
    .name = "mkdir",
    .code = PENDIO_OPERATION_MKDIR,
    .opcode = IORING_OP_MKDIRAT,
    .prepare = mkdir_prepare,
    .finish = finish,
};

_Static_assert(sizeof(struct statx) == 256, "pendio.h says so");

/* ---- start ---------------------------------------------------------------------------------- */

int pnd_stat_start(struct pnd_context *context, pendio_handle handle, const char *path)
{
    struct pnd_handle *found = pnd_handle_find(&context->loop->handles, handle);
    int status = handle != 0 ? pnd_context_reserve_on(context, &stat_operation, found)
                             : pnd_context_reserve(context, &stat_operation);

    if (status < 0)
        return status;
    if (context->window.byte_count < sizeof(struct statx) || pnd_context_is_vectored(context))
        return pnd_loop_refuse(context->loop, -EINVAL);
    pnd_context_begin(context, &stat_operation, found);
    pnd_context_extra(context)->path = path;
    return pnd_context_go_parallel(context);
}

/* What needs nothing but a path and a number. */
static int start(struct pnd_context *context, const struct pnd_operation *operation,
                 const char *path, uint64_t argument)
{
    int status = pnd_context_reserve(context, operation);

    if (status < 0)
        return status;
    pnd_context_begin(context, operation, NULL);
    pnd_context_extra(context)->path = path;
    context->argument = argument;
    return pnd_context_go_parallel(context);
}

int pnd_rename_start(struct pnd_context *context, const char *from, const char *to)
{
    int status = pnd_context_reserve(context, &rename_operation);

    if (status < 0)
        return status;
    pnd_context_begin(context, &rename_operation, NULL);
    pnd_context_extra(context)->path = from;
    pnd_context_extra(context)->other_path = to;
    return pnd_context_go_parallel(context);
}

int pnd_unlink_start(struct pnd_context *context, const char *path, uint32_t flags)
{
    return start(context, &unlink_operation, path, flags);
}

int pnd_mkdir_start(struct pnd_context *context, const char *path, uint32_t mode)
{
    return start(context, &mkdir_operation, path, mode);
}

/* ---- in the ring ---------------------------------------------------------------------------- */

/* Kernels before 6.11 want an empty path where there is none. */
static void stat_prepare(const struct pnd_context *context, struct io_uring_sqe *sqe)
{
    sqe->fd = context->handle != NULL ? context->handle->descriptor : AT_FDCWD;
    sqe->addr =
        (uintptr_t)(pnd_context_extra(context)->path != NULL ? pnd_context_extra(context)->path
                                                             : "");
    sqe->len = STATX_BASIC_STATS | STATX_BTIME;
    sqe->off = (uintptr_t)context->window.memory;
    sqe->statx_flags = pnd_context_extra(context)->path != NULL ? 0 : AT_EMPTY_PATH;
}

static void rename_prepare(const struct pnd_context *context, struct io_uring_sqe *sqe)
{
    sqe->fd = AT_FDCWD;
    sqe->addr = (uintptr_t)pnd_context_extra(context)->path;
    sqe->len = (uint32_t)AT_FDCWD;
    sqe->off = (uintptr_t)pnd_context_extra(context)->other_path;
}

static void unlink_prepare(const struct pnd_context *context, struct io_uring_sqe *sqe)
{
    sqe->fd = AT_FDCWD;
    sqe->addr = (uintptr_t)pnd_context_extra(context)->path;
    sqe->unlink_flags = context->argument == PENDIO_DIRECTORY ? AT_REMOVEDIR : 0;
}

static void mkdir_prepare(const struct pnd_context *context, struct io_uring_sqe *sqe)
{
    sqe->fd = AT_FDCWD;
    sqe->addr = (uintptr_t)pnd_context_extra(context)->path;
    sqe->len = (uint32_t)context->argument;
}

static enum pnd_verdict stat_finish(struct pnd_context *context, int32_t result, uint32_t cqe_flags)
{
    struct statx status;

    if (result < 0)
        return finish(context, result, cqe_flags);
    memcpy(&status, context->window.memory, sizeof status); /* wherever it lies */
    context->moved_bytes = sizeof status;
    context->value = status.stx_size;
    return PND_DELIVER;
}

static enum pnd_verdict finish(struct pnd_context *context, int32_t result, uint32_t cqe_flags)
{
    (void)cqe_flags;
    if (result < 0)
        pnd_context_fail(context, result);
    return PND_DELIVER;
}
