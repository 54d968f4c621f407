/* dispatch_test.c - every kind of request, right and wrong. Requests are written as JSON here. */
#include "dispatch.h"
#include "suite.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A workload that is right, and the process of a run that does not matter here. */
#define NOP_WORKLOAD                                                                               \
    "{\"name\": \"context/nop\", \"pools\": [{\"name\": \"pool\", \"contextCount\": 1}], "         \
    "\"actors\": [{\"name\": \"one\", \"instanceCount\": 1, \"blocks\": [{\"steps\": "             \
    "[{\"operation\": \"NOP\"}]}]}]%s}"

static const char *const sleep_command[] = {"/bin/sleep", "1000", NULL};
static char events_url[] = "ipc:///somewhere.events";

static struct pnd_store *store;
static struct pnd_supervisor *supervisor;
static struct pnd_dispatch dispatch;
static Pendio__Reply *reply;

static void ignore(void *state, const Pendio__Event *event)
{
    (void)state;
    (void)event;
}

static void begin(void)
{
    (void)signal(SIGPIPE, SIG_IGN);
    ck_assert_int_eq(pnd_store_create(&store), 0);
    const struct pnd_supervisor_options options = {
        .command = sleep_command,
        .running_count = 1,
        .store = store,
        .listener = {.hear = ignore},
    };
    ck_assert_int_eq(pnd_supervisor_create(&options, &supervisor), 0);
    dispatch = (struct pnd_dispatch){
        .supervisor = supervisor,
        .store = store,
        .events_url = events_url,
        .run_limit = 1,
    };
    pnd_plan_limits_init(&dispatch.limits);
    reply = NULL;
}

static void end(void)
{
    if (reply != NULL)
        pnd_message_free(&reply->base);
    pnd_supervisor_stop(supervisor);
    while (!pnd_supervisor_is_idle(supervisor))
        pnd_supervisor_turn(supervisor);
    pnd_supervisor_destroy(supervisor);
    pnd_store_destroy(store);
}

/* Every reply is one: that alone is checked for all of them. */
static void ask_bytes(const void *bytes, size_t byte_count)
{
    uint8_t *packed = NULL;
    size_t packed_bytes = 0;
    ProtobufCMessage *message = NULL;
    struct pnd_message_error error = {""};
    if (reply != NULL)
        pnd_message_free(&reply->base);
    ck_assert_int_eq(pnd_dispatch_answer(&dispatch, bytes, byte_count, &packed, &packed_bytes), 0);
    ck_assert_int_eq(pnd_message_unpack(&pendio__reply__descriptor, packed, packed_bytes, NULL,
                                        &message, &error),
                     0);
    free(packed);
    reply = (Pendio__Reply *)message;
}

static void ask(const char *json)
{
    ProtobufCMessage *request = NULL;
    struct pnd_message_error error = {""};
    uint8_t *packed = NULL;
    size_t packed_bytes = 0;
    int status = pnd_message_from_json(&pendio__request__descriptor, json, strlen(json), "request",
                                       NULL, &request, &error);
    ck_assert_msg(status == 0, "%s", error.text);
    ck_assert_int_eq(pnd_message_pack(request, &packed, &packed_bytes), 0);
    pnd_message_free(request);
    ask_bytes(packed, packed_bytes);
    free(packed);
}

static void ask_with(const char *kind, const char *more_of_workload, const char *more_of_kind)
{
    char workload[1024];
    char json[4096];
    (void)snprintf(workload, sizeof workload, NOP_WORKLOAD, more_of_workload);
    (void)snprintf(json, sizeof json, "{\"version\": 1, \"%s\": {\"workload\": %s%s}}", kind,
                   workload, more_of_kind);
    ask(json);
}

static void assert_refused(Pendio__Status status, const char *part)
{
    ck_assert_int_eq(reply->status, status);
    ck_assert_msg(strstr(reply->message, part) != NULL, "\"%s\" in: %s", part, reply->message);
    ck_assert_ptr_null(strchr(reply->message, '\n'));
    ck_assert_int_eq(reply->body_case, PENDIO__REPLY__BODY__NOT_SET);
}

