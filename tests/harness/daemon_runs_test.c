/* daemon_runs_test.c - runs through pendiod: real ones, killed ones, and where they are told. */
#include "client.h"
#include "daemon_fixture.h"
#include "real_daemon.h"
#include "suite.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* One workload that ends at once, and one that does not. */
#define SUBMIT_WORKLOAD(name, step)                                                                \
    "{\"version\": 1, \"submit\": {\"workload\": {\"name\": \"" name "\", \"pools\": [{\"name\": " \
    "\"pool\", \"contextCount\": 1}], \"actors\": [{\"name\": \"one\", \"instanceCount\": 1, "     \
    "\"blocks\": [{\"steps\": [" step "]}]}]}}}"

static const char submit_nop[] = SUBMIT_WORKLOAD("context/nop", "{\"operation\": \"NOP\"}");
static const char submit_timer[] =
    SUBMIT_WORKLOAD("context/timer", "{\"operation\": \"TIMER\", \"afterNs\": \"50000000000\"}");

/* One that kills itself, and expects that. */
static const char submit_death[] =
    "{\"version\": 1, \"submit\": {\"workload\": {\"name\": \"fault/death\", \"expect\": "
    "{\"verdict\": \"CRASHED\"}, \"pools\": [{\"name\": \"pool\", \"contextCount\": 1}], "
    "\"actors\": [{\"name\": \"one\", \"instanceCount\": 1, \"blocks\": [{\"steps\": "
    "[{\"operation\": \"NOP\"}, {\"operation\": \"DIE\"}]}]}]}}}";

/* One that would, if it came to it. */
static const char submit_late_death[] =
    "{\"version\": 1, \"submit\": {\"workload\": {\"name\": \"fault/death\", \"expect\": "
    "{\"verdict\": \"CRASHED\"}, \"pools\": [{\"name\": \"pool\", \"contextCount\": 1}], "
    "\"actors\": [{\"name\": \"one\", \"instanceCount\": 1, \"blocks\": [{\"steps\": "
    "[{\"operation\": \"TIMER\", \"afterNs\": \"50000000000\"}, {\"operation\": \"DIE\"}]}]}]}}}";

static uint64_t submit(struct client *client, const char *json)
{
    Pendio__Reply *reply = client_ask(client, json);
    ck_assert_msg(reply->status == PENDIO__STATUS__OK, "%s", reply->message);
    uint64_t run = reply->submit->run;
    pnd_message_free(&reply->base);
    return run;
}

/* The report event of a run, to be freed; what else is heard before it, is of the same run. */
static Pendio__Event *hear_report(struct client *events, uint64_t run)
{
    Pendio__Event *event = client_hear(events);
    while (event->body_case != PENDIO__EVENT__BODY_REPORT) {
        ck_assert_uint_eq(event->run, run);
        pnd_message_free(&event->base);
        event = client_hear(events);
    }
    ck_assert_uint_eq(event->run, run);
    return event;
}

/*
 * Nothing tells a subscriber that it is one from now on, but an event: here of a run that goes on
 * until it is killed. Returns its number.
 */
static uint64_t submit_and_hear(struct client *client, struct client *events, const char *json)
{
    uint64_t run = submit(client, json);
    Pendio__Event *event = client_hear(events);
    ck_assert_uint_eq(event->run, run);
    ck_assert_int_ne(event->body_case, PENDIO__EVENT__BODY_REPORT);
    pnd_message_free(&event->base);
    return run;
}

static void kill_run_of(const struct real_daemon *daemon)
{
    pid_t process = real_daemon_child_of(daemon->process);
    ck_assert_int_gt(process, 0);
    ck_assert_int_eq(kill(process, SIGKILL), 0);
}

START_TEST(run_that_is_killed_is_a_crash_and_the_next_one_passes)
{
    struct real_daemon daemon = real_daemon_start_at(daemon_url);
    struct client *client = client_open(daemon_url);
    struct client *events = client_subscribe(daemon_events_url);
    uint64_t run = submit_and_hear(client, events, submit_timer);
    uint64_t next = submit(client, submit_nop);

    kill_run_of(&daemon);

    Pendio__Event *event = hear_report(events, run);
    ck_assert_int_eq(event->report->verdict, PENDIO__VERDICT__CRASHED);
    ck_assert_ptr_nonnull(
        strstr(event->report->reason, "workload \"context/timer\": its process "));
    ck_assert_ptr_nonnull(strstr(event->report->reason, "was killed by signal 9 (SIGKILL) after "));
    pnd_message_free(&event->base);
    event = hear_report(events, next);
    ck_assert_msg(event->report->verdict == PENDIO__VERDICT__PASSED, "%s", event->report->reason);
    pnd_message_free(&event->base);
    client_free(events);
    client_free(client);
    ck_assert_int_eq(real_daemon_stop(&daemon), 0);
}
END_TEST

