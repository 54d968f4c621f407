/* verdict_test.c - reports that stand, reports that do not, and last words. */
#include "last_words.h"
#include "suite.h"
#include "verdict.h"

#include <signal.h>
#include <string.h>

static Pendio__Report report;
static struct pnd_ending ending;
static struct pnd_message_error reason;
static Pendio__Verdict verdict;

static void begin(void)
{
    report = (Pendio__Report)PENDIO__REPORT__INIT;
    report.verdict = PENDIO__VERDICT__PASSED;
    ending = (struct pnd_ending){
        .workload = "connect/tcp_echo",
        .process = 1234,
        .end = {.code = CLD_EXITED, .value = 0},
        .time_limit_ms = 1500,
        .operation_count = 12345,
        .last_words = "",
        .report = &report,
    };
    verdict = PENDIO__VERDICT__VERDICT_UNSPECIFIED;
}

static int decide(void)
{
    return pnd_verdict_decide(&ending, &verdict, &reason);
}

START_TEST(report_and_end_that_agree_stand)
{
    ck_assert_int_eq(decide(), 0);
    report.verdict = PENDIO__VERDICT__FAILED;
    ending.end.value = 1;
    ck_assert_int_eq(decide(), 0);
    report.verdict = PENDIO__VERDICT__SKIPPED;
    ending.end.value = 77;
    ck_assert_int_eq(decide(), 0);
    ck_assert_int_eq(verdict, PENDIO__VERDICT__VERDICT_UNSPECIFIED);
}
END_TEST

START_TEST(success_does_not_stand_beside_a_bad_end)
{
    ending.end.value = 1;
    ck_assert_int_eq(decide(), 1);
    ck_assert_int_eq(verdict, PENDIO__VERDICT__CRASHED);
    ck_assert_ptr_nonnull(strstr(reason.text, "ended with status 1 once it had reported success"));
}
END_TEST

START_TEST(cancelled_run_has_failed_whatever_its_process_made_of_it)
{
    ending.report = NULL;
    ending.to_crash = true;
    ending.cause = PND_CAUSE_CANCEL;
    ending.end = (struct pnd_process_end){.code = CLD_KILLED, .value = SIGKILL};
    ck_assert_int_eq(decide(), 1);
    ck_assert_int_eq(verdict, PENDIO__VERDICT__FAILED);
    ck_assert_str_eq(reason.text,
                     "workload \"connect/tcp_echo\": its process 1234 was cancelled by request "
                     "after 12345 operations; submit it again to see it to its end");
}
END_TEST

START_TEST(process_that_was_to_be_killed_and_was_has_passed)
{
    ending.report = NULL;
    ending.to_crash = true;
    ending.is_dying = true;
    ending.end = (struct pnd_process_end){.code = CLD_KILLED, .value = SIGKILL};
    ck_assert_int_eq(decide(), 1);
    ck_assert_int_eq(verdict, PENDIO__VERDICT__PASSED);
    ck_assert_str_eq(reason.text, "");
}
END_TEST

START_TEST(process_that_was_to_kill_itself_and_was_killed_by_another_has_not_passed)
{
    ending.report = NULL;
    ending.to_crash = true;
    ending.end = (struct pnd_process_end){.code = CLD_KILLED, .value = SIGKILL};
    ck_assert_int_eq(decide(), 1);
    ck_assert_int_eq(verdict, PENDIO__VERDICT__CRASHED);
    ck_assert_ptr_nonnull(strstr(reason.text, "was killed by signal 9 (SIGKILL)"));
}
END_TEST

START_TEST(process_that_was_to_be_killed_and_ended_otherwise_has_not_passed)
{
    ending.report = NULL;
    ending.to_crash = true;
    ending.is_dying = true;
    ending.end = (struct pnd_process_end){.code = CLD_KILLED, .value = SIGSEGV};
    ck_assert_int_eq(decide(), 1);
    ck_assert_int_eq(verdict, PENDIO__VERDICT__CRASHED);
    ending.end = (struct pnd_process_end){.code = CLD_KILLED, .value = SIGKILL};
    ending.cause = PND_CAUSE_TIME;
    ck_assert_int_eq(decide(), 1);
    ck_assert_int_eq(verdict, PENDIO__VERDICT__CRASHED);
}
END_TEST

