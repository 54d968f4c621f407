/*
 * race_test.c - many contexts race their end with a cancel, a deadline or a close, many times.
 *
 *     race_test [full | tenth] [contexts=N] [rounds=N] [seed=N]
 *
 * Happy path:  in a round every context starts an operation; a second thread makes the events
 *              happen (data, clients, room) while the loop's thread asks for the ends, both in an
 *              order of their own. Each run is delivered exactly once; what it brought, or left,
 *              is accounted for: not a byte and not a connection too many or too few.
 * Failures:    one line, exit 1.
 */
#include "race_kinds.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { HARVEST_COUNT = 512 };

static struct {
    struct live_bench bench;
    struct race *races;
    uint64_t race_count;
    uint64_t round_count;
    uint64_t seed;
    uint64_t delivered_count; /* in the round */
    uint64_t ends[RACE_END_COUNT];
    uint64_t kinds[RACE_KIND_COUNT];
    int go;   /* eventfd: the loop's thread to the other */
    int done; /* and back */
} all = {.race_count = 128, .round_count = 100, .seed = 1};

/* ---- the other thread ----------------------------------------------------------------------- */

static void signal_to(int descriptor)
{
    const uint64_t one = 1;

    live_check(write(descriptor, &one, sizeof one) == sizeof one, "eventfd");
}

static void wait_for(int descriptor)
{
    uint64_t value;

    live_check(read(descriptor, &value, sizeof value) == sizeof value, "eventfd");
}

/* In an order of its own: it begins anywhere and goes on in steps that meet everybody. */
static void *make_events(void *unused)
{
    uint64_t random = all.seed * 2 + 1;

    (void)unused;
    for (uint64_t round = 0; round < all.round_count; round++) {
        uint64_t first = live_random(&random);

        wait_for(all.go);
        for (uint64_t i = 0; i < all.race_count; i++)
            race_event(&all.races[(first + i) % all.race_count]);
        signal_to(all.done);
    }
    return NULL;
}

/* ---- a round -------------------------------------------------------------------------------- */

static void take_result(const struct pendio_completion *result)
{
    struct race *race;

    live_check(result->user_data < all.race_count, "a completion of nobody's");
    race = &all.races[result->user_data];
    live_check(race->under_way, "context %" PRIu64 " was delivered twice", result->user_data);
    live_check(result->run == race->run, "a completion of another run");
    race->under_way = false;
    all.delivered_count++;
    all.ends[race_ended(race, result)]++;
}

static void turn_once(int64_t timeout_ns)
{
    static struct pendio_completion results[HARVEST_COUNT];
    int count = pendio_loop_turn(all.bench.loop, timeout_ns, results, HARVEST_COUNT);

    live_check(count >= 0, "turn: %d", count);
    for (int i = 0; i < count; i++)
        take_result(&results[i]);
}

static void start_all(uint64_t round)
{
    all.delivered_count = 0;
    for (uint64_t i = 0; i < all.race_count; i++) {
        struct race *race = &all.races[i];

        race->kind = (enum race_kind)((i + round) % RACE_KIND_COUNT);
        all.kinds[race->kind]++;
        race_start(race);
        if (!race->under_way) { /* done */
            struct pendio_completion result;

            live_check(pendio_context_result(race->context, &result) == 0, "result");
            all.delivered_count++;
            all.ends[race_ended(race, &result)]++;
        }
    }
}

/* Now and then what was asked is handed over, so that cancels come before, beside and after. */
static void ask_all(uint64_t *random)
{
    uint64_t first = live_random(random);

    for (uint64_t i = 0; i < all.race_count; i++) {
        struct race *race = &all.races[(first + i) % all.race_count];
        uint64_t dice = live_random(random) % 8;

        if (race->under_way && dice != 0)
            race_ask(race);
        if (dice == 1)
            turn_once(0);
        else if (dice == 2)
            live_check(pendio_loop_flush(all.bench.loop) == 0, "flush");
    }
}

static void finish_all(void)
{
    uint64_t patience_ns = live_now_ns() + UINT64_C(20000000000);

    while (all.delivered_count < all.race_count) {
        turn_once(1000000);
        live_check(live_now_ns() < patience_ns, "%" PRIu64 " of %" PRIu64 " were not delivered",
                   all.race_count - all.delivered_count, all.race_count);
        for (uint64_t i = 0; i < all.race_count; i++)
            if (all.races[i].under_way)
                race_ask(&all.races[i]);
    }
}

static void run_round(uint64_t round, uint64_t *random)
{
    start_all(round);
    if (live_random(random) % 2 == 0)
        live_check(pendio_loop_flush(all.bench.loop) == 0, "flush");
    signal_to(all.go);
    ask_all(random);
    wait_for(all.done);
    finish_all();
    turn_once(0); /* a second delivery of a run would come now */
    for (uint64_t i = 0; i < all.race_count; i++)
        race_settle(&all.races[i]);
}

/* ---- life ----------------------------------------------------------------------------------- */

static void begin(void)
{
    const struct pendio_loop_options room = {.size = sizeof room,
                                             .operation_count = (uint32_t)all.race_count,
                                             .handle_count = (uint32_t)all.race_count * 8 + 64};

    all.races = calloc(all.race_count, sizeof *all.races);
    all.go = eventfd(0, EFD_CLOEXEC);
    all.done = eventfd(0, EFD_CLOEXEC);
    live_check(all.races != NULL && all.go >= 0 && all.done >= 0, "memory");
    live_bench_init(&all.bench, &room, 64);
    for (uint64_t i = 0; i < all.race_count; i++)
        race_init(&all.races[i], &all.bench, i);
}

static void run_rounds(void)
{
    uint64_t random = all.seed * 4 + 3;
    uint64_t open_count;
    pthread_t thread;

    live_check(pthread_create(&thread, NULL, make_events, NULL) == 0, "thread");
    open_count = live_statistics(&all.bench).handles_open;
    for (uint64_t round = 0; round < all.round_count; round++) {
        run_round(round, &random);
        live_progress("rounds", round + 1, all.round_count);
        live_check(live_statistics(&all.bench).handles_open == open_count,
                   "handles are left of round %" PRIu64, round);
    }
    live_check(pthread_join(thread, NULL) == 0, "thread");
}

static void end(void)
{
    for (uint64_t i = 0; i < all.race_count; i++)
        race_fini(&all.races[i]);
    live_bench_fini(&all.bench);
    close(all.go);
    close(all.done);
    free(all.races);
}

int main(int argc, char **argv)
{
    const struct live_option options[] = {
        {"contexts", &all.race_count, 0},
        {"rounds", &all.round_count, 10000},
        {"seed", &all.seed, 0},
    };
    uint64_t begin_ns = live_now_ns();

    live_options(argc, argv, options, sizeof options / sizeof options[0]);
    live_need_descriptors(all.race_count * 8 + 128);
    begin();
    run_rounds();
    end();
    live_report("races", all.race_count * all.round_count, begin_ns);
    race_report(all.kinds, all.ends);
    return EXIT_SUCCESS;
}
