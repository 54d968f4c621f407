/* parting.c - a connection over which memory and a file are sent, with its end behind them. */
#include "parting.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

struct parting parting;

void parting_begin(enum fixture_family family)
{
    const int room = 1 << 16;
    int descriptor;

    fixture_file(&parting.file);
    fixture_fill(parting.content, PARTING_FILE_BYTES, 3);
    descriptor = open(parting.file.path, O_WRONLY | O_CLOEXEC);
    ck_assert_int_ge(descriptor, 0);
    fixture_put(descriptor, parting.content, PARTING_FILE_BYTES);
    close(descriptor);
    parting.packets[0] =
        (struct pendio_packet){.memory = parting.content, .byte_count = PARTING_HEAD_BYTES};
    parting.packets[1] = (struct pendio_packet){.path = parting.file.path};
    fixture_init(&parting.fixture);
    parting.pair = fixture_pair(&parting.fixture, family);
    ck_assert_int_eq(pendio_handle_set_option(parting.fixture.loop, parting.pair.near, SOL_SOCKET,
                                              SO_SNDBUF, &room, sizeof room),
                     0);
    parting.context = fixture_get(&parting.fixture);
}

void parting_end(void)
{
    close(parting.pair.far);
    fixture_remove(&parting.file);
    fixture_fini(&parting.fixture);
}

void parting_start(uint32_t packet_count, uint32_t flags)
{
    expect_pending(pendio_send_packets(parting.context, parting.pair.near, parting.packets,
                                       packet_count, flags));
}

void parting_take_all(void)
{
    size_t taken = 0;

    while (taken < PARTING_ALL_BYTES) {
        ssize_t count =
            recv(parting.pair.far, parting.seen + taken, PARTING_ALL_BYTES - taken, MSG_DONTWAIT);

        ck_assert(count > 0 || (count < 0 && errno == EAGAIN));
        taken += count > 0 ? (size_t)count : 0;
        ck_assert_int_ge(fixture_turn(&parting.fixture, count > 0 ? 0 : 1000000), 0);
    }
    ck_assert_mem_eq(parting.seen, parting.content, PARTING_HEAD_BYTES);
    ck_assert_mem_eq(parting.seen + PARTING_HEAD_BYTES, parting.content, PARTING_FILE_BYTES);
}

void parting_expect_told(int32_t error, uint64_t byte_count, uint16_t flags)
{
    const struct pendio_completion *told = fixture_next(&parting.fixture);

    ck_assert_ptr_eq(told->context, parting.context);
    expect_completion(told, error, byte_count, flags);
    ck_assert_uint_eq(told->operation, PENDIO_OPERATION_SEND_PACKETS);
    ck_assert_uint_eq(told->handle, parting.pair.near);
}

void parting_expect_connected(void)
{
    struct pendio_context *context = fixture_get(&parting.fixture);
    char byte = 'c';

    ck_assert_int_eq(pendio_context_set_memory(context, &byte, 1), 0);
    ck_assert_int_eq(pendio_context_set_policy(context, PENDIO_QUEUE), 0);
    expect_pending(pendio_send(context, parting.pair.near));
    expect_next(&parting.fixture, context, 0, 1, 0);
    fixture_take(parting.pair.far, &byte, 1);
    fixture_put(parting.pair.far, &byte, 1);
    expect_pending(pendio_receive(context, parting.pair.near));
    expect_next(&parting.fixture, context, 0, 1, 0);
    ck_assert_int_eq(pendio_pool_put(context), 0);
}

void parting_expect_disconnected(void)
{
    pendio_handle handle = parting.pair.near;
    struct pendio_context *context = fixture_get(&parting.fixture);

    expect_done(pendio_send(context, handle));
    expect_result(context, -EPIPE, 0, 0);
    expect_done(pendio_receive(context, handle));
    expect_result(context, 0, 0, PENDIO_END_OF_STREAM);
    expect_done(pendio_send_packets(context, handle, parting.packets, 1, PENDIO_THEN_REUSE));
    expect_result(context, -EPIPE, 0, 0);
    connection_disconnect(&parting.fixture, context, handle, PENDIO_REUSE);
    ck_assert_int_eq(pendio_pool_put(context), 0);
}
