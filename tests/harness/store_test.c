/* store_test.c - finished runs within their bounds. */
#include "store.h"
#include "suite.h"

#include <stdlib.h>

static struct pnd_store *store;

static void begin(void)
{
    ck_assert_int_eq(pnd_store_create(&store), 0);
}

static void end(void)
{
    pnd_store_destroy(store);
}

/* As a run leaves it: a message of one piece. */
static Pendio__Event *make_report(uint64_t run)
{
    Pendio__Stats stats = PENDIO__STATS__INIT;
    Pendio__Report report = PENDIO__REPORT__INIT;
    Pendio__Event event = PENDIO__EVENT__INIT;
    stats.run = run;
    report.operations = run * 10;
    report.stats = &stats;
    event.run = run;
    event.body_case = PENDIO__EVENT__BODY_REPORT;
    event.report = &report;

    uint8_t *packed = NULL;
    size_t byte_count = 0;
    ProtobufCMessage *copy = NULL;
    struct pnd_message_error error = {""};
    ck_assert_int_eq(pnd_message_pack(&event.base, &packed, &byte_count), 0);
    ck_assert_int_eq(
        pnd_message_unpack(event.base.descriptor, packed, byte_count, NULL, &copy, &error), 0);
    free(packed);
    return (Pendio__Event *)copy;
}

static void add(uint64_t first, uint64_t last, size_t byte_count)
{
    for (uint64_t run = first; run <= last; run++)
        pnd_store_add(store, make_report(run), byte_count, run + 1000);
}

START_TEST(empty_store_knows_no_run)
{
    Pendio__Stats *stats[1];

    ck_assert_ptr_null(pnd_store_find(store, 0));
    ck_assert_ptr_null(pnd_store_find(store, 1));
    ck_assert_uint_eq(pnd_store_stats(store, stats, 1), 0);
}
END_TEST

START_TEST(report_is_found_by_the_number_of_its_run)
{
    add(1, 3, 100);

    ck_assert_uint_eq(pnd_store_find(store, 2)->operations, 20);
    ck_assert_ptr_null(pnd_store_find(store, 4));
}
END_TEST

START_TEST(oldest_reports_make_room_by_count)
{
    add(1, PND_STORE_RUN_COUNT + 3, 100);

    ck_assert_ptr_null(pnd_store_find(store, 3));
    ck_assert_uint_eq(pnd_store_find(store, 4)->operations, 40);
    ck_assert_ptr_nonnull(pnd_store_find(store, PND_STORE_RUN_COUNT + 3));
}
END_TEST

START_TEST(oldest_reports_make_room_by_size)
{
    add(1, 3, PND_STORE_BYTES / 3);
    ck_assert_ptr_nonnull(pnd_store_find(store, 1));

    add(4, 4, PND_STORE_BYTES / 2);

    ck_assert_ptr_null(pnd_store_find(store, 1));
    ck_assert_ptr_null(pnd_store_find(store, 2));
    ck_assert_ptr_nonnull(pnd_store_find(store, 3));
    ck_assert_ptr_nonnull(pnd_store_find(store, 4));
}
END_TEST

START_TEST(report_larger_than_the_store_is_kept_alone)
{
    add(1, 2, 100);
    add(3, 3, (size_t)PND_STORE_BYTES * 2);

    ck_assert_ptr_null(pnd_store_find(store, 2));
    ck_assert_ptr_nonnull(pnd_store_find(store, 3));
}
END_TEST

START_TEST(statistics_come_youngest_first)
{
    Pendio__Stats *stats[PND_STORE_STATS_COUNT];
    add(1, PND_STORE_RUN_COUNT + 5, 100);

    ck_assert_uint_eq(pnd_store_stats(store, stats, PND_STORE_STATS_COUNT), PND_STORE_STATS_COUNT);
    for (uint64_t i = 0; i < PND_STORE_STATS_COUNT; i++)
        ck_assert_uint_eq(stats[i]->run, PND_STORE_RUN_COUNT + 5 - i);
}
END_TEST

START_TEST(list_is_of_those_older_than_a_run_youngest_first)
{
    Pendio__Finished runs[PND_STORE_RUN_COUNT];
    add(1, PND_STORE_RUN_COUNT + 5, 100);

    ck_assert_uint_eq(pnd_store_list(store, 0, runs, 2), 2);
    ck_assert_uint_eq(runs[0].run, PND_STORE_RUN_COUNT + 5);
    ck_assert_uint_eq(runs[1].run, PND_STORE_RUN_COUNT + 4);
    ck_assert_uint_eq(runs[1].ended_s, PND_STORE_RUN_COUNT + 4 + 1000);
    ck_assert_uint_eq(pnd_store_list(store, 8, runs, PND_STORE_RUN_COUNT), 2);
    ck_assert_uint_eq(runs[0].run, 7);
    ck_assert_uint_eq(pnd_store_list(store, 6, runs, PND_STORE_RUN_COUNT), 0);
    ck_assert_uint_eq(pnd_store_list(store, 5, runs, PND_STORE_RUN_COUNT), 0);
    ck_assert_uint_eq(pnd_store_list(store, 1000, runs, PND_STORE_RUN_COUNT), 0);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        empty_store_knows_no_run,
        report_is_found_by_the_number_of_its_run,
        oldest_reports_make_room_by_count,
        oldest_reports_make_room_by_size,
        report_larger_than_the_store_is_kept_alone,
        statistics_come_youngest_first,
        list_is_of_those_older_than_a_run_youngest_first,
    };
    return suite_run("store", begin, end, tests, sizeof tests / sizeof tests[0]);
}