START_TEST(run_that_is_to_be_killed_and_is_has_passed)
{
    struct real_daemon daemon = real_daemon_start_at(daemon_url);
    struct client *client = client_open(daemon_url);
    struct client *events = client_subscribe(daemon_events_url);
    uint64_t first = submit_and_hear(client, events, submit_timer);
    uint64_t run = submit(client, submit_death);
    kill_run_of(&daemon);
    Pendio__Event *event = hear_report(events, first);
    pnd_message_free(&event->base);

    event = hear_report(events, run);
    const Pendio__Report *report = event->report;
    ck_assert_msg(report->verdict == PENDIO__VERDICT__PASSED, "%s", report->reason);
    ck_assert_uint_eq(report->n_checks, 1);
    ck_assert_str_eq(report->checks[0]->name, "killed");
    ck_assert_str_eq(report->checks[0]->seen, "after 1 operations");
    ck_assert_uint_eq(report->operations, 1);
    ck_assert_uint_eq(report->seed, 1);
    ck_assert_uint_eq(strlen(report->content_hash), 64);
    pnd_message_free(&event->base);
    client_free(events);
    client_free(client);
    ck_assert_int_eq(real_daemon_stop(&daemon), 0);
}
END_TEST

START_TEST(run_that_is_killed_before_it_kills_itself_is_a_crash)
{
    struct real_daemon daemon = real_daemon_start_at(daemon_url);
    struct client *client = client_open(daemon_url);
    struct client *events = client_subscribe(daemon_events_url);
    uint64_t run = submit_and_hear(client, events, submit_late_death);
    kill_run_of(&daemon);
    Pendio__Event *event = hear_report(events, run);
    ck_assert_int_eq(event->report->verdict, PENDIO__VERDICT__CRASHED);
    ck_assert_ptr_nonnull(strstr(event->report->reason, "was killed by signal 9 (SIGKILL)"));
    pnd_message_free(&event->base);
    client_free(events);
    client_free(client);
    ck_assert_int_eq(real_daemon_stop(&daemon), 0);
}
END_TEST

START_TEST(report_is_kept_as_it_was_published)
{
    struct real_daemon daemon = real_daemon_start_at(daemon_url);
    struct client *client = client_open(daemon_url);
    struct client *events = client_subscribe(daemon_events_url);
    (void)submit_and_hear(client, events, submit_timer);
    kill_run_of(&daemon);

    Pendio__Event *event = hear_report(events, 1);
    Pendio__Reply *reply = client_ask(client, "{\"version\": 1, \"fetch\": {\"run\": \"1\"}}");

    ck_assert(reply->fetch->finished);
    ck_assert_str_eq(reply->fetch->report->workload, "context/timer");
    ck_assert_str_eq(reply->fetch->report->reason, event->report->reason);
    pnd_message_free(&event->base);
    pnd_message_free(&reply->base);
    client_free(events);
    client_free(client);
    ck_assert_int_eq(real_daemon_stop(&daemon), 0);
}
END_TEST

START_TEST(stopping_ends_the_run_under_way)
{
    struct real_daemon daemon = real_daemon_start_at(daemon_url);
    struct client *client = client_open(daemon_url);
    (void)submit(client, submit_timer);
    pid_t process = real_daemon_child_of(daemon.process);
    client_free(client);

    ck_assert_int_eq(real_daemon_stop(&daemon), 0);

    ck_assert_int_eq(kill(process, 0), -1);
    ck_assert_int_eq(errno, ESRCH);
}
END_TEST

START_TEST(statistics_of_a_run_are_put_where_they_were_asked_for)
{
    const char *const arguments[] = {"--listen", daemon_url,   "--stats-dir", "stats",
                                     "--quiet",  "--max-runs", "2",           NULL};
    struct real_daemon daemon = real_daemon_start(arguments, 0);
    while (access("socket.events", F_OK) < 0)
        (void)sched_yield(); /* it is told to be quiet */
    struct client *client = client_open(daemon_url);
    struct client *events = client_subscribe(daemon_events_url);
    uint64_t run = submit_and_hear(client, events, submit_timer);
    kill_run_of(&daemon);

    Pendio__Event *event = hear_report(events, run);
    pnd_message_free(&event->base);
    client_free(events);
    client_free(client);
    ck_assert_int_eq(real_daemon_stop(&daemon), 0);

    ck_assert_uint_eq(daemon_mode_of("stats/1.stats.json"), S_IRUSR | S_IWUSR);
    ck_assert_int_eq(unlink("stats/1.stats.json"), 0);
    ck_assert_int_eq(rmdir("stats"), 0);
}
END_TEST

/* Asked without a ring being made: no such memory, or no such call? */
static bool io_uring_is_there(void)
{
    return syscall(SYS_io_uring_setup, 1, NULL) < 0 && errno != ENOSYS && errno != EPERM;
}

int main(void)
{
    if (!io_uring_is_there()) {
        (void)puts("skipped: no io_uring here, so no run can go on");
        return 77;
    }
    const TTest *const tests[] = {
        run_that_is_killed_is_a_crash_and_the_next_one_passes,
        run_that_is_to_be_killed_and_is_has_passed,
        run_that_is_killed_before_it_kills_itself_is_a_crash,
        report_is_kept_as_it_was_published,
        stopping_ends_the_run_under_way,
        statistics_of_a_run_are_put_where_they_were_asked_for,
    };
    return suite_run("daemon_runs", daemon_fixture_begin, daemon_fixture_end, tests,
                     sizeof tests / sizeof tests[0]);
}
