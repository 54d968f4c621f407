/*
 * ledger.c - the books' pages: contexts, handles, pools; who is taken, open, under way.
 *
 * Happy path:  a context gets its page when it is first taken, a handle when it is opened; both
 *              are found by value.
 * Failures:    a pool or handle that does what it must not is an offence; the books go on with
 *              what the runtime says.
 */
#include "ledger.h"

#include "kind.h"
#include "names.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    RUN_MEMORY_COUNT = 1 << 17,
    DEFAULT_DONE_BUDGET = 16,
    SPARE_HANDLE_COUNT = 64, /* handles that close while others open already */
};

static int pools_init(struct pnd_ledger *ledger, const struct pnd_plan *plan)
{
    ledger->pools = calloc(plan->pool_count + 1, sizeof *ledger->pools);
    if (ledger->pools == NULL)
        return -ENOMEM;
    ledger->pool_count = plan->pool_count;
    for (uint32_t i = 0; i < plan->pool_count; i++) {
        struct pnd_pool_page *pool = &ledger->pools[i];
        pool->context_count = plan->pools[i].context_count;
        pool->slice_bytes = plan->pools[i].slice_bytes;
        pool->put_back = calloc(pool->context_count + 1, sizeof *pool->put_back);
        if (pool->put_back == NULL)
            return -ENOMEM;
    }
    return 0;
}

static uint32_t recorded_count(const Pendio__Record *record)
{
    if (record == NULL || !record->answers)
        return 0;
    return record->event_count > 0 ? record->event_count : PND_TRACE_DEFAULT_COUNT;
}

static int pages_init(struct pnd_ledger *ledger, const struct pnd_plan *plan)
{
    ledger->context_capacity = (uint32_t)plan->context_count;
    ledger->handle_capacity = plan->handle_count + SPARE_HANDLE_COUNT;
    ledger->contexts = calloc(ledger->context_capacity + 1, sizeof *ledger->contexts);
    ledger->handles = calloc(ledger->handle_capacity, sizeof *ledger->handles);
    ledger->runs = calloc(RUN_MEMORY_COUNT, sizeof *ledger->runs);
    ledger->returning = calloc(ledger->context_capacity + 1, sizeof *ledger->returning);
    if (ledger->returning == NULL || ledger->contexts == NULL || ledger->handles == NULL ||
        ledger->runs == NULL ||
        pnd_trace_init(&ledger->trace, ledger->context_capacity,
                       recorded_count(plan->workload->record)) < 0 ||
        pnd_table_init(&ledger->context_table, ledger->context_capacity) < 0 ||
        pnd_table_init(&ledger->handle_table, ledger->handle_capacity) < 0)
        return -ENOMEM;
    for (uint32_t i = 0; i < ledger->handle_capacity; i++)
        ledger->handles[i].next_free = i + 1;
    return 0;
}

int pnd_ledger_init(struct pnd_ledger *ledger, struct pnd_referee *referee,
                    const struct pnd_plan *plan)
{
    const Pendio__LoopSettings *loop = plan->workload->loop;
    memset(ledger, 0, sizeof *ledger);
    ledger->referee = referee;
    ledger->done_budget =
        loop != NULL && loop->done_budget > 0 ? loop->done_budget : DEFAULT_DONE_BUDGET;
    int status = pages_init(ledger, plan);
    if (status == 0)
        status = pools_init(ledger, plan);
    if (status < 0)
        pnd_ledger_fini(ledger);
    return status;
}

void pnd_ledger_fini(struct pnd_ledger *ledger)
{
    for (uint32_t i = 0; i < ledger->pool_count; i++)
        free(ledger->pools[i].put_back);
    free(ledger->pools);
    pnd_trace_fini(&ledger->trace);
    free(ledger->runs);
    free(ledger->returning);
    free(ledger->handles);
    free(ledger->contexts);
    pnd_table_fini(&ledger->context_table);
    pnd_table_fini(&ledger->handle_table);
    memset(ledger, 0, sizeof *ledger);
}

