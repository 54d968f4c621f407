/*
 * child.c - the process of one run: a workload comes in, events go out.
 *
 * Happy path:  read -> plan -> engine -> run -> settle -> report.
 * Failures:    an unusable request or workload is reported as INVALID, a machine that cannot run it
 *              as SKIPPED, want of anything else as FAILED before it began; each with its status.
 */
#include "child.h"

#include "allocations.h"
#include "descriptors.h"
#include "engine.h"
#include "frame.h"
#include "messages.h"
#include "names.h"
#include "plan.h"
#include "report.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
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

static int report_unstarted(const struct pnd_plan *plan, int status, int output)
{
    char reason[300];
    const char *features = getenv("PENDIO_FEATURES");
    if (status == -EINVAL && features != NULL) { /* the plan has checked everything else */
        snprintf(reason, sizeof reason,
                 "features \"%.128s\": not a list of features to leave unused; write it like "
                 "-fixed_buffers,-defer_taskrun",
                 features);
        (void)pnd_report_failure(plan->workload->name, PENDIO__VERDICT__INVALID, reason, output);
        return STATUS_INVALID;
    }
    bool absent = status == -ENOSYS || status == -EPERM || status == -EACCES ||
                  status == -ENOTSUP || status == -ENOMEM;
    snprintf(reason, sizeof reason, "the loop could not be created: %s",
             pendio_loop_explain(status));
    (void)pnd_report_failure(plan->workload->name,
                             absent ? PENDIO__VERDICT__SKIPPED : PENDIO__VERDICT__FAILED, reason,
                             output);
    return absent ? STATUS_SKIPPED : STATUS_NOT_STARTED;
}

static void judge_allocations(struct pnd_engine *engine, uint64_t allocation_count)
{
    const Pendio__RunExpectation *expect = engine->plan->workload->expect;
    if (expect != NULL && expect->allow_allocations)
        return;
    (void)pnd_referee_hold(&engine->referee, PND_RULE_ALLOCATIONS, allocation_count == 0, "%llu",
                           (unsigned long long)allocation_count);
}

static void judge_run(struct pnd_engine *engine)
{
    const Pendio__RunExpectation *expect = engine->plan->workload->expect;
    const struct pnd_ledger_counts *counts = &engine->ledger.counts;
    uint64_t contexts = engine->plan->context_count;
    double reuse = contexts > 0 ? (double)(counts->done + counts->pending) / (double)contexts : 0;
    if (expect == NULL || !engine->finished)
        return;
    if (expect->reuse_minimum > 0)
        (void)pnd_referee_hold(&engine->referee, PND_RULE_REUSE, reuse >= expect->reuse_minimum,
                               "%.1f operations per context, not %.1f", reuse,
                               expect->reuse_minimum);
    if (expect->operations_minimum > 0)
        (void)pnd_referee_hold(&engine->referee, PND_RULE_OPERATIONS,
                               engine->operations >= expect->operations_minimum,
                               "%llu operations, not %llu", (unsigned long long)engine->operations,
                               (unsigned long long)expect->operations_minimum);
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

static int run_engine(const struct pnd_plan *plan, int output)
{
    struct child child = {.output = output};
    struct pnd_descriptors before;
    struct pnd_engine *engine = NULL;
    int status = pnd_descriptors_init(&before);
    if (status < 0)
        return report_unstarted(plan, status, output);
    status = pnd_engine_create(plan, tell_progress, &child, &engine);
    if (status < 0) {
        pnd_descriptors_fini(&before);
        return report_unstarted(plan, status, output);
    }
    pnd_engine_run(engine);
    uint64_t allocation_count = pnd_allocations_count();
    pnd_engine_finish(engine);
    judge_allocations(engine, allocation_count);
    judge_run(engine);
    judge_descriptors(engine, &before);
    pnd_descriptors_fini(&before);
    (void)pnd_report_run(engine, allocation_count, output);
    Pendio__Verdict verdict = pnd_report_verdict(engine);
    pnd_engine_destroy(engine);
    return verdict == PENDIO__VERDICT__PASSED    ? STATUS_PASSED
           : verdict == PENDIO__VERDICT__SKIPPED ? STATUS_SKIPPED
                                                 : STATUS_FAILED;
}

static int run_workload(const Pendio__Workload *workload, int output)
{
    struct pnd_message_error error;
    struct pnd_plan_limits limits;
    struct pnd_plan *plan = NULL;
    pnd_plan_limits_init(&limits);
    if (pnd_plan_create(workload, &limits, &plan, &error) < 0) {
        (void)pnd_report_failure(workload->name, PENDIO__VERDICT__INVALID, error.text, output);
        return STATUS_INVALID;
    }
    int result = run_engine(plan, output);
    pnd_plan_destroy(plan);
    return result;
}

int pnd_child_main(int input, int output)
{
    static const Pendio__Workload nothing = PENDIO__WORKLOAD__INIT;
    struct pnd_message_error error = {.text = ""};
    ProtobufCMessage *message = NULL;
    const char *directory = getenv("PENDIO_RUN_DIRECTORY");
    (void)signal(SIGPIPE, SIG_IGN);
    if (directory != NULL && chdir(directory) < 0) {
        snprintf(error.text, sizeof error.text, "PENDIO_RUN_DIRECTORY %.200s: %s; make it first",
                 directory, pnd_names_error(errno));
        (void)pnd_report_failure("", PENDIO__VERDICT__INVALID, error.text, output);
        return STATUS_NOT_STARTED;
    }
    if (read_request(input, &message, &error) < 0) {
        (void)pnd_report_failure("", PENDIO__VERDICT__INVALID, error.text, output);
        return STATUS_INVALID;
    }
    const Pendio__SubmitRequest *request = (const Pendio__SubmitRequest *)message;
    int result = run_workload(request->workload != NULL ? request->workload : &nothing, output);
    pnd_message_free(message);
    return result;
}
