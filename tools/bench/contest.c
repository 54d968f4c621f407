/*
 * contest.c - paired rounds: every subject does one block of the same work in each round.
 *
 * Happy path:  begin all -> one round to warm up -> rounds, each beginning with another subject ->
 *              figures and ratios of each round -> their medians and quartiles.
 * Failures:    who cannot begin for want of something on this machine is skipped; whose block
 *              fails, stalls or gives wrong bytes has failed, and the others go on without him.
 */
#include "contest.h"

#include "series.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { STALL_SECONDS = 10 };

struct entrant {
    const struct pnd_bench_subject *subject;
    struct pnd_bench_result *result;
    void *state; /* NULL: takes no part */
    double *figures;
};

struct contest {
    const struct pnd_bench_case *bench_case;
    const struct pnd_bench_effort *effort;
    struct entrant entrants[PND_BENCH_SUBJECT_MAXIMUM];
    size_t count;
    uint32_t round_count;
};

static int64_t clock_cost_ns;

static int begin(struct contest *contest, struct pnd_bench_result *ret_results);
static void begin_entrant(struct contest *contest, struct entrant *entrant);
static int run_rounds(struct contest *contest);
static void run_round(struct contest *contest, uint32_t round);
static void run_block(struct contest *contest, struct entrant *entrant, uint32_t round);
static void give_up(struct entrant *entrant, enum pnd_bench_state state, int status);
static void conclude(struct contest *contest);
static void end(struct contest *contest);
static void watch_for_stalls(void);
static void learn_clock_cost(void);

int pnd_bench_measure(const struct pnd_bench_case *bench_case,
                      const struct pnd_bench_effort *effort, struct pnd_bench_result *ret_results)
{
    struct contest contest = {.bench_case = bench_case, .effort = effort};

    watch_for_stalls();
    learn_clock_cost();
    int status = begin(&contest, ret_results);
    if (status == 0)
        status = run_rounds(&contest);
    if (status == 0)
        conclude(&contest);
    end(&contest);
    return status;
}

static int begin(struct contest *contest, struct pnd_bench_result *ret_results)
{
    for (size_t index = 0; index < contest->bench_case->subject_count; index++) {
        struct entrant *entrant = &contest->entrants[contest->count++];
        entrant->subject = &contest->bench_case->subjects[index];
        entrant->result = &ret_results[index];
        *entrant->result = (struct pnd_bench_result){
            .bench_case = contest->bench_case,
            .subject = entrant->subject->name,
            .reference = entrant->subject->reference,
        };
        entrant->figures = calloc(contest->effort->round_maximum, sizeof *entrant->figures);
        if (entrant->figures == NULL)
            return -ENOMEM;
        begin_entrant(contest, entrant);
    }
    return 0;
}

static void begin_entrant(struct contest *contest, struct entrant *entrant)
{
    int status = entrant->subject->begin(contest->bench_case, entrant->subject, &entrant->state);
    if (status == 0)
        return;
    bool is_lacking = status == -ENOTSUP || status == -ENOSYS || status == -EPERM ||
                      status == -EACCES || status == -EMFILE;
    give_up(entrant, is_lacking ? PND_BENCH_SKIPPED : PND_BENCH_FAILED, status);
    if (status == -ENOTSUP && entrant->subject->lacking != NULL)
        (void)snprintf(entrant->result->reason, sizeof entrant->result->reason, "%s",
                       entrant->subject->lacking);
}

static int run_rounds(struct contest *contest)
{
    const struct pnd_bench_effort *effort = contest->effort;
    uint32_t patience = contest->bench_case->patience > 0 ? contest->bench_case->patience : 1;
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    int64_t begun_ns = now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
    int64_t spent_ns = 0;

    run_round(contest, 0);
    while (contest->round_count < effort->round_maximum &&
           (contest->round_count < effort->round_minimum || spent_ns < effort->limit_ns)) {
        run_round(contest, contest->round_count);
        contest->round_count++;
        (void)clock_gettime(CLOCK_MONOTONIC, &now);
        spent_ns = (now.tv_sec * INT64_C(1000000000) + now.tv_nsec - begun_ns) / patience;
        if (!effort->go_on(effort->state, contest->round_count, spent_ns))
            return -EINTR;
    }
    return 0;
}

