/* report_details.h - what a report has beside sums: violations, histograms, a timeline, a trace. */
#ifndef PND_REPORT_DETAILS_H
#define PND_REPORT_DETAILS_H

#include "engine.h"
#include "fixed.h"
#include "repeat.h"

#include "messages.h"

/* Everything those parts of a Report point to. */
struct pnd_report_details {
    Pendio__Histogram latency;
    Pendio__Histogram round_latency;
    char fixed_digits[PND_FIXED_DIGITS_BYTES];
    char repeat_command[PND_REPEAT_BYTES];
    struct pnd_report_violations *violations;
    struct pnd_report_events *events;
    struct pnd_report_samples *samples;
};

/*
 * Completes the report of a run that is over; `subject` is what the request named, or "". Without
 * memory for a part the report has to do without it. The details outlive the report.
 */
void pnd_report_details_init(struct pnd_report_details *details, const struct pnd_engine *engine,
                             const char *subject, Pendio__Report *report);
void pnd_report_details_fini(struct pnd_report_details *details);

#endif
