/*
 * step_now.c - steps that finish at once: immediate calls, and the harness's own.
 *
 * Happy path:  call, hold the answer against the expectation, go on; waits park the instance.
 * Failures:    a family this machine does not have skips the run; the rest are offences.
 */
#include "address.h"
#include "content.h"
#include "elsewhere.h"
#include "expect.h"
#include "fault.h"
#include "instance.h"
#include "names.h"
#include "round.h"

#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>

/* Too many handles, messages or contexts for now: again after the next turn. */
static enum pnd_step_verdict wait_for_capacity(struct pnd_engine *engine,
                                               struct pnd_instance *instance)
{
    engine->retries++;
    instance->state = PND_INSTANCE_AWAITS_CAPACITY;
    pnd_queue_add(&engine->capacity, instance);
    return PND_STEP_WAIT;
}

static enum pnd_step_verdict answered(struct pnd_engine *engine, struct pnd_instance *instance,
                                      const struct pnd_plan_step *step, int status)
{
    if (status == -EAGAIN && !pnd_expect_refusal(step, status))
        return wait_for_capacity(engine, instance);
    if (status < 0)
        pnd_expect_refused(engine, instance, step, status);
    else
        pnd_expect_answer(engine, instance, step, PND_PLAN_DONE);
    return PND_STEP_NEXT;
}

static bool is_ip6(Pendio__Family family)
{
    return family == PENDIO__FAMILY__TCP6 || family == PENDIO__FAMILY__UDP6;
}

/* A machine without IPv6 cannot run the workload; that is no offence of the runtime. */
static bool skip_without_ip6(struct pnd_engine *engine, Pendio__Family family, int status)
{
    if (!is_ip6(family) || (status != -EAFNOSUPPORT && status != -EADDRNOTAVAIL))
        return false;
    snprintf(engine->skip_reason, sizeof engine->skip_reason,
             "this machine has no IPv6 loopback address (%s)", pnd_names_error(status));
    engine->stopping = true;
    return true;
}

static enum pnd_step_verdict step_socket(struct pnd_engine *engine, struct pnd_instance *instance,
                                         const struct pnd_plan_step *step)
{
    Pendio__Family family = engine->plan->endpoints[step->endpoint_index].family;
    pendio_handle handle = 0;
    int domain;
    int type;
    pnd_address_socket(family, &domain, &type);
    int status = engine->subject->handle_socket(engine->loop, domain, type, 0, &handle);
    if (skip_without_ip6(engine, family, status))
        return PND_STEP_NEXT;
    if (status == 0 && pnd_ledger_open(&engine->ledger, handle, family) != NULL) {
        *pnd_content_flow(engine, handle) = (struct pnd_flow){0};
        instance->handles[step->into_index] = handle;
    }
    return answered(engine, instance, step, status);
}

/* What is written at one end is verified where it is read. */
static enum pnd_step_verdict step_pipe(struct pnd_engine *engine, struct pnd_instance *instance,
                                       const struct pnd_plan_step *step)
{
    pendio_handle handles[2] = {0, 0};
    uint32_t stream = engine->next_stream;
    int status = engine->subject->handle_pipe(engine->loop, handles);
    if (status < 0)
        return answered(engine, instance, step, status);
    engine->next_stream++;
    for (int i = 0; i < 2; i++)
        if (pnd_ledger_open(&engine->ledger, handles[i], PENDIO__FAMILY__FAMILY_UNSPECIFIED) !=
            NULL)
            *pnd_content_flow(engine, handles[i]) = (struct pnd_flow){.stream = stream};
    instance->handles[step->into_index] = handles[0];
    instance->handles[step->write_end_index] = handles[1];
    return answered(engine, instance, step, 0);
}

static enum pnd_step_verdict step_bind(struct pnd_engine *engine, struct pnd_instance *instance,
                                       const struct pnd_plan_step *step)
{
    uint32_t index = (uint32_t)step->endpoint_index;
    struct pnd_engine_endpoint *endpoint = &engine->endpoints[index];
    Pendio__Family family = engine->plan->endpoints[index].family;
    pendio_handle handle = instance->handles[step->handle_index];
    pnd_address_prepare_bind(endpoint, engine->plan, index);
    int status = engine->subject->handle_bind(engine->loop, handle, endpoint->address.address,
                                              endpoint->address.byte_count);
    if (skip_without_ip6(engine, family, status))
        return PND_STEP_NEXT;
    if (status == 0)
        status = engine->subject->handle_local(engine->loop, handle, &endpoint->address);
    if (status == 0)
        pnd_elsewhere_bound(engine, index);
    return answered(engine, instance, step, status);
}

