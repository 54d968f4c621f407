/*
 * store.c - a ring of reports.
 *
 * Happy path:  add at the young end, find by number, drop at the old end.
 * Failures:    none once it was created.
 */
#include "store.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

struct entry {
    Pendio__Event *event;
    size_t byte_count;
};

struct pnd_store {
    struct entry entries[PND_STORE_RUN_COUNT];
    size_t oldest; /* index */
    size_t count;
    size_t byte_count;
};

static const struct entry *entry_by_age(const struct pnd_store *store, size_t age);
static void drop_oldest(struct pnd_store *store);

int pnd_store_create(struct pnd_store **ret_store)
{
    struct pnd_store *store = calloc(1, sizeof *store);
    if (store == NULL)
        return -ENOMEM;
    *ret_store = store;
    return 0;
}

void pnd_store_add(struct pnd_store *store, Pendio__Event *report, size_t packed_byte_count)
{
    assert(report->body_case == PENDIO__EVENT__BODY_REPORT);
    while (store->count > 0 && (store->count == PND_STORE_RUN_COUNT ||
                                store->byte_count + packed_byte_count > PND_STORE_BYTES))
        drop_oldest(store);

    size_t index = (store->oldest + store->count) % PND_STORE_RUN_COUNT;
    store->entries[index] = (struct entry){.event = report, .byte_count = packed_byte_count};
    store->byte_count += packed_byte_count;
    store->count++;
}

static void drop_oldest(struct pnd_store *store)
{
    struct entry *entry = &store->entries[store->oldest];
    pnd_message_free(&entry->event->base);
    store->byte_count -= entry->byte_count;
    store->oldest = (store->oldest + 1) % PND_STORE_RUN_COUNT;
    store->count--;
}

Pendio__Report *pnd_store_find(const struct pnd_store *store, uint64_t run)
{
    for (size_t age = 0; age < store->count; age++) {
        const struct entry *entry = entry_by_age(store, age);
        if (entry->event->run == run)
            return entry->event->report;
    }
    return NULL;
}

size_t pnd_store_stats(const struct pnd_store *store, Pendio__Stats **ret_stats, size_t stats_count)
{
    size_t count = 0;
    for (size_t age = 0; age < store->count && count < stats_count; age++) {
        Pendio__Stats *stats = entry_by_age(store, age)->event->report->stats;
        if (stats != NULL)
            ret_stats[count++] = stats;
    }
    return count;
}

/* 0 is the youngest. */
static const struct entry *entry_by_age(const struct pnd_store *store, size_t age)
{
    assert(age < store->count);
    return &store->entries[(store->oldest + store->count - 1 - age) % PND_STORE_RUN_COUNT];
}

void pnd_store_destroy(struct pnd_store *store)
{
    if (store == NULL)
        return;
    while (store->count > 0)
        drop_oldest(store);
    free(store);
}
