/*
 * ledger_judge.c - judges what a finished run says, whether told by a done answer or a delivery.
 *
 * Happy path:  identity, bytes, memory, product, flags, time and order all follow from the start.
 * Failures:    each broken rule is an offence.
 */
#include "ledger.h"

#include "kind.h"
#include "names.h"

#include <errno.h>

static bool moves(const struct pnd_start *start, enum pnd_direction direction)
{
    if ((start->flags & PENDIO_FIRST_DATA) != 0)
        return direction == PND_MOVES_OUT;
    return pnd_kind_of(start->operation)->direction == direction;
}

static void judge_identity(struct pnd_referee *referee, const struct pnd_start *start,
                           const struct pendio_completion *completion)
{
    bool same = completion->context == start->context &&
                completion->user_data == start->user_data && completion->handle == start->handle &&
                completion->operation == start->operation;
    pnd_referee_hold(
        referee, PND_RULE_IDENTITY, same,
        "%s on %#llx with user data %#llx was told as %s on %#llx with %#llx%s",
        pnd_names_operation(start->operation), (unsigned long long)start->handle,
        (unsigned long long)start->user_data, pnd_names_operation(completion->operation),
        (unsigned long long)completion->handle, (unsigned long long)completion->user_data,
        completion->context == start->context ? "" : ", another context");
    pnd_referee_hold(referee, PND_RULE_ANSWER, completion->error <= 0 && completion->error > -4096,
                     "error %d is neither 0 nor -errno", completion->error);
}

/* Memory it did not have, exactly when there are bytes. */
static void judge_lent(struct pnd_referee *referee, const struct pnd_start *start,
                       const struct pendio_completion *completion)
{
    bool lent = (completion->flags & PENDIO_LENT) != 0;
    pnd_referee_hold(referee, PND_RULE_LENT,
                     lent == (completion->bytes > 0) && lent == (completion->memory != 0),
                     "%s without memory brought %llu bytes at %#llx, LENT %s",
                     pnd_names_operation(start->operation), (unsigned long long)completion->bytes,
                     (unsigned long long)completion->memory, lent ? "set" : "not set");
}

static void judge_amount(struct pnd_referee *referee, const struct pnd_start *start,
                         const struct pendio_completion *completion)
{
    const struct pnd_kind *kind = pnd_kind_of(start->operation);
    bool window = pnd_ledger_has_window(start);
    uint64_t most = window || kind->amount ? start->byte_count : 0;
    uint64_t memory = window ? (uintptr_t)start->memory : 0;
    if (start->lending) {
        judge_lent(referee, start, completion);
        return;
    }
    pnd_referee_hold(referee, PND_RULE_BYTES, completion->bytes <= most,
                     "%s of at most %llu bytes moved %llu", pnd_names_operation(start->operation),
                     (unsigned long long)most, (unsigned long long)completion->bytes);
    if (moves(start, PND_MOVES_OUT) && completion->error == 0)
        pnd_referee_hold(referee, PND_RULE_WHOLE_SEND, completion->bytes == most,
                         "%s of %llu bytes succeeded with %llu",
                         pnd_names_operation(start->operation), (unsigned long long)most,
                         (unsigned long long)completion->bytes);
    pnd_referee_hold(referee, PND_RULE_MEMORY,
                     completion->memory == memory ||
                         (completion->memory == 0 && completion->bytes == 0),
                     "%s of %llu bytes at %#llx says %#llx", pnd_names_operation(start->operation),
                     (unsigned long long)completion->bytes, (unsigned long long)memory,
                     (unsigned long long)completion->memory);
}

/* A connect that makes its handle has one also when its first data have not all gone. */
static enum pnd_product product_of(const struct pnd_start *start, int error)
{
    bool makes = pnd_ledger_makes_handle(start);
    if (error != 0)
        return makes && (start->flags & PENDIO_FIRST_DATA) != 0 ? PND_PRODUCT_ANY : PND_NO_PRODUCT;
    return makes ? PND_PRODUCT_HANDLE : pnd_kind_of(start->operation)->product;
}

