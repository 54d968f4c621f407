/*
 * plan_meaning.c - holds what a step says against what its operation can do.
 *
 * Happy path:  numbers in their range, a window in its memory, nothing that contradicts the rest.
 * Failures:    the first contradiction is refused with the step's path and the remedy.
 */
#include "kind.h"
#include "plan_compile.h"

#include <pendio/pendio.h>

#include <signal.h>
#include <string.h>
#include <sys/socket.h>

enum {
    PIECE_LIMIT = 1 << 16,
    PASS_LIMIT = 64,
    CONTROL_LIMIT_BYTES = 4096,
};

int pnd_plan_check_numbers(const struct pnd_compiler *compiler, const Pendio__Step *source)
{
    if ((unsigned int)source->policy > PENDIO_QUEUE)
        return pnd_plan_refuse_step(compiler, "policy %d is unknown; use AUTO, TRY or QUEUE",
                                    (int)source->policy);
    if ((unsigned int)source->close_mode > PENDIO_ABORTIVE)
        return pnd_plan_refuse_step(compiler, "close_mode %d is unknown; use GRACEFUL or ABORTIVE",
                                    (int)source->close_mode);
    if ((unsigned int)source->memory > PENDIO__MEMORY__LENT)
        return pnd_plan_refuse_step(compiler, "memory %d is unknown; use SLICE, CALLER or LENT",
                                    (int)source->memory);
    if ((unsigned int)source->content > PENDIO__CONTENT__NONE)
        return pnd_plan_refuse_step(compiler, "content %d is unknown; use PATTERN, ECHO or NONE",
                                    (int)source->content);
    if (source->poll_events > UINT16_MAX)
        return pnd_plan_refuse_step(compiler, "poll_events %u is beyond 65535; lower it",
                                    (unsigned int)source->poll_events);
    return 0;
}

static int check_window(const struct pnd_compiler *compiler, const struct pnd_plan_step *step)
{
    struct pnd_plan_pool *pool = &compiler->plan->pools[step->pool_index];
    if (!pnd_kind_of(pnd_plan_start(step->operation))->window &&
        (step->flags & PENDIO_FIRST_DATA) == 0)
        return 0;
    if (step->memory == PENDIO__MEMORY__SLICE && step->bytes > pool->slice_bytes)
        return pnd_plan_refuse_step(
            compiler, "%s of %llu bytes in a slice of %llu; enlarge slice_bytes of pool \"%.60s\"",
            pnd_plan_operation_name(step->operation), (unsigned long long)step->bytes,
            (unsigned long long)pool->slice_bytes, pool->name);
    if (step->memory == PENDIO__MEMORY__CALLER && step->bytes > pool->caller_bytes)
        pool->caller_bytes = step->bytes;
    return 0;
}

/* What is expected of messages only. */
static bool expects_message(const struct pnd_plan_step *step, const Pendio__Expectation *expect)
{
    return step->control_bytes > 0 ||
           (expect != NULL && (expect->sender[0] != '\0' || expect->destination[0] != '\0' ||
                               expect->loopback || expect->check_descriptors));
}

static int check_message(const struct pnd_compiler *compiler, const Pendio__Step *source,
                         struct pnd_plan_step *step)
{
    struct pnd_plan_pool *pool = &compiler->plan->pools[step->pool_index];
    if (expects_message(step, source->expect) &&
        step->operation != PENDIO__OPERATION__RECEIVE_MESSAGE)
        return pnd_plan_refuse_step(compiler,
                                    "`control_bytes`, `sender`, `destination`, `loopback` and "
                                    "`check_descriptors` are for RECEIVE_MESSAGE; remove them");
    if (step->pass_count > 0 && step->operation != PENDIO__OPERATION__SEND_MESSAGE)
        return pnd_plan_refuse_step(compiler, "`pass_count` is for SEND_MESSAGE; remove it");
    if (step->pass_count > PASS_LIMIT || step->control_bytes > CONTROL_LIMIT_BYTES)
        return pnd_plan_refuse_step(compiler,
                                    "at most %d descriptors, %d control_bytes; lower them",
                                    PASS_LIMIT, CONTROL_LIMIT_BYTES);
    if (step->pass_count > 0) {
        step->control_bytes = (uint32_t)CMSG_SPACE(step->pass_count * sizeof(int));
        compiler->plan->passes = true;
    }
    if (step->control_bytes > pool->control_bytes)
        pool->control_bytes = (step->control_bytes + 15) / 16 * 16;
    return 0;
}

static int check_lent(const struct pnd_compiler *compiler, const struct pnd_plan_step *step)
{
    uint16_t start = pnd_plan_start(step->operation);
    bool echo = step->content == PENDIO__CONTENT__ECHO;
    if (step->memory == PENDIO__MEMORY__LENT && !echo && !pnd_kind_is_receive(start))
        return pnd_plan_refuse_step(compiler,
                                    "memory LENT is for receives, and for ECHO; choose another");
    return 0;
}

