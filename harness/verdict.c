/*
 * verdict.c - the daemon's own verdict on a run.
 *
 * Happy path:  the process reported and ended by itself with a status that agrees: its report
 *              stands. One that was to kill itself, and did, has passed.
 * Failures:    everything else, in one line that names the workload, what became of its process,
 *              how far it had come, and what helps. One that was cancelled has failed: nothing
 *              crashed, but nobody shall take it for passed.
 */
#include "verdict.h"

#include "complain.h"

#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { EXIT_PASSED = 0, WHAT_BYTES = 160 };

static bool report_stands(const struct pnd_ending *ending);
static bool died_as_expected(const struct pnd_ending *ending);
static void describe(const struct pnd_ending *ending, char *ret_what);
static const char *remedy(const struct pnd_ending *ending);
static bool was_signalled(const struct pnd_process_end *end);

int pnd_verdict_decide(const struct pnd_ending *ending, Pendio__Verdict *ret_verdict,
                       struct pnd_message_error *reason)
{
    if (report_stands(ending))
        return 0;
    if (died_as_expected(ending)) {
        *ret_verdict = PENDIO__VERDICT__PASSED;
        reason->text[0] = '\0';
        return 1;
    }

    char what[WHAT_BYTES];
    describe(ending, what);
    bool quoted = ending->last_words[0] != '\0';
    (void)pnd_complain(reason, 0,
                       "workload \"%s\": its process %ld %s after %" PRIu64 " operations%s%s%s; %s",
                       ending->workload, (long)ending->process, what, ending->operation_count,
                       quoted ? ", its last words: \"" : "", ending->last_words, quoted ? "\"" : "",
                       remedy(ending));
    bool is_ended = ending->cause == PND_CAUSE_CANCEL || ending->cause == PND_CAUSE_ALONE;
    *ret_verdict = is_ended ? PENDIO__VERDICT__FAILED : PENDIO__VERDICT__CRASHED;
    return 1;
}

/* A process that says "passed" and then crashes while it cleans up has not passed. */
static bool report_stands(const struct pnd_ending *ending)
{
    if (ending->report == NULL || ending->cause != PND_CAUSE_NONE || was_signalled(&ending->end))
        return false;
    return ending->report->verdict != PENDIO__VERDICT__PASSED || ending->end.value == EXIT_PASSED;
}

static bool died_as_expected(const struct pnd_ending *ending)
{
    return ending->to_crash && ending->is_dying && ending->report == NULL &&
           ending->cause == PND_CAUSE_NONE && ending->end.code == CLD_KILLED &&
           ending->end.value == SIGKILL;
}

static void describe(const struct pnd_ending *ending, char *ret_what)
{
    switch (ending->cause) {
    case PND_CAUSE_TIME:
        (void)snprintf(ret_what, WHAT_BYTES, "was killed after %g s, over its time limit,",
                       (double)ending->time_limit_ms / 1e3);
        return;
    case PND_CAUSE_LATE:
        (void)snprintf(ret_what, WHAT_BYTES, "reported and then did not end: it was killed");
        return;
    case PND_CAUSE_NOISE:
        (void)snprintf(ret_what, WHAT_BYTES, "wrote something that is no event, and was killed");
        return;
    case PND_CAUSE_STOP:
        (void)snprintf(ret_what, WHAT_BYTES, "was ended because pendiod was told to stop");
        return;
    case PND_CAUSE_CANCEL:
        (void)snprintf(ret_what, WHAT_BYTES, "was cancelled by request");
        return;
    case PND_CAUSE_ALONE:
        (void)snprintf(ret_what, WHAT_BYTES,
                       "was ready, and then not told in time that all other places are: it was "
                       "killed");
        return;
    case PND_CAUSE_NONE:
        break;
    }
    if (was_signalled(&ending->end)) {
        const char *name = sigabbrev_np(ending->end.value);
        (void)snprintf(ret_what, WHAT_BYTES, "was killed by signal %d (SIG%s)%s", ending->end.value,
                       name != NULL ? name : "?",
                       ending->report != NULL ? " once it had reported" : "");
        return;
    }
    (void)snprintf(ret_what, WHAT_BYTES, "ended with status %d %s", ending->end.value,
                   ending->report != NULL ? "once it had reported success"
                                          : "before it had reported");
}

static const char *remedy(const struct pnd_ending *ending)
{
    switch (ending->cause) {
    case PND_CAUSE_TIME:
        return "raise limits.time_ms, or find what it waits for";
    case PND_CAUSE_STOP:
        return "start pendiod again and submit it again";
    case PND_CAUSE_CANCEL:
        return "submit it again to see it to its end";
    case PND_CAUSE_ALONE:
        return "look at what the other daemons are busy with, and run it again";
    case PND_CAUSE_LATE:
    case PND_CAUSE_NOISE:
        return "this is a fault of pendiod: report it with the workload";
    case PND_CAUSE_NONE:
        break;
    }
    if (was_signalled(&ending->end) &&
        (ending->end.value == SIGKILL || ending->end.value == SIGTERM))
        return "run it again, and if nobody killed it see dmesg for a want of memory";
    return "run it again, and if it recurs report it with the workload";
}

static bool was_signalled(const struct pnd_process_end *end)
{
    return end->code == CLD_KILLED || end->code == CLD_DUMPED;
}
