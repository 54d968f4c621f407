/*
 * child.c - the process of one run: a workload comes in, events go out.
 *
 * Happy path:  read -> plan -> engine -> (with others elsewhere: ready, begin) -> run -> settle ->
 *              report.
 * Failures:    an unusable request or workload is reported as INVALID, a machine that cannot run it
 *              as SKIPPED, want of anything else as INVALID with what failed; each with its status.
 */
#include "child.h"

#include "allocations.h"
#include "descriptors.h"
#include "elsewhere.h"
#include "engine.h"
#include "foreign.h"
#include "frame.h"
#include "messages.h"
#include "names.h"
#include "plan.h"
#include "report.h"
#include "surroundings.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    STATUS_PASSED = 0,
    STATUS_FAILED = 1,
    STATUS_INVALID = 2,
    STATUS_NOT_STARTED = 3,
    STATUS_SKIPPED = 77,
    REQUEST_LIMIT_BYTES = 4 << 20,
};

struct child {
    int output;
    bool told_off; /* nobody listens any more */
};

static int read_request(int input, ProtobufCMessage **ret_request, struct pnd_message_error *error)
{
    static const struct pnd_message_limits limits = {.input_bytes = REQUEST_LIMIT_BYTES};
    uint8_t *bytes = NULL;
    size_t byte_count = 0;
    int status = pnd_frame_read(input, REQUEST_LIMIT_BYTES, &bytes, &byte_count);
    if (status < 0) {
        snprintf(error->text, sizeof error->text,
                 "no request came in (%s); send one packed SubmitRequest, its length first",
                 pnd_names_error(status));
        return status;
    }
    status = pnd_message_unpack(&pendio__submit_request__descriptor, bytes, byte_count, &limits,
                                ret_request, error);
    free(bytes);
    return status;
}

static void tell_progress(struct pnd_engine *engine, void *state)
{
    struct child *child = state;
    if (!child->told_off && pnd_report_progress(engine, child->output) < 0)
        child->told_off = true;
}

/* Something the workload needs is not here; everything else could be mended. */
static bool is_absent(int status)
{
    return status == -ENOSYS || status == -EPERM || status == -EACCES || status == -ENOTSUP ||
           status == -ENOMEM;
}

static int report_unstarted(const struct pnd_plan *plan, int status, const char *reason, int output)
{
    bool absent = is_absent(status);
    (void)pnd_report_failure(plan->workload,
                             absent ? PENDIO__VERDICT__SKIPPED : PENDIO__VERDICT__INVALID, reason,
                             output);
    return absent ? STATUS_SKIPPED : STATUS_NOT_STARTED;
}

/* It has failed, or refuses for a reason of its own. */
static int report_no_foreign(const struct pnd_plan *plan, const struct pnd_foreign *foreign,
                             int status, int output)
{
    Pendio__Verdict verdict = PENDIO__VERDICT__FAILED;
    const char *reason = pnd_foreign_failure(foreign, &verdict);
    if (reason == NULL)
        return report_unstarted(plan, status, pnd_foreign_unable(foreign), output);
    (void)pnd_report_failure(plan->workload, verdict, reason, output);
    return STATUS_FAILED;
}

static int report_no_loop(const struct pnd_plan *plan, int status, int output)
{
    char reason[300];
    const char *features = getenv("PENDIO_FEATURES");
    if (status == -EINVAL && features != NULL) { /* the plan has checked everything else */
        snprintf(reason, sizeof reason,
                 "features \"%.128s\": not a list of features to leave unused; write it like "
                 "-fixed_buffers,-defer_taskrun",
                 features);
        (void)pnd_report_failure(plan->workload, PENDIO__VERDICT__INVALID, reason, output);
        return STATUS_INVALID;
    }
    snprintf(reason, sizeof reason, "the loop could not be created: %s",
             pendio_loop_explain(status));
    return report_unstarted(plan, status, reason, output);
}