START_TEST(killed_process_is_told_in_one_line)
{
    ending.report = NULL;
    ending.end = (struct pnd_process_end){.code = CLD_KILLED, .value = SIGKILL};
    ck_assert_int_eq(decide(), 1);
    ck_assert_str_eq(reason.text,
                     "workload \"connect/tcp_echo\": its process 1234 was killed by signal 9 "
                     "(SIGKILL) after 12345 operations; run it again, and if nobody killed it see "
                     "dmesg for a want of memory");
}
END_TEST

START_TEST(signal_after_a_report_counts)
{
    ending.end = (struct pnd_process_end){.code = CLD_DUMPED, .value = SIGSEGV};
    ck_assert_int_eq(decide(), 1);
    ck_assert_ptr_nonnull(strstr(reason.text, "signal 11 (SIGSEGV) once it had reported"));
}
END_TEST

START_TEST(time_limit_is_told_in_seconds)
{
    ending.report = NULL;
    ending.cause = PND_CAUSE_TIME;
    ending.end = (struct pnd_process_end){.code = CLD_KILLED, .value = SIGKILL};
    ck_assert_int_eq(decide(), 1);
    ck_assert_ptr_nonnull(strstr(reason.text, "was killed after 1.5 s, over its time limit, after "
                                              "12345 operations; raise limits.time_ms"));
}
END_TEST

START_TEST(names_that_would_break_the_line_do_not)
{
    ending.report = NULL;
    ending.workload = "two\nlines";
    ck_assert_int_eq(decide(), 1);
    ck_assert_ptr_null(strchr(reason.text, '\n'));
}
END_TEST

START_TEST(last_words_are_the_last_line_that_says_something)
{
    struct pnd_last_words words = {0};
    ck_assert_str_eq(pnd_last_words_quote(&words), "");
    pnd_last_words_hear(&words, "one\ntw", 6);
    pnd_last_words_hear(&words, "o\n\n\n", 4);
    ck_assert_str_eq(pnd_last_words_quote(&words), "two");
    pnd_last_words_hear(&words, "thr\xE9\te", 6);
    ck_assert_str_eq(pnd_last_words_quote(&words), "thr??e");
}
END_TEST

START_TEST(summary_of_a_sanitizer_outlasts_what_follows)
{
    static const char text[] = "SUMMARY: AddressSanitizer: bad\n==1==ABORTING\n";
    struct pnd_last_words words = {0};
    pnd_last_words_hear(&words, text, strlen(text));
    ck_assert_str_eq(pnd_last_words_quote(&words), "SUMMARY: AddressSanitizer: bad");
}
END_TEST

START_TEST(long_last_words_are_cut)
{
    struct pnd_last_words words = {0};
    for (int i = 0; i < 1000; i++)
        pnd_last_words_hear(&words, "x", 1);
    ck_assert_uint_eq(strlen(pnd_last_words_quote(&words)), PND_LAST_WORDS_BYTES - 1);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        report_and_end_that_agree_stand,
        success_does_not_stand_beside_a_bad_end,
        cancelled_run_has_failed_whatever_its_process_made_of_it,
        process_that_was_to_be_killed_and_was_has_passed,
        process_that_was_to_kill_itself_and_was_killed_by_another_has_not_passed,
        process_that_was_to_be_killed_and_ended_otherwise_has_not_passed,
        killed_process_is_told_in_one_line,
        signal_after_a_report_counts,
        time_limit_is_told_in_seconds,
        names_that_would_break_the_line_do_not,
        last_words_are_the_last_line_that_says_something,
        summary_of_a_sanitizer_outlasts_what_follows,
        long_last_words_are_cut,
    };
    return suite_run("verdict", begin, NULL, tests, sizeof tests / sizeof tests[0]);
}
