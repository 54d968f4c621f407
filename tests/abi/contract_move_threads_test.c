/*
 * contract_move_threads_test.c - moving handles between the loops of two threads.
 *
 * - However cancel, arrival and the end of a loop race: one completion, and one place for a handle.
 */
#include "fixture.h"

#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

enum { MOVE_COUNT = 2000 };

static struct fixture fixture;

struct partner {
    _Atomic(struct pendio_loop *) loop;
    _Atomic bool is_over;
    int failure;
    uint64_t left_open_count; /* handles it has at its end */
};

static uint64_t count_open(struct pendio_loop *loop)
{
    struct pendio_loop_statistics statistics = {.size = sizeof statistics};

    ck_assert_int_eq(pendio_loop_stats(loop, &statistics), 0);
    return statistics.handles_open;
}

/* A loop that only turns, until it is told to end. */
static void *turn_on(void *state)
{
    struct partner *partner = (struct partner *)state;
    struct pendio_loop *loop = NULL;

    partner->failure = pendio_loop_create(NULL, &loop) != 0;
    atomic_store(&partner->loop, loop);
    while (partner->failure == 0 && !atomic_load(&partner->is_over))
        partner->failure = pendio_loop_turn(loop, -1, NULL, 0) < 0;
    if (partner->failure == 0)
        partner->failure = pendio_loop_turn(loop, 0, NULL, 0) < 0;
    if (loop != NULL)
        partner->left_open_count = count_open(loop);
    if (loop != NULL && pendio_loop_destroy(loop, -1, NULL) < 0)
        partner->failure = 1;
    return NULL;
}

static void begin_partner(struct partner *partner, pthread_t *ret_thread)
{
    *partner = (struct partner){.failure = 0};
    ck_assert_int_eq(pthread_create(ret_thread, NULL, turn_on, partner), 0);
    while (atomic_load(&partner->loop) == NULL)
        sched_yield();
}

static void end_partner(struct partner *partner, pthread_t thread)
{
    struct pendio_loop *loop = atomic_load(&partner->loop);

    atomic_store(&partner->is_over, true);
    ck_assert_int_eq(pendio_loop_wake(loop), 0);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    ck_assert_int_eq(partner->failure, 0);
}

/* Cancels race with arrivals: each handle is at exactly one place afterwards. */
START_TEST(moves_to_another_thread_end_once_whatever_races)
{
    struct partner partner;
    pthread_t thread;
    uint32_t moved_count = 0;

    fixture_init(&fixture);
    begin_partner(&partner, &thread);
    for (int i = 0; i < MOVE_COUNT; i++) {
        struct pendio_context *context = fixture_get(&fixture);
        pendio_handle handle = fixture_adopt(&fixture, open("/dev/null", O_RDONLY | O_CLOEXEC));
        const struct pendio_completion *completion;

        expect_pending(pendio_move(context, handle, atomic_load(&partner.loop)));
        if (i % 2 == 1)
            sched_yield();
        if (i % 4 != 0)
            (void)pendio_cancel(fixture.loop, pendio_context_run(context));
        completion = fixture_next(&fixture);
        ck_assert(completion->error == 0 || completion->error == -ECANCELED);
        ck_assert((completion->error == 0) == (completion->value != 0));
        moved_count += completion->error == 0;
        if (completion->error != 0)
            ck_assert_int_eq(pendio_handle_close(fixture.loop, handle, PENDIO_GRACEFUL), 0);
        ck_assert_int_eq(pendio_pool_put(context), 0);
        if (moved_count >= 1000)
            break;
    }
    ck_assert_uint_eq(fixture_stats(&fixture).handles_open, 0);
    ck_assert_uint_ge(moved_count, MOVE_COUNT / 4);
    end_partner(&partner, thread);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(source_that_ends_at_once_leaves_nothing_behind)
{
    for (int i = 0; i < 50; i++) {
        struct partner partner;
        pthread_t thread;

        fixture_init(&fixture);
        begin_partner(&partner, &thread);
        fixture.harvest_count = 0;
        for (int k = 0; k < 8; k++)
            expect_pending(
                pendio_move(fixture_get(&fixture),
                            fixture_adopt(&fixture, open("/dev/null", O_RDONLY | O_CLOEXEC)),
                            atomic_load(&partner.loop)));
        if (i % 4 >= 2)
            fixture_turn(&fixture, 0);
        ck_assert_int_eq(pendio_loop_destroy(fixture.loop, i % 2 == 0 ? 0 : -1, NULL), 0);
        fixture.destroyed = true;
        end_partner(&partner, thread);
        ck_assert_uint_eq(partner.left_open_count, 0);
        fixture_discard(&fixture);
    }
}
END_TEST

int main(void)
{
    const struct fixture_case cases[] = {
        {moves_to_another_thread_end_once_whatever_races, 0},
        {source_that_ends_at_once_leaves_nothing_behind, 0},
    };
    return fixture_run("contract: move between threads", cases, sizeof cases / sizeof cases[0]);
}
