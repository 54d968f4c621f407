/*
 * contract_poll_test.c - waiting until a descriptor is ready: eventfds, pipes, sockets, files.
 *
 * - The value is the events that are there; nothing is taken from the descriptor.
 * - Polls are independent of each other and of transfers; they end early as everything does.
 */
#include "fixture.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MANY = 12 };

static struct fixture fixture;

/* The next delivery is of a poll of `context` that told `events`. */
static void expect_events(struct pendio_context *context, uint64_t events)
{
    const struct pendio_completion *completion = fixture_next(&fixture);

    ck_assert_ptr_eq(completion->context, context);
    expect_completion(completion, 0, 0, 0);
    ck_assert_uint_eq(completion->operation, PENDIO_OPERATION_POLL);
    ck_assert_uint_eq(completion->value, events);
    ck_assert_uint_eq(completion->memory, 0);
}

static void expect_poll(struct pendio_context *context, pendio_handle handle, uint32_t asked,
                        uint64_t events)
{
    expect_pending(pendio_poll(context, handle, asked));
    expect_events(context, events);
}

START_TEST(what_cannot_be_polled_is_refused)
{
    struct pendio_context *context;
    struct fixture_pair pair;

    fixture_init(&fixture);
    pair = fixture_pair(&fixture, FIXTURE_UNIX_STREAM);
    context = fixture_get(&fixture);
    ck_assert_int_eq(pendio_poll(context, pair.near, 0), -EINVAL);
    ck_assert_int_eq(pendio_poll(context, pair.near, 0x10000 | POLLIN), -EINVAL);
    ck_assert_int_eq(pendio_poll(context, 0, POLLIN), -EBADF);
    ck_assert_int_eq(pendio_poll(context, pair.near + 1, POLLIN), -EBADF);
    expect_pending(pendio_poll(context, pair.near, POLLIN));
    ck_assert_int_eq(pendio_poll(context, pair.near, POLLIN), -EBUSY);
    ck_assert_int_eq(pendio_handle_close(fixture.loop, pair.near, PENDIO_ABORTIVE), 0);
    expect_next(&fixture, context, -ECANCELED, 0, PENDIO_BY_CLOSE);
    ck_assert_int_eq(pendio_poll(context, pair.near, POLLIN), -EBADF);
    ck_assert_uint_eq(fixture_stats(&fixture).refused, 6);
    close(pair.far);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(eventfd_is_ready_as_it_says_and_keeps_its_count)
{
    struct pendio_context *context;
    pendio_handle handle;
    eventfd_t count = 0;
    int descriptor;

    fixture_init(&fixture);
    descriptor = eventfd(0, EFD_CLOEXEC);
    handle = fixture_adopt(&fixture, descriptor);
    context = fixture_get(&fixture);
    ck_assert_int_eq(pendio_context_set_policy(context, (uint32_t)_i), 0);
    expect_poll(context, handle, POLLIN | POLLOUT, POLLOUT);
    expect_pending(pendio_poll(context, handle, POLLIN));
    fixture_quiet(&fixture);
    ck_assert_int_eq(eventfd_write(descriptor, 3), 0);
    expect_events(context, POLLIN);
    expect_poll(context, handle, POLLIN | POLLOUT, POLLIN | POLLOUT);
    ck_assert_int_eq(eventfd_read(descriptor, &count), 0);
    ck_assert_uint_eq(count, 3);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(pipe_tells_data_room_and_a_missing_other_end)
{
    struct pendio_context *context;
    int readers[2];
    int writers[2];
    pendio_handle reader;
    pendio_handle writer;

    fixture_init(&fixture);
    ck_assert_int_eq(pipe2(readers, O_CLOEXEC), 0);
    ck_assert_int_eq(pipe2(writers, O_CLOEXEC), 0);
    reader = fixture_adopt(&fixture, readers[0]);
    writer = fixture_adopt(&fixture, writers[1]);
    context = fixture_get(&fixture);
    expect_pending(pendio_poll(context, reader, POLLIN));
    fixture_quiet(&fixture);
    fixture_put(readers[1], "x", 1);
    expect_events(context, POLLIN);
    close(readers[1]);
    expect_poll(context, reader, POLLIN, POLLIN | POLLHUP);
    expect_poll(context, reader, POLLPRI, POLLHUP);
    expect_poll(context, writer, POLLOUT, POLLOUT);
    close(writers[0]);
    expect_poll(context, writer, POLLOUT, POLLOUT | POLLERR);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(socket_tells_data_room_and_takes_nothing)
{
    struct pendio_context *context;
    struct fixture_pair pair;
    char byte = 0;

    fixture_init(&fixture);
    pair = fixture_pair(&fixture, (enum fixture_family)_i);
    context = fixture_over(&fixture, &byte, 1);
    expect_poll(context, pair.near, POLLIN | POLLOUT, POLLOUT);
    expect_pending(pendio_poll(context, pair.near, POLLIN));
    fixture_quiet(&fixture);
    fixture_put(pair.far, "x", 1);
    expect_events(context, POLLIN);
    expect_poll(context, pair.near, POLLIN | POLLOUT, POLLIN | POLLOUT);
    expect_pending(pendio_receive(context, pair.near));
    expect_next(&fixture, context, 0, 1, 0);
    ck_assert_int_eq(byte, 'x');
    close(pair.far);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(stream_tells_that_the_peer_is_done)
{
    struct pendio_context *context;
    struct fixture_pair pair;

    fixture_init(&fixture);
    pair = fixture_pair(&fixture, (enum fixture_family)_i);
    context = fixture_get(&fixture);
    ck_assert_int_eq(shutdown(pair.far, SHUT_WR), 0);
    expect_pending(pendio_poll(context, pair.near, POLLIN));
    expect_events(context, POLLIN | POLLRDHUP);
    close(pair.far);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(urgent_data_are_told_from_others)
{
    struct pendio_context *context;
    struct fixture_pair pair;

    fixture_init(&fixture);
    pair = fixture_pair(&fixture, FIXTURE_TCP4);
    context = fixture_get(&fixture);
    expect_pending(pendio_poll(context, pair.near, POLLPRI));
    fixture_quiet(&fixture);
    fixture_put(pair.far, "ab", 2);
    fixture_quiet(&fixture);
    ck_assert_int_eq(send(pair.far, "c", 1, MSG_OOB), 1);
    expect_events(context, POLLPRI);
    expect_poll(context, pair.near, POLLPRI | POLLIN, POLLPRI | POLLIN);
    close(pair.far);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(listener_is_readable_when_a_client_waits)
{
    struct pendio_endpoint address;
    struct pendio_context *context;
    pendio_handle listener;
    int client;

    fixture_init(&fixture);
    listener = fixture_listener(&fixture, FIXTURE_TCP4, &address);
    context = fixture_get(&fixture);
    expect_pending(pendio_poll(context, listener, POLLIN));
    fixture_quiet(&fixture);
    client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_eq(
        connect(client, (const struct sockaddr *)(const void *)address.address, address.byte_count),
        0);
    expect_events(context, POLLIN);
    close(client);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(regular_file_is_always_ready)
{
    struct pendio_context *context;
    struct fixture_file file;
    pendio_handle handle;

    fixture_init(&fixture);
    fixture_file(&file);
    handle = fixture_adopt(&fixture, open(file.path, O_RDWR | O_CLOEXEC));
    context = fixture_get(&fixture);
    expect_poll(context, handle, POLLIN | POLLOUT, POLLIN | POLLOUT);
    fixture_remove(&file);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(many_polls_wait_beside_a_receive)
{
    struct pendio_context *receiver;
    struct fixture_pair pair;
    uint32_t seen = 0;
    char byte = 0;

    fixture_init(&fixture);
    pair = fixture_pair(&fixture, FIXTURE_TCP4);
    receiver = fixture_over(&fixture, &byte, 1);
    expect_pending(pendio_receive(receiver, pair.near));
    for (uint64_t i = 0; i < MANY; i++) {
        struct pendio_context *context =
            i % 2 == 0 ? fixture_get(&fixture) : fixture_called(&fixture, NULL, 0);

        ck_assert_int_eq(pendio_context_set_user_data(context, i), 0);
        expect_pending(pendio_poll(context, pair.near, POLLIN | POLLPRI));
    }
    fixture_quiet(&fixture);
    fixture_put(pair.far, "ab", 2); /* one byte stays, so that all see it */
    for (int i = 0; i < MANY + 1; i++) {
        const struct pendio_completion *completion = fixture_next(&fixture);

        expect_completion(completion, 0, completion->context == receiver, 0);
        if (completion->context == receiver)
            continue;
        ck_assert_uint_eq(completion->value, POLLIN);
        seen |= 1u << completion->user_data;
    }
    ck_assert_uint_eq(seen, (1u << MANY) - 1);
    close(pair.far);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(cancel_and_deadline_end_only_their_poll)
{
    struct pendio_context *contexts[3];
    struct fixture_pair pair;

    fixture_init(&fixture);
    pair = fixture_pair(&fixture, FIXTURE_UDP4);
    for (int i = 0; i < 3; i++) {
        contexts[i] = fixture_get(&fixture);
        if (i == 1)
            ck_assert_int_eq(pendio_context_set_deadline(contexts[i], 2000000), 0);
        expect_pending(pendio_poll(contexts[i], pair.near, POLLIN));
    }
    ck_assert_int_eq(pendio_cancel(fixture.loop, pendio_context_run(contexts[0])), 0);
    expect_next(&fixture, contexts[0], -ECANCELED, 0, PENDIO_BY_CANCEL);
    expect_next(&fixture, contexts[1], -ETIMEDOUT, 0, PENDIO_BY_DEADLINE);
    ck_assert_uint_eq(fixture.seen[1].value, 0);
    fixture_quiet(&fixture);
    fixture_put(pair.far, "x", 1);
    expect_events(contexts[2], POLLIN);
    close(pair.far);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(close_ends_every_poll_before_itself)
{
    struct pendio_context *closer;
    struct fixture_pair pair;

    fixture_init(&fixture);
    pair = fixture_pair(&fixture, FIXTURE_UNIX_STREAM);
    for (int i = 0; i < MANY; i++)
        expect_pending(pendio_poll(fixture_get(&fixture), pair.near, POLLIN));
    fixture_quiet(&fixture);
    closer = fixture_get(&fixture);
    expect_pending(pendio_close(closer, pair.near, (uint32_t)_i));
    for (int i = 0; i < MANY; i++)
        expect_completion(fixture_next(&fixture), -ECANCELED, 0, PENDIO_BY_CLOSE);
    expect_next(&fixture, closer, 0, 0, 0);
    close(pair.far);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(shutdown_cancels_a_poll)
{
    struct pendio_context *context;
    struct fixture_pair pair;

    fixture_init(&fixture);
    pair = fixture_pair(&fixture, FIXTURE_TCP6);
    context = fixture_get(&fixture);
    expect_pending(pendio_poll(context, pair.near, POLLIN));
    ck_assert_int_eq(pendio_loop_shutdown(fixture.loop), 0);
    expect_next(&fixture, context, -ECANCELED, 0, PENDIO_BY_CANCEL);
    ck_assert_int_eq(pendio_poll(context, pair.near, POLLIN), -ESHUTDOWN);
    close(pair.far);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(handle_of_a_connect_ended_early_answers_so)
{
    struct pendio_endpoint address;
    struct pendio_context *context;
    pendio_handle handle;
    int hole[2];

    fixture_init(&fixture);
    fixture_black_hole(&address, hole);
    context = fixture_get(&fixture);
    ck_assert_int_eq(pendio_handle_socket(fixture.loop, AF_INET, SOCK_STREAM, 0, &handle), 0);
    ck_assert_int_eq(pendio_context_set_endpoint(context, address.address, address.byte_count), 0);
    ck_assert_int_eq(pendio_context_set_deadline(context, 1000000), 0);
    expect_pending(pendio_connect(context, handle));
    expect_next(&fixture, context, -ETIMEDOUT, 0, PENDIO_BY_DEADLINE);
    expect_done(pendio_poll(context, handle, POLLOUT));
    expect_result(context, -ECONNABORTED, 0, 0);
    close(hole[0]);
    close(hole[1]);
    fixture_fini(&fixture);
}
END_TEST

int main(void)
{
    const struct fixture_case cases[] = {
        {what_cannot_be_polled_is_refused, 0},
        {eventfd_is_ready_as_it_says_and_keeps_its_count, 3},
        {pipe_tells_data_room_and_a_missing_other_end, 0},
        {socket_tells_data_room_and_takes_nothing, FIXTURE_FAMILY_COUNT},
        {stream_tells_that_the_peer_is_done, FIXTURE_STREAM_COUNT},
        {urgent_data_are_told_from_others, 0},
        {listener_is_readable_when_a_client_waits, 0},
        {regular_file_is_always_ready, 0},
        {many_polls_wait_beside_a_receive, 0},
        {cancel_and_deadline_end_only_their_poll, 0},
        {close_ends_every_poll_before_itself, 2},
        {shutdown_cancels_a_poll, 0},
        {handle_of_a_connect_ended_early_answers_so, 0},
    };
    return fixture_run("contract: poll", cases, sizeof cases / sizeof cases[0]);
}
