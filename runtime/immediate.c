/*
 * immediate.c - what can be done to a handle without a context: an ordinary system call each.
 *
 * Failures:    the system's answer is the result; a descriptor that found no handle is closed
 *              again.
 */
#include "immediate.h"

#include "descriptor.h"
#include "multishot.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

static int take(struct pnd_handle_table *table, int descriptor, struct pnd_handle **ret_handle)
{
    struct pnd_handle *handle;
    enum pnd_kind kind;
    int status = pnd_handle_kind_of(descriptor, &kind);

    if (status < 0)
        return status;
    handle = pnd_handle_reserve(table);
    if (handle == NULL)
        return -EAGAIN;
    pnd_handle_open(handle, descriptor, kind);
    *ret_handle = handle;
    return 0;
}

int pnd_immediate_socket(struct pnd_handle_table *table, int family, int type, int protocol,
                         pendio_handle *ret_handle)
{
    int descriptor = socket(family, type | SOCK_CLOEXEC, protocol);
    struct pnd_handle *handle;
    int status;

    if (descriptor < 0)
        return -errno;
    status = take(table, descriptor, &handle);
    if (status == 0)
        *ret_handle = handle->value;
    else
        close(descriptor);
    return status;
}

int pnd_immediate_adopt(struct pnd_handle_table *table, int descriptor, pendio_handle *ret_handle)
{
    struct pnd_handle *handle;
    int status = take(table, descriptor, &handle);

    if (status < 0)
        return status;
    handle->connected = pnd_descriptor_has_peer(descriptor);
    *ret_handle = handle->value;
    return 0;
}

int pnd_immediate_detach(struct pnd_loop *loop, struct pnd_handle *handle, int *ret_descriptor)
{
    if (!pnd_multishot_let_go(loop, handle))
        return -EBUSY;
    *ret_descriptor = handle->descriptor;
    pnd_handle_give_back(&loop->handles, handle);
    return 0;
}

int pnd_immediate_bind(const struct pnd_handle *handle, const void *address, uint32_t byte_count)
{
    return bind(handle->descriptor, address, byte_count) < 0 ? -errno : 0;
}

int pnd_immediate_listen(const struct pnd_handle *handle, uint32_t backlog)
{
    return listen(handle->descriptor, (int)backlog) < 0 ? -errno : 0;
}

int pnd_immediate_shutdown(const struct pnd_handle *handle, int how)
{
    return shutdown(handle->descriptor, how) < 0 ? -errno : 0;
}

int pnd_immediate_set_option(const struct pnd_handle *handle, int level, int name,
                             const void *value, uint32_t byte_count)
{
    return setsockopt(handle->descriptor, level, name, value, byte_count) < 0 ? -errno : 0;
}

int pnd_immediate_get_option(const struct pnd_handle *handle, int level, int name,
                             uint32_t byte_count, void *ret_value)
{
    socklen_t written_bytes = byte_count;

    if (getsockopt(handle->descriptor, level, name, ret_value, &written_bytes) < 0)
        return -errno;
    return (int)written_bytes;
}

static int fill_endpoint(int status, const struct pendio_endpoint *endpoint,
                         struct pendio_endpoint *ret_endpoint)
{
    if (status < 0)
        return -errno;
    *ret_endpoint = *endpoint;
    return 0;
}

int pnd_immediate_local(const struct pnd_handle *handle, struct pendio_endpoint *ret_endpoint)
{
    struct pendio_endpoint found = {.byte_count = sizeof found.address};
    int status =
        getsockname(handle->descriptor, (struct sockaddr *)found.address, &found.byte_count);

    return fill_endpoint(status, &found, ret_endpoint);
}

int pnd_immediate_peer(const struct pnd_handle *handle, struct pendio_endpoint *ret_endpoint)
{
    struct pendio_endpoint found = {.byte_count = sizeof found.address};
    int status =
        getpeername(handle->descriptor, (struct sockaddr *)found.address, &found.byte_count);

    return fill_endpoint(status, &found, ret_endpoint);
}
