/*
 * supervisor_test.c - runs whose process does what a run's process can do, and worse.
 *
 * The process of every run is this program itself: the name of the workload says what it does.
 */
#include "act.h"
#include "suite.h"
#include "supervisor.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LOG_BYTES = 4096 };

static const char *const act_command[] = {"/proc/self/exe", "--act", NULL};

static struct pnd_supervisor *supervisor;
static struct pnd_store *store;
static char heard[LOG_BYTES]; /* a line for each event */

static void hear(void *state, const Pendio__Event *event)
{
    (void)state;
    size_t used = strlen(heard);
    const char *kind = event->body_case == PENDIO__EVENT__BODY_PROGRESS ? "progress"
                       : event->body_case == PENDIO__EVENT__BODY_STATS  ? "stats"
                                                                        : "report";
    (void)snprintf(heard + used, sizeof heard - used, "%s %d\n", kind, (int)event->run);
}

static void begin_with(const char *const *command, uint32_t running_count)
{
    const struct pnd_supervisor_options options = {
        .command = command,
        .running_count = running_count,
        .store = store,
        .listener = {.hear = hear},
    };
    ck_assert_int_eq(pnd_supervisor_create(&options, &supervisor), 0);
}

static void begin(void)
{
    heard[0] = '\0';
    (void)signal(SIGPIPE, SIG_IGN);
    ck_assert_int_eq(pnd_store_create(&store), 0);
    begin_with(act_command, 1);
}

static void end(void)
{
    pnd_supervisor_stop(supervisor);
    while (!pnd_supervisor_is_idle(supervisor))
        pnd_supervisor_turn(supervisor);
    pnd_supervisor_destroy(supervisor);
    pnd_store_destroy(store);
}

static void begin_again_with(const char *const *command, uint32_t running_count)
{
    pnd_supervisor_destroy(supervisor);
    begin_with(command, running_count);
}

static int submit_for(const char *name, uint64_t time_limit_ms, uint64_t *ret_run,
                      uint32_t *ret_ahead_count)
{
    char copy[64];
    char features[] = "-buffer_ring";
    char backend[] = "uring";
    Pendio__Workload workload = PENDIO__WORKLOAD__INIT;
    Pendio__SubmitRequest request = PENDIO__SUBMIT_REQUEST__INIT;
    (void)snprintf(copy, sizeof copy, "%s", name);
    workload.name = copy;
    request.workload = &workload;
    request.features = features;
    request.backend = backend;
    const struct pnd_submission submission = {
        .request = &request,
        .time_limit_ms = time_limit_ms,
        .descriptor_count = 100,
        .file_bytes = 1000,
    };
    return pnd_supervisor_submit(supervisor, &submission, ret_run, ret_ahead_count);
}

static uint64_t submit(const char *name)
{
    uint64_t run = 0;
    uint32_t ahead_count = 0;
    ck_assert_int_eq(submit_for(name, 60000, &run, &ahead_count), 0);
    return run;
}

static void turn(void)
{
    struct pollfd watched = {.fd = pnd_supervisor_descriptor(supervisor), .events = POLLIN};
    ck_assert_int_ge(poll(&watched, 1, -1), 0);
    pnd_supervisor_turn(supervisor);
}

static const Pendio__Report *report_of(uint64_t run)
{
    while (pnd_supervisor_find(supervisor, run) != NULL)
        turn();
    const Pendio__Report *report = pnd_store_find(store, run);
    ck_assert_ptr_nonnull(report);
    return report;
}

static void turn_until_operations(uint64_t run, uint64_t operation_count)
{
    const Pendio__Progress *progress = pnd_supervisor_find(supervisor, run);
    while (progress != NULL && progress->operations < operation_count) {
        turn();
        progress = pnd_supervisor_find(supervisor, run);
    }
    ck_assert_ptr_nonnull(progress);
}

static pid_t process_of(uint64_t run)
{
    turn_until_operations(run, ACT_OPERATION_COUNT);
    return (pid_t)pnd_supervisor_find(supervisor, run)->operations_expected; /* it tells us so */
}