/* Whatever it was, the disk or its limits refused it: never for want of something pendio needs. */
static int report_no_file(const struct pnd_plan *plan, uint32_t index, int status, int output)
{
    char reason[400];
    char directory[160];
    const struct pnd_plan_endpoint *endpoint = &plan->endpoints[index];
    snprintf(reason, sizeof reason,
             "endpoints[%u] \"%.60s\": its file of %llu bytes could not be written in %s: %s; make "
             "room there, lower file_bytes, or start pendiod with another TMPDIR",
             index, endpoint->name, (unsigned long long)endpoint->file_bytes,
             getcwd(directory, sizeof directory) != NULL ? directory : "its directory",
             strerror(-status));
    (void)pnd_report_failure(plan->workload, PENDIO__VERDICT__INVALID, reason, output);
    return STATUS_NOT_STARTED;
}

static int report_no_engine(const struct pnd_plan *plan, const struct pnd_foreign *foreign,
                            const struct pnd_engine_failure *failure, int status, int output)
{
    char reason[300];
    Pendio__Verdict verdict;
    bool is_foreign = foreign != NULL && (failure->part == PND_ENGINE_LOOP ||
                                          pnd_foreign_failure(foreign, &verdict) != NULL);
    if (is_foreign)
        return report_no_foreign(plan, foreign, status, output);
    switch (failure->part) {
    case PND_ENGINE_ENDPOINT:
        return report_no_file(plan, failure->index, status, output);
    case PND_ENGINE_LOOP:
        return report_no_loop(plan, status, output);
    case PND_ENGINE_POOL:
        snprintf(reason, sizeof reason,
                 "pools[%u] \"%.60s\" could not be created: %s; lower its context_count or "
                 "slice_bytes, or raise the limit of locked memory (ulimit -l)",
                 failure->index, plan->pools[failure->index].name, strerror(-status));
        break;
    case PND_ENGINE_MEMORY:
        snprintf(reason, sizeof reason,
                 "no memory for the books of the run: %s; free some, or lower what the workload "
                 "asks for",
                 strerror(-status));
        break;
    }
    return report_unstarted(plan, status, reason, output);
}

static int report_no_descriptors(const struct pnd_plan *plan, int status, int output)
{
    char reason[200];
    snprintf(reason, sizeof reason,
             "the open descriptors could not be listed: /proc/self/fd: %s; mount /proc, and raise "
             "the limit of descriptors (ulimit -n) if it is that",
             strerror(-status));
    return report_unstarted(plan, status, reason, output);
}

static void judge_allocations(struct pnd_engine *engine, uint64_t allocation_count)
{
    const Pendio__RunExpectation *expect = engine->plan->workload->expect;
    if (expect != NULL && expect->allow_allocations)
        return;
    (void)pnd_referee_hold(&engine->referee, PND_RULE_ALLOCATIONS, allocation_count == 0, "%llu",
                           (unsigned long long)allocation_count);
}

/* Of rounds, where their beginnings are what the workload says. */
static void judge_latency(struct pnd_engine *engine, const Pendio__LatencyBound *bound)
{
    bool rounds = engine->plan->loaded;
    const struct pnd_latency *times = rounds ? &engine->round_latency : &engine->latency;
    uint64_t seen_ns = pnd_latency_quantile(times, bound->per_mille);
    (void)pnd_referee_hold(&engine->referee, PND_RULE_LATENCY, seen_ns <= bound->most_ns,
                           "%u of 1000 %s took up to %llu ns, not %llu", bound->per_mille,
                           rounds ? "rounds" : "operations", (unsigned long long)seen_ns,
                           (unsigned long long)bound->most_ns);
}

