/*
 * buffer_ring_test.c - the memory that is lent is the warmest there is.
 */
#include "suite.h"
#include "workbench.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BUFFER_COUNT = 8, ROUND_COUNT = 2000, MOST_WARM = 128 };

START_TEST(the_buffer_released_last_is_taken_first)
{
    struct pendio_loop *loop = workbench_loop(16, 0);
    struct pnd_loop *inside = workbench_inside(loop);
    uint32_t taken[BUFFER_COUNT];
    uint32_t index;

    ck_assert_int_eq(pnd_buffers_make(&inside->buffers, &inside->ring), 0);
    for (int i = 0; i < BUFFER_COUNT; i++)
        ck_assert(pnd_buffers_take(&inside->buffers, &taken[i]));
    pnd_buffers_release(&inside->buffers, taken[5]);
    pnd_buffers_release(&inside->buffers, taken[2]);
    ck_assert(pnd_buffers_take(&inside->buffers, &index));
    ck_assert_uint_eq(index, taken[2]);
    ck_assert(pnd_buffers_take(&inside->buffers, &index));
    ck_assert_uint_eq(index, taken[5]);
    for (int i = 0; i < BUFFER_COUNT; i++)
        pnd_buffers_release(&inside->buffers, taken[i]);
    workbench_end(loop);
}
END_TEST

static void connect_tcp(int ret_ends[2])
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t byte_count = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    ck_assert_int_eq(bind(listener, (struct sockaddr *)&address, byte_count), 0);
    ck_assert_int_eq(getsockname(listener, (struct sockaddr *)&address, &byte_count), 0);
    ck_assert_int_eq(listen(listener, 1), 0);
    ret_ends[0] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_eq(connect(ret_ends[0], (struct sockaddr *)&address, byte_count), 0);
    ret_ends[1] = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    ck_assert_int_ge(ret_ends[1], 0);
    close(listener);
}

/* Which of the loop's buffers it is in. */
static uint64_t buffer_of(const struct pendio_loop *loop, uint64_t memory)
{
    const struct pnd_buffers *buffers = &((const struct pnd_loop *)loop)->buffers;
    uint64_t index = (memory - (uintptr_t)buffers->memory) / buffers->buffer_bytes;

    ck_assert_uint_lt(index, buffers->buffer_count);
    return index;
}

/* A thousand buffers there are; who receives, and gives back, goes round in a few. */
START_TEST(what_is_lent_again_and_again_stays_within_a_few_buffers)
{
    struct pendio_loop *loop = workbench_loop(16, 0);
    struct pendio_context *context = workbench_context(workbench_pool(loop, 1, 0));
    static bool is_used[1024];
    uint32_t used_count = 0;
    char message[512] = "";
    pendio_handle handle;
    int ends[2];

    connect_tcp(ends);
    ck_assert_int_eq(pendio_handle_adopt(loop, ends[0], &handle), 0);
    ck_assert_int_eq(pendio_context_set_lending(context), 0);
    ck_assert_int_eq(pendio_context_set_policy(context, PENDIO_QUEUE), 0);
    for (int i = 0; i < ROUND_COUNT; i++) {
        struct pendio_completion completion;
        uint64_t index;

        ck_assert_int_eq(pendio_receive(context, handle), PENDIO_PENDING);
        ck_assert_int_eq(write(ends[1], message, sizeof message), sizeof message);
        completion = workbench_next(loop);
        ck_assert_int_eq(completion.error, 0);
        index = buffer_of(loop, completion.memory);
        used_count += !is_used[index];
        is_used[index] = true;
    }
    ck_assert_uint_le(used_count, MOST_WARM);
    close(ends[1]);
    workbench_end(loop);
}
END_TEST

static struct pendio_loop *loop_with(uint32_t buffer_bytes)
{
    const struct pendio_loop_options options = {.size = sizeof options,
                                                .operation_count = 16,
                                                .buffer_bytes = buffer_bytes,
                                                .buffer_count = 4096};
    struct pendio_loop *loop;

    ck_assert_int_eq(pendio_loop_create(&options, &loop), 0);
    return loop;
}

/* As the kernel and those who are lent do: three in four are filled, and come back. */
static void use_most(struct pnd_buffers *buffers, uint16_t *head)
{
    uint32_t count = buffers->provided_count * 3 / 4;
    uint16_t first = *head;

    for (uint32_t i = 0; i < count; i++)
        (void)pnd_buffers_fill(buffers,
                               buffers->entries[(*head)++ & (buffers->buffer_count - 1)].bid,
                               buffers->buffer_bytes);
    for (; first != *head; first++)
        pnd_buffers_release(buffers, buffers->entries[first & (buffers->buffer_count - 1)].bid);
    pnd_buffers_provide(buffers);
}

/* So many of them are wanted in the end; and then one request finds none. */
static void expect_wanted(uint32_t buffer_bytes, uint32_t most_count, uint32_t next_count)
{
    struct pendio_loop *loop = loop_with(buffer_bytes);
    struct pnd_loop *inside = workbench_inside(loop);
    struct pnd_buffers *buffers = &inside->buffers;
    uint16_t head = 0;

    ck_assert_int_eq(pnd_buffers_make(buffers, &inside->ring), 0);
    if (buffers->entries != NULL) {
        pnd_buffers_want_some(buffers);
        pnd_buffers_provide(buffers);
        for (int i = 0; i < 20; i++)
            use_most(buffers, &head);
        ck_assert_uint_eq(buffers->wanted_count, most_count);
        pnd_buffers_found_none(buffers);
        ck_assert_uint_eq(buffers->wanted_count, next_count);
    }
    workbench_end(loop);
}

START_TEST(more_are_provided_as_they_are_used)
{
    expect_wanted(1024, 4096, 4096);
}
END_TEST

START_TEST(more_than_a_cache_holds_are_provided_when_none_was_left)
{
    expect_wanted(16384, 1024, 2048);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        the_buffer_released_last_is_taken_first,
        what_is_lent_again_and_again_stays_within_a_few_buffers,
        more_are_provided_as_they_are_used,
        more_than_a_cache_holds_are_provided_when_none_was_left,
    };

    return suite_run("buffer_ring", NULL, NULL, tests, sizeof tests / sizeof tests[0]);
}
