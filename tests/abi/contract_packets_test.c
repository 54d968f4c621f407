/*
 * contract_packets_test.c - memory and files sent as one operation of a stream.
 *
 * - Content is in the order of the packets, whatever they are made of; positions stay.
 * - What cannot be sent is known before the first byte goes.
 * - It has its place in the order of sends, and nothing stays open however it ends.
 */
#include "fixture.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { FILE_BYTES = 700000, MEMORY_BYTES = 5000 };

static struct fixture fixture;
static struct fixture_file file;
static struct fixture_pair pair;
static struct pendio_context *context;
static pendio_handle handle; /* of the file, its position at 10 */
static unsigned char content[FILE_BYTES];
static unsigned char memory[MEMORY_BYTES];
static unsigned char seen[2 * FILE_BYTES + 2 * MEMORY_BYTES];

static void setup(enum fixture_family family)
{
    int descriptor;

    fixture_file(&file);
    fixture_fill(content, FILE_BYTES, 3);
    fixture_fill(memory, MEMORY_BYTES, 4);
    descriptor = open(file.path, O_RDWR);
    ck_assert_int_ge(descriptor, 0);
    fixture_put(descriptor, content, FILE_BYTES);
    close(descriptor);
    fixture_init(&fixture);
    pair = fixture_pair(&fixture, family);
    descriptor = open(file.path, O_RDONLY | O_CLOEXEC);
    ck_assert_int_eq(lseek(descriptor, 10, SEEK_SET), 10);
    handle = fixture_adopt(&fixture, descriptor);
    context = fixture_get(&fixture);
}

static void teardown(void)
{
    if (!fixture.destroyed) {
        int descriptor = -1;

        ck_assert_int_eq(pendio_handle_detach(fixture.loop, handle, &descriptor), 0);
        ck_assert_int_eq(lseek(descriptor, 0, SEEK_CUR), 10);
        close(descriptor);
    }
    close(pair.far);
    fixture_remove(&file);
    fixture_fini(&fixture);
}

static int send_one(const struct pendio_packet *packet)
{
    return pendio_send_packets(context, pair.near, packet, 1, 0);
}

/* Reads as it comes while the loop turns. */
static void take(size_t byte_count)
{
    size_t taken = 0;

    while (taken < byte_count) {
        ssize_t count = recv(pair.far, seen + taken, byte_count - taken, MSG_DONTWAIT);

        ck_assert(count > 0 || (count < 0 && errno == EAGAIN));
        taken += count > 0 ? (size_t)count : 0;
        ck_assert_int_ge(fixture_turn(&fixture, count > 0 ? 0 : 1000000), 0);
    }
}

START_TEST(mixed_packets_arrive_in_order_as_one_operation)
{
    const struct pendio_packet packets[] = {
        {.memory = memory, .byte_count = 100},
        {.path = file.path},
        {.memory = NULL},
        {.file = handle, .offset = 40, .byte_count = 20},
        {.memory = memory, .offset = 0, .byte_count = 0},
        {.file = handle, .offset = 20, .byte_count = 20},
        {.path = file.path, .offset = FILE_BYTES - 7},
        {.file = handle, .offset = FILE_BYTES},
        {.memory = memory, .offset = 100, .byte_count = MEMORY_BYTES - 100},
        {.file = handle},
    };
    struct pendio_context *before;
    struct pendio_context *behind;
    size_t byte_count = 2 * FILE_BYTES + MEMORY_BYTES + 47;

    setup((enum fixture_family)_i);
    before = fixture_over(&fixture, (void *)(uintptr_t) "<", 1);
    behind = fixture_over(&fixture, (void *)(uintptr_t) ">", 1);
    for (int round = 0; round < 3; round++) {
        struct pendio_packet copy[10];
        unsigned char *at = seen + 1;

        memcpy(copy, packets, sizeof copy);
        copy[3].file = copy[5].file = copy[7].file = copy[9].file = handle;
        expect_pending(pendio_send(before, pair.near));
        expect_pending(pendio_send_packets(context, pair.near, copy, 10, 0));
        memset(copy, 0xff, sizeof copy); /* they were copied */
        expect_pending(pendio_send(behind, pair.near));
        take(byte_count + 2);
        expect_next(&fixture, before, 0, 1, 0);
        expect_next(&fixture, context, 0, byte_count, 0);
        expect_next(&fixture, behind, 0, 1, 0);
        ck_assert_int_eq(seen[0], '<');
        ck_assert_mem_eq(at, memory, 100);
        ck_assert_mem_eq(at + 100, content, FILE_BYTES);
        at += 100 + FILE_BYTES;
        ck_assert_mem_eq(at, content + 40, 20);
        ck_assert_mem_eq(at + 20, content + 20, 20);
        ck_assert_mem_eq(at + 40, content + FILE_BYTES - 7, 7);
        ck_assert_mem_eq(at + 47, memory + 100, MEMORY_BYTES - 100);
        at += 47 + MEMORY_BYTES - 100;
        ck_assert_mem_eq(at, content, FILE_BYTES);
        ck_assert_int_eq(at[FILE_BYTES], '>');
    }
    teardown();
}
END_TEST