START_TEST(hello_is_answered_with_who_and_where)
{
    ask("{\"version\": 1, \"hello\": {}}");

    ck_assert_int_eq(reply->status, PENDIO__STATUS__OK);
    ck_assert_str_eq(reply->message, "");
    ck_assert_int_eq(reply->body_case, PENDIO__REPLY__BODY_HELLO);
    ck_assert_str_eq(reply->hello->version, PENDIO_VERSION_TEXT);
    ck_assert_str_eq(reply->hello->events_url, events_url);
    ck_assert_uint_eq(reply->hello->process, (uint32_t)getpid());
    ck_assert_uint_eq(reply->hello->run_limit, 1);
    ck_assert_uint_gt(reply->hello->n_features, 2);
    ck_assert_str_eq(reply->hello->features[0], "single_issuer");
}
END_TEST

START_TEST(bytes_that_are_no_request_are_refused)
{
    static const struct {
        const char *bytes;
        size_t byte_count;
    } wrong[] = {
        {"", 0},
        {"\xFF", 1},
        {"hello, world", 12},
        {"\x08\x01\x12\x7F", 4},
        {"\x08\x01\x22\x05\x08", 5},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        ask_bytes(wrong[i].bytes, wrong[i].byte_count);
        assert_refused(PENDIO__STATUS__BAD_REQUEST, "refused: ");
    }
}
END_TEST

START_TEST(request_over_the_cap_is_refused_with_the_cap)
{
    size_t byte_count = (4 << 20) + 1;
    void *bytes = calloc(1, byte_count);
    ck_assert_ptr_nonnull(bytes);
    ask_bytes(bytes, byte_count);
    free(bytes);
    assert_refused(PENDIO__STATUS__BAD_REQUEST, "at most 4194304 bytes");
}
END_TEST

START_TEST(other_versions_are_refused)
{
    ask("{\"hello\": {}}");
    assert_refused(PENDIO__STATUS__BAD_REQUEST, "request of version 0 refused");
    ask("{\"version\": 2, \"hello\": {}}");
    assert_refused(PENDIO__STATUS__BAD_REQUEST, "speaks version 1; use the tools of its release");
}
END_TEST

START_TEST(request_without_a_known_body_is_refused)
{
    ask("{\"version\": 1}");
    assert_refused(PENDIO__STATUS__BAD_REQUEST, "knows hello, submit, fetch, check, stats, ");
    ask_bytes("\x08\x01\xA2\x06\x00", 5); /* field 100, as a later schema may have it */
    assert_refused(PENDIO__STATUS__BAD_REQUEST, "knows hello, submit, fetch, check, stats, ");
}
END_TEST

START_TEST(good_workload_passes_the_check_and_runs_nothing)
{
    ask_with("check", "", "");

    ck_assert_int_eq(reply->status, PENDIO__STATUS__OK);
    ck_assert(pnd_supervisor_is_idle(supervisor));
}
END_TEST

START_TEST(workload_that_is_missing_is_a_bad_request)
{
    ask("{\"version\": 1, \"check\": {}}");
    assert_refused(PENDIO__STATUS__BAD_REQUEST, "without a workload");
    ask("{\"version\": 1, \"submit\": {}}");
    assert_refused(PENDIO__STATUS__BAD_REQUEST, "without a workload");
}
END_TEST

START_TEST(workload_that_contradicts_itself_is_refused_by_name)
{
    ask("{\"version\": 1, \"submit\": {\"workload\": {\"name\": \"area/none\"}}}");
    assert_refused(PENDIO__STATUS__BAD_WORKLOAD, "area/none");
    ask_with("submit", ", \"version\": 9", "");
    assert_refused(PENDIO__STATUS__BAD_WORKLOAD, "context/nop: version");
    ck_assert(pnd_supervisor_is_idle(supervisor));
}
END_TEST

