/*
 * task.c - one start of a context on behalf of a step, until its step is done with it.
 *
 * Happy path:  run -> (done: judged at once) or (pending: judged on delivery); `whole` goes round
 *              until all bytes are there; then the context goes back and the instance goes on.
 * Failures:    a refusal is held against what the step expects; one for want of capacity that
 *              nobody expected is tried again after the next turn, and counted.
 */
#include "task.h"

#include "call.h"
#include "content.h"
#include "control.h"
#include "expect.h"
#include "instance.h"
#include "kind.h"
#include "names.h"
#include "system.h"

#include <errno.h>

enum { BEHIND_BYTES = 64 };

struct pnd_task *pnd_task_of(struct pnd_engine *engine, const struct pendio_context *context)
{
    const struct pnd_context_page *page = pnd_ledger_context(&engine->ledger, context);
    return &engine->tasks[page - engine->ledger.contexts];
}

/* What the runtime answered, with everything the books need to judge it. */
struct attempt {
    struct pnd_start start;
    struct pnd_snapshot before;
    struct pnd_snapshot after;
    int status;
};

/* From the call to the answer or delivery. */
static void take_latency(struct pnd_engine *engine, const struct pnd_task *task, uint64_t time_ns)
{
    pnd_latency_add(&engine->latency, time_ns);
    pnd_timeline_add(&engine->timeline, time_ns);
    if (task->step->expect.latency_most_ns > 0)
        pnd_expect_latency(engine, task, time_ns);
}

static void attempt_start(struct pnd_engine *engine, const struct pnd_task *task,
                          struct attempt *attempt)
{
    pnd_engine_look(engine, task->context, &attempt->before);
    attempt->start.memory = attempt->before.memory;
    attempt->start.byte_count = pnd_kind_of(attempt->start.operation)->amount
                                    ? (size_t)task->bytes
                                    : attempt->before.byte_count;
    attempt->start.started_ns = pnd_engine_now_ns();
    pnd_ledger_calling(&engine->ledger);
    attempt->status = pnd_call_start(engine, task, &attempt->start);
    uint64_t now_ns = pnd_engine_now_ns();
    pnd_engine_look(engine, task->context, &attempt->after);
    if (attempt->status == PENDIO_DONE)
        take_latency(engine, task, now_ns - attempt->start.started_ns);
    pnd_ledger_start(&engine->ledger, &attempt->start, attempt->status, &attempt->before,
                     &attempt->after, now_ns);
}

/* What there is of its memory behind the window, as far as it is looked at. */
static size_t room_behind(const struct pnd_snapshot *shown)
{
    const struct pendio_request *request = &shown->request;
    uint64_t end = request->window_offset + request->window_bytes;
    bool stretch = request->piece_count == 0 && request->lending == 0 && shown->byte_count > 0;
    if (!stretch || end >= request->byte_count)
        return 0;
    uint64_t rest = request->byte_count - end;
    return rest < BEHIND_BYTES ? (size_t)rest : BEHIND_BYTES;
}

/* Sets the context up and paints its memory; false when that is refused, which ends the run. */
static bool attempt_prepare(struct pnd_engine *engine, struct pnd_task *task,
                            struct attempt *attempt)
{
    engine->nonce++;
    pnd_call_describe(engine, task, &attempt->start);
    attempt->start.place = engine->ledger.trace.place;
    pnd_ledger_about(&engine->ledger, pnd_ledger_context(&engine->ledger, task->context));
    int status = pnd_call_configure(engine, task, &attempt->start);
    if (!pnd_referee_hold(&engine->referee, PND_RULE_ANSWER, status == 0,
                          "a setter of a free context for %s answered %s",
                          pnd_plan_operation_name(task->step->operation), pnd_names_error(status)))
        return false;
    const struct pnd_handle_page *handle =
        pnd_ledger_handle(&engine->ledger, attempt->start.handle);
    task->family = handle != NULL ? handle->family : PENDIO__FAMILY__FAMILY_UNSPECIFIED;
    pnd_engine_look(engine, task->context, &attempt->before);
    attempt->start.behind_bytes = room_behind(&attempt->before);
    pnd_content_prepare(engine, task, attempt->before.memory, attempt->before.byte_count,
                        attempt->start.behind_bytes);
    return true;
}

