/* connection.c - connections of a handle that are made, filled and ended. */
#include "connection.h"

#include <sys/socket.h>
#include <unistd.h>

void connection_aim(struct pendio_context *context, const struct pendio_endpoint *address)
{
    ck_assert_int_eq(pendio_context_set_endpoint(context, address->address, address->byte_count),
                     0);
}

int connection_anew(struct fixture *fixture, pendio_handle handle, enum fixture_family family)
{
    struct pendio_context *context = fixture_get(fixture);
    struct pendio_endpoint address;
    pendio_handle listener = fixture_listener(fixture, family, &address);
    int descriptor = -1;
    int far;

    connection_aim(context, &address);
    expect_pending(pendio_connect(context, handle));
    expect_next(fixture, context, 0, 0, 0);
    ck_assert_int_eq(pendio_pool_put(context), 0);
    ck_assert_int_eq(pendio_handle_detach(fixture->loop, listener, &descriptor), 0);
    far = accept4(descriptor, NULL, NULL, SOCK_CLOEXEC);
    ck_assert_int_ge(far, 0);
    close(descriptor);
    return far;
}

void connection_disconnect(struct fixture *fixture, struct pendio_context *context,
                           pendio_handle handle, uint32_t flags)
{
    const struct pendio_completion *told;

    expect_pending(pendio_disconnect(context, handle, flags));
    told = fixture_next(fixture);
    ck_assert_ptr_eq(told->context, context);
    expect_completion(told, 0, 0, 0);
    ck_assert_uint_eq(told->operation, PENDIO_OPERATION_DISCONNECT);
    ck_assert_uint_eq(told->handle, handle);
}

void connection_fill_up(struct fixture *fixture, pendio_handle handle,
                        struct pendio_context *context, void *memory, size_t byte_count)
{
    const int room = 1 << 16;

    ck_assert_int_eq(
        pendio_handle_set_option(fixture->loop, handle, SOL_SOCKET, SO_SNDBUF, &room, sizeof room),
        0);
    ck_assert_int_eq(pendio_context_set_memory(context, memory, byte_count), 0);
    expect_pending(pendio_send(context, handle));
    fixture_quiet(fixture);
}

void connection_expect_end(int descriptor)
{
    char byte;

    ck_assert_int_eq(recv(descriptor, &byte, 1, 0), 0);
}
