/*
 * limits_test.c - behaviours L9, L10 and L12 to L14: pools, memory, closing in the midst, fairness.
 *
 * - A context is in use until its end was told: a put before that is refused (contract 2).
 * - A budget per handle and turn keeps one busy handle from starving the others.
 */
#include "behaviour.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct fixture_pair pair;
static struct pendio_context *context;

static void begin(uint32_t policy, void *memory, size_t byte_count)
{
    behaviour_begin();
    pair = fixture_pair(&fixture, FIXTURE_TCP4);
    context = behaviour_over(policy, memory, byte_count);
}

static void end(void)
{
    close(pair.far);
    behaviour_end();
}

/* ---- L9: pools ------------------------------------------------------------------------------ */

static void expect_as_new(struct pendio_context *fresh)
{
    struct pendio_request request = {.size = sizeof request};

    expect_ok(pendio_context_request(fresh, &request));
    ck_assert_uint_eq(request.flags, 0);
    ck_assert_uint_eq(request.policy, PENDIO_AUTO);
    ck_assert_uint_eq(request.piece_count, 0);
    ck_assert_uint_eq(request.byte_count, 4096);
    ck_assert_uint_eq(request.window_bytes, 4096);
    ck_assert_uint_eq(request.control_bytes, 0);
    ck_assert_uint_eq(request.deadline_ns, 0);
    ck_assert_uint_eq(request.user_data, 0);
    ck_assert(request.completed == NULL);
    ck_assert_uint_eq(request.endpoint.byte_count, 0);
}

START_TEST(l09_pool_lends_renews_and_refuses)
{
    struct pendio_context *taken[64];
    struct pendio_context *none = NULL;
    const struct pendio_endpoint address = behaviour_loopback(FIXTURE_TCP4, 1);

    behaviour_begin();
    pair = fixture_pair(&fixture, FIXTURE_TCP4);
    for (int i = 0; i < 64; i++)
        expect_ok(pendio_pool_get(fixture.pool, &taken[i]));
    ck_assert_int_eq(pendio_pool_get(fixture.pool, &none), -EAGAIN);
    ck_assert_ptr_null(none);
    context = taken[7];
    expect_as_new(context);
    behaviour_show(context, "a", 1);
    behaviour_aim(context, &address);
    expect_ok(pendio_context_set_policy(context, PENDIO_TRY));
    expect_ok(pendio_context_set_user_data(context, 9));
    expect_ok(pendio_context_set_flags(context, PENDIO_PEEK));
    expect_done_with(context, pendio_send(context, pair.near), 0, 1, 0);
    expect_ok(pendio_context_set_callback(context, fixture_collect, &fixture));
    expect_pends(context, pendio_receive(context, pair.near));
    expect_refused(context, pendio_pool_put(context), -EBUSY);
    ck_assert_int_eq(pendio_pool_destroy(fixture.pool), -EBUSY);
    expect_ok(pendio_cancel(fixture.loop, pendio_context_run(context)));
    expect_ends(context, -ECANCELED, 0, PENDIO_BY_CANCEL);
    expect_ok(pendio_pool_put(context));
    expect_ok(pendio_pool_get(fixture.pool, &none));
    ck_assert_ptr_eq(none, context);
    expect_as_new(context);
    ck_assert_uint_eq(fixture_stats(&fixture).pool_exhausted, 1);
    ck_assert_uint_eq(fixture_stats(&fixture).pool_high_water, 64);
    end();
}
END_TEST

/* ---- L10: bytes outside the transferred range ----------------------------------------------- */

enum { FRAME = 64, WINDOW = 32 };

static unsigned char framed[FRAME + WINDOW + FRAME];

/* All but the first byte_count bytes of the window is as it was. */
static bool is_untouched(size_t byte_count)
{
    unsigned char fresh[sizeof framed];

    fixture_fill(fresh, sizeof fresh, 10);
    return memcmp(framed, fresh, FRAME) == 0 &&
           memcmp(&framed[FRAME + byte_count], &fresh[FRAME + byte_count],
                  sizeof framed - FRAME - byte_count) == 0;
}

static void begin_framed(uint32_t policy)
{
    begin(policy, framed, sizeof framed);
    fixture_fill(framed, sizeof framed, 10);
    expect_ok(pendio_context_set_window(context, FRAME, WINDOW));
}

START_TEST(l10_what_was_not_transferred_is_untouched)
{
    begin_framed(PENDIO_TRY);
    fixture_put(pair.far, "abc", 3);
    behaviour_await_data(pair.near);
    expect_done_with(context, pendio_receive(context, pair.near), 0, 3, 0);
    ck_assert_mem_eq(&framed[FRAME], "abc", 3);
    ck_assert(is_untouched(3));
    end();
}
END_TEST

