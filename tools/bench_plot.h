/* bench_plot.h - a plot of ratios, as SVG. */
#ifndef PND_BENCH_PLOT_H
#define PND_BENCH_PLOT_H

#include <jansson.h>
#include <libxml/xmlwriter.h>
#include <stdbool.h>

enum { PND_BENCH_GROUP_BYTES = 48 };

struct pnd_bench_plot {
    const json_t *results; /* of a report */
    const char *title;
    const char *cases;           /* a pattern */
    const char *const *subjects; /* to be seen, the last one NULL; NULL: all of them */
    int row_height;
};

/* Which group a case belongs to: its name without what varies. */
void pnd_bench_plot_group(const char *case_name, char ret_group[PND_BENCH_GROUP_BYTES]);

/*
 * A row for each case, a mark for each subject: what it costs, divided by what the best one written
 * by hand does, with quartiles. False: no memory.
 */
bool pnd_bench_plot_write(xmlTextWriter *writer, const struct pnd_bench_plot *plot);

/* Something can be seen in it. */
bool pnd_bench_plot_has_marks(const struct pnd_bench_plot *plot);

#endif