START_TEST(nothing_is_sent_of_nothing)
{
    const struct pendio_packet nothing[] = {{.memory = NULL}, {.memory = memory}};
    struct pendio_packet at_the_end = {.offset = FILE_BYTES};

    setup(FIXTURE_TCP4);
    expect_done(pendio_send_packets(context, pair.near, NULL, 0, 0));
    expect_result(context, 0, 0, 0);
    expect_done(pendio_send_packets(context, pair.near, nothing, 2, 0));
    expect_result(context, 0, 0, 0);
    at_the_end.file = handle;
    expect_pending(send_one(&at_the_end));
    expect_next(&fixture, context, 0, 0, 0);
    ck_assert_int_eq(pendio_context_set_policy(context, PENDIO_QUEUE), 0);
    expect_pending(pendio_send_packets(context, pair.near, nothing, 2, 0));
    expect_next(&fixture, context, 0, 0, 0);
    teardown();
}
END_TEST

START_TEST(what_cannot_be_sent_is_known_before_the_first_byte)
{
    static const struct {
        const char *path;
        uint64_t offset;
        uint64_t byte_count;
        int32_t error;
    } cases[] = {
        {"/nowhere/at/all", 0, 0, -ENOENT},    {"", 0, 0, -ENOENT},
        {"/dev/null", 0, 1, -EINVAL},          {"/tmp", 0, 0, -EISDIR},
        {NULL, FILE_BYTES + 1, 0, -EINVAL},    {NULL, 0, FILE_BYTES + 1, -EINVAL},
        {NULL, UINT64_C(1) << 40, 1, -EINVAL}, {NULL, UINT64_MAX, 1, -EINVAL},
        {NULL, 1, UINT64_MAX, -EINVAL},
    };

    setup(FIXTURE_TCP4);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        for (int by_path = cases[i].path == NULL ? 0 : 1; by_path < 2; by_path++) {
            const char *path = cases[i].path == NULL ? file.path : cases[i].path;
            const struct pendio_packet packets[] = {
                {.memory = memory, .byte_count = 10},
                {.path = file.path},
                {.path = by_path ? path : NULL,
                 .file = by_path ? 0 : handle,
                 .offset = cases[i].offset,
                 .byte_count = cases[i].byte_count},
                {.memory = memory, .byte_count = 10},
            };

            expect_pending(pendio_send_packets(context, pair.near, packets, 4, 0));
            expect_next(&fixture, context, cases[i].error, 0, 0);
        }
    }
    ck_assert_int_eq(recv(pair.far, seen, 1, MSG_DONTWAIT), -1);
    ck_assert_int_eq(errno, EAGAIN);
    teardown();
}
END_TEST

