/* child_faults_test.c - faults that a workload brings about, and what a run makes of them. */
#include "child_run.h"
#include "suite.h"

#include <string.h>

/* A workload of one actor with these steps; `head` says what else there is of it. */
#define WITH(head, steps)                                                                          \
    "{\"name\": \"t\", " head " \"pools\": [{\"name\": \"p\", \"context_count\": 8, "              \
    "\"slice_bytes\": 4096}], \"endpoints\": [{\"name\": \"e\", \"family\": \"UNIX_STREAM\"}], "   \
    "\"limits\": {\"time_ms\": 10000}, \"actors\": [{\"name\": \"first\", \"instance_count\": 1, " \
    "\"blocks\": [{\"steps\": [" steps "]}]}]}"

#define SOCKET(name) "{\"operation\": \"SOCKET\", \"into\": \"" name "\", \"endpoint\": \"e\"}, "
#define CLOSE(name)  "{\"operation\": \"CLOSE\", \"handle\": \"" name "\"}"
#define LIMIT(count) "{\"operation\": \"LIMIT_DESCRIPTORS\", \"times\": " count "}, "

#define NO_SOCKET                                                                                  \
    "{\"operation\": \"SOCKET\", \"into\": \"c\", \"endpoint\": \"e\", \"expect\": "               \
    "{\"answers\": [\"REFUSED\"], \"errors\": [\"EMFILE\"]}}, "

#define CONNECTED                                                                                  \
    SOCKET("l")                                                                                    \
    "{\"operation\": \"BIND\", \"handle\": \"l\", \"endpoint\": \"e\"}, {\"operation\": "          \
    "\"LISTEN\", \"handle\": \"l\"}, " SOCKET("a") "{\"operation\": \"CONNECT\", \"handle\": "     \
                                                   "\"a\", \"endpoint\": \"e\"}, {\"operation\": " \
                                                   "\"ACCEPT\", \"handle\": \"l\", \"into\": "     \
                                                   "\"b\"}, "

#define LENT                                                                                       \
    "{\"operation\": \"SEND\", \"handle\": \"a\", \"bytes\": 64}, {\"operation\": \"RECEIVE\", "   \
    "\"handle\": \"b\", \"memory\": \"LENT\", \"context\": \"c\"}, "

static struct child_run run;
static struct pnd_message_error error;

static void end(void)
{
    child_run_fini(&run);
}

static void must_end(const char *json, Pendio__Verdict verdict, const char *words)
{
    child_run_must_end(&run, json, verdict, words);
}

START_TEST(so_many_descriptors_may_be_opened_and_no_more_until_it_is_as_before)
{
    must_end(WITH("",
                  LIMIT("2") SOCKET("a") SOCKET("b") NO_SOCKET CLOSE("a") ", " SOCKET("a")
                      NO_SOCKET LIMIT("0") SOCKET("c") CLOSE("a") ", " CLOSE("b") ", " CLOSE("c")),
             PENDIO__VERDICT__PASSED, "");
}
END_TEST

START_TEST(descriptors_are_looked_at_behind_a_limit_that_was_left)
{
    must_end(WITH("", SOCKET("a") LIMIT("1") CLOSE("a")), PENDIO__VERDICT__PASSED, "");
    ck_assert_ptr_nonnull(child_run_check(&run, "descriptors"));
    ck_assert_int_eq((int)child_run_check(&run, "descriptors")->verdict, PENDIO__VERDICT__PASSED);
}
END_TEST

START_TEST(a_context_that_holds_a_buffer_still_has_it)
{
    must_end(WITH("", CONNECTED LENT "{\"operation\": \"HOLD_BUFFERS\", \"context\": \"c\"}, "
                                     "{\"operation\": \"SEND\", \"handle\": \"a\", \"bytes\": "
                                     "64}, {\"operation\": \"RECEIVE\", \"handle\": \"b\", "
                                     "\"bytes\": 64, \"whole\": true}, {\"operation\": "
                                     "\"HOLD_BUFFERS\", \"context\": \"c\"}, " CLOSE(
                                         "a") ", " CLOSE("b") ", " CLOSE("l")),
             PENDIO__VERDICT__PASSED, "");
}
END_TEST

START_TEST(a_context_that_gave_its_buffer_back_holds_none)
{
    must_end(WITH("", CONNECTED LENT "{\"operation\": \"SEND\", \"handle\": \"b\", \"memory\": "
                                     "\"LENT\", \"content\": \"ECHO\", \"context\": \"c\"}, "
                                     "{\"operation\": \"HOLD_BUFFERS\", \"context\": \"c\"}"),
             PENDIO__VERDICT__FAILED, "(HOLD_BUFFERS): what the context was lent is no longer");
}
END_TEST

START_TEST(an_error_no_backend_can_bring_about_skips_the_run)
{
    must_end(WITH("", "{\"operation\": \"FAIL\", \"failing\": \"RECEIVE\", \"errno_name\": "
                      "\"EIO\"}"),
             PENDIO__VERDICT__SKIPPED, "backend uring cannot let a RECEIVE fail with EIO");
}
END_TEST

START_TEST(a_run_that_dies_says_how_far_it_came_and_no_more)
{
    ck_assert_int_eq(child_run_text(WITH("\"expect\": {\"verdict\": \"CRASHED\"},",
                                         "{\"operation\": \"NOP\", \"times\": 3}, {\"operation\": "
                                         "\"DIE\"}"),
                                    "test", &run, &error),
                     0);
    ck_assert_ptr_null(run.report);
    ck_assert_int_eq(run.exit_status, -1);
    ck_assert_uint_ge(run.progress_count, 1);
}
END_TEST

START_TEST(a_run_that_was_to_die_and_did_not_fails)
{
    must_end(WITH("\"expect\": {\"verdict\": \"CRASHED\"},",
                  "{\"operation\": \"NOP\"}]}, {\"order\": \"ONE_OF_THEM\", \"steps\": "
                  "[{\"operation\": \"NOP\", \"weight\": 1000000}, {\"operation\": \"DIE\"}"),
             PENDIO__VERDICT__FAILED, "was to be killed by its DIE");
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        so_many_descriptors_may_be_opened_and_no_more_until_it_is_as_before,
        descriptors_are_looked_at_behind_a_limit_that_was_left,
        a_context_that_holds_a_buffer_still_has_it,
        a_context_that_gave_its_buffer_back_holds_none,
        an_error_no_backend_can_bring_about_skips_the_run,
        a_run_that_dies_says_how_far_it_came_and_no_more,
        a_run_that_was_to_die_and_did_not_fails,
    };
    return suite_run("child_faults", NULL, end, tests, sizeof tests / sizeof tests[0]);
}
