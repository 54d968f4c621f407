/* trace_test.c - rings of events, the first ones of a run, and what an offence keeps of them. */
#include "books.h"
#include "suite.h"

#include <errno.h>

static struct pnd_trace trace;

static void begin(void)
{
    ck_assert_int_eq(pnd_trace_init(&trace, 2, 3), 0);
    trace.begun_ns = 1000;
}

static void end(void)
{
    pnd_trace_fini(&trace);
}

static void enter(uint32_t index, uint64_t generation)
{
    const struct pnd_trace_event event = {.kind = PND_TRACE_STARTED, .generation = generation};
    pnd_trace_enter(&trace, index, &event);
}

START_TEST(a_ring_keeps_the_last_events_in_order)
{
    struct pnd_trace_event events[PND_TRACE_RING_COUNT];
    for (uint64_t i = 1; i <= PND_TRACE_RING_COUNT + 5; i++)
        enter(1, i);
    ck_assert_uint_eq(pnd_trace_last(&trace.rings[0], events), 0);
    ck_assert_uint_eq(pnd_trace_last(&trace.rings[1], events), PND_TRACE_RING_COUNT);
    for (uint64_t i = 0; i < PND_TRACE_RING_COUNT; i++) {
        ck_assert_uint_eq(events[i].generation, 6 + i);
        ck_assert_uint_eq(events[i].context, 2);
    }
}
END_TEST

START_TEST(a_ring_that_is_not_full_has_what_there_was)
{
    struct pnd_trace_event events[PND_TRACE_RING_COUNT];
    enter(0, 7);
    enter(0, 8);
    ck_assert_uint_eq(pnd_trace_last(&trace.rings[0], events), 2);
    ck_assert_uint_eq(events[0].generation, 7);
    ck_assert_uint_eq(events[1].generation, 8);
}
END_TEST

START_TEST(of_a_run_the_first_events_are_kept)
{
    for (uint64_t i = 1; i <= 10; i++)
        enter((uint32_t)i % 2, i);
    ck_assert_uint_eq(trace.first_count, 3);
    ck_assert_uint_eq(trace.first_events[2].generation, 3);
}
END_TEST

START_TEST(time_counts_from_the_beginning_and_never_goes_back)
{
    pnd_trace_look(&trace, 500);
    enter(0, 1);
    pnd_trace_look(&trace, 1700);
    pnd_trace_look(&trace, 1600);
    enter(0, 2);
    ck_assert_uint_eq(trace.first_events[0].elapsed_ns, 0);
    ck_assert_uint_eq(trace.first_events[1].elapsed_ns, 700);
}
END_TEST

START_TEST(an_event_without_a_place_happened_where_the_engine_is)
{
    const struct pnd_trace_event elsewhere = {.place = {.step_index = 9, .known = true}};
    trace.place = (struct pnd_trace_place){.step_index = 4, .known = true};
    enter(0, 1);
    pnd_trace_enter(&trace, 0, &elsewhere);
    ck_assert_uint_eq(trace.first_events[0].place.step_index, 4);
    ck_assert_uint_eq(trace.first_events[1].place.step_index, 9);
}
END_TEST

/* ---- what an offence keeps ------------------------------------------------------------------ */

static void begin_books(void)
{
    books_begin();
    books_open_handle(PENDIO__FAMILY__TCP4);
    books_take(0);
}

START_TEST(an_offence_keeps_the_story_of_its_context)
{
    struct pnd_start start = books_describe(0, PENDIO_OPERATION_RECEIVE);
    books_done(&start, books_complete(&start, ++books.next_run, 10));
    pendio_run run = books_pend(&start);
    ck_assert(books_deliver(books_complete(&start, run, 129)));
    const struct pnd_finding *finding = &books.referee.findings[PND_RULE_BYTES];
    ck_assert_uint_eq(finding->event_count, 4);
    ck_assert_int_eq(finding->events[0].kind, PND_TRACE_TAKEN);
    ck_assert_uint_eq(finding->events[0].generation, 0);
    ck_assert_int_eq(finding->events[1].answer, PND_TRACE_DONE);
    ck_assert_uint_eq(finding->events[1].bytes, 10);
    ck_assert_int_eq(finding->events[2].answer, PND_TRACE_PENDING);
    ck_assert_uint_eq(finding->events[2].generation, 2);
    ck_assert_int_eq(finding->events[3].kind, PND_TRACE_DELIVERED);
    ck_assert_uint_eq(finding->events[3].bytes, 129);
    ck_assert_uint_eq(finding->events[3].context, 1);
    ck_assert_uint_eq(finding->events[3].handle, 1);
    ck_assert_uint_eq(finding->events[3].operation, PENDIO_OPERATION_RECEIVE);
}
END_TEST

START_TEST(a_refusal_that_is_an_offence_shows_itself)
{
    struct pnd_start start = books_describe(0, PENDIO_OPERATION_RECEIVE);
    struct pnd_snapshot shown = books_fresh(0);
    pnd_ledger_start(&books.ledger, &start, -EPERM, &shown, &shown, 2000);
    const struct pnd_finding *finding = &books.referee.findings[PND_RULE_REFUSED_RIGHTLY];
    ck_assert_uint_eq(finding->event_count, 2);
    ck_assert_int_eq(finding->events[1].answer, PND_TRACE_REFUSED);
    ck_assert_int_eq(finding->events[1].error, -EPERM);
}
END_TEST

START_TEST(a_second_delivery_is_told_with_the_first)
{
    struct pnd_start start = books_describe(0, PENDIO_OPERATION_RECEIVE);
    struct pendio_completion completion = books_complete(&start, books_pend(&start), 10);
    ck_assert(books_deliver(completion));
    ck_assert(!books_deliver(completion));
    const struct pnd_finding *finding = &books.referee.findings[PND_RULE_NO_DELIVERY];
    ck_assert_uint_eq(finding->event_count, 4);
    ck_assert_int_eq(finding->events[2].kind, PND_TRACE_DELIVERED);
    ck_assert_int_eq(finding->events[3].kind, PND_TRACE_DELIVERED);
}
END_TEST

START_TEST(what_is_no_contexts_keeps_nothing)
{
    pnd_ledger_close_now(&books.ledger, HANDLE, -EBADF);
    ck_assert_uint_eq(books.referee.findings[PND_RULE_STALE].offence_count, 1);
    ck_assert_uint_eq(books.referee.findings[PND_RULE_STALE].event_count, 0);
}
END_TEST

int main(void)
{
    const TTest *const rings[] = {
        a_ring_keeps_the_last_events_in_order,
        a_ring_that_is_not_full_has_what_there_was,
        of_a_run_the_first_events_are_kept,
        time_counts_from_the_beginning_and_never_goes_back,
        an_event_without_a_place_happened_where_the_engine_is,
    };
    const TTest *const offences[] = {
        an_offence_keeps_the_story_of_its_context,
        a_refusal_that_is_an_offence_shows_itself,
        a_second_delivery_is_told_with_the_first,
        what_is_no_contexts_keeps_nothing,
    };
    int status = suite_run("trace", begin, end, rings, sizeof rings / sizeof rings[0]);
    return suite_run("trace of offences", begin_books, books_end, offences,
                     sizeof offences / sizeof offences[0]) != 0
               ? 1
               : status;
}
