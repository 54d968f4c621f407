/*
 * run_cases.c - each run's own part of the page: what was violated, and what was measured.
 *
 * Happy path:  verdict and reason -> failed checks -> violations, each with the story of its
 *              context and the command that repeats it -> latencies, answers, contexts over time.
 * Failures:    want of memory; a histogram that is not sound is left out.
 */
#include "run_cases.h"

#include "histogram.h"
#include "markup.h"
#include "page.h"
#include "run_events.h"
#include "run_plot.h"
#include "text.h"
#include "units.h"

static bool write_head(xmlTextWriter *writer, const struct pnd_outcome *outcome, size_t number);
static bool write_identity(xmlTextWriter *writer, const Pendio__Report *report);
static bool write_said(xmlTextWriter *writer, const char *name, const char *text);
static bool write_checks(xmlTextWriter *writer, const Pendio__Report *report);
static bool write_violation(xmlTextWriter *writer, const Pendio__Violation *violation);
static bool write_whose(xmlTextWriter *writer, const Pendio__Violation *violation);
static bool write_measured(xmlTextWriter *writer, const struct pnd_outcome *outcome);
static bool write_pool(xmlTextWriter *writer, const struct pnd_outcome *outcome);

struct pnd_run_anchor pnd_run_anchor(size_t number)
{
    struct pnd_run_anchor anchor;
    (void)snprintf(anchor.text, sizeof anchor.text, "run-%zu", number);
    return anchor;
}

bool pnd_run_has_case(const struct pnd_outcome *outcome)
{
    const Pendio__Report *report = outcome->report;
    return outcome->verdict != PENDIO__VERDICT__PASSED || report->n_timeline > 0 ||
           pnd_histogram_is_sound(report->latency);
}

bool pnd_run_case_write(xmlTextWriter *writer, const struct pnd_outcome *outcome, size_t number)
{
    const Pendio__Report *report = outcome->report;
    bool whole = pnd_markup_begin(writer, "section") &&
                 pnd_markup_attribute(writer, "id", pnd_run_anchor(number).text) &&
                 write_head(writer, outcome, number) && write_identity(writer, report) &&
                 write_checks(writer, report);
    for (size_t index = 0; whole && index < report->n_violations; index++)
        whole = write_violation(writer, report->violations[index]);
    return whole && write_measured(writer, outcome) && pnd_markup_end(writer);
}

static bool write_head(xmlTextWriter *writer, const struct pnd_outcome *outcome, size_t number)
{
    const char *verdict = pnd_outcome_verdict(outcome->verdict);
    bool whole = pnd_markup_begin(writer, "h3") && pnd_markup_text(writer, outcome->workload) &&
                 pnd_markup_text(writer, " ") && pnd_markup_begin(writer, "span") &&
                 pnd_markup_attribute(writer, "class", verdict) &&
                 pnd_markup_text(writer, verdict) && pnd_markup_end(writer) &&
                 pnd_markup_end(writer);
    (void)number;
    if (!whole || outcome->reason[0] == '\0')
        return whole;
    return pnd_markup_begin(writer, "p") && pnd_markup_attribute(writer, "class", "reason") &&
           pnd_markup_text(writer, outcome->reason) && pnd_markup_end(writer);
}

static bool write_identity(xmlTextWriter *writer, const Pendio__Report *report)
{
    char seed[32] = "";
    if (report->seed > 0)
        (void)snprintf(seed, sizeof seed, "%llu", (unsigned long long)report->seed);
    return pnd_markup_begin(writer, "p") && pnd_markup_text(writer, "") &&
           write_said(writer, "Subject ", report->subject) && write_said(writer, "seed ", seed) &&
           write_said(writer, "workload ", report->content_hash) &&
           write_said(writer, "fixed answers ", report->fixed_answers_hash) &&
           pnd_markup_end(writer);
}

static bool write_said(xmlTextWriter *writer, const char *name, const char *text)
{
    return text == NULL || text[0] == '\0' ||
           (pnd_markup_text(writer, name) && pnd_markup_element(writer, "code", text) &&
            pnd_markup_text(writer, " "));
}

