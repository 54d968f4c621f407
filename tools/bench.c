/*
 * bench.c - `pendio bench`: what pendio costs beside programs written by hand, and its peers.
 *
 * Happy path:  choose the cases -> quieten the machine -> measure one after another -> table, JSON,
 *              page, picture. --results makes the last two of what was measured earlier.
 * Failures:    a subject whose bytes come back wrong, or not at all, is exit 1; no io_uring here is
 *              exit 77; after an interrupt the table has the cases that were done, and no file is
 *              left behind.
 */
#include "bench_outputs.h"
#include "bench_results.h"
#include "clock.h"
#include "command.h"
#include "interrupt.h"
#include "progress.h"
#include "say.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ROUND_MAXIMUM = 20000, ROUND_MINIMUM = 7, QUICK_ROUNDS = 2 };

static const double seconds_default = 5;

struct bench {
    const struct pnd_options *options;
    const struct pnd_bench_case **cases;
    size_t case_count;
    struct pnd_bench_machine machine;
    struct pnd_bench_result *results;
    size_t result_count;
    bool is_cut_short; /* by a signal: what was measured before is told, but written to no file */
    struct pnd_bench_outputs outputs;
    struct pnd_progress progress;
};

static int choose(struct bench *bench);
static int check_directory(const char *name);
static int check_patterns(const struct pnd_options *options, const struct pnd_bench_case *cases,
                          size_t count);
static bool is_named(const char *pattern, const char *name);
static bool is_chosen(const struct pnd_options *options, const char *name);
static enum pnd_exit list(const struct bench *bench);
static enum pnd_exit run(struct bench *bench);
static int measure_all(struct bench *bench);
static bool go_on(void *state, uint32_t round_count, int64_t spent_ns);
static int show(struct bench *bench);
static enum pnd_exit show_again(struct bench *bench);
static enum pnd_exit judge(const struct bench *bench);
static double seconds_per_case(const struct pnd_options *options);

enum pnd_exit pnd_command_bench(const struct pnd_options *options)
{
    struct bench bench = {.options = options};
    enum pnd_exit code = PND_EXIT_USAGE;
    int status = choose(&bench);
    if (status == 0)
        code = options->list ? list(&bench) : run(&bench);
    else if (status == -ENOMEM)
        code = PND_EXIT_UNREACHABLE;
    pnd_bench_outputs_abandon(&bench.outputs);
    free(bench.cases);
    free(bench.results);
    return code;
}

static int choose(struct bench *bench)
{
    size_t count;
    const struct pnd_bench_case *cases = pnd_bench_cases(&count);
    bench->cases = calloc(count, sizeof *bench->cases);
    bench->results = calloc(count * PND_BENCH_SUBJECT_MAXIMUM, sizeof *bench->results);
    if (bench->cases == NULL || bench->results == NULL) {
        pnd_say_error("out of memory");
        return -ENOMEM;
    }
    for (size_t index = 0; index < count; index++)
        if (is_chosen(bench->options, cases[index].name))
            bench->cases[bench->case_count++] = &cases[index];
    int status = check_patterns(bench->options, cases, count);
    return status < 0 ? status : check_directory(bench->options->directory);
}

/* Each of them names a case. */
static int check_patterns(const struct pnd_options *options, const struct pnd_bench_case *cases,
                          size_t count)
{
    for (int place = 0; place < options->pattern_count; place++) {
        const char *pattern = options->patterns[place];
        size_t index = 0;
        while (index < count && !is_named(pattern, cases[index].name))
            index++;
        if (index < count)
            continue;
        pnd_say_error("--case %s: no case is named so; 'pendio bench --list' lists them", pattern);
        return -EINVAL;
    }
    return 0;
}

static int check_directory(const char *name)
{
    if (name == NULL || access(name, W_OK | X_OK) == 0)
        return 0;
    pnd_say_error("--directory %s: %s; name one that can be written to", name, strerror(errno));
    return -EINVAL;
}

/* A pattern as the shell has them, or how names begin. */
static bool is_named(const char *pattern, const char *name)
{
    return fnmatch(pattern, name, 0) == 0 || strncmp(name, pattern, strlen(pattern)) == 0;
}

static bool is_chosen(const struct pnd_options *options, const char *name)
{
    for (int index = 0; index < options->pattern_count; index++)
        if (is_named(options->patterns[index], name))
            return true;
    return options->pattern_count == 0;
}

static enum pnd_exit list(const struct bench *bench)
{
    for (size_t index = 0; index < bench->case_count; index++)
        (void)printf("%s\n", bench->cases[index]->name);
    return PND_EXIT_OK;
}