static Pendio__Family family_of_product(const struct pnd_engine *engine,
                                        const struct pnd_task *task)
{
    switch (task->step->operation) {
    case PENDIO__OPERATION__OPEN:
        return PENDIO__FAMILY__FILE;
    case PENDIO__OPERATION__CONNECT_NAME:
        return engine->plan->endpoints[task->step->endpoint_index].family;
    default:
        return task->family;
    }
}

/* A handle came out of an accept, a connect or an open: somebody takes it. */
static void take_product(struct pnd_engine *engine, const struct pnd_task *task,
                         pendio_handle handle)
{
    const struct pnd_plan_step *step = task->step;
    if (step->prepared_index == PND_PLAN_NONE &&
        pnd_ledger_open(&engine->ledger, handle, family_of_product(engine, task)) == NULL)
        return;
    struct pnd_flow *flow = pnd_content_flow(engine, handle);
    *flow = (struct pnd_flow){0};
    if (step->operation == PENDIO__OPERATION__OPEN)
        flow->stream = 1 + (uint32_t)step->endpoint_index;
    if (step->into_index != PND_PLAN_NONE)
        task->instance->handles[step->into_index] = handle;
    if (step->actor_index != PND_PLAN_NONE && !engine->stopping)
        pnd_instance_begin(engine, (uint32_t)step->actor_index, handle);
}

static bool wants_more(const struct pnd_task *task, const struct pendio_completion *completion)
{
    return task->step->whole && completion->error == 0 && completion->bytes > 0 &&
           task->moved_bytes < task->bytes;
}

/* One run of the context is finished; true when `whole` wants another. */
static bool task_told(struct pnd_engine *engine, struct pnd_task *task,
                      const struct pnd_start *start, const struct pendio_completion *completion)
{
    engine->operations++;
    pnd_content_verify(engine, task, start, completion);
    pnd_content_sum(engine, task, start, completion);
    pnd_system_verify(engine, task, start, completion);
    pnd_control_verify(engine, task, completion);
    if (completion->value != 0 && pnd_ledger_makes_handle(start))
        take_product(engine, task, completion->value);
    if ((start->flags & PENDIO_FIRST_DATA) != 0)
        pnd_content_sent_first(engine, task, start, completion);
    if (start->reuse && completion->error == 0)
        *pnd_content_flow(engine, start->handle) = (struct pnd_flow){0};
    if (task->step->content != PENDIO__CONTENT__ECHO)
        task->moved_bytes += completion->bytes;
    if (engine->stopping)
        return false; /* nobody expects anything of a run that is being ended */
    if (wants_more(task, completion))
        return true;
    pnd_expect_completion(engine, task, completion,
                          task->step->whole ? task->moved_bytes : completion->bytes);
    return false;
}

static enum pnd_task_outcome task_refused(struct pnd_engine *engine, struct pnd_task *task,
                                          int status)
{
    if (status == -EAGAIN && !pnd_expect_refusal(task->step, status)) {
        engine->retries++;
        return PND_TASK_NO_CAPACITY;
    }
    engine->operations++;
    pnd_expect_refused(engine, task->instance, task->step, status);
    return PND_TASK_OVER;
}

static void task_pending(struct pnd_task *task, uint64_t started_ns)
{
    task->started_ns = started_ns;
    if (task->counted)
        return;
    task->counted = true;
    if (task->step->background)
        task->instance->background_count++;
    else
        task->instance->foreground_count++;
}

/* Those that follow on it for `whole` depend on what has come until then. */
static void expect_first_answer(struct pnd_engine *engine, const struct pnd_task *task, int status)
{
    if (task->moved_bytes == 0 || !task->step->whole)
        pnd_expect_answer(engine, task->instance, task->step,
                          status == PENDIO_DONE ? PND_PLAN_DONE : PND_PLAN_PENDING);
}

