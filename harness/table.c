/*
 * table.c - a map from 64-bit keys to indices, with room for a number known beforehand.
 *
 * Happy path:  open addressing, at most half full, so that a search is short; removing shifts the
 *              followers back, so that no gap is left behind.
 * Failures:    want of memory at the beginning only.
 */
#include "table.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

static uint64_t home_of(const struct pnd_table *table, uint64_t key)
{
    return (key * UINT64_C(0x9e3779b97f4a7c15) >> 20) & table->mask;
}

int pnd_table_init(struct pnd_table *table, uint64_t count)
{
    uint64_t size = 16;
    while (size < 2 * count)
        size *= 2;
    table->entries = malloc(size * sizeof *table->entries);
    if (table->entries == NULL)
        return -ENOMEM;
    table->mask = size - 1;
    for (uint64_t i = 0; i < size; i++)
        table->entries[i] = (struct pnd_table_entry){0, PND_TABLE_NOTHING};
    return 0;
}

void pnd_table_fini(struct pnd_table *table)
{
    free(table->entries);
    table->entries = NULL;
}

/* Where the key is, or where it would be. */
static uint64_t position_of(const struct pnd_table *table, uint64_t key)
{
    uint64_t position = home_of(table, key);
    while (table->entries[position].value != PND_TABLE_NOTHING &&
           table->entries[position].key != key)
        position = (position + 1) & table->mask;
    return position;
}

uint32_t pnd_table_find(const struct pnd_table *table, uint64_t key)
{
    return table->entries[position_of(table, key)].value;
}

void pnd_table_add(struct pnd_table *table, uint64_t key, uint32_t value)
{
    uint64_t position = position_of(table, key);
    assert(table->entries[position].value == PND_TABLE_NOTHING);
    assert(value != PND_TABLE_NOTHING);
    table->entries[position] = (struct pnd_table_entry){key, value};
}

void pnd_table_remove(struct pnd_table *table, uint64_t key)
{
    uint64_t gap = position_of(table, key);
    if (table->entries[gap].value == PND_TABLE_NOTHING)
        return;
    uint64_t next = (gap + 1) & table->mask;
    while (table->entries[next].value != PND_TABLE_NOTHING) {
        uint64_t home = home_of(table, table->entries[next].key);
        /* Moves back unless its home lies behind the gap. */
        if (((next - home) & table->mask) >= ((next - gap) & table->mask)) {
            table->entries[gap] = table->entries[next];
            gap = next;
        }
        next = (next + 1) & table->mask;
    }
    table->entries[gap].value = PND_TABLE_NOTHING;
}
