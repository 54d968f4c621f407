/*
 * contract_hosting_test.c - a thousand events of all kinds, one after another, in a hosted loop.
 *
 * - The host never sleeps while one is to be delivered, and sleeps when none is.
 */
#include "fixture_host.h"

#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

enum { EVENT_COUNT = 1000, KIND_COUNT = 7 };

static const uint64_t hour_ns = UINT64_C(3600) * 1000000000;

static struct fixture fixture;
static struct host host;

static void *post_once(void *unused)
{
    return (void *)(intptr_t)pendio_loop_post(fixture.loop, 1, (uintptr_t)unused);
}

static void *wake_once(void *unused)
{
    (void)unused;
    return (void *)(intptr_t)pendio_loop_wake(fixture.loop);
}

static void in_thread(void *(*act)(void *unused))
{
    void *failed = NULL;
    pthread_t thread;

    ck_assert_int_eq(pthread_create(&thread, NULL, act, NULL), 0);
    pthread_join(thread, &failed);
    ck_assert_ptr_null(failed);
}

struct crowd {
    struct pendio_context *receiver;
    struct pendio_context *timer;
    struct pendio_context *other;
    struct fixture_pair pair;
    char byte;
};

static void cause(struct crowd *crowd, unsigned int kind, uint64_t number)
{
    switch (kind) {
    case 0:
        in_thread(post_once);
        break;
    case 1:
        fixture_put(crowd->pair.far, "x", 1);
        break;
    case 2:
        ck_assert_int_eq(pendio_loop_post(fixture.loop, number, 0), 0);
        break;
    case 3:
        expect_pending(pendio_timer(crowd->timer, number % 7 * 40000));
        break;
    case 4:
        expect_pending(pendio_nop(crowd->other, fixture.loop));
        break;
    case 5:
        expect_pending(pendio_timer(crowd->other, hour_ns));
        ck_assert_int_eq(pendio_cancel(fixture.loop, pendio_context_run(crowd->other)), 0);
        break;
    default:
        ck_assert_int_eq(pendio_context_set_deadline(crowd->other, number % 5 * 30000 + 1), 0);
        expect_pending(pendio_timer(crowd->other, hour_ns));
        break;
    }
}

START_TEST(thousand_random_events_are_each_delivered)
{
    struct crowd crowd;
    uint64_t random = 20240229;

    host_init(&host, &fixture);
    crowd.pair = fixture_pair(&fixture, FIXTURE_UNIX_STREAM);
    crowd.receiver = fixture_over(&fixture, &crowd.byte, 1);
    crowd.timer = fixture_get(&fixture);
    crowd.other = fixture_called(&fixture, NULL, 0);
    expect_pending(pendio_receive(crowd.receiver, crowd.pair.near));
    for (uint64_t i = 0; i < EVENT_COUNT; i++) {
        random = random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        ck_assert_int_eq(pendio_context_set_deadline(crowd.other, 0), 0);
        if (random >> 60 & 1)
            in_thread(wake_once);
        cause(&crowd, (unsigned int)(random >> 33) % KIND_COUNT, i);
        host_run(&host, 1);
        if (fixture_next(&fixture)->context == crowd.receiver)
            expect_pending(pendio_receive(crowd.receiver, crowd.pair.near));
        if (random >> 61 & 1)
            host_expect_sleep(&host);
    }
    ck_assert_int_eq(pendio_cancel(fixture.loop, pendio_context_run(crowd.receiver)), 0);
    host_run(&host, 1);
    expect_next(&fixture, crowd.receiver, -ECANCELED, 0, PENDIO_BY_CANCEL);
    close(crowd.pair.far);
    host_fini(&host);
}
END_TEST

int main(void)
{
    const struct fixture_case cases[] = {
        {thousand_random_events_are_each_delivered, 0},
    };
    return fixture_run("contract: hosting", cases, sizeof cases / sizeof cases[0]);
}
