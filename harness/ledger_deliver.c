/*
 * ledger_deliver.c - judges deliveries, cancels and posts, and settles the books at the end.
 *
 * Happy path:  a delivery ends exactly the pending run it names; at the end everything is
 *              delivered, given back and closed, and the runtime has counted the same.
 * Failures:    each broken rule is an offence; a delivery that belongs to no pending run is kept
 *              from the engine.
 */
#include "ledger.h"

#include "names.h"

#include <errno.h>
#include <string.h>

/* Before it is judged, whatever it is worth. */
static void trace_delivery(struct pnd_ledger *ledger, const struct pnd_context_page *page,
                           const struct pendio_completion *completion)
{
    const struct pnd_trace_event event = {
        .kind = PND_TRACE_DELIVERED,
        .error = completion->error,
        .bytes = completion->bytes,
        .flags = completion->flags,
        .operation = completion->operation,
        .generation = page->start_count,
        .handle = pnd_ledger_handle_number(ledger, completion->handle),
        .place = page->start.place,
    };
    pnd_ledger_trace(ledger, page, &event);
}

/* The page of the pending run a completion names, or NULL, which is an offence. */
static struct pnd_context_page *match(struct pnd_ledger *ledger,
                                      const struct pendio_completion *completion)
{
    struct pnd_context_page *page = pnd_ledger_context(ledger, completion->context);
    const char *operation = pnd_names_operation(completion->operation);
    if (page != NULL)
        trace_delivery(ledger, page, completion);
    else
        pnd_ledger_about(ledger, NULL);
    (void)pnd_referee_hold(ledger->referee, PND_RULE_NO_DELIVERY, page != NULL,
                           "%s was delivered for a context never taken", operation);
    if (page == NULL)
        return NULL;
    if (!pnd_referee_hold(ledger->referee, PND_RULE_NO_DELIVERY, page->pending,
                          "%s, run %#llx, was delivered for a context with nothing pending "
                          "(its last run is %#llx)",
                          operation, (unsigned long long)completion->run,
                          (unsigned long long)page->run))
        return NULL;
    if (!pnd_referee_hold(ledger->referee, PND_RULE_ONE_DELIVERY, completion->run == page->run,
                          "%s was delivered as run %#llx, but pending is %#llx", operation,
                          (unsigned long long)completion->run, (unsigned long long)page->run))
        return NULL;
    return page;
}

static void leave_handle(struct pnd_ledger *ledger, struct pnd_context_page *page)
{
    const struct pnd_start *start = &page->start;
    struct pnd_handle_page *handle =
        start->handle != 0 ? pnd_ledger_handle(ledger, start->handle) : NULL;
    if (handle == NULL)
        return;
    int line = pnd_ledger_line(start);
    handle->pending_count--;
    if (line >= 0)
        handle->line_pending[line]--;
    if (start->operation == PENDIO_OPERATION_CLOSE) {
        pnd_referee_hold(
            ledger->referee, PND_RULE_CLOSE_LAST, handle->pending_count == 0 || start->callback,
            "CLOSE was delivered before %u operations on its handle", handle->pending_count);
        handle->closed = true;
    }
    pnd_ledger_release(ledger, handle);
    struct pnd_handle_page *into = pnd_ledger_into(ledger, start);
    if (into != NULL) {
        into->into_count--;
        pnd_ledger_release(ledger, into);
    }
}

