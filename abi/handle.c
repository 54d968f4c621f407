/*
 * handle.c - the shell of the immediate calls: an ordinary system call each.
 */
#include "shell.h"

#include <sys/socket.h>
#include <unistd.h>

/* What the caller names must fit the system's types, which count in int. */
static int find(struct pendio_loop *loop, pendio_handle value, struct pnd_handle **ret_handle)
{
    struct pnd_loop *self = pnd_shell_loop(loop);
    int status = pnd_shell_check_loop(self);
    struct pnd_handle *handle;

    if (status < 0)
        return status;
    handle = pnd_handle_find(&self->handles, value);
    if (handle == NULL)
        return -EBADF;
    *ret_handle = handle;
    return 0;
}

static int adopt(struct pnd_loop *loop, int descriptor, enum pnd_kind kind,
                 pendio_handle *ret_handle)
{
    struct pnd_handle *handle = pnd_handle_reserve(&loop->handles);

    if (handle == NULL)
        return -EAGAIN;
    pnd_handle_open(handle, descriptor, kind);
    *ret_handle = pnd_handle_value(&loop->handles, handle);
    return 0;
}

int pendio_handle_socket(struct pendio_loop *loop, int family, int type, int protocol,
                         pendio_handle *ret_handle)
{
    int status = pnd_shell_check_loop(pnd_shell_loop(loop));
    int descriptor;

    if (status == 0 && ret_handle == NULL)
        status = -EINVAL;
    if (status < 0)
        return status;
    descriptor = socket(family, type | SOCK_CLOEXEC, protocol);
    if (descriptor < 0)
        return -errno;
    status = pendio_handle_adopt(loop, descriptor, ret_handle);
    if (status < 0)
        close(descriptor);
    return status;
}

int pendio_handle_adopt(struct pendio_loop *loop, int descriptor, pendio_handle *ret_handle)
{
    enum pnd_kind kind;
    int status = pnd_shell_check_loop(pnd_shell_loop(loop));

    if (status == 0 && ret_handle == NULL)
        status = -EINVAL;
    if (status == 0)
        status = pnd_handle_kind_of(descriptor, &kind);
    return status < 0 ? status : adopt(pnd_shell_loop(loop), descriptor, kind, ret_handle);
}

int pendio_handle_detach(struct pendio_loop *loop, pendio_handle handle, int *ret_descriptor)
{
    struct pnd_handle *self;
    int status = ret_descriptor == NULL ? -EINVAL : find(loop, handle, &self);

    if (status == 0 && self->under_way_count != 0)
        status = -EBUSY;
    if (status < 0)
        return status;
    *ret_descriptor = self->descriptor;
    pnd_handle_give_back(&pnd_shell_loop(loop)->handles, self);
    return 0;
}

int pendio_handle_bind(struct pendio_loop *loop, pendio_handle handle, const void *address,
                       uint32_t byte_count)
{
    struct pnd_handle *self;
    int status = address == NULL ? -EINVAL : find(loop, handle, &self);

    if (status < 0)
        return status;
    return bind(self->descriptor, address, byte_count) < 0 ? -errno : 0;
}

int pendio_handle_listen(struct pendio_loop *loop, pendio_handle handle, uint32_t backlog)
{
    struct pnd_handle *self;
    int status = backlog > INT32_MAX ? -EINVAL : find(loop, handle, &self);

    if (status < 0)
        return status;
    return listen(self->descriptor, (int)backlog) < 0 ? -errno : 0;
}

int pendio_handle_shutdown(struct pendio_loop *loop, pendio_handle handle, int how)
{
    struct pnd_handle *self;
    int status = find(loop, handle, &self);

    if (status < 0)
        return status;
    return shutdown(self->descriptor, how) < 0 ? -errno : 0;
}

int pendio_handle_set_option(struct pendio_loop *loop, pendio_handle handle, int level, int name,
                             const void *value, uint32_t byte_count)
{
    struct pnd_handle *self;
    int status = value == NULL ? -EINVAL : find(loop, handle, &self);

    if (status < 0)
        return status;
    return setsockopt(self->descriptor, level, name, value, byte_count) < 0 ? -errno : 0;
}

int pendio_handle_get_option(struct pendio_loop *loop, pendio_handle handle, int level, int name,
                             uint32_t byte_count, void *ret_value)
{
    struct pnd_handle *self;
    socklen_t written_bytes = byte_count;
    int status = ret_value == NULL ? -EINVAL : find(loop, handle, &self);

    if (status < 0)
        return status;
    if (getsockopt(self->descriptor, level, name, ret_value, &written_bytes) < 0)
        return -errno;
    return (int)written_bytes;
}

typedef int address_fn(int descriptor, struct sockaddr *ret_address, socklen_t *byte_count);

static int address_of(struct pendio_loop *loop, pendio_handle handle, address_fn *ask,
                      struct pendio_endpoint *ret_endpoint)
{
    struct pendio_endpoint endpoint = {.byte_count = 0};
    socklen_t byte_count = sizeof endpoint.address;
    struct pnd_handle *self;
    int status = ret_endpoint == NULL ? -EINVAL : find(loop, handle, &self);

    if (status < 0)
        return status;
    if (ask(self->descriptor, (struct sockaddr *)endpoint.address, &byte_count) < 0)
        return -errno;
    endpoint.byte_count = byte_count;
    *ret_endpoint = endpoint;
    return 0;
}

int pendio_handle_local(struct pendio_loop *loop, pendio_handle handle,
                        struct pendio_endpoint *ret_endpoint)
{
    return address_of(loop, handle, getsockname, ret_endpoint);
}

int pendio_handle_peer(struct pendio_loop *loop, pendio_handle handle,
                       struct pendio_endpoint *ret_endpoint)
{
    return address_of(loop, handle, getpeername, ret_endpoint);
}

int pendio_handle_close(struct pendio_loop *loop, pendio_handle handle, uint32_t mode)
{
    struct pnd_handle *self;
    int status = mode > PENDIO_ABORTIVE ? -EINVAL : find(loop, handle, &self);

    if (status == 0)
        pnd_close_alone(pnd_shell_loop(loop), self, mode);
    return status;
}