START_TEST(workload_over_a_limit_is_refused_before_it_runs)
{
    ask_with("submit", ", \"limits\": {\"timeMs\": 4000000}", "");
    assert_refused(PENDIO__STATUS__OVER_LIMIT, "limits.time_ms");
    ask_with("check", ", \"limits\": {\"contextCount\": 4000000}", "");
    assert_refused(PENDIO__STATUS__OVER_LIMIT, "limits.context_count");
    ck_assert(pnd_supervisor_is_idle(supervisor));
}
END_TEST

START_TEST(submit_is_answered_at_once_with_the_number_of_the_run)
{
    ask_with("submit", "", "");
    ck_assert_int_eq(reply->status, PENDIO__STATUS__OK);
    ck_assert_uint_eq(reply->submit->run, 1);
    ck_assert_uint_eq(reply->submit->ahead_count, 0);

    ask_with("submit", "", ", \"features\": \"-buffer_ring\", \"backend\": \"uring\"");
    ck_assert_uint_eq(reply->submit->run, 2);
    ck_assert_uint_eq(reply->submit->ahead_count, 1);
}
END_TEST

START_TEST(setting_that_is_too_long_is_refused)
{
    char more[1024];
    (void)snprintf(more, sizeof more, ", \"features\": \"%0600d\"", 0);
    ask_with("submit", "", more);
    assert_refused(PENDIO__STATUS__BAD_REQUEST, "features has 600 bytes; at most 512");
}
END_TEST

START_TEST(feature_or_backend_that_is_none_is_refused_with_those_there_are)
{
    ask_with("submit", "", ", \"features\": \"-buffer_ring,-no_such\"");
    assert_refused(PENDIO__STATUS__BAD_REQUEST,
                   "request refused: there is no feature \"no_such\"; known are single_issuer, ");
    assert_refused(PENDIO__STATUS__BAD_REQUEST, ", buffer_ring");
    ask_with("submit", "", ", \"features\": \"buffer_ring\"");
    assert_refused(PENDIO__STATUS__BAD_REQUEST, "\"buffer_ring\" is no feature to leave unused");
    ask_with("submit", "", ", \"backend\": \"uring2\"");
    assert_refused(PENDIO__STATUS__BAD_REQUEST,
                   "there is no backend \"uring2\"; use uring, epoll, sim");
    ck_assert(pnd_supervisor_is_idle(supervisor));
}
END_TEST

START_TEST(only_a_place_of_several_that_is_under_way_is_told)
{
    ask_with("submit", "", ", \"placement\": {\"place_count\": 2}");
    ask_with("submit", "", "");
    ask("{\"version\": 1, \"tell\": {\"run\": 2, \"begin\": true}}");
    assert_refused(PENDIO__STATUS__NO_SUCH_RUN, "run 2 is not under way: it waits for its turn");
    ask("{\"version\": 1, \"tell\": {\"run\": 1, \"begin\": true}}");
    ck_assert_int_eq(reply->status, PENDIO__STATUS__OK);
    ask("{\"version\": 1, \"cancel\": {\"run\": 1}}");
    while (pnd_supervisor_find(supervisor, 1) != NULL)
        pnd_supervisor_turn(supervisor);
    ask("{\"version\": 1, \"tell\": {\"run\": 2, \"begin\": true}}");
    assert_refused(PENDIO__STATUS__BAD_REQUEST, "run 2 is not on several daemons");
}
END_TEST

START_TEST(subject_is_a_program_that_is_named_from_this_machine)
{
    ask_with("submit", "", ", \"subject\": \"/bin/true\"");
    assert_refused(PENDIO__STATUS__BAD_REQUEST, "may only be named from there; submit it over ipc");
    dispatch.is_local = true;
    ask_with("submit", "", ", \"subject\": \"/bin/true and more\"");
    ck_assert_int_eq(reply->status, PENDIO__STATUS__OK);
    ask_with("submit", "", ", \"subject\": \"true\"");
    assert_refused(PENDIO__STATUS__BAD_REQUEST, "does not begin with an absolute path");
    ask_with("submit", "", ", \"subject\": \"/bin\"");
    assert_refused(PENDIO__STATUS__BAD_REQUEST, "subject /bin is no regular file");
    ask_with("submit", "", ", \"subject\": \"/etc/passwd\"");
    assert_refused(PENDIO__STATUS__BAD_REQUEST, "subject /etc/passwd cannot be executed");
    ask_with("submit", "", ", \"subject\": \"/nowhere/at/all\"");
    assert_refused(PENDIO__STATUS__BAD_REQUEST, "subject /nowhere/at/all: No such file");
    ask_with("submit", "", ", \"subject\": \"/bin/true \\n\"");
    assert_refused(PENDIO__STATUS__BAD_REQUEST, "no plain text");
}
END_TEST

