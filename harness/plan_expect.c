/*
 * plan_expect.c - compiles what a step's start may answer and what its completion may say.
 *
 * Happy path:  names of answers, errors and flags become bits and numbers.
 * Failures:    an unknown name, more errors than there is room for, and what no run can hold to are
 *              refused.
 */
#include "names.h"
#include "plan_compile.h"

#include <errno.h>
#include <stdio.h>

static int compile_answers(const struct pnd_compiler *compiler, const Pendio__Expectation *source,
                           struct pnd_plan_expectation *expect)
{
    static const uint8_t bits[] = {
        [PENDIO__ANSWER__DONE] = PND_PLAN_DONE,
        [PENDIO__ANSWER__PENDING] = PND_PLAN_PENDING,
        [PENDIO__ANSWER__REFUSED] = PND_PLAN_REFUSED,
    };
    for (size_t i = 0; i < source->n_answers; i++) {
        unsigned int answer = (unsigned int)source->answers[i];
        if (answer >= sizeof bits || bits[answer] == 0)
            return pnd_plan_refuse_step(
                compiler, "expect.answers[%zu] is %u; use DONE, PENDING or REFUSED", i, answer);
        expect->answers |= bits[answer];
    }
    return 0;
}

static int compile_errors(const struct pnd_compiler *compiler, const Pendio__Expectation *source,
                          struct pnd_plan_expectation *expect)
{
    if (source->n_errors > PND_PLAN_ERROR_COUNT)
        return pnd_plan_refuse_step(compiler, "expect.errors has %zu names; at most %d",
                                    source->n_errors, PND_PLAN_ERROR_COUNT);
    for (size_t i = 0; i < source->n_errors; i++) {
        int error = pnd_names_find_error(source->errors[i]);
        if (error < 0)
            return pnd_plan_refuse_step(
                compiler, "expect.errors[%zu] is \"%.40s\"; use errno's names, or \"0\"", i,
                source->errors[i]);
        expect->errors[expect->error_count++] = error;
    }
    return 0;
}

static int compile_flags(const struct pnd_compiler *compiler, const Pendio__Expectation *source,
                         struct pnd_plan_expectation *expect)
{
    for (size_t i = 0; i < source->n_flags; i++) {
        uint16_t flag = pnd_names_find_flag(source->flags[i]);
        if (flag == 0)
            return pnd_plan_refuse_step(
                compiler, "expect.flags[%zu] is \"%.40s\"; use END_OF_STREAM, TRUNCATED, BY_...", i,
                source->flags[i]);
        expect->flags = (uint16_t)(expect->flags | flag);
    }
    return 0;
}

static int compile_endpoint(const struct pnd_compiler *compiler, const char *name,
                            int32_t *ret_index)
{
    if (name[0] == '\0')
        return 0;
    *ret_index = pnd_plan_find_endpoint(compiler->plan, name);
    if (*ret_index == PND_PLAN_NONE)
        return pnd_plan_refuse_step(compiler,
                                    "there is no endpoint \"%.60s\"; add it to `endpoints`", name);
    return 0;
}

static int compile_message(const struct pnd_compiler *compiler, const Pendio__Expectation *source,
                           struct pnd_plan_expectation *expect)
{
    expect->loopback = source->loopback;
    expect->check_descriptors = source->check_descriptors;
    expect->descriptors = source->descriptors;
    int status = compile_endpoint(compiler, source->sender, &expect->sender_index);
    return status < 0 ? status
                      : compile_endpoint(compiler, source->destination, &expect->destination_index);
}

int pnd_plan_compile_expectation(const struct pnd_compiler *compiler,
                                 const Pendio__Expectation *source,
                                 struct pnd_plan_expectation *expect)
{
    expect->check_bytes = source->check_bytes;
    expect->bytes_minimum = source->bytes_minimum;
    expect->bytes_maximum = source->bytes_maximum;
    expect->check_size = source->check_size;
    expect->size = source->size;
    expect->check_value = source->check_value;
    expect->value = source->value;
    expect->latency_most_ns = source->latency_most_ns;
    if (source->check_bytes && source->bytes_minimum > source->bytes_maximum)
        return pnd_plan_refuse_step(compiler,
                                    "expect.bytes_minimum is above bytes_maximum; exchange them");
    int status = compile_answers(compiler, source, expect);
    if (status == 0)
        status = compile_errors(compiler, source, expect);
    if (status == 0)
        status = compile_flags(compiler, source, expect);
    if (status == 0)
        status = compile_message(compiler, source, expect);
    return status;
}

static int check_bound(const struct pnd_compiler *compiler, size_t index)
{
    const Pendio__LatencyBound *bound = compiler->workload->expect->latency[index];
    char path[48];
    snprintf(path, sizeof path, "expect.latency[%zu]", index);
    if (bound->per_mille == 0 || bound->per_mille > 1000)
        return pnd_plan_refuse(compiler, -EINVAL, path, "per_mille is %u; use 1 to 1000",
                               bound->per_mille);
    if (bound->most_ns == 0)
        return pnd_plan_refuse(compiler, -EINVAL, path,
                               "most_ns is missing; nothing takes no time");
    return 0;
}

static const double reuse_limit = 1e15;

int pnd_plan_check_run(const struct pnd_compiler *compiler)
{
    const Pendio__RunExpectation *expect = compiler->workload->expect;
    if (expect == NULL)
        return 0;
    for (size_t i = 0; i < expect->n_latency; i++) {
        int status = check_bound(compiler, i);
        if (status < 0)
            return status;
    }
    if (!(expect->reuse_minimum >= 0 && expect->reuse_minimum <= reuse_limit))
        return pnd_plan_refuse(compiler, -EINVAL, "expect.reuse_minimum",
                               "is %g; use operations for each context, 0 to 1e+15",
                               expect->reuse_minimum);
    if (expect->verdict != PENDIO__VERDICT__VERDICT_UNSPECIFIED &&
        expect->verdict != PENDIO__VERDICT__PASSED && expect->verdict != PENDIO__VERDICT__CRASHED)
        return pnd_plan_refuse(compiler, -EINVAL, "expect.verdict",
                               "%d cannot be expected; use CRASHED, or leave it out",
                               (int)expect->verdict);
    if (expect->verdict == PENDIO__VERDICT__CRASHED && !compiler->plan->dies)
        return pnd_plan_refuse(compiler, -EINVAL, "expect.verdict",
                               "is CRASHED, but no step is DIE; add one, or leave it out");
    return 0;
}