struct pnd_context_page *pnd_ledger_deliver(struct pnd_ledger *ledger,
                                            const struct pendio_completion *completion,
                                            const struct pnd_snapshot *shown, bool by_callback,
                                            uint64_t now_ns)
{
    pnd_trace_look(&ledger->trace, now_ns);
    struct pnd_context_page *page = match(ledger, completion);
    if (page == NULL)
        return NULL;
    pnd_referee_hold(ledger->referee, PND_RULE_FROM_TURN, ledger->turning && !ledger->calling,
                     "%s was delivered %s", pnd_names_operation(completion->operation),
                     ledger->calling ? "from inside a start call" : "outside a turn");
    page->pending = false;
    if (by_callback)
        ledger->counts.delivered_callback++;
    else
        ledger->counts.delivered_record++;
    pnd_referee_hold(ledger->referee, PND_RULE_IDENTITY, by_callback == page->start.callback,
                     "%s was delivered by %s", pnd_names_operation(completion->operation),
                     by_callback ? "callback, not by record" : "record, not by callback");
    pnd_referee_hold(ledger->referee, PND_RULE_FREE_AGAIN, shown->run == 0,
                     "%s was delivered while its context is in run %#llx",
                     pnd_names_operation(completion->operation), (unsigned long long)shown->run);
    pnd_referee_hold(ledger->referee, PND_RULE_RESULT_KEPT,
                     memcmp(&shown->result, completion, sizeof *completion) == 0,
                     "%s: the context says %llu bytes, error %s; delivered were %llu, %s",
                     pnd_names_operation(completion->operation),
                     (unsigned long long)shown->result.bytes, pnd_names_error(shown->result.error),
                     (unsigned long long)completion->bytes, pnd_names_error(completion->error));
    pnd_ledger_judge_request(ledger, page, shown);
    if ((page->start.flags & PENDIO_AUTO_PUT) != 0)
        pnd_ledger_return(ledger, page);
    pnd_ledger_judge(ledger, page, completion, now_ns);
    leave_handle(ledger, page);
    return page;
}

void pnd_ledger_cancel(struct pnd_ledger *ledger, struct pnd_context_page *page, pendio_run run,
                       int status)
{
    bool under_way = page->pending && page->run == run;
    pnd_ledger_trace_plain(ledger, page, PND_TRACE_CANCELLED, status);
    /* Between the end of a run and its delivery both answers are right. */
    bool right = under_way ? status == 0 || status == -ENOENT : status == -ENOENT;
    pnd_referee_hold(ledger->referee, PND_RULE_CANCEL, right, "cancel of a run %s answered %s",
                     under_way ? "under way" : "that is over", pnd_names_error(status));
    if (under_way && status == 0)
        page->cancel_asked = true;
}

void pnd_ledger_post(struct pnd_ledger *ledger, int status)
{
    pnd_ledger_about(ledger, NULL);
    pnd_referee_hold(ledger->referee, PND_RULE_POST,
                     status == 0 || status == -EAGAIN || status == -ESHUTDOWN, "post answered %s",
                     pnd_names_error(status));
    if (status == 0)
        ledger->counts.posts_accepted++;
}

void pnd_ledger_post_delivered(struct pnd_ledger *ledger,
                               const struct pendio_completion *completion, bool known)
{
    ledger->counts.posts_delivered++;
    pnd_ledger_about(ledger, NULL);
    pnd_referee_hold(
        ledger->referee, PND_RULE_POST,
        known && completion->operation == PENDIO_OPERATION_POST && completion->run == 0 &&
            completion->handle == 0 && completion->bytes == 0 && completion->memory == 0 &&
            completion->error == 0 && completion->flags == 0,
        "a message came as %s with user data %#llx, value %#llx, run %#llx, error %s",
        pnd_names_operation(completion->operation), (unsigned long long)completion->user_data,
        (unsigned long long)completion->value, (unsigned long long)completion->run,
        pnd_names_error(completion->error));
}

static void compare(struct pnd_ledger *ledger, const char *name, uint64_t counted, uint64_t entered)
{
    pnd_referee_hold(ledger->referee, PND_RULE_STATISTICS, counted == entered,
                     "%s: the runtime counted %llu, the ledger %llu", name,
                     (unsigned long long)counted, (unsigned long long)entered);
}