START_TEST(misuse_is_refused_and_changes_nothing)
{
    struct pendio_packet packet = {.memory = memory, .path = file.path, .byte_count = 1};

    setup(FIXTURE_TCP4);
    ck_assert_int_eq(send_one(&packet), -EINVAL);
    packet = (struct pendio_packet){.byte_count = 1};
    ck_assert_int_eq(send_one(&packet), -EINVAL);
    packet = (struct pendio_packet){.file = 12345};
    ck_assert_int_eq(send_one(&packet), -EBADF);
    packet = (struct pendio_packet){.memory = memory, .byte_count = 1};
    ck_assert_int_eq(pendio_send_packets(context, pair.near, &packet, 1, 1u << 31), -EINVAL);
    ck_assert_int_eq(pendio_send_packets(context, pair.near, NULL, 1, 0), -EINVAL);
    ck_assert_int_eq(pendio_send_packets(context, 0, &packet, 1, 0), -EBADF);
    expect_result(context, 0, 0, 0);
    teardown();
}
END_TEST

START_TEST(handle_that_cannot_send_says_why)
{
    const struct pendio_packet in_memory = {.memory = memory, .byte_count = 10};
    const struct pendio_packet in_file = {.path = file.path};
    pendio_handle unconnected = 0;

    setup(FIXTURE_UDP4);
    expect_pending(send_one(&in_memory));
    expect_next(&fixture, context, -EOPNOTSUPP, 0, 0);
    expect_pending(pendio_send_packets(context, handle, &in_memory, 1, 0));
    expect_next(&fixture, context, -ENOTSOCK, 0, 0);
    for (int family = 0; family < 2; family++) {
        ck_assert_int_eq(pendio_handle_socket(fixture.loop, family == 0 ? AF_INET : AF_UNIX,
                                              SOCK_STREAM, 0, &unconnected),
                         0);
        expect_pending(pendio_send_packets(context, unconnected, &in_memory, 1, 0));
        expect_next(&fixture, context, -ENOTCONN, 0, 0);
        expect_pending(pendio_send_packets(context, unconnected, &in_file, 1, 0));
        expect_next(&fixture, context, -ENOTCONN, 0, 0);
    }
    teardown();
}
END_TEST