START_TEST(l10_ended_early_nothing_is_touched)
{
    const uint16_t by[] = {PENDIO_BY_CANCEL, PENDIO_BY_CLOSE, PENDIO_BY_DEADLINE};

    begin_framed(PENDIO_AUTO);
    if (_i == 2)
        expect_ok(pendio_context_set_deadline(context, 1000000));
    expect_pends(context, pendio_receive(context, pair.near));
    fixture.harvest_count = 0;
    ck_assert_int_eq(fixture_turn(&fixture, 0), 0);
    fixture.harvest_count = 16;
    if (_i == 0)
        expect_ok(pendio_cancel(fixture.loop, pendio_context_run(context)));
    else if (_i == 1)
        behaviour_close(pair.near);
    expect_ends(context, _i == 2 ? -ETIMEDOUT : -ECANCELED, 0, by[_i]);
    ck_assert(is_untouched(0));
    if (_i != 1)
        behaviour_send_now(pair.near, "alive", 5);
    (void)send(pair.far, "late", 4, MSG_NOSIGNAL);
    fixture_quiet(&fixture);
    ck_assert(is_untouched(0));
    end();
}
END_TEST

/* ---- L12: a put between the end and its delivery -------------------------------------------- */

static struct pendio_context *later;

static void put_the_next(const struct pendio_completion *completion, void *state)
{
    fixture_collect(completion, state);
    ck_assert_int_eq(pendio_pool_put(later), completion->context == later ? 0 : -EBUSY);
}

START_TEST(l12_put_between_end_and_delivery_is_refused)
{
    begin(PENDIO_QUEUE, NULL, 0);
    later = behaviour_get(PENDIO_QUEUE);
    for (int i = 0; i < 2; i++) {
        struct pendio_context *each = i == 0 ? context : later;

        behaviour_show(each, "ab", 2);
        expect_ok(pendio_context_set_callback(each, put_the_next, &fixture));
        expect_pends(each, pendio_send(each, pair.near));
    }
    expect_next(&fixture, context, 0, 2, 0);
    expect_next(&fixture, later, 0, 2, 0);
    ck_assert_int_eq(pendio_pool_put(later), -EALREADY);
    behaviour_send_now(pair.near, "c", 1);
    end();
}
END_TEST

/* ---- L13: close while the other direction works --------------------------------------------- */

START_TEST(l13_close_ends_both_directions_each_in_its_way)
{
    enum { WHOLE = 8 << 20 };
    static char memory[WHOLE];
    struct pendio_context *receive;
    struct pendio_context *closer;
    const struct pendio_completion *sent;
    char bytes[4];

    begin(PENDIO_AUTO, memory, sizeof memory);
    receive = behaviour_over(PENDIO_AUTO, bytes, sizeof bytes);
    closer = behaviour_get(PENDIO_AUTO);
    expect_pends(receive, pendio_receive(receive, pair.near));
    expect_pends(context, pendio_send(context, pair.near));
    if (_i % 2 == 0)
        fixture_quiet(&fixture);
    expect_pends(closer,
                 pendio_close(closer, pair.near, _i < 2 ? PENDIO_GRACEFUL : PENDIO_ABORTIVE));
    if (_i < 2)
        fixture_drain(&fixture, pair.far, sizeof memory);
    expect_ends(receive, -ECANCELED, 0, PENDIO_BY_CLOSE);
    sent = behaviour_delivery_of(context);
    if (_i < 2)
        expect_completion(sent, 0, WHOLE, 0);
    else
        ck_assert_int_eq(sent->error, -ECANCELED);
    ck_assert_uint_eq(sent->flags, _i < 2 ? 0 : PENDIO_BY_CLOSE);
    expect_ends(closer, 0, 0, 0);
    expect_refused(context, pendio_send(context, pair.near), -EBADF);
    close(pair.far);
    pair = fixture_pair(&fixture, FIXTURE_TCP4);
    behaviour_talk(pair.near, pair.far);
    end();
}
END_TEST

/* ---- L14: fairness -------------------------------------------------------------------------- */

START_TEST(l14_endless_done_answers_do_not_starve_others)
{
    struct pendio_context *other;
    struct fixture_pair quiet;
    uint32_t done_count = 0;
    char bytes[2];
    int answer;

    begin(PENDIO_TRY, &bytes[0], 1);
    quiet = fixture_pair(&fixture, FIXTURE_TCP4);
    other = behaviour_over(PENDIO_AUTO, &bytes[1], 1);
    expect_pends(other, pendio_receive(other, quiet.near));
    for (int i = 0; i < 100; i++)
        fixture_put(pair.far, "x", 1);
    behaviour_await_data(pair.near);
    fixture_put(quiet.far, "q", 1);
    while ((answer = behaviour_note(context, pendio_receive(context, pair.near))) == PENDIO_DONE)
        done_count++;
    ck_assert_uint_ge(done_count, 15); /* one of the turn's budget may be the waiting's */
    ck_assert_uint_le(done_count, 16);
    expect_end_of(context, answer, 0, 1, 0); /* a turn has come, for all */
    expect_ends(other, 0, 1, 0);
    ck_assert_int_eq(bytes[1], 'q');
    close(quiet.far);
    end();
}
END_TEST

int main(int argc, char **argv)
{
    const struct fixture_case cases[] = {
        {l09_pool_lends_renews_and_refuses, 0},
        {l10_what_was_not_transferred_is_untouched, 0},
        {l10_ended_early_nothing_is_touched, 3},
        {l12_put_between_end_and_delivery_is_refused, 0},
        {l13_close_ends_both_directions_each_in_its_way, 4},
        {l14_endless_done_answers_do_not_starve_others, 0},
    };
    return behaviour_run(argc, argv, cases, sizeof cases / sizeof cases[0]);
}