struct pnd_context_page *pnd_ledger_context(const struct pnd_ledger *ledger,
                                            const struct pendio_context *context)
{
    uint32_t index = pnd_table_find(&ledger->context_table, (uintptr_t)context);
    return index == PND_TABLE_NOTHING ? NULL : &ledger->contexts[index];
}

struct pnd_handle_page *pnd_ledger_handle(const struct pnd_ledger *ledger, pendio_handle handle)
{
    uint32_t index = pnd_table_find(&ledger->handle_table, handle);
    return index == PND_TABLE_NOTHING ? NULL : &ledger->handles[index];
}

struct pnd_handle_page *pnd_ledger_into(const struct pnd_ledger *ledger,
                                        const struct pnd_start *start)
{
    return start->into != 0 ? pnd_ledger_handle(ledger, start->into) : NULL;
}

/* The page of a context just taken; NULL when there are more contexts than there can be. */
static struct pnd_context_page *page_for(struct pnd_ledger *ledger, struct pendio_context *context,
                                         uint32_t pool_index)
{
    struct pnd_pool_page *pool = &ledger->pools[pool_index];
    uint32_t index = pnd_table_find(&ledger->context_table, (uintptr_t)context);
    if (index != PND_TABLE_NOTHING)
        return &ledger->contexts[index];
    if (pool->page_count == pool->context_count)
        return NULL;
    index = ledger->context_count++;
    pnd_table_add(&ledger->context_table, (uintptr_t)context, index);
    ledger->contexts[index] = (struct pnd_context_page){
        .start.context = context,
        .pool_index = pool_index,
        .pool_slot = pool->page_count++,
    };
    return &ledger->contexts[index];
}

static bool is_new(const struct pendio_request *request)
{
    return request->flags == 0 && request->policy == PENDIO_AUTO && request->piece_count == 0 &&
           request->window_offset == 0 && request->window_bytes == request->byte_count &&
           request->control == NULL && request->control_bytes == 0 && request->deadline_ns == 0 &&
           request->user_data == 0 && request->completed == NULL &&
           request->endpoint.byte_count == 0;
}

/* What is lent comes with a receive, and goes with the next one or with a send of it. */
static bool same_memory(const struct pendio_request *a, const struct pendio_request *b)
{
    if (a->lending != 0 || b->lending != 0)
        return a->lending == b->lending;
    return a->memory == b->memory && a->byte_count == b->byte_count &&
           a->window_offset == b->window_offset && a->window_bytes == b->window_bytes;
}

bool pnd_ledger_same_request(const struct pendio_request *a, const struct pendio_request *b)
{
    return a->flags == b->flags && a->policy == b->policy && a->piece_count == b->piece_count &&
           same_memory(a, b) && a->control == b->control && a->control_bytes == b->control_bytes &&
           a->deadline_ns == b->deadline_ns && a->user_data == b->user_data &&
           a->completed == b->completed && a->completed_state == b->completed_state &&
           a->pieces == b->pieces && a->endpoint.byte_count == b->endpoint.byte_count &&
           memcmp(a->endpoint.address, b->endpoint.address, a->endpoint.byte_count) == 0;
}

static bool judge_taken(struct pnd_ledger *ledger, struct pnd_pool_page *pool,
                        const struct pnd_context_page *page, const struct pnd_snapshot *shown)
{
    struct pnd_referee *referee = ledger->referee;
    bool right = pnd_referee_hold(referee, PND_RULE_POOL, !page->taken && !page->pending,
                                  "get gave a context that is taken already");
    if (pool->put_count > 0) {
        const struct pnd_context_page *last =
            &ledger->contexts[pool->put_back[pool->put_count - 1]];
        right &= pnd_referee_hold(referee, PND_RULE_POOL, page == last,
                                  "get gave another context than the one put back last");
    }
    right &= pnd_referee_hold(
        referee, PND_RULE_POOL, shown->run == 0 && shown->byte_count == pool->slice_bytes,
        "a context just taken has a window of %zu bytes and run %llu, not "
        "its slice of %llu and 0",
        shown->byte_count, (unsigned long long)shown->run, (unsigned long long)pool->slice_bytes);
    right &= pnd_referee_hold(referee, PND_RULE_POOL, is_new(&shown->request),
                              "a context just taken has something set already: policy %u, flags "
                              "%#x, deadline %llu, user data %llu",
                              shown->request.policy, shown->request.flags,
                              (unsigned long long)shown->request.deadline_ns,
                              (unsigned long long)shown->request.user_data);
    return right;
}

