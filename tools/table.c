/*
 * table.c - a table of text on a stream, by libsmartcols.
 *
 * Happy path:  columns -> rows -> print; as wide as it needs to be, so that nothing is cut.
 * Failures:    only want of memory, and a stream that cannot be written.
 */
#include "table.h"

#include <errno.h>
#include <libsmartcols.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct pnd_table {
    struct libscols_table *lines;
    size_t column_count;
};

static const char *const colours[] = {
    [PND_PLAIN] = NULL, [PND_GREEN] = "green", [PND_YELLOW] = "yellow", [PND_RED] = "red"};

static bool wants_colours(FILE *stream);
static int add_columns(struct libscols_table *lines, const struct pnd_column *columns,
                       size_t column_count);

int pnd_table_create(const struct pnd_column *columns, size_t column_count, FILE *stream,
                     struct pnd_table **ret_table)
{
    struct pnd_table *table = calloc(1, sizeof *table);
    if (table == NULL)
        return -ENOMEM;
    table->column_count = column_count;
    table->lines = scols_new_table();
    if (table->lines == NULL) {
        free(table);
        return -ENOMEM;
    }

    int status = scols_table_set_stream(table->lines, stream);
    if (status == 0)
        status = scols_table_set_termforce(table->lines, SCOLS_TERMFORCE_NEVER);
    if (status == 0)
        status = scols_table_set_column_separator(table->lines, "  ");
    if (status == 0)
        status = scols_table_enable_colors(table->lines, wants_colours(stream));
    if (status == 0)
        status = add_columns(table->lines, columns, column_count);
    if (status < 0)
        pnd_table_destroy(table);
    else
        *ret_table = table;
    return status;
}

static bool wants_colours(FILE *stream)
{
    const char *refused = getenv("NO_COLOR");
    return isatty(fileno(stream)) && (refused == NULL || refused[0] == '\0');
}

static int add_columns(struct libscols_table *lines, const struct pnd_column *columns,
                       size_t column_count)
{
    for (size_t index = 0; index < column_count; index++) {
        int flags = columns[index].align == PND_RIGHT ? SCOLS_FL_RIGHT : 0;
        if (scols_table_new_column(lines, columns[index].title, 0, flags) == NULL)
            return -ENOMEM;
    }
    return 0;
}

int pnd_table_add(struct pnd_table *table, const char *const *cells, enum pnd_colour colour)
{
    struct libscols_line *line = scols_table_new_line(table->lines, NULL);
    if (line == NULL)
        return -ENOMEM;

    int status = 0;
    for (size_t index = 0; status == 0 && index < table->column_count; index++)
        status = scols_line_set_data(line, index, cells[index]);
    if (status == 0 && colours[colour] != NULL)
        status = scols_cell_set_color(scols_line_get_cell(line, table->column_count - 1),
                                      colours[colour]);
    return status;
}

int pnd_table_print(struct pnd_table *table)
{
    return scols_print_table(table->lines);
}

void pnd_table_destroy(struct pnd_table *table)
{
    scols_unref_table(table->lines);
    free(table);
}