static void assert_crashed(uint64_t run, const char *part, const char *other_part)
{
    const Pendio__Report *report = report_of(run);
    ck_assert_int_eq(report->verdict, PENDIO__VERDICT__CRASHED);
    ck_assert_msg(strstr(report->reason, part) != NULL, "\"%s\" in: %s", part, report->reason);
    ck_assert_msg(strstr(report->reason, other_part) != NULL, "\"%s\" in: %s", other_part,
                  report->reason);
    ck_assert_ptr_null(strchr(report->reason, '\n'));
}

START_TEST(report_of_a_run_is_kept_as_it_was_given)
{
    const Pendio__Report *report = report_of(submit("act/report"));

    ck_assert_int_eq(report->verdict, PENDIO__VERDICT__PASSED);
    ck_assert_str_eq(report->workload, "act/report");
    ck_assert_str_eq(report->reason, "");
    ck_assert_uint_eq(report->operations, ACT_OPERATION_COUNT);
    ck_assert_uint_eq(report->stats->run, 1);
    ck_assert(!report->stats->running);
}
END_TEST

START_TEST(events_are_heard_in_order_and_with_the_number_of_their_run)
{
    (void)report_of(submit("act/report"));
    (void)report_of(submit("act/report"));

    ck_assert_str_eq(heard, "progress 1\nstats 1\nstats 1\nreport 1\n"
                            "progress 2\nstats 2\nstats 2\nreport 2\n");
}
END_TEST

START_TEST(run_that_failed_says_so_itself)
{
    const Pendio__Report *report = report_of(submit("act/fail"));

    ck_assert_int_eq(report->verdict, PENDIO__VERDICT__FAILED);
    ck_assert_str_eq(report->reason, "as wished");
}
END_TEST

START_TEST(killed_process_is_a_crash_that_names_workload_signal_and_operations)
{
    uint64_t run = submit("act/hang");
    pid_t process = process_of(run);
    char what[80];
    (void)snprintf(what, sizeof what, "its process %d was killed by signal 9 (SIGKILL) after %d",
                   (int)process, ACT_OPERATION_COUNT);

    ck_assert_int_eq(kill(process, SIGKILL), 0);

    assert_crashed(run, "workload \"act/hang\": ", what);
    ck_assert_int_eq(report_of(submit("act/report"))->verdict, PENDIO__VERDICT__PASSED);
}
END_TEST

START_TEST(crash_quotes_what_its_process_said_last)
{
    assert_crashed(submit("act/abort"), "(SIGABRT)", "its last words: \"the last of it\"");
}
END_TEST

START_TEST(crash_reports_the_counts_that_were_heard_last)
{
    const Pendio__Report *report = report_of(submit("act/abort"));

    ck_assert_uint_eq(report->answers->pending, ACT_OPERATION_COUNT);
    ck_assert_uint_eq(report->deliveries, ACT_OPERATION_COUNT - 1);
}
END_TEST

START_TEST(end_without_a_report_is_a_crash)
{
    assert_crashed(submit("act/leave"), "ended with status 3", "before it had reported");
}
END_TEST

START_TEST(failing_after_a_report_of_success_is_a_crash)
{
    assert_crashed(submit("act/contradict"), "ended with status 1", "reported success");
}
END_TEST

START_TEST(run_over_its_time_is_killed)
{
    uint64_t run = 0;
    uint32_t ahead_count = 0;
    ck_assert_int_eq(submit_for("act/hang", 100, &run, &ahead_count), 0);

    assert_crashed(run, "was killed after 0.1 s, over its time limit", "raise limits.time_ms");
}
END_TEST

START_TEST(process_that_does_not_end_after_its_report_is_killed)
{
    assert_crashed(submit("act/linger"), "did not end", "it was killed");
}
END_TEST

START_TEST(output_that_is_no_event_ends_the_run)
{
    static const char *const noises[] = {"act/noise", "act/empty", "act/long", "act/twice",
                                         "act/cut"};
    for (size_t i = 0; i < sizeof noises / sizeof noises[0]; i++)
        assert_crashed(submit(noises[i]), "no event", "killed");
}
END_TEST

START_TEST(chatter_on_standard_error_holds_up_nobody)
{
    ck_assert_int_eq(report_of(submit("act/chatter"))->verdict, PENDIO__VERDICT__PASSED);
}
END_TEST

