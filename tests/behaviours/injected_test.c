/*
 * injected_test.c - behaviours 241, 242, 250, 263: answers of the kernel that it seldom gives.
 *
 * Happy path:  the table of the loop's ring is replaced by one that lets a chosen request do
 *              nothing and answers it as it likes, or adds a completion of its own.
 * Failures:    as in behaviour.h.
 *
 * This program links the objects of the library themselves, so that it may see the ring.
 */
#include "behaviour_stream.h"
#include "loop.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct {
    struct pnd_ring_backend table;
    uint8_t opcode; /* of the request to be answered; 0: none */
    int32_t answer;
    uint64_t taken;                   /* user data of the request that does nothing; 0: none */
    uint32_t injected_count;          /* answers given */
    struct pnd_ring_completion extra; /* user_data 0: none */
} inject;

static struct pnd_loop *inside(void)
{
    return (struct pnd_loop *)fixture.loop;
}

/* The first request of that kind becomes one that does nothing. */
static int submit(struct pnd_ring *ring, int64_t wait_ns)
{
    for (uint32_t left = pnd_ring_queued_count(ring); left != 0 && inject.opcode != 0; left--) {
        struct io_uring_sqe *entry = pnd_ring_queued(ring, pnd_ring_tail(ring) - left + 1);

        if (entry->opcode == inject.opcode) {
            inject.taken = entry->user_data;
            inject.opcode = 0;
            memset(entry, 0, sizeof *entry);
            entry->opcode = IORING_OP_NOP;
            entry->user_data = inject.taken;
        }
    }
    return pnd_ring_uring.submit(ring, wait_ns);
}

static uint32_t collect(struct pnd_ring *ring)
{
    static struct pnd_ring_completion given;
    uint32_t found_count;

    if (inject.extra.user_data != 0) {
        given = inject.extra;
        ring->given = &given;
        inject.extra.user_data = 0;
        inject.injected_count++;
        return 1;
    }
    found_count = pnd_ring_uring.collect(ring);
    for (uint32_t i = 0; i < found_count; i++)
        if (inject.taken != 0 && ring->given[i].user_data == inject.taken) {
            ring->given[i].result = inject.answer;
            inject.taken = 0;
            inject.injected_count++;
        }
    return found_count;
}

static void begin(void)
{
    behaviour_begin();
    memset(&inject, 0, sizeof inject);
    inject.table = pnd_ring_uring;
    inject.table.submit = submit;
    inject.table.collect = collect;
    inside()->ring.backend = &inject.table;
}

static void answer_next(uint8_t opcode, int32_t answer)
{
    inject.opcode = opcode;
    inject.answer = answer;
}

/* .NET queues it again by its completion path; here the runtime waits until it is worth asking. */
START_TEST(b241_receive_told_to_try_again_does_so)
{
    char memory[8];
    struct pendio_context *context;
    struct fixture_pair pair;

    begin();
    pair = fixture_pair(&fixture, (enum fixture_family)_i);
    context = behaviour_over(PENDIO_AUTO, memory, sizeof memory);
    answer_next(IORING_OP_RECV, -EAGAIN);
    expect_pends(context, pendio_receive(context, pair.near));
    fixture_quiet(&fixture);
    ck_assert_uint_eq(inject.injected_count, 1);
    fixture_put(pair.far, "late", 4);
    expect_ends(context, 0, 4, 0);
    ck_assert_mem_eq(memory, "late", 4);
    behaviour_talk(pair.near, pair.far);
    close(pair.far);
    behaviour_end();
}
END_TEST