static void judge_product(struct pnd_referee *referee, const struct pnd_start *start,
                          const struct pendio_completion *completion)
{
    enum pnd_product made = product_of(start, completion->error);
    pnd_referee_hold(referee, PND_RULE_PRODUCT,
                     made == PND_PRODUCT_ANY ||
                         (completion->value != 0) == (made != PND_NO_PRODUCT),
                     "%s with error %s has value %#llx", pnd_names_operation(start->operation),
                     pnd_names_error(completion->error), (unsigned long long)completion->value);
    if (start->into != 0 && completion->error == 0)
        pnd_referee_hold(referee, PND_RULE_PRODUCT, completion->value == start->into,
                         "%s into %#llx made %#llx", pnd_names_operation(start->operation),
                         (unsigned long long)start->into, (unsigned long long)completion->value);
}

/* A connection takes the place of what was there before, if only of none: its streams begin. */
static void begin_anew(struct pnd_ledger *ledger, const struct pnd_start *start,
                       struct pnd_handle_page *handle, const struct pendio_completion *completion)
{
    bool connects = start->reuse || start->operation == PENDIO_OPERATION_CONNECT;
    struct pnd_handle_page *renewed = connects ? handle : pnd_ledger_into(ledger, start);
    if (renewed == NULL || completion->error != 0)
        return;
    renewed->end_seen = false;
    renewed->unusable = false;
    renewed->failed[0] = 0;
    renewed->failed[1] = 0;
}

/* The stream's own end, not that of one operation on it. */
static bool is_failure(const struct pendio_completion *completion)
{
    const unsigned int ends = PENDIO_BY_CANCEL | PENDIO_BY_DEADLINE | PENDIO_BY_CLOSE;
    return (completion->flags & ends) == 0 &&
           (completion->error == -ECONNRESET || completion->error == -EPIPE);
}

/* Each direction has its own: what had come before a send failed may be there still. */
static void judge_failed(struct pnd_referee *referee, const struct pnd_context_page *page,
                         struct pnd_handle_page *handle, const struct pendio_completion *completion)
{
    uint16_t operation = page->start.operation;
    int line = pnd_ledger_line(&page->start);
    if (line < 0 || handle == NULL || handle->kind != PND_KIND_STREAM ||
        !(pnd_kind_is_receive(operation) || pnd_kind_is_send(operation)))
        return;
    uint64_t *failed = &handle->failed[line];
    if (*failed > 0 && page->sequence > *failed)
        pnd_referee_hold(referee, PND_RULE_ERROR_STICKS, completion->bytes == 0,
                         "%s moved %llu bytes after one before it had failed",
                         pnd_names_operation(operation), (unsigned long long)completion->bytes);
    if (*failed == 0 && is_failure(completion))
        *failed = page->sequence;
}

static void judge_unusable(struct pnd_referee *referee, const struct pnd_start *start,
                           struct pnd_handle_page *handle,
                           const struct pendio_completion *completion)
{
    bool connects = start->operation == PENDIO_OPERATION_CONNECT;
    bool transfers = pnd_kind_is_receive(start->operation) || pnd_kind_is_send(start->operation);
    bool uses = connects || (transfers && (start->lending || start->byte_count > 0));
    if (handle == NULL || handle->kind == PND_KIND_DATAGRAM || !uses)
        return;
    if (handle->unusable)
        pnd_referee_hold(referee, PND_RULE_UNUSABLE, completion->error != 0,
                         "%s succeeded on a handle whose connect was ended",
                         pnd_names_operation(start->operation));
    if (connects && (completion->flags & (PENDIO_BY_CANCEL | PENDIO_BY_DEADLINE)) != 0 &&
        completion->error != 0)
        handle->unusable = true;
}

static bool may_end(const struct pnd_start *start, const struct pnd_handle_page *handle)
{
    if (start->operation == PENDIO_OPERATION_READ)
        return true;
    return pnd_kind_is_receive(start->operation) && handle != NULL &&
           (handle->kind == PND_KIND_STREAM || handle->kind == PND_KIND_SEQPACKET);
}

/* Fewer bytes than were asked for only because there were no more. */
static void judge_short(struct pnd_referee *referee, const struct pnd_start *start,
                        const struct pendio_completion *completion)
{
    bool end = (completion->flags & PENDIO_END_OF_STREAM) != 0;
    bool is_short = completion->error == 0 && completion->bytes < start->byte_count;
    pnd_referee_hold(referee, PND_RULE_END_OF_STREAM, end == is_short,
                     "%s of %zu bytes moved %llu, error %s, END_OF_STREAM %s",
                     pnd_names_operation(start->operation), start->byte_count,
                     (unsigned long long)completion->bytes, pnd_names_error(completion->error),
                     end ? "set" : "not set");
}