static enum pnd_step_verdict step_listen(struct pnd_engine *engine, struct pnd_instance *instance,
                                         const struct pnd_plan_step *step)
{
    return answered(engine, instance, step,
                    engine->subject->handle_listen(
                        engine->loop, instance->handles[step->handle_index], step->backlog));
}

static enum pnd_step_verdict step_half_close(struct pnd_engine *engine,
                                             struct pnd_instance *instance,
                                             const struct pnd_plan_step *step)
{
    return answered(engine, instance, step,
                    engine->subject->handle_shutdown(
                        engine->loop, instance->handles[step->handle_index], SHUT_WR));
}

static enum pnd_step_verdict step_close_now(struct pnd_engine *engine,
                                            struct pnd_instance *instance,
                                            const struct pnd_plan_step *step)
{
    pendio_handle handle = instance->handles[step->handle_index];
    int status = engine->subject->handle_close(engine->loop, handle, step->close_mode);
    pnd_ledger_close_now(&engine->ledger, handle, status);
    return answered(engine, instance, step, status);
}

/* A step that names a context which was never taken is the workload's fault. */
static struct pnd_named_context *known_context(struct pnd_engine *engine,
                                               struct pnd_instance *instance,
                                               const struct pnd_plan_step *step)
{
    char place[160];
    struct pnd_named_context *named = &instance->contexts[step->context_index];
    if (named->context != NULL)
        return named;
    (void)pnd_referee_hold(&engine->referee, PND_RULE_FINISHED, false,
                           "%s has no context yet: start or GET it first",
                           pnd_instance_describe(engine, instance, step, place, sizeof place));
    return NULL;
}

static enum pnd_step_verdict step_cancel(struct pnd_engine *engine, struct pnd_instance *instance,
                                         const struct pnd_plan_step *step)
{
    const struct pnd_named_context *named = known_context(engine, instance, step);
    if (named == NULL)
        return PND_STEP_NEXT;
    struct pnd_context_page *page = pnd_ledger_context(&engine->ledger, named->context);
    pendio_run run = page->run;
    int status = engine->subject->cancel(engine->loop, run);
    pnd_ledger_cancel(&engine->ledger, page, run, status);
    return answered(engine, instance, step, status);
}

static enum pnd_step_verdict step_get(struct pnd_engine *engine, struct pnd_instance *instance,
                                      const struct pnd_plan_step *step)
{
    char place[160];
    struct pnd_named_context *named = &instance->contexts[step->context_index];
    struct pendio_context *context = NULL;
    if (!pnd_referee_hold(&engine->referee, PND_RULE_FINISHED, !named->taken,
                          "%s has that context already: PUT it first",
                          pnd_instance_describe(engine, instance, step, place, sizeof place)))
        return PND_STEP_NEXT;
    int status = pnd_instance_get(engine, step->pool_index, &context);
    if (status == 0)
        *named = (struct pnd_named_context){.context = context, .taken = true};
    return answered(engine, instance, step, status);
}

static enum pnd_step_verdict step_put(struct pnd_engine *engine, struct pnd_instance *instance,
                                      const struct pnd_plan_step *step)
{
    struct pnd_named_context *named = known_context(engine, instance, step);
    if (named == NULL)
        return PND_STEP_NEXT;
    int status = pnd_instance_put(engine, named->context);
    if (status == 0)
        named->taken = false;
    return answered(engine, instance, step, status);
}

static enum pnd_step_verdict step_await(struct pnd_engine *engine, struct pnd_instance *instance,
                                        const struct pnd_plan_step *step)
{
    (void)engine;
    (void)step;
    if (instance->background_count == 0)
        return PND_STEP_NEXT;
    instance->state = PND_INSTANCE_AWAITS_BACKGROUND;
    return PND_STEP_WAIT;
}

static enum pnd_step_verdict step_signal(struct pnd_engine *engine, struct pnd_instance *instance,
                                         const struct pnd_plan_step *step)
{
    (void)instance;
    engine->events[step->event_index].count += step->times;
    pnd_instance_wake_all(engine, &engine->events[step->event_index].waiting);
    pnd_elsewhere_signalled(engine, (uint32_t)step->event_index, step->times);
    return PND_STEP_NEXT;
}

