/*
 * ledger_start.c - judges the answers of start calls.
 *
 * Happy path:  refused leaves everything as it was; done and pending are entered with a fresh run;
 *              a done answer is a finished run and judged as such.
 * Failures:    each broken rule is an offence; the books follow the runtime's answer.
 */
#include "ledger.h"

#include "kind.h"
#include "names.h"

#include <errno.h>
#include <string.h>

static const int refusals[] = {-EINVAL, -EBADF, -EBUSY, -EAGAIN, -ESHUTDOWN, -ENOTSUP, -EPERM};

static bool is_refusal(int status)
{
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++)
        if (refusals[i] == status)
            return true;
    return false;
}

static void count_refusal(struct pnd_ledger_counts *counts, int status)
{
    counts->refused++;
    switch (status) {
    case -EINVAL:
    case -ENOTSUP:
        counts->refused_invalid++;
        break;
    case -EBADF:
        counts->refused_handle++;
        break;
    case -EBUSY:
        counts->refused_busy++;
        break;
    case -EAGAIN:
        counts->refused_no_capacity++;
        break;
    case -ESHUTDOWN:
        counts->refused_shutdown++;
        break;
    default:
        break;
    }
}

static bool snapshot_equals(const struct pnd_snapshot *a, const struct pnd_snapshot *b)
{
    return memcmp(&a->result, &b->result, sizeof a->result) == 0 && a->run == b->run &&
           a->memory == b->memory && a->byte_count == b->byte_count &&
           pnd_ledger_same_request(&a->request, &b->request);
}

/* Its handles are all known to the books. */
static bool names_one_handle(const struct pnd_start *start)
{
    return start->operation != PENDIO_OPERATION_SPLICE &&
           start->operation != PENDIO_OPERATION_SEND_PACKETS;
}

static bool is_usable(const struct pnd_handle_page *handle)
{
    return handle != NULL && !handle->closing;
}

/* The refusals whose cause the books know; -EINVAL, -EAGAIN and -ENOTSUP have many. */
static bool is_right(const struct pnd_ledger *ledger, const struct pnd_start *start, int status)
{
    switch (status) {
    case -EPERM:
        return false; /* there is one thread, and it never forks to call */
    case -EBUSY:
        return start->into != 0 || pnd_ledger_context(ledger, start->context)->pending;
    case -ESHUTDOWN:
        return ledger->shutting_down;
    case -EBADF:
        return !names_one_handle(start) || !is_usable(pnd_ledger_handle(ledger, start->handle)) ||
               (start->into != 0 && !is_usable(pnd_ledger_into(ledger, start)));
    default:
        return true;
    }
}

static void start_refused(struct pnd_ledger *ledger, const struct pnd_start *start, int status,
                          const struct pnd_snapshot *before, const struct pnd_snapshot *after)
{
    count_refusal(&ledger->counts, status);
    pnd_referee_hold(ledger->referee, PND_RULE_REFUSED_RIGHTLY, is_right(ledger, start, status),
                     "%s was refused with %s without cause", pnd_names_operation(start->operation),
                     pnd_names_error(status));
    pnd_referee_hold(ledger->referee, PND_RULE_REFUSED_UNCHANGED, snapshot_equals(before, after),
                     "%s refused with %s changed its context: run %llu to %llu, result of run %llu "
                     "to %llu, window %zu to %zu bytes",
                     pnd_names_operation(start->operation), pnd_names_error(status),
                     (unsigned long long)before->run, (unsigned long long)after->run,
                     (unsigned long long)before->result.run, (unsigned long long)after->result.run,
                     before->byte_count, after->byte_count);
}

static bool may_be_done(const struct pnd_start *start, const struct pnd_handle_page *handle,
                        const struct pendio_completion *result)
{
    if (start->policy == PENDIO_QUEUE)
        return false;
    if (start->operation == PENDIO_OPERATION_READ || start->operation == PENDIO_OPERATION_TRUNCATE)
        return true;
    if (pnd_kind_of(start->operation)->early)
        return result->error != 0;
    if (!pnd_kind_of(start->operation)->socket)
        return false;
    if (!pnd_kind_is_send(start->operation) || start->policy == PENDIO_TRY || result->error != 0)
        return true;
    return start->byte_count == 0 && handle != NULL && handle->kind == PND_KIND_STREAM;
}