static void judge_end(struct pnd_referee *referee, const struct pnd_start *start,
                      struct pnd_handle_page *handle, const struct pendio_completion *completion)
{
    bool end = (completion->flags & PENDIO_END_OF_STREAM) != 0;
    bool empty = completion->error == 0 && completion->bytes == 0;
    if (start->operation == PENDIO_OPERATION_SPLICE) {
        judge_short(referee, start, completion);
        return;
    }
    bool ending = may_end(start, handle);
    bool wants_bytes = start->lending || start->byte_count > 0;
    pnd_referee_hold(referee, PND_RULE_END_OF_STREAM,
                     end ? ending && empty : !(ending && empty && wants_bytes),
                     "%s of %zu bytes brought %llu, error %s, END_OF_STREAM %s",
                     pnd_names_operation(start->operation), start->byte_count,
                     (unsigned long long)completion->bytes, pnd_names_error(completion->error),
                     end ? "set" : "not set");
    if (handle == NULL || handle->kind != PND_KIND_STREAM || !pnd_kind_is_receive(start->operation))
        return;
    if (handle->end_seen)
        pnd_referee_hold(referee, PND_RULE_END_STICKS, completion->bytes == 0,
                         "%llu bytes came after the end", (unsigned long long)completion->bytes);
    handle->end_seen = handle->end_seen || end;
}

static void judge_truncated(struct pnd_referee *referee, const struct pnd_start *start,
                            const struct pnd_handle_page *handle,
                            const struct pendio_completion *completion)
{
    if ((completion->flags & PENDIO_TRUNCATED) == 0)
        return;
    bool message =
        handle != NULL && (handle->kind == PND_KIND_DATAGRAM || handle->kind == PND_KIND_SEQPACKET);
    pnd_referee_hold(referee, PND_RULE_TRUNCATED,
                     message && pnd_kind_is_receive(start->operation) &&
                         (start->lending || completion->bytes == start->byte_count),
                     "%s of %zu bytes brought %llu and is TRUNCATED",
                     pnd_names_operation(start->operation), start->byte_count,
                     (unsigned long long)completion->bytes);
}

/* Which of the three ends was asked for, as a completion's flags. */
static uint16_t causes(const struct pnd_ledger *ledger, const struct pnd_context_page *page,
                       const struct pnd_handle_page *handle)
{
    unsigned int flags = 0;
    if ((page->cancel_asked || ledger->shutting_down) &&
        page->start.operation != PENDIO_OPERATION_CLOSE)
        flags |= PENDIO_BY_CANCEL;
    if (page->start.deadline_ns > 0)
        flags |= PENDIO_BY_DEADLINE;
    const struct pnd_handle_page *into = pnd_ledger_into(ledger, &page->start);
    bool closing = (handle != NULL && handle->closing) || (into != NULL && into->closing);
    if (closing && page->start.operation != PENDIO_OPERATION_CLOSE)
        flags |= PENDIO_BY_CLOSE;
    return (uint16_t)flags;
}

static void judge_early_end(struct pnd_ledger *ledger, const struct pnd_context_page *page,
                            const struct pnd_handle_page *handle,
                            const struct pendio_completion *completion)
{
    const unsigned int ends = PENDIO_BY_CANCEL | PENDIO_BY_DEADLINE | PENDIO_BY_CLOSE;
    unsigned int flag = completion->flags & ends;
    int error = completion->error;
    bool right = (flag & ~(unsigned int)causes(ledger, page, handle)) == 0;
    if (page->start.operation == PENDIO_OPERATION_CLOSE)
        right = right && flag != ends;
    else if (flag == PENDIO_BY_DEADLINE)
        right = right && error == -ETIMEDOUT;
    else if (flag == PENDIO_BY_CANCEL || flag == PENDIO_BY_CLOSE)
        right = right && error == -ECANCELED;
    else
        right = right && flag == 0 && error != -ECANCELED;
    pnd_referee_hold(ledger->referee, PND_RULE_ENDED_EARLY, right,
                     "%s ended with %s and flags %#x; asked for: cancel %d, deadline %d, close %d",
                     pnd_names_operation(page->start.operation), pnd_names_error(error),
                     (unsigned int)completion->flags, page->cancel_asked,
                     page->start.deadline_ns > 0, handle != NULL && handle->closing);
}

