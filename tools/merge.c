/*
 * merge.c - what became of one workload at several places, as one outcome.
 *
 * Happy path:  sums of what was counted, checks by their name, quantiles of the histograms' sum,
 *              then what the workload expects of the run as a whole.
 * Failures:    the worst part gives verdict and reason; one that we cancelled for the sake of
 *              another is no reason. Of more names than any daemon has, the last are left out.
 */
#include "merge.h"

#include "histogram.h"
#include "merge_details.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    CHECK_LIMIT = 128,       /* different ones */
    EXPECTED_COUNT = 3,      /* that are of the run as a whole */
    COUNT_LIMIT = 128,       /* different names of what was counted */
    REPORT_BYTES = 64 << 20, /* of all places together */
    HASH_DIGITS = 17,
};

struct sums {
    Pendio__Answers answers;
    Pendio__PoolUse pool;
    Pendio__Bytes bytes;
    Pendio__Latency latency_ns;
    Pendio__Stats stats;
    char fixed[HASH_DIGITS];
};

static int fill(struct pnd_merge *merge, struct sums *sums);
static int add_counts(struct pnd_merge *merge, struct sums *sums);
static int add_stats(struct pnd_merge *merge, const Pendio__Stats *one, Pendio__Stats *all);
static void add_fixed(const struct pnd_merge *merge, char ret_digits[HASH_DIGITS]);
static int merge_checks(struct pnd_merge *merge);
static int decide(struct pnd_merge *merge);
static int expect_all(struct pnd_merge *merge);
static int finish(struct pnd_merge *merge, const char *name, struct pnd_outcome *ret_outcome);

int pnd_merge_outcomes(const struct pnd_merge_part *parts, size_t part_count,
                       const Pendio__Workload *workload, const char *name,
                       const struct pnd_options *options, struct pnd_outcome *ret_outcome)
{
    struct sums sums = {.fixed = ""};
    struct pnd_merge merge = {
        .parts = parts, .part_count = part_count, .workload = workload, .options = options};
    pendio__report__init(&merge.report);
    int status = fill(&merge, &sums);
    if (status == 0)
        status = finish(&merge, name, ret_outcome);
    pnd_histogram_fini(&merge.latency);
    pnd_histogram_fini(&merge.round_latency);
    pnd_merge_free(&merge.heap);
    return status;
}

static int fill(struct pnd_merge *merge, struct sums *sums)
{
    int status = pnd_merge_details(merge);
    if (status == 0)
        status = add_counts(merge, sums);
    if (status == 0)
        status = merge_checks(merge);
    if (status == 0)
        status = decide(merge);
    if (status == 0 && merge->report.verdict == PENDIO__VERDICT__PASSED)
        status = expect_all(merge);
    return status;
}

/* ------------------------------------------------------------------------------------------------
 * Counts
 * --------------------------------------------------------------------------------------------- */

static void add_part(const struct pnd_outcome *outcome, Pendio__Report *all, struct sums *sums)
{
    const Pendio__Report *one = outcome->report;
    sums->answers.done += outcome->answers->done;
    sums->answers.pending += outcome->answers->pending;
    sums->answers.refused += outcome->answers->refused;
    sums->pool.contexts += outcome->pool->contexts;
    sums->pool.gets += outcome->pool->gets;
    sums->pool.reuses += outcome->pool->reuses;
    sums->pool.high_water += outcome->pool->high_water;
    sums->pool.allocations_after_warmup += outcome->pool->allocations_after_warmup;
    sums->bytes.sent += outcome->bytes->sent;
    sums->bytes.received += outcome->bytes->received;
    all->deliveries += one->deliveries;
    all->operations += one->operations;
    if (one->elapsed_ns > all->elapsed_ns)
        all->elapsed_ns = one->elapsed_ns;
    if (all->workload[0] == '\0')
        all->workload = one->workload;
    if (all->content_hash[0] == '\0')
        all->content_hash = one->content_hash;
    if (all->subject[0] == '\0')
        all->subject = one->subject;
    if (all->seed == 0)
        all->seed = one->seed;
}