static void judge_budget(struct pnd_ledger *ledger, const struct pnd_start *start,
                         struct pnd_handle_page *handle)
{
    uint32_t *count = handle != NULL ? &handle->done_count : &ledger->loop_done_count;
    uint64_t *turn = handle != NULL ? &handle->done_turn : &ledger->loop_done_turn;
    if (*turn != ledger->turn)
        *count = 0;
    *turn = ledger->turn;
    ++*count;
    pnd_referee_hold(ledger->referee, PND_RULE_BUDGET, *count <= ledger->done_budget,
                     "%u done answers of %s in one turn, budget %u", *count,
                     pnd_names_operation(start->operation), ledger->done_budget);
}

static void judge_overtaking(struct pnd_ledger *ledger, const struct pnd_start *start,
                             const struct pnd_handle_page *handle,
                             const struct pendio_completion *result)
{
    int line = pnd_ledger_line(start);
    if (line < 0 || handle == NULL || result->bytes == 0)
        return;
    pnd_referee_hold(ledger->referee, PND_RULE_ORDER, handle->line_pending[line] == 0,
                     "%s was done while %u started before it wait",
                     pnd_names_operation(start->operation), handle->line_pending[line]);
}

static void start_done(struct pnd_ledger *ledger, struct pnd_context_page *page,
                       struct pnd_handle_page *handle, const struct pnd_snapshot *after,
                       uint64_t now_ns)
{
    const struct pnd_start *start = &page->start;
    const struct pendio_completion *result = &after->result;
    ledger->counts.done++;
    page->run = result->run;
    pnd_referee_hold(ledger->referee, PND_RULE_FRESH_RUN,
                     pnd_ledger_run_is_fresh(ledger, result->run),
                     "%s was done as run %#llx, which is 0 or was given before",
                     pnd_names_operation(start->operation), (unsigned long long)result->run);
    pnd_referee_hold(ledger->referee, PND_RULE_FREE_AGAIN, after->run == 0,
                     "the context of a done %s is still in run %#llx",
                     pnd_names_operation(start->operation), (unsigned long long)after->run);
    pnd_referee_hold(ledger->referee, PND_RULE_POLICY, may_be_done(start, handle, result),
                     "%s of %zu bytes with policy %u was done, error %s",
                     pnd_names_operation(start->operation), start->byte_count, start->policy,
                     pnd_names_error(result->error));
    judge_budget(ledger, start, handle);
    judge_overtaking(ledger, start, handle, result);
    pnd_ledger_judge(ledger, page, result, now_ns);
}

static bool budget_is_spent(const struct pnd_ledger *ledger, const struct pnd_handle_page *handle)
{
    return handle->done_turn == ledger->turn && handle->done_count >= ledger->done_budget;
}

/* Nothing to send, or an end told before, and nobody else at work on the stream. */
static bool is_known_at_once(const struct pnd_start *start, const struct pnd_handle_page *handle)
{
    if (handle->kind != PND_KIND_STREAM || handle->pending_count > 0)
        return false;
    if (start->operation == PENDIO_OPERATION_SEND)
        return start->byte_count == 0;
    return start->operation == PENDIO_OPERATION_RECEIVE && handle->end_seen;
}

static void judge_pending(struct pnd_ledger *ledger, const struct pnd_start *start,
                          const struct pnd_handle_page *handle)
{
    bool known = is_known_at_once(start, handle);
    pnd_referee_hold(ledger->referee, PND_RULE_POLICY,
                     start->policy != PENDIO_TRY || !known || budget_is_spent(ledger, handle),
                     "%s of %zu bytes under TRY is pending, though its result is known",
                     pnd_names_operation(start->operation), start->byte_count);
}

static void start_pending(struct pnd_ledger *ledger, struct pnd_context_page *page,
                          struct pnd_handle_page *handle, const struct pnd_snapshot *after)
{
    ledger->counts.pending++;
    page->run = after->run;
    page->pending = true;
    pnd_referee_hold(ledger->referee, PND_RULE_FRESH_RUN,
                     pnd_ledger_run_is_fresh(ledger, after->run),
                     "%s is pending as run %#llx, which is 0 or was given before",
                     pnd_names_operation(page->start.operation), (unsigned long long)after->run);
    if (handle == NULL)
        return;
    judge_pending(ledger, &page->start, handle);
    int line = pnd_ledger_line(&page->start);
    handle->pending_count++;
    if (line >= 0)
        handle->line_pending[line]++;
    struct pnd_handle_page *into = pnd_ledger_into(ledger, &page->start);
    if (into != NULL)
        into->into_count++;
}