static void enter_taken(struct pnd_ledger *ledger, struct pnd_pool_page *pool,
                        struct pnd_context_page *page)
{
    struct pnd_ledger_counts *counts = &ledger->counts;
    if (pool->put_count > 0)
        pool->put_count--;
    pool->taken_count++;
    page->taken = true;
    counts->gets++;
    counts->contexts_taken++;
    if (counts->contexts_taken > counts->contexts_high_water)
        counts->contexts_high_water = counts->contexts_taken;
}

bool pnd_ledger_get(struct pnd_ledger *ledger, uint32_t pool_index, int status,
                    struct pendio_context *context, const struct pnd_snapshot *shown)
{
    struct pnd_pool_page *pool = &ledger->pools[pool_index];
    pnd_ledger_about(ledger, NULL);
    bool full = pool->taken_count == pool->context_count;
    bool right = pnd_referee_hold(ledger->referee, PND_RULE_POOL, status == (full ? -EAGAIN : 0),
                                  "get answered %s with %u of %u contexts taken",
                                  pnd_names_error(status), pool->taken_count, pool->context_count);
    if (status == -EAGAIN)
        ledger->counts.exhausted++;
    if (status != 0)
        return right;
    struct pnd_context_page *page = page_for(ledger, context, pool_index);
    (void)pnd_referee_hold(ledger->referee, PND_RULE_POOL, page != NULL,
                           "get gave a context beyond the pool's number");
    if (page == NULL)
        return false;
    pnd_ledger_trace_plain(ledger, page, PND_TRACE_TAKEN, 0);
    right &= judge_taken(ledger, pool, page, shown);
    enter_taken(ledger, pool, page);
    return right;
}

static void enter_put(struct pnd_ledger *ledger, struct pnd_context_page *page)
{
    struct pnd_pool_page *pool = &ledger->pools[page->pool_index];
    page->taken = false;
    pool->taken_count--;
    pool->put_back[pool->put_count++] = (uint32_t)(page - ledger->contexts);
    ledger->counts.contexts_taken--;
}

void pnd_ledger_put(struct pnd_ledger *ledger, const struct pendio_context *context, int status)
{
    struct pnd_context_page *page = pnd_ledger_context(ledger, context);
    if (page == NULL)
        return;
    int right = page->pending ? -EBUSY : page->taken ? 0 : -EALREADY;
    pnd_ledger_trace_plain(ledger, page, PND_TRACE_PUT_BACK, status);
    pnd_referee_hold(ledger->referee, PND_RULE_POOL, status == right, "put answered %s, not %s",
                     pnd_names_error(status), pnd_names_error(right));
    if (status == 0 && page->taken)
        enter_put(ledger, page);
}

/* Once a turn, even if it was handed out meanwhile, which is an offence. */
void pnd_ledger_return(struct pnd_ledger *ledger, struct pnd_context_page *page)
{
    if (page->returning)
        return;
    page->returning = true;
    ledger->returning[ledger->returning_count++] = (uint32_t)(page - ledger->contexts);
}

static enum pnd_handle_kind kind_of(Pendio__Family family)
{
    switch (family) {
    case PENDIO__FAMILY__UDP4:
    case PENDIO__FAMILY__UDP6:
    case PENDIO__FAMILY__UNIX_DATAGRAM:
        return PND_KIND_DATAGRAM;
    case PENDIO__FAMILY__UNIX_SEQPACKET:
        return PND_KIND_SEQPACKET;
    case PENDIO__FAMILY__FILE:
        return PND_KIND_FILE;
    default:
        return PND_KIND_STREAM;
    }
}