START_TEST(full_line_is_busy)
{
    for (int i = 0; i < 1 + PND_SUPERVISOR_QUEUE_COUNT; i++) {
        ask_with("submit", "", "");
        ck_assert_int_eq(reply->status, PENDIO__STATUS__OK);
    }
    ask_with("submit", "", "");
    assert_refused(PENDIO__STATUS__BUSY, "submit it again when some have finished");
}
END_TEST

START_TEST(fetch_of_a_run_under_way_tells_its_progress)
{
    ask_with("submit", "", "");
    ask("{\"version\": 1, \"fetch\": {\"run\": \"1\"}}");

    ck_assert_int_eq(reply->status, PENDIO__STATUS__OK);
    ck_assert(!reply->fetch->finished);
    ck_assert_ptr_null(reply->fetch->report);
    ck_assert_str_eq(reply->fetch->progress->workload, "context/nop");
    ck_assert_uint_eq(reply->fetch->progress->run, 1);
}
END_TEST

START_TEST(fetch_of_a_finished_run_brings_its_report)
{
    ask_with("submit", "", "");
    pnd_supervisor_stop(supervisor);
    while (!pnd_supervisor_is_idle(supervisor))
        pnd_supervisor_turn(supervisor);
    ask("{\"version\": 1, \"fetch\": {\"run\": \"1\"}}");

    ck_assert(reply->fetch->finished);
    ck_assert_int_eq(reply->fetch->report->verdict, PENDIO__VERDICT__CRASHED);
    ck_assert_str_eq(reply->fetch->report->workload, "context/nop");
}
END_TEST

START_TEST(fetch_of_an_unknown_run_is_refused_by_number)
{
    ask("{\"version\": 1, \"fetch\": {\"run\": \"77\"}}");
    assert_refused(PENDIO__STATUS__NO_SUCH_RUN, "run 77 is not known");
    ask("{\"version\": 1, \"fetch\": {}}");
    assert_refused(PENDIO__STATUS__NO_SUCH_RUN, "run 0 is not known");
}
END_TEST

START_TEST(stats_list_running_runs_before_finished_ones)
{
    ask("{\"version\": 1, \"stats\": {}}");
    ck_assert_int_eq(reply->status, PENDIO__STATUS__OK);
    ck_assert_uint_eq(reply->stats->n_runs, 0);

    ask_with("submit", "", "");
    pnd_supervisor_stop(supervisor);
    while (!pnd_supervisor_is_idle(supervisor))
        pnd_supervisor_turn(supervisor);
    ask_with("submit", "", "");
    ask("{\"version\": 1, \"stats\": {}}");

    ck_assert_uint_eq(reply->stats->n_runs, 2);
    ck_assert_uint_eq(reply->stats->runs[0]->run, 2);
    ck_assert(reply->stats->runs[0]->running);
    ck_assert_uint_eq(reply->stats->runs[1]->run, 1);
    ck_assert(!reply->stats->runs[1]->running);
    ck_assert_str_eq(reply->stats->runs[1]->workload, "context/nop");
}
END_TEST

START_TEST(reply_that_would_be_too_long_says_so)
{
    static char long_text[(4 << 20) + 1];
    memset(long_text, 'x', sizeof long_text - 1);
    dispatch.events_url = long_text;
    ask("{\"version\": 1, \"hello\": {}}");
    assert_refused(PENDIO__STATUS__FAULT, "a message has at most 4194304");
}
END_TEST