static void take_quantiles(const Pendio__Histogram *histogram, Pendio__Latency *latency)
{
    if (!pnd_histogram_is_sound(histogram))
        return;
    latency->p50 = pnd_histogram_quantile(histogram, 500);
    latency->p90 = pnd_histogram_quantile(histogram, 900);
    latency->p99 = pnd_histogram_quantile(histogram, 990);
    latency->p999 = pnd_histogram_quantile(histogram, 999);
    latency->max = histogram->max;
}

static int add_counts(struct pnd_merge *merge, struct sums *sums)
{
    Pendio__Report *all = &merge->report;
    int status = 0;
    pendio__answers__init(&sums->answers);
    pendio__pool_use__init(&sums->pool);
    pendio__bytes__init(&sums->bytes);
    pendio__latency__init(&sums->latency_ns);
    pendio__stats__init(&sums->stats);
    all->answers = &sums->answers;
    all->pool = &sums->pool;
    all->bytes = &sums->bytes;
    all->latency_ns = &sums->latency_ns;
    all->stats = &sums->stats;
    for (size_t index = 0; status == 0 && index < merge->part_count; index++) {
        add_part(merge->parts[index].outcome, all, sums);
        status = add_stats(merge, merge->parts[index].outcome->stats, &sums->stats);
    }
    take_quantiles(all->latency, &sums->latency_ns);
    add_fixed(merge, sums->fixed);
    all->fixed_answers_hash = sums->fixed;
    return status;
}

/* By their names, in the order of the first place that tells. */
static int add_list(struct pnd_merge *merge, Pendio__Count *const *from, size_t from_count,
                    Pendio__Count ***list, size_t *list_count)
{
    Pendio__Count **all =
        pnd_merge_take(&merge->heap, (*list_count + from_count + 1) * sizeof *all);
    if (all == NULL)
        return -ENOMEM;
    size_t count = *list_count;
    for (size_t index = 0; index < count; index++)
        all[index] = (*list)[index];
    for (size_t index = 0; index < from_count; index++) {
        size_t at = 0;
        while (at < count && strcmp(all[at]->name, from[index]->name) != 0)
            at++;
        if (at == COUNT_LIMIT)
            continue;
        if (at == count) {
            all[count] = pnd_merge_take(&merge->heap, sizeof **all);
            if (all[count] == NULL)
                return -ENOMEM;
            *all[count] = *from[index];
            all[count++]->value = 0;
        }
        all[at]->value += from[index]->value;
    }
    *list = all;
    *list_count = count;
    return 0;
}

static int add_stats(struct pnd_merge *merge, const Pendio__Stats *one, Pendio__Stats *all)
{
    all->started += one->started;
    all->done += one->done;
    all->pending += one->pending;
    all->refused += one->refused;
    all->delivered += one->delivered;
    if (all->backend[0] == '\0') {
        all->workload = one->workload;
        all->backend = one->backend;
        all->features = one->features;
        all->n_features = one->n_features;
        all->arena = one->arena;
    }
    int status = add_list(merge, one->done_by_reason, one->n_done_by_reason, &all->done_by_reason,
                          &all->n_done_by_reason);
    if (status == 0)
        status = add_list(merge, one->refused_by_reason, one->n_refused_by_reason,
                          &all->refused_by_reason, &all->n_refused_by_reason);
    if (status == 0)
        status = add_list(merge, one->counters, one->n_counters, &all->counters, &all->n_counters);
    return status;
}

/* A sum of one number for each answer, and so the same as in one place. */
static void add_fixed(const struct pnd_merge *merge, char ret_digits[HASH_DIGITS])
{
    uint64_t sum = 0;
    for (size_t index = 0; index < merge->part_count; index++)
        sum += strtoull(merge->parts[index].outcome->report->fixed_answers_hash, NULL, 16);
    if (sum != 0)
        (void)snprintf(ret_digits, HASH_DIGITS, "%016" PRIx64, sum);
}

/* ------------------------------------------------------------------------------------------------
 * Checks
 * --------------------------------------------------------------------------------------------- */

static Pendio__Check *add_check(struct pnd_merge *merge, const char *name, const char *expected)
{
    Pendio__Check *check = pnd_merge_take(&merge->heap, sizeof *check);
    if (check == NULL || merge->report.n_checks == CHECK_LIMIT)
        return NULL;
    pendio__check__init(check);
    check->name = (char *)name;
    check->expected = (char *)expected;
    merge->report.checks[merge->report.n_checks++] = check;
    return check;
}

