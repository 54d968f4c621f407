/*
 * store.c - a ring of reports.
 *
 * Happy path:  add at the young end, find by number, drop at the old end.
 * Failures:    none once it was created. What is kept on disk says itself what fails there.
 */
#include "store.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

struct entry {
    Pendio__Event *event;
    size_t byte_count;
    uint64_t ended_s;
};

struct pnd_store {
    struct entry entries[PND_STORE_RUN_COUNT];
    size_t oldest; /* index */
    size_t count;
    size_t byte_count;
    struct pnd_keep *keep; /* NULL: nothing outlives the daemon */
};

static void add(struct pnd_store *store, const struct entry *entry);
static const struct entry *entry_by_age(const struct pnd_store *store, size_t age);
static size_t age_beyond(const struct pnd_store *store, uint64_t before);
static void describe(const struct entry *entry, Pendio__Finished *ret_run);
static void drop_oldest(struct pnd_store *store);

int pnd_store_create(struct pnd_store **ret_store)
{
    struct pnd_store *store = calloc(1, sizeof *store);
    if (store == NULL)
        return -ENOMEM;
    *ret_store = store;
    return 0;
}

void pnd_store_add(struct pnd_store *store, Pendio__Event *report, size_t packed_byte_count,
                   uint64_t ended_s)
{
    const struct entry entry = {report, packed_byte_count, ended_s};
    assert(report->body_case == PENDIO__EVENT__BODY_REPORT);
    if (store->keep != NULL)
        pnd_keep_write(store->keep, report);
    add(store, &entry);
}

void pnd_store_keep(struct pnd_store *store, struct pnd_keep *keep)
{
    assert(store->count == 0 && store->keep == NULL);
    store->keep = keep;
    struct pnd_kept kept;
    while (pnd_keep_next(keep, PND_STORE_RUN_COUNT, &kept)) {
        const struct entry entry = {kept.report, kept.byte_count, kept.ended_s};
        add(store, &entry);
    }
}

static void add(struct pnd_store *store, const struct entry *entry)
{
    while (store->count > 0 && (store->count == PND_STORE_RUN_COUNT ||
                                store->byte_count + entry->byte_count > PND_STORE_BYTES))
        drop_oldest(store);

    store->entries[(store->oldest + store->count) % PND_STORE_RUN_COUNT] = *entry;
    store->byte_count += entry->byte_count;
    store->count++;
}

static void drop_oldest(struct pnd_store *store)
{
    struct entry *entry = &store->entries[store->oldest];
    if (store->keep != NULL)
        pnd_keep_remove(store->keep, entry->event->run);
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

size_t pnd_store_list(const struct pnd_store *store, uint64_t before, Pendio__Finished *ret_runs,
                      size_t run_count)
{
    size_t count = 0;
    size_t age = before == 0 ? 0 : age_beyond(store, before);
    while (age < store->count && count < run_count)
        describe(entry_by_age(store, age++), &ret_runs[count++]);
    return count;
}

/* Of the next one that ended before the run did; beyond the oldest when that is not kept. */
static size_t age_beyond(const struct pnd_store *store, uint64_t before)
{
    size_t age = 0;
    while (age < store->count && entry_by_age(store, age)->event->run != before)
        age++;
    return age + 1;
}

static void describe(const struct entry *entry, Pendio__Finished *ret_run)
{
    *ret_run = (Pendio__Finished)PENDIO__FINISHED__INIT;
    ret_run->run = entry->event->run;
    ret_run->workload = entry->event->report->workload;
    ret_run->verdict = entry->event->report->verdict;
    ret_run->content_hash = entry->event->report->content_hash;
    ret_run->ended_s = entry->ended_s;
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
    pnd_keep_destroy(store->keep);
    store->keep = NULL; /* what it holds is to stay */
    while (store->count > 0)
        drop_oldest(store);
    free(store);
}