static enum pnd_step_verdict step_wait(struct pnd_engine *engine, struct pnd_instance *instance,
                                       const struct pnd_plan_step *step)
{
    struct pnd_engine_event *event = &engine->events[step->event_index];
    if (event->count >= step->times)
        return PND_STEP_NEXT;
    instance->state = PND_INSTANCE_AWAITS_EVENT;
    pnd_queue_add(&event->waiting, instance);
    return PND_STEP_WAIT;
}

static enum pnd_step_verdict step_pause(struct pnd_engine *engine, struct pnd_instance *instance,
                                        const struct pnd_plan_step *step)
{
    uint64_t now_ns = pnd_engine_now_ns();
    if (instance->wake_ns == 0)
        instance->wake_ns =
            step->after_ns <= UINT64_MAX - now_ns ? now_ns + step->after_ns : UINT64_MAX;
    if (now_ns >= instance->wake_ns) {
        instance->wake_ns = 0;
        return PND_STEP_NEXT;
    }
    instance->state = PND_INSTANCE_PAUSED;
    pnd_alarm_add(&engine->alarms, instance);
    return PND_STEP_WAIT;
}

/* Posts `times` messages and, in the foreground, waits for all of them. */
static enum pnd_step_verdict step_post(struct pnd_engine *engine, struct pnd_instance *instance,
                                       const struct pnd_plan_step *step)
{
    while (instance->started_count < step->times) {
        uint64_t user_data = (uint64_t)(instance - engine->instances) << 1 | step->background;
        int status = engine->subject->loop_post(engine->loop, user_data, pnd_post_value(user_data));
        pnd_ledger_post(&engine->ledger, status);
        if (answered(engine, instance, step, status) == PND_STEP_WAIT)
            return PND_STEP_WAIT;
        instance->started_count++;
        if (status < 0)
            continue;
        if (step->background)
            instance->background_count++;
        else
            instance->foreground_count++;
        engine->operations++;
    }
    return pnd_round_await(instance);
}

uint64_t pnd_post_value(uint64_t user_data)
{
    return (user_data + 1) * UINT64_C(0x9e3779b97f4a7c15);
}

void pnd_post_delivered(struct pnd_engine *engine, const struct pendio_completion *completion)
{
    uint64_t index = completion->user_data >> 1;
    bool background = (completion->user_data & 1) != 0;
    bool known =
        index < engine->instance_used && completion->value == pnd_post_value(completion->user_data);
    pnd_ledger_post_delivered(&engine->ledger, completion, known);
    if (!known)
        return;
    struct pnd_instance *instance = &engine->instances[index];
    uint32_t *count = background ? &instance->background_count : &instance->foreground_count;
    if (!pnd_referee_hold(&engine->referee, PND_RULE_POST, *count > 0,
                          "a message was delivered twice"))
        return;
    --*count;
    if (*count == 0 && instance->state == (background ? PND_INSTANCE_AWAITS_BACKGROUND
                                                      : PND_INSTANCE_AWAITS_DELIVERY))
        pnd_instance_wake(engine, instance);
}

pnd_step_fn *pnd_step_find(Pendio__Operation operation)
{
    static pnd_step_fn *const steps[] = {
        [PENDIO__OPERATION__SOCKET] = step_socket,
        [PENDIO__OPERATION__BIND] = step_bind,
        [PENDIO__OPERATION__LISTEN] = step_listen,
        [PENDIO__OPERATION__HALF_CLOSE] = step_half_close,
        [PENDIO__OPERATION__CANCEL] = step_cancel,
        [PENDIO__OPERATION__POST] = step_post,
        [PENDIO__OPERATION__GET] = step_get,
        [PENDIO__OPERATION__PUT] = step_put,
        [PENDIO__OPERATION__CLOSE_NOW] = step_close_now,
        [PENDIO__OPERATION__PIPE] = step_pipe,
        [PENDIO__OPERATION__AWAIT] = step_await,
        [PENDIO__OPERATION__SIGNAL] = step_signal,
        [PENDIO__OPERATION__WAIT] = step_wait,
        [PENDIO__OPERATION__PAUSE] = step_pause,
        [PENDIO__OPERATION__SPAWN] = pnd_step_spawn,
        [PENDIO__OPERATION__RAISE] = pnd_step_raise,
        [PENDIO__OPERATION__LIMIT_DESCRIPTORS] = pnd_step_limit_descriptors,
        [PENDIO__OPERATION__HOLD_BUFFERS] = pnd_step_hold_buffers,
        [PENDIO__OPERATION__FAIL] = pnd_step_fail,
        [PENDIO__OPERATION__DIE] = pnd_step_die,
    };
    return pnd_plan_is_start(operation) ? pnd_step_start : steps[operation];
}