static void compare_counters(struct pnd_ledger *ledger,
                             const struct pendio_loop_statistics *statistics)
{
    const struct pnd_ledger_counts *counts = &ledger->counts;
    compare(ledger, "started", statistics->started, counts->done + counts->pending);
    compare(ledger, "done", statistics->done, counts->done);
    compare(ledger, "pending", statistics->pending, counts->pending);
    compare(ledger, "refused", statistics->refused, counts->refused);
    compare(ledger, "refused_invalid", statistics->refused_invalid, counts->refused_invalid);
    compare(ledger, "refused_handle", statistics->refused_handle, counts->refused_handle);
    compare(ledger, "refused_busy", statistics->refused_busy, counts->refused_busy);
    compare(ledger, "refused_no_capacity", statistics->refused_no_capacity,
            counts->refused_no_capacity);
    compare(ledger, "refused_shutdown", statistics->refused_shutdown, counts->refused_shutdown);
    compare(ledger, "delivered", statistics->delivered,
            counts->delivered_callback + counts->delivered_record);
    compare(ledger, "delivered_callback", statistics->delivered_callback,
            counts->delivered_callback);
    compare(ledger, "delivered_record", statistics->delivered_record, counts->delivered_record);
    compare(ledger, "posts", statistics->posts, counts->posts_accepted);
    compare(ledger, "pool_gets", statistics->pool_gets, counts->gets);
    compare(ledger, "pool_exhausted", statistics->pool_exhausted, counts->exhausted);
    compare(ledger, "pool_in_use", statistics->pool_in_use, counts->contexts_taken);
    compare(ledger, "pool_high_water", statistics->pool_high_water, counts->contexts_high_water);
    compare(ledger, "pool_contexts", statistics->pool_contexts, ledger->context_capacity);
    compare(ledger, "handles_open", statistics->handles_open, counts->handles_open);
    compare(ledger, "done by reason",
            statistics->done_known_end + statistics->done_known_error + statistics->done_empty +
                statistics->done_tried + statistics->done_direct + statistics->done_cached +
                statistics->done_collected,
            counts->done);
    compare(ledger, "completion_overflows", statistics->completion_overflows, 0);
}

/* Every handle is closed, every context is back: nothing the runtime made for them is left. */
static void compare_rest(struct pnd_ledger *ledger, const struct pendio_loop_statistics *statistics)
{
    compare(ledger, "multishot_ended", statistics->multishot_ended, statistics->multishot_armed);
    compare(ledger, "connections_collected", statistics->connections_collected, 0);
    pnd_referee_hold(ledger->referee, PND_RULE_BUFFERS, statistics->buffers_in_use == 0,
                     "%llu of %llu buffers are in use, though every context was put",
                     (unsigned long long)statistics->buffers_in_use,
                     (unsigned long long)statistics->buffers);
}

void pnd_ledger_settle(struct pnd_ledger *ledger, const struct pendio_loop_statistics *statistics,
                       bool finished)
{
    const struct pnd_ledger_counts *counts = &ledger->counts;
    uint64_t delivered = counts->delivered_callback + counts->delivered_record;
    pnd_ledger_about(ledger, NULL);
    if (statistics != NULL)
        compare_counters(ledger, statistics);
    pnd_referee_hold(ledger->referee, PND_RULE_ALL_DELIVERED, delivered == counts->pending,
                     "%llu deliveries for %llu pending answers", (unsigned long long)delivered,
                     (unsigned long long)counts->pending);
    pnd_referee_hold(
        ledger->referee, PND_RULE_POST, counts->posts_delivered == counts->posts_accepted,
        "%llu messages delivered of %llu posted", (unsigned long long)counts->posts_delivered,
        (unsigned long long)counts->posts_accepted);
    if (finished && statistics != NULL)
        compare_rest(ledger, statistics);
    if (finished)
        pnd_referee_hold(ledger->referee, PND_RULE_POOL_BALANCED, counts->contexts_taken == 0,
                         "%llu contexts left taken", (unsigned long long)counts->contexts_taken);
}
