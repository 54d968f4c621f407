/*
 * supervisor_places_test.c - runs that are one place of several: told, heard of, left alone.
 *
 * The process of every run is this program itself, as in supervisor_test.c.
 */
#include "act.h"
#include "suite.h"
#include "supervisor.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>

static const char *const act_command[] = {"/proc/self/exe", "--act", NULL};

static struct pnd_supervisor *supervisor;
static struct pnd_store *store;
static unsigned happened_count; /* events that were heard */

static void hear(void *state, const Pendio__Event *event)
{
    (void)state;
    happened_count += event->body_case == PENDIO__EVENT__BODY_HAPPENED;
}

static void begin(void)
{
    (void)signal(SIGPIPE, SIG_IGN);
    happened_count = 0;
    ck_assert_int_eq(pnd_store_create(&store), 0);
    const struct pnd_supervisor_options options = {
        .command = act_command,
        .running_count = 1,
        .store = store,
        .listener = {.hear = hear},
    };
    ck_assert_int_eq(pnd_supervisor_create(&options, &supervisor), 0);
}

static void turn(void)
{
    struct pollfd watched = {.fd = pnd_supervisor_descriptor(supervisor), .events = POLLIN};
    ck_assert_int_ge(poll(&watched, 1, -1), 0);
    pnd_supervisor_turn(supervisor);
}

static void end(void)
{
    pnd_supervisor_stop(supervisor);
    while (!pnd_supervisor_is_idle(supervisor))
        turn();
    pnd_supervisor_destroy(supervisor);
    pnd_store_destroy(store);
}

static uint64_t submit(const char *name, bool placed, uint64_t patience_ms)
{
    uint64_t run = 0;
    uint32_t ahead_count = 0;
    Pendio__Workload workload = PENDIO__WORKLOAD__INIT;
    Pendio__Placement placement = PENDIO__PLACEMENT__INIT;
    Pendio__SubmitRequest request = PENDIO__SUBMIT_REQUEST__INIT;
    placement.place = 3;
    placement.place_count = 4;
    workload.name = (char *)name;
    request.workload = &workload;
    request.placement = placed ? &placement : NULL;
    const struct pnd_submission submission = {
        .request = &request,
        .time_limit_ms = 60000,
        .patience_ms = patience_ms,
    };
    ck_assert_int_eq(pnd_supervisor_submit(supervisor, &submission, &run, &ahead_count), 0);
    return run;
}

static int tell(uint64_t run, bool is_begin, const char *name)
{
    Pendio__TellRequest told = PENDIO__TELL_REQUEST__INIT;
    char *names[] = {(char *)name};
    told.run = run;
    told.begin = is_begin;
    told.signals = names;
    told.n_signals = name != NULL;
    return pnd_supervisor_tell(supervisor, &told);
}

static const struct pnd_happened *await_happened(uint64_t run, size_t count)
{
    while (pnd_supervisor_happened(supervisor, run)->count < count)
        turn();
    return pnd_supervisor_happened(supervisor, run);
}

static const Pendio__Report *report_of(uint64_t run)
{
    while (pnd_supervisor_find(supervisor, run) != NULL)
        turn();
    const Pendio__Report *report = pnd_store_find(store, run);
    ck_assert_ptr_nonnull(report);
    return report;
}

START_TEST(place_is_told_and_what_happens_there_is_kept_in_its_report)
{
    uint64_t run = submit("act/place", true, 60000);
    ck_assert(await_happened(run, 1)->items[0]->ready);
    ck_assert_int_eq(tell(run, true, NULL), 0);
    ck_assert_str_eq(await_happened(run, 2)->items[1]->signals[0], "begun");
    ck_assert_int_eq(tell(run, false, "end"), 0);
    const Pendio__Report *report = report_of(run);
    ck_assert_int_eq(report->verdict, PENDIO__VERDICT__PASSED);
    ck_assert_uint_eq(report->place, 3);
    ck_assert_uint_eq(report->n_happened, 3);
    ck_assert_str_eq(report->happened[2]->signals[0], "end");
    ck_assert_uint_eq(happened_count, 3);
}
END_TEST

START_TEST(more_than_a_pipe_holds_is_told_in_time)
{
    static char name[60000];
    memset(name, 'x', sizeof name - 1);
    uint64_t run = submit("act/place", true, 60000);
    for (int i = 0; i < 4; i++)
        ck_assert_int_eq(tell(run, true, name), 0);
    ck_assert_int_eq(tell(run, false, "end"), 0);
    ck_assert_uint_eq(report_of(run)->n_happened, 1 + 4 * 2 + 1);
}
END_TEST

START_TEST(whoever_does_not_read_is_not_told_without_end)
{
    static char name[1 << 20];
    memset(name, 'x', sizeof name - 1);
    uint64_t run = submit("act/hang", true, 60000);
    int status = 0;
    for (int i = 0; i < 20 && status == 0; i++)
        status = tell(run, true, name);
    ck_assert_int_eq(status, -ENOBUFS);
}
END_TEST

START_TEST(place_that_nobody_tells_to_begin_is_ended)
{
    const Pendio__Report *report = report_of(submit("act/place", true, 200));
    ck_assert_int_eq(report->verdict, PENDIO__VERDICT__FAILED);
    ck_assert_ptr_nonnull(strstr(report->reason, "not told in time that all other places are"));
}
END_TEST

START_TEST(only_a_place_is_told_and_only_while_it_is_under_way)
{
    uint64_t run = submit("act/hang", false, 0);
    ck_assert_int_eq(tell(run, true, NULL), -EINVAL);
    uint64_t waiting = submit("act/place", true, 60000);
    ck_assert_int_eq(tell(waiting, true, NULL), -ENOENT);
    ck_assert_ptr_null(pnd_supervisor_happened(supervisor, waiting));
    ck_assert_int_eq(pnd_supervisor_cancel(supervisor, run), 0);
    (void)report_of(run);
    ck_assert_int_eq(tell(run, true, NULL), -ENOENT);
    ck_assert_int_eq(tell(waiting, false, "end"), 0);
    ck_assert_int_eq(report_of(waiting)->verdict, PENDIO__VERDICT__PASSED);
}
END_TEST

START_TEST(whoever_tells_too_much_or_is_no_place_is_ended)
{
    ck_assert_int_eq(report_of(submit("act/gossip", true, 60000))->verdict,
                     PENDIO__VERDICT__CRASHED);
    ck_assert_int_eq(report_of(submit("act/padding", true, 60000))->verdict,
                     PENDIO__VERDICT__CRASHED);
    const Pendio__Report *report = report_of(submit("act/gossip", false, 0));
    ck_assert_int_eq(report->verdict, PENDIO__VERDICT__CRASHED);
    ck_assert_ptr_nonnull(strstr(report->reason, "no event"));
}
END_TEST

int main(int count, char **arguments)
{
    if (count > 1 && strcmp(arguments[1], act_command[1]) == 0)
        return act_main();

    const TTest *const tests[] = {
        place_is_told_and_what_happens_there_is_kept_in_its_report,
        more_than_a_pipe_holds_is_told_in_time,
        whoever_does_not_read_is_not_told_without_end,
        place_that_nobody_tells_to_begin_is_ended,
        only_a_place_is_told_and_only_while_it_is_under_way,
        whoever_tells_too_much_or_is_no_place_is_ended,
    };
    return suite_run("supervisor_places", begin, end, tests, sizeof tests / sizeof tests[0]);
}