/* Nobody asked for it: it is the system's own (contract 5), so no flag says by whom. */
START_TEST(b242_receive_cancelled_by_the_system_says_so_and_the_next_works)
{
    char memory[8];
    struct pendio_context *context;
    struct fixture_pair pair;

    begin();
    pair = fixture_pair(&fixture, (enum fixture_family)_i);
    context = behaviour_over(PENDIO_AUTO, memory, sizeof memory);
    answer_next(IORING_OP_RECV, -ECANCELED);
    expect_pends(context, pendio_receive(context, pair.near));
    expect_ends(context, -ECANCELED, 0, 0);
    ck_assert_uint_eq(inject.injected_count, 1);
    expect_pends(context, pendio_receive(context, pair.near));
    fixture_put(pair.far, "next", 4);
    expect_ends(context, 0, 4, 0);
    behaviour_talk(pair.near, pair.far);
    close(pair.far);
    behaviour_end();
}
END_TEST

/* The same slot, another generation: of the run before, of one far ago, of one yet to come. */
START_TEST(b250_completion_of_another_generation_is_discarded)
{
    static const uint64_t generations[] = {1, 2, 0x7fffffff, 0xffffffff, UINT64_C(0xffffffffffff)};
    char memory[8];
    struct pendio_context *context;
    struct fixture_pair pair;
    pendio_run run;

    begin();
    pair = fixture_pair(&fixture, FIXTURE_TCP4);
    behaviour_talk(pair.near, pair.far);
    context = behaviour_over(PENDIO_AUTO, memory, sizeof memory);
    expect_pends(context, pendio_receive(context, pair.near));
    run = pendio_context_run(context);
    for (size_t i = 0; i < sizeof generations / sizeof generations[0]; i++) {
        inject.extra.user_data = run - (generations[i] << PND_TOKEN_SLOT_BITS);
        inject.extra.result = 4;
        fixture_quiet(&fixture);
        ck_assert_uint_eq(inject.injected_count, i + 1);
        ck_assert_uint_eq(fixture_stats(&fixture).stale_completions, i + 1);
        ck_assert_uint_eq(pendio_context_run(context), run);
    }
    fixture_put(pair.far, "real", 4);
    expect_ends(context, 0, 4, 0);
    ck_assert_mem_eq(memory, "real", 4);
    inside()->stats.stale_completions = 0; /* seen and wanted: otherwise there must be none */
    close(pair.far);
    behaviour_end();
}
END_TEST

/*
 * .NET: the next accept arms the request again, or asks for one connection at a time where the
 * kernel knows no other way: that is this test with every feature masked.
 */
START_TEST(b263_listener_told_to_stop_goes_on)
{
    struct pendio_endpoint address;
    struct pendio_context *accept;
    struct pendio_context *connect;
    pendio_handle listener;

    begin();
    listener = fixture_listener(&fixture, (enum fixture_family)_i, &address);
    accept = behaviour_get(PENDIO_AUTO);
    connect = behaviour_get(PENDIO_AUTO);
    behaviour_aim(connect, &address);
    answer_next(IORING_OP_ACCEPT, -EAGAIN);
    for (int i = 0; i < 3; i++) {
        const struct pendio_completion *accepted;
        pendio_handle client = behaviour_socket(&address, SOCK_STREAM);

        expect_pends(accept, pendio_accept(accept, listener, 0));
        fixture_quiet(&fixture);
        ck_assert_uint_eq(inject.injected_count, 1);
        expect_either(connect, pendio_connect(connect, client), 0, 0, 0);
        accepted = behaviour_delivery_of(accept);
        expect_completion(accepted, 0, 0, 0);
        behaviour_send_now(accepted->value, "hello", 5);
        behaviour_await_data(client);
        behaviour_receive_now(client, "hello", 5);
    }
    behaviour_end();
}
END_TEST

int main(int argc, char **argv)
{
    const struct fixture_case cases[] = {
        {b241_receive_told_to_try_again_does_so, FIXTURE_STREAM_COUNT},
        {b242_receive_cancelled_by_the_system_says_so_and_the_next_works, FIXTURE_STREAM_COUNT},
        {b250_completion_of_another_generation_is_discarded, 0},
        {b263_listener_told_to_stop_goes_on, FIXTURE_STREAM_COUNT},
    };
    return behaviour_run(argc, argv, cases, sizeof cases / sizeof cases[0]);
}