/* Who goes first finds the caches as the last one left them: so everybody does in turn. */
static void run_round(struct contest *contest, uint32_t round)
{
    for (size_t place = 0; place < contest->count; place++) {
        struct entrant *entrant = &contest->entrants[(place + round) % contest->count];
        if (entrant->state != NULL)
            run_block(contest, entrant, round);
    }
}

static void run_block(struct contest *contest, struct entrant *entrant, uint32_t round)
{
    struct pnd_bench_block block = {.brief = contest->effort->brief};

    (void)alarm(STALL_SECONDS);
    int status = entrant->subject->run(entrant->state, &block);
    unsigned seconds_left = alarm(0);
    if (status == -EINTR && seconds_left == 0)
        status = -ETIMEDOUT;
    if (status == -EINTR) /* go_on() will tell */
        return;
    if (status < 0)
        give_up(entrant, PND_BENCH_FAILED, status);
    else
        entrant->figures[round] = (double)block.spent_ns / (double)block.operation_count;
}

static void give_up(struct entrant *entrant, enum pnd_bench_state state, int status)
{
    const char *reason = status == -EBADMSG     ? "wrong bytes came back"
                         : status == -ETIMEDOUT ? "stalled"
                                                : strerror(-status);
    if (entrant->state != NULL)
        entrant->subject->end(entrant->state);
    entrant->state = NULL;
    entrant->result->state = state;
    (void)snprintf(entrant->result->reason, sizeof entrant->result->reason, "%s", reason);
}

/* A ratio is of two blocks of one round: what slows the machine down for a while slows both. */
static void conclude(struct contest *contest)
{
    double *ratios = calloc(contest->effort->round_maximum, sizeof *ratios);

    for (size_t index = 0; ratios != NULL && index < contest->count; index++) {
        struct entrant *entrant = &contest->entrants[index];
        const struct entrant *reference = contest->entrants;
        if (entrant->state == NULL)
            continue;
        while (strcmp(reference->subject->name, entrant->subject->reference) != 0)
            reference++;
        entrant->result->round_count = contest->round_count;
        if (reference->state != NULL) {
            for (uint32_t round = 0; round < contest->round_count; round++)
                ratios[round] = entrant->figures[round] / reference->figures[round];
            pnd_bench_series_spread(ratios, contest->round_count, &entrant->result->ratio);
        }
    }
    for (size_t index = 0; index < contest->count; index++)
        pnd_bench_series_spread(contest->entrants[index].figures, contest->round_count,
                                &contest->entrants[index].result->figure);
    free(ratios);
}

static void end(struct contest *contest)
{
    for (size_t index = 0; index < contest->count; index++) {
        struct entrant *entrant = &contest->entrants[index];
        if (entrant->state != NULL)
            entrant->subject->end(entrant->state);
        free(entrant->figures);
    }
}

static void ignore(int signal_number)
{
    (void)signal_number;
}

/* The alarm interrupts whatever sleeps, and nothing goes on by itself after it. */
static void watch_for_stalls(void)
{
    struct sigaction action = {.sa_handler = ignore};
    (void)sigaction(SIGALRM, &action, NULL);
}

static int64_t cpu_now_ns(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

/* The least seen: more would take something off the figures that belongs to them. */
static void learn_clock_cost(void)
{
    enum { TRIES = 1000 };
    int64_t least_ns = INT64_MAX;

    for (int turn = 0; clock_cost_ns == 0 && turn < TRIES; turn++) {
        int64_t begun_ns = cpu_now_ns();
        int64_t cost_ns = cpu_now_ns() - begun_ns;
        least_ns = cost_ns < least_ns ? cost_ns : least_ns;
    }
    if (clock_cost_ns == 0)
        clock_cost_ns = least_ns;
}

void pnd_bench_block_start(struct pnd_bench_block *block)
{
    block->begun_ns = cpu_now_ns();
}

void pnd_bench_block_stop(struct pnd_bench_block *block)
{
    block->spent_ns += cpu_now_ns() - block->begun_ns - clock_cost_ns;
}