START_TEST(process_is_confined)
{
    const Pendio__Report *report = report_of(submit("act/look"));

    for (size_t i = 0; i < report->n_checks; i++)
        ck_assert_msg(report->checks[i]->verdict == PENDIO__VERDICT__PASSED,
                      "%s: expected %s, seen %s", report->checks[i]->name,
                      report->checks[i]->expected, report->checks[i]->seen);
    ck_assert_uint_ge(report->n_checks, 8);
}
END_TEST

START_TEST(private_directory_goes_with_the_run)
{
    const Pendio__Report *report = report_of(submit("act/litter"));
    struct stat state;

    ck_assert_int_eq(report->verdict, PENDIO__VERDICT__FAILED);
    ck_assert_int_eq(strncmp(report->reason, "/", 1), 0);
    ck_assert_int_eq(lstat(report->reason, &state), -1);
    ck_assert_int_eq(errno, ENOENT);
}
END_TEST

START_TEST(what_a_run_left_behind_is_killed)
{
    const Pendio__Report *report = report_of(submit("act/fork"));
    pid_t grandchild = (pid_t)report->deliveries;

    /* Its end is the kernel's business and takes a moment; that it comes is what is tested. */
    while (kill(grandchild, 0) == 0) {
        char path[64];
        char state[64] = "";
        (void)snprintf(path, sizeof path, "/proc/%d/stat", (int)grandchild);
        FILE *file = fopen(path, "re");
        if (file == NULL)
            break;
        int count = fscanf(file, "%*d %*s %63s", state);
        (void)fclose(file);
        if (count == 1 && (state[0] == 'Z' || state[0] == 'X'))
            break;
    }
}
END_TEST

START_TEST(runs_wait_in_line_and_come_in_order)
{
    uint64_t run = 0;
    uint32_t ahead_count = 0;
    for (uint32_t i = 0; i < 3; i++) {
        ck_assert_int_eq(submit_for("act/report", 60000, &run, &ahead_count), 0);
        ck_assert_uint_eq(run, i + 1);
        ck_assert_uint_eq(ahead_count, i);
    }
    ck_assert_uint_eq(pnd_supervisor_find(supervisor, 3)->operations, 0);

    (void)report_of(3);

    ck_assert_str_eq(heard, "progress 1\nstats 1\nstats 1\nreport 1\n"
                            "progress 2\nstats 2\nstats 2\nreport 2\n"
                            "progress 3\nstats 3\nstats 3\nreport 3\n");
}
END_TEST

START_TEST(as_many_runs_as_allowed_run_at_once)
{
    begin_again_with(act_command, 2);
    uint64_t first = submit("act/hang");
    uint64_t second = submit("act/hang");
    uint64_t third = 0;
    uint32_t ahead_count = 0;
    Pendio__Stats stats[3];
    ck_assert_int_eq(submit_for("act/report", 60000, &third, &ahead_count), 0);

    ck_assert_uint_eq(ahead_count, 2);
    ck_assert_int_ne(process_of(first), process_of(second));
    ck_assert_uint_eq(pnd_supervisor_stats(supervisor, stats, 3), 2);
    ck_assert_uint_eq(stats[0].run, second);
    ck_assert(stats[0].running);
    ck_assert_str_eq(stats[0].workload, "act/hang");

    ck_assert_int_eq(kill(process_of(first), SIGKILL), 0);
    ck_assert_int_eq(report_of(third)->verdict, PENDIO__VERDICT__PASSED);
}
END_TEST

START_TEST(full_line_refuses)
{
    uint64_t run = 0;
    uint32_t ahead_count = 0;
    for (int i = 0; i < 1 + PND_SUPERVISOR_QUEUE_COUNT; i++)
        (void)submit("act/hang");

    ck_assert_int_eq(submit_for("act/hang", 60000, &run, &ahead_count), -EBUSY);
    ck_assert_uint_eq(run, 0);
}
END_TEST

