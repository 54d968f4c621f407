/*
 * run_html.c - results of runs as a page that needs nothing else.
 *
 * Happy path:  what was measured on -> how many of each verdict -> a row for each run -> all
 *              latencies together -> the runs one by one, those that did not pass first.
 * Failures:    want of memory; what a run does not tell is a dash.
 */
#include "run_html.h"

#include "histogram.h"
#include "judge.h"
#include "markup.h"
#include "page.h"
#include "run_cases.h"
#include "run_plot.h"
#include "units.h"

static const char style[] =
    "body{font:14px/1.4 sans-serif;margin:2em auto;max-width:78em;padding:0 1em;color:#222}"
    "table{border-collapse:collapse;font-size:12px;margin:1em 0;width:100%}"
    "th,td{border-bottom:1px solid #ddd;padding:2px 8px;text-align:left;vertical-align:top}"
    "td.n,th.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}"
    "ul.verdicts{list-style:none;padding:0;display:flex;gap:1em;flex-wrap:wrap}"
    "ul.verdicts li{border:1px solid #ddd;border-radius:4px;padding:.3em .9em}"
    ".passed{color:#1b7f4d}.failed,.crashed,.invalid{color:#b3261e;font-weight:bold}"
    ".skipped{color:#8a6d00}section{border-top:1px solid #ccc;margin-top:2em}"
    "code{background:#f4f4f4;padding:.1em .3em;overflow-wrap:anywhere}"
    "p.reason,h3,h4{overflow-wrap:anywhere}svg{max-width:100%;height:auto;display:block}"
    "div.pair{display:grid;grid-template-columns:repeat(auto-fill,minmax(20em,1fr));gap:1em}"
    "div.pair svg{width:100%}"
    "@media print{body{margin:0;max-width:none;font-size:10px}table{font-size:8px}"
    "a{color:inherit;text-decoration:none}svg,tr{break-inside:avoid}h2,h3,h4{break-after:avoid}}";

struct page {
    const struct pnd_results *results;
    size_t result_count;
};

typedef bool each_fn(xmlTextWriter *writer, const struct pnd_outcome *outcome, size_t number);

static bool write_page(xmlTextWriter *writer, const void *state);
static bool write_environment(xmlTextWriter *writer, const struct pnd_environment *environment);
static bool write_features(xmlTextWriter *writer, const struct pnd_environment *environment);
static bool write_verdicts(xmlTextWriter *writer, const struct page *page);
static bool write_table(xmlTextWriter *writer, const struct page *page);
static bool write_row(xmlTextWriter *writer, const struct pnd_outcome *outcome, size_t number);
static bool write_name(xmlTextWriter *writer, const struct pnd_outcome *outcome, size_t number);
static bool write_all_latencies(xmlTextWriter *writer, const struct page *page);
static bool write_trouble(xmlTextWriter *writer, const struct pnd_outcome *outcome, size_t number);
static bool write_other(xmlTextWriter *writer, const struct pnd_outcome *outcome, size_t number);
static bool for_each(xmlTextWriter *writer, const struct page *page, each_fn *each);

int pnd_run_html_write(const struct pnd_results *results, size_t result_count, FILE *stream)
{
    const struct page page = {results, result_count};
    return pnd_markup_print("<!DOCTYPE html>\n", write_page, &page, stream);
}

static bool write_page(xmlTextWriter *writer, const void *state)
{
    const struct page *page = state;
    bool whole = pnd_page_begin(writer, "pendio run", style);
    for (size_t index = 0; whole && index < page->result_count; index++)
        whole = write_environment(writer, &page->results[index].environment);
    return whole && write_verdicts(writer, page) && write_table(writer, page) &&
           write_all_latencies(writer, page) && for_each(writer, page, write_trouble) &&
           for_each(writer, page, write_other) && pnd_markup_end(writer) && pnd_markup_end(writer);
}

/* ---- all of them ---------------------------------------------------------------------------- */

static bool write_environment(xmlTextWriter *writer, const struct pnd_environment *environment)
{
    const char *backend = environment->backend[0] != '\0' ? environment->backend : "unknown";
    const char *const pieces[] = {"pendio ",    environment->version,
                                  "; Linux ",   environment->system.release,
                                  ", ",         environment->system.machine,
                                  "; pendiod ", environment->daemon_version,
                                  " at ",       environment->url,
                                  "; backend ", backend,
                                  "."};
    bool whole = pnd_markup_begin(writer, "p");
    for (size_t index = 0; whole && index < sizeof pieces / sizeof pieces[0]; index++)
        whole = pnd_markup_text(writer, pieces[index]);
    return whole && write_features(writer, environment) && pnd_markup_end(writer);
}

static bool write_features(xmlTextWriter *writer, const struct pnd_environment *environment)
{
    bool whole = true;
    for (size_t index = 0; whole && index < environment->feature_count; index++)
        whole = pnd_markup_text(writer, index == 0 ? " Features: " : ", ") &&
                pnd_markup_text(writer, environment->features[index]);
    return whole && (environment->feature_count == 0 || pnd_markup_text(writer, "."));
}