struct pnd_handle_page *pnd_ledger_open(struct pnd_ledger *ledger, pendio_handle handle,
                                        Pendio__Family family)
{
    uint32_t index = ledger->handle_free;
    if (!pnd_referee_hold(
            ledger->referee, PND_RULE_PRODUCT,
            handle != 0 && pnd_table_find(&ledger->handle_table, handle) == PND_TABLE_NOTHING,
            "handle %#llx was given while it is open or closing", (unsigned long long)handle))
        return NULL;
    if (index == ledger->handle_capacity)
        return NULL;
    struct pnd_handle_page *page = &ledger->handles[index];
    ledger->handle_free = page->next_free;
    *page = (struct pnd_handle_page){.handle = handle,
                                     .number = ++ledger->handle_number,
                                     .family = family,
                                     .kind = kind_of(family)};
    pnd_table_add(&ledger->handle_table, handle, index);
    ledger->counts.handles_open++;
    return page;
}

void pnd_ledger_release(struct pnd_ledger *ledger, struct pnd_handle_page *handle)
{
    if (!handle->closed || handle->pending_count + handle->into_count > 0)
        return;
    pnd_table_remove(&ledger->handle_table, handle->handle);
    handle->next_free = ledger->handle_free;
    ledger->handle_free = (uint32_t)(handle - ledger->handles);
    ledger->counts.handles_open--;
}

void pnd_ledger_close_now(struct pnd_ledger *ledger, pendio_handle handle, int status)
{
    struct pnd_handle_page *page = pnd_ledger_handle(ledger, handle);
    bool usable = page != NULL && !page->closing;
    pnd_ledger_about(ledger, NULL);
    pnd_referee_hold(ledger->referee, PND_RULE_STALE, (status == 0) == usable,
                     "close without a context of %s handle answered %s",
                     usable ? "an open" : "a stale", pnd_names_error(status));
    if (status != 0 || page == NULL)
        return;
    page->closing = true;
    page->closed = true;
    pnd_ledger_release(ledger, page);
}

void pnd_ledger_turn(struct pnd_ledger *ledger)
{
    ledger->turn++;
    ledger->turning = true;
    for (uint32_t i = 0; i < ledger->returning_count; i++) {
        struct pnd_context_page *page = &ledger->contexts[ledger->returning[i]];
        page->returning = false;
        if (!page->taken)
            continue;
        pnd_ledger_trace_plain(ledger, page, PND_TRACE_PUT_BACK, 0);
        enter_put(ledger, page);
    }
    ledger->returning_count = 0;
    pnd_ledger_about(ledger, NULL);
}

bool pnd_ledger_run_is_fresh(struct pnd_ledger *ledger, pendio_run run)
{
    uint64_t *place = &ledger->runs[run * UINT64_C(0x9e3779b97f4a7c15) >> 47];
    if (run == 0 || *place == run)
        return false;
    *place = run;
    return true;
}

bool pnd_ledger_has_window(const struct pnd_start *start)
{
    return pnd_kind_of(start->operation)->window || (start->flags & PENDIO_FIRST_DATA) != 0;
}

bool pnd_ledger_makes_handle(const struct pnd_start *start)
{
    return pnd_kind_of(start->operation)->product == PND_PRODUCT_HANDLE ||
           (start->operation == PENDIO_OPERATION_CONNECT && start->handle == 0);
}

int pnd_ledger_line(const struct pnd_start *start)
{
    const struct pnd_kind *kind = pnd_kind_of(start->operation);
    if (kind->parts)
        return 1;
    if (kind->direction == PND_MOVES_NOTHING || !(kind->socket || start->streaming))
        return -1;
    return kind->direction == PND_MOVES_IN ? 0 : 1;
}