static void judge_accepted(struct pnd_ledger *ledger, const struct pnd_start *start,
                           const struct pnd_context_page *page,
                           const struct pnd_handle_page *handle)
{
    pnd_referee_hold(ledger->referee, PND_RULE_BUSY, !page->pending,
                     "%s was accepted with a context in use",
                     pnd_names_operation(start->operation));
    pnd_referee_hold(ledger->referee, PND_RULE_SHUTDOWN, !ledger->shutting_down,
                     "%s was accepted after a shutdown", pnd_names_operation(start->operation));
    if (start->handle != 0)
        pnd_referee_hold(ledger->referee, PND_RULE_STALE, handle != NULL && !handle->closing,
                         "%s was accepted on a handle that is %s",
                         pnd_names_operation(start->operation),
                         handle != NULL ? "closing" : "closed");
    if (start->into == 0)
        return;
    const struct pnd_handle_page *into = pnd_ledger_into(ledger, start);
    pnd_referee_hold(ledger->referee, PND_RULE_STALE,
                     into != NULL && !into->closing && into->pending_count + into->into_count == 0,
                     "%s was accepted into a handle that is %s",
                     pnd_names_operation(start->operation),
                     into == NULL    ? "closed"
                     : into->closing ? "closing"
                                     : "at work");
}

static void enter_accepted(struct pnd_ledger *ledger, const struct pnd_start *start,
                           struct pnd_context_page *page, struct pnd_handle_page *handle)
{
    page->start = *start;
    page->cancel_asked = false;
    if (page->start_count++ > 0)
        ledger->counts.reuses++;
    int line = pnd_ledger_line(start);
    if (handle != NULL && line >= 0)
        page->sequence = ++handle->started[line];
    if (handle != NULL && start->operation == PENDIO_OPERATION_CLOSE)
        handle->closing = true;
}

/* Before it is judged: an offence shows it as the last thing that happened. */
static void trace_start(struct pnd_ledger *ledger, const struct pnd_context_page *page,
                        const struct pnd_start *start, int status,
                        const struct pendio_completion *result)
{
    struct pnd_trace_event event = {
        .kind = PND_TRACE_STARTED,
        .answer = status < 0                 ? PND_TRACE_REFUSED
                  : status == PENDIO_PENDING ? PND_TRACE_PENDING
                                             : PND_TRACE_DONE,
        .error = status < 0 ? status : 0,
        .generation = page->start_count + 1,
        .operation = start->operation,
        .handle = pnd_ledger_handle_number(ledger, start->handle),
        .place = start->place,
    };
    if (status == PENDIO_DONE) {
        event.error = result->error;
        event.bytes = result->bytes;
        event.flags = result->flags;
    }
    pnd_ledger_trace(ledger, page, &event);
}

void pnd_ledger_start(struct pnd_ledger *ledger, const struct pnd_start *start, int status,
                      const struct pnd_snapshot *before, const struct pnd_snapshot *after,
                      uint64_t now_ns)
{
    struct pnd_context_page *page = pnd_ledger_context(ledger, start->context);
    struct pnd_handle_page *handle =
        start->handle != 0 ? pnd_ledger_handle(ledger, start->handle) : NULL;
    ledger->calling = false;
    pnd_trace_look(&ledger->trace, now_ns);
    trace_start(ledger, page, start, status, &after->result);
    pnd_referee_hold(ledger->referee, PND_RULE_ANSWER,
                     status == PENDIO_DONE || status == PENDIO_PENDING || is_refusal(status),
                     "%s answered %d (%s)", pnd_names_operation(start->operation), status,
                     status < 0 ? pnd_names_error(status) : "no such answer");
    if (status < 0) {
        start_refused(ledger, start, status, before, after);
        return;
    }
    judge_accepted(ledger, start, page, handle);
    enter_accepted(ledger, start, page, handle);
    page->request = before->request;
    pnd_ledger_judge_request(ledger, page, after);
    if (status == PENDIO_DONE)
        start_done(ledger, page, handle, after, now_ns);
    else
        start_pending(ledger, page, handle, after);
}