START_TEST(cancel_ends_a_run_and_is_refused_once_it_has_ended)
{
    ask_with("submit", "", "");
    ask_with("submit", "", "");
    ask("{\"version\": 1, \"fetch\": {\"run\": \"2\"}}");
    ck_assert_uint_eq(reply->fetch->progress->ahead_count, 1);

    ask("{\"version\": 1, \"cancel\": {\"run\": \"2\"}}");
    ck_assert_int_eq(reply->status, PENDIO__STATUS__OK);
    ck_assert_int_eq(reply->body_case, PENDIO__REPLY__BODY__NOT_SET);

    ask("{\"version\": 1, \"fetch\": {\"run\": \"2\"}}");
    ck_assert_int_eq(reply->fetch->report->verdict, PENDIO__VERDICT__FAILED);
    ck_assert_ptr_nonnull(strstr(reply->fetch->report->reason, "cancelled by request"));
    ask("{\"version\": 1, \"cancel\": {\"run\": \"2\"}}");
    assert_refused(PENDIO__STATUS__NO_SUCH_RUN, "run 2 has ended already; fetch its report");
    ask("{\"version\": 1, \"cancel\": {\"run\": \"3\"}}");
    assert_refused(PENDIO__STATUS__NO_SUCH_RUN, "run 3 is not known");
}
END_TEST

START_TEST(list_comes_in_pages)
{
    ask("{\"version\": 1, \"list\": {}}");
    ck_assert_int_eq(reply->status, PENDIO__STATUS__OK);
    ck_assert_uint_eq(reply->list->n_runs, 0);
    ck_assert(!reply->list->more);

    for (int i = 0; i < 4; i++)
        ask_with("submit", "", "");
    for (int i = 2; i <= 4; i++) {
        char json[80];
        (void)snprintf(json, sizeof json, "{\"version\": 1, \"cancel\": {\"run\": \"%d\"}}", i);
        ask(json);
    }
    ask("{\"version\": 1, \"list\": {\"count\": 2}}");
    ck_assert_uint_eq(reply->list->n_runs, 2);
    ck_assert(reply->list->more);
    ck_assert_uint_eq(reply->list->runs[1]->run, 3);
    ck_assert_str_eq(reply->list->runs[1]->workload, "context/nop");
    ck_assert_int_eq(reply->list->runs[1]->verdict, PENDIO__VERDICT__FAILED);
    ck_assert_uint_eq(strlen(reply->list->runs[1]->content_hash), 64);
    ck_assert_uint_ne(reply->list->runs[1]->ended_s, 0);
    ask("{\"version\": 1, \"list\": {\"count\": 2, \"before\": \"3\"}}");
    ck_assert_uint_eq(reply->list->n_runs, 1);
    ck_assert(!reply->list->more);
    ck_assert_uint_eq(reply->list->runs[0]->run, 2);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        hello_is_answered_with_who_and_where,
        bytes_that_are_no_request_are_refused,
        request_over_the_cap_is_refused_with_the_cap,
        other_versions_are_refused,
        request_without_a_known_body_is_refused,
        good_workload_passes_the_check_and_runs_nothing,
        workload_that_is_missing_is_a_bad_request,
        workload_that_contradicts_itself_is_refused_by_name,
        workload_over_a_limit_is_refused_before_it_runs,
        submit_is_answered_at_once_with_the_number_of_the_run,
        setting_that_is_too_long_is_refused,
        feature_or_backend_that_is_none_is_refused_with_those_there_are,
        only_a_place_of_several_that_is_under_way_is_told,
        subject_is_a_program_that_is_named_from_this_machine,
        full_line_is_busy,
        fetch_of_a_run_under_way_tells_its_progress,
        fetch_of_a_finished_run_brings_its_report,
        fetch_of_an_unknown_run_is_refused_by_number,
        stats_list_running_runs_before_finished_ones,
        cancel_ends_a_run_and_is_refused_once_it_has_ended,
        list_comes_in_pages,
        reply_that_would_be_too_long_says_so,
    };
    return suite_run("dispatch", begin, end, tests, sizeof tests / sizeof tests[0]);
}
