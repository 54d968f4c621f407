/*
 * contest.c - paired rounds: every subject does one block of the same work in each round.
 *
 * Happy path:  begin all -> one round to warm up -> rounds, each beginning with another subject ->
 *              figures and ratios of each round -> their medians and quartiles.
 * Failures:    who cannot begin for want of something on this machine is skipped; whose block
 *              fails, stalls or gives wrong bytes has failed, and the others go on without him.
 */
#include "contest.h"

#include "apart.h"
#include "ratios.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum { STALL_SECONDS = 10, DESCRIPTOR_RESERVE = 64, BRIEF_CONNECTIONS = 256 };

struct entrant {
    const struct pnd_bench_subject *subject;
    struct pnd_bench_result *result;
    void *state; /* NULL: takes no part */
    double *figures, *rates;
};

struct contest {
    const struct pnd_bench_case *bench_case;
    struct pnd_bench_case shortened; /* what brief rounds do instead */
    const struct pnd_bench_effort *effort;
    struct entrant entrants[PND_BENCH_SUBJECT_MAXIMUM];
    size_t count;
    uint32_t round_count;
    bool is_apart; /* each subject in a process of its own */
};

static int64_t clock_cost_ns;

static int begin(struct contest *contest, const struct pnd_bench_case *bench_case,
                 struct pnd_bench_result *ret_results);
static int make_room(struct contest *contest, struct entrant *entrant);
static void begin_entrant(struct contest *contest, struct entrant *entrant);
static bool has_descriptors(const struct pnd_bench_case *bench_case,
                            struct pnd_bench_result *result);
static bool is_too_many(const struct pnd_bench_case *bench_case);
static int run_rounds(struct contest *contest);
static void run_round(struct contest *contest, uint32_t round);
static void run_block(struct contest *contest, struct entrant *entrant, uint32_t round);
static void take_figures(const struct contest *contest, struct entrant *entrant, uint32_t round,
                         const struct pnd_bench_block *block);
static void give_up(struct contest *contest, struct entrant *entrant, enum pnd_bench_state state,
                    int status);
static void end_entrant(struct contest *contest, struct entrant *entrant);
static int conclude(struct contest *contest);
static void end(struct contest *contest);
static void watch_for_stalls(void);
static int64_t now_ns(clockid_t clock);
static void learn_clock_cost(void);

int pnd_bench_measure(const struct pnd_bench_case *bench_case,
                      const struct pnd_bench_effort *effort, struct pnd_bench_result *ret_results)
{
    struct contest contest = {.bench_case = bench_case,
                              .shortened = *bench_case,
                              .effort = effort,
                              .is_apart = is_too_many(bench_case)};
    if (effort->brief && bench_case->connection_count > BRIEF_CONNECTIONS) {
        contest.shortened.connection_count = BRIEF_CONNECTIONS;
        contest.bench_case = &contest.shortened;
    }

    watch_for_stalls();
    learn_clock_cost();
    int status = begin(&contest, bench_case, ret_results);
    if (status == 0)
        status = run_rounds(&contest);
    if (status == 0)
        status = conclude(&contest);
    end(&contest);
    return status;
}

const char *pnd_bench_subject_name(const struct pnd_bench_case *bench_case, size_t place)
{
    return bench_case->subjects[place].name;
}

static int begin(struct contest *contest, const struct pnd_bench_case *bench_case,
                 struct pnd_bench_result *ret_results)
{
    int status = 0;
    for (size_t index = 0; status == 0 && index < bench_case->subject_count; index++) {
        struct entrant *entrant = &contest->entrants[contest->count++];
        entrant->subject = &bench_case->subjects[index];
        entrant->result = &ret_results[index];
        *entrant->result = (struct pnd_bench_result){
            .bench_case = bench_case,
            .subject = entrant->subject->name,
            .role = entrant->subject->role,
            .reference = entrant->subject->reference,
        };
        status = make_room(contest, entrant);
        if (status == 0)
            begin_entrant(contest, entrant);
    }
    return status;
}

static int make_room(struct contest *contest, struct entrant *entrant)
{
    entrant->figures = calloc(contest->effort->round_maximum, sizeof *entrant->figures);
    entrant->rates = calloc(contest->effort->round_maximum, sizeof *entrant->rates);
    return entrant->figures == NULL || entrant->rates == NULL ? -ENOMEM : 0;
}

static void begin_entrant(struct contest *contest, struct entrant *entrant)
{
    const struct pnd_bench_subject *subject = entrant->subject;
    if (!has_descriptors(contest->bench_case, entrant->result))
        return;
    int status = contest->is_apart
                     ? pnd_bench_apart_begin(contest->bench_case, subject, &entrant->state)
                     : subject->begin(contest->bench_case, subject, &entrant->state);
    if (status == 0)
        return;
    bool is_lacking = status == -ENOTSUP || status == -ENOSYS || status == -EPERM ||
                      status == -EACCES || status == -EMFILE;
    give_up(contest, entrant, is_lacking ? PND_BENCH_SKIPPED : PND_BENCH_FAILED, status);
}

/* Both ends of every connection of one subject. */
static bool has_descriptors(const struct pnd_bench_case *bench_case,
                            struct pnd_bench_result *result)
{
    uint64_t wanted = 2 * (uint64_t)bench_case->connection_count + DESCRIPTOR_RESERVE;
    struct rlimit limit = {.rlim_cur = wanted};
    (void)getrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_cur >= wanted)
        return true;
    result->state = PND_BENCH_SKIPPED;
    (void)snprintf(result->reason, sizeof result->reason,
                   "needs %" PRIu64 " descriptors; the hard limit (ulimit -Hn) is %" PRIu64, wanted,
                   (uint64_t)limit.rlim_cur);
    return false;
}

