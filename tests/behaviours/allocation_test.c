/*
 * allocation_test.c - behaviour L11: once a loop is warm, an operation allocates nothing.
 *
 * - malloc and its kin are replaced in this program, so that the C library's calls count as well;
 *   under sanitizers, which bring their own, the rounds only have to work.
 * - Assertions of Check allocate, so rounds keep what went wrong for afterwards.
 */
#include "behaviour.h"

#include <stdlib.h>

enum { WARM_UP_COUNT = 100, ROUND_COUNT = 1000 };

static bool counting;
static uint64_t allocation_count;

#ifndef TEST_IS_SANITIZED

extern void *__libc_malloc(size_t byte_count);
extern void *__libc_calloc(size_t count, size_t byte_count);
extern void *__libc_realloc(void *memory, size_t byte_count);

void *malloc(size_t size)
{
    allocation_count += counting;
    return __libc_malloc(size);
}

void *calloc(size_t nmemb, size_t size)
{
    allocation_count += counting;
    return __libc_calloc(nmemb, size);
}

void *realloc(void *ptr, size_t size)
{
    allocation_count += counting;
    return __libc_realloc(ptr, size);
}

#endif

static struct pendio_context *contexts[2];
static pendio_handle ends[2];
static char bytes[2][8];
static uint32_t done_count;
static uint32_t delivered_count;
static uint32_t wrong_count;

static void check(const struct pendio_completion *completion)
{
    wrong_count += completion->error != 0 || completion->bytes != sizeof bytes[0];
}

/* One start and its end, without an assertion. */
static void run(struct pendio_context *context, int answer, int expected)
{
    struct pendio_completion completion;

    wrong_count += answer != expected;
    if (answer == PENDIO_DONE) {
        done_count++;
        wrong_count += pendio_context_result(context, &completion) != 0;
    } else {
        delivered_count++;
        for (int turns = 0; pendio_loop_turn(fixture.loop, 1000000000, &completion, 1) != 1;)
            if (turns++ == 20)
                return;
        wrong_count += completion.context != context;
    }
    check(&completion);
}

static void go_round(uint32_t policy)
{
    int expected = policy == PENDIO_TRY ? PENDIO_DONE : PENDIO_PENDING;

    wrong_count += pendio_context_set_policy(contexts[0], policy) != 0;
    wrong_count += pendio_context_set_policy(contexts[1], policy) != 0;
    run(contexts[0], pendio_send(contexts[0], ends[0]), expected);
    run(contexts[1], pendio_receive(contexts[1], ends[1]), expected);
    if (policy == PENDIO_TRY) /* a turn, so that the budget is renewed */
        wrong_count += pendio_loop_turn(fixture.loop, 0, NULL, 0) != 0;
}

static void go_rounds(uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        go_round(i % 2 == 0 ? PENDIO_QUEUE : PENDIO_TRY);
}

START_TEST(l11_warm_operation_allocates_nothing)
{
    int descriptors[2];

    behaviour_begin();
    fixture_connect((enum fixture_family)_i, descriptors);
    for (int i = 0; i < 2; i++) {
        ends[i] = fixture_adopt(&fixture, descriptors[i]);
        contexts[i] = behaviour_over(PENDIO_AUTO, bytes[i], sizeof bytes[i]);
    }
    go_rounds(WARM_UP_COUNT);
    counting = true;
    go_rounds(ROUND_COUNT);
    counting = false;
    ck_assert_uint_eq(wrong_count, 0);
    ck_assert_uint_eq(allocation_count, 0);
    ck_assert_uint_eq(done_count, WARM_UP_COUNT + ROUND_COUNT);
    ck_assert_uint_eq(delivered_count, WARM_UP_COUNT + ROUND_COUNT);
    behaviour_end();
}
END_TEST

int main(int argc, char **argv)
{
    const struct fixture_case cases[] = {
        {l11_warm_operation_allocates_nothing, FIXTURE_STREAM_COUNT},
    };
    return behaviour_run(argc, argv, cases, sizeof cases / sizeof cases[0]);
}