static void judge_run(struct pnd_engine *engine)
{
    const Pendio__RunExpectation *expect = engine->plan->workload->expect;
    const struct pnd_ledger_counts *counts = &engine->ledger.counts;
    uint64_t contexts = engine->plan->context_count;
    double reuse = contexts > 0 ? (double)(counts->done + counts->pending) / (double)contexts : 0;
    if (expect == NULL || !engine->finished || engine->plan->placement.given)
        return; /* of one place of several nobody knows what all of them do */
    if (expect->verdict == PENDIO__VERDICT__CRASHED)
        (void)pnd_referee_hold(&engine->referee, PND_RULE_FINISHED, false,
                               "the run came to its end, but was to be killed by its DIE");
    if (expect->reuse_minimum > 0)
        (void)pnd_referee_hold(&engine->referee, PND_RULE_REUSE, reuse >= expect->reuse_minimum,
                               "%.1f operations per context, not %.1f", reuse,
                               expect->reuse_minimum);
    if (expect->operations_minimum > 0)
        (void)pnd_referee_hold(&engine->referee, PND_RULE_OPERATIONS,
                               engine->operations >= expect->operations_minimum,
                               "%llu operations, not %llu", (unsigned long long)engine->operations,
                               (unsigned long long)expect->operations_minimum);
    for (size_t i = 0; i < expect->n_latency; i++)
        judge_latency(engine, expect->latency[i]);
}

static void judge_descriptors(struct pnd_engine *engine, const struct pnd_descriptors *before)
{
    struct pnd_descriptors after;
    if (pnd_descriptors_init(&after) < 0)
        return;
    int different = pnd_descriptors_difference(before, &after);
    (void)pnd_referee_hold(&engine->referee, PND_RULE_DESCRIPTORS, different < 0,
                           "descriptor %d is not as it was", different);
    pnd_descriptors_fini(&after);
}

static void give_up(void *engine)
{
    pnd_engine_give_up(engine);
}

/* What only shows once a foreign subject has ended. */
static void judge_end(struct pnd_engine *engine, struct pnd_foreign *foreign)
{
    int more = pnd_foreign_descriptors(foreign);
    (void)pnd_referee_hold(&engine->referee, PND_RULE_DESCRIPTORS, more <= 0,
                           "the subject has %d descriptors more than before its loop", more);
    pnd_foreign_end(foreign);
}

/* Returns the exit status. */
static int report_end(const struct pnd_engine *engine, const struct pnd_foreign *foreign,
                      const char *command, uint64_t allocation_count, int output)
{
    struct pnd_report_end end = {.subject = command, .verdict = pnd_report_verdict(engine)};
    if (foreign != NULL)
        end.reason = pnd_foreign_failure(foreign, &end.verdict);
    (void)pnd_report_run(engine, &end, allocation_count, output);
    return end.verdict == PENDIO__VERDICT__PASSED    ? STATUS_PASSED
           : end.verdict == PENDIO__VERDICT__SKIPPED ? STATUS_SKIPPED
                                                     : STATUS_FAILED;
}

/* Once all places are ready. False when nobody will say so any more. */
static bool begin_with_others(struct pnd_engine *engine, struct pnd_elsewhere *elsewhere)
{
    if (!engine->plan->placement.given || pnd_elsewhere_begin(engine, elsewhere) == 0)
        return true;
    snprintf(engine->skip_reason, sizeof engine->skip_reason, "nobody said that all are ready");
    return false;
}

static int run_engine(const struct pnd_plan *plan, struct pnd_foreign *foreign, const char *command,
                      int input, int output)
{
    const struct pnd_subject *subject =
        foreign != NULL ? pnd_foreign_subject(foreign) : &pnd_subject_own;
    struct child child = {.output = output};
    struct pnd_elsewhere elsewhere = {.input = input, .output = output};
    struct pnd_descriptors before;
    struct pnd_engine *engine = NULL;
    int status = pnd_descriptors_init(&before);
    if (status < 0)
        return report_no_descriptors(plan, status, output);
    struct pnd_engine_failure failure;
    status = pnd_engine_create(plan, subject, tell_progress, &child, &engine, &failure);
    if (status < 0) {
        pnd_descriptors_fini(&before);
        return report_no_engine(plan, foreign, &failure, status, output);
    }
    if (foreign != NULL)
        pnd_foreign_attend(foreign, give_up, engine);
    if (begin_with_others(engine, &elsewhere))
        pnd_engine_run(engine);
    uint64_t allocation_count = pnd_allocations_count();
    pnd_engine_finish(engine);
    if (foreign == NULL)
        judge_allocations(engine, allocation_count); /* of another process nobody knows */
    judge_run(engine);
    judge_descriptors(engine, &before);
    pnd_descriptors_fini(&before);
    if (foreign != NULL)
        judge_end(engine, foreign);
    int result = report_end(engine, foreign, command, allocation_count, output);
    pnd_engine_destroy(engine);
    pnd_elsewhere_end(&elsewhere);
    return result;
}