static void judge_time(struct pnd_referee *referee, const struct pnd_start *start,
                       const struct pendio_completion *completion, uint64_t now_ns)
{
    uint64_t least_ns = 0;
    if ((completion->flags & PENDIO_BY_DEADLINE) != 0)
        least_ns = start->deadline_ns;
    else if (start->operation == PENDIO_OPERATION_TIMER && completion->error == 0)
        least_ns = start->after_ns;
    if (least_ns > 0)
        pnd_referee_hold(referee, PND_RULE_NEVER_EARLY, now_ns - start->started_ns >= least_ns,
                         "%s of %llu ns ended after %llu ns", pnd_names_operation(start->operation),
                         (unsigned long long)least_ns,
                         (unsigned long long)(now_ns - start->started_ns));
}

static void judge_order(struct pnd_referee *referee, const struct pnd_context_page *page,
                        struct pnd_handle_page *handle, const struct pendio_completion *completion)
{
    int line = pnd_ledger_line(&page->start);
    bool waits_for_memory = (page->start.flags & PENDIO_ZERO_COPY) != 0;
    if (line < 0 || handle == NULL || completion->error != 0 || waits_for_memory)
        return;
    uint64_t *arrived = &handle->arrived[line][page->start.callback ? 1 : 0];
    pnd_referee_hold(referee, PND_RULE_ORDER, page->sequence > *arrived,
                     "%s number %llu of its handle was told after number %llu",
                     pnd_names_operation(page->start.operation), (unsigned long long)page->sequence,
                     (unsigned long long)*arrived);
    if (page->sequence > *arrived)
        *arrived = page->sequence;
}

void pnd_ledger_judge_request(struct pnd_ledger *ledger, const struct pnd_context_page *page,
                              const struct pnd_snapshot *shown)
{
    pnd_referee_hold(ledger->referee, PND_RULE_REQUEST_KEPT,
                     pnd_ledger_same_request(&page->request, &shown->request),
                     "%s changed what was set: flags %#x to %#x, memory of %llu bytes to %llu, "
                     "window of %llu to %llu",
                     pnd_names_operation(page->start.operation), page->request.flags,
                     shown->request.flags, (unsigned long long)page->request.byte_count,
                     (unsigned long long)shown->request.byte_count,
                     (unsigned long long)page->request.window_bytes,
                     (unsigned long long)shown->request.window_bytes);
}

static void count_bytes(struct pnd_ledger *ledger, const struct pendio_completion *completion,
                        const struct pnd_start *start)
{
    if ((start->flags & PENDIO_PEEK) != 0)
        return;
    if (moves(start, PND_MOVES_OUT))
        ledger->counts.bytes_sent += completion->bytes;
    else if (moves(start, PND_MOVES_IN))
        ledger->counts.bytes_received += completion->bytes;
}

/* The flags a completion of it may have at all. */
static unsigned int known_flags(const struct pnd_start *start)
{
    unsigned int known = PENDIO_END_OF_STREAM | PENDIO_TRUNCATED | PENDIO_BY_CANCEL |
                         PENDIO_BY_DEADLINE | PENDIO_BY_CLOSE;
    if ((start->flags & PENDIO_ZERO_COPY) != 0)
        known |= PENDIO_COPIED;
    if (start->operation == PENDIO_OPERATION_RECEIVE_MESSAGE)
        known |= PENDIO_CONTROL_TRUNCATED;
    if (start->lending)
        known |= PENDIO_LENT;
    return known;
}

void pnd_ledger_judge(struct pnd_ledger *ledger, struct pnd_context_page *page,
                      const struct pendio_completion *completion, uint64_t now_ns)
{
    const struct pnd_start *start = &page->start;
    struct pnd_referee *referee = ledger->referee;
    struct pnd_handle_page *handle =
        start->handle != 0 ? pnd_ledger_handle(ledger, start->handle) : NULL;
    judge_identity(referee, start, completion);
    pnd_referee_hold(referee, PND_RULE_IDENTITY, (completion->flags & ~known_flags(start)) == 0,
                     "flags %#x are unknown", (unsigned int)completion->flags);
    judge_amount(referee, start, completion);
    judge_product(referee, start, completion);
    judge_end(referee, start, handle, completion);
    judge_truncated(referee, start, handle, completion);
    judge_early_end(ledger, page, handle, completion);
    judge_failed(referee, page, handle, completion);
    judge_unusable(referee, start, handle, completion);
    judge_time(referee, start, completion, now_ns);
    judge_order(referee, page, handle, completion);
    begin_anew(ledger, start, handle, completion);
    count_bytes(ledger, completion, start);
}