START_TEST(stop_ends_the_run_under_way_and_says_why)
{
    uint64_t run = submit("act/hang");
    uint64_t waiting = submit("act/report");
    (void)process_of(run);

    pnd_supervisor_stop(supervisor);

    assert_crashed(run, "told to stop", "submit it again");
    ck_assert(pnd_supervisor_is_idle(supervisor));
    ck_assert_ptr_nonnull(strstr(report_of(waiting)->reason, "never run, because"));
}
END_TEST

START_TEST(stop_kills_a_run_that_does_not_listen)
{
    uint64_t run = submit("act/deaf");
    (void)process_of(run);

    pnd_supervisor_stop(supervisor);

    assert_crashed(run, "told to stop", "submit it again");
}
END_TEST

START_TEST(cancel_in_line_leaves_the_others_in_theirs)
{
    uint64_t run = submit("act/hang");
    uint64_t first = submit("act/report");
    uint64_t second = submit("act/report");
    (void)process_of(run);

    ck_assert_int_eq(pnd_supervisor_cancel(supervisor, second), 0);
    uint64_t third = submit("act/report");
    ck_assert_int_eq(pnd_supervisor_cancel(supervisor, first), 0);

    ck_assert_uint_eq(pnd_supervisor_find(supervisor, third)->ahead_count, 1);
    ck_assert_ptr_nonnull(strstr(report_of(first)->reason, "while it waited for its turn"));
    ck_assert_ptr_nonnull(strstr(report_of(second)->reason, "cancelled by request"));
    ck_assert_int_eq(pnd_supervisor_cancel(supervisor, second), -ENOENT);
    ck_assert_int_eq(pnd_supervisor_cancel(supervisor, run), 0);
    ck_assert_int_eq(report_of(run)->verdict, PENDIO__VERDICT__FAILED);
    ck_assert_int_eq(report_of(third)->verdict, PENDIO__VERDICT__PASSED);
}
END_TEST

START_TEST(program_that_is_not_there_is_a_crash_with_its_reason)
{
    static const char *const command[] = {"/nonexistent/program", NULL};
    begin_again_with(command, 1);

    assert_crashed(submit("act/report"), "could not be started: ENOENT", "status 3");
}
END_TEST

START_TEST(want_of_a_directory_is_a_verdict)
{
    char base[] = "/tmp/pendio-supervisor-XXXXXX";
    ck_assert_ptr_nonnull(mkdtemp(base));
    ck_assert_int_eq(setenv("TMPDIR", base, 1), 0);
    ck_assert_int_eq(rmdir(base), 0);

    const Pendio__Report *report = report_of(submit("act/report"));

    ck_assert_int_eq(report->verdict, PENDIO__VERDICT__INVALID);
    ck_assert_ptr_nonnull(strstr(report->reason, "No such file or directory"));
    ck_assert_str_eq(heard, "stats 1\nreport 1\n");
}
END_TEST

int main(int count, char **arguments)
{
    if (count > 1 && strcmp(arguments[1], act_command[1]) == 0)
        return act_main();

    const TTest *const tests[] = {
        report_of_a_run_is_kept_as_it_was_given,
        events_are_heard_in_order_and_with_the_number_of_their_run,
        run_that_failed_says_so_itself,
        killed_process_is_a_crash_that_names_workload_signal_and_operations,
        crash_quotes_what_its_process_said_last,
        crash_reports_the_counts_that_were_heard_last,
        end_without_a_report_is_a_crash,
        failing_after_a_report_of_success_is_a_crash,
        run_over_its_time_is_killed,
        process_that_does_not_end_after_its_report_is_killed,
        output_that_is_no_event_ends_the_run,
        chatter_on_standard_error_holds_up_nobody,
        process_is_confined,
        private_directory_goes_with_the_run,
        what_a_run_left_behind_is_killed,
        runs_wait_in_line_and_come_in_order,
        as_many_runs_as_allowed_run_at_once,
        full_line_refuses,
        stop_ends_the_run_under_way_and_says_why,
        stop_kills_a_run_that_does_not_listen,
        cancel_in_line_leaves_the_others_in_theirs,
        program_that_is_not_there_is_a_crash_with_its_reason,
        want_of_a_directory_is_a_verdict,
    };
    return suite_run("supervisor", begin, end, tests, sizeof tests / sizeof tests[0]);
}
