/*
 * engine.c - the loop of a run: let instances walk, turn, deliver, look at the clock.
 *
 * Happy path:  instances that are ready walk until they wait; one turn; deliveries make instances
 *              ready again; and so on until all have ended.
 * Failures:    a broken expectation ends the run at once, a broken rule shortly after; a run in
 *              which nothing can move any more, or whose time is up, names who waits for what.
 *
 * Warm-up, after which nothing may allocate, ends when a tenth of the expected operations is done
 * (one at least), or when every instance present at the start has been once through its first
 * block, whichever comes first.
 */
#include "engine.h"

#include "allocations.h"
#include "control.h"
#include "elsewhere.h"
#include "fault.h"
#include "instance.h"
#include "names.h"
#include "task.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define MILLISECOND_NS UINT64_C(1000000)

static const uint64_t progress_ns = 100 * MILLISECOND_NS;
static const uint64_t offence_grace_ns = 250 * MILLISECOND_NS;
static const uint64_t capacity_wait_ns = MILLISECOND_NS;
static const uint64_t shutdown_ns = 2000 * MILLISECOND_NS;

uint64_t pnd_engine_now_ns(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}

void pnd_engine_look(const struct pnd_engine *engine, const struct pendio_context *context,
                     struct pnd_snapshot *ret_snapshot)
{
    const struct pnd_subject *subject = engine->subject;
    memset(ret_snapshot, 0, sizeof *ret_snapshot);
    (void)subject->context_result(context, &ret_snapshot->result);
    (void)subject->context_window(context, &ret_snapshot->memory, &ret_snapshot->byte_count);
    ret_snapshot->run = subject->context_run(context);
    ret_snapshot->request.size = sizeof ret_snapshot->request;
    (void)subject->context_request(context, &ret_snapshot->request);
}

void pnd_engine_give_up(struct pnd_engine *engine)
{
    engine->stopping = true;
    engine->referee.closed = true;
}

static void end_warm_up(struct pnd_engine *engine)
{
    uint64_t enough = engine->plan->operation_count / 10 + 1;
    if (engine->warm || (engine->warming_count > 0 && engine->operations < enough))
        return;
    engine->warm = true;
    pnd_allocations_begin();
}

void pnd_engine_run_ready(struct pnd_engine *engine)
{
    struct pnd_instance *last = engine->ready.first != NULL ? engine->ready.last : NULL;
    struct pnd_instance *instance = NULL;
    while (instance != last && !engine->stopping) {
        instance = pnd_queue_take(&engine->ready);
        pnd_instance_run(engine, instance);
        end_warm_up(engine);
    }
}

void pnd_engine_deliver(struct pnd_engine *engine, const struct pendio_completion *completion,
                        bool by_callback)
{
    struct pnd_snapshot shown;
    engine->delivered_ns = pnd_engine_now_ns();
    if (completion->context == NULL) {
        pnd_post_delivered(engine, completion);
        return;
    }
    struct pnd_context_page *page = pnd_ledger_context(&engine->ledger, completion->context);
    if (page != NULL)
        pnd_engine_look(engine, completion->context, &shown);
    page = pnd_ledger_deliver(&engine->ledger, completion, page != NULL ? &shown : NULL,
                              by_callback, engine->delivered_ns);
    if (page != NULL)
        pnd_task_delivered(engine, &engine->tasks[page - engine->ledger.contexts], page,
                           completion);
}

/* Nobody is ready, and nothing is under way that could make anyone so. */
static bool nothing_can_move(const struct pnd_engine *engine)
{
    const struct pnd_ledger_counts *counts = &engine->ledger.counts;
    return engine->ready.first == NULL && engine->capacity.first == NULL &&
           engine->alarms.count == 0 && engine->waiting_tasks == NULL &&
           engine->ledger.returning_count == 0 && !pnd_elsewhere_awaits(engine) &&
           counts->pending == counts->delivered_callback + counts->delivered_record &&
           counts->posts_accepted == counts->posts_delivered;
}

/* How long the turn may sleep: until the next thing the engine itself has to do. */
static int64_t sleep_ns(const struct pnd_engine *engine, uint64_t now_ns)
{
    uint64_t until_ns = engine->next_progress_ns;
    if (engine->stopping || engine->ready.first != NULL || nothing_can_move(engine) ||
        engine->ledger.returning_count > 0)
        return 0;
    if (pnd_alarm_next_ns(&engine->alarms) < until_ns)
        until_ns = pnd_alarm_next_ns(&engine->alarms);
    if (engine->stop_ns < until_ns)
        until_ns = engine->stop_ns;
    bool looks_again = engine->capacity.first != NULL || engine->waiting_tasks != NULL ||
                       pnd_elsewhere_awaits(engine);
    if (looks_again && now_ns + capacity_wait_ns < until_ns)
        until_ns = now_ns + capacity_wait_ns;
    return until_ns > now_ns ? (int64_t)(until_ns - now_ns) : 0;
}

