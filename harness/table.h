/* table.h - a map from 64-bit keys to indices, with room for a number known beforehand. */
#ifndef PND_TABLE_H
#define PND_TABLE_H

#include <stdint.h>

#define PND_TABLE_NOTHING UINT32_MAX

struct pnd_table_entry {
    uint64_t key;
    uint32_t value;
};

struct pnd_table {
    struct pnd_table_entry *entries; /* open addressing; a free one has PND_TABLE_NOTHING */
    uint64_t mask;
};

/* Room for `count` keys. Returns 0 or -ENOMEM. */
int pnd_table_init(struct pnd_table *table, uint64_t count);
void pnd_table_fini(struct pnd_table *table);

/* The key's value, or PND_TABLE_NOTHING. */
uint32_t pnd_table_find(const struct pnd_table *table, uint64_t key);

/* The key must not be there yet, and not more than `count` keys ever. */
void pnd_table_add(struct pnd_table *table, uint64_t key, uint32_t value);

/* A key that is not there is ignored. */
void pnd_table_remove(struct pnd_table *table, uint64_t key);

#endif
