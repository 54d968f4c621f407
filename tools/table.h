/* table.h - a table of text on a stream. */
#ifndef PND_TABLE_H
#define PND_TABLE_H

#include <stddef.h>
#include <stdio.h>

struct pnd_table;

enum pnd_align { PND_LEFT, PND_RIGHT };

struct pnd_column {
    const char *title;
    enum pnd_align align;
};

/* A colour for a whole row, shown only on a terminal that wants one. */
enum pnd_colour { PND_PLAIN, PND_GREEN, PND_YELLOW, PND_RED };

/* Each returns 0 or -errno. */
int pnd_table_create(const struct pnd_column *columns, size_t column_count, FILE *stream,
                     struct pnd_table **ret_table);

/* One text for each column; the last one is in `colour`. */
int pnd_table_add(struct pnd_table *table, const char *const *cells, enum pnd_colour colour);
int pnd_table_print(struct pnd_table *table);
void pnd_table_destroy(struct pnd_table *table);

#endif
