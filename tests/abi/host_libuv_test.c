/*
 * host_libuv_test.c - a loop hosted by libuv.
 *
 * - A uv_prepare turns the loop before libuv sleeps, a uv_poll after its descriptor woke it.
 * - Both kinds of work go on side by side: an echo between a pendio socket and a libuv pipe, pendio
 *   timers, and messages of a thread.
 */
#include "fixture.h"

#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

enum { ROUND_COUNT = 1000, PATIENCE_MS = 20000 };

static struct fixture fixture;

struct guest {
    uv_loop_t uv;
    uv_poll_t poll;
    uv_prepare_t prepare;
    uv_timer_t limit;
    uv_pipe_t far;
    uv_write_t write;
    struct pendio_context *receiver;
    struct pendio_context *sender;
    struct pendio_context *timer;
    pendio_handle near;
    char sent;
    char received;
    char echoed[64];
    uint32_t round_count;
    uint32_t timer_count;
    uint32_t post_count;
    bool is_late;
};

static struct guest guest;

static void finish_if_complete(void)
{
    if (guest.round_count == ROUND_COUNT && guest.timer_count == ROUND_COUNT &&
        guest.post_count == ROUND_COUNT)
        uv_stop(&guest.uv);
}

static void next_round(void)
{
    guest.sent = (char)guest.round_count;
    expect_pending(pendio_receive(guest.receiver, guest.near));
    expect_pending(pendio_send(guest.sender, guest.near));
}

static void take(const struct pendio_completion *completion)
{
    ck_assert_int_eq(completion->error, 0);
    if (completion->context == NULL) {
        ck_assert_uint_eq(completion->value, guest.post_count++);
    } else if (completion->context == guest.timer) {
        if (++guest.timer_count < ROUND_COUNT)
            expect_pending(pendio_timer(guest.timer, 20000));
    } else if (completion->context == guest.receiver) {
        ck_assert_int_eq(guest.received, guest.sent);
        guest.round_count++;
    }
    if (pendio_context_run(guest.receiver) == 0 && pendio_context_run(guest.sender) == 0 &&
        completion->handle == guest.near && guest.round_count < ROUND_COUNT)
        next_round();
    finish_if_complete();
}

static void turn_until_nothing(void)
{
    while (fixture_turn(&fixture, 0) > 0)
        while (fixture.read_count < fixture.seen_count)
            take(fixture_next(&fixture));
}

static void before_sleep(uv_prepare_t *prepare)
{
    (void)prepare;
    turn_until_nothing();
}

static void woken(uv_poll_t *poll, int status, int events)
{
    (void)poll;
    ck_assert_int_eq(status, 0);
    ck_assert_int_eq(events, UV_READABLE);
    turn_until_nothing();
}

static void too_late(uv_timer_t *timer)
{
    (void)timer;
    guest.is_late = true;
    uv_stop(&guest.uv);
}

static void give_memory(uv_handle_t *handle, size_t wanted, uv_buf_t *ret_memory)
{
    (void)handle;
    (void)wanted;
    *ret_memory = uv_buf_init(guest.echoed, sizeof guest.echoed);
}

static void echo(uv_stream_t *stream, ssize_t byte_count, const uv_buf_t *memory)
{
    uv_buf_t back = uv_buf_init(memory->base, (unsigned int)byte_count);

    ck_assert_int_eq(byte_count, 1); /* the next comes only after the echo */
    ck_assert_int_eq(uv_write(&guest.write, stream, &back, 1, NULL), 0);
}

static void post_all(void *unused)
{
    (void)unused;
    for (uint64_t i = 0; i < ROUND_COUNT; i++)
        while (pendio_loop_post(fixture.loop, 0, i) == -EAGAIN)
            uv_sleep(1);
}

static void start_libuv(int far)
{
    ck_assert_int_eq(uv_loop_init(&guest.uv), 0);
    uv_poll_init(&guest.uv, &guest.poll, pendio_loop_descriptor(fixture.loop));
    uv_poll_start(&guest.poll, UV_READABLE, woken);
    uv_prepare_init(&guest.uv, &guest.prepare);
    uv_prepare_start(&guest.prepare, before_sleep);
    uv_timer_init(&guest.uv, &guest.limit);
    uv_timer_start(&guest.limit, too_late, PATIENCE_MS, 0);
    uv_pipe_init(&guest.uv, &guest.far, 0);
    ck_assert_int_eq(uv_pipe_open(&guest.far, far), 0);
    ck_assert_int_eq(uv_read_start((uv_stream_t *)&guest.far, give_memory, echo), 0);
}

static void stop_libuv(void)
{
    uv_close((uv_handle_t *)&guest.poll, NULL);
    uv_close((uv_handle_t *)&guest.prepare, NULL);
    uv_close((uv_handle_t *)&guest.limit, NULL);
    uv_close((uv_handle_t *)&guest.far, NULL);
    uv_run(&guest.uv, UV_RUN_DEFAULT);
    ck_assert_int_eq(uv_loop_close(&guest.uv), 0);
}

START_TEST(libuv_hosts_a_loop_that_echoes_and_waits_and_hears_a_thread)
{
    struct fixture_pair pair;
    uv_thread_t thread;

    fixture_init(&fixture);
    pair = fixture_pair(&fixture, FIXTURE_UNIX_STREAM);
    guest.near = pair.near;
    guest.receiver = fixture_over(&fixture, &guest.received, 1);
    guest.sender = fixture_over(&fixture, &guest.sent, 1);
    guest.timer = fixture_get(&fixture);
    ck_assert_int_eq(pendio_context_set_policy(guest.sender, PENDIO_QUEUE), 0);
    start_libuv(pair.far);
    ck_assert_int_eq(uv_thread_create(&thread, post_all, NULL), 0);
    expect_pending(pendio_timer(guest.timer, 20000));
    next_round();
    uv_run(&guest.uv, UV_RUN_DEFAULT);
    uv_thread_join(&thread);
    ck_assert_msg(!guest.is_late, "%u rounds, %u timers, %u messages of %d", guest.round_count,
                  guest.timer_count, guest.post_count, ROUND_COUNT);
    stop_libuv();
    fixture.descriptor_count = fixture_count_descriptors(); /* libuv keeps some of its own */
    fixture.descriptor_count -= 4; /* ring, wake-up, this descriptor and the socket */
    fixture_fini(&fixture);
}
END_TEST

int main(void)
{
    const struct fixture_case cases[] = {
        {libuv_hosts_a_loop_that_echoes_and_waits_and_hears_a_thread, 0},
    };
    return fixture_run("host: libuv", cases, sizeof cases / sizeof cases[0]);
}