/* With a subject in another process, if it can do what is asked. */
static int run_foreign(const struct pnd_plan *plan, const char *command, int input, int output)
{
    char reason[300];
    struct pnd_message_error error;
    struct pnd_foreign *foreign = NULL;
    int result = STATUS_SKIPPED;
    if (pnd_foreign_create(command, plan, &foreign, &error) < 0) {
        (void)pnd_report_failure(plan->workload, PENDIO__VERDICT__INVALID, error.text, output);
        return STATUS_NOT_STARTED;
    }
    if (pnd_foreign_lacks(foreign, plan, reason, sizeof reason))
        (void)pnd_report_failure(plan->workload, PENDIO__VERDICT__SKIPPED, reason, output);
    else
        result = run_engine(plan, foreign, command, input, output);
    pnd_foreign_destroy(foreign);
    return result;
}

static int run_request(const Pendio__SubmitRequest *request, int input, int output)
{
    static const Pendio__Workload nothing = PENDIO__WORKLOAD__INIT;
    const Pendio__Workload *workload = request->workload != NULL ? request->workload : &nothing;
    struct pnd_message_error error;
    struct pnd_plan_limits limits;
    struct pnd_plan *plan = NULL;
    pnd_plan_limits_init(&limits);
    if (pnd_plan_create(workload, request->placement, &limits, &plan, &error) < 0) {
        (void)pnd_report_failure(workload, PENDIO__VERDICT__INVALID, error.text, output);
        return STATUS_INVALID;
    }
    int result = STATUS_SKIPPED;
    if (!pnd_elsewhere_is_reachable(&plan->placement, error.text, sizeof error.text)) {
        (void)pnd_report_failure(workload, PENDIO__VERDICT__INVALID, error.text, output);
        result = STATUS_INVALID;
    } else if (pnd_surroundings_set(workload, &error) < 0) {
        (void)pnd_report_failure(workload, PENDIO__VERDICT__SKIPPED, error.text, output);
    } else {
        result = request->subject[0] != '\0' ? run_foreign(plan, request->subject, input, output)
                                             : run_engine(plan, NULL, "", input, output);
    }
    pnd_plan_destroy(plan);
    return result;
}

int pnd_child_main(int input, int output)
{
    struct pnd_message_error error = {.text = ""};
    ProtobufCMessage *message = NULL;
    const char *directory = getenv("PENDIO_RUN_DIRECTORY");
    (void)signal(SIGPIPE, SIG_IGN);
    (void)signal(SIGXFSZ, SIG_IGN); /* a file that may not grow is an error of the operation */
    if (directory != NULL && chdir(directory) < 0) {
        snprintf(error.text, sizeof error.text, "PENDIO_RUN_DIRECTORY %.200s: %s; make it first",
                 directory, pnd_names_error(errno));
        (void)pnd_report_failure(NULL, PENDIO__VERDICT__INVALID, error.text, output);
        return STATUS_NOT_STARTED;
    }
    if (read_request(input, &message, &error) < 0) {
        (void)pnd_report_failure(NULL, PENDIO__VERDICT__INVALID, error.text, output);
        return STATUS_INVALID;
    }
    int result = run_request((const Pendio__SubmitRequest *)message, input, output);
    pnd_message_free(message);
    return result;
}