static enum pnd_exit run(struct bench *bench)
{
    int status = pnd_bench_outputs_begin(bench->options, &bench->outputs);
    if (status < 0)
        return status == -EINVAL ? PND_EXIT_USAGE : PND_EXIT_UNREACHABLE;
    if (bench->options->results != NULL)
        return show_again(bench);
    pnd_bench_set_directory(bench->options->directory);
    pnd_bench_machine_prepare(&bench->machine);
    if (bench->machine.refusal[0] != '\0') {
        pnd_say_error("skipped: %s", bench->machine.refusal);
        return PND_EXIT_SKIPPED;
    }
    if (measure_all(bench) < 0)
        return PND_EXIT_UNREACHABLE;
    return show(bench) < 0 ? PND_EXIT_UNREACHABLE : judge(bench);
}

static int measure_all(struct bench *bench)
{
    bool is_quick = bench->options->quick;
    struct pnd_bench_effort effort = {
        .limit_ns = is_quick ? 0 : (int64_t)(seconds_per_case(bench->options) * 1e9),
        .round_minimum = is_quick ? QUICK_ROUNDS : ROUND_MINIMUM,
        .round_maximum = ROUND_MAXIMUM,
        .brief = is_quick,
        .go_on = go_on,
        .state = bench,
    };
    int status = 0;

    if (!is_quick)
        pnd_bench_peers_allow_building();
    pnd_progress_begin(&bench->progress, (int)bench->case_count, !bench->options->quiet);
    bench->progress.unit = "rounds";
    for (size_t index = 0; status == 0 && index < bench->case_count; index++) {
        const struct pnd_bench_case *one = bench->cases[index];
        pnd_progress_next(&bench->progress, (int)index, one->name);
        pnd_progress_tick(&bench->progress);
        status = pnd_bench_measure(one, &effort, &bench->results[bench->result_count]);
        if (status == 0)
            bench->result_count += one->subject_count;
    }
    pnd_progress_end(&bench->progress);
    if (status == -ENOMEM)
        pnd_say_error("out of memory");
    bench->is_cut_short = status == -EINTR;
    return bench->is_cut_short ? 0 : status;
}

/* So many rounds as there will have been at the end, if they go on like this. */
static bool go_on(void *state, uint32_t round_count, int64_t spent_ns)
{
    struct bench *bench = state;
    double share = (double)spent_ns / (seconds_per_case(bench->options) * 1e9);
    uint64_t expected = (uint64_t)(round_count / (share > 1 ? 1 : share));
    pnd_progress_update(&bench->progress, round_count,
                        bench->options->quick ? QUICK_ROUNDS : expected);
    pnd_progress_tick(&bench->progress);
    return pnd_interrupt_signal() == 0;
}

static int show(struct bench *bench)
{
    struct pnd_bench_judgement judgements[PND_BENCH_BUDGET_MAXIMUM];
    bool is_quick = bench->options->quick;
    const struct pnd_bench_report report = {
        .machine = &bench->machine,
        .results = bench->results,
        .count = bench->result_count,
        .budgets = judgements,
        .budget_count =
            pnd_bench_budgets_judge(bench->results, bench->result_count, is_quick, judgements),
        .seconds = seconds_per_case(bench->options),
        .is_quick = is_quick,
    };
    bool is_stdout = pnd_bench_outputs_is_stdout(&bench->outputs);
    int status = 0;
    if (!bench->options->quiet)
        status = pnd_bench_results_print(&report, is_stdout ? stderr : stdout);
    if (status < 0 || !pnd_bench_outputs_is_any(&bench->outputs) || bench->is_cut_short)
        return status;
    return pnd_bench_outputs_end(&bench->outputs, pnd_bench_results_value(&report));
}

/* What was measured earlier. */
static enum pnd_exit show_again(struct bench *bench)
{
    if (!pnd_bench_outputs_is_any(&bench->outputs)) {
        pnd_say_error("--results makes a page or a picture: name one with --html or --svg");
        return PND_EXIT_USAGE;
    }
    json_t *report = pnd_bench_outputs_read(bench->options->results);
    if (report == NULL)
        return PND_EXIT_USAGE;
    return pnd_bench_outputs_end(&bench->outputs, report) < 0 ? PND_EXIT_UNREACHABLE : PND_EXIT_OK;
}

static enum pnd_exit judge(const struct bench *bench)
{
    enum pnd_exit code = PND_EXIT_SKIPPED;
    for (size_t index = 0; index < bench->result_count; index++) {
        const struct pnd_bench_result *result = &bench->results[index];
        if (result->state == PND_BENCH_FAILED) {
            pnd_say_error("%s: %s: %s", result->bench_case->name, result->subject, result->reason);
            code = PND_EXIT_FAILED;
        } else if (result->state == PND_BENCH_MEASURED && code == PND_EXIT_SKIPPED) {
            code = PND_EXIT_OK;
        }
    }
    return code;
}

static double seconds_per_case(const struct pnd_options *options)
{
    return options->seconds > 0 ? options->seconds : seconds_default;
}