/* A step of the workload that waits for this signal. */
static bool is_caught(const struct pnd_compiler *compiler, uint32_t number)
{
    const Pendio__Workload *workload = compiler->workload;
    for (size_t i = 0; i < workload->n_actors; i++)
        for (size_t j = 0; j < workload->actors[i]->n_blocks; j++) {
            const Pendio__Block *block = workload->actors[i]->blocks[j];
            for (size_t k = 0; k < block->n_steps; k++)
                if (block->steps[k]->operation == PENDIO__OPERATION__CATCH_SIGNAL &&
                    block->steps[k]->number == number)
                    return true;
        }
    return false;
}

static int check_system(const struct pnd_compiler *compiler, const struct pnd_plan_step *step)
{
    bool raise = step->operation == PENDIO__OPERATION__RAISE;
    if (step->exit_code > 255)
        return pnd_plan_refuse_step(compiler, "exit_code %u is beyond 255; lower it",
                                    step->exit_code);
    if (step->number >= NSIG)
        return pnd_plan_refuse_step(compiler, "number %u is no signal; use 1 to %d", step->number,
                                    NSIG - 1);
    if (raise && (step->number == SIGKILL || step->number == SIGSTOP || step->number == 0 ||
                  !is_caught(compiler, step->number)))
        return pnd_plan_refuse_step(compiler,
                                    "no CATCH_SIGNAL waits for signal %u, which would end the run; "
                                    "add one, or raise another",
                                    step->number);
    if (step->after_ns > INT64_MAX && step->operation == PENDIO__OPERATION__SPAWN)
        return pnd_plan_refuse_step(compiler, "after_ns is beyond 292 years; lower it");
    return 0;
}

static bool sends_window(uint16_t start)
{
    return pnd_kind_is_send(start) && pnd_kind_of(start)->window;
}

/* Steps in the actor that bring something for an echo in the same context. */
static bool something_to_echo(const struct pnd_compiler *compiler, const Pendio__Step *echo)
{
    const Pendio__Actor *actor = compiler->workload->actors[compiler->actor_index];
    for (size_t i = 0; i < actor->n_blocks; i++) {
        for (size_t j = 0; j < actor->blocks[i]->n_steps; j++) {
            const Pendio__Step *step = actor->blocks[i]->steps[j];
            if (pnd_kind_is_receive(pnd_plan_start(step->operation)) &&
                strcmp(step->context, echo->context) == 0 && step->memory == echo->memory)
                return true;
        }
    }
    return false;
}

static int check_flags(const struct pnd_compiler *compiler, const struct pnd_plan_step *step)
{
    uint16_t start = pnd_plan_start(step->operation);
    if ((step->flags & PENDIO_PEEK) != 0 && (!pnd_kind_is_receive(start) || step->whole))
        return pnd_plan_refuse_step(compiler, "`peek` is for receives without `whole`; remove one");
    if ((step->flags & PENDIO_ZERO_COPY) != 0 && !sends_window(start))
        return pnd_plan_refuse_step(compiler, "`zero_copy` is for sends; remove it");
    if ((step->flags & PENDIO_FIRST_DATA) != 0 && start != PENDIO_OPERATION_CONNECT)
        return pnd_plan_refuse_step(compiler, "`first_data` is for CONNECT; remove it");
    if ((step->flags & PENDIO_AUTO_PUT) != 0 &&
        (start == 0 || step->context_index != PND_PLAN_NONE || step->whole))
        return pnd_plan_refuse_step(
            compiler, "`auto_put` is for starts without `context` and `whole`; remove one");
    return 0;
}

/* The size of one round, 0 when there is none. */
static uint64_t round_bytes(const struct pnd_plan_step *step)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < step->piece_size_count; i++)
        sum += step->pieces[i];
    return sum;
}

/* How many pieces a window takes, those without bytes before its end included. */
static uint64_t count_pieces(const struct pnd_plan_step *step)
{
    uint64_t round = round_bytes(step);
    uint64_t count = step->bytes / round * step->piece_size_count;
    uint64_t rest = step->bytes % round;
    for (uint32_t i = 0; rest > 0; i++, count++)
        rest -= rest < step->pieces[i] ? rest : step->pieces[i];
    return count;
}

