/*
 * outcome.c - what became of one workload, ready to be shown.
 *
 * Happy path:  points into the daemon's reply, with constant zeroes for what it leaves out.
 * Failures:    a report without a verdict we know is no report.
 */
#include "outcome.h"

#include "say.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const Pendio__Report no_report = PENDIO__REPORT__INIT;
static const Pendio__Answers no_answers = PENDIO__ANSWERS__INIT;
static const Pendio__PoolUse no_pool = PENDIO__POOL_USE__INIT;
static const Pendio__Latency no_latency = PENDIO__LATENCY__INIT;
static const Pendio__Bytes no_bytes = PENDIO__BYTES__INIT;
static const Pendio__Stats no_stats = PENDIO__STATS__INIT;

static const char *const verdicts[] = {
    [PENDIO__VERDICT__PASSED] = "passed",   [PENDIO__VERDICT__FAILED] = "failed",
    [PENDIO__VERDICT__CRASHED] = "crashed", [PENDIO__VERDICT__INVALID] = "invalid",
    [PENDIO__VERDICT__SKIPPED] = "skipped",
};

static int init(struct pnd_outcome *outcome, const char *name, const Pendio__Report *report,
                ProtobufCMessage *owner);
static bool is_verdict(Pendio__Verdict verdict);
static bool is_whole(const Pendio__Report *report);
static int name_it(struct pnd_outcome *outcome, const char *name, const char *reason);

int pnd_outcome_init(struct pnd_outcome *outcome, const char *name, Pendio__Reply *reply)
{
    return reply->fetch->report != NULL ? init(outcome, name, reply->fetch->report, &reply->base)
                                        : -EBADMSG;
}

int pnd_outcome_init_report(struct pnd_outcome *outcome, const char *name, Pendio__Report *report)
{
    return init(outcome, name, report, &report->base);
}

static int init(struct pnd_outcome *outcome, const char *name, const Pendio__Report *report,
                ProtobufCMessage *owner)
{
    if (!is_whole(report))
        return -EBADMSG;

    *outcome = (struct pnd_outcome){
        .verdict = report->verdict,
        .report = report,
        .answers = report->answers != NULL ? report->answers : &no_answers,
        .pool = report->pool != NULL ? report->pool : &no_pool,
        .latency_ns = report->latency_ns != NULL ? report->latency_ns : &no_latency,
        .bytes = report->bytes != NULL ? report->bytes : &no_bytes,
        .stats = report->stats != NULL ? report->stats : &no_stats,
    };
    int status =
        name_it(outcome, report->workload[0] != '\0' ? report->workload : name, report->reason);
    if (status == 0)
        outcome->owner = owner;
    return status;
}

int pnd_outcome_init_invalid(struct pnd_outcome *outcome, const char *name, const char *reason)
{
    *outcome = (struct pnd_outcome){
        .verdict = PENDIO__VERDICT__INVALID,
        .report = &no_report,
        .answers = &no_answers,
        .pool = &no_pool,
        .latency_ns = &no_latency,
        .bytes = &no_bytes,
        .stats = &no_stats,
    };
    return name_it(outcome, name, reason);
}

static bool is_verdict(Pendio__Verdict verdict)
{
    return verdict > PENDIO__VERDICT__VERDICT_UNSPECIFIED && verdict <= PENDIO__VERDICT__SKIPPED;
}

static bool is_whole(const Pendio__Report *report)
{
    for (size_t index = 0; index < report->n_checks; index++)
        if (!is_verdict(report->checks[index]->verdict))
            return false;
    return is_verdict(report->verdict);
}

static int name_it(struct pnd_outcome *outcome, const char *name, const char *reason)
{
    outcome->workload = strdup(name);
    outcome->reason = strdup(reason);
    if (outcome->workload == NULL || outcome->reason == NULL) {
        pnd_outcome_fini(outcome);
        return -ENOMEM;
    }
    pnd_say_clean(outcome->workload);
    pnd_say_clean(outcome->reason);
    return 0;
}

void pnd_outcome_fini(struct pnd_outcome *outcome)
{
    free(outcome->workload);
    free(outcome->reason);
    pnd_message_free(outcome->owner);
    *outcome = (struct pnd_outcome){0};
}

bool pnd_outcome_has_numbers(const struct pnd_outcome *outcome)
{
    return outcome->verdict == PENDIO__VERDICT__PASSED ||
           outcome->verdict == PENDIO__VERDICT__FAILED || outcome->report->operations > 0;
}

const char *pnd_outcome_verdict(Pendio__Verdict verdict)
{
    return is_verdict(verdict) ? verdicts[verdict] : "unknown";
}
