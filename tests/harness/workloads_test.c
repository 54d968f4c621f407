/*
 * workloads_test.c - every shipped workload passes, run as the daemon's child would run it; and
 * twice with the same answers, where they are optimised, which is where that takes no time.
 */
#include "child_run.h"

#include <check.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    PATH_LIMIT = 256,
    WORKLOAD_LIMIT = 1024,
    TIMEOUT_SECONDS = 120, /* only met by a run that would never end */
};

/* How often it does what it does is fixed by nothing. */
static const char by_the_clock[] = "scale/until_steady";

static char paths[WORKLOAD_LIMIT][PATH_LIMIT];
static int path_count;

static int collect(const char *path, const struct stat *status, int type, struct FTW *place)
{
    const char *ending = strrchr(path, '.');
    (void)status;
    (void)place;
    if (type == FTW_F && ending != NULL && strcmp(ending, ".json") == 0 &&
        path_count < WORKLOAD_LIMIT && strlen(path) < PATH_LIMIT)
        memcpy(paths[path_count++], path, strlen(path) + 1);
    return 0;
}

static int compare(const void *a, const void *b)
{
    return strcmp(a, b);
}

/* area/name of a file below the workloads' directory. */
static void name_of(const char *path, char *name, size_t name_bytes)
{
    const char *relative = path + sizeof WORKLOADS;
    snprintf(name, name_bytes, "%.*s", (int)(strlen(relative) - strlen(".json")), relative);
}

static void check_passed(const struct child_run *run, const char *name)
{
    const Pendio__Report *report = run->report;
    if (run->to_crash) {
        ck_assert_msg(report == NULL, "%s: reported, but was to be killed", name);
        ck_assert_msg(run->exit_status == -1, "%s: exit status %d", name, run->exit_status);
        ck_assert_msg(run->is_dying, "%s: killed, but not by itself", name);
        return;
    }
    ck_assert_msg(report != NULL, "%s: no report, exit status %d", name, run->exit_status);
    ck_assert_msg(report->verdict != PENDIO__VERDICT__SKIPPED || run->exit_status == 77,
                  "%s: skipped with exit status %d", name, run->exit_status);
    if (report->verdict == PENDIO__VERDICT__SKIPPED)
        return;
    ck_assert_msg(report->verdict == PENDIO__VERDICT__PASSED, "%s: %s", name, report->reason);
    ck_assert_msg(run->exit_status == 0, "%s: exit status %d", name, run->exit_status);
    ck_assert_uint_eq(report->deliveries, report->answers->pending);
}

static void run_file(const char *path, struct child_run *ret_run)
{
    struct pnd_message_error error = {.text = ""};
    ck_assert_msg(child_run_file(path, ret_run, &error) == 0, "%s", error.text);
}

static bool was_skipped(const struct child_run *run)
{
    return run->report != NULL && run->report->verdict == PENDIO__VERDICT__SKIPPED;
}

static void check_same(const struct child_run *run, const struct child_run *again, const char *name)
{
    ck_assert_uint_eq(run->report->seed, again->report->seed);
    if (strcmp(name, by_the_clock) != 0)
        ck_assert_msg(run->report->fixed_answers_hash[0] != '\0', "%s: no hash", name);
    ck_assert_msg(strcmp(run->report->fixed_answers_hash, again->report->fixed_answers_hash) == 0,
                  "%s: other answers with the same seed: %s, then %s", name,
                  run->report->fixed_answers_hash, again->report->fixed_answers_hash);
}

/*
 * With the same seed, what the contract fixes of the answers is the same again. One that locks
 * memory is skipped the second time when the kernel has not yet given back what the first had.
 */
static void check_again(const struct child_run *run, const char *path, const char *name)
{
    struct child_run again;
    if (!RUNS_TWICE || run->report == NULL || run->report->verdict != PENDIO__VERDICT__PASSED)
        return;
    run_file(path, &again);
    check_passed(&again, name);
    if (!was_skipped(&again))
        check_same(run, &again, name);
    child_run_fini(&again);
}

START_TEST(a_shipped_workload_passes)
{
    const char *path = paths[_i];
    char name[PATH_LIMIT];
    struct child_run run;
    name_of(path, name, sizeof name);
    run_file(path, &run);
    check_passed(&run, name);
    check_again(&run, path, name);
    if (run.report != NULL) {
        ck_assert_str_eq(run.report->workload, name);
        ck_assert_uint_eq(run.report_count, 1);
    }
    child_run_fini(&run);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("workloads");
    TCase *all = tcase_create("shipped");
    if (nftw(WORKLOADS, collect, 8, FTW_PHYS) != 0 || path_count == 0) {
        fprintf(stderr, "no workloads below %s\n", WORKLOADS);
        return EXIT_FAILURE;
    }
    qsort(paths, (size_t)path_count, sizeof *paths, compare);
    tcase_set_timeout(all, TIMEOUT_SECONDS);
    tcase_add_loop_test(all, a_shipped_workload_passes, 0, path_count);
    suite_add_tcase(suite, all);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed_count = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