/* Contexts have gone back by themselves: whoever gets none waits again. */
static void wake_for_contexts(struct pnd_engine *engine)
{
    for (uint32_t i = 0; i < engine->plan->pool_count; i++)
        pnd_instance_wake_all(engine, &engine->pools[i].waiting);
}

/*
 * One turn; everything it delivers is entered before anyone goes on. Returns turn's answer. What is
 * told without end belongs to nothing that was started: it is an offence, and waits.
 */
static int turn(struct pnd_engine *engine, int64_t timeout_ns)
{
    uint32_t count = engine->plan->harvest_count;
    int status;
    do {
        uint32_t returned_count = engine->ledger.returning_count;
        pnd_ledger_turn(&engine->ledger);
        status = engine->subject->loop_turn(engine->loop, timeout_ns, engine->completions, count);
        pnd_trace_look(&engine->ledger.trace, pnd_engine_now_ns());
        for (int i = 0; i < status; i++)
            pnd_engine_deliver(engine, &engine->completions[i], false);
        pnd_ledger_turned(&engine->ledger);
        if (returned_count > 0)
            wake_for_contexts(engine);
        timeout_ns = 0;
    } while (status == (int)count && engine->referee.offence_count == 0);
    return status;
}

static void wake_in_time(struct pnd_engine *engine, uint64_t now_ns)
{
    for (struct pnd_instance *instance;
         (instance = pnd_alarm_take(&engine->alarms, now_ns)) != NULL;)
        pnd_instance_wake(engine, instance);
}

static void tick(struct pnd_engine *engine, uint64_t now_ns)
{
    wake_in_time(engine, now_ns);
    pnd_elsewhere_attend(engine);
    pnd_instance_wake_all(engine, &engine->capacity);
    pnd_task_retry_all(engine);
    end_warm_up(engine);
    pnd_timeline_look(&engine->timeline, &engine->ledger.counts, now_ns);
    if (now_ns >= engine->next_progress_ns) {
        engine->next_progress_ns = now_ns + progress_ns;
        pnd_allocations_end(); /* telling of progress is not the run's work */
        engine->progress(engine, engine->progress_state);
        if (engine->warm)
            pnd_allocations_begin();
    }
    if (engine->referee.offence_count > 0 && !engine->offended) {
        engine->offended = true;
        if (now_ns + offence_grace_ns < engine->stop_ns)
            engine->stop_ns = now_ns + offence_grace_ns;
    }
}

static const char *waits_for(const struct pnd_instance *instance)
{
    static const char *const names[] = {
        [PND_INSTANCE_READY] = "its turn",
        [PND_INSTANCE_AWAITS_DELIVERY] = "a delivery",
        [PND_INSTANCE_AWAITS_BACKGROUND] = "deliveries in the background",
        [PND_INSTANCE_AWAITS_CONTEXT] = "a context of its pool",
        [PND_INSTANCE_AWAITS_CAPACITY] = "capacity",
        [PND_INSTANCE_AWAITS_EVENT] = "an event",
        [PND_INSTANCE_AWAITS_ROUND] = "its next round",
        [PND_INSTANCE_PAUSED] = "the end of its pause",
    };
    return names[instance->state];
}

/* Names those who wait, as many as there is room for. */
static void describe_blocked(const struct pnd_engine *engine, char *text, size_t text_bytes)
{
    uint32_t unnamed_count = 0;
    size_t used = 0;
    for (uint32_t i = 0; i < engine->instance_used; i++) {
        const struct pnd_instance *instance = &engine->instances[i];
        char place[160];
        if (instance->state == PND_INSTANCE_ENDED)
            continue;
        if (used + sizeof place > text_bytes) {
            unnamed_count++;
            continue;
        }
        pnd_instance_describe(engine, instance, pnd_instance_step(instance), place, sizeof place);
        used += (size_t)snprintf(text + used, text_bytes - used, "%s%s waits for %s",
                                 used > 0 ? "; " : "", place, waits_for(instance));
    }
    if (unnamed_count > 0)
        snprintf(text + used, text_bytes - used, "; and %u more", unnamed_count);
}

static void stop_blocked(struct pnd_engine *engine, const char *why)
{
    char blocked[480] = "";
    engine->stopping = true;
    if (engine->referee.offence_count > 0)
        return; /* a consequence of what is known already */
    describe_blocked(engine, blocked, sizeof blocked);
    (void)pnd_referee_hold(&engine->referee, PND_RULE_FINISHED, false, "%s: %s", why, blocked);
}

static bool expectation_broken(const struct pnd_referee *referee)
{
    for (int rule = PND_RULE_EXPECTED_ANSWER; rule <= PND_RULE_FINISHED; rule++)
        if (referee->findings[rule].offence_count > 0)
            return true;
    return false;
}

static void check_end(struct pnd_engine *engine, int status)
{
    engine->finished = engine->live_count == 0;
    (void)pnd_referee_hold(&engine->referee, PND_RULE_ANSWER, status >= 0, "a turn answered %s",
                           pnd_names_error(status));
    if (engine->finished || status < 0 || expectation_broken(&engine->referee))
        engine->stopping = true;
    else if (nothing_can_move(engine))
        stop_blocked(engine, "nothing can move any more");
    else if (pnd_engine_now_ns() >= engine->stop_ns)
        stop_blocked(engine, "time is up");
}

