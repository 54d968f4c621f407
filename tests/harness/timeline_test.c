/* timeline_test.c - slices of a run's time, and what becomes of them when there are many. */
#include "suite.h"
#include "timeline.h"

static const uint64_t slice_ns = 100000000;

static struct pnd_timeline timeline;
static struct pnd_ledger_counts counts;

static void begin(void)
{
    counts = (struct pnd_ledger_counts){0};
    timeline = (struct pnd_timeline){0};
    ck_assert_int_eq(pnd_timeline_init(&timeline), 0);
    pnd_timeline_begin(&timeline, 1000);
}

static void end(void)
{
    pnd_timeline_fini(&timeline);
}

START_TEST(a_slice_ends_when_its_time_has_come)
{
    counts.pending = 3;
    counts.delivered_record = 2;
    counts.contexts_taken = 1;
    pnd_timeline_add(&timeline, 500);
    pnd_timeline_add(&timeline, 9000);
    pnd_timeline_look(&timeline, &counts, 1000 + slice_ns - 1);
    ck_assert_uint_eq(timeline.count, 0);
    pnd_timeline_look(&timeline, &counts, 1000 + slice_ns);
    ck_assert_uint_eq(timeline.count, 1);
    ck_assert_uint_eq(timeline.samples[0].elapsed_ns, slice_ns);
    ck_assert_uint_eq(timeline.samples[0].pending, 3);
    ck_assert_uint_eq(timeline.samples[0].delivered, 2);
    ck_assert_uint_eq(timeline.samples[0].contexts_taken, 1);
    ck_assert_uint_eq(timeline.samples[0].latency_max_ns, 9000);
    ck_assert_uint_ge(pnd_timeline_median_ns(&timeline.samples[0]), 500);
    ck_assert_uint_le(pnd_timeline_median_ns(&timeline.samples[0]), 532);
}
END_TEST

START_TEST(a_slice_has_what_happened_in_it)
{
    counts.done = 5;
    pnd_timeline_look(&timeline, &counts, 1000 + slice_ns);
    counts.done = 7;
    pnd_timeline_look(&timeline, &counts, 1000 + 2 * slice_ns);
    ck_assert_uint_eq(timeline.samples[0].done, 5);
    ck_assert_uint_eq(timeline.samples[1].done, 2);
    ck_assert_uint_eq(pnd_timeline_median_ns(&timeline.samples[1]), 0);
}
END_TEST

START_TEST(many_slices_become_half_as_many_and_nothing_is_lost)
{
    for (uint64_t i = 1; i <= 1000; i++) {
        counts.refused = i;
        pnd_timeline_add(&timeline, i);
        pnd_timeline_look(&timeline, &counts, 1000 + i * slice_ns);
    }
    pnd_timeline_end(&timeline, &counts, 1000 + 1000 * slice_ns);
    uint64_t refused = 0;
    uint64_t latency_count = 0;
    ck_assert_uint_lt(timeline.count, PND_TIMELINE_COUNT);
    ck_assert_uint_ge(timeline.count, PND_TIMELINE_COUNT / 2 - 1);
    for (uint32_t i = 0; i < timeline.count; i++) {
        refused += timeline.samples[i].refused;
        latency_count += timeline.samples[i].latency_count;
        if (i > 0)
            ck_assert_uint_gt(timeline.samples[i].elapsed_ns, timeline.samples[i - 1].elapsed_ns);
    }
    ck_assert_uint_eq(refused, 1000);
    ck_assert_uint_eq(latency_count, 1000);
    ck_assert_uint_eq(timeline.samples[timeline.count - 1].latency_max_ns, 1000);
}
END_TEST

START_TEST(a_short_run_is_one_slice)
{
    counts.done = 1;
    pnd_timeline_end(&timeline, &counts, 1500);
    ck_assert_uint_eq(timeline.count, 1);
    ck_assert_uint_eq(timeline.samples[0].elapsed_ns, 500);
}
END_TEST

START_TEST(nothing_after_the_last_slice_is_no_slice)
{
    counts.done = 1;
    pnd_timeline_look(&timeline, &counts, 1000 + slice_ns);
    pnd_timeline_end(&timeline, &counts, 1500 + slice_ns);
    ck_assert_uint_eq(timeline.count, 1);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_slice_ends_when_its_time_has_come,
        a_slice_has_what_happened_in_it,
        many_slices_become_half_as_many_and_nothing_is_lost,
        a_short_run_is_one_slice,
        nothing_after_the_last_slice_is_no_slice,
    };
    return suite_run("timeline", begin, end, tests, sizeof tests / sizeof tests[0]);
}
