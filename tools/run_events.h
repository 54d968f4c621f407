/* run_events.h - what happened to a context before a rule was broken, as SVG and as a table. */
#ifndef PND_RUN_EVENTS_H
#define PND_RUN_EVENTS_H

#include "messages.h"

#include <libxml/xmlwriter.h>
#include <stdbool.h>

/* Each returns false for want of memory. */
bool pnd_run_events_plot(xmlTextWriter *writer, const Pendio__Violation *violation);
bool pnd_run_events_table(xmlTextWriter *writer, const Pendio__Violation *violation);

#endif
