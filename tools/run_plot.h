/* run_plot.h - how long operations took, and how a run went over its time, as SVG. */
#ifndef PND_RUN_PLOT_H
#define PND_RUN_PLOT_H

#include "outcome.h"

#include <libxml/xmlwriter.h>

/* Each returns false for want of memory. The histogram is a sound one. */
bool pnd_run_plot_latency(xmlTextWriter *writer, const char *title,
                          const Pendio__Histogram *histogram);

/* Answers a second, and contexts that were taken. */
bool pnd_run_plot_answers(xmlTextWriter *writer, const Pendio__Report *report);
bool pnd_run_plot_contexts(xmlTextWriter *writer, const struct pnd_outcome *outcome);

#endif