/* Far more than a process may have of them where all subjects are in one. */
static bool is_too_many(const struct pnd_bench_case *bench_case)
{
    enum { MANY = 1000 };
    uint64_t wanted = 2 * (uint64_t)bench_case->connection_count * bench_case->subject_count;
    struct rlimit limit = {.rlim_cur = RLIM_INFINITY};
    (void)getrlimit(RLIMIT_NOFILE, &limit);
    return !bench_case->is_whole &&
           (bench_case->connection_count > MANY || wanted + DESCRIPTOR_RESERVE > limit.rlim_cur);
}

static int run_rounds(struct contest *contest)
{
    const struct pnd_bench_effort *effort = contest->effort;
    uint32_t patience = contest->bench_case->patience > 0 ? contest->bench_case->patience : 1;
    int64_t begun_ns;
    int64_t spent_ns = 0;

    run_round(contest, 0); /* warms up, however long that takes */
    begun_ns = now_ns(CLOCK_MONOTONIC);
    while (contest->round_count < effort->round_maximum &&
           (contest->round_count < effort->round_minimum || spent_ns < effort->limit_ns)) {
        run_round(contest, contest->round_count);
        contest->round_count++;
        spent_ns = (now_ns(CLOCK_MONOTONIC) - begun_ns) / patience;
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
    int status = contest->is_apart ? pnd_bench_apart_run(entrant->state, &block)
                                   : entrant->subject->run(entrant->state, &block);
    unsigned seconds_left = alarm(0);
    if (status == -EINTR && seconds_left == 0)
        status = -ETIMEDOUT;
    if (status == -EINTR) /* go_on() will tell */
        return;
    if (status < 0)
        give_up(contest, entrant, status == -ENOTSUP ? PND_BENCH_SKIPPED : PND_BENCH_FAILED,
                status);
    else
        take_figures(contest, entrant, round, &block);
}

static void take_figures(const struct contest *contest, struct entrant *entrant, uint32_t round,
                         const struct pnd_bench_block *block)
{
    double count = (double)block->operation_count;
    double passed_ns = (double)block->passed_ns;
    double spent_ns = contest->bench_case->by_wall ? passed_ns : (double)block->spent_ns;
    entrant->figures[round] = spent_ns / count;
    entrant->rates[round] = passed_ns > 0 ? count * 1e9 / passed_ns : 0;
}

static void give_up(struct contest *contest, struct entrant *entrant, enum pnd_bench_state state,
                    int status)
{
    const char *lacking = entrant->subject->lacking;
    const char *reason = status == -ENOTSUP && lacking != NULL ? lacking
                         : status == -EBADMSG                  ? "wrong bytes came back"
                         : status == -ETIMEDOUT                ? "stalled"
                         : status == -ECHILD                   ? "its process died"
                                                               : strerror(-status);
    end_entrant(contest, entrant);
    entrant->result->state = state;
    (void)snprintf(entrant->result->reason, sizeof entrant->result->reason, "%s", reason);
}

static int conclude(struct contest *contest)
{
    struct pnd_bench_column columns[PND_BENCH_SUBJECT_MAXIMUM];
    for (size_t index = 0; index < contest->count; index++) {
        const struct entrant *entrant = &contest->entrants[index];
        columns[index] = (struct pnd_bench_column){
            .result = entrant->result,
            .figures = entrant->state != NULL ? entrant->figures : NULL,
            .rates = entrant->rates,
        };
    }
    return pnd_bench_ratios_take(columns, contest->count, contest->round_count);
}

static void end(struct contest *contest)
{
    for (size_t index = 0; index < contest->count; index++) {
        struct entrant *entrant = &contest->entrants[index];
        end_entrant(contest, entrant);
        free(entrant->figures);
        free(entrant->rates);
    }
}

static void end_entrant(struct contest *contest, struct entrant *entrant)
{
    if (entrant->state != NULL && contest->is_apart)
        pnd_bench_apart_end(entrant->state);
    else if (entrant->state != NULL)
        entrant->subject->end(entrant->state);
    entrant->state = NULL;
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

static int64_t now_ns(clockid_t clock)
{
    struct timespec now;
    (void)clock_gettime(clock, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

/* The least seen: more would take something off the figures that belongs to them. */
static void learn_clock_cost(void)
{
    enum { TRIES = 1000 };
    int64_t least_ns = INT64_MAX;

    for (int turn = 0; clock_cost_ns == 0 && turn < TRIES; turn++) {
        int64_t begun_ns = now_ns(CLOCK_PROCESS_CPUTIME_ID);
        int64_t cost_ns = now_ns(CLOCK_PROCESS_CPUTIME_ID) - begun_ns;
        least_ns = cost_ns < least_ns ? cost_ns : least_ns;
    }
    if (clock_cost_ns == 0)
        clock_cost_ns = least_ns;
}

void pnd_bench_block_start(struct pnd_bench_block *block)
{
    block->opened_ns = now_ns(CLOCK_MONOTONIC);
    block->begun_ns = now_ns(CLOCK_PROCESS_CPUTIME_ID);
}

/* Reading the one clock takes time of both. */
void pnd_bench_block_stop(struct pnd_bench_block *block)
{
    block->spent_ns += now_ns(CLOCK_PROCESS_CPUTIME_ID) - block->begun_ns - clock_cost_ns;
    block->passed_ns += now_ns(CLOCK_MONOTONIC) - block->opened_ns - 2 * clock_cost_ns;
}
