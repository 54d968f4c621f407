/* store.h - finished runs: the last ones, within bounds. */
#ifndef PND_STORE_H
#define PND_STORE_H

#include "keep.h"
#include "messages.h"

enum {
    PND_STORE_RUN_COUNT = 256,  /* reports kept */
    PND_STORE_STATS_COUNT = 32, /* statistics shown */
    PND_STORE_BYTES = 64 << 20, /* of all reports, as they are packed */
};

struct pnd_store;

int pnd_store_create(struct pnd_store **ret_store);

/*
 * Takes over `keep`: what it holds is added, and from now on it is told what is added and dropped.
 * Only while the store is empty.
 */
void pnd_store_keep(struct pnd_store *store, struct pnd_keep *keep);

/*
 * Takes over an event with a report, from pnd_message_unpack(), and drops the oldest ones that it
 * leaves no room for. The one just added always stays. It ended `ended_s` after 1970 began.
 */
void pnd_store_add(struct pnd_store *store, Pendio__Event *report, size_t packed_byte_count,
                   uint64_t ended_s);

/* The report of a run, or NULL when it is not, or no longer, kept. Valid until the next add. */
Pendio__Report *pnd_store_find(const struct pnd_store *store, uint64_t run);

/*
 * Describes finished runs, youngest first: those older than the run `before`, or all of them for 0.
 * The descriptions are valid until the next add. Returns their count.
 */
size_t pnd_store_list(const struct pnd_store *store, uint64_t before, Pendio__Finished *ret_runs,
                      size_t run_count);

/* The statistics of the youngest finished runs, youngest first; returns their count. */
size_t pnd_store_stats(const struct pnd_store *store, Pendio__Stats **ret_stats,
                       size_t stats_count);

void pnd_store_destroy(struct pnd_store *store);

#endif