/* Which end: cancel, deadline, close gently within a deadline, abortively; of the file; destroy. */
START_TEST(however_it_ends_it_ends_once_and_nothing_stays_open)
{
    struct pendio_packet packets[] = {{.path = file.path}, {.file = 0}, {.path = file.path}};
    struct pendio_context *closer;
    struct pendio_completion end;
    static const uint16_t flags[] = {PENDIO_BY_CANCEL, PENDIO_BY_DEADLINE, PENDIO_BY_CLOSE,
                                     PENDIO_BY_CLOSE, PENDIO_BY_CLOSE};
    int small = 4096;

    setup((enum fixture_family)(_i % FIXTURE_STREAM_COUNT));
    _i /= FIXTURE_STREAM_COUNT;
    closer = fixture_get(&fixture);
    packets[1].file = handle;
    ck_assert_int_ge(pendio_handle_set_option(fixture.loop, pair.near, SOL_SOCKET, SO_SNDBUF,
                                              &small, sizeof small),
                     0);
    if (_i == 1)
        ck_assert_int_eq(pendio_context_set_deadline(context, 30000000), 0);
    if (_i == 2)
        ck_assert_int_eq(pendio_context_set_deadline(closer, 30000000), 0);
    for (int i = 0; i < 40; i++) /* more than the socket takes */
        ck_assert_int_eq(
            pendio_send_packets(i == 0 ? context : fixture_get(&fixture), pair.near, packets, 3, 0),
            PENDIO_PENDING);
    for (int i = 0; i < 10; i++) /* a deadline may have come already */
        ck_assert_int_ge(fixture_turn(&fixture, 1000000), 0);
    if (_i == 5) {
        fixture.destroyed = true;
        ck_assert_int_eq(pendio_loop_destroy(fixture.loop, -1, NULL), 0);
        teardown();
        return;
    }
    if (_i == 0)
        ck_assert_int_eq(pendio_cancel(fixture.loop, pendio_context_run(context)), 0);
    if (_i == 2 || _i == 3)
        expect_pending(
            pendio_close(closer, pair.near, _i == 2 ? PENDIO_GRACEFUL : PENDIO_ABORTIVE));
    if (_i == 4)
        expect_pending(pendio_close(closer, handle, PENDIO_GRACEFUL));
    fixture_wait(&fixture, _i == 2 || _i == 3 ? 41 : 1);
    ck_assert_int_eq(pendio_context_result(context, &end), 0);
    ck_assert_int_eq(end.error, _i == 1 ? -ETIMEDOUT : -ECANCELED);
    ck_assert_uint_eq(end.flags, flags[_i]);
    ck_assert_uint_lt(end.bytes, 3 * FILE_BYTES);
    if (_i < 2)
        expect_pending(pendio_close(closer, pair.near, PENDIO_ABORTIVE));
    fixture_wait(&fixture, 41);
    for (int i = 0; i < 41; i++)
        ck_assert_uint_ne(fixture_next(&fixture)->operation, PENDIO_OPERATION_NONE);
    expect_result(closer, 0, 0, 0);
    if (_i == 4)
        handle = fixture_adopt(&fixture, open(file.path, O_RDONLY | O_CLOEXEC));
    close(pair.far);
    fixture_remove(&file);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(file_that_shrinks_meanwhile_is_an_error_with_what_had_gone)
{
    struct pendio_packet packets[] = {{.memory = memory, .byte_count = 10}, {.path = file.path}};
    const struct pendio_completion *end;
    int small = 4096;

    setup(FIXTURE_TCP4);
    ck_assert_int_ge(pendio_handle_set_option(fixture.loop, pair.near, SOL_SOCKET, SO_SNDBUF,
                                              &small, sizeof small),
                     0);
    for (int i = 0; i < 8; i++)
        ck_assert_int_eq(
            pendio_send_packets(i == 7 ? context : fixture_get(&fixture), pair.near, packets, 2, 0),
            PENDIO_PENDING);
    for (int i = 0; i < 10; i++)
        ck_assert_int_ge(fixture_turn(&fixture, 1000000), 0);
    ck_assert_int_eq(truncate(file.path, 3), 0);
    for (int i = 0; i < 8; i++) {
        while (fixture.seen_count == fixture.read_count) {
            (void)recv(pair.far, seen, sizeof seen, MSG_DONTWAIT);
            ck_assert_int_ge(fixture_turn(&fixture, 1000000), 0);
        }
        end = fixture_next(&fixture);
        ck_assert(end->error == 0 || end->error == -EIO);
        if (end->error == 0)
            ck_assert(end->bytes == 10 + FILE_BYTES || end->bytes == 13);
    }
    expect_result(context, 0, 13, 0);
    teardown();
}
END_TEST

START_TEST(reset_peer_fails_it_and_sticks)
{
    struct pendio_packet packets[] = {{.path = file.path}, {.file = 0}};

    setup(FIXTURE_TCP4);
    packets[1].file = handle;
    fixture_reset(pair.far);
    pair.far = open("/dev/null", O_RDONLY);
    expect_pending(pendio_send_packets(context, pair.near, packets, 2, 0));
    ck_assert_int_lt(fixture_next(&fixture)->error, 0);
    expect_done(pendio_send_packets(context, pair.near, packets, 2, 0));
    teardown();
}
END_TEST

int main(void)
{
    const struct fixture_case cases[] = {
        {mixed_packets_arrive_in_order_as_one_operation, FIXTURE_STREAM_COUNT},
        {nothing_is_sent_of_nothing, 0},
        {what_cannot_be_sent_is_known_before_the_first_byte, 0},
        {misuse_is_refused_and_changes_nothing, 0},
        {handle_that_cannot_send_says_why, 0},
        {however_it_ends_it_ends_once_and_nothing_stays_open, 6 * FIXTURE_STREAM_COUNT},
        {file_that_shrinks_meanwhile_is_an_error_with_what_had_gone, 0},
        {reset_peer_fails_it_and_sticks, 0},
    };
    return fixture_run("contract: packets", cases, sizeof cases / sizeof cases[0]);
}