static bool write_verdicts(xmlTextWriter *writer, const struct page *page)
{
    struct pnd_judgement judgement = {0};
    for (size_t index = 0; index < page->result_count; index++)
        pnd_judge_add(&judgement, page->results[index].outcomes,
                      page->results[index].outcome_count);
    bool whole =
        pnd_markup_begin(writer, "ul") && pnd_markup_attribute(writer, "class", "verdicts");
    for (int verdict = PENDIO__VERDICT__PASSED; whole && verdict <= PENDIO__VERDICT__SKIPPED;
         verdict++) {
        const char *name = pnd_outcome_verdict((Pendio__Verdict)verdict);
        char text[64];
        (void)snprintf(text, sizeof text, "%zu %s", judgement.counts[verdict], name);
        if (judgement.counts[verdict] > 0)
            whole = pnd_markup_begin(writer, "li") && pnd_markup_attribute(writer, "class", name) &&
                    pnd_markup_text(writer, text) && pnd_markup_end(writer);
    }
    return whole && pnd_markup_end(writer);
}

static bool write_table(xmlTextWriter *writer, const struct page *page)
{
    static const char *const titles[] = {"Workload",   "Verdict",  "Done",  "Pending", "Refused",
                                         "Deliveries", "Contexts", "Reuse", "Bytes",   "p50",
                                         "p90",        "p99",      "p99.9", "Most",    NULL};
    return pnd_markup_element(writer, "h2", "Runs") && pnd_markup_begin(writer, "table") &&
           pnd_page_titles(writer, titles, 2) && for_each(writer, page, write_row) &&
           pnd_markup_end(writer);
}

static bool write_row(xmlTextWriter *writer, const struct pnd_outcome *outcome, size_t number)
{
    const char *verdict = pnd_outcome_verdict(outcome->verdict);
    const Pendio__Latency *latency = outcome->latency_ns;
    const struct pnd_units_text figures[] = {
        pnd_units_count(outcome->answers->done),
        pnd_units_count(outcome->answers->pending),
        pnd_units_count(outcome->answers->refused),
        pnd_units_count(outcome->report->deliveries),
        pnd_units_count(outcome->pool->contexts),
        pnd_units_times(outcome->report->operations, outcome->pool->contexts),
        pnd_units_bytes(outcome->bytes->sent + outcome->bytes->received),
        pnd_units_ns(latency->p50),
        pnd_units_ns(latency->p90),
        pnd_units_ns(latency->p99),
        pnd_units_ns(latency->p999),
        pnd_units_ns(latency->max),
    };
    bool known = pnd_outcome_has_numbers(outcome);
    bool whole = pnd_markup_begin(writer, "tr") && write_name(writer, outcome, number) &&
                 pnd_markup_begin(writer, "td") && pnd_markup_attribute(writer, "class", verdict) &&
                 pnd_markup_text(writer, verdict) && pnd_markup_end(writer);
    for (size_t index = 0; whole && index < sizeof figures / sizeof figures[0]; index++)
        whole = pnd_page_figure(writer, known ? figures[index].text : "-");
    return whole && pnd_markup_end(writer);
}

static bool write_name(xmlTextWriter *writer, const struct pnd_outcome *outcome, size_t number)
{
    if (!pnd_run_has_case(outcome))
        return pnd_page_cell(writer, outcome->workload);
    return pnd_markup_begin(writer, "td") && pnd_markup_begin(writer, "a") &&
           pnd_markup_set(writer, "href", "#%s", pnd_run_anchor(number).text) &&
           pnd_markup_text(writer, outcome->workload) && pnd_markup_end(writer) &&
           pnd_markup_end(writer);
}

/* Those of one scale; there is one scale, but files can say anything. */
static bool write_all_latencies(xmlTextWriter *writer, const struct page *page)
{
    Pendio__Histogram all = PENDIO__HISTOGRAM__INIT;
    size_t merged_count = 0;
    bool whole = true;
    for (size_t index = 0; index < page->result_count; index++)
        for (size_t run = 0; run < page->results[index].outcome_count; run++) {
            const Pendio__Histogram *one = page->results[index].outcomes[run].report->latency;
            if (pnd_histogram_is_sound(one) && pnd_histogram_merge(&all, one) == 0)
                merged_count++;
        }
    if (merged_count > 1)
        whole = pnd_markup_element(writer, "h2", "All runs together") &&
                pnd_run_plot_latency(writer, "From start call to answer or delivery, of all runs",
                                     &all);
    pnd_histogram_fini(&all);
    return whole;
}

/* ---- one by one ----------------------------------------------------------------------------- */

static bool is_trouble(const struct pnd_outcome *outcome)
{
    return outcome->verdict != PENDIO__VERDICT__PASSED &&
           outcome->verdict != PENDIO__VERDICT__SKIPPED;
}

static bool write_trouble(xmlTextWriter *writer, const struct pnd_outcome *outcome, size_t number)
{
    return !is_trouble(outcome) || pnd_run_case_write(writer, outcome, number);
}

static bool write_other(xmlTextWriter *writer, const struct pnd_outcome *outcome, size_t number)
{
    return is_trouble(outcome) || !pnd_run_has_case(outcome) ||
           pnd_run_case_write(writer, outcome, number);
}

/* Runs of all results have numbers in a row. */
static bool for_each(xmlTextWriter *writer, const struct page *page, each_fn *each)
{
    size_t number = 1;
    bool whole = true;
    for (size_t index = 0; index < page->result_count; index++)
        for (size_t run = 0; whole && run < page->results[index].outcome_count; run++)
            whole = each(writer, &page->results[index].outcomes[run], number++);
    return whole;
}