static Pendio__Check *find_check(const struct pnd_merge *merge, const char *name)
{
    for (size_t index = 0; index < merge->report.n_checks; index++)
        if (strcmp(merge->report.checks[index]->name, name) == 0)
            return merge->report.checks[index];
    return NULL;
}

/* What the check `all` has seen with that of one more place. */
static char *join_seen(struct pnd_merge *merge, const Pendio__Check *all, const Pendio__Check *one,
                       uint32_t place)
{
    bool all_failed = all->verdict == PENDIO__VERDICT__FAILED;
    bool one_failed = one->verdict == PENDIO__VERDICT__FAILED;
    if (all_failed && !one_failed)
        return all->seen;
    if (one_failed && all_failed)
        return pnd_merge_print(&merge->heap, "%s; place %u: %s", all->seen, place, one->seen);
    if (one_failed)
        return pnd_merge_print(&merge->heap, "place %u: %s", place, one->seen);
    if (all->held_count == 0 || one->held_count == 0)
        return all->seen[0] == '\0' ? one->seen : all->seen;
    return pnd_merge_print(&merge->heap, "held %" PRIu64 " times",
                           all->held_count + one->held_count);
}

static int merge_check(struct pnd_merge *merge, const Pendio__Check *one, uint32_t place)
{
    Pendio__Check *all = find_check(merge, one->name);
    if (all == NULL && merge->report.n_checks == CHECK_LIMIT - EXPECTED_COUNT)
        return 0;
    if (all == NULL)
        all = add_check(merge, one->name, one->expected);
    if (all == NULL)
        return -ENOMEM;
    all->seen = join_seen(merge, all, one, place);
    all->held_count += one->held_count;
    if (all->verdict != PENDIO__VERDICT__FAILED)
        all->verdict = one->verdict;
    return all->seen != NULL ? 0 : -ENOMEM;
}

static int merge_checks(struct pnd_merge *merge)
{
    int status = 0;
    merge->report.checks = pnd_merge_take(&merge->heap, CHECK_LIMIT * sizeof(Pendio__Check *));
    if (merge->report.checks == NULL)
        return -ENOMEM;
    for (size_t index = 0; index < merge->part_count; index++) {
        const Pendio__Report *report = merge->parts[index].outcome->report;
        for (size_t each = 0; status == 0 && each < report->n_checks; each++)
            status = merge_check(merge, report->checks[each], merge->parts[index].place);
    }
    return status;
}

/* ------------------------------------------------------------------------------------------------
 * Verdict
 * --------------------------------------------------------------------------------------------- */

static bool has_failed_check(const Pendio__Report *report)
{
    for (size_t index = 0; index < report->n_checks; index++)
        if (report->checks[index]->verdict == PENDIO__VERDICT__FAILED)
            return true;
    return false;
}

/* The more, the more it says of why; what we ended ourselves says nothing. */
static int weight_of(const struct pnd_merge_part *part)
{
    static const int weights[] = {
        [PENDIO__VERDICT__PASSED] = 0,  [PENDIO__VERDICT__SKIPPED] = 2,
        [PENDIO__VERDICT__FAILED] = 3,  [PENDIO__VERDICT__INVALID] = 4,
        [PENDIO__VERDICT__CRASHED] = 5,
    };
    bool ended_by_us = part->was_cancelled && part->outcome->verdict == PENDIO__VERDICT__FAILED &&
                       !has_failed_check(part->outcome->report);
    return ended_by_us ? 1 : weights[part->outcome->verdict];
}

static int decide(struct pnd_merge *merge)
{
    const struct pnd_merge_part *worst = &merge->parts[0];
    for (size_t index = 1; index < merge->part_count; index++)
        if (weight_of(&merge->parts[index]) > weight_of(worst))
            worst = &merge->parts[index];
    merge->report.verdict = worst->outcome->verdict;
    if (worst->outcome->verdict == PENDIO__VERDICT__PASSED)
        return 0;
    merge->report.reason =
        pnd_merge_print(&merge->heap, "place %u (%s): %s", worst->place,
                        merge->options->urls[worst->place], worst->outcome->reason);
    return merge->report.reason != NULL ? 0 : -ENOMEM;
}