static bool write_checks(xmlTextWriter *writer, const Pendio__Report *report)
{
    static const char *const titles[] = {"Check that failed", "Expected", "Seen", NULL};
    size_t failed_count = 0;
    for (size_t index = 0; index < report->n_checks; index++)
        failed_count += report->checks[index]->verdict == PENDIO__VERDICT__FAILED;
    if (failed_count == 0)
        return true;

    bool whole = pnd_markup_begin(writer, "table") && pnd_page_titles(writer, titles, 3);
    for (size_t index = 0; whole && index < report->n_checks; index++) {
        const Pendio__Check *check = report->checks[index];
        if (check->verdict == PENDIO__VERDICT__FAILED)
            whole = pnd_markup_begin(writer, "tr") && pnd_page_cell(writer, check->name) &&
                    pnd_page_cell(writer, check->expected) && pnd_page_cell(writer, check->seen) &&
                    pnd_markup_end(writer);
    }
    return whole && pnd_markup_end(writer);
}

static bool write_violation(xmlTextWriter *writer, const Pendio__Violation *violation)
{
    bool whole = pnd_markup_begin(writer, "h4") && pnd_markup_text(writer, "Violation of ") &&
                 pnd_markup_text(writer, violation->rule) && pnd_markup_end(writer) &&
                 pnd_markup_begin(writer, "p") && pnd_markup_attribute(writer, "class", "reason") &&
                 pnd_markup_text(writer, violation->seen) && pnd_markup_end(writer) &&
                 write_whose(writer, violation);
    if (whole && violation->n_events > 0)
        whole = pnd_run_events_plot(writer, violation) && pnd_run_events_table(writer, violation);
    if (whole && violation->repeat_command[0] != '\0')
        whole = pnd_markup_begin(writer, "p") && pnd_markup_text(writer, "Repeat with ") &&
                pnd_markup_element(writer, "code", violation->repeat_command) &&
                pnd_markup_end(writer);
    return whole;
}

static bool write_whose(xmlTextWriter *writer, const Pendio__Violation *violation)
{
    struct pnd_message_error line = {""};
    if (violation->context == 0)
        return true;
    pnd_text_add(&line, "Context %u, start %llu%s%s", violation->context,
                 (unsigned long long)violation->generation,
                 violation->operation[0] != '\0' ? ", " : "", violation->operation);
    return pnd_markup_element(writer, "p", line.text);
}

static bool write_measured(xmlTextWriter *writer, const struct pnd_outcome *outcome)
{
    const Pendio__Report *report = outcome->report;
    bool whole = pnd_markup_begin(writer, "div") && pnd_markup_attribute(writer, "class", "pair") &&
                 pnd_markup_text(writer, "");
    if (whole && pnd_histogram_is_sound(report->latency))
        whole =
            pnd_run_plot_latency(writer, "From start call to answer or delivery", report->latency);
    if (whole && pnd_histogram_is_sound(report->round_latency))
        whole = pnd_run_plot_latency(writer, "Rounds, from when they were to begin",
                                     report->round_latency);
    if (whole && report->n_timeline > 0)
        whole = pnd_run_plot_answers(writer, report) && pnd_run_plot_contexts(writer, outcome);
    return whole && pnd_markup_end(writer) && write_pool(writer, outcome);
}

static bool write_pool(xmlTextWriter *writer, const struct pnd_outcome *outcome)
{
    const Pendio__PoolUse *pool = outcome->pool;
    char text[256];
    if (!pnd_outcome_has_numbers(outcome))
        return true;
    (void)snprintf(text, sizeof text,
                   "Pools: %llu contexts, at most %llu taken at once; %llu times taken, %llu times "
                   "used again; %llu allocations after warm-up. %llu operations in %s.",
                   (unsigned long long)pool->contexts, (unsigned long long)pool->high_water,
                   (unsigned long long)pool->gets, (unsigned long long)pool->reuses,
                   (unsigned long long)pool->allocations_after_warmup,
                   (unsigned long long)outcome->report->operations,
                   pnd_units_ns(outcome->report->elapsed_ns).text);
    return pnd_markup_element(writer, "p", text);
}