static int check_pieces(const struct pnd_compiler *compiler, struct pnd_plan_step *step)
{
    struct pnd_plan_pool *pool = &compiler->plan->pools[step->pool_index];
    bool transfer = pnd_kind_of(pnd_plan_start(step->operation))->direction != PND_MOVES_NOTHING &&
                    pnd_kind_of(pnd_plan_start(step->operation))->window;
    if (step->piece_size_count == 0)
        return 0;
    if (!transfer || step->memory != PENDIO__MEMORY__CALLER ||
        step->content == PENDIO__CONTENT__ECHO)
        return pnd_plan_refuse_step(
            compiler, "`pieces` are for transfers in memory CALLER, but no ECHO; remove them");
    if (round_bytes(step) == 0)
        return pnd_plan_refuse_step(compiler, "`pieces` have no bytes; give one of them some");
    uint64_t count = count_pieces(step);
    if (count > PIECE_LIMIT)
        return pnd_plan_refuse_step(compiler, "a vector of %llu pieces; at most %d, enlarge them",
                                    (unsigned long long)count, PIECE_LIMIT);
    step->piece_count = (uint32_t)count;
    if (step->bytes + count > pool->vector_bytes)
        pool->vector_bytes = step->bytes + count;
    if (count > pool->piece_count)
        pool->piece_count = (uint32_t)count;
    if (count > compiler->plan->piece_count)
        compiler->plan->piece_count = (uint32_t)count;
    return 0;
}

static bool is_tcp(const struct pnd_compiler *compiler, int32_t endpoint_index)
{
    Pendio__Family family = compiler->plan->endpoints[endpoint_index].family;
    return family == PENDIO__FAMILY__TCP4 || family == PENDIO__FAMILY__TCP6;
}

static int check_name(const struct pnd_compiler *compiler, const Pendio__Step *source,
                      const struct pnd_plan_step *step)
{
    bool named = step->operation == PENDIO__OPERATION__CONNECT_NAME;
    if ((step->host[0] != '\0') != named)
        return pnd_plan_refuse_step(compiler, "CONNECT_NAME, and nothing else, has a `host`");
    if (named && source->into[0] != '\0' && source->handle[0] != '\0')
        return pnd_plan_refuse_step(
            compiler, "CONNECT_NAME connects `handle`, or makes one `into`; remove one");
    if (named && !is_tcp(compiler, step->endpoint_index))
        return pnd_plan_refuse_step(compiler,
                                    "CONNECT_NAME needs the port of an endpoint of TCP4 or TCP6");
    return 0;
}

int pnd_plan_check_meaning(const struct pnd_compiler *compiler, const Pendio__Step *source,
                           struct pnd_plan_step *step)
{
    bool echo = step->content == PENDIO__CONTENT__ECHO;
    if (echo && !sends_window(pnd_plan_start(step->operation)))
        return pnd_plan_refuse_step(compiler, "content ECHO is for SEND and SEND_TO; remove it");
    if (echo && (source->context[0] == '\0' || !something_to_echo(compiler, source)))
        return pnd_plan_refuse_step(
            compiler,
            "nothing to ECHO; give this step and a RECEIVE the same `context` and `memory`");
    if (step->operation == PENDIO__OPERATION__SEND_TO && !echo &&
        step->endpoint_index == PND_PLAN_NONE)
        return pnd_plan_refuse_step(compiler, "SEND_TO needs an endpoint, or content ECHO");
    if (source->expect != NULL && source->expect->check_size &&
        step->operation != PENDIO__OPERATION__STAT)
        return pnd_plan_refuse_step(compiler, "`check_size` is for STAT; remove it");
    if (source->expect != NULL && source->expect->latency_most_ns > 0 &&
        !pnd_plan_is_start(step->operation))
        return pnd_plan_refuse_step(
            compiler, "`latency_most_ns` is for operations started with a context; remove it");
    if (step->whole && step->operation != PENDIO__OPERATION__RECEIVE &&
        step->operation != PENDIO__OPERATION__RECEIVE_MESSAGE &&
        step->operation != PENDIO__OPERATION__READ)
        return pnd_plan_refuse_step(compiler,
                                    "`whole` is for RECEIVE, RECEIVE_MESSAGE and READ; remove it");
    if (step->whole && step->times > 1 && step->context_index == PND_PLAN_NONE)
        return pnd_plan_refuse_step(compiler,
                                    "`whole` with `times` needs a named context: one at a time");
    if (step->background && step->times > 1 && step->context_index != PND_PLAN_NONE)
        return pnd_plan_refuse_step(
            compiler, "one context cannot be started %u times in the background; name none",
            step->times);
    int status = check_window(compiler, step);
    if (status == 0)
        status = check_flags(compiler, step);
    if (status == 0)
        status = check_pieces(compiler, step);
    if (status == 0)
        status = check_message(compiler, source, step);
    if (status == 0)
        status = check_name(compiler, source, step);
    if (status == 0)
        status = check_lent(compiler, step);
    return status < 0 ? status : check_system(compiler, step);
}
