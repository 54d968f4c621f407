/*
 * handle.c - the shell of the immediate calls.
 */
#include "immediate.h"
#include "shell.h"
#include "strategy.h"

/* 0 and the open handle, or the refusal; `arguments_are_valid` stands for all other arguments. */
static int find(struct pendio_loop *loop, pendio_handle value, bool arguments_are_valid,
                struct pnd_handle **ret_handle)
{
    struct pnd_loop *self = pnd_shell_loop(loop);
    int status = pnd_shell_check_loop(self);
    struct pnd_handle *handle;

    if (status < 0)
        return status;
    if (!arguments_are_valid)
        return -EINVAL;
    handle = pnd_handle_find(&self->handles, value);
    if (handle == NULL)
        return -EBADF;
    *ret_handle = handle;
    return 0;
}

int pendio_handle_socket(struct pendio_loop *loop, int family, int type, int protocol,
                         pendio_handle *ret_handle)
{
    struct pnd_loop *self = pnd_shell_loop(loop);
    int status = pnd_shell_check_loop(self);

    if (status == 0 && ret_handle == NULL)
        status = -EINVAL;
    return status < 0 ? status
                      : pnd_immediate_socket(&self->handles, family, type, protocol, ret_handle);
}

int pendio_handle_adopt(struct pendio_loop *loop, int descriptor, pendio_handle *ret_handle)
{
    struct pnd_loop *self = pnd_shell_loop(loop);
    int status = pnd_shell_check_loop(self);

    if (status == 0 && ret_handle == NULL)
        status = -EINVAL;
    return status < 0 ? status : pnd_immediate_adopt(&self->handles, descriptor, ret_handle);
}

int pendio_handle_detach(struct pendio_loop *loop, pendio_handle handle, int *ret_descriptor)
{
    struct pnd_handle *self;
    int status = find(loop, handle, ret_descriptor != NULL, &self);

    return status < 0 ? status : pnd_immediate_detach(pnd_shell_loop(loop), self, ret_descriptor);
}

int pendio_handle_bind(struct pendio_loop *loop, pendio_handle handle, const void *address,
                       uint32_t byte_count)
{
    struct pnd_handle *self;
    int status = find(loop, handle, address != NULL, &self);

    return status < 0 ? status : pnd_immediate_bind(self, address, byte_count);
}

int pendio_handle_listen(struct pendio_loop *loop, pendio_handle handle, uint32_t backlog)
{
    struct pnd_handle *self;
    int status = find(loop, handle, backlog <= INT32_MAX, &self);

    return status < 0 ? status : pnd_immediate_listen(self, backlog);
}

int pendio_handle_shutdown(struct pendio_loop *loop, pendio_handle handle, int how)
{
    struct pnd_handle *self;
    int status = find(loop, handle, true, &self);

    return status < 0 ? status : pnd_immediate_shutdown(self, how);
}

int pendio_handle_set_option(struct pendio_loop *loop, pendio_handle handle, int level, int name,
                             const void *value, uint32_t byte_count)
{
    struct pnd_handle *self;
    int status = find(loop, handle, value != NULL, &self);

    return status < 0 ? status : pnd_immediate_set_option(self, level, name, value, byte_count);
}

static bool is_stream(const struct pnd_handle *handle)
{
    return handle->kind == PND_KIND_STREAM;
}

int pendio_handle_set_receive(struct pendio_loop *loop, pendio_handle handle, uint32_t strategy)
{
    struct pnd_handle *self;
    int status = find(loop, handle, strategy <= PENDIO_RECEIVE_MULTISHOT, &self);

    if (status == 0 && !is_stream(self))
        status = -EINVAL;
    return status < 0 ? status : pnd_strategy_pin(pnd_shell_loop(loop), self, strategy);
}

int pendio_handle_get_receive(struct pendio_loop *loop, pendio_handle handle,
                              uint32_t *ret_strategy, uint32_t *ret_reason)
{
    struct pnd_handle *self;
    int status = find(loop, handle, ret_strategy != NULL && ret_reason != NULL, &self);

    if (status == 0 && !is_stream(self))
        status = -EINVAL;
    if (status < 0)
        return status;
    *ret_strategy = self->strategy.is_ahead ? PENDIO_RECEIVE_MULTISHOT : PENDIO_RECEIVE_SINGLE;
    *ret_reason = self->strategy.reason;
    return 0;
}

int pendio_handle_get_option(struct pendio_loop *loop, pendio_handle handle, int level, int name,
                             uint32_t byte_count, void *ret_value)
{
    struct pnd_handle *self;
    int status = find(loop, handle, ret_value != NULL, &self);

    return status < 0 ? status : pnd_immediate_get_option(self, level, name, byte_count, ret_value);
}

int pendio_handle_local(struct pendio_loop *loop, pendio_handle handle,
                        struct pendio_endpoint *ret_endpoint)
{
    struct pnd_handle *self;
    int status = find(loop, handle, ret_endpoint != NULL, &self);

    return status < 0 ? status : pnd_immediate_local(self, ret_endpoint);
}

int pendio_handle_peer(struct pendio_loop *loop, pendio_handle handle,
                       struct pendio_endpoint *ret_endpoint)
{
    struct pnd_handle *self;
    int status = find(loop, handle, ret_endpoint != NULL, &self);

    return status < 0 ? status : pnd_immediate_peer(self, ret_endpoint);
}

int pendio_handle_close(struct pendio_loop *loop, pendio_handle handle, uint32_t mode)
{
    struct pnd_handle *self;
    int status = find(loop, handle, mode <= PENDIO_ABORTIVE, &self);

    if (status == 0)
        pnd_close_alone(pnd_shell_loop(loop), self, mode);
    return status;
}
