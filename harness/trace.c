/*
 * trace.c - what happened to each context, remembered in memory that is reserved beforehand.
 *
 * Happy path:  an event goes into its context's ring, over the oldest one, and among the first ones
 *              of the run as long as there is room.
 * Failures:    want of memory at the beginning; none later.
 */
#include "trace.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int pnd_trace_init(struct pnd_trace *trace, uint64_t context_count, uint32_t event_count)
{
    memset(trace, 0, sizeof *trace);
    trace->rings = calloc(context_count + 1, sizeof *trace->rings);
    trace->first_events = calloc((size_t)event_count + 1, sizeof *trace->first_events);
    trace->first_capacity = event_count;
    if (trace->rings != NULL && trace->first_events != NULL)
        return 0;
    pnd_trace_fini(trace);
    return -ENOMEM;
}

void pnd_trace_fini(struct pnd_trace *trace)
{
    free(trace->rings);
    free(trace->first_events);
    memset(trace, 0, sizeof *trace);
}

void pnd_trace_look(struct pnd_trace *trace, uint64_t now_ns)
{
    if (now_ns > trace->now_ns)
        trace->now_ns = now_ns;
}

void pnd_trace_enter(struct pnd_trace *trace, uint32_t index, const struct pnd_trace_event *event)
{
    struct pnd_trace_ring *ring = &trace->rings[index];
    struct pnd_trace_event *entered = &ring->events[ring->count++ % PND_TRACE_RING_COUNT];
    *entered = *event;
    entered->context = index + 1;
    entered->elapsed_ns = trace->now_ns > trace->begun_ns ? trace->now_ns - trace->begun_ns : 0;
    if (!entered->place.known)
        entered->place = trace->place;
    if (trace->first_count < trace->first_capacity)
        trace->first_events[trace->first_count++] = *entered;
}

uint32_t pnd_trace_last(const struct pnd_trace_ring *ring,
                        struct pnd_trace_event ret_events[PND_TRACE_RING_COUNT])
{
    uint32_t count =
        ring->count < PND_TRACE_RING_COUNT ? (uint32_t)ring->count : PND_TRACE_RING_COUNT;
    for (uint32_t i = 0; i < count; i++)
        ret_events[i] = ring->events[(ring->count - count + i) % PND_TRACE_RING_COUNT];
    return count;
}