void pnd_engine_run(struct pnd_engine *engine)
{
    engine->begun_ns = pnd_engine_now_ns();
    engine->ledger.trace.begun_ns = engine->begun_ns;
    pnd_trace_look(&engine->ledger.trace, engine->begun_ns);
    pnd_timeline_begin(&engine->timeline, engine->begun_ns);
    engine->stop_ns = engine->begun_ns + engine->plan->time_ms * MILLISECOND_NS;
    engine->next_progress_ns = engine->begun_ns + progress_ns;
    int status = 0;
    while (!engine->stopping) {
        pnd_engine_run_ready(engine);
        status = turn(engine, sleep_ns(engine, pnd_engine_now_ns()));
        tick(engine, pnd_engine_now_ns());
        check_end(engine, status);
    }
    pnd_allocations_end();
    engine->ended_ns = pnd_engine_now_ns();
    pnd_timeline_end(&engine->timeline, &engine->ledger.counts, engine->ended_ns);
    if (engine->finished)
        (void)pnd_referee_hold(&engine->referee, PND_RULE_FINISHED, true, "%s", "");
}

static void read_statistics(struct pnd_engine *engine)
{
    memset(&engine->statistics, 0, sizeof engine->statistics);
    engine->statistics.size = sizeof engine->statistics;
    engine->has_statistics = engine->subject->loop_stats(engine->loop, &engine->statistics) == 0;
}

/* Closes without a context go on by themselves; and nothing unexpected may still be delivered. */
static void linger(struct pnd_engine *engine)
{
    uint64_t until_ns = pnd_engine_now_ns() + shutdown_ns;
    int status;
    do {
        status = turn(engine, 0);
        read_statistics(engine);
    } while (status >= 0 && engine->statistics.handles_open > engine->ledger.counts.handles_open &&
             pnd_engine_now_ns() < until_ns);
}

static void shut_down(struct pnd_engine *engine)
{
    uint64_t until_ns = pnd_engine_now_ns() + shutdown_ns;
    engine->stopping = true;
    engine->ledger.shutting_down = true;
    int status = engine->subject->loop_shutdown(engine->loop);
    while (status >= 0 && pnd_engine_now_ns() < until_ns)
        status = turn(engine, (int64_t)(10 * MILLISECOND_NS));
    (void)pnd_referee_hold(&engine->referee, PND_RULE_SHUTDOWN, status == -ESHUTDOWN,
                           "turning after a shutdown ended with %s, %llu deliveries missing",
                           status < 0 ? pnd_names_error(status) : "time being up",
                           (unsigned long long)(engine->ledger.counts.pending -
                                                engine->ledger.counts.delivered_callback -
                                                engine->ledger.counts.delivered_record));
}

/* No start is accepted any more; the books are closed, and do not count this one. */
static void start_late(struct pnd_engine *engine)
{
    struct pendio_context *context = NULL;
    if (engine->plan->pool_count == 0 || engine->referee.offence_count > 0 ||
        engine->subject->pool_get(engine->pools[0].pool, &context) < 0)
        return;
    int status = engine->subject->nop(context, engine->loop);
    (void)pnd_referee_hold(&engine->referee, PND_RULE_SHUTDOWN,
                           status == -ESHUTDOWN || status == -ENOTSUP,
                           "a NOP after the end of a shutdown answered %s",
                           status < 0    ? pnd_names_error(status)
                           : status == 0 ? "done"
                                         : "pending");
    (void)engine->subject->pool_put(context);
}

void pnd_engine_finish(struct pnd_engine *engine)
{
    uint64_t leaked_count = 0;
    pnd_fault_end(engine);
    if (engine->finished) {
        linger(engine);
        (void)pnd_referee_hold(&engine->referee, PND_RULE_HANDLES_CLOSED,
                               engine->ledger.counts.handles_open == 0,
                               "%llu handles left open by the workload",
                               (unsigned long long)engine->ledger.counts.handles_open);
    }
    shut_down(engine);
    read_statistics(engine);
    pnd_ledger_settle(&engine->ledger, engine->has_statistics ? &engine->statistics : NULL,
                      engine->finished);
    if (engine->finished)
        pnd_sums_settle(&engine->sums, &engine->referee);
    start_late(engine);
    int status = engine->subject->loop_destroy(engine->loop, (int64_t)shutdown_ns, &leaked_count);
    engine->loop = NULL;
    pnd_control_end(engine);
    engine->leaked = leaked_count > 0;
    (void)pnd_referee_hold(&engine->referee, PND_RULE_NOTHING_LEAKED,
                           status == 0 && leaked_count == 0,
                           "destroy answered %s and left %llu operations to the kernel",
                           pnd_names_error(status), (unsigned long long)leaked_count);
}
