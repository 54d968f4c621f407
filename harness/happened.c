/*
 * happened.c - what happened in one place of a run on several daemons, for whoever tells others.
 *
 * Happy path:  events are kept as they come; a list of what they say grows beside them.
 * Failures:    a process that says too much is refused: a report must have room for all of it.
 */
#include "happened.h"

#include <errno.h>
#include <stdlib.h>

enum {
    ITEM_LIMIT = 1024 + 1, /* what a plan allows, and that it is ready */
    BYTE_LIMIT = 512 << 10,
    ENTRY_BYTES = 16, /* beside what an entry says */
    FIRST_CAPACITY = 16,
};

/* As it is packed, or a little more; with fields that nobody knows, which are kept, too. */
static size_t size_of(const Pendio__Event *event)
{
    size_t entry_count = 1 + event->happened->n_bound + event->happened->n_signals;
    return pendio__event__get_packed_size(event) + ENTRY_BYTES * entry_count;
}

static int grow(struct pnd_happened *happened)
{
    size_t capacity = happened->capacity > 0 ? 2 * happened->capacity : FIRST_CAPACITY;
    Pendio__Happened **items = calloc(capacity, sizeof(Pendio__Happened *));
    Pendio__Event **events = calloc(capacity, sizeof(Pendio__Event *));
    if (items == NULL || events == NULL) {
        free(items);
        free(events);
        return -ENOMEM;
    }
    for (size_t i = 0; i < happened->count; i++) {
        items[i] = happened->items[i];
        events[i] = happened->events[i];
    }
    free(happened->items);
    free(happened->events);
    happened->items = items;
    happened->events = events;
    happened->capacity = capacity;
    return 0;
}

int pnd_happened_add(struct pnd_happened *happened, Pendio__Event *event)
{
    size_t byte_count = size_of(event);
    int status = 0;
    if (happened->count == ITEM_LIMIT || byte_count > BYTE_LIMIT - happened->byte_count)
        status = -E2BIG;
    else if (happened->count == happened->capacity)
        status = grow(happened);
    if (status < 0) {
        pnd_message_free(&event->base);
        return status;
    }
    happened->items[happened->count] = event->happened;
    happened->events[happened->count++] = event;
    happened->byte_count += byte_count;
    return 0;
}

void pnd_happened_fini(struct pnd_happened *happened)
{
    for (size_t i = 0; i < happened->count; i++)
        pnd_message_free(&happened->events[i]->base);
    free(happened->items);
    free(happened->events);
    *happened = (struct pnd_happened){0};
}