/* ------------------------------------------------------------------------------------------------
 * What is expected of all of it
 * --------------------------------------------------------------------------------------------- */

/* Named as where everything is in one place. `seen` may be NULL for want of memory. */
static int expect(struct pnd_merge *merge, const char *name, const char *expected, bool holds,
                  char *seen)
{
    Pendio__Check *check = find_check(merge, name);
    if (check == NULL)
        check = add_check(merge, name, expected);
    if (check == NULL || seen == NULL)
        return -ENOMEM;
    if (check->verdict == PENDIO__VERDICT__FAILED)
        return 0;
    check->verdict = holds ? PENDIO__VERDICT__PASSED : PENDIO__VERDICT__FAILED;
    check->seen = seen;
    if (holds || merge->report.verdict != PENDIO__VERDICT__PASSED)
        return 0;
    merge->report.verdict = PENDIO__VERDICT__FAILED;
    merge->report.reason = pnd_merge_print(&merge->heap, "%s: %s", name, seen);
    return merge->report.reason != NULL ? 0 : -ENOMEM;
}

static bool has_load(const Pendio__Workload *workload)
{
    for (size_t actor = 0; actor < workload->n_actors; actor++)
        for (size_t block = 0; block < workload->actors[actor]->n_blocks; block++)
            if (workload->actors[actor]->blocks[block]->load != NULL)
                return true;
    return false;
}

static int expect_latency(struct pnd_merge *merge, const Pendio__LatencyBound *bound)
{
    bool rounds = has_load(merge->workload);
    const Pendio__Histogram *times = rounds ? merge->report.round_latency : merge->report.latency;
    uint64_t seen_ns =
        pnd_histogram_is_sound(times) ? pnd_histogram_quantile(times, bound->per_mille) : 0;
    return expect(merge, "latency", "as many as the workload asks for took no longer",
                  seen_ns <= bound->most_ns,
                  pnd_merge_print(&merge->heap,
                                  "%u of 1000 %s took up to %" PRIu64 " ns, of %" PRIu64 " allowed",
                                  bound->per_mille, rounds ? "rounds" : "operations", seen_ns,
                                  bound->most_ns));
}

static int expect_all(struct pnd_merge *merge)
{
    const Pendio__RunExpectation *wanted = merge->workload->expect;
    const Pendio__Report *report = &merge->report;
    int status = 0;
    if (wanted == NULL)
        return 0;
    double contexts = (double)report->pool->contexts;
    double starts = (double)(report->answers->done + report->answers->pending);
    double reuse = contexts > 0 ? starts / contexts : 0;
    if (wanted->reuse_minimum > 0)
        status = expect(merge, "reuse", "as many operations per context as the workload asks for",
                        reuse >= wanted->reuse_minimum,
                        pnd_merge_print(&merge->heap, "%.1f operations per context, of %.1f wanted",
                                        reuse, wanted->reuse_minimum));
    if (status == 0 && wanted->operations_minimum > 0)
        status =
            expect(merge, "operations", "as many operations as the workload asks for",
                   report->operations >= wanted->operations_minimum,
                   pnd_merge_print(&merge->heap, "%" PRIu64 " operations, of %" PRIu64 " wanted",
                                   report->operations, wanted->operations_minimum));
    for (size_t index = 0; status == 0 && index < wanted->n_latency; index++)
        status = expect_latency(merge, wanted->latency[index]);
    return status;
}

/* Its parts belong to others; the copy is of one piece. */
static int finish(struct pnd_merge *merge, const char *name, struct pnd_outcome *ret_outcome)
{
    static const struct pnd_message_limits limits = {.input_bytes = REPORT_BYTES,
                                                     .allocation_bytes = 16 * (size_t)REPORT_BYTES};
    struct pnd_message_error error;
    uint8_t *packed = NULL;
    size_t byte_count = 0;
    ProtobufCMessage *copy = NULL;
    int status = pnd_message_pack(&merge->report.base, &packed, &byte_count);
    if (status == 0)
        status = pnd_message_unpack(&pendio__report__descriptor, packed, byte_count, &limits, &copy,
                                    &error);
    free(packed);
    if (status == 0)
        status = pnd_outcome_init_report(ret_outcome, name, (Pendio__Report *)copy);
    if (status < 0)
        pnd_message_free(copy);
    return status;
}
