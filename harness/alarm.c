/*
 * alarm.c - instances that wait for a time, the earliest first.
 *
 * Happy path:  a binary heap by time, and where times are the same by number.
 * Failures:    none; there is room for every instance.
 */
#include "alarm.h"

#include "engine.h"

static bool is_earlier(const struct pnd_instance *a, const struct pnd_instance *b)
{
    return a->wake_ns < b->wake_ns || (a->wake_ns == b->wake_ns && a < b);
}

void pnd_alarm_add(struct pnd_alarms *alarms, struct pnd_instance *instance)
{
    uint32_t at = alarms->count++;
    while (at > 0 && is_earlier(instance, alarms->heap[(at - 1) / 2])) {
        alarms->heap[at] = alarms->heap[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    alarms->heap[at] = instance;
}

/* The last one goes down from the top to where it belongs. */
static void sink(struct pnd_alarms *alarms)
{
    struct pnd_instance *last = alarms->heap[--alarms->count];
    uint32_t at = 0;
    for (uint32_t child; (child = 2 * at + 1) < alarms->count; at = child) {
        if (child + 1 < alarms->count && is_earlier(alarms->heap[child + 1], alarms->heap[child]))
            child++;
        if (is_earlier(last, alarms->heap[child]))
            break;
        alarms->heap[at] = alarms->heap[child];
    }
    alarms->heap[at] = last;
}

struct pnd_instance *pnd_alarm_take(struct pnd_alarms *alarms, uint64_t now_ns)
{
    if (now_ns < pnd_alarm_next_ns(alarms) || alarms->count == 0)
        return NULL;
    struct pnd_instance *instance = alarms->heap[0];
    sink(alarms);
    return instance;
}

uint64_t pnd_alarm_next_ns(const struct pnd_alarms *alarms)
{
    return alarms->count > 0 ? alarms->heap[0]->wake_ns : UINT64_MAX;
}
