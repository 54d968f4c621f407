/*
 * plan_expect.c - compiles what a step's start may answer and what its completion may say.
 *
 * Happy path:  names of answers, errors and flags become bits and numbers.
 * Failures:    an unknown name, or more errors than there is room for, is refused.
 */
#include "names.h"
#include "plan_compile.h"

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