enum pnd_task_outcome pnd_task_run(struct pnd_engine *engine, struct pnd_task *task)
{
    struct attempt attempt;
    while (attempt_prepare(engine, task, &attempt)) {
        attempt_start(engine, task, &attempt);
        if (attempt.status < 0)
            return task_refused(engine, task, attempt.status);
        pnd_content_accepted(engine, task, attempt.start.handle, attempt.start.byte_count);
        expect_first_answer(engine, task, attempt.status);
        if (attempt.status == PENDIO_PENDING) {
            task_pending(task, attempt.start.started_ns);
            return PND_TASK_PENDING;
        }
        if (!task_told(engine, task, &attempt.start, &attempt.after.result))
            return PND_TASK_OVER;
    }
    return PND_TASK_OVER;
}

void pnd_task_run_busy(struct pnd_engine *engine, struct pnd_instance *instance,
                       const struct pnd_plan_step *step, struct pendio_context *context)
{
    struct pnd_task task = {
        .instance = instance, .step = step, .context = context, .bytes = step->bytes};
    struct attempt attempt;
    int status = engine->subject->context_set_policy(context, step->policy);
    (void)pnd_referee_hold(&engine->referee, PND_RULE_BUSY, status == -EBUSY,
                           "a setter of a context in use answered %s", pnd_names_error(status));
    pnd_call_describe(engine, &task, &attempt.start);
    attempt.start.place = engine->ledger.trace.place;
    attempt_start(engine, &task, &attempt);
    engine->operations++;
    if (attempt.status < 0)
        pnd_expect_refused(engine, instance, step, attempt.status);
    else
        engine->stopping = true; /* an offence already: the books cannot follow two at once */
}

void pnd_task_release(struct pnd_engine *engine, struct pnd_task *task)
{
    if (!task->named && !pnd_ledger_context(&engine->ledger, task->context)->returning)
        (void)pnd_instance_put(engine, task->context);
}

/* The step is done with it: the context goes back, the instance may go on. */
static void task_over(struct pnd_engine *engine, struct pnd_task *task)
{
    struct pnd_instance *instance = task->instance;
    pnd_task_release(engine, task);
    pnd_expect_over(engine, instance, task->step, task->block_index, task->iteration);
    task->counted = false;
    if (task->step->background)
        instance->background_count--;
    else
        instance->foreground_count--;
    if ((instance->state == PND_INSTANCE_AWAITS_DELIVERY && instance->foreground_count == 0) ||
        (instance->state == PND_INSTANCE_AWAITS_BACKGROUND && instance->background_count == 0))
        pnd_instance_wake(engine, instance);
}

static void task_continue(struct pnd_engine *engine, struct pnd_task *task)
{
    pnd_instance_mark(engine, task->instance, task->step, task->block_index);
    switch (pnd_task_run(engine, task)) {
    case PND_TASK_PENDING:
        break;
    case PND_TASK_OVER:
        task_over(engine, task);
        break;
    case PND_TASK_NO_CAPACITY:
        task->next = engine->waiting_tasks;
        engine->waiting_tasks = task;
        break;
    }
}

void pnd_task_delivered(struct pnd_engine *engine, struct pnd_task *task,
                        const struct pnd_context_page *page,
                        const struct pendio_completion *completion)
{
    pnd_instance_mark(engine, task->instance, task->step, task->block_index);
    take_latency(engine, task, engine->delivered_ns - task->started_ns);
    if (task_told(engine, task, &page->start, completion))
        task_continue(engine, task);
    else
        task_over(engine, task);
}

void pnd_task_retry_all(struct pnd_engine *engine)
{
    struct pnd_task *task = engine->waiting_tasks;
    engine->waiting_tasks = NULL;
    while (task != NULL) {
        struct pnd_task *next = task->next;
        task_continue(engine, task);
        task = next;
    }
}
